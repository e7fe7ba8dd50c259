"""Kinds of things that commands about meetings take: how long one lasts, and how many there is room for."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from bot import when
from bot.commands.argument import Argument, Converters, Extent
from bot.commands.types import CHOICE, NUMBER, WORDS, Asking
from bot.errors import UserError
from bot.features.meetings.records import Way

MOST_ROOM = 10_000
# What people type for none.
NOTHING = "meeting.word.nothing"


MOST_MOMENTS = 5
SOONEST, LATEST = 5 * 60, 60 * 86_400
_BETWEEN = re.compile(r"\s*[,;|]\s*|\s+(?:en|and)\s+")


class Moments(str):
    """When people are reminded: how many seconds before it begins, the first first: "86400 3600"."""


class Room(int):
    """For how many people there is place; 0: for however many."""


def _room(argument: Argument, value: Any, call: Asking) -> Room:
    if isinstance(value, str) and value.strip().casefold() in argument.texts.words(NOTHING):
        return Room(0)
    number = NUMBER.convert(argument, value, call)
    if not 1 <= number <= MOST_ROOM:
        raise UserError("meeting.room.range", most=MOST_ROOM)
    return Room(number)


def _length(argument: Argument, value: Any, call: Asking) -> when.Unit:
    """ "90m", "2 uur", "anderhalf uur" """
    length = when.read_span(str(value), call.locale)
    if length is None or length.months or not (length.days or length.seconds > 0):
        raise UserError("meeting.length", words=str(value)[:40])
    return length


def _moments(argument: Argument, value: Any, call: Asking) -> Moments:
    """ "7d, 1d, 1u"; none where they say so."""
    words = str(value).strip()
    if words.casefold() in argument.texts.words(NOTHING):
        return Moments()
    found = {_before(part, call) for part in _BETWEEN.split(words) if part}
    if not 0 < len(found) <= MOST_MOMENTS:
        raise UserError("meeting.remind.many", most=MOST_MOMENTS)
    return Moments(" ".join(map(str, sorted(found, reverse=True))))


def _before(words: str, call: Asking) -> int:
    length = when.read_span(words, call.locale)
    seconds = length.days * 86_400 + length.seconds if length and not length.months else 0
    if not SOONEST <= seconds <= LATEST:
        raise UserError("meeting.remind.range", words=words[:40])
    return seconds


def keep_moments(moments: str) -> str:
    """As it can be read again."""
    return ", ".join(f"{before} seconds" for before in moments.split()) or "-"


KINDS: Converters = {
    # "ter plaatse" is two words.
    Way: replace(CHOICE, extent=Extent.WORDS),
    Room: replace(NUMBER, convert=_room),
    Moments: replace(WORDS, convert=_moments, keep=keep_moments),
    when.Unit: replace(WORDS, convert=_length, keep=when.Unit.in_words),
}
