"""What people write, laid out, as no platform writes it.

An adapter reads its own form into these values and writes them out again, data to data. So what one
platform's people see is what another's see, and a third platform costs one reader and one writer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from babel.dates import format_datetime

from bot.unseen import without_ignored

# As deep as anything is read or written: deeper than anybody means.
DEEPEST = 100
_BABEL = {"en": "en_GB", "nl": "nl_BE"}


class Style(StrEnum):
    BOLD = "bold"
    ITALIC = "italic"
    UNDERLINE = "underline"
    STRUCK = "struck"


class Named(StrEnum):
    """What a mention is of."""

    PERSON = "person"
    ROLE = "role"


class Shape(StrEnum):
    """How much of a moment is written, as Babel's patterns."""

    TIME = "HH:mm"
    TIME_SECONDS = "HH:mm:ss"
    DAY = "dd/MM/y"
    LONG_DAY = "d MMMM y"
    FULL = "d MMMM y, HH:mm"
    WEEKDAY = "EEEE d MMMM y, HH:mm"
    SHORT = "dd/MM/y, HH:mm"
    SHORT_SECONDS = "dd/MM/y, HH:mm:ss"


# --- within a line ---


@dataclass(frozen=True, slots=True)
class Words:
    """Plain text; a new line in it is one."""

    text: str


@dataclass(frozen=True, slots=True)
class Styled:
    style: Style
    inside: Rich = ()


@dataclass(frozen=True, slots=True)
class Spoiler:
    """Hidden until a reader asks; `reason` is shown before."""

    inside: Rich = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Code:
    text: str


@dataclass(frozen=True, slots=True)
class Link:
    """To an address on the web; without anything `inside` the address itself is shown."""

    url: str
    inside: Rich = ()


@dataclass(frozen=True, slots=True)
class Pointer:
    """To a place or a message where it was written; `url` leads there for whoever has no such place."""

    place: str
    message: str = ""
    url: str = ""
    inside: Rich = ()


@dataclass(frozen=True, slots=True)
class Mention:
    """Somebody's name, or that of some: nobody is rung by it."""

    kind: Named
    name: str


@dataclass(frozen=True, slots=True)
class Emoji:
    """A picture of a community's own, by its name without colons."""

    name: str


@dataclass(frozen=True, slots=True)
class Moment:
    at: datetime
    shape: Shape


# --- lines of their own ---


@dataclass(frozen=True, slots=True)
class Paragraph:
    """`apart`: an empty line stands between two of these."""

    inside: Rich
    apart: bool = True


@dataclass(frozen=True, slots=True)
class Heading:
    """`level`: 1 to 6, and 7 for words that are smaller than the rest."""

    level: int
    inside: Rich = ()


@dataclass(frozen=True, slots=True)
class Quote:
    inside: Rich = ()


@dataclass(frozen=True, slots=True)
class Listed:
    """`start`: the number of the first; None where they have none."""

    items: tuple[Rich, ...]
    start: int | None = None


@dataclass(frozen=True, slots=True)
class CodeBlock:
    text: str
    language: str = ""


SMALL = 7
Mark = Styled | Spoiler | Link | Pointer
Leaf = Words | Code | Mention | Emoji | Moment | CodeBlock
Node = Mark | Leaf | Paragraph | Heading | Quote | Listed
Rich = tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Names:
    """What is known of what words refer to, each by its id on the platform where they were written.

    `twins`: the place on the other platform that shows the same. `messages`: likewise, as each writer
    finds its way there. `emoji`: the id of each that the platform written for has.
    """

    people: Mapping[str, str] = field(default_factory=dict)
    roles: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)
    twins: Mapping[str, str] = field(default_factory=dict)
    messages: Mapping[str, object] = field(default_factory=dict)
    emoji: Mapping[str, str] = field(default_factory=dict)
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Europe/Brussels"))
    language: str = "nl"


def moment_in_words(moment: Moment, names: Names) -> str:
    """As people write it; never "in an hour", for what is written stays."""
    locale = _BABEL.get(names.language, "en_GB")
    return format_datetime(moment.at.astimezone(names.zone), moment.shape.value, locale=locale)


def instant(seconds: int) -> datetime | None:
    """None where no clock shows it."""
    try:
        at = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    # No zone may lead out of what a calendar here holds.
    return at if 2 <= at.year <= 9998 else None


# --- what words may hold ---

# Controls show nothing, and overrides turn round whatever stands behind them, a name or a link too.
_NEVER = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_HALVES = re.compile("[\ud800-\udfff]")
_ENDS = re.compile("\r\n?|[\u2028\u2029\x85]")
_ADDRESS = re.compile(
    r"\s*(?:[a-z][a-z0-9+.-]{0,20}:/*)?(?:[\w-]{1,63}\.)+[^\W\d_]{2,24}(?:[:/?#]\S*)?\s*\Z", re.I
)


def clean(words: str) -> str:
    """Words that every platform takes: no controls, overrides or half characters."""
    return _HALVES.sub("\N{REPLACEMENT CHARACTER}", _NEVER.sub("", _ENDS.sub("\n", words)))


def is_blank(words: str) -> bool:
    """Whether a reader sees nothing there."""
    return not without_ignored(words).strip()


def looks_like_address(words: str) -> bool:
    return _ADDRESS.match(words[:2_000]) is not None


def shows_another(url: str, shown: str) -> bool:
    """Whether a link's words look like an address that it does not lead to."""
    return looks_like_address(shown) and _bare(shown) != _bare(url)


def _bare(address: str) -> str:
    return re.sub(r"\A(?:https?:/*)?", "", address.strip().casefold()).rstrip("/")


