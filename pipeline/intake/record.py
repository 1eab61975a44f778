"""What an intake knew, as an object beside the originals: with it a batch can be registered again.

The ledger is backed up now and then, objects are there at once. So whatever registering needs goes into
the object store first: files by their hash, in which order and stack, whose volume they are and who said
so. Names and file numbers stand in the object, never in its key. A ledger that lacks the batch, restored
from last night or lost altogether, gets it back by ``akten recover``.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError

from errors import DigestMismatch, Param, RecordUnreadable
from pipeline.intake.affiliation import Affiliation, Contradiction, Finder, Hint
from pipeline.intake.delivery import Delivery, Findings
from storage.ledger import Transaction
from storage.objects import ObjectStore, intake_key

VERSION = 1
#: Images of one page each: those of a folder lie in one stack, and a cover sheet holds for the next ones.
_SINGLE_IMAGES = {".jpg", ".jpeg", ".jpe", ".png", ".tif", ".tiff"}


@dataclass(frozen=True, slots=True)
class Kept:
    """A delivered file whose bytes are safely stored; ``is_new``: no source had these bytes before."""

    delivery: Delivery
    sha256: str
    size: int
    is_new: bool


@dataclass(frozen=True, slots=True)
class Arrival:
    """A stored file as it was delivered.

    ``name`` is that from the delivery's root on, ``stack`` the id of the run of sheets it is part of, at
    ``position``. ``hint`` is what manifest or name say, ``is_ambiguous`` that names contradict each other.
    ``reason`` is the ``errors`` code that sends it to quarantine before anybody opens it.
    """

    sha256: str
    size: int
    name: str
    stack: str
    position: int
    hint: Hint | None = None
    is_ambiguous: bool = False
    expected_pages: int | None = None
    reason: str | None = None
    reason_params: Mapping[str, Param] | None = None


@dataclass(frozen=True, slots=True)
class Concern:
    """An alarm about something met in the delivery; ``hint`` is the volume it holds up."""

    code: str
    subject: str
    params: Mapping[str, Param]
    hint: Hint | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """A batch before it is registered; ``stacks`` are names by id, ``received_at`` is ISO 8601 in UTC.

    ``urgent``: all of it goes before what waits already, also what is known and not finished.
    """

    version: int
    batch: str
    name: str
    received_at: str
    stacks: Mapping[str, str]
    files: Sequence[Arrival]
    concerns: Sequence[Concern]
    urgent: bool = False


_JSON = TypeAdapter(Record)


def describe(
    tx: Transaction,
    found: Findings,
    kept: Sequence[Kept],
    affiliation: Affiliation,
    *,
    urgent: bool = False,
) -> Record:
    """Write down a delivery as a new batch; the ledger is only asked for file numbers."""
    batch_id, finder = secrets.token_hex(8), affiliation.within(tx)
    stacks: dict[str, str] = {}
    files = [_arrival(one, finder, batch_id, stacks) for one in kept]
    concerns = [
        Concern(
            oddity.code,
            oddity.subject,
            oddity.params,
            _certain(finder.of(oddity.delivery)) if oddity.delivery else None,
        )
        for oddity in found.oddities
    ]
    name = found.deliveries[0].name.parts[0] if found.deliveries else ""
    return Record(VERSION, batch_id, name, tx.at, stacks, files, concerns, urgent)


def keep(objects: ObjectStore, record: Record) -> str:
    """Store a record, read back as every object; returns its key."""
    data = _JSON.dump_json(record, exclude_none=True)
    return objects.put_bytes(intake_key(hashlib.sha256(data).hexdigest()), data).key


def read(key: str, data: bytes) -> Record:
    """A record from the bytes of the object ``key``. Raises ``errors.RecordUnreadable``."""
    try:
        record = _JSON.validate_json(data)
    except ValidationError as error:
        raise RecordUnreadable(key=key) from error
    if record.version > VERSION:
        raise RecordUnreadable(key=key)
    return record


def own_stack(sha256: str) -> str:
    """The id of the stack that consists of one source only."""
    return "s" + sha256[:19]


def _arrival(one: Kept, finder: Finder, batch_id: str, stacks: dict[str, str]) -> Arrival:
    delivery, hint = one.delivery, finder.of(one.delivery)
    stack_id, stack_name = _stack_of(one, batch_id)
    stacks.setdefault(stack_id, stack_name)
    entry = delivery.entry
    differs = entry is not None and entry.sha256 not in (None, one.sha256)
    return Arrival(
        sha256=one.sha256,
        size=one.size,
        name=str(delivery.name),
        stack=stack_id,
        position=delivery.place,
        hint=_certain(hint),
        is_ambiguous=isinstance(hint, Contradiction),
        expected_pages=entry.pages if entry else None,
        reason=DigestMismatch.code if differs else None,
    )


def _certain(hint: Hint | Contradiction | None) -> Hint | None:
    return hint if isinstance(hint, Hint) else None


def _stack_of(one: Kept, batch_id: str) -> tuple[str, str]:
    """Id and name of the stack a file is part of: images lie with those of their folder, others alone.

    Files of several pages are never read on into the next one: who forgets a cover sheet would file one
    person's papers with another's. Folders of equal names are told apart by where they lie.
    """
    delivery = one.delivery
    if delivery.path.suffix.casefold() in _SINGLE_IMAGES:
        folder = os.fsencode(delivery.path.parent.resolve())
        stack_id = "f" + hashlib.sha256(batch_id.encode() + b"/" + folder).hexdigest()[:19]
        return stack_id, f"{delivery.name.parent}/"
    return own_stack(one.sha256), str(delivery.name)
