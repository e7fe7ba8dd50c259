"""What a meeting is, who comes and how; what one that comes back is; and what these need kept."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, NamedTuple, Protocol
from zoneinfo import ZoneInfo

from bot import when
from bot.errors import UserError
from bot.model.message import Text, text
from bot.model.people import Wishes
from bot.ports.storage import StoreKey

SUBJECT = "meeting"
# No meeting is longer.
LONGEST = timedelta(hours=24)
# Whoever comes brings so many others at most.
MOST_GUESTS = 9


class Way(StrEnum):
    """How somebody answers: where they will be, if they come."""

    ON_SITE = "on-site"
    ONLINE = "online"
    MAYBE = "maybe"
    NO = "no"


# Those that take a place.
PLACES = (Way.ON_SITE, Way.ONLINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is settled when a meeting is planned; by nobody, once whoever did was forgotten.

    `worded_by` is who gave it the words that it has, last; nobody, once they were forgotten.
    `remind`: how many seconds before it begins people are reminded, the first first: "86400 3600".
    `series`: of one that comes back, and then `day` is the one on which its rule has it, whenever it is now.
    `place` is where it is in person, `link` where it is online; there is at least one of them. `room` and
    `online_room` are for how many people there is place; None: for however many.
    """

    theme: int
    organiser: int | None
    title: str
    starts_at: datetime
    ends_at: datetime
    place: str | None = None
    link: str | None = None
    about: str | None = None
    room: int | None = None
    online_room: int | None = None
    remind: str = ""
    series: int | None = None
    day: str | None = None
    worded_by: int | None = None

    @property
    def moments(self) -> Sequence[int]:
        """How many seconds before it begins people are reminded."""
        return [int(before) for before in self.remind.split()]

    @property
    def ways(self) -> Sequence[Way]:
        """The ways in which one can be there."""
        return [way for way, where in ((Way.ON_SITE, self.place), (Way.ONLINE, self.link)) if where]

    def room_for(self, way: Way) -> int | None:
        """For how many people there is place that way; None: for however many."""
        return self.room if way is Way.ON_SITE else self.online_room


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting(Plan):
    """`state` is planned, held or cancelled, and then `why` says for what reason. `version` is raised by each
    change.

    `moved_from`: when it was to begin, until it was moved. `told`: when and where it is, and its state, as
    those who come were told last; and who changed it since.

    Of a series: `by_hand`, it was changed by itself, and stays so where the others are changed; `announced`,
    it is shown in the theme; `expanded`, who answers each of them has an answer here. `asked`: so were those
    who did not answer. `was_left`: by an account of somebody who answered.
    """

    id: int
    state: str = "planned"
    version: int = 1
    why: str | None = None
    moved_from: datetime | None = None
    told: str = ""
    by_hand: bool = False
    announced: bool = True
    expanded: bool = True
    asked: bool = False
    was_left: bool = False

    def has_begun(self, at: datetime) -> bool:
        return self.starts_at <= at

    def is_over(self, at: datetime) -> bool:
        return self.ends_at <= at

    def takes_answers(self, at: datetime) -> bool:
        return self.state == "planned" and not self.has_begun(at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What somebody said of a meeting. `party` counts them and whom they bring.

    `seat` is the way in which they have a place: where that is not `way`, they wait for one since `since`.
    `known` is the place that they were told of last, and `said_at` when they said so, the last time.
    `resident` is None of whoever has no account: that is `name`, for whom an organiser answered. `shown`:
    others may see that they come. `for_them`: an organiser said so last, for who has an account.
    """

    id: int
    meeting: int
    resident: int | None
    way: Way
    seat: Way | None
    since: datetime
    said_at: datetime
    known: Way | None = None
    party: int = 1
    shown: bool = False
    name: str | None = None
    for_them: bool = False

    @property
    def waits(self) -> bool:
        return self.way in PLACES and self.seat is not self.way


@dataclass(frozen=True, slots=True)
class Figures:
    """How many people said what of a meeting: by their way, and where they have a place."""

    people: Mapping[tuple[Way, Way | None], int]

    def said(self, way: Way) -> int:
        """How many answered that way, with a place or without."""
        return sum(count for (said, _), count in self.people.items() if said is way)

    def taken(self, way: Way) -> int:
        """How many have a place that way."""
        return sum(count for (_, seat), count in self.people.items() if seat is way)

    def waiting(self, way: Way) -> int:
        """How many wait for a place that way."""
        return sum(count for (said, seat), count in self.people.items() if said is way and seat is not way)

    @property
    def waits(self) -> bool:
        """Whether anybody waits for a place."""
        return any(seat is not said and said in PLACES for said, seat in self.people)

    @property
    def coming(self) -> int:
        return sum(count for (_, seat), count in self.people.items() if seat)


class MeetingStore(Protocol):
    """What meetings need kept."""

    def add(self, plan: Plan, told: str, *, announced: bool = True) -> Meeting:
        """One that is not announced yet is of a series, and nobody's answer to all of them stands there."""
        ...

    def get(self, meeting: int) -> Meeting | None:
        """The meeting, held until the transaction ends."""
        ...

    def hold(self, meeting: Meeting) -> Meeting | None:
        """One that was listed just now, held until the transaction ends, as it is then."""
        ...

    def themes(self) -> Collection[int]:
        """In which any meeting was planned."""
        ...

    def coming(self, among: Collection[int], most: int) -> Sequence[Meeting]:
        """Those of these themes that are planned and announced, the first to begin first."""
        ...

    def all_coming(self, theme: int) -> Sequence[Meeting]:
        """All of a theme that are planned, also those of a series that nobody sees yet."""
        ...

    def coming_after(self, after: int, now: datetime, most: int) -> Sequence[Meeting]:
        """Those of all themes that are announced and begin later than now, from the next after that number
        on.
        """
        ...

    def latest(self, among: Collection[int], most: int) -> Sequence[Meeting]:
        """All of these themes that were announced, those that begin last first."""
        ...

    def held(self, theme: int, most: int) -> Sequence[Meeting]:
        """Those of a theme that took place, the latest first."""
        ...

    def of(self, resident: int, now: datetime, most: int) -> Sequence[Meeting]:
        """Those that they planned or answered and that are not over, also cancelled; the first first."""
        ...

    def standing(self, organiser: int) -> Mapping[int, datetime]:
        """Those that they planned and that are still to be held, with when each is over."""
        ...

    def planned_by(self, resident: int) -> Sequence[Mapping[str, Any]]:
        """All that is kept of what they planned or worded."""
        ...

    def change(self, meeting: int, changes: Mapping[str, Any]) -> None:
        """Fields of a meeting, by their names; its version is one more than it was."""
        ...

    def end(self, meeting: int) -> None:
        """Its time is over: it was held, where it was planned. Of whoever has no account the name goes."""
        ...

    def settle(self, meeting: int) -> None:
        """Nobody has a say in it any more: not in how it was, either."""
        ...

    def note(self, meeting: int, notes: Mapping[str, Any]) -> None:
        """Fields of which nobody hears, by their names: what those who come were told last, for example."""
        ...

    def figures(self, meeting: int) -> Figures: ...

    def answer(self, meeting: int, resident: int) -> Answer | None:
        """What they said of it last."""
        ...

    def untold(self, meeting: int, most: int) -> Sequence[Answer]:
        """Those who have a place that they were not told of, the first first."""
        ...

    def waiting(self, meeting: int) -> Sequence[Answer]:
        """Those who wait for a place, in the order in which they chose their way."""
        ...

    def for_others(self, meeting: int) -> Sequence[Answer]:
        """What organisers said for those who have no account."""
        ...

    def shown(self, meeting: int, most: int) -> Sequence[Answer]:
        """Of those who come and want that to be seen."""
        ...

    def answers(self, meeting: int, most: int) -> Sequence[Answer]:
        """What was said of it, the first first."""
        ...

    def answered_by(self, resident: int) -> Sequence[Mapping[str, Any]]:
        """All that is kept of their answers."""
        ...

    def answered_after(self, meeting: int, after: int, most: int) -> Sequence[Answer]:
        """Answers in the order of whose they are, from the next after that resident on."""
        ...

    def unanswered(self, meeting: int, theme: int, after: int, most: int) -> Sequence[int]:
        """Residents who take part in that theme, want to be reminded and said nothing of it, from the next
        after that number on.
        """
        ...

    def reminded_after(self, meeting: int, after: int, most: int) -> Sequence[Answer]:
        """The same, of those who may come and want to be reminded when others are."""
        ...

    def own_after(self, meeting: int, after: int, most: int) -> Sequence[Answer]:
        """The same, of those who want that at moments of their own."""
        ...

    def own_wishes(self, meeting: int) -> Collection[Wishes]:
        """When any who answered want to be reminded, and by which clocks, where that is not as others do."""
        ...

    def keep(self, answer: Answer, before: Answer | None = None) -> int:
        """The answer as it is from now on, and as it was; its number. A new one has the number 0."""
        ...

    def drop(self, answer: Answer) -> None: ...

    def merge(self, old: int, new: int) -> Collection[int]:
        """Two residents turn out to be one person, who has the later of their answers to a meeting to come,
        and both to one that was held.

        The meetings to come that either of them answered.
        """
        ...

    def part(self, resident: int, new: int) -> Collection[int]:
        """Accounts of a resident are a new one's: that one is kept out of the meetings that the resident
        answered or checked in at, until it was said how they were, and so is whoever these accounts are with
        later.

        The resident is seen to come there no more, as either may have said so. The meetings where they were.
        """
        ...

    def keep_out(self, resident: int) -> None:
        """Who is about to be forgotten checked in at these, and is counted there: they are not anew, if they
        come back.
        """
        ...

    def outside(self, resident: int) -> Sequence[int]:
        """The meetings in which an account of theirs has its say with somebody else, until it was said how
        they were.
        """
        ...

    def keeps_out(self, meeting: Meeting, resident: int) -> bool:
        """Whether an account of theirs has its say there with somebody whom it left, or as whoever was
        forgotten.
        """
        ...

    def held_by(self, resident: int) -> Sequence[tuple[int, str]]:
        """The meetings that they answered with an account which left them; its mark."""
        ...

    def forget(self, resident: int) -> Collection[int]:
        """Their answers go where a meeting is to come; of what was held the figures stay, as nobody's. So
        do the meetings that they planned. Those of which they had an answer.
        """
        ...


MEETINGS: StoreKey[MeetingStore] = StoreKey("meetings")


# --- meetings that come back ---

# So many of one series are to come at most, and as many fall in a year.
MOST = 104
# And of all series of a theme together: five that take place twice a week, or ten each week.
MOST_IN_THEME = 520
YEAR = timedelta(days=366)
# What each meeting of a series begins with, unless it is changed by hand.
WORDS = ("title", "place", "link", "about", "why")
LIKE = ("title", "place", "link", "about", "room", "online_room", "remind")


NOTHING = when.LeftOut()


class Occurrence(NamedTuple):
    """A day on which a series falls: when the meeting begins, or why there is none."""

    day: date
    start: datetime | None
    why: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrence:
    """When a series takes place: by its rule from the `first` day on, at that time on the clocks of its zone,
    until that day (None: without end), but for what is left out.
    """

    rule: when.Rule
    wall: time
    zone: ZoneInfo
    first: date
    until: date | None = None
    left_out: when.LeftOut = NOTHING

    @property
    def a_year_later(self) -> date:
        """The same day of the next year, or the one after it."""
        leap = (self.first.month, self.first.day) == (2, 29)
        return date(self.first.year + 1, 3, 1) if leap else self.first.replace(year=self.first.year + 1)

    @property
    def is_too_often(self) -> bool:
        """Whether more of it fall in a year than there may: twice a week is not."""
        end = self.first + timedelta(weeks=MOST // 2)
        return sum(each.day < end for each in self.within_a_year()) > MOST

    def occurrences(self) -> Iterator[Occurrence]:
        """Its days, the first first, also those on which there is no meeting."""
        for day in when.dates(self.rule, self.first):
            if self.until and day > self.until:
                return
            if why := self.left_out.why(day):
                yield Occurrence(day, None, why)
                continue
            try:
                yield Occurrence(day, when.at(day, self.wall, self.zone))
            except UserError:
                yield Occurrence(day, None, text("meeting.series.no_such_hour"))

    def within_a_year(self) -> Sequence[Occurrence]:
        """Those of its first year; one more than there may be where there are too many."""
        found: list[Occurrence] = []
        for occurrence in self.occurrences():
            if occurrence.day >= self.a_year_later or len(found) > 2 * MOST:
                break
            found.append(occurrence)
        return found

    def begun_by(self, day: date, wall: time) -> Recurrence:
        """The same shape of rule, of which that day is the first. Raises: UserError where there is none."""
        return Recurrence(
            rule=_on(self.rule, day),
            wall=wall,
            zone=self.zone,
            first=day,
            until=self.until,
            left_out=self.left_out,
        )


def _on(rule: when.Rule, day: date) -> when.Rule:
    """The rule as it is where it falls on another day: each first Tuesday instead of each first Monday.

    Raises: UserError where it falls on several weekdays, which move together or not at all.
    """
    if when.fits(rule, day):
        return rule
    weekday = day.weekday()
    if rule.unit == "weeks":
        if len(rule.weekdays) > 1:
            raise UserError("meeting.series.weekdays", rule=when.in_words(rule))
        return when.Rule.weekly(weekday, every=rule.every)
    month = day.month if rule.unit == "years" else 0
    if rule.nth:
        nth = rule.nth if rule.nth > 0 else when.LAST
        same = when.Rule(unit=rule.unit, every=rule.every, nth=nth, weekdays=(weekday,), month=month)
        if when.fits(same, day):
            return same
        nth = (day.day - 1) // 7 + 1
        return when.Rule(unit=rule.unit, every=rule.every, nth=nth, weekdays=(weekday,), month=month)
    return when.Rule(unit=rule.unit, every=rule.every, day=day.day, month=month)


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A meeting that comes back: its recurrence, and what each of them begins with.

    `made_to` is the last day for which a meeting was made, or left out. `going`: more of them are made.
    `organiser` is None once whoever planned it was forgotten, and `worded_by`, who worded it last, alike.
    """

    id: int
    theme: int
    organiser: int | None
    recurrence: Recurrence
    lasts: timedelta
    like: Mapping[str, Any]
    made_to: date | None = None
    going: bool = True
    worded_by: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How somebody answers every meeting of a series that is to come."""

    resident: int
    way: Way
    said_at: datetime
    party: int = 1
    shown: bool = False


class SeriesStore(Protocol):
    """What series need kept; their meetings are kept with the others."""

    def add(self, series: Series) -> Series:
        """Its number is the next."""
        ...

    def get(self, series: int) -> Series | None: ...

    def hold(self, series: int) -> Series | None:
        """The same, held until the transaction ends."""
        ...

    def change(self, series: Series) -> None:
        """As it is from now on."""
        ...

    def meetings(self, series: int, since: datetime) -> Sequence[Meeting]:
        """Its meetings that begin after that moment, whatever became of them, the first first."""
        ...

    def among(self, themes: Collection[int]) -> Sequence[int]:
        """Those of these themes that go on."""
        ...

    def coming(self, theme: int) -> int:
        """How many meetings of the series of a theme are to come, all together."""
        ...

    def standing(self, series: int) -> Sequence[Standing]:
        """How people answer each of its meetings, who said so first comes first."""
        ...

    def standing_after(self, series: int, after: int, most: int) -> Sequence[Standing]:
        """The same, in the order of whose they are, from the next after that resident on."""
        ...

    def stand(self, series: int, answer: Standing) -> None:
        """They answer so from now on."""
        ...

    def of(self, resident: int) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        """All that is kept of them: by table, the series that they planned and how they answer others."""
        ...

    def merge(self, old: int, new: int) -> None:
        """Two residents are one person, who answers as was said last."""
        ...

    def forget(self, resident: int) -> None: ...


SERIES: StoreKey[SeriesStore] = StoreKey("series")
