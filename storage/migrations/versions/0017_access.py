"""Who takes part is kept by account, with when its platform said so; so is what the configuration gave"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "access",
        sa.Column("theme", _NUMBER, nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("resident", _NUMBER, nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.Integer(), server_default="0", nullable=False),
        sa.Column("said_at", sa.BigInteger(), nullable=False),
        sa.Column("writes", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.ForeignKeyConstraint(["theme"], ["themes.id"], name=op.f("fk_members_theme")),
        sa.ForeignKeyConstraint(["resident"], ["residents.id"], name=op.f("fk_members_resident")),
        sa.ForeignKeyConstraint(
            ["platform", "user_id"],
            ["identities.platform", "identities.user_id"],
            name=op.f("fk_members_platform_user_id"),
        ),
        sa.PrimaryKeyConstraint("theme", "platform", "user_id", name=op.f("pk_access")),
        sqlite_with_rowid=False,
    )
    # When their platform said so nobody knows: it is a memory, and grants nothing until it is said again.
    op.execute(
        "INSERT INTO access (theme, platform, user_id, resident, since, role, said_at)"
        " SELECT members.theme, identities.platform, identities.user_id, members.resident,"
        " members.since, members.role, 0"
        " FROM members JOIN identities ON identities.resident = members.resident"
    )
    _take_the_place()
    op.create_index("ix_members_resident_theme", "members", ["resident", "theme"])
    with op.batch_alter_table("identities") as table:
        table.add_column(sa.Column("listed", sa.Integer(), nullable=True))
    with op.batch_alter_table("places") as table:
        table.add_column(sa.Column("ours", sa.Boolean(), server_default=sa.false(), nullable=False))
    with op.batch_alter_table("posts") as table:
        table.add_column(sa.Column("theme", _NUMBER, nullable=True))
        table.add_column(sa.Column("role", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("posts") as table:
        table.drop_column("role")
        table.drop_column("theme")
    with op.batch_alter_table("places") as table:
        table.drop_column("ours")
    with op.batch_alter_table("identities") as table:
        table.drop_column("listed")
    op.create_table(
        "access",
        sa.Column("theme", _NUMBER, nullable=False),
        sa.Column("resident", _NUMBER, nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["theme"], ["themes.id"], name=op.f("fk_members_theme")),
        sa.ForeignKeyConstraint(["resident"], ["residents.id"], name=op.f("fk_members_resident")),
        sa.PrimaryKeyConstraint("theme", "resident", name=op.f("pk_access")),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO access (theme, resident, since, role)"
        " SELECT theme, resident, min(since), max(role) FROM members GROUP BY theme, resident"
    )
    _take_the_place()
    op.create_index(op.f("ix_members_resident"), "members", ["resident"])


def _take_the_place() -> None:
    """The new table is the one of members from now on."""
    op.drop_table("members")
    op.rename_table("access", "members")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE members RENAME CONSTRAINT pk_access TO pk_members")
