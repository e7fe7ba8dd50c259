"""How often somebody did what is limited; jobs that are planned under a key"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TO_DO = sa.text("done_at IS NULL")
_DAY = 24 * 60 * 60 * 1_000_000


def upgrade() -> None:
    op.create_table(
        "uses",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("resident", _NUMBER, nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["resident"], ["residents.id"], name=op.f("fk_uses_resident")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_uses")),
    )
    op.create_index("ix_uses_resident_what", "uses", ["resident", "what"])
    # Polls were counted by themselves. What is no longer of the last day is forgotten within one.
    op.execute(
        "INSERT INTO uses (resident, what, until) "  # noqa: S608 - a number of our own
        f"SELECT opener, 'poll open', opened_at + {_DAY} FROM polls"
    )
    with op.batch_alter_table("jobs") as table:
        table.add_column(sa.Column("key", sa.String(), nullable=True))
    # Of several of a kind for one subject the last one was meant; the others find nothing to do.
    op.execute(
        "UPDATE jobs SET key = kind || ':' || subject WHERE id IN "
        "(SELECT max(id) FROM jobs WHERE done_at IS NULL GROUP BY kind, subject)"
    )
    op.create_index("ix_jobs_key", "jobs", ["key"], unique=True, sqlite_where=_TO_DO, postgresql_where=_TO_DO)


def downgrade() -> None:
    op.drop_index("ix_jobs_key", "jobs")
    with op.batch_alter_table("jobs") as table:
        table.drop_column("key")
    op.drop_index("ix_uses_resident_what", "uses")
    op.drop_table("uses")
