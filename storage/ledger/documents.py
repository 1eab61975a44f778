"""Documents: one searchable PDF per volume, or per stack that no volume could be found for.

A document's ``revision`` grows whenever its pages change. What is stored carries the revision it was
made from, so that a build that was overtaken is noticed and made again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import RowMapping, bindparam, select

from storage.ledger.core import Transaction
from storage.ledger.leases import Claim, claim_row, release, wait_again
from storage.ledger.tables import case_files, documents, pages, volumes


@dataclass(frozen=True, slots=True)
class Document:
    """A document as it stands in the ledger; file number "" and volume 0 mean unassigned."""

    id: str
    volume_id: str | None
    stack_id: str | None
    file_number: str
    volume: int
    state: str
    revision: int
    stored_revision: int | None
    indexed_revision: int | None
    object_key: str | None
    sha256: str | None
    size: int | None
    page_count: int
    reason: str | None
    reason_params: Mapping[str, Any] | None
    attempts: int


@dataclass(frozen=True, slots=True)
class Stored:
    """A document's product as it was written, read back and compared."""

    object_key: str
    sha256: str
    size: int


_OWN = [name for name in Document.__slots__ if name not in ("file_number", "volume")]
_SELECT = select(
    *(documents.c[name] for name in _OWN), case_files.c.file_number, volumes.c.number.label("volume")
).select_from(documents.outerjoin(volumes, volumes.c.id == documents.c.volume_id).outerjoin(case_files))


def _document(row: RowMapping) -> Document:
    return Document(**{**row, "file_number": row["file_number"] or "", "volume": row["volume"] or 0})


def get(tx: Transaction, document_id: str) -> Document | None:
    """One document by id."""
    row = tx.one(_SELECT.where(documents.c.id == document_id))
    return _document(row) if row else None


def all_documents(tx: Transaction) -> list[Document]:
    """Every document, by file number and volume; the unassigned ones first."""
    order = (case_files.c.file_key.is_not(None), case_files.c.file_key, volumes.c.number, documents.c.id)
    return [_document(row) for row in tx.rows(_SELECT.order_by(*order))]


def touch(
    tx: Transaction, document_id: str, *, volume_id: str | None = None, stack_id: str | None = None
) -> None:
    """Say that a document's pages changed: it waits to be built again. Creates it when new."""
    changed = {"state": "waiting", "revision": documents.c.revision + 1, "reason": None, "attempts": 0}
    if not tx.run(release(documents).where(documents.c.id == document_id).values(changed)):
        row = {"id": document_id, "volume_id": volume_id, "stack_id": stack_id}
        tx.run(documents.insert().values(state="waiting", revision=1, page_count=0, attempts=0, **row))


def claim(tx: Transaction, document_id: str, claim: Claim) -> Document | None:
    """Take a waiting document to build it; None when another has it or it is done."""
    if not claim_row(tx, documents, documents.c.state, document_id, claim):
        return None
    return get(tx, document_id)


def store(tx: Transaction, document: Document, stored: Stored, page_ids: Sequence[str]) -> bool:
    """Record a product that is safely stored, with its pages in order.

    Returns False when the document changed while it was built; it then waits to be built again.
    """
    current = documents.c.revision == document.revision
    values = {
        "state": "stored",
        "stored_revision": document.revision,
        "object_key": stored.object_key,
        "sha256": stored.sha256,
        "size": stored.size,
        "page_count": len(page_ids),
        "stored_at": tx.at,
    }
    if not tx.run(release(documents).where(documents.c.id == document.id, current).values(**values)):
        return False
    numbered = pages.update().where(pages.c.id == bindparam("page")).values(
        stage="stored", document_page=bindparam("place")
    )  # fmt: skip
    tx.run(numbered, [{"page": page, "place": place} for place, page in enumerate(page_ids, 1)])
    tx.record(
        "document.stored",
        document.id,
        revision=document.revision,
        sha256=stored.sha256,
        size=stored.size,
        pages=len(page_ids),
    )
    return True


def leave_empty(tx: Transaction, document: Document) -> None:
    """Record that a document has no page left: all were blank, or filed elsewhere by now."""
    current = documents.c.revision == document.revision
    values = {"state": "empty", "page_count": 0, "object_key": None, "sha256": None, "size": None}
    if tx.run(release(documents).where(documents.c.id == document.id, current).values(**values)):
        tx.record("document.empty", document.id, revision=document.revision)


def quarantine(tx: Transaction, document: Document, reason: str, params: Mapping[str, Any]) -> None:
    """Give up building a document: its pages that are in no stored product go to quarantine with it."""
    values = {"state": "failed", "reason": reason, "reason_params": dict(params)}
    tx.run(release(documents).where(documents.c.id == document.id).values(**values))
    unstored = (pages.c.document_id == document.id) & (pages.c.stage == "recognised")
    tx.run(pages.update().where(unstored).values(stage="quarantined", reason=reason))
    tx.record("document.failed", document.id, reason=reason)


def put_back(tx: Transaction, document_id: str, *, forgive: bool = False) -> None:
    """Let a document wait again; ``forgive`` forgets earlier attempts and frees its pages as well."""
    if forgive:
        held = (pages.c.document_id == document_id) & (pages.c.stage == "quarantined")
        read = pages.c.result.is_not(None)
        tx.run(pages.update().where(held, read).values(stage="recognised", reason=None))
        tx.record("document.retried", document_id)
    again = wait_again(documents, forgive=forgive).values(state="waiting")
    tx.run(again.where(documents.c.id == document_id))


def to_index(tx: Transaction, limit: int) -> list[Document]:
    """Documents whose newest state the search index does not know yet."""
    built = documents.c.state.in_(("stored", "empty"))
    behind = documents.c.indexed_revision.is_distinct_from(documents.c.revision)
    return [_document(row) for row in tx.rows(_SELECT.where(built, behind).limit(limit))]


def mark_indexed(tx: Transaction, document: Document) -> None:
    """Record which revision of a document can now be found."""
    values = {"indexed_revision": document.revision}
    tx.run(documents.update().where(documents.c.id == document.id).values(values))


def forget_index(tx: Transaction) -> None:
    """Say that the index is to be built anew from all documents."""
    tx.run(documents.update().values(indexed_revision=None))
    tx.record("index.rebuild", "index")
