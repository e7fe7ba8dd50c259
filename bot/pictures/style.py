"""How a picture looks: its colours, its width and its letters."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

PAPER = "#fbf7ef"
WHITE = "#ffffff"
TRACK = "#efe7da"
INK = "#23292d"
FAINT = "#5b6166"
BAR = "#6f7f88"
BAR_MAYBE = "#e3e6e4"
WON = "#0d5f55"
WON_MAYBE = "#d8e8e2"

# In pixels, as all measures of a picture: two to a point.
WIDTH = 640
MARGIN = 40
ROOM = WIDTH - 2 * MARGIN


@dataclass(frozen=True, slots=True)
class Style:
    """Letters of one size: how large, how far from line to line, how heavy, in which colour."""

    size: int
    leading: int
    bold: bool = False
    ink: str = INK


TITLE = Style(34, 46, bold=True)
LONG_TITLE = Style(30, 41, bold=True)
LABEL = Style(28, 38)
WINNER = Style(28, 38, bold=True)
NOTE = Style(26, 36, ink=FAINT)


# Not of the track on the paper: shades that near would be taken for one another.
ON_CARD = (
    *((PAPER, ink) for ink in (INK, FAINT, BAR, WON)),
    *((TRACK, BAR), (TRACK, WON), (BAR_MAYBE, BAR), (WON_MAYBE, WON)),
)
ON_PAGE = tuple((WHITE, ink) for ink in (INK, FAINT, WON))


@cache
def palette(pairs: tuple[tuple[str, str], ...]) -> Image.Image:
    """The colours, and the shades along an edge between two of them."""
    from PIL import Image, ImageColor

    shades: list[int] = []
    for pair in pairs:
        first, last = (ImageColor.getrgb(colour) for colour in pair)
        for step in range(17):
            shades += [(a * (16 - step) + b * step) // 16 for a, b in zip(first, last, strict=True)]
    image = Image.new("P", (1, 1))
    image.putpalette(shades)
    return image
