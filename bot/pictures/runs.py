"""Runs: words of one font and one direction, which Pillow measures and draws at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import groupby

from bot.pictures.bidi import as_seen, levels_of
from bot.pictures.faces import PLAIN, clusters, face_of, font_of
from bot.pictures.style import Style


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbouring characters of one font and one direction."""

    words: str
    face: str
    rtl: bool


def runs_of(words: str, levels: Sequence[int]) -> list[Run]:
    """The runs of one line, from left to right as they are seen."""
    if words.isascii() and not any(levels):
        return [Run(words, PLAIN, rtl=False)]
    parts: list[tuple[int, str, str]] = []
    at = 0
    for cluster in clusters(words):
        parts.append((levels[at], face_of(cluster), cluster))
        at += len(cluster)
    return as_seen(
        (level, Run("".join(cluster for _, _, cluster in group), face, rtl=bool(level % 2)))
        for (level, face), group in groupby(parts, key=lambda part: part[:2])
    )


@lru_cache(10_000)
def width_of(words: str, style: Style) -> float:
    return sum(advance(run, style) for run in runs_of(words, levels_of(words, rtl=False)))


def advance(run: Run, style: Style) -> float:
    return font_of(run.face, style).getlength(laid(run), direction=way(run))


def laid(run: Run) -> str:
    """As Pillow wants it: without FriBiDi it draws all from left to right."""
    return "".join(reversed(clusters(run.words))) if run.rtl and not shapes() else run.words


def way(run: Run) -> str | None:
    return ("rtl" if run.rtl else "ltr") if shapes() else None


@cache
def shapes() -> bool:
    """Whether letters are joined here, as Arabic and emoji of several parts need.

    Pillow's wheels carry all that takes except FriBiDi, which they look for on the system (Debian:
    libfribidi0). Without it everything is drawn and in its right order, but letter by letter.
    """
    from PIL import features

    return bool(features.check("raqm"))
