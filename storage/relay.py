"""The themes in which what people say is carried between places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ForeignKey, Table, bindparam, delete, insert, select, update

from bot.features.relay.records import RELAYS, Relay
from bot.model.people import Resident, Role
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
_MERGE = update(relays).where(relays.c.resident == bindparam("old_")).values(resident=bindparam("new_"))
_THEIRS = relays.c.resident == bindparam("id_")
_FORGET = update(relays).where(_THEIRS).values(resident=None)
_ROWS_OF = select(relays.c.theme, relays.c.since).where(_THEIRS).order_by(relays.c.theme)


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
        self._db.wake("carried")
        return ended

    # --- whose it is ---

    def merge(self, old: int, new: int) -> None:
        self._db.pass_on(_MERGE, old, new)

    def forget(self, resident: int) -> None:
        self._db.execute(_FORGET, {"id_": resident})

    def rows_of(self, resident: int) -> Sequence[Mapping[str, Any]]:
        rows = self._db.execute(_ROWS_OF, {"id_": resident})
        return [{"theme": row.theme, "since": row.since.isoformat()} for row in rows]


STORED = Stored(RELAYS, Relays, TABLES)
