"""A repetition as people write it, and which days it does without."""

from __future__ import annotations

from typing import Any

from bot.model.message import Text, text
from bot.when.rule import LAST, Rule

_WORKDAYS = (0, 1, 2, 3, 4)


def in_words(rule: Rule) -> Text:
    """The whole rule, in words that can be read again: "elke eerste maandag van de maand"."""
    values: dict[str, Any] = {"count": rule.every, "number": rule.day}
    if rule.weekdays:
        values["days"] = tuple(_weekday(weekday) for weekday in rule.weekdays)
    if rule.day > 0:
        values["day"] = _numbered(rule.day)
    if rule.nth:
        values |= {"nth": _nth(rule.nth), "day": _weekday(rule.weekdays[0])}
    if rule.month:
        values["month"] = text(f"when.rule.month.{rule.month}")
    return Text(f"when.rule.{_shape(rule)}", values)


def _shape(rule: Rule) -> str:
    """The end of its key: "week", or "weeks" where it is every so many."""
    if rule.unit == "weeks" and rule.weekdays == _WORKDAYS and rule.every == 1:
        return "workdays"
    shape = rule.unit.removesuffix("s")
    if rule.nth:
        shape += "_nth"
    elif rule.day:
        shape += "_last_day" if rule.day == LAST else "_day"
    return shape if rule.every == 1 else f"{shape}s"


def gaps(rule: Rule) -> Text | None:
    """What it does without, where it cannot be each time: a 31st, a fifth Tuesday, 29 February."""
    if (rule.month, rule.day) == (2, 29):
        return text("when.rule.leap_years")
    if rule.unit == "months" and rule.day == 29:
        return text("when.rule.no_29th")
    if rule.unit == "months" and rule.day > 29:
        return text("when.rule.short_months", day=_numbered(rule.day))
    if rule.nth == 5:
        fifth = text("when.rule.fifth", nth=_nth(5), day=_weekday(rule.weekdays[0]))
        return text("when.rule.short_years" if rule.month else "when.rule.short_months", day=fifth)
    return None


def _weekday(weekday: int) -> Text:
    return text(f"when.rule.weekday.{weekday}")


def _nth(nth: int) -> Text:
    return text(f"when.rule.nth.{'last' if nth == LAST else nth}")


def _numbered(day: int) -> Text:
    """ "15de", "31st" """
    return text(f"when.rule.numbered.{day}")
