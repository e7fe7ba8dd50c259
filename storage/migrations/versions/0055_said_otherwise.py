"""What is said otherwise where somebody can be told nothing in private, and that they are to hear so"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0055"
down_revision = "0054"


def upgrade() -> None:
    op.add_column("posts", sa.Column("otherwise", sa.String()))
    op.add_column(
        "residents",
        sa.Column("told_aloud", sa.Boolean(), server_default=sa.false(), nullable=False),
    )


def downgrade() -> None:
    op.drop_column("residents", "told_aloud")
    op.drop_column("posts", "otherwise")
