"""What was missed is known to be late when it is carried; what was said since when is found"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0081"
down_revision = "0080"


def upgrade() -> None:
    op.add_column(
        "wanted_copies", sa.Column("missed", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    where = sa.text("at IS NOT NULL")
    op.create_index("ix_copies_at", "copies", ["at"], sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    op.drop_index("ix_copies_at", "copies")
    op.drop_column("wanted_copies", "missed")
