"""The channels and rooms that themes ought to have, and which of them were made."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, bindparam, func, or_, select, update

from bot.model.codec import pack, unpack
from bot.model.homes import RoomState, WantedRoom
from bot.model.message import Text, message
from storage.batch import Batch
from storage.community import anywhere
from storage.tables import wanted_rooms
from storage.upsert import upsert

_MOMENT = wanted_rooms.c.next_at.type
_NOW = bindparam("now_", type_=_MOMENT)
_WHEN = bindparam("when_", type_=_MOMENT)
_NOT_MADE = wanted_rooms.c.room.is_(None)
_ON = and_(wanted_rooms.c.platform == bindparam("platform_"), _NOT_MADE)
_MINE = or_(wanted_rooms.c.account == bindparam("account_"), wanted_rooms.c.account == "")
_THIS = and_(wanted_rooms.c.theme == bindparam("theme_"), wanted_rooms.c.platform == bindparam("platform_"))
_WANT = upsert(wanted_rooms).on_conflict_do_nothing()
_OF = (
    select(wanted_rooms.c.platform, wanted_rooms.c.room, wanted_rooms.c.why)
    .where(wanted_rooms.c.theme == bindparam("theme_"))
    .order_by(wanted_rooms.c.platform)
)
_RETRY = update(wanted_rooms).where(_ON).values(next_at=_NOW, attempts=0)
_RESUME = anywhere(
    update(wanted_rooms)
    .where(wanted_rooms.c.account == bindparam("account_"), _NOT_MADE)
    .values(next_at=_NOW)
)
_DUE = anywhere(
    select(
        *(wanted_rooms.c.theme, wanted_rooms.c.platform, wanted_rooms.c.name, wanted_rooms.c.topic),
        *(wanted_rooms.c.mark, wanted_rooms.c.account, wanted_rooms.c.attempts, wanted_rooms.c.community),
    )
    .where(_ON, _MINE, wanted_rooms.c.next_at <= _NOW)
    .order_by(wanted_rooms.c.next_at, wanted_rooms.c.community, wanted_rooms.c.theme)
    .limit(bindparam("limit_"))
)
_NEXT = anywhere(select(func.min(wanted_rooms.c.next_at)).where(_ON, wanted_rooms.c.next_at > _NOW))
# Two processes may find the same: the second sees that it has to wait by then.
_CLAIM = (
    update(wanted_rooms)
    .where(_THIS, _NOT_MADE, _MINE, wanted_rooms.c.next_at <= _NOW)
    .values(account=bindparam("account_"), next_at=_WHEN)
    .returning(wanted_rooms.c.theme)
)
_LATER = (
    update(wanted_rooms)
    .where(_THIS, _NOT_MADE)
    .values(next_at=_WHEN, why=bindparam("why_"), attempts=wanted_rooms.c.attempts + 1)
)
_MADE = update(wanted_rooms).where(_THIS).values(room=bindparam("room_"), why=None)


class WantedRooms:
    """Implements WantedRoomStore."""

    def __init__(self, db: Batch) -> None:
        self._db = db

    def want(self, room: WantedRoom, now: datetime) -> None:
        row = {"theme": room.theme, "platform": room.platform, "name": room.name, "topic": room.topic}
        self._db.execute(_WANT, {**row, "mark": room.mark, "next_at": now})
        self._db.wake("room")

    def of(self, theme: int) -> Sequence[RoomState]:
        rows = self._db.execute(_OF, {"theme_": theme})
        return [RoomState(row.platform, row.room, _text(row.why)) for row in rows]

    def retry(self, platform: str, now: datetime) -> None:
        self._db.execute(_RETRY, {"platform_": platform, "now_": now})
        self._db.wake("room")

    def resume(self, account: str, now: datetime) -> None:
        self._db.execute(_RESUME, {"account_": account, "now_": now})

    def due(self, platform: str, account: str, now: datetime, limit: int) -> Sequence[WantedRoom]:
        asked = {"platform_": platform, "account_": account, "now_": now, "limit_": limit}
        return [WantedRoom(*row) for row in self._db.execute(_DUE, asked)]

    def next_try(self, platform: str, now: datetime) -> datetime | None:
        found: datetime | None = self._db.execute(_NEXT, {"platform_": platform, "now_": now}).scalar()
        return found

    def claim(self, room: WantedRoom, account: str, now: datetime, until: datetime) -> bool:
        asked = {"account_": account, "now_": now, "when_": until}
        return self._db.execute(_CLAIM, {**_where(room), **asked}).first() is not None

    def later(self, room: WantedRoom, when: datetime, why: Text | None) -> None:
        said = pack(message(why)) if why else None
        self._db.execute(_LATER, {**_where(room), "when_": when, "why_": said})

    def made(self, room: WantedRoom, ref: str) -> None:
        self._db.execute(_MADE, {**_where(room), "room_": ref})


def _where(room: WantedRoom) -> dict[str, object]:
    return {"theme_": room.theme, "platform_": room.platform}


def _text(packed: str | None) -> Text | None:
    said = unpack(packed)
    return said.lines[0] if said else None
