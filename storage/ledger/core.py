"""The ledger's connection to its database, and the transaction all verbs work in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, Executable, Row, RowMapping
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from errors import N_, AktenError, DiskFull, Interrupted, LedgerUnavailable, WrongUse
from storage.ledger import intake_lock
from storage.ledger.database import NETWORK_ERRORS, READING, now_of, open_database
from storage.ledger.tables import events

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Transaction:
    """One database transaction; ``now`` is its time in seconds since the epoch."""

    connection: Connection
    now: float

    @property
    def at(self) -> str:
        """``now`` as an ISO 8601 timestamp in UTC, milliseconds, sortable as text."""
        moment = datetime.fromtimestamp(self.now, UTC)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def record(self, kind: str, subject: str, **data: Any) -> None:  # noqa: ANN401 - JSON
        """Append an event: what happened (``kind``) to whom (``subject``, an id), with its details."""
        row = {"at": self.at, "kind": kind, "subject": subject, "data": data}
        self.connection.execute(events.insert().values(row))

    def record_all(self, kind: str, rows: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
        """Append many events of one kind: subjects with their details."""
        values = [{"at": self.at, "kind": kind, "subject": subject, "data": data} for subject, data in rows]
        self.run(events.insert(), values)

    def run(self, statement: Executable, rows: Sequence[Mapping[str, Any]] | None = None) -> int:
        """Execute a statement that changes rows; returns how many it changed."""
        if rows is not None and not rows:
            return 0
        return self.connection.execute(statement, rows).rowcount

    def rows(self, query: Executable) -> list[RowMapping]:
        """All rows of a query, by column name."""
        return list(self.connection.execute(query).mappings())

    def stream(self, query: Executable) -> Iterator[Row[Any]]:
        """The rows of a large query, fetched as they are used."""
        return iter(self.connection.execute(query, execution_options={"yield_per": 1000}))

    def one(self, query: Executable) -> RowMapping | None:
        """The first row of a query, or None."""
        return self.connection.execute(query).mappings().first()

    def value(self, query: Executable) -> Any:  # noqa: ANN401 - whatever the column holds
        """The first column of the first row, or None."""
        return self.connection.execute(query).scalar()


class Ledger:
    """Opens the database at ``url`` (SQLAlchemy's form) and hands out transactions.

    Not to be shared across a fork: each process opens its own. Without ``migrate`` its tables are taken
    to be up to date; unless ``secure`` a server is spoken to without TLS. ``clock`` replaces the
    database's own, for tests.
    """

    def __init__(
        self, url: str, clock: Clock | None = None, *, migrate: bool = True, secure: bool = True
    ) -> None:
        self._engine: Engine = open_database(url, migrate=migrate, secure=secure)
        self._clock = clock

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """A transaction that changes the ledger: all of it or nothing."""
        with _translated(), self._engine.begin() as connection, _left_if_interrupted(connection):
            yield Transaction(connection, self._now(connection))

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """A consistent view that blocks nobody."""
        with _translated(), self._engine.connect() as opened:
            connection = opened.execution_options(**READING)
            with _left_if_interrupted(connection):
                yield Transaction(connection, self._now(connection))

    def version(self) -> str:
        """The database and its version, such as "PostgreSQL 15.14"; raises ``LedgerUnavailable``."""
        with self.read() as tx:
            dialect = tx.connection.dialect
            numbers = ".".join(str(number) for number in dialect.server_version_info or ())
        return f"{_NAMES.get(dialect.name, dialect.name)} {numbers}"

    @contextmanager
    def taking_in(self) -> Iterator[None]:
        """Held while files are taken in: nobody recovers meanwhile."""
        with _translated(), intake_lock.shared(self._engine):
            yield

    @contextmanager
    def recovering(self) -> Iterator[None]:
        """Held during a recovery: nobody takes in meanwhile. Raises ``IntakeBusy`` while somebody does."""
        with _translated(), intake_lock.exclusive(self._engine):
            yield

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def _now(self, connection: Connection) -> float:
        return self._clock() if self._clock else now_of(connection)


_NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
#: PostgreSQL's codes (appendix A of its manual) for a full disk, and the classes of those that pass:
#: connection lost, conflict between transactions, too few resources, lock not had in time, shut down.
_PG_DISK_FULL = "53100"
_PG_PASSING = ("08", "40", "53", "55", "57")


@contextmanager
def _left_if_interrupted(connection: Connection) -> Iterator[None]:
    """An interrupt may fall between question and answer: nothing more is said over such a connection."""
    try:
        yield
    except Interrupted:
        connection.invalidate()
        raise


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        problem = _unavailable(error)
        if problem is None:
            raise
        raise problem from error
    except NETWORK_ERRORS as error:
        raise LedgerUnavailable(detail=error.strerror or str(error)) from error
    except UnicodeEncodeError as error:  # bytes of the command line that are no text: no id has such
        raise WrongUse(detail=N_("A name was given that is no text (no valid UTF-8).")) from error


def _unavailable(error: DBAPIError) -> AktenError | None:
    """What the database's error means if it is not our own mistake."""
    said = error.orig.args[0] if error.orig is not None and error.orig.args else str(error.orig)
    code, detail = (said.get("C", ""), said.get("M", "")) if isinstance(said, dict) else ("", str(said))
    if code == _PG_DISK_FULL or "disk is full" in detail or "No space left" in detail:
        return DiskFull()
    passing = code.startswith(_PG_PASSING) if code else isinstance(error, OperationalError | InterfaceError)
    return LedgerUnavailable(detail=detail) if passing or error.connection_invalidated else None
