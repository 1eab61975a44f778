"""The tables beside the events: each row with what was recorded about it, for whoever compares the two.

Rows come in the order of their primary keys, a few hundred at a time, their events by the subject's index:
no sorting and no list grows with the ledger, and no query plan has to be guessed well.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Integer,
    RowMapping,
    Table,
    Text,
    cast,
    exists,
    func,
    or_,
    select,
    type_coerce,
)

from storage.ledger.core import Transaction
from storage.ledger.tables import alarms, batches, case_files, documents, events, pages, sources, volumes

_ROWS_AT_ONCE = 500
_NAME_DIGITS = 16
#: The event that begins a row's life; the column that should have its subject.
_BEGINNINGS: Mapping[str, Column[Any]] = {
    "source.received": sources.c.id,
    "document.stored": documents.c.id,
    "volume.added": volumes.c.id,
    "case_file.added": case_files.c.id,
    "batch.received": batches.c.id,
    "alarm.raised": alarms.c.subject,
}


@dataclass(frozen=True, slots=True)
class Told:
    """A row, and the events of some kinds about it: kind and data, oldest first."""

    row: RowMapping
    events: Sequence[tuple[str, dict[str, Any]]]

    @property
    def id(self) -> str:
        """The row's id, the subject of its events."""
        return str(self.row["id"])

    def last(self, *kinds: str) -> tuple[str | None, dict[str, Any]]:
        """Kind and data of the last event that is of one of these kinds; None and nothing without one."""
        return next(((kind, data) for kind, data in reversed(self.events) if kind in kinds), (None, {}))

    def merged(self) -> dict[str, Any]:
        """All the events say, where each has only what changed."""
        return {name: value for _, data in self.events for name, value in data.items()}


@dataclass(frozen=True, slots=True)
class Content:
    """The pages stored in a document: how many, and the name of their order (``order_name``)."""

    pages: int
    order: str


def is_blank(tx: Transaction) -> bool:
    """Whether nothing was ever recorded."""
    return tx.one(select(events.c.id).limit(1)) is None


def told(
    tx: Transaction, table: Table, names: Sequence[str], kinds: Collection[str | None], about: str = "id"
) -> Iterator[list[Told]]:
    """Every row of a table, some hundred at a time: its id and the columns of these ``names``.

    ``about`` is the column that its events have as their subject.
    """
    columns = [_raw(table.c[name]) for name in ("id", *names)]
    query = select(*columns).order_by(table.c.id).limit(_ROWS_AT_ONCE)
    rows = tx.rows(query)
    while rows:
        said = _events(tx, [row[about] for row in rows], kinds)
        yield [Told(row, said.get(row[about], ())) for row in rows]
        rows = tx.rows(query.where(table.c.id > rows[-1]["id"]))


def _raw(column: Column[Any]) -> ColumnElement[Any]:
    """A column as it is: SQLite keeps a 7 as truth value, which is none to a search for 1."""
    is_truth = isinstance(column.type, Boolean)
    return type_coerce(column, Integer).label(column.name) if is_truth else column


def _events(
    tx: Transaction, subjects: Sequence[str], kinds: Collection[str | None]
) -> dict[str, list[tuple[str, dict[str, Any]]]]:
    # As text: somebody may have made an event's data unreadable.
    query = select(events.c.subject, events.c.kind, cast(events.c.data, Text).label("data"))
    query = query.where(events.c.subject.in_(subjects)).order_by(events.c.id)
    said: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for row in tx.stream(query):
        if row.kind in kinds:
            said.setdefault(row.subject, []).append((row.kind, _read(row.data)))
    return said


def newest(tx: Transaction, kinds: Collection[str], subjects: Sequence[str]) -> str:
    """When the last event of some kinds about any of these subjects was recorded: ISO 8601, UTC; or ""."""
    moments = [""]
    for first in range(0, len(subjects), _ROWS_AT_ONCE):
        some = subjects[first : first + _ROWS_AT_ONCE]
        query = select(func.max(events.c.at)).where(events.c.subject.in_(some), events.c.kind.in_(kinds))
        moments.append(tx.value(query) or "")
    return max(moments)


def page_counts(tx: Transaction, source_ids: Sequence[str]) -> dict[str, int]:
    """How many pages some hundred sources have."""
    query = select(pages.c.source_id, func.count().label("pages")).where(pages.c.source_id.in_(source_ids))
    return {row["source_id"]: row["pages"] for row in tx.rows(query.group_by(pages.c.source_id))}


def contents(tx: Transaction, document_ids: Sequence[str]) -> dict[str, Content]:
    """What is stored in each of some hundred documents, in the order of the product's pages."""
    # By the document's index alone: SQLite would rather go through all stored pages each time.
    query = select(pages.c.document_id, pages.c.id, pages.c.stage).where(
        pages.c.document_id.in_(document_ids)
    )
    found = {one: (0, hashlib.sha256()) for one in document_ids}
    for row in tx.stream(query.order_by(pages.c.document_id, pages.c.document_page, pages.c.id)):
        if row.stage == "stored":
            count, digest = found[row.document_id]
            digest.update(str(row.id).encode() + b"\n")
            found[row.document_id] = count + 1, digest
    return {one: Content(count, digest.hexdigest()[:_NAME_DIGITS]) for one, (count, digest) in found.items()}


def alarm_codes(tx: Transaction, subjects: Sequence[str]) -> set[tuple[str, str]]:
    """Subject and code of every alarm about some hundred subjects."""
    query = select(alarms.c.subject, alarms.c.code).where(alarms.c.subject.in_(subjects))
    return {(row["subject"], row["code"]) for row in tx.rows(query)}


def order_name(page_ids: Collection[str]) -> str:
    """A short name for pages in this order: the first digits of the SHA-256 of their ids, a line each."""
    lines = "".join(f"{one}\n" for one in page_ids)
    return hashlib.sha256(lines.encode()).hexdigest()[:_NAME_DIGITS]


def vanished(tx: Transaction) -> Iterator[tuple[str, str, int]]:
    """What the events tell of and the tables no longer have: its id, by which kind of event it is known,
    and the pages it came in with.
    """
    lost = or_(
        *(
            (events.c.kind == kind) & ~exists().where(column == events.c.subject)
            for kind, column in _BEGINNINGS.items()
        )
    )
    split = events.alias()
    said = (
        select(cast(split.c.data, Text))
        .where(split.c.subject == events.c.subject, split.c.kind == "source.split")
        .order_by(split.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    query = select(events.c.subject, events.c.kind, said.label("split")).where(lost)
    before: tuple[str, str] | None = None
    # Ordered by an expression: by the bare column, SQLite would read all events in the order of its index.
    for row in tx.stream(query.order_by(events.c.subject.concat(""), events.c.kind)):
        if before != (row.subject, row.kind):
            page_count = pages_of(_read(row.split)) if row.kind == "source.received" else 0
            yield row.subject, row.kind, page_count
        before = row.subject, row.kind


def pages_of(said: Mapping[str, Any]) -> int:
    """The number of pages an event tells of."""
    number = said.get("pages")
    return number if isinstance(number, int) else 0


def _read(data: str | None) -> dict[str, Any]:
    """An event's data; nothing where there is no event, or somebody made its data unreadable."""
    try:
        fields = json.loads(data or "{}")
    except ValueError:
        return {}
    return fields if isinstance(fields, dict) else {}
