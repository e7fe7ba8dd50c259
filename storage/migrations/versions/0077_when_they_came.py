"""Check-ins tell nobody who came first; what takes back a confidential command is sealed as its answer is.
Whether it was an organiser who dropped something from an agenda is known, and whether others may see that
somebody is of the group that is thanked: of those of before nobody does"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0077"
down_revision = "0076"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_NAMES = ("id", "community", "meeting", "resident", "shown")
# What somebody brought who was linked names the rows so.
_BROUGHT = "check_ins.resident"


def upgrade() -> None:
    _number_anew(lambda rows: {row.id: 2**61 + secrets.randbelow(2**61) for row in rows}, counts_up=False)
    _forget_undo()
    _add_flag("agenda_items", "taken_off")
    _hide_groups()


def _add_flag(table: str, name: str) -> None:
    op.add_column(table, sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()))


def _hide_groups() -> None:
    _add_flag("thanked", "unseen")
    kudos = sa.table("kudos", *(sa.column(name) for name in ("community", "id", "of_group")))
    names = [sa.column("community"), sa.column("of_kudos"), sa.column("unseen", sa.Boolean())]
    thanked = sa.table("thanked", *names)
    together = sa.exists().where(
        kudos.c.community == thanked.c.community,
        kudos.c.id == thanked.c.of_kudos,
        kudos.c.of_group.is_not(None),
    )
    op.execute(thanked.update().where(together).values(unseen=sa.true()))


def _number_anew(numbers: Callable[[list[Any]], dict[int, int]], *, counts_up: bool) -> None:
    db = op.get_bind()
    kept = sa.table("check_ins", *(sa.column(name) for name in _NAMES))
    rows = list(db.execute(sa.select(kept).order_by(kept.c.id)))
    new = numbers(rows)
    op.drop_table("check_ins")
    _make(counts_up=counts_up)
    if rows:
        again = [{**row._asdict(), "id": new[row.id], "shown": bool(row.shown)} for row in rows]
        made = sa.table("check_ins", *(sa.column(name) for name in _NAMES))
        op.bulk_insert(made, sorted(again, key=lambda row: row["id"]))
    links = sa.table("links", sa.column("id"), sa.column("brought"))
    for link in list(db.execute(sa.select(links).where(links.c.brought.contains(_BROUGHT)))):
        brought = json.loads(link.brought)
        noted = [[new[key]] for (key,) in brought["rows"][_BROUGHT] if key in new]
        brought["rows"][_BROUGHT] = noted
        db.execute(sa.update(links).where(links.c.id == link.id).values(brought=json.dumps(brought)))


def _make(*, counts_up: bool) -> None:
    number = sa.Column("id", _NUMBER, nullable=False, autoincrement="auto" if counts_up else False)
    op.create_table(
        "check_ins",
        number,
        sa.Column("community", sa.Integer(), nullable=False),
        sa.Column("meeting", _NUMBER, nullable=False),
        sa.Column("resident", _NUMBER, nullable=True),
        sa.Column("shown", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["community", "meeting"],
            ["meetings.community", "meetings.id"],
            name=op.f("fk_check_ins_community_meeting"),
        ),
        sa.ForeignKeyConstraint(["resident"], ["residents.id"], name=op.f("fk_check_ins_resident")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_ins")),
        sqlite_autoincrement=counts_up,
    )
    op.create_index(op.f("ix_check_ins_resident"), "check_ins", ["resident"])
    op.create_index("ix_check_ins_meeting_resident", "check_ins", ["community", "meeting", "resident"])


def _forget_undo() -> None:
    """What stands there is not as it is read from now on, or says who checked in where, in plain."""
    handled = sa.table("handled", sa.column("undo"), sa.column("key"))
    told = sa.or_(handled.c.key != "", handled.c.undo.contains('"meeting not-here"'))
    op.execute(handled.update().where(handled.c.undo.is_not(None), told).values(undo=None))


def downgrade() -> None:
    op.drop_column("thanked", "unseen")
    op.drop_column("agenda_items", "taken_off")
    _number_anew(lambda rows: {row.id: number for number, row in enumerate(rows, 1)}, counts_up=True)
    _forget_undo()
