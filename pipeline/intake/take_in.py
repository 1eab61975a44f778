"""Intake: every delivered file is stored as it came, then registered, all files of a batch at once.

The original is written and read back before the ledger hears of it. An intake that is interrupted
leaves nothing but objects behind, which the next run finds again: running again is always safe.
"""

from __future__ import annotations

import errno
import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from errors import N_, BadInput, DigestMismatch
from pipeline.intake.affiliation import Affiliation, Hint
from pipeline.intake.delivery import Delivery, Findings, find
from storage.ledger import Ledger, Transaction, alarms, sources
from storage.objects import ObjectStore, original_key, sha256_of

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
    name = found.deliveries[0].name.parts[0] if found.deliveries else paths[0].name
    batch = _Batch(secrets.token_hex(8), name)
    for place, delivery in enumerate(found.deliveries):
        try:
            sha256, size = sha256_of(delivery.path)
            with ledger.write() as tx:
                hint = affiliation.of(tx, delivery)
                known = _met_before(tx, batch, sha256, delivery, hint)
            if not known:
                _store(objects, sha256, delivery)
                batch.new[sha256] = _new_source(batch, place, delivery, (sha256, size), hint)
        except OSError as error:
            found.odd("unreadable", delivery.name, detail=error.strerror or str(error))
        on_file(place + 1, len(found.deliveries))
    registered = bool(batch.new or found.oddities)
    if registered:
        with ledger.write() as tx:
            _register(tx, batch, found)
    batch_id = batch.id if registered else batch.earlier_batch
    return Intake(batch_id, len(batch.new) + batch.resubmitted, tuple(batch.duplicates))


def _store(objects: ObjectStore, sha256: str, delivery: Delivery) -> None:
    """Keep the file as it came; ``OSError`` when somebody is still writing to it."""
    if objects.put(original_key(sha256), delivery.path).sha256 != sha256:
        raise OSError(errno.EBUSY, N_("it changed while it was read"))


def _new_source(
    batch: _Batch, place: int, delivery: Delivery, content: tuple[str, int], hint: Hint | None
) -> sources.NewSource:
    (sha256, size), entry = content, delivery.entry
    reason = _reason(delivery, sha256)
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


def _met_before(tx: Transaction, batch: _Batch, sha256: str, delivery: Delivery, hint: Hint | None) -> bool:
    """Whether these bytes came before, in this delivery or an earlier one: then they are one source."""
    known, name = sources.by_sha256(tx, sha256), str(delivery.name)
    if known is None:
        if sha256 in batch.new:
            batch.duplicates.append((name, batch.new[sha256].name))
        return sha256 in batch.new
    batch.earlier_batch = batch.earlier_batch or known.batch_id
    volume_id = hint.volume_id if hint else None
    if _is_mended(known, delivery):
        by = hint.by if hint else None
        sources.resubmit(tx, known.id, name=name, hint_volume_id=volume_id, hint_by=by)
        batch.resubmitted += 1
        return True
    batch.duplicates.append((name, known.name))
    if name != known.name:
        tx.record("source.duplicate", known.id)
    if volume_id is not None and known.hint_volume_id not in (None, volume_id):
        subject, params = f"{known.id}/{volume_id}", {"name": name, "first": known.name}
        alarms.sound(tx, "same_bytes_elsewhere", subject, volume_id=volume_id, params=params)
    return True


def _is_mended(known: sources.Source, delivery: Delivery) -> bool:
    """Whether what sent the file to quarantine was its name or the manifest, and that is different now."""
    if known.state != "quarantined" or known.reason not in _MENDABLE:
        return False
    renamed = known.name != str(delivery.name)
    return _reason(delivery, known.sha256) is None and (known.reason == "digest_mismatch" or renamed)


def _register(tx: Transaction, batch: _Batch, found: Findings) -> None:
    sources.register_batch(tx, batch.id, batch.name, batch.stacks, list(batch.new.values()))
    for oddity in found.oddities:
        alarms.sound(tx, oddity.code, oddity.subject, batch_id=batch.id, params=oddity.params)
