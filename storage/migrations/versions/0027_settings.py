"""By what each community is known to the configuration, and what was set in the chat, by whom"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    # Those that are there were all served; by what they are known, the next start says.
    with op.batch_alter_table("communities", table_kwargs={"sqlite_autoincrement": True}) as table:
        table.add_column(sa.Column("key", sa.String(), server_default="", nullable=False))
        table.add_column(sa.Column("served", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.create_table(
        "settings",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("community", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=True),
        sa.Column("resident", _NUMBER, nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["resident"], ["residents.id"], name=op.f("fk_settings_resident")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_settings")),
        sqlite_autoincrement=True,
    )
    for column in ("community", "resident"):
        op.create_index(op.f(f"ix_settings_{column}"), "settings", [column])


def downgrade() -> None:
    op.drop_table("settings")
    with op.batch_alter_table("communities", table_kwargs={"sqlite_autoincrement": True}) as table:
        table.drop_column("served")
        table.drop_column("key")
