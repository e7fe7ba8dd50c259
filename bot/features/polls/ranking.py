"""Schulze's method: who comes first where everybody put the options in order.

Markus Schulze, "A new monotonic, clone-independent, reversal symmetric, and Condorcet-consistent
single-winner election method", Social Choice and Welfare 36 (2011), with winning votes as the
strength of a link. Whoever wins every duel comes first. Where duels run in a circle, a way from one
option to another over won duels is as strong as its weakest duel, and the stronger way decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

# So many ballots can be added up side by side in one large number: 2 to the power of this.
_LANE = 32


@dataclass(frozen=True, slots=True)
class Ranking:
    """`order`: options (from 1) from first to last, equal ones together. `duels[a][b]`, counted from 0:
    how many put a before b; `ways[a][b]`: the strength of the strongest way from a to b.
    """

    order: tuple[tuple[int, ...], ...]
    duels: tuple[tuple[int, ...], ...]
    ways: tuple[tuple[int, ...], ...]

    def wins_every_duel(self, option: int) -> bool:
        mine = option - 1
        others = [other for other in range(len(self.duels)) if other != mine]
        return all(self.duels[mine][other] > self.duels[other][mine] for other in others)

    def loses_a_duel(self, option: int) -> bool:
        mine = option - 1
        return any(theirs[mine] > ours for theirs, ours in zip(self.duels, self.duels[mine], strict=True))


def add_duels(options: int, ballots: Iterable[tuple[tuple[int, ...], int]]) -> list[int]:
    """For each option, how many put it before each other one: sums that can be added to those of others.

    Options are numbered from 1; one that a ballot leaves out comes last on it.

    Each is one large number with a lane for every option, so that "before all the rest" is one addition.
    """
    lanes = [1 << _LANE * number for number in range(options)]
    everybody = sum(lanes)
    rows = [0] * options
    for order, count in ballots:
        rest = everybody
        for option in order:
            rest ^= lanes[option - 1]
            rows[option - 1] += rest if count == 1 else rest * count
    return rows


def duels_of(sums: Sequence[int]) -> list[list[int]]:
    """The lanes of those numbers, as a table."""
    mask = (1 << _LANE) - 1
    return [[row >> _LANE * number & mask for number in range(len(sums))] for row in sums]


def decide(duels: list[list[int]]) -> Ranking:
    """The order that the duels give."""
    ways = _strongest_ways(duels)
    order: list[tuple[int, ...]] = []
    left = set(range(len(duels)))
    while left:
        # "Stronger way" never runs in a circle, so somebody is always unbeaten.
        unbeaten = {
            option for option in left if not any(ways[other][option] > ways[option][other] for other in left)
        }
        order.append(tuple(sorted(option + 1 for option in unbeaten)))
        left -= unbeaten
    return Ranking(tuple(order), _fixed(duels), _fixed(ways))


def _strongest_ways(duels: list[list[int]]) -> list[list[int]]:
    """Floyd and Warshall's algorithm, over won duels."""
    everyone = range(len(duels))
    ways = [[duels[a][b] if duels[a][b] > duels[b][a] else 0 for b in everyone] for a in everyone]
    for over in everyone:
        for a in everyone:
            if a != over:
                for b in everyone:
                    if b not in (a, over):
                        ways[a][b] = max(ways[a][b], min(ways[a][over], ways[over][b]))
    return ways


def _fixed(rows: list[list[int]]) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(row) for row in rows)
