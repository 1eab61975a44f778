"""Alembic's entry point: migrates over the connection that ``storage.ledger.database`` hands in."""

from __future__ import annotations

from alembic import context

from storage.ledger.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite alters tables by copying them
)
with context.begin_transaction():
    context.run_migrations()
