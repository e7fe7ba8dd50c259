"""The values that everything in Plein is said in: a message is blocks, which are read, and controls.

They are plain data: no platform, no database, no language. What people typed sits only in
`Text.values`, so that a renderer can escape it and nothing else can mistake it for markup.
They are kept as `codec.py` says: where there may be one of several, each is known by its first field.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import datetime
from typing import Any, Literal

from bot.model.people import FIRST_COMMUNITY, Identity, Resident


@dataclass(frozen=True, slots=True)
class Text:
    """A catalogue key and what goes into it; becomes words only at the edge, in the reader's language.

    A `count` among the values picks the plural. Values are strings (typed by people: escaped),
    numbers, aware datetimes, dates (whole days), Residents (shown as the platform shows people), other
    Texts, or tuples of these (written as a list: "a, b and c").
    """

    key: str
    values: Mapping[str, Any] = field(default_factory=dict)


def text(key: str, /, **values: Any) -> Text:
    return Text(key, values)


def typed(words: str) -> Text:
    """What a person typed, as a Text of its own."""
    return Text("typed", {"words": words})


# --- blocks: what is read, in order ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Title:
    """What a message is about."""

    title: Text


@dataclass(frozen=True, slots=True)
class Hint:
    """What to do where nothing can be pressed."""

    hint: Text


@dataclass(frozen=True, slots=True)
class Sign:
    """That what somebody said counts: a mark beside it, and words where there can be none."""

    sign: Text


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes along with a message: made of `subject` ("poll:3") when it is sent, in the
    reader's language.

    `form` is the kind of file: png, csv or json. `words` say the same for who cannot see a picture.
    `community` is whose subject it is, for whoever shows it.
    """

    subject: str
    form: str
    words: Text
    community: int = FIRST_COMMUNITY


# Instead of a theme's number: whoever is of the community may see it.
OF_COMMUNITY = 0


@dataclass(frozen=True, slots=True, match_args=False)
class InTheme:
    """A line of what is told to one person, for as long as they may see that theme: looked at when it is
    said, and left out then for whoever may not, or said `otherwise` (see bot/delivery/seeing.py).

    Nobody reads its words without having looked: a message that has one has no `words` yet.
    """

    line: Text
    theme: int
    otherwise: Text | None = None


# A Text by itself is a line.
Block = Text | Title | Hint | Sign | Attachment | InTheme


# --- controls: what can be done -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Button:
    """A command already filled in.

    `switch` names a yes/no argument for platforms where a press stays to be seen (a reaction):
    true when it was put there, false when it was taken back. Where a press leaves no trace it
    is not passed and the command turns over what stands. `style`: a primary button settles
    something, a danger cannot be undone. `numbered`: the lines carry the number by which it is called.
    `theme`: what it is about, as in `InTheme`.
    """

    label: Text
    command: str
    args: Mapping[str, Any] = field(default_factory=dict)
    switch: str | None = None
    style: Literal["plain", "primary", "danger"] = "plain"
    numbered: bool = False
    theme: int | None = None


