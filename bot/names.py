"""Names of people: when two are the same for a reader, and how those are told apart."""

from __future__ import annotations

import re
import unicodedata

from bot.unseen import visible, without_ignored

# As long as any platform lets its people be called. Whoever has a homeserver can call themselves anything.
LONGEST = 256
_COUNTED = re.compile(r"\((\d{1,4})\)\Z")


def called(name: str) -> str:
    """A name as it is kept and shown: what nobody sees is marked, and what is too long is cut."""
    shown = visible(name[: LONGEST + 1])
    return shown if len(shown) <= LONGEST else shown[: LONGEST - 1].rstrip() + "…"


def folded(name: str) -> str:
    """The name without what a reader overlooks: capitals, accents, width, blanks, what shows nothing.

    Names that differ only far behind are taken for one: an index of PostgreSQL holds no more.
    """
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).casefold())
    plain = "".join(letter for letter in without_ignored(apart) if not unicodedata.combining(letter))
    return " ".join(plain.casefold().split())[: 2 * LONGEST].rstrip()


def numbered(name: str, number: int) -> str:
    """The name of the second of two people who are called the same: "Ben (2)"."""
    return f"{name} ({number})"


def without_number(words: str) -> tuple[str, int | None]:
    """The name that was meant, and which of those who bear it: "Ben (2)" is the second Ben."""
    words = words.strip()
    found = _COUNTED.search(words)
    name = words[: found.start()].rstrip() if found else ""
    return (name, int(found[1])) if found and name else (words, None)
