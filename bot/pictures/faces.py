"""Faces: the fonts, and which of them draws what.

Each character is drawn by the first of our fonts that has it: Latin, Greek, Cyrillic, Arabic, Hebrew,
more scripts that are read around here, symbols and emoji. What none of them has (Chinese, Japanese
and Korean above all: their fonts are larger than all of Plein) is a visible box.
"""

from __future__ import annotations

import struct
import unicodedata
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from bot.pictures.style import Style

if TYPE_CHECKING:
    from PIL import ImageFont

FONTS = Path(__file__).parent / "fonts"
PLAIN = "Sans"
_EMOJI = "Emoji"
# The first that has a character draws it.
FACES = (
    PLAIN,
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
_EMOJI_FIRST = (_EMOJI, *FACES)
ZWJ, _AS_EMOJI = "\u200d", "\ufe0f"


@lru_cache(10_000)
def face_of(cluster: str) -> str:
    """The font for a character and what belongs to it."""
    seen = [ord(char) for char in cluster if not _is_hidden(char)] or [ord(cluster[0])]
    faces = _EMOJI_FIRST if ZWJ in cluster or _AS_EMOJI in cluster else FACES
    for wanted in (seen, seen[:1]):
        for face in faces:
            if all(char in characters_of(face) for char in wanted):
                return face
    return PLAIN


@lru_cache(10_000)
def can_draw(char: str) -> bool:
    return char.isspace() or any(ord(char) in characters_of(face) for face in FACES)


def clusters(words: str) -> list[str]:
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
        or (before[-1] == ZWJ and ord(char) in characters_of(_EMOJI))
        or (len(before) == 1 and _is_flag(before) and _is_flag(char))
    )


def _is_flag(char: str) -> bool:
    """Half of one: flags are spelled with two letters."""
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def _is_hidden(char: str) -> bool:
    """Joiners, selectors and tags, which only say how their neighbours are drawn."""
    return unicodedata.category(char) == "Cf" or "\ufe00" <= char <= "\ufe0f"


@cache
def font_of(face: str, style: Style) -> ImageFont.FreeTypeFont:
    from PIL import ImageFont

    # Emoji fill their whole square, and shout beside letters of the same size.
    return ImageFont.truetype(file_of(face, style.bold), style.size * (9 if face == _EMOJI else 10) // 10)


@cache
def characters_of(face: str) -> frozenset[int]:
    """What the font has, as its character map (of format 12, see fonts/README.md) says."""
    data = file_of(face, bold=False).read_bytes()
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


def file_of(face: str, bold: bool) -> Path:
    heavy = FONTS / f"Noto{face}-Bold.ttf"
    return heavy if bold and heavy.exists() else FONTS / f"Noto{face}-Regular.ttf"
