"""Batches, stacks and sources: what was delivered, and what became of each file."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, func, select

from storage.ledger import documents, leases
from storage.ledger.core import Transaction
from storage.ledger.leases import Claim, Setback, claim_row, release, start_over
from storage.ledger.pages import quarantine_read
from storage.ledger.tables import batches, pages, sources, stacks


@dataclass(frozen=True, slots=True)
class NewSource:
    """A delivered file whose original is already stored; ``stack`` names the run of sheets it is part of.

    Sources of one stack are read on in ``position`` order: a cover sheet in one holds for the next.
    ``hint_by`` says what named the volume: "manifest", "name" (of file or folder) or "hand".
    """

    id: str
    sha256: str
    name: str
    size: int
    object_key: str
    stack_id: str
    position: int
    hint_volume_id: str | None
    hint_by: str | None
    expected_pages: int | None
    reason: str | None = None
    reason_params: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """A source as it stands in the ledger."""

    id: str
    batch_id: str
    stack_id: str
    position: int
    name: str
    sha256: str
    size: int
    object_key: str
    state: str
    media_type: str | None
    page_count: int | None
    expected_pages: int | None
    hint_volume_id: str | None
    hint_by: str | None
    reason: str | None
    reason_params: Mapping[str, Any] | None
    attempts: int
    begun: int
    deferred_by: str | None


_COLUMNS = tuple(sources.c[name] for name in Source.__slots__)


def get(tx: Transaction, source_id: str) -> Source | None:
    """One source by id."""
    row = tx.one(select(*_COLUMNS).where(sources.c.id == source_id))
    return Source(**row) if row else None


def by_sha256(tx: Transaction, sha256: str) -> Source | None:
    """The source with these bytes, if they came before."""
    row = tx.one(select(*_COLUMNS).where(sources.c.sha256 == sha256))
    return Source(**row) if row else None


def any_known(tx: Transaction) -> bool:
    """Whether anything was ever taken in."""
    return tx.one(select(sources.c.id).limit(1)) is not None


def known_hashes(tx: Transaction, hashes: Collection[str]) -> set[str]:
    """Those of some hundred SHA-256 ``hashes`` that are sources."""
    return _known(tx, sources.c.sha256, hashes)


def known_records(tx: Transaction, keys: Collection[str]) -> set[str]:
    """Those of some hundred ``keys`` that are the records of batches."""
    return _known(tx, batches.c.record_key, keys)


def _known(tx: Transaction, column: Column[Any], values: Collection[str]) -> set[str]:
    return {row[column.name] for row in tx.rows(select(column).where(column.in_(values)))}


def register_batch(
    tx: Transaction,
    batch_id: str,
    name: str,
    stack_names: Mapping[str, str],
    new: Sequence[NewSource],
    *,
    received_at: str | None = None,
    record_key: str | None = None,
    urgent: bool = False,
) -> None:
    """Record a batch with all its sources at once; a source with a reason starts in quarantine.

    ``received_at``, now if None, orders the pages of documents that grow by several batches.
    ``record_key`` is the object that holds all this too.
    """
    row = {"id": batch_id, "name": name, "received_at": received_at or tx.at, "record_key": record_key}
    tx.run(batches.insert().values(row))
    kept = {"record": record_key, "received_at": row["received_at"]}
    tx.record("batch.received", batch_id, sources=len(new), **kept, **({"urgent": True} if urgent else {}))
    rows = [
        {"id": stack_id, "batch_id": batch_id, "name": title, "state": "open", "urgent": urgent}
        for stack_id, title in stack_names.items()
    ]
    tx.run(stacks.insert(), rows)
    received = [
        {
            **{name: getattr(source, name) for name in NewSource.__slots__},
            "batch_id": batch_id,
            "state": "quarantined" if source.reason else "waiting",
        }
        for source in new
    ]
    tx.run(sources.insert(), received)
    facts = ((one.id, {"batch": batch_id, "sha256": one.sha256, "size": one.size}) for one in new)
    tx.record_all("source.received", list(facts))
    tx.record_all("source.quarantined", [(one.id, {"reason": one.reason}) for one in new if one.reason])


def resubmit(
    tx: Transaction, source_id: str, *, name: str, hint_volume_id: str | None, hint_by: str | None
) -> None:
    """Try a quarantined source again under another name: a mislabelled file was renamed."""
    values = {"name": name, "hint_volume_id": hint_volume_id, "hint_by": hint_by}
    tx.run(start_over(sources).where(sources.c.id == source_id).values(state="waiting", **values))
    tx.record("source.resubmitted", source_id)


def expect(tx: Transaction, source: Source, page_count: int) -> None:
    """Record how many pages a source is said to have now."""
    if page_count != source.expected_pages:
        tx.run(sources.update().where(sources.c.id == source.id).values(expected_pages=page_count))
        tx.record("source.expected", source.id, pages=page_count)


def claim(tx: Transaction, source_id: str, claim: Claim) -> Source | None:
    """Take a waiting source to split it; None when another has it or it is done."""
    if not claim_row(tx, sources, sources.c.state, source_id, claim):
        return None
    return get(tx, source_id)


def split(tx: Transaction, source: Source, media_type: str, page_count: int, stack_id: str) -> list[str]:
    """Record a source's pages as waiting; returns their ids, none when somebody else did it meanwhile."""
    values = {"state": "split", "media_type": media_type, "page_count": page_count, "stack_id": stack_id}
    if not tx.run(release(sources).where(_in_work(source.id)).values(**values)):
        return []
    rows: list[dict[str, Any]] = [
        {
            "id": f"{source.id}-{number}",
            "source_id": source.id,
            "stack_id": stack_id,
            "number": number,
            "stage": "waiting",
            "attempts": 0,
        }
        for number in range(1, page_count + 1)
    ]
    tx.run(pages.insert(), rows)
    tx.record("source.split", source.id, pages=page_count, media_type=media_type)
    return [row["id"] for row in rows]


