"""Opening the ledger's database and bringing its tables up to date.

SQLite runs in WAL mode with full synchronisation: after a commit the page may be shredded, so a power
cut must not undo it. Writers take the lock at once (``BEGIN IMMEDIATE``), so that two of them queue up
instead of failing half-way; readers never wait.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import ArgumentError, DBAPIError

from errors import N_, BadSetting, LedgerUnavailable

_MIGRATIONS = Path(__file__).parent / "migrations"
_BUSY_SECONDS = 60

#: Execution option that makes a connection's transaction a reading one.
READING = {"akten_reading": True}


def open_database(url: str, *, migrate: bool = True) -> Engine:
    """Open the database at a SQLAlchemy ``url`` and bring its tables up to date.

    Raises ``LedgerUnavailable`` when it cannot be opened or was written by a newer Aktenwerk, and
    ``BadSetting`` for an address that means no database, or one whose driver is not installed.
    """
    try:
        engine = create_engine(url)
    except (ArgumentError, ImportError) as error:
        raise BadSetting(name="ledger.url", detail=str(error)) from error
    if engine.dialect.name == "sqlite":
        _prepare_sqlite(engine)
    try:
        if migrate:
            _migrate(engine)
    except DBAPIError as error:
        raise LedgerUnavailable(detail=str(error.orig)) from error
    return engine


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def connect(connection: Any, _record: object) -> None:  # noqa: ANN401 - a DBAPI connection
        connection.isolation_level = None  # we say BEGIN ourselves, below
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
    """Apply the migrations that are missing; a current database costs one query."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.set_main_option("path_separator", "os")
    scripts = ScriptDirectory.from_config(config)
    with engine.connect().execution_options(**READING) as reading:
        current = MigrationContext.configure(reading).get_current_revision()
    if current == scripts.get_current_head():
        return
    if current is not None and current not in {script.revision for script in scripts.walk_revisions()}:
        detail = N_("it was written by a newer version of Aktenwerk ({version})")
        raise LedgerUnavailable(detail=detail, version=current)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
