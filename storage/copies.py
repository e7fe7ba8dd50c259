"""Which message is which in the places of a theme, and what is to stand there that does not yet.

Of what somebody said the map holds where it stands and who said it when, and none of the words; it goes by
numbers of places and people, as there is a row for each message in each place. What is wanted holds the
words, sealed, until they stand there. Of a message there are at most two rows for a place: what is being
tried, or may have arrived, and behind it what is to be made of it next.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Executable,
    Select,
    and_,
    bindparam,
    delete,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    update,
)

from bot.model.carried import SAME, Copy, Spoken, Standing
from bot.model.carried_codec import pack_spoken, unpack_spoken
from bot.model.people import Identity, Place
from bot.model.signs import name_of
from bot.model.work import Reference
from bot.ports.carrying import Early, Stands, Wanted
from storage.among import among
from storage.batch import Batch, Loader
from storage.community import anywhere
from storage.envelopes import Envelopes
from storage.numbers import next_number
from storage.tables import (
    copied_in,
    copies,
    early_acts,
    fold_shares,
    placed_signs,
    signs,
    speakers,
    uncarried,
    wanted_copies,
)
from storage.threads import Threads
from storage.uncarried import Uncarried
from storage.upsert import upsert

A_DAY = timedelta(days=1)
# Who said what nobody said any more, and stands elsewhere still.
NOBODY = 0
# So long what was done with a message waits for it.
WAITS = timedelta(minutes=1)
_NUMBER = Loader(select(copied_in.c.id), by=[copied_in.c.platform, copied_in.c.room], make=int)
_ADD_PLACE = upsert(copied_in).on_conflict_do_nothing(index_elements=["platform", "room"])
_SPEAKER = Loader(
    select(speakers.c.id, speakers.c.spoke_at), by=[speakers.c.account], make=lambda *found: found
)
_SPEAKS = upsert(speakers)
_ADD_SPEAKER = _SPEAKS.on_conflict_do_update(
    index_elements=["account"], set_={"spoke_at": _SPEAKS.excluded.spoke_at}
).returning(speakers.c.id)
_THERE = copies.c.place == bindparam("place_")
_MESSAGE = copies.c.message == bindparam("message_")
_AT = (
    select(
        *(copies.c.message, copies.c.at, copies.c.reply_to, copies.c.speaker, copies.c.changed_at),
        *(copies.c.thread, speakers.c.account),
    )
    .join(speakers, speakers.c.id == copies.c.speaker, isouter=True)
    .where(_THERE, copies.c.ref == bindparam("ref_", type_=copies.c.ref.type))
)
# Part by part; or as one with others.
_ITS_FOLD = and_(
    copies.c.message == fold_shares.c.fold,
    copies.c.place == fold_shares.c.place,
    copies.c.community == fold_shares.c.community,
)
_REFS = (
    select(copies.c.ref, copies.c.part, literal(None, fold_shares.c.fold.type).label("fold"))
    .where(_MESSAGE, _THERE)
    .union_all(
        select(copies.c.ref, copies.c.part, fold_shares.c.fold)
        .join(fold_shares, _ITS_FOLD)
        .where(fold_shares.c.message == bindparam("message_"), fold_shares.c.place == bindparam("place_"))
    )
)
_TOGETHER = select(fold_shares.c.message).where(fold_shares.c.fold == bindparam("fold_"))
_TOGETHER = _TOGETHER.order_by(fold_shares.c.share)
_PLACES = (
    select(copied_in.c.id, copied_in.c.platform, copied_in.c.room, copies.c.at)
    .join(copies, copies.c.place == copied_in.c.id)
    .where(_MESSAGE, copies.c.part == 0)
    .order_by(copies.c.at.is_(None), copied_in.c.id)
)
# First which these are: a place has had very many.
_SINCE = (
    select(copies.c.message, copies.c.changed_at)
    .where(copies.c.at >= bindparam("since_", type_=copies.c.at.type), copies.c.speaker.is_not(None))
    .order_by(copies.c.at, copies.c.message)
)
_OF_THESE = (
    select(copies.c.message, copies.c.ref, copies.c.at, copies.c.part)
    .where(among(copies.c.message, "messages_"), _THERE)
    .union_all(
        select(fold_shares.c.message, copies.c.ref, copies.c.at, copies.c.part)
        .join(fold_shares, _ITS_FOLD)
        .where(among(fold_shares.c.message, "messages_"), fold_shares.c.place == bindparam("place_"))
    )
)
_REPLIES = select(copies.c.message, copies.c.at).where(copies.c.reply_to == bindparam("message_"))
_SPEAKER_OF = select(copies.c.speaker).where(_MESSAGE, copies.c.at.is_not(None))
_AUTHOR_OF = (
    select(speakers.c.account)
    .join(copies, copies.c.speaker == speakers.c.id)
    .where(_MESSAGE, copies.c.at.is_not(None))
)
_ADD = insert(copies)
_SAID = and_(_MESSAGE, copies.c.at.is_not(None))
_CHANGED = update(copies).where(_SAID)
_CHANGED = _CHANGED.values(changed_at=bindparam("changed_", type_=copies.c.changed_at.type))
_ENDED = update(copies).where(_SAID).values(speaker=null())
_TAKE_PART = delete(copies).where(_MESSAGE, _THERE, copies.c.part == bindparam("part_"))
_TAKE = delete(copies).where(_MESSAGE, _THERE, copies.c.at.is_(None))
_END_THERE = update(copies).where(_MESSAGE, _THERE, copies.c.at.is_not(None)).values(speaker=null())

# --- what is wanted ---

_MOMENT = wanted_copies.c.next_at.type
_NOW = bindparam("now_", type_=_MOMENT)
_MINE = wanted_copies.c.account == bindparam("account_")
_IN_PLACE = wanted_copies.c.place == bindparam("place_")
_OF_MESSAGE = and_(wanted_copies.c.message == bindparam("message_"), _IN_PLACE)
_THESE = (
    select(
        *(wanted_copies.c.seq, wanted_copies.c.edition, wanted_copies.c.gone, wanted_copies.c.in_doubt),
        *(wanted_copies.c.parked, wanted_copies.c.key, wanted_copies.c.spoken),
    )
    .where(_OF_MESSAGE)
    .order_by(wanted_copies.c.seq)
)
_WANTED_IN = (
    select(copied_in.c.platform, copied_in.c.room)
    .join(wanted_copies, wanted_copies.c.place == copied_in.c.id)
    .where(wanted_copies.c.message == bindparam("message_"))
    .union_all(
        select(copied_in.c.platform, copied_in.c.room)
        .join(fold_shares, fold_shares.c.place == copied_in.c.id)
        .where(fold_shares.c.message == bindparam("message_"))
    )
)
_WANT = insert(wanted_copies)
_SEQ = wanted_copies.c.seq == bindparam("seq_")
_WANT_INSTEAD = (
    update(wanted_copies)
    .where(_SEQ)
    .values(
        **{name: bindparam(f"{name}_") for name in ("edition", "gone", "key", "spoken")},
        attempts=0,
        tried_at=null(),
        parked=null(),
    )
)
_DROP = delete(wanted_copies).where(_SEQ)
_DONE = _DROP.where(wanted_copies.c.gone == bindparam("gone_"))
_DROP_ALL = delete(wanted_copies).where(_OF_MESSAGE)
_TRIED = (
    update(wanted_copies)
    .where(_SEQ)
    .values(tried_at=func.coalesce(wanted_copies.c.tried_at, _NOW), in_doubt=True)
)
_LATER = (
    update(wanted_copies)
    .where(_SEQ)
    .values(
        next_at=bindparam("when_", type_=_MOMENT),
        attempts=wanted_copies.c.attempts + bindparam("more_"),
        in_doubt=bindparam("in_doubt_"),
    )
)
_PARK = update(wanted_copies).where(_SEQ)
_PARK = _PARK.values(parked=bindparam("reason_"), in_doubt=False, spoken=null(), key="")
_SAID_AT = copies.alias("said_at")
_SAID_IN = select(copies.c.place).where(_SAID)
_MISSED = (
    select(wanted_copies.c.seq, wanted_copies.c.message)
    .join(_SAID_AT, _SAID_AT.c.message == wanted_copies.c.message)
    .where(
        *(_IN_PLACE, wanted_copies.c.parked.is_(None), wanted_copies.c.first, wanted_copies.c.missed),
        *(~wanted_copies.c.in_doubt, _SAID_AT.c.at.is_not(None), _SAID_AT.c.place == bindparam("said_in_")),
    )
    .order_by(_SAID_AT.c.at, wanted_copies.c.seq)
)
_TALKING = (
    select(copied_in.c.platform, copied_in.c.room)
    .distinct()
    .join(_SAID_AT, _SAID_AT.c.place == copied_in.c.id)
    .join(wanted_copies, wanted_copies.c.message == _SAID_AT.c.message)
    .where(
        *(_IN_PLACE, wanted_copies.c.parked.is_(None), wanted_copies.c.first, ~wanted_copies.c.missed),
        *(wanted_copies.c.since < bindparam("before_", type_=_MOMENT), _SAID_AT.c.at.is_not(None)),
    )
    .order_by(copied_in.c.platform, copied_in.c.room)
)
_LEAVE_OUT = delete(wanted_copies).where(among(wanted_copies.c.seq, "seqs_"))
_WAITING = select(func.count()).select_from(wanted_copies).where(_IN_PLACE, wanted_copies.c.parked.is_(None))
_IS_THERE = select(copied_in.c.id).where(
    copied_in.c.platform == bindparam("platform_"), copied_in.c.room == bindparam("room_")
)
_WAITS = and_(_MINE, wanted_copies.c.parked.is_(None), wanted_copies.c.next_at > _NOW)
_RETRY = anywhere(update(wanted_copies).where(_WAITS).values(next_at=_NOW))
_RETRY_THERE = anywhere(
    update(wanted_copies).where(_WAITS, wanted_copies.c.place.in_(_IS_THERE)).values(next_at=_NOW)
)


def wanted_rows(*where: ColumnElement[bool]) -> Select[Any]:
    """What is wanted, with where, and whether that could not be before."""
    could_not = and_(
        uncarried.c.message == wanted_copies.c.message, uncarried.c.place == wanted_copies.c.place
    )
    at = uncarried.c.at.label("uncarried_at")
    found = select(wanted_copies, copied_in.c.platform, copied_in.c.room, at)
    found = found.join(copied_in, copied_in.c.id == wanted_copies.c.place)
    return found.join(uncarried, could_not, isouter=True).where(*where)


def in_place() -> ColumnElement[bool]:
    """Of the place of that platform and room."""
    return and_(copied_in.c.platform == bindparam("platform_"), copied_in.c.room == bindparam("room_"))


def _waiting(table: Any) -> ColumnElement[bool]:
    is_waiting: ColumnElement[bool] = table.c.parked.is_(None)
    return is_waiting


# The first of each place decides: the others wait behind it, whatever their own time.
_EARLIER = wanted_copies.alias("earlier")
_IS_FIRST = ~(
    select(literal(1))
    .where(
        _EARLIER.c.place == wanted_copies.c.place,
        _EARLIER.c.seq < wanted_copies.c.seq,
        _waiting(_EARLIER),
    )
    .exists()
)
_TO_DO = wanted_rows(_MINE, _waiting(wanted_copies), _IS_FIRST)
_DUE = anywhere(
    _TO_DO.where(wanted_copies.c.next_at <= _NOW)
    .order_by(wanted_copies.c.next_at, wanted_copies.c.seq)
    .limit(bindparam("limit_"))
)
_NEXT = anywhere(
    wanted_rows(_MINE, _waiting(wanted_copies), in_place()).order_by(wanted_copies.c.seq).limit(1)
)
_NEXT_TRY = anywhere(
    select(wanted_copies.c.next_at)
    .where(_MINE, _waiting(wanted_copies), wanted_copies.c.next_at > _NOW, _IS_FIRST)
    .order_by(wanted_copies.c.next_at)
    .limit(1)
)

# --- what somebody said, as far as it is elsewhere ---

_COPY, _WHOLE = copies.alias("copy"), copies.alias("whole")
_IS_NOTED = (
    select(literal(1))
    .where(_WHOLE.c.message == fold_shares.c.fold, _WHOLE.c.place == fold_shares.c.place)
    .exists()
)
_IS_ELSEWHERE = or_(
    select(literal(1)).where(_COPY.c.message == copies.c.message, _COPY.c.at.is_(None)).exists(),
    select(literal(1)).where(wanted_copies.c.message == copies.c.message, ~wanted_copies.c.gone).exists(),
    select(literal(1)).where(fold_shares.c.message == copies.c.message, _IS_NOTED).exists(),
)
_SPOKEN = and_(
    copies.c.speaker == bindparam("speaker_"),
    copies.c.at <= bindparam("until_", type_=copies.c.at.type),
)
_COUNT_ELSEWHERE = select(func.count()).where(_SPOKEN, _IS_ELSEWHERE)
_SOME_ELSEWHERE = (
    select(copies.c.message)
    .where(_SPOKEN, _IS_ELSEWHERE)
    .order_by(copies.c.message.desc())
    .limit(bindparam("limit_"))
)
_IN_THESE = and_(
    _SPOKEN,
    copies.c.at > bindparam("since_", type_=copies.c.at.type),
    among(copies.c.place, "places_"),
)
_COUNT_IN_THESE = select(func.count()).where(_IN_THESE)
_SOME_IN_THESE = select(copies.c.message).where(_IN_THESE).order_by(copies.c.message.desc())
_SOME_IN_THESE = _SOME_IN_THESE.limit(bindparam("limit_"))
_LEAVING = select(wanted_copies.c.seq).where(
    wanted_copies.c.speaker == bindparam("speaker_"), wanted_copies.c.gone, wanted_copies.c.parked.is_(None)
)
_LEAVING = _LEAVING.limit(1)
_SOME_SPOKEN = select(copies.c.message).where(_SPOKEN).limit(bindparam("limit_"))
_END_THESE = update(copies).where(copies.c.at.is_not(None), among(copies.c.message, "messages_"))
_END_THESE = _END_THESE.values(speaker=null())
_SOME = select(copies.c.message, copies.c.at).where(copies.c.speaker == bindparam("speaker_"))
_SOME = _SOME.order_by(copies.c.message.desc()).limit(bindparam("limit_"))
_NOBODYS = update(copies).where(copies.c.at.is_not(None), among(copies.c.message, "messages_"))
_NOBODYS = _NOBODYS.values(speaker=NOBODY)


def unsay(speaker: ColumnElement[Any]) -> Sequence[Executable]:
    """What whoever goes by that number said, and does not stand elsewhere yet, never does. What may have
    arrived is to be gone: what is being tried just now is not the last word on it.
    """
    unsaid = and_(wanted_copies.c.speaker == speaker, ~wanted_copies.c.gone)
    return (
        delete(wanted_copies).where(unsaid, ~wanted_copies.c.in_doubt),
        update(wanted_copies).where(unsaid).values(gone=True, key="", spoken=null()),
    )


_DISOWN = (
    *unsay(bindparam("speaker_")),
    update(signs).where(signs.c.speaker == bindparam("speaker_")).values(name=""),
    delete(speakers).where(speakers.c.id == bindparam("speaker_")),
)
# So many go at a time of which nothing is elsewhere.
PAGE = 1_000

# --- signs that go by a name, which may be told in its words ---

_NAMED = select(placed_signs.c.sign, placed_signs.c.wanted_for).where(
    placed_signs.c.message == bindparam("message_"), placed_signs.c.place == bindparam("place_")
)
_NAMED = _NAMED.where(placed_signs.c.wanted_for > 0).order_by(placed_signs.c.seq)

# --- what came before its message ---

_ITS_ACT = and_(
    early_acts.c.place == bindparam("place_"),
    early_acts.c.ref == bindparam("ref_", type_=early_acts.c.ref.type),
)
_ACT = select(early_acts).where(_ITS_ACT)
_TAKEN = (
    select(early_acts.c.ref)
    .join(copied_in, copied_in.c.id == early_acts.c.place)
    .where(
        *(copied_in.c.platform == bindparam("platform_"), copied_in.c.room == bindparam("room_")),
        early_acts.c.spoken.is_(None),
    )
)
_TAKE_ACT = delete(early_acts).where(_ITS_ACT)
_ADD_ACT = insert(early_acts)
_END_ACTS = delete(early_acts).where(early_acts.c.until <= bindparam("now_", type_=early_acts.c.until.type))
_END_ALL_ACTS, _ANY_ACT = anywhere(_END_ACTS), anywhere(select(early_acts.c.id).limit(1))


def named_on(db: Batch, message: int, place: int) -> tuple[tuple[str, int], ...]:
    """Which signs that go by a name people elsewhere put on it, and how many did."""
    rows = db.execute(_NAMED, {"message_": message, "place_": place})
    return tuple((name, row.wanted_for) for row in rows if (name := name_of(row.sign)))


class Copies:
    """Implements CopyStore."""

    def __init__(
        self, db: Batch, sealing: Envelopes, account_for: Callable[[Place], str], uncarried: Uncarried
    ) -> None:
        self._db = db
        self._sealing = sealing
        self._account_for = account_for
        self._threads = Threads(db)
        self._uncarried = uncarried

    # --- the map ---

    def at(self, place: Place, ref: str) -> Stands | None:
        number = self._known(place)
        row = number and self._db.execute(_AT, {"place_": number, "ref_": ref}).first()
        if not row:
            return None
        said = row.at is not None
        author = Identity(*row.account.split(":", 1)) if row.account else None
        is_gone = said and row.speaker is None
        if row.message < 0:
            first, *others = self._db.execute(_TOGETHER, {"fold_": row.message}).scalars() or [row.message]
            return Stands(first, said=False, others=tuple(others))
        return Stands(row.message, said, row.at, row.reply_to, author, is_gone, row.changed_at, row.thread)

    def refs(self, message: int, place: Place) -> Reference:
        number = self._known(place)
        if number is None:
            return ()
        return tuple(part.ref for part in self._parts(message, number))

    def _parts(self, message: int, number: int) -> Sequence[Any]:
        found = self._db.execute(_REFS, {"message_": message, "place_": number})
        return sorted(found, key=lambda part: int(part.part))

    def number_of(self, place: Place) -> int:
        """What it goes by in the map."""
        return self._number(place)

    def standing(self, place: Place, since: datetime) -> Sequence[Standing]:
        number = self._known(place)
        changed = {row.message: row.changed_at for row in self._db.execute(_SINCE, {"since_": since})}
        if number is None or not changed:
            return []
        found = self._db.execute(_OF_THESE, {"messages_": list(changed), "place_": number})
        stands = [
            Standing(row.ref, row.at is not None, changed[row.message] if row.at is not None else None)
            for row in sorted(found, key=lambda row: (row.message, row.part))
        ]
        return list(dict.fromkeys(stands))

    def said(
        self,
        place: Place,
        ref: str,
        author: Identity,
        at: datetime,
        answers: int | None,
        now: datetime,
        thread: int | None = None,
    ) -> int:
        message = next_number(self._db, "copies")
        speaker = self._speaker(author, now)
        row = {"message": message, "place": self._number(place), "part": 0, "ref": ref}
        self._db.execute(_ADD, {**row, "speaker": speaker, "at": at, "reply_to": answers, "thread": thread})
        return message

    def thread_of(self, place: Place, thread: str) -> int | None:
        number = self._known(place)
        if number is None:
            return None
        found = self._threads.at(number, thread)
        if found is None and (stands := self.at(place, thread)):
            found = self._threads.root_of(stands.message)
        return found if found is not None and self._threads.may_go_on(found) else None

    def keep_thread(self, place: Place, thread: str, message: int) -> None:
        self._threads.keep(self._number(place), thread, message)

    def in_thread(self, place: Place, thread: str) -> Sequence[str]:
        number, message = self._known(place), self.thread_of(place, thread)
        return self._threads.standing(number, message) if number and message is not None else ()

    def _speaker(self, author: Identity, now: datetime) -> int:
        found: tuple[int, datetime] | None = self._db.get(_SPEAKER, author.address)
        if found and now - found[1] < A_DAY:
            return found[0]
        row = {"account": author.address, "spoke_at": now}
        number: int = self._db.execute(_ADD_SPEAKER, row).scalar_one()
        return number

    def changed(self, message: int, at: datetime) -> None:
        self._db.execute(_CHANGED, {"message_": message, "changed_": at})

    def ended(self, message: int, now: datetime) -> None:
        self._db.execute(_ENDED, {"message_": message})
        self._uncarried.ended(message, now)

    def places_of(self, message: int) -> Sequence[Place]:
        values = {"message_": message}
        stands = [Place(row.platform, row.room) for row in self._db.execute(_PLACES, values)]
        wanted = [Place(*row) for row in sorted(map(tuple, self._db.execute(_WANTED_IN, values)))]
        return list(dict.fromkeys((*stands, *wanted)))

    def author_of(self, message: int) -> Identity | None:
        account = self._db.execute(_AUTHOR_OF, {"message_": message}).scalar()
        return Identity(*account.split(":", 1)) if account else None

    # --- what somebody said, as far as it is elsewhere ---

    def speaker(self, author: Identity) -> int | None:
        found: tuple[int, datetime] | None = self._db.get(_SPEAKER, author.address)
        return found[0] if found else None

    def elsewhere(self, author: Identity, until: datetime) -> int:
        speaker = self.speaker(author)
        count: int = self._db.execute(_COUNT_ELSEWHERE, {"speaker_": speaker, "until_": until}).scalar_one()
        return count

    def take_away(self, speaker: int, until: datetime, limit: int, now: datetime) -> bool:
        spoken = {"speaker_": speaker, "until_": until}
        found = list(self._db.execute(_SOME_ELSEWHERE, {**spoken, "limit_": limit}).scalars())
        for message in found:
            _, *others = everywhere = self.places_of(message)
            self.want(message, others, None, f"taken:{message}", now)
            self.unanswer(message, everywhere, now)
            self.ended(message, now)
        if found or self._db.execute(_LEAVING, {"speaker_": speaker}).first():
            return True
        rest = list(self._db.execute(_SOME_SPOKEN, {**spoken, "limit_": PAGE}).scalars())
        if rest:
            self._db.execute(_END_THESE, {"messages_": sorted(rest)})
        return len(rest) == PAGE

    def said_since(
        self, author: Identity, places: Collection[Place], since: datetime, until: datetime
    ) -> int:
        asked = self._in_these(author, places, since, until)
        return int(self._db.execute(_COUNT_IN_THESE, asked).scalar_one()) if asked else 0

    def take_everywhere(
        self,
        author: Identity,
        places: Collection[Place],
        since: datetime,
        until: datetime,
        limit: int,
        now: datetime,
    ) -> bool:
        asked = self._in_these(author, places, since, until)
        if not asked:
            return False
        found = list(self._db.execute(_SOME_IN_THESE, {**asked, "limit_": limit}).scalars())
        for message in found:
            everywhere = self.places_of(message)
            self.want(message, everywhere, None, f"taken:{message}", now)
            self.unanswer(message, everywhere, now)
            self.ended(message, now)
        return len(found) == limit

    def _in_these(
        self, author: Identity, places: Collection[Place], since: datetime, until: datetime
    ) -> dict[str, Any]:
        """Nothing where they said nothing in any of them."""
        speaker, numbers = self.speaker(author), [self._known(place) for place in places]
        there = sorted(number for number in numbers if number is not None)
        if speaker is None or not there:
            return {}
        return {"speaker_": speaker, "since_": since, "until_": until, "places_": there}

    def disown(self, author: Identity) -> int | None:
        speaker = self.speaker(author)
        if speaker is not None:
            self._uncarried.disown(speaker)
            for statement in _DISOWN:
                self._db.execute(statement, {"speaker_": speaker})
        return speaker

    def unname(self, speaker: int, limit: int, now: datetime) -> bool:
        found = list(self._db.execute(_SOME, {"speaker_": speaker, "limit_": limit}))
        for row in found:
            _, *others = everywhere = self.places_of(row.message)
            self.want(row.message, others, Spoken("", (), row.at), f"unnamed:{row.message}", now)
            self.unanswer(row.message, everywhere, now)
        if found:
            self._db.execute(_NOBODYS, {"messages_": sorted(row.message for row in found)})
        return len(found) == limit

    # --- by which numbers places and people are known, also to what goes along with the map ---

    def place(self, place: Place) -> int | None:
        """None: nothing was said there, or stands there."""
        return self._known(place)

    def place_from_now_on(self, place: Place) -> int:
        return self._number(place)

    def speaker_from_now_on(self, author: Identity, now: datetime) -> int:
        return self._speaker(author, now)

    def is_said(self, message: int, place: Place, stands: Reference) -> bool:
        """Whether what stands there was said there, and is no copy."""
        return self._is_said(message, place, stands)

    def _known(self, place: Place) -> int | None:
        return self._db.get(_NUMBER, place.platform, place.room_id)

    def _number(self, place: Place) -> int:
        """What it goes by from now on, if it did not."""
        if (known := self._known(place)) is None:
            self._db.execute(_ADD_PLACE, {"platform": place.platform, "room": place.room_id})
            known = self._known(place)
            assert known is not None
        return known

    # --- what is wanted ---

    def want(
        self,
        message: int,
        places: Collection[Place],
        spoken: Spoken | None,
        edition: str,
        now: datetime,
        *,
        missed: bool = False,
        by: Identity | None = None,
    ) -> None:
        key, sealed = self._sealing.seal(pack_spoken(spoken)) if spoken else ("", None)
        state = {"edition": edition, "gone": spoken is None, "key": key, "spoken": sealed}
        speaker = self.speaker(by) if by else None
        if by is None:
            speaker = self._db.execute(_SPEAKER_OF, {"message_": message}).scalar()
        new = {"message": message, "speaker": speaker, "next_at": now, "since": now, "missed": missed}
        for place in places:
            if by:
                self._want_first(place, new, state)
            else:
                self._want_in(place, message, new, state)
        self._db.wake("copy")

    def _want_first(self, place: Place, new: dict[str, Any], state: dict[str, Any]) -> None:
        row = {"place": self._number(place), "account": self._account_for(place), "first": True}
        self._db.execute(_WANT, {**new, **row, **state})

    def _want_in(self, place: Place, message: int, new: dict[str, Any], state: dict[str, Any]) -> None:
        number = self._number(place)
        rows = self._rows(message, number)
        if any(row.edition == state["edition"] or row.gone for row in rows):
            return
        stands = bool(self.refs(message, place))
        untried = [row for row in rows if not row.in_doubt]
        if state["gone"] and not stands and len(untried) == len(rows):
            self._db.execute(_DROP_ALL, {"message_": message, "place_": number})
        elif untried:
            values = {f"{name}_": value for name, value in state.items()}
            self._db.execute(_WANT_INSTEAD, {"seq_": untried[-1].seq, **values})
        else:
            row = {"place": number, "account": self._account_for(place), "first": not stands and not rows}
            self._db.execute(_WANT, {**new, **row, **state})

    def unanswer(self, message: int, places: Collection[Place], now: datetime) -> None:
        for reply in list(self._db.execute(_REPLIES, {"message_": message})):
            for place in places:
                self._unanswer_in(place, reply.message, reply.at, now)

    def _unanswer_in(self, place: Place, message: int, at: datetime, now: datetime) -> None:
        """What is to be said there says so then; what stands there, or may, is changed."""
        number = self._known(place)
        rows = self._rows(message, number) if number else ()
        waiting = next((row for row in rows if row.spoken and not row.in_doubt), None)
        if waiting is None:
            stands = self.refs(message, place)
            if rows or (stands and not self._is_said(message, place, stands)):
                self.want(message, [place], Spoken(SAME, (), at), f"unanswered:{message}", now)
        elif spoken := self._opened(waiting):
            key, sealed = self._sealing.seal(pack_spoken(replace(spoken, answers=None)))
            state = {"edition_": waiting.edition, "gone_": False, "key_": key, "spoken_": sealed}
            self._db.execute(_WANT_INSTEAD, {"seq_": waiting.seq, **state})

    def _rows(self, message: int, number: int) -> Sequence[Any]:
        return self._db.execute(_THESE, {"message_": message, "place_": number})

    def wants_gone(self, message: int, place: Place) -> bool:
        number = self._known(place)
        rows = self._rows(message, number) if number else ()
        return bool(rows) and bool(rows[-1].gone)

    def is_under_way(self, message: int, place: Place) -> bool:
        number = self._known(place)
        return any(row.in_doubt for row in self._rows(message, number)) if number else False

    # --- what came before its message ---

    def wait(self, place: Place, ref: str, early: Early, now: datetime) -> None:
        where = {"place_": self._number(place), "ref_": ref}
        before = self._db.execute(_ACT, where).first()
        if before and before.until > now:
            is_gone = before.spoken is None
            if is_gone or (early.spoken is not None and early.at < before.said_at):
                return
        for statement in (_TAKE_ACT, _END_ACTS):
            self._db.execute(statement, {**where, "now_": now})
        key, sealed = self._sealing.seal(pack_spoken(early.spoken)) if early.spoken else ("", None)
        row = {"place": where["place_"], "ref": ref, "edition": early.edition, "key": key, "spoken": sealed}
        row |= {"account": early.author and early.author.address, "said_at": early.at, "until": now + WAITS}
        self._db.execute(_ADD_ACT, row)

    def taken(self, message: int, place: Place) -> Sequence[str]:
        where = {"platform_": place.platform, "room_": place.room_id}
        acts = list(self._db.execute(_TAKEN, where))
        there = set(self.refs(message, place)) if acts else ()
        return [row.ref for row in acts if row.ref in there]

    def waited(self, place: Place, ref: str, now: datetime) -> Early | None:
        number = self._known(place)
        where = {"place_": number, "ref_": ref}
        row = number and self._db.execute(_ACT, where).first()
        if not row:
            return None
        self._db.execute(_TAKE_ACT, where)
        spoken = self._opened(row)
        if row.until <= now or (row.spoken is not None and spoken is None):
            return None
        author = Identity(*row.account.split(":", 1)) if row.account else None
        return Early(row.edition, author, spoken, row.said_at)

    def _opened(self, row: Any) -> Spoken | None:
        """The words; None where there are none, or nobody can read them any more."""
        packed = self._sealing.unseal(row.key, row.spoken) if row.spoken else None
        try:
            return unpack_spoken(packed) if packed else None
        except ValueError:
            return None

    def end_waits(self, now: datetime) -> bool:
        self._db.execute(_END_ALL_ACTS, {"now_": now})
        return self._db.execute(_ANY_ACT).first() is not None

    # --- what is to be done ---

    def due(self, account: str, now: datetime, limit: int) -> Sequence[Wanted]:
        rows = self._db.execute(_DUE, {"account_": account, "now_": now, "limit_": limit})
        return [wanted for row in rows if (wanted := self.read(row))]

    def next_for(self, place: Place, account: str, now: datetime) -> Wanted | None:
        where = {"platform_": place.platform, "room_": place.room_id, "account_": account}
        row = self._db.execute(_NEXT, where).first()
        return self.read(row) if row and row.next_at <= now else None

    def read(self, row: Any) -> Wanted | None:
        """What is wanted, of such a row; None where nobody can read it any more."""
        place = Place(row.platform, row.room)
        spoken = self._opened(row)
        with self._db.within(row.community):
            if spoken is None and not row.gone:
                self._db.execute(_DROP, {"seq_": row.seq})
                self._db.wake("copy")  # what comes after it there
                return None
            # Nothing of what is tried for the first time.
            is_new = row.first and row.tried_at is None
            found = () if is_new else self._parts(row.message, row.place)
            stands = tuple(part.ref for part in found)
            fold = row.fold or next((part.fold for part in found if part.fold), None)
            answers = self.refs(spoken.answers, place) if spoken and spoken.answers is not None else ()
            thread = self._thread_in(spoken, place, row.place) if spoken else None
            said = self._is_said(row.message, place, stands)
            named = named_on(self._db, row.message, row.place)
        copy = Copy(
            row.message,
            place,
            row.account,
            spoken,
            row.edition,
            stands,
            row.tried_at,
            bool(row.in_doubt),
            row.attempts,
            next(iter(answers), None),
            thread,
            named=named,
            community=row.community,
        )
        is_uncarried = row.uncarried_at is not None
        return Wanted(
            row.seq,
            copy,
            said,
            bool(row.first),
            bool(row.missed),
            is_uncarried,
            row.since,
            fold,
            row.fold is not None,
            row.speaker,
        )

    def _thread_in(self, spoken: Spoken, place: Place, number: int) -> str | None:
        """Where that message stands, or where its thread still is."""
        if spoken.thread is None:
            return None
        return next(iter(self.refs(spoken.thread, place)), None) or self._threads.of(number, spoken.thread)

    def _is_said(self, message: int, place: Place, stands: Reference) -> bool:
        found = self.at(place, stands[0]) if stands else None
        return found is not None and found.message == message and found.said

    def next_try(self, accounts: Iterable[str], now: datetime) -> datetime | None:
        asked = [{"account_": account, "now_": now} for account in accounts]
        found = [self._db.execute(_NEXT_TRY, values).scalar() for values in asked]
        return min(filter(None, found), default=None)

    # --- what came of it ---

    def tried(self, wanted: Sequence[Wanted], now: datetime) -> None:
        if wanted:
            self._db.execute(_TRIED, [{"seq_": each.id, "now_": now} for each in wanted])

    def note(self, copy: Copy, part: int, ref: str, *, is_new: bool = False) -> None:
        number = self._number(copy.place)
        if not is_new:
            self._db.execute(_TAKE_PART, {"message_": copy.message, "place_": number, "part_": part})
        if ref:
            row = {"message": copy.message, "place": number, "part": part, "ref": ref}
            self._db.execute(_ADD, {**row, "speaker": None, "at": None, "reply_to": None, "thread": None})
            if copy.thread and copy.spoken and copy.spoken.thread is not None:
                self._threads.keep(number, copy.thread, copy.spoken.thread)
            self._db.wake("sign")

    def done(self, wanted: Wanted) -> None:
        """What is to be gone by now, which was being said just then, comes next."""
        self._db.execute(_DONE, {"seq_": wanted.id, "gone_": wanted.copy.spoken is None})
        if wanted.copy.spoken is None:
            self._forget_there(wanted)

    def _forget_there(self, wanted: Wanted) -> None:
        where = {"message_": wanted.copy.message, "place_": self._number(wanted.copy.place)}
        for statement in (_TAKE, _END_THERE):
            self._db.execute(statement, where)

    def drop(self, wanted: Wanted) -> None:
        where = {"message_": wanted.copy.message, "place_": self._number(wanted.copy.place)}
        self._db.execute(_DROP_ALL, where)

    def later(self, wanted: Wanted, when: datetime, *, failed: bool, in_doubt: bool) -> None:
        values = {"seq_": wanted.id, "when_": when, "more_": int(failed), "in_doubt_": in_doubt}
        self._db.execute(_LATER, values)

    def leave_out(self, message: int, place: Place, most: int) -> Sequence[int]:
        said_in = self._db.execute(_SAID_IN, {"message_": message}).scalar()
        where = {"place_": self._known(place), "said_in_": said_in}
        missed = list(self._db.execute(_MISSED, where)) if said_in else []
        if left := missed[: max(len(missed) - most, 0)]:
            self._db.execute(_LEAVE_OUT, {"seqs_": [row.seq for row in left]})
            self._db.wake("copy")
        return [row.message for row in left]

    def talking(self, place: Place, before: datetime) -> Sequence[Place]:
        found = self._db.execute(_TALKING, {"place_": self._known(place), "before_": before})
        return [Place(row.platform, row.room) for row in found]

    def park(self, wanted: Wanted, reason: str) -> None:
        self._db.execute(_PARK, {"seq_": wanted.id, "reason_": reason})

    def retry(self, account: str, place: Place | None, now: datetime) -> None:
        values: dict[str, Any] = {"account_": account, "now_": now}
        if place is None:
            self._db.execute(_RETRY, values)
        else:
            where = {"platform_": place.platform, "room_": place.room_id}
            self._db.execute(_RETRY_THERE, {**values, **where})
        self._db.wake("copy")

    def waiting(self, place: Place) -> int:
        number = self._known(place)
        return self._db.execute(_WAITING, {"place_": number}).scalar_one() if number else 0
