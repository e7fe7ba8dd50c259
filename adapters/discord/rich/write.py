"""A text as Discord has it: its markdown, in as many messages as it takes.

What somebody typed is shown as typed. Marks end at the first thing that closes them (see `read.py`), so
nothing may stand in them that does. A message is cut between words; what is open there is closed, and
opened again in the next one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from wcwidth import iter_graphemes

from adapters.discord.words import units
from bot.rich import (
    SMALL,
    Code,
    CodeBlock,
    Emoji,
    Leaf,
    Line,
    Link,
    Mark,
    Mention,
    Moment,
    Names,
    Pointer,
    Rich,
    Shape,
    Spoiler,
    Style,
    Styled,
    Words,
    in_common,
    is_blank,
    lines,
    looks_like_address,
    prefixes,
)

# Counted as sent, with what is escaped (reference, "Create Message").
LIMIT = 2_000
_HEADINGS = {1: "# ", 2: "## ", 3: "### ", 4: "### ", 5: "### ", 6: "### ", SMALL: "-# "}
_STYLES = {Style.BOLD: "**", Style.ITALIC: "*", Style.UNDERLINE: "__", Style.STRUCK: "~~"}
_SHAPES = {
    Shape.TIME: "t",
    Shape.TIME_SECONDS: "T",
    Shape.DAY: "d",
    Shape.LONG_DAY: "D",
    Shape.FULL: "f",
    Shape.WEEKDAY: "F",
    Shape.SHORT: "s",
    Shape.SHORT_SECONDS: "S",
}
# An address or a reason that is longer leaves no room for what it stands beside.
_LONGEST = 1_000
# Shows nothing, and keeps apart what would mean something together.
_APART = "\N{ZERO WIDTH SPACE}"
_ACTIVE = re.compile(
    r"""
    [\\*_~|`<]
    | (?<=\])\(
    | (?<!\S)\#(?=\#*\Z)  # which a heading drops at its end
    | :(?=[A-Za-z_+-][\w+-]{0,31}:)
    """,
    re.VERBOSE,
)
# What means something in the words of a link too, where a backslash is shown (discord-api-docs #6185).
_IN_LABEL = re.compile(r"[\\*_`\[\]<]|~~|\|\|")
# What is no part of an address before it; and how one ends that Discord takes whole.
_ENDS_ADDRESS = re.compile(r"""[.,:;"'\]]*(?:\s|\Z)""")
_ENDS_WELL = re.compile(r"""[^<.,:;"')\]\s]\Z|\([^()]*\)\Z""")
_RINGS = re.compile(r"@(?=everyone|here)")
_BEGINS_LINE = re.compile(r"\A(\s*)([0-9]{0,10})((?<=[0-9])\.|(?<![0-9])(?:#{1,3}|-#|>{1,3}|-))(?=\s|\Z)")
_ZERO = re.compile(r"(?<![0-9])0(?=\. )")


def write(rich: Rich, names: Names) -> list[dict[str, Any]]:
    """The messages that say it, none where there is nothing to read. Nobody is rung by them."""
    parts = _Parts()
    for line, before in prefixes(lines(rich), _HEADINGS):
        if len(line.leaves) == 1 and isinstance(block := line.leaves[0][0], CodeBlock):
            is_hidden = any(isinstance(mark, Spoiler) for mark in line.leaves[0][1])
            parts.add_code(before, block, "||" if is_hidden else "")
            continue
        # Discord counts from one: a list from zero is shown by its own numbers.
        parts.begin_line(_ZERO.sub(r"0\\", before))
        at_start = True
        for atom, marks in _told_apart([*_atoms(line, names)]):
            if at_start and not atom.isspace():
                atom, at_start = _unmarked(atom), False
            parts.add(atom, marks)
    return [
        {"content": part, "allowed_mentions": {"parse": []}} for part in parts.done() if not is_blank(part)
    ]


def _unmarked(atom: str) -> str:
    """At the beginning of a line, what would make a heading, a list or a quotation of it."""
    return _BEGINS_LINE.sub(r"\1\2\\\3", atom, count=1)


# --- what is not cut, with the marks around it ---

Atom = tuple[str, tuple[Mark, ...]]
_NOTHING: Atom = ("", ())


@dataclass(frozen=True, slots=True)
class _LowLine(Styled):
    """Italics between `_` and `_`."""


