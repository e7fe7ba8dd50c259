"""What was refused in a place is tried again as something changes there, but not as often as it does."""

from __future__ import annotations

from datetime import timedelta

from adapters.discord.tries import APART, LONGEST_REST, MOST, REST, SHUT_FOR, Tries
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


def test_where_plein_was_refused_nothing_else_is_asked_for_a_while() -> None:
    tries = Tries()
    assert not tries.is_shut("here", 1, NOW)
    tries.shut("here", 1, NOW)
    assert tries.is_shut("here", 1, NOW + SECOND)
    assert not tries.is_shut("there", 1, NOW + SECOND)
    assert not tries.is_shut("here", 3, NOW + SECOND), "Plein may do more there by now"
    assert not tries.is_shut("here", 1, NOW + SHUT_FOR)


def test_what_is_tried_is_asked_again() -> None:
    tries = Tries()
    tried(tries, 60)
    tries.shut("here", 1, NOW + 60 * SECOND)
    assert tries.used("here", NOW + 60 * SECOND)
    assert not tries.is_shut("here", 1, NOW + 60 * SECOND)
    tries.shut("there", 1, NOW)
    assert tries.changed("there", NOW)
    assert not tries.is_shut("there", 1, NOW)