@dataclass(frozen=True, slots=True)
class NativePoll:
    """A question whose whole answer can be given at once, for platforms with a native poll.

    The numbers chosen (from 1) go into the argument `numbers` of `command`. `secret`: nobody else may
    see how somebody answers, so never by anything that shows it. `until`: when it closes; `ended`: what
    came out, once it has, and `counts`: for how many that was each option, where that may be seen.
    `closing`: the command, with the same arguments, of somebody who ends it there.
    """

    question: Text
    options: tuple[Text, ...]
    at_most: int
    command: str
    args: Mapping[str, Any]
    ended: Text | None = None
    secret: bool = False
    until: datetime | None = None
    counts: tuple[int, ...] = ()
    closing: str | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that a form asks for, and the argument it goes into.

    `value` stands in it already. `choices`: the values to pick one from, each with its words; or up to
    `picked` of them, which then stand in the value apart by blanks. `long`: it may take several lines.
    `most`: so many characters fit.
    """

    name: str
    label: Text
    hint: Text | None = None
    value: str = ""
    choices: tuple[tuple[str, Text], ...] = ()
    long: bool = False
    required: bool = True
    most: int | None = None
    picked: int = 1


@dataclass(frozen=True, slots=True)
class Form:
    """What a command still needs, asked for where a platform has forms; elsewhere the lines say what to type.

    `at_once`: nothing is wrong, so that the form may be shown instead of the message it comes with.
    `lines`: what has to be read to fill it in, for where the form covers all else. `again`: what asks for
    the same form as it is for whoever opens it, which nothing that is kept could say.
    """

    title: Text
    command: str
    args: Mapping[str, Any]
    fields: tuple[Field, ...]
    at_once: bool = False
    lines: tuple[Text, ...] = ()
    again: Button | None = None

    def filled_in(self, values: Sequence[str]) -> dict[str, Any]:
        """The arguments, with a value for each field in order.

        Fields that go into one argument are put together, behind what that holds already.
        """
        names = [asked.name for asked in self.fields]
        args = {name: value for name, value in self.args.items() if name not in names}
        for name in dict.fromkeys(names):
            parts = [str(self.args[name])] if name in self.args else []
            parts += [value.strip() for known, value in zip(names, values, strict=True) if known == name]
            if words := " ".join(filter(None, parts)):
                args[name] = words
        return args


Control = Button | NativePoll | Form


# --- the message ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Message:
    """Something to be said; each adapter renders it natively. Nobody is pinged by it.

    `message` makes one; a renderer asks for what it shows. `locale`: the language of whom it answers,
    in which its values are; `community`: whose it is, once it leaves the core; `pinned`: it stays in view
    where it is said first. `calls`: the accounts whose attention it calls when a board shows it first.
    """

    blocks: tuple[Block, ...] = ()
    controls: tuple[Control, ...] = ()
    locale: str | None = field(default=None, compare=False)
    community: int = field(default=FIRST_COMMUNITY, compare=False)
    pinned: bool = False
    calls: tuple[Identity, ...] = field(default=(), compare=False)

    @property
    def words(self) -> tuple[Text, ...]:
        """All that is read, in order: but for the files.

        Raises: TypeError where nobody looked yet who may see a line of it.
        """
        return tuple(words for block in self.blocks if (words := _words_of(block)))

    @property
    def title(self) -> Text | None:
        return next((block.title for block in self.blocks if isinstance(block, Title)), None)

    @property
    def lines(self) -> tuple[Text, ...]:
        return tuple(block for block in self.blocks if isinstance(block, Text))

    @property
    def hints(self) -> tuple[Text, ...]:
        return tuple(block.hint for block in self.blocks if isinstance(block, Hint))

    @property
    def sign(self) -> Text | None:
        return next((block.sign for block in self.blocks if isinstance(block, Sign)), None)

    @property
    def files(self) -> tuple[Attachment, ...]:
        return tuple(block for block in self.blocks if isinstance(block, Attachment))

    @property
    def buttons(self) -> tuple[Button, ...]:
        return tuple(control for control in self.controls if isinstance(control, Button))

    @property
    def native_poll(self) -> NativePoll | None:
        return next((control for control in self.controls if isinstance(control, NativePoll)), None)

    @property
    def form(self) -> Form | None:
        return next((control for control in self.controls if isinstance(control, Form)), None)


def _words_of(block: Block) -> Text | None:
    match block:
        case Title(words) | Hint(words) | Sign(words) | (Text() as words):
            return words
        case Attachment():
            return None
        case InTheme():
            raise TypeError("Nobody looked whether they may see that line")


def message(
    *lines: Text | InTheme,
    title: Text | None = None,
    hints: Iterable[Text] = (),
    files: Iterable[Attachment] = (),
    buttons: Iterable[Button] = (),
    native_poll: NativePoll | None = None,
    form: Form | None = None,
    pinned: bool = False,
) -> Message:
    """A message of these lines under their title, with what goes along and what can be done."""
    above = (Title(title),) if title else ()
    others = tuple(control for control in (native_poll, form) if control)
    return Message((*above, *lines, *map(Hint, hints), *files), (*buttons, *others), pinned=pinned)


def residents_in(said: object) -> Iterator[Resident]:
    """Those whom a message names, or any part of one: what is shown, not the arguments of its buttons."""
    if isinstance(said, Resident):
        yield said
    elif isinstance(said, Text):
        for value in said.values.values():
            yield from residents_in(value)
    elif isinstance(said, (tuple, list)):
        for part in said:
            yield from residents_in(part)
    elif is_dataclass(said):
        for part in fields(said):
            yield from residents_in(getattr(said, part.name))


def has_moments(said: object) -> bool:
    """Whether any moment is told in a message, or any part of one."""
    if isinstance(said, datetime):
        return True
    if isinstance(said, Text):
        return any(map(has_moments, said.values.values()))
    if isinstance(said, (tuple, list)):
        return any(map(has_moments, said))
    return is_dataclass(said) and any(has_moments(getattr(said, part.name)) for part in fields(said))


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A value that an argument could have, with the words that tell people what it is."""

    value: str | int
    words: Text
