"""Meetings, what people answered, and who is kept out of one"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "meetings",
        _community(),
        sa.Column("id", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("theme", _NUMBER, nullable=False),
        sa.Column("organiser", _NUMBER, nullable=True),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.String(), nullable=True),
        sa.Column("link", sa.String(), nullable=True),
        sa.Column("about", sa.Text(), nullable=True),
        sa.Column("room", sa.Integer(), nullable=True),
        sa.Column("online_room", sa.Integer(), nullable=True),
        sa.Column("remind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("moved_from", sa.BigInteger(), nullable=True),
        sa.Column("told", sa.Text(), nullable=False),
        sa.Column("was_left", sa.Boolean(), server_default=sa.false(), nullable=False),
        _refers("meetings", "theme", "themes"),
        _refers("meetings", "organiser", "residents"),
        sa.PrimaryKeyConstraint("community", "id", name=op.f("pk_meetings")),
    )
    op.create_index("ix_meetings_theme_state", "meetings", ["theme", "state", "starts_at"])
    op.create_index(op.f("ix_meetings_organiser"), "meetings", ["organiser"])
    op.create_table(
        "answers",
        sa.Column("id", _NUMBER, nullable=False),
        _community(),
        sa.Column("meeting", _NUMBER, nullable=False),
        sa.Column("resident", _NUMBER, nullable=True),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("way", sa.String(), nullable=False),
        sa.Column("seat", sa.String(), nullable=True),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("said_at", sa.BigInteger(), nullable=False),
        sa.Column("known", sa.String(), nullable=True),
        sa.Column("party", sa.Integer(), nullable=False),
        sa.Column("shown", sa.Boolean(), nullable=False),
        _of_meeting("answers"),
        _refers("answers", "resident", "residents"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answers")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_answers_meeting_resident", "answers", ["community", "meeting", "resident"], unique=True
    )
    op.create_index(op.f("ix_answers_resident"), "answers", ["resident"])
    op.create_table(
        "meeting_leavers",
        _community(),
        sa.Column("meeting", _NUMBER, nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("holder", _NUMBER, nullable=True),
        _of_meeting("meeting_leavers"),
        _refers("meeting_leavers", "holder", "residents"),
        sa.PrimaryKeyConstraint("community", "meeting", "account", name=op.f("pk_meeting_leavers")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_meeting_leavers_holder"), "meeting_leavers", ["holder"])


def downgrade() -> None:
    for table in ("meeting_leavers", "answers", "meetings"):
        op.drop_table(table)


def _community() -> sa.Column[int]:
    return sa.Column("community", sa.Integer(), autoincrement=False, nullable=False)


def _refers(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}"))


def _of_meeting(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["community", "meeting"],
        ["meetings.community", "meetings.id"],
        name=op.f(f"fk_{table}_community_meeting"),
    )
