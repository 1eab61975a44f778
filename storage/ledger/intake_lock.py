"""Taking in and recovering exclude each other, on all machines that share a ledger.

An original is stored before its file is registered. Who looked for originals that nobody knows in
between would take those for lost ones. SQLite's ledger has a lock file beside it, PostgreSQL an advisory
lock; both end with the process that holds them.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine

from errors import IntakeBusy
from storage.ledger.database import READING

_FILE = "intake.lock"
#: Any number no other program uses in this database, nor the ledger's writers.
_NUMBER = 0x616B74656F
_ASK_AGAIN_SECONDS = 0.2


@contextmanager
def shared(engine: Engine) -> Iterator[None]:
    """Held while files are taken in, by any number; waits until a recovery has ended."""
    if engine.dialect.name == "sqlite":
        with _file(engine) as file:
            fcntl.flock(file, fcntl.LOCK_SH)
            yield
    else:
        with _session(engine) as ask:
            # Asked for, not waited for there: a server that is silent for long counts as gone.
            while not ask("pg_try_advisory_lock_shared"):
                time.sleep(_ASK_AGAIN_SECONDS)
            yield


@contextmanager
def exclusive(engine: Engine) -> Iterator[None]:
    """Held during a recovery. Raises ``errors.IntakeBusy`` while anybody takes in, or recovers."""
    if engine.dialect.name == "sqlite":
        with _file(engine) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise IntakeBusy from error
            yield
    else:
        with _session(engine) as ask:
            if not ask("pg_try_advisory_lock"):
                raise IntakeBusy
            yield


@contextmanager
def _file(engine: Engine) -> Iterator[int]:
    path = Path(engine.url.database or "").parent / _FILE
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield file
    finally:
        os.close(file)


@contextmanager
def _session(engine: Engine) -> Iterator[Callable[[str], bool]]:
    """Asks the server for locks on a connection that is in no transaction, as one that idles would be ended.

    The locks end with it.
    """
    with engine.connect() as opened:
        connection = opened.execution_options(isolation_level="AUTOCOMMIT", **READING)
        try:
            yield lambda function: bool(
                connection.exec_driver_sql(f"SELECT {function}({_NUMBER})").scalar_one()
            )
        finally:
            connection.invalidate()
