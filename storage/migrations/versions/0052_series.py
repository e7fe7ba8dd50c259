"""Meetings that come back, how people answer each of them, and whether they were asked"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0051"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "meeting_series",
        _community(),
        sa.Column("id", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("theme", _NUMBER, nullable=False),
        sa.Column("organiser", _NUMBER, nullable=True),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("rule", "wall", "zone", "first_day")),
        *(sa.Column(name, sa.String(), nullable=True) for name in ("until", "made_to")),
        sa.Column("left_out", sa.Text(), nullable=False),
        sa.Column("lasts", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=True),
        sa.Column("link", sa.String(), nullable=True),
        sa.Column("about", sa.Text(), nullable=True),
        sa.Column("room", sa.Integer(), nullable=True),
        sa.Column("online_room", sa.Integer(), nullable=True),
        sa.Column("remind", sa.String(), nullable=False),
        sa.Column("going", sa.Boolean(), nullable=False),
        _refers("meeting_series", "theme", "themes"),
        _refers("meeting_series", "organiser", "residents"),
        sa.PrimaryKeyConstraint("community", "id", name=op.f("pk_meeting_series")),
    )
    op.create_index(op.f("ix_meeting_series_organiser"), "meeting_series", ["organiser"])
    op.create_index(op.f("ix_meeting_series_theme"), "meeting_series", ["theme"])
    op.create_table(
        "standing",
        sa.Column("id", _NUMBER, nullable=False),
        _community(),
        sa.Column("series", _NUMBER, nullable=False),
        sa.Column("resident", _NUMBER, nullable=False),
        sa.Column("way", sa.String(), nullable=False),
        sa.Column("party", sa.Integer(), nullable=False),
        sa.Column("shown", sa.Boolean(), nullable=False),
        sa.Column("said_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["community", "series"],
            ["meeting_series.community", "meeting_series.id"],
            name=op.f("fk_standing_community_series"),
        ),
        _refers("standing", "resident", "residents"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standing")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_standing_series_resident", "standing", ["community", "series", "resident"], unique=True
    )
    op.create_index(op.f("ix_standing_resident"), "standing", ["resident"])
    op.add_column("meetings", sa.Column("series", _NUMBER, nullable=True))
    op.add_column("meetings", sa.Column("day", sa.String(), nullable=True))
    flags = {"by_hand": sa.false(), "announced": sa.true(), "expanded": sa.true(), "asked": sa.false()}
    for name, given in flags.items():
        op.add_column("meetings", sa.Column(name, sa.Boolean(), server_default=given, nullable=False))
    op.create_index("ix_meetings_series_starts_at", "meetings", ["community", "series", "starts_at"])


def downgrade() -> None:
    op.drop_index("ix_meetings_series_starts_at", "meetings")
    for name in ("asked", "expanded", "announced", "by_hand", "day", "series"):
        op.drop_column("meetings", name)
    op.drop_table("standing")
    op.drop_table("meeting_series")


def _community() -> sa.Column[int]:
    return sa.Column("community", sa.Integer(), autoincrement=False, nullable=False)


def _refers(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}"))
