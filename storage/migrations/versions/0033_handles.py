"""By what their platforms tell two accounts apart that are to be linked, beside their codes"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    for name in ("handle", "given_handle"):
        op.add_column("link_codes", sa.Column(name, sa.String(), nullable=True))


def downgrade() -> None:
    for name in ("given_handle", "handle"):
        op.drop_column("link_codes", name)
