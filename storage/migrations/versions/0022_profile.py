"""What residents say of themselves: a name, what concerns them, what they know, whom they are there for"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    # Not by a copy of the table: SQLite would forget which numbers it gave out.
    op.add_column(
        "residents", sa.Column("name_is_own", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.create_table(
        "profile_entries",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("community", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("resident", _NUMBER, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("folded", sa.String(), nullable=False),
        sa.Column("shown", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.ForeignKeyConstraint(["resident"], ["residents.id"], name=op.f("fk_profile_entries_resident")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_profile_entries")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_profile_entries_resident_kind", "profile_entries", ["resident", "kind"])
    op.create_index(
        "ix_profile_entries_community_kind_folded", "profile_entries", ["community", "kind", "folded"]
    )
    op.create_table(
        "associations",
        sa.Column("community", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("folded", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("community", "folded", name=op.f("pk_associations")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("associations")
    op.drop_table("profile_entries")
    op.drop_column("residents", "name_is_own")
