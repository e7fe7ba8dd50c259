"""What two who are one person are thanked for twice is void, not gone, and each says how they like that"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0073"
down_revision = "0072"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# From what shows the most to what shows the least.
_RECEIVES = ("openly", "privately", "not")


def upgrade() -> None:
    op.add_column("thanked", sa.Column("void", sa.Boolean(), nullable=False, server_default=sa.false()))
    rows = [{**row, "first": row["resident"]} for row in _rows()]
    _make_anew(["community", "resident", "first"], rows)


def downgrade() -> None:
    thanked = sa.table("thanked", sa.column("void", sa.Boolean()))
    op.execute(thanked.delete().where(thanked.c.void))
    op.drop_column("thanked", "void")
    people = groupby(_rows(), key=lambda row: (row["community"], row["resident"]))
    _make_anew(["community", "resident"], [_strictest([*theirs]) for _, theirs in people])


def _rows() -> Sequence[dict[str, Any]]:
    kept = sa.table("kudos_tastes", sa.column("community"), sa.column("resident"), *_aspects())
    asked = sa.select(kept).order_by(kept.c.community, kept.c.resident)
    return [{**row} for row in op.get_bind().execute(asked).mappings()]


def _aspects() -> Sequence[sa.Column[Any]]:
    return (
        sa.Column("receives", sa.String(), nullable=False),
        sa.Column("wall", sa.Boolean(), nullable=True),
        sa.Column("asked", sa.Boolean(), nullable=False),
        sa.Column("giver", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("expertise", sa.Boolean(), nullable=True),
    )


def _make_anew(key: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
    op.drop_table("kudos_tastes")
    numbers = [sa.Column(name, _NUMBER, autoincrement=False, nullable=False) for name in key[1:]]
    table = op.create_table(
        "kudos_tastes",
        sa.Column("community", sa.Integer(), autoincrement=False, nullable=False),
        *numbers,
        *_aspects(),
        sa.ForeignKeyConstraint(["resident"], ["residents.id"], name=op.f("fk_kudos_tastes_resident")),
        sa.PrimaryKeyConstraint(*key, name=op.f("pk_kudos_tastes")),
        sqlite_with_rowid=False,
    )
    if rows:
        op.bulk_insert(table, [*rows])


def _strictest(said: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What shows the least of what several said who are one person."""
    agreed = {name: [row[name] for row in said if row[name] is not None] for name in ("wall", "expertise")}
    return {
        "community": said[0]["community"],
        "resident": said[0]["resident"],
        "receives": max((row["receives"] for row in said), key=_RECEIVES.index),
        **{name: all(known) if known else None for name, known in agreed.items()},
        "asked": any(row["asked"] for row in said),
        "giver": all(row["giver"] for row in said),
    }
