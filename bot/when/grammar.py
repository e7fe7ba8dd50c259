"""The parts of a moment, recognised one after the other.

Every word has to belong to a part, and no part may be said twice. Nothing is worked out here:
`Said` holds what the words say, and `moment` finds out which moment that is.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.when.days import date, days_ahead, later, part_of_day, turn_behind, weekday
from bot.when.hours import hours
from bot.when.language import Language
from bot.when.phrase import Phrase, Said
from bot.when.spans import span
from bot.when.tokens import Token, Unread


def recognise(tokens: Sequence[Token], language: Language) -> Said:
    """Raises Unread where a word belongs to no part, or a part comes twice."""
    phrase = Phrase(tokens, language)
    while phrase.token():
        if not any(part(phrase) for part in _PARTS):
            raise Unread
    return phrase.said


def _instant(phrase: Phrase) -> bool:
    """ "2026-12-01T20:00+01:00" """
    instant = phrase.take("instant")
    return instant is not None and phrase.say("instant", instant)


def _filler(phrase: Phrase) -> bool:
    """Words without a meaning of their own. A link needs something behind it."""
    if phrase.take("fillers") is not None:
        return True
    if not phrase.any_of(("links", "until", "since")) or phrase.token(1) is None:
        return False
    phrase.at += 1
    return True


def _dash(phrase: Phrase) -> bool:
    """ "vrijdag 4 december - 20u" """
    if phrase.at == 0 or phrase.means("dash") != "spaced" or phrase.token(1) is None:
        return False
    phrase.at += 1
    return True


# In this order, for a word may mean several things: the 20 of "20u" is no day.
_PARTS = (
    _instant,
    hours,
    span,
    date,
    later,
    weekday,
    turn_behind,
    part_of_day,
    days_ahead,
    _dash,
    _filler,
)
