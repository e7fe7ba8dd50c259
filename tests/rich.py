"""What people might write, and what a reader sees of it: for the tests of what reads and writes it."""

from __future__ import annotations

import json
import re

from hypothesis import strategies as st

from bot.rich import (
    Code,
    CodeBlock,
    Emoji,
    Heading,
    Link,
    Listed,
    Mention,
    Named,
    Node,
    Quote,
    Rich,
    Spoiler,
    Style,
    Styled,
    Words,
    lines,
)

# One and the other are looked for: a mark that stays open, a tag, what is thrown away.
ALPHABET = [
    *list("*_~|`\\<>[]()#-:.@&!/1 \n"),
    "a",
    "Z",
    "é",
    "שלום",
    "\u200b",
    "\u202e",
    "👩\u200d👩\u200d👧",
    "�",
    "**",
    "__",
    "||",
    "```",
    "> ",
    ">>> ",
    "- ",
    "1. ",
    "-# ",
    "## ",
    "<@1>",
    "<@&2>",
    "<#3>",
    "<t:1700000000:R>",
    "<:blob:9>",
    "https://x.be/a_(b)",
    "@everyone",
    "words",
]
_LONGER = (
    "strong,em,del,strike,span,code,pre,div,br,hr,blockquote,ul,ol,li,h1,h4,sub,table,tr,td,th,img,details"
)
TAGS = [*"biusap", *_LONGER.split(","), "summary", "font", "mx-reply", "script", "foo"]
HTML = [
    *(f"<{tag}>" for tag in TAGS),
    *(f"</{tag}>" for tag in TAGS),
    "<a href='https://x.be/'>",
    "<a href='https://matrix.to/#/@mia:x'>",
    "<a href='javascript:x'>",
    "&lt;",
    "&amp;",
    "<span data-mx-spoiler='why'>",
    "<img data-mx-emoticon alt=':blob:' src='mxc://x/y'>",
    "<code class='language-py'>",
    "<!--",
    "-->",
    "<",
    ">",
    '"',
    " ",
    "\n",
    "words",
    "@room",
    "<ol start='7'>",
    "**",
    "`",
    "||",
    "# ",
    "\u202e",
    "\ud800",
]
markdown = st.lists(st.sampled_from(ALPHABET), max_size=60).map("".join) | st.text(max_size=200)
html = st.lists(st.sampled_from(HTML), max_size=60).map("".join) | st.text(max_size=200)

_words = st.lists(
    st.sampled_from(
        ["een", "twee", "a_b", "*", "**", "_", "~~", "||", "`", "\\", "#", "-", "1.", ">", "@x", ":y:", "(z)"]
    ),
    min_size=1,
    max_size=4,
).map(lambda found: Words(" ".join(found)))
_leaf: st.SearchStrategy[Node] = st.one_of(
    _words,
    st.sampled_from(["x", "a`b", "c d"]).map(Code),
    st.just(Mention(Named.PERSON, "Mia")),
    st.just(Link("https://x.be/a")),
    st.just(Emoji("blob")),
)


def _around(inside: st.SearchStrategy[Rich]) -> st.SearchStrategy[Rich]:
    marked: st.SearchStrategy[Node] = st.one_of(
        st.builds(Styled, st.sampled_from(Style), inside), st.builds(Spoiler, inside)
    )
    return st.lists(_leaf | marked, min_size=1, max_size=4).map(_apart)


def _apart(nodes: list[Node]) -> Rich:
    return tuple(each for node in nodes for each in (Words(" "), node))[1:]


in_line: st.SearchStrategy[Rich] = st.recursive(
    st.lists(_leaf, min_size=1, max_size=3).map(_apart), _around, max_leaves=8
)
_blocks: st.SearchStrategy[Node] = st.one_of(
    st.builds(Heading, st.integers(1, 3), in_line),
    st.builds(Quote, in_line),
    st.builds(Listed, st.lists(in_line, min_size=1, max_size=3).map(tuple), st.sampled_from([None, 1, 3])),
    st.builds(CodeBlock, st.sampled_from(["x = 1", "a\n  b", "**"]), st.sampled_from(["", "py"])),
)
rich: st.SearchStrategy[Rich] = st.lists(in_line | st.tuples(_blocks), min_size=1, max_size=4).map(
    lambda rows: tuple(each for row in rows for each in (*row, *(() if _is_block(row) else (Words("\n"),))))
)


def _is_block(row: Rich) -> bool:
    return isinstance(row[-1], Heading | Quote | Listed | CodeBlock)


def seen(nodes: Rich) -> list[tuple[str, ...]]:
    """Each character that shows, with how it is laid out, in what kind of line; blanks left out."""
    found = []
    for line in lines(nodes):
        frames = [f"{type(frame).__name__}{getattr(frame, 'level', '')}" for frame in line.frames]
        for leaf, marks in line.leaves:
            laid_out = sorted(
                {mark.style if isinstance(mark, Styled) else type(mark).__name__ for mark in marks}
            )
            kind = type(leaf).__name__ if isinstance(leaf, (Code, CodeBlock)) else ""
            shown = (
                f"@{leaf.name}"
                if isinstance(leaf, Mention)
                else f":{leaf.name}:"
                if isinstance(leaf, Emoji)
                else getattr(leaf, "text", "")
            )
            found += [(letter, kind, *laid_out, *frames) for letter in re.sub(r"[\s\u200b]", "", shown)]
    return found


def words_in(text: str) -> int:
    """How often the one word is there that every property looks for."""
    return text.count("words")


def as_json(value: object) -> str:
    """Raises: UnicodeEncodeError, where half a character is in it."""
    written = json.dumps(value, ensure_ascii=False)
    written.encode()
    return written
