"""Channels and rooms of themes are kept as they are wanted, also once they are there"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"

_TABLE = "wanted_rooms"
_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.drop_index("ix_wanted_rooms_platform_next_at", _TABLE)
    op.add_column(_TABLE, sa.Column("due_at", sa.BigInteger(), nullable=True))
    op.add_column(_TABLE, sa.Column("called", sa.String(), nullable=True))
    for name, default in (("version", "1"), ("shaped", "0"), ("hints", "0")):
        op.add_column(_TABLE, sa.Column(name, sa.Integer(), server_default=default, nullable=False))
    op.add_column(_TABLE, sa.Column("gone", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.execute("UPDATE wanted_rooms SET due_at = next_at WHERE room IS NULL")
    op.execute("UPDATE wanted_rooms SET shaped = 1 WHERE room IS NOT NULL")
    op.drop_column(_TABLE, "next_at")
    due = sa.text("due_at IS NOT NULL")
    op.create_index("ix_wanted_rooms_platform_due_at", _TABLE, ["platform", "due_at"], sqlite_where=due)
    op.create_index("ix_wanted_rooms_platform_room", _TABLE, ["platform", "room"])
    op.create_table(
        "guests",
        sa.Column("community", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("theme", _NUMBER, nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("resident", _NUMBER, nullable=False),
        sa.Column("inside", sa.Boolean(), nullable=False),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(["theme"], ["themes.id"], name=op.f("fk_guests_theme")),
        sa.ForeignKeyConstraint(["resident"], ["residents.id"], name=op.f("fk_guests_resident")),
        sa.ForeignKeyConstraint(
            ["platform", "user_id", "community"],
            ["identities.platform", "identities.user_id", "identities.community"],
            name=op.f("fk_guests_platform_user_id_community"),
        ),
        sa.PrimaryKeyConstraint("community", "theme", "platform", "user_id", name=op.f("pk_guests")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_guests_resident"), "guests", ["resident"])
    op.create_index("ix_guests_platform_due_at", "guests", ["platform", "due_at"], sqlite_where=due)


def downgrade() -> None:
    op.drop_table("guests")
    op.drop_index("ix_wanted_rooms_platform_room", _TABLE)
    op.drop_index("ix_wanted_rooms_platform_due_at", _TABLE)
    op.add_column(_TABLE, sa.Column("next_at", sa.BigInteger(), server_default="0", nullable=False))
    op.execute("UPDATE wanted_rooms SET next_at = due_at WHERE due_at IS NOT NULL")
    for name in ("gone", "hints", "shaped", "version", "called", "due_at"):
        op.drop_column(_TABLE, name)
    made = sa.text("room IS NULL")
    op.create_index("ix_wanted_rooms_platform_next_at", _TABLE, ["platform", "next_at"], sqlite_where=made)
