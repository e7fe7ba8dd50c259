"""Who moves up where places are free: in order, whole, and never more than there is room for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.features.meetings.records import PLACES, Answer, Way
from bot.features.meetings.seats import fits, move_up
from tests.chat import NOW


def answer(number: int, way: Way, party: int = 1, seat: Way | None = None) -> Answer:
    return Answer(
        id=number,
        meeting=1,
        resident=number,
        way=way,
        seat=seat,
        since=NOW + timedelta(seconds=number),
        said_at=NOW,
        party=party,
    )


def moved(
    row: Sequence[Answer], taken: tuple[int, int], room: tuple[int | None, int | None]
) -> list[tuple[int, Way | None]]:
    """Who moved up, and where to; figures are for in person and online."""
    rooms = dict(zip(PLACES, room, strict=True))
    found = move_up(row, dict(zip(PLACES, taken, strict=True)), rooms.__getitem__)
    return [(each.id, each.seat) for each in found]


def test_the_first_moves_up() -> None:
    row = [answer(1, Way.ON_SITE), answer(2, Way.ON_SITE)]
    assert moved(row, (4, 0), (5, None)) == [(1, Way.ON_SITE)]


def test_the_first_whose_party_fits_moves_up_whole() -> None:
    row = [answer(1, Way.ON_SITE, party=3), answer(2, Way.ON_SITE, party=2), answer(3, Way.ON_SITE)]
    assert moved(row, (3, 0), (5, None)) == [(2, Way.ON_SITE)]


def test_who_moves_up_leaves_a_place_for_somebody_else() -> None:
    row = [answer(1, Way.ON_SITE, seat=Way.ONLINE), answer(2, Way.ONLINE)]
    assert moved(row, (0, 1), (1, 1)) == [(1, Way.ON_SITE), (2, Way.ONLINE)]


def test_nobody_moves_up_where_it_is_over_full() -> None:
    assert moved([answer(1, Way.ON_SITE)], (5, 0), (3, None)) == []


ways = st.sampled_from(PLACES)
rooms = st.one_of(st.none(), st.integers(1, 12))


@st.composite
def rows(draw: st.DrawFn) -> list[Answer]:
    """People who wait; some have a place the other way."""
    found = []
    for number in range(1, draw(st.integers(0, 8)) + 1):
        way = draw(ways)
        other = next(each for each in PLACES if each is not way)
        found.append(answer(number, way, draw(st.integers(1, 10)), draw(st.sampled_from([None, other]))))
    return found


@given(rows(), st.tuples(rooms, rooms), st.tuples(st.integers(0, 9), st.integers(0, 9)))
def test_whoever_waits(
    row: list[Answer], room: tuple[int | None, int | None], others: tuple[int, int]
) -> None:
    """Nobody moves up beyond the room, everybody whole and once; who still waits fits nowhere."""
    seated = [sum(each.party for each in row if each.seat is way) for way in PLACES]
    taken = dict(zip(PLACES, (a + b for a, b in zip(seated, others, strict=True)), strict=True))
    before, most = dict(taken), dict(zip(PLACES, room, strict=True))
    found = move_up(row, taken, most.__getitem__)
    assert taken == before, "what is given stays as it was"
    assert len({each.id for each in found}) == len(found)
    for each in found:
        assert each.seat is each.way
        (was,) = (other for other in row if other.id == each.id)
        assert (was.party, was.since, was.way) == (each.party, each.since, each.way)
        if was.seat:
            taken[was.seat] -= each.party
        taken[each.way] += each.party
    for way in PLACES:
        limit = most[way]
        assert limit is None or taken[way] <= max(limit, before[way])
        left_waiting = [each for each in row if each.way is way and each.id not in {up.id for up in found}]
        assert not any(fits(taken[way], limit, each.party) for each in left_waiting)
