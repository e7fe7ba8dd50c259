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
    found = {_seconds(part, locale) for part in _BETWEEN.split(words.strip()) if part}
    if not 0 < len(found) <= MOST:
        raise ValueError(words)
    return tuple(sorted(found, reverse=True))


def _seconds(words: str, locale: str) -> int:
    length = when.read_span(words, locale)
    seconds = length.days * 86_400 + length.seconds if length and not length.months else 0
    if not SOONEST <= seconds <= LATEST:
        raise ValueError(words)
    return seconds
