"""How it goes, as the ledger knows it: the same answers on either database."""

from __future__ import annotations

import pytest

from storage.ledger import Ledger, health, sources
from storage.ledger.leases import Claim, Setback
from storage.ledger.tables import batches, stacks
from storage.ledger.tables import sources as source_rows
from storage.ledger.work import Task

OWNER = "host/1/1.00"
AWAY = Setback("deferred", "store_unavailable")


class Clock:
    now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def ledger(ledger_url, clock):
    """Two batches of one file each; the older one's stack is filed."""
    ledger = Ledger(ledger_url, clock)
    with ledger.write() as tx:
        for name, at, stack, source in (
            ("old", "2026-01-01T00:00:00.000Z", "filed", "split"),
            ("new", "2026-02-01T00:00:00.000Z", "open", "waiting"),
        ):
            tx.run(batches.insert().values(id=name, name="n", received_at=at))
            tx.run(stacks.insert().values(id=f"s-{name}", batch_id=name, name="n", state=stack))
            row = {"sha256": name, "batch_id": name, "stack_id": f"s-{name}", "position": 0, "name": "n"}
            row |= {"size": 1, "object_key": "k", "state": source, "attempts": 0}
            tx.run(source_rows.insert().values(id=f"f-{name}", **row))
    yield ledger
    ledger.close()


def defer(ledger: Ledger) -> None:
    with ledger.write() as tx:
        assert sources.claim(tx, "f-new", Claim(OWNER, 60))
    with ledger.write() as tx:
        sources.put_back(tx, "f-new", OWNER, AWAY)


def test_the_oldest_that_waits_is_of_the_oldest_batch_that_is_not_read_and_filed(ledger):
    with ledger.write() as tx:
        assert health.oldest_waiting(tx) == "2026-02-01T00:00:00.000Z"
        tx.run(stacks.update().values(state="open"))
        assert health.oldest_waiting(tx) == "2026-01-01T00:00:00.000Z"
        tx.run(stacks.update().values(state="filed"))
        assert health.oldest_waiting(tx) is None


def test_what_is_deferred_says_since_when_and_when_it_is_tried_again(ledger, clock):
    defer(ledger)
    began, clock.now = clock.now, clock.now + 30
    defer(ledger)
    with ledger.read() as tx:
        (found,) = health.deferred(tx)
    assert (found.step, found.by, found.tasks, found.since) == ("split", "store_unavailable", 1, began)
    assert found.next_try > clock.now


def test_what_has_come_back_is_deferred_no_longer(ledger, clock):
    defer(ledger)
    clock.now += 30
    with ledger.write() as tx:
        source = sources.claim(tx, "f-new", Claim(OWNER, 60))
        assert [one.tasks for one in health.deferred(tx)] == [1]
        assert health.leases(tx) == {"split": 1, "recognise": 0, "assemble": 0}
        sources.split(tx, source, "PDF", 1, source.stack_id)
        assert health.deferred(tx) == []


def test_a_task_stands_where_its_row_does(ledger):
    defer(ledger)
    with ledger.read() as tx:
        split = health.fate(tx, Task("split", "f-new"))
        assert (split.state, split.batch_id, split.deferred, split.is_open) == ("waiting", "new", 1, True)
        filed = health.fate(tx, Task("file", "s-old"))
        assert (filed.state, filed.batch_id, filed.is_open) == ("filed", "old", False)
        assert health.fate(tx, Task("recognise", "nobody")) is None


def test_what_was_last_finished_is_no_intake(ledger, clock):
    with ledger.write() as tx:
        assert health.last_finished(tx) is None
        source = sources.claim(tx, "f-new", Claim(OWNER, 60))
        sources.split(tx, source, "PDF", 1, source.stack_id)
        finished = tx.at
    clock.now += 60
    with ledger.write() as tx:
        tx.record("source.received", "f-x")
        assert health.last_finished(tx) == finished


def test_failures_are_counted_by_kind_and_reason(ledger):
    with ledger.write() as tx:
        sources.quarantine(tx, "f-new", "encrypted", {})
        assert health.failures_by_reason(tx) == {("source", "encrypted"): 1}
        assert health.sources_by_state(tx) == {"split": 1, "quarantined": 1}
        assert health.alarms_by_code(tx) == {}


def test_the_database_names_itself(ledger, ledger_url):
    name = "PostgreSQL" if ledger_url.startswith("postgresql") else "SQLite"
    assert ledger.version().startswith(f"{name} 1" if name == "PostgreSQL" else f"{name} 3.")
