"""Themes that are archived: their places are closed, and who pulled them is asked whether that may be said"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("themes", sa.Column("closed", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("wanted_rooms", sa.Column("rules", sa.Text(), nullable=True))
    op.create_table(
        "archives",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("community", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("theme", _NUMBER, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("begun_on", sa.String(), nullable=False),
        sa.Column("archived_on", sa.String(), nullable=False),
        sa.Column("reopened_at", sa.BigInteger(), nullable=True),
        sa.Column("came_of", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["theme"], ["themes.id"], name=op.f("fk_archives_theme")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_archives")),
        sqlite_autoincrement=True,
    )
    for column in ("theme", "reopened_at"):
        op.create_index(f"ix_archives_community_{column}", "archives", ["community", column])
    op.create_table(
        "archive_pullers",
        sa.Column("community", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("archive", _NUMBER, nullable=False),
        sa.Column("resident", _NUMBER, nullable=False),
        sa.Column("named", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.ForeignKeyConstraint(["archive"], ["archives.id"], name=op.f("fk_archive_pullers_archive")),
        sa.ForeignKeyConstraint(["resident"], ["residents.id"], name=op.f("fk_archive_pullers_resident")),
        sa.PrimaryKeyConstraint("community", "archive", "resident", name=op.f("pk_archive_pullers")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_archive_pullers_resident"), "archive_pullers", ["resident"])


def downgrade() -> None:
    op.drop_table("archive_pullers")
    op.drop_table("archives")
    op.drop_column("wanted_rooms", "rules")
    op.drop_column("themes", "closed")
