"""Meetings, what people answered, and how many said what.

How many people said what of a meeting is kept beside their answers, so that its board costs the same with ten
as with ten thousand. Whatever writes an answer counts it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import product
from typing import Any

from sqlalchemy import (
    BindParameter,
    Select,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    null,
    or_,
    select,
    union,
    update,
)

from bot.features.meetings.records import MEETINGS, PLACES, Answer, Figures, Meeting, Plan, Way
from bot.model.people import Wishes
from storage.among import among
from storage.batch import Loader
from storage.leavers import Leavers, LeaversTable
from storage.meetings.tables import (
    TABLES,
    answers,
    check_ins,
    counts,
    meeting_leavers,
    meetings,
    rating_rounds,
    standing,
)
from storage.numbers import next_number
from storage.parts import Parts, Stored
from storage.tables import STAYS, members, residents, themes
from storage.upsert import upsert

_IS_PLANNED = meetings.c.state == "planned"
# Of a series only those that people see already.
_IS_SEEN = and_(_IS_PLANNED, meetings.c.announced)
# What was cancelled may come after all.
_IS_NOT_OVER = meetings.c.state != "held"
_TO_COME = exists().where(meetings.c.id == answers.c.meeting, _IS_NOT_OVER)
# Whoever has a place, or checked in, has a say in it until it was said how it was.
_IS_OPEN = or_(
    _IS_NOT_OVER,
    exists().where(rating_rounds.c.meeting == meetings.c.id, rating_rounds.c.ended_at.is_(None)),
)
# What gives it stays with whoever has it by then, where an account leaves them.
for _column in (answers.c.resident, check_ins.c.resident):
    _column.info[STAYS] = exists().where(meetings.c.id == _column.table.c.meeting, _IS_OPEN)

_ANSWERS_IT = (
    select(meetings.c.id)
    .join(answers, meetings.c.id == answers.c.meeting)
    .where(answers.c.resident == bindparam("id_"), _IS_OPEN)
)
# Who answers each of a series does so in those, too, that nobody has looked at yet.
_ANSWERS_EACH = select(meetings.c.id).where(
    meetings.c.series.in_(select(standing.c.series).where(standing.c.resident == bindparam("id_"))),
    _IS_PLANNED,
)
_IS_THERE = (
    select(meetings.c.id)
    .join(check_ins, meetings.c.id == check_ins.c.meeting)
    .where(check_ins.c.resident == bindparam("id_"), _IS_OPEN)
)
_HAD_A_SAY = union(_ANSWERS_IT, _ANSWERS_EACH, _IS_THERE)
_LEAVERS = LeaversTable(meeting_leavers.c.meeting, meetings.c.id, _IS_OPEN, _HAD_A_SAY)

_SHOWN = [column for column in meetings.c if column.name != "community"]
_FLAGS = ("by_hand", "announced", "expanded", "asked", "was_left")
_MEETINGS = select(*_SHOWN)
_THERE = among(meetings.c.theme, "themes_")
_FIRST = (meetings.c.starts_at, meetings.c.id)
_LAST = (meetings.c.starts_at.desc(), meetings.c.id.desc())
_MOST: BindParameter[int] = bindparam("most_")
_ALL_COMING = _MEETINGS.where(_THERE, _IS_PLANNED).order_by(*_FIRST)
_COMING_AFTER = (
    _MEETINGS.where(
        *(_IS_SEEN, meetings.c.id > bindparam("after_")),
        meetings.c.starts_at > bindparam("now_", type_=meetings.c.starts_at.type),
    )
    .order_by(meetings.c.id)
    .limit(_MOST)
)
_LATEST = _MEETINGS.where(_THERE, meetings.c.announced).order_by(*_LAST).limit(_MOST)
_HELD = (
    _MEETINGS.where(meetings.c.theme == bindparam("theme_"), meetings.c.state == "held")
    .order_by(*_LAST)
    .limit(_MOST)
)
_THEMES = select(meetings.c.theme).distinct()
_WHO: BindParameter[int] = bindparam("resident_")
_ANSWERED = exists().where(answers.c.meeting == meetings.c.id, answers.c.resident == _WHO)
_OF = (
    _MEETINGS.where(
        meetings.c.ends_at > bindparam("now_", type_=meetings.c.ends_at.type),
        or_(and_(meetings.c.organiser == _WHO, meetings.c.announced), _ANSWERED),
    )
    .order_by(*_FIRST)
    .limit(_MOST)
)
_STANDING = select(meetings.c.id, meetings.c.ends_at).where(meetings.c.organiser == _WHO, _IS_SEEN)
_PLANNED_BY, _WORDED_BY = (
    select(meetings).where(column == _WHO).order_by(meetings.c.id)
    for column in (meetings.c.organiser, meetings.c.worded_by)
)
_ADD = insert(meetings)
_THIS = meetings.c.id == bindparam("meeting_")
_HOLD = update(meetings).where(_THIS, _IS_PLANNED).values(state="held")
_LEAVE = update(meetings).where(_THIS).values(was_left=True)

_GIVEN = [column for column in answers.c if column.name != "community"]
_NAMES = [column.name for column in _GIVEN]
_WAYS: dict[str | None, Way | None] = {None: None, **{str(way): way for way in Way}}
_ANSWERS = select(*_GIVEN)
_HERE = answers.c.meeting == bindparam("meeting_")
_IN_ORDER = (answers.c.since, answers.c.id)
# A seat is only ever in one of the two ways that take a place.
_WAITS = and_(
    or_(*(answers.c.way == str(way) for way in PLACES)), func.coalesce(answers.c.seat, "") != answers.c.way
)
_WAITING = _ANSWERS.where(_HERE, _WAITS).order_by(*_IN_ORDER)
_UNTOLD = (
    _ANSWERS.where(
        *(_HERE, answers.c.seat.is_not(None), answers.c.resident.is_not(None)),
        func.coalesce(answers.c.known, "") != answers.c.seat,
    )
    .order_by(*_IN_ORDER)
    .limit(_MOST)
)
_OTHERS = answers.alias()
_FOR_OTHERS = _ANSWERS.where(_HERE, answers.c.name.is_not(None)).order_by(answers.c.id)
_SEEN = (
    _ANSWERS.where(
        *(_HERE, answers.c.shown, answers.c.seat.is_not(None), answers.c.resident.is_not(None)),
        ~exists().where(
            *(_OTHERS.c.meeting == answers.c.meeting, _OTHERS.c.resident == answers.c.resident),
            *(_OTHERS.c.shown, _OTHERS.c.seat.is_not(None), _OTHERS.c.id < answers.c.id),
        ),
    )
    .order_by(*_IN_ORDER)
    .limit(_MOST)
)
_ALL = _ANSWERS.where(_HERE).order_by(*_IN_ORDER).limit(_MOST)
# Who has no account is nobody to be told anything.
_AFTER = (
    _ANSWERS.where(_HERE, answers.c.resident > bindparam("after_")).order_by(answers.c.resident).limit(_MOST)
)
_REMINDED = _AFTER.join(residents, residents.c.id == answers.c.resident).where(
    residents.c.wants_reminders, answers.c.way != str(Way.NO)
)
_UNANSWERED = (
    select(members.c.resident)
    .distinct()
    .join(residents, residents.c.id == members.c.resident)
    .where(
        *(members.c.theme == bindparam("theme_"), members.c.resident > bindparam("after_")),
        residents.c.wants_reminders,
        ~exists().where(answers.c.meeting == bindparam("meeting_"), answers.c.resident == members.c.resident),
    )
    .order_by(members.c.resident)
    .limit(_MOST)
)
_REMINDED_AFTER = _REMINDED.where(residents.c.remind_before.is_(None))
_OWN_AFTER = _REMINDED.where(residents.c.remind_before.is_not(None))
_OWN_WISHES = (
    select(residents.c.remind_before, residents.c.zone)
    .distinct()
    .join(answers, residents.c.id == answers.c.resident)
    .where(_HERE, or_(residents.c.remind_before.is_not(None), residents.c.zone.is_not(None)))
)
_ANSWERED_BY = select(answers).where(answers.c.resident == _WHO).order_by(answers.c.since, answers.c.id)
_TO_COME_BY = _ANSWERED_BY.where(_TO_COME)
_COUNT = upsert(counts)
_COUNT = _COUNT.on_conflict_do_update(
    index_elements=[counts.c.meeting, counts.c.way, counts.c.seat],
    set_={"people": counts.c.people + _COUNT.excluded.people},
)
_ANSWER = insert(answers).returning(answers.c.id)
_CHANGED = ("way", "seat", "since", "said_at", "known", "party", "shown", "for_them")
_KEPT = ("meeting", "resident", "name", *_CHANGED)
_COUNTED_BY = ("way", "seat", "party")
# As it is written, and what that is.
_SAID = {(str(way), str(seat or "")): (way, seat) for way, seat in product(Way, (None, *PLACES))}
_CHANGE = (
    update(answers)
    .where(answers.c.id == bindparam("id_"))
    .values({name: bindparam(f"{name}_", type_=answers.c[name].type) for name in _CHANGED})
)
_DROP = delete(answers).where(answers.c.id == bindparam("id_"))
# Who has no account cannot ask to be forgotten: once it is over their name is no use to anybody.
_UNNAME = update(answers).where(_HERE, answers.c.name.is_not(None)).values(name=null())
_PASS_ON = tuple(
    update(column.table).where(column == bindparam("old_")).values({column.name: bindparam("new_")})
    for column in (meetings.c.organiser, meetings.c.worded_by, answers.c.resident)
)
_HIDE = (
    update(answers)
    .where(answers.c.resident == _WHO, answers.c.shown, _TO_COME)
    .values(shown=False)
    .returning(answers.c.meeting)
)
# Once it would have been over, who would have come to what was cancelled is no use to anybody.
_DROP_CANCELLED = delete(answers).where(
    _HERE, exists().where(meetings.c.id == answers.c.meeting, meetings.c.state == "cancelled")
)
_UNCOUNT_CANCELLED = delete(counts).where(
    counts.c.meeting == bindparam("meeting_"),
    exists().where(meetings.c.id == counts.c.meeting, meetings.c.state == "cancelled"),
)
_NOBODYS = (
    update(answers).where(answers.c.resident == _WHO).values(resident=null(), shown=False),
    update(meetings).where(meetings.c.organiser == _WHO).values(organiser=null()),
    update(meetings).where(meetings.c.worded_by == _WHO).values(worded_by=null()),
)


def shown_meetings() -> Select[Any]:
    """All meetings, as `read_meeting` reads them."""
    return _MEETINGS


@lru_cache(1024)  # from one answer to the next a meeting hardly changes
def read_meeting(*values: Any) -> Meeting:
    """What a row of these is."""
    fields = dict(zip([column.name for column in _SHOWN], values, strict=True))
    return Meeting(**{**fields, **{name: bool(fields[name]) for name in _FLAGS}})


def _answer(*values: Any) -> Answer:
    fields = dict(zip(_NAMES, values, strict=True))
    for name in ("way", "seat", "known"):
        fields[name] = _WAYS[fields[name]]
    fields |= {name: bool(fields[name]) for name in ("shown", "for_them")}
    return Answer(**fields)


_MEETING = Loader(_MEETINGS, by=[meetings.c.id], make=read_meeting)
_COMING_IN = Loader(
    _MEETINGS.where(_IS_SEEN).order_by(*_FIRST),
    by=[meetings.c.theme],
    make=read_meeting,
    tells=meetings.c.id,
)
_ANSWER_OF = Loader(
    # Of what was held somebody may have two: this is the last.
    _ANSWERS.order_by(answers.c.said_at.desc(), answers.c.id.desc()),
    by=[answers.c.meeting, answers.c.resident],
    make=_answer,
    beside=[answers],
)
_COUNTED = Loader(
    select(counts.c.way, counts.c.seat, counts.c.people),
    by=[counts.c.meeting],
    make=lambda *counted: counted,
    beside=[counts],
)


class Meetings:
    """Implements MeetingStore."""

    def __init__(self, parts: Parts) -> None:
        self._db = parts.db
        self._leavers = Leavers(parts, _LEAVERS)

    def add(self, plan: Plan, told: str, *, announced: bool = True) -> Meeting:
        fields = {name: getattr(plan, name) for name in Plan.__dataclass_fields__}
        fields |= {"announced": announced, "expanded": announced}
        meeting = Meeting(id=next_number(self._db, meetings.name), told=told, **fields)
        self._db.execute(_ADD, {column.name: getattr(meeting, column.name) for column in _SHOWN})
        return meeting

    # --- meetings ---

    def get(self, meeting: int) -> Meeting | None:
        self._db.lock(meetings.c.id, meeting)
        return self._db.get(_MEETING, meeting)

    def hold(self, meeting: Meeting) -> Meeting | None:
        return self.get(meeting.id) if self._db.lock(meetings.c.id, meeting.id) else meeting

    def themes(self) -> Collection[int]:
        return set(self._db.execute(_THEMES).scalars())

    def coming(self, among: Collection[int], most: int) -> Sequence[Meeting]:
        if len(among) > 1:
            self._db.expect(themes.c.id, among)
        found = [meeting for theme in among for meeting in self._db.get_all(_COMING_IN, theme)]
        return sorted(found, key=lambda meeting: (meeting.starts_at, meeting.id))[:most]

    def all_coming(self, theme: int) -> Sequence[Meeting]:
        return self._listed(_ALL_COMING, themes_=[theme])

    def coming_after(self, after: int, now: datetime, most: int) -> Sequence[Meeting]:
        return self._listed(_COMING_AFTER, after_=after, now_=now, most_=most)

    def latest(self, among: Collection[int], most: int) -> Sequence[Meeting]:
        return self._listed(_LATEST, themes_=sorted(among), most_=most)

    def held(self, theme: int, most: int) -> Sequence[Meeting]:
        return self._listed(_HELD, theme_=theme, most_=most)

    def of(self, resident: int, now: datetime, most: int) -> Sequence[Meeting]:
        return self._listed(_OF, resident_=resident, now_=now, most_=most)

    def planned_by(self, resident: int) -> Sequence[Mapping[str, Any]]:
        statements, who = (_PLANNED_BY, _WORDED_BY), {"resident_": resident}
        found = {row.id: row._asdict() for each in statements for row in self._db.execute(each, who)}
        return [found[number] for number in sorted(found)]

    def standing(self, organiser: int) -> Mapping[int, datetime]:
        return {row.id: row.ends_at for row in self._db.execute(_STANDING, {"resident_": organiser})}

    def _listed(self, statement: Any, **values: Any) -> Sequence[Meeting]:
        return [read_meeting(*row) for row in self._db.execute(statement, values)]

    def change(self, meeting: int, changes: Mapping[str, Any]) -> None:
        values = {f"{name}_": value for name, value in changes.items()}
        self._db.execute(_changing(tuple(changes), raises=True), {"meeting_": meeting, **values})

    def end(self, meeting: int) -> None:
        self._db.execute(_HOLD, {"meeting_": meeting})
        self._db.execute(_UNNAME, {"meeting_": meeting})
        for statement in (_DROP_CANCELLED, _UNCOUNT_CANCELLED):
            self._db.execute(statement, {"meeting_": meeting})

    def settle(self, meeting: int) -> None:
        self._leavers.over(meeting)

    def note(self, meeting: int, notes: Mapping[str, Any]) -> None:
        values = {f"{name}_": value for name, value in notes.items()}
        self._db.execute(_changing(tuple(notes), raises=False), {"meeting_": meeting, **values})

    # --- answers ---

    def figures(self, meeting: int) -> Figures:
        people = {(way, seat): count for way, seat, count in self._db.get_all(_COUNTED, meeting)}
        for said in _SAID if self._db.pends(counts) else ():
            if more := self._db.pending(counts, (meeting, *said)):
                people[said] = people.get(said, 0) + more["people"]
        return Figures({_SAID[said]: count for said, count in people.items() if count})

    def _count(self, row: Mapping[str, Any], sign: int) -> None:
        """One that is there from now on, or not any more."""
        meeting, way, seat = row["meeting"], str(row["way"]), str(row["seat"] or "")
        counted = {"meeting": meeting, "way": way, "seat": seat, "people": sign * row["party"]}
        self._db.defer(_COUNT, (meeting, way, seat), counted, adds="people")

    def answer(self, meeting: int, resident: int) -> Answer | None:
        found = self._db.get(_ANSWER_OF, meeting, resident)
        changed = self._db.pending(answers, found.id) if found else None
        return changed["answer"] if changed else found

    def waiting(self, meeting: int) -> Sequence[Answer]:
        return self._given(_WAITING, meeting_=meeting)

    def untold(self, meeting: int, most: int) -> Sequence[Answer]:
        return self._given(_UNTOLD, meeting_=meeting, most_=most)

    def for_others(self, meeting: int) -> Sequence[Answer]:
        return self._given(_FOR_OTHERS, meeting_=meeting)

    def shown(self, meeting: int, most: int) -> Sequence[Answer]:
        return self._given(_SEEN, meeting_=meeting, most_=most)

    def answers(self, meeting: int, most: int) -> Sequence[Answer]:
        return self._given(_ALL, meeting_=meeting, most_=most)

    def answered_by(self, resident: int) -> Sequence[Mapping[str, Any]]:
        return self._given_by(_ANSWERED_BY, resident)

    def _given_by(self, which: Any, resident: int) -> Sequence[Mapping[str, Any]]:
        return [row._asdict() for row in self._db.execute(which, {"resident_": resident})]

    def answered_after(self, meeting: int, after: int, most: int) -> Sequence[Answer]:
        return self._given(_AFTER, meeting_=meeting, after_=after, most_=most)

    def unanswered(self, meeting: int, theme: int, after: int, most: int) -> Sequence[int]:
        values = {"meeting_": meeting, "theme_": theme, "after_": after, "most_": most}
        found: Sequence[int] = self._db.execute(_UNANSWERED, values).scalars()
        return found

    def reminded_after(self, meeting: int, after: int, most: int) -> Sequence[Answer]:
        return self._given(_REMINDED_AFTER, meeting_=meeting, after_=after, most_=most)

    def own_after(self, meeting: int, after: int, most: int) -> Sequence[Answer]:
        return self._given(_OWN_AFTER, meeting_=meeting, after_=after, most_=most)

    def own_wishes(self, meeting: int) -> Collection[Wishes]:
        return [
            Wishes(wanted=True, before=tuple(map(int, (moments or "").split())), zone=zone)
            for moments, zone in self._db.execute(_OWN_WISHES, {"meeting_": meeting})
        ]

    def _given(self, statement: Any, **values: Any) -> Sequence[Answer]:
        return [_answer(*row) for row in self._db.execute(statement, values)]

    def keep(self, answer: Answer, before: Answer | None = None) -> int:
        row = {name: _written(getattr(answer, name)) for name in _KEPT}
        if before is None:
            self._count(row, 1)
            found: int = self._db.execute(_ANSWER, row).scalar_one()
            return found
        self._change(answer.id, row, {name: getattr(before, name) for name in _KEPT}, answer)
        return answer.id

    def _change(
        self, number: int, row: Mapping[str, Any], before: Mapping[str, Any], answer: Answer | None = None
    ) -> None:
        """`answer`: what it is from now on, for whoever asks before it is written."""
        if any(row[name] != before[name] for name in _COUNTED_BY):
            self._count(before, -1)
            self._count(row, 1)
        values = {"id_": number, **{f"{name}_": row[name] for name in _CHANGED}}
        if answer:
            self._db.defer(_CHANGE, number, {**values, "answer": answer})
        else:
            self._db.execute(_CHANGE, values)

    def drop(self, answer: Answer) -> None:
        self._drop(answer.id, {name: getattr(answer, name) for name in _KEPT})

    def _drop(self, number: int, row: Mapping[str, Any]) -> None:
        self._db.execute(_DROP, {"id_": number})
        self._count(row, -1)

    # --- whose it is ---

    def merge(self, old: int, new: int) -> Collection[int]:
        theirs = self._held(_TO_COME_BY, old, new)
        by_meeting: dict[int, list[Mapping[str, Any]]] = {}
        for answer in sorted(theirs, key=lambda each: (each["said_at"], each["id"])):
            by_meeting.setdefault(answer["meeting"], []).append(answer)
        for given in by_meeting.values():
            self._join(given)
        for statement in _PASS_ON:
            self._db.pass_on(statement, old, new)
        self._leavers.merge(old, new)
        for meeting in self._leavers.outside(new):
            # Where an account of theirs answered with somebody else, they have no answer beside that one; of
            # what was held the figures stay.
            found, beside = self.get(meeting), self.answer(meeting, new)
            if beside and found and found.state != "held":
                self.drop(beside)
        return set(by_meeting)

    def _join(self, given: Sequence[Mapping[str, Any]]) -> None:
        """The last one stands; what both said alike they keep since the first, with the place of either."""
        *earlier, last = given
        for answer in earlier:
            self._drop(answer["id"], answer)
            # What was answered for them they may still hear.
            joined = {"for_them": last["for_them"] or answer["for_them"]}
            if answer["way"] == last["way"]:
                seat = answer["seat"] if answer["party"] >= last["party"] else last["seat"]
                joined |= {"seat": last["seat"] or seat, "since": min(last["since"], answer["since"])}
                if seat == last["way"]:
                    joined["seat"] = seat
            before, last = last, {**last, **joined}
            if last != before:
                self._change(last["id"], last, before)

    def forget(self, resident: int) -> Collection[int]:
        theirs = self._held(_ANSWERED_BY, resident)
        self._leavers.forget(resident)
        for answer in self._given_by(_TO_COME_BY, resident):
            self._drop(answer["id"], answer)
        for statement in _NOBODYS:
            self._db.execute(statement, {"resident_": resident})
        return {answer["meeting"] for answer in theirs}

    def _held(self, which: Any, *whose: int) -> Sequence[Mapping[str, Any]]:
        """Which of their answers there are; their meetings are held until the transaction ends."""

        def read() -> list[Mapping[str, Any]]:
            return [answer for resident in whose for answer in self._given_by(which, resident)]

        found = read()
        while self._db.lock(meetings.c.id, *sorted({answer["meeting"] for answer in found})):
            found = read()
        return found

    def part(self, resident: int, new: int) -> Collection[int]:
        if left := self._leavers.part(resident, new):
            self._db.execute(_LEAVE, [{"meeting_": meeting} for meeting in left])
        return set(self._db.execute(_HIDE, {"resident_": resident}).scalars())

    def keep_out(self, resident: int) -> None:
        theirs = self._is_at(resident)
        while self._db.lock(meetings.c.id, *theirs):
            theirs = self._is_at(resident)
        if theirs:
            self._leavers.keep_out(theirs, resident)
            self._db.execute(_LEAVE, [{"meeting_": meeting} for meeting in theirs])

    def _is_at(self, resident: int) -> Sequence[int]:
        return sorted(set(self._db.execute(_IS_THERE, {"id_": resident}).scalars()))

    def outside(self, resident: int) -> Sequence[int]:
        return self._leavers.outside(resident)

    def keeps_out(self, meeting: Meeting, resident: int) -> bool:
        return meeting.was_left and self._leavers.keeps_out(meeting.id, resident)

    def held_by(self, resident: int) -> Sequence[tuple[int, str]]:
        return self._leavers.held_by(resident)


STORED = Stored(MEETINGS, Meetings, TABLES)


def _written(value: Any) -> Any:
    return str(value) if isinstance(value, Way) else value


@lru_cache(64)
def _changing(names: tuple[str, ...], *, raises: bool) -> Any:
    """The statement that changes these fields; where it raises the version, by one."""
    values: dict[str, Any] = {name: bindparam(f"{name}_", type_=meetings.c[name].type) for name in names}
    if raises:
        values["version"] = meetings.c.version + 1
    return update(meetings).where(_THIS).values(values)
