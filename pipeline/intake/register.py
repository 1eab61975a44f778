"""Registering: in one transaction every stored file becomes a source of the batch, or is known already."""

from __future__ import annotations

import hashlib
import os
import secrets
from dataclasses import dataclass, field, replace

from errors import BadInput, DigestMismatch
from pipeline.alarms import compare_with_manifest
from pipeline.intake.affiliation import Affiliation, Contradiction, Finder, Hint
from pipeline.intake.delivery import Delivery, Findings
from storage.ledger import Transaction, alarms, documents, sources
from storage.objects import original_key

#: Images of one page each: those of a folder lie in one stack, and a cover sheet holds for the next ones.
_SINGLE_IMAGES = {".jpg", ".jpeg", ".jpe", ".png", ".tif", ".tiff"}
#: Reasons that were the file's name or the manifest, not its bytes: such a source may come again.
_MENDABLE = {"mislabelled", "digest_mismatch"}
#: Alarms about a file that is missing, over when it comes.
_MISSING = ("missing_file", "unreadable", "other_content")


@dataclass(frozen=True, slots=True)
class Intake:
    """What was taken in. ``duplicates`` pairs a file with the earlier one that has the same bytes."""

    batch_id: str | None
    new: int
    duplicates: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """A delivered file whose bytes are safely stored."""

    delivery: Delivery
    sha256: str
    size: int

    @property
    def name(self) -> str:
        """Its name from the delivery's root on."""
        return str(self.delivery.name)

    @property
    def reason(self) -> BadInput | None:
        """What sends the file to quarantine before anybody opens it."""
        promised = self.delivery.entry.sha256 if self.delivery.entry else None
        return DigestMismatch() if promised not in (None, self.sha256) else None


@dataclass(frozen=True, slots=True)
class _Concern:
    """An alarm to be sounded once the batch is recorded."""

    code: str
    subject: str
    params: dict[str, str | int | float]
    volume_id: str | None = None


@dataclass(slots=True)
class _Batch:
    id: str
    new: dict[str, sources.NewSource] = field(default_factory=dict)
    stacks: dict[str, str] = field(default_factory=dict)
    concerns: list[_Concern] = field(default_factory=list)
    resubmitted: int = 0
    duplicates: list[tuple[str, str]] = field(default_factory=list)
    earlier: str | None = None


def register(tx: Transaction, found: Findings, kept: list[Kept], affiliation: Affiliation) -> Intake:
    """Record a batch: its new sources, what is known already, and what is odd.

    Without a new source or oddity there is no new batch: the answer names the one that was meant.
    """
    batch, finder = _Batch(secrets.token_hex(8)), affiliation.within(tx)
    missing = [alarm for alarm in alarms.open_alarms(tx) if alarm.code in _MISSING and alarm.volume_id]
    for one in kept:
        hint = _hint(batch, one, finder)
        known = sources.by_sha256(tx, one.sha256)
        if known is not None:
            batch.earlier = batch.earlier or known.batch_id
            _meet_again(tx, batch, one, known, hint)
        elif one.sha256 in batch.new:
            _meet_twice(batch, one, hint)
        else:
            batch.new[one.sha256] = _new_source(batch, one, hint)
        for alarm in missing:
            # Many files are called alike: it has to be the same volume's too.
            if hint and (alarm.subject, alarm.volume_id) == (one.name, hint.volume_id) and not one.reason:
                alarms.clear(tx, alarm.code, alarm.subject)
    _note_oddities(batch, found, finder)
    batch_id = batch.earlier
    if batch.new or (batch.concerns and batch_id is None):
        batch_id = batch.id
        name = found.deliveries[0].name.parts[0] if found.deliveries else ""
        sources.register_batch(tx, batch.id, name, batch.stacks, list(batch.new.values()))
    for concern in batch.concerns:
        place = {"batch_id": batch_id, "volume_id": concern.volume_id}
        alarms.sound(tx, concern.code, concern.subject, params=concern.params, **place)
    return Intake(batch_id, len(batch.new) + batch.resubmitted, tuple(batch.duplicates))


def own_stack(sha256: str) -> str:
    """The id of the stack that consists of one source only."""
    return "s" + sha256[:19]


def _hint(batch: _Batch, one: Kept, finder: Finder) -> Hint | None:
    hint = finder.of(one.delivery)
    if isinstance(hint, Contradiction):
        batch.concerns.append(_Concern("ambiguous_name", one.sha256[:20], {"name": one.name}))
        return None
    return hint


def _new_source(batch: _Batch, one: Kept, hint: Hint | None) -> sources.NewSource:
    entry, reason = one.delivery.entry, one.reason
    return sources.NewSource(
        id=one.sha256[:20],
        sha256=one.sha256,
        name=one.name,
        size=one.size,
        object_key=original_key(one.sha256),
        stack_id=_stack_of(batch, one),
        position=one.delivery.place,
        hint_volume_id=hint.volume_id if hint else None,
        hint_by=hint.by if hint else None,
        expected_pages=entry.pages if entry else None,
        reason=reason.code if reason else None,
        reason_params=reason.params if reason else None,
    )


