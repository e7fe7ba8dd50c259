"""What is told to a person goes to another account of theirs, or waits for them"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0005"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TOLD = sa.text("resident IS NOT NULL")


def upgrade() -> None:
    with op.batch_alter_table("residents") as table:
        table.add_column(sa.Column("unheard", sa.Boolean(), server_default=sa.false(), nullable=False))
    with op.batch_alter_table("posts") as table:
        table.add_column(sa.Column("resident", _NUMBER, nullable=True))
        table.add_column(sa.Column("gone", sa.Text(), nullable=True))
        table.add_column(sa.Column("in_doubt", sa.Boolean(), server_default=sa.false(), nullable=False))
        table.create_foreign_key(op.f("fk_posts_resident"), "residents", ["resident"], ["id"])
    op.create_index("ix_posts_resident", "posts", ["resident"], sqlite_where=_TOLD, postgresql_where=_TOLD)
    # Nobody knows what became of what is being tried.
    op.execute("UPDATE posts SET in_doubt = true WHERE sent_at IS NULL AND tried_at IS NOT NULL")


def downgrade() -> None:
    """What waits until somebody uses Plein again is set aside: nothing would say it."""
    op.execute(
        "UPDATE posts SET parked = 'nowhere' WHERE account = '' AND sent_at IS NULL AND parked IS NULL"
    )
    op.drop_index("ix_posts_resident", "posts")
    with op.batch_alter_table("posts") as table:
        table.drop_constraint("fk_posts_resident", type_="foreignkey")
        for column in ("resident", "gone", "in_doubt"):
            table.drop_column(column)
    with op.batch_alter_table("residents") as table:
        table.drop_column("unheard")
