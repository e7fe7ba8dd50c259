"""How often somebody did what is held within limits, for as long as that counts.

Also where they are forgotten meanwhile: what is left of it stands under a mark of each of their accounts,
which nobody reads without a key apart from the database, and is theirs again where one comes back.

Whoever parts has done all of it as well, and whoever joins may bring what is there already: each row says
by another such mark which time it was, or by one that is no other's, and whatever stands there twice counts
once.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Integer, String, bindparam, delete, distinct, func, insert, select

from bot.clock import latest_end
from storage.batch import Batch
from storage.executor import Rows
from storage.keyring import MARK
from storage.own_keys import OwnKeys
from storage.tables import spent, uses

_KEY = "uses"
_MOMENT = uses.c.until.type
_ADD = insert(uses)
_COUNTS = (
    *(uses.c.resident == bindparam("resident_"), uses.c.what == bindparam("what_")),
    uses.c.until >= bindparam("now_", type_=_MOMENT),
)
_COUNTS_SHORT = (*_COUNTS, uses.c.until <= bindparam("latest_", type_=_MOMENT))
_DONE, _DONE_SHORT = (select(uses.c.which).distinct().where(*which) for which in (_COUNTS, _COUNTS_SHORT))
_COUNT, _COUNT_SHORT = (
    select(func.count(distinct(uses.c.which))).where(*which) for which in (_COUNTS, _COUNTS_SHORT)
)
_NAMES = (
    select(uses.c.what)
    .distinct()
    .where(
        uses.c.resident == bindparam("resident_"),
        func.substr(uses.c.what, 1, bindparam("length_", type_=Integer))
        == bindparam("begins_", type_=String),
        uses.c.until >= bindparam("now_", type_=_MOMENT),
    )
)
_LAST = func.max(uses.c.until)
_UNTIL = select(_LAST).where(*_COUNTS_SHORT).group_by(uses.c.which).order_by(_LAST)
_DROP = delete(uses).where(uses.c.resident == bindparam("resident_"), uses.c.what == bindparam("what_"))
_ALL = (
    select(uses.c.what, uses.c.which, func.max(uses.c.until).label("until"))
    .where(uses.c.resident == bindparam("resident_"))
    .group_by(uses.c.what, uses.c.which)
    .order_by(uses.c.what, func.max(uses.c.until), uses.c.which)
)
_THEIRS = _ALL.where(uses.c.until >= bindparam("now_", type_=_MOMENT))
_LEAVE = insert(spent)
_LEFT = (
    select(spent.c.what, spent.c.which, spent.c.until)
    .where(spent.c.mark == bindparam("mark_"))
    .order_by(spent.c.id)
)
_TAKE = delete(spent).where(spent.c.mark == bindparam("mark_"))
_TWICE = delete(uses).where(
    uses.c.resident == bindparam("resident_"),
    uses.c.id.not_in(
        select(func.max(uses.c.id))
        .where(uses.c.resident == bindparam("resident_"))
        .group_by(uses.c.what, uses.c.which)
    ),
)
_HOUR = timedelta(hours=1)


class Uses:
    """Implements UseStore."""

    def __init__(self, db: Batch, keys: OwnKeys) -> None:
        self._db = db
        self._keys = keys

    def add(self, resident: int, what: str, until: datetime, which: str | None = None) -> None:
        mark = secrets.token_hex(MARK) if which is None else self._mark(what, which)
        row = {"resident": resident, "what": what, "which": mark, "until": until}
        self._db.execute(_ADD, row)

    def drop(self, resident: int, what: str) -> None:
        self._db.execute(_DROP, {"resident_": resident, "what_": what})

    def count(
        self,
        resident: int,
        what: str,
        now: datetime,
        within: timedelta | None = None,
        excluding: Collection[str] = (),
    ) -> int:
        asked: dict[str, Any] = {"resident_": resident, "what_": what, "now_": now}
        if within is not None:
            asked["latest_"] = latest_end(now, within)
        if not excluding:
            found: int = self._db.execute(_COUNT if within is None else _COUNT_SHORT, asked).scalar_one()
            return found
        done = set(self._db.execute(_DONE if within is None else _DONE_SHORT, asked).scalars())
        return len(done.difference(self._mark(what, which) for which in excluding) if done else done)

    def names(self, resident: int, begins: str, now: datetime) -> Collection[str]:
        asked = {"resident_": resident, "begins_": begins, "length_": len(begins), "now_": now}
        return [what.removeprefix(begins) for what in self._db.execute(_NAMES, asked).scalars()]

    def until(self, resident: int, what: str, now: datetime, within: timedelta) -> Sequence[datetime]:
        asked = {"resident_": resident, "what_": what, "now_": now, "latest_": latest_end(now, within)}
        found: Sequence[datetime] = self._db.execute(_UNTIL, asked).scalars()
        return found

    def _mark(self, what: str, which: str) -> str:
        return self._keys.lasting_mark(_KEY, f"{what}:{which}").hex()


def leave_behind(db: Batch, resident: int, marks: Sequence[str], now: datetime) -> None:
    """Whoever that is is forgotten; what still counts stands under marks of their accounts."""
    rows = [
        {"mark": mark, "what": row.what, "which": row.which, "until": _full_hour(row.until)}
        for row in db.execute(_THEIRS, {"resident_": resident, "now_": now})
        for mark in marks
    ]
    if rows:
        db.execute(_LEAVE, rows)


def take_back(db: Batch, resident: int, mark: str) -> None:
    """An account has come back, and is that resident's."""
    if rows := _of(resident, db.execute(_LEFT, {"mark_": mark})):
        db.execute(_ADD, rows)
        db.execute(_TAKE, {"mark_": mark})


def carry_on(db: Batch, resident: int, new: int) -> None:
    """An account of theirs is a new resident's, who did all of it too.

    It was theirs together, and what either brought can't be told apart any more.
    """
    db.execute(_TWICE, {"resident_": resident})
    if rows := _of(new, db.execute(_ALL, {"resident_": resident})):
        db.execute(_ADD, rows)


def _of(resident: int, rows: Rows) -> list[dict[str, Any]]:
    return [{"resident": resident, "what": row.what, "which": row.which, "until": row.until} for row in rows]


def _full_hour(moment: datetime) -> datetime:
    """The first that is not before it."""
    begun = moment.replace(minute=0, second=0, microsecond=0)
    return begun if begun == moment else begun + _HOUR
