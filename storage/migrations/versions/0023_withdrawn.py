"""When somebody last spoke in a poll that is open, also where no ballot of theirs is left"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"

_WITHOUT_ROWID = {"sqlite_with_rowid": False}


def upgrade() -> None:
    with op.batch_alter_table("marks", table_kwargs=_WITHOUT_ROWID) as table:
        table.add_column(sa.Column("said_at", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.execute(sa.text("DELETE FROM marks WHERE latest = ''"))
    with op.batch_alter_table("marks", table_kwargs=_WITHOUT_ROWID) as table:
        table.drop_column("said_at")
