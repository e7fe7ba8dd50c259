"""Reading a moment, or what comes back, in people's own words."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence

from bench.figures import RUNS, Figure, compare
from bot import when
from bot.errors import UserError
from tests.bot.test_when_corpus import Line, lines_of
from tests.chat import BRUSSELS


async def measure() -> list[Figure]:
    """Every phrase of each corpus once, understood or asked back: the mean, several times."""
    moments = _means(_lines("dates"), lambda line: when.read(line.phrase, line.now, BRUSSELS))
    rules = _means(_lines("rules"), lambda line: when.read_rule(line.phrase))
    return [
        compare("reading a moment in words", "ms", moments, "half a millisecond", 0.5, "at most 1"),
        compare("reading a repetition in words", "ms", rules, "two milliseconds", 2.0, "at most 1"),
    ]


def _lines(corpus: str) -> list[Line]:
    return [*lines_of(corpus, "nl"), *lines_of(corpus, "en")]


def _means(corpus: Sequence[Line], read: Callable[[Line], object]) -> list[float]:
    means = []
    for _ in range(RUNS):
        start = time.process_time()
        for line in corpus:
            with contextlib.suppress(UserError):
                read(line)
        means.append((time.process_time() - start) * 1000 / len(corpus))
    return means
