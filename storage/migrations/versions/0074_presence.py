"""Who checked in at a meeting, and the code for it; those to come open in time"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0074"
down_revision = "0073"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# So long before it begins, in microseconds.
_BEFORE = 15 * 60 * 1_000_000
_OPEN = "meeting.here.open"


def _of_meeting(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["community", "meeting"],
        ["meetings.community", "meetings.id"],
        name=op.f(f"fk_{table}_community_meeting"),
    )


def upgrade() -> None:
    op.create_table(
        "check_ins",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("community", sa.Integer(), nullable=False),
        sa.Column("meeting", _NUMBER, nullable=False),
        sa.Column("resident", _NUMBER, nullable=True),
        sa.Column("shown", sa.Boolean(), nullable=False),
        _of_meeting("check_ins"),
        sa.ForeignKeyConstraint(["resident"], ["residents.id"], name=op.f("fk_check_ins_resident")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_ins")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_check_ins_resident"), "check_ins", ["resident"])
    op.create_index("ix_check_ins_meeting_resident", "check_ins", ["community", "meeting", "resident"])
    op.create_table(
        "check_in_codes",
        sa.Column("community", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("meeting", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        _of_meeting("check_in_codes"),
        sa.PrimaryKeyConstraint("community", "meeting", name=op.f("pk_check_in_codes")),
        sqlite_with_rowid=False,
    )
    _plan()


def _plan() -> None:
    """Those that are planned and announced by now open in time, too."""
    meetings = sa.table(
        "meetings",
        *(sa.column(name) for name in ("community", "id", "starts_at", "state", "announced")),
    )
    names = ("community", "kind", "subject", "due_at", "key")
    jobs = sa.table("jobs", *(sa.column(name) for name in names))
    number = sa.cast(meetings.c.id, sa.String())
    due = (meetings.c.starts_at - _BEFORE, sa.literal(f"{_OPEN}:") + number)
    planned = sa.select(meetings.c.community, sa.literal(_OPEN), number, *due).where(
        meetings.c.state == "planned", meetings.c.announced == sa.true()
    )
    op.execute(jobs.insert().from_select(names, planned))


def downgrade() -> None:
    jobs = sa.table("jobs", sa.column("kind"))
    op.execute(jobs.delete().where(jobs.c.kind.in_([_OPEN, "meeting.here.close"])))
    op.drop_table("check_in_codes")
    op.drop_table("check_ins")
