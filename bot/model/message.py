"""The values that everything in Plein is said in.

They are plain data: no platform, no database, no language. What people typed sits only in
`Text.values`, so that a renderer can escape it and nothing else can mistake it for markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


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
class Button:
    """A command already filled in.

    `switch` names a yes/no argument for platforms where a press stays to be seen (a reaction):
    true when it was put there, false when it was taken back. Where a press leaves no trace it
    is not passed and the command turns over what stands.
    """

    label: Text
    command: str
    args: Mapping[str, Any] = field(default_factory=dict)
    switch: str | None = None


@dataclass(frozen=True, slots=True)
class NativePoll:
    """A question whose whole answer can be given at once, for platforms with a native poll.

    The numbers chosen (from 1) go into the argument `numbers` of `command`. `secret`: nobody else may
    see how somebody answers, so never by anything that shows it. `until`: when it closes.
    """

    question: Text
    options: tuple[Text, ...]
    at_most: int
    command: str
    args: Mapping[str, Any]
    ended: Text | None = None
    secret: bool = False
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
    actions: tuple[Button, ...] = ()
    ballot: NativePoll | None = None
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

    @property
    def buttons(self) -> tuple[Button, ...]:
        return self.actions

    @property
    def native_poll(self) -> NativePoll | None:
        return self.ballot

    @property
    def hints(self) -> tuple[Text, ...]:
        return self.how


def message(
    *lines: Text,
    title: Text | None = None,
    hints: Iterable[Text] = (),
    files: Iterable[Attachment] = (),
    buttons: Iterable[Button] = (),
    native_poll: NativePoll | None = None,
    form: Form | None = None,
    numbered: bool = False,
) -> Message:
    """A message of these lines, with what goes along with them."""
    return Message(lines, title, tuple(buttons), native_poll, tuple(files), numbered, form, tuple(hints))


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A value that an argument could have, with the words that tell people what it is."""

    value: str | int
    words: Text
