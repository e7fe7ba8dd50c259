"""Names of people: when two are the same for a reader, and how those are told apart."""

from __future__ import annotations

import re
import unicodedata

from bot.unseen import without_ignored

_COUNTED = re.compile(r"(.+?)\s*\((\d{1,4})\)")


def folded(name: str) -> str:
    """The name without what a reader overlooks: capitals, accents, width, blanks, what shows nothing."""
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).casefold())
    plain = "".join(letter for letter in without_ignored(apart) if not unicodedata.combining(letter))
    return " ".join(plain.casefold().split())


def numbered(name: str, number: int) -> str:
    """The name of the second of two people who are called the same: "Ben (2)"."""
    return f"{name} ({number})"


def without_number(words: str) -> tuple[str, int | None]:
    """The name that was meant, and which of those who bear it: "Ben (2)" is the second Ben."""
    found = _COUNTED.fullmatch(words.strip())
    return (found[1], int(found[2])) if found else (words.strip(), None)
