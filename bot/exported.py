"""All that is kept of somebody, as a file that they can read."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from bot.model.message import Text, text
from bot.ports.people import Exported

# What a file of somebody's own is made of: "me:7".
SUBJECT = "me"
Write = Callable[[Text | str], str]


def as_file(kept: Exported, write: Write) -> bytes:
    """JSON, under names that people read: in `kept.<table>` and `kept.field.<column>`, where these are."""
    readable = {
        _name(f"kept.{table}", table, write): [_fields(row, write) for row in rows]
        for table, rows in kept.items()
        if rows
    }
    return (json.dumps(readable, ensure_ascii=False, indent=2) + "\n").encode()


def _fields(row: Mapping[str, Any], write: Write) -> dict[str, Any]:
    """Where two would be called the same, the second keeps its own name."""
    found: dict[str, Any] = {}
    for name, value in row.items():
        shown = _name(f"kept.field.{name}", name, write)
        found[name if shown in found else shown] = value
    return found


def _name(key: str, otherwise: str, write: Write) -> str:
    words = write(text(key))
    return otherwise if words == key else words
