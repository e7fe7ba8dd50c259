"""Accounts that do not exist any more"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    op.add_column("identities", sa.Column("gone_at", sa.BigInteger(), nullable=True))
    where = sa.text("gone_at IS NOT NULL")
    op.create_index(
        op.f("ix_identities_gone"), "identities", ["community"], sqlite_where=where, postgresql_where=where
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_identities_gone"), table_name="identities")
    op.drop_column("identities", "gone_at")
