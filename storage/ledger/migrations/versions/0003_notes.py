"""Transfer notes: an object beside each document's product; and how the product keeps each page's image."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("documents", sa.Column("note_key", sa.Text(), nullable=True))
    op.add_column("pages", sa.Column("kept", sa.JSON(), nullable=True))
