"""The words of a phrase, read from left to right, and what they have said so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal, NamedTuple

from bot.when.language import Holiday, Kind, Language, Unit
from bot.when.tokens import Token, Unread

HALF_DAY, WHOLE_DAY = 12 * 60, 24 * 60
# Before this hour nobody means the night, unless they say so: "om 3 uur" is in the afternoon.
EARLIEST = 6


# How much of a day an hour that somebody names leaves open. Open ("8 uur", "half acht"): twelve hours on
# is as good. Written ("8u", "8.30"): as it stands, unless a part of the day is said with it. Fixed: "20u",
# "08:00", "8pm".
Hour = Literal["open", "written", "fixed"]


class Clock(NamedTuple):
    """Minutes since midnight.

    `midnight`: said by that name, which leaves open which end of the day. `meridiem`: am or pm.
    `lasting`: so many minutes where the words alone may as well be a length of time ("2u").
    """

    minutes: int
    hour: Hour
    midnight: bool = False
    meridiem: bool = False
    lasting: int | None = None


@dataclass(slots=True)
class Said:
    """What the words say, each thing at most once. Not `sure`: something can be meant otherwise."""

    instant: datetime | None = None
    start: Clock | None = None
    end: Clock | None = None
    introduced: bool = False  # "om 2u" is no length of time
    part: tuple[int, int] | None = None
    part_of_end: bool = False
    holiday: Holiday | None = None
    nth: tuple[int, int, int | None] | None = None  # the first (-1: last) Monday of this, the next, a month
    closing: tuple[Unit, int] | None = None  # the end of this (0) or the next (1) week, month or year
    deadline: bool = False  # "tegen vrijdag"
    until: bool = False  # "voor vrijdag", "uiterlijk vrijdag 20u"
    onward: bool = False  # "vanaf vrijdag"
    span: Unit | None = None
    within: bool = False  # "over 2 weken", not "2 weken"
    day: int | None = None
    month: int | None = None
    year: int | None = None
    may_be_hour: Clock | None = None  # the 8 of "vrijdag 8", where that is no Friday
    weekday: int | None = None
    days_ahead: int | None = None
    later: int | None = None
    which: str | None = None
    relative_period: tuple[Unit, int] | None = None  # this (0) or the next (1) week, month or year
    # What else it may be: the same in other words of the calendar, found beside what is likelier.
    other_span: Unit | None = None  # "over acht dagen"
    other_date: tuple[int, int] | None = None  # "1/12", the month first
    other_half: bool = False  # "half eight", as its neighbours say it
    other_days: list[date] = field(default_factory=list)
    other_minutes: list[int] = field(default_factory=list)
    sure: bool = True
    names: set[str] = field(default_factory=set)  # of the fields that are said

    def only(self, *names: str) -> bool:
        """Whether these are said and nothing else."""
        return self.names == {*names}

    def names_day(self) -> bool:
        return not self.names.isdisjoint(_DAYS)


_ONE_DAY = ("day", "holiday", "nth", "closing", "month", "year", "weekday", "days_ahead")
_DAYS = (*_ONE_DAY, "span", "later", "which", "relative_period")


_TWICE = {
    **dict.fromkeys(
        ("day", "holiday", "nth", "closing", "month", "year", "weekday", "days_ahead"), "when.two_days"
    ),
    **dict.fromkeys(("start", "end"), "when.two_hours"),
}


# Before the first word and behind the last there is nothing, as far as any part looks.
_NOTHING = (Token({}),) * 4


class Phrase:
    """The words, read from left to right."""

    def __init__(self, tokens: Sequence[Token], language: Language) -> None:
        self.tokens = (*tokens, *_NOTHING)
        self.meanings = [token.means for token in self.tokens]
        self.length = len(tokens)
        self.language = language
        self.at = 0
        self.said = Said()

    def more(self, offset: int = 0) -> bool:
        """Whether a word is left, or so many."""
        return self.at + offset < self.length

    def token(self, offset: int = 0) -> Token:
        return self.tokens[self.at + offset]

    def means(self, kind: Kind, offset: int = 0) -> Any:
        """What the next word (or one further on) means as this; None where it cannot be this."""
        return self.meanings[self.at + offset].get(kind)

    def any_of(self, kinds: Sequence[Kind], offset: int = 0) -> bool:
        return not self.meanings[self.at + offset].keys().isdisjoint(kinds)

    def take(self, kind: Kind) -> Any:
        """The same, and go on to the word after it."""
        meaning = self.meanings[self.at].get(kind)
        if meaning is not None:
            self.at += 1
        return meaning

    def take_any(self, kinds: Sequence[Kind]) -> bool:
        """The same, for a word that can be one or another."""
        found = self.any_of(kinds)
        self.at += found
        return found

    def whole(self, offset: int = 0) -> int | None:
        """The next word as a whole number."""
        number = self.meanings[self.at + offset].get("number")
        return int(number) if number is not None and number == int(number) else None

    def in_figures(self) -> bool:
        return self.token().text.isdecimal()

    def is_padded(self) -> bool:
        return self.token().text.startswith("0")

    def say(self, name: str, meaning: Any) -> bool:
        if name in self.said.names:
            raise Unread(_TWICE.get(name, "when.unclear"))
        self.said.names.add(name)
        setattr(self.said, name, meaning)
        return True

    def doubt(self) -> None:
        self.said.sure = False

    def back(self, at: int) -> bool:
        self.at = at
        return False
