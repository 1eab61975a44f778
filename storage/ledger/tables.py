"""The ledger's tables. History is in ``events``; every other table is the current state beside it.

Stages of a page: waiting → working → recognised → stored, or blank, separator, quarantined.
States of a source: waiting → working → split, or quarantined.
States of a stack: open → filed, or failed.
States of a document: waiting → working → stored, empty or failed.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite numbers rows automatically only for INTEGER; PostgreSQL needs BIGINT for 135 million events.
RowId = BigInteger().with_variant(Integer, "sqlite")


#: An index of the few urgent rows among millions. SQLite uses it for the very condition it names only.
_FEW_URGENT: Any = {"sqlite_where": text("urgent = 1"), "postgresql_where": text("urgent")}
#: The same of the few rows that somebody works on: the reconciler asks for them every second.
_HELD: Any = {f"{name}_where": text("lease_owner IS NOT NULL") for name in ("sqlite", "postgresql")}


def _lease() -> list[Column[object]]:
    """Who works on the row and until when (seconds since the epoch), and what came of it so far.

    ``attempts`` ended in an error of their own, ``begun`` counts those that nobody ended as well,
    ``deferred`` those in a row that something out of reach (``deferred_by``, an ``errors`` code) ended;
    the first of them at ``deferred_since``; the next one waits until ``not_before``.
    """
    return [
        Column("lease_owner", Text),
        Column("lease_until", Float),
        Column("attempts", Integer, nullable=False, default=0),
        Column("begun", Integer, nullable=False, default=0, server_default="0"),
        Column("deferred", Integer, nullable=False, default=0, server_default="0"),
        Column("deferred_by", String(40)),
        Column("deferred_since", Float),
        Column("not_before", Float),
    ]


def _reason() -> list[Column[object]]:
    """Why the row is in quarantine or failed: an ``errors`` code with its parameters."""
    return [Column("reason", String(40)), Column("reason_params", JSON)]


events = Table(
    "events",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("at", String(32), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("subject", Text, nullable=False),
    Column("data", JSON, nullable=False),
    Index("ix_events_subject", "subject"),
    sqlite_autoincrement=True,
)

case_files = Table(
    "case_files",
    metadata,
    Column("id", String(20), primary_key=True),
    Column("file_number", Text, nullable=False),
    Column("file_key", Text, nullable=False, unique=True),
    Column("holder", Text),
    Column("in_inventory", Boolean, nullable=False),
    Column("reader_groups", Text),  # a line each; empty: everybody
    Column("confidentiality", Integer),
)

volumes = Table(
    "volumes",
    metadata,
    Column("id", String(20), primary_key=True),
    Column("case_file_id", ForeignKey("case_files.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("box", Text),
    Column("remark", Text),
    Column("expected_pages", Integer),
    Column("in_inventory", Boolean, nullable=False),
    UniqueConstraint("case_file_id", "number"),
)

batches = Table(
    "batches",
    metadata,
    Column("id", String(20), primary_key=True),
    Column("name", Text, nullable=False),
    Column("received_at", String(32), nullable=False),
    Column("record_key", Text),
    Index("ix_batches_record_key", "record_key"),
)

stacks = Table(
    "stacks",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("batch_id", ForeignKey("batches.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("state", String(12), nullable=False),
    Column("urgent", Boolean, nullable=False, default=False, server_default=false()),
    Column("attempts", Integer, nullable=False, default=0, server_default="0"),
    Column("deferred_by", String(40)),
    Column("not_before", Float),
    Index("ix_stacks_batch_id", "batch_id"),
    Index("ix_stacks_state", "state"),
)
Index("ix_stacks_urgent", stacks.c.state, **_FEW_URGENT)

sources = Table(
    "sources",
    metadata,
    Column("id", String(20), primary_key=True),
    Column("sha256", String(64), nullable=False, unique=True),
    Column("batch_id", ForeignKey("batches.id"), nullable=False),
    Column("stack_id", ForeignKey("stacks.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("object_key", Text, nullable=False),
    Column("hint_volume_id", ForeignKey("volumes.id")),
    Column("hint_by", String(10)),
    Column("expected_pages", Integer),
    Column("page_count", Integer),
    Column("media_type", String(10)),
    Column("state", String(12), nullable=False),
    *_reason(),
    *_lease(),
    Index("ix_sources_state", "state"),
    Index("ix_sources_stack_id", "stack_id"),
    Index("ix_sources_hint_volume_id", "hint_volume_id"),
)
Index("ix_sources_lease_owner", sources.c.lease_owner, **_HELD)

documents = Table(
    "documents",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("volume_id", ForeignKey("volumes.id"), unique=True),
    Column("stack_id", ForeignKey("stacks.id"), unique=True),
    Column("state", String(12), nullable=False),
    Column("revision", Integer, nullable=False, default=0),
    Column("stored_revision", Integer),
    Column("indexed_revision", Integer),
    Column("object_key", Text),
    Column("sha256", String(64)),
    Column("size", BigInteger),
    Column("note_key", Text),
    Column("page_count", Integer, nullable=False, default=0),
    Column("stored_at", String(32)),
    Column("urgent", Boolean, nullable=False, default=False, server_default=false()),
    *_reason(),
    *_lease(),
    Index("ix_documents_state", "state"),
)
Index("ix_documents_urgent", documents.c.state, **_FEW_URGENT)
Index("ix_documents_lease_owner", documents.c.lease_owner, **_HELD)

pages = Table(
    "pages",
    metadata,
    Column("id", String(30), primary_key=True),
    Column("source_id", ForeignKey("sources.id"), nullable=False),
    Column("stack_id", ForeignKey("stacks.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("stage", String(12), nullable=False),
    Column("document_id", ForeignKey("documents.id")),
    Column("document_page", Integer),
    Column("type", String(40)),
    Column("filed_type", String(40)),
    Column("opens_section", Boolean, nullable=False, default=False),
    Column("evidence", JSON),
    Column("code", Text),
    Column("result", JSON),
    Column("words_key", Text),
    Column("confidence", Float),
    Column("kept", JSON),
    *_reason(),
    *_lease(),
    UniqueConstraint("source_id", "number"),
    Index("ix_pages_stage", "stage"),
    Index("ix_pages_stack_id_stage", "stack_id", "stage"),
    Index("ix_pages_document_id", "document_id"),
)
Index("ix_pages_lease_owner", pages.c.lease_owner, **_HELD)

alarms = Table(
    "alarms",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("code", String(40), nullable=False),
    Column("subject", Text, nullable=False),
    Column("batch_id", ForeignKey("batches.id")),
    Column("volume_id", ForeignKey("volumes.id")),
    Column("params", JSON, nullable=False),
    Column("raised_at", String(32), nullable=False),
    Column("cleared_at", String(32)),
    Column("settled", Boolean, nullable=False, default=False),
    Index("ix_alarms_cleared_at_volume_id", "cleared_at", "volume_id"),
    Index("ix_alarms_subject", "subject"),
    UniqueConstraint("code", "subject"),
    sqlite_autoincrement=True,
)

#: What protects the events: each seal covers those since the one before it, and names that one's hash.
seals = Table(
    "seals",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("sealed_at", String(32), nullable=False),
    Column("first_event", BigInteger, nullable=False),
    Column("last_event", BigInteger, nullable=False),
    Column("events", BigInteger, nullable=False),
    Column("root", String(64), nullable=False),
    Column("previous", String(64)),
    Column("sha256", String(64), nullable=False),
    Column("object_key", Text, nullable=False),
    Column("leaves_key", Text, nullable=False),
)

#: Verifications, finished or to be gone on with: how far one got, and what it found.
verifications = Table(
    "verifications",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("started_at", String(32), nullable=False),
    Column("finished_at", String(32)),
    Column("share", Float, nullable=False),
    Column("seed", String(32), nullable=False),
    Column("position", Text),
    Column("checked", BigInteger, nullable=False, default=0),
    Column("damaged", BigInteger, nullable=False, default=0),
    Column("missing", BigInteger, nullable=False, default=0),
    Column("problems", BigInteger),
    Column("conforming", BigInteger),
    Column("nonconforming", BigInteger),
    Column("without_claim", BigInteger),
    sqlite_autoincrement=True,
)

#: Which data folder keeps a thing there is only one of, such as the search index.
homes = Table(
    "homes",
    metadata,
    Column("name", String(20), primary_key=True),
    Column("folder_id", String(40), nullable=False),
    Column("place", Text, nullable=False),
    Column("since", String(32), nullable=False),
)
