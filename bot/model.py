"""The values that everything in Plein is said in.

They are plain data: no platform, no database, no language. What people typed sits only in
`Text.values`, so that a renderer can escape it and nothing else can mistake it for markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any

import orjson


class Role(IntEnum):
    """What somebody may do; a higher role may do all that a lower one may."""

    RESIDENT = 0
    ORGANISER = 1
    MODERATOR = 2


@dataclass(frozen=True, slots=True)
class Identity:
    """An account: one resident as one platform knows them."""

    platform: str
    user_id: str


@dataclass(frozen=True, slots=True)
class Place:
    """A channel or room on one platform."""

    platform: str
    room_id: str


@dataclass(frozen=True, slots=True)
class Resident:
    """A person, who may own several identities and counts once everywhere."""

    id: int
    name: str
    locale: str | None = None
    role: Role = Role.RESIDENT


@dataclass(frozen=True, slots=True)
class Theme:
    """A subject and its places: one theme, at most one conversation, on any number of platforms."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Text:
    """A catalogue key and what goes into it; becomes words only at the edge, in the reader's language.

    A `count` among the values picks the plural. Values are strings (typed by people: escaped),
    numbers, aware datetimes, other Texts, or tuples of Texts (written as a list: "a, b and c").
    """

    key: str
    values: Mapping[str, Any] = field(default_factory=dict)


def text(key: str, /, **values: Any) -> Text:
    return Text(key, values)


def typed(words: str) -> Text:
    """What a person typed, as a Text of its own."""
    return Text("typed", {"words": words})


@dataclass(frozen=True, slots=True)
class Action:
    """A button: a command already filled in.

    `switch` names a yes/no argument for platforms where a press stays to be seen (a reaction):
    true when it was put there, false when it was taken back. Where a press leaves no trace it
    is not passed and the command turns over what stands.
    """

    label: Text
    command: str
    args: Mapping[str, Any] = field(default_factory=dict)
    switch: str | None = None


@dataclass(frozen=True, slots=True)
class Ballot:
    """A question whose whole answer can be given at once, for platforms with a native poll.

    The numbers chosen (from 1) go into the argument `numbers` of `command`. `discreet`: nobody else may
    see how somebody answers, so never by anything that shows it. `until`: when it closes.
    """

    question: Text
    options: tuple[Text, ...]
    at_most: int
    command: str
    args: Mapping[str, Any]
    ended: Text | None = None
    discreet: bool = False
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that a form asks for, and the argument it goes into.

    `value` stands in it already. `choices`: the values to pick one from, each with its words. `long`: it
    may take several lines.
    """

    name: str
    label: Text
    hint: Text | None = None
    value: str = ""
    choices: tuple[tuple[str, Text], ...] = ()
    long: bool = False
    required: bool = True


@dataclass(frozen=True, slots=True)
class Form:
    """What a command still needs, asked for where a platform has forms; elsewhere the lines say what to type.

    `at_once`: nothing is wrong, so that the form may be shown instead of the message it comes with.
    `lines`: what has to be read to fill it in, for where the form covers all else.
    """

    title: Text
    command: str
    args: Mapping[str, Any]
    fields: tuple[Field, ...]
    at_once: bool = False
    lines: tuple[Text, ...] = ()

    def filled_in(self, values: Sequence[str]) -> dict[str, Any]:
        """The arguments, with a value for each field in order.

        Fields that go into one argument are put together, behind what that holds already.
        """
        asked = {one.name for one in self.fields}
        args = {name: value for name, value in self.args.items() if name not in asked}
        for name in dict.fromkeys(one.name for one in self.fields):
            parts = [str(self.args[name])] if name in self.args else []
            parts += [
                value.strip() for one, value in zip(self.fields, values, strict=True) if one.name == name
            ]
            if words := " ".join(filter(None, parts)):
                args[name] = words
        return args


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes along with a message: made of `subject` ("poll:3") when it is sent, in the
    reader's language.

    `form` is the kind of file: png, csv or json. `words` say the same for who cannot see a picture.
    """

    subject: str
    form: str
    words: Text

    @property
    def name(self) -> str:
        return f"{self.subject.replace(':', '-')}.{self.form}"


