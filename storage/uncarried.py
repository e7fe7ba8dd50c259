"""What could not be carried to a place, why, and Plein's mark on it where it was said."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Update,
    and_,
    bindparam,
    delete,
    exists,
    insert,
    literal,
    null,
    select,
    true,
    update,
)

from bot.model.codec import pack_line, unpack_line
from bot.model.message import Text
from bot.model.people import Identity, Place
from bot.ports.uncarried import Mark
from storage.batch import Batch
from storage.community import anywhere
from storage.tables import copied_in, copies, speakers, uncarried, uncarried_marks

_MOMENT = uncarried_marks.c.next_at.type
_NOW = bindparam("now_", type_=_MOMENT)
_WHERE = select(copied_in.c.id).where(
    copied_in.c.platform == bindparam("platform_"), copied_in.c.room == bindparam("room_")
)
_NOTE = insert(uncarried)
_TO = delete(uncarried).where(uncarried.c.message == bindparam("message_"), uncarried.c.place.in_(_WHERE))
_ALL_OF_IT = delete(uncarried).where(uncarried.c.message == bindparam("message_"))
_WHY = (
    select(copied_in.c.platform, copied_in.c.room, uncarried.c.reason)
    .join(copied_in, copied_in.c.id == uncarried.c.place)
    .where(uncarried.c.message == bindparam("message_"))
    .order_by(copied_in.c.id)
)
_SAID_IN = (
    select(copied_in.c.platform, copied_in.c.room)
    .join(copies, copies.c.place == copied_in.c.id)
    .where(copies.c.message == bindparam("message_"), copies.c.at.is_not(None))
)

# --- the marks ---

_ITS_MARK = uncarried_marks.c.message == bindparam("message_")
_AGAIN = update(uncarried_marks).where(_ITS_MARK)
_AGAIN = _AGAIN.values(next_at=_NOW, version=uncarried_marks.c.version + 1, attempts=0)
_AGAIN = _AGAIN.returning(uncarried_marks.c.message)


def unmark(speaker: Any) -> Update:
    """What they said is looked at again, by whom nobody knows soon."""
    theirs = select(copies.c.message).where(copies.c.speaker == speaker)
    found = update(uncarried_marks).where(uncarried_marks.c.message.in_(theirs))
    return found.values(next_at=uncarried_marks.c.since)


_DISOWN = unmark(bindparam("speaker_"))
_NEW = insert(uncarried_marks)
_SAID = copies.alias("said")


def _is_of_it(table: Any) -> ColumnElement[bool]:
    """Each community counts its own messages."""
    return and_(
        table.c.message == uncarried_marks.c.message, table.c.community == uncarried_marks.c.community
    )


_IS_UNCARRIED = exists(select(literal(1)).where(_is_of_it(uncarried)))


def _marks(*where: ColumnElement[bool]) -> Select[Any]:
    """Each with where that message was said, and by whom."""
    where_said = copied_in.c.platform, copied_in.c.room, _SAID.c.ref.label("said_as")
    author, of_it = speakers.c.account.label("author"), _IS_UNCARRIED.label("is_uncarried")
    found = select(uncarried_marks, *where_said, author, of_it)
    found = found.join(_SAID, and_(_is_of_it(_SAID), _SAID.c.at.is_not(None)))
    found = found.join(copied_in, copied_in.c.id == _SAID.c.place)
    return found.join(speakers, speakers.c.id == _SAID.c.speaker, isouter=True).where(*where)


_MINE = uncarried_marks.c.account == bindparam("account_")
_DUE = anywhere(
    _marks(_MINE, uncarried_marks.c.next_at <= _NOW)
    .order_by(uncarried_marks.c.next_at, uncarried_marks.c.message)
    .limit(bindparam("limit_"))
)
_NEXT_TRY = anywhere(
    select(uncarried_marks.c.next_at)
    .where(_MINE, uncarried_marks.c.next_at > _NOW)
    .order_by(uncarried_marks.c.next_at)
    .limit(1)
)
_TRIED = update(uncarried_marks).where(_ITS_MARK).values(tried=true())
_STANDS = update(uncarried_marks).where(_ITS_MARK).values(ref=bindparam("ref_"))
# What became otherwise meanwhile is looked at again.
_AS_IT_WAS = and_(_ITS_MARK, uncarried_marks.c.version == bindparam("version_"))
_SETTLED = update(uncarried_marks).where(_AS_IT_WAS).values(next_at=null())
_DROP = delete(uncarried_marks).where(_AS_IT_WAS).returning(uncarried_marks.c.message)
_CLEARED = update(uncarried_marks).where(_ITS_MARK)
_CLEARED = _CLEARED.values(ref=null(), tried=False, since=_NOW)
_LATER = update(uncarried_marks).where(_AS_IT_WAS)
_LATER = _LATER.values(
    next_at=bindparam("when_", type_=_MOMENT), attempts=uncarried_marks.c.attempts + bindparam("more_")
)


class Uncarried:
    """Implements UncarriedStore."""

    def __init__(self, db: Batch, account_for: Callable[[Place], str]) -> None:
        self._db = db
        self._account_for = account_for

    def note(self, message: int, place: Place, reason: Text, now: datetime) -> None:
        said_in = self._db.execute(_SAID_IN, {"message_": message}).first()
        number = self._db.execute(_WHERE, _where(place)).scalar()
        if said_in is None or number is None:
            return
        row = {"message": message, "place": number, "reason": pack_line(reason), "at": now}
        self._db.execute(_TO, {"message_": message, **_where(place)})
        self._db.execute(_NOTE, row)
        if not self._again(message, now):
            account = self._account_for(Place(*said_in))
            new = {"message": message, "account": account, "since": now, "version": 0, "next_at": now}
            self._db.execute(_NEW, new)
            self._db.wake("mark")

    def carried(self, message: int, place: Place, now: datetime) -> None:
        self._db.execute(_TO, {"message_": message, **_where(place)})
        self._again(message, now)

    def ended(self, message: int, now: datetime) -> None:
        self._db.execute(_ALL_OF_IT, {"message_": message})
        self._again(message, now)

    def disown(self, speaker: int) -> None:
        """What they said, by whom nobody knows soon, is not marked any more."""
        self._db.execute(_DISOWN, {"speaker_": speaker})
        self._db.wake("mark")

    def _again(self, message: int, now: datetime) -> bool:
        """Whether there is a mark to look to."""
        found = bool(self._db.execute(_AGAIN, {"message_": message, "now_": now}))
        if found:
            self._db.wake("mark")
        return found

    def why(self, message: int) -> Mapping[Place, Text]:
        rows = self._db.execute(_WHY, {"message_": message})
        found = {Place(row.platform, row.room): unpack_line(row.reason) for row in rows}
        return {place: reason for place, reason in found.items() if reason}

    # --- the marks ---

    def due(self, account: str, now: datetime, limit: int) -> Sequence[Mark]:
        rows = self._db.execute(_DUE, {"account_": account, "now_": now, "limit_": limit})
        first: dict[Place, Mark] = {}
        for row in rows:
            mark = _mark(row)
            first.setdefault(mark.place, mark)
        return list(first.values())

    def next_try(self, accounts: Iterable[str], now: datetime) -> datetime | None:
        asked = [{"account_": account, "now_": now} for account in accounts]
        found = [self._db.execute(_NEXT_TRY, values).scalar() for values in asked]
        return min(filter(None, found), default=None)

    def tried(self, marks: Sequence[Mark]) -> None:
        if marks:
            self._db.execute(_TRIED, [{"message_": mark.message} for mark in marks])

    def marked(self, mark: Mark, stands_at: str) -> None:
        self._db.execute(_STANDS, {"message_": mark.message, "ref_": stands_at})

    def settled(self, mark: Mark, now: datetime, *, there: bool) -> None:
        as_it_was: dict[str, Any] = {"message_": mark.message, "version_": mark.version}
        if there:
            self._db.execute(_SETTLED, as_it_was)
        elif not self._db.execute(_DROP, as_it_was):
            # It is to be there once more: that is another mark.
            self._db.execute(_CLEARED, {"message_": mark.message, "now_": now})

    def later(self, mark: Mark, when: datetime, *, failed: bool) -> None:
        as_it_was = {"message_": mark.message, "version_": mark.version}
        self._db.execute(_LATER, {**as_it_was, "when_": when, "more_": int(failed)})


def _where(place: Place) -> dict[str, Any]:
    return {"platform_": place.platform, "room_": place.room_id}


def _mark(row: Any) -> Mark:
    return Mark(
        row.message,
        Place(row.platform, row.room),
        row.account,
        row.said_as,
        Identity(*row.author.split(":", 1)) if row.author else None,
        bool(row.is_uncarried),
        row.ref,
        bool(row.tried),
        row.since,
        row.version,
        row.attempts,
        row.community,
    )
