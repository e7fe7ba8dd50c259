"""Whom a moderator put out of a theme's channel or room does not come in again by their own word"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"


def upgrade() -> None:
    op.add_column("guests", sa.Column("put_out", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("guests", sa.Column("put_out_by", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("guests", "put_out_by")
    op.drop_column("guests", "put_out")
