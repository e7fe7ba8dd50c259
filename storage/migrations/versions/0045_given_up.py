"""Whom Plein let in by their own name; and which rooms were themes' until they were given up"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"


def upgrade() -> None:
    op.add_column("guests", sa.Column("by_name", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "given_up",
        sa.Column("community", sa.Integer(), nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("room", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("community", "platform", "room"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_given_up_platform_due_at", "given_up", ["platform", "due_at"])


def downgrade() -> None:
    op.drop_table("given_up")
    op.drop_column("guests", "by_name")
