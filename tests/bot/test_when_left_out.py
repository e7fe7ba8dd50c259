"""Days that a repetition leaves out, as people write them; and why a day falls away."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from statistics import median
from time import thread_time

import pytest
from babel.dates import format_date
from hypothesis import example, given
from hypothesis import strategies as st

from bot import when
from bot.errors import UserError
from bot.texts import Texts, Voice
from bot.when import LeftOut
from bot.when.left_out import MOST
from tests.chat import BRUSSELS, NOW

TEXTS = Texts()
LOCALES = st.sampled_from(["nl", "en"])
CHRISTMAS, NEW_YEAR = date(2026, 12, 25), date(2027, 1, 1)


def read(words: str, locale: str = "nl", now: datetime = NOW) -> LeftOut:
    return when.read_left_out(words, now, BRUSSELS, locale)


def refusal(words: str, locale: str = "nl") -> str:
    with pytest.raises(UserError) as asked:
        read(words, locale)
    return asked.value.text.key


def spans(*days: str) -> tuple[tuple[date, date], ...]:
    """ "2026-12-25", "2026-12-20/2027-01-03" """
    pairs = (day.split("/") for day in days)
    return tuple((date.fromisoformat(pair[0]), date.fromisoformat(pair[-1])) for pair in pairs)


def why(left_out: LeftOut, day: date, locale: str = "nl") -> str | None:
    found = left_out.why(day)
    return TEXTS.write(found, Voice(locale, BRUSSELS, NOW)) if found else None


DAYS = [
    ("25 december", ["2026-12-25"]),
    ("25 december, 1 januari", ["2026-12-25", "2027-01-01"]),
    ("25 december en 1 januari", ["2026-12-25", "2027-01-01"]),
    ("24, 25 en 26 december", ["2026-12-24", "2026-12-25", "2026-12-26"]),
    ("24,25 december", ["2026-12-24", "2026-12-25"]),
    ("vrijdag 25 december", ["2026-12-25"]),
    ("25/12; 1/1", ["2026-12-25", "2027-01-01"]),
    ("2026-12-25", ["2026-12-25"]),
    ("25 december 2027", ["2027-12-25"]),
    ("1 december", ["2026-12-01"]),  # today
    ("30 november", ["2027-11-30"]),
    ("kerstmis, paasmaandag", ["2026-12-25", "2027-03-29"]),
    ("20 december tot 3 januari", ["2026-12-20/2027-01-03"]),
    ("van 20 december tot en met 3 januari", ["2026-12-20/2027-01-03"]),
    ("20/12-3/1", ["2026-12-20/2027-01-03"]),
    ("20/12 t/m 3/1", ["2026-12-20/2027-01-03"]),
    ("20 december 2026 - 3 januari 2027", ["2026-12-20/2027-01-03"]),
    ("20-24 december", ["2026-12-20/2026-12-24"]),
    ("15 november tot 15 december", ["2026-11-15/2026-12-15"]),  # under way
    ("juli en augustus", ["2027-07-01/2027-07-31", "2027-08-01/2027-08-31"]),
    ("juni-augustus", ["2027-06-01/2027-08-31"]),
    ("5 mei, 25/12, 20/2-1/3", ["2026-12-25", "2027-02-20/2027-03-01", "2027-05-05"]),
    ("25 December and 1 January", ["2026-12-25", "2027-01-01"]),
    ("December 20 through January 3", ["2026-12-20/2027-01-03"]),
]


@pytest.mark.parametrize(("words", "days"), DAYS)
def test_days_and_spans(words: str, days: list[str]) -> None:
    assert read(words).spans == spans(*days)
    if "/" not in words:  # which is another date to some
        assert read(words, "en") == read(words)


@pytest.mark.parametrize(
    ("words", "left_out"),
    [
        ("feestdagen", LeftOut(public=True)),
        ("op wettelijke feestdagen", LeftOut(public=True)),
        ("schoolvakanties", LeftOut(school=True)),
        ("in de schoolvakanties en op feestdagen", LeftOut(public=True, school=True)),
        ("feestdagen, 25/12", LeftOut(spans("2026-12-25"), public=True)),
        ("kerstvakantie en paasvakantie", LeftOut(breaks=("christmas_break", "easter_break"))),
        ("public holidays and school holidays", LeftOut(public=True, school=True)),
        ("Bank holidays, 25 December", LeftOut(spans("2026-12-25"), public=True)),
    ],
)
def test_holidays(words: str, left_out: LeftOut) -> None:
    assert read(words) == read(words, "en") == left_out


REFUSED = {
    "when.left_out.unclear": [
        *("", ",", "blabla", "feestdagen en blabla", "dinsdag", "25", "25, 1 januari", "25 en", "vakantie"),
        *(
            "holidays",
            "elke dinsdag",
            "24 december 20u",
            "24-20 december",
            "feestdagen behalve kerst",
            "20 tot",
        ),
    ],
    "when.no_such_day": ["30 februari", "29 februari", "31/11", "1 januari 1999", "5 mei 9999", "41 mei"],
    "when.other_weekday": ["zaterdag 25 december"],
    "when.left_out.past": ["1 november 2026", "20 december 2025 tot 3 januari 2026"],
    "when.left_out.backwards": ["3 januari 2027 tot 20 december 2026"],
    "when.left_out.too_many": [
        ", ".join(f"{day}/5" for day in range(1, 32)) + ", " + ", ".join(f"{day}/6" for day in range(1, 11)),
        "25 december, " * 100,
    ],
}


@pytest.mark.parametrize(
    ("words", "key"), [(words, key) for key, several in REFUSED.items() for words in several]
)
def test_what_is_something_else_is_asked_back(words: str, key: str) -> None:
    assert refusal(words) == key


def test_a_date_that_has_its_month_first_to_some_is_asked_back_in_their_language() -> None:
    assert refusal("3/4", "en") == "when.left_out.which_date"
    assert read("3/4").spans == spans("2027-04-03")


# --- why ---


def test_why_a_day_falls_away() -> None:
    left_out = read("25 december, 20 februari tot 1 maart")
    assert why(left_out, CHRISTMAS) == "weggelaten"
    assert why(left_out, date(2027, 2, 20)) == why(left_out, date(2027, 3, 1))
    assert (
        why(left_out, date(2027, 3, 1))
        == "van zaterdag 20 februari 2027 tot en met maandag 1 maart 2027 weggelaten"
    )
    assert why(left_out, date(2027, 3, 2)) is why(left_out, NEW_YEAR) is None


def test_public_holidays_are_those_of_belgium_by_their_names() -> None:
    left_out = LeftOut(public=True)
    assert why(left_out, date(2027, 7, 21)) == "nationale feestdag"
    assert why(left_out, date(2027, 5, 6)) == "Hemelvaart"
    assert why(left_out, date(2027, 5, 6), "en") == "Ascension Day"
    assert why(left_out, date(2027, 7, 11)) is None  # of Flanders alone
    year = [date(2027, 1, 1) + timedelta(days=day) for day in range(365)]
    assert sum(left_out.why(day) is not None for day in year) == 12


# As the Flemish government publishes them for 2026-27.
SCHOOL = {
    "herfstvakantie": "2026-11-02/2026-11-08",
    "kerstvakantie": "2026-12-21/2027-01-03",
    "krokusvakantie": "2027-02-08/2027-02-14",
    "paasvakantie": "2027-03-29/2027-04-11",
    "zomervakantie": "2027-07-01/2027-08-31",
}


def test_school_holidays_are_those_of_flanders_and_no_single_days_off() -> None:
    left_out = LeftOut(school=True)
    expected = {
        first + timedelta(days=day): name
        for name, span in SCHOOL.items()
        for first, last in spans(span)
        for day in range((last - first).days + 1)
    }
    year = [date(2026, 9, 1) + timedelta(days=day) for day in range(365)]
    assert {day: name for day in year if (name := why(left_out, day))} == expected
    alone = read("kerstvakantie")
    assert {day for day in year if alone.why(day)} == {
        d for d, name in expected.items() if name == "kerstvakantie"
    }


def test_it_is_said_in_words() -> None:
    left_out = read("25 december, 20/2-1/3, feestdagen, paasvakantie")
    said = [TEXTS.write(part, Voice("nl", BRUSSELS, NOW)) for part in left_out.in_words()]
    assert said == [
        "vrijdag 25 december",
        "zaterdag 20 februari 2027 tot en met maandag 1 maart 2027",
        "feestdagen",
        "paasvakantie",
    ]


def test_what_knows_of_holidays_is_read_only_for_who_leaves_them_out() -> None:
    code = (
        "import sys; from datetime import *; from zoneinfo import ZoneInfo; from bot import when; "
        "left = when.read_left_out('25 december', datetime(2026, 12, 1, tzinfo=UTC), ZoneInfo('UTC')); "
        "left.why(date(2026, 12, 24)); print('holidays' in sys.modules); "
        "when.LeftOut(public=True).why(date(2026, 12, 24)); print('holidays' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["False", "True"]


# --- whatever is typed, and kept ---

AHEAD = st.dates(date(2026, 12, 1), date(2027, 11, 30))


@given(AHEAD, AHEAD, LOCALES)
@example(date(2027, 1, 3), date(2026, 12, 20), "nl")
def test_any_day_and_span_of_the_year_ahead_is_found(day: date, other: date, locale: str) -> None:
    def write(day: date) -> str:
        return format_date(day, "d MMMM", locale=locale)

    first, last = sorted((day, other))
    to = "tot" if locale == "nl" else "to"
    assert read(write(day), locale).spans == ((day, day),)
    assert read(f"{write(first)} {to} {write(last)}", locale).spans == ((first, last),)


@given(st.text() | st.text("0123456789/.-,; entodcmbr", max_size=420), LOCALES)
@example("1," * 200, "nl")
@example("/" * 400, "nl")
@example("9" * 400, "en")
@example("٣ december\u202e", "nl")
@example("1 januari 0001 - 31 december 9999", "nl")
def test_any_text_is_days_or_asked_back(words: str, locale: str) -> None:
    began = thread_time()
    with suppress(UserError):
        left_out = read(words, locale)
        assert all(first <= last for first, last in left_out.spans)
        assert LeftOut.from_kept(left_out.as_kept()) == left_out
    assert thread_time() - began < 0.2


def test_a_phrase_costs_next_to_nothing() -> None:
    took = []
    for words, _ in DAYS * 3:
        began = thread_time()
        read(words)
        took.append(thread_time() - began)
    assert median(took) < 0.002


def test_it_is_kept_as_text() -> None:
    for words in [words for words, _ in DAYS] + ["feestdagen, schoolvakanties", "kerstvakantie"]:
        assert LeftOut.from_kept(read(words).as_kept()) == read(words)
    assert LeftOut.from_kept("{}") == LeftOut()
    for kept in (
        "",
        "null",
        "[]",
        '{"spans":[["x","y"]]}',
        '{"spans":3}',
        '{"other":1}',
        '{"spans":[["2026-12-25"]]}',
        '{"public":1}',
        '{"school":"x"}',
        '{"breaks":["x"]}',
        '{"breaks":[["autumn_break"]]}',
        '{"spans":[' + ",".join(['["2026-12-25","2026-12-25"]'] * (MOST + 1)) + "]}",
        "[" * 99_999,
    ):
        with pytest.raises(ValueError):
            LeftOut.from_kept(kept)


def test_a_day_is_that_of_the_zone() -> None:
    late = datetime(2026, 12, 25, 23, 30, tzinfo=UTC)  # the 26th in Brussels
    assert read("25 december", now=late).spans == spans("2027-12-25")
