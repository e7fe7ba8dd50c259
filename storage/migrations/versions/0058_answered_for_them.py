"""Whether somebody else said last what stands of somebody is kept with their answer"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0058"
down_revision = "0057"


def upgrade() -> None:
    op.add_column("answers", sa.Column("for_them", sa.Boolean(), nullable=False, server_default=sa.false()))
    # Of those who have an answer by now nobody knows it: they may still have to hear who answered for them.
    op.execute("UPDATE answers SET for_them = true WHERE resident IS NOT NULL")


def downgrade() -> None:
    op.drop_column("answers", "for_them")
