"""When a platform brought what waits in the inbox"""

from __future__ import annotations

import time

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0008"


def upgrade() -> None:
    # What waits already has all its days before it: nobody knows when it came.
    now = time.time_ns() // 1_000
    with op.batch_alter_table("inbox") as table:
        table.add_column(sa.Column("arrived_at", sa.BigInteger(), server_default=str(now), nullable=False))
    with op.batch_alter_table("inbox") as table:
        table.alter_column("arrived_at", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("inbox") as table:
        table.drop_column("arrived_at")
