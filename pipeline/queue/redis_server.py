"""The private redis-server: on a unix socket in the data folder, for one machine and no administration."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import redis

from errors import N_, BrokerUnavailable, ToolMissing

PROGRAM = "redis-server"
PACKAGE = "redis-server"
#: A unix socket's path has to fit into 108 bytes, the last one is a zero.
_LONGEST_SOCKET = 107
_PLAIN_PATH = re.compile(r"[A-Za-z0-9/._-]+")
#: Not tempfile's folder, which is a process's own; all that use the server have to agree.
_SHORT = Path("/tmp")  # noqa: S108 - a folder in it is made for this user only, and looked at
_START_SECONDS = 10.0


def version() -> str:
    """The installed server's version, e.g. ``7.0.15``; raises ``ToolMissing``."""
    if shutil.which(PROGRAM) is None:
        raise ToolMissing(tool=PROGRAM, package=PACKAGE)
    text = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, check=False).stdout
    match = re.search(r"v=([0-9.]+)", text)
    return match[1] if match else "?"


def socket_in(folder: Path) -> Path:
    """Where this folder's server listens: in the folder, or in a private one if its path will not do.

    Too long will not do, nor a space, which redis-py stumbles over, nor what means something in a URL.
    """
    wanted = folder.resolve() / "redis.sock"
    if len(os.fsencode(wanted)) <= _LONGEST_SOCKET and _PLAIN_PATH.fullmatch(str(wanted)):
        return wanted
    name = hashlib.sha256(os.fsencode(wanted)).hexdigest()[:16]
    private = _SHORT / f"akten-{os.getuid()}-{name}"
    private.mkdir(mode=0o700, exist_ok=True)
    found = private.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise BrokerUnavailable(detail=N_("{folder} belongs to somebody else"), folder=str(private))
    return private / "redis.sock"


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """A private server for as long as anybody uses it; yields its URL.

    Users hold a shared lock. Who leaves last stops the server; its append-only file stays, though
    nothing depends on it: the ledger knows what is left to do.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    socket = socket_in(folder)
    users = os.open(folder / "users.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(users, fcntl.LOCK_SH)
        ensure(folder, socket)
        yield f"unix://{socket}"
    finally:
        with suppress(BlockingIOError):
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _stop(socket)
        os.close(users)


def ensure(folder: Path, socket: Path) -> None:
    """Start the server unless it answers; two at once agree by a lock on who starts it."""
    starting = os.open(folder / "start.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(starting, fcntl.LOCK_EX)
        if not answers(socket):
            _start(folder, socket)
    finally:
        os.close(starting)


def _start(folder: Path, socket: Path) -> None:
    version()
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(folder.resolve()),
        "appendonly": "yes",
        "save": "",
        "daemonize": "yes",
        "logfile": str(folder.resolve() / "redis.log"),
        "pidfile": str(folder.resolve() / "redis.pid"),
    }
    command = [PROGRAM, *(part for name, value in options.items() for part in (f"--{name}", value))]
    started = subprocess.run(command, capture_output=True, text=True, check=False)
    deadline = time.monotonic() + _START_SECONDS
    while not answers(socket):
        if started.returncode or time.monotonic() > deadline:
            raise BrokerUnavailable(
                detail=N_("{program} did not start, see {log}"),
                program=PROGRAM,
                log=str(folder / "redis.log"),
            )
        time.sleep(0.02)


def answers(socket: Path) -> bool:
    """Whether a server listens at ``socket`` and takes work."""
    if not socket.exists():
        return False
    client = redis.Redis(unix_socket_path=str(socket), socket_timeout=5)
    try:
        return bool(client.ping())
    except redis.BusyLoadingError:
        return False
    except redis.RedisError:
        return False
    finally:
        client.close()


def _stop(socket: Path) -> None:
    client = redis.Redis(unix_socket_path=str(socket))
    with suppress(redis.RedisError):
        client.shutdown(nosave=True)
    client.close()
