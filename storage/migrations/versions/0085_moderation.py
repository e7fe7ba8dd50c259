"""Who is muted in a theme, what moderators did, and whom platforms keep from writing for it"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0085"
down_revision = "0084"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "mutes",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("community", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("theme", _NUMBER, nullable=False),
        sa.Column("resident", _NUMBER, nullable=True),
        sa.Column("account", sa.String(), nullable=True),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["theme"], ["themes.id"], name=op.f("fk_mutes_theme")),
        sa.ForeignKeyConstraint(["resident"], ["residents.id"], name=op.f("fk_mutes_resident")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mutes")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "moderation_log",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("community", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("theme", _NUMBER, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("deed", sa.String(), nullable=False),
        sa.Column("moderator", _NUMBER, nullable=True),
        sa.Column("resident", _NUMBER, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False, server_default=""),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["theme"], ["themes.id"], name=op.f("fk_moderation_log_theme")),
        sa.ForeignKeyConstraint(["moderator"], ["residents.id"], name=op.f("fk_moderation_log_moderator")),
        sa.ForeignKeyConstraint(["resident"], ["residents.id"], name=op.f("fk_moderation_log_resident")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_moderation_log")),
        sqlite_autoincrement=True,
    )
    for table, *columns in (
        ("mutes", "theme", "resident"),
        ("moderation_log", "theme", "moderator", "resident"),
    ):
        for column in columns:
            op.create_index(op.f(f"ix_{table}_{column}"), table, [column])
    op.create_table(
        "silences",
        sa.Column("community", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("room", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("theme", _NUMBER, nullable=False),
        sa.Column("before", sa.String(), nullable=True),
        sa.Column("stands", sa.Boolean(), nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["theme"], ["themes.id"], name=op.f("fk_silences_theme")),
        sa.PrimaryKeyConstraint("community", "platform", "room", "user_id", name=op.f("pk_silences")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    for table in ("silences", "moderation_log", "mutes"):
        op.drop_table(table)
