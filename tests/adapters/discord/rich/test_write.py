"""What is written for Discord, and where it is cut."""

from __future__ import annotations

import pytest

from adapters.discord.rich.write import LIMIT, write
from bot.rich import (
    Code,
    CodeBlock,
    Heading,
    Link,
    Listed,
    Names,
    Node,
    Paragraph,
    Pointer,
    Quote,
    Spoiler,
    Style,
    Styled,
    Words,
)

NAMES = Names(twins={"!r:x": "3"}, messages={"$e": {"guild": "1", "channel": "2", "message": "4"}})

BOLD, ITALIC = Styled(Style.BOLD, (Words("b"),)), Styled(Style.ITALIC, (Words("a"),))


def contents(*said: Node) -> list[str]:
    return [part["content"] for part in write(said, NAMES)]


@pytest.mark.parametrize(
    ("said", "content"),
    [
        (Words("1. a_b *c*"), "1\\. a\\_b \\*c\\*"),
        (Words("# a"), "\\# a"),
        (Heading(1, (Code("x"), Words(" "), Words("#"))), "# `x` \\#"),
        (Styled(Style.BOLD, (Words(" a "), Words("b"))), "**a b**"),
        (Link("https://x.be/a(b)", (Words("hier"),)), "[hier](https://x.be/a%28b%29)"),
        (Link("https://x.be", (Words("y.be"),)), "y.be (https://x.be)"),
        (Pointer("!r:x", inside=(Words("room"),)), "<#3>"),
        (Pointer("!r:x", "$e", "https://matrix.to/x"), "https://discord.com/channels/1/2/4"),
        (Code("a`b"), "``a`b``"),
        (Spoiler((Code("a||b"),)), "||`a|\u200b|b`||"),
        (Styled(Style.BOLD, (Code("a**b"),)), "`a**b`"),
        (Quote((Words("a\nb"),)), "> a\n> b"),
        (Words("[a](https://x.be) <b@x.be>"), "[a]\\(https://x.be) \\<b@x.be>"),
        (Link("https://x.be", (Words("2*3"),)), "2\\*3 (https://x.be)"),
        (Link("https://x.be", (Code("a"),)), "[`a`](https://x.be)"),
        (Paragraph((ITALIC, BOLD, Words(" c"))), "_a_**b** c"),
        (Paragraph((BOLD, ITALIC, Words(" c"))), "**b**_a_ c"),
        (Paragraph((BOLD, ITALIC, Words("c"))), "**b**\u200b*a*c"),
        (Listed(((Words("a"),), (Words("b"),)), 0), "0\\. a\n1. b"),
        (Listed(((Paragraph((Words("a"),)),), (Paragraph((Words("b"),)),))), "- a\n- b"),
        (Listed(((Heading(1, (Words("a"),)),),)), "- a"),
        (Words("a" * LIMIT), "a" * LIMIT),
        (Words("\u200b \n"), None),
    ],
)
def test_as_discord_shows_it(said: Node, content: str | None) -> None:
    assert contents(said) == ([] if content is None else [content])


def test_what_is_open_is_closed_and_opened_again() -> None:
    first, second = contents(Styled(Style.BOLD, (Words("woord " * 400),)))
    assert first.startswith("**woord")
    assert first.endswith("woord**")
    assert second.startswith("**woord")
    assert (first + second).count("woord") == 400


def test_what_goes_on_in_another_message_makes_no_list_or_quotation_of_it() -> None:
    assert all(part.startswith("\\>") for part in contents(Words("> " * LIMIT)))


def test_a_fence_keeps_its_language() -> None:
    parts = contents(CodeBlock("\n".join(["x = 1"] * 1_000), "py"))
    assert all(part.startswith("```py\n") and part.endswith("\n```") for part in parts)
    assert sum(part.count("x = 1") for part in parts) == 1_000


def test_what_is_escaped_is_counted() -> None:
    parts = contents(Words("*" * LIMIT))
    assert [len(part) for part in parts] == [LIMIT, LIMIT] or sum(
        part.count("\\*") for part in parts
    ) == LIMIT
    assert all(part.count("\\") * 2 == len(part) for part in parts)


def test_no_emoji_is_cut() -> None:
    family = "👩‍👩‍👧"
    parts = contents(Words(family * 600))
    assert all(part.replace(family, "") == "" for part in parts)
