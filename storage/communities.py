"""Which communities there are, and whose something is: looked up without knowing that."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import bindparam, insert, select

from bot.model.people import Identity, Place
from storage.among import among
from storage.batch import Batch
from storage.community import anywhere
from storage.tables import communities, handled, identities, places, residents

_ALL = select(communities.c.id, communities.c.name).order_by(communities.c.id)
_ADD = insert(communities).returning(communities.c.id)
_OF_PLACE = anywhere(
    select(places.c.community).where(
        places.c.platform == bindparam("platform_"), places.c.room == bindparam("room_")
    )
)
_OF_RESIDENTS = anywhere(select(residents.c.id, residents.c.community).where(among(residents.c.id, "ids_")))
_THAT_HANDLED = anywhere(
    select(handled.c.community).where(handled.c.id == bindparam("id_")).order_by(handled.c.at).limit(1)
)
_USED_LAST = anywhere(
    select(identities.c.community)
    .where(identities.c.platform == bindparam("platform_"), identities.c.user_id == bindparam("user_"))
    .order_by(identities.c.turned_at.is_(None), identities.c.turned_at.desc(), identities.c.community)
    .limit(1)
)


class Communities:
    """Implements CommunityStore."""

    def __init__(self, db: Batch) -> None:
        self._db = db

    def all(self) -> Mapping[int, str]:
        return dict(self._db.execute(_ALL))

    def add(self, name: str) -> int:
        number: int = self._db.execute(_ADD, {"name": name}).scalar_one()
        return number

    def of_place(self, place: Place) -> int | None:
        found: int | None = self._db.execute(
            _OF_PLACE, {"platform_": place.platform, "room_": place.room_id}
        ).scalar()
        return found

    def of_residents(self, numbers: Collection[int]) -> Mapping[int, int]:
        return dict(self._db.execute(_OF_RESIDENTS, {"ids_": list(numbers)}))

    def that_handled(self, event: str) -> int | None:
        found: int | None = self._db.execute(_THAT_HANDLED, {"id_": event}).scalar()
        return found

    def used_last(self, who: Identity) -> int | None:
        found: int | None = self._db.execute(
            _USED_LAST, {"platform_": who.platform, "user_": who.user_id}
        ).scalar()
        return found
