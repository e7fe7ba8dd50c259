"""Under which names Discord shows what people said elsewhere: as they are called, as far as it takes that."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from wcwidth import iter_graphemes

from adapters.discord.words import units
from bot.names import folded
from bot.rich import clean, is_blank
from bot.unseen import visible

LONGEST = 80
# What no name may hold, and what none may be ("Usernames and Nicknames", and Discord's answers).
_WITHIN, _WHOLE = ("discord", "clyde"), ("everyone", "here")
# Letters of other scripts that are taken for ours.
_LIKE = str.maketrans(
    {
        **dict.fromkeys("іїɩɪıι!", "i"),
        **dict.fromkeys("ӏⅼ1|", "l"),
        **dict.fromkeys("оοσ0", "o"),
        **dict.fromkeys("сϲᴄ", "c"),
        **dict.fromkeys("ԁᴅ", "d"),
        **dict.fromkeys("ѕꜱ", "s"),
        **dict.fromkeys("ʀг", "r"),
        **dict.fromkeys("уʏγ", "y"),
        **dict.fromkeys("еεᴇ", "e"),
    }
)
_MARK = "\N{REPLACEMENT CHARACTER}"
# Joiners belong in emoji and some scripts; beside our own letters, or at an end, they only hide.
_JOINS_NOTHING = re.compile(
    "(?:(?<![^\\s\x21-\x7e\xc0-\u024f])[\u200c\u200d]+|[\u200c\u200d]+(?![^\\s\x21-\x7e\xc0-\u024f]))"
)


def name_for(name: str, otherwise: str) -> str:
    """The name, so that Discord takes it; `otherwise` where nothing of it can be read."""
    seen = _JOINS_NOTHING.sub("", visible(clean(name)).replace(_MARK, ""))
    words = " ".join(seen.split())
    words = _cut(_apart(words), LONGEST)
    if folded(words) in _WHOLE:
        words += "."
    return otherwise if is_blank(words) else words


def _apart(words: str) -> str:
    """With a hyphen in what no name may hold."""
    for barred in _WITHIN:
        while (middle := _middle_of(words, barred)) is not None:
            words = f"{words[:middle]}-{words[middle:]}"
    return words


def _middle_of(words: str, barred: str) -> int | None:
    """Where to part it, however that is spelled."""
    letters = [*_letters(words)]
    start = "".join(letter for letter, _ in letters).find(barred)
    return None if start < 0 else letters[start + len(barred) // 2][1]


def _letters(words: str) -> Iterator[tuple[str, int]]:
    """Each as a reader sees it, with where it stands: without capitals, accents, width, or its script."""
    for position, character in enumerate(words):
        for letter in unicodedata.normalize("NFKD", character).casefold().translate(_LIKE):
            if not unicodedata.combining(letter) and not is_blank(letter):
                yield letter, position


def _cut(words: str, most: int) -> str:
    """As many of its characters as there is room for."""
    if units(words) <= most:
        return words
    kept = ""
    for character in iter_graphemes(words):
        if units(kept + character) > most - 1:
            break
        kept += character
    return f"{kept.rstrip()}…"
