"""The hour, in all the ways that people write it."""

from __future__ import annotations

from bot.when.language import MINUTE
from bot.when.phrase import EARLIEST, HALF_DAY, WHOLE_DAY, Clock, Phrase
from bot.when.tokens import Unread


def hours(phrase: Phrase) -> bool:
    """An hour, or from one to another: "om half acht", "van 19 tot 21u"."""
    begin = phrase.at
    if phrase.means("month", 1) is not None and phrase.whole() is not None:
        return False  # "1 juni"
    introduced = phrase.take_any(("at", "until"))
    start, end = _bare_pair(phrase) or (_clock(phrase, introduced), None)
    if start is None:
        return phrase.back(begin)
    end = end or _end(phrase)
    phrase.said.introduced |= introduced
    return phrase.say("start", start) and (end is None or phrase.say("end", end))


def _end(phrase: Phrase) -> Clock | None:
    """What an hour runs to: "tot 21u", "- 21u"."""
    begin = phrase.at
    if not phrase.take_any(("to", "dash")):
        return None
    if phrase.means("dash", -1) is None:
        end = _clock(phrase, introduced=True)
        if end is None:
            raise Unread
        return end
    end = _written(phrase)
    if end is None:
        phrase.at = begin  # no more than a dash between two parts
    return end


def _bare_pair(phrase: Phrase) -> tuple[Clock, Clock] | None:
    """ "19 tot 21u", "7-9pm": the first number takes after the second hour."""
    begin, hour = phrase.at, phrase.whole()
    if hour is None or hour > 24 or not phrase.any_of(("to", "dash"), 1):
        return None
    # "7 to 9pm" runs from one to the other; "ten to eight" are minutes, and "10 to 12pm" may be either.
    also_minutes = phrase.means("before", 1) is not None and phrase.means("since", -1) is None
    # "vrijdag 4 - 20u" may be the fourth.
    also_day = phrase.means("weekday", -1) is not None and phrase.means("dash", 1) != "glued"
    if also_minutes and hour % 5 == 0:
        if phrase.in_figures():
            phrase.doubt()
        return None
    phrase.at += 1
    end = _end(phrase)
    if end is None:
        phrase.back(begin)
        return None
    if also_minutes or also_day:
        phrase.doubt()
    return _taking_after(hour, end), end


def _taking_after(hour: int, end: Clock) -> Clock:
    if end.hour == "open":
        return open_to_twelve(hour)
    if not end.meridiem:
        return _exact(hour * 60)
    # "7-9pm", "11-1pm": whichever is nearest before it.
    both = (hour * 60 % HALF_DAY, hour * 60 % HALF_DAY + HALF_DAY)
    return Clock(min(both, key=lambda start: (end.minutes - start) % WHOLE_DAY), "fixed")


def _exact(minutes: int, padded: bool = False) -> Clock:
    one_of_twelve = 60 <= minutes < 13 * 60 and not padded
    return Clock(minutes, "written" if one_of_twelve else "fixed")


def _open(minutes: int) -> Clock:
    return Clock(minutes % HALF_DAY, "open")


def open_to_twelve(hour: int) -> Clock:
    """ "8 uur" may be in the evening, "13 uur" leaves no doubt."""
    return _open(hour * 60) if 1 <= hour <= 12 else _exact(hour * 60)


def _clock(phrase: Phrase, introduced: bool) -> Clock | None:
    return _written(phrase) or _bare(phrase, introduced)


def _written(phrase: Phrase) -> Clock | None:
    """One hour, in any way that shows that it is one."""
    begin = phrase.at
    if named := _named(phrase):
        return named
    for way in _WAYS:
        if clock := way(phrase):
            return _with_meridiem(phrase, clock)
        phrase.at = begin
    return None


def _named(phrase: Phrase) -> Clock | None:
    """ "middernacht", "12 noon" """
    if phrase.whole() == 12 and phrase.any_of(("noon", "midnight"), 1):
        phrase.at += 1
    noon = phrase.means("noon") is not None
    if not phrase.take_any(("noon", "midnight")):
        return None
    return Clock(HALF_DAY, "fixed") if noon else Clock(WHOLE_DAY, "fixed", midnight=True)


def _half(phrase: Phrase) -> Clock | None:
    """ "half acht", "half past seven" """
    if phrase.take("half") is None:
        return None
    if phrase.take("past") is not None:
        return _spoken(phrase, 30)
    clock = _spoken(phrase, phrase.language.half_hour)
    if clock and phrase.language.half_hour > 0:
        phrase.said.other_half = True  # "half eight" is 8.30 to some, and 7.30 to their neighbours
        phrase.doubt()
    return clock


def _off_the_hour(phrase: Phrase) -> Clock | None:
    """ "kwart voor acht", "tien over half negen", "5 minutes to 9" """
    if phrase.take("quarter") is not None:
        minutes = 15
    else:
        minutes = phrase.whole() or 0
        if not 0 < minutes < 30:
            return None
        phrase.at += 1
        if phrase.means("unit") == MINUTE:
            phrase.at += 1
    if phrase.take("past") is None:
        if phrase.take("before") is None:
            return None
        minutes = -minutes
    half = phrase.language.half_hour if phrase.take("half") is not None else 0
    return _spoken(phrase, minutes + half)


