"""What people offer, for a theme or a meeting"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0068"
down_revision = "0067"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "offers",
        sa.Column("community", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("theme", _NUMBER, nullable=False),
        sa.Column("meeting", _NUMBER, nullable=True),
        sa.Column("resident", _NUMBER, nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("offered_at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["theme"], ["themes.id"], name=op.f("fk_offers_theme")),
        sa.ForeignKeyConstraint(["resident"], ["residents.id"], name=op.f("fk_offers_resident")),
        sa.ForeignKeyConstraint(
            ["community", "meeting"],
            ["meetings.community", "meetings.id"],
            name=op.f("fk_offers_community_meeting"),
        ),
        sa.PrimaryKeyConstraint("community", "id", name=op.f("pk_offers")),
    )
    op.create_index(op.f("ix_offers_theme"), "offers", ["theme"])
    op.create_index(op.f("ix_offers_resident"), "offers", ["resident"])
    op.create_index("ix_offers_meeting", "offers", ["community", "meeting", "id"])


def downgrade() -> None:
    op.drop_table("offers")
