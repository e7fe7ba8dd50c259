"""How long an item takes, as people type it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

from bot import when
from bot.commands.argument import Argument, Converters
from bot.commands.types import WORDS, Asking
from bot.errors import UserError

# In the last so many words of an item it is looked for how long it takes.
_WORDS_OF_LENGTH = 2
LONGEST = 180


class Minutes(int):
    """How many minutes an item takes."""


def _minutes(argument: Argument, value: Any, call: Asking) -> Minutes:
    """ "10m", "een kwartier", "10" """
    words = str(value).strip()
    length = when.read_span(f"{words} m" if words.isdecimal() else words, call.locale)
    if length is None or length.months:
        raise UserError("agenda.length.unread", words=words[:40])
    minutes = length.days * 1440 + length.seconds // 60
    if not 1 <= minutes <= LONGEST:
        raise UserError("agenda.length.range", hours=LONGEST // 60)
    return Minutes(minutes)


def keep_minutes(minutes: int) -> str:
    """As it can be read again."""
    return f"{int(minutes)}m"


def split_length(words: str, locale: str) -> tuple[str, str] | None:
    """Of "Verlichting pad 10m" what is to be spoken of, and how long that takes; None: no length ends it."""
    said = words.split()
    for count in range(min(_WORDS_OF_LENGTH, len(said) - 1), 0, -1):
        called, length = " ".join(said[:-count]), " ".join(said[-count:])
        with suppress(ValueError):
            if not length.isdecimal() and when.read_span(length, locale):
                return called, length
    return None


KINDS: Converters = {Minutes: replace(WORDS, convert=_minutes, keep=keep_minutes)}
