"""A copy of the ledger's database while everything runs, and its way back.

For SQLite only. The copy is made by ``VACUUM INTO``: one reading transaction, so writers do not wait, and
the copy is the ledger of one moment. It is checked before it gets its name. A server like PostgreSQL has
its own programs for this; ``dump_command`` and ``restore_command`` say how to call them.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkstemp

from sqlalchemy import URL

from errors import N_, DiskFull, Interrupted, LedgerDamaged, LedgerExists, LedgerUnavailable
from storage.ledger import work
from storage.ledger.core import Ledger
from storage.ledger.database import address_of
from storage.ledger.documents import forget_index

#: Steps of SQLite's machine after which Python may notice Ctrl-C: a few milliseconds.
_STEPS = 100_000
#: A database, and what SQLite keeps beside it.
_BESIDE = ("", "-wal", "-shm", "-journal")


@dataclass(frozen=True, slots=True)
class Copy:
    """A sound copy of a ledger: size in bytes, SHA-256, what it holds, when its last event was (ISO 8601)."""

    size: int
    sha256: str
    events: int
    batches: int
    last_event: str | None


def database_file(url: str) -> Path | None:
    """The file an SQLite ledger lies in; None for one in PostgreSQL. Raises ``BadSetting``."""
    address = address_of(url)
    return Path(address.database or "") if address.get_backend_name() == "sqlite" else None


def dump_command(url: str, target: Path) -> str:
    """The shell command that backs up a PostgreSQL ledger to a file, without its password."""
    return shlex.join(["pg_dump", "--format=custom", f"--file={target}", *_server(address_of(url))])


def restore_command(url: str, backup: Path) -> str:
    """The shell command that fills an empty PostgreSQL database from such a file."""
    return shlex.join(["pg_restore", "--exit-on-error", "--no-owner", *_server(address_of(url)), str(backup)])


def _server(address: URL) -> Iterator[str]:
    host, port = address.host, address.port
    socket = address.query.get("unix_sock")
    if isinstance(socket, str):  # …/.s.PGSQL.5432: the programs want its folder and number
        host, port = str(Path(socket).parent), int(socket.rpartition(".")[2])
    named = {"host": host, "port": port, "username": address.username, "dbname": address.database}
    return (f"--{name}={value}" for name, value in named.items() if value)


def back_up(
    database: Path, target: Path, on_bytes: Callable[[int, int], None] = lambda _done, _total: None
) -> Copy:
    """Copy a ledger in use to ``target``, which is there wholly and checked, or left as it was.

    ``on_bytes`` is told how many bytes are written, of about how many. Raises ``LedgerDamaged`` when the
    copy does not pass SQLite's own check, ``LedgerUnavailable`` when there is no ledger, ``DiskFull``.
    """
    with _part(target) as part:
        with _sqlite(database, "mode=rw") as source:
            total = database.stat().st_size
            source.set_progress_handler(lambda: on_bytes(part.stat().st_size, total), _STEPS)
            source.execute("VACUUM INTO ?", (str(part),))
        _check(part)
        copy = _describe(part)
        part.replace(target)
    return copy


def require_none(database: Path) -> None:
    """Raise ``LedgerExists`` where a ledger is, or what SQLite keeps beside one: it would be mixed in."""
    for ending in _BESIDE:
        if Path(f"{database}{ending}").exists():
            raise LedgerExists(path=f"{database}{ending}")


def put_back(backup: Path, database: Path) -> Copy:
    """Make a backup the ledger at ``database``, where there must be none.

    Tables of an older version are brought up to date; nobody is at work in it, whoever was at the time of
    the backup; the search index is to be filled anew. Raises ``LedgerExists``, ``LedgerDamaged``, and
    ``LedgerUnavailable`` when a newer Aktenwerk wrote it.
    """
    require_none(database)
    with _part(database) as part:
        shutil.copyfile(backup, part)
        _check(part)
        copy = _describe(part)
        _wake(part)
        try:
            os.link(part, database)  # unlike a rename it replaces nothing
        except FileExistsError as error:
            raise LedgerExists(path=str(database)) from error
    return copy


@contextmanager
def _part(target: Path) -> Iterator[Path]:
    """An empty file of its owner beside ``target``; what becomes of it is on the disk at the end."""
    handle, name = mkstemp(prefix=f".{target.name[:100]}.", suffix=".part", dir=target.parent)
    os.close(handle)
    part = Path(name)
    try:
        yield part
        folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    finally:
        for ending in _BESIDE:
            with suppress(FileNotFoundError):
                Path(f"{part}{ending}").unlink()


def _check(part: Path) -> None:
    """SQLite's own check of a copy, every row and index of it; then it is synced to the disk."""
    with _sqlite(part, "mode=ro&immutable=1") as copy:
        for said in (*copy.execute("PRAGMA integrity_check(1)"), *copy.execute("PRAGMA foreign_key_check")):
            if said != ("ok",):
                raise LedgerDamaged(detail=" ".join(map(str, said)))
        tables = "SELECT COUNT(*) FROM sqlite_master WHERE name IN ('alembic_version', 'events')"
        if copy.execute(tables).fetchone() != (2,):
            raise LedgerDamaged(detail=N_("it is a database, but no ledger"))
    with part.open("rb") as file:
        os.fsync(file.fileno())


def _describe(part: Path) -> Copy:
    with _sqlite(part, "mode=ro&immutable=1") as copy:
        (count,) = copy.execute("SELECT COUNT(*) FROM events").fetchone()
        (received,) = copy.execute("SELECT COUNT(*) FROM batches").fetchone()
        last = copy.execute("SELECT at FROM events ORDER BY id DESC LIMIT 1").fetchone()
    with part.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return Copy(part.stat().st_size, sha256, count, received, last[0] if last else None)


def _wake(part: Path) -> None:
    """Bring a copy's tables up to date and end what was going on when it was made."""
    ledger = Ledger(f"sqlite:///{part}")
    with ledger.write() as tx:
        for owner in work.holders(tx):
            work.expire(tx, owner)
        forget_index(tx)
    ledger.close()


@contextmanager
def _sqlite(database: Path, how: str) -> Iterator[sqlite3.Connection]:
    """A connection that Ctrl-C can interrupt; whatever SQLite says becomes an error of ours."""
    try:
        with closing(sqlite3.connect(f"{database.absolute().as_uri()}?{how}", uri=True)) as connection:
            connection.isolation_level = None
            connection.set_progress_handler(lambda: None, _STEPS)
            yield connection
    except sqlite3.Error as error:
        raise _meant(error) from error


def _meant(error: sqlite3.Error) -> Exception:
    code = getattr(error, "sqlite_errorcode", None)
    if code == sqlite3.SQLITE_INTERRUPT:
        return Interrupted()
    if code == sqlite3.SQLITE_FULL:
        return DiskFull()
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return LedgerDamaged(detail=str(error))
    return LedgerUnavailable(detail=str(error))
