"""What whoever was forgotten did that is held within limits, under a mark of their account"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "spent",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("community", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("mark", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spent")),
    )
    op.create_index(op.f("ix_spent_mark"), "spent", ["mark"])


def downgrade() -> None:
    op.drop_table("spent")
