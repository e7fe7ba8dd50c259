"""What people are to themes, and who wants to pull one"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "involvements",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("community", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("theme", _NUMBER, nullable=False),
        sa.Column("resident", _NUMBER, nullable=False),
        sa.Column("how", sa.Integer(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["theme"], ["themes.id"], name=op.f("fk_involvements_theme")),
        sa.ForeignKeyConstraint(["resident"], ["residents.id"], name=op.f("fk_involvements_resident")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_involvements")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_involvements_resident_theme_how", "involvements", ["resident", "theme", "how"])
    op.create_index("ix_involvements_theme_how", "involvements", ["theme", "how"])
    op.create_table(
        "pull_requests",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("community", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("theme", _NUMBER, nullable=False),
        sa.Column("resident", _NUMBER, nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["theme"], ["themes.id"], name=op.f("fk_pull_requests_theme")),
        sa.ForeignKeyConstraint(["resident"], ["residents.id"], name=op.f("fk_pull_requests_resident")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pull_requests")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_pull_requests_resident"), "pull_requests", ["resident"])
    op.create_index(op.f("ix_pull_requests_theme"), "pull_requests", ["theme"])


def downgrade() -> None:
    op.drop_table("pull_requests")
    op.drop_table("involvements")
