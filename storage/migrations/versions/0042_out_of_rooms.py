"""Who was let in is out of the very room, also where that is the theme's no more, or they were forgotten"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"

_TABLE = "guests"
_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_KEY = "fk_guests_platform_user_id_community"
_OF_ACCOUNT = ["platform", "user_id", "community"]


def upgrade() -> None:
    _drop_indexes()
    with op.batch_alter_table(_TABLE, table_kwargs={"sqlite_with_rowid": False}) as table:
        table.drop_constraint(_KEY, type_="foreignkey")
        table.alter_column("resident", existing_type=_NUMBER, nullable=True)
        table.add_column(sa.Column("room", sa.String(), nullable=True))
    _make_indexes()
    op.create_index("ix_guests_platform_user_id", _TABLE, ["platform", "user_id"])
    room = (
        "SELECT wanted_rooms.room FROM wanted_rooms WHERE wanted_rooms.community = guests.community"
        " AND wanted_rooms.theme = guests.theme AND wanted_rooms.platform = guests.platform"
    )
    # Who waits to be let in is in none.
    op.execute(f"UPDATE guests SET room = ({room}) WHERE inside = (due_at IS NULL)")  # noqa: S608


def downgrade() -> None:
    op.execute("DELETE FROM guests WHERE resident IS NULL")
    op.drop_index("ix_guests_platform_user_id", _TABLE)
    _drop_indexes()
    with op.batch_alter_table(_TABLE, table_kwargs={"sqlite_with_rowid": False}) as table:
        table.drop_column("room")
        table.alter_column("resident", existing_type=_NUMBER, nullable=False)
        table.create_foreign_key(_KEY, "identities", _OF_ACCOUNT, _OF_ACCOUNT)
    _make_indexes()


def _drop_indexes() -> None:
    op.drop_index("ix_guests_platform_due_at", _TABLE)
    op.drop_index(op.f("ix_guests_resident"), _TABLE)


def _make_indexes() -> None:
    due = sa.text("due_at IS NOT NULL")
    op.create_index(op.f("ix_guests_resident"), _TABLE, ["resident"])
    op.create_index("ix_guests_platform_due_at", _TABLE, ["platform", "due_at"], sqlite_where=due)
