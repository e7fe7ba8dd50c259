"""Names of people: when two are the same for a reader, and how those are told apart."""

from __future__ import annotations

import re
import unicodedata

from bot.unseen import drawn_as, without_ignored

_COUNTED = re.compile(r"(.+?)\s*\((\d{1,4})\)")
_SMALL_CAPITAL = "LATIN LETTER SMALL CAPITAL "
# Letters of phonetic alphabets that are drawn as capitals, and what few tell apart in most fonts.
_DRAWN_SMALL = {
    code: name[-1].lower()
    for code in (*range(0x250, 0x2B0), *range(0x1D00, 0x1D30), *range(0xA730, 0xA800))
    if (name := unicodedata.name(chr(code), "")).startswith(_SMALL_CAPITAL)
    and len(name) == len(_SMALL_CAPITAL) + 1
}
_ALIKE = str.maketrans("01\u0131i|", "ollll")


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


def alike(name: str) -> str:
    """What is the same for two names that a reader may take for one another, at a glance and in any font.

    Alphabets, accents, signs and blanks make no difference, nor 0 and o, 1, i and l, rn and m, vv and w.
    """
    plain = drawn_as(folded(drawn_as(name))).translate(_DRAWN_SMALL)
    letters = "".join(filter(str.isalnum, plain)).translate(_ALIKE)
    return letters.replace("rn", "m").replace("vv", "w") or plain
