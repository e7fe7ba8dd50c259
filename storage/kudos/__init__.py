"""Who thanked whom, for what; and how each likes to be thanked."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import Select, and_, bindparam, delete, exists, func, insert, null, or_, select, update

from bot.features.kudos.records import (
    KUDOS,
    Given,
    Kudos,
    Receiver,
    Receives,
    Taste,
    Totals,
    thanks_openly,
)
from storage.among import among
from storage.kudos.linked import IS_HIDDEN, ON_WALL, STANDS, STATES, Noted, bring_back, merge, show_as_liked
from storage.kudos.tables import TABLES, endorsed, kudos, rounds, tastes, thanked
from storage.kudos.tastes import agrees, choose, said_by, strictest
from storage.numbers import next_number
from storage.parts import Parts, Stored
from storage.tables import members, residents
from storage.upsert import upsert

_KEPT = [column for column in kudos.c if column.name != "community"]
_NAMES = [column.name for column in _KEPT]
_THIS = kudos.c.id == bindparam("kudos_")
_WHO: Any = bindparam("resident_")
_SINCE = bindparam("since_", type_=kudos.c.given_at.type)
_UNTIL = bindparam("until_", type_=kudos.c.given_at.type)
_BEFORE: Any = bindparam("before_")
_MOST: Any = bindparam("most_")
_GET = select(*_KEPT).where(_THIS)
_NUMBERED = select(*_KEPT).where(among(kudos.c.id, "numbers_")).order_by(kudos.c.id)
_ADD = insert(kudos)
_CHANGE = update(kudos).where(_THIS).values(state=bindparam("state_"), why=bindparam("why_"))
_BY = select(*_KEPT).where(kudos.c.giver == _WHO, kudos.c.given_at >= _SINCE, STANDS)
_GIVEN_BY = _BY.order_by(kudos.c.given_at.desc(), kudos.c.id.desc())
# Two who are one person by now may each have given one; the last is one that stands, if any does.
_FOR_MESSAGE = (
    select(*_KEPT)
    .where(kudos.c.message == bindparam("message_"), kudos.c.giver == _WHO)
    .order_by(STANDS, kudos.c.id)
)
_LOSE = (
    update(kudos)
    .where(among(kudos.c.message, "messages_"), ~kudos.c.is_gone)
    .values(is_gone=True, link=null())
    .returning(kudos.c.id)
)
_REPLIES = select(*_KEPT).where(kudos.c.replies_to == bindparam("kudos_"), STANDS).order_by(kudos.c.id)
_REPLIED = select(kudos.c.id).where(kudos.c.replies_to == bindparam("kudos_"), kudos.c.giver == _WHO).limit(1)
_RECEIVERS = (
    select(thanked.c.of_kudos, thanked.c.resident, thanked.c.name, thanked.c.alone)
    .where(among(thanked.c.of_kudos, "numbers_"), ~IS_HIDDEN)
    .order_by(thanked.c.of_kudos, thanked.c.id)
)
_THANK = insert(thanked)
_WHOM = (
    select(thanked.c.resident)
    .distinct()
    .join_from(kudos, thanked, and_(STATES, kudos.c.community == thanked.c.community))
    .where(among(kudos.c.id, "numbers_"), STANDS, thanked.c.resident.is_not(None), ~thanked.c.void)
)
_TO = and_(thanked.c.of_kudos == bindparam("kudos_"), thanked.c.resident == _WHO)
_HIDE = (
    update(thanked).where(_TO).values(hidden=bindparam("hidden_", type_=thanked.c.hidden.type), on_wall=False)
)
_VOID = update(thanked).where(_TO).values(void=True, on_wall=False)
_THANKS = select(thanked.c.id).where(_TO, ~thanked.c.void).limit(1)
# A name that is somebody's account is kept no more.
_NAMED = (
    select(thanked.c.name, thanked.c.claimant)
    .where(thanked.c.of_kudos == bindparam("kudos_"), thanked.c.name.is_not(None))
    .order_by(thanked.c.id)
)
_CLAIM = (
    update(thanked)
    .where(thanked.c.of_kudos == bindparam("kudos_"), thanked.c.name == bindparam("name_"))
    .values(claimant=_WHO)
)
_CLAIMED_BY = and_(thanked.c.of_kudos == bindparam("kudos_"), thanked.c.claimant == _WHO)
_AGREE = update(thanked).where(_CLAIMED_BY).values(resident=_WHO, name=null(), claimant=null())
_DECLINE = update(thanked).where(_CLAIMED_BY).values(claimant=null())
# All that somebody wrote: what for, why it was taken away, and who has no account.
_WORDS = (
    select(kudos.c.id, kudos.c.reason.label("words")).where(kudos.c.reason != ""),
    select(kudos.c.id, kudos.c.why.label("words")).where(kudos.c.why.is_not(None)),
    select(thanked.c.of_kudos.label("id"), thanked.c.name.label("words")).where(thanked.c.name.is_not(None)),
)
_BLANK = update(kudos).where(_THIS, kudos.c.reason != "").values(blanked=True)
_DROP_WHY = update(kudos).where(_THIS).values(why=null())
# What was taken back or away is counted, and may be a sign that is put back; its words nobody reads any more.
_WORDLESS = ("withdrawn", "removed")
_DROP_WORDS = (
    update(kudos).where(_THIS).values(reason=""),
    update(thanked).where(thanked.c.of_kudos == bindparam("kudos_")).values(name=null(), claimant=null()),
)
_RECEIVED = (
    select(*_KEPT)
    .join_from(kudos, thanked, and_(STATES, kudos.c.community == thanked.c.community))
    .where(thanked.c.resident == _WHO, ~IS_HIDDEN, STANDS, kudos.c.replies_to.is_(None), kudos.c.id < _BEFORE)
    .order_by(kudos.c.id.desc())
    .limit(_MOST)
)
# Each with what it is shown under, whatever became of it.
_SHOWN = (
    select(kudos.c.id, func.coalesce(kudos.c.replies_to, kudos.c.id).label("under"))
    .join_from(thanked, kudos, and_(STATES, kudos.c.community == thanked.c.community))
    .where(thanked.c.resident == _WHO, thanked.c.of_kudos < _BEFORE)
    .order_by(thanked.c.of_kudos.desc())
    .limit(_MOST)
)
_COUNTED = (
    select(*_KEPT)
    .join_from(kudos, thanked, and_(STATES, kudos.c.community == thanked.c.community))
    .where(
        *(thanked.c.resident == _WHO, ~IS_HIDDEN, STANDS),
        *(kudos.c.replies_to.is_(None), ~kudos.c.is_early),
        *(kudos.c.given_at >= _SINCE, kudos.c.given_at < _UNTIL),
    )
    .order_by(kudos.c.id)
)
_SHOW_THIS = update(thanked).where(thanked.c.of_kudos == bindparam("kudos_")).values(on_wall=ON_WALL)
# A number for each, however many it thanks; what was given later has a higher one.
_PAGE = (
    select(thanked.c.of_kudos)
    .distinct()
    .where(thanked.c.on_wall, thanked.c.of_kudos < _BEFORE)
    .order_by(thanked.c.of_kudos.desc())
    .limit(_MOST)
)
# Of one theme each, of which the index knows the last.
_THERE = thanked.c.theme == bindparam("theme_")
_WALL = _PAGE.where(_THERE)
# In the order in which they were given, which is that of their numbers; by these it is not looked for.
_WALL_WITHIN = (
    select(thanked.c.of_kudos, thanked.c.given_at)
    .distinct()
    .where(
        *(thanked.c.on_wall, _THERE, thanked.c.of_kudos + 0 < _BEFORE),
        *(thanked.c.given_at >= _SINCE, thanked.c.given_at < _UNTIL),
    )
    .order_by(thanked.c.given_at.desc(), thanked.c.of_kudos.desc())
    .limit(_MOST)
)
# Under somebody's name nothing tells that they were where others may not see it.
_WALL_OF = _PAGE.where(thanked.c.resident == _WHO, ~thanked.c.unseen, among(thanked.c.theme, "themes_"))
_AGREED = select(thanked.c.of_kudos, thanked.c.resident).where(
    among(thanked.c.of_kudos, "numbers_"), thanked.c.on_wall
)

_DROP_TASTE = delete(tastes).where(tastes.c.resident == _WHO)

# --- what somebody knows ---

_THEIRS = endorsed.c.resident == _WHO
_ENDORSE = upsert(endorsed).on_conflict_do_nothing()
_IS_ENDORSED = select(endorsed.c.words).where(_THEIRS).limit(1)
_ENDORSED = (
    select(endorsed.c.words)
    .distinct()
    .join_from(
        endorsed,
        thanked,
        and_(
            endorsed.c.community == thanked.c.community,
            endorsed.c.of_kudos == thanked.c.of_kudos,
            endorsed.c.resident == thanked.c.resident,
        ),
    )
    .where(
        *(_THEIRS, ~IS_HIDDEN, ~thanked.c.alone, exists().where(STATES, STANDS)),
        agrees(endorsed.c.resident, tastes.c.expertise),
    )
)
_UNSAY = delete(endorsed).where(_THEIRS, among(endorsed.c.words, "words_"))
_UNSAY_ALL = delete(endorsed).where(_THEIRS)
_UNSAY_THIS = delete(endorsed).where(endorsed.c.of_kudos == bindparam("kudos_"))

# --- what is told of a month, or a year ---

_WITHIN = and_(STANDS, kudos.c.given_at >= _SINCE, kudos.c.given_at < _UNTIL)
_FIRST = kudos.c.replies_to.is_(None)
_TOLD_UNTIL = select(rounds.c.told_until).where(rounds.c.theme == bindparam("theme_"))
_TOLD = upsert(rounds)
_TOLD = _TOLD.on_conflict_do_update(
    index_elements=[rounds.c.theme], set_={"told_until": _TOLD.excluded.told_until}
)
_GIVERS = (
    select(kudos.c.giver)
    .distinct()
    .where(_WITHIN, _FIRST, kudos.c.theme == bindparam("theme_"), agrees(kudos.c.giver, tastes.c.giver))
    .order_by(kudos.c.giver)
)
_THEMES_WITH = select(kudos.c.theme).distinct().where(_WITHIN, _FIRST)
# Whoever has several accounts is there since the first of these is.
_THERE_SINCE = (
    select(members.c.resident)
    .where(members.c.theme == bindparam("theme_"), agrees(members.c.resident, tastes.c.wall))
    .group_by(members.c.resident)
    .having(func.min(members.c.since) >= _SINCE, func.min(members.c.since) < _UNTIL)
    .order_by(members.c.resident)
)
_COUNTS = and_(_WITHIN, _FIRST, ~kudos.c.is_early)
_COUNT = select(func.count()).where(_COUNTS)
_COUNT_GIVEN = select(func.count()).where(_COUNTS, kudos.c.giver == _WHO)
_COUNT_RECEIVED = (
    select(func.count(kudos.c.id.distinct()))
    .join_from(thanked, kudos, and_(STATES, kudos.c.community == thanked.c.community))
    .where(_COUNTS, thanked.c.resident == _WHO, ~IS_HIDDEN)
)
_to_first = thanked.alias()
# That somebody thanks back is read by all only where that they were thanked is.
_IS_READ = or_(
    kudos.c.replies_to.is_(None),
    exists().where(
        *(_to_first.c.community == kudos.c.community, _to_first.c.of_kudos == kudos.c.replies_to),
        *(_to_first.c.resident == kudos.c.giver, ~_to_first.c.alone),
        *(~_to_first.c.hidden, ~_to_first.c.void),
    ),
)
_PAIRS = (
    select(kudos.c.giver, thanked.c.resident, func.count())
    .join_from(kudos, thanked, and_(STATES, kudos.c.community == thanked.c.community))
    .where(
        *(STANDS, kudos.c.given_at >= _SINCE, among(kudos.c.theme, "themes_")),
        *(kudos.c.giver.is_not(None), thanked.c.resident.is_not(None)),
        *(~thanked.c.alone, ~IS_HIDDEN, _IS_READ),
    )
    .group_by(kudos.c.giver, thanked.c.resident)
)

_OWN = (
    select(kudos.c.id)
    .where(kudos.c.giver == _WHO, STANDS, exists().where(STATES, thanked.c.resident == _WHO, ~thanked.c.void))
    .order_by(kudos.c.id)
)
_GAVE = select(kudos).where(kudos.c.giver == _WHO).order_by(kudos.c.id)
# What thanks them, and what they say does.
_ROWS_TO = tuple(
    select(thanked, kudos.c.reason)
    .join_from(thanked, kudos, and_(STATES, kudos.c.community == thanked.c.community))
    .where(whose == _WHO)
    .order_by(thanked.c.of_kudos, thanked.c.id)
    for whose in (thanked.c.resident, thanked.c.claimant)
)
_TASTE_OF = select(tastes).where(tastes.c.resident == _WHO)
_ROWS_ENDORSED = select(endorsed).where(_THEIRS).order_by(endorsed.c.words, endorsed.c.of_kudos)
_NOBODYS = (
    update(kudos).where(kudos.c.giver == _WHO).values(giver=null()),
    update(thanked).where(thanked.c.resident == _WHO).values(resident=null(), name=null(), on_wall=False),
    update(thanked).where(thanked.c.claimant == _WHO).values(claimant=null()),
)
# Above any number.
_ALL = 2**62


class KudosKept:
    """Implements KudosStore."""

    def __init__(self, parts: Parts) -> None:
        self._db = parts.db

    def add(self, given: Given, receivers: Sequence[Receiver], tastes: Mapping[int, Taste]) -> Kudos:
        number = next_number(self._db, kudos.name)
        fields = {name: getattr(given, name) for name in Given.__dataclass_fields__}
        self._db.execute(_ADD, {**fields, "id": number, "state": "given"})
        receivers = [_as_they_like(receiver, tastes) for receiver in receivers]
        rows = [
            {
                "of_kudos": number,
                "resident": receiver.resident,
                "name": receiver.name or None,
                "theme": given.theme,
                "given_at": given.given_at,
                "hidden": False,
                "alone": receiver.alone,
                "unseen": receiver.unseen,
                "on_wall": given.replies_to is None
                and receiver.resident is not None
                and not receiver.alone
                and bool(tastes.get(receiver.resident, Taste()).wall),
            }
            for receiver in receivers
        ]
        self._db.execute(_THANK, rows if len(rows) > 1 else rows[0])
        return Kudos(**fields, id=number, state="given", why=None, receivers=tuple(receivers))

    def get(self, kudos_: int) -> Kudos | None:
        self._db.lock(kudos.c.id, kudos_)
        return self.look(kudos_)

    def look(self, kudos_: int) -> Kudos | None:
        return next(iter(self._read(_GET, kudos_=kudos_)), None)

    def own(self, resident: int) -> Sequence[int]:
        return list(self._db.execute(_OWN, {"resident_": resident}).scalars())

    def _read(self, which: Select[Any], **values: Any) -> Sequence[Kudos]:
        rows = [row._asdict() for row in self._db.execute(which, values)]
        first = [row["replies_to"] for row in rows if row["replies_to"] is not None]
        receivers = self._receivers([*(row["id"] for row in rows), *first])
        return [_kudos(row, _whom(row, receivers)) for row in rows]

    def _receivers(self, numbers: Sequence[int]) -> Mapping[int, tuple[Receiver, ...]]:
        if not numbers:
            return {}
        rows = list(self._db.execute(_RECEIVERS, {"numbers_": list(numbers)}))
        return {
            number: tuple(Receiver(row.resident, row.name or "", bool(row.alone)) for row in group)
            for number, group in groupby(rows, key=attrgetter("of_kudos"))
        }

    def for_message(self, giver: int, message: str) -> Kudos | None:
        found = self._read(_FOR_MESSAGE, message_=message, resident_=giver)
        return self.get(found[-1].id) if found else None

    def lose(self, messages: Collection[str]) -> Sequence[int]:
        return list(self._db.execute(_LOSE, {"messages_": list(messages)}).scalars())

    def whom(self, numbers: Collection[int]) -> frozenset[int]:
        return frozenset(self._db.execute(_WHOM, {"numbers_": numbers}).scalars() if numbers else ())

    def last_from(self, giver: int, receiver: int, since: datetime) -> Kudos | None:
        found = self._read(_GIVEN_BY, resident_=giver, since_=since)
        # Whoever has no account, or was forgotten, is thanked by it too.
        alone = [each for each in found if [who.resident for who in each.receivers] == [receiver]]
        return next((each for each in alone if each.replies_to is None), None)

    def replied(self, kudos_: int, giver: int) -> bool:
        return self._db.execute(_REPLIED, {"kudos_": kudos_, "resident_": giver}).first() is not None

    def replies(self, kudos_: int) -> Sequence[Kudos]:
        return self._read(_REPLIES, kudos_=kudos_)

    def change(self, kudos_: int, *, state: str, why: str | None = None) -> None:
        self._db.execute(_CHANGE, {"kudos_": kudos_, "state_": state, "why_": why})
        if state in _WORDLESS:
            self._drop_words(kudos_)
        self._db.execute(_SHOW_THIS, {"kudos_": kudos_})

    def hide(self, kudos_: int, resident: int, *, hidden: bool) -> None:
        self._db.execute(_HIDE, {"kudos_": kudos_, "resident_": resident, "hidden_": hidden})
        self._db.execute(_SHOW_THIS, {"kudos_": kudos_})

    def void_for(self, kudos_: int, resident: int) -> None:
        self._db.execute(_VOID, {"kudos_": kudos_, "resident_": resident})

    def thanks(self, kudos_: int, resident: int) -> bool:
        return self._db.execute(_THANKS, {"kudos_": kudos_, "resident_": resident}).first() is not None

    def names(self, kudos_: int) -> Mapping[str, int | None]:
        return {row.name: row.claimant for row in self._db.execute(_NAMED, {"kudos_": kudos_})}

    def claim(self, kudos_: int, name: str, resident: int) -> None:
        self._db.execute(_CLAIM, {"kudos_": kudos_, "name_": name, "resident_": resident})

    def settle(self, kudos_: int, resident: int, *, agreed: bool) -> None:
        self._db.execute(_AGREE if agreed else _DECLINE, {"kudos_": kudos_, "resident_": resident})
        self._db.execute(_SHOW_THIS, {"kudos_": kudos_})

    def words(self) -> Iterator[tuple[int, str]]:
        for which in _WORDS:
            for row in self._db.execute(which):
                yield row.id, row.words

    def blank(self, kudos_: int) -> None:
        for statement in (_BLANK, _DROP_WHY):
            self._db.execute(statement, {"kudos_": kudos_})
        self._drop_words(kudos_)
        self._db.execute(_UNSAY_THIS, {"kudos_": kudos_})

    def _drop_words(self, kudos_: int) -> None:
        for statement in _DROP_WORDS:
            self._db.execute(statement, {"kudos_": kudos_})

    def endorse(self, kudos_: int, resident: int, words: Collection[str]) -> bool:
        is_first = self._db.execute(_IS_ENDORSED, {"resident_": resident}).first() is None
        self._db.execute(
            _ENDORSE, [{"of_kudos": kudos_, "resident": resident, "words": each} for each in words]
        )
        return is_first

    def endorsed(self, resident: int) -> Collection[str]:
        return set(self._db.execute(_ENDORSED, {"resident_": resident}).scalars())

    def unsay(self, resident: int, words: Collection[str]) -> None:
        self._db.execute(_UNSAY, {"resident_": resident, "words_": list(words)})

    def received(self, resident: int, before: int | None, most: int) -> Sequence[Kudos]:
        return self._read(_RECEIVED, resident_=resident, before_=before or _ALL, most_=most)

    def shown(self, resident: int, before: int | None, most: int) -> Sequence[tuple[int, int]]:
        page = {"resident_": resident, "before_": before or _ALL, "most_": most}
        return [(row.id, row.under) for row in self._db.execute(_SHOWN, page)]

    def counted(self, resident: int, since: datetime, until: datetime) -> Sequence[Kudos]:
        return self._read(_COUNTED, resident_=resident, since_=since, until_=until)

    def given_by(self, giver: int, since: datetime) -> Sequence[Kudos]:
        return self._read(_GIVEN_BY, resident_=giver, since_=since)

    def wall(
        self,
        themes: Collection[int],
        most: int,
        *,
        before: int | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        receiver: int | None = None,
    ) -> Sequence[tuple[Kudos, Collection[int]]]:
        numbers = self._on_wall(themes, most, before or _ALL, since, until, receiver)
        if not numbers:
            return []
        shown: dict[int, set[int]] = {}
        for row in self._db.execute(_AGREED, {"numbers_": numbers}):
            shown.setdefault(row.of_kudos, set()).add(row.resident)
        found = {each.id: each for each in self._read(_NUMBERED, numbers_=numbers)}
        return [(found[number], shown[number]) for number in numbers]

    def _on_wall(
        self,
        themes: Collection[int],
        most: int,
        before: int,
        since: datetime | None,
        until: datetime | None,
        receiver: int | None,
    ) -> Sequence[int]:
        page = {"before_": before, "most_": most}
        if receiver is not None:
            theirs = {**page, "resident_": receiver, "themes_": list(themes)}
            return list(self._db.execute(_WALL_OF, theirs).scalars())
        which, when = (_WALL, {}) if until is None else (_WALL_WITHIN, {"since_": since, "until_": until})
        found: list[int] = []
        for theme in themes:
            found += self._db.execute(which, {**page, **when, "theme_": theme}).scalars()
        return sorted(found, reverse=True)[:most]

    def told_until(self, theme: int) -> datetime | None:
        found: datetime | None = self._db.execute(_TOLD_UNTIL, {"theme_": theme}).scalar()
        return found

    def told(self, theme: int, until: datetime) -> None:
        self._db.execute(_TOLD, {"theme": theme, "told_until": until})

    def givers(self, theme: int, since: datetime, until: datetime) -> Sequence[int]:
        values = {"theme_": theme, "since_": since, "until_": until}
        return list(self._db.execute(_GIVERS, values).scalars())

    def themes_with(self, since: datetime, until: datetime) -> Collection[int]:
        return set(self._db.execute(_THEMES_WITH, {"since_": since, "until_": until}).scalars())

    def there_since(self, theme: int, since: datetime, until: datetime) -> Sequence[int]:
        values = {"theme_": theme, "since_": since, "until_": until}
        return list(self._db.execute(_THERE_SINCE, values).scalars())

    def totals(self, resident: int, since: datetime, until: datetime) -> Totals:
        values = {"since_": since, "until_": until}
        of_theirs = {**values, "resident_": resident}
        return Totals(
            self._db.execute(_COUNT_GIVEN, of_theirs).scalar_one(),
            self._db.execute(_COUNT_RECEIVED, of_theirs).scalar_one(),
            self._db.execute(_COUNT, values).scalar_one(),
        )

    def pairs(self, themes: Collection[int], since: datetime) -> Sequence[tuple[int, int, int]]:
        rows = self._db.execute(_PAIRS, {"themes_": list(themes), "since_": since})
        return [(giver, receiver, count) for giver, receiver, count in rows]

    def hold_tastes(self, people: Collection[int]) -> Mapping[int, Taste]:
        if people:
            self._db.lock(residents.c.id, *people, weakly=True)
        return self.tastes(people)

    def tastes(self, residents: Collection[int]) -> Mapping[int, Taste]:
        return {who: strictest(said.values()) for who, said in said_by(self._db, residents).items()}

    def choose(self, resident: int, taste: Taste) -> None:
        choose(self._db, resident, taste)
        if taste.expertise is False:
            self._db.execute(_UNSAY_ALL, {"resident_": resident})
        show_as_liked(self._db, resident)

    def merge(self, old: int, new: int) -> None:
        merge(self._db, old, new)

    def bring_back(self, notes: Mapping[int, Noted]) -> None:
        bring_back(self._db, notes)

    def forget(self, resident: int) -> Sequence[int]:
        rows = self.rows_of(resident)
        for statement in _NOBODYS:
            self._db.execute(statement, {"resident_": resident})
        self._db.execute(_UNSAY_ALL, {"resident_": resident})
        self._db.execute(_DROP_TASTE, {"resident_": resident})
        numbers = [*(row["id"] for row in rows["kudos"]), *(row["of_kudos"] for row in rows["thanked"])]
        return sorted({*numbers})

    def rows_of(self, resident: int) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        which = {
            "kudos": (_GAVE,),
            "thanked": _ROWS_TO,
            "endorsed": (_ROWS_ENDORSED,),
            "kudos_tastes": (_TASTE_OF,),
        }
        return {
            name: [
                row._asdict()
                for statement in statements
                for row in self._db.execute(statement, {"resident_": resident})
            ]
            for name, statements in which.items()
        }

    def new(self, numbers: Sequence[int]) -> Sequence[Kudos]:
        return [each for each in self._read(_NUMBERED, numbers_=list(numbers)) if each.stands]


STORED = Stored(KUDOS, KudosKept, TABLES)


def _as_they_like(receiver: Receiver, tastes: Mapping[int, Taste]) -> Receiver:
    taste = tastes.get(receiver.resident or 0, Taste())
    return receiver._replace(alone=taste.receives is Receives.PRIVATELY)


def _whom(row: Mapping[str, Any], receivers: Mapping[int, tuple[Receiver, ...]]) -> tuple[Receiver, ...]:
    """Whom it thanks; that somebody thanks back is read by all only where that they were thanked is."""
    mine, first = receivers.get(row["id"], ()), row["replies_to"]
    if first is None or thanks_openly(receivers.get(first, ()), row["giver"]):
        return mine
    return tuple(each._replace(alone=True) for each in mine)


def _kudos(row: Mapping[str, Any], receivers: tuple[Receiver, ...]) -> Kudos:
    fields = {name: row[name] for name in _NAMES}
    fields |= {name: bool(fields[name]) for name in ("is_early", "is_gone", "blanked")}
    return Kudos(**fields, receivers=receivers)
