"""What is looked for among all communities, or all their people, has an index; which boards may be behind"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"

_INDEXES: tuple[tuple[str, str, list[str], str | None], ...] = (
    ("ix_identities_user_id", "identities", ["user_id"], None),
    ("ix_identities_account", "identities", ["account"], None),
    ("ix_identities_listed", "identities", ["community"], "listed IS NOT NULL"),
    ("ix_identities_apart", "identities", ["community"], "role IS NOT NULL"),
    ("ix_posts_unclaimed", "posts", ["account"], "account = platform"),
    ("ix_boards_account_next_at", "boards", ["account", "next_at"], None),
    ("ix_refs_post", "refs", ["post"], "post IS NOT NULL"),
    ("ix_subjects_behind", "subjects", ["behind"], "behind = 1"),
)
_CAUGHT_UP = """
    UPDATE subjects SET behind = 0 WHERE NOT EXISTS (
        SELECT 1 FROM boards
        WHERE boards.community = subjects.community
        AND boards.subject = subjects.subject
        AND boards.version < subjects.version
    )
"""


def upgrade() -> None:
    op.add_column("subjects", sa.Column("behind", sa.Integer(), server_default="1", nullable=False))
    op.execute(_CAUGHT_UP)
    for name, table, columns, where in _INDEXES:
        which = sa.text(where) if where else None
        op.create_index(name, table, columns, sqlite_where=which, postgresql_where=which)
    _index_rooms("private = 1")


def _index_rooms(where: str) -> None:
    """SQLite does not see that `private = 1`, as it is asked there, is what `private` says."""
    if op.get_bind().dialect.name == "sqlite":
        op.drop_index("ix_posts_room", "posts")
        op.create_index("ix_posts_room", "posts", ["room"], sqlite_where=sa.text(where))


def downgrade() -> None:
    _index_rooms("private")
    for name, table, *_ in reversed(_INDEXES):
        op.drop_index(name, table)
    op.drop_column("subjects", "behind")
