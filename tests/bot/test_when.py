"""Moments that people write: understood wholly, or asked back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from bot import when
from bot.errors import UserError
from bot.texts import Texts, Voice
from tests.chat import BRUSSELS, NOW

MOMENTS = st.datetimes(
    min_value=datetime(2026, 12, 1, 19, 1),  # noqa: DTZ001 - hypothesis adds the zone itself
    max_value=datetime(2030, 1, 1),  # noqa: DTZ001
    timezones=st.just(BRUSSELS),
    allow_imaginary=False,
)


def local(words: str) -> str:
    return when.read(words, NOW, BRUSSELS).astimezone(BRUSSELS).strftime("%Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("words", "span"),
    [
        ("2d", timedelta(days=2)),
        ("36h", timedelta(hours=36)),
        ("36u", timedelta(hours=36)),
        ("1d 12u", timedelta(days=1, hours=12)),
        ("1d12h", timedelta(days=1, hours=12)),
        ("2 weken", timedelta(weeks=2)),
        ("90 minuten", timedelta(minutes=90)),
        ("30s", timedelta(seconds=30)),
        ("1 Day", timedelta(days=1)),
    ],
)
def test_a_span(words: str, span: timedelta) -> None:
    assert when.read(words, NOW, BRUSSELS) - NOW == span


@pytest.mark.parametrize(
    ("words", "moment"),
    [
        ("dinsdag 1 december om 19.30 uur", "2026-12-01 19:30"),
        ("Tuesday 1 December at 19:30", "2026-12-01 19:30"),
        ("1 december 19u30", "2026-12-01 19:30"),
        ("1 december 19h30", "2026-12-01 19:30"),
        ("vandaag 20u", "2026-12-01 20:00"),
        ("20:00", "2026-12-01 20:00"),
        ("morgen om 20u", "2026-12-02 20:00"),
        ("overmorgen 8.15", "2026-12-03 08:15"),
        ("wo 2 dec 20:00", "2026-12-02 20:00"),
        ("2/12 20:00", "2026-12-02 20:00"),
        ("2/12/2027 20:00", "2027-12-02 20:00"),
        ("2026-12-02T20:00", "2026-12-02 20:00"),
        ("2026-12-02 20:00", "2026-12-02 20:00"),
        ("on the 3rd of january at 9:00", "2027-01-03 09:00"),
        ("15 januari 19:30", "2027-01-15 19:30"),
        ("29 februari 2028 20u", "2028-02-29 20:00"),
    ],
)
def test_a_day_and_an_hour(words: str, moment: str) -> None:
    assert local(words) == moment


def test_a_leap_day_without_its_year_is_the_next_one() -> None:
    before = datetime(2027, 12, 1, tzinfo=UTC)
    assert when.read("29 februari 20u", before, BRUSSELS) == datetime(2028, 2, 29, 19, tzinfo=UTC)


@pytest.mark.parametrize(
    ("words", "key"),
    [
        ("", "when.no_hour"),
        ("morgen", "when.no_hour"),
        ("volgende week", "when.unclear"),
        ("2 jaar", "when.unclear"),
        ("8pm", "when.unclear"),
        ("25:00", "when.unclear"),
        ("19:60", "when.unclear"),
        ("1 2 december 20:00", "when.unclear"),
        ("1 december 2 januari 20:00", "when.unclear"),
        ("19:00 20:00", "when.unclear"),
        ("morgen 2 december 20:00", "when.unclear"),
        ("december 20:00", "when.unclear"),
        ("5 20:00", "when.unclear"),
        ("2027 20:00", "when.unclear"),
        ("vrijdag 20:00", "when.which_day"),
        ("maandag 2 december 20:00", "when.other_weekday"),
        ("vandaag maandag 20:00", "when.other_weekday"),
        ("31 februari 20:00", "when.no_such_day"),
        ("29 februari 2027 20:00", "when.no_such_day"),
        ("0000-12-05 20:00", "when.no_such_day"),
        ("28 maart 2027 2.30", "when.no_such_hour"),
        ("31 oktober 2027 2.30", "when.twice"),
        ("0d", "when.too_far"),
        ("99999w", "when.too_far"),
        ("0001-01-01 00:00", "when.too_far"),
    ],
)
def test_what_is_not_wholly_understood_is_asked_back(words: str, key: str) -> None:
    with pytest.raises(UserError) as asked:
        when.read(words, NOW, BRUSSELS)
    assert asked.value.text.key == key


@given(st.text())
@example("9999-12-31 23:59")
@example("²d")
@example("٣d")
@example("2d" * 60)
def test_any_text_is_a_moment_or_asked_back(words: str) -> None:
    try:
        moment = when.read(words, NOW, ZoneInfo("America/New_York"))
    except UserError:
        return
    assert moment.tzinfo is UTC


KNOWN = (
    "1 31 2d 19.30 20u om op at december feb 29 maandag fri morgen 2027 0000-12-05 9999-12-31 "
    "2026-12-02T20:00 31/12 5/3/2028 2e 3rd w uur de -1 +2d 00:00 24:00 12:61 1.12"
)
WORDS = st.sampled_from(KNOWN.split())


@given(st.lists(WORDS, max_size=6).map(" ".join))
def test_words_of_dates_in_any_order_are_a_moment_or_asked_back(words: str) -> None:
    try:
        moment = when.read(words, NOW, BRUSSELS)
    except UserError:
        return
    assert moment.tzinfo is UTC


@given(MOMENTS, st.sampled_from(["nl", "en"]))
def test_every_date_that_is_written_is_read_back(moment: datetime, locale: str) -> None:
    twice = moment.replace(fold=0).utcoffset() != moment.replace(fold=1).utcoffset()
    assume(not twice)
    written = Texts().date(moment, Voice(locale, BRUSSELS, NOW))
    assert when.read(written, NOW, BRUSSELS) == moment.replace(second=0, microsecond=0)
