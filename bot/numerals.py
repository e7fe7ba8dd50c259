"""Numbers as people write them in an answer: `2`, `#2`, `[2]`, `2.`, `2)`, or as the keycap of a phone."""

from __future__ import annotations

import re

# What makes a key of a figure: 2\ufe0f\u20e3.
KEYCAP = "\u20e3"
_KEYCAP = str.maketrans("", "", f"\ufe0f{KEYCAP}")
_NUMBER = re.compile(r"[#\[]?(-?\d{1,9})\]?[.)]?")
_MARKED = re.compile(r"#\d+")


def number_in(word: str) -> int | None:
    """The number that a word is; None where it is anything else."""
    match = _NUMBER.fullmatch(word.translate(_KEYCAP))
    return int(match[1]) if match else None


def is_marked(word: str) -> bool:
    """Whether it is written as only a number is, to tell it from words: `#2`."""
    return _MARKED.fullmatch(word) is not None
