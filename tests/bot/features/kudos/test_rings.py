"""Groups whose thanks stay among themselves: found as by looking at every group there could be."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Sequence
from itertools import combinations, permutations

from hypothesis import example, given
from hypothesis import strategies as st

from bot.features.kudos import rings as module
from bot.features.kudos.rings import Ring

Pairs = Sequence[tuple[int, int]]


def rings(pairs: Pairs) -> Sequence[Ring]:
    """All of them."""
    found, all_of_them = module.rings((*pair, count) for pair, count in Counter(pairs).items())
    assert all_of_them
    return found


people = st.integers(1, 7)
# Few pairs, many times: as they are where people thank each other again and again.
histories = st.lists(st.tuples(people, people, st.integers(1, 8)), max_size=14).map(
    lambda found: [(giver, receiver) for giver, receiver, times in found for _ in range(times)]
)


def every(pairs: Pairs) -> set[Ring]:
    """As the words say it, of each group there is."""
    thanks = [(giver, receiver) for giver, receiver in pairs if giver != receiver]
    everybody = {person for pair in thanks for person in pair}
    found = []
    for size in (2, 3, 4):
        for group in map(frozenset, combinations(sorted(everybody), size)):
            given = [pair for pair in thanks if pair[0] in group]
            inside = [pair for pair in given if pair[1] in group]
            if len(given) >= 6 and len(inside) / len(given) > 0.8 and leads_round(group, inside):
                found.append(Ring(group, len(inside), len(given)))
    return {ring for ring in found if not any(ring.people < other.people for other in found)}


def leads_round(group: frozenset[int], inside: Pairs) -> bool:
    steps = set(inside)

    def leads(start: int, end: int) -> bool:
        between = group - {start, end}
        ways = (way for size in range(len(between) + 1) for way in permutations(between, size))
        return any(
            all(step in steps for step in zip((start, *way), (*way, end), strict=True)) for way in ways
        )

    return all(leads(start, end) for start, end in permutations(group, 2))


@given(histories)
@example([(1, 2), (2, 1)] * 3)
@example([(1, 2), (2, 3), (3, 4), (4, 1)] * 2 + [(1, 5)])
@example([(1, 2), (2, 1)] * 3 + [(3, 4), (4, 3)] * 3)
@example([(1, 2), (2, 1)] * 4 + [(1, 3), (3, 1)])
def test_they_are_those_of_the_words(pairs: Pairs) -> None:
    found = rings(pairs)
    assert len(found) == len(set(found))
    assert set(found) == every(pairs)


def test_over_eighty_in_a_hundred_of_at_least_six() -> None:
    pair = [(1, 2), (2, 1)]
    assert rings(pair * 3) == [Ring(frozenset({1, 2}), 6, 6)]
    assert not rings([*pair, *pair, (1, 2)])
    assert not rings([*pair * 4, (1, 3), (2, 4)])
    assert rings([*pair * 5, (1, 3), (2, 4)]) == [Ring(frozenset({1, 2}), 10, 12)]
    # One who thanks another again and again, and is never thanked by them, is no group.
    assert not rings([(1, 2)] * 20)


def test_many_thanks_are_looked_through_at_once() -> None:
    """A month of a lively community: 1,000 people, 10,000 thanks, and some who thank only each other."""
    drawn = random.Random(7)
    pairs = [(drawn.randint(1, 1000), drawn.randint(1, 1000)) for _ in range(10_000)]
    for first in range(2000, 2100, 4):
        pairs += [(first + drawn.randint(0, 3), first + drawn.randint(0, 3)) for _ in range(60)]
    begun = time.process_time()
    assert len(rings(pairs)) == 25
    assert time.process_time() - begun < 2


def test_of_those_who_thank_many_not_every_group_is_looked_at() -> None:
    """Each thanks three others daily and 22 others once, within all rules; and two thank only each other."""
    drawn, pairs = random.Random(1), dict[tuple[int, int], int]()
    for who in range(200):
        others = drawn.sample([other for other in range(200) if other != who], 25)
        pairs |= {(who, other): 30 if at < 3 else 1 for at, other in enumerate(others)}
    pairs |= {(1000, 1001): 3, (1001, 1000): 3}
    begun = time.process_time()
    found, _ = module.rings((*pair, count) for pair, count in pairs.items())
    assert Ring(frozenset({1000, 1001}), 6, 6) in found
    assert time.process_time() - begun < 1


def test_there_is_an_end_to_those_that_are_looked_at() -> None:
    drawn = random.Random(1)
    pairs = [(who, other, 9) for who in range(3000) for other in drawn.sample(range(3000), 3)]
    pairs += [(5000, 5001, 150), (5001, 5000, 150)]
    found, all_of_them = module.rings(pairs)
    assert Ring(frozenset({5000, 5001}), 300, 300) in found
    assert not all_of_them
