"""Which message somebody thanked another for by a sign on it, and what they alone read of what thanks them"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0062"
down_revision = "0061"


def upgrade() -> None:
    op.add_column("kudos", sa.Column("message", sa.String(), nullable=True))
    op.add_column("kudos", sa.Column("link", sa.String(), nullable=True))
    op.add_column("kudos", sa.Column("is_gone", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_index("ix_kudos_message", "kudos", ["community", "message"])
    op.add_column("thanked", sa.Column("alone", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    op.drop_column("thanked", "alone")
    op.drop_index("ix_kudos_message", "kudos")
    for name in ("is_gone", "link", "message"):
        op.drop_column("kudos", name)
