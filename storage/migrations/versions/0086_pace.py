"""What could not be carried is known, and marked where it was said; several messages may stand as one"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0086"
down_revision = "0085"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("wanted_copies", sa.Column("since", sa.BigInteger(), nullable=True))
    op.add_column("wanted_copies", sa.Column("fold", _NUMBER, nullable=True))
    where = sa.text("fold IS NOT NULL")
    op.create_index(
        "ix_wanted_copies_fold", "wanted_copies", ["fold"], sqlite_where=where, postgresql_where=where
    )
    op.create_table(
        "uncarried",
        sa.Column("message", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("place", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("community", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("message", "place", name=op.f("pk_uncarried")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "uncarried_marks",
        sa.Column("community", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("message", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("tried", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("next_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("community", "message", name=op.f("pk_uncarried_marks")),
    )
    where = sa.text("next_at IS NOT NULL")
    op.create_index(
        "ix_uncarried_marks_due",
        "uncarried_marks",
        ["account", "next_at"],
        sqlite_where=where,
        postgresql_where=where,
    )
    op.create_table(
        "fold_shares",
        sa.Column("message", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("place", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("community", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("fold", _NUMBER, nullable=False),
        sa.Column("share", sa.Integer(), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("named", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("message", "place", name=op.f("pk_fold_shares")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_fold_shares_fold"), "fold_shares", ["fold"])


def downgrade() -> None:
    for table in ("fold_shares", "uncarried_marks", "uncarried"):
        op.drop_table(table)
    op.drop_index("ix_wanted_copies_fold", "wanted_copies")
    for column in ("fold", "since"):
        op.drop_column("wanted_copies", column)
