"""An anonymous poll has a result only from so many ballots on"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Polls that stand get the floor that is usual; what was announced before stays announced."""
    with op.batch_alter_table("polls") as table:
        table.add_column(sa.Column("floor", sa.Integer(), server_default="0", nullable=False))
    op.execute("UPDATE polls SET floor = 5 WHERE anonymous AND state IN ('open', 'planned')")


def downgrade() -> None:
    with op.batch_alter_table("polls") as table:
        table.drop_column("floor")
