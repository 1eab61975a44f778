"""The tables against the events: what somebody changed, added or removed by hand.

Events are never changed, the tables are; each row is compared with the last event that speaks of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, ScalarSelect, Text, case, cast, exists, func, or_, select

from storage.ledger.core import Transaction
from storage.ledger.tables import documents, events, pages, sources


@dataclass(frozen=True, slots=True)
class Witness:
    """A file or document as the tables have it, and as the events say it should be.

    None: there is no such row, no event of it, or no product. ``pages`` are those recorded, of a document
    those stored in it; ``pages_said`` is None where they cannot be compared: not opened, or in work.
    """

    id: str
    sha256: str | None
    sha256_said: str | None
    pages: int
    pages_said: int | None


def received(tx: Transaction) -> Iterator[Witness]:
    """Every file, as received and opened."""
    query = select(
        sources.c.id,
        sources.c.sha256,
        select(func.count()).where(pages.c.source_id == sources.c.id).scalar_subquery().label("pages"),
        _last_data(sources.c.id, "source.received").label("received"),
        _last_data(sources.c.id, "source.split").label("split"),
    )
    for row in tx.stream(query):
        pages_said = _pages(_read(row.split))
        yield Witness(row.id, row.sha256, _read(row.received).get("sha256"), int(row.pages), pages_said)


def stored(tx: Transaction) -> Iterator[Witness]:
    """Every document with a product, or that should have one."""
    # Counted by a condition: as one of the search, SQLite would look up all stored pages for each document.
    inside = func.count(case((pages.c.stage == "stored", 1)))
    settled = (documents.c.state == "stored") & (documents.c.stored_revision == documents.c.revision)
    query = select(
        documents.c.id,
        documents.c.sha256,
        settled.label("settled"),
        select(inside).where(pages.c.document_id == documents.c.id).scalar_subquery().label("pages"),
        _last_data(documents.c.id, "document.stored", "document.empty").label("said"),
    )
    for row in tx.stream(query):
        said = _read(row.said)
        pages_said = _pages(said) if row.settled else None
        yield Witness(row.id, row.sha256, said.get("sha256"), int(row.pages), pages_said)


def vanished(tx: Transaction) -> Iterator[Witness]:
    """Files received and documents stored, by the events, that the tables no longer have."""
    is_source = exists().where(sources.c.id == events.c.subject)
    is_document = exists().where(documents.c.id == events.c.subject)
    lost = or_(
        (events.c.kind == "source.received") & ~is_source,
        (events.c.kind == "document.stored") & ~is_document,
    )
    split = _last_data(events.c.subject, "source.split").label("split")
    told: set[str] = set()
    for row in tx.stream(select(events.c.subject, split).where(lost)):
        if row.subject in told:
            continue
        told.add(row.subject)
        yield Witness(row.subject, None, None, 0, _pages(_read(row.split)))


def _last_data(subject: ColumnElement[str] | Column[str], *kinds: str) -> ScalarSelect[str]:
    """The data, as text, of the last event of some kinds that is about ``subject``."""
    told = events.alias()
    query = select(cast(told.c.data, Text)).where(told.c.subject == subject, told.c.kind.in_(kinds))
    return query.order_by(told.c.id.desc()).limit(1).scalar_subquery()


def _pages(said: Mapping[str, Any]) -> int:
    number = said.get("pages")
    return number if isinstance(number, int) else 0


def _read(data: str | None) -> dict[str, Any]:
    """An event's data; nothing where there is no event, or somebody made its data unreadable."""
    try:
        fields = json.loads(data or "{}")
    except ValueError:
        return {}
    return fields if isinstance(fields, dict) else {}
