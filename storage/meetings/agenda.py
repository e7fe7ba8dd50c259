"""What stands on the agendas of meetings, and who wants it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    Select,
    String,
    Table,
    bindparam,
    delete,
    false,
    func,
    insert,
    null,
    select,
    update,
)

from bot.features.meetings.agenda.records import AGENDAS, Item, Total
from storage.meetings.tables import of_meeting
from storage.parts import Parts, Stored
from storage.tables import Moment, Number, of_community, own_tables, residents

TABLES = own_tables()

agenda_items = Table(
    "agenda_items",
    TABLES,
    Column("id", Number, primary_key=True),
    of_community(),
    Column("meeting", Number, nullable=False),
    # People say "item 3", and mean the same for as long as there is that agenda.
    Column("number", Integer, nullable=False),
    # Nobody's any more, where whoever added it was forgotten.
    Column("resident", ForeignKey(residents.c.id), index=True),
    Column("called", String, nullable=False),
    Column("minutes", Integer, nullable=False),
    Column("added_at", Moment, nullable=False),
    # Where an organiser put it.
    Column("place", Integer),
    Column("dropped", Boolean, nullable=False, server_default=false()),
    # By whoever organises the meeting, and did not add it.
    Column("taken_off", Boolean, nullable=False, server_default=false()),
    of_meeting(),
    Index("ix_agenda_items_meeting_number", "community", "meeting", "number", unique=True),
    sqlite_autoincrement=True,
)

# Two accounts of somebody may have brought one each, which each has back when linking is undone.
agenda_supports = Table(
    "agenda_supports",
    TABLES,
    Column("id", Number, primary_key=True),
    of_community(),
    Column("item", ForeignKey(agenda_items.c.id), nullable=False),
    Column("resident", ForeignKey(residents.c.id), nullable=False, index=True),
    Column("supported_at", Moment, nullable=False),
    Index("ix_agenda_supports_item_resident", "item", "resident"),
    sqlite_autoincrement=True,
)

_ADD = insert(agenda_items).returning(agenda_items.c.id)
_HERE = agenda_items.c.meeting == bindparam("meeting_")
_STANDS = agenda_items.c.dropped == false()
_LAST = select(func.max(agenda_items.c.number)).where(_HERE)
# Whoever added it wants it anyhow.
_SUPPORTS = (
    select(func.count(agenda_supports.c.resident.distinct()))
    .where(
        agenda_supports.c.item == agenda_items.c.id,
        agenda_supports.c.resident != func.coalesce(agenda_items.c.resident, 0),
    )
    .correlate(agenda_items)
    .scalar_subquery()
    .label("supports")
)
_FIELDS = ("id", "meeting", "number", "resident", "called", "minutes", "place", "taken_off")


def _items(*which: Any) -> Select[Any]:
    return select(*(agenda_items.c[name] for name in _FIELDS), _SUPPORTS).where(_HERE, *which)


_ITEMS = _items(_STANDS).order_by(
    # What nobody put anywhere comes last: not all databases have it so by themselves.
    agenda_items.c.place.is_(None),
    *(agenda_items.c.place, _SUPPORTS.desc(), agenda_items.c.number),
)
_DROPPED = _items(~_STANDS, agenda_items.c.number == bindparam("number_"))
_TOTAL = select(func.count(), func.coalesce(func.sum(agenda_items.c.minutes), 0)).where(_HERE, _STANDS)
_THIS = update(agenda_items).where(agenda_items.c.id == bindparam("id_"))
_LENGTH = _THIS.values(minutes=bindparam("minutes_"))
_DROP = _THIS.values(
    {name: bindparam(f"{name}_", type_=agenda_items.c[name].type) for name in ("dropped", "taken_off")}
)
_PLACE = _THIS.values(place=bindparam("place_"))
_SUPPORT = insert(agenda_supports)
_WHO: Any = bindparam("resident_")
_STOP = delete(agenda_supports).where(
    agenda_supports.c.item == bindparam("item_"), agenda_supports.c.resident == _WHO
)
_SUPPORTED_BY = (
    select(agenda_items.c.number)
    .join(agenda_supports, agenda_supports.c.item == agenda_items.c.id)
    .where(_HERE, agenda_supports.c.resident == _WHO)
)
_ADDED_BY = select(agenda_items).where(agenda_items.c.resident == _WHO).order_by(agenda_items.c.id)
_GIVEN_BY = select(agenda_supports).where(agenda_supports.c.resident == _WHO).order_by(agenda_supports.c.id)
_PASS_ON = tuple(
    update(column.table).where(column == bindparam("old_")).values({column.name: bindparam("new_")})
    for column in (agenda_items.c.resident, agenda_supports.c.resident)
)
_FORGET = (
    delete(agenda_supports).where(agenda_supports.c.resident == _WHO),
    update(agenda_items).where(agenda_items.c.resident == _WHO).values(resident=null()),
)


class Agendas:
    """Implements AgendaStore."""

    def __init__(self, parts: Parts) -> None:
        self._db = parts.db

    def add(self, meeting: int, resident: int, called: str, minutes: int, at: datetime) -> Item:
        last: int | None = self._db.execute(_LAST, {"meeting_": meeting}).scalar_one()
        fields: dict[str, Any] = {"meeting": meeting, "number": (last or 0) + 1, "resident": resident}
        fields |= {"called": called, "minutes": minutes}
        number: int = self._db.execute(_ADD, {**fields, "added_at": at}).scalar_one()
        return Item(id=number, **fields)

    def items(self, meeting: int) -> Sequence[Item]:
        return [_item(row) for row in self._db.execute(_ITEMS, {"meeting_": meeting})]

    def total(self, meeting: int) -> Total:
        return Total(*self._db.execute(_TOTAL, {"meeting_": meeting}).one())

    def dropped(self, meeting: int, number: int) -> Item | None:
        row = self._db.execute(_DROPPED, {"meeting_": meeting, "number_": number}).first()
        return _item(row) if row else None

    def change_length(self, item: Item, minutes: int) -> None:
        self._db.execute(_LENGTH, {"id_": item.id, "minutes_": minutes})

    def drop(self, item: Item, *, taken_off: bool) -> None:
        self._db.execute(_DROP, {"id_": item.id, "dropped_": True, "taken_off_": taken_off})

    def put_back(self, item: Item) -> None:
        self._db.execute(_DROP, {"id_": item.id, "dropped_": False, "taken_off_": False})

    def order(self, items: Sequence[Item]) -> None:
        places = [{"id_": item.id, "place_": place} for place, item in enumerate(items)]
        if places:
            self._db.execute(_PLACE, places)

    def support(self, item: Item, resident: int, at: datetime) -> None:
        self._db.execute(_SUPPORT, {"item": item.id, "resident": resident, "supported_at": at})

    def stop_supporting(self, item: Item, resident: int) -> None:
        self._db.execute(_STOP, {"item_": item.id, "resident_": resident})

    def supported_by(self, meeting: int, resident: int) -> Collection[int]:
        values = {"meeting_": meeting, "resident_": resident}
        return set(self._db.execute(_SUPPORTED_BY, values).scalars())

    # --- whose it is ---

    def rows_of(self, resident: int) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        return {
            str(table): [row._asdict() for row in self._db.execute(statement, {"resident_": resident})]
            for table, statement in ((agenda_items.name, _ADDED_BY), (agenda_supports.name, _GIVEN_BY))
        }

    def merge(self, old: int, new: int) -> None:
        for statement in _PASS_ON:
            self._db.pass_on(statement, old, new)

    def forget(self, resident: int) -> None:
        for statement in _FORGET:
            self._db.execute(statement, {"resident_": resident})


def _item(row: Any) -> Item:
    return Item(**{**row._asdict(), "taken_off": bool(row.taken_off)})


STORED = Stored(AGENDAS, Agendas, TABLES)
