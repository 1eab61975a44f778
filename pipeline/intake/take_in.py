"""Intake: every delivered file is stored as it came, then registered, all files of a batch at once.

The original is written and read back before the ledger hears of it, and so is a record of the batch.
An intake that is interrupted leaves nothing but objects behind, which the next run finds again: running
again is always safe.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from errors import N_, NothingToDo
from pipeline import damage
from pipeline.intake.affiliation import Affiliation
from pipeline.intake.delivery import Delivery, Findings, find
from pipeline.intake.record import Kept, describe, keep
from pipeline.intake.register import Intake, register
from storage.ledger import Ledger, sources
from storage.objects import ObjectStore, original_key, sha256_of

__all__ = ["Intake", "take_in"]


def take_in(
    ledger: Ledger,
    objects: ObjectStore,
    paths: Sequence[Path],
    affiliation: Affiliation,
    on_file: Callable[[int, int], None] = lambda _done, _total: None,
    *,
    own: Iterable[Path] = (),
    urgent: bool = False,
) -> Intake:
    """Store and register all files at ``paths`` as one batch, ``urgent`` if it goes before all others.

    ``on_file`` is told how many files of how many are done; ``own`` folders, where Aktenwerk keeps its
    files, are passed over. Raises ``NothingToDo`` when a path does not exist or holds nothing,
    ``OwnFolder``; ``StoreUnavailable`` or ``DiskFull`` before anything is registered.
    """
    found = find(paths, own)
    with ledger.taking_in():
        kept = list(_keep_all(ledger, objects, found, on_file))
        with ledger.read() as tx:
            record = describe(tx, found, kept, affiliation, urgent=urgent)
        # A delivery of nothing but known files makes no batch: it may come every night.
        makes_batch = not kept or any(one.is_new for one in kept)
        record_key = keep(objects, record) if makes_batch else None
        with ledger.write() as tx:
            intake = register(tx, record, record_key)
    return replace(intake, content={one.delivery.path: one.sha256 for one in kept})


def _keep_all(
    ledger: Ledger, objects: ObjectStore, found: Findings, on_file: Callable[[int, int], None]
) -> Iterator[Kept]:
    """Store all files of a delivery; one that cannot be read is noted as missing."""
    for done, delivery in enumerate(found.deliveries, 1):
        try:
            yield _keep(ledger, objects, delivery)
        except NothingToDo:
            found.missing("unreadable", delivery, {"detail": N_("it has vanished")})
        except OSError as error:
            found.missing("unreadable", delivery, {"detail": error.strerror or str(error)})
        on_file(done, len(found.deliveries))


def _keep(ledger: Ledger, objects: ObjectStore, delivery: Delivery) -> Kept:
    """Store a file as it came, unless it is known and well; ``OSError`` when somebody still writes to it."""
    sha256, size = sha256_of(delivery.path)
    with ledger.read() as tx:
        known = sources.by_sha256(tx, sha256)
        is_hurt = known is not None and bool(damage.alarmed(tx, [known.id]))
    needed = known is None or is_hurt
    if needed and objects.put(original_key(sha256), delivery.path).sha256 != sha256:
        raise OSError(errno.EBUSY, N_("it changed while it was read"))
    if known is not None and is_hurt:
        with ledger.write() as tx:
            damage.clear(tx, known.id)
    return Kept(delivery, sha256, size, is_new=known is None)
