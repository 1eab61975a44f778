"""What several machines and an auditor need: waiting with reason, urgency, seals, verifications, homes."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# As for the events: REPLACE deletes without firing delete triggers, so the insert itself is refused.
_SQLITE_APPEND_ONLY = (
    "CREATE TRIGGER seals_no_update BEFORE UPDATE ON seals"
    " BEGIN SELECT RAISE(ABORT, 'seals are append-only'); END",
    "CREATE TRIGGER seals_no_delete BEFORE DELETE ON seals"
    " BEGIN SELECT RAISE(ABORT, 'seals are append-only'); END",
    "CREATE TRIGGER seals_no_replace BEFORE INSERT ON seals"
    " WHEN EXISTS (SELECT 1 FROM seals WHERE number = NEW.number)"
    " BEGIN SELECT RAISE(ABORT, 'seals are append-only'); END",
)

_POSTGRESQL_APPEND_ONLY = (
    "CREATE FUNCTION seals_refuse() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN RAISE EXCEPTION 'seals are append-only'; END $$",
    "CREATE TRIGGER seals_no_change BEFORE UPDATE OR DELETE ON seals"
    " FOR EACH ROW EXECUTE FUNCTION seals_refuse()",
    "CREATE TRIGGER seals_no_truncate BEFORE TRUNCATE ON seals"
    " FOR EACH STATEMENT EXECUTE FUNCTION seals_refuse()",
)


def upgrade() -> None:
    for table in ("sources", "pages", "documents"):
        op.add_column(table, sa.Column("begun", sa.Integer(), nullable=False, server_default="0"))
        op.add_column(table, sa.Column("deferred", sa.Integer(), nullable=False, server_default="0"))
        op.add_column(table, sa.Column("deferred_by", sa.String(length=40), nullable=True))
        op.add_column(table, sa.Column("deferred_since", sa.Float(), nullable=True))
        op.add_column(table, sa.Column("not_before", sa.Float(), nullable=True))
        held: Any = {f"{name}_where": sa.text("lease_owner IS NOT NULL") for name in ("sqlite", "postgresql")}
        op.create_index(f"ix_{table}_lease_owner", table, ["lease_owner"], **held)
    op.add_column("stacks", sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("stacks", sa.Column("deferred_by", sa.String(length=40), nullable=True))
    op.add_column("stacks", sa.Column("not_before", sa.Float(), nullable=True))
    for table in ("stacks", "documents"):
        op.add_column(table, sa.Column("urgent", sa.Boolean(), nullable=False, server_default=sa.false()))
        few: Any = {"sqlite_where": sa.text("urgent = 1"), "postgresql_where": sa.text("urgent")}
        op.create_index(f"ix_{table}_urgent", table, ["state"], **few)
    op.add_column("batches", sa.Column("record_key", sa.Text(), nullable=True))
    op.create_index(op.f("ix_batches_record_key"), "batches", ["record_key"])
    op.create_index(op.f("ix_alarms_subject"), "alarms", ["subject"])
    op.create_table(
        "seals",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sealed_at", sa.String(length=32), nullable=False),
        sa.Column("first_event", sa.BigInteger(), nullable=False),
        sa.Column("last_event", sa.BigInteger(), nullable=False),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.String(length=64), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("object_key", sa.Text(), nullable=False),
        sa.Column("leaves_key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_seals")),
    )
    op.create_table(
        "verifications",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("started_at", sa.String(length=32), nullable=False),
        sa.Column("finished_at", sa.String(length=32), nullable=True),
        sa.Column("share", sa.Float(), nullable=False),
        sa.Column("seed", sa.String(length=32), nullable=False),
        sa.Column("position", sa.Text(), nullable=True),
        sa.Column("checked", sa.BigInteger(), nullable=False),
        sa.Column("damaged", sa.BigInteger(), nullable=False),
        sa.Column("missing", sa.BigInteger(), nullable=False),
        sa.Column("problems", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verifications")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "homes",
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("folder_id", sa.String(length=40), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("since", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_homes")),
    )
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in _SQLITE_APPEND_ONLY if is_sqlite else _POSTGRESQL_APPEND_ONLY:
        op.execute(statement)
