"""Days that a repetition leaves out: "25 december, 1 januari", "20/12-3/1", "schoolvakanties"."""

from __future__ import annotations

import json
import re
from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, NamedTuple, Self
from zoneinfo import ZoneInfo

from bot.errors import UserError
from bot.model.message import Text, text
from bot.when.belgium import SCHOOL, public_holiday, school_holiday
from bot.when.days import date as a_date
from bot.when.language import Holiday, Kind, Language
from bot.when.languages import languages
from bot.when.phrase import Phrase, Said
from bot.when.scan import scan
from bot.when.tokens import Unread, tokens, with_runs

_LONGEST = 400
_SHOWN = 40
MOST = 40
_BETWEEN = re.compile("[,;]")
_BEFORE_DAYS: Sequence[Kind] = ("links", "article", "since", "and_", "fillers")
_ALSO_OF_MOMENTS = ("when.no_such_day", "when.other_weekday")
_FIRST_YEAR, _LAST_YEAR = 2000, 2199
Span = tuple[date, date]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Spans from the first through the last day, and whether holidays fall away too.

    `breaks`: of the school holidays only these, by the ends of their keys.
    """

    spans: tuple[Span, ...] = ()
    public: bool = False
    school: bool = False
    breaks: tuple[str, ...] = ()

    def why(self, day: date) -> Text | None:
        """Why that day falls away; None where it does not."""
        for first, last in self.spans:
            if first <= day <= last:
                return (
                    text("when.left_out.day")
                    if first == last
                    else text("when.left_out.span", first=first, last=last)
                )
        named = public_holiday(day) if self.public else None
        if named is None and (self.school or self.breaks):
            found = school_holiday(day)
            named = found if self.school or found in self.breaks else None
        return text(f"when.left_out.named.{named}") if named else None

    def in_words(self) -> Sequence[Text]:
        """Each thing that it holds."""
        said = [
            text("when.left_out.one", day=first)
            if first == last
            else text("when.left_out.through", first=first, last=last)
            for first, last in self.spans
        ]
        if self.public:
            said.append(text("when.left_out.public"))
        if self.school:
            said.append(text("when.left_out.school"))
        return (*said, *(text(f"when.left_out.named.{name}") for name in self.breaks))

    def as_kept(self) -> str:
        """As it stands in a column: JSON."""
        spans = [[day.isoformat() for day in span] for span in self.spans]
        kept = {"spans": spans, "public": self.public, "school": self.school, "breaks": self.breaks}
        return json.dumps({name: value for name, value in kept.items() if value}, separators=(",", ":"))

    @classmethod
    def from_kept(cls, kept: str) -> Self:
        """Raises: ValueError where it is none."""
        try:
            values: dict[str, Any] = json.loads(kept)
            spans = tuple(
                (date.fromisoformat(first), date.fromisoformat(last))
                for first, last in values.pop("spans", ())
            )
            found = cls(spans=spans, breaks=tuple(values.pop("breaks", ())), **values)
            if len(spans) > MOST or not {*found.breaks} <= {*SCHOOL.values()}:
                raise ValueError(kept)
            if not (type(found.public) is type(found.school) is bool):
                raise ValueError(kept)
        except (TypeError, AttributeError, RecursionError) as error:
            raise ValueError(kept) from error
        return found


def read_left_out(words: str, now: datetime, zone: ZoneInfo, locale: str = "nl") -> LeftOut:
    """What the words leave out; a date without its year is the one within a year from now.

    Raises: UserError where they say something else as well.
    """
    words = " ".join(words.split())
    shown = words if len(words) <= _SHOWN else words[:_SHOWN] + "…"
    if len(words) > _LONGEST:
        raise UserError("when.left_out.too_many", most=MOST)
    parts = [part for part in _BETWEEN.split(words) if part.strip()]
    today = now.astimezone(zone).date()
    for language in languages(locale):
        try:
            return _read_in(language, parts, today)
        except Unread as unread:
            if unread.key.startswith("when.left_out."):
                raise UserError(unread.key, words=shown, most=MOST) from None
            if unread.key in _ALSO_OF_MOMENTS:
                raise UserError(unread.key, words=shown) from None
    raise UserError("when.left_out.unclear", words=shown)


class _Day(NamedTuple):
    """A day as it is written. Without a month it takes that of the next one; without a day it is a month."""

    day: int = 0
    month: int | None = None
    year: int | None = None
    holiday: Holiday | None = None
    weekday: int | None = None

    def in_year(self, year: int, *, last: bool) -> date | None:
        """That day then, and of a month its first or its last; None where there is none."""
        if self.holiday:
            return self.holiday.in_year(year)
        if self.month is None:
            raise Unread
        length = monthrange(year, self.month)[1]
        day = self.day or (length if last else 1)
        return date(year, self.month, day) if day <= length else None


def _read_in(language: Language, parts: Sequence[str], today: date) -> LeftOut:
    found = LeftOut()
    waiting: list[_Day] = []  # the 24 of "24, 25 en 26 december"
    for part in parts:
        phrase = Phrase(tokens(scan(with_runs(part, language)), language, "date", recurring=True), language)
        while phrase.more():
            while phrase.more(1) and phrase.take_any(_BEFORE_DAYS):
                pass
            if phrase.take("public_holidays"):
                found = replace(found, public=True)
            elif phrase.take("school_holidays"):
                found = replace(found, school=True)
            elif (named := phrase.take("school_break")) is not None:
                found = replace(found, breaks=tuple(sorted({*found.breaks, named})))
            else:
                first, last = _span(phrase)
                if first == last and first.month is None and first.holiday is None:
                    waiting.append(first)
                    continue
                days = [*_of_month(waiting, first), (first, last)]
                waiting = []
                found = replace(found, spans=(*found.spans, *(_dated(*span, today) for span in days)))
    if waiting or found == LeftOut():
        raise Unread
    if len(found.spans) > MOST:
        raise Unread("when.left_out.too_many")
    return replace(found, spans=tuple(sorted({*found.spans})))


def _of_month(waiting: Sequence[_Day], named: _Day) -> Iterator[tuple[_Day, _Day]]:
    """The days before the one whose month is named, which are of it too."""
    in_order = [day.day for day in (*waiting, named)]
    if waiting and (named.month is None or in_order != sorted({*in_order})):
        raise Unread
    for day in waiting:
        whole = day._replace(month=named.month, year=named.year)
        yield whole, whole


def _span(phrase: Phrase) -> tuple[_Day, _Day]:
    """ "25 december", "van 20 december tot 3 januari", "20-24 december", "juli" """
    first = _day(phrase)
    if not phrase.more(1) or not phrase.take_any(("to", "until", "dash")):
        return first, first
    while phrase.more(1) and phrase.take_any(_BEFORE_DAYS):
        pass
    last = _day(phrase)
    if first.month is None and first.holiday is None:
        first = first._replace(month=last.month, year=last.year)
        if first.day >= last.day:
            raise Unread
    return first, last


def _day(phrase: Phrase) -> _Day:
    phrase.said = Said()
    weekday: int | None = phrase.take("weekday")
    holiday: Holiday | None = phrase.take("holiday")
    if holiday is not None:
        return _Day(holiday=holiday, year=_year(phrase), weekday=weekday)
    month = phrase.means("month")
    number = phrase.whole()
    of_a_range = phrase.any_of(("to", "dash"), 1) and phrase.means("month", 3) is not None
    if not (number and of_a_range) and a_date(phrase):
        if phrase.said.other_date:
            raise Unread("when.left_out.which_date")
        said = phrase.said
        day = _Day(said.day or 0, said.month, said.year, weekday=weekday)
    elif month is not None:
        phrase.at += 1
        return _Day(month=month, year=_year(phrase))
    elif number is not None:
        phrase.at += 1
        day = _Day(number, weekday=weekday)
    else:
        raise Unread
    if not 1 <= day.day <= 31 or (day.month is not None and not 1 <= day.month <= 12):
        raise Unread("when.no_such_day")
    return day


def _year(phrase: Phrase) -> int | None:
    year = phrase.whole() if phrase.in_figures() and len(phrase.token().text) == 4 else None
    phrase.at += year is not None
    return year


# --- which days these are ---


def _dated(first: _Day, last: _Day, today: date) -> Span:
    """Without years the span is the first that is not over yet."""
    if last.year is not None:
        end = _in_year(last, last.year, is_last=True)
        begin = _in_year(first, first.year, is_last=False) if first.year else _last_before(first, end)
    elif first.year is not None:
        begin = _in_year(first, first.year, is_last=False)
        end = _first_from(last, begin)
    else:
        end = _first_from(last, today)
        begin = _last_before(first, end)
    if end < begin:
        raise Unread("when.left_out.backwards")
    if end < today:
        raise Unread("when.left_out.past")
    for day, found in ((first, begin), (last, end)):
        if day.weekday not in (None, found.weekday()):
            raise Unread("when.other_weekday")
    return begin, end


def _in_year(day: _Day, year: int, *, is_last: bool) -> date:
    found = day.in_year(year, last=is_last) if _FIRST_YEAR <= year <= _LAST_YEAR else None
    if found is None:
        raise Unread("when.no_such_day")
    return found


def _first_from(day: _Day, earliest: date) -> date:
    found = (day.in_year(year, last=True) for year in (earliest.year, earliest.year + 1))
    return _one(candidate for candidate in found if candidate and candidate >= earliest)


def _last_before(day: _Day, latest: date) -> date:
    found = (day.in_year(year, last=False) for year in (latest.year, latest.year - 1))
    return _one(candidate for candidate in found if candidate and candidate <= latest)


def _one(candidates: Iterator[date]) -> date:
    found = next(candidates, None)
    if found is None:
        raise Unread("when.no_such_day")
    return found
