"""Whose an answer was, who was forgotten and when; names beside numbers go, and what free pages still held"""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"

# Somebody in a message that is kept: by number and name so far, by number alone from now on.
_NAMED = re.compile(r'(\{"resident":\d+),"name":"(?:[^"\\]|\\.)*"\}')
_PACKED = (
    ("handled", "id", "answer"),
    ("posts", "seq", "message"),
    ("posts", "seq", "wanted"),
    ("boards", "subject", "shown"),
)
_CHUNK = 100_000_000


def upgrade() -> None:
    op.add_column("handled", sa.Column("author", sa.String(), nullable=True))
    op.add_column("identities", sa.Column("forgotten_at", sa.BigInteger(), nullable=True))
    for name, table, column, where in _INDEXES:
        op.create_index(
            op.f(name), table, [column], sqlite_where=sa.text(where), postgresql_where=sa.text(where)
        )
    op.create_table(
        "forgotten",
        sa.Column("community", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("mark", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("account", sa.String(), nullable=True),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("community", "mark", name=op.f("pk_forgotten")),
        sqlite_with_rowid=False,
    )
    for table, key, column in _PACKED:
        _leave_names_out(table, key, column)
    _clear_free_pages()


_INDEXES = (
    ("ix_handled_author", "handled", "author", "author IS NOT NULL"),
    ("ix_posts_room", "posts", "room", "private"),
    ("ix_posts_mentions", "posts", "mentions", "mentions IS NOT NULL"),
)


def _leave_names_out(table: str, key: str, column: str) -> None:
    db = op.get_bind()
    rows = sa.table(table, sa.column(key), sa.column(column))
    found = sa.select(rows.c[key], rows.c[column]).where(rows.c[column].contains('{"resident":'))
    for number, packed in db.execute(found).fetchall():
        bare = _NAMED.sub(r"\1}", packed)
        db.execute(
            rows.update().where(rows.c[key] == number, rows.c[column] == packed).values({column: bare})
        )


def _clear_free_pages() -> None:
    """What was deleted before it was overwritten at once lives on in free pages: they are used once more."""
    db = op.get_bind()
    if db.dialect.name != "sqlite":
        return
    db.exec_driver_sql("PRAGMA secure_delete=ON")
    free = db.exec_driver_sql("PRAGMA freelist_count").scalar() or 0
    size = db.exec_driver_sql("PRAGMA page_size").scalar() or 0
    if not free:
        return
    db.exec_driver_sql("CREATE TABLE blank (words BLOB)")
    left = free * size
    while left > 0:
        db.exec_driver_sql("INSERT INTO blank VALUES (zeroblob(?))", (min(left, _CHUNK),))
        left -= _CHUNK
    db.exec_driver_sql("DROP TABLE blank")


def downgrade() -> None:
    op.drop_table("forgotten")
    for name, table, _, _ in _INDEXES:
        op.drop_index(op.f(name), table_name=table)
    op.drop_column("identities", "forgotten_at")
    op.drop_column("handled", "author")
