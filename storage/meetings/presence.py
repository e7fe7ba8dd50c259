"""Who checked in at a meeting, and with which code that can be done."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import and_, bindparam, delete, exists, func, insert, null, select, update

from bot.features.meetings.presence.records import PRESENCE
from storage.meetings.tables import PRESENCE_TABLES, check_in_codes, check_ins
from storage.parts import Parts, Stored

_WHO: Any = bindparam("resident_")
_CODE = select(check_in_codes.c.code).where(check_in_codes.c.meeting == bindparam("meeting_"))
_CODES = select(check_in_codes.c.code)
_OPEN = insert(check_in_codes)
_CLOSE = delete(check_in_codes).where(check_in_codes.c.meeting == bindparam("meeting_"))
_HERE = check_ins.c.meeting == bindparam("meeting_")
_THIS = and_(_HERE, check_ins.c.resident == _WHO)
_IS_HERE = select(check_ins.c.id).where(_THIS).limit(1)
_CHECK_IN = insert(check_ins)
# So many numbers from this one on that nobody ever draws one twice, each as long as any other.
_LEAST = 2**61
_TAKE_BACK = delete(check_ins).where(_THIS)
# Who was two people has two rows, and each has theirs back when linking is undone.
_COUNT = select(
    func.count(check_ins.c.resident.distinct()) + func.count() - func.count(check_ins.c.resident)
).where(_HERE)
_ALL = (
    select(check_ins.c.resident)
    .distinct()
    .where(_HERE, check_ins.c.resident.is_not(None))
    .order_by(check_ins.c.resident)
    .limit(bindparam("most_"))
)
_SHOWN = _ALL.where(check_ins.c.shown)
_OF = (
    select(check_ins.c.meeting, check_ins.c.shown)
    .where(check_ins.c.resident == _WHO)
    .order_by(check_ins.c.meeting, check_ins.c.id)
)
_PASS_ON = (
    update(check_ins).where(check_ins.c.resident == bindparam("old_")).values(resident=bindparam("new_"))
)
_OTHERS = check_ins.alias()
_ONCE = delete(check_ins).where(
    check_ins.c.resident == _WHO,
    exists().where(
        _OTHERS.c.meeting == check_ins.c.meeting, _OTHERS.c.resident == _WHO, _OTHERS.c.id < check_ins.c.id
    ),
)
_NOBODYS = update(check_ins).where(check_ins.c.resident == _WHO).values(resident=null(), shown=False)


class Presence:
    """Implements PresenceStore."""

    def __init__(self, parts: Parts) -> None:
        self._db = parts.db

    def code(self, meeting: int) -> str | None:
        found: str | None = self._db.execute(_CODE, {"meeting_": meeting}).scalar()
        return found

    def codes(self) -> Collection[str]:
        return set(self._db.execute(_CODES).scalars())

    def open(self, meeting: int, code: str) -> None:
        self._db.execute(_OPEN, {"meeting": meeting, "code": code})

    def close(self, meeting: int) -> None:
        self._db.execute(_CLOSE, {"meeting_": meeting})

    def is_here(self, meeting: int, resident: int) -> bool:
        this = {"meeting_": meeting, "resident_": resident}
        return self._db.execute(_IS_HERE, this).first() is not None

    def check_in(self, meeting: int, resident: int, *, shown: bool) -> None:
        number = _LEAST + secrets.randbelow(_LEAST)
        row = {"id": number, "meeting": meeting, "resident": resident, "shown": shown}
        self._db.execute(_CHECK_IN, row)

    def take_back(self, meeting: int, resident: int) -> None:
        self._db.execute(_TAKE_BACK, {"meeting_": meeting, "resident_": resident})

    def count(self, meeting: int) -> int:
        found: int = self._db.execute(_COUNT, {"meeting_": meeting}).scalar_one()
        return found

    def here(self, meeting: int, most: int) -> Sequence[int]:
        found: Sequence[int] = self._db.execute(_ALL, {"meeting_": meeting, "most_": most}).scalars()
        return found

    def shown(self, meeting: int, most: int) -> Sequence[int]:
        found: Sequence[int] = self._db.execute(_SHOWN, {"meeting_": meeting, "most_": most}).scalars()
        return found

    def of(self, resident: int) -> Sequence[Mapping[str, Any]]:
        rows = self._db.execute(_OF, {"resident_": resident})
        return [{"meeting": row.meeting, "shown": bool(row.shown)} for row in rows]

    def merge(self, old: int, new: int) -> Collection[int]:
        if not self._db.may_have(old, check_ins):
            return ()
        theirs = {row["meeting"] for row in self.of(old)}
        self._db.pass_on(_PASS_ON, old, new)
        return theirs

    def forget(self, resident: int) -> Collection[int]:
        theirs = {row["meeting"] for row in self.of(resident)}
        for statement in (_ONCE, _NOBODYS):
            self._db.execute(statement, {"resident_": resident})
        return theirs


STORED = Stored(PRESENCE, Presence, PRESENCE_TABLES)