def text_of(nodes: Iterable[Node]) -> str:
    """All of its words, as they stand."""
    return "".join(_text(node) for node in nodes)


def _text(node: Node) -> str:
    match node:
        case Words() | Code() | CodeBlock():
            return node.text
        case Mention() | Emoji():
            return node.name
        case Listed():
            return "".join(text_of(item) for item in node.items)
        case Moment():
            return node.at.isoformat()
    return text_of(node.inside)


def plain(nodes: Iterable[Node]) -> str:
    """What shows of it, line by line, without any of how it is laid out."""
    return "\n".join("".join(_text(leaf) for leaf, _ in line.leaves) for line in lines(nodes))


def joined(nodes: Iterable[Node]) -> Rich:
    """The same with words that follow each other as one."""
    found: list[Node] = []
    words: list[str] = []
    for node in nodes:
        if isinstance(node, Words):
            words.append(node.text)
            continue
        if words:
            found.append(Words("".join(words)))
            words = []
        found.append(node)
    if text := "".join(words):
        found.append(Words(text))
    return tuple(found)


# --- line by line ---


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """One of a list: its first line has its number, or a dot."""

    number: int | None


Frame = Heading | Quote | Item


@dataclass(frozen=True, slots=True)
class Line:
    """What stands on it, each with the marks around it, from the outermost; and in what the line stands."""

    frames: tuple[Frame, ...]
    leaves: list[tuple[Leaf, tuple[Mark, ...]]] = field(default_factory=list)


def lines(nodes: Iterable[Node]) -> Sequence[Line]:
    """A text by its lines, for what is written without a tree. Marks around several lines are around each."""
    walk = _Lines()
    walk.over(nodes, (), ())
    walk.close()
    return walk.done


class _Lines:
    def __init__(self) -> None:
        self.done: list[Line] = []
        self._line: Line | None = None
        self._after_paragraph = False

    def over(self, nodes: Iterable[Node], marks: tuple[Mark, ...], frames: tuple[Frame, ...]) -> None:
        for node in nodes:
            match node:
                case Words():
                    self._words(node.text, marks, frames)
                case Styled() | Spoiler() | Link() | Pointer():
                    self._marked(node, marks, frames)
                case CodeBlock():
                    self.close()
                    self._add(node, marks, frames)
                    self.close()
                case Code() | Mention() | Emoji() | Moment():
                    self._add(node, marks, frames)
                case _:
                    self._block(node, marks, frames)

    def close(self) -> None:
        if self._line:
            self.done.append(self._line)
            self._line = None

    def _words(self, text: str, marks: tuple[Mark, ...], frames: tuple[Frame, ...]) -> None:
        for number, part in enumerate(text.split("\n")):
            if number:
                self._end(frames)
            if part:
                self._add(Words(part), marks, frames)

    def _marked(self, node: Mark, marks: tuple[Mark, ...], frames: tuple[Frame, ...]) -> None:
        inside = node.inside
        if not inside and isinstance(node, (Link, Pointer)):
            inside = (Words(node.url),)
        head = replace(node, inside=())
        twice = isinstance(head, (Styled, Spoiler)) and any(_is_same(head, mark) for mark in marks)
        self.over(inside, marks if twice else (*marks, head), frames)

    def _block(
        self, node: Paragraph | Heading | Quote | Listed, marks: tuple[Mark, ...], frames: tuple[Frame, ...]
    ) -> None:
        self.close()
        match node:
            case Paragraph():
                if node.apart and self._after_paragraph:
                    self.done.append(Line(frames))
                self.over(node.inside, marks, frames)
                self.close()
                self._after_paragraph = node.apart
            case Listed():
                for number, item in enumerate(node.items, 0 if node.start is None else node.start):
                    self._after_paragraph = False
                    self.over(item, marks, (*frames, Item(None if node.start is None else number)))
                    self.close()
            case _:
                self._after_paragraph = False
                self.over(node.inside, marks, (*frames, replace(node, inside=())))
                self.close()

    def _end(self, frames: tuple[Frame, ...]) -> None:
        self.done.append(self._line or Line(frames))
        self._line = None

    def _add(self, leaf: Leaf, marks: tuple[Mark, ...], frames: tuple[Frame, ...]) -> None:
        self._line = self._line or Line(frames)
        self._line.leaves.append((leaf, marks))
        self._after_paragraph = False


def in_common(marks: tuple[Mark, ...], others: tuple[Mark, ...]) -> tuple[Mark, ...]:
    """Those around both, from the outermost."""
    same = 0
    while same < min(len(marks), len(others)) and marks[same] == others[same]:
        same += 1
    return marks[:same]


def _is_same(one: Mark, other: Mark) -> bool:
    """What is hidden is not hidden more by being so twice."""
    return one == other or (isinstance(one, Spoiler) and isinstance(other, Spoiler))


def prefixes(found: Iterable[Line], written: Mapping[int, str]) -> Iterator[tuple[Line, str]]:
    """Each line with what stands before it: `> ` in a quotation, the number or dot of an item on its first
    line and as many blanks on the others; `written` says what a heading's level has, where
    it is in no item."""
    begun: set[Item] = set()
    for line in found:
        before = ""
        in_item = any(isinstance(frame, Item) for frame in line.frames)
        for frame in line.frames:
            match frame:
                case Quote():
                    before += "> "
                case Heading() if frame.level == SMALL or not in_item:
                    before += written.get(frame.level, "")
                case Item():
                    marker = "- " if frame.number is None else f"{frame.number}. "
                    before += " " * len(marker) if frame in begun else marker
                    begun.add(frame)
        yield line, before
