"""The result of a poll as a picture, to go along with the words.

A card with its own ground, so that it reads the same in a light and in a dark client, drawn at two
pixels a point for a phone that shows it 320 points wide. What residents typed is wrapped, never cut.

Each character is drawn by the first of our fonts that has it: Latin, Greek, Cyrillic, Arabic, Hebrew,
more scripts that are read around here, symbols and emoji. What none of them has (Chinese, Japanese
and Korean above all: their fonts are larger than all of Plein) is a visible box.
"""

from __future__ import annotations

import re
import struct
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from io import BytesIO
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from bot.texts import visible

# Pillow is loaded by the first drawing, in its thread: a start need not wait for it.
if TYPE_CHECKING:
    from PIL import Image, ImageFont

PAPER = "#fbf7ef"
TRACK = "#efe7da"
INK = "#23292d"
FAINT = "#5b6166"
BAR = "#6f7f88"
BAR_MAYBE = "#e3e6e4"
WON = "#0d5f55"
WON_MAYBE = "#d8e8e2"

# All in pixels, two to a point.
WIDTH = 640
_MARGIN = 40
_ROOM = WIDTH - 2 * _MARGIN
_UNDER_TITLE = 34
_UNDER_LABEL = 4
_BETWEEN = 30
_ABOVE_NOTE = 40
_BAR = 22
_CORNER = 7
_OUTLINE = 3
# What is not nothing can be seen, however small beside the longest.
_LEAST = 8
_MARK = 30
_GAP = 12


@dataclass(frozen=True, slots=True)
class Bar:
    """One option. Its parts are stacked from the left: the first for certain, the others perhaps."""

    label: str
    parts: tuple[int, ...]
    shown: str
    won: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """A question, its options in the order in which they are shown, and what is said underneath."""

    title: str
    bars: tuple[Bar, ...]
    note: str


def draw(chart: Chart) -> bytes:
    """The chart as a PNG, 640 pixels wide and as high as it needs: the same bytes every time."""
    from PIL import Image

    title = _set(chart.title, _LONG_TITLE if len(chart.title) > 100 else _TITLE, _ROOM)
    rows = _rows(chart.bars)
    note = _set(chart.note, _NOTE, _ROOM)
    spaced: list[tuple[int, _Paragraph | _Row]] = [(0, title)]
    spaced += [(_BETWEEN if number else _UNDER_TITLE, row) for number, row in enumerate(rows)]
    spaced.append((_ABOVE_NOTE, note))
    spaced = [(above, piece) for above, piece in spaced if piece.height]
    height = 2 * _MARGIN + sum(above + piece.height for above, piece in spaced)
    image = Image.new("RGB", (WIDTH, height), PAPER)
    y = _MARGIN
    for above, piece in spaced:
        piece.paint(image, _MARGIN, y + above)
        y += above + piece.height
    file = BytesIO()
    # A third of the bytes in a third of the time.
    image.quantize(palette=_palette(), dither=Image.Dither.NONE).save(file, "PNG")
    return file.getvalue()


