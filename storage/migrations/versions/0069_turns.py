"""Draws of who chairs a meeting and who takes its notes"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0069"
down_revision = "0068"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "meeting_draws",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("community", sa.Integer(), nullable=False),
        sa.Column("theme", _NUMBER, nullable=False),
        sa.Column("meeting", _NUMBER, nullable=False),
        sa.Column("asker", _NUMBER, nullable=True),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        _refers("meeting_draws", "theme", "themes"),
        _refers("meeting_draws", "asker", "residents"),
        sa.ForeignKeyConstraint(
            ["community", "meeting"],
            ["meetings.community", "meetings.id"],
            name=op.f("fk_meeting_draws_community_meeting"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting_draws")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_meeting_draws_theme"), "meeting_draws", ["theme"])
    op.create_index(op.f("ix_meeting_draws_asker"), "meeting_draws", ["asker"])
    op.create_table(
        "turns",
        sa.Column("community", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("draw", _NUMBER, nullable=False),
        sa.Column("rank", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("resident", _NUMBER, nullable=True),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("salt", sa.String(), nullable=True),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("last", sa.String(), nullable=True),
        sa.Column("duty", sa.String(), nullable=True),
        sa.Column("turn", sa.Integer(), nullable=True),
        _refers("turns", "draw", "meeting_draws"),
        _refers("turns", "resident", "residents"),
        sa.PrimaryKeyConstraint("community", "draw", "rank", name=op.f("pk_turns")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_turns_resident"), "turns", ["resident"])


def downgrade() -> None:
    for table in ("turns", "meeting_draws"):
        op.drop_table(table)


def _refers(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}"))
