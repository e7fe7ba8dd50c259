"""The themes in which what people say is carried between places."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ForeignKey, Table, and_, bindparam, delete, insert, null, select, update

from bot.features.relay.records import RELAYS, Relay
from bot.model.people import Place, Resident, Role
from storage.parts import Parts, Stored
from storage.tables import (
    GOES_ALONG,
    Moment,
    Number,
    of_community,
    own_tables,
    places,
    residents,
    themes,
)

TABLES = own_tables()

relays = Table(
    "relays",
    TABLES,
    Column("id", Number, primary_key=True),
    of_community(),
    Column("theme", ForeignKey(themes.c.id), nullable=False, index=True, info={GOES_ALONG: True}),
    Column("since", Moment, nullable=False),
    # None: somebody of whom nothing is kept any more.
    Column("resident", ForeignKey(residents.c.id), index=True),
)
# Whose words stay where they say them.
absences = Table(
    "relay_absences",
    TABLES,
    Column("id", Number, primary_key=True),
    of_community(),
    Column("resident", ForeignKey(residents.c.id), nullable=False, index=True),
    Column("since", Moment, nullable=False),
    # None: they still do.
    Column("until", Moment),
)
_THIS = relays.c.theme == bindparam("theme_")
_OF = (
    select(
        *(relays.c.theme, relays.c.since, relays.c.resident),
        *(residents.c.name, residents.c.locale, residents.c.role),
    )
    .join(residents, residents.c.id == relays.c.resident, isouter=True)
    .where(_THIS)
    .order_by(relays.c.id)
)
_ALL = select(relays.c.theme, relays.c.since)
_BEGIN = insert(relays)
_END = delete(relays).where(_THIS).returning(relays.c.theme)
_OF_IT = and_(places.c.theme == bindparam("theme_"), places.c.here)
_NEW = select(places.c.platform, places.c.room).where(_OF_IT, places.c.carried_since.is_(None))
_NEW = _NEW.order_by(places.c.platform, places.c.room)
_NEW_OPEN = _NEW.where(places.c.encrypted.is_(False))
_CARRY = update(places).where(
    places.c.platform == bindparam("platform_"), places.c.room == bindparam("room_")
)
_CARRY = _CARRY.values(carried_since=bindparam("now_", type_=places.c.carried_since.type))
_CARRY_NO_MORE = update(places).where(places.c.theme == bindparam("theme_")).values(carried_since=null())
_THEIR_ABSENCE = absences.c.resident == bindparam("id_")
_SINCE = select(absences.c.since).where(_THEIR_ABSENCE, absences.c.until.is_(None)).order_by(absences.c.id)
_AT = bindparam("at_", type_=absences.c.since.type)
_WAS_OUT = select(absences.c.id).where(_THEIR_ABSENCE, absences.c.since <= _AT, absences.c.until > _AT)
_STAY_OUT = insert(absences)
_END_ABSENCES = delete(absences).where(_THEIR_ABSENCE).returning(absences.c.since)
_MERGE = tuple(
    update(table).where(table.c.resident == bindparam("old_")).values(resident=bindparam("new_"))
    for table in (relays, absences)
)
_THEIRS = relays.c.resident == bindparam("id_")
_FORGET = (
    update(relays).where(_THEIRS).values(resident=None),
    delete(absences).where(_THEIR_ABSENCE),
)
_EXPORT = {
    "relays": select(relays.c.theme, relays.c.since).where(_THEIRS).order_by(relays.c.theme),
    "relay_absences": (
        select(absences.c.since, absences.c.until).where(_THEIR_ABSENCE).order_by(absences.c.id)
    ),
}


class Relays:
    """Implements RelayStore."""

    def __init__(self, parts: Parts) -> None:
        self._db = parts.db

    def of(self, theme: int) -> Relay | None:
        row = self._db.execute(_OF, {"theme_": theme}).first()
        if row is None:
            return None
        who = row.resident and Resident(row.resident, row.name, row.locale, Role(row.role))
        return Relay(row.theme, row.since, who)

    def all(self) -> Mapping[int, datetime]:
        return {row.theme: row.since for row in self._db.execute(_ALL)}

    def begin(
        self, theme: int, resident: int, now: datetime, *, encrypted: bool = False
    ) -> Collection[Place]:
        if self.of(theme) is None:
            self._db.execute(_BEGIN, {"theme": theme, "since": now, "resident": resident})
        new = self._db.execute(_NEW if encrypted else _NEW_OPEN, {"theme_": theme})
        found = [Place(*row) for row in new]
        for place in found:
            values = {"platform_": place.platform, "room_": place.room_id, "now_": now}
            self._db.execute(_CARRY, values)
        self._db.wake("carried")
        return found

    def end(self, theme: int) -> bool:
        ended = self._db.execute(_END, {"theme_": theme}).first() is not None
        self._db.execute(_CARRY_NO_MORE, {"theme_": theme})
        self._db.wake("carried")
        return ended

    # --- whose words stay where they are ---

    def stay_out(self, resident: int, since: datetime) -> bool:
        if self.out_since(resident) is not None:
            return False
        self._db.execute(_STAY_OUT, {"resident": resident, "since": since, "until": None})
        return True

    def come_back(self, resident: int, now: datetime) -> bool:
        """One absence is kept: from the first on they were in between for a while at most."""
        if self.out_since(resident) is None:
            return False
        since = [*self._db.execute(_END_ABSENCES, {"id_": resident}).scalars()]
        self._db.execute(_STAY_OUT, {"resident": resident, "since": min(since), "until": now})
        return True

    def out_since(self, resident: int) -> datetime | None:
        found: datetime | None = self._db.execute(_SINCE, {"id_": resident}).scalar()
        return found

    def was_out(self, resident: int, at: datetime) -> bool:
        return self._db.execute(_WAS_OUT, {"id_": resident, "at_": at}).first() is not None

    # --- whose it is ---

    def merge(self, old: int, new: int) -> None:
        for statement in _MERGE:
            self._db.pass_on(statement, old, new)

    def forget(self, resident: int) -> None:
        for statement in _FORGET:
            self._db.execute(statement, {"id_": resident})

    def export(self, resident: int) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        """By the name of the table."""
        return {
            name: [_plain(row) for row in self._db.execute(statement, {"id_": resident})]
            for name, statement in _EXPORT.items()
        }


def _plain(row: Any) -> Mapping[str, Any]:
    fields = row._asdict().items()
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in fields}


STORED = Stored(RELAYS, Relays, TABLES)
