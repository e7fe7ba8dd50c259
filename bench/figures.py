"""A figure beside its comparison: measured in turn, so that a machine that changes speed changes both."""

from __future__ import annotations

import statistics
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

T = TypeVar("T")
RUNS = 5


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured, beside what it is compared with.

    `ours` and `theirs` are medians of several turns; `ratio` is the median of the turns' own ratios, and
    `lowest` and `highest` are the extremes among them. `bound` is what the ratio is held to, "at least 30"
    or "at most 6"; none where the figure is there to be known.
    """

    name: str
    unit: str
    ours: float
    beside: str
    theirs: float
    ratio: float
    lowest: float
    highest: float
    bound: str = ""

    @property
    def holds(self) -> bool:
        if not self.bound:
            return True
        kind, _, number = self.bound.rpartition(" ")
        return self.ratio >= float(number) if kind == "at least" else self.ratio <= float(number)

    def __str__(self) -> str:
        bound = f" ({self.bound}: {'holds' if self.holds else 'DOES NOT HOLD'})" if self.bound else ""
        spread = f", {_short(self.lowest)} to {_short(self.highest)}" if self.lowest != self.highest else ""
        return (
            f"{self.name}: {_short(self.ours)} {self.unit} | {self.beside}: {_short(self.theirs)} | "
            f"{_short(self.ratio)} x{spread}{bound}"
        )

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "holds": self.holds}


def compare(
    name: str, unit: str, ours: Sequence[float], beside: str, theirs: Sequence[float] | float, bound: str = ""
) -> Figure:
    """A figure from what each turn gave; `theirs` may be one number that is the same in all of them."""
    others = [theirs] * len(ours) if isinstance(theirs, (int, float)) else theirs
    ratios = [our / other for our, other in zip(ours, others, strict=True)]
    middle = statistics.median
    return Figure(
        name, unit, middle(ours), beside, middle(others), middle(ratios), min(ratios), max(ratios), bound
    )


async def by_turns(*measures: Callable[[], Awaitable[T]], runs: int = RUNS) -> list[list[T]]:
    """What each measure gave in each turn, there and back: what changes slowly strikes all alike."""
    found: list[list[T]] = [[] for _ in measures]
    turn = list(zip(found, measures, strict=True))
    for _ in range(runs):
        for results, measure in turn:
            results.append(await measure())
        turn.reverse()
    return found


def percentile(values: Sequence[float], part: float) -> float:
    """The value below which that part of them lies."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * part), len(ordered) - 1)]


def p95(values: Sequence[float]) -> float:
    return percentile(values, 0.95)


def _short(value: float) -> str:
    return f"{value:,.3g}" if value < 100 else f"{value:,.0f}"