def add_stack(tx: Transaction, stack_id: str, batch_id: str, name: str, *, urgent: bool) -> None:
    """Record a stack of its own, for a source that turned out to hold several pages."""
    if tx.value(select(stacks.c.id).where(stacks.c.id == stack_id)) is None:
        row = {"id": stack_id, "batch_id": batch_id, "name": name, "state": "open", "urgent": urgent}
        tx.run(stacks.insert().values(row))


def is_urgent(tx: Transaction, stack_id: str) -> bool:
    """Whether a stack goes before all others."""
    return bool(tx.value(select(stacks.c.urgent).where(stacks.c.id == stack_id)))


def hurry(tx: Transaction, source: Source) -> None:
    """Let what is not finished of a source go before all others: its stack, and documents it is in."""
    late = (stacks.c.id == source.stack_id) & (stacks.c.state == "open") & ~stacks.c.urgent
    if tx.run(stacks.update().where(late).values(urgent=True)):
        tx.record("stack.urgent", source.stack_id)
    documents.hurry(tx, documents.of_source(tx, source.id))


def quarantine(tx: Transaction, source_id: str, reason: str, params: Mapping[str, Any]) -> None:
    """Put a source into quarantine with the reason a clerk will read, unless it was split meanwhile."""
    values = {"state": "quarantined", "reason": reason, "reason_params": dict(params)}
    if tx.run(release(sources).where(_in_work(source_id)).values(**values)):
        tx.record("source.quarantined", source_id, reason=reason)


def _in_work(source_id: str) -> ColumnElement[bool]:
    return (sources.c.id == source_id) & sources.c.state.in_(("waiting", "working"))


def put_back(tx: Transaction, source_id: str, owner: str, setback: Setback) -> None:
    """Let a source that ``owner`` works on wait again."""
    leases.put_back(tx, sources, sources.c.state, source_id, owner=owner, setback=setback)


