"""Whose boards take turns as one follows who they are; and where an account has heard less than elsewhere"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"

# Those of whoever was joined with another are that one's; of whoever was forgotten there is no account.
_OPENED = """
    UPDATE subjects SET opener = (
        SELECT polls.opener FROM polls
        WHERE polls.community = subjects.community
        AND polls.id = CAST(substr(subjects.subject, 6) AS BIGINT)
        AND EXISTS (SELECT 1 FROM identities WHERE identities.resident = polls.opener)
    )
    WHERE subjects.subject LIKE 'poll:%'
"""
_BEHIND = sa.text("heard_until IS NOT NULL")


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        # Not by a copy of the table, of which boards are part: with a new column SQLite takes it in place.
        op.drop_column("subjects", "opener")
        op.execute(
            "ALTER TABLE subjects ADD COLUMN opener INTEGER"
            " CONSTRAINT fk_subjects_opener REFERENCES residents (id)"
        )
        op.execute(_OPENED)
    else:
        op.execute(_OPENED)
        op.create_foreign_key(op.f("fk_subjects_opener"), "subjects", "residents", ["opener"], ["id"])
    op.create_index(op.f("ix_subjects_opener"), "subjects", ["opener"])
    op.add_column("accounts", sa.Column("private_until", sa.BigInteger(), nullable=True))
    op.add_column("places", sa.Column("heard_until", sa.BigInteger(), nullable=True))
    op.create_index("ix_places_behind", "places", ["account"], sqlite_where=_BEHIND, postgresql_where=_BEHIND)


def downgrade() -> None:
    op.drop_index("ix_places_behind", "places")
    op.drop_column("places", "heard_until")
    op.drop_column("accounts", "private_until")
    op.drop_index(op.f("ix_subjects_opener"), "subjects")
    if op.get_bind().dialect.name == "sqlite":
        op.execute("ALTER TABLE subjects ADD COLUMN plain INTEGER")
        op.execute("UPDATE subjects SET plain = opener")
        op.drop_column("subjects", "opener")
        op.execute("ALTER TABLE subjects RENAME COLUMN plain TO opener")
    else:
        op.drop_constraint("fk_subjects_opener", "subjects", type_="foreignkey")
