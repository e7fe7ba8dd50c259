"""Who claims a name that was thanked, who is thanked together, and which reasons were taken away"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0061"
down_revision = "0060"

_CLAIMED = sa.text("claimant IS NOT NULL")


def upgrade() -> None:
    op.add_column("kudos", sa.Column("of_group", sa.String(), nullable=True))
    op.add_column("kudos", sa.Column("blanked", sa.Boolean(), nullable=False, server_default=sa.false()))
    if op.get_bind().dialect.name == "sqlite":
        # A new column SQLite takes in place, without a copy of the table.
        op.execute(
            "ALTER TABLE thanked ADD COLUMN claimant INTEGER"
            " CONSTRAINT fk_thanked_claimant REFERENCES residents (id)"
        )
    else:
        op.add_column("thanked", sa.Column("claimant", sa.BigInteger(), nullable=True))
        op.create_foreign_key(op.f("fk_thanked_claimant"), "thanked", "residents", ["claimant"], ["id"])
    op.create_index(
        "ix_thanked_claimant", "thanked", ["claimant"], sqlite_where=_CLAIMED, postgresql_where=_CLAIMED
    )


def downgrade() -> None:
    op.drop_index("ix_thanked_claimant", "thanked")
    op.drop_column("thanked", "claimant")
    op.drop_column("kudos", "blanked")
    op.drop_column("kudos", "of_group")
