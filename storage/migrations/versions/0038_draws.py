"""Draws of whose turn it is in a theme, and until when somebody does something for one"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "draws",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("community", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("theme", _NUMBER, nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("asker", _NUMBER, nullable=True),
        sa.Column("why", sa.String(), nullable=True),
        sa.Column("repeats", _NUMBER, nullable=True),
        sa.Column("state", sa.String(), server_default="asked", nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(), nullable=True),
        sa.Column("drawn", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["theme"], ["themes.id"], name=op.f("fk_draws_theme")),
        sa.ForeignKeyConstraint(["asker"], ["residents.id"], name=op.f("fk_draws_asker")),
        sa.ForeignKeyConstraint(["repeats"], ["draws.id"], name=op.f("fk_draws_repeats")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draws")),
        sqlite_autoincrement=True,
    )
    for column in ("theme", "asker", "repeats"):
        op.create_index(op.f(f"ix_draws_{column}"), "draws", [column])
    op.create_table(
        "draw_entrants",
        sa.Column("community", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("draw", _NUMBER, nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("resident", _NUMBER, nullable=True),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("salt", sa.String(), nullable=True),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("last", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["draw"], ["draws.id"], name=op.f("fk_draw_entrants_draw")),
        sa.ForeignKeyConstraint(["resident"], ["residents.id"], name=op.f("fk_draw_entrants_resident")),
        sa.PrimaryKeyConstraint("community", "draw", "place", name=op.f("pk_draw_entrants")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_draw_entrants_resident"), "draw_entrants", ["resident"])
    op.create_table(
        "undrawn",
        sa.Column("community", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("theme", _NUMBER, nullable=False),
        sa.Column("resident", _NUMBER, nullable=False),
        sa.ForeignKeyConstraint(["theme"], ["themes.id"], name=op.f("fk_undrawn_theme")),
        sa.ForeignKeyConstraint(["resident"], ["residents.id"], name=op.f("fk_undrawn_resident")),
        sa.PrimaryKeyConstraint("community", "theme", "resident", name=op.f("pk_undrawn")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_undrawn_resident"), "undrawn", ["resident"])
    op.create_table(
        "terms",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("community", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("theme", _NUMBER, nullable=False),
        sa.Column("resident", _NUMBER, nullable=False),
        sa.Column("held", sa.String(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("asked", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["theme"], ["themes.id"], name=op.f("fk_terms_theme")),
        sa.ForeignKeyConstraint(["resident"], ["residents.id"], name=op.f("fk_terms_resident")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_terms")),
        sqlite_autoincrement=True,
    )
    for column in ("theme", "resident"):
        op.create_index(op.f(f"ix_terms_{column}"), "terms", [column])


def downgrade() -> None:
    op.drop_table("terms")
    op.drop_table("undrawn")
    op.drop_table("draw_entrants")
    op.drop_table("draws")
