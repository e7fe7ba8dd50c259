"""How long before something begins somebody is reminded of it: "1d, 2u"."""

from __future__ import annotations

import re

from bot import when

MOST = 5
SOONEST, LATEST = 5 * 60, 60 * 86_400
_BETWEEN = re.compile(r"\s*[,;|]\s*|\s+(?:en|and)\s+")


def read_befores(words: str, locale: str) -> tuple[int, ...]:
    """How many seconds, the first first. Raises: ValueError where one is no length of time, or there are too
    many, or one is too short or too long.
    """
    found = {read_before(part, locale) for part in parts_of(words)}
    if not 0 < len(found) <= MOST:
        raise ValueError(words)
    return tuple(sorted(found, reverse=True))


def parts_of(words: str) -> set[str]:
    """Each length of time that they name, as it is written."""
    # In a long row of blanks the pattern would be looked for from each of them.
    return {part for part in _BETWEEN.split(" ".join(words.split())) if part}


def read_before(words: str, locale: str) -> int:
    """How many seconds one is. Raises: ValueError where it is none, or too short or too long."""
    length = when.read_span(words, locale)
    seconds = length.days * 86_400 + length.seconds if length and not length.months else 0
    if not SOONEST <= seconds <= LATEST:
        raise ValueError(words)
    return seconds
