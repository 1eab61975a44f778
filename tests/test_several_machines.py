"""Several machines that share nothing but addresses: killed and cut off, they neither lose nor double a page.

A machine is a data folder and a group of processes. PostgreSQL, Redis and an S3 server are real ones.
"""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
import rq
from redis import Redis
from sqlalchemy import make_url, select

from pipeline.queue import redis_server
from storage.ledger import Ledger, counts
from storage.ledger.tables import events, pages
from tests.command import Akten
from tests.lines import Line
from tests.office import open_office, page, save_pdf
from tests.servers import PostgresServer, S3Server
from tests.test_interruption import kill

VOLUMES, PAGES = 6, 5
INVENTORY = [f"33/{number};1;{PAGES}" for number in range(1, VOLUMES + 1)]


@dataclass(frozen=True)
class Network:
    """The servers, and the lines by which one machine reaches them."""

    ledger_url: str
    queue_url: str
    s3: S3Server
    lines: tuple[Line, Line, Line]

    def machine(self, data: Path, *, keeps_index: bool = False, by_line: bool = False) -> Akten:
        """A machine with a data folder of its own and the addresses of the servers."""
        ledger, queue, s3 = self.ledger_url, self.queue_url, self.s3.endpoint
        if by_line:
            to_ledger, to_queue, to_s3 = (line.port for line in self.lines)
            address = make_url(ledger)
            ledger = f"postgresql://{address.username}@127.0.0.1:{to_ledger}/{address.database}"
            queue, s3 = f"redis://127.0.0.1:{to_queue}", f"127.0.0.1:{to_s3}"
        return Akten(
            data,
            {
                "AKTEN_LEDGER__URL": ledger,
                "AKTEN_LEDGER__SECURE": "false",
                "AKTEN_QUEUE__URL": queue,
                "AKTEN_INDEX__HERE": str(keeps_index).lower(),
                "AKTEN_OBJECTS__STORE": "s3",
                "AKTEN_OBJECTS__ENDPOINT": s3,
                "AKTEN_OBJECTS__BUCKET": "several",
                "AKTEN_OBJECTS__ACCESS_KEY": self.s3.access_key,
                "AKTEN_OBJECTS__SECRET_KEY": self.s3.secret_key,
                "AKTEN_OBJECTS__SECURE": "false",
            },
        )


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Network]:
    with ExitStack() as stack:
        s3, postgres = stack.enter_context(S3Server()), stack.enter_context(PostgresServer())
        queue_url = stack.enter_context(redis_server.running(tmp_path / "redis"))
        ledger_url = postgres.database()
        ends = (
            Path(make_url(ledger_url).query["unix_sock"]),
            Path(queue_url.removeprefix("unix://")),
            int(s3.endpoint.partition(":")[2]),
        )
        lines = tuple(stack.enter_context(Line(end)) for end in ends)
        yield Network(ledger_url, queue_url, s3, lines)


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    for number in range(1, VOLUMES + 1):
        slips = [page(f"Band {number} Blatt {sheet}") for sheet in range(1, PAGES + 1)]
        save_pdf(tmp_path / "scans" / f"33_{number}.pdf", slips)
    return tmp_path / "scans"


@pytest.fixture
def undisturbed(tmp_path: Path, scans: Path) -> set[tuple[str, str]]:
    """What one machine by itself makes of the scans: file numbers with the hashes of their products."""
    with open_office(tmp_path / "alone") as office:
        office.inventory(*INVENTORY)
        office.take(scans)
        office.work()
        documents = [office.document(row.partition(";")[0]) for row in INVENTORY]
    return {(one.file_number, one.sha256) for one in documents}


def test_one_is_killed_and_one_is_cut_off_and_all_is_stored_once(network, tmp_path, scans, undisturbed):
    keeper = network.machine(tmp_path / "keeper", keeps_index=True)
    killed = network.machine(tmp_path / "killed")
    far = network.machine(tmp_path / "far", by_line=True)
    (tmp_path / "bestand.csv").write_text("\n".join(["Aktenzeichen;Band;Seiten", *INVENTORY]))
    killed("inventory", "import", tmp_path / "bestand.csv")
    ledger, machines = Ledger(network.ledger_url, migrate=False), (keeper, killed, far)
    running = [machine.start("work", "--workers", "1") for machine in machines]
    try:
        wait_until(lambda: workers_ready(network.queue_url) == len(machines))
        killed("ingest", scans)
        wait_until(lambda: pages_read(ledger) >= 3 and all(has_begun(machine) for machine in machines))
        kill(*psutil.Process(running[1].pid).children(recursive=True), psutil.Process(running[1].pid))
        for line in network.lines:
            line.silence()
        time.sleep(1)
        for line in network.lines:
            line.cut()
        time.sleep(1)
        for line in network.lines:
            line.mend()
        wait_until(lambda: not any(left_to_do(ledger).values()))
        assert all(one.poll() is None for one in (running[0], running[2]))
    finally:
        for one in running:
            one.send_signal(signal.SIGTERM)
        said = [one.communicate(timeout=90)[1] for one in running]
    assert [one.returncode for one in running] == [4, -signal.SIGKILL, 4], said
    stored, recorded = what_was_recorded(ledger)
    ledger.close()
    documents = keeper.json("documents")
    assert {(one["file_number"], one["sha256"]) for one in documents} == undisturbed
    assert stored == VOLUMES * PAGES
    assert set(recorded.values()) == {1}
    assert keeper.json("search", "hiermit")["total"] == VOLUMES * PAGES
    assert str(keeper.data) in far("search", "hiermit", code=3).stderr
    assert far.json("verify")["ok"]
    assert not (killed.data / "index").exists()
    assert not (far.data / "index").exists()


def workers_ready(queue_url: str) -> int:
    with closing(Redis.from_url(queue_url)) as connection:
        return rq.Worker.count(connection=connection)


def has_begun(machine: Akten) -> bool:
    """Whether a machine has fetched an original to work on."""
    return any((machine.data / "cache").rglob("*"))


def pages_read(ledger: Ledger) -> int:
    with ledger.read() as tx:
        return len(tx.rows(select(pages.c.id).where(pages.c.result.is_not(None))))


def left_to_do(ledger: Ledger) -> dict[str, int]:
    with ledger.read() as tx:
        return counts.backlog(tx)


def what_was_recorded(ledger: Ledger) -> tuple[int, Counter[str]]:
    """How many pages are stored, and how often the history says of a page that it was read."""
    with ledger.read() as tx:
        stored = counts.page_counts(tx).stored
        read = tx.rows(select(events.c.subject).where(events.c.kind == "page.recognised"))
        return stored, Counter(row["subject"] for row in read)


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 180
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)
