"""What was typed, cut into pieces: the same for every language."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple
from unicodedata import combining, normalize

# Words first, for most pieces are. Figures and signs that belong together, as those of "1.12" and
# "20:00", are only looked for where a sign follows the figures. An instant has its offset with it;
# after a space "20:00-22:00" is rather from one hour to another.
_PIECE = re.compile(
    r"""
    (?P<word>(?:t/m|v/d)(?!\w)|'?[^\W\d_]+|[@&])
  | (?=[0-9]+[-/.:,])(?:
      (?P<instant>[0-9]{4}-[0-9]{2}-[0-9]{2}
          (?: t[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?(?:z|[+-][0-9]{2}:?[0-9]{2})
            | [ ][0-9]{2}:[0-9]{2}(?::[0-9]{2})?[ ]?(?:z|\+[0-9]{2}:?[0-9]{2}))(?!\w))
    | (?P<iso>[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}(?![0-9])(?:t(?=[0-9]))?)
    | (?P<date>[0-9]{1,2}(?:/[0-9]{1,2}/|-[0-9]{1,2}-|\.[0-9]{1,2}\.)(?:[0-9]{4}|[0-9]{2})(?![0-9.]))
    | (?P<slashed>[0-9]{1,2}/[0-9]{1,2}(?![0-9/]))
    | (?P<clock>[0-9]{1,2}:[0-9]{2}(?![0-9:]))
    | (?P<dotted>[0-9]{1,2}\.[0-9]{1,2}(?![0-9])\.?)
    | (?P<decimal>[0-9]{1,2},[0-9](?![0-9]))
    )
  | (?P<number>[0-9]+\.?)
  | (?P<spaced>(?<![^ ])-(?![^ ]))
  | (?P<dash>-)
  | (?P<slash>/)
  | (?P<other>\S)
    """,
    re.VERBOSE,
)
_ALIKE = str.maketrans({"’": "'", "‘": "'", "`": "'", "´": "'", "–": "-", "—": "-", "−": "-"})
# Each of these begins with the sign itself, so that a search goes straight to it.
# "dec." and "a.m.", but not the "1.12." of a day.
_DOTS = re.compile(r"\.(?<![0-9]\.)")
# Signs between words mean nothing; a comma in a number does.
_SIGNS = re.compile(r"[,;()!?](?!(?<=[0-9],)[0-9])")
# "twenty-one", "maandag-avond".
_HYPHEN = re.compile(r"-(?<=[^\W\d_]-)(?=[^\W\d_])")


class Piece(NamedTuple):
    """`kind`: its group in the pattern. `glued`: nothing stands between it and the piece before."""

    kind: str
    text: str
    glued: bool


def scan(words: str) -> list[Piece]:
    """All pieces in order; what is no part of any date is a piece of the kind `other`."""
    folded = _HYPHEN.sub(" ", _SIGNS.sub(" ", _DOTS.sub("", fold(words))))
    pieces = []
    after = -1  # where the piece before ended
    for match in _PIECE.finditer(folded.rstrip(" .")):
        start, end = match.span()
        pieces.append(Piece(match.lastgroup or "other", match[0], start == after))
        after = end
    return pieces


def fold(words: str) -> str:
    """Without capitals and accents, and with one kind of apostrophe and dash."""
    words = words.casefold()
    if words.isascii():
        return words.replace("`", "'")
    words = words.translate(_ALIKE)
    return "".join(letter for letter in normalize("NFD", words) if not combining(letter))


@cache
def key(phrase: str) -> str:
    """How a table's phrase is looked up: its pieces with one space between."""
    return " ".join(piece.text for piece in scan(phrase))
