"""Leases: who works on a row and until when. A row whose lease ran out may be taken by another.

Sources, pages and documents share the columns ``lease_owner``, ``lease_until`` and ``attempts`` and
the two states "waiting" and "working".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Table, Update, and_, case, or_, select

from storage.ledger.core import Transaction


@dataclass(frozen=True, slots=True)
class Claim:
    """Who asks for work (``owner``, naming a process), and for how many ``seconds`` at most."""

    owner: str
    seconds: float


def claim_row(tx: Transaction, table: Table, state: Column[Any], row_id: str, claim: Claim) -> bool:
    """Take a row that waits, or whose lease ran out; counts an attempt. False when another was faster."""
    free = or_(state == "waiting", and_(state == "working", table.c.lease_until < tx.now))
    taken = {
        state.name: "working",
        "lease_owner": claim.owner,
        "lease_until": tx.now + claim.seconds,
        "attempts": table.c.attempts + 1,
    }
    return tx.run(table.update().where(table.c.id == row_id, free).values(taken)) == 1


def release(table: Table) -> Update:
    """An update that ends the lease; callers add the row and its new state."""
    return table.update().values(lease_owner=None, lease_until=None)


def wait_again(table: Table, *, counted: bool) -> Update:
    """An update that lets rows wait again; not ``counted``: as if this attempt had not been made."""
    before = case((table.c.attempts > 0, table.c.attempts - 1), else_=0)
    return release(table).values({} if counted else {"attempts": before})


def start_over(table: Table) -> Update:
    """An update that lets rows wait again as if nothing had ever been tried."""
    return release(table).values(attempts=0, reason=None, reason_params=None)


def owners(tx: Transaction, table: Table) -> set[str]:
    """Everybody who holds a lease on a row of ``table``."""
    query = select(table.c.lease_owner).where(table.c.lease_owner.is_not(None)).distinct()
    return {row["lease_owner"] for row in tx.rows(query)}


def expire(tx: Transaction, table: Table, owner: str) -> int:
    """End all leases of an owner known to be dead, at once instead of at their end."""
    held = table.c.lease_owner == owner
    return tx.run(table.update().where(held).values(lease_owner=None, lease_until=0))
