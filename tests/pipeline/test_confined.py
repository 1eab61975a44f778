"""The child that takes files apart: what it cannot do, and how its end is told."""

import ctypes
import errno
import io
import logging
import os
import pickle
import resource
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest

import errors
from ocr.records import Box, Word
from pipeline.confined import answer, kernel
from pipeline.confined.lockup import Bounds
from pipeline.confined.run import confined, confined_over, walls
from pipeline.scans.source import MediaType, Origin, PageImage, SourceFacts

BOUNDS = Bounds(memory_mb=200, cpu_seconds=20, file_mb=10, seconds=60)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The walls that this machine's kernel puts up."""
    return walls(tmp_path_factory.mktemp("walls"))


def tried(call) -> str:
    """What the kernel says to something forbidden, or "done"."""
    try:
        call()
    except OSError as error:
        return errno.errorcode[error.errno or 0]
    return "done"


def facts(said: object) -> SourceFacts:
    """Children answer in records of the product only; these tests' findings travel as its largest field."""
    return SourceFacts(said, 1, False)


def inside(tmp_path, work, bounds=BOUNDS):
    """What ``work`` finds in a confined child."""
    return confined(lambda: facts(work()), bounds, tmp_path).media_type


class TestAnswer:
    def test_results_come_back_whole(self, tmp_path):
        pixels = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
        words = (Word("Größe", Box(1, 2, 3, 4), 90.0, 0),)
        sent = PageImage(pixels, 300.0, 210.0, 297.0, Origin.DIGITAL, words)
        came = confined(lambda: sent, BOUNDS, tmp_path)
        assert np.array_equal(came.pixels, pixels)
        assert replace(came, pixels=pixels) == sent
        assert type(came.origin) is Origin
        came.pixels[0, 0] = 7  # it is the worker's own

    def test_errors_come_back_as_themselves(self, tmp_path):
        def fail():
            raise errors.ImageTooLarge(width=6, height=7, limit=8)

        with pytest.raises(errors.ImageTooLarge) as caught:
            confined(fail, BOUNDS, tmp_path)
        assert caught.value.params == {"width": 6, "height": 7, "limit": 8}

    def test_what_nobody_foresaw_names_its_place_and_no_text(self, tmp_path, caplog):
        with pytest.raises(RuntimeError, match=r"^KeyError at stumble:\d+$"):
            confined(stumble, BOUNDS, tmp_path)
        assert "Mustermann" not in caplog.text

    @pytest.mark.parametrize("hidden", [False, True])
    def test_a_full_disk_is_not_the_pages_fault(self, tmp_path, hidden):
        def fail():
            try:
                raise OSError(errno.ENOSPC, "no space")
            except OSError as error:
                if hidden:
                    raise errors.PageUnreadable(detail="it was not written") from error
                raise

        with pytest.raises(errors.DiskFull):
            confined(fail, BOUNDS, tmp_path)

    @pytest.mark.parametrize("poison", [os.system, subprocess.Popen, Path, print])
    def test_a_child_that_was_taken_over_cannot_make_the_worker_run_anything(self, tmp_path, poison):
        class Poison:
            def __reduce__(self):
                return poison, (str(tmp_path / "pwned"),)

        fd = os.memfd_create("poison")
        answer.write(fd, answer.Answer("result", Poison()))
        with pytest.raises(pickle.UnpicklingError):
            answer.read(fd)
        os.close(fd)

    @pytest.mark.parametrize("path", ["re.sys", "_made.__globals__", "fill", "N_"])
    def test_the_way_to_errors_leads_to_errors_only(self, path):
        program = b"\x80\x04\x8c\x06errors\x8c" + bytes([len(path)]) + path.encode() + b"\x93."
        with pytest.raises(pickle.UnpicklingError):
            answer._Unpickler(io.BytesIO(program)).load()


def stumble():
    return {}["Mustermann"]


