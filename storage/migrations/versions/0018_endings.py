"""Who ended somebody else's poll"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "endings",
        sa.Column("poll", _NUMBER, nullable=False),
        sa.Column("resident", _NUMBER, nullable=False),
        sa.ForeignKeyConstraint(["poll"], ["polls.id"], name=op.f("fk_endings_poll")),
        sa.ForeignKeyConstraint(["resident"], ["residents.id"], name=op.f("fk_endings_resident")),
        sa.PrimaryKeyConstraint("poll", name=op.f("pk_endings")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_endings_resident", "endings", ["resident"])


def downgrade() -> None:
    op.drop_table("endings")
