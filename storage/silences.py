"""Whom the platforms keep from writing in places of themes, by Plein's doing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import and_, bindparam, delete, select, update

from bot.model.codec import pack_line, unpack_line
from bot.model.message import Text
from bot.model.people import Place
from bot.ports.delivery import Silence
from storage.batch import Batch
from storage.tables import silences
from storage.upsert import upsert

_THIS = and_(*(silences.c[name] == bindparam(f"{name}_") for name in ("platform", "room", "user_id")))
_ALL = select(silences).order_by(silences.c.platform, silences.c.room, silences.c.user_id)
_BEGIN = upsert(silences)
_BEGIN = _BEGIN.on_conflict_do_update(
    index_elements=[silences.c.platform, silences.c.room, silences.c.user_id],
    set_={"theme": _BEGIN.excluded.theme, "stands": _BEGIN.excluded.stands, "why": None},
)
_LOOKED = update(silences).where(_THIS).values(before=bindparam("before_"))
_DONE = update(silences).where(_THIS).values(stands=bindparam("stands_"), why=bindparam("why_"))
_DROP = delete(silences).where(_THIS)


class Silences:
    """Implements SilenceStore."""

    def __init__(self, db: Batch) -> None:
        self._db = db

    def all(self) -> Mapping[tuple[Place, str], Silence]:
        return {
            (Place(row.platform, row.room), row.user_id): Silence(
                row.theme, row.before, row.stands, unpack_line(row.why)
            )
            for row in self._db.execute(_ALL)
        }

    def begin(self, theme: int, place: Place, user: str) -> None:
        row = {"platform": place.platform, "room": place.room_id, "user_id": user, "theme": theme}
        self._db.execute(_BEGIN, {**row, "before": None, "stands": None, "why": None})

    def looked(self, place: Place, user: str, before: str) -> None:
        self._db.execute(_LOOKED, {**_where(place, user), "before_": before})

    def done(self, place: Place, user: str, *, stands: bool, why: Text | None = None) -> None:
        self._db.execute(_DONE, {**_where(place, user), "stands_": stands, "why_": pack_line(why)})

    def drop(self, place: Place, user: str) -> None:
        self._db.execute(_DROP, _where(place, user))


def _where(place: Place, user: str) -> dict[str, Any]:
    return {"platform_": place.platform, "room_": place.room_id, "user_id_": user}
