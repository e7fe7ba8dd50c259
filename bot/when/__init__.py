"""Moments in people's own words: "2d", "volgende dinsdag half acht", "1 december 19.30 uur".

What was typed is cut into pieces (`scan`); a language's tables (`language`) tell what each may mean
(`tokens`); one `grammar` for all languages recognises the parts of the `phrase` (`hours`, `spans`,
`days`); and `moment` finds the one moment. What is not wholly understood is refused, never guessed:
a wrong date is worse than a question. What can be meant otherwise is read, but is not `sure`.

What comes back is read by the same tables: `rule_grammar` recognises its parts ("elke eerste maandag van de
maand"), `rules` finds out which `rule` that is, and `rule_words` writes it again. `left_out` reads which days
it does without, of which `belgium` knows those that are holidays.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.errors import UserError
from bot.when.belgium import next_break
from bot.when.grammar import recognise
from bot.when.language import WEEK, Language, Unit
from bot.when.languages import LANGUAGES, languages
from bot.when.left_out import LeftOut, read_left_out
from bot.when.moment import Reading, lasting, resolve
from bot.when.phrase import EARLIEST, Phrase
from bot.when.rule import LAST, Rule, at, dates, fits
from bot.when.rule_words import gaps, in_words
from bot.when.rules import RuleReading, read_rule
from bot.when.scan import Piece, scan
from bot.when.spans import amounts
from bot.when.tokens import Pairs, Unread, could_be_both, tokens
from bot.when.wall import after, between

__all__ = [
    "DAY",
    "LANGUAGES",
    "LAST",
    "WEEK",
    "Language",
    "LeftOut",
    "Reading",
    "Rule",
    "RuleReading",
    "Unit",
    "after",
    "at",
    "between",
    "dates",
    "fits",
    "gaps",
    "in_reach",
    "in_words",
    "next_break",
    "read",
    "read_left_out",
    "read_length",
    "read_rule",
    "read_span",
]

_LONGEST = 100
_SHOWN = 40
_A_CENTURY = 36_600
_REACH = timedelta(days=_A_CENTURY)


def read(
    words: str, now: datetime, zone: ZoneInfo, locale: str = "nl", *, whole_days: bool = False
) -> Reading:
    """The moment that the words name, still to come, or with `whole_days` a day that is not over.

    Raises: UserError where they name none, or not one.
    """
    words = " ".join(words.split())
    if len(words) > _LONGEST:
        raise UserError("when.unclear", words=words[:_SHOWN] + "…")
    pieces = scan(words)
    for language in languages(locale):
        try:
            reading = _read_in(language, pieces, now, zone, whole_days)
        except Unread as unread:
            # A language that knows all the words is the one that was spoken.
            if unread.key != "when.unclear":
                raise UserError(unread.key, words=words) from None
            continue
        if not in_reach(reading.start, now):
            raise UserError("when.too_far", words=words)
        ends = after(reading.start, Unit(days=1), zone) if reading.whole_day else reading.start
        if ends <= now:
            if reading.whole_day:
                raise UserError("when.past_day", words=words)
            raise UserError("when.past", words=words, at=reading.start)
        return reading
    raise UserError("when.unclear", words=words)


def in_reach(moment: datetime, now: datetime) -> bool:
    """Whether it has a zone and lies within a century of now: what is beyond that nobody means, and the ends
    of the calendar are beyond what can be reckoned with.
    """
    return moment.tzinfo is not None and abs(moment - now) < _REACH


def read_span(words: str, locale: str = "nl") -> Unit | None:
    """A bare length of time up to a century: `2d`, `36h`, `1d 12h`, `2 weken`; None for anything else."""
    if len(words) > _LONGEST:
        return None
    pieces = scan(words)
    for language in languages(locale):
        try:
            phrase = Phrase(tokens(pieces, language, "date"), language)
            length = amounts(phrase)
            if length and not phrase.more() and not length.months:
                return length if length.days + length.seconds // 86_400 < _A_CENTURY else None
        except (Unread, OverflowError):
            continue
    return None


def read_length(words: str, locale: str = "nl") -> Unit | None:
    """The length that is all that the words say: "een maand", "2u"; not "over 2u", which is a moment."""
    if len(words) > _LONGEST:
        return None
    pieces = scan(words)
    for language in languages(locale):
        with suppress(Unread):
            said = recognise(tokens(pieces, language, "date"), language)
            return None if said.within else lasting(said)
    return None


def _read_in(
    language: Language, pieces: Sequence[Piece], now: datetime, zone: ZoneInfo, whole_days: bool
) -> Reading:
    """A pair like "1.12" is a day where the hour is written elsewhere, and otherwise an hour."""

    def read_as(pairs: Pairs) -> Reading:
        said = recognise(tokens(pieces, language, pairs), language)
        reading = resolve(said, now, zone, whole_days=whole_days)
        return reading._replace(bound=said.until or (said.onward and reading.whole_day))

    if not any(map(could_be_both, pieces)):
        return read_as("clock")
    try:
        as_day = read_as("date")
    except Unread as unread:
        as_hour = read_as("clock")
        no_day = unread.key in ("when.no_hour", "when.other_weekday")
        if no_day and as_hour.start.astimezone(zone).hour < EARLIEST:
            raise
        return as_hour._replace(sure=as_hour.sure and unread.key != "when.no_hour")
    with suppress(Unread):
        as_hour = read_as("clock")
        others = [start for start in as_hour.starts if start > now and start not in as_day.starts]
        return as_day._replace(sure=False, others=(*as_day.others, *others))
    return as_day
