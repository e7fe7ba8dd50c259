"""When a place that is there for a while only was last used"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"

_WITHOUT_ROWID = {"sqlite_with_rowid": False}


def upgrade() -> None:
    with op.batch_alter_table("places", table_kwargs=_WITHOUT_ROWID) as table:
        table.add_column(sa.Column("used_at", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("places", table_kwargs=_WITHOUT_ROWID) as table:
        table.drop_column("used_at")