def retry(tx: Transaction, source_id: str) -> None:
    """Take a source out of quarantine: it waits as if new."""
    tx.run(start_over(sources).where(sources.c.id == source_id).values(state="waiting"))
    tx.record("source.retried", source_id)


def of_stack(tx: Transaction, stack_id: str) -> list[Source]:
    """The sources of a stack in the order in which they were laid on the scanner."""
    query = select(*_COLUMNS).where(sources.c.stack_id == stack_id).order_by(sources.c.position)
    return [Source(**row) for row in tx.rows(query)]


def is_settled(tx: Transaction, stack_id: str) -> bool:
    """Whether nothing of the stack is still to be split or recognised."""
    unsplit = select(func.count()).where(
        sources.c.stack_id == stack_id, sources.c.state.in_(("waiting", "working"))
    )
    unread = select(func.count()).where(
        pages.c.stack_id == stack_id, pages.c.stage.in_(("waiting", "working"))
    )
    return not tx.value(unsplit) and not tx.value(unread)


def is_unfiled(tx: Transaction, stack_id: str) -> bool:
    """Whether the stack is still to be filed."""
    return bool(tx.value(select(stacks.c.state).where(stacks.c.id == stack_id)) == "open")


def batch_of(tx: Transaction, stack_id: str) -> str:
    """The batch a stack came with."""
    batch: str = tx.value(select(stacks.c.batch_id).where(stacks.c.id == stack_id))
    return batch


def received_at(tx: Transaction, batch_id: str) -> str:
    """When a batch came in: ISO 8601, UTC."""
    moment: str = tx.value(select(batches.c.received_at).where(batches.c.id == batch_id))
    return moment


def set_stack_state(tx: Transaction, stack_id: str, state: str) -> None:
    """Mark a stack as "filed" (its pages belong to documents) or "open" again."""
    anew = {"state": state, "attempts": 0, "deferred_by": None, "not_before": None}
    if tx.run(stacks.update().where(stacks.c.id == stack_id, stacks.c.state != state).values(anew)):
        tx.record(f"stack.{state}", stack_id)


def delay_filing(tx: Transaction, stack_id: str, setback: Setback) -> int:
    """A stack could not be filed now: it is tried again later. Returns how often that failed."""
    here = (stacks.c.id == stack_id) & (stacks.c.state == "open")
    failed = int(tx.value(select(stacks.c.attempts).where(here)) or 0) + (setback.kind == "failed")
    later = {"attempts": failed, "deferred_by": setback.reason}
    later |= {"not_before": tx.now + leases.wait_seconds(failed)}
    tx.run(stacks.update().where(here).values(later))
    return failed


def give_up_filing(tx: Transaction, stack_id: str, reason: str, params: Mapping[str, Any]) -> None:
    """A stack can never be filed: its pages that lie in no document go to quarantine."""
    homeless = (pages.c.stack_id == stack_id) & (pages.c.stage == "recognised")
    homeless &= pages.c.document_id.is_(None)
    quarantine_read(tx, homeless, reason, params)
    set_stack_state(tx, stack_id, "failed")


def others_expected(tx: Transaction, batch_id: str, volume_id: str, *, urgent: bool = False) -> bool:
    """Whether sources named for this volume in the batch lie in stacks not yet filed; urgent ones only."""
    query = (
        select(sources.c.id)
        .join(stacks, stacks.c.id == sources.c.stack_id)
        .where(
            sources.c.batch_id == batch_id, sources.c.hint_volume_id == volume_id, stacks.c.state == "open"
        )
    )
    if urgent:
        query = query.where(stacks.c.urgent)
    return tx.value(query.limit(1)) is not None


def assign(tx: Transaction, source_id: str, volume_id: str, by: str = "hand") -> None:
    """Name a source's volume, by hand or what else; what a cover sheet in it says goes on holding."""
    values = {"hint_volume_id": volume_id, "hint_by": by}
    tx.run(sources.update().where(sources.c.id == source_id).values(values))
    tx.record("source.assigned", source_id, volume=volume_id)
