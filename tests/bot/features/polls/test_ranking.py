"""Schulze's method: published elections come out as they were published, and its promises hold."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.features.polls.ranking import Ranking, add_duels, decide, duels_of

ELECTIONS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "elections.json").read_text(encoding="utf-8")
)
Ballots = list[tuple[tuple[int, ...], int]]


def rank(options: int, ballots: Iterable[tuple[tuple[int, ...], int]]) -> Ranking:
    """The order that these ballots give."""
    return decide(duels_of(add_duels(options, ballots)))


def outcome(election: dict[str, Any]) -> Ranking:
    if "duels" in election:
        return decide(election["duels"])
    return rank(len(election["options"]), [(tuple(order), count) for count, order in election["ballots"]])


def test_there_are_elections_of_each_sort() -> None:
    assert len(ELECTIONS) >= 20
    assert {"duels", "ballots", "order", "strengths"} <= {name for election in ELECTIONS for name in election}
    assert len({election["name"] for election in ELECTIONS}) == len(ELECTIONS)
    assert all(("duels" in election) != ("ballots" in election) for election in ELECTIONS)


@pytest.mark.parametrize("election", ELECTIONS, ids=lambda election: election["name"])
def test_a_published_election(election: dict[str, Any]) -> None:
    found = outcome(election)
    assert list(found.order[0]) == election["winner"]
    if "order" in election:
        assert [list(equal) for equal in found.order] == election["order"]
    if "strengths" in election:
        assert [list(row) for row in found.ways] == election["strengths"]
    if "duels" in election:
        assert [list(row) for row in found.duels] == election["duels"]
    everybody = sorted(option for equal in found.order for option in equal)
    assert everybody == list(range(1, len(election["options"]) + 1))


# --- what it promises ---


@st.composite
def elections(draw: st.DrawFn, *, complete: bool = False) -> tuple[int, Ballots]:
    """Up to five options, and ballots that put all of them in order, or some."""
    options = draw(st.integers(2, 5))
    orders = st.permutations(range(1, options + 1))
    if not complete:
        orders = st.tuples(orders, st.integers(1, options)).map(lambda both: list(both[0][: both[1]]))
    ballots = st.lists(st.tuples(orders.map(tuple), st.integers(1, 9)), max_size=8)
    return options, draw(ballots)


def duels_one_by_one(options: int, ballots: Ballots) -> list[list[int]]:
    """The same count, said more plainly than the code does: an option that is left out comes last."""
    duels = [[0] * options for _ in range(options)]
    for order, count in ballots:
        for option, rival in itertools.permutations(range(options), 2):
            places = [order.index(who + 1) if who + 1 in order else options for who in (option, rival)]
            duels[option][rival] += count * (places[0] < places[1])
    return duels


def strongest_way(duels: list[list[int]], start: int, end: int) -> int:
    """Every way there is, over won duels, each as strong as its weakest."""
    rest = [option for option in range(len(duels)) if option not in (start, end)]
    best = 0
    for length in range(len(rest) + 1):
        for between in itertools.permutations(rest, length):
            steps = list(itertools.pairwise((start, *between, end)))
            if all(duels[a][b] > duels[b][a] for a, b in steps):
                best = max(best, min(duels[a][b] for a, b in steps))
    return best


@given(elections())
def test_duels_and_ways_are_what_they_are_said_to_be(election: tuple[int, Ballots]) -> None:
    options, ballots = election
    found = rank(options, ballots)
    duels = duels_one_by_one(options, ballots)
    assert [list(row) for row in found.duels] == duels
    for start, end in itertools.permutations(range(options), 2):
        assert found.ways[start][end] == strongest_way(duels, start, end)


@given(elections())
def test_nobody_stands_above_one_who_beats_them(election: tuple[int, Ballots]) -> None:
    found = rank(*election)
    for above, below in itertools.combinations(found.order, 2):
        for higher, lower in itertools.product(above, below):
            assert found.ways[higher - 1][lower - 1] >= found.ways[lower - 1][higher - 1]
    for equal in found.order:
        for option, rival in itertools.combinations(equal, 2):
            assert found.ways[option - 1][rival - 1] == found.ways[rival - 1][option - 1]
    for option in (option for below in found.order[1:] for option in below):
        assert any(
            found.ways[rival][option - 1] > found.ways[option - 1][rival] for rival in range(election[0])
        )


@given(elections())
def test_who_wins_every_duel_comes_first_and_who_loses_every_one_last(election: tuple[int, Ballots]) -> None:
    options, ballots = election
    duels = duels_one_by_one(options, ballots)
    found = rank(options, ballots)
    for option in range(options):
        rivals = [rival for rival in range(options) if rival != option]
        wins = all(duels[option][rival] > duels[rival][option] for rival in rivals)
        assert found.wins_every_duel(option + 1) == wins
        if wins:
            assert found.order[0] == (option + 1,)
        if all(duels[option][rival] < duels[rival][option] for rival in rivals):
            assert found.order[-1] == (option + 1,)


@given(elections(complete=True), st.integers(1, 5), st.integers(10, 99))
def test_what_most_put_first_comes_first(election: tuple[int, Ballots], favourite: int, many: int) -> None:
    options, ballots = election
    favourite = (favourite - 1) % options + 1
    rest = tuple(option for option in range(1, options + 1) if option != favourite)
    most = sum(count for _, count in ballots) + many
    assert rank(options, [*ballots, ((favourite, *rest), most)]).order[0] == (favourite,)


@given(elections(complete=True))
def test_with_every_ballot_reversed_a_strict_order_is_reversed(election: tuple[int, Ballots]) -> None:
    options, ballots = election
    found = rank(options, ballots)
    assume(all(len(equal) == 1 for equal in found.order))
    reversed_ballots = [(order[::-1], count) for order, count in ballots]
    assert rank(options, reversed_ballots).order == found.order[::-1]


@given(elections(), st.randoms())
def test_the_order_and_the_sums_of_ballots_change_nothing(election: tuple[int, Ballots], random: Any) -> None:
    options, ballots = election
    one_by_one = [(order, 1) for order, count in ballots for _ in range(count)]
    random.shuffle(one_by_one)
    assert rank(options, one_by_one) == rank(options, ballots)
    half = len(ballots) // 2
    parts = (add_duels(options, ballots[:half]), add_duels(options, ballots[half:]))
    assert decide(duels_of([a + b for a, b in zip(*parts, strict=True)])) == rank(options, ballots)


@given(elections(complete=True), st.randoms())
def test_the_names_of_options_change_nothing(election: tuple[int, Ballots], random: Any) -> None:
    options, ballots = election
    names = list(range(1, options + 1))
    random.shuffle(names)
    renamed = [(tuple(names[option - 1] for option in order), count) for order, count in ballots]
    expected = [
        tuple(sorted(names[option - 1] for option in equal)) for equal in rank(options, ballots).order
    ]
    assert list(rank(options, renamed).order) == expected


def test_more_ballots_than_anybody_has() -> None:
    many = 2**31
    found = rank(3, [((1, 2, 3), many), ((2, 3, 1), many - 1)])
    assert found.duels == ((0, many, many), (many - 1, 0, 2 * many - 1), (many - 1, 0, 0))
    assert found.order == ((1,), (2,), (3,))


def test_twenty_options() -> None:
    orders = [tuple(range(start, 21)) + tuple(range(1, start)) for start in range(1, 21)]
    assert rank(20, [(order, 1) for order in orders]).order == (tuple(range(1, 21)),)
    assert rank(20, [(orders[0], 1), *((order, 1) for order in orders)]).order[0] == (1,)


def test_nobody_voted() -> None:
    assert rank(3, []).order == ((1, 2, 3),)
