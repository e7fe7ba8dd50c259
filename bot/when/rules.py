"""Which rule it is that the words name: "elke eerste maandag van de maand", "om de 2 weken op dinsdag"."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import date, time, timedelta
from typing import NamedTuple

from bot.errors import UserError
from bot.when.language import DAY, MONTH, YEAR, Language
from bot.when.languages import languages
from bot.when.likely import is_asked
from bot.when.moment import fitting
from bot.when.phrase import EARLIEST, HALF_DAY, WHOLE_DAY, Clock, Said
from bot.when.rule import LAST, MOST, Every, Never, Rule, fits
from bot.when.rule_grammar import Repeated, recognise_rule
from bot.when.scan import Piece, scan
from bot.when.tokens import Unread, could_be_both, tokens, with_runs

_LONGEST = 100
_SHOWN = 40
_MOST_WEEKDAYS = 5
_HALF_A_DAY = timedelta(minutes=HALF_DAY)
# What reads an hour or a date says so; whatever else it says is of moments.
_ALSO_OF_MOMENTS = ("when.no_such_time", "when.two_hours", "when.other_part", "when.past_day")


class RuleReading(NamedTuple):
    """A repetition, and where an hour is written, when it is on the clock, and how long.

    Not `sure`: there is another honest reading, so ask before it counts; `others` and `other_walls` are those
    that are known, and without a start each second month may be either.

    Not `fits`: the start that was given is none of its days, which is a question of its own.
    """

    rule: Rule
    sure: bool
    others: tuple[Rule, ...] = ()
    wall: time | None = None
    other_walls: tuple[time, ...] = ()
    lasts: timedelta | None = None
    fits: bool = True

    @property
    def rules(self) -> tuple[Rule, ...]:
        """All that it may be, the likeliest first."""
        return (self.rule, *self.others)


def read_rule(words: str, locale: str = "nl", start: date | None = None) -> RuleReading:
    """The repetition that the words name; the `start` tells which day where they name none.

    Raises: UserError where they name none, or not one.
    """
    words = " ".join(words.split())
    if len(words) > _LONGEST:
        raise UserError("when.rule.unclear", words=words[:_SHOWN] + "…")
    for language in languages(locale):
        try:
            return _read_in(language, scan(with_runs(words, language)), start)
        except Unread as unread:
            if unread.key.startswith("when.rule.") or unread.key in _ALSO_OF_MOMENTS:
                raise UserError(unread.key, words=words) from None
    raise UserError("when.rule.unclear", words=words)


def _read_in(language: Language, pieces: Sequence[Piece], start: date | None) -> RuleReading:
    """A pair like "11.07" is an hour, or else a day."""
    try:
        as_hour = resolve(recognise_rule(tokens(pieces, language, "clock", recurring=True), language), start)
    except Unread:
        if not any(map(could_be_both, pieces)):
            raise
        as_day = recognise_rule(tokens(pieces, language, "date", recurring=True), language)
        return resolve(as_day, start)
    return as_hour


def resolve(said: Repeated, start: date | None) -> RuleReading:
    """Raises: Unread where it is no rule, or several."""
    try:
        rules = list(dict.fromkeys(_rules(said, start)))
    except Never:
        raise Unread("when.rule.never") from None
    walls = _walls(said.moment, said.moment.start) if said.moment.start else []
    lasts = _lasting(said.moment, walls[0], said.moment.end) if said.moment.end else None
    doubts = (
        len(rules) > 1 or len(walls) > 1 or not said.moment.sure,
        said.twofold,
        lasts is not None and lasts > _HALF_A_DAY,
        start is None and _is_counted(rules[0]),
    )
    return RuleReading(
        rule=rules[0],
        sure=not any(doubts),
        others=tuple(rules[1:]),
        wall=walls[0] if walls else None,
        other_walls=tuple(walls[1:]),
        lasts=lasts,
        fits=start is None or fits(rules[0], start),
    )


def _is_counted(rule: Rule) -> bool:
    """Whether it is open from when it counts, as long as no start is known: each second month, but which?

    Every other Tuesday is the next one, and every second from there.
    """
    return rule.every > 1 and (rule.unit != "weeks" or len(rule.weekdays) > 1)


def _rules(said: Repeated, start: date | None) -> list[Rule]:
    """All that it may be, the likeliest first."""
    day = said.moment.day
    _agrees(said)
    if said.of_period and not _begins_well(said, start):
        raise Unread("when.rule.quarter")
    if said.nths:
        return _by_nth(said, *said.nths[0])
    if day is not None:
        return _by_day(said, day)
    if said.weekdays:
        return _on_weekdays(said, start)
    if said.unit is None and said.within is None and said.moment.part is not None:
        return [Rule.daily()]  # "elke avond"
    return _bare(said, start)


# --- the nth weekday, a day of the month or of the year ---


def _agrees(said: Repeated) -> None:
    """Raises: Unread where what is said does not go together, or is more than one repetition."""
    dated = said.moment.day is not None
    if said.moment.year is not None or (said.nths and dated):
        raise Unread
    if not said.comes_back and said.within is None:
        raise Unread
    if len(said.nths) > 1 or (said.nths and said.weekdays):
        raise Unread("when.rule.several")
    if dated and said.weekdays:
        raise Unread
    if said.times not in (None, len({*said.weekdays})) and (said.weekdays or said.times != 1):
        raise Unread("when.rule.which_days")
    if said.unit is None or said.within in (None, said.unit):
        return
    # "elke eerste week van de maand" is no week of each; "om de 2 maanden, op de 3de van de maand" is clear.
    if said.within != MONTH or not said.unit.months or said.unit == YEAR:
        raise Unread


def _begins_well(said: Repeated, start: date | None) -> bool:
    """Whether the start is in the month of the period that is meant: its first, or its last."""
    if start is None or said.within is None or said.every not in ([], [1]):
        return False
    last = any(nth == LAST for nth, _ in said.nths)
    return start.month % said.within.months == (0 if last else 1)


def _by_nth(said: Repeated, nth: int, weekday: int | None) -> list[Rule]:
    """ "elke tweede dinsdag" is every second one, or that of each month; the last day is a day."""
    if weekday is None:
        return _by_day(said, nth)
    if said.moment.month is not None:
        return [_yearly(said, said.moment.month, nth=nth, weekday=weekday)]
    if said.within == YEAR:
        return [_of_the_year(said, nth, weekday)]
    if _is_of_months(said):
        return [Rule.by_weekday(_counted(nth), weekday, every) for every in _months(said)]
    if not said.counted or said.unit is not None:
        raise Unread
    if nth in (1, LAST):
        return [Rule.by_weekday(nth, weekday)]
    each_nth = [Rule.weekly(weekday, every=nth)] if nth <= MOST["weeks"] else []
    return [*each_nth, *([Rule.by_weekday(nth, weekday)] if nth <= _MOST_WEEKDAYS else [])] or _none()


def _by_day(said: Repeated, day: int) -> list[Rule]:
    """ "elke 15de", "jaarlijks op 11 juli", "laatste dag van de maand" """
    month = said.moment.month
    if month is not None:
        rules = [_yearly(said, month, day)]
        if said.moment.other_date:
            with suppress(Never):
                rules.append(Rule.yearly(said.moment.other_date[1], said.moment.other_date[0]))
        return rules
    if said.within == YEAR:
        return [Rule.yearly(12, 31)] if day == LAST else [Rule.yearly(1, 1)] if day == 1 else _none()
    if said.unit == YEAR:
        raise Unread("when.rule.which_day")
    if not 1 <= day <= 31 and day != LAST:
        raise Never
    if _is_of_months(said):
        return [Rule.by_day(day, every) for every in _months(said)]
    if said.unit is not None or said.counted or not said.comes_back or said.nths:
        raise Unread
    return [Rule.by_day(day)]


def _of_the_year(said: Repeated, nth: int, weekday: int) -> Rule:
    """ "eerste maandag van het jaar", which is one of January as far as the fourth."""
    if nth != LAST and nth >= _MOST_WEEKDAYS:
        raise Unread
    return _yearly(said, 12 if nth == LAST else 1, nth=nth, weekday=weekday)


def _yearly(said: Repeated, month: int, day: int = 0, *, nth: int = 0, weekday: int | None = None) -> Rule:
    if said.unit not in (None, YEAR) or not (said.comes_back or said.within == YEAR):
        raise Unread
    if said.unit == YEAR and said.every != [1]:
        raise Unread("when.rule.each_year")
    if not 1 <= month <= 12 or (weekday is None and day != LAST and not 1 <= day <= 31):
        raise Never
    return Rule.yearly(month, day, nth=_counted(nth) if nth else 0, weekday=weekday)


def _counted(nth: int) -> int:
    if nth > _MOST_WEEKDAYS or nth == 0:
        raise Never
    return nth


def _is_of_months(said: Repeated) -> bool:
    return bool((said.unit or said.within or DAY).months) and YEAR not in (said.unit, said.within)


def _months(said: Repeated) -> list[int]:
    """Every so many of them."""
    if said.unit is not None and said.unit.months:
        return [_bounded(every * said.unit.months, "months") for every in said.every]
    return [said.within.months if said.within else 1]


# --- weekdays, and how often alone ---


def _on_weekdays(said: Repeated, start: date | None) -> list[Rule]:
    """ "elke dinsdag", "om de 2 weken op di en do"; of a month it has to be known which."""
    weekdays = {*said.weekdays}
    if said.unit is None:
        # "elke dinsdag van de maand" is perhaps one of them
        return [Rule.weekly(*weekdays)] if said.comes_back and said.within is None else _none()
    if said.unit.months:
        if start is None or {start.weekday()} != weekdays or said.unit == YEAR:
            raise Unread("when.rule.which_day")
        return [rule for every in _months(said) for rule in _like_start(start, every) if rule.nth]
    if said.unit == DAY and said.every == [1]:
        return [Rule.weekly(*weekdays)] if len(weekdays) > 1 else _none()
    days = [every * said.unit.days for every in said.every]
    if any(number % 7 for number in days):
        raise Unread
    rules = [Rule.weekly(*weekdays, every=_bounded(number // 7, "weeks")) for number in days]
    if said.twofold and len(weekdays) > 1:
        return [*rules, Rule.weekly(*weekdays)]
    return [*rules, *_in_the_nth_week(said, weekdays)]


def _in_the_nth_week(said: Repeated, weekdays: Iterable[int]) -> list[Rule]:
    """ "elke tweede week op dinsdag" may be the second one of each month."""
    nth = said.every[0]
    return [Rule.by_weekday(nth, day) for day in weekdays if said.nth_week and nth <= _MOST_WEEKDAYS]


def _bare(said: Repeated, start: date | None) -> list[Rule]:
    """ "elke dag"; "wekelijks", "elke maand", of which the start tells the day."""
    if said.unit is None or not said.comes_back:
        raise Unread
    if said.unit == DAY:
        return [Rule.daily(_bounded(every, "days")) for every in said.every]
    if start is None:
        raise Unread("when.rule.which_day")
    if said.unit.days:
        weeks = [every * said.unit.days // 7 for every in said.every]
        rules = [Rule.weekly(start.weekday(), every=_bounded(every, "weeks")) for every in weeks]
        return [*rules, *_in_the_nth_week(said, [start.weekday()])]
    if said.unit != YEAR:
        return [rule for every in _months(said) for rule in _like_start(start, every)]
    yearly = _yearly(said, start.month, start.day)
    nths = [rule.nth for rule in _like_start(start, 1) if rule.nth]
    return [yearly, *(Rule.yearly(start.month, nth=nth, weekday=start.weekday()) for nth in nths)]


def _like_start(start: date, every: int) -> list[Rule]:
    """The same date each time, or the same weekday of the month: counted from either end."""
    length = monthrange(start.year, start.month)[1]
    rules = [Rule.by_day(start.day, every), Rule.by_weekday((start.day + 6) // 7, start.weekday(), every)]
    if start.day > length - 7:
        rules.append(Rule.by_weekday(LAST, start.weekday(), every))
    return [*rules, Rule.by_day(LAST, every)] if start.day == length else rules


def _bounded(every: int, unit: Every) -> int:
    if not 1 <= every <= MOST[unit]:
        raise Unread("when.rule.too_seldom" if every else "when.unclear")
    return every


def _none() -> list[Rule]:
    raise Unread


# --- the hour ---


def _walls(said: Said, clock: Clock) -> list[time]:
    """What the hour may be on the clock, the likeliest first."""
    minutes = fitting(clock, said.part) or (fitting(clock, None) if said.part_of_end else [])
    if not minutes:
        raise Unread("when.other_part")
    if said.part is None and clock.hour == "written" and is_asked(clock.minutes, None):
        minutes = [clock.minutes, clock.minutes + HALF_DAY]
    if said.other_half:
        minutes = [*minutes, *(minute - 60 for minute in minutes)]
    if clock.midnight or any(minute >= WHOLE_DAY for minute in minutes):
        raise Unread("when.rule.midnight")
    likely = sorted(dict.fromkeys(minutes), key=lambda minute: minute < EARLIEST * 60)
    return [time(*divmod(minute % WHOLE_DAY, 60)) for minute in likely]


def _lasting(said: Said, wall: time, clock: Clock) -> timedelta:
    """To the first such hour after the beginning. Raises: Unread where that is no time at all."""
    begins = wall.hour * 60 + wall.minute
    minutes = fitting(clock, said.part) or fitting(clock, None)
    lasts = min((minute - begins) % WHOLE_DAY for minute in minutes)
    if lasts == 0:
        raise Unread
    return timedelta(minutes=lasts)
