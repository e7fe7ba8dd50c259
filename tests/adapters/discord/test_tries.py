"""What was refused in a place is tried again as something changes there, but not as often as it does."""

from __future__ import annotations

from datetime import timedelta

from adapters.discord.tries import APART, LONGEST_REST, MOST, REST, Tries
from tests.chat import NOW

SECOND = timedelta(seconds=1)


def tried(tries: Tries, seconds: int, every: int = 1) -> list[int]:
    """After how many seconds it was tried, where something changes all the time."""
    return [second for second in range(0, seconds, every) if tries.changed("here", NOW + second * SECOND)]


def test_three_times_in_ten_minutes_and_then_ever_less() -> None:
    found = tried(Tries(), 4 * 3600)
    assert found[:MOST] == [0, 10, 20]
    assert [after - before for before, after in zip(found[MOST - 1 :], found[MOST:], strict=False)][:4] == [
        *(600, 1200, 2400, 3600)
    ]


def test_each_place_has_its_own() -> None:
    tries = Tries()
    tried(tries, 60)
    assert tries.changed("there", NOW + 60 * SECOND)


def test_after_an_hour_it_begins_anew() -> None:
    tries = Tries()
    tried(tries, 60)
    later = NOW + 20 * SECOND + LONGEST_REST
    assert [tries.changed("here", later + number * APART) for number in range(MOST + 1)] == [True] * MOST + [
        False
    ]


def test_whoever_uses_plein_there_waits_for_no_rest() -> None:
    tries = Tries()
    assert not tries.used("here", NOW), "nothing was refused there"
    assert tries.changed("here", NOW)
    assert not tries.used("here", NOW + APART), "nothing changed since"
    tried(tries, 60)
    assert tries.used("here", NOW + 60 * SECOND)
    assert not tries.used("here", NOW + 61 * SECOND)
    assert not tries.changed("here", NOW + 60 * SECOND + REST - SECOND)


def test_a_clock_that_was_put_back_is_no_rest() -> None:
    tries = Tries()
    tried(tries, 60)
    assert tries.changed("here", NOW - LONGEST_REST)