class TestLimits:
    def test_memory(self, tmp_path):
        with pytest.raises(errors.ReaderBroke, match="200 MB of memory"):
            confined(lambda: len(bytearray(500_000_000)), BOUNDS, tmp_path)

    def test_memory_of_a_program_it_starts(self, tmp_path):
        greedy = [sys.executable, "-c", "bytearray(1_500_000_000)"]
        assert inside(tmp_path, lambda: subprocess.run(greedy, capture_output=True, check=False).returncode)

    def test_cpu_time(self, tmp_path):
        with pytest.raises(errors.ReaderBroke, match="longer than 1 s"):
            confined(spin, replace(BOUNDS, cpu_seconds=1), tmp_path)

    def test_time_by_the_clock(self, tmp_path):
        with pytest.raises(errors.ReaderBroke, match="longer than 1 s"):
            confined(lambda: time.sleep(60), replace(BOUNDS, seconds=1), tmp_path)

    def test_the_size_of_a_file(self, tmp_path):
        with pytest.raises(errors.ReaderBroke, match="more than 10 MB"):
            confined(lambda: (tmp_path / "big").write_bytes(bytes(11_000_000)), BOUNDS, tmp_path)
        assert (tmp_path / "big").stat().st_size <= 10_000_000

    def test_no_core_file_and_few_open_files(self, tmp_path):
        limits = inside(
            tmp_path,
            lambda: [resource.getrlimit(one)[1] for one in (resource.RLIMIT_CORE, resource.RLIMIT_NOFILE)],
        )
        assert limits[0] <= 1
        assert limits[1] <= 1024

    def test_the_worker_keeps_its_own(self, tmp_path):
        kinds = (resource.RLIMIT_DATA, resource.RLIMIT_AS, resource.RLIMIT_CPU, resource.RLIMIT_FSIZE)
        before = [resource.getrlimit(kind) for kind in kinds]
        confined(lambda: None, BOUNDS, tmp_path)
        assert [resource.getrlimit(kind) for kind in kinds] == before


def spin():
    while True:
        pass


class TestWalls:
    def test_no_socket_reaches_this_machine(self, tmp_path, built):
        if not built.network:
            pytest.skip("this kernel refuses to cut the network")
        with socket.create_server(("127.0.0.1", 0)) as server:
            name = server.getsockname()
            assert inside(tmp_path, lambda: tried(lambda: socket.create_connection(name))) != "done"

    def test_no_socket_reaches_a_server_on_a_path(self, tmp_path, built):
        if not built.network or os.uname().machine not in {"x86_64", "aarch64"}:
            pytest.skip("sockets are filtered on x86_64 and aarch64")
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(tmp_path / "s"))
            server.listen()

            def connect():
                with socket.socket(socket.AF_UNIX) as client:
                    client.connect(str(tmp_path / "s"))

            assert inside(tmp_path, lambda: tried(connect)) == "EACCES"

    def test_programs_it_starts_have_no_network_either(self, tmp_path, built):
        if not built.network:
            pytest.skip("this kernel refuses to cut the network")
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            call = f"import socket; socket.create_connection(('127.0.0.1', {port}))"
            run = [sys.executable, "-c", call]
            assert inside(tmp_path, lambda: subprocess.run(run, capture_output=True, check=False).returncode)

    def test_it_writes_below_its_folder_only(self, tmp_path, built):
        if not built.folder:
            pytest.skip("this kernel has no Landlock")
        own, other = tmp_path / "own", tmp_path / "other"
        own.mkdir()
        other.mkdir()
        (other / "ledger.db").write_text("the truth")

        def attempts():
            (own / "part").mkdir()
            (own / "part" / "a").write_text("a")
            (own / "part" / "a").replace(own / "b")
            return [
                tried(lambda: (other / "new").write_text("")),
                tried(lambda: (other / "ledger.db").write_text("lies")),
                tried((other / "ledger.db").unlink),
                tried(lambda: (own / "b").replace(other / "ledger.db")),
                tried(lambda: (own / "link").symlink_to(other)),
                tried(lambda: os.mkfifo(own / "fifo")),
            ]

        assert "done" not in inside(own, attempts)
        assert (other / "ledger.db").read_text() == "the truth"
        assert (own / "b").read_text() == "a"

    def test_it_can_neither_end_nor_look_into_the_worker(self, tmp_path, built):
        if not built.folder:
            pytest.skip("this kernel has no Landlock")
        libc, worker = ctypes.CDLL(None, use_errno=True), os.getpid()

        def attempts():
            attached = libc.ptrace(16, worker, 0, 0)  # PTRACE_ATTACH
            return attached, tried(lambda: Path(f"/proc/{worker}/environ").read_bytes())

        assert inside(tmp_path, attempts) == (-1, "EACCES")

    def test_no_privileges_are_to_be_had(self, tmp_path):
        status = inside(tmp_path, Path("/proc/self/status").read_text)
        assert "NoNewPrivs:\t1" in status
        assert "CapEff:\t0000000000000000" in status

    def test_a_kernel_without_these_walls_is_told_not_guessed(self, tmp_path, monkeypatch):
        monkeypatch.setattr(kernel, "write_only_below", lambda folder: False)
        monkeypatch.setattr(kernel, "cut_network", lambda: False)
        bare = walls(tmp_path)
        assert (bare.network, bare.folder) == (False, False)


