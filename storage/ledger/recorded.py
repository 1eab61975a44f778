"""Every object the ledger vouches for, in an order in which reading can be interrupted and gone on with.

The order is that of the tables' primary keys, a few hundred rows at a time: no sorting, no list, and no
transaction that stays open for the hours a verification takes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import Column, ColumnElement, Table, func, select

from storage.ledger.core import Ledger, Transaction
from storage.ledger.tables import batches, documents, pages, sources

_ROWS_AT_ONCE = 500


class Recorded(NamedTuple):
    """An object with its hash, and the row that names it: ``kind`` of row and its ``id``."""

    kind: str
    id: str
    key: str
    sha256: str

    @property
    def owner(self) -> str:
        """Whom alarms about it are about: the row, or of a document's two objects its note."""
        return note_owner(self.id) if self.kind == "note" else self.id

    @property
    def position(self) -> str:
        """Where it lies in the order, for ``after``."""
        return f"{self.kind}:{self.id}"


class _Kind(NamedTuple):
    name: str
    table: Table
    key: Column[Any]
    sha256: Column[Any] | None


#: Intake records, notes and word files are named by their hash and have no column for it.
KINDS = (
    _Kind("original", sources, sources.c.object_key, sources.c.sha256),
    _Kind("record", batches, batches.c.record_key, None),
    _Kind("product", documents, documents.c.object_key, documents.c.sha256),
    _Kind("note", documents, documents.c.note_key, None),
    _Kind("words", pages, pages.c.words_key, None),
)


def note_owner(document_id: str) -> str:
    """The subject of alarms about a document's note; no part of those about the document."""
    return f"note/{document_id}"


def count(tx: Transaction) -> int:
    """How many objects ``after`` goes through; one that several rows name counts with each of them."""
    return sum(int(tx.value(select(func.count(kind.key)))) for kind in KINDS)


def after(ledger: Ledger, position: str | None) -> Iterator[list[Recorded]]:
    """All objects behind a position (None: from the first), some hundred at a time."""
    name, _, last = (position or "").partition(":")
    begun = next((place for place, kind in enumerate(KINDS) if kind.name == name), 0)
    for kind in KINDS[begun:]:
        while rows := _next(ledger, kind, last):
            yield rows
            last = rows[-1].id
        last = ""


def _next(ledger: Ledger, kind: _Kind, last: str) -> list[Recorded]:
    row_id: ColumnElement[str] = kind.table.c.id
    named = kind.key if kind.sha256 is None else func.coalesce(kind.sha256, "")
    query = select(row_id, kind.key.label("key"), named.label("name")).where(
        row_id > last, kind.key.is_not(None)
    )
    with ledger.read() as tx:
        rows = tx.rows(query.order_by(row_id).limit(_ROWS_AT_ONCE))
    return [Recorded(kind.name, row["id"], row["key"], row["name"].rpartition("/")[2]) for row in rows]
