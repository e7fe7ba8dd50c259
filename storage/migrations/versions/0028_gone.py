"""Accounts that do not exist any more"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    op.add_column("identities", sa.Column("gone_at", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("identities", "gone_at")
