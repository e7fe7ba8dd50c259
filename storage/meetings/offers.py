"""What people offer, for a theme or a meeting."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    String,
    Table,
    bindparam,
    delete,
    insert,
    or_,
    select,
    update,
)

from bot.features.meetings.offers.records import OFFERS, Offer
from storage.among import among
from storage.meetings.tables import meetings, of_meeting
from storage.numbers import next_number
from storage.parts import Parts, Stored
from storage.tables import Moment, Number, of_community, own_tables, residents, themes

TABLES = own_tables()

offers = Table(
    "offers",
    TABLES,
    # People say "offer 3", and mean their own community's.
    of_community(key=True),
    Column("id", Number, primary_key=True, autoincrement=False),
    Column("theme", ForeignKey(themes.c.id), nullable=False, index=True),
    Column("meeting", Number),
    Column("resident", ForeignKey(residents.c.id), nullable=False, index=True),
    Column("what", String, nullable=False),
    Column("offered_at", Moment, nullable=False),
    Column("until", Moment, nullable=False),
    of_meeting(),
    Index("ix_offers_meeting", "community", "meeting", "id"),
)

_FIELDS = ("id", "theme", "resident", "what", "until", "meeting")
_OFFERS = select(*(offers.c[name] for name in _FIELDS))
_THIS = offers.c.id == bindparam("id_")
_WHO: Any = bindparam("resident_")
_GET = _OFFERS.where(_THIS)
_OPEN = (
    _OFFERS.join(meetings, meetings.c.id == offers.c.meeting, isouter=True)
    .where(among(offers.c.theme, "themes_"), or_(offers.c.meeting.is_(None), meetings.c.state != "held"))
    .order_by(offers.c.id.desc())
)
_OF_MEETING = _OFFERS.where(offers.c.meeting == bindparam("meeting_")).order_by(offers.c.id)
_OF_THEME = _OFFERS.where(offers.c.theme == bindparam("theme_")).order_by(offers.c.id)
_OF_RESIDENT = _OFFERS.where(offers.c.resident == _WHO).order_by(offers.c.id)
_ROWS = select(offers).where(offers.c.resident == _WHO).order_by(offers.c.id)
_ADD = insert(offers)
_CHANGE = (
    update(offers)
    .where(_THIS)
    .values(meeting=bindparam("meeting_"), until=bindparam("until_", type_=offers.c.until.type))
)
_WITHDRAW = delete(offers).where(_THIS)
_PASS_ON = update(offers).where(offers.c.resident == bindparam("old_")).values(resident=bindparam("new_"))


class Offers:
    """Implements OfferStore."""

    def __init__(self, parts: Parts) -> None:
        self._db = parts.db

    def add(
        self, theme: int, meeting: int | None, resident: int, what: str, at: datetime, until: datetime
    ) -> Offer:
        number = next_number(self._db, offers.name)
        offer = Offer(id=number, theme=theme, meeting=meeting, resident=resident, what=what, until=until)
        row = {name: getattr(offer, name) for name in _FIELDS}
        self._db.execute(_ADD, {**row, "offered_at": at})
        return offer

    def get(self, offer: int) -> Offer | None:
        return next(iter(self._listed(_GET, id_=offer)), None)

    def open(self, themes: Collection[int]) -> Sequence[Offer]:
        return self._listed(_OPEN, themes_=sorted(themes))

    def of_meeting(self, meeting: int) -> Sequence[Offer]:
        return self._listed(_OF_MEETING, meeting_=meeting)

    def of_theme(self, theme: int) -> Sequence[Offer]:
        return self._listed(_OF_THEME, theme_=theme)

    def of_resident(self, resident: int) -> Sequence[Offer]:
        return self._listed(_OF_RESIDENT, resident_=resident)

    def _listed(self, which: Any, **values: Any) -> Sequence[Offer]:
        return [Offer(**row._asdict()) for row in self._db.execute(which, values)]

    def change(self, offer: int, meeting: int | None, until: datetime) -> None:
        self._db.execute(_CHANGE, {"id_": offer, "meeting_": meeting, "until_": until})

    def withdraw(self, offer: int) -> None:
        self._db.execute(_WITHDRAW, {"id_": offer})

    def rows_of(self, resident: int) -> Sequence[Mapping[str, Any]]:
        return [row._asdict() for row in self._db.execute(_ROWS, {"resident_": resident})]

    def merge(self, old: int, new: int) -> None:
        self._db.pass_on(_PASS_ON, old, new)


STORED = Stored(OFFERS, Offers, TABLES)
