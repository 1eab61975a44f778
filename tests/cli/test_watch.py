"""``akten watch`` as a scan station runs it: beside people who drop files, killed and started again."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from config import words
from pipeline.intake.release import Problem
from reports.station import explain
from tests import office as desk
from tests.cli.forked import Forked
from tests.command import Akten

PATIENCE = 60.0


@dataclass(frozen=True)
class Station:
    """A data folder and a hot folder beside it, whose deliveries have to be still for half a second."""

    akten: Akten
    hot: Path

    @contextmanager
    def watching(self, *options: str) -> Iterator[subprocess.Popen[str]]:
        """The command while it runs; it is ended by force if the test has not ended it."""
        running = self.akten.start("watch", self.hot, *options)
        try:
            yield running
        finally:
            running.kill()
            running.communicate()

    def moved(self, target: str) -> list[str]:
        """What lies in ``done`` or ``failed``."""
        folder = self.hot / target
        return sorted(path.name for path in folder.iterdir()) if folder.exists() else []

    def has_logged(self, pid: int) -> bool:
        """Whether a process has begun to work."""
        log = self.akten.data / "log" / "akten.jsonl"
        return log.exists() and f"/{pid}/" in log.read_text()

    def status(self) -> dict[str, dict[str, int]]:
        """What ``akten status --json`` says."""
        return Forked(self.akten.data).json("status")


@pytest.fixture
def station(tmp_path: Path) -> Station:
    hot = tmp_path / "hot"
    hot.mkdir()
    return Station(Akten(tmp_path / "data", {"AKTEN_WATCH__SETTLE_SECONDS": "0.5"}), hot)


def until(happened: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.05)


def write_slowly(content: bytes, target: Path, pieces: int = 8) -> None:
    """As a scanner does that opens the file for each piece: between them nobody has it open."""
    size = len(content) // pieces + 1
    for start in range(0, len(content), size):
        with target.open("ab") as file:
            file.write(content[start : start + size])
        time.sleep(0.15)


def test_a_scan_station_takes_in_reads_and_moves_what_people_drop(station, tmp_path):
    content = desk.save_pdf(tmp_path / "x.pdf", [desk.page("langsam")]).read_bytes()
    writer = threading.Thread(target=write_slowly, args=(content, station.hot / "langsam.pdf"))
    upload = station.hot / "charge"
    with station.watching("--workers", "1") as running:
        writer.start()
        desk.save(upload / "0001.png", desk.page("eins"))
        writer.join()
        desk.save(upload / "0002.png", desk.page("zwei"))
        (station.hot / "kaputt.pdf").write_bytes(b"%PDF-1.7 nothing")
        until(lambda: len(station.moved("done")) == 2 and station.moved("failed"))
        running.send_signal(signal.SIGTERM)
        _, said = running.communicate(timeout=60)
    assert running.returncode == 4
    assert station.moved("done") == ["charge", "langsam.pdf"]
    assert station.moved("failed") == ["kaputt.pdf", "kaputt.pdf.txt"]
    assert (station.hot / "done" / "langsam.pdf").read_bytes() == content
    text = (station.hot / "failed" / "kaputt.pdf.txt").read_text()
    assert "its end is missing" in text
    assert "→ Copy it again" in text
    status = station.status()
    assert status["pages"]["stored"] == status["pages"]["received"] == 3
    assert status["sources"]["received"] == 4, "nothing was taken in before it was complete"
    assert Forked(station.akten.data).json("verify")["ok"]
    assert said.startswith(f"Watching {station.hot}: what is dropped there")
    for name in ("kaputt", "langsam", "charge"):
        assert name not in said, "no terminal, so it is a log"
    assert said.count("moved to") == 3
    log = "".join(path.read_text() for path in (station.akten.data / "log").iterdir())
    assert log.count("batch.taken") == 3


def test_killed_while_taking_in_and_while_moving_nothing_is_lost_or_there_twice(station):
    scans = [desk.save(station.hot / f"{n}" / "0001.png", desk.page(f"Blatt{n}")) for n in range(5)]
    contents = sorted(path.read_bytes() for path in scans)
    with station.watching("--no-work") as running:
        until(lambda: (station.akten.data / "ledger.db").exists() and station.status()["sources"]["received"])
        running.kill()
    Forked(station.akten.data)("run")
    assert station.moved("done") == [], "stored, and nobody moved it"
    with station.watching("--no-work") as running:
        until(lambda: station.moved("done"))
        running.kill()
    assert sorted(path.read_bytes() for path in station.hot.rglob("*.png")) == contents
    with station.watching("--workers", "1") as running:
        # The one killed before may have moved all of them: this one has to be at work to be interrupted.
        until(lambda: len(station.moved("done")) == 5 and station.has_logged(running.pid))
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=60)
    assert running.returncode == 4
    assert sorted(path.read_bytes() for path in station.hot.glob("done/*/*.png")) == contents
    assert station.status()["pages"]["stored"] == station.status()["sources"]["received"] == 5


def test_a_delivery_called_urgent_overtakes_the_rest(station):
    for name in ("charge", "Eilt"):
        desk.save(station.hot / name / "0001.png", desk.page(name))
    with station.watching("--no-work"):
        until((station.hot / "failed").exists)
        until(lambda: station.status()["backlog"]["split"] == 2)
    assert station.status()["urgent"]["split"] == 1


def test_what_failed_is_explained_in_german_where_german_is_spoken():
    problems = [
        Problem("a1b2-3", "charge/brief.pdf", 3, "page_unreadable", {"detail": "-"}),
        Problem("", "verweis.pdf", None, "link_skipped", {"name": "verweis.pdf"}),
    ]
    words.choose("de")
    try:
        text = explain(problems)
    finally:
        words.choose("en")
    assert "charge/brief.pdf · Seite 3 · a1b2-3\n    Das Bild der Seite" in text
    assert "→" in text
    assert "verweis.pdf\n    Einer Verknüpfung" in text


def test_folders_that_cannot_be_watched_are_refused_with_the_way_out(station):
    akten = Forked(station.akten.data)
    for folder, says in (("/", "the whole file system"), (station.hot.parent, "apart from the data folder")):
        assert says in akten("watch", folder, "--no-work", code=2).stderr
    assert "There is nothing at" in akten("watch", station.hot / "no", "--no-work", code=2).stderr
    assert "cannot be used" in akten("watch", "/proc/self", "--no-work", code=3).stderr
    with station.watching("--no-work"):
        until((station.hot / "failed").exists)
        assert "another 'akten watch'" in akten("watch", station.hot, "--no-work", code=2).stderr
