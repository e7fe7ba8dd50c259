"""A length of time."""

from __future__ import annotations

from bot.when.language import DAY, Unit
from bot.when.phrase import Phrase
from bot.when.tokens import Unread


def span(phrase: Phrase) -> bool:
    """ "over 2 weken", "2d", "1 dag en 12 uur"; not the 2 weeks of "voor 2 weken"."""
    begin = phrase.at
    introduced = phrase.take("within") is not None
    more = not introduced and phrase.take("more") is not None
    if more and phrase.means("unit") is not None and phrase.means("one", -1):
        phrase.at -= 1  # "another day": one more of them
    if not introduced and not more and phrase.any_of(("links", "until", "since"), -1):
        return False
    if introduced and phrase.whole(1) is not None:
        phrase.take("article")  # "binnen de 2 weken"
    count = phrase.whole()
    if not introduced and count in range(25, 30) and phrase.any_of(("hour_letters", "hour_words"), 1):
        raise Unread("when.no_such_time")  # rather a slip than a length of time
    length = amounts(phrase, introduced)
    if length is None:
        return phrase.back(begin)
    phrase.said.within = phrase.take("hence") is not None or introduced
    idiom = phrase.language.idioms.get(count or 0)
    if introduced and idiom is not None and length == Unit(days=count or 0):
        phrase.doubt()
        phrase.said.other_span, length = length, Unit(days=idiom)
    return phrase.say("span", length)


def amounts(phrase: Phrase, introduced: bool = False) -> Unit | None:
    """Amounts from long to short, added up: "1 dag en 12 uur", "1d12u"."""
    total = last = None
    while True:
        begin = phrase.at
        joined = last is not None and phrase.take("and_") is not None
        if last and not joined and _may_be_hour(phrase, last):
            # "over 2 weken 20u" is rather that day at 20.00, "2 weken 20u" rather all of it.
            phrase.doubt()
            if introduced:
                return total
        found = _amount(phrase)
        if found is None or (last and found[1] >= last):
            phrase.at = begin
            return total
        total, last = _add(total or Unit(), *found), found[1]


def _may_be_hour(phrase: Phrase, last: Unit) -> bool:
    """Whether an hour of the day may follow days; not in "1d 12u", which is written as lengths are."""
    short = len(phrase.tokens[phrase.at - 1].text) == 1
    return last >= DAY and not short and phrase.any_of(("hour_letters", "hour_words"), 1)


def _amount(phrase: Phrase) -> tuple[float, Unit] | None:
    """ "2 weken", "anderhalf uur", "2 en een half uur", "an hour and a half", "a day longer" """
    number = 1 if phrase.take("one") else phrase.take("number")
    if number is None:
        return None
    number += _and_a_half(phrase, before_unit=True)
    phrase.take("longer")
    unit: Unit | None = phrase.take("unit")
    if unit is None:
        return None
    number += _and_a_half(phrase, before_unit=False)
    phrase.take("longer")
    return number, unit


def _and_a_half(phrase: Phrase, before_unit: bool) -> float:
    half = phrase.means("and_") is not None and phrase.means("number", 1) == 0.5
    if not half or (phrase.means("unit", 2) is not None) != before_unit:
        return 0
    phrase.at += 2
    return 0.5


def _add(total: Unit, number: float, unit: Unit) -> Unit:
    """Half a day is twelve hours; half a month is nothing that everybody counts alike."""
    if number != int(number) and unit.months:
        raise Unread
    days = number * unit.days
    seconds = (days - int(days)) * 86_400 + number * unit.seconds
    return Unit(
        total.months + int(number * unit.months), total.days + int(days), total.seconds + int(seconds)
    )
