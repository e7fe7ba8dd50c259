"""Whom Plein let in by their own name; and which room was a theme's until it was given up"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"


def upgrade() -> None:
    op.add_column("guests", sa.Column("by_name", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("wanted_rooms", sa.Column("given_up", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("wanted_rooms", "given_up")
    op.drop_column("guests", "by_name")
