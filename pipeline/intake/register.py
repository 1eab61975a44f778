"""Registering: in one transaction every stored file becomes a source of the batch, or is known already."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from errors import Param
from pipeline.alarms import compare_with_manifest
from pipeline.intake.affiliation import Hint, volume_for
from pipeline.intake.record import Arrival, Record
from storage.ledger import Transaction, alarms, documents, sources
from storage.objects import original_key

#: Reasons that were the file's name or the manifest, not its bytes: such a source may come again.
_MENDABLE = {"mislabelled", "digest_mismatch"}
#: Alarms about a file that is missing, over when it comes.
_MISSING = ("missing_file", "unreadable", "other_content")


@dataclass(frozen=True, slots=True)
class Intake:
    """What was taken in. ``duplicates`` pairs a file with the earlier one that has the same bytes.

    ``content`` is the SHA-256 of what was stored of each file, new or known.
    """

    batch_id: str | None
    new: int
    duplicates: tuple[tuple[str, str], ...]
    content: Mapping[Path, str] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class _File:
    """A delivered file, and the volume it belongs to as the ledger knows it."""

    arrival: Arrival
    volume_id: str | None

    @property
    def name(self) -> str:
        return self.arrival.name

    @property
    def hint_by(self) -> str | None:
        return self.arrival.hint.by if self.arrival.hint else None


@dataclass(frozen=True, slots=True)
class _Concern:
    """An alarm to be sounded once the batch is recorded."""

    code: str
    subject: str
    params: dict[str, Param]
    volume_id: str | None = None


@dataclass(slots=True)
class _Batch:
    new: dict[str, sources.NewSource] = field(default_factory=dict)
    concerns: list[_Concern] = field(default_factory=list)
    resubmitted: int = 0
    duplicates: list[tuple[str, str]] = field(default_factory=list)
    earlier: str | None = None


def register(tx: Transaction, record: Record, record_key: str | None) -> Intake:
    """Register a batch: its new sources, what is known already, and what is odd.

    Without a new source or oddity there is no new batch: the answer names the one that was meant.
    """
    batch, volume_of = _Batch(), _volumes(tx)
    missing = [alarm for alarm in alarms.open_alarms(tx) if alarm.code in _MISSING and alarm.volume_id]
    for arrival in record.files:
        one = _File(arrival, volume_of(arrival.hint))
        if arrival.is_ambiguous:
            batch.concerns.append(_Concern("ambiguous_name", arrival.sha256[:20], {"name": one.name}))
        known = sources.by_sha256(tx, arrival.sha256)
        if known is not None:
            batch.earlier = batch.earlier or known.batch_id
            _meet_again(tx, batch, one, known)
            if record.urgent:
                sources.hurry(tx, known)
        elif arrival.sha256 in batch.new:
            _meet_twice(batch, one)
        else:
            batch.new[arrival.sha256] = _new_source(one)
        for alarm in missing:
            # Many files are called alike: it has to be the same volume's too.
            if (alarm.subject, alarm.volume_id) == (one.name, one.volume_id) and not arrival.reason:
                alarms.clear(tx, alarm.code, alarm.subject)
    for odd in record.concerns:  # a file that is missing holds up the volume it belongs to
        batch.concerns.append(_Concern(odd.code, odd.subject, dict(odd.params), volume_of(odd.hint)))
    return _conclude(tx, batch, record, record_key)


def _volumes(tx: Transaction) -> Callable[[Hint | None], str | None]:
    """Looks up, and remembers, the ledger's volumes for hints; one nobody announced is added."""
    found = cache(lambda hint: volume_for(tx, hint.file_number, hint.volume, hint.volume_id))
    return lambda hint: found(hint) if hint else None


def _conclude(tx: Transaction, batch: _Batch, record: Record, record_key: str | None) -> Intake:
    batch_id = batch.earlier
    if batch.new or (batch.concerns and batch_id is None):
        batch_id, new = record.batch, list(batch.new.values())
        needed = {one.stack_id for one in new}
        stacks = {stack_id: name for stack_id, name in record.stacks.items() if stack_id in needed}
        sources.register_batch(
            tx,
            batch_id,
            record.name,
            stacks,
            new,
            received_at=record.received_at,
            record_key=record_key,
            urgent=record.urgent,
        )
    for concern in batch.concerns:
        place = {"batch_id": batch_id, "volume_id": concern.volume_id}
        alarms.sound(tx, concern.code, concern.subject, params=concern.params, **place)
    return Intake(batch_id, len(batch.new) + batch.resubmitted, tuple(batch.duplicates))


