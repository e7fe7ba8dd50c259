"""Which kudos a certificate tells of, which account made it, and who was told of a year's list when"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0072"
down_revision = "0071"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("certificates", sa.Column("account", sa.String(), nullable=True))
    op.create_table(
        "certified",
        sa.Column("community", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("of_certificate", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("of_kudos", _NUMBER, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["community", "of_certificate"],
            ["certificates.community", "certificates.id"],
            name=op.f("fk_certified_community_of_certificate"),
        ),
        sa.PrimaryKeyConstraint("community", "of_certificate", "of_kudos", name=op.f("pk_certified")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_certified_community_of_kudos", "certified", ["community", "of_kudos"])
    op.add_column("year_listed", sa.Column("told_at", sa.BigInteger(), nullable=True))
    # Who came on it later was told nothing.
    op.drop_table("year_lists")


def downgrade() -> None:
    op.create_table(
        "year_lists",
        sa.Column("community", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("community", "year", name=op.f("pk_year_lists")),
        sqlite_with_rowid=False,
    )
    op.drop_column("year_listed", "told_at")
    op.drop_table("certified")
    op.drop_column("certificates", "account")