class TestNothingOfTheWorkers:
    def test_no_secret_in_the_environment(self, tmp_path, monkeypatch):
        monkeypatch.setenv("AKTEN_OBJECTS__SECRET_KEY", "geheim")
        environment, own, program = inside(
            tmp_path,
            lambda: (
                dict(os.environ),
                Path("/proc/self/environ").read_bytes(),
                subprocess.run(["env"], capture_output=True, check=True).stdout,
            ),
        )
        assert "AKTEN_OBJECTS__SECRET_KEY" not in environment
        assert environment["PATH"] == os.environ["PATH"]
        assert own.strip(b"\0") == b""
        assert b"geheim" not in program

    def test_the_environment_a_process_began_with_is_wiped(self, tmp_path):
        # What a variable was at the start of a process stays in its memory, whatever happens to it later.
        code = (
            "import os, sys; from pathlib import Path; from pipeline.confined import kernel\n"
            "kernel.wipe_environment({'KEPT': 'x'})\n"
            "print(Path('/proc/self/environ').read_bytes().strip(b'\\0'), dict(os.environ))"
        )
        environment = {**os.environ, "AKTEN_LEDGER__URL": "postgresql://akten:geheim@db"}
        run = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
        )
        assert run.stdout == "b'' {'KEPT': 'x'}\n"

    def test_no_file_or_connection(self, tmp_path):
        with (tmp_path / "ledger.db").open("w"), socket.create_server(("127.0.0.1", 0)):
            files = inside(tmp_path, lambda: [str(file.readlink()) for file in open_files()])
        others = [name for name in files if name != os.devnull]
        assert len(others) == 2, "its answer, and its line to the worker"
        assert not any("ledger.db" in name for name in others)

    def test_what_a_library_logs_gets_into_no_file_of_the_childs(self, tmp_path, monkeypatch):
        """The log's file was open in the worker; in the child its number is soon that of another file."""
        handler = logging.FileHandler(tmp_path / "log")
        handler.emit(logging.makeLogRecord({"msg": "begun"}))
        monkeypatch.setattr(logging.getLogger(), "handlers", [handler])

        def work():
            inner = tmp_path / "inner"
            inner.mkdir()
            written = [(inner / str(number)).open("wb") for number in range(20)]
            logging.getLogger("pikepdf._core").warning("a library's complaint")
            for file in written:
                file.close()
            return b"".join(path.read_bytes() for path in inner.iterdir())

        assert inside(tmp_path, work) == b""
        handler.close()


def open_files():
    """The process's open files, without the one that is opened to list them."""
    return [file for file in Path("/proc/self/fd").iterdir() if file.is_symlink()]


