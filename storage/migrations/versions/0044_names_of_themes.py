"""Themes are found by what tells them apart for a reader, and which were opened stands with them"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bot.unseen import seen_as

revision = "0044"
down_revision = "0043"

_INDEXES = (["community", "seen"], ["community", "opened", "closed", "id"])

_COUNTED_BY = "ix_involvements_theme_resident_how"


def upgrade() -> None:
    op.add_column("themes", sa.Column("seen", sa.String(), server_default="", nullable=False))
    op.add_column("themes", sa.Column("opened", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.execute(
        "UPDATE themes SET opened = (1 = 1)"
        " WHERE id IN (SELECT opened FROM proposals WHERE state = 'opened' AND opened IS NOT NULL)"
    )
    db = op.get_bind()
    fold = sa.text("UPDATE themes SET seen = :seen WHERE id = :id")
    for number, name in db.execute(sa.text("SELECT id, name FROM themes")).all():
        db.execute(fold, {"id": number, "seen": seen_as(name)})
    for columns in _INDEXES:
        op.create_index(f"ix_themes_{'_'.join(columns)}", "themes", columns)
    op.create_index(_COUNTED_BY, "involvements", ["theme", "resident", "how"])


def downgrade() -> None:
    op.drop_index(_COUNTED_BY, "involvements")
    for columns in _INDEXES:
        op.drop_index(f"ix_themes_{'_'.join(columns)}", "themes")
    op.drop_column("themes", "opened")
    op.drop_column("themes", "seen")
