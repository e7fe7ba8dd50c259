"""The parts of a moment, recognised one after the other.

Every word has to belong to a part, and no part may be said twice. Nothing is worked out here:
`Said` holds what the words say, and `moment` finds out which moment that is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache

from bot.when.days import (
    closing,
    date,
    days_ahead,
    holiday,
    later,
    nth_weekday,
    part_of_day,
    turn_behind,
    weekday,
)
from bot.when.hours import hours
from bot.when.language import Kind, Language
from bot.when.phrase import Phrase, Said
from bot.when.spans import span
from bot.when.tokens import Token, Unread


def recognise(tokens: Sequence[Token], language: Language) -> Said:
    """Raises: Unread where a word belongs to no part, or a part comes twice."""
    phrase = Phrase(tokens, language)
    while phrase.more():
        phrase.said.until |= phrase.any_of(("until", "latest"))
        phrase.said.onward |= phrase.means("since") is not None
        for part in _begun_by(*phrase.meanings[phrase.at]):
            if part(phrase):
                break
        else:
            raise Unread(phrase.means("refused") or "when.unclear")
    return phrase.said


def _instant(phrase: Phrase) -> bool:
    """ "2026-12-01T20:00+01:00" """
    instant = phrase.take("instant")
    return instant is not None and phrase.say("instant", instant)


def _filler(phrase: Phrase) -> bool:
    """Words without a meaning of their own. A link needs something behind it."""
    if phrase.take_any(("fillers", "latest")):
        return True
    if not phrase.any_of(("links", "until", "since")) or not phrase.more(1):
        return False
    phrase.said.deadline |= phrase.means("by") is not None
    phrase.at += 1
    return True


def _dash(phrase: Phrase) -> bool:
    """ "vrijdag 4 december - 20u" """
    if phrase.at == 0 or phrase.means("dash") != "spaced" or not phrase.more(1):
        return False
    phrase.at += 1
    return True


# What the first word of each part can be. In this order, for a word may mean several things: the 20 of
# "20u" is no day.
_PARTS: Mapping[Callable[[Phrase], bool], set[Kind]] = {
    _instant: {"instant"},
    hours: {"at", "until", "number", "clock", "half", "quarter", "noon", "midnight"},
    closing: {"closing", "final"},
    span: {"within", "more", "number", "one"},
    holiday: {"holiday", "ordinal"},
    nth_weekday: {"ordinal", "final"},
    date: {"date", "number", "ordinal", "month"},
    later: {"later"},
    weekday: {"weekday", "next", "coming", "this"},
    turn_behind: {"unit"},
    part_of_day: {"part", "this"},
    days_ahead: {"days_ahead"},
    _dash: {"dash"},
    _filler: {"fillers", "latest", "links", "until", "since"},
}


@cache
def _begun_by(*kinds: Kind) -> Sequence[Callable[[Phrase], bool]]:
    """The parts that a word can be the first of. So few words differ in it that all of them are kept."""
    return [part for part, first in _PARTS.items() if not first.isdisjoint(kinds)]
