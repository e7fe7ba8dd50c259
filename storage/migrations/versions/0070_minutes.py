"""What is written down of meetings, and who approved it"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0070"
down_revision = "0069"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "notes",
        _whole("community"),
        sa.Column("meeting", _NUMBER, nullable=False),
        _whole("number"),
        _whole("since"),
        sa.Column("until", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("resident", _NUMBER, nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("said_at", sa.BigInteger(), nullable=False),
        *_refers("notes"),
        sa.PrimaryKeyConstraint("community", "meeting", "number", "since", name=op.f("pk_notes")),
    )
    op.create_index(op.f("ix_notes_resident"), "notes", ["resident"])
    op.create_table(
        "approvals",
        _whole("community"),
        sa.Column("meeting", _NUMBER, nullable=False),
        _whole("version"),
        sa.Column("resident", _NUMBER, nullable=True),
        sa.Column("approved_at", sa.BigInteger(), nullable=False),
        *_refers("approvals"),
        sa.PrimaryKeyConstraint("community", "meeting", "version", name=op.f("pk_approvals")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_approvals_resident"), "approvals", ["resident"])


def downgrade() -> None:
    for table in ("approvals", "notes"):
        op.drop_table(table)


def _whole(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), autoincrement=False, nullable=False)


def _refers(table: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint(
            ["community", "meeting"],
            ["meetings.community", "meetings.id"],
            name=op.f(f"fk_{table}_community"),
        ),
        sa.ForeignKeyConstraint(["resident"], ["residents.id"], name=op.f(f"fk_{table}_resident")),
    ]
