"""Themes, and the places they have on each platform."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Table, Update, and_, bindparam, delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from bot.model import Place, Theme
from storage.tables import boards, places, posts, refs, themes

_HERE = and_(places.c.platform == bindparam("platform_"), places.c.room == bindparam("room_"))
_THEME_OF = select(themes.c.id, themes.c.name).join(places, places.c.theme == themes.c.id).where(_HERE)
_NAMED = select(themes.c.id, themes.c.name).where(themes.c.name == bindparam("name_"))
_ADD_THEME = upsert(themes).on_conflict_do_nothing()
_PLACE = select(places).where(_HERE)
_ADD = insert(places)
_SET = (
    update(places)
    .where(_HERE)
    .values(
        theme=bindparam("theme_"),
        name=bindparam("name_"),
        locale=bindparam("locale_"),
        here=bindparam("here_"),
    )
)
_LEAVE = update(places).where(_HERE).values(here=False)
_LOCALE = select(places.c.locale).where(_HERE)
_OF_THEME = (
    select(places.c.platform, places.c.room)
    .where(places.c.theme == bindparam("theme_"), places.c.here)
    .order_by(places.c.platform, places.c.room)
)


class Places:
    """Implements PlaceStore."""

    def __init__(self, db: Connection) -> None:
        self._db = db

    def theme_of(self, place: Place) -> Theme | None:
        row = self._db.execute(_THEME_OF, _where(place)).first()
        return Theme(*row) if row else None

    def theme_named(self, name: str) -> Theme:
        row = self._db.execute(_NAMED, {"name_": name}).first()
        if row is None:
            self._db.execute(_ADD_THEME, {"name": name})
            row = self._db.execute(_NAMED, {"name_": name}).one()
        return Theme(*row)

    def bind(self, place: Place, theme: int, name: str, locale: str | None) -> bool:
        known = self._db.execute(_PLACE, _where(place)).first()
        if known is None:
            fields = {"platform": place.platform, "room": place.room_id, "name": name, "locale": locale}
            self._db.execute(_ADD, {**fields, "theme": theme, "here": True})
            return True
        changes = {"theme_": theme, "name_": name, "locale_": locale, "here_": True}
        self._db.execute(_SET, {**_where(place), **changes})
        return not known.here or known.theme != theme

    def locale_of(self, place: Place) -> str | None:
        return self._db.execute(_LOCALE, _where(place)).scalar()

    def of_theme(self, theme: int) -> Sequence[Place]:
        return [Place(*row) for row in self._db.execute(_OF_THEME, {"theme_": theme})]

    def leave(self, place: Place) -> None:
        """What was still to be said there is set aside, and its boards with it."""
        self._db.execute(_LEAVE, _where(place))
        self._db.execute(
            update(posts)
            .where(
                posts.c.platform == place.platform,
                posts.c.room == place.room_id,
                posts.c.private.is_(False),
                posts.c.sent_at.is_(None),
            )
            .values(parked="left")
        )
        self._db.execute(
            delete(boards).where(boards.c.platform == place.platform, boards.c.room == place.room_id)
        )

    def move(self, old: Place, new: Place) -> None:
        """The room was replaced: its theme, what waits for it and its boards go along. Once is enough."""
        if self._db.execute(_PLACE, _where(old)).first() is None:
            return
        self._db.execute(delete(places).where(_HERE), _where(new))
        self._db.execute(_moved(places, old, new))
        self._db.execute(_moved(posts, old, new).where(posts.c.private.is_(False), posts.c.sent_at.is_(None)))
        self._db.execute(
            delete(boards).where(boards.c.platform == new.platform, boards.c.room == new.room_id)
        )
        fresh = {"sent_as": None, "version": 0, "edition": boards.c.edition + 1}
        self._db.execute(_moved(boards, old, new).values(**fresh))
        self._db.execute(delete(refs).where(refs.c.platform == old.platform, refs.c.room == old.room_id))


def _moved(table: Table, old: Place, new: Place) -> Update:
    return (
        update(table)
        .where(table.c.platform == old.platform, table.c.room == old.room_id)
        .values(platform=new.platform, room=new.room_id)
    )


def _where(place: Place) -> dict[str, str]:
    return {"platform_": place.platform, "room_": place.room_id}
