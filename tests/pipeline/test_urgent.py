"""Scan on demand: what is urgent overtakes all that waits, at every step, and nothing starves for it."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import event

from pipeline.intake.affiliation import Affiliation
from pipeline.intake.take_in import take_in
from pipeline.queue import redis_server
from pipeline.queue.broker import Broker
from pipeline.queue.drive import reconcile
from pipeline.queue.turns import FairWorker
from storage.ledger import Ledger, counts, work
from storage.ledger.work import Task
from tests import office as desk
from tests.command import Akten
from tests.office import Office, blank, page, save, save_pdf


@pytest.fixture
def office(tmp_path: Path):
    with desk.open_office(tmp_path / "data") as opened:
        opened.inventory("33/1;1;", "33/2;1;", "33/3;1;")
        yield opened


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    return tmp_path / "scans"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory):
    with redis_server.running(tmp_path_factory.mktemp("queue")) as url:
        yield url


@pytest.fixture
def broker(server):
    broker = Broker(server)
    broker.connection.flushall()
    yield broker
    broker.close()


def hurry(office: Office, *paths: Path) -> None:
    take_in(office.ctx.ledger, office.ctx.objects, paths, Affiliation(), urgent=True)


def urgent_left(office: Office) -> dict[str, int]:
    with office.ctx.ledger.read() as tx:
        return counts.urgent_backlog(tx)


def picked(worker: FairWorker, turns: int) -> list[str]:
    """What a worker takes from the queues in so many turns: the ids' first letters."""
    taken = [worker.dequeue_job_and_maintain_ttl(None) for _ in range(turns)]
    return [job.args[1][0] for job, _ in filter(None, taken)]


class TestOvertaking:
    def test_a_document_is_stored_while_most_pages_that_came_before_still_wait(self, tmp_path):
        """Two hundred pages wait in the queues and in the ledger when somebody needs one file."""
        akten = Akten(tmp_path / "data")
        (tmp_path / "bestand.csv").write_text("Aktenzeichen;Band\n33/1;1\n33/2;1\n")
        akten("inventory", "import", tmp_path / "bestand.csv")
        slip = page("Vorrat")
        backlog = save_pdf(tmp_path / "33_1.pdf", [slip] * 200)
        akten("ingest", backlog)
        running = akten.start("work", "--workers", "1")
        ledger = Ledger(f"sqlite:///{akten.data / 'ledger.db'}")
        try:
            wait_for(lambda: page_counts(ledger).received == 200)
            akten("ingest", "--urgent", save_pdf(tmp_path / "33_2.pdf", [page("Termin"), page("morgen")]))
            wait_for(lambda: page_counts(ledger).stored)
            now = page_counts(ledger)
        finally:
            running.send_signal(signal.SIGTERM)
            running.communicate(timeout=60)
            ledger.close()
        assert running.returncode == 4
        assert (now.received, now.stored) == (202, 2)
        assert now.waiting > 100
        (document,) = akten.json("documents")
        assert (document["file_number"], document["volume"], document["pages"]) == ("33/2", 1, 2)

    def test_urgency_goes_with_the_work_from_step_to_step(self, office, scans):
        office.take(save(scans / "33_1.png", page("Eins")))
        hurry(office, save_pdf(scans / "33_2.pdf", [page("Zwei"), page("Drei")]))
        for step, count in (("split", 1), ("recognise", 2), ("file", 1), ("assemble", 1)):
            mine = [task for task in office.tasks(step) if task.urgent]
            assert len(mine) == count
            assert office.tasks()[:count] == mine
            assert urgent_left(office)[step] == count
            for task in mine:
                following = desk.STEPS[step](office.ctx, task.id)
                assert all(one.urgent for one in following)
        assert office.content("33/2") == ["33_2.pdf:1", "33_2.pdf:2"]
        assert office.tasks() == office.tasks("split")
        assert not any(urgent_left(office).values())

    def test_it_does_not_wait_for_the_rest_of_its_volume_in_an_ordinary_batch(self, office, scans):
        first, second = (save_pdf(scans / "33_1" / f"{n}.pdf", [page(f"Blatt {n}")]) for n in "12")
        office.take(scans)
        hurry(office, first)
        for _ in range(4):
            for task in filter(lambda task: task.urgent, office.tasks()):
                office.attempt(task)
        assert office.content("33/1") == ["1.pdf:1"]
        office.work()
        assert office.content("33/1") == ["1.pdf:1", "2.pdf:1"]
        assert second.exists()

    def test_a_tiff_of_several_pages_among_single_images_stays_urgent(self, office, scans):
        hurry(office, desk.save_tiff(scans / "a.tif", [page("Eins"), blank()]))
        assert [task.urgent for task in office.up_to("recognise")] == [True, True]


