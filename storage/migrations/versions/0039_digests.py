"""How often people want to hear of what is new, since when that is shown, and who talks in private"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "digests",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("community", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("resident", _NUMBER, nullable=False),
        sa.Column("often", sa.String(), nullable=True),
        sa.Column("told_until", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["resident"], ["residents.id"], name=op.f("fk_digests_resident")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_digests")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_digests_resident"), "digests", ["resident"])
    op.create_table(
        "digest_notes",
        sa.Column("community", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("theme", _NUMBER, nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("said", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["theme"], ["themes.id"], name=op.f("fk_digest_notes_theme")),
        sa.PrimaryKeyConstraint("community", "theme", "subject", name=op.f("pk_digest_notes")),
        sqlite_with_rowid=False,
    )
    op.add_column("subjects", sa.Column("shown_at", sa.BigInteger(), nullable=True))
    op.create_index("ix_subjects_community_shown_at", "subjects", ["community", "shown_at"])
    op.add_column("members", sa.Column("used_at", sa.BigInteger(), nullable=True))
    op.add_column("identities", sa.Column("talks", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("posts", sa.Column("begun", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    op.drop_column("posts", "begun")
    op.drop_column("identities", "talks")
    op.drop_column("members", "used_at")
    op.drop_index("ix_subjects_community_shown_at", "subjects")
    op.drop_column("subjects", "shown_at")
    op.drop_table("digest_notes")
    op.drop_table("digests")
