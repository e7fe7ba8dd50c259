"""A number that somebody or something was known by is not given out again on SQLite"""

from __future__ import annotations

from alembic import op

revision = "0016"
down_revision = "0014"

_TABLES = ("residents", "jobs", "inbox", "polls")


def upgrade() -> None:
    _make_anew(sqlite_autoincrement=True)


def downgrade() -> None:
    _make_anew(sqlite_autoincrement=False)


def _make_anew(*, sqlite_autoincrement: bool) -> None:
    """PostgreSQL never does."""
    if op.get_bind().dialect.name != "sqlite":
        return
    how = {"sqlite_autoincrement": sqlite_autoincrement}
    for name in _TABLES:
        with op.batch_alter_table(name, recreate="always", table_kwargs=how):
            pass
