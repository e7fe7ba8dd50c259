"""Draws of who chairs a meeting and who takes its notes: their lists, and whose turn it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    Column,
    ForeignKey,
    Integer,
    String,
    Table,
    bindparam,
    func,
    insert,
    null,
    select,
    update,
)

from bot.features.meetings.draw.records import TURNS, Drawn, Duty
from bot.lot import Entrant
from bot.lot.listing import Listed
from bot.model.people import Resident
from storage.meetings.tables import of_meeting
from storage.parts import Parts, Stored
from storage.tables import Moment, Number, of_community, own_tables, residents, themes

TABLES = own_tables()

meeting_draws = Table(
    "meeting_draws",
    TABLES,
    Column("id", Number, primary_key=True),
    of_community(),
    Column("theme", ForeignKey(themes.c.id), nullable=False, index=True),
    Column("meeting", Number, nullable=False),
    # Nobody, once whoever it was is forgotten.
    Column("asker", ForeignKey(residents.c.id), index=True),
    Column("number", String, nullable=False),
    Column("code", String, nullable=False),
    Column("at", Moment, nullable=False),
    of_meeting(),
    sqlite_autoincrement=True,
)

# Without a name where whoever it was is forgotten, or did not want to be seen: the hash stays, so that the
# list can still be repeated.
turns = Table(
    "turns",
    TABLES,
    of_community(key=True),
    Column("draw", ForeignKey(meeting_draws.c.id), primary_key=True),
    Column("rank", Integer, primary_key=True, autoincrement=False),
    Column("resident", ForeignKey(residents.c.id), index=True),
    Column("name", String),
    Column("salt", String),
    Column("hash", String, nullable=False),
    # The day of their last turn, as it was published.
    Column("last", String),
    # What they were drawn for, and in which order.
    Column("duty", String),
    Column("turn", Integer),
    sqlite_with_rowid=False,
)

_DRAW: Any = bindparam("draw_")
_WHO: Any = bindparam("resident_")
_ADD = insert(meeting_draws).returning(meeting_draws.c.id)
_LIST = insert(turns)
_FIELDS = ("id", "theme", "meeting", "number", "code", "at")
_GET = select(*(meeting_draws.c[name] for name in _FIELDS)).where(meeting_draws.c.id == _DRAW)
_LISTED = select(turns).where(turns.c.draw == _DRAW).order_by(turns.c.rank)
_IN_THEME = (
    select(turns.c.resident, func.max(meeting_draws.c.at))
    .join(meeting_draws, meeting_draws.c.id == turns.c.draw)
    .where(
        *(meeting_draws.c.theme == bindparam("theme_"), turns.c.duty.is_not(None)),
        turns.c.resident.is_not(None),
    )
    .group_by(turns.c.resident)
)
_AT_MEETING = (
    select(turns.c.duty, turns.c.resident)
    .join(meeting_draws, meeting_draws.c.id == turns.c.draw)
    .where(
        *(meeting_draws.c.theme == bindparam("theme_"), meeting_draws.c.meeting == bindparam("meeting_")),
        turns.c.duty.is_not(None),
    )
    .order_by(meeting_draws.c.id)
)
_MERGE = tuple(
    update(column.table).where(column == bindparam("old_")).values({column.name: bindparam("new_")})
    for column in (meeting_draws.c.asker, turns.c.resident)
)
_FORGET = (
    update(meeting_draws).where(meeting_draws.c.asker == _WHO).values(asker=null()),
    update(turns).where(turns.c.resident == _WHO).values(resident=null(), name=null(), salt=null()),
)
_ASKED_BY = select(meeting_draws).where(meeting_draws.c.asker == _WHO).order_by(meeting_draws.c.id)
_LISTED_OF = select(turns).where(turns.c.resident == _WHO).order_by(turns.c.draw, turns.c.rank)


class Turns:
    """Implements TurnStore."""

    def __init__(self, parts: Parts) -> None:
        self._db = parts.db

    def add(
        self,
        theme: int,
        meeting: int,
        asker: int,
        number: str,
        code: str,
        at: datetime,
        listed: Sequence[Listed],
        turns: Mapping[Duty, int],
    ) -> int:
        row = {"theme": theme, "meeting": meeting, "asker": asker, "number": number, "code": code, "at": at}
        draw: int = self._db.execute(_ADD, row).scalar_one()
        duties = {place: (str(duty), turn) for turn, (duty, place) in enumerate(turns.items(), start=1)}
        self._db.execute(_LIST, [_row(draw, rank, each, duties) for rank, each in enumerate(listed, start=1)])
        return draw

    def get(self, draw: int) -> Drawn | None:
        row = self._db.execute(_GET, {"draw_": draw}).first()
        if row is None:
            return None
        listed = list(self._db.execute(_LISTED, {"draw_": draw}))
        drawn = sorted((each for each in listed if each.duty), key=lambda each: each.turn)
        turns = {Duty(each.duty): each.rank for each in drawn}
        return Drawn(**row._asdict(), listed=[_listed(each) for each in listed], turns=turns)

    def holders(self, theme: int, meeting: int) -> Mapping[Duty, int]:
        rows = self._db.execute(_AT_MEETING, {"theme_": theme, "meeting_": meeting})
        last = {Duty(duty): resident for duty, resident in rows}
        return {duty: resident for duty, resident in last.items() if resident is not None}

    def turns(self, theme: int) -> Mapping[int, datetime]:
        return dict(tuple(row) for row in self._db.execute(_IN_THEME, {"theme_": theme}))

    # --- whose it is ---

    def rows_of(self, resident: int) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        return {
            str(table): [row._asdict() for row in self._db.execute(statement, {"resident_": resident})]
            for table, statement in ((meeting_draws.name, _ASKED_BY), (turns.name, _LISTED_OF))
        }

    def merge(self, old: int, new: int) -> None:
        for statement in _MERGE:
            self._db.pass_on(statement, old, new)

    def forget(self, resident: int) -> None:
        for statement in _FORGET:
            self._db.execute(statement, {"resident_": resident})


def _row(draw: int, rank: int, each: Listed, duties: Mapping[int, tuple[str, int]]) -> Mapping[str, Any]:
    entrant = each.entrant
    duty, turn = duties.get(rank, (None, None))
    last = entrant.last.isoformat() if entrant.last else None
    whose = {"draw": draw, "rank": rank, "resident": each.who.id if each.who else None}
    published = {"name": entrant.name, "salt": entrant.salt, "hash": entrant.hashed, "last": last}
    return {**whose, **published, "duty": duty, "turn": turn}


def _listed(row: Any) -> Listed:
    who = Resident(row.resident, "") if row.resident else None
    last = date.fromisoformat(row.last) if row.last else None
    return Listed(who, Entrant(row.name, last, row.salt, row.hash))


STORED = Stored(TURNS, Turns, TABLES)
