"""The words of a phrase, read from left to right, and what they have said so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from bot.when.language import Kind, Language, Unit
from bot.when.tokens import Token, Unread

HALF_DAY, WHOLE_DAY = 12 * 60, 24 * 60
# Before this hour nobody means the night, unless they say so: "om 3 uur" is in the afternoon.
EARLIEST = 6


class Hour(Enum):
    """How much of a day an hour that somebody names leaves open."""

    OPEN = 1  # "8 uur", "half acht": twelve hours on is as good
    WRITTEN = 2  # "8u", "8.30": as it stands, unless a part of the day is said with it
    FIXED = 3  # "20u", "08:00", "8pm"


@dataclass(frozen=True, slots=True)
class Clock:
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
    led: bool = False  # "om 2u" is no length of time
    part: tuple[int, int] | None = None
    part_of_end: bool = False
    span: Unit | None = None
    within: bool = False  # "over 2 weken", not "2 weken"
    day: int | None = None
    month: int | None = None
    year: int | None = None
    weekday: int | None = None
    ahead: int | None = None
    later: int | None = None
    which: str | None = None
    turn: tuple[Unit, int] | None = None  # this (0) or the next (1) week, month or year
    sure: bool = True

    def only(self, *names: str) -> bool:
        """Whether these are said and nothing else."""
        return all((getattr(self, name) is not None) == (name in names) for name in _THINGS)

    def names_day(self) -> bool:
        return any(getattr(self, name) is not None for name in _DAYS)


_DAYS = ("span", "day", "month", "year", "weekday", "ahead", "later", "which", "turn")
_THINGS = ("instant", "start", "end", "part", *_DAYS)


_TWICE = {
    **dict.fromkeys(("day", "month", "year", "weekday", "ahead"), "when.two_days"),
    **dict.fromkeys(("start", "end"), "when.two_hours"),
}


class Phrase:
    """The words, read from left to right."""

    def __init__(self, tokens: Sequence[Token], language: Language) -> None:
        self.tokens = tokens
        self.length = len(tokens)
        self.language = language
        self.at = 0
        self.said = Said()

    def token(self, ahead: int = 0) -> Token | None:
        where = self.at + ahead
        return self.tokens[where] if 0 <= where < self.length else None

    def means(self, kind: Kind, ahead: int = 0) -> Any:
        """What the next word (or one further on) means as this; None where it cannot be this."""
        where = self.at + ahead
        return self.tokens[where].means.get(kind) if 0 <= where < self.length else None

    def any_of(self, kinds: Sequence[Kind], ahead: int = 0) -> bool:
        token = self.token(ahead)
        return token is not None and not token.means.keys().isdisjoint(kinds)

    def take(self, kind: Kind) -> Any:
        """The same, and go on to the word after it."""
        meaning = self.means(kind)
        if meaning is not None:
            self.at += 1
        return meaning

    def whole(self, ahead: int = 0) -> int | None:
        """The next word as a whole number."""
        number = self.means("number", ahead)
        return int(number) if number is not None and number == int(number) else None

    def in_figures(self) -> bool:
        token = self.token()
        return token is not None and token.text.isdecimal()

    def is_padded(self) -> bool:
        token = self.token()
        return token is not None and token.text.startswith("0")

    def say(self, thing: str, meaning: Any) -> bool:
        if getattr(self.said, thing) is not None:
            raise Unread(_TWICE.get(thing, "when.unclear"))
        setattr(self.said, thing, meaning)
        return True

    def doubt(self) -> None:
        self.said.sure = False

    def back(self, at: int) -> bool:
        self.at = at
        return False
