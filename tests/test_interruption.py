"""Work that is cut off goes on where it was: killed by force, interrupted, or without its queue."""

from __future__ import annotations

import signal
import sqlite3
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.command import Akten
from tests.specimens import build_batch, write_inventory
from tests.specimens.printed import PrintedSheets

SOME_PAGES = 2


@dataclass(frozen=True)
class Batch:
    """Scans with sheets printed by ``origin``, and what an undisturbed run there came to."""

    scans: Path
    origin: Akten
    undisturbed: dict[str, Any]

    def fresh(self, data: Path) -> Akten:
        """Another data folder with the same inventory: the ledger is taken as it was before the run."""
        akten = Akten(data)
        data.mkdir()
        (data / "ledger.db").write_bytes((self.origin.data / "before.db").read_bytes())
        return akten


@pytest.fixture(scope="session")
def batch(tmp_path_factory: pytest.TempPathFactory) -> Batch:
    folder = tmp_path_factory.mktemp("batch")
    akten = Akten(folder / "data")
    akten("inventory", "import", write_inventory(folder, size="small"))
    build_batch(folder, size="small", sheets=PrintedSheets(akten.executable, akten.data))
    with (
        sqlite3.connect(akten.data / "ledger.db") as source,
        sqlite3.connect(akten.data / "before.db") as copy,
    ):
        source.backup(copy)
    printed = akten.json("run", folder / "scans")
    return Batch(folder / "scans", akten, printed)


@pytest.fixture
def akten(batch: Batch, tmp_path: Path) -> Akten:
    return batch.fresh(tmp_path / "data")


def wait_until_begun(akten: Akten) -> None:
    """Return as soon as some pages, but not all, are read."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        with sqlite3.connect(akten.data / "ledger.db") as ledger:
            (read,) = ledger.execute("SELECT COUNT(*) FROM pages WHERE result IS NOT NULL").fetchone()
        ledger.close()
        if read >= SOME_PAGES:
            return
        time.sleep(0.05)
    pytest.fail("no page was read within two minutes")


def family(akten: Akten, of: int) -> list[psutil.Process]:
    """A process and all below it, the queue server of its data folder included."""
    process = psutil.Process(of)
    server = (akten.data / "queue" / "redis.pid").read_text().strip()
    return [process, *process.children(recursive=True), psutil.Process(int(server))]


def kill(processes: list[psutil.Process]) -> None:
    """End processes by force; some may have ended by themselves."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()


def left_behind(akten: Akten) -> list[psutil.Process]:
    """Processes that still have something to do with the data folder."""
    running = psutil.process_iter(["cmdline"])
    return [one for one in running if str(akten.data) in " ".join(one.info["cmdline"] or ())]


def final_state(akten: Akten) -> dict[str, Any]:
    """What has to be the same however often the work was cut off: counts, and every product's bytes."""
    status = akten.json("status")
    documents = sorted(
        (document["file_number"], document["volume"], document["sha256"], document["pages"])
        for document in akten.json("documents")
    )
    return {
        "goal": status["goal"],
        "pages": status["pages"],
        "sources": status["sources"],
        "documents": documents,
    }


class TestKilledByForce:
    def test_all_processes_at_once_half_way_and_started_again(self, batch, akten):
        running = akten.start("run", batch.scans)
        wait_until_begun(akten)
        kill(family(akten, running.pid))
        running.communicate()
        pages = akten.json("status")["pages"]
        assert pages["waiting"] + pages["working"] > 0
        akten("run")
        assert final_state(akten) == final_state(batch.origin)
        assert akten.json("verify")["ok"]

    def test_the_workers_alone_while_the_run_goes_on(self, batch, akten):
        running = akten.start("run", batch.scans)
        wait_until_begun(akten)
        workers = psutil.Process(running.pid).children()
        kill([*workers, *(child for worker in workers for child in worker.children(recursive=True))])
        running.communicate(timeout=180)
        assert running.returncode == 0
        assert final_state(akten) == final_state(batch.origin)


class TestInterrupted:
    def test_by_ctrl_c_it_ends_with_code_4_says_so_and_goes_on(self, batch, akten):
        running = akten.start("run", batch.scans)
        wait_until_begun(akten)
        running.send_signal(signal.SIGINT)
        _, printed = running.communicate(timeout=60)
        assert running.returncode == 4
        assert "Nothing is lost" in printed
        assert not left_behind(akten)
        akten("run", batch.scans)
        assert final_state(akten) == final_state(batch.origin)


class TestQueueLost:
    def test_a_queue_server_that_vanishes_is_started_again_and_nothing_is_lost(self, batch, akten):
        running = akten.start("run", batch.scans)
        wait_until_begun(akten)
        psutil.Process(int((akten.data / "queue" / "redis.pid").read_text())).kill()
        running.communicate(timeout=180)
        assert running.returncode == 0
        assert final_state(akten) == final_state(batch.origin)


class TestSameInputSameBytes:
    def test_two_runs_give_the_same_products(self, batch, akten):
        akten("run", batch.scans)
        assert final_state(akten) == final_state(batch.origin)
