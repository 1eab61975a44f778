"""Documents: one searchable PDF per volume, or per stack that no volume could be found for.

A document's ``revision`` grows whenever its pages change. What is stored carries the revision it was
made from, so that a build that was overtaken is noticed and made again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, bindparam, case, func, select

from storage.ledger import leases
from storage.ledger.core import Transaction
from storage.ledger.history import order_name
from storage.ledger.leases import Claim, Setback, claim_row, release, start_over
from storage.ledger.pages import is_read_again, quarantine_read, release_read
from storage.ledger.tables import case_files, documents, pages, sources, volumes


@dataclass(frozen=True, slots=True)
class Document:
    """A document as it stands in the ledger; file number "" and volume 0 mean unassigned.

    ``groups`` and ``confidentiality`` say whom its case file is for; None if no inventory names that.
    """

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
    note_key: str | None
    page_count: int
    reason: str | None
    reason_params: Mapping[str, Any] | None
    attempts: int
    begun: int
    deferred_by: str | None
    urgent: bool
    groups: tuple[str, ...] = ()
    confidentiality: int | None = None

    @property
    def known_as(self) -> tuple[int, str, int, tuple[str, ...], int | None]:
        """What the search index is told of it: while this is equal, nothing has changed."""
        return self.revision, self.file_number, self.volume, self.groups, self.confidentiality


@dataclass(frozen=True, slots=True)
class Stored:
    """A document's product and its transfer note as they were written, read back and compared.

    ``kept`` says of each page in order how its image is kept.
    """

    object_key: str
    sha256: str
    size: int
    note_key: str | None = None
    kept: Sequence[Mapping[str, Any]] = ()


_OF_CASE_FILE = ("file_number", "volume", "groups", "confidentiality")
_OWN = [name for name in Document.__slots__ if name not in _OF_CASE_FILE]
_SELECT = select(
    *(documents.c[name] for name in _OWN),
    func.coalesce(case_files.c.file_number, "").label("file_number"),
    func.coalesce(volumes.c.number, 0).label("volume"),
    func.coalesce(case_files.c.reader_groups, "").label("groups"),
    case((case_files.c.in_inventory, func.coalesce(case_files.c.confidentiality, 0))).label(
        "confidentiality"
    ),
).select_from(documents.outerjoin(volumes, volumes.c.id == documents.c.volume_id).outerjoin(case_files))


def _document(row: RowMapping) -> Document:
    return Document(**{**row, "groups": tuple(filter(None, row["groups"].split("\n")))})


def get(tx: Transaction, document_id: str) -> Document | None:
    """One document by id."""
    row = tx.one(_SELECT.where(documents.c.id == document_id))
    return _document(row) if row else None


def all_documents(tx: Transaction, batch_id: str | None = None) -> list[Document]:
    """Every document, or those with pages of a batch, by file number; the unassigned ones first."""
    order = (case_files.c.file_key.is_not(None), case_files.c.file_key, volumes.c.number, documents.c.id)
    query = _SELECT.order_by(*order)
    if batch_id is not None:
        of_batch = select(pages.c.document_id).join(sources).where(sources.c.batch_id == batch_id)
        query = query.where(documents.c.id.in_(of_batch))
    return [_document(row) for row in tx.rows(query)]


def ensure(tx: Transaction, document_id: str, *, volume_id: str | None, stack_id: str | None) -> None:
    """Create the document of a volume, or of a stack that belongs to none, unless it exists."""
    if tx.value(select(documents.c.id).where(documents.c.id == document_id)) is None:
        row = {"id": document_id, "volume_id": volume_id, "stack_id": stack_id, "page_count": 0}
        tx.run(documents.insert().values(state="empty", revision=0, indexed_revision=0, attempts=0, **row))


def hurry(tx: Transaction, document_ids: Sequence[str]) -> None:
    """Let documents that are to be built go before all others; it ends when they are stored."""
    due = documents.c.state.in_(("waiting", "working")) & ~documents.c.urgent
    for document_id in document_ids:
        if tx.run(documents.update().where(documents.c.id == document_id, due).values(urgent=True)):
            tx.record("document.urgent", document_id)


def touch(tx: Transaction, document_id: str) -> None:
    """Say that a document's pages changed: it waits to be built again."""
    changed = {"state": "waiting", "revision": documents.c.revision + 1}
    tx.run(start_over(documents).where(documents.c.id == document_id).values(changed))


