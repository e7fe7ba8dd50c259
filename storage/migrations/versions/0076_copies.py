"""What people say in one place of a theme stands in the others"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0076"
down_revision = "0075"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _make_map()
    _make_wanted()
    _make_relays()
    op.create_table(
        "early_acts",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("community", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("place", _NUMBER, nullable=False),
        sa.Column("ref", sa.LargeBinary(), nullable=False),
        sa.Column("edition", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=True),
        sa.Column("key", sa.String(), nullable=False, server_default=""),
        sa.Column("spoken", sa.Text(), nullable=True),
        sa.Column("said_at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_early_acts")),
        sa.UniqueConstraint("place", "ref", name=op.f("uq_early_acts_place_ref")),
    )


def _make_map() -> None:
    op.create_table(
        "copied_in",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("community", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("room", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_copied_in")),
        sa.UniqueConstraint(
            "platform", "room", "community", name=op.f("uq_copied_in_platform_room_community")
        ),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "speakers",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("community", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("spoke_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_speakers")),
        sa.UniqueConstraint("account", "community", name=op.f("uq_speakers_account_community")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "copies",
        sa.Column("message", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("place", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("part", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("community", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("ref", sa.LargeBinary(), nullable=False),
        sa.Column("speaker", _NUMBER, nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=True),
        sa.Column("reply_to", _NUMBER, nullable=True),
        sa.Column("changed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("message", "place", "part", name=op.f("pk_copies")),
        sa.UniqueConstraint("place", "ref", name=op.f("uq_copies_place_ref")),
        sqlite_with_rowid=False,
    )
    where = sa.text("speaker IS NOT NULL")
    op.create_index("ix_copies_speaker", "copies", ["speaker"], sqlite_where=where, postgresql_where=where)


def _make_wanted() -> None:
    op.create_table(
        "wanted_copies",
        sa.Column("seq", _NUMBER, nullable=False),
        sa.Column("community", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("message", _NUMBER, nullable=False),
        sa.Column("place", _NUMBER, nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("speaker", _NUMBER, nullable=True),
        sa.Column("edition", sa.String(), nullable=False),
        sa.Column("gone", sa.Boolean(), nullable=False),
        sa.Column("first", sa.Boolean(), nullable=False),
        sa.Column("key", sa.String(), nullable=False, server_default=""),
        sa.Column("spoken", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("tried_at", sa.BigInteger(), nullable=True),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("in_doubt", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("parked", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_wanted_copies")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_wanted_copies_message_place", "wanted_copies", ["message", "place"])
    op.create_index("ix_wanted_copies_speaker", "wanted_copies", ["speaker"])
    _index("place_seq", "place", "seq")
    _index("due", "account", "next_at", "seq")


def _index(name: str, *columns: str) -> None:
    """Of what was not set aside."""
    where = sa.text("parked IS NULL")
    op.create_index(
        f"ix_wanted_copies_{name}", "wanted_copies", columns, sqlite_where=where, postgresql_where=where
    )


def _make_relays() -> None:
    op.create_table(
        "relays",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("community", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("theme", _NUMBER, nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("resident", _NUMBER, nullable=True),
        sa.ForeignKeyConstraint(["theme"], ["themes.id"], name=op.f("fk_relays_theme")),
        sa.ForeignKeyConstraint(["resident"], ["residents.id"], name=op.f("fk_relays_resident")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_relays")),
    )
    op.create_index(op.f("ix_relays_theme"), "relays", ["theme"])
    op.create_index(op.f("ix_relays_resident"), "relays", ["resident"])


def downgrade() -> None:
    for table in ("relays", "early_acts", "wanted_copies", "copies", "speakers", "copied_in"):
        op.drop_table(table)
