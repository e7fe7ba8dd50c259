"""Kinds of things that commands about meetings take: how long one lasts, and how many there is room for."""

from __future__ import annotations

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
    length = when.read_length(str(value), call.locale)
    if length is None or length.months or not (length.days or length.seconds > 0):
        raise UserError("meeting.length", words=str(value)[:40])
    return length


KINDS: Converters = {
    # "ter plaatse" is two words.
    Way: replace(CHOICE, extent=Extent.WORDS),
    Room: replace(NUMBER, convert=_room),
    when.Unit: replace(WORDS, convert=_length, keep=when.Unit.in_words),
}
