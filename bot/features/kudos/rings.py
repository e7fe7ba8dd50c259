"""Groups whose thanks stay among themselves: shown to moderators, and nothing comes of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
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
# So many groups are shown: those with the most thanks. And so many are looked at, as everybody else waits
# for that: those that look most like one first.
_SHOWN, LOOKED_AT = 20, 5_000


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
    found, all_of_them = rings(call.tx.of(KUDOS).pairs(themes, call.now - timedelta(days=DAYS)))
    hints = [text("kudos.rings.what"), *([] if all_of_them else [text("kudos.rings.more")])]
    if not found:
        return message(text("kudos.rings.none", days=DAYS), hints=hints)
    lines = [
        text(
            "kudos.rings.line",
            who=tuple(Resident(each, "") for each in sorted(ring.people)),
            inside=ring.inside,
            count=ring.given,
        )
        for ring in found[:_SHOWN]
    ]
    return message(*lines, title=text("kudos.rings", days=DAYS), hints=hints)


# Whom each thanked, and how often.
_Given = Mapping[int, Counter[int]]
_Ranked = Sequence[tuple[int, int]]


def rings(pairs: Iterable[tuple[int, int, int]]) -> tuple[Sequence[Ring], bool]:
    """Every group of 2 to 4 people who gave at least 6 thanks of which over 80 % went to others of the group,
    and from each of whom thanks lead to each other; the largest alone where one is part of another. Those
    with the most thanks first. And whether all that might be one were looked at.

    `pairs`: who thanked whom, and how often.
    """
    given: dict[int, Counter[int]] = {}
    for giver, receiver, count in pairs:
        if giver != receiver:
            given.setdefault(giver, Counter())[receiver] += count
    looked_at, all_of_them = _perhaps(given)
    found = {ring.people: ring for people in looked_at if (ring := _ring(people, given))}
    parts = {
        frozenset(part)
        for people in found
        for size in range(2, len(people))
        for part in combinations(people, size)
    }
    shown = [ring for people, ring in found.items() if people not in parts]
    return sorted(shown, key=lambda ring: (-ring.inside, sorted(ring.people))), all_of_them


def _perhaps(given: _Given) -> tuple[Collection[frozenset[int]], bool]:
    """Those groups that may be one, found by going from whoever thanks to who is thanked; and whether there
    are no others.

    One of a group gives the others more than it needs, and with that one it begins.
    """
    ranked = {who: thanked.most_common(LARGEST) for who, thanked in given.items()}
    most = {who: _at_most([who], given, ranked) for who in given}
    highest = max(most.values(), default=0)
    waiting = [frozenset([who]) for who in sorted(given, key=lambda who: most[who]) if most[who] > 0]
    seen = set(waiting)
    while waiting:
        people = waiting.pop()
        left = LARGEST - len(people) - 1
        if left < 0:
            continue
        for other in {thanked for who in people for thanked in given[who]}.difference(people):
            grown = people | {other}
            if other not in given or grown in seen:
                continue
            if _at_most(grown, given, ranked) + left * highest <= 0:
                continue
            if len(seen) >= LOOKED_AT:
                return seen, False
            seen.add(grown)
            waiting.append(grown)
    return seen, True


def _at_most(people: Collection[int], given: _Given, ranked: Mapping[int, _Ranked]) -> int:
    """What these bring at the most towards what a group needs, with whomever else they thank most."""
    others, found = LARGEST - len(people), 0
    for who in people:
        thanked = given[who]
        inside = sum(thanked[other] for other in people)
        inside += sum([count for other, count in ranked[who] if other not in people][:others])
        found += inside - INSIDE * (thanked.total() - inside)
    return found


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
