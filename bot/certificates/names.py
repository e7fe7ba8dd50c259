"""What somebody may be called on a certificate: what can be read as a name, and as nothing more.

A certificate is signed with whatever its owner says that they are called. So that holds no number and no mark
of a sentence, by which it would go on as the community's own words.
"""

from __future__ import annotations

import re
import unicodedata

from bot.unseen import has_unseen, seen_as

LONGEST = 64
# Apostrophes, and what stands between the parts of a name in Hebrew, Catalan, Tibetan, Amharic and Japanese.
_IN_NAMES = "'’‘·׳״־་፡・"
_HYPHENS = "-‐‑"
# Letters and the marks on them, blanks, emoji with what they are made of, and an accent beside its letter.
_KINDS = ("L", "M", "Zs", "So", "Sk", "Cf", "Cn")
# A hyphen joins, a point shortens what stands before it; so many marks no letter has.
_ASTRAY = re.compile(rf"(?:\A|\s)[{_HYPHENS}]|[{_HYPHENS}](?:\s|\Z)|(?<!\w)\.")
_MOST_MARKS = 5


def is_name(words: str) -> bool:
    """Whether somebody can be called so there, in whatever script."""
    plain = unicodedata.normalize("NFKC", words)
    kinds = [unicodedata.category(letter) for letter in plain]
    marks = "".join(kind[0] for kind in map(unicodedata.category, unicodedata.normalize("NFD", words)))
    return (
        not has_unseen(words)
        and all(
            kind.startswith(_KINDS) or letter in (*_IN_NAMES, *_HYPHENS, ".")
            for kind, letter in zip(kinds, plain, strict=True)
        )
        and any(kind.startswith(("L", "So")) for kind in kinds)
        and not _ASTRAY.search(plain)
        and "M" * _MOST_MARKS not in marks
    )


def is_too_long(words: str) -> bool:
    """Whether it is none, or longer than any line for it."""
    return not seen_as(words) or len(unicodedata.normalize("NFKC", words)) > LONGEST
