"""Meetings, and what people answered."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Select,
    String,
    Table,
    Text,
    and_,
    bindparam,
    delete,
    exists,
    false,
    func,
    insert,
    null,
    or_,
    select,
    true,
    update,
)

from bot.features.meetings.records import MEETINGS, PLACES, Answer, Figures, Meeting, Plan, Way
from storage.among import among
from storage.batch import Loader
from storage.leavers import Leavers, LeaversTable
from storage.numbers import next_number
from storage.parts import Parts, Stored
from storage.tables import STAYS, Holds, Moment, Number, members, of_community, own_tables, residents, themes

TABLES = own_tables()

meetings = Table(
    "meetings",
    TABLES,
    # People say "meeting 3", and mean their own community's.
    of_community(key=True),
    Column("id", Number, primary_key=True, autoincrement=False),
    Column("theme", ForeignKey(themes.c.id), nullable=False),
    # Nobody's any more, where whoever planned it was forgotten.
    Column("organiser", ForeignKey(residents.c.id), index=True),
    Column("title", String, nullable=False),
    Column("starts_at", Moment, nullable=False),
    Column("ends_at", Moment, nullable=False),
    Column("place", String),
    Column("link", String),
    Column("about", Text),
    Column("room", Integer),
    Column("online_room", Integer),
    # How many seconds before it begins people are reminded: "86400 3600".
    Column("remind", String, nullable=False),
    Column("state", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("why", Text),
    Column("moved_from", Moment),
    # What those who come were told last, as JSON.
    Column("told", Text, nullable=False),
    # An account left somebody who answered, and is kept out of it (see leavers.py).
    Column("was_left", Boolean, nullable=False, server_default=false()),
    # Of one that comes back: which of a series, and the day on which its rule has it.
    Column("series", Number),
    Column("day", String),
    Column("by_hand", Boolean, nullable=False, server_default=false()),
    Column("announced", Boolean, nullable=False, server_default=true()),
    Column("expanded", Boolean, nullable=False, server_default=true()),
    Column("asked", Boolean, nullable=False, server_default=false()),
    Index("ix_meetings_theme_state", "theme", "state", "starts_at"),
    Index("ix_meetings_series_starts_at", "community", "series", "starts_at"),
)


def _of_meeting() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["community", "meeting"], [meetings.c.community, meetings.c.id])


# What somebody said of a meeting. One without a resident is of whoever has no account, by the name that an
# organiser gave; or of somebody who was forgotten, in what was held.
answers = Table(
    "answers",
    TABLES,
    Column("id", Number, primary_key=True),
    of_community(),
    Column("meeting", Number, nullable=False),
    Column("resident", ForeignKey(residents.c.id), index=True),
    Column("name", String),
    Column("way", String, nullable=False),
    Column("seat", String),
    Column("since", Moment, nullable=False),
    Column("said_at", Moment, nullable=False),
    # The place that they were told of last.
    Column("known", String),
    Column("party", Integer, nullable=False),
    Column("shown", Boolean, nullable=False),
    _of_meeting(),
    # To what is to come each has one answer; who was two people when a meeting was held has both.
    Index("ix_answers_meeting_resident", "community", "meeting", "resident"),
    sqlite_autoincrement=True,
)

# Which accounts are kept out of a meeting to come, as marks of them; who answered with them.
meeting_leavers = Table(
    "meeting_leavers",
    TABLES,
    of_community(key=True),
    Column("meeting", Number, primary_key=True),
    Column("account", String, primary_key=True, info=Holds.MARK.info),
    Column("holder", ForeignKey(residents.c.id), index=True, info={STAYS: True}),
    _of_meeting(),
    sqlite_with_rowid=False,
)

_IS_PLANNED = meetings.c.state == "planned"
# Of a series only those that people see already.
_IS_SEEN = and_(_IS_PLANNED, meetings.c.announced)
# What was cancelled may come after all.
_IS_NOT_OVER = meetings.c.state != "held"
# An answer to what is to come stays with whoever gave it, where an account leaves them.
_TO_COME = exists().where(meetings.c.id == answers.c.meeting, _IS_NOT_OVER)
answers.c.resident.info[STAYS] = _TO_COME

_LEAVERS = LeaversTable(
    meeting_leavers.c.meeting,
    meetings.c.id,
    _IS_NOT_OVER,
    select(answers.c.meeting)
    .join(meetings, meetings.c.id == answers.c.meeting)
    .where(answers.c.resident == bindparam("id_"), _IS_NOT_OVER)
    .order_by(answers.c.meeting),
)

_SHOWN = [column for column in meetings.c if column.name not in ("community", "was_left")]
_FLAGS = ("by_hand", "announced", "expanded", "asked")
_MEETINGS = select(*_SHOWN)
_THERE = among(meetings.c.theme, "themes_")
_FIRST = (meetings.c.starts_at, meetings.c.id)
_LAST = (meetings.c.starts_at.desc(), meetings.c.id.desc())
_MOST: BindParameter[int] = bindparam("most_")
_COMING = _MEETINGS.where(_THERE, _IS_SEEN).order_by(*_FIRST).limit(_MOST)
_ALL_COMING = _MEETINGS.where(_THERE, _IS_PLANNED).order_by(*_FIRST)
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
_PLANNED_BY = select(meetings).where(meetings.c.organiser == _WHO).order_by(meetings.c.id)
_ADD = insert(meetings)
_THIS = meetings.c.id == bindparam("meeting_")
_WAS_LEFT = select(meetings.c.was_left).where(_THIS)
_HOLD = update(meetings).where(_THIS, _IS_PLANNED).values(state="held")
_LEAVE = update(meetings).where(_THIS).values(was_left=True)

_GIVEN = [column for column in answers.c if column.name != "community"]
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
_AFTER = _ANSWERS.where(_HERE, answers.c.id > bindparam("after_")).order_by(answers.c.id).limit(_MOST)
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
_OWN_MOMENTS = (
    select(residents.c.remind_before)
    .distinct()
    .join(answers, residents.c.id == answers.c.resident)
    .where(_HERE, residents.c.remind_before.is_not(None))
)
_ANSWERED_BY = select(answers).where(answers.c.resident == _WHO).order_by(answers.c.since, answers.c.id)
_TO_COME_BY = _ANSWERED_BY.where(_TO_COME)
_FIGURES = (
    select(answers.c.way, answers.c.seat, func.sum(answers.c.party))
    .where(_HERE)
    .group_by(answers.c.way, answers.c.seat)
)
_ANSWER = insert(answers).returning(answers.c.id)
_CHANGED = ("way", "seat", "since", "said_at", "known", "party", "shown")
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
    for column in (meetings.c.organiser, answers.c.resident)
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
_DROP_OF = delete(answers).where(answers.c.resident == _WHO, _TO_COME)
_NOBODYS = (
    update(answers).where(answers.c.resident == _WHO).values(resident=null(), shown=False),
    update(meetings).where(meetings.c.organiser == _WHO).values(organiser=null()),
)


def shown_meetings() -> Select[Any]:
    """All meetings, as `read_meeting` reads them."""
    return _MEETINGS


def read_meeting(*values: Any) -> Meeting:
    """What a row of these is."""
    fields = dict(zip([column.name for column in _SHOWN], values, strict=True))
    return Meeting(**{**fields, **{name: bool(fields[name]) for name in _FLAGS}})


def _answer(*values: Any) -> Answer:
    fields = dict(zip([column.name for column in _GIVEN], values, strict=True))
    seat, known = (Way(way) if (way := fields[name]) else None for name in ("seat", "known"))
    read = {"way": Way(fields["way"]), "seat": seat, "known": known, "shown": bool(fields["shown"])}
    return Answer(**{**fields, **read})


_MEETING = Loader(_MEETINGS, by=[meetings.c.id], make=read_meeting)
_ANSWER_OF = Loader(
    # Of what was held somebody may have two: this is the last.
    _ANSWERS.order_by(answers.c.said_at.desc(), answers.c.id.desc()),
    by=[answers.c.meeting, answers.c.resident],
    make=_answer,
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

    def themes(self) -> Collection[int]:
        return set(self._db.execute(_THEMES).scalars())

    def coming(self, among: Collection[int], most: int) -> Sequence[Meeting]:
        return self._listed(_COMING, themes_=sorted(among), most_=most)

    def all_coming(self, theme: int) -> Sequence[Meeting]:
        return self._listed(_ALL_COMING, themes_=[theme])

    def latest(self, among: Collection[int], most: int) -> Sequence[Meeting]:
        return self._listed(_LATEST, themes_=sorted(among), most_=most)

    def held(self, theme: int, most: int) -> Sequence[Meeting]:
        return self._listed(_HELD, theme_=theme, most_=most)

    def of(self, resident: int, now: datetime, most: int) -> Sequence[Meeting]:
        return self._listed(_OF, resident_=resident, now_=now, most_=most)

    def planned_by(self, resident: int) -> Sequence[Mapping[str, Any]]:
        return [row._asdict() for row in self._db.execute(_PLANNED_BY, {"resident_": resident})]

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
        self._db.execute(_DROP_CANCELLED, {"meeting_": meeting})
        self._leavers.over(meeting)

    def note(self, meeting: int, notes: Mapping[str, Any]) -> None:
        values = {f"{name}_": value for name, value in notes.items()}
        self._db.execute(_changing(tuple(notes), raises=False), {"meeting_": meeting, **values})

    # --- answers ---

    def figures(self, meeting: int) -> Figures:
        rows = self._db.execute(_FIGURES, {"meeting_": meeting})
        return Figures({(Way(way), Way(seat) if seat else None): int(count) for way, seat, count in rows})

    def answer(self, meeting: int, resident: int) -> Answer | None:
        return self._db.get(_ANSWER_OF, meeting, resident)

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

    def own_moments(self, meeting: int) -> Collection[int]:
        found = self._db.execute(_OWN_MOMENTS, {"meeting_": meeting}).scalars()
        return {int(before) for moments in found for before in moments.split()}

    def _given(self, statement: Any, **values: Any) -> Sequence[Answer]:
        return [_answer(*row) for row in self._db.execute(statement, values)]

    def keep(self, answer: Answer) -> int:
        changes = {name: _written(getattr(answer, name)) for name in _CHANGED}
        if answer.id:
            values = {f"{name}_": value for name, value in changes.items()}
            self._db.execute(_CHANGE, {"id_": answer.id, **values})
            return answer.id
        whose = {"meeting": answer.meeting, "resident": answer.resident, "name": answer.name}
        found: int = self._db.execute(_ANSWER, {**whose, **changes}).scalar_one()
        return found

    def drop(self, answer: Answer) -> None:
        self._drop(answer.id)

    def _drop(self, answer: int) -> None:
        self._db.execute(_DROP, {"id_": answer})

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
            # Where an account of theirs answered with somebody else, they have no answer beside that one.
            if beside := self.answer(meeting, new):
                self.drop(beside)
        return set(by_meeting)

    def _join(self, given: Sequence[Mapping[str, Any]]) -> None:
        """The last one stands; what both said alike they keep since the first, with the place of either."""
        *earlier, last = given
        for answer in earlier:
            self._drop(answer["id"])
            if answer["way"] == last["way"]:
                seat = answer["seat"] if answer["party"] >= last["party"] else last["seat"]
                joined = {"seat": last["seat"] or seat, "since": min(last["since"], answer["since"])}
                if seat == last["way"]:
                    joined["seat"] = seat
                kept = {name: last[name] for name in _CHANGED} | joined
                self._db.execute(_CHANGE, {"id_": last["id"], **{f"{k}_": v for k, v in kept.items()}})

    def forget(self, resident: int) -> Collection[int]:
        theirs = self._held(_ANSWERED_BY, resident)
        self._leavers.forget(resident)
        self._db.execute(_DROP_OF, {"resident_": resident})
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
        for meeting in self._leavers.part(resident, new):
            self._db.execute(_LEAVE, {"meeting_": meeting})
        return set(self._db.execute(_HIDE, {"resident_": resident}).scalars())

    def keeps_out(self, meeting: int, resident: int) -> bool:
        was_left = self._db.execute(_WAS_LEFT, {"meeting_": meeting}).scalar()
        return bool(was_left) and self._leavers.keeps_out(meeting, resident)

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
