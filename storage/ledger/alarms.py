"""Alarms: what does not add up and a person has to look at. Open until its cause is gone
or a person says why it is all right."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, or_, select

from storage.ledger.core import Transaction
from storage.ledger.tables import alarms, documents, pages, sources


@dataclass(frozen=True, slots=True)
class Alarm:
    """An open alarm; while it names a volume, that volume does not count as digitised."""

    id: int
    code: str
    subject: str
    batch_id: str | None
    volume_id: str | None
    params: Mapping[str, Any]
    raised_at: str


_MANY = 500
_COLUMNS = tuple(alarms.c[name] for name in Alarm.__slots__)


def sound(
    tx: Transaction,
    code: str,
    subject: str,
    *,
    batch_id: str | None = None,
    volume_id: str | None = None,
    params: Mapping[str, Any] | None = None,
) -> None:
    """Raise an alarm; the same alarm on the same subject is raised once, with its newest details."""
    values = {"batch_id": batch_id, "volume_id": volume_id, "params": dict(params or {}), "cleared_at": None}
    same = (alarms.c.code == code) & (alarms.c.subject == subject)
    old = tx.one(select(alarms).where(same))
    if old is None:
        tx.run(alarms.insert().values(code=code, subject=subject, raised_at=tx.at, **values))
    elif old["settled"] and all(old[name] == values[name] for name in ("volume_id", "params")):
        return
    elif any(old[name] != value for name, value in values.items()):
        tx.run(alarms.update().where(same).values(**values, settled=False))
    else:
        return
    tx.record("alarm.raised", subject, code=code, batch=batch_id, volume=volume_id)


def settle(tx: Transaction, alarm_id: int, note: str) -> bool:
    """End an open alarm because a person looked at it; the same finding does not raise it again."""
    raised = (alarms.c.id == alarm_id) & alarms.c.cleared_at.is_(None)
    if not tx.run(alarms.update().where(raised).values(cleared_at=tx.at, settled=True)):
        return False
    about = tx.rows(select(alarms.c.subject, alarms.c.code).where(alarms.c.id == alarm_id))[0]
    tx.record("alarm.settled", about["subject"], alarm=alarm_id, code=about["code"], note=note)
    return True


def clear(tx: Transaction, code: str, subject: str) -> None:
    """End an alarm whose cause is gone; nothing happens when there is none.

    One that a person has settled is over too: if its cause comes back, it is raised again.
    """
    same = (alarms.c.code == code) & (alarms.c.subject == subject) & _held()
    if tx.run(alarms.update().where(same).values(cleared_at=tx.at, settled=False)):
        tx.record("alarm.cleared", subject, code=code)


def _held() -> ColumnElement[bool]:
    return alarms.c.cleared_at.is_(None) | alarms.c.settled


def held(tx: Transaction, codes: Collection[str], subjects: Collection[str]) -> set[str]:
    """Those of some subjects whose alarm of one of these codes is open, or settled with its cause there."""
    same = alarms.c.code.in_(codes) & alarms.c.subject.in_(subjects)
    return {row["subject"] for row in tx.rows(select(alarms.c.subject).where(same, _held()))}


def parts(tx: Transaction, codes: Collection[str], subject: str) -> list[tuple[str, str]]:
    """Code and subject of the alarms held about a subject and its parts, ``subject/part``."""
    about = (alarms.c.subject == subject) | alarms.c.subject.startswith(f"{subject}/", autoescape=True)
    query = select(alarms.c.code, alarms.c.subject).where(alarms.c.code.in_(codes), about, _held())
    return [(row["code"], row["subject"]) for row in tx.rows(query)]


def subjects(tx: Transaction, batch_id: str, code: str) -> set[str]:
    """What the open alarms of a batch with this code are about."""
    raised = (alarms.c.code == code) & (alarms.c.batch_id == batch_id) & alarms.c.cleared_at.is_(None)
    return {row["subject"] for row in tx.rows(select(alarms.c.subject).where(raised))}


def codes_about(tx: Transaction, volume_id: str | None, subjects: Sequence[str]) -> list[str]:
    """The codes of the alarms held about a volume or one of these subjects: open, or settled by a person."""
    found: dict[int, str] = {}
    for first in range(0, len(subjects), _MANY):
        about: ColumnElement[bool] = alarms.c.subject.in_(subjects[first : first + _MANY])
        if volume_id is not None:
            about = about | (alarms.c.volume_id == volume_id)
        rows = tx.rows(select(alarms.c.id, alarms.c.code).where(about, _held()))
        found |= {row["id"]: row["code"] for row in rows}
    return sorted(found.values())


def open_alarms(tx: Transaction, batch_id: str | None = None) -> list[Alarm]:
    """Open alarms, oldest first; of one batch if named: its own, and those of the volumes it has pages of."""
    query = select(*_COLUMNS).where(alarms.c.cleared_at.is_(None)).order_by(alarms.c.id)
    if batch_id is not None:
        of_batch = sources.c.batch_id == batch_id
        promised = select(sources.c.hint_volume_id).where(of_batch, sources.c.hint_volume_id.is_not(None))
        filed = (
            select(documents.c.volume_id)
            .join(pages, pages.c.document_id == documents.c.id)
            .join(sources, sources.c.id == pages.c.source_id)
            .where(of_batch, documents.c.volume_id.is_not(None))
        )
        of_volume = alarms.c.batch_id.is_(None) & alarms.c.volume_id.in_(promised.union(filed))
        query = query.where(or_(alarms.c.batch_id == batch_id, of_volume))
    return [Alarm(**row) for row in tx.rows(query)]
