"""The day: a date, a weekday, "morgen", "volgende week"."""

from __future__ import annotations

from collections.abc import Sequence

from bot.when.hours import open_to_twelve
from bot.when.language import DAY, MONTH, WEEK, YEAR, Kind
from bot.when.phrase import Phrase
from bot.when.tokens import Unread


def date(phrase: Phrase) -> bool:
    """ "1/12", "1-12", "1 december 2026", "January 3rd", "de 3e" """
    written = phrase.take("date")
    if written is not None:
        day, month, _ = written
        if phrase.means("slashed", -1) and phrase.language.month_first and day != month and day <= 12:
            phrase.said.other_date = (month, day)
        return _say_date(phrase, *written)
    first, second = phrase.whole(), phrase.whole(2)
    if first is not None and second is not None and phrase.means("dash", 1) and _are_glued(phrase):
        phrase.at += 3
        return _say_date(phrase, first, second, None)
    return _day_first(phrase) or _month_first(phrase) or _day_alone(phrase)


def _say_date(phrase: Phrase, day: int, month: int, year: int | None) -> bool:
    phrase.say("day", day)
    phrase.say("month", month)
    return year is None or phrase.say("year", year)


def _are_glued(phrase: Phrase) -> bool:
    """Whether nothing stands between the figures and the dash of "1-12"."""
    return all(token.glued for token in phrase.tokens[phrase.at + 1 : phrase.at + 3])


def _day_number(phrase: Phrase, offset: int = 0) -> int | None:
    number = phrase.means("ordinal", offset)
    return number if number is not None else phrase.whole(offset)


def _day_first(phrase: Phrase) -> bool:
    """ "1 december", "the 3rd of January 2027" """
    day = _day_number(phrase)
    behind = 2 if phrase.means("links", 1) is not None else 1
    month = phrase.means("month", behind)
    if day is None or month is None:
        return False
    phrase.at += behind + 1
    return _say_date(phrase, day, month, _year(phrase))


def _month_first(phrase: Phrase) -> bool:
    """ "January 3rd", "january the 3rd"; the 8 of "december 8 uur" is an hour."""
    month = phrase.means("month")
    behind = 2 if phrase.means("article", 1) is not None else 1
    day = _day_number(phrase, behind)
    hour = phrase.any_of(("hour_letters", "hour_words", "am", "pm", "past", "before", "dash"), behind + 1)
    if month is None or day is None or hour or day > 31:
        return False
    phrase.at += behind + 1
    return _say_date(phrase, day, month, _year(phrase))


def _year(phrase: Phrase) -> int | None:
    if not phrase.in_figures() or len(phrase.token().text) != 4:
        return None
    year: int = phrase.take("number")
    return year


def _day_alone(phrase: Phrase) -> bool:
    """ "de 3e", "zondag 6"; not "de eerste vrijdag", which is a count of Fridays."""
    day = phrase.means("ordinal")
    if day is not None and phrase.any_of(("weekday", "holiday"), 1):
        raise Unread
    if day is None and phrase.any_of(("weekday", "article"), -1):
        day = phrase.whole()
        if day is not None and day < 25 and phrase.means("weekday", -1) is not None:
            phrase.said.may_be_hour = open_to_twelve(day)
    if day is None:
        return False
    phrase.at += 1
    return phrase.say("day", day)


def holiday(phrase: Phrase) -> bool:
    """ "kerstavond", "paasmaandag 2027", "2e kerstdag" """
    begin = phrase.at
    count = phrase.take("ordinal") or 1
    found = phrase.take("holiday")
    if found is None or count > 2:
        return phrase.back(begin)
    found = found.later(count - 1)
    year = _year(phrase)
    return phrase.say("holiday", found) and (year is None or phrase.say("year", year))


