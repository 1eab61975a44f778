"""How it goes, as the ledger knows it: what waits and why, since when, and what was last finished.

Every question here is answered from an index, so that it may be asked every few seconds of a ledger of
millions of pages.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Table, func, select

from storage.ledger.core import Transaction
from storage.ledger.tables import alarms, batches, documents, events, pages, sources, stacks
from storage.ledger.work import LEASED, Step, Task

#: Kinds of events that end a task; looked for among the newest ones.
_FINISHING = (
    *("source.split", "source.quarantined", "page.recognised", "page.blank", "page.separator"),
    *("page.quarantined", "stack.filed", "document.stored", "document.empty", "document.failed"),
)
_NEWEST_EVENTS = 10_000


@dataclass(frozen=True, slots=True)
class Deferred:
    """Tasks of a step that cannot be done because something (``by``, an error's code) is out of reach.

    Times in seconds since the epoch: ``since`` when the first of them could not, ``next_try`` when the next
    one may be tried again.
    """

    step: Step
    by: str
    tasks: int
    since: float | None
    next_try: float | None


@dataclass(frozen=True, slots=True)
class Fate:
    """Where a task stands: its row's state, and what is known of how it came there."""

    state: str
    batch_id: str | None = None
    begun: int | None = None
    deferred: int | None = None
    reason: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether it is still to be done."""
        return self.state in ("waiting", "working", "open")


def fate(tx: Transaction, task: Task) -> Fate | None:
    """Where a task stands; None when there is no such thing."""
    if task.step == "file":
        row = tx.one(select(stacks.c.state, stacks.c.batch_id).where(stacks.c.id == task.id))
        return Fate(**row) if row else None
    table, state = next((table, state) for table, state, step in LEASED if step == task.step)
    columns: list[Column[Any]] = [table.c.begun, table.c.deferred, table.c.reason]
    query = select(state.label("state"), *columns).where(table.c.id == task.id)
    if table is pages:
        query = query.add_columns(sources.c.batch_id).join(sources, sources.c.id == pages.c.source_id)
    elif table is sources:
        query = query.add_columns(sources.c.batch_id)
    row = tx.one(query)
    return Fate(**row) if row else None


def deferred(tx: Transaction) -> list[Deferred]:
    """Tasks that wait for something out of reach, by step and cause."""
    found = []
    for table, state, step in LEASED:
        by, since, again = table.c.deferred_by, table.c.deferred_since, table.c.not_before
        query = (
            select(by.label("by"), func.count().label("tasks"))
            .add_columns(func.min(since).label("since"), func.min(again).label("next_try"))
            .where(state.in_(("waiting", "working")), table.c.deferred > 0)
            .group_by(by)
            .order_by(by)
        )
        found += [Deferred(step, **row) for row in tx.rows(query)]
    return found


def leases(tx: Transaction) -> dict[Step, int]:
    """How many tasks of each step somebody holds a valid lease on."""
    return {
        step: tx.value(
            select(func.count()).select_from(table).where(state == "working", table.c.lease_until >= tx.now)
        )
        for table, state, step in LEASED
    }


def oldest_waiting(tx: Transaction) -> str | None:
    """When the oldest batch came in of which something is not yet read or filed.

    Asked of stacks, of which there are far fewer than pages: a stack is open until its last page is read.
    """
    query = select(func.min(batches.c.received_at)).where(
        batches.c.id.in_(select(stacks.c.batch_id).where(stacks.c.state == "open"))
    )
    found: str | None = tx.value(query)
    return found


def last_finished(tx: Transaction) -> str | None:
    """When a task was last brought to an end; None when the newest events tell of none."""
    newest = tx.value(select(func.max(events.c.id))) or 0
    query = (
        select(events.c.at)
        .where(events.c.id > newest - _NEWEST_EVENTS, events.c.kind.in_(_FINISHING))
        .order_by(events.c.id.desc())
        .limit(1)
    )
    found: str | None = tx.value(query)
    return found


def sources_by_state(tx: Transaction) -> dict[str, int]:
    """How many sources are in each state."""
    return _counted(tx, sources.c.state)


def failures_by_reason(tx: Transaction) -> dict[tuple[str, str], int]:
    """How many sources, pages and documents are in quarantine, by kind and the reason's code."""
    found: dict[tuple[str, str], int] = {}
    kinds: tuple[tuple[str, Table, Column[Any], str], ...] = (
        ("source", sources, sources.c.state, "quarantined"),
        ("page", pages, pages.c.stage, "quarantined"),
        ("document", documents, documents.c.state, "failed"),
    )
    for kind, table, state, bad in kinds:
        query = select(table.c.reason, func.count().label("n")).where(state == bad).group_by(table.c.reason)
        found |= {(kind, row["reason"] or "unknown"): int(row["n"]) for row in tx.rows(query)}
    return found


def alarms_by_code(tx: Transaction) -> dict[str, int]:
    """How many alarms are open, by code."""
    query = (
        select(alarms.c.code, func.count().label("n"))
        .where(alarms.c.cleared_at.is_(None))
        .group_by(alarms.c.code)
    )
    return {row["code"]: int(row["n"]) for row in tx.rows(query)}


def _counted(tx: Transaction, column: Column[Any]) -> dict[str, int]:
    query = select(column.label("name"), func.count().label("n")).group_by(column)
    return {row["name"]: int(row["n"]) for row in tx.rows(query)}
