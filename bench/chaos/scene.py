"""A data folder with its servers and processes, and who starts them again: systemd's part."""

from __future__ import annotations

import hashlib
import json
import os
import select
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import psutil
from minio.error import S3Error

from bench.chaos.clock import Clock
from bench.chaos.confinement import Ballast, Confinement
from bench.chaos.specimens import Specimens
from storage.ledger import Ledger
from tests.command import Akten
from tests.servers import PostgresServer, S3Server

LedgerKind = Literal["sqlite", "postgres"]
Role = Literal["group", "foreman", "worker", "job", "tool"]

_BUCKET = "chaos"
_DISK_MB = 128
_RESTART_SECONDS, _REAP_SECONDS = 1.0, 1.0
_STOP_SECONDS = 90.0
_SERVERS = {"weed", "postgres", "pg_ctl", "psql"}
_REVIVAL_SECONDS = 30.0
#: On a busy machine the kernel may take its time until what was killed has ended.
_DEATH_SECONDS = 60.0
#: How a command may end under faults: done, something in quarantine, a part is away, interrupted, killed.
_INTERRUPTED = 4
_MAY_END = {0, 1, 3, _INTERRUPTED, -signal.SIGKILL}


@dataclass(slots=True)
class Command:
    """An ``akten`` command that is started again when it ends; ``until``: exit codes that end it for good."""

    arguments: tuple[str | Path, ...]
    log: Path
    until: frozenset[int] = frozenset()
    process: subprocess.Popen[bytes] | None = None
    exits: list[int] = field(default_factory=list)
    next_start: float = 0.0

    @property
    def done(self) -> bool:
        """Whether it ended as it should."""
        return bool(self.exits) and self.exits[-1] in self.until

    @property
    def running(self) -> bool:
        """Whether its process lives."""
        return self.process is not None and self.process.poll() is None


