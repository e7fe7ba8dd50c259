"""Running longer: by a length on top of how long it runs already, or until a moment."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from bot import when
from bot.features.polls.records import POLLS
from bot.model.message import Button, text
from tests.chat import BRUSSELS, NOW
from tests.doubles.platform import Town, open_town


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    async with open_town("sqlite:///:memory:") as town:
        await town.joined("sport")
        await town.say("anna", '!poll open "Wat?" A | B --closes "4 december 20u"')
        yield town


async def closes_at(town: Town) -> str:
    found = await town.core.store.run(lambda tx: tx.of(POLLS).get(1, 0))
    assert found
    return found[0].closes_at.astimezone(BRUSSELS).strftime("%Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("words", "closes"),
    [
        ("1d", "2026-12-05 20:00"),
        ("een dag", "2026-12-05 20:00"),
        ("1 dag en 12 uur", "2026-12-06 08:00"),
        ("2u", "2026-12-04 22:00"),
        ("36u", "2026-12-06 08:00"),
        ("een maand", "2027-01-04 20:00"),
        ("a week", "2026-12-11 20:00"),
        # A moment is that moment, however it is said.
        ("over 5d", "2026-12-06 19:00"),
        ("tot zaterdag 22u", "2026-12-05 22:00"),
        ("tot 5 december 20u", "2026-12-05 20:00"),
    ],
)
async def test_longer_than_it_stood_or_until_a_moment(town: Town, words: str, closes: str) -> None:
    asked = town.asked("anna", f"!poll extend {words}")
    answer = await town.core.handle(asked)
    assert await closes_at(town) == closes
    at = datetime.fromisoformat(closes).replace(tzinfo=BRUSSELS)
    assert answer
    assert answer.lines == (text("poll.extended.receipt", question="Wat?", closes=at),)
    assert await town.core.handle(asked) == answer  # once, however often it is brought
    assert await closes_at(town) == closes


async def test_the_same_length_twice_is_twice_as_long(town: Town) -> None:
    for _ in range(2):
        await town.say("anna", "!poll extend 1d")
    assert await closes_at(town) == "2026-12-06 20:00"


@pytest.mark.parametrize(
    ("words", "key"),
    [
        ("over 1d", "poll.extend.earlier"),
        ("0d", "poll.extend.earlier"),
        ("99999w", "poll.closes.far"),
        ("9999999 jaar", "when.too_far"),
        ("54w", "poll.closes.far"),
    ],
)
async def test_no_other_lengths(town: Town, words: str, key: str) -> None:
    answer = await town.core.handle(town.asked("anna", f"!poll extend {words}"))
    assert answer
    said = answer.lines[0]
    assert said.values.get("problem", said).key == key
    assert await closes_at(town) == "2026-12-04 20:00"


@pytest.mark.parametrize(
    ("typed", "values"), [("1d", ["1d"]), ("", ["1d", "2d", "1w", "2026-12-04T19:00:00+00:00"])]
)
async def test_a_length_that_is_suggested_stays_one(town: Town, typed: str, values: list[str]) -> None:
    typing = town.asked("anna", button=Button(text("typed"), "poll extend"))
    suggested = await town.core.suggest(typing, "until", typed)
    assert [found.value for found in suggested] == values
    assert suggested[0].words == text("when.longer", words="1d")


@pytest.mark.parametrize("words", ["1d", "2 weken", "1 dag en 12 uur", "een maand", "30s"])
def test_a_length_is_kept_in_words_that_are_read_again(words: str) -> None:
    length = when.read_length(words)
    assert length
    assert when.read_length(length.in_words()) == length


@pytest.mark.parametrize("words", ["over 1d", "vrijdag 20u", "20u", "om 2u", "", "x" * 101, "morgen 2u"])
def test_what_is_no_length(words: str) -> None:
    assert when.read_length(words) is None


def test_a_month_longer_than_the_31st_is_the_last_day() -> None:
    length = when.read_length("een maand")
    assert length
    start = datetime(2027, 1, 31, 20, tzinfo=BRUSSELS)
    assert when.after(start, length, BRUSSELS).astimezone(BRUSSELS) == start.replace(month=2, day=28)
    assert NOW + timedelta(days=1) == when.after(NOW, when.Unit(days=1), BRUSSELS)
