"""The channels and rooms that themes ought to have, which of them were made, and what is wanted of those."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, case, delete, func, or_, select, update

from bot.model.codec import pack_line, unpack_line
from bot.model.homes import GivenUp, RoomState, WantedRoom
from bot.model.message import Text
from bot.model.people import Place
from storage.batch import Batch
from storage.community import anywhere
from storage.tables import given_up, themes
from storage.tables import wanted_rooms as rooms
from storage.upsert import upsert

_MOMENT = rooms.c.due_at.type
_NOW = bindparam("now_", type_=_MOMENT)
_WHEN = bindparam("when_", type_=_MOMENT)
_ROOM: Any = bindparam("room_")
_TO: Any = bindparam("to_")
_WAITS = rooms.c.due_at.is_not(None)
_IS_WANTED = rooms.c.gone.is_(False)
_ON = and_(rooms.c.platform == bindparam("platform_"), _WAITS)
_MINE = or_(rooms.c.account == bindparam("account_"), rooms.c.account == "")
_THEME = rooms.c.theme == bindparam("theme_")
_THIS = and_(_THEME, rooms.c.platform == bindparam("platform_"))
_AT = and_(rooms.c.platform == bindparam("platform_"), rooms.c.room == _ROOM)
# Nothing else was wanted of it since, and there was no other reason to look.
_AS_CLAIMED = and_(rooms.c.version == bindparam("version_"), rooms.c.hints == bindparam("hints_"))

_WANT = upsert(rooms).on_conflict_do_nothing()
_REVIVE: dict[str, Any] = {"gone": False, "called": None, "rules": None, "why": None, "attempts": 0}
_WANT_AGAIN = (
    update(rooms)
    .where(_THIS, rooms.c.gone.is_(True))
    .values(**_REVIVE, mark=bindparam("mark_"), name=bindparam("name_"), account="", due_at=_NOW, shaped=0)
)
_BIND = (
    update(rooms)
    .where(_THIS)
    .values(
        **_REVIVE,
        room=_ROOM,
        account=bindparam("account_"),
        due_at=_NOW,
        shaped=rooms.c.version,
        hints=rooms.c.hints + 1,
    )
)
_GIVE_UP = update(rooms).where(_THIS).values(gone=True, room=None, due_at=None, why=None, called=None)
_HAS = select(rooms.c.room, rooms.c.account).where(_THIS, rooms.c.room.is_not(None))
_HAD = select(rooms.c.room, rooms.c.account).where(_AT)
_TAKE_BACK = upsert(given_up)
_TAKE_BACK = _TAKE_BACK.on_conflict_do_update(
    index_elements=[given_up.c.platform, given_up.c.room],
    set_={"account": _TAKE_BACK.excluded.account, "due_at": _TAKE_BACK.excluded.due_at, "attempts": 0},
)
_OF_PLATFORM = given_up.c.platform == bindparam("platform_")
_GIVEN_UP = anywhere(
    select(
        *(given_up.c.platform, given_up.c.room, given_up.c.account),
        *(given_up.c.attempts, given_up.c.community),
    )
    .where(_OF_PLATFORM, given_up.c.account == bindparam("account_"), given_up.c.due_at <= _NOW)
    .order_by(given_up.c.due_at, given_up.c.community, given_up.c.room)
    .limit(bindparam("limit_"))
)
_NEXT_GIVEN_UP = anywhere(select(func.min(given_up.c.due_at)).where(_OF_PLATFORM, given_up.c.due_at > _NOW))
_THAT = and_(_OF_PLATFORM, given_up.c.room == _ROOM)
_TAKING_BACK = (
    update(given_up)
    .where(_THAT, given_up.c.account == bindparam("account_"), given_up.c.due_at <= _NOW)
    .values(due_at=_WHEN, attempts=given_up.c.attempts + 1)
    .returning(given_up.c.room)
)
_TAKE_BACK_LATER = update(given_up).where(_THAT).values(due_at=_WHEN)
_TAKEN_BACK = delete(given_up).where(_THAT)
_TAKE_BACK_NOW = update(given_up).where(_OF_PLATFORM, given_up.c.account == bindparam("account_"))
_TAKE_BACK_NOW = anywhere(_TAKE_BACK_NOW.values(due_at=_NOW))
_RENAME = update(rooms).where(_THEME, rooms.c.platform != bindparam("but_"), _IS_WANTED)
_RENAME = _RENAME.values(name=bindparam("name_"), version=rooms.c.version + 1, due_at=_NOW, attempts=0)
_NAME_ALONE = update(rooms).where(_THIS).values(name=bindparam("name_"))
_LOOK = update(rooms).where(_AT).values(due_at=_NOW, hints=rooms.c.hints + 1, attempts=0)
_IS_THERE = rooms.c.room.is_not(None)
_LOOK_AT_ALL = update(rooms).where(_IS_THERE).values(due_at=_NOW, hints=rooms.c.hints + 1, attempts=0)
_LOOK_AT_ALL_OF = anywhere(_LOOK_AT_ALL.where(rooms.c.account == bindparam("account_")))
_MOVE = (
    update(rooms)
    .where(_AT)
    .values(room=_TO, version=rooms.c.version + 1, due_at=_NOW, attempts=0, called=None)
)
_OTHERS = and_(rooms.c.account != "", rooms.c.account != bindparam("account_"))
_HAND_OVER = update(rooms).where(_AT, _OTHERS)
_HAND_OVER = _HAND_OVER.values(account=bindparam("account_"), due_at=case((_WAITS, _NOW)))
_HAND_OVER = _HAND_OVER.returning(rooms.c.theme)
_OF = (
    select(rooms.c.platform, rooms.c.room, rooms.c.why, rooms.c.gone, rooms.c.called)
    .where(_THEME)
    .order_by(rooms.c.platform)
)
_WHOSE = select(rooms.c.theme).where(_AT)
_RETRY = update(rooms).where(_ON).values(due_at=_NOW, attempts=0)
_RESUME = anywhere(update(rooms).where(rooms.c.account == bindparam("account_"), _WAITS).values(due_at=_NOW))
_DUE = anywhere(
    select(
        *(rooms.c.theme, rooms.c.platform, rooms.c.name, rooms.c.topic, rooms.c.mark, rooms.c.account),
        *(rooms.c.attempts, rooms.c.community, rooms.c.room, rooms.c.called, rooms.c.version),
        *(rooms.c.shaped, rooms.c.hints, rooms.c.rules, themes.c.closed),
    )
    .join(themes, themes.c.id == rooms.c.theme)
    .where(_ON, _MINE, rooms.c.due_at <= _NOW)
    .order_by(rooms.c.due_at, rooms.c.community, rooms.c.theme)
    .limit(bindparam("limit_"))
)
_NEXT = anywhere(select(func.min(rooms.c.due_at)).where(_ON, rooms.c.due_at > _NOW))
# Two processes may find the same: the second sees that it has to wait by then.
_CLAIM = (
    update(rooms)
    .where(_THIS, _MINE, rooms.c.due_at <= _NOW)
    .values(account=bindparam("account_"), due_at=_WHEN)
    .returning(rooms.c.theme)
)
_LATER = (
    update(rooms)
    .where(_THIS, _IS_WANTED, _AS_CLAIMED)
    .values(due_at=_WHEN, why=bindparam("why_"), attempts=rooms.c.attempts + 1)
)
_LEAVE_TO = _LATER.where(rooms.c.room.is_(None)).values(account=bindparam("account_"))
_MADE = (
    update(rooms)
    .where(_THIS, _IS_WANTED, or_(rooms.c.room.is_(None), rooms.c.room == _ROOM))
    .values(
        room=_ROOM,
        called=bindparam("called_"),
        rules=bindparam("rules_"),
        shaped=bindparam("version_"),
        why=None,
        attempts=0,
    )
    .returning(rooms.c.theme)
)
_KEEP_RULES = (
    update(rooms)
    .where(_THIS, _IS_WANTED, rooms.c.room == _ROOM)
    .values(rules=func.coalesce(rooms.c.rules, bindparam("rules_")))
    .returning(rooms.c.rules)
)
_REST = update(rooms).where(_THIS, _AS_CLAIMED).values(due_at=None)


class WantedRooms:
    """Implements WantedRoomStore."""

    def __init__(self, db: Batch) -> None:
        self._db = db

    def want(self, room: WantedRoom, now: datetime) -> None:
        self._db.execute(_WANT, _row(room, now))
        again = {**_where(room), "mark_": room.mark, "name_": room.name, "now_": now}
        self._db.execute(_WANT_AGAIN, again)
        self._db.wake("room")

    def bind(self, room: WantedRoom, place: Place, account: str, now: datetime) -> None:
        self._db.execute(_WANT, _row(room, now))
        to = {"room_": place.room_id, "account_": account, "now_": now}
        self._db.execute(_BIND, {**_where(room), **to})
        self._db.wake("room")

    def give_up(self, theme: int, platform: str, now: datetime) -> None:
        where = {"theme_": theme, "platform_": platform}
        for row in self._db.execute(_HAS, where):
            self._take_back(platform, row, now)
        self._db.execute(_GIVE_UP, where)

    def _take_back(self, platform: str, row: Any, now: datetime) -> None:
        values = {"platform": platform, "room": row.room, "account": row.account, "due_at": now}
        self._db.execute(_TAKE_BACK, values)
        self._db.wake("room")

    def rename(self, theme: int, name: str, now: datetime, but: str = "") -> None:
        renamed = {"theme_": theme, "name_": name}
        self._db.execute(_RENAME, {**renamed, "but_": but, "now_": now})
        if but:
            self._db.execute(_NAME_ALONE, {**renamed, "platform_": but})
        self._db.wake("room")

    def look(self, place: Place, now: datetime) -> None:
        self._db.execute(_LOOK, {**_at(place), "now_": now})
        self._db.wake("room")

    def look_at_all(self, now: datetime) -> None:
        self._db.execute(_LOOK_AT_ALL, {"now_": now})
        self._db.wake("room")

    def look_at_all_of(self, account: str, now: datetime) -> None:
        self._db.execute(_LOOK_AT_ALL_OF, {"account_": account, "now_": now})
        self._db.wake("room")

    def move(self, old: Place, new: Place, now: datetime) -> None:
        for row in self._db.execute(_HAD, _at(old)):
            self._take_back(old.platform, row, now)
        self._db.execute(_MOVE, {**_at(old), "to_": new.room_id, "now_": now})
        self._db.wake("room")

    def hand_over(self, place: Place, account: str, now: datetime) -> None:
        values = {**_at(place), "account_": account, "now_": now}
        if self._db.execute(_HAND_OVER, values).first() is not None:
            self._db.wake("room")

    def of(self, theme: int) -> Sequence[RoomState]:
        rows = self._db.execute(_OF, {"theme_": theme})
        return [RoomState(row.platform, row.room, unpack_line(row.why), row.gone, row.called) for row in rows]

    def whose(self, place: Place) -> int | None:
        found: int | None = self._db.execute(_WHOSE, _at(place)).scalar()
        return found

    def retry(self, platform: str, now: datetime) -> None:
        self._db.execute(_RETRY, {"platform_": platform, "now_": now})
        self._db.wake("room")

    def resume(self, platform: str, account: str, now: datetime) -> None:
        self._db.execute(_RESUME, {"account_": account, "now_": now})
        self._db.execute(_TAKE_BACK_NOW, {"platform_": platform, "account_": account, "now_": now})

    def due(self, platform: str, account: str, now: datetime, limit: int) -> Sequence[WantedRoom]:
        asked = {"platform_": platform, "account_": account, "now_": now, "limit_": limit}
        return [WantedRoom(**row._asdict()) for row in self._db.execute(_DUE, asked)]

    def next_try(self, platform: str, now: datetime) -> datetime | None:
        asked = {"platform_": platform, "now_": now}
        found = (self._db.execute(statement, asked).scalar() for statement in (_NEXT, _NEXT_GIVEN_UP))
        return min((moment for moment in found if moment), default=None)

    def claim(self, room: WantedRoom, account: str, now: datetime, until: datetime) -> bool:
        asked = {"account_": account, "now_": now, "when_": until}
        return self._db.execute(_CLAIM, {**_where(room), **asked}).first() is not None

    def later(self, room: WantedRoom, when: datetime, why: Text | None) -> None:
        wait = {"when_": when, "why_": pack_line(why)}
        self._db.execute(_LATER, {**_where(room), **_as_claimed(room), **wait})

    def leave_to(self, account: str, room: WantedRoom, when: datetime, why: Text | None) -> None:
        wait = {"when_": when, "why_": pack_line(why), "account_": account}
        self._db.execute(_LEAVE_TO, {**_where(room), **_as_claimed(room), **wait})
        self._db.wake("room")

    def made(self, room: WantedRoom, ref: str, called: str | None) -> bool:
        now = {"room_": ref, "called_": called, "rules_": room.rules, "version_": room.version}
        if self._db.execute(_MADE, {**_where(room), **now}).first() is None:
            return False
        self.rest(room)
        return True

    def rest(self, room: WantedRoom) -> None:
        self._db.execute(_REST, {**_where(room), **_as_claimed(room)})

    # --- what was given up ---

    def given_up(self, platform: str, account: str, now: datetime, limit: int) -> Sequence[GivenUp]:
        asked = {"platform_": platform, "account_": account, "now_": now, "limit_": limit}
        rows = self._db.execute(_GIVEN_UP, asked)
        return [GivenUp(**row._asdict()) for row in rows]

    def take_back(self, room: GivenUp, now: datetime, until: datetime) -> bool:
        asked = {**_at(room.place), "account_": room.account, "now_": now, "when_": until}
        return self._db.execute(_TAKING_BACK, asked).first() is not None

    def take_back_later(self, room: GivenUp, when: datetime) -> None:
        self._db.execute(_TAKE_BACK_LATER, {**_at(room.place), "when_": when})

    def taken_back(self, room: GivenUp) -> None:
        self._db.execute(_TAKEN_BACK, _at(room.place))

    def keep_rules(self, room: WantedRoom, rules: str) -> str | None:
        known: str | None = self._db.execute(
            _KEEP_RULES, {**_where(room), "room_": room.room, "rules_": rules}
        ).scalar()
        return known


def _row(room: WantedRoom, now: datetime) -> dict[str, object]:
    row = {"theme": room.theme, "platform": room.platform, "name": room.name, "topic": room.topic}
    return {**row, "mark": room.mark, "due_at": now}


def _where(room: WantedRoom) -> dict[str, object]:
    return {"theme_": room.theme, "platform_": room.platform}


def _at(place: Place) -> dict[str, object]:
    return {"platform_": place.platform, "room_": place.room_id}


def _as_claimed(room: WantedRoom) -> dict[str, object]:
    return {"version_": room.version, "hints_": room.hints}
