"""Pages: what was recognised on each, and where it was filed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, exists, select

from storage.ledger import leases
from storage.ledger.core import Transaction
from storage.ledger.leases import Claim, Setback, claim_row, release, start_over
from storage.ledger.tables import batches, pages, sources


@dataclass(frozen=True, slots=True)
class PageToRead:
    """A page that is to be recognised, where its source lies, and when that was received (ISO 8601, UTC)."""

    id: str
    number: int
    source_id: str
    stack_id: str
    object_key: str
    sha256: str
    media_type: str
    received_at: str
    attempts: int
    begun: int
    deferred_by: str | None


@dataclass(frozen=True, slots=True)
class PageOutcome:
    """What recognition found; ``stage`` is "recognised", "blank" or "separator".

    ``result`` holds the geometry and circumstances as JSON; ``code`` the payload of a cover or separator
    sheet; ``reason`` a flag for pages kept as image only.
    """

    stage: str
    type: str
    evidence: list[dict[str, Any]]
    result: Mapping[str, Any]
    words_key: str | None
    confidence: float
    code: str | None = None
    reason: str | None = None
    reason_params: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A page as it stands in the ledger.

    ``type`` is what the page itself says, ``filed_type`` what holds: a separator sheet overrules. ``kept``
    says how its document's product keeps its image.
    """

    id: str
    source_id: str
    number: int
    stage: str
    document_id: str | None
    document_page: int | None
    type: str | None
    filed_type: str | None
    opens_section: bool
    evidence: list[dict[str, Any]] | None
    code: str | None
    result: Mapping[str, Any] | None
    words_key: str | None
    confidence: float | None
    kept: Mapping[str, Any] | None
    reason: str | None
    reason_params: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page is filed: its document, the type that holds for it, whether a section begins with it."""

    page_id: str
    document_id: str
    filed_type: str
    opens_section: bool


_COLUMNS = tuple(pages.c[name] for name in Page.__slots__)


def get(tx: Transaction, page_id: str) -> Page | None:
    """One page by id."""
    row = tx.one(select(*_COLUMNS).where(pages.c.id == page_id))
    return Page(**row) if row else None


def claim(tx: Transaction, page_id: str, claim: Claim) -> PageToRead | None:
    """Take a waiting page to read it; None when another has it or it is done."""
    if not claim_row(tx, pages, pages.c.stage, page_id, claim):
        return None
    query = (
        select(
            pages.c.id,
            pages.c.number,
            pages.c.source_id,
            pages.c.stack_id,
            pages.c.attempts,
            pages.c.begun,
            pages.c.deferred_by,
            sources.c.object_key,
            sources.c.sha256,
            sources.c.media_type,
            batches.c.received_at,
        )
        .join(sources, sources.c.id == pages.c.source_id)
        .join(batches, batches.c.id == sources.c.batch_id)
        .where(pages.c.id == page_id)
    )
    row = tx.one(query)
    return PageToRead(**row) if row else None


def finish(tx: Transaction, page_id: str, outcome: PageOutcome) -> bool:
    """Record what was found on a page in work; False when somebody else finished it meanwhile."""
    values = {name: getattr(outcome, name) for name in PageOutcome.__slots__}
    in_work = (pages.c.id == page_id) & pages.c.stage.in_(("waiting", "working"))
    if not tx.run(release(pages).where(in_work).values(**values)):
        return False
    tx.record(
        f"page.{outcome.stage}",
        page_id,
        words=outcome.words_key,
        type=outcome.type,
        confidence=round(outcome.confidence, 1),
        **({"flag": outcome.reason} if outcome.reason else {}),
    )
    return True


def quarantine(
    tx: Transaction, page_id: str, reason: str, params: Mapping[str, Any], *, was_read: bool = False
) -> None:
    """Put one page into quarantine; the rest of its document goes on.

    ``was_read``: it was recognised and cannot be bound. Otherwise nothing happens to a page that
    somebody else has read meanwhile.
    """
    stages = ("recognised", "stored") if was_read else ("waiting", "working")
    values = {"stage": "quarantined", "reason": reason, "reason_params": dict(params)}
    here = (pages.c.id == page_id) & pages.c.stage.in_(stages)
    if tx.run(release(pages).where(here).values(**values)):
        tx.record("page.quarantined", page_id, reason=reason)


def quarantine_read(
    tx: Transaction, which: ColumnElement[bool], reason: str, params: Mapping[str, Any]
) -> None:
    """Put recognised pages into quarantine because what they were to be part of is given up."""
    values = {"stage": "quarantined", "reason": reason, "reason_params": dict(params)}
    page_ids = [row["id"] for row in tx.rows(select(pages.c.id).where(which))]
    tx.run(pages.update().where(which).values(values))
    tx.record_all("page.quarantined", [(page_id, {"reason": reason}) for page_id in page_ids])


def release_read(tx: Transaction, which: ColumnElement[bool], only: Collection[str] | None = None) -> None:
    """Take pages that were read out of quarantine, of ``only`` these: they are recognised again."""
    held = which & (pages.c.stage == "quarantined") & pages.c.result.is_not(None)
    for row in tx.rows(select(pages.c.id).where(held)):
        if only is None or row["id"] in only:
            anew = {"stage": "recognised", "reason": None}
            tx.run(pages.update().where(pages.c.id == row["id"]).values(anew))
            tx.record("page.released", row["id"])


def put_back(tx: Transaction, page_id: str, owner: str, setback: Setback) -> None:
    """Let a page that ``owner`` works on wait again."""
    leases.put_back(tx, pages, pages.c.stage, page_id, owner=owner, setback=setback)


def retry(tx: Transaction, page_id: str) -> None:
    """Take a page out of quarantine, or out of its product: it waits as if new."""
    anew = {"stage": "waiting", "document_page": None}
    tx.run(start_over(pages).where(pages.c.id == page_id).values(anew))
    tx.record("page.retried", page_id)


def is_read_again(document_id: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether pages of a document are being read again: until they are, its product stays what it is."""
    return exists().where(pages.c.document_id == document_id, pages.c.stage.in_(("waiting", "working")))


