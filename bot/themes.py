"""Themes as arguments: a value that stays one's, whatever it is called by then."""

from __future__ import annotations

import re

from bot.model.people import Theme

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
