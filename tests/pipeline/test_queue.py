"""The queue: it carries ids only, may forget everything at any time, and its private server is shared."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import zlib
from pathlib import Path

import psutil
import pytest
import redis

from errors import BrokerUnavailable, ToolMissing
from pipeline.context import is_dead, this_process
from pipeline.intake.affiliation import Affiliation
from pipeline.intake.take_in import take_in
from pipeline.queue import observe, redis_server
from pipeline.queue.broker import Broker
from pipeline.queue.drive import WAITING_FOR, reconcile
from pipeline.queue.turns import FairWorker
from reports.health import OUT_OF_REACH
from storage.folder import FolderStore
from storage.ledger import Ledger, inventory, pages, sources, work
from storage.ledger.leases import Claim
from storage.ledger.work import Task
from tests import office as desk
from tests.ledgers import new_ledger
from tests.servers import free_ports

NAME = "Mustermann-Özgür"
MACHINE = this_process().rsplit("/", 2)[0]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory):
    """A private server for the tests that do not start or stop one."""
    with redis_server.running(tmp_path_factory.mktemp("queue")) as url:
        yield url


@pytest.fixture
def broker(server):
    broker = Broker(server)
    broker.connection.flushall()
    yield broker
    broker.close()


@pytest.fixture
def ledger(tmp_path: Path):
    """A ledger with two files taken in whose names and numbers say whom they are about."""
    ledger = new_ledger(tmp_path / "ledger.db")
    with ledger.write() as tx:
        ids = ("case", "VOLUME1")
        inventory.put(
            tx,
            file_number="33/4711",
            file_key="33-4711",
            number=1,
            new_ids=ids,
            in_inventory=True,
            holder=NAME,
        )
    for name in (f"{NAME}.pdf", "33_4711.pdf"):
        (tmp_path / "scans").mkdir(exist_ok=True)
        (tmp_path / "scans" / name).write_text(name)
    take_in(ledger, FolderStore(tmp_path / "objects"), [tmp_path / "scans"], Affiliation())
    yield ledger
    ledger.close()


def tasks(ledger: Ledger) -> list[Task]:
    with ledger.read() as tx:
        return work.open_tasks(tx, 100)


def queued(broker: Broker) -> list[Task]:
    """What the queues hold, in the order workers take it."""
    return [Task(*job.args) for queue in broker.queues.values() for job in queue.jobs]


class TestOffers:
    def test_each_step_has_its_queue_and_what_was_begun_comes_first(self, broker):
        broker.offer([Task("split", "s"), Task("recognise", "p1"), Task("file", "f"), Task("assemble", "d")])
        broker.offer([Task("recognise", "p2")])
        assert queued(broker) == [
            Task("assemble", "d"), Task("file", "f"), Task("recognise", "p1"), Task("recognise", "p2"),
            Task("split", "s"),
        ]  # fmt: skip
        assert broker.waiting() == 5

    def test_nothing_is_nothing(self, broker):
        broker.offer([])
        assert broker.waiting() == 0

    def test_installations_on_one_server_do_not_see_each_other(self, broker, server):
        other = Broker(server, "other")
        other.offer([Task("file", "theirs")])
        assert (broker.waiting(), other.waiting()) == (0, 1)
        other.close()


def test_what_is_waited_for_is_said_while_working_and_in_the_status():
    assert WAITING_FOR.keys() == OUT_OF_REACH.keys()


class TestWhoWorks:
    @pytest.fixture
    def worker(self, broker):
        """A worker that has begun, not yet asking for tasks."""
        worker = FairWorker.on(broker, name=this_process())
        worker.register_birth()
        return worker

    def test_is_known_again_after_the_server_was_wiped(self, broker, worker):
        begun = observe.workers(broker)
        broker.connection.flushall()
        assert observe.workers(broker).alive == 0
        worker.heartbeat()
        assert observe.workers(broker) == begun
        assert (begun.alive, begun.machines) == (1, 1)

    def test_one_of_whom_little_is_known_counts(self, broker, worker):
        """A worker in its first moment, and one whose entry has expired, by a clock that jumped, say."""
        assert broker.connection.hget(worker.key, "state") is None
        assert (observe.workers(broker).alive, observe.workers(broker).busy) == (1, 0)
        broker.connection.delete(worker.key)
        worker.set_state("busy")
        assert observe.workers(broker) == observe.Workers(alive=1, busy=1, machines=1, since=None)


class TestWhatTheServerKnows:
    def test_a_job_is_a_step_and_an_id(self, broker, ledger):
        reconcile(ledger, broker)
        found = [
            json.loads(zlib.decompress(broker.connection.hget(key, "data")))
            for key in broker.connection.keys("rq:job:*")
        ]
        steps = [[task.step, task.id] for task in tasks(ledger)]
        assert sorted(found) == sorted(["pipeline.jobs.run", None, step, {}] for step in steps)

    def test_no_name_and_no_file_number_is_anywhere_in_it(self, broker, ledger):
        reconcile(ledger, broker)
        raw = b"\n".join(everything(broker.connection)).lower()
        assert b"split" in raw
        for secret in (NAME, NAME.encode().decode("latin-1"), "mustermann", "4711", ".pdf", "scans"):
            assert secret.lower().encode() not in raw


def everything(connection: redis.Redis) -> list[bytes]:
    """All keys, fields and values, compressed ones opened."""
    pieces: list[bytes] = []
    for key in connection.keys("*"):
        kind = connection.type(key)
        pieces.append(key)
        if kind == b"hash":
            pieces += [part for pair in connection.hgetall(key).items() for part in pair]
        elif kind == b"list":
            pieces += connection.lrange(key, 0, -1)
        elif kind == b"set":
            pieces += connection.smembers(key)
        elif kind == b"zset":
            pieces += connection.zrange(key, 0, -1)
        else:
            pieces.append(connection.get(key))
    return [part for piece in pieces for part in (piece, opened(piece))]


def opened(data: bytes) -> bytes:
    try:
        return zlib.decompress(data)
    except zlib.error:
        return b""


class TestReconcile:
    def test_what_was_wiped_is_offered_again(self, broker, ledger):
        assert reconcile(ledger, broker) == 2
        before = queued(broker)
        broker.connection.flushall()
        assert broker.waiting() == 0
        assert reconcile(ledger, broker) == 2
        assert queued(broker) == before == tasks(ledger)

    def test_nothing_is_offered_while_there_is_something_in_the_queues(self, broker, ledger):
        reconcile(ledger, broker)
        assert reconcile(ledger, broker) == 0
        assert broker.waiting() == 2

    def test_what_somebody_works_on_is_not_offered(self, broker, ledger):
        first, second = tasks(ledger)
        claim(ledger, first, this_process())
        assert reconcile(ledger, broker) == 1
        assert queued(broker) == [second]

    def test_what_a_dead_process_worked_on_is_offered_at_once(self, broker, ledger):
        first, _ = tasks(ledger)
        claim(ledger, first, dead_process())
        assert reconcile(ledger, broker) == 2
        with ledger.write() as tx:
            assert sources.claim(tx, first.id, Claim("host/1/2.0", 60)).begun == 2

    def test_so_is_what_a_process_had_whose_number_another_one_has_now(self, broker, ledger):
        first, _ = tasks(ledger)
        claim(ledger, first, f"{MACHINE}/{os.getpid()}/1")
        assert reconcile(ledger, broker) == 2

    def test_a_process_on_another_machine_is_left_to_the_end_of_its_lease(self, broker, ledger):
        first, second = tasks(ledger)
        claim(ledger, first, "elsewhere/1/1.00")
        assert reconcile(ledger, broker) == 1
        broker.connection.flushall()
        claim(ledger, second, "elsewhere/1/1.00", seconds=-1)
        assert queued_after(ledger, broker) == [second]

    def test_one_that_ended_and_that_nobody_waits_for_is_dead(self):
        process, owner = named_process()
        process.kill()
        assert gone(psutil.Process(process.pid))
        assert is_dead(owner)
        process.communicate()

    def test_one_in_a_container_with_the_same_host_name_is_left_to_its_lease_too(self):
        """It counts its processes from 1, as every container does: none of ours has that number and start."""
        process, owner = named_process("unshare", "--map-root-user", "--pid", "--fork", "--mount-proc")
        if not owner:
            pytest.skip("this machine allows no process namespaces")
        assert owner.startswith(f"{socket.gethostname()}.")
        assert owner.split("/")[1] == "1"
        assert not is_dead(owner)
        process.communicate("\n")
        assert not is_dead(owner)

    def test_when_all_is_done_nothing_is_offered(self, broker, ledger):
        for task in tasks(ledger):
            claim(ledger, task, this_process())
            with ledger.write() as tx:
                source = sources.get(tx, task.id)
                sources.split(tx, source, "PDF", 1, source.stack_id)
                pages.quarantine(tx, f"{source.id}-1", "page_unreadable", {})
                sources.set_stack_state(tx, source.stack_id, "filed")
        assert reconcile(ledger, broker) == 0

    def test_a_server_that_is_away_is_said(self, ledger):
        (port,) = free_ports(1)
        gone = Broker(f"redis://127.0.0.1:{port}")
        with pytest.raises(BrokerUnavailable) as caught:
            reconcile(ledger, gone)
        assert caught.value.retryable
        with pytest.raises(BrokerUnavailable):
            gone.offer([Task("split", "x")])
        gone.close()

    def test_one_that_has_no_room_counts_as_away(self, broker, ledger):
        limit = broker.connection.config_get("maxmemory")["maxmemory"]
        broker.connection.config_set("maxmemory", 1)
        try:
            with pytest.raises(BrokerUnavailable):
                broker.offer([Task("split", "x")])
        finally:
            broker.connection.config_set("maxmemory", limit)


def queued_after(ledger: Ledger, broker: Broker) -> list[Task]:
    reconcile(ledger, broker)
    return queued(broker)


def claim(ledger: Ledger, task: Task, owner: str, seconds: float = 900) -> None:
    with ledger.write() as tx:
        assert sources.claim(tx, task.id, Claim(owner, seconds))


def dead_process() -> str:
    """The name of a process of this machine that held leases and was killed."""
    process, owner = named_process()
    assert not is_dead(owner)
    process.kill()
    process.communicate()
    assert is_dead(owner)
    return owner


def named_process(*before: str) -> tuple[subprocess.Popen[str], str]:
    """A process that told the name it would hold leases under, and waits; a command may stand before it."""
    program = "from pipeline.context import this_process; print(this_process(), flush=True); input()"
    command = [*before, sys.executable, "-c", program]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    return process, process.stdout.readline().strip()


class TestPrivateServer:
    def test_it_listens_on_a_socket_for_its_user_only_and_on_no_port(self, tmp_path):
        with redis_server.running(tmp_path) as url:
            with redis.Redis.from_url(url) as client:
                assert client.config_get("port") == {"port": "0"}
            assert url == f"unix://{tmp_path / 'redis.sock'}"
            assert (tmp_path / "redis.sock").stat().st_mode & 0o077 == 0

    def test_it_ends_with_its_last_user(self, tmp_path):
        with redis_server.running(tmp_path) as url:
            process = server_process(tmp_path)
            with redis_server.running(tmp_path) as same:
                assert same == url
                assert server_process(tmp_path) == process
            assert answers(url)
        assert gone(process)

    def test_whoever_comes_first_may_leave_first(self, tmp_path):
        left, stay = threading.Event(), threading.Event()

        def first() -> None:
            with redis_server.running(tmp_path):
                stay.wait(20)
            left.set()

        thread = threading.Thread(target=first)
        thread.start()
        with redis_server.running(tmp_path) as url:
            process = server_process(tmp_path)
            stay.set()
            assert left.wait(20)
            assert answers(url)
        thread.join()
        assert gone(process)

    def test_many_at_once_start_one(self, tmp_path):
        seen, together = set(), threading.Barrier(5)

        def user() -> None:
            together.wait(20)
            with redis_server.running(tmp_path):
                seen.add(server_process(tmp_path).pid)
                together.wait(20)

        threads = [threading.Thread(target=user) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(seen) == 1

    def test_one_that_was_killed_is_started_again_though_its_socket_is_still_there(self, tmp_path):
        with redis_server.running(tmp_path) as url:
            before = server_process(tmp_path)
            before.send_signal(signal.SIGKILL)
            assert gone(before)
            assert (tmp_path / "redis.sock").exists()
            redis_server.ensure(tmp_path, redis_server.socket_in(tmp_path))
            assert answers(url)
            assert server_process(tmp_path) != before

    def test_what_was_queued_is_still_there_the_next_time(self, tmp_path):
        with redis_server.running(tmp_path) as url:
            broker = Broker(url)
            broker.offer([Task("split", "x")])
            broker.close()
        with redis_server.running(tmp_path) as url:
            broker = Broker(url)
            assert queued(broker) == [Task("split", "x")]
            broker.close()

    def test_without_the_program_the_package_is_named(self, tmp_path, monkeypatch):
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(ToolMissing) as caught:
            redis_server.ensure(tmp_path, redis_server.socket_in(tmp_path))
        assert caught.value.params == {"tool": "redis-server", "package": "redis-server"}


class TestLongDataFolder:
    """A unix socket's path has room for 107 bytes."""

    @pytest.fixture
    def folder(self, tmp_path: Path):
        folder = tmp_path / ("Ausländerbehörde " + "x" * 80) / "akten-data" / "queue"
        folder.mkdir(parents=True)
        yield folder
        shutil.rmtree(redis_server.socket_in(folder).parent, ignore_errors=True)

    def test_the_socket_lies_in_a_short_folder_of_this_user_only(self, folder):
        with redis_server.running(folder) as url:
            assert answers(url)
            short = redis_server.socket_in(folder).parent
            assert (short.stat().st_mode & 0o777, short.stat().st_uid) == (0o700, os.getuid())

    def test_a_process_with_a_folder_of_its_own_for_temporary_files_finds_the_same(self, folder):
        """As every process of ours has: it lies in the data folder, so its path is longer still."""
        outside = redis_server.socket_in(folder)
        with desk.open_office(folder.parent) as office:
            assert office.ctx.scratch.is_relative_to(folder.parent)
            assert redis_server.socket_in(folder) == outside
            with redis_server.running(folder) as url:
                assert answers(url)

    def test_two_data_folders_have_two(self, folder):
        other = folder.parent.parent / "akten-data-2" / "queue"
        other.mkdir(parents=True)
        assert redis_server.socket_in(other) != redis_server.socket_in(folder)
        shutil.rmtree(redis_server.socket_in(other).parent)

    def test_one_that_somebody_else_has_put_there_is_not_used(self, folder, tmp_path):
        private = redis_server.socket_in(folder).parent
        private.rmdir()
        private.symlink_to(tmp_path)
        try:
            with pytest.raises(BrokerUnavailable):
                redis_server.socket_in(folder)
        finally:
            private.unlink()


def answers(url: str) -> bool:
    with redis.Redis.from_url(url) as client:
        return bool(client.ping())


def server_process(folder: Path) -> psutil.Process:
    return psutil.Process(int((folder / "redis.pid").read_text()))


def gone(process: psutil.Process) -> bool:
    """Whether a process ends within a few seconds; a zombie nobody waits for has ended."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("name", ["Akten 2026", "a=b", "50%", "Bestände", "a#b?c"])
def test_a_data_folder_may_be_named_as_people_do(tmp_path, name):
    """redis-py reads its own clients' list, and a socket's path with a space in it broke that."""
    folder = tmp_path / name
    with redis_server.running(folder) as url, contextlib.closing(redis.Redis.from_url(url)) as client:
        assert client.client_list()
    shutil.rmtree(redis_server.socket_in(folder).parent, ignore_errors=True)
