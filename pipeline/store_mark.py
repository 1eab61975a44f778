"""The mark by which a ledger knows its object store again: a disk that is not mounted is not an empty store.

A mark is a small object with a random name below ``store/``; the ledger remembers the name. A store that
does not have it is not the ledger's own, whatever else lies in it: nothing is written there, and nothing is
said to be lost. The mark comes along when objects are copied. A ledger that knows none, since it is new or
its backup is older, takes the one it finds.
"""

from __future__ import annotations

import secrets

from errors import N_, StoreElsewhere
from storage.ledger import Ledger, Transaction, homes, sources
from storage.ledger.homes import Home
from storage.objects import ObjectStore, mark_key

#: What a ledger can be made anew from. A mark alone is not: whoever put it may have been killed at once.
_HISTORY = ("intakes/", "originals/")


def require(ledger: Ledger, objects: ObjectStore) -> None:
    """Raise ``StoreElsewhere`` when the ledger knows a mark and the store does not have it."""
    with ledger.read() as tx:
        known = homes.keeper(tx, homes.OBJECTS)
    if known is not None:
        require_mark(objects, known)


def settle(ledger: Ledger, objects: ObjectStore, place: str) -> None:
    """Mark the store as the ledger's if it knows none yet; ``place`` is for people. Raises as ``require``.

    The store is asked and marked while the ledger is locked, once in its life: of two who come first, both
    mean one mark, and nobody sees a marked store beside a ledger that knows nothing.
    """
    with ledger.read() as tx:
        known = homes.keeper(tx, homes.OBJECTS)
    if known is not None:
        require_mark(objects, known)
        return
    with ledger.write() as tx:
        if homes.keeper(tx, homes.OBJECTS) is None:
            if sources.any_known(tx) and not holds_history(objects):
                raise StoreElsewhere(detail=N_("nothing of what was taken in lies there."))
            homes.move(tx, homes.OBJECTS, Home(_mark(objects), place))


def is_new(tx: Transaction) -> bool:
    """Whether the ledger has no store yet, so that one may be made."""
    return homes.keeper(tx, homes.OBJECTS) is None and not sources.any_known(tx)


def holds_history(objects: ObjectStore) -> bool:
    """Whether a ledger could be made anew from what lies in the store."""
    return any(next(objects.keys(kind), None) is not None for kind in _HISTORY)


def require_mark(objects: ObjectStore, known: Home) -> None:
    """Raise ``StoreElsewhere`` when the store does not have the mark."""
    key = mark_key(known.folder_id)
    if not objects.exists(key):
        detail = N_("its mark {key}, first seen in {place}, is missing.")
        raise StoreElsewhere(detail=detail, key=key, place=known.place)


def _mark(objects: ObjectStore) -> str:
    """The store's mark, made if it has none."""
    found = next(objects.keys("store/"), None)
    if found is not None:
        return found.rpartition("/")[2]
    made = secrets.token_hex(16)
    objects.put_bytes(mark_key(made), f"{made}\n".encode("ascii"))
    return made
