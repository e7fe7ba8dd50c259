"""What a reader sees, whatever it was written in: blocks, and in them text with its styles."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, TypeAlias
from urllib.parse import unquote, urlsplit

Styles: TypeAlias = frozenset[str]
Block: TypeAlias = tuple[Any, ...]
Blocks: TypeAlias = tuple[Block, ...]
Marked: TypeAlias = tuple[str, Styles]

PLAIN: Styles = frozenset()
ADDRESS = re.compile(r"https?://[^\s<>]+", re.IGNORECASE)
DEEPEST = 150
AT_END = ".,:;\"'!?]"


def same_address(address: str) -> str:
    """Write an address as each that leads to the same place is written."""
    try:
        parts = urlsplit(address.strip())
    except ValueError:
        return address
    path = "" if parts.path == "/" and not parts.query and not parts.fragment else parts.path
    rest = f"?{parts.query}" if parts.query else ""
    rest += f"#{parts.fragment.removesuffix('?')}" if parts.fragment else ""
    if parts.netloc.lower() == "matrix.to":
        rest = rest.split("?via=")[0]
    return unquote(f"{parts.scheme.lower()}://{parts.netloc.lower()}{path}{rest}")


def host_of(address: str) -> str:
    """The host that an address leads to, if it is one."""
    try:
        return (urlsplit(address).hostname or "").lower()
    except ValueError:
        return ""


def addresses_in(words: str) -> Iterator[tuple[int, int]]:
    """Where clients of either platform make a link of an address that stands in words."""
    for found in ADDRESS.finditer(words):
        address = found[0].rstrip(AT_END)
        while address.endswith(")") and address.count(")") > address.count("("):
            address = address[:-1].rstrip(AT_END)
        if len(address.split("://")[1]) > 1:
            yield found.start(), found.start() + len(address)


class Page:
    """Blocks as they are read, one after another."""

    def __init__(self) -> None:
        self._open: list[tuple[str, Any, list[Block]]] = [("page", None, [])]
        self._line: list[Marked] = []
        self._before: str = ""
        self._too_deep = 0
        self.skip = 0  # where a rule of Discord's went on to
        self.depth = 0

    def mark(self) -> int:
        """Where words have come to."""
        return len(self._line)

    def back_to(self, mark: int) -> None:
        """Forget the words since then."""
        del self._line[mark:]

    def text(self, words: str, styles: Styles = PLAIN, *, links: bool = False) -> None:
        """Add words; with links, addresses in them lead there."""
        if not words:
            return
        if self._before and words.strip():
            if self._line:
                self._line += [(mark, PLAIN) for mark in self._before]
            self._before = ""
        if links and not any(style == "code" or style.startswith("link:") for style in styles):
            at = 0
            for begin, end in addresses_in(words):
                self._add(words[at:begin], styles)
                self._add(words[begin:end], styles | {f"link:{same_address(words[begin:end])}"})
                at = end
            words = words[at:]
        self._add(words, styles)

    def _add(self, words: str, styles: Styles) -> None:
        self._line += [(letter, styles) for letter in words]

    def line_break(self) -> None:
        """Begin a new line."""
        self._line.append(("\n", PLAIN))

    def apart(self, marks: str) -> None:
        """Whatever follows stands apart from what is before, if anything is."""
        self._before = max(self._before, marks, key=len)

    def open(self, kind: str, more: Any = None) -> None:
        """Begin a block that holds others or words; what is too deep stands in those around it."""
        self._flush()
        if self._too_deep or len(self._open) > DEEPEST:
            self._too_deep += 1
            return
        self._open.append((kind, more, []))

    def close(self) -> None:
        """End the block that was begun last."""
        self._flush()
        if self._too_deep:
            self._too_deep -= 1
            return
        kind, more, blocks = self._open.pop()
        self._put((kind, tuple(blocks)) if more is None else (kind, more, tuple(blocks)))

    def block(self, *block: Any) -> None:
        """Add a block that is complete."""
        self._flush()
        self._put(block)

    def done(self) -> Blocks:
        """Everything that was read."""
        self._too_deep = 0
        while len(self._open) > 1:
            self.close()
        self._flush()
        return tuple(self._open[0][2])

    def _put(self, block: Block) -> None:
        blocks = self._open[-1][2]
        before = blocks[-1] if blocks else None
        if before and before[0] == block[0] == "quote":
            blocks[-1] = ("quote", joined(before[1], block[1]))
        else:
            blocks.append(block)

    def _flush(self) -> None:
        self._before = ""
        if runs := runs_of(self._line):
            self._open[-1][2].append(("p", runs))
        self._line = []


def joined(first: Blocks, second: Blocks) -> Blocks:
    """Two quotes one after another are one of two lines."""
    if first and second and first[-1][0] == second[0][0] == "p":
        line = [*letters(first[-1][1]), ("\n", PLAIN), *letters(second[0][1])]
        return (*first[:-1], ("p", runs_of(line)), *second[1:])
    return first + second


def letters(runs: tuple[Marked, ...]) -> list[Marked]:
    """Each letter of what was put together."""
    return [(letter, styles) for words, styles in runs for letter in words]


def runs_of(line: list[Marked]) -> tuple[Marked, ...]:
    """Words that carry the same styles, with white space as it is seen."""
    kept: list[Marked] = []
    for letter, styles in line:
        if "code" in styles:
            kept.append((letter, styles))
            continue
        mark = letter if letter == "\n" or not letter.isspace() else " "
        if mark == " " and (not kept or _white(kept[-1])):
            continue
        if mark == "\n":
            while kept and kept[-1][0] == " " and "code" not in kept[-1][1]:
                kept.pop()
            if not kept or [one[0] for one in kept[-2:]] == ["\n", "\n"]:
                continue
        kept.append((mark, styles))
    while kept and _white(kept[-1]):
        kept.pop()
    return tuple(_grouped(kept))


def _white(marked: Marked) -> bool:
    return marked[0] in " \n" and "code" not in marked[1]


def _grouped(line: list[Marked]) -> Iterator[Marked]:
    """White space carries what the words on both of its sides do."""
    after: list[Styles] = [PLAIN] * (len(line) + 1)
    for at in range(len(line) - 1, -1, -1):
        after[at] = after[at + 1] if _white(line[at]) else line[at][1]
    before, words, carried = PLAIN, "", PLAIN
    for at, marked in enumerate(line):
        styles = before & after[at] if _white(marked) else marked[1]
        before = before if _white(marked) else styles
        if words and styles != carried:
            yield words, carried
            words = ""
        words, carried = words + marked[0], styles
    if words:
        yield words, carried


def marked_words(blocks: Blocks) -> Iterator[Marked]:
    """All words of a page with the styles that they carry, a line or block each followed by a break."""
    for block in blocks:
        if block[0] == "p":
            yield from block[1]
            yield "\n", PLAIN
        elif block[0] == "pre":
            yield block[2], block[3] | {"code"}
            yield "\n", PLAIN
        elif block[0] in ("ul", "ol"):
            for item in block[-1]:
                yield from marked_words(item[-1])
        elif block[0] != "hr":
            yield from marked_words(block[-1])


def shown(blocks: Blocks) -> str:
    """Everything that can be read on a page."""
    return "".join(words for words, _ in marked_words(blocks)).strip()
