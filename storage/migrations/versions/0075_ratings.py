"""How people say that a meeting was, sealed until that is over; those to come are asked about, too"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0075"
down_revision = "0074"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_JOB = "meeting.rate."


def _of_meeting(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["community", "meeting"],
        ["meetings.community", "meetings.id"],
        name=op.f(f"fk_{table}_community_meeting"),
    )


def _key() -> tuple[sa.Column[int], sa.Column[int]]:
    return (
        sa.Column("community", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("meeting", _NUMBER, autoincrement=False, nullable=False),
    )


def upgrade() -> None:
    op.create_table(
        "rating_rounds",
        *_key(),
        sa.Column("closes_at", sa.BigInteger(), nullable=False),
        sa.Column("waits_since", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("people", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("scores", sa.String(), nullable=True),
        sa.Column("remarks", sa.Text(), nullable=True),
        _of_meeting("rating_rounds"),
        sa.PrimaryKeyConstraint("community", "meeting", name=op.f("pk_rating_rounds")),
        sqlite_with_rowid=False,
    )
    _make("ratings", sa.Column("sealed", sa.String(), nullable=False))
    latest = sa.Column("latest", sa.String(), nullable=False)
    _make("rating_marks", latest, sa.Column("said_at", sa.BigInteger(), nullable=True))
    _plan()


def _make(table: str, *columns: sa.Column[Any]) -> None:
    """One with a row for each of those who say something of a meeting."""
    op.create_table(
        table,
        *_key(),
        sa.Column("resident", _NUMBER, autoincrement=False, nullable=False),
        *columns,
        _of_meeting(table),
        sa.ForeignKeyConstraint(["resident"], ["residents.id"], name=op.f(f"fk_{table}_resident")),
        sa.PrimaryKeyConstraint("community", "meeting", "resident", name=op.f(f"pk_{table}")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f(f"ix_{table}_resident"), table, ["resident"])


def _plan() -> None:
    """Of those that are planned and announced by now it is asked once they are over."""
    meetings = sa.table(
        "meetings",
        *(sa.column(name) for name in ("community", "id", "ends_at", "state", "announced")),
    )
    names = ("community", "kind", "subject", "due_at", "key")
    jobs = sa.table("jobs", *(sa.column(name) for name in names))
    number, kind = sa.cast(meetings.c.id, sa.String()), f"{_JOB}open"
    due = (meetings.c.ends_at, sa.literal(f"{kind}:") + number)
    planned = sa.select(meetings.c.community, sa.literal(kind), number, *due).where(
        meetings.c.state == "planned", meetings.c.announced == sa.true()
    )
    op.execute(jobs.insert().from_select(names, planned))


def downgrade() -> None:
    jobs = sa.table("jobs", sa.column("kind"))
    op.execute(jobs.delete().where(jobs.c.kind.startswith(_JOB)))
    for table in ("rating_marks", "ratings", "rating_rounds"):
        op.drop_table(table)
