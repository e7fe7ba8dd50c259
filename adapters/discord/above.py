"""What stands above what somebody said elsewhere: what they answer, and when they said it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import discord
from wcwidth import iter_graphemes

from adapters.discord.messages import named, names_in
from adapters.discord.rich.read import read
from adapters.discord.rich.write import may_be_masked
from bot.model.carried import Spoken
from bot.model.message import text
from bot.rich import (
    SMALL,
    Code,
    CodeBlock,
    Emoji,
    Heading,
    Link,
    Listed,
    Mention,
    Moment,
    Names,
    Node,
    Paragraph,
    Pointer,
    Rich,
    Spoiler,
    Styled,
    Words,
    clean,
    moment_in_words,
)
from bot.texts import Texts, Voice

# Of what is answered so many characters are shown.
FIRST_WORDS = 60
_ARROW = "↪"
_IS_ANSWER = re.compile(rf"-# (?:{_ARROW} \[.*\]\(|\[{_ARROW}\]\()<?https://discord\.com/channels/")
_SCHEME = re.compile(r"https?://", re.IGNORECASE)


def said_at(spoken: Spoken, texts: Texts, voice: Voice) -> Heading:
    """When they said it; of another day with its date."""
    at, now = (moment.astimezone(voice.zone) for moment in (spoken.at, voice.now))
    if at.date() == now.date():
        words = texts.write(text("discord.late", at=f"{at:%H:%M}"), voice)
    else:
        words = texts.write(text("discord.late.day", at=spoken.at), voice)
    return Heading(SMALL, (Words(words),))


def answer(name: str, link: str, words: str) -> Heading:
    """A webhook cannot answer: who is answered, what leads there, and how that begins."""
    if may_be_masked(name, link):
        return Heading(SMALL, (Words(f"{_ARROW} "), Link(link, (Words(name),)), Words(f" {words}")))
    return Heading(SMALL, (Link(link, (Words(_ARROW),)), Words(f" {name} {words}")))


def in_their_own_words(said: Rich) -> Rich:
    """What begins in small letters in those of the usual size: nobody writes a line above what they say."""
    above = len(said) - len(_without_lines_above(said))
    return (*(Paragraph(line.inside) for line in said[:above] if isinstance(line, Heading)), *said[above:])


def without_answer(content: str) -> str:
    """The same words without the line above that says what they answer."""
    first, _, words = content.partition("\n")
    return words if words and _IS_ANSWER.match(first) else content


def first_words(message: discord.Message, names: Names, *, copied: bool) -> str:
    """How it begins, on one line, without marks; nothing of what is hidden. `copied`: lines like these stand
    above it.
    """
    said = read(message.content, named(names_in(message)))
    if copied:
        said = _without_lines_above(said)
    words = _SCHEME.sub("", " ".join(clean("".join(_words(said, names))).split()))
    if len(words) <= FIRST_WORDS:
        return words
    kept = ""
    for character in iter_graphemes(words):
        if len(kept + character) >= FIRST_WORDS:
            break
        kept += character
    return f"{kept.rstrip()}…"


def _without_lines_above(said: Rich) -> Rich:
    at = 0
    while at < len(said) and isinstance(line := said[at], Heading) and line.level == SMALL:
        at += 1
    return said[at:]


def _words(nodes: Iterable[Node], names: Names) -> Iterator[str]:
    for node in nodes:
        match node:
            case Spoiler():
                yield " "
            case Words() | Code():
                yield node.text
            case CodeBlock():
                yield f" {node.text} "
            case Mention():
                yield f"@{node.name}"
            case Emoji():
                yield f":{node.name}:"
            case Moment():
                yield moment_in_words(node, names)
            case Listed():
                for item in node.items:
                    yield " "
                    yield from _words(item, names)
            case Link() | Pointer() if not node.inside:
                yield node.url
            case Link() | Pointer() | Styled():
                yield from _words(node.inside, names)
            case _:
                yield " "
                yield from _words(node.inside, names)
                yield " "
