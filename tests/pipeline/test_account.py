"""What is told of a task when it ends: one line, one count, and never a word of what was on the page."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from config import logs
from config.settings import load_settings
from errors import LedgerUnavailable, StoreUnavailable
from pipeline import flow, jobs
from pipeline.queue import observe, redis_server
from pipeline.queue.account import Account
from pipeline.queue.broker import Broker
from pipeline.queue.turns import FairWorker
from pipeline.queue.workers import BROKER_VARIABLE
from storage.ledger.work import Task
from tests import office as desk
from tests.redis_log import told as told_to

NAME = "Mustermann-Özgür"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A private queue server, and its folder."""
    folder = tmp_path_factory.mktemp("queue")
    with redis_server.running(folder) as url:
        yield url, folder


@pytest.fixture
def broker(server):
    broker = Broker(server[0])
    broker.connection.flushall()
    yield broker
    broker.close()


@pytest.fixture
def office(tmp_path: Path):
    with desk.open_office(tmp_path / "data") as office:
        yield office


@pytest.fixture
def told(caplog):
    """The outcome of every task told of so far."""
    caplog.set_level("INFO", "aktenwerk")
    return lambda: [(record.step, record.outcome) for record in caplog.records if record.msg == "task"]


def do(office, broker, task: Task, step=None) -> list[Task]:
    """A task as the job shell does it."""
    account = Account.open(office.ctx.ledger, task)
    try:
        following = (step or desk.STEPS[task.step])(office.ctx, task.id)
    except Exception as error:
        flow.give_back(office.ctx, task, error)
        account.close(office.ctx.ledger, broker, error=error)
        return []
    account.close(office.ctx.ledger, broker, more=bool(following))
    return following


class TestOutcomes:
    def test_from_the_file_to_the_document(self, office, broker, told, tmp_path):
        office.take(desk.save_pdf(tmp_path / f"{NAME}.pdf", [desk.blank(), desk.page("Antrag")]))
        tasks = office.tasks()
        while tasks:
            tasks = [following for task in tasks for following in do(office, broker, task)]
        steps = ["split", "recognise", "recognise", "file", "assemble"]
        assert told() == [(step, "done") for step in steps]
        counted = observe.counted(broker)
        assert counted.tasks == {
            (step, "done"): steps.count(step) for step in ("split", "recognise", "file", "assemble")
        }
        assert {step: sum(within) for step, within in counted.within.items()}["recognise"] == 2
        assert all(seconds > 0 for seconds in counted.seconds.values())

    def test_one_done_before_is_nothing(self, office, broker, told, tmp_path):
        office.take(desk.save_pdf(tmp_path / "a.pdf", [desk.blank()]))
        (task,) = office.tasks()
        do(office, broker, task)
        do(office, broker, task)
        do(office, broker, Task("recognise", "unknown"))
        assert told() == [("split", "done"), ("split", "nothing"), ("recognise", "nothing")]

    def test_a_file_that_cannot_be_read_is_quarantined_with_the_reasons_code(
        self, office, broker, told, caplog, tmp_path
    ):
        (tmp_path / "a.pdf").write_bytes(b"")
        office.take(tmp_path / "a.pdf")
        do(office, broker, *office.tasks("split"))
        assert told() == [("split", "quarantined")]
        assert caplog.records[-1].code == "empty_file"
        assert caplog.records[-1].levelname == "WARNING"
        assert caplog.records[-1].batch

    def test_what_is_out_of_reach_is_deferred(self, office, broker, told, tmp_path):
        office.take(desk.save_pdf(tmp_path / "a.pdf", [desk.blank()]))
        do(office, broker, *office.tasks(), step=away)
        assert told() == [("split", "deferred")]
        assert observe.counted(broker).tasks == {("split", "deferred"): 1}

    def test_what_nobody_expected_has_failed(self, office, broker, told, tmp_path):
        office.take(desk.save_pdf(tmp_path / "a.pdf", [desk.blank()]))
        do(office, broker, *office.tasks(), step=broken)
        assert told() == [("split", "failed")]

    def test_a_queue_server_that_is_away_loses_a_count_and_nothing_else(self, office, told, tmp_path):
        office.take(desk.save_pdf(tmp_path / "a.pdf", [desk.blank()]))
        (task,) = office.tasks()
        gone = Broker(f"unix://{tmp_path}/nowhere.sock")
        assert do(office, gone, task)
        gone.close()
        assert told() == [("split", "done")]


class TestInAWorker:
    """A step that breaks as no step should, in rq's own worker, a process of its own."""

    @pytest.fixture
    def lines(self, office, broker, server, tmp_path, monkeypatch):
        """Let a worker do one task by another step than ours; returns what the log then says."""
        monkeypatch.setenv("AKTEN_DATA", str(office.settings.data))
        monkeypatch.setenv(BROKER_VARIABLE, server[0])
        office.take(desk.save_pdf(tmp_path / "a.pdf", [desk.blank()]))

        def work(step):
            broker.offer(office.tasks())
            child = os.fork()
            if not child:
                try:
                    jobs._settings.cache_clear()
                    jobs.STEPS["split"] = step
                    logs.start(load_settings(), "worker")
                    mine = Broker(server[0])
                    FairWorker.on(mine, work_horse_killed_handler=jobs._killed).work(
                        burst=True, logging_level="ERROR"
                    )
                finally:
                    os._exit(0)
            os.waitpid(child, 0)
            text = (office.settings.data / "log" / "akten.jsonl").read_text()
            assert NAME not in text
            return [json.loads(line) for line in text.splitlines()]

        return work

    def test_one_that_is_ended_by_force_is_told_of_by_its_worker(self, lines, office, broker):
        (task,) = office.tasks()
        (line,) = [line for line in lines(killed) if line["event"] == "task"]
        assert (line["id"], line["outcome"], line["signal"]) == (task.id, "died", signal.SIGKILL)
        assert observe.counted(broker).tasks == {("split", "died"): 1}

    def test_an_error_nobody_expected_leaves_its_text_nowhere(self, lines, office, server):
        (line,) = [line for line in lines(broken) if line["event"] == "task"]
        assert (line["outcome"], line["error"]) == ("failed", "ValueError")
        assert line["place"].startswith("test_account.broken")
        assert NAME.encode() not in told_to(server[1])

    def test_not_even_one_that_could_not_be_recorded(self, lines, server, monkeypatch):
        monkeypatch.setattr(flow, "give_back", ledger_gone)
        (line,) = [line for line in lines(broken) if line["event"] == "task.lost"]
        assert line["code"] == "ledger_unavailable"
        assert NAME.encode() not in told_to(server[1])


def away(ctx, source_id):
    with ctx.ledger.write() as tx:
        flow.sources.claim(tx, source_id, ctx.claim("split"))
    raise StoreUnavailable(detail=NAME)


def killed(ctx, source_id):
    os.kill(os.getpid(), signal.SIGKILL)


def broken(ctx, source_id):
    with ctx.ledger.write() as tx:
        flow.sources.claim(tx, source_id, ctx.claim("split"))
    raise ValueError(f"cannot read {NAME}")


def ledger_gone(ctx, task, error):
    raise LedgerUnavailable(detail=f"INSERT … {NAME}")
