"""The ledger: events are never changed, leases are honest, and what is counted adds up."""

import gc
import socket
import struct
import threading
from contextlib import closing, suppress

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, select
from sqlalchemy.exc import DBAPIError

from errors import Interrupted, LedgerUnavailable
from pipeline.context import LEASE_MARGIN, TIME_LIMITS
from storage.ledger import Ledger, alarms, counts, documents, inventory, pages, sources, work
from storage.ledger.database import NEWEST
from storage.ledger.leases import LONGEST, Claim, Setback
from storage.ledger.pages import PageOutcome, Place
from storage.ledger.tables import events, metadata
from storage.ledger.upgrade import configuration
from tests.servers import PostgresServer, free_ports

HASH = "ab" * 32
FORGED = "INTO events (id, at, kind, subject, data) VALUES (1, 'x', 'forged', 'x', '{}')"
BY_BOTH = (
    "UPDATE events SET kind = 'forged'",
    "DELETE FROM events",
    f"INSERT {FORGED} ON CONFLICT (id) DO UPDATE SET kind = 'forged'",
)
FORGERIES = {
    "sqlite": (*BY_BOTH, f"INSERT OR REPLACE {FORGED}", f"REPLACE {FORGED}"),
    "postgresql": (*BY_BOTH, "TRUNCATE events"),
}
ME, OTHER = Claim("host/1/1.0", 60), Claim("host/2/2.0", 60)


class Clock:
    """A clock the test sets."""

    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(ledger_url: str, clock: Clock):
    ledger = Ledger(ledger_url, clock)
    yield ledger
    ledger.close()


def engine_of(url: str) -> Engine:
    return create_engine(url.replace("postgresql://", "postgresql+pg8000://"))


def behind(url: str, statement: str) -> list[tuple[object, ...]]:
    """Run a statement past the product, as an administrator could; returns its rows."""
    engine = engine_of(url)
    try:
        with engine.begin() as connection:
            result = connection.exec_driver_sql(statement)
            return [tuple(row) for row in result] if result.returns_rows else []
    finally:
        engine.dispose()


def add_volume(tx, number="33/1", volume=1, ids=("case", "VOLUME1"), **details) -> str:
    return inventory.put(
        tx,
        file_number=number,
        file_key=number.replace("/", "-"),
        number=volume,
        new_ids=ids,
        in_inventory=True,
        **details,
    )


def new_source(name="scan.pdf", sha256=HASH, **details) -> sources.NewSource:
    values = {"hint_volume_id": None, "hint_by": None, "expected_pages": None, "position": 0, **details}
    return sources.NewSource(
        id=sha256[:20],
        sha256=sha256,
        name=name,
        size=10,
        object_key=f"originals/{sha256}",
        stack_id="stack",
        **values,
    )


def receive(ledger: Ledger, page_count: int = 2, **details) -> list[str]:
    """A batch with one source, split into pages; returns the pages' ids."""
    with ledger.write() as tx:
        source = new_source(**details)
        sources.register_batch(tx, "batch", "delivery", {"stack": "scan.pdf"}, [source])
        claimed = sources.claim(tx, source.id, ME)
        return sources.split(tx, claimed, "PDF", page_count, "stack")


def outcome(stage="recognised", **details) -> PageOutcome:
    values = {"type": "unknown", "evidence": [], "words_key": None, "confidence": 90.0, **details}
    return PageOutcome(stage=stage, result={"width": 1}, **values)


def store(ledger: Ledger, document_id="VOLUME1", volume_id="VOLUME1") -> bool:
    """Build and store a document from all its pages."""
    with ledger.write() as tx:
        document = documents.claim(tx, document_id, ME)
        content = [page.id for page in pages.of_document(tx, document_id) if page.stage != "quarantined"]
        return documents.store(tx, document, documents.Stored("products/x", HASH, 5), content)


def file_into(ledger: Ledger, page_ids, document_id="VOLUME1", volume_id="VOLUME1") -> None:
    with ledger.write() as tx:
        documents.ensure(tx, document_id, volume_id=volume_id, stack_id=None if volume_id else document_id)
        for touched in pages.place(tx, [Place(page, document_id, "unknown", False) for page in page_ids]):
            documents.touch(tx, touched)
        sources.set_stack_state(tx, "stack", "filed")


