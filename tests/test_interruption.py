"""Work that is cut off goes on where it was: killed by force, interrupted, or without its queue."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tests.cli.forked import Forked
from tests.command import Akten
from tests.halfway import half_way
from tests.slips import Delivery, deliver, outcome_of


@pytest.fixture(scope="module")
def delivery(tmp_path_factory: pytest.TempPathFactory) -> Delivery:
    return deliver(tmp_path_factory.mktemp("delivery"))


@pytest.fixture
def akten(delivery: Delivery, tmp_path: Path) -> Forked:
    return Forked(delivery.expected_by(tmp_path / "data"))


@dataclass
class Run:
    """A run of the command: while it goes on its process, at its end what it said and its exit code."""

    process: subprocess.Popen[str]
    said: str = ""

    @property
    def code(self) -> int:
        return self.process.returncode


@contextmanager
def running(akten: Forked, scans: Path) -> Iterator[Run]:
    """A run, from the moment on when some pages are read, but not all; to its end."""
    with Akten(akten.data).running("run", scans, "--workers", "2") as process:
        run = Run(process)
        with half_way(akten.data, process):
            yield run
        _, run.said = process.communicate(timeout=180)


def queue_server(akten: Forked) -> psutil.Process:
    return psutil.Process(int((akten.data / "queue" / "redis.pid").read_text()))


def kill(*processes: psutil.Process) -> None:
    """End processes by force; some may have ended by themselves."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()


def left_behind(akten: Forked) -> list[psutil.Process]:
    """Processes that still have something to do with the data folder."""
    found = psutil.process_iter(["cmdline"])
    return [one for one in found if str(akten.data) in " ".join(one.info["cmdline"] or ())]


class TestKilledByForce:
    def test_all_processes_at_once_half_way_and_started_again(self, delivery, akten):
        with running(akten, delivery.scans) as run:
            parent = psutil.Process(run.process.pid)
            kill(parent, *parent.children(recursive=True), queue_server(akten))
        pages = akten.json("status")["pages"]
        assert pages["waiting"] + pages["working"] > 0
        akten("run")
        assert outcome_of(akten) == delivery.outcome
        assert akten.json("verify")["ok"]

    def test_the_workers_alone_while_the_run_goes_on(self, delivery, akten):
        with running(akten, delivery.scans) as run:
            workers = psutil.Process(run.process.pid).children()
            kill(*workers, *(child for worker in workers for child in worker.children(recursive=True)))
        assert run.code == 0
        assert outcome_of(akten) == delivery.outcome


class TestInterrupted:
    def test_by_ctrl_c_it_ends_with_code_4_says_so_and_goes_on(self, delivery, akten):
        with running(akten, delivery.scans) as run:
            run.process.send_signal(signal.SIGINT)
        assert run.code == 4
        assert "Nothing is lost" in run.said
        assert not left_behind(akten)
        akten("run", delivery.scans)
        assert outcome_of(akten) == delivery.outcome


class TestQueueLost:
    def test_a_queue_server_that_vanishes_is_started_again_and_nothing_is_lost(self, delivery, akten):
        with running(akten, delivery.scans) as run:
            kill(queue_server(akten))
        assert run.code == 0
        assert outcome_of(akten) == delivery.outcome


class TestSameInputSameBytes:
    def test_two_runs_give_the_same_products(self, delivery, akten):
        akten("run", delivery.scans)
        assert outcome_of(akten) == delivery.outcome
