"""When somebody was in a theme last, to ten minutes; what was said beside an answer is kept there no more"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0078"
down_revision = "0077"

_TEN_MINUTES = 600_000_000


def upgrade() -> None:
    members = sa.table("members", *(sa.column(name, sa.BigInteger()) for name in ("said_at", "used_at")))
    about = {column.name: column - column % _TEN_MINUTES for column in (members.c.said_at, members.c.used_at)}
    op.execute(members.update().values(about))
    names = ("message", "key", "names", "wanted", "withdrawn", "otherwise", "ref", "sent_at")
    posts = sa.table("posts", *(sa.column(name) for name in names))
    # It was taken from there, and said elsewhere.
    taken = (posts.c.otherwise.is_not(None), posts.c.ref.is_(None), posts.c.sent_at.is_not(None))
    op.execute(
        posts.update()
        .where(posts.c.withdrawn == sa.true(), *taken)
        .values(message="", key="", names=sa.null(), wanted=sa.null())
    )


def downgrade() -> None:
    """What is kept no more stays so."""
