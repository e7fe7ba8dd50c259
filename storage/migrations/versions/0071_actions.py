"""What people promised in meetings"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0071"
down_revision = "0070"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_PEOPLE = ("noted_by", "promised_by", "owner")


def upgrade() -> None:
    op.create_table(
        "actions",
        sa.Column("community", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("theme", _NUMBER, nullable=False),
        sa.Column("meeting", _NUMBER, nullable=False),
        sa.Column("series", _NUMBER, nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        *(sa.Column(name, _NUMBER, nullable=True) for name in _PEOPLE),
        sa.Column("for_nobody", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("due_on", sa.String(), nullable=True),
        sa.Column("noted_at", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.Integer(), nullable=False),
        sa.Column("until", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["theme"], ["themes.id"], name=op.f("fk_actions_theme")),
        sa.ForeignKeyConstraint(
            ["community", "meeting"], ["meetings.community", "meetings.id"], name=op.f("fk_actions_community")
        ),
        *(
            sa.ForeignKeyConstraint([name], ["residents.id"], name=op.f(f"fk_actions_{name}"))
            for name in _PEOPLE
        ),
        sa.PrimaryKeyConstraint("community", "id", name=op.f("pk_actions")),
    )
    for name in _PEOPLE:
        op.create_index(op.f(f"ix_actions_{name}"), "actions", [name])
    op.create_index("ix_actions_theme_state", "actions", ["theme", "state"])
    op.create_index("ix_actions_meeting", "actions", ["community", "meeting", "id"])


def downgrade() -> None:
    op.drop_table("actions")
