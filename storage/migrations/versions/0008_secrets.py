"""Which events an anonymous poll has heard of; what was kept beside its ballots goes"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_DAY = 24 * 60 * 60 * 1_000_000


def upgrade() -> None:
    """Rows that showed how often somebody voted, and who had objected: with whose account it was.

    What is a day old no platform brings again.
    """
    op.create_table(
        "marks",
        sa.Column("poll", _NUMBER, nullable=False),
        sa.Column("voter", _NUMBER, nullable=False),
        sa.Column("latest", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["poll"], ["polls.id"], name=op.f("fk_marks_poll")),
        sa.ForeignKeyConstraint(["voter"], ["residents.id"], name=op.f("fk_marks_voter")),
        sa.PrimaryKeyConstraint("poll", "voter", name=op.f("pk_marks")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_marks_voter", "marks", ["voter"])
    old = f"at < (SELECT max(at) FROM seen) - {_DAY}"  # noqa: S608
    op.execute(
        f"DELETE FROM seen WHERE {old} AND (key <> '' OR answer LIKE '%poll.receipt.anonymous%'"  # noqa: S608
        " OR (answer IS NULL AND undo IS NULL))"
    )
    said = "sent_at IS NOT NULL AND (key <> '' OR message = '' OR message LIKE '%poll.receipt.anonymous%')"
    op.execute(f"DELETE FROM refs WHERE post IN (SELECT id FROM posts WHERE {said})")  # noqa: S608
    op.execute(f"DELETE FROM posts WHERE {said}")  # noqa: S608


def downgrade() -> None:
    """What was sealed to a pair counts as unreadable there, until its owner votes again."""
    op.drop_index("ix_marks_voter", "marks")
    op.drop_table("marks")
