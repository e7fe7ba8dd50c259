"""The parts of a repetition, recognised one after the other, as those of a moment are.

Hours and dates are read by what reads them in a moment; `Repeated` holds what else the words say. Nothing
is decided here: `rules` finds out which rule that is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.when.days import date
from bot.when.hours import hours
from bot.when.language import DAY, WEEK, YEAR, Kind, Language, Unit
from bot.when.phrase import Phrase, Said
from bot.when.rule import LAST
from bot.when.tokens import Token, Unread

_LINKS: Sequence[Kind] = ("links", "article")
_BEHIND_EVERY: Sequence[Kind] = (
    *_LINKS,
    *(
        "weekday",
        "each_weekday",
        "workdays",
        "ordinal",
        "final",
        "number",
        "date",
        "month",
        "holiday",
        "part",
    ),
)
# From here on nobody counts weekdays of a month.
_MOST_WEEKDAYS = 5


@dataclass(slots=True)
class Repeated:
    """What the words say. `moment` is what they say beside that, of an hour and of a date."""

    moment: Said
    comes_back: bool = False  # "elke", "wekelijks", "dinsdags", "per maand"
    every: list[int] = field(default_factory=list)  # of this many units, the likeliest first
    unit: Unit | None = None
    within: Unit | None = None  # "van de maand": in each of these
    weekdays: list[int] = field(default_factory=list)
    nths: list[tuple[int, int | None]] = field(default_factory=list)  # with its weekday; None: a day
    counted: bool = False  # "elke tweede dinsdag"
    nth_week: bool = False  # "elke tweede week op dinsdag"
    of_period: bool = False  # "eerste maandag van het kwartaal"
    times: int | None = None  # "2 keer per maand"
    twofold: bool = False  # "biweekly"

    def say_unit(self, counts: Sequence[int], unit: Unit) -> bool:
        """Raises: Unread where that was said otherwise before."""
        if unit.seconds:
            raise Unread("when.rule.too_often")
        if self.unit is not None and (self.unit, self.every) != (unit, [*counts]):
            raise Unread
        self.every, self.unit = [*counts], unit
        return True


def recognise_rule(tokens: Sequence[Token], language: Language) -> Repeated:
    """Raises: Unread where a word belongs to no part, or a part comes twice."""
    phrase = Phrase(tokens, language)
    said = Repeated(phrase.said)
    while phrase.more():
        for part in _PARTS:
            if part(phrase, said):
                break
        else:
            raise Unread
    return said


def _every(phrase: Phrase, said: Repeated) -> bool:
    """ "elke", "om de 2 weken", "every other Tuesday" """
    spaced = phrase.means("spaced") is not None
    if phrase.means("other") is not None:
        said.comes_back = True
        return _period(phrase, said) or _every_other(phrase, said)
    if not phrase.take_any(("every", "spaced")):
        return False
    said.comes_back = True
    if phrase.any_of(("ordinal", "final")) and phrase.any_of(("weekday", "each_weekday"), 1):
        said.counted = True
        return True
    if phrase.means("ordinal") is not None and phrase.means("unit", 1) == DAY and phrase.any_of(_LINKS, 2):
        return True  # "elke eerste dag van de maand"
    if _period(phrase, said):
        return True
    if spaced and phrase.means("weekday") is not None:  # "om de dinsdag", which may be every second one
        return said.say_unit([2, 1], WEEK)
    if spaced or not phrase.any_of(_BEHIND_EVERY):
        raise Unread
    return True


def _every_other(phrase: Phrase, said: Repeated) -> bool:
    """ "every other Tuesday" """
    if not phrase.any_of(("weekday", "each_weekday"), 1):
        return False
    phrase.at += 1
    return said.say_unit([2], WEEK)


def _period(phrase: Phrase, said: Repeated) -> bool:
    """ "week", "2 weken", "andere week", "tweede week"; after "om de" a single one may be every second."""
    begin = phrase.at
    count, counts = None, [1]
    if phrase.take("other") is not None:
        counts = [2]
    elif phrase.any_of(("unit", "period"), 1):
        count = phrase.means("ordinal") or phrase.whole()
        if count is not None:
            said.nth_week = phrase.means("ordinal") is not None and phrase.means("unit", 1) == WEEK
            phrase.at += 1
            counts = [count]
    unit = phrase.means("unit") or phrase.means("period")
    if unit is None:
        return phrase.back(begin)
    if count is None and phrase.means("spaced", -1) is not None:
        counts = [2] if unit == DAY else [2, 1]
    phrase.at += 1
    idiom = phrase.language.idioms.get(counts[0]) if unit == DAY else None
    return said.say_unit(counts if idiom is None else [*counts, idiom], unit)


def _frequency(phrase: Phrase, said: Repeated) -> bool:
    """ "wekelijks", "2-wekelijks", "biweekly" """
    begin = phrase.at
    count = phrase.take("number") if phrase.any_of(("dash", "frequency"), 1) else None
    if count is not None:
        phrase.take("dash")
    twofold = phrase.take("twofold") if count is None else None
    unit = twofold or phrase.take("frequency")
    if unit is None or (count is not None and count != int(count)):
        return phrase.back(begin)
    said.twofold |= twofold is not None
    said.comes_back = True
    return said.say_unit([2 if twofold else int(count or 1)], unit)


def _times(phrase: Phrase, said: Repeated) -> bool:
    """ "eens per maand", "1x per week", "twice a month", "een keer om de twee weken" """
    begin = phrase.at
    times = phrase.take("times")
    if times is None and phrase.means("times_words", 1) is not None:
        times = phrase.whole() or (1 if phrase.means("one") else None)
        phrase.at += 2
    if times is None:
        return phrase.back(begin)
    per = (
        phrase.take_any(("per", "slash", "one", "every", "spaced", *_LINKS))
        or phrase.means("other") is not None
    )
    if not per or not _period(phrase, said):
        return phrase.back(begin)
    said.times = times
    said.comes_back = True
    return True


def _per(phrase: Phrase, said: Repeated) -> bool:
    """ "de eerste maandag per maand" """
    if phrase.take("per") is None:
        return False
    said.comes_back = True
    return _period(phrase, said)


def _within(phrase: Phrase, said: Repeated) -> bool:
    """ "van de maand", "of every other month", "van elk kwartaal", "van september" """
    begin = phrase.at
    while phrase.take_any(_LINKS):
        pass
    if phrase.at == begin:
        return False
    if said.nths and phrase.means("month") is not None:
        return phrase.say("month", phrase.take("month"))
    of_period = phrase.means("period") is not None or phrase.means("period", 1) is not None
    if phrase.take_any(("every", "spaced")) or phrase.means("other") is not None:
        if not _period(phrase, said):
            return phrase.back(begin)
        said.comes_back, said.within = True, said.unit
    else:
        unit = phrase.means("unit") or phrase.means("period")
        if unit is None or unit.seconds or unit in (DAY, WEEK):
            return phrase.back(begin)
        phrase.at += 1
        said.within = unit
    said.of_period |= of_period and bool(said.nths or said.moment.day)
    return True


def _nth(phrase: Phrase, said: Repeated) -> bool:
    """ "eerste maandag", "laatste vrijdag", "laatste dag", "eerste dag" """
    begin = phrase.at
    number = LAST if phrase.take("final") is not None else phrase.take("ordinal")
    if number is None:
        return False
    if phrase.take("and_") is not None and phrase.any_of(("ordinal", "final")):
        raise Unread("when.rule.several")
    if phrase.take("unit") == DAY:
        said.nths.append((number, None))
        return True
    phrase.at = begin + 1
    weekday = phrase.take("weekday")
    if weekday is None:
        return phrase.back(begin)
    said.nths.append((number, weekday))
    return True


def _weekdays(phrase: Phrase, said: Repeated) -> bool:
    """ "dinsdag", "dinsdags", "di en do", "maandag tot vrijdag", "werkdag" """
    if phrase.any_of(("workdays", "each_workday")):
        said.comes_back |= phrase.means("each_workday") is not None
        phrase.at += 1
        said.weekdays += range(5)
        return True
    said.comes_back |= phrase.means("each_weekday") is not None
    first = _weekday(phrase)
    if first is None:
        return False
    begin = phrase.at
    last = _weekday(phrase) if phrase.take_any(("to", "until", "dash")) else None
    if last is None:
        phrase.at = begin
        if phrase.means("slash") is not None and phrase.means("weekday", 1) is not None:
            phrase.at += 1  # "ma/wo/vr"
        said.weekdays.append(first)
        return True
    if last <= first:
        raise Unread
    said.weekdays += range(first, last + 1)
    return True


def _weekday(phrase: Phrase) -> int | None:
    weekday: int | None = phrase.take("weekday")
    return phrase.take("each_weekday") if weekday is None else weekday


def _hours(phrase: Phrase, said: Repeated) -> bool:
    if phrase.means("until") is not None and phrase.means("at") is None:
        raise Unread("when.rule.bounds")  # "voor 20u" is not at eight
    return hours(phrase)


def _date(phrase: Phrase, said: Repeated) -> bool:
    """ "15de", "11 juli"; not the second of "every second", which is one of time."""
    behind_every = phrase.any_of(("every", "spaced"), -1)
    low = (phrase.means("ordinal") or 6) <= _MOST_WEEKDAYS
    try:
        found = date(phrase)
    except Unread as unread:
        raise Unread("when.rule.several" if unread.key == "when.two_days" else unread.key) from None
    if found and behind_every and low and said.moment.month is None:
        said.counted = True  # "elke tweede": of what?
    return found


def _day_of_the_month(phrase: Phrase, said: Repeated) -> bool:
    """The bare number of "maandelijks op 31", "every month on day 15": no hour is said so."""
    begin = phrase.at
    named = phrase.means("unit") == DAY
    if said.unit is None or not said.unit.months or said.unit == YEAR:
        return False
    if not (named or phrase.any_of((*_LINKS, "since", "and_"), -1)):
        return False
    phrase.at += named
    number = phrase.whole() if phrase.in_figures() else None
    if number is None or phrase.any_of(("unit", "period", "times_words", "month", "weekday"), 1):
        return phrase.back(begin)
    if said.moment.day is not None:
        raise Unread("when.rule.several")
    phrase.at += 1
    return phrase.say("day", number)


def _holiday(phrase: Phrase, said: Repeated) -> bool:
    """ "elke kerstavond", of those that are the same date each year."""
    found: Any = phrase.take("holiday")
    if found is None:
        return False
    if not found.month:
        raise Unread
    return phrase.say("day", found.day) and phrase.say("month", found.month)


def _part_of_day(phrase: Phrase, said: Repeated) -> bool:
    part = phrase.take("part")
    if part is None:
        return False
    said.moment.part_of_end = said.moment.end is not None
    return phrase.say("part", part)


def _filler(phrase: Phrase, said: Repeated) -> bool:
    """Words without a meaning of their own. From when on a series is, and until when, is not said here."""
    if phrase.take("fillers") is not None:
        return True
    if phrase.take("onward") is not None:
        if hours(phrase) or (phrase.any_of(("to", "until", "dash"), 1) and _weekdays(phrase, said)):
            return True  # "from 7pm to 9pm", "from Monday to Friday"
        raise Unread("when.rule.bounds")
    if phrase.any_of(("until", "latest")):
        raise Unread("when.rule.bounds")
    between = phrase.at > 0 and (phrase.means("and_") is not None or phrase.means("dash") == "spaced")
    if not phrase.more(1) or not (between or phrase.any_of((*_LINKS, "since"))):
        return False
    phrase.at += 1
    return True


# In this order, for a word may mean several things: the 20 of "20u" is no day.
_PARTS = (
    _within,
    _times,
    _every,
    _frequency,
    _per,
    _nth,
    _weekdays,
    _holiday,
    _hours,
    _date,
    _day_of_the_month,
    _part_of_day,
    _filler,
)
