"""In whose thread a message is that is carried; of which message a thread is"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0084"
down_revision = "0083"
_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("copies", sa.Column("thread", _NUMBER, nullable=True))
    where = sa.text("thread IS NOT NULL")
    op.create_index("ix_copies_thread", "copies", ["thread"], sqlite_where=where, postgresql_where=where)
    op.create_table(
        "threads",
        sa.Column("place", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("ref", sa.LargeBinary(), nullable=False),
        sa.Column("community", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("message", _NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("place", "ref", "community", name=op.f("pk_threads")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_threads_message_place", "threads", ["message", "place"])


def downgrade() -> None:
    op.drop_table("threads")
    op.drop_index("ix_copies_thread", "copies")
    op.drop_column("copies", "thread")
