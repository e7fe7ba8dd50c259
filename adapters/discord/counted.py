"""One small line below what somebody said elsewhere: signs that Discord has no emoji for, and how many."""

from __future__ import annotations

import re
from collections.abc import Sequence

LONGEST = 2_000
_ONE = r":[A-Za-z0-9_+\-]{1,60}: \d{1,4}"
_LINE = re.compile(rf"\n-# {_ONE}(?: · {_ONE})*\Z")


def with_line(words: str, counted: Sequence[tuple[str, int]]) -> str:
    """The words with that line; without any where there is no room."""
    line = " · ".join(f":{name}: {count}" for name, count in counted)
    said = f"{words}\n-# {line}" if line else words
    return said if len(said) <= LONGEST else words


def without_line(content: str) -> str:
    """The words without that line, if it stands there."""
    return _LINE.sub("", content)
