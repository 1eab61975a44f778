"""Ledgers for tests: their tables are made once a process, by the migrations, and copied from then on."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

from storage.ledger import Ledger


@cache
def _migrated() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.db"
        Ledger(f"sqlite:///{path}").close()
        return path.read_bytes()


def new_database(path: Path) -> str:
    """Write a ledger in which nothing is recorded; returns its URL."""
    path.write_bytes(_migrated())
    return f"sqlite:///{path}"


def new_ledger(path: Path, clock: Callable[[], float] | None = None) -> Ledger:
    """Open a new ledger on SQLite."""
    return Ledger(new_database(path), clock)
