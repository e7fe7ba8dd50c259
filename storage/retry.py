"""What waits for an account, or in one of its places, need wait no longer: posts and boards alike."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Table, Update, bindparam, true, update

from bot.model.people import Place
from storage.batch import Batch
from storage.community import anywhere


class Retrying(NamedTuple):
    """The statements for all of an account's, and for one place."""

    everywhere: Update
    there: Update


def retrying(
    table: Table, waits: ColumnElement[bool] | None = None, in_place: ColumnElement[bool] | None = None
) -> Retrying:
    """`waits`: which rows wait, where not all do; `in_place`: which of those are in a place."""
    now = bindparam("now_", type_=table.c.next_at.type)
    mine = table.c.account == bindparam("account_")
    everywhere = update(table).where(mine, table.c.next_at > now, true() if waits is None else waits)
    everywhere = anywhere(everywhere.values(next_at=now))
    there = everywhere.where(
        table.c.platform == bindparam("platform_"),
        table.c.room == bindparam("room_"),
        true() if in_place is None else in_place,
    )
    return Retrying(everywhere, there)


def retry(db: Batch, statements: Retrying, account: str, place: Place | None, now: datetime) -> None:
    values = {"account_": account, "now_": now}
    if place is None:
        db.execute(statements.everywhere, values)
    else:
        db.execute(statements.there, {**values, "platform_": place.platform, "room_": place.room_id})
