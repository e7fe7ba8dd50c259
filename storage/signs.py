"""Who put which sign on which message, and what of that Plein is to put on it in its other places.

One account can put a sign on a message once. So of each sign there is a row for each place where it is to
stand for people elsewhere, with for how many: it goes once that is nobody. What is being tried is made true
first, as what is wanted may change meanwhile; the number of the row is the name of one putting, and taking
away ends it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Executable, and_, bindparam, delete, func, insert, null, select, update

from bot.model.people import Identity, Place
from bot.model.signs import Put, Sign, Signed, Why, name_of
from storage.among import among
from storage.batch import Batch
from storage.community import anywhere
from storage.copies import Copies, named_on
from storage.tables import copied_in, copies, placed_signs, signs, speakers

# As many different ones as people can put on a message elsewhere; and so many in all, and of one person.
MOST_SIGNS, MOST_ROWS, MOST_OF_ONE = 20, 1_000, 20
# So long a sign waits for its message, and so many in a place do.
WAITS, MOST_WAITING = timedelta(minutes=1), 200
_REF = signs.c.ref.type
_NOW = bindparam("now_", type_=signs.c.noted_at.type)
_MESSAGE = signs.c.message == bindparam("message_")
_THERE = signs.c.place == bindparam("place_")
_AT_REF = and_(_THERE, signs.c.ref == bindparam("ref_", type_=_REF))
_SPEAKER = signs.c.speaker == bindparam("speaker_")
_SIGN = signs.c.sign == bindparam("sign_")
_ADD = insert(signs)
_KNOWN = select(signs.c.id, signs.c.event).where(_AT_REF, _SPEAKER, _SIGN)
_IS_EVENT = update(signs).where(signs.c.id == bindparam("id_"))
_IS_EVENT = _IS_EVENT.values(event=bindparam("event_", type_=_REF))
_HELD = select(
    func.count(),
    func.count(func.distinct(signs.c.sign)),
    func.count(signs.c.id).filter(_SPEAKER),
    func.count(signs.c.id).filter(_SIGN),
).where(_MESSAGE)
_IS_EARLY = and_(_THERE, signs.c.message.is_(None))
_COUNT_EARLY = select(func.count()).select_from(signs).where(_IS_EARLY)
_END_EARLY = delete(signs).where(_IS_EARLY, signs.c.noted_at <= _NOW)
_END_ALL_EARLY = anywhere(delete(signs).where(signs.c.message.is_(None), signs.c.noted_at <= _NOW))
_ANY_EARLY = anywhere(select(signs.c.id).where(signs.c.message.is_(None)).limit(1))
_FOUND = (
    update(signs)
    .where(_AT_REF, signs.c.message.is_(None), signs.c.noted_at > _NOW)
    .values(message=bindparam("message_"))
    .returning(signs.c.sign)
)


def _taken(*which: ColumnElement[bool]) -> Executable:
    return delete(signs).where(*which).returning(signs.c.message, signs.c.sign)


_TAKE_ALL = _taken(_AT_REF)
_TAKE_SIGN = _taken(_AT_REF, _SIGN)
_TAKE_ALL_OF = _taken(_AT_REF, _SPEAKER)
_TAKE_ONE = _taken(_AT_REF, _SPEAKER, _SIGN)
_TAKE_EVENT = _taken(_THERE, signs.c.event == bindparam("event_", type_=_REF))
_SOME_OF = select(signs.c.id).where(_SPEAKER).limit(bindparam("limit_"))
_TAKE_SOME = _taken(among(signs.c.id, "ids_"))
_VANISHED = delete(signs).where(_MESSAGE, _THERE).returning(signs.c.sign)
_ON = (
    select(copied_in.c.platform, copied_in.c.room, speakers.c.account, signs.c.name, signs.c.sign)
    .join(copied_in, copied_in.c.id == signs.c.place)
    .join(speakers, speakers.c.id == signs.c.speaker)
    .where(_MESSAGE)
    .order_by(signs.c.id)
)
_AT = select(signs.c.sign, speakers.c.account).join(speakers, speakers.c.id == signs.c.speaker).where(_AT_REF)
_COUNTED = (
    select(signs.c.place, func.count(func.distinct(signs.c.speaker)))
    .where(_MESSAGE, _SIGN)
    .group_by(signs.c.place)
)

# --- what is wanted ---

_PLACED = placed_signs.c.message == bindparam("message_")
_SEQ = placed_signs.c.seq == bindparam("seq_")
_MOMENT = placed_signs.c.next_at.type
_OF_SIGN = select(placed_signs).where(_PLACED, placed_signs.c.sign == bindparam("sign_"))
_ROW = select(placed_signs).where(_SEQ)
_WANT = insert(placed_signs)
_CHANGE = update(placed_signs).where(_SEQ)
_WANT_FOR = _CHANGE.values(wanted_for=bindparam("count_"), next_at=bindparam("next_", type_=_MOMENT))
_TRIED = _CHANGE.values(
    trying_for=func.coalesce(placed_signs.c.trying_for, placed_signs.c.wanted_for),
    tried_at=func.coalesce(placed_signs.c.tried_at, bindparam("now_", type_=_MOMENT)),
)
_DONE = _CHANGE.values(
    stands_for=bindparam("count_"),
    event=bindparam("event_", type_=_REF),
    next_at=bindparam("next_", type_=_MOMENT),
    trying_for=null(),
    tried_at=null(),
    parked=null(),
    attempts=0,
)
_WAIT = {
    "next_at": bindparam("when_", type_=_MOMENT),
    "attempts": placed_signs.c.attempts + bindparam("more_"),
}
_LATER, _LATER_UNDONE = _CHANGE.values(**_WAIT), _CHANGE.values(**_WAIT, trying_for=null())
_PARK = _CHANGE.values(
    parked=bindparam("reason_"),
    next_at=bindparam("next_", type_=_MOMENT),
    trying_for=null(),
    tried_at=null(),
    attempts=0,
)
_DROP = delete(placed_signs).where(_SEQ)
_LEFT_OUT = (
    select(copied_in.c.platform, copied_in.c.room, placed_signs.c.sign, placed_signs.c.parked)
    .join(copied_in, copied_in.c.id == placed_signs.c.place)
    .where(_PLACED, placed_signs.c.parked.is_not(None))
    .order_by(placed_signs.c.seq)
)
_MINE = placed_signs.c.account == bindparam("account_")
# What does not stand there yet has no signs.
_STANDS = (
    select(copies.c.message)
    .where(copies.c.message == placed_signs.c.message, copies.c.place == placed_signs.c.place)
    .exists()
)
_IS_DUE = (
    select(placed_signs, copied_in.c.platform, copied_in.c.room)
    .join(copied_in, copied_in.c.id == placed_signs.c.place)
    .where(_MINE, _STANDS, placed_signs.c.next_at <= bindparam("now_", type_=_MOMENT))
    .order_by(placed_signs.c.next_at, placed_signs.c.seq)
    .limit(bindparam("limit_"))
)
_DUE = anywhere(_IS_DUE)
_NEXT = anywhere(
    _IS_DUE.where(copied_in.c.platform == bindparam("platform_"), copied_in.c.room == bindparam("room_"))
)
_NEXT_TRY = anywhere(
    select(placed_signs.c.next_at)
    .where(_MINE, placed_signs.c.next_at > bindparam("now_", type_=_MOMENT))
    .order_by(placed_signs.c.next_at)
    .limit(1)
)
_IS_THERE = select(copied_in.c.id).where(
    copied_in.c.platform == bindparam("platform_"), copied_in.c.room == bindparam("room_")
)
_WAIT_OR_CANNOT = (
    and_(_MINE, placed_signs.c.next_at > bindparam("now_", type_=_MOMENT)),
    and_(_MINE, placed_signs.c.parked.is_not(None)),
)


def _again(*which: ColumnElement[bool]) -> Executable:
    now = bindparam("now_", type_=_MOMENT)
    return anywhere(update(placed_signs).where(*which).values(next_at=now, parked=null()))


_RETRY = [_again(which) for which in _WAIT_OR_CANNOT]
_RETRY_THERE = [_again(which, placed_signs.c.place.in_(_IS_THERE)) for which in _WAIT_OR_CANNOT]
_DROP_ALL = (delete(signs).where(_MESSAGE), delete(placed_signs).where(_PLACED))


class Signs:
    """Implements SignStore."""

    def __init__(self, db: Batch, copies: Copies, account_for: Callable[[Place], str]) -> None:
        self._db = db
        self._copies = copies
        self._account_for = account_for

    # --- what people do ---

    def put(self, signed: Signed, message: int | None, now: datetime) -> bool:
        assert signed.author
        place = self._copies.place_from_now_on(signed.place)
        speaker = self._copies.speaker_from_now_on(signed.author, now)
        who = {"place_": place, "ref_": signed.ref, "speaker_": speaker, "sign_": signed.sign}
        if known := self._db.execute(_KNOWN, who).first():
            if signed.event and signed.event != known.event:
                self._db.execute(_IS_EVENT, {"id_": known.id, "event_": signed.event})
            return False
        if message is None:
            self._db.execute(_END_EARLY, {"place_": place, "now_": now - WAITS})
            if self._db.execute(_COUNT_EARLY, {"place_": place}).scalar_one() >= MOST_WAITING:
                return False
        elif self._is_full(message, speaker, signed.sign):
            return False
        row = {"place": place, "ref": signed.ref, "speaker": speaker, "sign": signed.sign}
        row |= {"message": message, "name": signed.name, "event": signed.event or None, "noted_at": now}
        self._db.execute(_ADD, row)
        return message is not None

    def _is_full(self, message: int, speaker: int, sign: str) -> bool:
        values = {"message_": message, "speaker_": speaker, "sign_": sign}
        rows, different, theirs, alike = self._db.execute(_HELD, values).one()
        is_one_more = not alike and different >= MOST_SIGNS
        return bool(is_one_more or rows >= MOST_ROWS or theirs >= MOST_OF_ONE)

    def take(self, signed: Signed) -> Mapping[int, Collection[str]]:
        place, speaker = self._copies.place(signed.place), None
        if place is None:
            return {}
        if signed.author and (speaker := self._copies.speaker(signed.author)) is None:
            return {}
        which: Any = (_TAKE_ONE if signed.sign else _TAKE_ALL_OF) if signed.author else None
        which = which if which is not None else (_TAKE_SIGN if signed.sign else _TAKE_ALL)
        values = {"place_": place, "ref_": signed.ref, "sign_": signed.sign, "speaker_": speaker}
        return self._taken(which, values)

    def take_event(self, place: Place, event: str) -> Mapping[int, Collection[str]]:
        number = self._copies.place(place)
        return self._taken(_TAKE_EVENT, {"place_": number, "event_": event}) if number else {}

    def _taken(self, statement: Any, values: Mapping[str, Any]) -> Mapping[int, Collection[str]]:
        """What waited for its message is taken away as well, of which nothing follows."""
        found = defaultdict[int, set[str]](set)
        for row in list(self._db.execute(statement, values)):
            if row.message is not None:
                found[row.message].add(row.sign)
        return found

    def found(self, place: Place, ref: str, message: int, now: datetime) -> Collection[str]:
        number = self._copies.place(place)
        values = {"place_": number, "ref_": ref, "message_": message, "now_": now - WAITS}
        return set(self._db.execute(_FOUND, values).scalars())

    def end_waits(self, now: datetime) -> bool:
        self._db.execute(_END_ALL_EARLY, {"now_": now - WAITS})
        return self._db.execute(_ANY_EARLY).first() is not None

    def vanished(self, message: int, place: Place) -> Collection[str]:
        values = {"message_": message, "place_": self._copies.place(place)}
        return set(self._db.execute(_VANISHED, values).scalars())

    def drop(self, message: int) -> None:
        for statement in _DROP_ALL:
            self._db.execute(statement, {"message_": message})

    def some_of(self, speaker: int, limit: int) -> Mapping[int, Collection[str]]:
        found = list(self._db.execute(_SOME_OF, {"speaker_": speaker, "limit_": limit}).scalars())
        return self._taken(_TAKE_SOME, {"ids_": found}) if found else {}

    def on(self, message: int) -> Sequence[Put]:
        return [
            Put(Place(row.platform, row.room), Identity(*row.account.split(":", 1)), row.name, row.sign)
            for row in self._db.execute(_ON, {"message_": message})
        ]

    def left_out(self, message: int) -> Sequence[tuple[Place, str, Why]]:
        rows = self._db.execute(_LEFT_OUT, {"message_": message})
        return [(Place(row.platform, row.room), row.sign, Why(row.parked)) for row in rows]

    def at(self, place: Place, refs: Collection[str]) -> Mapping[str, Mapping[str, Collection[Identity]]]:
        number, found = self._copies.place(place), dict[str, Mapping[str, Collection[Identity]]]()
        for ref in refs if number else ():
            of_one = defaultdict[str, set[Identity]](set)
            for row in self._db.execute(_AT, {"place_": number, "ref_": ref}):
                of_one[row.sign].add(Identity(*row.account.split(":", 1)))
            found[ref] = of_one
        return found

    # --- what is wanted ---

    def recount(self, message: int, signs: Collection[str], places: Collection[Place], now: datetime) -> None:
        numbers = {self._copies.place_from_now_on(place): place for place in places}
        for sign in sorted(signs):
            values = {"message_": message, "sign_": sign}
            counted: dict[int, int] = {row[0]: row[1] for row in self._db.execute(_COUNTED, values)}
            rows = {row.place: row for row in self._db.execute(_OF_SIGN, values)}
            for number in sorted({*numbers, *rows}):
                count = sum(counted.values()) - counted.get(number, 0)
                if number in rows:
                    self._change(rows[number], count, now)
                elif count:
                    account = self._account_for(numbers[number])
                    row = {"message": message, "place": number, "account": account, "sign": sign}
                    self._db.execute(_WANT, {**row, "wanted_for": count, "next_at": now})
        self._db.wake("sign")

    def _change(self, row: Any, count: int, now: datetime) -> None:
        if count == row.wanted_for:
            return
        if not count and row.stands_for is None and row.trying_for is None:
            self._db.execute(_DROP, {"seq_": row.seq})
            return
        is_so = row.trying_for is None and _is_so(row.sign, count, row.stands_for)
        waits = row.next_at if row.parked else None if is_so else now
        self._db.execute(_WANT_FOR, {"seq_": row.seq, "count_": count, "next_": waits})

    def due(self, account: str, now: datetime, limit: int) -> Sequence[Sign]:
        values = {"account_": account, "now_": now, "limit_": limit}
        return [self._read(row) for row in list(self._db.execute(_DUE, values))]

    def next_in(self, place: Place, account: str, now: datetime) -> Sign | None:
        where = {"platform_": place.platform, "room_": place.room_id}
        row = self._db.execute(_NEXT, {**where, "account_": account, "now_": now, "limit_": 1}).first()
        return self._read(row) if row else None

    def _read(self, row: Any) -> Sign:
        place = Place(row.platform, row.room)
        with self._db.within(row.community):
            stands = self._copies.refs(row.message, place)
            said = self._copies.is_said(row.message, place, stands)
            named = named_on(self._db, row.message, row.place) if name_of(row.sign) else ()
        return Sign(
            row.seq,
            row.message,
            place,
            row.account,
            row.sign,
            row.wanted_for if row.trying_for is None else row.trying_for,
            stands,
            said,
            row.event or "",
            named,
            row.tried_at,
            row.attempts,
            row.community,
        )

    def next_try(self, account: str, now: datetime) -> datetime | None:
        found: datetime | None = self._db.execute(_NEXT_TRY, {"account_": account, "now_": now}).scalar()
        return found

    # --- what came of it ---

    def tried(self, signs: Sequence[Sign], now: datetime) -> None:
        if signs:
            self._db.execute(_TRIED, [{"seq_": each.id, "now_": now} for each in signs])

    def done(self, sign: Sign, event: str, now: datetime) -> None:
        row = self._db.execute(_ROW, {"seq_": sign.id}).first()
        if row is None:
            return
        if sign.count:
            waits = None if _is_so(row.sign, row.wanted_for, sign.count) else now
            values = {"seq_": row.seq, "count_": sign.count, "event_": event or None, "next_": waits}
            self._db.execute(_DONE, values)
        else:
            self._end(row, now)
        self._db.wake("sign")

    def _end(self, row: Any, now: datetime) -> None:
        """It stands there no more; if it is wanted again by now, that is another putting."""
        self._db.execute(_DROP, {"seq_": row.seq})
        if row.wanted_for:
            again = {
                name: getattr(row, name) for name in ("message", "place", "account", "sign", "wanted_for")
            }
            self._db.execute(_WANT, {**again, "next_at": now})

    def later(self, sign: Sign, when: datetime, *, failed: bool, undone: bool) -> None:
        values = {"seq_": sign.id, "when_": when, "more_": int(failed)}
        self._db.execute(_LATER_UNDONE if undone else _LATER, values)

    def park(self, sign: Sign, why: Why, now: datetime, until: datetime | None = None) -> None:
        row = self._db.execute(_ROW, {"seq_": sign.id}).first()
        if row is not None and not (sign.count and row.wanted_for):
            self._end(row, now)
        elif row is not None:
            self._db.execute(_PARK, {"seq_": sign.id, "reason_": why.value, "next_": until})

    def retry(self, account: str, place: Place | None, now: datetime) -> None:
        values: dict[str, Any] = {"account_": account, "now_": now}
        if place:
            values |= {"platform_": place.platform, "room_": place.room_id}
        for statement in _RETRY_THERE if place else _RETRY:
            self._db.execute(statement, values)
        self._db.wake("sign")


def _is_so(sign: str, wanted: int, stands: int | None) -> bool:
    """How many it stands for is to be read only of what goes by a name."""
    return wanted == (stands or 0) if name_of(sign) else bool(wanted) == bool(stands)
