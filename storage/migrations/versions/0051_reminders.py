"""Residents have a time zone of their own"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0049"


def upgrade() -> None:
    op.add_column("residents", sa.Column("zone", sa.String()))


def downgrade() -> None:
    op.drop_column("residents", "zone")
