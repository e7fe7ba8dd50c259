"""Series: a meeting that comes back. What is kept of one, and which days it falls on."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple, Protocol
from zoneinfo import ZoneInfo

from bot import when
from bot.errors import UserError
from bot.features.meetings.records import Meeting, Way
from bot.model.message import Text
from bot.ports.storage import StoreKey

# So many of one series are to come at most, and as many fall in a year.
MOST = 104
YEAR = timedelta(days=366)
# What each meeting of a series begins with, unless it is changed by hand.
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
            except UserError as no_such_hour:
                yield Occurrence(day, None, no_such_hour.text)

    def within_a_year(self) -> Sequence[Occurrence]:
        """Those of its first year; one more than there may be where there are too many."""
        found: list[Occurrence] = []
        for occurrence in self.occurrences():
            if occurrence.day >= self.first + YEAR or len(found) > 2 * MOST:
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
    `organiser` is None once whoever planned it was forgotten.
    """

    id: int
    theme: int
    organiser: int | None
    recurrence: Recurrence
    lasts: timedelta
    like: Mapping[str, Any]
    made_to: date | None = None
    going: bool = True


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

    def standing(self, series: int) -> Sequence[Standing]:
        """How people answer each of its meetings, who said so first comes first."""
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
