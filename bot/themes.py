"""Themes as arguments: what they are called, and a value that stays one's, whatever it is called by then."""

from __future__ import annotations

import re

from bot.model.people import Theme
from bot.unseen import seen_as

_KEPT = re.compile(r"theme:(\d{1,18})")


def keep(theme: Theme) -> str:
    """A value that means this theme, whatever it is called by then."""
    return keep_number(theme.id)


def keep_number(theme: int) -> str:
    """The same, of the theme of that number."""
    return f"theme:{theme}"


def kept(words: str) -> int | None:
    """Of such a value the theme's number."""
    found = _KEPT.fullmatch(words)
    return int(found[1]) if found else None


def is_called(theme: Theme, words: str) -> bool:
    """Whether people call it so: alone, or with what tells it from others that are called so."""
    return seen_as(words) in (seen_as(theme.name), seen_as(theme.alone or theme.name))
