"""Several messages as one: what stands under whose name, and which part of it is whose.

Whose words are whose has to be plain whatever somebody writes. Under their name stand words on its line; what
takes several lines is a quotation, out of which no line of theirs leads.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.rich import (
    Code,
    CodeBlock,
    Heading,
    Listed,
    Node,
    Paragraph,
    Quote,
    Rich,
    Style,
    Styled,
    Words,
    joined,
    lines,
)

# What takes lines of its own, wherever it stands.
_BLOCKS = (CodeBlock, Heading, Listed, Quote)


def under_name(name: str, rich: Rich) -> Rich:
    """What somebody said, where others speak as well."""
    known_as = Styled(Style.BOLD, (Words(name),))
    if _is_a_line(rich):
        inside = [each for node in rich for each in (node.inside if isinstance(node, Paragraph) else (node,))]
        return joined((known_as, Words(": "), *inside))
    return (Paragraph((known_as, Words(":")), apart=False), Quote(rich))


def _is_a_line(rich: Rich) -> bool:
    """Whether nothing of it begins a line, however deep that stands."""
    return len(lines(rich)) == 1 and not any(_begins_lines(node) for node in rich)


def _begins_lines(node: Node) -> bool:
    if isinstance(node, _BLOCKS):
        return True
    if isinstance(node, Words | Code):
        return "\n" in node.text
    return any(map(_begins_lines, getattr(node, "inside", ())))


def cut(written: bytes, lengths: Sequence[int], between: bytes) -> list[bytes] | None:
    """The parts of those lengths, with that between each two; None where it is not so written."""
    found, start = [], 0
    for number, length in enumerate(lengths):
        if number:
            if not written.startswith(between, start):
                return None
            start += len(between)
        found.append(written[start : start + length])
        start += length
    return found if start == len(written) else None


def replaced(written: bytes, lengths: Sequence[int], which: int, new: bytes, between: bytes) -> bytes | None:
    """The same with another part there ("": none), also where it is so already; None where it is not written
    as it is known to be, before that nor after.
    """
    after = [len(new) if number == which else length for number, length in enumerate(lengths)]
    if not new:
        del after[which]
    there = cut(written, after, between)
    if there is not None and (not new or there[which] == new):
        return written
    parts = cut(written, lengths, between)
    if parts is None:
        return None
    parts[which : which + 1] = [new] if new else []
    return between.join(parts)