class TestEvents:
    def test_the_database_itself_refuses_to_change_them(self, ledger, ledger_url):
        with ledger.write() as tx:
            tx.record("batch.received", "batch", sources=1)
        for statement in FORGERIES[ledger_url.partition(":")[0]]:
            with pytest.raises(DBAPIError, match="append-only"):
                behind(ledger_url, statement)
        assert behind(ledger_url, "SELECT kind FROM events") == [("batch.received",)]

    def test_new_ones_can_still_be_added(self, ledger):
        with ledger.write() as tx:
            tx.record("one", "a")
            tx.record("two", "b")

    def test_event_and_state_are_written_together_or_not_at_all(self, ledger):
        def half_a_change() -> None:
            with ledger.write() as tx:
                add_volume(tx)
                raise RuntimeError

        with pytest.raises(RuntimeError):
            half_a_change()
        with ledger.read() as tx:
            assert counts.goal(tx).inventory == 0

    def test_a_connection_that_was_interrupted_is_not_used_again(self, ledger):
        """The interrupt may have come between a question and its answer."""
        used = []
        for open_one in (ledger.write, ledger.read, ledger.read):
            with suppress(Interrupted), open_one() as tx:
                used.append(tx.connection.connection.dbapi_connection)
                raise Interrupted
        assert len({id(connection) for connection in used}) == len(used)

    def test_names_of_persons_are_never_in_events(self, ledger, ledger_url):
        with ledger.write() as tx:
            add_volume(tx, holder="Maria Muster")
            add_volume(tx, holder="Maria Anders")
        rows = behind(ledger_url, "SELECT data FROM events")
        assert rows
        assert "Maria" not in str(rows)


