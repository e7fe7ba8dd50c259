"""Which time it was that somebody did what is held within limits: what stands there twice counts once"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"

# Until now copies of one time end at the same moment; so may several times, which stay apart.
_SAY_WHICH = """
    UPDATE {table} SET which = (
        SELECT what || ':' || until || ':' || place FROM {table}_which WHERE {table}_which.id = {table}.id
    )
"""
_PLACES = """
    CREATE TEMPORARY TABLE {table}_which AS SELECT id, ROW_NUMBER() OVER (
        PARTITION BY community, {whose}, what, until ORDER BY id
    ) AS place FROM {table}
"""


def upgrade() -> None:
    for table, whose in (("uses", "resident"), ("spent", "mark")):
        op.add_column(table, sa.Column("which", sa.String(), nullable=False, server_default=""))
        op.execute(_PLACES.format(table=table, whose=whose))
        op.execute(f"CREATE UNIQUE INDEX ix_{table}_which ON {table}_which (id)")
        op.execute(_SAY_WHICH.format(table=table))
        op.execute(f"DROP TABLE {table}_which")


def downgrade() -> None:
    op.drop_column("spent", "which")
    op.drop_column("uses", "which")
