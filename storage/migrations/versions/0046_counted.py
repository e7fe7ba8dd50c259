"""How many take part in a theme is counted by an index alone, and names are looked through by another"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"

_BY_SEEN, _BY_SEEN_AND_NAME = "ix_themes_community_seen", "ix_themes_community_opened_seen_name"
_BY_HOW, _BY_RESIDENT = "ix_involvements_theme_how", "ix_involvements_theme_resident_how"
_COUNTED = "ix_involvements_counted"


def upgrade() -> None:
    op.drop_index(_BY_SEEN, "themes")
    op.create_index(_BY_SEEN_AND_NAME, "themes", ["community", "opened", "seen", "name"])
    counted: sa.Column[bool] = sa.Column("counted", sa.Boolean(), server_default=sa.true(), nullable=False)
    op.add_column("involvements", counted)
    op.execute(
        "UPDATE involvements SET counted = (1 = 0) WHERE EXISTS (SELECT 1 FROM involvements AS other"
        " WHERE other.theme = involvements.theme AND other.resident = involvements.resident AND"
        " (other.how > involvements.how OR (other.how = involvements.how AND other.id < involvements.id)))"
    )
    op.drop_index(_BY_HOW, "involvements")
    op.drop_index(_BY_RESIDENT, "involvements")
    op.create_index(_COUNTED, "involvements", ["theme", "how", "counted", "community"])


def downgrade() -> None:
    op.drop_index(_COUNTED, "involvements")
    op.create_index(_BY_RESIDENT, "involvements", ["theme", "resident", "how"])
    op.create_index(_BY_HOW, "involvements", ["theme", "how"])
    op.drop_column("involvements", "counted")
    op.drop_index(_BY_SEEN_AND_NAME, "themes")
    op.create_index(_BY_SEEN, "themes", ["community", "seen"])
