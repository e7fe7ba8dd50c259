"""What stands on the agendas of meetings, and who wants it"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0067"
down_revision = "0066"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "agenda_items",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("community", sa.Integer(), nullable=False),
        sa.Column("meeting", _NUMBER, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("resident", _NUMBER, nullable=True),
        sa.Column("called", sa.String(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=True),
        sa.Column("dropped", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.ForeignKeyConstraint(["resident"], ["residents.id"], name=op.f("fk_agenda_items_resident")),
        sa.ForeignKeyConstraint(
            ["community", "meeting"],
            ["meetings.community", "meetings.id"],
            name=op.f("fk_agenda_items_community_meeting"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agenda_items")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_agenda_items_resident"), "agenda_items", ["resident"])
    op.create_index(
        "ix_agenda_items_meeting_number", "agenda_items", ["community", "meeting", "number"], unique=True
    )
    op.create_table(
        "agenda_supports",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("community", sa.Integer(), nullable=False),
        sa.Column("item", _NUMBER, nullable=False),
        sa.Column("resident", _NUMBER, nullable=False),
        sa.Column("supported_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["item"], ["agenda_items.id"], name=op.f("fk_agenda_supports_item")),
        sa.ForeignKeyConstraint(["resident"], ["residents.id"], name=op.f("fk_agenda_supports_resident")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agenda_supports")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_agenda_supports_resident"), "agenda_supports", ["resident"])
    op.create_index("ix_agenda_supports_item_resident", "agenda_supports", ["item", "resident"])


def downgrade() -> None:
    for table in ("agenda_supports", "agenda_items"):
        op.drop_table(table)
