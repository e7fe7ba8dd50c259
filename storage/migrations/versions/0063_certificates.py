"""Certificates that people made, and who is on a year's list"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0063"
down_revision = "0062"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "certificates",
        _community(),
        sa.Column("id", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("resident", _NUMBER, nullable=True),
        sa.Column("mark", sa.String(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("code", sa.String(), nullable=True),
        sa.Column("withdrawn_at", sa.BigInteger(), nullable=True),
        _refers("certificates"),
        sa.PrimaryKeyConstraint("community", "id", name=op.f("pk_certificates")),
    )
    op.create_index(op.f("ix_certificates_resident"), "certificates", ["resident"])
    op.create_index("ix_certificates_community_mark", "certificates", ["community", "mark"])
    op.create_table(
        "year_listed",
        _community(),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("resident", _NUMBER, nullable=False),
        _refers("year_listed"),
        sa.PrimaryKeyConstraint("community", "year", "resident", name=op.f("pk_year_listed")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_year_listed_resident"), "year_listed", ["resident"])
    op.create_table(
        "year_lists",
        _community(),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("community", "year", name=op.f("pk_year_lists")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    for table in ("year_lists", "year_listed", "certificates"):
        op.drop_table(table)


def _community() -> sa.Column[int]:
    return sa.Column("community", sa.Integer(), autoincrement=False, nullable=False)


def _refers(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["resident"], ["residents.id"], name=op.f(f"fk_{table}_resident"))
