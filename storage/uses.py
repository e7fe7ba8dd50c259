"""How often somebody did what is held within limits, for as long as that counts.

Also where they are forgotten meanwhile: what is left of it stands under a mark of each of their accounts,
which nobody reads without a key apart from the database, and is theirs again where one comes back.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select

from bot.clock import latest_end
from storage.batch import Batch
from storage.executor import Rows
from storage.tables import spent, uses

_MOMENT = uses.c.until.type
_ADD = insert(uses)
_COUNT = select(func.count()).where(
    uses.c.resident == bindparam("resident_"),
    uses.c.what == bindparam("what_"),
    uses.c.until >= bindparam("now_", type_=_MOMENT),
)
_COUNT_SHORT = _COUNT.where(uses.c.until <= bindparam("latest_", type_=_MOMENT))
_ALL = (
    select(uses.c.what, uses.c.until)
    .where(uses.c.resident == bindparam("resident_"))
    .order_by(uses.c.what, uses.c.until)
)
_THEIRS = _ALL.where(uses.c.until >= bindparam("now_", type_=_MOMENT))
_LEAVE = insert(spent)
_LEFT = select(spent.c.what, spent.c.until).where(spent.c.mark == bindparam("mark_")).order_by(spent.c.id)
_TAKE = delete(spent).where(spent.c.mark == bindparam("mark_"))
_HOUR = timedelta(hours=1)


class Uses:
    """Implements UseStore."""

    def __init__(self, db: Batch) -> None:
        self._db = db

    def add(self, resident: int, what: str, until: datetime) -> None:
        self._db.execute(_ADD, {"resident": resident, "what": what, "until": until})

    def count(self, resident: int, what: str, now: datetime, within: timedelta | None = None) -> int:
        asked = {"resident_": resident, "what_": what, "now_": now}
        if within is None:
            found: int = self._db.execute(_COUNT, asked).scalar_one()
        else:
            found = self._db.execute(_COUNT_SHORT, {**asked, "latest_": latest_end(now, within)}).scalar_one()
        return found


def leave_behind(db: Batch, resident: int, marks: Sequence[str], now: datetime) -> None:
    """Whoever that is is forgotten; what still counts stands under marks of their accounts."""
    rows = [
        {"mark": mark, "what": row.what, "until": _full_hour(row.until)}
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
    """An account of theirs is a new resident's, who did all of it too."""
    if rows := _of(new, db.execute(_ALL, {"resident_": resident})):
        db.execute(_ADD, rows)


def _of(resident: int, rows: Rows) -> list[dict[str, Any]]:
    return [{"resident": resident, "what": row.what, "until": row.until} for row in rows]


def _full_hour(moment: datetime) -> datetime:
    """The first that is not before it."""
    begun = moment.replace(minute=0, second=0, microsecond=0)
    return begun if begun == moment else begun + _HOUR