class TestKnownAlready:
    def test_what_waits_becomes_urgent_when_it_is_taken_in_again(self, office, scans):
        office.take(
            save_pdf(scans / "33_1.pdf", [page("Eins")]), save_pdf(scans / "33_2.pdf", [page("Zwei")])
        )
        office.up_to("recognise")
        hurry(office, scans / "33_2.pdf")
        assert [task.urgent for task in office.tasks()] == [True, False]
        hurry(office, scans / "33_2.pdf")
        assert urgent_left(office) == {"split": 0, "recognise": 1, "file": 1, "assemble": 0}

    def test_so_does_a_document_that_waits_to_be_made(self, office, scans):
        office.take(
            save_pdf(scans / "33_1.pdf", [page("Eins")]), save_pdf(scans / "33_2.pdf", [page("Zwei")])
        )
        office.up_to("assemble")
        hurry(office, scans / "33_2.pdf")
        assert office.tasks()[0] == Task("assemble", office.document("33/2").id, urgent=True)

    def test_what_is_finished_stays_as_it_is_and_later_pages_of_its_volume_are_ordinary(self, office, scans):
        hurry(office, save_pdf(scans / "33_1.pdf", [page("Eins")]))
        office.work()
        before = office.state()
        hurry(office, scans / "33_1.pdf")
        assert (office.state(), office.tasks()) == (before, [])
        office.take(save_pdf(scans / "33_1 Nachtrag" / "33_1.pdf", [page("Nachtrag")]))
        assert not any(task.urgent for task in office.up_to("assemble"))


class TestQueues:
    def test_urgent_tasks_are_offered_while_the_ordinary_queues_are_full(self, office, scans, broker):
        office.take(save(scans / "33_1.png", page("Eins")))
        reconcile(office.ctx.ledger, broker)
        assert (broker.waiting(), broker.waiting(urgent=True)) == (1, 0)
        hurry(office, save_pdf(scans / "33_2.pdf", [page("Zwei")]))
        assert reconcile(office.ctx.ledger, broker) == 1
        assert (broker.waiting(), broker.waiting(urgent=True)) == (1, 1)
        assert reconcile(office.ctx.ledger, broker) == 0

    def test_ordinary_tasks_are_offered_while_urgent_ones_wait(self, office, scans, broker):
        office.take(save(scans / "33_1.png", page("Eins")))
        broker.offer([Task("split", "u", urgent=True)])
        assert reconcile(office.ctx.ledger, broker) == 1
        assert (broker.waiting(), broker.waiting(urgent=True)) == (1, 1)

    def test_a_worker_takes_urgent_tasks_first_and_every_fourth_time_another_one(self, broker):
        worker = FairWorker.on(broker)
        broker.offer([Task("recognise", f"ordinary{n}") for n in range(20)])
        assert picked(worker, 2) == ["o", "o"]
        broker.offer([Task("split", f"urgent{n}", urgent=True) for n in range(5)])
        broker.offer([Task("assemble", "begun", urgent=True)])
        assert picked(worker, 10) == list("buuouuuooo")

    def test_in_a_stream_of_urgent_tasks_a_quarter_of_the_turns_is_left_for_the_others(self, broker):
        worker = FairWorker.on(broker)
        broker.offer([Task("recognise", f"ordinary{n}") for n in range(20)])
        taken: list[str] = []
        for turn in range(40):
            broker.offer([Task("recognise", f"urgent{turn}", urgent=True)])
            taken += picked(worker, 1)
        assert taken.count("o") == 10

    def test_no_task_of_either_kind_is_lost_on_the_way_to_the_last(self, broker):
        worker = FairWorker.on(broker)
        broker.offer([Task("file", f"{'ou'[n % 2]}{n}", urgent=bool(n % 2)) for n in range(12)])
        assert sorted(picked(worker, 20)) == ["o"] * 6 + ["u"] * 6


def test_the_few_urgent_ones_are_found_without_looking_at_all_that_wait(office, scans):
    """The ledger is asked every second, however many pages wait."""
    hurry(office, save_pdf(scans / "33_2.pdf", [page("Termin")]))
    with office.ctx.ledger.read() as tx:
        asked = []
        event.listen(tx.connection, "before_cursor_execute", lambda *said: asked.append(said[2:4]))
        assert [task.step for task in work.open_tasks(tx, 100, urgent=True)] == ["split"]
        plans = {
            sql.split()[1].partition(".")[0]: " ".join(
                row[-1] for row in tx.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)
            )
            for sql, values in list(asked)
            if sql.startswith("SELECT")
        }
    assert plans.keys() == {"stacks", "documents", "pages", "sources"}
    assert "ix_stacks_urgent" in plans["stacks"]
    assert "ix_documents_urgent" in plans["documents"]
    for table in ("pages", "sources"):
        assert f"ix_{table}_stack_id" in plans[table], plans
        assert f"ix_{table}_stage" not in plans[table], plans


def page_counts(ledger: Ledger) -> counts.PageCounts:
    with ledger.read() as tx:
        return counts.page_counts(tx)


def wait_for(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 120
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)