class TestLeases:
    def test_one_task_is_taken_once(self, ledger):
        (page, _) = receive(ledger)
        with ledger.write() as tx:
            assert pages.claim(tx, page, ME)
            assert pages.claim(tx, page, OTHER) is None

    @pytest.mark.parametrize("step", TIME_LIMITS)
    def test_the_longest_step_is_taken_once(self, ledger, step):
        seconds = TIME_LIMITS[step] + LEASE_MARGIN
        (page, _) = receive(ledger)
        with ledger.write() as tx:
            assert pages.claim(tx, page, Claim("host/1/1.0", seconds))
            assert pages.claim(tx, page, Claim("host/2/2.0", seconds)) is None

    def test_a_lease_too_long_to_be_believed_is_not_given(self):
        with pytest.raises(ValueError, match=str(LONGEST)):
            Claim("host/1/1.0", LONGEST)

    def test_a_lease_that_ran_out_is_anybodys(self, ledger, clock):
        (page, _) = receive(ledger)
        with ledger.write() as tx:
            pages.claim(tx, page, ME)
        clock.now += 61
        with ledger.write() as tx:
            again = pages.claim(tx, page, OTHER)
        assert (again.begun, again.attempts) == (2, 0)

    def test_the_leases_of_a_dead_process_end_at_once(self, ledger):
        page, _ = receive(ledger)
        with ledger.write() as tx:
            pages.claim(tx, page, ME)
            assert work.holders(tx) == {ME.owner}
            work.expire(tx, ME.owner)
            assert pages.claim(tx, page, OTHER)

    def test_what_was_done_meanwhile_is_not_done_again(self, ledger):
        page, _ = receive(ledger)
        with ledger.write() as tx:
            pages.claim(tx, page, ME)
            assert pages.finish(tx, page, outcome())
            assert not pages.finish(tx, page, outcome())
            assert pages.claim(tx, page, OTHER) is None

    @pytest.mark.parametrize(
        ("kind", "attempts", "begun"), [("failed", 1, 2), ("cut_off", 0, 2), ("deferred", 0, 1)]
    )
    def test_what_ended_without_a_result_counts_by_whose_fault_it_was(
        self, ledger, clock, kind, attempts, begun
    ):
        page, _ = receive(ledger)
        with ledger.write() as tx:
            pages.claim(tx, page, ME)
            pages.put_back(tx, page, ME.owner, Setback(kind, "store_unavailable"))
        clock.now += 61
        with ledger.write() as tx:
            again = pages.claim(tx, page, ME)
        assert (again.attempts, again.begun, again.deferred_by) == (attempts, begun, "store_unavailable")

    def test_each_deferral_waits_longer_up_to_a_minute_and_nobody_takes_it_before(self, ledger, clock):
        page, _ = receive(ledger)
        waited = []
        for _ in range(8):
            with ledger.write() as tx:
                assert pages.claim(tx, page, ME)
                pages.put_back(tx, page, ME.owner, Setback("deferred", "disk_full"))
            began = clock.now
            while work.Task("recognise", page) not in open_tasks(ledger):
                with ledger.write() as tx:
                    assert pages.claim(tx, page, OTHER) is None
                clock.now += 1
            waited.append(clock.now - began)
        assert waited == [1, 2, 4, 8, 16, 32, 60, 60]

    def test_only_who_holds_it_can_put_it_back(self, ledger, clock):
        page, _ = receive(ledger)
        with ledger.write() as tx:
            pages.claim(tx, page, ME)
        clock.now += 61
        with ledger.write() as tx:
            pages.claim(tx, page, OTHER)
            pages.put_back(tx, page, ME.owner, Setback("failed", "late"))
            assert pages.claim(tx, page, ME) is None
            assert work.holders(tx) == {OTHER.owner}

    @pytest.mark.parametrize("jump", [-30 * 86_400, 30 * 86_400])
    def test_a_clock_that_jumps_leaves_nothing_waiting_for_ever(self, ledger, clock, jump):
        first, second = receive(ledger)
        with ledger.write() as tx:
            pages.claim(tx, first, ME)
            pages.claim(tx, second, ME)
            pages.put_back(tx, second, ME.owner, Setback("deferred", "disk_full"))
        clock.now += jump
        assert len(open_tasks(ledger)) == 2

    def test_a_clock_set_back_by_minutes_does_not_make_waits_longer(self, ledger, clock):
        page, _ = receive(ledger)
        with ledger.write() as tx:
            pages.claim(tx, page, ME)
            pages.put_back(tx, page, ME.owner, Setback("deferred", "disk_full"))
        clock.now -= 600
        with ledger.write() as tx:
            assert pages.claim(tx, page, ME)


def open_tasks(ledger: Ledger) -> list[work.Task]:
    with ledger.read() as tx:
        return work.open_tasks(tx, 10)


class TestWork:
    def test_what_waits_is_known_from_the_ledger_alone(self, ledger):
        first, second = receive(ledger)
        with ledger.write() as tx:
            pages.claim(tx, first, ME)
            assert work.open_tasks(tx, 10) == [work.Task("recognise", second)]

    def test_a_stack_whose_pages_are_all_read_is_to_be_filed(self, ledger):
        for page in receive(ledger):
            with ledger.write() as tx:
                pages.finish(tx, page, outcome())
        with ledger.read() as tx:
            assert work.open_tasks(tx, 10) == [work.Task("file", "stack")]
            assert counts.backlog(tx)["file"] == 1


class TestDocuments:
    def test_a_document_overtaken_while_it_was_built_is_built_again(self, ledger):
        with ledger.write() as tx:
            add_volume(tx)
        first, second = receive(ledger)
        with ledger.write() as tx:
            pages.finish(tx, first, outcome())
            pages.finish(tx, second, outcome())
        file_into(ledger, [first])
        with ledger.write() as tx:
            document = documents.claim(tx, "VOLUME1", ME)
        file_into(ledger, [second])
        with ledger.write() as tx:
            stored = documents.Stored("products/x", HASH, 5)
            assert not documents.store(tx, document, stored, [first])
            assert work.Task("assemble", "VOLUME1") in work.open_tasks(tx, 10)
        assert store(ledger)
        with ledger.read() as tx:
            assert counts.page_counts(tx).stored == 2

    def test_a_document_that_cannot_be_built_takes_its_pages_into_quarantine_and_back(self, ledger):
        with ledger.write() as tx:
            add_volume(tx)
        page, _ = receive(ledger)
        with ledger.write() as tx:
            pages.finish(tx, page, outcome())
        file_into(ledger, [page])
        with ledger.write() as tx:
            documents.quarantine(tx, documents.claim(tx, "VOLUME1", ME), "damaged", {"detail": "x"})
            assert counts.page_counts(tx).quarantined == 1
            documents.retry(tx, "VOLUME1")
            assert counts.page_counts(tx).quarantined == 0


