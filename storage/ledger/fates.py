"""What became of files, asked by their bytes: whoever holds a file knows nothing else for sure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, Table, null, select, union_all

from storage.ledger.core import Transaction
from storage.ledger.tables import pages, sources

#: Hashes a query: databases limit how many values one may have.
_AT_ONCE = 500
_UNFINISHED = ("waiting", "working", "recognised")


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a file, or one page of it, is in quarantine; ``id`` is the file's or the page's."""

    id: str
    page: int | None
    code: str
    params: Mapping[str, Any]


@dataclass(slots=True)
class Fate:
    """What became of a file; ``finished``: nothing of it waits or is in work any longer."""

    finished: bool
    reasons: list[Reason] = field(default_factory=list)


def fates(tx: Transaction, hashes: Collection[str]) -> dict[str, Fate]:
    """The fate of every source with one of these SHA-256; those nobody took in are missing.

    Finished is a source in quarantine, or one whose pages are all stored in a document, recorded as
    blank or sheet, or in quarantine.
    """
    ordered = sorted(hashes)
    found: dict[str, Fate] = {}
    for start in range(0, len(ordered), _AT_ONCE):
        found |= _fates(tx, ordered[start : start + _AT_ONCE])
    return found


def _fates(tx: Transaction, hashes: Sequence[str]) -> dict[str, Fate]:
    meant = sources.c.sha256.in_(hashes)
    states = tx.rows(select(sources.c.sha256, sources.c.state).where(meant))
    found = {row["sha256"]: Fate(row["state"] in ("split", "quarantined")) for row in states}
    of_source = sources.join(pages, pages.c.source_id == sources.c.id)
    left = select(sources.c.sha256).select_from(of_source).where(meant, pages.c.stage.in_(_UNFINISHED))
    for row in tx.rows(left.distinct()):
        found[row["sha256"]].finished = False
    whole = _reasons(sources, sources.c.state, null()).where(meant)
    single = _reasons(pages, pages.c.stage, pages.c.number).select_from(of_source).where(meant)
    for row in tx.rows(union_all(whole, single).order_by("sha256", "page")):
        reason = Reason(row["id"], row["page"], row["reason"], row["reason_params"] or {})
        found[row["sha256"]].reasons.append(reason)
    return found


def _reasons(table: Table, state: Column[Any], page: ColumnElement[Any]) -> Select[Any]:
    columns = (sources.c.sha256, table.c.id, page.label("page"), table.c.reason, table.c.reason_params)
    return select(*columns).where(state == "quarantined")