def claim(tx: Transaction, document_id: str, claim: Claim) -> Document | None:
    """Take a waiting document to build it; None when another has it, it is done, or a page is read again."""
    if tx.value(select(documents.c.id).where(documents.c.id == document_id, is_read_again(documents.c.id))):
        return None
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
        "note_key": stored.note_key,
        "page_count": len(page_ids),
        "stored_at": tx.at,
        "urgent": False,
    }
    if not tx.run(release(documents).where(documents.c.id == document.id, current).values(**values)):
        return False
    release_read(tx, pages.c.document_id == document.id, set(page_ids))  # given up by another meanwhile
    numbered = pages.update().where(pages.c.id == bindparam("page")).values(
        stage="stored", document_page=bindparam("place"), kept=bindparam("told")
    )  # fmt: skip
    told = zip_longest(page_ids, stored.kept)
    tx.run(
        numbered,
        [{"page": page, "place": place, "told": kept} for place, (page, kept) in enumerate(told, 1)],
    )
    tx.record(
        "document.stored",
        document.id,
        revision=document.revision,
        sha256=stored.sha256,
        size=stored.size,
        note=stored.note_key,
        pages=len(page_ids),
        order=order_name(page_ids),
        volume=document.volume_id,
    )
    return True


def leave_empty(tx: Transaction, document: Document) -> None:
    """Record that a document has no page left: all were blank, or filed elsewhere by now."""
    current = documents.c.revision == document.revision
    values = {"state": "empty", "urgent": False, "page_count": 0}
    values |= {"object_key": None, "sha256": None, "size": None, "note_key": None}
    if tx.run(release(documents).where(documents.c.id == document.id, current).values(**values)):
        tx.record("document.empty", document.id, revision=document.revision)


def quarantine(tx: Transaction, document: Document, reason: str, params: Mapping[str, Any]) -> None:
    """Give up building a document: its pages that are in no stored product go to quarantine with it.

    Nothing happens when it has changed, or somebody else has built it meanwhile.
    """
    values = {"state": "failed", "reason": reason, "reason_params": dict(params)}
    current = (documents.c.revision == document.revision) & documents.c.state.in_(("waiting", "working"))
    if not tx.run(release(documents).where(documents.c.id == document.id, current).values(**values)):
        return
    unstored = (pages.c.document_id == document.id) & (pages.c.stage == "recognised")
    quarantine_read(tx, unstored, reason, params)
    tx.record("document.failed", document.id, reason=reason)


def put_back(tx: Transaction, document_id: str, owner: str, setback: Setback) -> None:
    """Let a document that ``owner`` works on wait again."""
    leases.put_back(tx, documents, documents.c.state, document_id, owner=owner, setback=setback)


def retry(tx: Transaction, document_id: str) -> None:
    """Take a document out of quarantine and free the pages it held up: it waits as if new."""
    tx.run(start_over(documents).where(documents.c.id == document_id).values(state="waiting"))
    release_read(tx, pages.c.document_id == document_id)
    tx.record("document.retried", document_id)


def _is_finished() -> ColumnElement[bool]:
    return documents.c.state.in_(("stored", "empty"))


def _unindexed() -> ColumnElement[bool]:
    return _is_finished() & documents.c.indexed_revision.is_distinct_from(documents.c.revision)


def to_index(tx: Transaction, limit: int) -> list[Document]:
    """Documents whose newest state the search index does not know yet."""
    return [_document(row) for row in tx.rows(_SELECT.where(_unindexed()).limit(limit))]


def count_to_index(tx: Transaction) -> int:
    """How many documents the search index does not know in their newest state."""
    return int(tx.value(select(func.count()).select_from(documents).where(_unindexed())))


def mark_indexed(tx: Transaction, document: Document) -> None:
    """Record that a document can now be found, unless it, or whom it is for, has changed since."""
    current = get(tx, document.id)
    if current is not None and current.known_as == document.known_as:
        values = {"indexed_revision": document.revision}
        tx.run(documents.update().where(documents.c.id == document.id).values(values))


def any_indexed(tx: Transaction) -> bool:
    """Whether some document with pages is said to be in the search index."""
    known = documents.c.indexed_revision.is_not(None)
    query = select(documents.c.id).where(documents.c.state == "stored", known).limit(1)
    return tx.value(query) is not None


def to_be_found(tx: Transaction, *, after: str, limit: int) -> list[Document]:
    """Documents that belong in the search index, or may have left it, by id, from behind ``after`` on."""
    chosen = _is_finished() & (documents.c.id > after)
    return [_document(row) for row in tx.rows(_SELECT.where(chosen).order_by(documents.c.id).limit(limit))]


def count_to_be_found(tx: Transaction) -> int:
    """How many documents :func:`to_be_found` gives in all."""
    return int(tx.value(select(func.count()).select_from(documents).where(_is_finished())))


def record_rebuild(tx: Transaction) -> None:
    """Record that a new index is being made."""
    tx.record("index.rebuild", "index")


def forget_index(tx: Transaction) -> None:
    """Say that the index is to be built anew from all documents."""
    tx.run(documents.update().values(indexed_revision=None))
    record_rebuild(tx)


def of_source(tx: Transaction, source_id: str) -> list[str]:
    """The ids of all documents that pages of a source were filed into."""
    query = select(pages.c.document_id).where(
        pages.c.source_id == source_id, pages.c.document_id.is_not(None)
    )
    return [row["document_id"] for row in tx.rows(query.distinct().order_by(pages.c.document_id))]
