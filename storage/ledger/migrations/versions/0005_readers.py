"""Who may read a case file: the groups it is for, and how confidential it is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("case_files", sa.Column("reader_groups", sa.Text(), nullable=True))
    op.add_column("case_files", sa.Column("confidentiality", sa.Integer(), nullable=True))
