"""What is left to do, read from the ledger alone: the broker may forget everything at any time."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from sqlalchemy import Column, ColumnElement, Table, exists, not_, select

from storage.ledger import leases
from storage.ledger.core import Transaction
from storage.ledger.pages import is_read_again
from storage.ledger.tables import documents, pages, sources, stacks

Step = Literal["split", "recognise", "file", "assemble"]

#: Urgent stacks up to which each is looked at by itself; with more the databases go through all that waits.
_FEW = 500


class Task(NamedTuple):
    """One step to be done on one source, page, stack or document; ``urgent``: before all others."""

    step: Step
    id: str
    urgent: bool = False


#: What is worked on: its table, the column of its state, and the step.
LEASED: tuple[tuple[Table, Column[Any], Step], ...] = (
    (sources, sources.c.state, "split"),
    (pages, pages.c.stage, "recognise"),
    (documents, documents.c.state, "assemble"),
)


def open_tasks(tx: Transaction, limit: int, *, urgent: bool | None = None) -> list[Task]:
    """Tasks nobody holds a valid lease on, the last steps first, so that what was begun gets finished.

    ``urgent``: only those that are, or only those that are not; otherwise all, the urgent ones first.
    """
    if urgent is None:
        return [*open_tasks(tx, limit, urgent=True), *open_tasks(tx, limit, urgent=False)][:limit]
    tasks: list[Task] = []
    few = _few_urgent_stacks(tx) if urgent else None
    for table, state, step in reversed(LEASED):
        free = leases.is_free(table, state, tx.now)
        ranked = _ranked(table, urgent)
        if few is not None and "urgent" not in table.c:
            if not few:
                continue
            ranked = table.c.stack_id.in_(few)
        query = select(table.c.id).where(free, ranked)
        if step == "assemble":
            query = query.where(~is_read_again(table.c.id))
        tasks += [Task(step, row["id"], urgent) for row in tx.rows(query.order_by(table.c.id).limit(limit))]
        if step == "assemble":
            tasks += [Task("file", stack_id, urgent) for stack_id in _stacks_to_file(tx, limit, urgent)]
    return tasks[:limit]


def is_urgent(table: Table) -> ColumnElement[bool]:
    """Rows that go before all others: a document or stack by itself, all else by its stack."""
    if "urgent" in table.c:
        return table.c.urgent
    # A set made once, by an index of its own: joined, a million waiting pages would each be looked up.
    return table.c.stack_id.in_(select(stacks.c.id).where(stacks.c.urgent, stacks.c.state == "open"))


def _few_urgent_stacks(tx: Transaction) -> list[str] | None:
    """The urgent stacks with something left to do, so that an index finds what is theirs; None: many."""
    query = select(stacks.c.id).where(stacks.c.urgent, stacks.c.state == "open").limit(_FEW + 1)
    found = [row["id"] for row in tx.rows(query)]
    return found if len(found) <= _FEW else None


def _ranked(table: Table, urgent: bool) -> ColumnElement[bool]:
    return is_urgent(table) if urgent else not_(is_urgent(table))


def _stacks_to_file(tx: Transaction, limit: int, urgent: bool) -> list[str]:
    """Stacks with all pages read whose filing was cut off."""
    unsplit = exists().where(sources.c.stack_id == stacks.c.id, sources.c.state.in_(("waiting", "working")))
    unread = exists().where(pages.c.stack_id == stacks.c.id, pages.c.stage.in_(("waiting", "working")))
    ready = (stacks.c.state == "open") & leases.is_due(stacks.c.not_before, tx.now)
    query = select(stacks.c.id).where(ready, _ranked(stacks, urgent), ~unsplit, ~unread)
    return [row["id"] for row in tx.rows(query.order_by(stacks.c.id).limit(limit))]


def deferred_by(tx: Transaction) -> str | None:
    """What some work is deferred by, an ``errors`` code; None when nothing is."""
    for table, state, _ in LEASED:
        query = select(table.c.deferred_by).where(state.in_(("waiting", "working")), table.c.deferred > 0)
        found: str | None = tx.value(query.limit(1))
        if found is not None:
            return found
    return None


def held(tx: Transaction) -> list[str]:
    """The ids of all that somebody works on: as many as there are workers."""
    return [
        row["id"]
        for table, state, _ in LEASED
        for row in tx.rows(select(table.c.id).where(table.c.lease_owner.is_not(None), state == "working"))
    ]


def holders(tx: Transaction) -> set[str]:
    """Everybody who holds a lease on anything."""
    return {owner for table, _, _ in LEASED for owner in leases.owners(tx, table)}


def expire(tx: Transaction, owner: str) -> int:
    """End all leases of an owner known to be dead."""
    return sum(leases.expire(tx, table, owner) for table, _, _ in LEASED)