@dataclass(frozen=True, slots=True)
class Message:
    """Something to be said; each adapter renders it natively. Nobody is pinged by it.

    `numbered`: the lines already carry the numbers by which the actions are called. `how`: what to do
    where nothing can be pressed. `locale`: the language of whom it answers, in which its values are.
    """

    lines: tuple[Text, ...] = ()
    title: Text | None = None
    actions: tuple[Action, ...] = ()
    ballot: Ballot | None = None
    files: tuple[Attachment, ...] = ()
    numbered: bool = False
    form: Form | None = None
    how: tuple[Text, ...] = ()
    locale: str | None = field(default=None, compare=False)

    def said_in(self, locale: str) -> Message:
        """The same, with its language. Spelled out: it happens with every vote, and is twice as quick."""
        return Message(
            self.lines,
            self.title,
            self.actions,
            self.ballot,
            self.files,
            self.numbered,
            self.form,
            self.how,
            locale,
        )


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A value that an argument could have, with the words that tell people what it is."""

    value: str | int
    words: Text


@dataclass(frozen=True, slots=True)
class Presence:
    """That somebody is in a place, with which role there and since when, as their platform knows it."""

    place: Place
    role: Role
    since: datetime


@dataclass(frozen=True, slots=True)
class Invocation:
    """Somebody used a command (typed, or filled in) or pressed a button.

    `id` is the platform's own id of that event: the same one never counts twice.
    `at` is when it was said, by the platform's clock. With `by_post` the answer goes through
    the outbox, for platforms where an answer is a message like any other. `overheard`: others in
    the place saw what was said or pressed. `present_in`: the place, or for what is said in private
    all places that they share with Plein, where the platform knows that; `absent_from`: those where they
    are not, or not any more.
    """

    id: str
    author: Identity
    name: str
    place: Place | None
    at: datetime
    typed: str | None = None
    command: str = ""
    args: Mapping[str, Any] = field(default_factory=dict)
    locale: str | None = None
    role: Role = Role.RESIDENT
    by_post: bool = False
    overheard: bool = False
    present_in: tuple[Presence, ...] = ()
    absent_from: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Undo:
    """What takes an invocation back, kept beside it."""

    author: Identity
    command: str
    args: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Job:
    """Something to do later; `subject` is read again when it is due."""

    id: int
    kind: str
    subject: str
    due_at: datetime
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Post:
    """Something to be said once, in a place or to one person."""

    id: str
    to: Place | Identity
    message: Message
    attempts: int = 0
    tried_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Board:
    """A message that shows a state and is edited as that changes.

    `sent_as` is the adapter's reference to it, None before it was posted; `version` is the
    state that is to be shown.
    """

    subject: str
    place: Place
    version: int
    sent_as: str | None
    key: str
    attempts: int = 0
    tried_at: datetime | None = None


def pack(message: Message | None) -> str | None:
    """A message as JSON, for the database."""
    return None if message is None else orjson.dumps(message, _moment, _PACKING).decode()


def unpack(packed: str | None) -> Message | None:
    """The message that `pack` wrote."""
    if packed is None:
        return None
    kept = orjson.loads(packed)
    actions = tuple(
        Action(_text(one["label"]), one["command"], _args(one["args"]), one["switch"])
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


def _ballot(kept: dict[str, Any] | None) -> Ballot | None:
    if kept is None:
        return None
    question, options, ended = _text(kept["question"]), _texts(kept["options"]), _maybe(kept["ended"])
    until = kept.get("until")
    return Ballot(
        question,
        options,
        kept["at_most"],
        kept["command"],
        _args(kept["args"]),
        ended,
        kept.get("discreet", False),
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
