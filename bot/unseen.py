"""What nobody sees: characters that show nothing, though a screen obeys them or a computer compares them.

With them two options, names or themes look the same and are not. What shows nothing is refused; what some
scripts and emoji are written with stays where it belongs, and makes no difference when two are compared.
"""

from __future__ import annotations

import re
import unicodedata

# Default_Ignorable_Code_Point, as Unicode's DerivedCoreProperties has it (Python's own tables do not):
# shown as nothing by rule, the fillers of Hangul among them. Those not given out yet are ignored too.
_IGNORED = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
# Controls, ends of lines that no keyboard has, marks of annotations, joiners of hieroglyphs, what is no
# character at all, and halves of characters, which no database keeps. A tab and a new line are neither.
_CONTROLS = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufff9-\ufffb\U00013430-\U0001343f\ufdd0-\ufdef\ufffe\uffff"
    "\ud800-\udfff"
)
# Letters and symbols that are blank: of Braille, of music, and a filler of Khitan. Other blanks are
# whitespace, which people may use, and which is made one space.
_BLANK = "\u2800\U0001d159\U00016fe4"

# Where the ignored ones have something to do. Joiners shape letters and emoji, and some keyboards write
# them everywhere; variation selectors choose between two drawings of one character.
_JOINERS = "\u200c\u200d"
_SYMBOLS = (
    "#*0-9\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u23ff\u2460-\u24ff\u25a0-\u27bf"
    "\u2900-\u297f\u2b00-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
)
_IDEOGRAPHS = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_MONGOLIAN = "\u1820-\u18aa"
_IN_PLACE = (
    f"[{_JOINERS}]"
    f"|(?<=[{_SYMBOLS}])[\ufe0e\ufe0f]"
    f"|(?<=[{_IDEOGRAPHS}])[\ufe00-\ufe02\U000e0100-\U000e01ef]"
    f"|(?<=[{_MONGOLIAN}])[\u180b-\u180f]"
)
# Flags of the parts of a country are spelled behind a black one: "gbeng", "gbsct", "gbwls".
_FLAGS = "\U0001f3f4(?:{})\U000e007f".format(
    "|".join("".join(chr(0xE0000 + ord(letter)) for letter in flag) for flag in ("gbeng", "gbsct", "gbwls"))
)
# Hardly anything that people write has one of these anywhere: found out first, as it costs the least.
_SUSPECT = re.compile(f"[{_IGNORED}{_CONTROLS}{_BLANK}]")
_UNSEEN = re.compile(f"({_FLAGS}|{_IN_PLACE})|{_SUSPECT.pattern}")
_OVERLOOKED = re.compile(f"({_FLAGS})|[{_IGNORED}]")


def has_unseen(words: str) -> bool:
    """Whether there is something in it that a reader would not see."""
    return _SUSPECT.search(words) is not None and any(found[1] is None for found in _UNSEEN.finditer(words))


def visible(words: str) -> str:
    """The same with every unseen character replaced by a mark."""
    if not _SUSPECT.search(words):
        return words
    return _UNSEEN.sub(lambda found: found[1] or "\N{REPLACEMENT CHARACTER}", words)


def without_ignored(words: str) -> str:
    """The same without joiners, selectors and whatever else shows nothing by itself."""
    return _OVERLOOKED.sub(lambda found: found[1] or "", words)


def seen_as(words: str) -> str:
    """What tells one from another for a reader: not capitals, width, blanks, or what shows nothing."""
    if words.isascii():  # which has nothing of the kind
        return " ".join(words.casefold().split())
    plain = unicodedata.normalize("NFKC", without_ignored(words)).casefold()
    return " ".join(without_ignored(unicodedata.normalize("NFKC", plain)).split())