class TestEnd:
    @pytest.mark.parametrize("name", [signal.SIGKILL, signal.SIGTERM])
    def test_killed_from_outside_it_is_to_be_tried_again(self, tmp_path, name):
        with pytest.raises(errors.ReaderKilled) as caught:
            confined(lambda: os.kill(os.getpid(), name), BOUNDS, tmp_path)
        assert caught.value.retryable

    @pytest.mark.parametrize("name", [signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS])
    def test_a_crash_is_the_files_doing(self, tmp_path, name):
        with pytest.raises(errors.ReaderBroke, match=name.name):
            confined(lambda: os.kill(os.getpid(), name), BOUNDS, tmp_path)

    def test_one_that_says_nothing_is_no_reason_to_condemn_a_page(self, tmp_path):
        with pytest.raises(RuntimeError):
            confined(lambda: os._exit(3), BOUNDS, tmp_path)

    def test_what_it_started_ends_with_it(self, tmp_path):
        with pytest.raises(errors.ReaderKilled):
            confined(lambda: start_and_die(tmp_path), BOUNDS, tmp_path)
        assert_gone(int((tmp_path / "pid").read_text()))

    def test_it_dies_with_the_worker(self, tmp_path):
        worker = os.fork()
        if not worker:
            with suppress(BaseException):
                confined(lambda: wait_after_writing(tmp_path / "pid"), BOUNDS, tmp_path)
            os._exit(0)
        child = int(appearing(tmp_path / "pid"))
        os.kill(worker, signal.SIGKILL)
        os.waitpid(worker, 0)
        assert_gone(child)

    def test_an_exception_in_the_worker_leaves_no_child(self, tmp_path):
        # This is how the queue's time limit ends a step.
        def over(number, frame):
            raise TimeoutError

        before = signal.signal(signal.SIGALRM, over)
        signal.setitimer(signal.ITIMER_REAL, 0.5)
        try:
            with pytest.raises(TimeoutError):
                confined(lambda: wait_after_writing(tmp_path / "pid"), BOUNDS, tmp_path)
        finally:
            signal.signal(signal.SIGALRM, before)
        assert_gone(int((tmp_path / "pid").read_text()))


def start_and_die(folder):
    started = subprocess.Popen(["sleep", "60"])
    (folder / "pid").write_text(str(started.pid))
    os.kill(os.getpid(), signal.SIGKILL)


def wait_after_writing(path):
    path.with_suffix(".new").write_text(str(os.getpid()))
    path.with_suffix(".new").rename(path)
    time.sleep(60)


def appearing(path) -> str:
    for _ in range(2000):
        if path.exists():
            return path.read_text()
        time.sleep(0.01)
    raise AssertionError(path)


def assert_gone(pid):
    for _ in range(1000):
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return
        time.sleep(0.01)
    raise AssertionError(pid)


class TestRecords:
    def test_are_made_in_the_worker_and_used_in_the_child(self, tmp_path):
        made = []

        def records():
            for number in range(5):
                made.append(os.getpid())
                yield number

        found = confined_over(records(), lambda given: facts((list(given), os.getpid())), BOUNDS, tmp_path)
        assert found.media_type[0] == [0, 1, 2, 3, 4]
        assert set(made) == {os.getpid()}
        assert found.media_type[1] != os.getpid()

    def test_are_made_one_by_one_as_they_are_wanted(self, tmp_path):
        made = []
        records = (made.append(number) or number for number in range(1000))
        assert confined_over(records, lambda given: facts(next(given)), BOUNDS, tmp_path).media_type == 0
        assert made == [0]

    def test_what_making_one_raises_comes_out_as_it_is(self, tmp_path):
        def records():
            yield MediaType.PDF
            raise errors.StoreUnavailable(detail="away")

        with pytest.raises(errors.StoreUnavailable, match="away"):
            confined_over(records(), lambda given: facts(list(given)), BOUNDS, tmp_path)

    def test_an_operating_systems_error_in_making_one_does_too(self, tmp_path):
        def records():
            yield 1
            raise ConnectionResetError("by the store")

        with pytest.raises(ConnectionResetError):
            confined_over(records(), lambda given: facts(list(given)), BOUNDS, tmp_path)

    def test_each_has_its_own_time(self, tmp_path):
        def slow(given):
            for _ in given:
                until = time.process_time() + 0.6
                while time.process_time() < until:
                    pass
            return facts("done")

        bounds = replace(BOUNDS, cpu_seconds=2)
        assert confined_over(range(5), slow, bounds, tmp_path).media_type == "done"
