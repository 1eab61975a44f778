"""What is done and what is left: the numbers behind status, report and conservation of pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, and_, exists, func, null, or_, select, union_all

from storage.ledger.core import Transaction
from storage.ledger.documents import count_to_index
from storage.ledger.tables import alarms, case_files, documents, pages, sources, stacks, volumes
from storage.ledger.work import is_urgent

#: After counting, this many times as long nothing is counted, by whoever counts again and again.
PAUSE = 20


@dataclass(frozen=True, slots=True)
class Goal:
    """Case files in the inventory, and how many of them are digitised."""

    inventory: int
    digitised: int


@dataclass(frozen=True, slots=True)
class PageCounts:
    """Every page received is in exactly one of the other fields."""

    received: int
    waiting: int
    working: int
    stored: int
    blank: int
    separator: int
    quarantined: int


@dataclass(frozen=True, slots=True)
class SourceCounts:
    """Every source received is in exactly one of the other fields.

    ``quarantined`` counts a source with any page in quarantine: somebody has to look at it.
    """

    received: int
    waiting: int
    stored: int
    unassigned: int
    quarantined: int


@dataclass(frozen=True, slots=True)
class Failure:
    """Something in quarantine: a source, a page or a document."""

    id: str
    source: str
    page: int | None
    reason: str
    params: Mapping[str, Any]


def _unsound_volumes() -> Select[Any]:
    """Volumes that must not count yet, though a product may be stored.

    Not wholly stored, an open alarm, a page in quarantine, or a source meant for it not wholly read.
    """
    unstored = exists().where(
        documents.c.volume_id == volumes.c.id,
        documents.c.state == "stored",
        documents.c.stored_revision == documents.c.revision,
    )
    alarmed = exists().where(alarms.c.volume_id == volumes.c.id, alarms.c.cleared_at.is_(None))
    faulty = (
        exists()
        .where(documents.c.volume_id == volumes.c.id)
        .where(
            pages.c.document_id == documents.c.id,
            pages.c.stage.not_in(("stored", "blank", "separator")),
        )
    )
    unread = exists().where(sources.c.hint_volume_id == volumes.c.id, sources.c.state != "split")
    return select(volumes.c.id).where(or_(~unstored, alarmed, faulty, unread))


def goal(tx: Transaction) -> Goal:
    """Count case files as in the council's goal: once, when all volumes are stored and nothing is open."""
    volume = volumes.alias("v")
    in_inventory = case_files.c.in_inventory
    has_volume = exists().where(volume.c.case_file_id == case_files.c.id)
    has_gap = exists().where(
        volume.c.case_file_id == case_files.c.id, volume.c.in_inventory, volume.c.id.in_(_unsound_volumes())
    )
    total = select(func.count()).select_from(case_files).where(in_inventory)
    return Goal(tx.value(total), tx.value(total.where(has_volume, ~has_gap)))


def page_counts(tx: Transaction, batch_id: str | None = None) -> PageCounts:
    """Pages by what has become of them."""
    query = select(pages.c.stage, func.count().label("n")).group_by(pages.c.stage)
    if batch_id is not None:
        query = query.join(sources).where(sources.c.batch_id == batch_id)
    by = {row["stage"]: int(row["n"]) for row in tx.rows(query)}
    return PageCounts(
        received=sum(by.values()),
        waiting=by.get("waiting", 0),
        working=by.get("working", 0) + by.get("recognised", 0),
        stored=by.get("stored", 0),
        blank=by.get("blank", 0),
        separator=by.get("separator", 0),
        quarantined=by.get("quarantined", 0),
    )


def source_counts(tx: Transaction, batch_id: str | None = None) -> SourceCounts:
    """Sources by what has become of them."""
    of_source = pages.c.source_id == sources.c.id
    faulty = exists().where(of_source, pages.c.stage == "quarantined")
    unfinished = exists().where(of_source, pages.c.stage.in_(("waiting", "working", "recognised")))
    unfiled = (
        exists()
        .where(of_source, pages.c.document_id == documents.c.id)
        .where(documents.c.volume_id.is_(None))
    )
    count = select(func.count()).select_from(sources)
    if batch_id is not None:
        count = count.where(sources.c.batch_id == batch_id)
    split = sources.c.state == "split"
    received = tx.value(count)
    quarantined = tx.value(count.where(or_(sources.c.state == "quarantined", and_(split, faulty))))
    done = count.where(split, ~faulty, ~unfinished)
    unassigned = tx.value(done.where(unfiled))
    stored = tx.value(done.where(~unfiled))
    waiting = received - quarantined - unassigned - stored
    return SourceCounts(received, waiting, stored, unassigned, quarantined)


_UNDONE: tuple[tuple[str, Table, ColumnElement[bool]], ...] = (
    ("split", sources, sources.c.state.in_(("waiting", "working"))),
    ("recognise", pages, pages.c.stage.in_(("waiting", "working"))),
    ("file", stacks, stacks.c.state == "open"),
    ("assemble", documents, documents.c.state.in_(("waiting", "working"))),
)


def backlog(tx: Transaction) -> dict[str, int]:
    """What is left to do, by step: sources to split, pages to recognise, documents to build and index."""
    left = {step: tx.value(_count(table).where(undone)) for step, table, undone in _UNDONE}
    return {**left, "index": count_to_index(tx)}


def urgent_backlog(tx: Transaction) -> dict[str, int]:
    """What is left to do before all else, by step; indexing is nobody's to wait for."""
    return {step: tx.value(_count(table).where(undone, is_urgent(table))) for step, table, undone in _UNDONE}


def _count(table: Table) -> Select[int]:
    return select(func.count()).select_from(table)


def failures(tx: Transaction, batch_id: str | None = None) -> list[Failure]:
    """Everything in quarantine with its reason."""
    of_sources = select(
        sources.c.id,
        sources.c.name.label("source"),
        sources.c.batch_id,
        sources.c.page_count.label("page"),
        sources.c.reason,
        sources.c.reason_params,
        sources.c.position,
    ).where(sources.c.state == "quarantined")
    of_pages = (
        select(
            pages.c.id,
            sources.c.name.label("source"),
            sources.c.batch_id,
            pages.c.number.label("page"),
            pages.c.reason,
            pages.c.reason_params,
            sources.c.position,
        )
        .join(sources, sources.c.id == pages.c.source_id)
        .where(pages.c.stage == "quarantined")
    )
    everything = union_all(of_sources, of_pages, _failed_documents()).subquery()
    query = select(everything).order_by(everything.c.batch_id, everything.c.position, everything.c.page)
    if batch_id is not None:
        query = query.where(everything.c.batch_id == batch_id)
    return [
        Failure(row["id"], row["source"], row["page"], row["reason"], row["reason_params"] or {})
        for row in tx.rows(query)
    ]


def _failed_documents() -> Select[Any]:
    """Documents that cannot be made anew, named by one of their files; others show by their pages."""
    held = exists().where(pages.c.document_id == documents.c.id, pages.c.stage == "quarantined")
    first = select(func.min(pages.c.source_id)).where(pages.c.document_id == documents.c.id)
    return (
        select(
            documents.c.id,
            sources.c.name.label("source"),
            sources.c.batch_id,
            null().label("page"),
            documents.c.reason,
            documents.c.reason_params,
            sources.c.position,
        )
        .select_from(documents.join(sources, sources.c.id == first.scalar_subquery()))
        .where(documents.c.state == "failed", ~held)
    )