def _atoms(line: Line, names: Names) -> Iterator[Atom]:
    at = 0
    while at < len(line.leaves):
        _, marks = line.leaves[at]
        link = next((mark for mark in marks if isinstance(mark, (Link, Pointer))), None)
        end = at + 1
        while end < len(line.leaves) and link is not None and link in line.leaves[end][1]:
            end += 1
        leaves = line.leaves[at:end]
        if link is None:
            yield from _plain(leaves, names)
        else:
            yield from _linked(
                link, leaves, names, _goes_on(leaves[-1][1], line.leaves[end : end + 1], names)
            )
        at = end


def _told_apart(atoms: Sequence[Atom]) -> Iterator[Atom]:
    """Italics that touch bold have the other mark for it, unless a letter behind would keep that open."""
    around = [_NOTHING, *atoms, _NOTHING]
    for before, (text, marks), after in zip(around, atoms, around[2:], strict=False):
        outer = marks[:-1]
        bold = (*outer, Styled(Style.BOLD))
        before_bold = after[1][: len(bold)] == bold
        touches = before_bold or before[1][: len(bold)] == bold
        ends = before_bold or (after[1] == outer and not re.match(r"\w", after[0]))
        if marks[-1:] == (Styled(Style.ITALIC),) and touches and ends and "_" not in text:
            marks = (*outer, _LowLine(Style.ITALIC))
        yield text, marks


def _plain(leaves: Iterable[tuple[Leaf, tuple[Mark, ...]]], names: Names) -> Iterator[Atom]:
    for leaf, marks in leaves:
        match leaf:
            case Code():
                for atom in _code(leaf.text):
                    yield _safe(atom, marks)
            case Emoji() if leaf.name in names.emoji:
                yield _safe(f"<:{leaf.name}:{names.emoji[leaf.name]}>", marks)
            case Moment():
                yield f"<t:{int(leaf.at.timestamp())}:{_SHAPES[leaf.shape]}>", marks
            case _:
                words = _RINGS.sub("@" + _APART, _ACTIVE.sub(lambda found: "\\" + found[0], _words(leaf)))
                yield words, marks


def _words(leaf: Leaf) -> str:
    match leaf:
        case Mention():
            return f"@{leaf.name}"
        case Emoji():
            return f":{leaf.name}:"
        case Words() | Code() | CodeBlock():
            return leaf.text
        case Moment():
            return ""


def _safe(atom: str, marks: tuple[Mark, ...]) -> Atom:
    """Without the marks that something in it would close; what is hidden stays so."""
    kept = tuple(mark for mark in marks if not (isinstance(mark, Styled) and _STYLES[mark.style][0] in atom))
    if any(isinstance(mark, Spoiler) for mark in kept):
        atom = atom.replace("||", f"|{_APART}|")
    return atom, kept


def _goes_on(
    marks: tuple[Mark, ...], following: Sequence[tuple[Leaf, tuple[Mark, ...]]], names: Names
) -> bool:
    """Whether Discord would take what stands behind an address for the rest of it."""
    around = tuple(mark for mark in marks if not isinstance(mark, (Link, Pointer)))
    for leaf, others in following:
        if others != around[: len(others)]:
            return not (isinstance(leaf, Words) and leaf.text.isspace())
        return len(others) == len(around) and not _ENDS_ADDRESS.match(_words(leaf))
    return False


def _linked(
    link: Link | Pointer, leaves: Sequence[tuple[Leaf, tuple[Mark, ...]]], names: Names, goes_on: bool
) -> Iterator[Atom]:
    """A place by its mention, a message by its address, an address alone or behind its words."""
    url, around = link.url, tuple(mark for mark in leaves[0][1] if mark != link)
    if isinstance(link, Pointer):
        channel, message = names.twins.get(link.place), names.messages.get(link.message)
        if isinstance(message, dict):
            url = "https://discord.com/channels/{guild}/{channel}/{message}".format_map(message)
        elif channel and not link.message:
            yield f"<#{channel}>", around
            return
    shown = "".join(_words(leaf) for leaf, _ in leaves).strip()
    # Discord takes blanks, brackets and angles for the end of an address.
    address = re.sub(r"[\s<>()]", lambda found: f"%{ord(found[0]):02X}" if found[0] < "\x80" else "", url)
    if not url or not shown:
        yield from _plain([(leaf, _without(marks, link)) for leaf, marks in leaves], names)
    elif shown in (link.url, url):
        # On its own, an address may have brackets in it.
        bare = re.sub(r"[\s<>]", lambda found: f"%{ord(found[0]):02X}", url)
        yield _safe(f"<{bare}>" if goes_on or not _ENDS_WELL.search(bare) else bare, around)
    elif not may_be_masked(shown, address):
        yield from _plain([(leaf, _without(marks, link)) for leaf, marks in leaves], names)
        yield " ", around
        yield _safe(f"(<{address}>)" if goes_on else f"({address})", around)
    else:
        masked = Link(address)
        for leaf, marks in leaves:
            text = _RINGS.sub("@" + _APART, _words(leaf))
            if isinstance(leaf, Code):
                text = f"`{text}`"
            _, kept = _safe(address, tuple(masked if mark == link else mark for mark in marks))
            yield text, kept