@cache
def _palette() -> Image.Image:
    """The colours, and the shades along an edge between two of them."""
    from PIL import Image, ImageColor

    # Not of the track on the paper: shades that near would be taken for one another.
    pairs = [(PAPER, ink) for ink in (INK, FAINT, BAR, WON)]
    pairs += [(TRACK, BAR), (TRACK, WON), (BAR_MAYBE, BAR), (WON_MAYBE, WON)]
    shades: list[int] = []
    for pair in pairs:
        one, other = (ImageColor.getrgb(colour) for colour in pair)
        for step in range(17):
            shades += [(a * (16 - step) + b * step) // 16 for a, b in zip(one, other, strict=True)]
    palette = Image.new("P", (1, 1))
    palette.putpalette(shades)
    return palette


@cache
def shapes() -> bool:
    """Whether letters are joined here, as Arabic and emoji of several parts need.

    Pillow's wheels carry all that takes except FriBiDi, which they look for on the system (Debian:
    libfribidi0). Without it everything is drawn and in its right order, but letter by letter.
    """
    from PIL import features

    return bool(features.check("raqm"))


# --- An option: its label, and its bar underneath ----------------------------------------------


@dataclass(frozen=True, slots=True)
class _Row:
    """An option: its label, and underneath it the bar with the figures at its end."""

    label: _Paragraph
    shown: _Paragraph
    ends: tuple[int, ...]
    track: int
    won: bool

    @property
    def height(self) -> int:
        return self.label.height + _UNDER_LABEL + max(_BAR, self.shown.height)

    def paint(self, image: Image.Image, left: int, top: int) -> None:
        indent = _MARK + _GAP if self.won and not self.label.rtl else 0
        if self.won:
            _paint_mark(image, left if indent else left + _ROOM - _MARK, top + self.label.middle - _MARK // 2)
        self.label.paint(image, left + indent, top)
        top += self.label.height + _UNDER_LABEL
        _paint_bar(image, left, top + max(0, self.shown.height - _BAR) // 2, self)
        self.shown.paint(image, left + _ROOM - self.shown.room, top, at_end=True)


def _rows(bars: Sequence[Bar]) -> list[_Row]:
    """All of one measure: the longest bar fills its track, and the figures have a column at its end."""
    styles = [_WINNER if bar.won else _LABEL for bar in bars]
    figures = [_set(bar.shown, style, _ROOM * 2 // 5) for bar, style in zip(bars, styles, strict=True)]
    column = max((figure.width for figure in figures), default=0)
    track = _ROOM - column - (2 * _GAP if column else 0)
    longest = max((sum(max(part, 0) for part in bar.parts) for bar in bars), default=0)
    return [
        _Row(
            _set(bar.label, style, _ROOM - (_MARK + _GAP) * bar.won),
            figure.within(column),
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


def _paint_bar(image: Image.Image, left: int, top: int, row: _Row) -> None:
    full, maybe = (WON, WON_MAYBE) if row.won else (BAR, BAR_MAYBE)
    _paint_box(image, (left, top, left + row.track, top + _BAR), TRACK)
    if not row.ends or not row.ends[-1]:
        return
    _paint_box(image, (left, top, left + row.ends[-1], top + _BAR), full)
    # Solid is certain and open is perhaps, so that no colour has to say it.
    start = row.ends[0]
    for end in row.ends[1:]:
        last = end == row.ends[-1]
        box = (left + max(start, _OUTLINE), top + _OUTLINE, left + end - _OUTLINE, top + _BAR - _OUTLINE)
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


# --- Paragraphs ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Style:
    size: int
    leading: int
    bold: bool = False
    ink: str = INK


_TITLE = _Style(34, 46, bold=True)
_LONG_TITLE = _Style(30, 41, bold=True)
_LABEL = _Style(28, 38)
_WINNER = _Style(28, 38, bold=True)
_NOTE = _Style(26, 36, ink=FAINT)


@dataclass(frozen=True, slots=True)
class _Run:
    """Neighbouring characters of one font and one direction."""

    words: str
    face: str
    rtl: bool


@dataclass(frozen=True, slots=True)
class _Line:
    """What stands on one line, from left to right as it is seen."""

    runs: tuple[tuple[_Run, float], ...]
    above: int
    below: int

    @property
    def width(self) -> float:
        return sum(width for _, width in self.runs)


@dataclass(frozen=True, slots=True)
class _Paragraph:
    """Words on lines; they begin at the side where their script begins."""

    lines: tuple[_Line, ...]
    style: _Style
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

    def within(self, room: int) -> _Paragraph:
        """The same lines in another space."""
        return _Paragraph(self.lines, self.style, self.rtl, room)

    def paint(self, image: Image.Image, left: int, top: int, *, at_end: bool = False) -> None:
        from PIL import ImageDraw

        pen = ImageDraw.Draw(image)
        for line in self.lines:
            x = left + (self.room - line.width if self.rtl or at_end else 0)
            for run, width in line.runs:
                font = _font(run.face, self.style)
                pen.text((x, top + line.above), _laid(run), self.style.ink, font, "ls", direction=_way(run))
                x += width
            top += line.above + line.below


# A word that is broken because it is too long for a line is broken here, if that is enough.
_SEAM = re.compile(r".+?(?:[-/–—_.&=]+|$)")
# Every white space but those that hold words together.
_SPACES = re.compile(r"[^\S\xa0\u202f]+")
# More marks than this on one letter are no spelling, and would run through the whole picture.
_MARKS = 12


@dataclass(frozen=True, slots=True)
class _Piece:
    """What is not broken over two lines."""

    words: str
    width: float
    spaced: bool


def _set(words: str, style: _Style, room: int) -> _Paragraph:
    """Lines that fit, as many as are needed and about as long as one another."""
    words = _clean(words)
    rtl = _starts_rtl(words)
    levels = _levels(words, rtl)
    space = _width(" ", style)
    pieces = [piece for word in words.split(" ") for piece in _pieces(word, style, room)]
    lines: list[_Line] = []
    at = 0
    for line in filter(None, _balance(pieces, space, room)):
        at = words.index(line, at)
        end = at + len(line)
        lines.append(_line(line, levels[at:end], style))
        at = end
    return _Paragraph(tuple(lines), style, rtl, room)


def _clean(words: str) -> str:
    """What we can draw of it: composed letters, single spaces, plain letters for fancy ones."""
    words = "".join(
        char if _has(char) else _SPELLED.get(char, unicodedata.normalize("NFKC", char))
        for char in unicodedata.normalize("NFC", visible(words))
    )
    words = _SPACES.sub(" ", words).strip(" ")
    if words.isascii():
        return words
    return "".join(one if _ZWJ in one else one[: 1 + _MARKS] for one in _clusters(words))


def _pieces(word: str, style: _Style, room: int) -> Iterator[_Piece]:
    """The word whole if it fits on a line, otherwise at its seams, otherwise letter by letter."""
    parts = [word] if _width(word, style) <= room else _SEAM.findall(word)
    spaced = True
    for part in parts:
        if (width := _width(part, style)) <= room:
            yield _Piece(part, width, spaced)
            spaced = False
            continue
        for letter in _clusters(part):
            yield _Piece(letter, _widest(letter, style), spaced)
            spaced = False


def _widest(letter: str, style: _Style) -> float:
    """On its own, or joined to what stands on either side, as Arabic letters are."""
    ways = (f"{before}{letter}{after}" for before in _JOINED for after in _JOINED)
    return max(_advance(_Run(way, _face(letter), _starts_rtl(letter)), style) for way in ways)


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


@lru_cache(10_000)
def _width(words: str, style: _Style) -> float:
    return sum(_advance(run, style) for run in _runs(words, _levels(words, rtl=False)))


def _advance(run: _Run, style: _Style) -> float:
    return _font(run.face, style).getlength(_laid(run), direction=_way(run))


def _line(words: str, levels: Sequence[int], style: _Style) -> _Line:
    """The words on one line, with room above and below for what stands out of it."""
    runs = _runs(words, levels)
    above = style.leading * 3 // 4
    below = style.leading - above
    for run in runs:
        if not run.words.isascii():
            font = _font(run.face, style)
            _, top, _, bottom = font.getbbox(_laid(run), direction=_way(run), anchor="ls")
            above, below = max(above, int(-top) + 2), max(below, int(bottom) + 2)
    return _Line(tuple((run, _advance(run, style)) for run in runs), above, below)


# --- Fonts --------------------------------------------------------------------------------------

_FONTS = Path(__file__).parent / "fonts"
_PLAIN = "Sans"
_EMOJI = "Emoji"
# The first that has a character draws it.
_FACES = (
    _PLAIN,
    "SansArabic",
    "SansHebrew",
    "SansArmenian",
    "SansGeorgian",
    "SansEthiopic",
    "SansSyriac",
    "SansTifinagh",
    "SansBengali",
    "SansGurmukhi",
    "SansTamil",
    "SansThai",
    _EMOJI,
    "SansMath",
    "SansSymbols",
    "SansSymbols2",
)
_EMOJI_FIRST = (_EMOJI, *_FACES)
_ZWJ, _AS_EMOJI = "\u200d", "\ufe0f"
_JOINED = ("", _ZWJ)
# A phrase in one character, too intricate to be drawn this small.
_SPELLED = {"\ufdfd": "بسم الله الرحمن الرحيم"}


def _file(face: str, bold: bool) -> Path:
    heavy = _FONTS / f"Noto{face}-Bold.ttf"
    return heavy if bold and heavy.exists() else _FONTS / f"Noto{face}-Regular.ttf"


@cache
def _font(face: str, style: _Style) -> ImageFont.FreeTypeFont:
    from PIL import ImageFont

    # Emoji fill their whole square, and shout beside letters of the same size.
    return ImageFont.truetype(_file(face, style.bold), style.size * (9 if face == _EMOJI else 10) // 10)


@cache
def _characters(face: str) -> frozenset[int]:
    """What the font has, as its character map (of format 12, see fonts/README.md) says."""
    data = _file(face, bold=False).read_bytes()
    (tables,) = struct.unpack_from(">H", data, 4)
    entries = (struct.unpack_from(">4sIII", data, 12 + 16 * number) for number in range(tables))
    start = next(offset for name, _, offset, _ in entries if name == b"cmap")
    (maps,) = struct.unpack_from(">H", data, start + 2)
    found: set[int] = set()
    for number in range(maps):
        at = start + struct.unpack_from(">4xI", data, start + 4 + 8 * number)[0]
        form, ranges = struct.unpack_from(">H10xI", data, at)
        if form == 12:
            for first, last, _ in struct.iter_unpack(">III", data[at + 16 : at + 16 + 12 * ranges]):
                found.update(range(first, last + 1))
    return frozenset(found)


@lru_cache(10_000)
def _has(char: str) -> bool:
    return char.isspace() or any(ord(char) in _characters(face) for face in _FACES)


@lru_cache(10_000)
def _face(cluster: str) -> str:
    """The font for a character and what belongs to it."""
    seen = [ord(char) for char in cluster if not _is_hidden(char)] or [ord(cluster[0])]
    faces = _EMOJI_FIRST if _ZWJ in cluster or _AS_EMOJI in cluster else _FACES
    for wanted in (seen, seen[:1]):
        for face in faces:
            if all(char in _characters(face) for char in wanted):
                return face
    return _PLAIN


def _is_hidden(char: str) -> bool:
    """Joiners, selectors and tags, which only say how their neighbours are drawn."""
    return unicodedata.category(char) == "Cf" or "\ufe00" <= char <= "\ufe0f"


def _clusters(words: str) -> list[str]:
    """Characters with the marks, joiners and skin tones that belong to them."""
    found: list[str] = []
    for char in words:
        if found and _belongs(char, found[-1]):
            found[-1] += char
        else:
            found.append(char)
    return found


def _belongs(char: str, before: str) -> bool:
    if char.isascii():
        return False
    return (
        unicodedata.category(char)[0] == "M"
        or _is_hidden(char)
        or "\U0001f3fb" <= char <= "\U0001f3ff"
        or (before[-1] == _ZWJ and ord(char) in _characters(_EMOJI))
        or (len(before) == 1 and _is_flag(before) and _is_flag(char))
    )


def _is_flag(char: str) -> bool:
    """Half of one: flags are spelled with two letters."""
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def _laid(run: _Run) -> str:
    """As Pillow wants it: without FriBiDi it draws all from left to right."""
    return "".join(reversed(_clusters(run.words))) if run.rtl and not shapes() else run.words


def _way(run: _Run) -> str | None:
    return ("rtl" if run.rtl else "ltr") if shapes() else None


# --- Reading order: the Unicode Bidirectional Algorithm (UAX #9) --------------------------------
# Pillow orders a text in one font; a line in several is ordered here. The explicit marks of the
# algorithm (X1 to X10) never get here, as `visible` has replaced them.

_OF_NUMBERS = {"L": "L", "R": "R", "EN": "R", "AN": "R"}
_BRACKETS = {")": "(", "]": "[", "}": "{"}


def _starts_rtl(words: str) -> bool:
    kinds = (unicodedata.bidirectional(char) for char in words)
    return next((kind != "L" for kind in kinds if kind in ("L", "R", "AL")), False)


def _runs(words: str, levels: Sequence[int]) -> list[_Run]:
    """The pieces of one line from left to right as they are seen (L2)."""
    if words.isascii() and not any(levels):
        return [_Run(words, _PLAIN, rtl=False)]
    parts: list[tuple[int, str, str]] = []
    at = 0
    for cluster in _clusters(words):
        parts.append((levels[at], _face(cluster), cluster))
        at += len(cluster)
    runs = [
        (level, _Run("".join(cluster for _, _, cluster in group), face, rtl=bool(level % 2)))
        for (level, face), group in groupby(parts, key=lambda part: part[:2])
    ]
    for depth in (2, 1):
        turned: list[tuple[int, _Run]] = []
        for deep, group in groupby(runs, key=lambda run: run[0] >= depth):
            turned += list(group)[:: -1 if deep else 1]
        runs = turned
    return [run for _, run in runs]


def _levels(words: str, rtl: bool) -> list[int]:
    """How deep each character is nested; odd levels run from right to left (I1, I2)."""
    kinds = [unicodedata.bidirectional(char) or "L" for char in words]
    if not rtl and not {"R", "AL", "AN"}.intersection(kinds):
        return [0] * len(kinds)
    base = "R" if rtl else "L"
    _settle_numbers(kinds, base)
    _settle_brackets(kinds, words, base)
    _settle_neutrals(kinds, base)
    deeper = {"L": 2, "R": 1, "EN": 2, "AN": 2} if rtl else {"L": 0, "R": 1, "EN": 2, "AN": 2}
    return [deeper[kind] for kind in kinds]


def _settle_numbers(kinds: list[str], base: str) -> None:
    """Marks take the kind of their letter; figures and what is written with them keep together (W1 to W7)."""
    _follow(kinds, base, lambda kind, before, _: before if kind in ("NSM", "BN") else kind)
    _follow(kinds, base, lambda kind, _, letter: "AN" if (kind, letter) == ("EN", "AL") else kind)
    _follow(kinds, base, lambda kind, *_: "R" if kind == "AL" else kind)
    for at in range(1, len(kinds) - 1):
        around = kinds[at - 1], kinds[at], kinds[at + 1]
        if around in (("EN", "ES", "EN"), ("EN", "CS", "EN"), ("AN", "CS", "AN")):
            kinds[at] = around[0]
    for _ in range(2):
        _follow(kinds, base, lambda kind, before, _: "EN" if (before, kind) == ("EN", "ET") else kind)
        kinds.reverse()
    _follow(kinds, base, lambda kind, *_: "ON" if kind in ("ES", "ET", "CS") else kind)
    _follow(kinds, base, lambda kind, _, letter: "L" if (kind, letter) == ("EN", "L") else kind)


def _follow(kinds: list[str], base: str, rule: Callable[[str, str, str], str]) -> None:
    """Apply a rule on a kind, the kind before it and the last letter before it."""
    before = letter = base
    for at, kind in enumerate(kinds):
        kinds[at] = before = rule(kind, before, letter)
        letter = before if before in ("L", "R", "AL") else letter


def _settle_brackets(kinds: list[str], words: str, base: str) -> None:
    """A pair of brackets runs with the line if anything in it does, or with what it belongs to (N0)."""
    opened: list[int] = []
    pairs: list[tuple[int, int]] = []
    for at, char in enumerate(words):
        if kinds[at] != "ON":
            continue
        if char in _BRACKETS.values():
            opened.append(at)
        elif char in _BRACKETS:
            matching = [number for number, start in enumerate(opened) if words[start] == _BRACKETS[char]]
            if matching:
                pairs.append((opened[matching[-1]], at))
                del opened[matching[-1] :]
    for start, end in sorted(pairs):
        inside = {_OF_NUMBERS[kind] for kind in kinds[start:end] if kind in _OF_NUMBERS}
        if inside:
            before = next((_OF_NUMBERS[k] for k in reversed(kinds[:start]) if k in _OF_NUMBERS), base)
            kinds[start] = kinds[end] = base if base in inside else before


def _settle_neutrals(kinds: list[str], base: str) -> None:
    """What is neither letter nor figure runs with its neighbours if they agree, or with the line (N1, N2)."""
    at = 0
    while at < len(kinds):
        end = at
        while end < len(kinds) and kinds[end] not in _OF_NUMBERS:
            end += 1
        before = _OF_NUMBERS[kinds[at - 1]] if at else base
        after = _OF_NUMBERS[kinds[end]] if end < len(kinds) else base
        kinds[at:end] = [before if before == after else base] * (end - at)
        at = end + 1
