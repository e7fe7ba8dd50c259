"""Groups whose thanks stay among themselves: shown to moderators, and nothing comes of it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import combinations
from typing import NamedTuple

from bot.call import Call
from bot.errors import UserError
from bot.features.kudos.records import KUDOS
from bot.model.message import Message, message, text
from bot.model.people import Resident

RINGS = "mod kudos"
DAYS = 30
# A group has so many people at the most and so many thanks at the least, and for each that goes to somebody
# else more than so many stay inside: over 80 %.
LARGEST, LEAST, INSIDE = 4, 6, 4
# So many groups are shown: those with the most thanks.
_SHOWN = 20


class Ring(NamedTuple):
    """Some people, how many thanks they gave each other, and how many in all."""

    people: frozenset[int]
    inside: int
    given: int


def show_rings(call: Call) -> Message:
    """Small groups that thank nearly nobody else, for who moderates to look at."""
    if not call.moderates:
        raise UserError("community.moderators")
    themes = [theme.id for theme in call.themes()]
    found = rings(call.tx.of(KUDOS).pairs(themes, call.now - timedelta(days=DAYS)))
    if not found:
        return message(text("kudos.rings.none", days=DAYS), hints=[text("kudos.rings.what")])
    lines = [
        text(
            "kudos.rings.line",
            who=tuple(Resident(each, "") for each in sorted(ring.people)),
            inside=ring.inside,
            count=ring.given,
        )
        for ring in found[:_SHOWN]
    ]
    return message(*lines, title=text("kudos.rings", days=DAYS), hints=[text("kudos.rings.what")])


# Whom each thanked, and how often.
_Given = Mapping[int, Counter[int]]


def rings(pairs: Iterable[tuple[int, int]]) -> Sequence[Ring]:
    """Every group of 2 to 4 people who gave at least 6 thanks of which over 80 % went to others of the group,
    and from each of whom thanks lead to each other; the largest alone where one is part of another. Those
    with the most thanks first. `pairs`: who thanked whom, each time.
    """
    given: dict[int, Counter[int]] = defaultdict(Counter)
    for giver, receiver in pairs:
        if giver != receiver:
            given[giver][receiver] += 1
    found = {ring.people: ring for people in _perhaps(given) if (ring := _ring(people, given))}
    parts = {
        frozenset(part)
        for people in found
        for size in range(2, len(people))
        for part in combinations(people, size)
    }
    shown = [ring for people, ring in found.items() if people not in parts]
    return sorted(shown, key=lambda ring: (-ring.inside, sorted(ring.people)))


def _perhaps(given: _Given) -> Iterator[frozenset[int]]:
    """Those groups that may be one, each once, found by going from whoever thanks to who is thanked.

    What somebody gives beyond the three whom they thank most goes outside of any group. So each brings a
    group so much at the most towards what it needs; one of them more than nothing, with whom it begins.
    """
    brings = {who: _brings(thanked) for who, thanked in given.items()}
    most = max(brings.values(), default=0)
    waiting = [frozenset([who]) for who, most_of_theirs in brings.items() if most_of_theirs > 0]
    seen = set(waiting)
    while waiting:
        people = waiting.pop()
        yield people
        left = LARGEST - len(people) - 1
        if left < 0:
            continue
        before = sum(brings[who] for who in people)
        for other in {thanked for who in people for thanked in given[who]}.difference(people):
            grown = people | {other}
            if other in brings and grown not in seen and before + brings[other] + left * most > 0:
                seen.add(grown)
                waiting.append(grown)


def _brings(thanked: Counter[int]) -> int:
    inside = sum(count for _, count in thanked.most_common(LARGEST - 1))
    return inside - INSIDE * (thanked.total() - inside)


def _ring(people: Collection[int], given: _Given) -> Ring | None:
    inside = sum(given[who][other] for who in people for other in people)
    total = sum(given[who].total() for who in people)
    if len(people) < 2 or total < LEAST or inside <= INSIDE * (total - inside):
        return None
    return Ring(frozenset(people), inside, total) if _leads_round(people, given) else None


def _leads_round(people: Collection[int], given: _Given) -> bool:
    """Whether thanks lead from each of them to each other, among themselves."""
    for start in people:
        reached = {start}
        for _ in people:
            reached |= {other for who in reached for other in people if other in given[who]}
        if len(reached) < len(people):
            return False
    return True