def may_be_masked(shown: str, address: str) -> bool:
    """Whether Discord shows these words as typed, as a link to this address."""
    is_address = looks_like_address(shown) or "://" in shown
    return not (is_address or _IN_LABEL.search(shown) or units(address) > _LONGEST)


def _without(marks: tuple[Mark, ...], link: Mark) -> tuple[Mark, ...]:
    return tuple(mark for mark in marks if mark != link)


def _code(text: str) -> Iterator[str]:
    """Between one backtick or two, whichever is not in it; three would be a fence."""
    text = re.sub(r"\s", " ", text)
    runs = {len(run) for run in re.findall("`+", text)}
    ticks = "`" if 1 not in runs else "``"
    if len(ticks) in runs or (ticks == "``" and max(runs) > 2):
        text, ticks = text.replace("`", "ˋ"), "`"
    for piece in _cut(text, LIMIT - 200):
        apart = " " if piece.startswith("`") or piece.endswith("`") else ""
        yield f"{ticks}{apart}{piece}{apart}{ticks}"


def _cut(text: str, room: int) -> Iterator[str]:
    """Pieces of this size at most, cut where a reader sees no character broken."""
    while text:
        piece = _beginning(text, room)
        yield piece
        text = text[len(piece) :]


def _prefix(text: str, room: int) -> str:
    """As many of its characters as there is room for."""
    piece = text[: max(room, 0)]
    while (over := units(piece) - room) > 0 and piece:
        piece = piece[: -((over + 1) // 2)]  # of which each counts for one or two
    return piece


def _beginning(text: str, room: int) -> str:
    """As much as there is room for, no backslash without what it stands before; of what is one character
    and larger than a message, a part."""
    piece = _prefix(text, room) or text[:1]
    if len(piece) == len(text):
        return text
    end = whole = 0
    escapes = False
    # What joins them may stand right behind.
    for character in iter_graphemes(text[: len(piece) + 100]):
        end += len(character)
        if end > len(piece):
            break
        escapes = character == "\\" and not escapes
        whole = whole if escapes else end
    return piece[: whole or len(piece)]


# --- messages ---


class _Parts:
    """Messages as they fill up. `_between` stands between what was written and what comes, outside the
    marks that open or close there."""

    def __init__(self) -> None:
        self._done: list[str] = []
        self._text: list[str] = []
        self._size = 0
        self._open: tuple[Mark, ...] = ()
        self._between = ""
        self._before = self._again = ""
        self._is_first = True

    def begin_line(self, before: str) -> None:
        """`before` it stands what makes it a quotation or an item."""
        if before or self._before:
            self._close()
        self._open_only(tuple(mark for mark in self._open if not isinstance(mark, Link)))
        self._between += before if self._is_first else "\n" + before
        self._before, self._is_first = before, False
        self._again = re.sub(r"(?:- |[0-9]+\\?\. )", lambda found: " " * len(found[0]), before)

    def add(self, text: str, marks: tuple[Mark, ...]) -> None:
        """Whole where it fits, else as many of its words as do."""
        while text:
            stripped = text.lstrip()
            self._between += text[: len(text) - len(stripped)]
            text = stripped.rstrip()
            blanks = stripped[len(text) :]
            if not text or self._room(marks) >= units(text):
                if text:
                    self._write(text, marks)
                self._between += blanks
                return
            # What is left begins a message, and so a line.
            text = _unmarked(self._add_some(stripped, marks))

    def _add_some(self, text: str, marks: tuple[Mark, ...]) -> str:
        """Words for which there is room; what is left."""
        room = self._room(marks)
        piece = _prefix(text, room)
        cuts = max(piece.rfind(" "), piece.rfind("\t"))
        if text[len(piece) : len(piece) + 1].isspace():
            cuts = len(piece)
        if cuts > 0:
            self._write(piece[:cuts], marks)
        elif self._text:
            self._end_message()
            return text
        else:
            # A message of nothing else has no room for this word.
            self._between = self._between[: LIMIT // 4]
            piece = _beginning(text, min(self._room(marks), len(text.partition(" ")[0])))
            cuts = len(piece)
            self._write(piece, marks)
        self._end_message()
        return text[cuts:]

    def add_code(self, before: str, block: CodeBlock, hidden: str) -> None:
        """A fence; where a message ends in it, the next one begins with another of the same language."""
        self._close()
        self.begin_line(before)
        self._close()
        text = re.sub("`(?=``)", "`" + _APART, block.text).strip("\n") or " "
        again, opening = self._again, f"{hidden}```{block.language}\n"
        closing = f"\n{again}```{hidden}"
        if hidden:
            text = text.replace("||", f"|{_APART}|")
        need = units(opening) + units(closing) + 2 * units(again) + 1
        is_open = False
        for line in text.split("\n"):
            for piece in _cut(line, LIMIT - need - units(self._between)) if line else [""]:
                if is_open and self._size + units(f"\n{again}{piece}{closing}") > LIMIT:
                    self._put(closing)
                    self._end_message()
                    is_open = False
                if not is_open:
                    if self._size + need + units(self._between + piece) > LIMIT:
                        self._end_message()
                    self._put(self._between + opening)
                    self._between = ""
                    self._put(f"{again}{piece}")
                    is_open = True
                else:
                    self._put(f"\n{again}{piece}")
        self._put(closing)

    def done(self) -> list[str]:
        self._between = ""
        self._end_message()
        return self._done

    def _room(self, marks: tuple[Mark, ...]) -> int:
        """For what stands between these marks, with those that have to be closed and opened first."""
        kept = in_common(self._open, marks)
        closing = (*self._open[len(kept) :], *marks)
        around = "".join(map(_closing, closing)) + "".join(map(_opening, marks[len(kept) :]))
        apart = len(closing) + (len(self._open) > len(kept))
        return LIMIT - self._size - units(around) - units(self._between) - apart * len(_APART)

    def _write(self, atom: str, marks: tuple[Mark, ...]) -> None:
        closed = self._open_only(in_common(self._open, marks))
        self._put(self._between)
        opening = "".join(_opening(mark) for mark in marks[len(self._open) :])
        if not self._between and closed and opening and closed[-1] == opening[0]:
            self._put(_APART)
        self._between, self._open = "", marks
        self._put(opening + atom)

    def _open_only(self, kept: tuple[Mark, ...]) -> str:
        kept = in_common(self._open, kept)
        closed = ""
        for mark in reversed(self._open[len(kept) :]):
            closing = _closing(mark)
            # No backslash keeps these from ending early.
            if closing[0] in "|~" and self._text[-1].endswith(closing[0]):
                closing = _APART + closing
            self._put(closing)
            closed += closing
        self._open = kept
        return closed

    def _close(self) -> None:
        self._open_only(())

    def _end_message(self) -> None:
        """The next one begins with what this line has before it; blanks at an end are seen by nobody."""
        if not self._text:
            return
        self._close()
        self._done.append("".join(self._text).strip())
        self._text, self._size = [], 0
        self._between = (
            self._again if self._again.strip() and not self._between.strip() else self._between.strip("\n")
        )

    def _put(self, text: str) -> None:
        if text:
            self._text.append(text)
            self._size += units(text)


def _opening(mark: Mark) -> str:
    match mark:
        case _LowLine():
            return "_"
        case Styled():
            return _STYLES[mark.style]
        case Spoiler():
            reason = _ACTIVE.sub(lambda found: "\\" + found[0], " ".join(mark.reason[:100].split()))
            return f"({reason}) ||" if reason else "||"
    return "["


def _closing(mark: Mark) -> str:
    match mark:
        case _LowLine():
            return "_"
        case Styled():
            return _STYLES[mark.style]
        case Spoiler():
            return "||"
    return f"]({mark.url})"
