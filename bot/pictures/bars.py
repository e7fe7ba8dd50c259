"""An option as a row: its label, and its bar underneath."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.pictures.paragraphs import Paragraph, typeset
from bot.pictures.style import BAR, BAR_MAYBE, LABEL, PAPER, ROOM, TRACK, WINNER, WON, WON_MAYBE

if TYPE_CHECKING:
    from PIL import Image

_UNDER_LABEL = 4
_THICK = 22
_CORNER = 7
_OUTLINE = 3
# What is not nothing can be seen, however small beside the longest.
_LEAST = 8
_MARK = 30
_GAP = 12
# Of a label, or of the figures beside a bar: eighty wide letters, or as many marks on a few.
_HIGHEST = 400


@dataclass(frozen=True, slots=True)
class Bar:
    """One option. Its parts are stacked from the left: the first for certain, the others perhaps."""

    label: str
    parts: tuple[int, ...]
    shown: str
    won: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """An option: its label, and underneath it the bar with the figures at its end."""

    label: Paragraph
    shown: Paragraph
    ends: tuple[int, ...]
    track: int
    won: bool

    @property
    def height(self) -> int:
        return self.label.height + _UNDER_LABEL + max(_THICK, self.shown.height)

    def paint(self, image: Image.Image, left: int, top: int) -> None:
        indent = _MARK + _GAP if self.won and not self.label.rtl else 0
        if self.won:
            _paint_mark(image, left if indent else left + ROOM - _MARK, top + self.label.middle - _MARK // 2)
        self.label.paint(image, left + indent, top)
        top += self.label.height + _UNDER_LABEL
        _paint_bar(image, left, top + max(0, self.shown.height - _THICK) // 2, self)
        self.shown.paint(image, left + ROOM - self.shown.room, top, at_end=True)


def rows_of(bars: Sequence[Bar]) -> list[Row]:
    """All of one measure: the longest bar fills its track, and the figures have a column at its end."""
    styles = [WINNER if bar.won else LABEL for bar in bars]
    figures = [typeset(bar.shown, style, ROOM * 2 // 5) for bar, style in zip(bars, styles, strict=True)]
    column = max((figure.width for figure in figures), default=0)
    track = ROOM - column - (2 * _GAP if column else 0)
    longest = max((sum(max(part, 0) for part in bar.parts) for bar in bars), default=0)
    return [
        Row(
            typeset(bar.label, style, ROOM - (_MARK + _GAP) * bar.won).at_most(_HIGHEST),
            figure.within(column).at_most(_HIGHEST),
            _ends(bar.parts, longest, track),
            track,
            bar.won,
        )
        for bar, style, figure in zip(bars, styles, figures, strict=True)
    ]


def _ends(parts: Sequence[int], longest: int, track: int) -> tuple[int, ...]:
    """Where each part ends along the track."""
    ends: list[int] = []
    total = 0
    for part in parts:
        total += max(part, 0)
        least = (ends[-1] if ends else 0) + (_LEAST if part > 0 else 0)
        ends.append(max(least, total * track // longest) if longest else 0)
    # A small last part beside a full track takes its room from the part before it.
    limit = track
    for number in range(len(ends) - 1, -1, -1):
        ends[number] = max(0, min(ends[number], limit))
        limit = ends[number] - (_LEAST if parts[number] > 0 else 0)
    return tuple(ends)


def _paint_bar(image: Image.Image, left: int, top: int, row: Row) -> None:
    full, maybe = (WON, WON_MAYBE) if row.won else (BAR, BAR_MAYBE)
    _paint_box(image, (left, top, left + row.track, top + _THICK), TRACK)
    if not row.ends or not row.ends[-1]:
        return
    _paint_box(image, (left, top, left + row.ends[-1], top + _THICK), full)
    # Solid is certain and open is perhaps, so that no colour has to say it.
    start = row.ends[0]
    for end in row.ends[1:]:
        last = end == row.ends[-1]
        box = (left + max(start, _OUTLINE), top + _OUTLINE, left + end - _OUTLINE, top + _THICK - _OUTLINE)
        if box[2] > box[0]:
            _paint_box(image, box, maybe, (not start, last, last, not start), _CORNER - _OUTLINE)
        start = end


# Pillow draws hard edges: shapes are drawn this many times as large, and made smaller.
_FINE = 4


def _paint_box(
    image: Image.Image,
    box: tuple[int, int, int, int],
    ink: str,
    rounded: tuple[bool, bool, bool, bool] = (True, True, True, True),
    corner: int = _CORNER,
) -> None:
    from PIL import Image, ImageDraw

    width, height = box[2] - box[0], box[3] - box[1]
    mask = Image.new("L", (width * _FINE, height * _FINE), 0)
    ImageDraw.Draw(mask).rounded_rectangle(
        (0, 0, width * _FINE - 1, height * _FINE - 1),
        min(corner, width // 2) * _FINE,
        fill=255,
        corners=rounded,
    )
    image.paste(ink, box, mask.reduce(_FINE))


def _paint_mark(image: Image.Image, left: int, top: int) -> None:
    """A tick in a disc, for who does not see the colours."""
    from PIL import Image, ImageDraw

    size = _MARK * _FINE
    stamp = Image.new("RGB", (size, size), PAPER)
    pen = ImageDraw.Draw(stamp)
    pen.ellipse((0, 0, size - 1, size - 1), fill=WON)
    tick = [(round(x * size), round(y * size)) for x, y in ((0.27, 0.53), (0.43, 0.69), (0.73, 0.34))]
    pen.line(tick, fill=PAPER, width=size // 9, joint="curve")
    image.paste(stamp.reduce(_FINE), (left, top))
