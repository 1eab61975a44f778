"""A moment in the middle of the work, however fast or slow the machine is: nobody gets on while it lasts."""

from __future__ import annotations

import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

_PATIENCE_SECONDS = 120


@contextmanager
def half_way(data: Path, worked_by: subprocess.Popen[str], *, done: int = 2, left: int = 3) -> Iterator[None]:
    """Hold a ledger when so many pages are read, or more, and so many files and pages are left to do.

    What is killed within leaves work behind for sure. A ``Forked`` command may not write meanwhile: it would
    take this process's lock for its own.
    """
    with closing(sqlite3.connect(data / "ledger.db", isolation_level=None, timeout=30)) as ledger:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not _is_held(ledger, done, left):
            assert worked_by.poll() is None, worked_by.communicate()
            assert time.monotonic() < deadline, "the work was never seen half-way"
            time.sleep(0.02)
        yield
        ledger.execute("ROLLBACK")


def _is_held(ledger: sqlite3.Connection, done: int, left: int) -> bool:
    ledger.execute("BEGIN IMMEDIATE")
    ((read, pages),) = ledger.execute("SELECT COUNT(result), COUNT(*) - COUNT(result) FROM pages")
    ((files,),) = ledger.execute("SELECT COUNT(*) FROM sources WHERE state != 'split'")
    if read >= done and pages + files >= left:
        return True
    ledger.execute("ROLLBACK")
    return False
