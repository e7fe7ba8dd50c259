"""The result of a poll as a picture, to go along with the words.

A card with its own ground, so that it reads the same in a light and in a dark client, drawn at two
pixels a point for a phone that shows it 320 points wide. What residents typed is wrapped, and cut only where
that would make a picture that no screen shows: then the words beside it say the rest.

The card is a title, the `bars` and a note, in one `style`. All words on it are `paragraphs`; a line of
those is `runs`, in the order in which it is seen (`bidi`) and in the font that has its letters (`faces`).

Pillow is loaded by the first drawing, in its thread: a start need not wait for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

from bot.pictures.bars import Bar, Row, rows_of
from bot.pictures.paragraphs import Paragraph, typeset
from bot.pictures.style import LONG_TITLE, MARGIN, NOTE, ON_CARD, PAPER, ROOM, TITLE, WIDTH, palette

__all__ = ["HIGHEST", "Bar", "Chart", "draw"]

_UNDER_TITLE = 34
_BETWEEN = 30
_ABOVE_NOTE = 40
# Twenty options of eighty wide letters fit; what is higher was made to be.
HIGHEST = 6_000
_HIGHEST_TITLE, _HIGHEST_NOTE = 900, 1_500


_Spaced = tuple[int, Paragraph | Row]


@dataclass(frozen=True, slots=True)
class Chart:
    """A question, its options in the order in which they are shown, and what is said underneath.

    `rest`: what is said of the last one option where that does not fit, of the last two, and so on.
    """

    title: str
    bars: tuple[Bar, ...]
    note: str
    rest: tuple[str, ...] = ()


def draw(chart: Chart) -> bytes:
    """The chart as a PNG, 640 pixels wide and as high as it needs: the same bytes every time."""
    from PIL import Image

    spaced = _fitting(chart)
    height = 2 * MARGIN + _height(spaced)
    image = Image.new("RGB", (WIDTH, height), PAPER)
    y = MARGIN
    for above, piece in spaced:
        piece.paint(image, MARGIN, y + above)
        y += above + piece.height
    file = BytesIO()
    # A third of the bytes in a third of the time.
    image.quantize(palette=palette(ON_CARD), dither=Image.Dither.NONE).save(file, "PNG")
    return file.getvalue()


def _fitting(chart: Chart) -> list[_Spaced]:
    """All of it with the room above each; or as many options as fit, and what is said of the others."""
    title = typeset(chart.title, LONG_TITLE if len(chart.title) > 100 else TITLE, ROOM)
    note = typeset(chart.note, NOTE, ROOM).at_most(_HIGHEST_NOTE)
    rows = [(_BETWEEN if number else _UNDER_TITLE, row) for number, row in enumerate(rows_of(chart.bars))]
    for left in range(len(rows) + 1):
        said = typeset(chart.rest[left - 1] if left and chart.rest else "", NOTE, ROOM)
        spaced: list[_Spaced] = [(0, title.at_most(_HIGHEST_TITLE)), *rows[: len(rows) - left]]
        spaced += [(_BETWEEN, said), (_ABOVE_NOTE, note)]
        spaced = [(above, piece) for above, piece in spaced if piece.height]
        if 2 * MARGIN + _height(spaced) <= HIGHEST:
            break
    return spaced


def _height(spaced: list[_Spaced]) -> int:
    return sum(above + piece.height for above, piece in spaced)