def _stack_of(batch: _Batch, one: Kept) -> str:
    """The stack a file is part of: images lie with those of their folder, other files for themselves.

    Files of several pages are never read on into the next one: who forgets a cover sheet would file one
    person's papers with another's. Folders of equal names are told apart by where they lie.
    """
    delivery = one.delivery
    if delivery.path.suffix.casefold() in _SINGLE_IMAGES:
        folder = os.fsencode(delivery.path.parent.resolve())
        stack_id = "f" + hashlib.sha256(batch.id.encode() + b"/" + folder).hexdigest()[:19]
        name = f"{delivery.name.parent}/"
    else:
        stack_id, name = own_stack(one.sha256), one.name
    batch.stacks.setdefault(stack_id, name)
    return stack_id


# --- the same bytes again ----------------------------------------------------------------------------


def _meet_twice(batch: _Batch, one: Kept, hint: Hint | None) -> None:
    """The same bytes twice in this delivery: one source, for one volume."""
    first = batch.new[one.sha256]
    batch.duplicates.append((one.name, first.name))
    if one.reason is not None:
        batch.concerns.append(_other_content(one, hint))
    elif hint is not None and first.hint_volume_id is None:
        batch.new[one.sha256] = replace(first, hint_volume_id=hint.volume_id, hint_by=hint.by)
    elif hint is not None and first.hint_volume_id != hint.volume_id:
        batch.concerns.append(_elsewhere(one, first, hint))


def _meet_again(tx: Transaction, batch: _Batch, one: Kept, known: sources.Source, hint: Hint | None) -> None:
    """The same bytes as in an earlier delivery: what is better known by now holds from here on."""
    entry = one.delivery.entry
    if _is_mended(known, one):
        _resubmit(tx, one, known, hint)
        batch.resubmitted += 1
        return
    batch.duplicates.append((one.name, known.name))
    if one.name != known.name:
        tx.record("source.duplicate", known.id)
    if one.reason is not None:
        batch.concerns.append(_other_content(one, hint))
        return
    if hint is not None:
        homes = _homes(tx, known)
        if not homes:
            sources.assign(tx, known.id, hint.volume_id, hint.by)
            sources.set_stack_state(tx, known.stack_id, "open")
        elif hint.volume_id not in homes:
            batch.concerns.append(_elsewhere(one, known, hint))
    if entry is not None and entry.pages is not None:
        sources.expect(tx, known, entry.pages)
        compare_with_manifest(tx, replace(known, expected_pages=entry.pages))


def _homes(tx: Transaction, known: sources.Source) -> set[str]:
    """The volumes a source is meant for, or has pages in."""
    filed = (documents.get(tx, document_id) for document_id in documents.of_source(tx, known.id))
    volumes = {known.hint_volume_id, *(document.volume_id for document in filed if document)}
    return {volume_id for volume_id in volumes if volume_id is not None}


def _is_mended(known: sources.Source, one: Kept) -> bool:
    """Whether what sent the file to quarantine was its name or the manifest, and that is different now."""
    if known.state != "quarantined" or known.reason not in _MENDABLE or one.reason is not None:
        return False
    return known.reason == "digest_mismatch" or known.name != one.name


def _resubmit(tx: Transaction, one: Kept, known: sources.Source, hint: Hint | None) -> None:
    volume_id, by = (hint.volume_id, hint.by) if hint else (known.hint_volume_id, known.hint_by)
    sources.resubmit(tx, known.id, name=one.name, hint_volume_id=volume_id, hint_by=by)
    sources.set_stack_state(tx, known.stack_id, "open")
    entry = one.delivery.entry
    if entry is not None and entry.pages is not None:
        sources.expect(tx, known, entry.pages)


def _other_content(one: Kept, hint: Hint | None) -> _Concern:
    return _Concern("other_content", one.name, {"name": one.name}, hint.volume_id if hint else None)


def _elsewhere(one: Kept, first: sources.NewSource | sources.Source, hint: Hint) -> _Concern:
    params: dict[str, str | int | float] = {"name": one.name, "first": first.name}
    return _Concern("same_bytes_elsewhere", f"{first.id}/{hint.volume_id}", params, hint.volume_id)


# --- what is odd -------------------------------------------------------------------------------------


def _note_oddities(batch: _Batch, found: Findings, finder: Finder) -> None:
    """A file that is missing holds up the volume it belongs to."""
    for oddity in found.oddities:
        hint = finder.of(oddity.delivery) if oddity.delivery else None
        volume_id = hint.volume_id if isinstance(hint, Hint) else None
        batch.concerns.append(_Concern(oddity.code, oddity.subject, dict(oddity.params), volume_id))
