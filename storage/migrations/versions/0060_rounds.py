"""Until when it was told in a theme what was done there, and who wants to be thanked for thanking"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0060"
down_revision = "0059"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("kudos_tastes", sa.Column("giver", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index("ix_kudos_given_at", "kudos", ["community", "given_at"])
    op.create_index("ix_kudos_theme_given_at", "kudos", ["theme", "given_at"])
    op.drop_index(op.f("ix_kudos_theme"), "kudos")
    op.create_index(
        "ix_thanked_wall_given_at",
        "thanked",
        ["community", "theme", "given_at", "of_kudos"],
        sqlite_where=sa.text("on_wall = 1"),
        postgresql_where=sa.text("on_wall = true"),
    )
    op.create_table(
        "kudos_rounds",
        sa.Column("community", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("theme", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("told_until", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["theme"], ["themes.id"], name=op.f("fk_kudos_rounds_theme")),
        sa.PrimaryKeyConstraint("community", "theme", name=op.f("pk_kudos_rounds")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("kudos_rounds")
    op.drop_index("ix_thanked_wall_given_at", "thanked")
    op.create_index(op.f("ix_kudos_theme"), "kudos", ["theme"])
    op.drop_index("ix_kudos_theme_given_at", "kudos")
    op.drop_index("ix_kudos_given_at", "kudos")
    op.drop_column("kudos_tastes", "giver")
