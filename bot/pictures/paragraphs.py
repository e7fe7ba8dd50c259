"""Words in paragraphs: lines that fit, about as long as one another."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from bot.pictures.bidi import levels_of, starts_rtl
from bot.pictures.faces import ZWJ, can_draw, clusters, face_of, font_of
from bot.pictures.runs import Run, advance, laid, runs_of, way, width_of
from bot.pictures.style import Style
from bot.unseen import visible

if TYPE_CHECKING:
    from PIL import Image

# A word that is broken because it is too long for a line is broken here, if that is enough.
_SEAM = re.compile(r".+?(?:[-/–—_.&=]++|$)")
# Every white space but those that hold words together.
_SPACES = re.compile(r"[^\S\xa0\u202f]+")
# A phrase in one character, too intricate to be drawn this small.
_SPELLED = {"\ufdfd": "بسم الله الرحمن الرحيم"}
# More marks than this on one letter are no spelling, and would run through the whole picture.
_MARKS = 12
_JOINED = ("", ZWJ)


@dataclass(frozen=True, slots=True)
class _Line:
    """What stands on one line: its words as they are read, and its runs from left to right as it is seen."""

    words: str
    runs: tuple[tuple[Run, float], ...]
    above: int
    below: int

    @property
    def width(self) -> float:
        return sum(width for _, width in self.runs)


@dataclass(frozen=True, slots=True)
class Placed:
    """A line in a picture: its words as they are read, on which height it stands, and its runs from left to
    right, each with where it begins and how wide it is. `rtl`: it begins at the right.
    """

    words: str
    y: int
    runs: tuple[tuple[Run, float, float], ...]
    rtl: bool


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Words on lines; they begin at the side where their script begins."""

    lines: tuple[_Line, ...]
    style: Style
    rtl: bool
    room: int

    @property
    def height(self) -> int:
        return sum(line.above + line.below for line in self.lines)

    @property
    def width(self) -> int:
        return -int(-max((line.width for line in self.lines), default=0) // 1)

    @property
    def middle(self) -> int:
        """Half the height of a capital on the first line, from the top."""
        return self.lines[0].above - self.style.size * 36 // 100 if self.lines else self.style.leading // 2

    def at_most(self, height: int) -> Paragraph:
        """As many of its lines as fit, the last one three dots where there are more."""
        if self.height <= height:
            return self
        dots = _line("…", levels_of("…", self.rtl), self.style)
        left, lines = height - dots.above - dots.below, []
        for line in self.lines:
            left -= line.above + line.below
            if left < 0:
                break
            lines.append(line)
        return Paragraph((*lines, dots), self.style, self.rtl, self.room)

    def within(self, room: int) -> Paragraph:
        """The same lines in another space."""
        return Paragraph(self.lines, self.style, self.rtl, room)

    def paint(self, image: Image.Image, left: int, top: int, *, at_end: bool = False) -> None:
        from PIL import ImageDraw

        pen = ImageDraw.Draw(image)
        for placed in self.placed(left, top, at_end=at_end):
            for run, x, _ in placed.runs:
                font = font_of(run.face, self.style)
                pen.text((x, placed.y), laid(run), self.style.ink, font, "ls", direction=way(run))

    def placed(self, left: int, top: int, *, at_end: bool = False) -> Iterator[Placed]:
        """Each line, where it is drawn."""
        for line in self.lines:
            x = left + (self.room - line.width if self.rtl or at_end else 0)
            runs: list[tuple[Run, float, float]] = []
            for run, width in line.runs:
                runs.append((run, x, width))
                x += width
            yield Placed(line.words, top + line.above, tuple(runs), self.rtl)
            top += line.above + line.below


@dataclass(frozen=True, slots=True)
class _Piece:
    """What is not broken over two lines."""

    words: str
    width: float
    spaced: bool


def typeset(words: str, style: Style, room: int) -> Paragraph:
    """Lines that fit, as many as are needed and about as long as one another."""
    words = clean(words)
    rtl = starts_rtl(words)
    levels = levels_of(words, rtl)
    space = width_of(" ", style)
    pieces = [piece for word in words.split(" ") for piece in _pieces(word, style, room)]
    lines: list[_Line] = []
    at = 0
    for line in filter(None, _balance(pieces, space, room)):
        at = words.index(line, at)
        end = at + len(line)
        lines.append(_line(line, levels[at:end], style))
        at = end
    return Paragraph(tuple(lines), style, rtl, room)


def clean(words: str) -> str:
    """What we can draw of it: composed letters, single spaces, plain letters for fancy ones."""
    words = "".join(
        char if can_draw(char) else _SPELLED.get(char, unicodedata.normalize("NFKC", char))
        for char in unicodedata.normalize("NFC", visible(words))
    )
    words = _SPACES.sub(" ", words).strip(" ")
    if words.isascii():
        return words
    return "".join(cluster if ZWJ in cluster else cluster[: 1 + _MARKS] for cluster in clusters(words))


def _pieces(word: str, style: Style, room: int) -> Iterator[_Piece]:
    """The word whole if it fits on a line, otherwise at its seams, otherwise letter by letter."""
    parts = [word] if width_of(word, style) <= room else _SEAM.findall(word)
    spaced = True
    for part in parts:
        if (width := width_of(part, style)) <= room:
            yield _Piece(part, width, spaced)
            spaced = False
            continue
        for letter in clusters(part):
            yield _Piece(letter, _widest(letter, style), spaced)
            spaced = False


@lru_cache(10_000)
def _widest(letter: str, style: Style) -> float:
    """On its own, or joined to what stands on either side, as Arabic letters are."""
    forms = (f"{before}{letter}{after}" for before in _JOINED for after in _JOINED)
    return max(advance(Run(form, face_of(letter), starts_rtl(letter)), style) for form in forms)


def _balance(pieces: Sequence[_Piece], space: float, room: int) -> list[str]:
    """The lines in the least room in which there are no more of them."""
    lines = _fill(pieces, space, room)
    narrow, wide = 0, room if len(lines) > 1 else 0
    while narrow + 1 < wide:
        tried = (narrow + wide) // 2
        closer = _fill(pieces, space, tried)
        if len(closer) > len(lines):
            narrow = tried
        else:
            wide, lines = tried, closer
    return lines


def _fill(pieces: Sequence[_Piece], space: float, room: int) -> list[str]:
    lines: list[str] = []
    left = 0.0
    for piece in pieces:
        gap = space if piece.spaced else 0
        if lines and gap + piece.width <= left:
            lines[-1] += " " * piece.spaced + piece.words
            left -= gap + piece.width
        else:
            lines.append(piece.words)
            left = room - piece.width
    return lines


def _line(words: str, levels: Sequence[int], style: Style) -> _Line:
    """The words on one line, with room above and below for what stands out of it."""
    runs = runs_of(words, levels)
    above = style.leading * 3 // 4
    below = style.leading - above
    for run in runs:
        if not run.words.isascii():
            font = font_of(run.face, style)
            _, top, _, bottom = font.getbbox(laid(run), direction=way(run), anchor="ls")
            above, below = max(above, int(-top) + 2), max(below, int(bottom) + 2)
    return _Line(words, tuple((run, advance(run, style)) for run in runs), above, below)