def _new_source(one: _File) -> sources.NewSource:
    arrival = one.arrival
    return sources.NewSource(
        id=arrival.sha256[:20],
        sha256=arrival.sha256,
        name=arrival.name,
        size=arrival.size,
        object_key=original_key(arrival.sha256),
        stack_id=arrival.stack,
        position=arrival.position,
        hint_volume_id=one.volume_id,
        hint_by=one.hint_by,
        expected_pages=arrival.expected_pages,
        reason=arrival.reason,
        reason_params=arrival.reason_params,
    )


# --- the same bytes again ----------------------------------------------------------------------------


def _meet_twice(batch: _Batch, one: _File) -> None:
    """The same bytes twice in this delivery: one source, for one volume."""
    first = batch.new[one.arrival.sha256]
    batch.duplicates.append((one.name, first.name))
    if one.arrival.reason is not None:
        batch.concerns.append(_other_content(one))
    elif one.volume_id is not None and first.hint_volume_id is None:
        batch.new[first.sha256] = replace(first, hint_volume_id=one.volume_id, hint_by=one.hint_by)
    elif one.volume_id is not None and first.hint_volume_id != one.volume_id:
        batch.concerns.append(_elsewhere(one, first, one.volume_id))


def _meet_again(tx: Transaction, batch: _Batch, one: _File, known: sources.Source) -> None:
    """The same bytes as in an earlier delivery: what is better known by now holds from here on."""
    expected_pages = one.arrival.expected_pages
    if _is_mended(known, one):
        _resubmit(tx, one, known)
        batch.resubmitted += 1
        return
    batch.duplicates.append((one.name, known.name))
    if one.name != known.name:
        tx.record("source.duplicate", known.id)
    if one.arrival.reason is not None:
        if (known.name, known.reason) != (one.name, one.arrival.reason):  # else the very same delivery
            batch.concerns.append(_other_content(one))
        return
    if one.arrival.hint is not None and one.volume_id is not None:
        homes = _homes(tx, known)
        if not homes:
            sources.assign(tx, known.id, one.volume_id, one.arrival.hint.by)
            sources.set_stack_state(tx, known.stack_id, "open")
        elif one.volume_id not in homes:
            batch.concerns.append(_elsewhere(one, known, one.volume_id))
    if expected_pages is not None:
        sources.expect(tx, known, expected_pages)
        compare_with_manifest(tx, replace(known, expected_pages=expected_pages))


def _homes(tx: Transaction, known: sources.Source) -> set[str]:
    """The volumes a source is meant for, or has pages in."""
    filed = (documents.get(tx, document_id) for document_id in documents.of_source(tx, known.id))
    volumes = {known.hint_volume_id, *(document.volume_id for document in filed if document)}
    return {volume_id for volume_id in volumes if volume_id is not None}


def _is_mended(known: sources.Source, one: _File) -> bool:
    """Whether what sent the file to quarantine was its name or the manifest, and that is different now."""
    if known.state != "quarantined" or known.reason not in _MENDABLE or one.arrival.reason is not None:
        return False
    return known.reason == "digest_mismatch" or known.name != one.name


def _resubmit(tx: Transaction, one: _File, known: sources.Source) -> None:
    volume_id, by = (one.volume_id or known.hint_volume_id, one.hint_by or known.hint_by)
    sources.resubmit(tx, known.id, name=one.name, hint_volume_id=volume_id, hint_by=by)
    sources.set_stack_state(tx, known.stack_id, "open")
    if one.arrival.expected_pages is not None:
        sources.expect(tx, known, one.arrival.expected_pages)


def _other_content(one: _File) -> _Concern:
    return _Concern("other_content", one.name, {"name": one.name}, one.volume_id)


def _elsewhere(one: _File, first: sources.NewSource | sources.Source, volume_id: str) -> _Concern:
    params: dict[str, Param] = {"name": one.name, "first": first.name}
    return _Concern("same_bytes_elsewhere", f"{first.id}/{volume_id}", params, volume_id)
