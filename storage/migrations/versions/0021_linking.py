"""Codes that link accounts, what can be undone of that, and who is kept out of a poll that they left"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_WITHOUT_ROWID = {"sqlite_with_rowid": False}


def upgrade() -> None:
    op.create_table(
        "link_codes",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("community", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("resident", _NUMBER, nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("other", _NUMBER, nullable=True),
        sa.Column("given_by", sa.String(), nullable=True),
        sa.Column("agreed", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["resident"], ["residents.id"], name=op.f("fk_link_codes_resident")),
        sa.ForeignKeyConstraint(["other"], ["residents.id"], name=op.f("fk_link_codes_other")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link_codes")),
        sqlite_autoincrement=True,
    )
    for column in ("code", "resident", "account", "other"):
        op.create_index(op.f(f"ix_link_codes_{column}"), "link_codes", [column])
    op.create_table(
        "links",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("community", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("resident", _NUMBER, nullable=False),
        sa.Column("joined", sa.Text(), nullable=False),
        sa.Column("brought", sa.Text(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["resident"], ["residents.id"], name=op.f("fk_links_resident")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_links")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_links_resident"), "links", ["resident"])
    op.create_table(
        "wrong_codes",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("community", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("closed_until", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wrong_codes")),
    )
    for column in ("account", "at"):
        op.create_index(op.f(f"ix_wrong_codes_{column}"), "wrong_codes", [column])
    op.create_table(
        "leavers",
        sa.Column("community", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("poll", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("holder", _NUMBER, nullable=True),
        sa.ForeignKeyConstraint(
            ["community", "poll"], ["polls.community", "polls.id"], name=op.f("fk_leavers_community_poll")
        ),
        sa.ForeignKeyConstraint(["holder"], ["residents.id"], name=op.f("fk_leavers_holder")),
        sa.PrimaryKeyConstraint("community", "poll", "account", name=op.f("pk_leavers")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_leavers_holder"), "leavers", ["holder"])
    with op.batch_alter_table("polls") as table:
        table.add_column(sa.Column("was_left", sa.Boolean(), server_default=sa.false(), nullable=False))
    with op.batch_alter_table("identities", table_kwargs=_WITHOUT_ROWID) as table:
        table.add_column(sa.Column("role", sa.Integer(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("identities", table_kwargs=_WITHOUT_ROWID) as table:
        table.drop_column("role")
    with op.batch_alter_table("polls") as table:
        table.drop_column("was_left")
    for name in ("leavers", "wrong_codes", "links", "link_codes"):
        op.drop_table(name)
