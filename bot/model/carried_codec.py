"""What somebody said, as it is kept until it stands everywhere: a list for each node, its kind first.

It is read strictly: what is no such list is no words of anybody's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from bot.model.carried import Spoken
from bot.model.files import Posted
from bot.rich import (
    DEEPEST,
    SMALL,
    Code,
    CodeBlock,
    Emoji,
    Heading,
    Link,
    Listed,
    Mention,
    Moment,
    Named,
    Node,
    Paragraph,
    Pointer,
    Quote,
    Rich,
    Shape,
    Spoiler,
    Style,
    Styled,
    Words,
)

Inside = Callable[[object], Rich]


def pack_spoken(spoken: Spoken) -> str:
    """Half characters, which no platform should send, are kept too."""
    at = spoken.at.isoformat()
    fields: list[Any] = [spoken.name, at, spoken.answers, spoken.avatar, _packed(spoken.rich)]
    if more := _more(spoken):
        fields.append(more)
    return json.dumps(fields, separators=(",", ":"))


def unpack_spoken(packed: str) -> Spoken:
    """Raises: ValueError for anything that `pack_spoken` did not give."""
    try:
        fields = json.loads(packed)
    except RecursionError:
        raise ValueError("too deep") from None
    match fields:
        case [str(name), str(at), None | int() as answers, str(avatar), rich] if type(answers) is not bool:
            return Spoken(name, _rich(rich, 0), _moment(at), answers, avatar)
        case [str(name), str(at), None | int() as answers, str(avatar), rich, dict(more)] if (
            more and type(answers) is not bool
        ):
            return Spoken(name, _rich(rich, 0), _moment(at), answers, avatar, **_read_more(more))
    raise ValueError("no words of anybody's")


def _more(spoken: Spoken) -> dict[str, Any]:
    """What few messages have."""
    more: dict[str, Any] = {}
    if spoken.files:
        more["files"] = [
            [file.source, file.name, file.size, file.kind, file.hidden, file.about] for file in spoken.files
        ]
    if spoken.forwarded:
        more["forwarded"] = True
    if spoken.thread is not None:
        more["thread"] = spoken.thread
    return more


def _read_more(more: Mapping[str, object]) -> dict[str, Any]:
    """Raises: ValueError."""
    found = dict[str, Any]()
    for name, value in more.items():
        match name, value:
            case "files", [_, *_] as files:
                found[name] = tuple(map(_file, files))
            case "forwarded", True if value is True:
                found[name] = True
            case "thread", int() as thread if type(thread) is int:
                found[name] = thread
            case _:
                raise ValueError("nothing of a message")
    return found


def _file(found: object) -> Posted:
    match found:
        case [str(source), str(name), None | int() as size, str(kind), bool(hidden), str(about)] if (
            type(size) is not bool
        ):
            return Posted(source, name, size, kind, hidden, about)
    raise ValueError("no file")


def _packed(nodes: Rich) -> list[Any]:
    return [_node(node) for node in nodes]


def _node(node: Node) -> list[Any]:
    match node:
        case Words(text):
            return ["words", text]
        case Styled(style, inside):
            return ["styled", style.value, _packed(inside)]
        case Spoiler(inside, reason):
            return ["spoiler", _packed(inside), reason]
        case Code(text):
            return ["code", text]
        case Link(url, inside):
            return ["link", url, _packed(inside)]
        case Pointer(place, message, url, inside):
            return ["pointer", place, message, url, _packed(inside)]
        case Mention(kind, name):
            return ["mention", kind.value, name]
        case Emoji(name):
            return ["emoji", name]
        case Moment(at, shape):
            return ["moment", at.isoformat(), shape.value]
        case Paragraph(inside, apart):
            return ["paragraph", _packed(inside), apart]
        case Heading(level, inside):
            return ["heading", level, _packed(inside)]
        case Quote(inside):
            return ["quote", _packed(inside)]
        case Listed(items, start):
            return ["listed", [_packed(item) for item in items], start]
        case CodeBlock(text, language):
            return ["block", text, language]


def _rich(found: object, depth: int) -> Rich:
    if not isinstance(found, list) or depth > DEEPEST:
        raise ValueError("no words, or too deep")

    def inside(part: object) -> Rich:
        return _rich(part, depth + 1)

    return tuple(_read(part, inside) for part in found)


def _read(found: object, inside: Inside) -> Node:
    if isinstance(found, list) and found and isinstance(found[0], str) and found[0] in _READERS:
        return _READERS[found[0]](found[1:], inside)
    raise ValueError("no kind of words")


def _listed(fields: list[Any], inside: Inside) -> Node:
    items, start = fields
    if not isinstance(items, list) or (start is not None and type(start) is not int):
        raise ValueError("no list")
    return Listed(tuple(map(inside, items)), start)


def _heading(fields: list[Any], inside: Inside) -> Node:
    level, words = fields
    if type(level) is not int or not 1 <= level <= SMALL:
        raise ValueError("no heading")
    return Heading(level, inside(words))


def _paragraph(fields: list[Any], inside: Inside) -> Node:
    words, apart = fields
    if type(apart) is not bool:
        raise ValueError("no paragraph")
    return Paragraph(inside(words), apart)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("no text")
    return value


def _moment(value: object) -> datetime:
    at = datetime.fromisoformat(_text(value))
    if at.tzinfo is None:
        raise ValueError("no moment")
    return at.astimezone(UTC)


def _plain(make: Callable[..., Node], *reads: Callable[[Any], Any]) -> Callable[[list[Any], Inside], Node]:
    """Of fields that are read each by itself, or are what is inside."""

    def read(fields: list[Any], inside: Inside) -> Node:
        values = zip(reads, fields, strict=True)
        return make(*(inside(value) if by is _INSIDE else by(value) for by, value in values))

    return read


# Stands for what is inside.
_INSIDE: Any = object()
_READERS: Mapping[str, Callable[[list[Any], Inside], Node]] = {
    "words": _plain(Words, _text),
    "styled": _plain(Styled, Style, _INSIDE),
    "spoiler": _plain(Spoiler, _INSIDE, _text),
    "code": _plain(Code, _text),
    "link": _plain(Link, _text, _INSIDE),
    "pointer": _plain(Pointer, _text, _text, _text, _INSIDE),
    "mention": _plain(Mention, Named, _text),
    "emoji": _plain(Emoji, _text),
    "moment": _plain(Moment, _moment, Shape),
    "paragraph": _paragraph,
    "heading": _heading,
    "quote": _plain(Quote, _INSIDE),
    "listed": _listed,
    "block": _plain(CodeBlock, _text, _text),
}
