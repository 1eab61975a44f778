"""The ledger's tables against its events, which are never changed: what somebody changed by hand.

Each row is compared with the last events that speak of it. What no event tells is not compared: see
docs/operations.md, "Checking".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields

from errors import N_
from pipeline.problem import Problem
from storage.ledger import Transaction, counts, history
from storage.ledger.history import Told
from storage.ledger.tables import alarms, batches, case_files, documents, pages, sources, stacks, volumes

#: Problems kept to be named; all are counted.
MOST_NAMED = 1000
_IN_WORK = ("waiting", "working")
#: The states a row may have after an event; None: before there was any.
_States = Mapping[str | None, tuple[str, ...]]

_SOURCE_STATES: _States = {
    "source.received": _IN_WORK,
    "source.resubmitted": _IN_WORK,
    "source.retried": _IN_WORK,
    "source.split": ("split",),
    "source.quarantined": ("quarantined",),
}
_PAGE_STAGES: _States = {
    None: _IN_WORK,
    "page.retried": _IN_WORK,
    "page.recognised": ("recognised", "stored"),
    "page.released": ("recognised", "stored"),
    "page.blank": ("blank",),
    "page.separator": ("separator",),
    "page.quarantined": ("quarantined",),
}
_READ = ("page.recognised", "page.blank", "page.separator")
_STACK_STATES: _States = {
    None: ("open",),
    "stack.open": ("open",),
    "stack.filed": ("filed",),
    "stack.failed": ("failed",),
}
_ALARM_STATES: Mapping[str, str] = {
    "alarm.raised": "open",
    "alarm.settled": "settled",
    "alarm.cleared": "cleared",
}
#: That a document waits again is recorded of its pages, not of itself.
_DOCUMENT_STATES: _States = {
    None: ("empty", *_IN_WORK),
    "document.empty": ("empty", *_IN_WORK),
    "document.stored": ("stored", *_IN_WORK),
    "document.failed": ("failed", *_IN_WORK),
    "document.retried": _IN_WORK,
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """Pages that came in and are accounted for; the number of problems ``found``, the first of them named."""

    received: int
    accounted: int
    found: int
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class _Difference:
    """A field that is not as the events say."""

    id: str
    field: str
    expected: object
    actual: object


def compare(tx: Transaction) -> Comparison:
    """Compare what the events say with what is there now: every row of every table that has a history."""
    counted = counts.page_counts(tx)
    accounted = sum(getattr(counted, one.name) for one in fields(counted) if one.name != "received")
    collected = _Collected()
    for message, rows in _COMPARED:
        for one in rows(tx, collected):
            collected.add(message, {"id": one.id, "field": one.field, **_shown(one)})
    for lost, kind, page_count in history.vanished(tx):
        collected.promised += page_count
        message = N_("The events tell of {id} ({kind}); the ledger has no such row any more.")
        collected.add(message, {"id": lost, "kind": kind})
    if collected.promised != accounted:
        message = N_("{promised} pages were received, {accounted} are accounted for.")
        collected.add(message, {"promised": collected.promised, "accounted": accounted}, first=True)
    return Comparison(collected.promised, accounted, collected.found, tuple(collected.problems))


class _Collected:
    """The pages promised and the problems so far: as many as may be named, and how many there are."""

    def __init__(self) -> None:
        self.promised = self.found = 0
        self.problems: list[Problem] = []

    def add(self, message: str, params: dict[str, str | int], *, first: bool = False) -> None:
        self.found += 1
        if first:
            self.problems.insert(0, Problem(message, params))
        elif len(self.problems) < MOST_NAMED:
            self.problems.append(Problem(message, params))


def _shown(one: _Difference) -> dict[str, str | int]:
    values = {"expected": one.expected, "actual": one.actual}
    return {
        name: "-" if value is None else f"{value:d}" if isinstance(value, bool) else str(value)
        for name, value in values.items()
    }


# --- table by table ----------------------------------------------------------------------------------


def _files(tx: Transaction, collected: _Collected) -> Iterator[_Difference]:
    names = ("sha256", "size", "batch_id", "state", "reason", "page_count", "media_type")
    for some in history.told(tx, sources, names, _SOURCE_STATES):
        page_counts = history.page_counts(tx, [one.id for one in some])
        for file in some:
            _, received = file.last("source.received")
            _, split = file.last("source.split")
            page_count = history.pages_of(split)
            collected.promised += page_count
            yield from _state(file, "state", _SOURCE_STATES)
            yield from _fields(file, received, sha256="sha256", size="size", batch_id="batch")
            yield from _fields(file, split, page_count="pages", media_type="media_type")
            yield from _differs(file, "pages", page_count, page_counts.get(file.id, 0))


def _pages(tx: Transaction, _: _Collected) -> Iterator[_Difference]:
    names = ("source_id", "number", "stage", "reason", "document_id", "type", "words_key")
    for some in history.told(tx, pages, names, _PAGE_STAGES):
        for page in some:
            row = page.row
            yield from _state(page, "stage", _PAGE_STAGES)
            yield from _fields(page, page.last(*_READ)[1], type="type", words_key="words")
            yield from _differs(page, "id", f"{row['source_id']}-{row['number']}", page.id)
            if row["stage"] == "stored" and row["document_id"] is None:
                yield _Difference(page.id, "stage", "recognised", "stored")


def _documents(tx: Transaction, _: _Collected) -> Iterator[_Difference]:
    names = (
        "state",
        "reason",
        "revision",
        "stored_revision",
        "sha256",
        "size",
        "note_key",
        "page_count",
        "volume_id",
    )
    for some in history.told(tx, documents, names, _DOCUMENT_STATES):
        contents = history.contents(tx, [one.id for one in some])
        for document in some:
            kind, said = document.last("document.stored", "document.empty")
            yield from _state(document, "state", _DOCUMENT_STATES)
            yield from _fields(document, said, sha256="sha256", size="size", note_key="note")
            if kind == "document.stored":
                yield from _fields(document, said, volume_id="volume", stored_revision="revision")
            if document.row["state"] in ("stored", "empty"):  # otherwise its pages are on the move
                content, page_count = contents[document.id], history.pages_of(said)
                yield from _differs(document, "pages", page_count, content.pages)
                yield from _differs(document, "page_count", page_count, document.row["page_count"])
                if content.pages == page_count and page_count:
                    yield from _differs(document, "order of pages", said.get("order"), content.order)
            if document.row["state"] == "stored":
                yield from _differs(document, "revision", said.get("revision"), document.row["revision"])


def _volumes(tx: Transaction, _: _Collected) -> Iterator[_Difference]:
    names = ("case_file_id", "number", "box", "remark", "expected_pages", "in_inventory")
    for some in history.told(tx, volumes, names, ("volume.added", "volume.changed")):
        for volume in some:
            yield from _fields(volume, volume.merged(), **{name: name for name in names})


def _case_files(tx: Transaction, _: _Collected) -> Iterator[_Difference]:
    names = ("file_number", "file_key", "in_inventory", "reader_groups", "confidentiality")
    for some in history.told(tx, case_files, names, ("case_file.added", "case_file.changed")):
        for case_file in some:
            yield from _fields(case_file, case_file.merged(), **{name: name for name in names})


def _batches(tx: Transaction, _: _Collected) -> Iterator[_Difference]:
    for some in history.told(tx, batches, ("record_key", "received_at"), ("batch.received",)):
        for batch in some:
            yield from _fields(batch, batch.merged(), record_key="record", received_at="received_at")


def _stacks(tx: Transaction, _: _Collected) -> Iterator[_Difference]:
    for some in history.told(tx, stacks, ("state",), _STACK_STATES):
        for stack in some:
            yield from _state(stack, "state", _STACK_STATES)


def _alarms(tx: Transaction, _: _Collected) -> Iterator[_Difference]:
    names = ("code", "subject", "cleared_at", "settled", "batch_id", "volume_id")
    for some in history.told(tx, alarms, names, _ALARM_STATES, about="subject"):
        there = history.alarm_codes(tx, [one.row["subject"] for one in some])
        for alarm in some:
            code, subject = alarm.row["code"], alarm.row["subject"]
            own = Told(alarm.row, [one for one in alarm.events if one[1].get("code") == code])
            kind, _said = own.last(*_ALARM_STATES)
            yield from _differs(alarm, "state", _ALARM_STATES.get(kind or ""), _alarm_state(alarm))
            _kind, raised = own.last("alarm.raised")
            yield from _fields(alarm, raised, batch_id="batch", volume_id="volume")
            for gone in sorted({str(said.get("code")) for _, said in alarm.events}):
                if (subject, gone) not in there:
                    yield _Difference(subject, "alarm", gone, None)


def _alarm_state(alarm: Told) -> str:
    if alarm.row["cleared_at"] is None:
        return "open"
    return "settled" if alarm.row["settled"] else "cleared"


#: What is said of a table's differences, and who finds them.
_COMPARED: tuple[tuple[str, Callable[[Transaction, _Collected], Iterator[_Difference]]], ...] = (
    (N_("File {id}: {field} is {actual}; the events say {expected}."), _files),
    (N_("Page {id}: {field} is {actual}; the events say {expected}."), _pages),
    (N_("Document {id}: {field} is {actual}; the events say {expected}."), _documents),
    (N_("Volume {id}: {field} is {actual}; the events say {expected}."), _volumes),
    (N_("Case file {id}: {field} is {actual}; the events say {expected}."), _case_files),
    (N_("Batch {id}: {field} is {actual}; the events say {expected}."), _batches),
    (N_("Stack {id}: {field} is {actual}; the events say {expected}."), _stacks),
    (N_("Alarm {id}: {field} is {actual}; the events say {expected}."), _alarms),
)


def _state(one: Told, field: str, states: _States) -> Iterator[_Difference]:
    """Whether a row can be in its state after the last event, and in quarantine for the reason recorded."""
    kind, said = one.last(*(kind for kind in states if kind))
    allowed = states.get(kind, ())
    if one.row[field] not in allowed:
        yield _Difference(one.id, field, "/".join(allowed) or None, one.row[field])
    elif one.row[field] in ("quarantined", "failed") and "reason" in one.row:
        yield from _differs(one, "reason", said.get("reason"), one.row["reason"])


def _fields(one: Told, said: Mapping[str, object], **names: str) -> Iterator[_Difference]:
    """Columns, each beside the name it has in the event."""
    for column, name in names.items():
        yield from _differs(one, column, said.get(name), one.row[column])


def _differs(one: Told, field: str, expected: object, actual: object) -> Iterator[_Difference]:
    if expected != actual:
        yield _Difference(one.id, field, expected, actual)
