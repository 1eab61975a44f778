"""Sealing the history: a Merkle root over all events since the last seal, written, read back, recorded.

Once a day somebody can note one hash on paper, and nobody can change what was recorded before unnoticed.
"""

from __future__ import annotations

import hashlib
import time

from errors import NotFound
from pipeline import store_mark
from storage.ledger import Ledger, seals
from storage.ledger.seals import Seal
from storage.objects import ObjectStore, leaves_key, seal_key

#: Most events one seal covers, so that its leaves (20 MB) can be held in memory.
MOST_EVENTS = 500_000
_LOOK_SECONDS = 60.0


def seal(ledger: Ledger, objects: ObjectStore) -> list[Seal]:
    """Seal all events recorded until now; returns the seals made, none when all are sealed.

    Of two who seal at once one wins, the other finds nothing to do. Raises ``StoreUnavailable`` or
    ``DiskFull`` when the objects cannot be kept; nothing is recorded then.
    """
    store_mark.require(ledger, objects)
    with ledger.read() as tx:
        last = seals.last_event(tx)
    made: list[Seal] = []
    while last is not None and (one := _seal_next(ledger, objects, last)) is not None:
        made.append(one)
    return made


def seal_if_due(ledger: Ledger, objects: ObjectStore) -> list[Seal]:
    """Seal, if events of a day before today (UTC) are not sealed yet."""
    with ledger.read() as tx:
        oldest, today = seals.first_unsealed(tx), tx.at[:10]
    return seal(ledger, objects) if oldest is not None and oldest.at[:10] < today else []


class DailySeal:
    """Seals once a day beside other work; asked as often as one likes, it looks once a minute."""

    def __init__(self, ledger: Ledger, objects: ObjectStore) -> None:
        self._ledger, self._objects, self._next_look = ledger, objects, 0.0

    def look(self) -> None:
        """Seal if it is time; raises as :func:`seal`, and looks again when asked next."""
        now = time.monotonic()
        if now >= self._next_look:
            seal_if_due(self._ledger, self._objects)
            self._next_look = now + _LOOK_SECONDS


def disown(ledger: Ledger, objects: ObjectStore, name: str | None, note: str) -> list[str]:
    """Say that seals in the store, unknown to the ledger, are rightly not there; returns their hashes.

    They were made after the backup this ledger was restored from. ``name`` is the hash of one, or its
    beginning; None: all there are. What a person says here is an event: it is sealed itself, and
    verifications tell of it. Raises ``NotFound`` when the seal named is not there, or is in the chain.
    """
    stored = {key.rpartition("/")[2] for key in objects.keys("seals/")}
    with ledger.write() as tx:
        strange = stored - {row.sha256 for row in seals.all_seals(tx)}
        meant = sorted(one for one in strange if one.startswith(name or ""))
        if name and not meant:
            raise NotFound(name=name)
        for sha256 in meant:
            seals.disown(tx, sha256, note)
    return meant


def _seal_next(ledger: Ledger, objects: ObjectStore, last: int) -> Seal | None:
    leaves, first_event, last_event = bytearray(), 0, 0
    with ledger.read() as tx:
        before, now = seals.newest(tx), tx.at
        sealed = before.seal.last_event if before else None
        for event in seals.history(tx, after=sealed, last=last, limit=MOST_EVENTS):
            first_event, last_event = first_event if leaves else event.id, event.id
            leaves += seals.leaf(event)
    if not leaves:
        return None
    made = Seal(
        number=before.seal.number + 1 if before else 1,
        sealed_at=now,
        first_event=first_event,
        last_event=last_event,
        events=len(leaves) // seals.LEAF.size,
        root=seals.root_of(leaves),
        leaves=hashlib.sha256(leaves).hexdigest(),
        previous=before.sha256 if before else None,
    )
    objects.put_bytes(leaves_key(made.leaves), bytes(leaves))  # read back and compared there
    objects.put_bytes(seal_key(made.sha256), made.to_bytes())
    with ledger.write() as tx:
        if seals.newest(tx) != before:
            return None
        seals.add(tx, made)
    return made
