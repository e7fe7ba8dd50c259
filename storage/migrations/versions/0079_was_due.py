"""When what is to be done later was due, where it had to wait since then"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0079"
down_revision = "0078"


def upgrade() -> None:
    op.add_column("jobs", sa.Column("was_due", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("jobs", "was_due")
