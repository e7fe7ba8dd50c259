"""What a language has to tell about time: tables of words, and no code.

In every table the words for one thing are apart by commas, and one of them may be a phrase
("ten laatste"). Capitals and accents do not count. What a language has no use for stays empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Literal, NamedTuple, get_args

from bot.when.scan import key


class Unit(NamedTuple):
    """A length of time: months and days go by the calendar, seconds by the clock."""

    months: int = 0
    days: int = 0
    seconds: int = 0

    def in_words(self) -> str:
        """The length as it can be read again: "1 days 3600 seconds"."""
        parts = zip(self, self._fields, strict=True)
        return " ".join(f"{number} {name}" for number, name in parts if number)


YEAR, MONTH = Unit(months=12), Unit(months=1)
WEEK, DAY = Unit(days=7), Unit(days=1)
HOUR, QUARTER, MINUTE, SECOND = Unit(seconds=3600), Unit(seconds=900), Unit(seconds=60), Unit(seconds=1)


class Holiday(NamedTuple):
    """A day of the year, or so many days after Easter."""

    month: int = 0
    day: int = 0
    after_easter: int = 0

    @classmethod
    def of(cls, written: str) -> Holiday:
        """ "12-24", "easter - 2" """
        if written.startswith("easter"):
            return cls(after_easter=int(written.removeprefix("easter").replace(" ", "") or 0))
        month, day = written.split("-")
        return cls(int(month), int(day))

    def later(self, days: int) -> Holiday:
        """The day so many days after it, in the same month."""
        if self.month:
            return self._replace(day=self.day + days)
        return self._replace(after_easter=self.after_easter + days)

    def in_year(self, year: int) -> date:
        """The day that it is then."""
        return (
            date(year, self.month, self.day) if self.month else _easter(year) + timedelta(self.after_easter)
        )


def _easter(year: int) -> date:
    """Easter Sunday by the Gregorian computus, as Meeus has it."""
    century, of_century = divmod(year, 100)
    moon = (19 * (year % 19) + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (of_century // 4) - moon - of_century % 4) % 7
    late = (year % 19 + 11 * moon + 22 * weekday) // 451
    month, day = divmod(moon + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)


# Tables that hold no more than the words for one thing; the name of each is that meaning too.
Mark = Literal[
    "one",
    "ordinal_endings",
    "within",
    "more",
    "longer",
    "hence",
    "final",
    "closing",
    "by",
    "next",
    "coming",
    "this",
    "at",
    "hour_letters",
    "hour_words",
    "hour_tails",
    "also_durations",
    "am",
    "pm",
    "noon",
    "midnight",
    "quarter",
    "past",
    "before",
    "half",
    "plus",
    "minus",
    "since",
    "to",
    "until",
    "and_",
    "article",
    "links",
    "latest",
    "fillers",
    "every",
    "spaced",
    "other",
    "times_words",
    "per",
    "workdays",
    "each_workday",
    "onward",
    "public_holidays",
    "school_holidays",
]
# What words of the other tables may mean, and figures and signs, which are the same everywhere.
Value = Literal[
    "number",
    "ordinal",
    "weekday",
    "month",
    "holiday",
    "days_ahead",
    "part",
    "unit",
    "later",
    "frequency",
    "twofold",
    "period",
    "times",
    "each_weekday",
    "school_break",
    "refused",
    "joined",
]
Figure = Literal["clock", "date", "slashed", "instant", "dash", "slash"]
Kind = Mark | Value | Figure | Literal["joined"]
Means = Mapping[Kind, Any]
# Words by which something comes back, and which are therefore no part of one moment.
_RECURRING: tuple[Kind, ...] = ("every", "spaced", "other", "per", "frequency", "twofold", "each_weekday")


@dataclass(frozen=True, kw_only=True)
class Language:
    """One language's tables, and the one dictionary that is made of them."""

    # "acht": 8, "anderhalf": 1.5, "een half": 0.5
    numbers: Mapping[str, float]
    # "an hour": a word that is one, but only before a length of time
    one: str = ""
    # "derde": 3; and what is written behind a figure: "3de"
    ordinals: Mapping[str, int] = field(default_factory=dict)
    ordinal_endings: str = ""
    # From Monday on, and from January on.
    weekdays: Sequence[str]
    months: Sequence[str]
    # Whether people also write the month first: 3/4 may be March.
    month_first: bool = False
    # "kerstavond": "12-24", "paasmaandag": "easter + 1"
    holidays: Mapping[str, str] = field(default_factory=dict)
    # "laatste vrijdag van januari"; "eind deze maand"; "tegen vrijdag", which may end that day or begin it
    final: str = ""
    closing: str = ""
    by: str = ""
    # "morgen": 1
    days_ahead: Mapping[str, int]
    # "avond": "17:00-24:00", the last minute too; after 24:00 it is the next day.
    parts: Mapping[str, str] = field(default_factory=dict)
    # "over 2 weken", "two weeks from now"
    within: str = ""
    # "nog 3 dagen", "another 3 days": on top of what there is
    more: str = ""
    # "een dag langer", "2 extra dagen", "two more days": the same, beside the unit
    longer: str = ""
    hence: str = ""
    units: Mapping[str, Unit]
    # Days that people say but do not count so: "over acht dagen" is a week.
    idioms: Mapping[int, int] = field(default_factory=dict)
    # "Friday week", "mardi en huit": so many days after the named one.
    later: Mapping[str, int] = field(default_factory=dict)
    next: str = ""
    coming: str = ""
    this: str = ""

    # The hour: "om 8 uur", "20u", "20 h"; letters and words behind figures, and behind "20.00".
    at: str = ""
    hour_letters: str = ""
    hour_words: str = ""
    hour_tails: str = ""
    # Letters that alone ("12h") may as well be a duration.
    also_durations: str = ""
    am: str = "am"
    pm: str = "pm"
    noon: str = ""
    midnight: str = ""
    # "kwart voor acht", "tien over half negen"
    quarter: str = ""
    past: str = ""
    before: str = ""
    # "half acht" is 7.30 (-30), "half eight" is 8.30 (30).
    half: str = ""
    half_hour: int = 30
    # What comes behind the hour: "huit heures et quart", "moins dix"
    plus: str = ""
    minus: str = ""

    # "van 19 tot 21u"; "tot zondag 20u"
    since: str = ""
    to: str = ""
    until: str = ""
    # "uiterlijk vrijdag", "vrijdag ten laatste"
    latest: str = ""
    and_: str = ""
    # "de 3 om 20u": with it a figure is a day
    article: str = ""
    # Words without a meaning of their own; links need something behind them.
    links: str = ""
    fillers: str = ""

    # What comes back: "elke dinsdag", "om de andere week"; of "om de week" it may be each or each second one.
    every: str = ""
    other: str = ""
    spaced: str = ""
    # "wekelijks", "tweemaandelijks"; "biweekly", which is every two of them, or twice in one
    frequency: Mapping[str, Unit] = field(default_factory=dict)
    twofold: Mapping[str, Unit] = field(default_factory=dict)
    # "elk kwartaal": lengths that only what comes back has
    period: Mapping[str, Unit] = field(default_factory=dict)
    # "eens per maand", "2 keer per week"
    times: Mapping[str, int] = field(default_factory=dict)
    times_words: str = ""
    per: str = ""
    # "dinsdags, dinsdagen", from Monday on; "werkdag", "werkdagen"
    each_weekday: Sequence[str] = ()
    workdays: str = ""
    each_workday: str = ""
    # Where a series begins, which is no part of how it comes back.
    onward: str = ""
    # What can be left out of it.
    public_holidays: str = ""
    school_holidays: str = ""
    # "kerstvakantie": "christmas_break"
    school_breaks: Mapping[str, str] = field(default_factory=dict)

    # One word that says two things: "vanavond": "vandaag + avond"
    joined: Mapping[str, str] = field(default_factory=dict)
    # What is understood too well to be read as one moment; by the text that answers it.
    refused: Mapping[str, str] = field(default_factory=dict)

    # Made of the tables: what each word or phrase may mean.
    words: Mapping[str, Means] = field(init=False, repr=False)
    # How many words the longest phrase has that begins with this word.
    longest: Mapping[str, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        words: dict[str, dict[Kind, Any]] = {}

        def add(kind: Kind, names: str, value: Any = True) -> None:
            for name in filter(None, map(key, names.split(","))):
                words.setdefault(name, {})[kind] = value

        for kind, table in self._tables():
            for names, value in table.items():
                add(kind, names, value)
        for mark in get_args(Mark):
            add(mark, getattr(self, mark))
        for names, day in self.holidays.items():
            add("holiday", names, Holiday.of(day))
        for names, hours in self.parts.items():
            add("part", names, _minutes(hours))
        for text, names in self.refused.items():
            add("refused", names, text)
        for means in words.values():
            if not means.keys().isdisjoint(_RECURRING):
                means["refused"] = "when.recurring"
        for name, spelled in (*self._run_together(words), *self.joined.items()):
            words.setdefault(key(name), {"joined": [words[key(part)] for part in spelled.split("+")]})
        object.__setattr__(self, "words", words)
        object.__setattr__(self, "longest", _longest(words))

    def _tables(self) -> tuple[tuple[Value, Mapping[str, Any]], ...]:
        return (
            ("number", self.numbers),
            ("ordinal", self.ordinals),
            ("weekday", {names: day for day, names in enumerate(self.weekdays)}),
            ("month", {names: month for month, names in enumerate(self.months, start=1)}),
            ("days_ahead", self.days_ahead),
            ("unit", self.units),
            ("later", self.later),
            ("frequency", self.frequency),
            ("twofold", self.twofold),
            ("period", self.period),
            ("times", self.times),
            ("school_break", self.school_breaks),
            ("each_weekday", {names: day for day, names in enumerate(self.each_weekday)}),
        )

    @staticmethod
    def _run_together(words: Mapping[str, Means]) -> list[tuple[str, str]]:
        """ "maandagavond", "morgenvroeg", "halfacht", in any language that writes so."""
        single = {name: means for name, means in words.items() if name.isalpha()}
        days = [name for name, means in single.items() if "weekday" in means or "days_ahead" in means]
        parts = [name for name, means in single.items() if "part" in means]
        halves = [name for name, means in single.items() if "half" in means]
        hours = [name for name, means in single.items() if means.get("number") in range(1, 13)]
        pairs = [(day, part) for day in days for part in parts] + [(a, b) for a in halves for b in hours]
        return [(first + second, f"{first}+{second}") for first, second in pairs]


def _minutes(hours: str) -> tuple[int, int]:
    """ "17:00-24:00" in minutes since midnight."""
    first, last = (hour.split(":") for hour in hours.split("-"))
    return int(first[0]) * 60 + int(first[1]), int(last[0]) * 60 + int(last[1])


def _longest(phrases: Iterable[str]) -> dict[str, int]:
    longest: dict[str, int] = {}
    for phrase in phrases:
        first, *more = phrase.split()
        longest[first] = max(longest.get(first, 1), 1 + len(more))
    return longest