def of_stack(tx: Transaction, stack_id: str) -> list[Page]:
    """A stack's pages in the order in which they lay on the scanner."""
    query = (
        select(*_COLUMNS)
        .join(sources, sources.c.id == pages.c.source_id)
        .where(pages.c.stack_id == stack_id)
        .order_by(sources.c.position, pages.c.number)
    )
    return [Page(**row) for row in tx.rows(query)]


def of_document(tx: Transaction, document_id: str) -> list[Page]:
    """A document's pages in the order in which they came in, whatever their stage."""
    query = (
        select(*_COLUMNS)
        .join(sources, sources.c.id == pages.c.source_id)
        .join(batches, batches.c.id == sources.c.batch_id)
        .where(pages.c.document_id == document_id)
        .order_by(batches.c.received_at, batches.c.id, sources.c.position, pages.c.number)
    )
    return [Page(**row) for row in tx.rows(query)]


def place(tx: Transaction, places: Iterable[Place]) -> set[str]:
    """File pages into documents; returns the documents whose pages changed, old and new ones."""
    touched: set[str] = set()
    for target in places:
        old = tx.one(select(pages).where(pages.c.id == target.page_id))
        if old is None:
            continue
        moved = old["document_id"] != target.document_id
        values: dict[str, Any] = {
            "document_id": target.document_id,
            "filed_type": target.filed_type,
            "opens_section": target.opens_section,
        }
        if old["stage"] != "recognised" and all(old[name] == value for name, value in values.items()):
            continue
        if moved and old["stage"] == "stored":
            values |= {"stage": "recognised", "document_page": None}
        tx.run(pages.update().where(pages.c.id == target.page_id).values(values))
        if moved or old["stage"] in ("recognised", "stored"):
            # Also by a blank page: the expected number of pages may be met by it.
            touched |= {target.document_id, *([old["document_id"]] if moved and old["document_id"] else [])}
    return touched


def stack_of(tx: Transaction, page_id: str) -> str:
    """The stack a page lies in."""
    stack_id: str = tx.value(select(pages.c.stack_id).where(pages.c.id == page_id))
    return stack_id