def nth_weekday(phrase: Phrase) -> bool:
    """ "eerste maandag van de maand", "laatste vrijdag van januari"; without its month it may be any."""
    begin = phrase.at
    count = -1 if phrase.take("final") is not None else phrase.take("ordinal")
    weekday = phrase.take("weekday") if count is not None else None
    if weekday is None or not _skip_links(phrase):
        return phrase.back(begin)
    month = phrase.take("month")
    if month is not None:
        year = _year(phrase)
        phrase.say("month", month)
        return phrase.say("nth", (count, weekday, None)) and (year is None or phrase.say("year", year))
    which = _which(phrase, ("next", "this"))
    if phrase.take("unit") != MONTH:
        return phrase.back(begin)
    return phrase.say("nth", (count, weekday, {"next": 1, "this": 0}.get(which or "")))


def closing(phrase: Phrase) -> bool:
    """ "eind deze maand", "einde van de maand", "end of January", "laatste dag van de maand" """
    begin = phrase.at
    last_day = phrase.take("final") is not None and phrase.take("unit") == DAY
    if not last_day and phrase.take("closing") is None:
        return phrase.back(begin)
    _skip_links(phrase)
    month = phrase.take("month")
    if month is not None:
        year = _year(phrase)
        phrase.say("month", month)
        return phrase.say("closing", (MONTH, 0)) and (year is None or phrase.say("year", year))
    which = _which(phrase, ("next", "this"))
    period = phrase.take("unit")
    if period not in (WEEK, MONTH, YEAR):
        raise Unread("when.vague")
    return phrase.say("closing", (period, 1 if which == "next" else 0))


def _skip_links(phrase: Phrase) -> bool:
    begin = phrase.at
    while phrase.more(1) and phrase.take_any(("links", "article")):
        pass
    return phrase.at > begin


def weekday(phrase: Phrase) -> bool:
    """ "vrijdag", "volgende vrijdag", "mardi prochain", "volgende week" """
    begin = phrase.at
    which = _which(phrase, ("next", "coming", "this"))
    weekday = phrase.take("weekday")
    if weekday is None:
        period = phrase.take("unit") if which else None
        if period not in (WEEK, MONTH, YEAR):
            return phrase.back(begin)
        if which == "coming":
            phrase.doubt()
        return phrase.say("relative_period", (period, 0 if which == "this" else 1))
    if which is None and phrase.means("unit", 1) is None:
        which = _which(phrase, ("next", "coming"))
    return phrase.say("weekday", weekday) and (which is None or phrase.say("which", which))


def _which(phrase: Phrase, kinds: Sequence[Kind]) -> Kind | None:
    for kind in kinds:
        if phrase.take(kind) is not None:
            return kind
    return None


def turn_behind(phrase: Phrase) -> bool:
    """ "la semaine prochaine": the word for which one comes behind it."""
    period = phrase.means("unit")
    if period not in (WEEK, MONTH, YEAR) or phrase.means("next", 1) is None:
        return False
    phrase.at += 2
    return phrase.say("relative_period", (period, 1))


def days_ahead(phrase: Phrase) -> bool:
    """ "morgen", "tomorrow" """
    ahead = phrase.take("days_ahead")
    return ahead is not None and phrase.say("days_ahead", ahead)


def later(phrase: Phrase) -> bool:
    """ "Friday week" """
    if not phrase.any_of(("weekday", "days_ahead"), -1):
        return False
    later = phrase.take("later")
    return later is not None and phrase.say("later", later)


def part_of_day(phrase: Phrase) -> bool:
    """ "'s avonds"; "morgen" is a part of the day behind one: "dinsdag morgen", "deze morgen"."""
    begin = phrase.at
    this = phrase.take("this") is not None
    part = phrase.means("part")
    behind_day = this or phrase.any_of(("weekday", "this", "article"), -1)
    if part is None or (phrase.means("days_ahead") is not None and not behind_day):
        return phrase.back(begin)
    phrase.at += 1
    if this:
        phrase.say("days_ahead", 0)
    phrase.said.part_of_end = phrase.said.end is not None
    return phrase.say("part", part)
