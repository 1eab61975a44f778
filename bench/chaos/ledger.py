"""What the ledger says, read from outside by queries of the referee's own, each time as of one moment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import select

from storage.ledger import Ledger, Transaction
from storage.ledger.tables import alarms, case_files, documents, events, pages, sources, stacks, volumes


class PageRow(NamedTuple):
    """A page: its source and number there, what became of it, its document and place in it."""

    source: str
    number: int
    stage: str
    document: str | None
    place: int | None


class DocumentRow(NamedTuple):
    """A document; ``current``: what is stored is made of its pages as they are now."""

    state: str
    current: bool
    page_count: int


class Work(NamedTuple):
    """How much is left to do, by kind."""

    sources: int
    pages: int
    stacks: int
    documents: int


@dataclass(frozen=True, slots=True)
class Sample:
    """The ledger at one moment; ``promised`` is how many pages each source had when it was opened."""

    pages: tuple[PageRow, ...]
    promised: Mapping[str, int]
    documents: Mapping[str, DocumentRow]
    left: Work

    @property
    def done(self) -> int:
        """How many pages have come to their end."""
        return sum(page.stage in ("stored", "blank", "separator", "quarantined") for page in self.pages)


class Product(NamedTuple):
    """A stored document: its case file ("" for nobody's), its hash, its pages as source and number."""

    file_number: str
    sha256: str
    pages: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it all; ids that differ from run to run do not occur."""

    stages: Mapping[str, int]
    sources: Mapping[str, int]
    products: frozenset[Product]
    quarantine: frozenset[tuple[str, int | None, str]]
    alarms: frozenset[tuple[str, str]]


def sample(ledger: Ledger) -> Sample:
    """Everything a referee has to see at any moment; raises ``LedgerUnavailable``."""
    with ledger.read() as tx:
        split = select(events.c.subject, events.c.data).where(events.c.kind == "source.split")
        unsplit = select(sources.c.id).where(sources.c.state.in_(("waiting", "working")))
        unfiled = select(stacks.c.id).where(stacks.c.state == "open")
        columns = (
            pages.c.source_id,
            pages.c.number,
            pages.c.stage,
            pages.c.document_id,
            pages.c.document_page,
        )
        rows = tuple(PageRow._make(row) for row in tx.stream(select(*columns)))
        found = {row["id"]: _document(row) for row in tx.rows(select(documents))}
        return Sample(
            rows,
            {row["subject"]: row["data"]["pages"] for row in tx.rows(split.order_by(events.c.id))},
            found,
            Work(
                len(tx.rows(unsplit)),
                sum(page.stage in ("waiting", "working") for page in rows),
                len(tx.rows(unfiled)),
                sum(one.state in ("waiting", "working") for one in found.values()),
            ),
        )


def _document(row: Mapping[Any, Any]) -> DocumentRow:
    current = row["state"] == "stored" and row["stored_revision"] == row["revision"]
    return DocumentRow(row["state"], current, row["page_count"])


def outcome(ledger: Ledger) -> Outcome:
    """What came of it all."""
    with ledger.read() as tx:
        in_source = sources.c.id == pages.c.source_id
        spoiled_pages = select(sources.c.name, pages.c.number, pages.c.reason).where(
            in_source, pages.c.stage == "quarantined"
        )
        spoiled_files = select(sources.c.name, sources.c.reason).where(sources.c.state == "quarantined")
        failed = select(documents.c.reason).where(documents.c.state == "failed")
        return Outcome(
            _count(tx, pages.c.stage),
            _count(tx, sources.c.state),
            frozenset(_products(tx)),
            frozenset(
                [(Path(row.name).name, row.number, row.reason) for row in tx.stream(spoiled_pages)]
                + [(Path(row.name).name, None, row.reason) for row in tx.stream(spoiled_files)]
                + [("a document", None, row.reason) for row in tx.stream(failed)]
            ),
            frozenset(_alarms(tx)),
        )


def _count(tx: Transaction, column: Any) -> Mapping[str, int]:  # noqa: ANN401 - a column of strings
    return Counter(row[0] for row in tx.stream(select(column)))


def _products(tx: Transaction) -> list[Product]:
    in_order = select(pages.c.document_id, pages.c.source_id, pages.c.number).where(pages.c.stage == "stored")
    content: dict[str, list[tuple[str, int]]] = {}
    for row in tx.stream(in_order.order_by(pages.c.document_id, pages.c.document_page)):
        content.setdefault(row.document_id, []).append((row.source_id, row.number))
    kept = select(documents.c.id, documents.c.sha256, case_files.c.file_number).select_from(
        documents.outerjoin(volumes, volumes.c.id == documents.c.volume_id).outerjoin(case_files)
    )
    return [
        Product(row.file_number or "", row.sha256 or "", tuple(content.get(row.id, ())))
        for row in tx.stream(kept)
    ]


def _alarms(tx: Transaction) -> list[tuple[str, str]]:
    """Open alarms by what they say, not by their subjects: some are named after the batch, a random id."""
    rows = tx.rows(select(alarms.c.code, alarms.c.params).where(alarms.c.cleared_at.is_(None)))
    return [(row["code"], str(sorted(row["params"].items()))) for row in rows]
