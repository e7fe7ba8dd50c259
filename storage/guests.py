"""Who is to be let into the channels and rooms of themes, and who is to be out of them again."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, case, delete, exists, false, func, literal_column, or_, select, update

from bot.model.codec import pack_line, unpack_line
from bot.model.homes import WantedGuest
from bot.model.message import Text
from bot.model.people import Identity, Place, Resident
from storage.among import among
from storage.batch import Batch
from storage.community import anywhere
from storage.holds import holds, position
from storage.people import person_of
from storage.tables import guests, places, residents, themes, wanted_rooms
from storage.upsert import upsert

_MOMENT = guests.c.due_at.type
_NOW = bindparam("now_", type_=_MOMENT)
_WHEN = bindparam("when_", type_=_MOMENT)
_IN_ROOM = and_(guests.c.theme == bindparam("theme_"), guests.c.platform == bindparam("platform_"))
_THIS = and_(_IN_ROOM, guests.c.user_id == bindparam("user_"))
_AS_CLAIMED = guests.c.version == bindparam("version_")

# Of the events by which somebody was put out the last are known, in so many characters.
MOST_EVENTS = 500
_WANT = upsert(guests)
_WANT = _WANT.on_conflict_do_update(
    index_elements=[guests.c.theme, guests.c.platform, guests.c.user_id],
    set_={
        "inside": _WANT.excluded.inside,
        "resident": _WANT.excluded.resident,
        "due_at": _WANT.excluded.due_at,
        "version": guests.c.version + 1,
        "attempts": 0,
        "why": None,
    },
    # Who is inside already stays as they are.
    where=or_(
        _WANT.excluded.inside.is_(False), and_(guests.c.put_out.is_(False), guests.c.inside.is_(False))
    ),
)
_MAY_BE_INSIDE = or_(guests.c.inside, guests.c.room.is_not(None))
# What is being seen to just now says nothing of what somebody did by hand.
_SETTLED = guests.c.due_at.is_(None)
_PUT_OUT = upsert(guests)
_EVENT: Any = _PUT_OUT.excluded.put_out_by
# Whoever is being seen to just now is seen to again: they are to be out.
_PUT_OUT = _PUT_OUT.on_conflict_do_update(
    index_elements=[guests.c.theme, guests.c.platform, guests.c.user_id],
    set_={
        "inside": False,
        "put_out": True,
        "by_name": False,
        "put_out_by": func.substr(
            _EVENT.concat(" ").concat(func.coalesce(guests.c.put_out_by, "")),
            1,
            MOST_EVENTS,
        ),
        "version": guests.c.version + 1,
    },
    where=or_(
        _EVENT.is_(None),
        guests.c.put_out_by.is_(None),
        ~holds(guests.c.put_out_by, _EVENT),
    ),
)
_THEMES_OF = select(guests.c.theme).where(guests.c.resident == bindparam("id_"), _MAY_BE_INSIDE).distinct()
_THEIRS = and_(guests.c.theme == bindparam("theme_"), guests.c.resident == bindparam("id_"))
_HAVE_OUT = update(guests).where(_THEIRS, _MAY_BE_INSIDE)
_HAVE_OUT = _HAVE_OUT.values(inside=False, due_at=_NOW, version=guests.c.version + 1, attempts=0, why=None)
_PUT_OUT_OF = (
    select(guests.c.platform, guests.c.user_id, guests.c.theme)
    .where(guests.c.resident == bindparam("id_"), guests.c.put_out)
    .order_by(guests.c.platform, guests.c.user_id, guests.c.theme)
)
_IS_PUT_OUT = select(guests.c.user_id).where(_THEIRS, guests.c.put_out).limit(1)
_WHO_IS_PUT_OUT = (
    select(*(residents.c[name] for name in ("id", "name", "locale", "role", "zone")))
    .distinct()
    .join(guests, guests.c.resident == residents.c.id)
    .where(guests.c.theme == bindparam("theme_"), guests.c.put_out)
    .order_by(residents.c.id)
)
_READMIT = update(guests).where(_THEIRS, guests.c.put_out).values(put_out=False)
_READMIT = _READMIT.returning(guests.c.user_id)
_AGAIN = update(guests).where(_IN_ROOM, guests.c.inside)
_AGAIN = _AGAIN.values(due_at=_NOW, version=guests.c.version + 1, attempts=0)
_PARTED = update(guests).where(_IN_ROOM, among(guests.c.user_id, "users_"), _SETTLED)
_PARTED = _PARTED.values(inside=False)
_MOVE = update(guests).where(guests.c.platform == bindparam("platform_"), guests.c.room == bindparam("old_"))
_MOVE = _MOVE.values(room=bindparam("new_"))
_IS_INSIDE = select(guests.c.user_id).where(
    guests.c.theme == bindparam("theme_"), guests.c.resident == bindparam("id_"), _MAY_BE_INSIDE
)
# They are out of where they were let in, whatever that is by now, unless another theme let them in there.
_WHERE = case((guests.c.inside, wanted_rooms.c.room), else_=func.coalesce(guests.c.room, wanted_rooms.c.room))
_OTHER = guests.alias()
_LET_IN_BY_ANOTHER = exists().where(
    *(_OTHER.c[name] == guests.c[name] for name in ("community", "platform", "user_id")),
    *(_OTHER.c.inside, _OTHER.c.room == _WHERE),
)
_WANTED = and_(*(wanted_rooms.c[name] == guests.c[name] for name in ("community", "theme", "platform")))
# Each is seen to by the account that serves the room.
_SERVED = and_(
    *(places.c[name] == guests.c[name] for name in ("community", "platform")),
    *(places.c.room == _WHERE, places.c.account == bindparam("account_"), places.c.here),
)
# Who would be let in where nobody says anything waits until that is open again: by what is there then it is
# known what they may be let do.
_IS_OPEN = and_(wanted_rooms.c.rules.is_(None), themes.c.closed.is_(False))
_WAITS = exists().where(_WANTED, themes.c.id == guests.c.theme, ~_IS_OPEN).correlate(guests)
# What Plein wrote over meanwhile is taken away all the same.
_PUT_OUT_OF_LET_IN = update(guests).where(_THIS, or_(_SETTLED, _WAITS), guests.c.inside)
_PUT_OUT_OF_LET_IN = _PUT_OUT_OF_LET_IN.values(
    inside=False, put_out=True, by_name=False, due_at=_NOW, version=guests.c.version + 1, attempts=0
)
_ON = (guests.c.platform == bindparam("platform_"), guests.c.due_at.is_not(None))
_ORDER = (guests.c.due_at, guests.c.community, guests.c.theme)
_TURN = func.row_number().over(partition_by=guests.c.user_id, order_by=_ORDER)
_ALL_DUE = (
    select(
        *(guests.c.due_at, _TURN.label("turn")),
        *(guests.c.theme, guests.c.platform, guests.c.user_id.label("user"), guests.c.inside),
        *(places.c.room, places.c.account, guests.c.attempts, guests.c.community),
        guests.c.version,
    )
    .join(wanted_rooms, _WANTED)
    .join(places, _SERVED)
    .join(themes, themes.c.id == guests.c.theme)
    .where(
        *(*_ON, guests.c.due_at <= _NOW),
        or_(and_(guests.c.inside, _IS_OPEN), and_(guests.c.inside.is_(False), ~_LET_IN_BY_ANOTHER)),
    )
    .subquery()
)
# Who enters many themes waits for themselves, and so does who has an account of the same server: of each
# person it is the first that is due, and of each server, on platforms of many, the first few.
_SERVER_AT = position(_ALL_DUE.c.user, literal_column("':'"))
_SERVER = case((_SERVER_AT > 0, func.substr(_ALL_DUE.c.user, _SERVER_AT)), else_=_ALL_DUE.c.user)
_FIRST = (_ALL_DUE.c.due_at, _ALL_DUE.c.community, _ALL_DUE.c.theme, _ALL_DUE.c.user)
_OF_SERVER = func.row_number().over(partition_by=_SERVER, order_by=_FIRST)
_BY_SERVER = select(*_ALL_DUE.c, _OF_SERVER.label("of_server")).where(_ALL_DUE.c.turn == 1).subquery()
_SORTED = ("due_at", "turn", "of_server")
_DUE = anywhere(
    select(*(column for column in _BY_SERVER.c if column.name not in _SORTED))
    .where(_BY_SERVER.c.of_server <= bindparam("of_server_"))
    .order_by(*(_BY_SERVER.c[column.name] for column in _FIRST))
    .limit(bindparam("limit_"))
)
_NEXT = anywhere(select(func.min(guests.c.due_at)).where(*_ON, guests.c.due_at > _NOW))
_CLAIM = (
    update(guests)
    .where(_THIS, _AS_CLAIMED, guests.c.due_at <= _NOW)
    .values(
        due_at=_WHEN,
        room=bindparam("room_"),
        # Nothing is known of a line in another room.
        by_name=case((guests.c.room != bindparam("room_"), false()), else_=guests.c.by_name),
    )
    .returning(guests.c.theme)
)
_RESUME = anywhere(
    update(guests)
    .where(guests.c.platform == bindparam("platform_"), guests.c.due_at.is_not(None))
    .values(due_at=_NOW)
)
_LATER = (
    update(guests)
    .where(_THIS, _AS_CLAIMED)
    .values(due_at=_WHEN, why=bindparam("why_"), attempts=guests.c.attempts + 1)
)
_DONE = update(guests).where(_THIS, _AS_CLAIMED)
_DONE = _DONE.values(
    due_at=None,
    why=None,
    attempts=0,
    room=case((guests.c.inside, guests.c.room)),
    by_name=func.coalesce(bindparam("by_name_", type_=guests.c.by_name.type), guests.c.by_name),
)
_LET_IN = anywhere(
    select(guests.c.platform, guests.c.room, guests.c.user_id)
    .join(wanted_rooms, _WANTED)
    .join(places, _SERVED)
    .where(
        *(
            guests.c.platform == bindparam("platform_"),
            guests.c.by_name,
            guests.c.inside,
            or_(_SETTLED, _WAITS),
        ),
        guests.c.room == wanted_rooms.c.room,
    )
    .order_by(guests.c.community, guests.c.theme, guests.c.user_id)
)
_LET_IN_THERE = anywhere(_LET_IN.where(wanted_rooms.c.room == bindparam("room_")))
# Of who was forgotten it stays until they are out.
_IS_OVER = delete(guests).where(_THIS, guests.c.resident.is_(None), guests.c.due_at.is_(None))
_WHY = (
    select(guests.c.why)
    .where(guests.c.theme == bindparam("theme_"), guests.c.why.is_not(None))
    .order_by(guests.c.due_at)
    .limit(1)
)


class WantedGuests:
    """Implements WantedGuestStore."""

    def __init__(self, db: Batch) -> None:
        self._db = db

    def want(self, theme: int, who: Identity, resident: int, now: datetime, *, inside: bool) -> None:
        row = {"theme": theme, "platform": who.platform, "user_id": who.user_id, "resident": resident}
        self._db.execute(_WANT, {**row, "inside": inside, "due_at": now})
        self._db.wake("room")

    def again(self, theme: int, platform: str, now: datetime) -> None:
        self._db.execute(_AGAIN, {"theme_": theme, "platform_": platform, "now_": now})
        self._db.wake("room")

    def parted(self, theme: int, platform: str, users: Collection[str]) -> None:
        self._db.execute(_PARTED, {"theme_": theme, "platform_": platform, "users_": sorted(users)})

    def put_out(self, theme: int, who: Identity, resident: int, event: str = "") -> None:
        row = {"theme": theme, "platform": who.platform, "user_id": who.user_id, "resident": resident}
        self._db.execute(_PUT_OUT, {**row, "inside": False, "put_out": True, "put_out_by": event or None})

    def put_out_of_let_in(self, theme: int, who: Identity, now: datetime) -> None:
        where = {"theme_": theme, "platform_": who.platform, "user_": who.user_id}
        self._db.execute(_PUT_OUT_OF_LET_IN, {**where, "now_": now})
        self._db.wake("room")

    def is_put_out(self, theme: int, resident: int) -> bool:
        return self._db.execute(_IS_PUT_OUT, {"theme_": theme, "id_": resident}).first() is not None

    def put_out_of(self, resident: int) -> Mapping[Identity, Collection[int]]:
        found: dict[Identity, list[int]] = {}
        for *account, theme in self._db.execute(_PUT_OUT_OF, {"id_": resident}):
            found.setdefault(Identity(*account), []).append(theme)
        return found

    def who_is_put_out(self, theme: int) -> Sequence[Resident]:
        return [person_of(row) for row in self._db.execute(_WHO_IS_PUT_OUT, {"theme_": theme})]

    def readmit(self, theme: int, resident: int) -> bool:
        return self._db.execute(_READMIT, {"theme_": theme, "id_": resident}).first() is not None

    def move(self, old: Place, new: Place) -> None:
        self._db.execute(_MOVE, {"platform_": old.platform, "old_": old.room_id, "new_": new.room_id})

    def themes_of(self, resident: int) -> Sequence[int]:
        return [*self._db.execute(_THEMES_OF, {"id_": resident}).scalars()]

    def have_out(self, theme: int, resident: int, now: datetime) -> None:
        self._db.execute(_HAVE_OUT, {"theme_": theme, "id_": resident, "now_": now})
        self._db.wake("room")

    def is_inside(self, theme: int, resident: int) -> bool:
        return self._db.execute(_IS_INSIDE, {"theme_": theme, "id_": resident}).first() is not None

    def why(self, theme: int) -> Text | None:
        return unpack_line(self._db.execute(_WHY, {"theme_": theme}).scalar())

    def resume(self, platform: str, now: datetime) -> None:
        self._db.execute(_RESUME, {"platform_": platform, "now_": now})

    def due(
        self, platform: str, account: str, now: datetime, limit: int, of_server: int
    ) -> Sequence[WantedGuest]:
        asked = {"platform_": platform, "account_": account, "now_": now, "limit_": limit}
        asked["of_server_"] = of_server
        return [WantedGuest(**row._asdict()) for row in self._db.execute(_DUE, asked)]

    def next_try(self, platform: str, now: datetime) -> datetime | None:
        found: datetime | None = self._db.execute(_NEXT, {"platform_": platform, "now_": now}).scalar()
        return found

    def claim(self, guest: WantedGuest, now: datetime, until: datetime) -> bool:
        values = {**_where(guest), "room_": guest.room, "now_": now, "when_": until}
        return self._db.execute(_CLAIM, values).first() is not None

    def later(self, guest: WantedGuest, when: datetime, why: Text | None) -> None:
        self._db.execute(_LATER, {**_where(guest), "when_": when, "why_": pack_line(why)})

    def done(self, guest: WantedGuest, *, by_name: bool | None) -> None:
        self._db.execute(_DONE, {**_where(guest), "by_name_": by_name})
        self._db.execute(_IS_OVER, _where(guest))

    def let_in(self, platform: str, account: str, place: Place | None) -> Sequence[tuple[Place, str]]:
        asked = {"platform_": platform, "account_": account}
        if place:
            rows = self._db.execute(_LET_IN_THERE, {**asked, "room_": place.room_id})
        else:
            rows = self._db.execute(_LET_IN, asked)
        return [(Place(row.platform, row.room), row.user_id) for row in rows]


def _where(guest: WantedGuest) -> dict[str, Any]:
    room = {"theme_": guest.theme, "platform_": guest.platform}
    return {**room, "user_": guest.user, "version_": guest.version}