class TestGoal:
    def test_a_case_file_counts_once_when_all_its_volumes_are_stored(self, ledger):
        with ledger.write() as tx:
            add_volume(tx)
            add_volume(tx, volume=2, ids=("-", "VOLUME2"))
        first, second = receive(ledger)
        for page, volume in ((first, "VOLUME1"), (second, "VOLUME2")):
            with ledger.write() as tx:
                pages.finish(tx, page, outcome())
            file_into(ledger, [page], volume, volume)
            with ledger.read() as tx:
                assert counts.goal(tx) == counts.Goal(inventory=1, digitised=0)
            store(ledger, volume)
        with ledger.read() as tx:
            assert counts.goal(tx) == counts.Goal(inventory=1, digitised=1)

    @pytest.fixture
    def digitised(self, ledger) -> Ledger:
        """One case file, wholly digitised."""
        with ledger.write() as tx:
            add_volume(tx)
        page_ids = receive(ledger)
        for page in page_ids:
            with ledger.write() as tx:
                pages.finish(tx, page, outcome())
        file_into(ledger, page_ids)
        store(ledger)
        with ledger.read() as tx:
            assert counts.goal(tx).digitised == 1
        return ledger

    def test_it_does_not_count_while_an_alarm_is_open(self, digitised):
        with digitised.write() as tx:
            alarms.sound(tx, "pages_differ", "VOLUME1", volume_id="VOLUME1")
            assert counts.goal(tx).digitised == 0
            alarms.clear(tx, "pages_differ", "VOLUME1")
            assert counts.goal(tx).digitised == 1

    def test_it_does_not_count_while_one_of_its_files_is_in_quarantine(self, digitised):
        with digitised.write() as tx:
            broken = new_source("broken.jpg", "cd" * 32, hint_volume_id="VOLUME1", reason="truncated")
            sources.register_batch(tx, "batch2", "delivery", {"stack2": "x"}, [broken])
            assert counts.goal(tx).digitised == 0

    def test_it_does_not_count_again_when_pages_are_added_until_these_are_stored_too(self, digitised):
        with digitised.write() as tx:
            documents.touch(tx, "VOLUME1")
            assert counts.goal(tx).digitised == 0

    def test_a_volume_no_inventory_names_is_not_part_of_the_goal(self, digitised):
        with digitised.write() as tx:
            inventory.put(
                tx, file_number="99/9", file_key="99-9", number=1, new_ids=("c9", "V9"), in_inventory=False
            )
            assert counts.goal(tx).inventory == 1


class TestCounts:
    def test_pages_received_are_the_sum_of_all_others_at_any_moment(self, ledger):
        page_ids = receive(ledger, page_count=6)
        stages = ["recognised", "blank", "separator"]
        for page, stage in zip(page_ids, stages, strict=False):
            with ledger.write() as tx:
                pages.finish(tx, page, outcome(stage))
        with ledger.write() as tx:
            pages.quarantine(tx, page_ids[3], "page_unreadable", {"detail": "x"})
            pages.claim(tx, page_ids[4], ME)
            counted = counts.page_counts(tx)
        assert counted == counts.PageCounts(
            received=6, waiting=1, working=2, stored=0, blank=1, separator=1, quarantined=1
        )

    def test_sources_received_are_the_sum_of_all_others(self, ledger):
        page, _ = receive(ledger)
        with ledger.write() as tx:
            pages.quarantine(tx, page, "page_unreadable", {"detail": "x"})
            counted = counts.source_counts(tx)
        assert counted == counts.SourceCounts(received=1, waiting=0, stored=0, unassigned=0, quarantined=1)

    def test_a_failure_names_its_source_page_and_reason(self, ledger):
        page, _ = receive(ledger)
        with ledger.write() as tx:
            pages.quarantine(tx, page, "page_unreadable", {"detail": "x"})
            assert counts.failures(tx) == [
                counts.Failure(page, "scan.pdf", 1, "page_unreadable", {"detail": "x"})
            ]


