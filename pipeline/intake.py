"""Intake: every delivered file is stored as it came, then registered, all files of a batch at once.

The original is written and read back before the ledger hears of it. An intake that is interrupted
leaves nothing but objects behind, which the next run finds again: running again is always safe.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from storage.objects import ObjectStore, original_key, sha256_of

from errors import BadInput, DigestMismatch
from pipeline.affiliation import Affiliation, Hint
from pipeline.delivery import Delivery, Findings, find
from storage.ledger import Ledger, Transaction, alarms, sources

#: Images of one page each: those of a folder lie in one stack, and a cover sheet holds for the next ones.
_SINGLE_IMAGES = {".jpg", ".jpeg", ".jpe", ".png", ".tif", ".tiff"}
#: Reasons that were the file's name or the manifest, not its bytes: such a source may come again.
_MENDABLE = {"mislabelled", "digest_mismatch"}


@dataclass(frozen=True, slots=True)
class Intake:
    """What was taken in. ``duplicates`` pairs a file with the earlier one that has the same bytes."""

    batch_id: str | None
    new: int
    duplicates: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class _Batch:
    """A batch while its files are stored, not yet known to the ledger."""

    id: str
    name: str
    new: dict[str, sources.NewSource] = field(default_factory=dict)
    stacks: dict[str, str] = field(default_factory=dict)
    resubmitted: int = 0
    duplicates: list[tuple[str, str]] = field(default_factory=list)
    earlier_batch: str | None = None


def take_in(
    ledger: Ledger,
    objects: ObjectStore,
    paths: Sequence[Path],
    affiliation: Affiliation,
    on_file: Callable[[int, int], None] = lambda _done, _total: None,
) -> Intake:
    """Store and register all files at ``paths`` as one batch.

    ``on_file`` is told how many files of how many are done. Raises ``NothingToDo`` when a path does not
    exist or holds nothing; ``StoreUnavailable`` or ``DiskFull`` before anything is registered.
    """
    found = find(paths)
    name = ", ".join(delivery.name.parts[0] for delivery in found.deliveries[:1])
    batch = _Batch(secrets.token_hex(8), name)
    for place, delivery in enumerate(found.deliveries):
        try:
            _take_one(ledger, objects, affiliation, batch, place, delivery, found)
        except OSError as error:
            found.odd("unreadable", delivery.name, detail=error.strerror or str(error))
        on_file(place + 1, len(found.deliveries))
    registered = bool(batch.new or found.oddities)
    if registered:
        with ledger.write() as tx:
            _register(tx, batch, found)
    batch_id = batch.id if registered else batch.earlier_batch
    return Intake(batch_id, len(batch.new) + batch.resubmitted, tuple(batch.duplicates))


def _take_one(
    ledger: Ledger,
    objects: ObjectStore,
    affiliation: Affiliation,
    batch: _Batch,
    place: int,
    delivery: Delivery,
    found: Findings,
) -> None:
    sha256, size = sha256_of(delivery.path)
    with ledger.write() as tx:
        hint = affiliation.of(tx, delivery)
        known = sources.by_sha256(tx, sha256)
        if known is not None:
            _meet_again(tx, batch, known, delivery, hint)
            return
    if sha256 in batch.new:
        batch.duplicates.append((str(delivery.name), batch.new[sha256].name))
        return
    stored = objects.put(original_key(sha256), delivery.path)
    if stored.sha256 != sha256:
        found.odd("unreadable", delivery.name, detail="it changed while it was read")
        return
    batch.new[sha256] = _new_source(batch, place, delivery, sha256, size, hint)


def _new_source(
    batch: _Batch, place: int, delivery: Delivery, sha256: str, size: int, hint: Hint | None
) -> sources.NewSource:
    entry, reason = delivery.entry, _reason(delivery, sha256)
    return sources.NewSource(
        id=sha256[:20],
        sha256=sha256,
        name=str(delivery.name),
        size=size,
        object_key=original_key(sha256),
        stack_id=_stack_of(batch, delivery, sha256),
        position=place,
        hint_volume_id=hint.volume_id if hint else None,
        hint_by=hint.by if hint else None,
        expected_pages=entry.pages if entry else None,
        reason=reason.code if reason else None,
        reason_params=reason.params if reason else None,
    )


def _reason(delivery: Delivery, sha256: str) -> BadInput | None:
    """What sends a file to quarantine before anybody opens it."""
    promised = delivery.entry.sha256 if delivery.entry else None
    return DigestMismatch() if promised not in (None, sha256) else None


def _stack_of(batch: _Batch, delivery: Delivery, sha256: str) -> str:
    """The stack a file is part of: images lie with those of their folder, other files for themselves.

    Files of several pages are never read on into the next one: who forgets a cover sheet would file one
    person's papers with another's.
    """
    if delivery.path.suffix.casefold() in _SINGLE_IMAGES:
        folder = delivery.name.parent
        stack_id = "f" + hashlib.sha256(f"{batch.id}/{folder}".encode()).hexdigest()[:19]
        name = f"{folder}/"
    else:
        stack_id, name = own_stack(sha256), str(delivery.name)
    batch.stacks.setdefault(stack_id, name)
    return stack_id


def own_stack(sha256: str) -> str:
    """The id of the stack that consists of one source only."""
    return "s" + sha256[:19]


def _meet_again(
    tx: Transaction, batch: _Batch, known: sources.Source, delivery: Delivery, hint: Hint | None
) -> None:
    """The same bytes came before: they are one source. Say so; a mended name or manifest tries again."""
    batch.earlier_batch = batch.earlier_batch or known.batch_id
    volume_id = hint.volume_id if hint else None
    mended = _reason(delivery, known.sha256) is None and (
        known.reason == "digest_mismatch" or known.name != str(delivery.name)
    )
    if known.state == "quarantined" and known.reason in _MENDABLE and mended:
        by = hint.by if hint else None
        sources.resubmit(tx, known.id, name=str(delivery.name), hint_volume_id=volume_id, hint_by=by)
        batch.resubmitted += 1
        return
    batch.duplicates.append((str(delivery.name), known.name))
    if str(delivery.name) != known.name:
        tx.record("source.duplicate", known.id, name=str(delivery.name))
    if volume_id is not None and known.hint_volume_id not in (None, volume_id):
        params: dict[str, Any] = {"name": str(delivery.name), "first": known.name}
        subject = f"{known.id}/{volume_id}"
        alarms.sound(tx, "same_bytes_elsewhere", subject, volume_id=volume_id, params=params)


def _register(tx: Transaction, batch: _Batch, found: Findings) -> None:
    sources.register_batch(tx, batch.id, batch.name, batch.stacks, list(batch.new.values()))
    for oddity in found.oddities:
        alarms.sound(tx, oddity.code, oddity.subject, batch_id=batch.id, params=oddity.params)
