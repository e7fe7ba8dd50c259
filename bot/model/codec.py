"""Messages as JSON, for the database."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import orjson

from bot.model.message import Attachment, Button, Field, Form, Message, NativePoll, Text


def pack(message: Message | None) -> str | None:
    """A message as JSON, for the database."""
    return None if message is None else orjson.dumps(message, _moment, _PACKING).decode()


def unpack(packed: str | None) -> Message | None:
    """The message that `pack` wrote."""
    if packed is None:
        return None
    kept = orjson.loads(packed)
    actions = tuple(
        Button(_text(one["label"]), one["command"], _args(one["args"]), one["switch"])
        for one in kept["actions"]
    )
    files = tuple(
        Attachment(one["subject"], one["form"], _text(one["words"])) for one in kept.get("files", ())
    )
    return Message(
        _texts(kept["lines"]),
        _maybe(kept["title"]),
        actions,
        _ballot(kept["ballot"]),
        files,
        kept.get("numbered", False),
        _form(kept.get("form")),
        _texts(kept.get("how", ())),
        kept.get("locale"),
    )


def _moment(value: Any) -> Any:
    """JSON has no moments. Any other object among a Text's values is a Text."""
    if isinstance(value, datetime):
        return {"at": value.timestamp()}
    raise TypeError(type(value).__name__)


def _ballot(kept: dict[str, Any] | None) -> NativePoll | None:
    if kept is None:
        return None
    question, options, ended = _text(kept["question"]), _texts(kept["options"]), _maybe(kept["ended"])
    until = kept.get("until")
    return NativePoll(
        question,
        options,
        kept["at_most"],
        kept["command"],
        _args(kept["args"]),
        ended,
        kept.get("secret", False),
        _value(until) if until else None,
    )


def _form(kept: dict[str, Any] | None) -> Form | None:
    if kept is None:
        return None
    fields = tuple(
        Field(
            one["name"],
            _text(one["label"]),
            _maybe(one["hint"]),
            one["value"],
            tuple((value, _text(words)) for value, words in one["choices"]),
            one["long"],
            one["required"],
        )
        for one in kept["fields"]
    )
    return Form(
        _text(kept["title"]),
        kept["command"],
        _args(kept["args"]),
        fields,
        kept["at_once"],
        _texts(kept.get("lines", ())),
    )


def _text(kept: dict[str, Any]) -> Text:
    return Text(kept["key"], {name: _value(one) for name, one in kept["values"].items()})


def _texts(kept: Iterable[dict[str, Any]]) -> tuple[Text, ...]:
    return tuple(_text(one) for one in kept)


def _maybe(kept: dict[str, Any] | None) -> Text | None:
    return None if kept is None else _text(kept)


def _value(kept: Any) -> Any:
    if isinstance(kept, list):
        return tuple(_value(one) for one in kept)
    if not isinstance(kept, dict):
        return kept
    return datetime.fromtimestamp(kept["at"], UTC) if "at" in kept else _text(kept)


def _args(kept: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(one) if isinstance(one, list) else one for name, one in kept.items()}


_PACKING = orjson.OPT_PASSTHROUGH_DATETIME
