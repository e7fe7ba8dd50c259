"""Who was welcomed, as marks"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"


def upgrade() -> None:
    op.create_table(
        "welcomed",
        sa.Column("community", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("mark", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("community", "mark", name=op.f("pk_welcomed")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_welcomed_community_at", "welcomed", ["community", "at"])


def downgrade() -> None:
    op.drop_table("welcomed")
