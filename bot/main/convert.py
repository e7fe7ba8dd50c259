"""`plein convert`: how a message on one platform reads on another, without a database or a connection.

JSON lines in, one JSON line out for each: for tests, and for whoever reports what reads wrongly.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from bot.rich import Names, Rich, clean

Read = Callable[[Any, Names], Rich]
Write = Callable[[Rich, Names], list[dict[str, Any]]]


class Unreadable(Exception):
    """A line that says nothing that can be converted; why."""


def convert(source: str, target: str, given: Iterable[bytes]) -> int:
    """Convert each line; what cannot be read is told beside, and the others are converted all the same.

    Returns: the exit status, 1 where a line could not be read.
    """
    read, write = _reader(source), _writer(target)
    status = 0
    for number, line in enumerate(given, 1):
        if not line.strip():
            continue
        try:
            sent = _converted(line, source, read, write)
        except Unreadable as why:
            print(f"line {number}: {why}", file=sys.stderr)
            status = 1
            sent = {"sent": [], "error": str(why)}
        sys.stdout.buffer.write(orjson.dumps(sent, option=orjson.OPT_APPEND_NEWLINE))
        sys.stdout.flush()
    return status


def _converted(line: bytes, source: str, read: Read, write: Write) -> dict[str, Any]:
    """Raises: Unreadable."""
    asked = _parsed(line)
    if not isinstance(asked, dict) or "input" not in asked:
        raise Unreadable('write {"input": ..., "names": {...}}')
    content, form = asked["input"], str if source == "discord" else dict
    if not isinstance(content, form):
        wanted = "a string, the content of a message" if form is str else "an object, the content of an event"
        raise Unreadable(f"the input from {source} is {wanted}")
    names = _names(asked.get("names") or {})
    return {"sent": write(read(content, names), names)}


def _parsed(line: bytes) -> Any:
    """Half a character, which a line of JSON can spell and orjson refuses, is read too.

    Raises: Unreadable.
    """
    try:
        return json.loads(line.decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"this is no JSON: {error}") from None


def _names(given: object) -> Names:
    """Raises: Unreadable."""
    if not isinstance(given, dict):
        raise Unreadable("the names are an object")
    for key in ("users", "roles", "channels", "places", "emoji", "messages"):
        if not isinstance(given.get(key, {}), dict):
            raise Unreadable(f"the names' {key} are an object")
    try:
        zone = ZoneInfo(str(given.get("zone", "Europe/Brussels")))
    except (ValueError, OSError, KeyError):
        raise Unreadable(f"there is no zone {given['zone']!r}, such as Europe/Brussels") from None
    return Names(
        people=_strings(given.get("users")),
        roles=_strings(given.get("roles")),
        places=_strings(given.get("channels")),
        twins=_strings(given.get("places")),
        messages=_messages(given.get("messages")),
        emoji=_strings(given.get("emoji")),
        zone=zone,
        language=str(given.get("language", "nl")),
    )


def _strings(given: Mapping[str, Any] | None) -> Mapping[str, str]:
    return {clean(key): clean(str(value)) for key, value in (given or {}).items()}


def _messages(given: Mapping[str, Any] | None) -> Mapping[str, object]:
    """An event by its id, or what leads to a message: its channel, its own id and its server's."""
    parts = ("guild", "channel", "message")
    return {
        clean(key): clean(value)
        if isinstance(value, str)
        else {part: clean(str(value[part])) for part in parts}
        for key, value in (given or {}).items()
        if isinstance(value, str) or (isinstance(value, dict) and all(part in value for part in parts))
    }


def _reader(platform: str) -> Read:
    if platform == "discord":
        from adapters.discord.rich import read as discord

        return discord.read
    from adapters.matrix.rich import read as matrix

    return matrix.read


def _writer(platform: str) -> Write:
    if platform == "discord":
        from adapters.discord.rich import write as discord

        return discord.write
    from adapters.matrix.rich import write as matrix

    return matrix.write
