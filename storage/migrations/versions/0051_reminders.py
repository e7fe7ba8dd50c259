"""Residents have a time zone of their own, and are reminded of what they ask for, and how they ask"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0050"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("residents", sa.Column("zone", sa.String()))
    op.add_column(
        "residents",
        sa.Column("wants_mention", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.add_column("residents", sa.Column("remind_before", sa.String()))
    op.create_table(
        "reminders",
        sa.Column("community", sa.Integer(), nullable=False),
        sa.Column("id", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("resident", _NUMBER, nullable=False),
        sa.Column("theme", _NUMBER),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("due_at", sa.BigInteger()),
        sa.Column("snoozed_to", sa.BigInteger()),
        sa.Column("rule", sa.String()),
        sa.Column("wall", sa.String()),
        sa.Column("zone", sa.String()),
        sa.Column("stopped", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(["resident"], ["residents.id"], name=op.f("fk_reminders_resident")),
        sa.ForeignKeyConstraint(["theme"], ["themes.id"], name=op.f("fk_reminders_theme")),
        sa.PrimaryKeyConstraint("community", "id", name=op.f("pk_reminders")),
    )
    op.create_index(op.f("ix_reminders_resident"), "reminders", ["resident"])
    op.create_index(op.f("ix_reminders_theme"), "reminders", ["theme"])


def downgrade() -> None:
    op.drop_table("reminders")
    op.drop_column("residents", "remind_before")
    op.drop_column("residents", "wants_mention")
    op.drop_column("residents", "zone")
