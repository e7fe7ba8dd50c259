"""A text as Matrix has it: a plain body, and the same in HTML where it is laid out."""

from __future__ import annotations

from html import escape
from typing import Any
from urllib.parse import quote

from bot.rich import (
    SMALL,
    Code,
    CodeBlock,
    Emoji,
    Heading,
    Leaf,
    Line,
    Link,
    Listed,
    Mark,
    Mention,
    Moment,
    Names,
    Node,
    Paragraph,
    Pointer,
    Quote,
    Rich,
    Spoiler,
    Style,
    Styled,
    Words,
    in_common,
    is_blank,
    lines,
    moment_in_words,
    prefixes,
    shows_another,
    text_of,
)

_TO = "https://matrix.to/#/"
_BLOCKS = (Paragraph, Heading, Quote, Listed, CodeBlock)
_TAGS = {Style.BOLD: "strong", Style.ITALIC: "em", Style.UNDERLINE: "u", Style.STRUCK: "del"}
# Words that are hidden may not stand in the body (client-server API, "Spoiler messages").
_HIDDEN = "[Spoiler]"


def write(rich: Rich, names: Names) -> list[dict[str, Any]]:
    """The content of the events that say it: one, or none where there is nothing to read.

    Nobody is rung by it: `m.mentions` is empty, so that no name among the words does it either.
    """
    body = _Body(names).write(rich)
    if is_blank(body):
        return []
    content: dict[str, Any] = {"msgtype": "m.text", "body": body, "m.mentions": {}}
    if any(_is_laid_out(node) for node in rich):
        content |= {"format": "org.matrix.custom.html", "formatted_body": _Html(names).write(rich)}
    return [content]


def _is_laid_out(node: Node) -> bool:
    match node:
        case Words() | Mention() | Emoji() | Moment():
            return False
        case Link():
            return bool(node.inside)  # clients make a link of an address by themselves
        case Paragraph():
            return any(_is_laid_out(each) for each in node.inside)
    return True


def _ends_line(following: Node) -> bool:
    """Whether what stands before it is shown on a line of its own; smaller words go on in one."""
    is_small = isinstance(following, Heading) and following.level == SMALL
    return isinstance(following, _BLOCKS) and not is_small


def _written(leaf: Leaf, names: Names) -> str:
    match leaf:
        case Words() | Code() | CodeBlock():
            return leaf.text
        case Mention():
            return f"@{leaf.name}"
        case Emoji():
            return f":{leaf.name}:"
        case Moment():
            return moment_in_words(leaf, names)


def _address(pointer: Pointer, names: Names) -> str:
    """Of the same place or message here; else where it was written."""
    event = names.messages.get(pointer.message) if pointer.message else ""
    room = names.twins.get(pointer.place)
    if room is None or (pointer.message and not isinstance(event, str)):
        return pointer.url
    return _TO + quote(room, safe="!:") + (f"/{quote(str(event), safe='$:')}" if event else "")


class _Body:
    """Words without any marks, for notifications and clients without HTML."""

    def __init__(self, names: Names) -> None:
        self._names = names

    def write(self, rich: Rich) -> str:
        found = prefixes(lines(rich), {})
        return "\n".join(self._line(line, before) for line, before in found).strip("\n")

    def _line(self, line: Line, before: str) -> str:
        words, around = "", tuple[Mark, ...]()
        for leaf, marks in [*line.leaves, (Words(""), ())]:
            for mark in around[len(in_common(around, marks)) :]:
                if isinstance(mark, (Link, Pointer)):
                    words += self._behind(mark, words)
            hidden = next((mark for mark in marks if isinstance(mark, Spoiler)), None)
            if hidden is None:
                text = _written(leaf, self._names)
                words += _shown(leaf, marks, text, self._names)
            elif hidden not in around:
                words += f"[Spoiler: {hidden.reason}]" if hidden.reason else _HIDDEN
            around = marks[: marks.index(hidden) + 1] if hidden else marks
        return before + words.replace("\n", "\n" + _continued(before))

    def _behind(self, mark: Link | Pointer, words: str) -> str:
        url = mark.url if isinstance(mark, Link) else _address(mark, self._names) if mark.message else ""
        return "" if not url or words.endswith(url) else f" ({url})"


def _shown(leaf: Leaf, marks: tuple[Mark, ...], text: str, names: Names) -> str:
    """The address of a pointer that shows its own is the one here."""
    pointer = next((mark for mark in marks if isinstance(mark, Pointer)), None)
    return (_address(pointer, names) or text) if pointer and text == pointer.url else text


def _continued(before: str) -> str:
    return "".join(letter if letter == ">" else " " for letter in before)


class _Html:
    def __init__(self, names: Names) -> None:
        self._names = names

    def write(self, nodes: Rich) -> str:
        """A new line before what has lines of its own would show as none."""
        parts = [self._node(node) for node in nodes]
        for at, node in enumerate(nodes):
            if isinstance(node, Words) and (at + 1 == len(nodes) or _ends_line(nodes[at + 1])):
                parts[at] = parts[at].removesuffix("<br>")
        if nodes and isinstance(nodes[-1], Heading):
            parts[-1] = parts[-1].removesuffix("<br>")
        return "".join(parts)

    def _node(self, node: Node) -> str:
        match node:
            case Styled():
                tag = _TAGS[node.style]
                return f"<{tag}>{self.write(node.inside)}</{tag}>"
            case Spoiler():
                reason = f'="{escape(node.reason)}"' if node.reason else ""
                return f"<span data-mx-spoiler{reason}>{self.write(node.inside)}</span>"
            case Code():
                return f"<code>{escape(node.text, quote=False)}</code>"
            case CodeBlock():
                language = f' class="language-{escape(node.language)}"' if node.language else ""
                return f"<pre><code{language}>{escape(node.text, quote=False)}\n</code></pre>"
            case Link():
                return self._link(node.url, node.inside)
            case Pointer():
                url = _address(node, self._names)
                return self._link(url, node.inside) if url else self.write(node.inside)
            case Paragraph():
                return f"<p>{self.write(node.inside)}</p>"
            case Heading():
                tag = "sub" if node.level == SMALL else f"h{node.level}"
                ends = "<br>" if node.level == SMALL else ""
                return f"<{tag}>{self.write(node.inside)}</{tag}>{ends}"
            case Quote():
                return f"<blockquote>{self.write(node.inside)}</blockquote>"
            case Listed():
                return self._list(node)
        return escape(_written(node, self._names), quote=False).replace("\n", "<br>")

    def _list(self, node: Listed) -> str:
        tag = "ul" if node.start is None else "ol"
        start = f' start="{node.start}"' if node.start not in (None, 1) else ""
        items = "".join(f"<li>{self.write(item)}</li>" for item in node.items)
        return f"<{tag}{start}>{items}</{tag}>"

    def _link(self, url: str, inside: Rich) -> str:
        """Words that look like another address say where it leads, too."""
        shown = self.write(inside) if inside else escape(url, quote=False)
        address = escape(url)
        if shows_another(url, text_of(inside)) and inside:
            return f'{shown} (<a href="{address}">{escape(url, quote=False)}</a>)'
        return f'<a href="{address}">{shown}</a>'
