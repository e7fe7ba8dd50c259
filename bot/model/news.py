"""What is new in a community, for whoever asked to hear of its subject."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.model.message import Button, Text

_NEVER = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class New:
    """Something new in a theme.

    `line` tells it, `words` are what it is about, and `button` is where to go on. `is_open`: whoever is of
    the community may know of it; else only who takes part in the theme. `known_to`: those, of whom it was
    asked, who know of it by what they did. `subject` has a board, and is shown since `at`.
    """

    theme: int
    line: Text
    words: str
    button: Button
    is_open: bool
    known_to: Collection[int]
    subject: str = ""
    at: datetime = _NEVER
