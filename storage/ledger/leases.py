"""Leases: who works on a row and until when. A row whose lease ran out may be taken by another.

Sources, pages and documents share the columns of ``tables._lease`` and the two states "waiting" and
"working". Three things may end a step without a result, and they count differently:

- it **failed**, by an error of its own: that is likely to happen again, so only a few attempts are had;
- it was **cut off**: its process was killed, or its machine. That says little about the page, so it may
  happen often; but a page that brings down every process must not go round for ever;
- it was **deferred**, since something out of reach was away (a store, room on the disk): that says nothing
  about the page. It waits, longer each time, and does not count.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Column, ColumnElement, Table, Update, and_, or_, select

from storage.ledger.core import Transaction

#: Seconds no lease is ever longer than: one that ends later was written before a clock was set back.
LONGEST = 10_800.0
#: The same for waits.
_FIRST_WAIT, _LONGEST_WAIT = 1.0, 60.0


@dataclass(frozen=True, slots=True)
class Claim:
    """Who asks for work (``owner``, naming a process), and for how many ``seconds`` at most.

    Raises ``ValueError`` for as many as would count as a clock that jumped: such a lease holds nobody off.
    """

    owner: str
    seconds: float

    def __post_init__(self) -> None:
        if self.seconds >= LONGEST:
            raise ValueError(self.seconds)


@dataclass(frozen=True, slots=True)
class Setback:
    """How a step ended without a result, and by what: ``reason`` is an ``errors`` code, or a class's name."""

    kind: Literal["failed", "cut_off", "deferred"]
    reason: str


def is_free(table: Table, state: Column[Any], now: float) -> ColumnElement[bool]:
    """Whether a row waits and is due, or its lease ran out."""
    until, not_before = table.c.lease_until, table.c.not_before
    lapsed = or_(until < now, until > now + LONGEST)
    return or_(and_(state == "waiting", is_due(not_before, now)), and_(state == "working", lapsed))


def is_due(not_before: ColumnElement[Any], now: float) -> ColumnElement[bool]:
    """Whether a wait is over."""
    return or_(not_before.is_(None), not_before <= now, not_before > now + _LONGEST_WAIT)


def claim_row(tx: Transaction, table: Table, state: Column[Any], row_id: str, claim: Claim) -> bool:
    """Take a free row, and count that it was begun. False when another was faster."""
    taken = {
        state.name: "working",
        "lease_owner": claim.owner,
        "lease_until": tx.now + claim.seconds,
        "begun": table.c.begun + 1,
    }
    mine = table.c.id == row_id
    return tx.run(table.update().where(mine, is_free(table, state, tx.now)).values(taken)) == 1


def put_back(
    tx: Transaction, table: Table, state: Column[Any], row_id: str, *, owner: str, setback: Setback
) -> None:
    """Let a row that ``owner`` works on wait again; nothing happens when it is in other hands by now."""
    mine = and_(table.c.id == row_id, state == "working", table.c.lease_owner == owner)
    counted = (table.c.attempts, table.c.begun, table.c.deferred, table.c.deferred_since)
    row = tx.one(select(*counted).where(mine))
    if row is None:
        return
    attempts, begun, deferred = row["attempts"], row["begun"], row["deferred"]
    since = row["deferred_since"]
    if setback.kind == "failed":
        attempts += 1
    elif setback.kind == "deferred":
        begun, deferred, since = max(begun - 1, 0), deferred + 1, since or tx.now
    waits = {
        state.name: "waiting",
        "attempts": attempts,
        "begun": begun,
        "deferred": deferred,
        "deferred_by": setback.reason,
        "deferred_since": since,
        "not_before": tx.now + wait_seconds(deferred if setback.kind == "deferred" else attempts),
        "lease_owner": None,
        "lease_until": None,
    }
    tx.run(table.update().where(mine).values(waits))


def wait_seconds(times: int) -> float:
    """How long to wait after ``times`` setbacks in a row: twice as long each time, up to a minute."""
    return min(_FIRST_WAIT * 2.0 ** max(times - 1, 0), _LONGEST_WAIT)


def release(table: Table) -> Update:
    """An update that ends the lease, whatever was waited for; callers add the row and its new state."""
    nothing = ("lease_owner", "lease_until", "deferred_by", "deferred_since", "not_before")
    return table.update().values(deferred=0, **dict.fromkeys(nothing))


def start_over(table: Table) -> Update:
    """An update that lets rows wait again as if nothing had ever been tried."""
    return release(table).values(attempts=0, begun=0, reason=None, reason_params=None)


def owners(tx: Transaction, table: Table) -> set[str]:
    """Everybody who holds a lease on a row of ``table``."""
    query = select(table.c.lease_owner).where(table.c.lease_owner.is_not(None)).distinct()
    return {row["lease_owner"] for row in tx.rows(query)}


def expire(tx: Transaction, table: Table, owner: str) -> int:
    """End all leases of an owner known to be dead, at once instead of at their end."""
    held = table.c.lease_owner == owner
    return tx.run(table.update().where(held).values(lease_owner=None, lease_until=0))
