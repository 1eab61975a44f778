"""Verifications that have products validated as PDF/A: how many conform, do not, and make no claim."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("conforming", "nonconforming", "without_claim"):
        op.add_column("verifications", sa.Column(name, sa.BigInteger(), nullable=True))
