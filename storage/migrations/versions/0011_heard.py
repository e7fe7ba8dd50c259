"""Until when each account has heard, when what waits was said, and for whom a poll waits before it closes"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    with op.batch_alter_table("accounts") as table:
        table.add_column(sa.Column("heard_until", sa.BigInteger(), nullable=True))
    # It had heard what was said while it was at work, and will say anew until when.
    op.execute("UPDATE accounts SET heard_until = seen_at")
    with op.batch_alter_table("inbox") as table:
        table.add_column(sa.Column("said_at", sa.BigInteger(), nullable=True))
    with op.batch_alter_table("polls") as table:
        table.add_column(sa.Column("waits_since", sa.BigInteger(), nullable=True))
        table.add_column(sa.Column("unheard", sa.String(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("polls") as table:
        table.drop_column("unheard")
        table.drop_column("waits_since")
    with op.batch_alter_table("inbox") as table:
        table.drop_column("said_at")
    with op.batch_alter_table("accounts") as table:
        table.drop_column("heard_until")
