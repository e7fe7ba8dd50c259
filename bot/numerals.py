"""Numbers as people write them in an answer: `2`, `#2`, `[2]`, `2.`, `2)`, or as the keycap of a phone."""

from __future__ import annotations

import re

# What makes a key of a figure: 2\ufe0f\u20e3.
KEYCAP = "\u20e3"
_KEYCAP = str.maketrans("", "", f"\ufe0f{KEYCAP}")
_NUMBER = re.compile(r"[#\[]?(-?\d{1,9})\]?[.)]?")


def number_in(word: str) -> int | None:
    """The number that a word is; None where it is anything else."""
    match = _NUMBER.fullmatch(word.translate(_KEYCAP))
    return int(match[1]) if match else None
