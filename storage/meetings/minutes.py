"""What is written down of meetings, and who approved it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import and_, bindparam, func, insert, null, or_, select, update

from bot.features.meetings.minutes.records import ALL, MINUTES, Approval, Kind, Line
from storage.meetings.tables import MINUTES_TABLES, approvals, notes
from storage.parts import Parts, Stored

_WHO: Any = bindparam("resident_")
_HERE = notes.c.meeting == bindparam("meeting_")
_VERSION: Any = bindparam("version_")
_LINE = [column for column in notes.c if column.name != "community"]
_STANDS = and_(notes.c.since <= _VERSION, or_(notes.c.until.is_(None), notes.c.until > _VERSION))
_LINES = (
    select(*_LINE)
    .where(_HERE, _STANDS)
    .order_by(notes.c.number)
    .offset(bindparam("after_"))
    .limit(bindparam("most_"))
)
_ONE = select(*_LINE).where(_HERE, _STANDS, notes.c.number == bindparam("number_"))
_COUNT = select(func.count()).select_from(notes).where(_HERE, _STANDS)
_LAST = select(func.max(notes.c.number)).where(_HERE)
# A line that says something else in a later version is one all the same.
_OWN = select(func.count(notes.c.number.distinct())).where(_HERE, notes.c.resident == _WHO)
# What was taken back in the version in which it began stood in none.
_IS_CHANGED = (
    select(notes.c.number)
    .where(
        *(_HERE, or_(notes.c.since == _VERSION, notes.c.until == _VERSION)),
        func.coalesce(notes.c.until, 0) != notes.c.since,
    )
    .limit(1)
)
_ADD = insert(notes)
_THIS = and_(_HERE, notes.c.number == bindparam("number_"), notes.c.since == bindparam("since_"))
_REWORD = update(notes).where(_THIS).values(kind=bindparam("kind_"), words=bindparam("words_"))
_END = update(notes).where(_THIS).values(until=bindparam("until_"))
# Its number is nobody else's.
_DROP = update(notes).where(_THIS).values(until=notes.c.since, words="")
_APPROVAL = [column for column in approvals.c if column.name != "community"]
_OF_MEETING = approvals.c.meeting == bindparam("meeting_")
_NEWEST = select(*_APPROVAL).where(_OF_MEETING).order_by(approvals.c.version.desc()).limit(1)
_APPROVED = select(*_APPROVAL).where(_OF_MEETING, approvals.c.version == _VERSION)
_APPROVE = insert(approvals)
_COLUMNS = (notes.c.resident, approvals.c.resident)
_MERGE = tuple(
    update(column.table).where(column == bindparam("old_")).values(resident=bindparam("new_"))
    for column in _COLUMNS
)
_FORGET = tuple(update(column.table).where(column == _WHO).values(resident=null()) for column in _COLUMNS)
_ROWS_OF = tuple(
    select(column.table).where(column == _WHO).order_by(*column.table.primary_key) for column in _COLUMNS
)


class Minutes:
    """Implements MinutesStore."""

    def __init__(self, parts: Parts) -> None:
        self._db = parts.db

    def last(self, meeting: int) -> int:
        return self._db.execute(_LAST, {"meeting_": meeting}).scalar_one() or 0

    def own(self, meeting: int, resident: int) -> int:
        found: int = self._db.execute(_OWN, {"meeting_": meeting, "resident_": resident}).scalar_one()
        return found

    def add(self, line: Line) -> None:
        self._db.execute(_ADD, {column.name: _plain(getattr(line, column.name)) for column in _LINE})

    def count(self, meeting: int, version: int) -> int:
        found: int = self._db.execute(_COUNT, {"meeting_": meeting, "version_": version}).scalar_one()
        return found

    def lines(self, meeting: int, version: int, *, after: int = 0, most: int = ALL) -> Sequence[Line]:
        which = {"meeting_": meeting, "version_": version, "after_": after, "most_": most}
        return [_line(row._asdict()) for row in self._db.execute(_LINES, which)]

    def line(self, meeting: int, number: int, version: int) -> Line | None:
        which = {"meeting_": meeting, "number_": number, "version_": version}
        return next((_line(row._asdict()) for row in self._db.execute(_ONE, which)), None)

    def reword(self, line: Line, kind: Kind, words: str) -> None:
        self._db.execute(_REWORD, {**_which(line), "kind_": str(kind), "words_": words})

    def end(self, line: Line, version: int) -> None:
        self._db.execute(_END, {**_which(line), "until_": version})

    def drop(self, line: Line) -> None:
        self._db.execute(_DROP, _which(line))

    def is_changed(self, meeting: int, version: int) -> bool:
        which = {"meeting_": meeting, "version_": version}
        return self._db.execute(_IS_CHANGED, which).first() is not None

    def approval(self, meeting: int, version: int | None = None) -> Approval | None:
        if version is None:
            row = self._db.execute(_NEWEST, {"meeting_": meeting}).first()
        else:
            row = self._db.execute(_APPROVED, {"meeting_": meeting, "version_": version}).first()
        return Approval(**row._asdict()) if row else None

    def approve(self, approval: Approval) -> None:
        self._db.execute(_APPROVE, {column.name: getattr(approval, column.name) for column in _APPROVAL})

    def merge(self, old: int, new: int) -> None:
        for statement in _MERGE:
            self._db.pass_on(statement, old, new)

    def forget(self, resident: int) -> Sequence[int]:
        rows = self.rows_of(resident)
        for statement in _FORGET:
            self._db.execute(statement, {"resident_": resident})
        return sorted({row["meeting"] for found in rows.values() for row in found})

    def rows_of(self, resident: int) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        written, approved = (
            [row._asdict() for row in self._db.execute(which, {"resident_": resident})] for which in _ROWS_OF
        )
        return {"notes": written, "approvals": approved}


STORED = Stored(MINUTES, Minutes, MINUTES_TABLES)


def _which(line: Line) -> Mapping[str, Any]:
    return {"meeting_": line.meeting, "number_": line.number, "since_": line.since}


def _line(fields: Mapping[str, Any]) -> Line:
    return Line(**{**fields, "kind": Kind(fields["kind"])})


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Kind) else value
