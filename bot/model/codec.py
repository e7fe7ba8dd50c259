"""Messages as JSON, for the database: as the types of their fields say, with no line for each.

What stands at its default is left out. Where there may be one of several, each is known by its first
field, which is always written: a Text by its `key`, a Button by its `label`, a moment by `at`, somebody
by `resident`, of whom nothing is kept beside the number: what they are called is asked when it is said.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache, partial
from operator import attrgetter
from os.path import commonprefix
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import orjson

from bot.model.message import Message, Text
from bot.model.people import Resident

log = logging.getLogger(__name__)
Kept = dict[str, Any]
# Beyond these a moment is none on the clock of some zone.
_FIRST = datetime.min.replace(tzinfo=UTC) + timedelta(days=1)
_LAST = datetime.max.replace(tzinfo=UTC) - timedelta(days=1)
# What may stand among a Text's values and a command's arguments, besides plain ones and tuples of them.
VALUES = Text | datetime | date | Resident
_OWN_NAMES: Mapping[Any, str] = {datetime: "at", date: "day", Resident: "resident"}
_NAMED = re.compile(r'"resident"?:(\d+)')
_OPTIONS = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME


def pack(message: Message | None) -> str | None:
    """A message as JSON. Raises: TypeError for a moment that could not be read again."""
    return None if message is None else orjson.dumps(message, _written, _OPTIONS).decode()


def pack_resident(number: int) -> str:
    """What stands in a packed message wherever it names that resident, and nobody else."""
    return orjson.dumps(Resident(number, ""), _written, _OPTIONS).decode()


def residents_in(packed: str) -> Collection[int]:
    """The numbers of all whom a packed message names, or keeps for what can be pressed."""
    return {int(number) for number in _NAMED.findall(packed)}


def pack_line(said: Text | None) -> str | None:
    """One line by itself, as `unpack_line` reads it."""
    return pack(Message((said,))) if said else None


def unpack_line(packed: str | None) -> Text | None:
    said = unpack(packed)
    return said.lines[0] if said else None


def pack_text(said: Text) -> str:
    """What stands in a packed message that says that, in whichever of its parts."""
    return orjson.dumps(said, _written, _OPTIONS).decode()


def begin_alike(lines: Sequence[Text]) -> str:
    """What stands in a packed message that says any of these."""
    return commonprefix([*map(pack_text, lines)])  # noqa: RUF071 - these are words, and no paths


def without(packed: str, line: Text) -> str:
    """The same message without that line, where it has it; the first of them, where it has several."""
    if pack_text(line) not in packed:
        return packed
    said = unpack(packed)
    if said is None or line not in said.blocks:
        return packed
    at = said.blocks.index(line)
    kept = pack(Message((*said.blocks[:at], *said.blocks[at + 1 :]), said.controls, said.locale))
    assert kept
    return kept


def unpack(packed: str | None) -> Message | None:
    """The message that `pack` made JSON of, now or in an earlier version; none where it cannot be read: one
    that is spoilt ends nothing for everybody else.
    """
    if packed is None:
        return None
    try:
        kept = orjson.loads(packed)
        message: Message = _reader(Message)(_upgraded(kept) if "lines" in kept else kept)
    except Exception as error:
        log.error("A message that was kept cannot be read any more: %s", type(error).__name__)
        return None
    return message


# --- writing ----------------------------------------------------------------------------------------


def _written(value: Any) -> Kept:
    """What JSON does not know, as what it does. Every vote is kept, so what is commonest comes first."""
    kind: Any = type(value)
    if kind is Text:
        return {"key": value.key, "values": value.values} if value.values else {"key": value.key}
    if kind is datetime:
        if value.tzinfo is None or not _FIRST <= value <= _LAST:
            raise ValueError("A moment without a zone, or that no calendar reaches")
        return {"at": value.timestamp()}
    if kind is date:
        return {"day": value.isoformat()}
    if kind is Resident:
        return {"resident": value.id}
    named, of = _fields(kind)
    return {
        name: given
        for (name, default), given in zip(named, of(value), strict=True)
        if given is not default and given != default
    }


@cache
def _fields(kind: Any) -> tuple[Sequence[tuple[str, Any]], Callable[[Any], Sequence[Any]]]:
    """Each by its name, with its default: MISSING, which nothing equals, where it has none. And what takes
    all of them out of a value.
    """
    named = [(field.name, _default(field)) for field in fields(kind)]
    first, *others = (name for name, _ in named)
    # Of one alone it takes no sequence out.
    return named, attrgetter(first, *others) if others else lambda value: (getattr(value, first),)


def _default(field: Field[Any]) -> Any:
    return field.default if field.default_factory is MISSING else field.default_factory()


# --- reading ----------------------------------------------------------------------------------------


@cache
def _reader(kind: Any) -> Callable[[Any], Any]:
    """What makes a value of that type of its JSON."""
    origin, inside = get_origin(kind), get_args(kind)
    if kind is Any:
        return _one_of(get_args(VALUES))
    if kind is datetime:
        return lambda kept: datetime.fromtimestamp(kept["at"], UTC)
    if kind is date:
        return lambda kept: date.fromisoformat(kept["day"])
    if kind is Resident:
        return lambda kept: Resident(kept["resident"], "")
    if is_dataclass(kind):
        return partial(_object, kind)
    if origin in (Union, UnionType):
        return _one_of(inside)
    if origin is Mapping:
        read = _reader(inside[1])
        return lambda kept: {name: read(part) for name, part in kept.items()}
    if origin is tuple and inside[-1] is ...:
        read = _reader(inside[0])
        return lambda kept: tuple(map(read, kept))
    if origin is tuple:
        reads = [_reader(part) for part in inside]
        return lambda kept: tuple(read(part) for read, part in zip(reads, kept, strict=True))
    return lambda kept: kept


def _object(kind: Any, kept: Kept) -> Any:
    return kind(**{name: read(kept[name]) for name, read in _readers(kind).items() if name in kept})


@cache
def _readers(kind: Any) -> Mapping[str, Callable[[Any], Any]]:
    types = get_type_hints(kind)
    return {field.name: _reader(types[field.name]) for field in fields(kind)}


def _one_of(kinds: tuple[Any, ...]) -> Callable[[Any], Any]:
    """One of these, a tuple of them, or something plain."""
    kinds_by_name: dict[str, Any] = {
        known_as(kind): kind for kind in kinds if kind in (datetime, date) or is_dataclass(kind)
    }

    def read(kept: Any) -> Any:
        if isinstance(kept, dict):
            return _reader(kinds_by_name[next(iter(kept), "")])(kept)
        return tuple(map(read, kept)) if isinstance(kept, list) else kept

    return read


def known_as(kind: Any) -> str:
    """The name that tells it from others in JSON: that of its first field, where it has none of its own."""
    return _OWN_NAMES.get(kind) or fields(kind)[0].name


# --- what was kept before ---------------------------------------------------------------------------


def _upgraded(kept: Kept) -> Kept:
    """A message that had a field for each thing, as blocks and controls."""
    title, poll, form = kept["title"], kept["ballot"], kept.get("form")
    blocks = [{"title": title}] if title else []
    blocks += [*kept["lines"], *({"hint": hint} for hint in kept.get("how", ())), *kept.get("files", ())]
    numbered = kept.get("numbered", False)
    controls = [
        {**button, "style": _style(button["args"]), "numbered": numbered} for button in kept["actions"]
    ]
    if poll:
        controls.append({**poll, "secret": poll.get("secret", poll.get("discreet", False))})
    return {
        "blocks": blocks,
        "controls": [*controls, form] if form else controls,
        "locale": kept.get("locale"),
    }


def _style(args: Kept) -> str:
    """Buttons did not say so themselves: their arguments told."""
    return "danger" if args.get("sure") else "primary" if "once" in args else "plain"
