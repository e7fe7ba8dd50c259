"""The boards of one place take turns, and whoever opens many holds up nobody."""

from __future__ import annotations

from datetime import timedelta

from bot.delivery.turns import Turns
from bot.model.people import Place
from bot.model.work import Board
from tests.chat import NOW

SECOND = timedelta(seconds=1)
REST = 2 * SECOND
ANNA, BEN = 1, 2


def board(number: int, opener: int | None, room: str = "sport", *, posted: bool = True) -> Board:
    ref = (f"${number}",) if posted else ()
    return Board(f"poll:{number}", Place("test", room), 2, ref, f"b{number}", "test", opener=opener)


HERS = [board(number, ANNA) for number in range(10)]
HIS = board(10, BEN)


def test_each_place_has_an_edit_a_second() -> None:
    turns = Turns(REST)
    elsewhere = board(11, ANNA, "natuur")
    assert turns.take([*HERS, elsewhere], NOW) == ([HERS[0], elsewhere], NOW + SECOND)
    assert turns.take(HERS[1:], NOW + SECOND / 2) == ([], NOW + SECOND)
    assert turns.take(HERS[1:], NOW + SECOND) == ([HERS[1]], NOW + 2 * SECOND)


def test_whoever_had_none_for_longest_has_the_next() -> None:
    turns = Turns(REST)
    assert turns.take(HERS, NOW)[0] == [HERS[0]]
    assert turns.take([*HERS, HIS], NOW + SECOND)[0] == [HIS]
    # And as long as both are there each has every second turn: his is always free.
    for second in range(2, 20, 2):
        assert turns.take(HERS, NOW + second * SECOND)[0] == [HERS[0]]
        assert turns.take(HERS, NOW + (second + 1) * SECOND) == ([], NOW + (second + 2) * SECOND)
        assert turns.take([*HERS, HIS], NOW + (second + 1) * SECOND)[0] == [HIS]
    # Later the place is hers alone.
    assert [turns.take(HERS, NOW + second * SECOND)[0] for second in (40, 41)] == [[HERS[0]]] * 2


def test_what_nobody_sees_yet_waits_for_no_turn() -> None:
    turns = Turns(REST)
    new = board(11, ANNA, posted=False)
    assert turns.take([HERS[0]], NOW)[0] == [HERS[0]]
    assert turns.take([HERS[1], new], NOW) == ([new], NOW + SECOND)


def test_where_a_turn_was_had_the_next_is_waited_for() -> None:
    turns = Turns(REST)
    assert turns.resting(NOW) == {}
    turns.take([HERS[0], board(11, BEN, "natuur", posted=False)], NOW)
    assert turns.resting(NOW) == {HERS[0].place: NOW + SECOND}
    assert turns.resting(NOW + SECOND) == turns.resting(NOW - SECOND) == {}


def test_a_clock_that_was_put_back_keeps_nobody_waiting() -> None:
    turns = Turns(REST)
    assert turns.take(HERS, NOW)[0] == [HERS[0]]
    assert turns.take(HERS, NOW - timedelta(days=1))[0] == [HERS[0]]


def test_without_a_rest_there_are_no_turns() -> None:
    assert Turns(timedelta()).take([*HERS, HIS], NOW) == ([*HERS, HIS], None)
