"""The result of a poll as a picture, to go along with the words.

A card with its own ground, so that it reads the same in a light and in a dark client, drawn at two
pixels a point for a phone that shows it 320 points wide. What residents typed is wrapped, never cut.

The card is a title, the `bars` and a note, in one `style`. All words on it are `paragraphs`; a line of
those is `runs`, in the order in which it is seen (`bidi`) and in the font that has its letters (`faces`).

Pillow is loaded by the first drawing, in its thread: a start need not wait for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

from bot.pictures.bars import Bar, Row, rows_of
from bot.pictures.paragraphs import Paragraph, typeset
from bot.pictures.style import LONG_TITLE, MARGIN, NOTE, PAPER, ROOM, TITLE, WIDTH, palette

__all__ = ["Bar", "Chart", "draw"]

_UNDER_TITLE = 34
_BETWEEN = 30
_ABOVE_NOTE = 40


@dataclass(frozen=True, slots=True)
class Chart:
    """A question, its options in the order in which they are shown, and what is said underneath."""

    title: str
    bars: tuple[Bar, ...]
    note: str


def draw(chart: Chart) -> bytes:
    """The chart as a PNG, 640 pixels wide and as high as it needs: the same bytes every time."""
    from PIL import Image

    title = typeset(chart.title, LONG_TITLE if len(chart.title) > 100 else TITLE, ROOM)
    rows = rows_of(chart.bars)
    note = typeset(chart.note, NOTE, ROOM)
    spaced: list[tuple[int, Paragraph | Row]] = [(0, title)]
    spaced += [(_BETWEEN if number else _UNDER_TITLE, row) for number, row in enumerate(rows)]
    spaced.append((_ABOVE_NOTE, note))
    spaced = [(above, piece) for above, piece in spaced if piece.height]
    height = 2 * MARGIN + sum(above + piece.height for above, piece in spaced)
    image = Image.new("RGB", (WIDTH, height), PAPER)
    y = MARGIN
    for above, piece in spaced:
        piece.paint(image, MARGIN, y + above)
        y += above + piece.height
    file = BytesIO()
    # A third of the bytes in a third of the time.
    image.quantize(palette=palette(), dither=Image.Dither.NONE).save(file, "PNG")
    return file.getvalue()
