"""Bringing the ledger's tables up to date by Alembic's migrations."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from errors import N_, LedgerUnavailable

_MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(engine: Engine, current: str | None) -> None:
    """Apply what is missing after ``current``; raises ``LedgerUnavailable`` if that is a newer one."""
    config = configuration()
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if current is not None and current not in known:
        detail = N_("it was written by a newer version of Aktenwerk ({version})")
        raise LedgerUnavailable(detail=detail, version=current)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def configuration() -> Config:
    """Alembic's configuration for the migrations beside this module."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return config
