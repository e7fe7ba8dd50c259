"""As which room the configuration named a place; a line that is taken out takes its theme away"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Themes that are not called after a place come from the configuration. Rooms on Matrix may have moved
    since a line named them, and nobody knows as which: they keep theirs until they are named again.
    """
    with op.batch_alter_table("places") as table:
        table.add_column(sa.Column("listed", sa.String(), nullable=True))
    op.execute(
        "UPDATE places SET listed = room WHERE platform <> 'matrix' AND EXISTS (SELECT 1 FROM themes"
        " WHERE themes.id = places.theme"
        " AND substr(themes.name, 1, length(places.platform || ':')) <> places.platform || ':')"
    )


def downgrade() -> None:
    with op.batch_alter_table("places") as table:
        table.drop_column("listed")
