"""Taking in and recovering exclude each other; each ledger here stands for a process of its own."""

import threading

import pytest

from errors import IntakeBusy
from storage.ledger import Ledger, database


@pytest.fixture
def ledger(ledger_url):
    ledger = Ledger(ledger_url)
    yield ledger
    ledger.close()


@pytest.fixture
def others(ledger, ledger_url):
    opened = [Ledger(ledger_url, migrate=False) for _ in range(2)]
    yield opened
    for one in opened:
        one.close()


def test_many_take_in_and_nobody_recovers_meanwhile(ledger, others):
    with others[0].taking_in():
        with others[1].taking_in(), pytest.raises(IntakeBusy), ledger.recovering():
            pass
        with pytest.raises(IntakeBusy), ledger.recovering():
            pass
    with ledger.recovering(), ledger.write() as tx:
        tx.record("kind", "subject")


def test_one_recovers_and_who_takes_in_waits_for_the_end(ledger, ledger_url, monkeypatch):
    """Also longer than a server may be silent."""
    monkeypatch.setattr(database, "_SILENCE_SECONDS", 1)
    others = [Ledger(ledger_url, migrate=False) for _ in range(2)]
    order = []

    def take_in() -> None:
        with others[0].taking_in():
            order.append("taken in")

    with ledger.recovering():
        with pytest.raises(IntakeBusy), others[1].recovering():
            pass
        waiting = threading.Thread(target=take_in)
        waiting.start()
        waiting.join(1.5)
        order.append("recovered")
    waiting.join()
    assert order == ["recovered", "taken in"]
    for one in others:
        one.close()
