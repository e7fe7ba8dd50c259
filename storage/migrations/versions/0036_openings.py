"""Themes that are proposed, who supports them, and the channels and rooms that themes ought to have"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "proposals",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("community", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("theme", _NUMBER, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("proposer", _NUMBER, nullable=True),
        sa.Column("needed", sa.Integer(), nullable=False),
        sa.Column("proposed_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), server_default="open", nullable=False),
        sa.Column("opened", _NUMBER, nullable=True),
        sa.ForeignKeyConstraint(["theme"], ["themes.id"], name=op.f("fk_proposals_theme")),
        sa.ForeignKeyConstraint(["proposer"], ["residents.id"], name=op.f("fk_proposals_proposer")),
        sa.ForeignKeyConstraint(["opened"], ["themes.id"], name=op.f("fk_proposals_opened")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposals")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_proposals_theme"), "proposals", ["theme"])
    op.create_index(op.f("ix_proposals_proposer"), "proposals", ["proposer"])
    op.create_index(op.f("ix_proposals_opened"), "proposals", ["opened"])
    op.create_index("ix_proposals_community_state", "proposals", ["community", "state"])
    op.create_table(
        "supporters",
        sa.Column("community", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("proposal", _NUMBER, nullable=False),
        sa.Column("resident", _NUMBER, nullable=False),
        sa.ForeignKeyConstraint(["proposal"], ["proposals.id"], name=op.f("fk_supporters_proposal")),
        sa.ForeignKeyConstraint(["resident"], ["residents.id"], name=op.f("fk_supporters_resident")),
        sa.PrimaryKeyConstraint("community", "proposal", "resident", name=op.f("pk_supporters")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_supporters_resident"), "supporters", ["resident"])
    op.create_table(
        "wanted_rooms",
        sa.Column("community", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("theme", _NUMBER, nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("mark", sa.String(), nullable=False),
        sa.Column("account", sa.String(), server_default="", nullable=False),
        sa.Column("room", sa.String(), nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["theme"], ["themes.id"], name=op.f("fk_wanted_rooms_theme")),
        sa.PrimaryKeyConstraint("community", "theme", "platform", name=op.f("pk_wanted_rooms")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_wanted_rooms_platform_next_at",
        "wanted_rooms",
        ["platform", "next_at"],
        sqlite_where=sa.text("room IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("wanted_rooms")
    op.drop_table("supporters")
    op.drop_table("proposals")