class Scene:
    """What a trial happens to; a context manager that ends all it has started."""

    def __init__(
        self, folder: Path, confinement: Confinement, kind: LedgerKind, specimens: Specimens
    ) -> None:
        self.folder, self.confinement, self.kind = folder, confinement, kind
        self.clock = Clock(folder)
        self.store = S3Server()
        self.postgres = PostgresServer() if kind == "postgres" else None
        self.groups: list[Command] = []
        self.ingests: list[Command] = []
        self.outages: dict[str, threading.Thread] = {}
        self.troubles: list[str] = []
        self._specimens = specimens
        self._parts = ExitStack()
        self._zombies: set[int] = set()
        self._next_reaping = 0.0

    def __enter__(self) -> Scene:
        with ExitStack() as parts:
            parts.enter_context(self.confinement.small_disk(self.folder / "data", _DISK_MB))
            parts.enter_context(self.store)
            if self.postgres is not None:
                parts.enter_context(self.postgres)
            self.akten = Akten(self.folder / "data", self._settings())
            self.ballast = Ballast(self.akten.data)
            self.ledger_url = self.akten.environment.get(
                "AKTEN_LEDGER__URL", f"sqlite:///{self.akten.data / 'ledger.db'}"
            )
            ledger = Ledger(self.ledger_url)
            self._specimens.register(ledger)
            ledger.close()
            parts.callback(self.end)
            self._parts = parts.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._parts.close()

    def _settings(self) -> dict[str, str]:
        settings = {
            "AKTEN_OBJECTS__STORE": "s3",
            "AKTEN_OBJECTS__ENDPOINT": self.store.endpoint,
            "AKTEN_OBJECTS__BUCKET": _BUCKET,
            "AKTEN_OBJECTS__ACCESS_KEY": self.store.access_key,
            "AKTEN_OBJECTS__SECRET_KEY": self.store.secret_key,
            "AKTEN_OBJECTS__REGION": self.store.region,
            "AKTEN_OBJECTS__SECURE": "false",
            "AKTEN_OBJECTS__CACHE_MB": "100",
            "OMP_THREAD_LIMIT": "1",
            **self.clock.variables,
        }
        if self.postgres is not None:
            settings["AKTEN_LEDGER__URL"] = self.postgres.database()
        return settings

    # --- processes -----------------------------------------------------------------------------------

    def work(self, groups: int, workers: int) -> None:
        """Have groups of workers from now on."""
        for number in range(groups):
            log = self.folder / f"work-{number}.log"
            self.groups.append(Command(("work", "--workers", str(workers)), log))

    def ingest(self, delivery: Path) -> Command:
        """Have a delivery taken in, until it is."""
        log = self.folder / f"ingest-{len(self.ingests)}.log"
        self.ingests.append(Command(("ingest", delivery), log, until=frozenset({0, 1})))
        return self.ingests[-1]

    def keep_up(self) -> None:
        """Start what has ended and should not have; reap what has lost its parent."""
        now = time.monotonic()
        for command in (*self.groups, *self.ingests):
            if command.process is not None and not command.running:
                self._note_exit(command)
                command.next_start = now + _RESTART_SECONDS
            if command.process is None and not command.done and now >= command.next_start:
                self._start(command)
        if now >= self._next_reaping:
            self._next_reaping = now + _REAP_SECONDS
            self._reap()

    def _start(self, command: Command) -> None:
        with command.log.open("ab") as log:
            command.process = subprocess.Popen(
                [self.akten.executable, *command.arguments],
                env=self.akten.variables,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _note_exit(self, command: Command) -> None:
        if command.process is not None:
            command.exits.append(command.process.wait())
            command.process = None
            with command.log.open("a") as log:
                log.write(f"[ended with {command.exits[-1]} at {datetime.now():%T}]\n")

    def _reap(self) -> None:
        """What is a zombie for the second time waits for nobody but us, who stand in for init."""
        zombies = {one.pid for one in psutil.Process().children() if one.status() == psutil.STATUS_ZOMBIE}
        own = {one.process.pid for one in (*self.groups, *self.ingests) if one.process is not None}
        for pid in (zombies & self._zombies) - own:
            with suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
        self._zombies = zombies

    def processes(self, role: Role) -> list[psutil.Process]:
        """Those that play a role: a group's parent, its foreman, its workers, their jobs, what those call."""
        found = [psutil.Process(one.process.pid) for one in self.groups if one.process and one.running]
        for step in ("group", "foreman", "worker", "job", "tool"):
            if step == role:
                return sorted(found, key=lambda one: one.pid)
            found = [child for one in found for child in _children(one, recursive=step == "job")]
            if step == "group":
                found = [one for one in found if _name(one) == "akten-foreman"]
        return found

    def broker(self) -> psutil.Process | None:
        """The private queue server, if it runs."""
        with suppress(OSError, ValueError, psutil.NoSuchProcess):
            found = psutil.Process(int((self.akten.data / "queue" / "redis.pid").read_text()))
            return found if found.name() == "redis-server" else None
        return None

    def strangers(self) -> list[str]:
        """Processes there are that are no server of the scene's: nothing may be left behind."""
        running = psutil.Process().children(recursive=True)
        return [
            _command_line(one)
            for one in running
            if one.is_running() and one.status() != psutil.STATUS_ZOMBIE and one.name() not in _SERVERS
        ]

    def stop(self) -> list[str]:
        """Ask all groups to end, as systemd does; returns what is wrong with how they did."""
        wrong = []
        self.keep_up()
        for group in self.groups:
            if group.process is not None:
                group.process.terminate()
        for group in self.groups:
            if group.process is None:
                continue
            try:
                code = group.process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                wrong.append(f"a group did not end within {_STOP_SECONDS:.0f} s of SIGTERM")
                continue
            # One that has only just been started does not listen yet.
            if code not in (_INTERRUPTED, -signal.SIGTERM):
                wrong.append(f"a group ended with {code} on SIGTERM, not with {_INTERRUPTED}")
        return wrong

    def odd_exits(self) -> Iterator[str]:
        """Commands that ended as none may, whatever is done to it."""
        for command in (*self.groups, *self.ingests):
            allowed = _MAY_END - ({0, 1} if command in self.groups else set())
            for code in command.exits:
                if code not in allowed:
                    yield f"'akten {command.arguments[0]}' ended with {code}: see {command.log.name}"

    def kill_all(self) -> int:
        """End everything but the servers by force, as a power cut would; returns how many processes."""
        running = psutil.Process().children(recursive=True)
        return kill(one for one in running if _name(one) not in _SERVERS)

    def end(self) -> None:
        """Kill what still runs, and leave nothing of it anywhere."""
        self.all_is_back()
        self.kill_all()
        for command in (*self.groups, *self.ingests):
            if command.process is not None:
                command.process.wait()

    # --- outages -------------------------------------------------------------------------------------

    def outage(self, part: str, begin: Callable[[], None], seconds: float, end: Callable[[], None]) -> bool:
        """Take a part away for a while; False if it is away already."""
        if part in self.outages and self.outages[part].is_alive():
            return False
        begin()

        def later() -> None:
            time.sleep(seconds)
            try:
                end()
            except Exception as error:
                self.troubles.append(f"{part} did not come back: {error}")

        self.outages[part] = threading.Thread(target=later, name=part)
        self.outages[part].start()
        return True

    def revive_database(self) -> None:
        """Start a killed PostgreSQL again; its orphans have to be gone first."""
        deadline = time.monotonic() + _REVIVAL_SECONDS
        while self.postgres is not None:
            try:
                self.postgres.start()
            except RuntimeError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
            else:
                return

    def all_is_back(self) -> None:
        """Wait until no part is away."""
        for thread in self.outages.values():
            thread.join()

    # --- questions -----------------------------------------------------------------------------------

    def ask(self, *arguments: str | Path, codes: Sequence[int] = (0,)) -> Any:  # noqa: ANN401 - JSON
        """Run a command with ``--json`` to its end; None when it ended with another code."""
        done = subprocess.run(
            [self.akten.executable, *arguments, "--json"],
            env=self.akten.variables,
            capture_output=True,
            timeout=300,
            check=False,
        )
        return json.loads(done.stdout) if done.returncode in codes else None

    def stored(self, keys: Iterable[str]) -> dict[str, str]:
        """The hashes of those of these objects that the store has, as they are read from there.

        One by one: after a kill, SeaweedFS' listing has been seen to lack an object that it gives by its key.
        """
        client, found = self.store.client(timeout=30), {}
        for key in keys:
            with suppress(S3Error), closing(client.get_object(_BUCKET, key)) as answer:
                found[key] = hashlib.sha256(answer.read()).hexdigest()
        return found

    def logs(self) -> list[str]:
        """What work has written for administrators to read: its own output and its workers'."""
        files = [*self.folder.glob("work-*.log"), *self.akten.data.rglob("*.log")]
        return [file.read_text(errors="replace") for file in files]

    def keep_evidence(self) -> None:
        """Copy logs, queue and an embedded ledger to where they outlive the small disk."""
        leave = shutil.ignore_patterns("cache", "tmp", "index", "*.sock")
        shutil.copytree(self.akten.data, self.folder / "evidence", ignore=leave)

    def scratch(self) -> list[str]:
        """What lies in the folder for temporary files."""
        # os.walk passes over folders that vanish while it looks.
        walked = os.walk(self.akten.data / "tmp")
        return [str(Path(folder, name)) for folder, inner, files in walked for name in (*inner, *files)]


def kill(victims: Iterable[psutil.Process]) -> int:
    """End processes by force, all at once; returns, once they have ended, how many there were to kill.

    One that has been killed runs on until the kernel gets to it, so that who asked it to end meanwhile would
    blame it for the way it ends. None is reaped: that is for its parent.
    """
    with ExitStack() as handles:
        dying = []
        for one in victims:
            with suppress(psutil.NoSuchProcess, ProcessLookupError):
                handle = os.pidfd_open(one.pid)
                handles.callback(os.close, handle)
                if one.status() != psutil.STATUS_ZOMBIE:
                    one.kill()
                    dying.append(handle)
        for handle in dying:
            select.select([handle], [], [], _DEATH_SECONDS)
        return len(dying)


def _name(process: psutil.Process) -> str:
    with suppress(psutil.NoSuchProcess):
        return str(process.name())
    return ""


def _children(process: psutil.Process, *, recursive: bool) -> list[psutil.Process]:
    """By asking the kernel: psutil looks at every process there is, and a Tesseract is gone by then."""
    found = []
    with suppress(OSError):
        for task in Path("/proc", str(process.pid), "task").iterdir():
            for pid in (task / "children").read_text().split():
                with suppress(psutil.NoSuchProcess):
                    child = psutil.Process(int(pid))
                    if child.status() != psutil.STATUS_ZOMBIE:
                        found += [child, *(_children(child, recursive=True) if recursive else [])]
    return found


def _command_line(process: psutil.Process) -> str:
    with suppress(psutil.NoSuchProcess):
        return " ".join(process.cmdline())
    return ""
