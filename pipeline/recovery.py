"""After a loss: what the object store knows and the ledger does not is registered again.

First the records of intakes, oldest first, exactly as the intakes registered them. Then originals that
not even a record names: an intake was cut off between the two, so nobody was promised anything, but they
are there. Reading, filing and binding then come to the same bytes as before, so products need no record.

Running it again finds what is left. Nothing is taken in meanwhile: an original that is stored and about to
be registered would look as if nobody knew it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import TypeVar

from errors import ObjectDamaged
from pipeline.intake.affiliation import Affiliation
from pipeline.intake.delivery import Delivery, Findings
from pipeline.intake.record import Kept, Record, describe, keep, read
from pipeline.intake.register import register
from storage.ledger import Ledger, sources
from storage.objects import ObjectStore, intake_key, original_key

#: Keys the ledger is asked about at a time, and originals nobody knows that make one batch.
_MANY = 500
_BATCH_NAME = "recovered"
_ANY = TypeVar("_ANY")

#: Told how many keys of a kind, ``intakes`` or ``originals``, have been looked at.
Progress = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class Recovery:
    """What came back: batches with their files by record, and originals that had none.

    ``damaged`` are the keys of records and originals whose bytes are not those they were.
    """

    batches: int
    files: int
    originals: tuple[str, ...]
    damaged: tuple[str, ...]


def recover(ledger: Ledger, objects: ObjectStore, on_key: Progress = lambda _kind, _done: None) -> Recovery:
    """Register what is in the store and unknown to the ledger.

    Of every record the ledger lacks its time and key are held in memory, of everything else a few hundred
    keys. Raises ``IntakeBusy`` while files are taken in, and ``RecordUnreadable``, before anything is
    registered, for a record a newer version wrote.
    """
    with ledger.recovering():
        damaged: list[str] = []
        unknown = sorted(_unknown_records(ledger, objects, on_key, damaged))
        found = [_register(ledger, _read(objects, key), key) for _, key in unknown]
        by_record = [new for new in found if new is not None]
        originals: list[str] = []
        for some in _portions(_unknown_originals(ledger, objects, on_key)):
            originals += _adopt(ledger, objects, some, damaged)
    return Recovery(len(by_record), sum(by_record), tuple(originals), tuple(damaged))


# --- by record ---------------------------------------------------------------------------------------


def _unknown_records(
    ledger: Ledger, objects: ObjectStore, on_key: Progress, damaged: list[str]
) -> Iterator[tuple[str, str]]:
    """When each intake took place that the ledger may not know, and its record's key."""
    done = 0
    for keys in _portions(objects.keys("intakes/")):
        with ledger.read() as tx:
            known = sources.known_records(tx, keys)
        for key in keys:
            try:
                if key not in known:
                    yield _read(objects, key).received_at, key
            except ObjectDamaged:
                damaged.append(key)
        done += len(keys)
        on_key("intakes", done)


def _read(objects: ObjectStore, key: str) -> Record:
    data = objects.get_bytes(key)
    if intake_key(hashlib.sha256(data).hexdigest()) != key:
        raise ObjectDamaged(key=key)
    return read(key, data)


def _register(ledger: Ledger, record: Record, key: str) -> int | None:
    """Register a batch as its intake did; returns how many files are new, None when it brings nothing.

    An intake that was cut off before it registered was probably run again under another record.
    """
    with ledger.write() as tx:
        if record.files and all(sources.by_sha256(tx, one.sha256) for one in record.files):
            return None
        return register(tx, record, key).new


# --- without a record --------------------------------------------------------------------------------


def _unknown_originals(ledger: Ledger, objects: ObjectStore, on_key: Progress) -> Iterator[str]:
    """The hashes in the names of originals that are no source of the ledger."""
    done = 0
    for keys in _portions(objects.keys("originals/")):
        hashes = [key.rpartition("/")[2] for key in keys]
        with ledger.read() as tx:
            known = sources.known_hashes(tx, hashes)
        yield from (sha256 for sha256 in hashes if sha256 not in known)
        done += len(keys)
        on_key("originals", done)


def _adopt(ledger: Ledger, objects: ObjectStore, hashes: list[str], damaged: list[str]) -> list[str]:
    """Take in originals as a batch of their own, with their hashes for names; returns their ids."""
    kept = []
    for place, sha256 in enumerate(hashes):
        stored = objects.digest(original_key(sha256))
        if stored.sha256 == sha256:
            # No ending: it says nothing of the format, and so cannot contradict the content.
            name = PurePosixPath(_BATCH_NAME, sha256[:20])
            kept.append(Kept(Delivery(Path(name), name, None, place), sha256, stored.size, is_new=True))
        else:
            damaged.append(stored.key)
    if kept:
        with ledger.read() as tx:
            found = Findings(deliveries=[one.delivery for one in kept])
            record = describe(tx, found, kept, Affiliation())
        key = keep(objects, record)
        with ledger.write() as tx:
            register(tx, record, key)
    return [one.sha256[:20] for one in kept]


def _portions(items: Iterable[_ANY]) -> Iterator[list[_ANY]]:
    rest = iter(items)
    return iter(lambda: list(islice(rest, _MANY)), [])
