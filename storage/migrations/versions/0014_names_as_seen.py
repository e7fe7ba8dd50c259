"""What nobody sees makes no other name"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bot.names import folded
from bot.unseen import visible

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    db = op.get_bind()
    fold = sa.text("UPDATE residents SET name = :name, folded = :folded WHERE id = :id")
    for number, name in db.execute(sa.text("SELECT id, name FROM residents")).all():
        seen = visible(name)
        db.execute(fold, {"id": number, "name": seen, "folded": folded(seen)})


def downgrade() -> None:
    """They are as good for what was there before."""
