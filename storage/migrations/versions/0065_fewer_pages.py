"""Thanking somebody writes fewer pages: a table with less beside it, and no index that another serves for"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0065"
down_revision = "0064"

_FOR_MESSAGE, _BY_MESSAGE = "ix_kudos_message", ["community", "message"]
_UNNEEDED = {"ix_kudos_giver_day": ["giver", "day"], "ix_kudos_theme_given_at": ["theme", "given_at"]}


def upgrade() -> None:
    op.drop_index(_FOR_MESSAGE, "kudos")
    for name in _UNNEEDED:
        op.drop_index(name, "kudos")
    _rewrite(sqlite_with_rowid=False)
    where = sa.text("message IS NOT NULL")
    op.create_index(_FOR_MESSAGE, "kudos", _BY_MESSAGE, sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    op.drop_index(_FOR_MESSAGE, "kudos")
    _rewrite(sqlite_with_rowid=True)
    op.create_index(_FOR_MESSAGE, "kudos", _BY_MESSAGE)
    for name, columns in _UNNEEDED.items():
        op.create_index(name, "kudos", columns)


def _rewrite(*, sqlite_with_rowid: bool) -> None:
    """Only SQLite keeps rows in two ways; what refers to them finds them by the same name."""
    if op.get_bind().dialect.name == "sqlite":
        kwargs = {"sqlite_with_rowid": sqlite_with_rowid}
        with op.batch_alter_table("kudos", recreate="always", table_kwargs=kwargs):
            pass
