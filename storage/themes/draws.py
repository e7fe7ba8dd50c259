"""Draws of whose turn it is: their lists, what came of them, and who is not to be drawn."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    Select,
    String,
    Table,
    bindparam,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from bot.features.themes.records import DRAWS, Draw, Involvement
from bot.lot import Entrant
from bot.lot.listing import Listed
from bot.model.people import Resident, Role
from storage.parts import Parts, Stored
from storage.tables import GOES_ALONG, Moment, Number, of_community, own_tables, residents, themes
from storage.themes import involvements

TABLES = own_tables()
OVER = ("drawn", "off")

draws = Table(
    "draws",
    TABLES,
    Column("id", Number, primary_key=True),
    of_community(),
    Column("theme", ForeignKey(themes.c.id), nullable=False, index=True),
    # Secret until it is drawn.
    Column("number", String, nullable=False),
    # Nobody, once whoever it was is forgotten; why is their words.
    Column("asker", ForeignKey(residents.c.id), index=True),
    Column("why", String),
    Column("repeats", ForeignKey("draws.id"), index=True),
    Column("state", String, nullable=False, server_default="asked"),
    Column("at", Moment, nullable=False),
    Column("code", String),
    Column("drawn", Integer),
    sqlite_autoincrement=True,
)

# Without a name where whoever it was is forgotten: the hash stays, so that the list can still be repeated.
entrants = Table(
    "draw_entrants",
    TABLES,
    of_community(key=True),
    Column("draw", ForeignKey(draws.c.id), primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("resident", ForeignKey(residents.c.id), index=True),
    Column("name", String),
    Column("salt", String),
    Column("hash", String, nullable=False),
    # The day of their last turn, as it was published.
    Column("last", String),
    sqlite_with_rowid=False,
)

# Two accounts of somebody may have brought one each, which each has back when linking is undone.
undrawn = Table(
    "undrawn",
    TABLES,
    Column("id", Number, primary_key=True),
    of_community(),
    Column("theme", ForeignKey(themes.c.id), nullable=False, info={GOES_ALONG: True}),
    Column("resident", ForeignKey(residents.c.id), nullable=False, index=True),
    Index("ix_undrawn_theme_resident", "theme", "resident"),
    sqlite_autoincrement=True,
)

_ID: BindParameter[Any] = bindparam("id_")
_THEME: BindParameter[Any] = bindparam("theme_")
_WHOM: BindParameter[Any] = bindparam("resident_")
_ASK = insert(draws).returning(draws.c.id)
_WHO = (residents.c.name.label("who"), residents.c.locale, residents.c.role)


def _draws(*which: ColumnElement[bool]) -> Select[Any]:
    """The newest first."""
    return (
        select(*(column for column in draws.c if column.name != "community"), *_WHO)
        .join(residents, residents.c.id == draws.c.asker, isouter=True)
        .where(*which)
        .order_by(draws.c.id.desc())
        .limit(1)
    )


_GET = _draws(draws.c.id == _ID)
_UNDER_WAY = _draws(draws.c.theme == _THEME, or_(draws.c.state == "asked", draws.c.state == "listed"))
_LAST = _draws(draws.c.theme == _THEME, draws.c.state == "drawn")
_CHANGE = update(draws).where(draws.c.id == _ID)
_FIX = _CHANGE.values(state="listed", code=bindparam("code_"), at=bindparam("at_"))
_END = _CHANGE.values(state=bindparam("state_"), drawn=bindparam("drawn_"), at=bindparam("at_"))
_LIST = insert(entrants)
_LISTED = (
    select(entrants.c.resident, entrants.c.name, entrants.c.salt, entrants.c.hash, entrants.c.last, *_WHO)
    .join(residents, residents.c.id == entrants.c.resident, isouter=True)
    .where(entrants.c.draw == _ID)
    .order_by(entrants.c.place)
)
_instead = draws.alias()
_TURNS = (
    select(entrants.c.resident, func.max(draws.c.at))
    .join(draws, (draws.c.id == entrants.c.draw) & (draws.c.drawn == entrants.c.place))
    .where(
        draws.c.theme == _THEME,
        draws.c.state == "drawn",
        entrants.c.resident.is_not(None),
        ~exists().where(_instead.c.repeats == draws.c.id, _instead.c.state == "drawn"),
    )
    .group_by(entrants.c.resident)
)
_CANDIDATES = (
    select(residents.c.id, *_WHO)
    .join(involvements, involvements.c.resident == residents.c.id)
    .where(
        involvements.c.theme == _THEME,
        involvements.c.how >= int(Involvement.TAKES_PART),
        ~exists().where(undrawn.c.theme == _THEME, undrawn.c.resident == residents.c.id),
    )
    .distinct()
    .order_by(residents.c.id)
)
_DECLINE = insert(undrawn)
_THIS = (undrawn.c.theme == _THEME, undrawn.c.resident == _WHOM)
_DECLINED = select(undrawn.c.resident).where(*_THIS)
_DECLINED_IN = select(undrawn.c.resident).distinct().where(undrawn.c.theme == _THEME)
_ACCEPT = delete(undrawn).where(*_THIS)

_MERGE = [
    update(column.table).where(column == bindparam("old_")).values({column: bindparam("new_")})
    for column in (draws.c.asker, entrants.c.resident, undrawn.c.resident)
]
_FORGET = [
    update(draws).where(draws.c.asker == _ID).values(asker=None, why=None),
    update(entrants).where(entrants.c.resident == _ID).values(resident=None, name=None, salt=None),
    delete(undrawn).where(undrawn.c.resident == _ID),
]
_ASKED_BY = (
    select(*(column for column in draws.c if column is not draws.c.asker))
    .where(draws.c.asker == _ID)
    .order_by(draws.c.id)
)
_LISTED_OF = (
    select(*(column for column in entrants.c if column is not entrants.c.resident))
    .where(entrants.c.resident == _ID)
    .order_by(entrants.c.draw, entrants.c.place)
)
_DECLINED_BY = select(undrawn.c.theme).distinct().where(undrawn.c.resident == _ID).order_by(undrawn.c.theme)


class Draws:
    """Implements DrawStore."""

    def __init__(self, parts: Parts) -> None:
        self._db = parts.db

    def ask(
        self, theme: int, number: str, asker: int, why: str | None, repeats: int | None, at: datetime
    ) -> int:
        row = {"theme": theme, "number": number, "asker": asker, "why": why, "repeats": repeats, "at": at}
        draw: int = self._db.execute(_ASK, row).scalar_one()
        return draw

    def get(self, draw: int) -> Draw | None:
        row = self._db.execute(_GET, {"id_": draw}).first()
        return _draw(row) if row else None

    def under_way(self, theme: int) -> Draw | None:
        row = self._db.execute(_UNDER_WAY, {"theme_": theme}).first()
        return _draw(row) if row else None

    def last(self, theme: int) -> Draw | None:
        row = self._db.execute(_LAST, {"theme_": theme}).first()
        return _draw(row) if row else None

    def fix(self, draw: int, listed: Sequence[Listed], code: str, at: datetime) -> None:
        self._db.execute(_FIX, {"id_": draw, "code_": code, "at_": at})
        for place, each in enumerate(listed, start=1):
            entrant = each.entrant
            last = entrant.last.isoformat() if entrant.last else None
            row = {"draw": draw, "place": place, "resident": each.who.id if each.who else None}
            published = {"name": entrant.name, "salt": entrant.salt, "hash": entrant.hashed, "last": last}
            self._db.execute(_LIST, {**row, **published})

    def end(self, draw: int, drawn: int | None, at: datetime) -> None:
        state = "off" if drawn is None else "drawn"
        self._db.execute(_END, {"id_": draw, "state_": state, "drawn_": drawn, "at_": at})

    def listed(self, draw: int) -> Sequence[Listed]:
        return [_listed(row) for row in self._db.execute(_LISTED, {"id_": draw})]

    def turns(self, theme: int) -> Mapping[int, datetime]:
        return dict(tuple(row) for row in self._db.execute(_TURNS, {"theme_": theme}))

    # --- among whom ---

    def candidates(self, theme: int) -> Sequence[Resident]:
        rows = self._db.execute(_CANDIDATES, {"theme_": theme})
        return [Resident(row.id, row.who, row.locale, Role(row.role)) for row in rows]

    def declined(self, theme: int) -> Collection[int]:
        return set(self._db.execute(_DECLINED_IN, {"theme_": theme}).scalars())

    def decline(self, theme: int, resident: int) -> bool:
        is_new = not self._declined(theme, resident)
        if is_new:
            self._db.execute(_DECLINE, {"theme": theme, "resident": resident})
        return is_new

    def accept(self, theme: int, resident: int) -> bool:
        is_new = self._declined(theme, resident)
        self._db.execute(_ACCEPT, {"theme_": theme, "resident_": resident})
        return is_new

    def _declined(self, theme: int, resident: int) -> bool:
        return self._db.execute(_DECLINED, {"theme_": theme, "resident_": resident}).first() is not None

    # --- whose it is ---

    def merge(self, old: int, new: int) -> None:
        for statement in _MERGE:
            self._db.pass_on(statement, old, new)

    def forget(self, resident: int) -> None:
        for statement in _FORGET:
            self._db.execute(statement, {"id_": resident})

    def draws_of(self, resident: int) -> Sequence[Mapping[str, Any]]:
        rows = [row._asdict() for row in self._db.execute(_ASKED_BY, {"id_": resident})]
        return [{**row, "number": row["number"] if row["state"] in OVER else None} for row in rows]

    def listed_of(self, resident: int) -> Sequence[Mapping[str, Any]]:
        return [row._asdict() for row in self._db.execute(_LISTED_OF, {"id_": resident})]

    def declined_by(self, resident: int) -> Sequence[int]:
        found: Sequence[int] = self._db.execute(_DECLINED_BY, {"id_": resident}).scalars()
        return list(found)


def _draw(row: Any) -> Draw:
    asker = Resident(row.asker, row.who, row.locale, Role(row.role)) if row.asker else None
    return Draw(
        *(row.id, row.theme, row.state, row.number, asker, row.why, row.repeats, row.at, row.code, row.drawn)
    )


def _listed(row: Any) -> Listed:
    who = Resident(row.resident, row.who, row.locale, Role(row.role)) if row.resident else None
    last = date.fromisoformat(row.last) if row.last else None
    return Listed(who, Entrant(row.name, last, row.salt, row.hash))


STORED = Stored(DRAWS, Draws, TABLES)
