"""What looks alike: letters of other alphabets, digits and signs that a reader takes for one another.

Which do is Unicode's list of confusables (UTS #39), as the package `confusable_homoglyphs` keeps it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib import resources

import orjson

from bot.names import folded
from bot.unseen import seen_as

_NAMED = re.compile(
    r"(?:LATIN LETTER SMALL CAPITAL|NEGATIVE (?:CIRCLED|SQUARED) LATIN CAPITAL LETTER"
    r"|REGIONAL INDICATOR SYMBOL LETTER) ([A-Z])"
)
_WHERE_NAMED = (
    *range(0x250, 0x2B0),
    *range(0x1D00, 0x1D30),
    *range(0xA730, 0xA800),
    *range(0x1F150, 0x1F200),
)
# Of so many names it is remembered how they are read: each new one is held against all that there are.
MOST_READ = 4_096
# What few tell apart at a glance: one ring, and one stroke. Unicode tells an i from an l.
_AT_A_GLANCE = str.maketrans("0", "o") | dict.fromkeys(
    map(ord, "1i\u0131!\u00a1\u2502\u2503\u258f\u2595"), "l"
)
_AROUND = re.compile(r"(?<!\w)[^\w\s]+|[^\w\s]+(?!\w)")


def _classes() -> list[set[str]]:
    """All that is drawn the same, the largest last.

    The list is of stars: what is in the middle stands beside all that look like it, each of them beside
    the middle alone.
    """
    kept = resources.files("confusable_homoglyphs").joinpath("confusables.json").read_bytes()
    stars = ({shown, *(other["c"] for other in others)} for shown, others in orjson.loads(kept).items())
    return sorted(stars, key=len)


def _plain(shown: str) -> bool:
    """Whether these are letters or digits that a keyboard has, whatever is drawn through or over them."""
    return shown[0].isascii() and all(
        (letter.isascii() and letter.isalnum()) or unicodedata.combining(letter) for letter in shown
    )


def _tables() -> tuple[dict[int, str], dict[int, str]]:
    """What each is drawn as; and what those are, that are drawn as a small one of our capitals."""
    small = {
        chr(code): found[1].lower()
        for code in _WHERE_NAMED
        if (found := _NAMED.fullmatch(unicodedata.name(chr(code), "")))
    }
    drawn, as_small = {}, {ord(letter): plain for letter, plain in small.items()}
    for members in _classes():
        # Digits come first here: a 0 and a 1 have no capitals that make something else of them.
        if plain := sorted(filter(_plain, members), key=lambda shown: (len(shown), shown)):
            drawn.update(dict.fromkeys(_singles(members), plain[0]))
        elif capital := members & small.keys():
            as_small.update(dict.fromkeys(_singles(members), small[min(capital)]))
    return drawn, as_small


def _singles(members: set[str]) -> Iterator[int]:
    """Those of one character, around which marks of direction may stand."""
    bare = (member.strip("\u200e") for member in members)
    return (ord(member) for member in bare if len(member) == 1)


_DRAWN_AS, _SMALL = _tables()


def drawn_as(words: str) -> str:
    """What it looks like on a screen: the same for two that nobody tells apart, whatever their letters."""
    return seen_as(unicodedata.normalize("NFKC", words).translate(_DRAWN_AS))


def alike(name: str, other: str) -> bool:
    """Whether a reader may take one for the other, at a glance and in any font.

    Alphabets, accents, signs and blanks make no difference, nor 0 and o, 1, i and l, rn and m, vv and w.
    """
    return alike_among([name], other) is not None


def alike_among(names: Iterable[str], other: str) -> str | None:
    """The first of these names that a reader may take for the other."""
    read = _readings(other)
    return next((name for name in names if not _readings(name).isdisjoint(read)), None)


@lru_cache(MOST_READ)
def _readings(name: str) -> frozenset[str]:
    """How a name is read by who overlooks its signs, or those around words, or takes all for letters."""
    plain = unicodedata.normalize("NFKC", name)
    without, within = "".join(filter(str.isalnum, plain)), _AROUND.sub("", plain)
    # Some capitals look like what their small letters do not.
    return frozenset(
        _read(letters) or folded(name)
        for words in (without, within, plain)
        for letters in (words, words.lower())
    )


def _read(words: str) -> str:
    drawn = folded(drawn_as(folded(words.translate(_DRAWN_AS)))).translate(_SMALL).translate(_AT_A_GLANCE)
    letters = "".join(filter(str.isalnum, drawn))
    return letters.replace("rn", "m").replace("vv", "w")