def _spoken(phrase: Phrase, minutes: int) -> Clock | None:
    """So many minutes from the hour that is named next, which only goes to twelve."""
    hour = phrase.whole()
    if hour is None or not 1 <= hour <= 12:
        return None
    phrase.at += 1
    phrase.take_any(("hour_words", "hour_letters"))
    return _open(hour * 60 + minutes)


def _digital(phrase: Phrase) -> Clock | None:
    """ "19:30", "20.00 uur" """
    padded = phrase.is_padded()
    pair = phrase.take("clock")
    if pair is None:
        return None
    phrase.take("hour_tails")
    return _exact(_minutes_of_day(*pair), padded)


def _numbered(phrase: Phrase) -> Clock | None:
    """ "20u", "19u30", "8 uur", "19 uur 30 min", "8pm", "huit heures et quart" """
    hour = phrase.whole()
    if hour is None or hour > 24:
        return None
    mark, padded = phrase.token(1), phrase.is_padded()
    phrase.at += 1
    if phrase.any_of(("am", "pm")):
        return _exact(_minutes_of_day(hour, 0))
    by_letter = phrase.take("hour_letters") is not None
    if not by_letter and phrase.take("hour_words") is None:
        return None
    minutes = _minutes_behind(phrase)
    whole = _minutes_of_day(hour, minutes or 0)
    one_of_twelve = not by_letter and not padded and 1 <= hour <= 12
    clock = _open(whole) if one_of_twelve else _exact(whole, padded)
    # "2u", "1u30", "24u" and "12h" may as well be how long.
    lasts = hour <= EARLIEST or (minutes is None and (hour == 24 or "also_durations" in mark.means))
    return clock._replace(lasting=whole) if lasts and not padded else clock


def _minutes_behind(phrase: Phrase) -> int | None:
    """The 30 of "19u30", the -10 of "huit heures moins dix"; not the 10 of "20u 10 december"."""
    begin = phrase.at
    sign = 1 if phrase.take("plus") is not None else -1 if phrase.take("minus") is not None else 0
    if sign:
        phrase.take("links")
        if phrase.take("quarter") is not None:
            return sign * 15
        if phrase.take("half") is not None:
            return sign * 30
    minutes = phrase.whole()
    if minutes is None or not _are_minutes(phrase, minutes):
        phrase.at = begin
        return None
    if minutes > 59:
        raise Unread("when.no_such_time")
    phrase.at += 1
    if phrase.means("unit") == MINUTE:
        phrase.at += 1
    return (sign or 1) * minutes


def _are_minutes(phrase: Phrase, minutes: int) -> bool:
    token = phrase.token()
    if phrase.in_figures() and len(token.text) != 2:
        return False
    if token.glued or phrase.means("unit", 1) == MINUTE:
        return True
    # Apart from the hour, it may be the beginning of a date.
    other = phrase.any_of(("unit", "month", "dash", "number", "article"), 1)
    return minutes % 5 == 0 and not other


def _with_meridiem(phrase: Phrase, clock: Clock) -> Clock:
    """ "8:30 am": with it, an hour is one of twelve."""
    pm = phrase.means("pm") is not None
    if not phrase.take_any(("am", "pm")):
        return clock
    if clock.hour != "open" and not 60 <= clock.minutes < 13 * 60:
        raise Unread("when.no_such_time")
    minutes = clock.minutes % HALF_DAY + (HALF_DAY if pm else 0)
    return Clock(minutes, "fixed", midnight=minutes == 0, meridiem=True)


def _bare(phrase: Phrase, introduced: bool) -> Clock | None:
    """ "om 8", "8 's avonds": a number that cannot be anything else."""
    hour = phrase.whole()
    if hour is None or hour > 24 or (phrase.in_figures() and len(phrase.token().text) > 2):
        return None
    tail = phrase.means("hour_tails", 1) is not None
    other = phrase.any_of(("unit", "month", "dash", "number", "ordinal", "at"), 1)
    if not _part_follows(phrase) and (not introduced or (other and not tail)):
        return None
    phrase.at += 2 if tail else 1
    return open_to_twelve(hour)


def _part_follows(phrase: Phrase) -> bool:
    """ "8 's avonds", "8 in the evening" """
    offset = 2 if phrase.means("article", 1) is not None else 1
    return phrase.means("part", offset) is not None and phrase.means("days_ahead", offset) is None


def _minutes_of_day(hour: int, minute: int) -> int:
    if minute > 59 or not 0 <= hour * 60 + minute <= WHOLE_DAY:
        raise Unread("when.no_such_time")
    return hour * 60 + minute


_WAYS = (_numbered, _half, _off_the_hour, _digital)
