"""A page to print or to show on a phone: A4, dark on white in a dark client too, with a code to scan.

What people typed gets smaller letters where there is much of it, and is cut only where no page would hold it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING, NamedTuple

from bot.pictures.paragraphs import Paragraph, Placed, typeset
from bot.pictures.style import FAINT, INK, ON_PAGE, WHITE, WON, Style, palette

if TYPE_CHECKING:
    from PIL import Image

# A4 in pixels, at 200 an inch.
PAGE_WIDTH, PAGE_HEIGHT = 1654, 2339
_EDGE = 150
_ROOM = PAGE_WIDTH - 2 * _EDGE
_COMMUNITY = Style(40, 56, bold=True, ink=WON)
_TITLE = Style(88, 116, bold=True)
_SAYS = Style(44, 62)
_NAME = Style(80, 106, bold=True, ink=WON)
# All above the code gets smaller so where there is much of it; of the smallest letters eight points are left.
_SCALES = (1.0, 0.85, 0.7, 0.6, 0.55, 0.5)
_NOTE = Style(30, 42, ink=FAINT)
_PLAIN_NOTE = Style(30, 42, ink=INK)
_CODE = Style(28, 40)
# Of a name, or of what else should be a line or two, where somebody typed marks on marks.
_HIGHEST = 330
_BETWEEN, _APART = 22, 54
_BESIDE = 44
# The mark of a list, and how far its words are from the edge, in parts of the size of its letters.
_MARK, _INDENT = 0.32, 1.1
# A square of the code to scan, and the white around it that it needs.
_SQUARE, _QUIET = 7, 4
_RULE = 4
_FRAME, _BAND = 56, 12


@dataclass(frozen=True, slots=True)
class Page:
    """What a page says, from top to bottom; `points` are a list.

    `scanned` is in the code to scan, `spelled` stands beside it in lines, with the `notes` around them.
    """

    above: str
    title: str
    before: str
    name: str
    after: str
    points: tuple[str, ...]
    below: tuple[str, ...]
    notes: tuple[str, ...]
    spelled: tuple[str, ...]
    scanned: str

    @property
    def lines(self) -> tuple[str, ...]:
        """The same for who sees no picture."""
        points = (f"• {point}" for point in self.points)
        said = (self.above, self.title, self.before, self.name, self.after, *points)
        return tuple(filter(None, (*said, *self.below, *self.notes, *self.spelled)))


class _Block(NamedTuple):
    """A paragraph and where it stands; `dot`: with the mark of a list before it."""

    paragraph: Paragraph
    left: int
    top: int
    dot: bool = False


@dataclass(frozen=True, slots=True)
class Drawn:
    """A page as a picture, and all words on it where they stand, in the order in which they are read."""

    image: Image.Image
    words: tuple[Placed, ...]

    def png(self) -> bytes:
        """The same bytes every time."""
        file = BytesIO()
        self.image.save(file, "PNG")
        return file.getvalue()


def draw_page(page: Page) -> Drawn:
    """The page, drawn once for all files that show it."""
    from PIL import Image

    square = _code_to_scan(page.scanned)
    foot = _foot(page, square.width)
    top_of_foot = foot[0].top
    blocks = [*_head(page, top_of_foot - _APART), *foot]
    image = Image.new("RGB", (PAGE_WIDTH, PAGE_HEIGHT), WHITE)
    _paint_frame(image, top_of_foot - _APART // 2)
    for block in blocks:
        block.paragraph.paint(image, block.left, block.top)
        if block.dot:
            _paint_dot(image, block)
    image.paste(square, (_EDGE, PAGE_HEIGHT - _EDGE - square.height))
    words = tuple(placed for block in blocks for placed in block.paragraph.placed(block.left, block.top))
    return Drawn(image.quantize(palette=palette(ON_PAGE), dither=Image.Dither.NONE), words)


def _head(page: Page, bottom: int) -> list[_Block]:
    """All above the code, in the largest letters with which it fits; of the smallest, as much as fits."""
    for scale in _SCALES:
        found, end = _laid(page, scale)
        if end <= bottom:
            return found
    points = max(len(page.points), 1)
    taken = sum(block.paragraph.height for block in found if block.dot)
    found, _ = _laid(page, _SCALES[-1], (bottom - (end - taken)) // points)
    return found


def _laid(page: Page, scale: float, highest: int = PAGE_HEIGHT) -> tuple[list[_Block], int]:
    """Where everything stands, and where it ends. Each of the points is no higher than `highest`."""
    found: list[_Block] = []
    says, between, apart = _scaled(_SAYS, scale), round(_BETWEEN * scale), round(_APART * scale)
    end = _EDGE

    def put(words: str, style: Style, above: int, *, dot: bool = False, most: int = _HIGHEST) -> None:
        nonlocal end
        indent = round(_INDENT * style.size) if dot else 0
        paragraph = typeset(words, style, _ROOM - indent).at_most(most)
        if paragraph.height:
            left = _EDGE if paragraph.rtl else _EDGE + indent
            found.append(_Block(paragraph, left, end + above, dot))
            end += above + paragraph.height

    put(page.above, _scaled(_COMMUNITY, scale), 0)
    put(page.title, _scaled(_TITLE, scale), 0)
    put(page.before, says, apart)
    put(page.name, _of_name(page.name, scale), between // 2)
    # It stands among the words of the page, in whichever script it is.
    name = found[-1].paragraph
    found[-1] = found[-1]._replace(paragraph=name.within(name.width))
    put(page.after, says, between // 2)
    for point in page.points:
        put(point, says, between, dot=True, most=highest)
    for number, line in enumerate(page.below):
        put(line, says, between if number else apart)
    return found, end


def _of_name(name: str, scale: float) -> Style:
    """The largest letters in which it takes one line, or else those of the rest."""
    styles = [_scaled(_NAME, scale * smaller) for smaller in _SCALES]
    return next((style for style in styles if len(typeset(name, style, _ROOM).lines) == 1), styles[-1])


@cache
def _scaled(style: Style, scale: float) -> Style:
    return replace(style, size=round(style.size * scale), leading=round(style.leading * scale))


def _foot(page: Page, taken: int) -> list[_Block]:
    """The notes and the code in letters, to the right of the code to scan; all of it ends with the page."""
    room = _ROOM - taken - _BESIDE
    notes = [typeset(note, style, room) for note, style in zip(page.notes, _note_styles(page), strict=True)]
    spelled = [typeset(line, _CODE, room) for line in page.spelled]
    apart = [*([_BETWEEN // 2] * len(notes)), *([0] * len(spelled))]
    height = sum(each.height for each in (*notes, *spelled)) + sum(apart)
    top = PAGE_HEIGHT - _EDGE - max(height, taken)
    found: list[_Block] = []
    for paragraph, below in zip((*notes, *spelled), apart, strict=True):
        found.append(_Block(paragraph, _EDGE + taken + _BESIDE, top))
        top += paragraph.height + below
    return found


def _note_styles(page: Page) -> Iterator[Style]:
    """The first of them is as dark as what is said above."""
    for number in range(len(page.notes)):
        yield _NOTE if number else _PLAIN_NOTE


def _code_to_scan(words: str) -> Image.Image:
    """Black on white; its own white edge is left to the page on the left and below, where that is white."""
    import segno
    from PIL import Image

    made = segno.make(words, error="m", micro=False, boost_error=False)
    rows = [bytes(0 if dark else 255 for dark in row) for row in made.matrix]
    small = Image.frombytes("L", (len(rows), len(rows)), b"".join(rows))
    return small.resize((len(rows) * _SQUARE, len(rows) * _SQUARE), Image.Resampling.NEAREST)


def _paint_frame(image: Image.Image, rule: int) -> None:
    """A line around the page with a band above, and one that sets the code apart."""
    from PIL import ImageDraw

    pen = ImageDraw.Draw(image)
    box = (_FRAME, _FRAME, PAGE_WIDTH - _FRAME, PAGE_HEIGHT - _FRAME)
    pen.rectangle(box, outline=WON, width=_RULE)
    pen.rectangle((_FRAME, _FRAME, PAGE_WIDTH - _FRAME, _FRAME + _BAND), fill=WON)
    pen.rectangle((_EDGE, rule, PAGE_WIDTH - _EDGE, rule + 1), fill=WON)


def _paint_dot(image: Image.Image, block: _Block) -> None:
    from PIL import ImageDraw

    size = round(_MARK * block.paragraph.style.size)
    top = block.top + block.paragraph.middle - size // 2
    left = PAGE_WIDTH - _EDGE - size if block.paragraph.rtl else _EDGE + size // 2
    ImageDraw.Draw(image).rectangle((left, top, left + size, top + size), fill=WON)
