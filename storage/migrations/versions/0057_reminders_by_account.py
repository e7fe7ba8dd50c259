"""Which account asked for a reminder is kept with it, and so it goes where that account goes"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0057"
down_revision = "0055"


def upgrade() -> None:
    op.add_column("reminders", sa.Column("account", sa.String()))


def downgrade() -> None:
    op.drop_column("reminders", "account")
