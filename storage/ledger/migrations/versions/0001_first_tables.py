"""The first tables; ``events`` refuses change and removal by itself."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# REPLACE deletes the old row without firing delete triggers, so the insert itself has to be refused.
_SQLITE_APPEND_ONLY = """
CREATE TRIGGER events_no_update BEFORE UPDATE ON events
    BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER events_no_delete BEFORE DELETE ON events
    BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER events_no_replace BEFORE INSERT ON events
    WHEN EXISTS (SELECT 1 FROM events WHERE id = NEW.id)
    BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
"""

_POSTGRESQL_APPEND_ONLY = """
CREATE FUNCTION events_refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'events are append-only'; END $$;
CREATE TRIGGER events_no_change BEFORE UPDATE OR DELETE ON events
    FOR EACH ROW EXECUTE FUNCTION events_refuse();
CREATE TRIGGER events_no_truncate BEFORE TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION events_refuse();
"""


def upgrade() -> None:
    op.create_table(
        "batches",
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("received_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batches")),
    )
    op.create_table(
        "case_files",
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("file_number", sa.Text(), nullable=False),
        sa.Column("file_key", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=True),
        sa.Column("in_inventory", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_files")),
        sa.UniqueConstraint("file_key", name=op.f("uq_case_files_file_key")),
    )
    op.create_table(
        "events",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_events_subject", "events", ["subject"], unique=False)
    op.create_table(
        "stacks",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("batch_id", sa.String(length=20), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_stacks_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stacks")),
    )
    op.create_index("ix_stacks_batch_id", "stacks", ["batch_id"], unique=False)
    op.create_index("ix_stacks_state", "stacks", ["state"], unique=False)
    op.create_table(
        "volumes",
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("case_file_id", sa.String(length=20), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("box", sa.Text(), nullable=True),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.Column("expected_pages", sa.Integer(), nullable=True),
        sa.Column("in_inventory", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["case_file_id"], ["case_files.id"], name=op.f("fk_volumes_case_file_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_volumes")),
        sa.UniqueConstraint("case_file_id", "number", name=op.f("uq_volumes_case_file_id_number")),
    )
    op.create_table(
        "alarms",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("batch_id", sa.String(length=20), nullable=True),
        sa.Column("volume_id", sa.String(length=20), nullable=True),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column("raised_at", sa.String(length=32), nullable=False),
        sa.Column("cleared_at", sa.String(length=32), nullable=True),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_alarms_batch_id")),
        sa.ForeignKeyConstraint(["volume_id"], ["volumes.id"], name=op.f("fk_alarms_volume_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarms")),
        sa.UniqueConstraint("code", "subject", name=op.f("uq_alarms_code_subject")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_alarms_cleared_at_volume_id", "alarms", ["cleared_at", "volume_id"], unique=False)
    op.create_table(
        "documents",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("volume_id", sa.String(length=20), nullable=True),
        sa.Column("stack_id", sa.String(length=40), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("stored_revision", sa.Integer(), nullable=True),
        sa.Column("indexed_revision", sa.Integer(), nullable=True),
        sa.Column("object_key", sa.Text(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("page_count", sa.Integer(), nullable=False),
        sa.Column("stored_at", sa.String(length=32), nullable=True),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("reason_params", sa.JSON(), nullable=True),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.Float(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["stack_id"], ["stacks.id"], name=op.f("fk_documents_stack_id")),
        sa.ForeignKeyConstraint(["volume_id"], ["volumes.id"], name=op.f("fk_documents_volume_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_documents")),
        sa.UniqueConstraint("stack_id", name=op.f("uq_documents_stack_id")),
        sa.UniqueConstraint("volume_id", name=op.f("uq_documents_volume_id")),
    )
    op.create_index("ix_documents_state", "documents", ["state"], unique=False)
    op.create_table(
        "sources",
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("batch_id", sa.String(length=20), nullable=False),
        sa.Column("stack_id", sa.String(length=40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("object_key", sa.Text(), nullable=False),
        sa.Column("hint_volume_id", sa.String(length=20), nullable=True),
        sa.Column("hint_by", sa.String(length=10), nullable=True),
        sa.Column("expected_pages", sa.Integer(), nullable=True),
        sa.Column("page_count", sa.Integer(), nullable=True),
        sa.Column("media_type", sa.String(length=10), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("reason_params", sa.JSON(), nullable=True),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.Float(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_sources_batch_id")),
        sa.ForeignKeyConstraint(["hint_volume_id"], ["volumes.id"], name=op.f("fk_sources_hint_volume_id")),
        sa.ForeignKeyConstraint(["stack_id"], ["stacks.id"], name=op.f("fk_sources_stack_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sources")),
        sa.UniqueConstraint("sha256", name=op.f("uq_sources_sha256")),
    )
    op.create_index("ix_sources_hint_volume_id", "sources", ["hint_volume_id"], unique=False)
    op.create_index("ix_sources_stack_id", "sources", ["stack_id"], unique=False)
    op.create_index("ix_sources_state", "sources", ["state"], unique=False)
    op.create_table(
        "pages",
        sa.Column("id", sa.String(length=30), nullable=False),
        sa.Column("source_id", sa.String(length=20), nullable=False),
        sa.Column("stack_id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(length=12), nullable=False),
        sa.Column("document_id", sa.String(length=40), nullable=True),
        sa.Column("document_page", sa.Integer(), nullable=True),
        sa.Column("type", sa.String(length=40), nullable=True),
        sa.Column("filed_type", sa.String(length=40), nullable=True),
        sa.Column("opens_section", sa.Boolean(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("result", sa.JSON(), nullable=True),
        sa.Column("words_key", sa.Text(), nullable=True),
        sa.Column("confidence", sa.Float(), nullable=True),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("reason_params", sa.JSON(), nullable=True),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.Float(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], name=op.f("fk_pages_document_id")),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name=op.f("fk_pages_source_id")),
        sa.ForeignKeyConstraint(["stack_id"], ["stacks.id"], name=op.f("fk_pages_stack_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pages")),
        sa.UniqueConstraint("source_id", "number", name=op.f("uq_pages_source_id_number")),
    )
    op.create_index("ix_pages_document_id", "pages", ["document_id"], unique=False)
    op.create_index("ix_pages_stack_id_stage", "pages", ["stack_id", "stage"], unique=False)
    op.create_index("ix_pages_stage", "pages", ["stage"], unique=False)

    _make_events_append_only()


def _make_events_append_only() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for statement in _SQLITE_APPEND_ONLY.strip().split("END;\n"):
            op.execute(statement.removesuffix("END;") + "END;")
    else:
        op.execute(_POSTGRESQL_APPEND_ONLY)
