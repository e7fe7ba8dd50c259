"""What was typed, cut into pieces: the same for every language."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple
from unicodedata import combining, normalize

# An instant has its offset with it; after a space "20:00-22:00" is rather from one hour to another.
_PIECE = re.compile(
    r"""
    (?P<instant>[0-9]{4}-[0-9]{2}-[0-9]{2}
        (?: t[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?(?:z|[+-][0-9]{2}:?[0-9]{2})
          | [ ][0-9]{2}:[0-9]{2}(?::[0-9]{2})?[ ]?(?:z|\+[0-9]{2}:?[0-9]{2}))(?!\w))
  | (?P<iso>[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}(?![0-9])(?:t(?=[0-9]))?)
  | (?P<date>[0-9]{1,2}(?:/[0-9]{1,2}/|-[0-9]{1,2}-|\.[0-9]{1,2}\.)(?:[0-9]{4}|[0-9]{2})(?![0-9.]))
  | (?P<slashed>[0-9]{1,2}/[0-9]{1,2}(?![0-9/]))
  | (?P<clock>[0-9]{1,2}:[0-9]{2}(?![0-9:]))
  | (?P<dotted>[0-9]{1,2}\.[0-9]{1,2}(?![0-9])\.?)
  | (?P<decimal>[0-9]{1,2},[0-9](?![0-9]))
  | (?P<number>[0-9]+\.?)
  | (?P<word>'?[^\W\d_]+|@)
  | (?P<dash>-)
  | (?P<space>\s+)
  | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_ALIKE = str.maketrans({"’": "'", "‘": "'", "`": "'", "´": "'", "–": "-", "—": "-", "−": "-"})
# "dec." and "a.m.", but not the "1.12." of a day.
_DOTS = re.compile(r"(?<![0-9])\.")
# Signs between words mean nothing; a comma in a number does.
_SIGNS = re.compile(r",(?![0-9])|(?<![0-9]),|[;()!?]")
# "twenty-one", "maandag-avond".
_HYPHEN = re.compile(r"(?<=[^\W\d_])-(?=[^\W\d_])")


class Piece(NamedTuple):
    """`glued`: nothing stands between it and the piece before; `spaced`: there is room on both sides."""

    kind: str
    text: str
    glued: bool = False
    spaced: bool = False


def scan(words: str) -> list[Piece]:
    """All pieces in order; what is no part of any date is a piece of the kind `other`."""
    folded = _HYPHEN.sub(" ", _SIGNS.sub(" ", _DOTS.sub("", fold(words))))
    return list(_pieces(folded.rstrip(" .")))


def fold(words: str) -> str:
    """Without capitals and accents, and with one kind of apostrophe and dash."""
    words = words.casefold().translate(_ALIKE)
    if words.isascii():
        return words
    return "".join(letter for letter in normalize("NFD", words) if not combining(letter))


def _pieces(folded: str) -> Iterator[Piece]:
    after = 0  # where the piece before ended
    for match in _PIECE.finditer(folded):
        kind, start, end = match.lastgroup or "other", *match.span()
        if kind != "space":
            spaced = folded[start - 1 : start] in ("", " ") and folded[end : end + 1] in ("", " ")
            yield Piece(kind, match[0], glued=start == after > 0, spaced=spaced)
            after = end


@cache
def key(phrase: str) -> str:
    """How a table's phrase is looked up: its pieces with one space between."""
    return " ".join(piece.text for piece in scan(phrase))
