"""People are found by name, and heard on the account that they used last"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bot.names import folded

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    with op.batch_alter_table("residents") as table:
        table.add_column(sa.Column("folded", sa.String(), server_default="", nullable=False))
        table.add_column(sa.Column("name_is_chosen", sa.Boolean(), server_default=sa.false(), nullable=False))
        table.add_column(sa.Column("heard_as", sa.String(), nullable=True))
        table.create_index("ix_residents_folded", ["folded"])
    db = op.get_bind()
    fold = sa.text("UPDATE residents SET folded = :folded WHERE id = :id")
    for number, name in db.execute(sa.text("SELECT id, name FROM residents")).all():
        db.execute(fold, {"id": number, "folded": folded(name)})


def downgrade() -> None:
    with op.batch_alter_table("residents") as table:
        table.drop_index("ix_residents_folded")
        for column in ("folded", "name_is_chosen", "heard_as"):
            table.drop_column(column)
