"""Verifications: how far one has come, so that it can be gone on with, and what it found.

What is found is an event, so it outlasts an interruption and is sealed with all others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import NamedTuple

from sqlalchemy import Select, select

from errors import Param
from storage.ledger.core import Transaction
from storage.ledger.tables import events, verifications


@dataclass(frozen=True, slots=True)
class Run:
    """A verification begun. ``share`` is the percentage of objects it reads, ``seed`` says which.

    ``position`` is that of the last object it has passed, None at the beginning; ``problems`` counts all
    it found, None while it is not finished. The last three count products by what a PDF/A validator says
    of them, those it could not judge as not conforming; None where none was to be asked.
    """

    id: int
    started_at: str
    finished_at: str | None
    share: float
    seed: str
    position: str | None
    checked: int
    damaged: int
    missing: int
    problems: int | None
    conforming: int | None
    nonconforming: int | None
    without_claim: int | None

    @property
    def pdfa(self) -> bool:
        """Whether products are validated as PDF/A."""
        return self.conforming is not None


class Finding(NamedTuple):
    """What is to be said of an object: an ``errors`` code, and fields of its message besides the key."""

    key: str
    code: str
    params: Mapping[str, Param]


_COLUMNS = tuple(verifications.c[name] for name in Run.__slots__)
_PDFA = ("conforming", "nonconforming", "without_claim")


def begin(tx: Transaction, share: float, seed: str, *, pdfa: bool = False) -> Run:
    """Record that a verification begins; ``pdfa`` if it has products validated."""
    values = {"started_at": tx.at, "share": share, "seed": seed, "checked": 0, "damaged": 0, "missing": 0}
    values |= dict.fromkeys(_PDFA, 0) if pdfa else {}
    inserted = tx.connection.execute(verifications.insert().values(values).returning(*_COLUMNS))
    return Run(**inserted.mappings().one())


def unfinished(tx: Transaction) -> Run | None:
    """The last verification, if it was interrupted."""
    last = _one(tx, select(*_COLUMNS))
    return last if last is not None and last.finished_at is None else None


def last_full(tx: Transaction) -> Run | None:
    """The last one that read all objects and came to its end."""
    whole = verifications.c.finished_at.is_not(None) & (verifications.c.share == 100)  # noqa: PLR2004
    return _one(tx, select(*_COLUMNS).where(whole))


def last_finished(tx: Transaction) -> Run | None:
    """The last one that came to its end, however much it read."""
    return _one(tx, select(*_COLUMNS).where(verifications.c.finished_at.is_not(None)))


def _one(tx: Transaction, query: Select[tuple[object, ...]]) -> Run | None:
    row = tx.one(query.order_by(verifications.c.id.desc()).limit(1))
    return Run(**row) if row else None


def save(tx: Transaction, run: Run) -> None:
    """Record how far a verification has come."""
    values = {"position": run.position, "checked": run.checked}
    values |= {name: getattr(run, name) for name in ("damaged", "missing", *_PDFA)}
    tx.run(verifications.update().where(verifications.c.id == run.id).values(values))


def found(tx: Transaction, run: Run, finding: Finding) -> None:
    """Record what is to be said of an object."""
    more = {"params": dict(finding.params)} if finding.params else {}
    tx.record("verify.found", _subject(run), key=finding.key, found=finding.code, **more)


def findings(tx: Transaction, run: Run) -> Iterator[Finding]:
    """What a verification has found, object by object."""
    query = select(events.c.data).where(events.c.subject == _subject(run), events.c.kind == "verify.found")
    for row in tx.stream(query.order_by(events.c.id)):
        yield Finding(row.data["key"], row.data["found"], row.data.get("params", {}))


def finish(tx: Transaction, run: Run, problems: int) -> Run:
    """Record that a verification has come to its end, and how many problems it found in all."""
    values = {"finished_at": tx.at, "problems": problems}
    tx.run(verifications.update().where(verifications.c.id == run.id).values(values))
    counted = {"checked": run.checked, "damaged": run.damaged, "missing": run.missing}
    counted |= {name: getattr(run, name) for name in _PDFA if run.pdfa}
    tx.record("verify.finished", _subject(run), share=run.share, seed=run.seed, problems=problems, **counted)
    return Run(**{**asdict(run), **values})


def _subject(run: Run) -> str:
    return f"verification/{run.id}"