class TestOpening:
    def test_the_newest_revision_is_known_without_alembic(self):
        assert ScriptDirectory.from_config(configuration()).get_current_head() == NEWEST

    def test_the_oldest_ledger_is_brought_up_to_date_with_what_is_in_it(self, ledger_url):
        engine = engine_of(ledger_url)
        config = configuration()
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "0001")
            connection.exec_driver_sql(
                "INSERT INTO events (at, kind, subject, data) VALUES ('2026-01-01', 'kind', 'subject', '{}')"
            )
        with closing(Ledger(ledger_url)) as ledger, ledger.read() as tx:
            assert tx.value(select(events.c.subject)) == "subject"
        with engine.connect() as connection:
            known = MigrationContext.configure(connection)
            assert known.get_current_revision() == NEWEST
            assert compare_metadata(known, metadata) == []
        engine.dispose()

    def test_a_ledger_of_a_newer_version_is_refused(self, ledger_url):
        Ledger(ledger_url).close()
        behind(ledger_url, "UPDATE alembic_version SET version_num = '9999'")
        with pytest.raises(LedgerUnavailable, match="newer"):
            Ledger(ledger_url)

    def test_a_file_that_is_no_database_is_refused(self, tmp_path):
        (tmp_path / "ledger.db").write_bytes(b"no database at all, but long enough to look like one" * 20)
        with pytest.raises(LedgerUnavailable):
            Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")

    @pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
    @pytest.mark.parametrize("migrate", [True, False])
    def test_a_server_that_breaks_off_in_the_middle_is_away(self, migrate):
        """As PostgreSQL does when it is killed between accepting a connection and answering."""
        with socket.create_server(("127.0.0.1", 0)) as server:
            breaking_off = threading.Thread(target=break_off, args=[server], daemon=True)
            breaking_off.start()
            url = f"postgresql://x@127.0.0.1:{server.getsockname()[1]}/x"
            with pytest.raises(LedgerUnavailable):  # noqa: SIM117 - either may be who notices
                with Ledger(url, migrate=migrate).read():
                    pass
        gc.collect()  # here, where it is expected: pg8000 leaves such a connection's socket to the collector

    def test_a_commit_survives_a_power_cut(self, tmp_path):
        ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
        with ledger.read() as tx:
            assert tx.connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
            assert tx.connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        ledger.close()


def break_off(server: socket.socket) -> None:
    """Accept connections, and reset each once something was said, until the server is closed."""
    with suppress(OSError):
        while True:
            connection, _ = server.accept()
            connection.recv(100)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()


@pytest.fixture(scope="module")
def tls_server():
    with PostgresServer(*free_ports(1)) as server:
        yield server


class TestTls:
    def test_a_server_whose_certificate_is_trusted_is_spoken_to(self, tls_server, monkeypatch):
        monkeypatch.setenv("SSL_CERT_FILE", str(tls_server.certificate))
        ledger = Ledger(tls_server.database())
        with ledger.read() as tx:
            query = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
            assert tx.connection.exec_driver_sql(query).scalar()
        ledger.close()

    def test_one_whose_is_not_is_refused_unless_the_setting_says_otherwise(self, tls_server):
        url = tls_server.database()
        with pytest.raises(LedgerUnavailable, match="certificate"):
            Ledger(url)
        Ledger(url, secure=False).close()

    def test_so_is_one_that_knows_no_tls(self, tls_server):
        url = tls_server.database()
        tls_server.stop()
        tls_server.start("-c ssl=off")
        with pytest.raises(LedgerUnavailable):
            Ledger(url)
