"""Who follows, takes part in or pulls a theme, and who asked to pull one.

What somebody is stands in a row with a number of its own, so that each account gets back what it brought when
linking is undone. Where two accounts brought one each, the most that they are counts.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    Boolean,
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    Select,
    Table,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    true,
    update,
)

from bot.features.themes.records import THEMES, Involvement, Request
from bot.model.people import Resident
from storage.among import among
from storage.parts import Parts, Stored
from storage.people import person_of
from storage.tables import GOES_ALONG, Moment, Number, of_community, own_tables, residents, themes

TABLES = own_tables()
_ALONG = {GOES_ALONG: True}

involvements = Table(
    "involvements",
    TABLES,
    Column("id", Number, primary_key=True),
    of_community(),
    Column("theme", ForeignKey(themes.c.id), nullable=False, info=_ALONG),
    Column("resident", ForeignKey(residents.c.id), nullable=False),
    Column("how", Integer, nullable=False),
    Column("since", Moment, nullable=False),
    Index("ix_involvements_resident_theme_how", "resident", "theme", "how"),
    # It is the most that they are to it; of what two accounts of theirs brought one row is.
    Column("counted", Boolean, nullable=False, server_default=true()),
    Index("ix_involvements_counted", "theme", "how", "counted", "community"),
    sqlite_autoincrement=True,
)

# Who wants to pull a theme, until somebody says yes.
pull_requests = Table(
    "pull_requests",
    TABLES,
    Column("id", Number, primary_key=True),
    of_community(),
    Column("theme", ForeignKey(themes.c.id), nullable=False, index=True, info=_ALONG),
    Column("resident", ForeignKey(residents.c.id), nullable=False, index=True),
    Column("asked_at", Moment, nullable=False),
    sqlite_autoincrement=True,
)

_ID: BindParameter[Any] = bindparam("id_")
# Two accounts of somebody may have brought one each: what is most counts.
_HOW = func.max(involvements.c.how)
_OF = select(involvements.c.theme, _HOW).where(involvements.c.resident == _ID).group_by(involvements.c.theme)
_COUNTS = (
    select(involvements.c.theme, involvements.c.how, func.count())
    .where(among(involvements.c.theme, "themes_"), involvements.c.counted)
    .group_by(involvements.c.theme, involvements.c.how)
)
_OTHER = involvements.alias()
_IS_LESS = exists().where(
    *(_OTHER.c[name] == involvements.c[name] for name in ("community", "theme", "resident")),
    or_(
        _OTHER.c.how > involvements.c.how,
        and_(_OTHER.c.how == involvements.c.how, _OTHER.c.id < involvements.c.id),
    ),
)
_COUNT_ONCE = update(involvements).where(involvements.c.resident == _ID).values(counted=~_IS_LESS)
_WHO = (residents.c.id, residents.c.name, residents.c.locale, residents.c.role, residents.c.zone)
_PULLING = (
    select(involvements.c.theme, *_WHO)
    .join(residents, residents.c.id == involvements.c.resident)
    .where(among(involvements.c.theme, "themes_"), involvements.c.how == int(Involvement.PULLS))
    .order_by(involvements.c.theme, involvements.c.id)
)
_PART = delete(involvements).where(
    involvements.c.theme == bindparam("theme_"), involvements.c.resident == bindparam("resident_")
)
_ADD = insert(involvements)
_INVOLVEMENTS = (
    select(*(column for column in involvements.c if column is not involvements.c.resident))
    .where(involvements.c.resident == _ID)
    .order_by(involvements.c.id)
)

_ASK = insert(pull_requests).returning(pull_requests.c.id)


def _waiting(which: ColumnElement[bool]) -> Select[Any]:
    return (
        select(pull_requests.c.id.label("number"), pull_requests.c.theme, *_WHO)
        .join(residents, residents.c.id == pull_requests.c.resident)
        .where(which)
        .order_by(pull_requests.c.id)
    )


_REQUEST = _waiting(pull_requests.c.id == _ID)
_REQUESTS = _waiting(pull_requests.c.theme == bindparam("theme_"))
_REQUESTS_BY = _waiting(pull_requests.c.resident == _ID)
_DROP = delete(pull_requests).where(pull_requests.c.id == _ID)
_ASKED = (
    select(*(column for column in pull_requests.c if column is not pull_requests.c.resident))
    .where(pull_requests.c.resident == _ID)
    .order_by(pull_requests.c.id)
)
_MERGE = [
    update(table).where(table.c.resident == bindparam("old_")).values(resident=bindparam("new_"))
    for table in (involvements, pull_requests)
]
_FORGET = [delete(table).where(table.c.resident == _ID) for table in (involvements, pull_requests)]


class Themes:
    """Implements ThemeStore."""

    def __init__(self, parts: Parts) -> None:
        self._db = parts.db

    def hold(self, theme: int) -> None:
        self._db.lock(themes.c.id, theme, weakly=True)

    def of(self, resident: int) -> Mapping[int, Involvement]:
        return {theme: Involvement(how) for theme, how in self._db.execute(_OF, {"id_": resident})}

    def counts(self, themes: Collection[int]) -> Mapping[int, Mapping[Involvement, int]]:
        found: dict[int, dict[Involvement, int]] = {}
        for theme, how, count in self._db.execute(_COUNTS, {"themes_": sorted(themes)}):
            found.setdefault(theme, {})[Involvement(how)] = count
        return found

    def pulling(self, themes: Collection[int]) -> Mapping[int, Sequence[Resident]]:
        found: dict[int, dict[int, Resident]] = {}
        for row in self._db.execute(_PULLING, {"themes_": sorted(themes)}):
            found.setdefault(row.theme, {}).setdefault(row.id, person_of(row))
        return {theme: list(people.values()) for theme, people in found.items()}

    def involve(self, theme: int, resident: int, how: Involvement | None, at: datetime) -> None:
        # Who becomes one person with somebody just now is that first, or once this is so.
        self._db.lock(residents.c.id, resident, weakly=True)
        self._db.execute(_PART, {"theme_": theme, "resident_": resident})
        if how is not None:
            row = {"theme": theme, "resident": resident, "how": int(how), "since": at}
            self._db.execute(_ADD, row)

    # --- who wants to pull one ---

    def ask(self, theme: int, resident: int, at: datetime) -> int:
        row = {"theme": theme, "resident": resident, "asked_at": at}
        number: int = self._db.execute(_ASK, row).scalar_one()
        return number

    def request(self, number: int) -> Request | None:
        row = self._db.execute(_REQUEST, {"id_": number}).first()
        return _request(row) if row else None

    def requests(self, theme: int) -> Sequence[Request]:
        return [_request(row) for row in self._db.execute(_REQUESTS, {"theme_": theme})]

    def requests_by(self, resident: int) -> Sequence[Request]:
        return [_request(row) for row in self._db.execute(_REQUESTS_BY, {"id_": resident})]

    def drop(self, number: int) -> None:
        self._db.execute(_DROP, {"id_": number})

    # --- whose it is ---

    def merge(self, old: int, new: int) -> None:
        for statement in _MERGE:
            self._db.pass_on(statement, old, new)
        self.count_once(new)

    def count_once(self, resident: int) -> None:
        self._db.execute(_COUNT_ONCE, {"id_": resident})

    def forget(self, resident: int) -> None:
        for statement in _FORGET:
            self._db.execute(statement, {"id_": resident})

    def involvements_of(self, resident: int) -> Sequence[Mapping[str, Any]]:
        return [row._asdict() for row in self._db.execute(_INVOLVEMENTS, {"id_": resident})]

    def requests_of(self, resident: int) -> Sequence[Mapping[str, Any]]:
        return [row._asdict() for row in self._db.execute(_ASKED, {"id_": resident})]


def _request(row: Any) -> Request:
    return Request(row.number, row.theme, person_of(row))


STORED = Stored(THEMES, Themes, TABLES)
