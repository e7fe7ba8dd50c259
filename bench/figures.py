"""A figure and its comparison, and how often each is measured."""

from __future__ import annotations

import statistics
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

RUNS = 5


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured, beside what it is compared with: medians of several runs, turn by turn.

    `ratio` is the first to the second; `bound` is what it is held to, "at least 0.2" or "at most 5";
    none where the figure is there to be known.
    """

    name: str
    unit: str
    ours: float
    beside: str
    theirs: float
    bound: str = ""

    @property
    def ratio(self) -> float:
        return self.ours / self.theirs

    @property
    def holds(self) -> bool:
        if not self.bound:
            return True
        kind, _, number = self.bound.rpartition(" ")
        return self.ratio >= float(number) if kind == "at least" else self.ratio <= float(number)

    def __str__(self) -> str:
        ours, theirs = (
            f"{value:,.3g}" if value < 100 else f"{value:,.0f}" for value in (self.ours, self.theirs)
        )
        beside = f"{self.beside}: {theirs}"
        verdict = "" if self.holds else "   <-- NOT HELD"
        bound = f" ({self.bound})" if self.bound else ""
        return f"{self.name}: {ours} {self.unit} | {beside} | {self.ratio:.2f} x{bound}{verdict}"

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "ratio": round(self.ratio, 4), "holds": self.holds}


async def by_turns(*measures: Callable[[], Awaitable[float]], runs: int = RUNS) -> list[float]:
    """The median of each, measured in turn so that a noisy moment strikes all alike."""
    found: list[list[float]] = [[] for _ in measures]
    for _ in range(runs):
        for results, measure in zip(found, measures, strict=True):
            results.append(await measure())
    return [statistics.median(results) for results in found]


def percentile(values: Sequence[float], part: float) -> float:
    """The value below which that part of them lies."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * part), len(ordered) - 1)]
