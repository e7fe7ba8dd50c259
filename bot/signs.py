"""Signs that people put on each other's messages: one emoji, however a phone spells it."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from bot.numerals import number_in
from bot.settings import NONE

# How it is drawn, in which of two ways, and of what colour a hand is: none of it makes another sign.
_DRAWN = dict.fromkeys([0xFE0E, 0xFE0F, *range(0x1F3FB, 0x1F400)])
# A family is spelled in this many.
_LONGEST = 16


def folded_sign(sign: str) -> str:
    """The same for all ways of drawing it."""
    return sign.translate(_DRAWN)


def _sign(written: str) -> str:
    found = folded_sign(written.strip())
    if found.casefold() in NONE:
        return ""
    # A number stands for a button, and letters are no sign on every platform.
    if number_in(found) is not None or len(found) > _LONGEST or any(map(_is_written, found)):
        raise ValueError("config.sign")
    return found


def _is_written(character: str) -> bool:
    return character.isalnum() or character.isspace() or character.isascii()


# By this Plein marks what it could not do with a message of somebody's.
WARNING = "\N{WARNING SIGN}\N{VARIATION SELECTOR-16}"

# In a section of the configuration: one sign, folded; "": none.
ReactionSign = Annotated[str, AfterValidator(_sign)]
