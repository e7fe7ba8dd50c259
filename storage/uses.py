"""How often somebody did what is held within limits, for as long as that counts."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, func, insert, select

from storage.batch import Batch
from storage.tables import uses

_MOMENT = uses.c.until.type
_ADD = insert(uses)
_COUNT = select(func.count()).where(
    uses.c.resident == bindparam("resident_"),
    uses.c.what == bindparam("what_"),
    uses.c.until >= bindparam("now_", type_=_MOMENT),
)


class Uses:
    """Implements UseStore."""

    def __init__(self, db: Batch) -> None:
        self._db = db

    def add(self, resident: int, what: str, until: datetime) -> None:
        self._db.execute(_ADD, {"resident": resident, "what": what, "until": until})

    def count(self, resident: int, what: str, now: datetime) -> int:
        asked = {"resident_": resident, "what_": what, "now_": now}
        found: int = self._db.execute(_COUNT, asked).scalar_one()
        return found
