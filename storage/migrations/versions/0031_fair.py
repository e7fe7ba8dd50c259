"""Whose boards take turns as one"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"

# Of those that stand by now it is known as well.
_OPENED = """
    UPDATE subjects SET opener = (
        SELECT polls.opener FROM polls
        WHERE polls.community = subjects.community
        AND polls.id = CAST(substr(subjects.subject, 6) AS BIGINT)
    )
    WHERE subjects.subject LIKE 'poll:%'
"""


def upgrade() -> None:
    op.add_column(
        "subjects", sa.Column("opener", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
    )
    op.execute(_OPENED)


def downgrade() -> None:
    op.drop_column("subjects", "opener")
