"""Opening the ledger's database and bringing its tables up to date.

Both databases work alike: one writer at a time, who takes the lock before the first statement, so that
two of them queue up instead of failing half-way; readers see one moment and never wait. SQLite does so by
``BEGIN IMMEDIATE``, PostgreSQL by an advisory lock. A page takes two short transactions, so this bounds
nothing (docs/reliability.md), and makes races between writers impossible. It also makes events commit in
the order of their ids, which seals rely on.

After a commit the page may be shredded, so a power cut must not undo it: full synchronisation in both.
"""

from __future__ import annotations

import logging
import ssl
import time
from functools import partial
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from errors import N_, BadSetting, LedgerUnavailable

#: The revision the newest file in ``migrations`` leads to.
NEWEST = "0005"
_BUSY_SECONDS = 60
#: A server that says nothing for so long is gone; longer than anybody waits for a lock.
_SILENCE_SECONDS = 90
#: The advisory lock that one writer holds; any number no other program uses in this database.
_WRITER_LOCK = 0x616B74656E  # "akten"
_SESSION = (
    f"SET lock_timeout = '{_BUSY_SECONDS}s'",
    # A writer whose machine vanished lets go of the lock.
    f"SET idle_in_transaction_session_timeout = '{_BUSY_SECONDS}s'",
    "SET synchronous_commit = on",
)

#: What pg8000 lets through as it comes.
NETWORK_ERRORS = (ssl.SSLError, TimeoutError, ConnectionError)

#: Execution option that makes a connection's transaction a reading one.
READING = {"akten_reading": True}


def open_database(url: str, *, migrate: bool = True, secure: bool = True) -> Engine:
    """Open the database at a SQLAlchemy ``url`` and bring its tables up to date.

    ``postgresql://…`` is spoken by pg8000; unless it is on a unix socket, ``secure`` means by TLS with a
    certificate that this machine trusts and that names the host. Raises ``LedgerUnavailable`` when it
    cannot be opened or was written by a newer Aktenwerk, and ``BadSetting`` for an address that means
    neither SQLite nor PostgreSQL.
    """
    try:
        engine = _engine(url, secure=secure)
    except (ArgumentError, ImportError) as error:  # a driver after "sqlite+" that is not there
        raise BadSetting(name="ledger.url", detail=str(error)) from error
    try:
        if migrate:
            _migrate(engine)
    except BaseException as error:
        engine.dispose()
        if isinstance(error, DBAPIError):
            raise LedgerUnavailable(detail=str(error.orig)) from error
        if isinstance(error, NETWORK_ERRORS):
            raise LedgerUnavailable(detail=error.strerror or str(error)) from error
        raise
    return engine


def now_of(connection: Connection) -> float:
    """The time in seconds since the epoch that all users of this database agree on."""
    if connection.dialect.name == "sqlite":
        return time.time()
    return float(connection.exec_driver_sql("SELECT extract(epoch FROM clock_timestamp())").scalar_one())


def address_of(url: str) -> URL:
    """A database's address taken apart. Raises ``BadSetting`` unless it means SQLite or PostgreSQL."""
    try:
        address = make_url(url)
    except ArgumentError as error:
        raise BadSetting(name="ledger.url", detail=str(error)) from error
    if address.get_backend_name() not in ("sqlite", "postgresql"):
        raise BadSetting(name="ledger.url", detail=N_("neither sqlite:// nor postgresql://"))
    return address


def _engine(url: str, *, secure: bool) -> Engine:
    address = address_of(url)
    if address.get_backend_name() == "sqlite":
        engine = create_engine(address)
        _prepare_sqlite(engine)
    else:
        # A connection the server has closed meanwhile is noticed before it is used.
        options: dict[str, Any] = {"timeout": _SILENCE_SECONDS, "application_name": "aktenwerk"}
        if secure and "unix_sock" not in address.query:
            options["ssl_context"] = ssl.create_default_context()
        address = address.set(drivername="postgresql+pg8000")
        engine = create_engine(address, pool_pre_ping=True, connect_args=options)
        _prepare_postgresql(engine)
    return engine


def _prepare_postgresql(engine: Engine) -> None:
    # A connection whose server has gone cannot be closed in due form; the pool would tell at length.
    logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _record: object) -> None:  # noqa: ANN401 - a DBAPI connection
        cursor = connection.cursor()
        for statement in _SESSION:
            cursor.execute(statement)
        connection.commit()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get("akten_reading", False):
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        else:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITER_LOCK})")


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def connect(connection: Any, _record: object) -> None:  # noqa: ANN401 - a DBAPI connection
        connection.isolation_level = None  # we say BEGIN ourselves, below
        # Text that somebody made invalid can still be read: verification has to name it.
        connection.text_factory = partial(str, encoding="utf-8", errors="surrogateescape")
        for pragma in (
            f"busy_timeout = {_BUSY_SECONDS * 1000}",
            "journal_mode = WAL",
            "synchronous = FULL",
            "foreign_keys = ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        reading = connection.get_execution_options().get("akten_reading", False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _migrate(engine: Engine) -> None:
    """Apply the migrations that are missing; a current database costs one look."""
    with engine.connect().execution_options(**READING) as reading:
        current = _revision_of(reading)
    if current != NEWEST:
        # Loading Alembic takes longer than looking; every worker and command would pay for it.
        from storage.ledger.upgrade import upgrade  # noqa: PLC0415

        upgrade(engine, current)


def _revision_of(connection: Connection) -> str | None:
    """The last migration that was applied; None in an empty database."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return found
