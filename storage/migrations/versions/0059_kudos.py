"""Who thanked whom for what, and how each likes to be thanked"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0059"
down_revision = "0058"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "kudos",
        _community(),
        sa.Column("id", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("theme", _NUMBER, nullable=False),
        sa.Column("giver", _NUMBER, nullable=True),
        sa.Column("given_at", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("replies_to", _NUMBER, nullable=True),
        sa.Column("is_early", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("state", sa.String(), nullable=False, server_default="given"),
        sa.Column("why", sa.Text(), nullable=True),
        _refers("kudos", "theme", "themes"),
        _refers("kudos", "giver", "residents"),
        sa.PrimaryKeyConstraint("community", "id", name=op.f("pk_kudos")),
    )
    op.create_index(op.f("ix_kudos_theme"), "kudos", ["theme"])
    op.create_index("ix_kudos_giver_day", "kudos", ["giver", "day"])
    op.create_index("ix_kudos_giver_given_at", "kudos", ["giver", "given_at"])
    where = sa.text("replies_to IS NOT NULL")
    op.create_index(
        "ix_kudos_replies_to",
        "kudos",
        ["community", "replies_to", "id"],
        sqlite_where=where,
        postgresql_where=where,
    )
    op.create_table(
        "thanked",
        sa.Column("id", _NUMBER, nullable=False),
        _community(),
        sa.Column("of_kudos", _NUMBER, nullable=False),
        sa.Column("resident", _NUMBER, nullable=True),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("hidden", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("on_wall", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("theme", _NUMBER, nullable=False),
        sa.Column("given_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["community", "of_kudos"],
            ["kudos.community", "kudos.id"],
            name=op.f("fk_thanked_community_of_kudos"),
        ),
        _refers("thanked", "resident", "residents"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_thanked")),
    )
    op.create_index("ix_thanked_community_of_kudos", "thanked", ["community", "of_kudos"])
    op.create_index("ix_thanked_resident_of_kudos", "thanked", ["resident", "of_kudos"])
    on_wall = sa.text("on_wall = true")
    op.create_index(
        "ix_thanked_wall",
        "thanked",
        ["community", "theme", "of_kudos"],
        sqlite_where=sa.text("on_wall = 1"),
        postgresql_where=on_wall,
    )
    op.create_table(
        "kudos_tastes",
        _community(),
        sa.Column("resident", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("receives", sa.String(), nullable=False),
        sa.Column("wall", sa.Boolean(), nullable=True),
        sa.Column("asked", sa.Boolean(), nullable=False),
        _refers("kudos_tastes", "resident", "residents"),
        sa.PrimaryKeyConstraint("community", "resident", name=op.f("pk_kudos_tastes")),
        sqlite_with_rowid=False,
    )


def _community() -> sa.Column[int]:
    return sa.Column("community", sa.Integer(), autoincrement=False, nullable=False)


def _refers(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"))


def downgrade() -> None:
    for table in ("kudos_tastes", "thanked", "kudos"):
        op.drop_table(table)
