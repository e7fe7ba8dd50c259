"""Reading a moment in people's own words."""

from __future__ import annotations

import contextlib
import time

from bench.figures import RUNS, Figure, compare
from bot import when
from bot.errors import UserError
from tests.bot.test_when_corpus import lines
from tests.chat import BRUSSELS


async def measure() -> list[Figure]:
    """Every phrase of the corpus once, understood or asked back: the mean, several times."""
    corpus = [*lines("nl"), *lines("en")]
    means = []
    for _ in range(RUNS):
        start = time.process_time()
        for line in corpus:
            with contextlib.suppress(UserError):
                when.read(line.phrase, line.now, BRUSSELS)
        means.append((time.process_time() - start) * 1000 / len(corpus))
    return [compare("reading a moment in words", "ms", means, "half a millisecond", 0.5, "at most 1")]
