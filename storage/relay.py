"""The themes in which what people say is carried between places."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ForeignKey, String, Table, bindparam, delete, insert, select, update

from bot.features.relay.records import RELAYS, Relay
from bot.model.people import Place, Resident, Role
from storage.parts import Parts, Stored
from storage.tables import GOES_ALONG, Moment, Number, of_community, own_tables, residents, themes

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
# Words that are encrypted in that place may leave it.
consents = Table(
    "relay_consents",
    TABLES,
    Column("id", Number, primary_key=True),
    of_community(),
    Column("theme", ForeignKey(themes.c.id), nullable=False, index=True, info={GOES_ALONG: True}),
    Column("platform", String, nullable=False),
    Column("room", String, nullable=False),
    Column("at", Moment, nullable=False),
    # None: as above.
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
_AGREE, _THEIR_CONSENT = insert(consents), consents.c.resident == bindparam("id_")
_ITS_CONSENTS = consents.c.theme == bindparam("theme_")
_AGREED = select(consents.c.platform, consents.c.room).where(_ITS_CONSENTS)
_END_CONSENTS = delete(consents).where(_ITS_CONSENTS)
_ABSENT = absences.c.resident == bindparam("id_")
_SINCE = select(absences.c.since).where(_ABSENT).order_by(absences.c.id)
_STAY_OUT, _COME_BACK = insert(absences), delete(absences).where(_ABSENT).returning(absences.c.id)
_MERGE = tuple(
    update(table).where(table.c.resident == bindparam("old_")).values(resident=bindparam("new_"))
    for table in (relays, consents, absences)
)
_THEIRS = relays.c.resident == bindparam("id_")
_FORGET = (
    update(relays).where(_THEIRS).values(resident=None),
    update(consents).where(_THEIR_CONSENT).values(resident=None),
    delete(absences).where(_ABSENT),
)
_EXPORT = {
    "relays": select(relays.c.theme, relays.c.since).where(_THEIRS).order_by(relays.c.theme),
    "relay_consents": (
        select(consents.c.theme, consents.c.platform, consents.c.room, consents.c.at)
        .where(_THEIR_CONSENT)
        .order_by(consents.c.id)
    ),
    "relay_absences": _SINCE,
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

    def begin(self, theme: int, resident: int, now: datetime) -> bool:
        if self.of(theme):
            return False
        self._db.execute(_BEGIN, {"theme": theme, "since": now, "resident": resident})
        self._db.wake("carried")
        return True

    def end(self, theme: int) -> bool:
        ended = self._db.execute(_END, {"theme_": theme}).first() is not None
        self._db.execute(_END_CONSENTS, {"theme_": theme})
        self._db.wake("carried")
        return ended

    # --- where what people say is encrypted ---

    def agree(self, theme: int, places: Collection[Place], resident: int, now: datetime) -> None:
        of_all = {"theme": theme, "resident": resident, "at": now}
        for place in places:
            where = {"platform": place.platform, "room": place.room_id}
            self._db.execute(_AGREE, {**of_all, **where})
        self._db.wake("carried")

    def agreed(self, theme: int) -> Collection[Place]:
        return {Place(*row) for row in self._db.execute(_AGREED, {"theme_": theme})}

    # --- whose words stay where they are ---

    def stay_out(self, resident: int, since: datetime) -> bool:
        if self.out_since(resident) is not None:
            return False
        self._db.execute(_STAY_OUT, {"resident": resident, "since": since})
        return True

    def come_back(self, resident: int) -> bool:
        return self._db.execute(_COME_BACK, {"id_": resident}).first() is not None

    def out_since(self, resident: int) -> datetime | None:
        found: datetime | None = self._db.execute(_SINCE, {"id_": resident}).scalar()
        return found

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
