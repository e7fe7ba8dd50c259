"""Of each place it is known since when it is carried, and of who stays out until when they did"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0087"
down_revision = "0086"
_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("places", sa.Column("carried_since", sa.BigInteger()))
    op.add_column("relay_absences", sa.Column("until", sa.BigInteger()))
    op.execute(
        "UPDATE places SET carried_since = (SELECT since FROM relays WHERE relays.theme = places.theme)"
        " WHERE NOT encrypted AND here"
    )
    op.execute(
        "UPDATE places SET carried_since = (SELECT min(at) FROM relay_consents AS agreed"
        " WHERE agreed.theme = places.theme AND agreed.platform = places.platform"
        " AND agreed.room = places.room) WHERE encrypted AND here"
    )
    op.drop_table("relay_consents")


def downgrade() -> None:
    op.create_table(
        "relay_consents",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("community", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("theme", _NUMBER, nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("room", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("resident", _NUMBER, nullable=True),
        sa.ForeignKeyConstraint(["resident"], ["residents.id"], name=op.f("fk_relay_consents_resident")),
        sa.ForeignKeyConstraint(["theme"], ["themes.id"], name=op.f("fk_relay_consents_theme")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_relay_consents")),
    )
    op.create_index(op.f("ix_relay_consents_resident"), "relay_consents", ["resident"])
    op.create_index(op.f("ix_relay_consents_theme"), "relay_consents", ["theme"])
    op.execute(
        "INSERT INTO relay_consents (community, theme, platform, room, at)"
        " SELECT community, theme, platform, room, carried_since FROM places"
        " WHERE encrypted AND carried_since IS NOT NULL"
    )
    op.drop_column("places", "carried_since")
    op.execute("DELETE FROM relay_absences WHERE until IS NOT NULL")
    op.drop_column("relay_absences", "until")
