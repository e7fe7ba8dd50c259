"""All that is kept of somebody, as a file that they can read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import orjson

from bot.model.message import Text, text
from bot.ports.people import Exported

# What a file of somebody's own is made of: "me:7:discord:123", of whose account that is; it is called by the
# number.
SUBJECT = "me"
Write = Callable[[Text | str], str]
# So many bytes make a document, before it is made easy to read; where there is more, it goes on in another.
PIECE = 500_000


def as_documents(kept: Exported, write: Write) -> Iterator[bytes]:
    """JSON, under names that people read, where these are: `kept.<table>`, and `kept.field.<table>.<column>`
    or else `kept.field.<column>`.

    Each is complete by itself, and no more of them is made than was asked for.
    """
    named = _Named(write)
    readable: dict[str, list[Any]] = {}
    size = 0
    for table, rows in kept.items():
        for row in rows:
            fields = named.fields(table, row)
            size += len(orjson.dumps(fields))
            if readable and size > PIECE:
                yield _document(readable)
                readable, size = {}, len(orjson.dumps(fields))
            readable.setdefault(named.shown(f"kept.{table}", table), []).append(fields)
    yield _document(readable)


def _document(readable: Mapping[str, Any]) -> bytes:
    return orjson.dumps(readable, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


class _Named:
    """Looks each name up once, however many rows there are."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._found: dict[str, str] = {}

    def shown(self, key: str, otherwise: str) -> str:
        if key not in self._found:
            words = self._write(text(key))
            self._found[key] = otherwise if words == key else words
        return self._found[key]

    def fields(self, table: str, row: Mapping[str, Any]) -> dict[str, Any]:
        """Where two would be called the same, the second keeps its own name."""
        found: dict[str, Any] = {}
        for name, value in row.items():
            shown = self.shown(f"kept.field.{table}.{name}", "") or self.shown(f"kept.field.{name}", name)
            found[name if shown in found else shown] = value
        return found
