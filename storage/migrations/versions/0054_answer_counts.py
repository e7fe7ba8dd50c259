"""How many people said what of a meeting is kept beside their answers"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0054"
down_revision = "0052"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_COUNT = """
INSERT INTO answer_counts (community, meeting, way, seat, people)
SELECT community, meeting, way, coalesce(seat, ''), sum(party)
FROM answers GROUP BY community, meeting, way, coalesce(seat, '')
"""


def upgrade() -> None:
    op.create_table(
        "answer_counts",
        sa.Column("community", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("meeting", _NUMBER, nullable=False),
        sa.Column("way", sa.String(), nullable=False),
        sa.Column("seat", sa.String(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["community", "meeting"],
            ["meetings.community", "meetings.id"],
            name=op.f("fk_answer_counts_community_meeting"),
        ),
        sa.PrimaryKeyConstraint("community", "meeting", "way", "seat", name=op.f("pk_answer_counts")),
        sqlite_with_rowid=False,
    )
    op.execute(_COUNT)
    op.create_index(
        "ix_answers_shown",
        "answers",
        ["community", "meeting", "since", "id"],
        sqlite_where=sa.text("shown = 1"),
        postgresql_where=sa.text("shown = true"),
    )


def downgrade() -> None:
    op.drop_index("ix_answers_shown", "answers")
    op.drop_table("answer_counts")
