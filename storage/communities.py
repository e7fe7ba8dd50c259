"""Which communities there are, and whose something is: looked up without knowing that."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, Integer, bindparam, delete, insert, select, update

from bot.model.people import Identity, Place, Resident
from bot.ports.communities import Change, Community
from storage.among import among
from storage.batch import Batch, Loader
from storage.community import anywhere
from storage.executor import Executor
from storage.schema import look_into
from storage.tables import communities, handled, identities, places, residents, settings


def _pair(name: str, value: str | None) -> tuple[str, str | None]:
    return name, value


_ALL = select(communities.c.id, communities.c.name, communities.c.key, communities.c.served).order_by(
    communities.c.id
)
_ADD = insert(communities).returning(communities.c.id)
_SET = (
    update(communities)
    .where(communities.c.id == bindparam("id_"))
    .values(name=bindparam("name_"), key=bindparam("key_"), served=bindparam("served_"))
)
_OF_PLACE = anywhere(
    select(places.c.community).where(
        places.c.platform == bindparam("platform_"), places.c.room == bindparam("room_")
    )
)
_ON = anywhere(
    select(places.c.platform, places.c.room, places.c.community)
    .where(places.c.platform == bindparam("platform_"), places.c.here)
    .order_by(places.c.room)
)
_OF_RESIDENTS = anywhere(select(residents.c.id, residents.c.community).where(among(residents.c.id, "ids_")))
_THAT_HANDLED = Loader(
    anywhere(select(handled.c.community).order_by(handled.c.at)), by=[handled.c.id], make=int
)
_USED_BY: Loader[tuple[int, datetime | None]] = Loader(
    anywhere(select(identities.c.community, identities.c.turned_at).order_by(identities.c.community)),
    by=[identities.c.platform, identities.c.user_id],
    make=lambda community, turned_at: (community, turned_at),
)
_SETTINGS: Loader[tuple[str, str | None]] = Loader(
    select(settings.c.name, settings.c.value).order_by(settings.c.id), [settings.c.community], _pair
)
_CHANGE = insert(settings)
# So many of each name are kept: more are not shown.
KEPT = 10
_NEWEST = settings.alias()
_LET_GO = delete(settings).where(
    settings.c.name == bindparam("name_"),
    settings.c.id
    < select(_NEWEST.c.id)
    .where(_NEWEST.c.name == bindparam("name_"))
    .order_by(_NEWEST.c.id.desc())
    .offset(KEPT - 1)
    .limit(1)
    .scalar_subquery(),
)
_CHANGES = (
    select(
        settings.c.name, settings.c.value, settings.c.at, settings.c.resident, residents.c.name.label("by")
    )
    .select_from(settings.outerjoin(residents, residents.c.id == settings.c.resident))
    .order_by(settings.c.id.desc())
    .limit(bindparam("most_", type_=Integer))
)


class Communities:
    """Implements CommunityStore."""

    def __init__(self, db: Batch) -> None:
        self._db = db

    def all(self) -> Sequence[Community]:
        return [Community(*row) for row in self._db.execute(_ALL)]

    def add(self, name: str) -> int:
        number: int = self._db.execute(_ADD, {"name": name, "key": name}).scalar_one()
        return number

    def put(self, community: Community) -> None:
        found = community.number, community.name, community.key, community.served
        self._db.execute(_SET, dict(zip(("id_", "name_", "key_", "served_"), found, strict=True)))

    def of_place(self, place: Place) -> int | None:
        found: int | None = self._db.execute(
            _OF_PLACE, {"platform_": place.platform, "room_": place.room_id}
        ).scalar()
        return found

    def places_on(self, platform: str) -> Mapping[Place, int]:
        rows = self._db.execute(_ON, {"platform_": platform})
        return {Place(row[0], row[1]): row[2] for row in rows}

    def of_residents(self, numbers: Collection[int]) -> Mapping[int, int]:
        return dict(self._db.execute(_OF_RESIDENTS, {"ids_": list(numbers)}))

    def that_handled(self, event: str) -> int | None:
        return self._db.get(_THAT_HANDLED, event)

    def used_by(self, who: Identity) -> Mapping[int, datetime | None]:
        return dict(self._db.get_all(_USED_BY, who.platform, who.user_id))

    def settings(self) -> Mapping[str, str]:
        last = dict(self._db.get_all(_SETTINGS, self._db.community))
        return {name: value for name, value in last.items() if value is not None}

    def change(self, name: str, value: str | None, by: int, now: datetime) -> None:
        self._db.execute(_CHANGE, {"name": name, "value": value, "resident": by, "at": now})
        self._db.execute(_LET_GO, {"name_": name})

    def changes(self, most: int) -> Sequence[Change]:
        return [
            Change(row.name, row.value, row.at, Resident(row.resident, row.by) if row.resident else None)
            for row in self._db.execute(_CHANGES, {"most_": most})
        ]


async def settings_kept(url: str) -> Mapping[int, tuple[str, Mapping[str, str]]]:
    """By its number each community's key in the configuration, and what was set for it in the chat.

    The database is there, and at the newest schema. Raises: StoreFailed.
    """
    return await look_into(url, _settings_kept)


def _settings_kept(connection: Connection) -> Mapping[int, tuple[str, Mapping[str, str]]]:
    db = Batch(Executor(connection))
    store, found = Communities(db), {}
    for community in store.all():
        with db.within(community.number):
            found[community.number] = community.key, store.settings()
    return found
