"""Discord's markdown, rule by rule."""

from __future__ import annotations

import pytest

from adapters.discord.rich.read import LINE_BEGINS, WITHIN_LINE, read
from bot.rich import (
    SMALL,
    Code,
    CodeBlock,
    Emoji,
    Heading,
    Link,
    Listed,
    Mention,
    Named,
    Names,
    Node,
    Pointer,
    Quote,
    Spoiler,
    Style,
    Styled,
    Words,
)

NAMES = Names(people={"1": "Mia"}, roles={"2": "Buren"}, places={"3": "alg"})


def bold(words: str) -> Styled:
    return Styled(Style.BOLD, (Words(words),))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("**a\nb**", [bold("a\nb")]),
        ("***x***", [Styled(Style.ITALIC, (bold("x"),))]),
        ("snake_case_name", [Words("snake_case_name")]),
        ("2 * 3 * 4", [Words("2 * 3 * 4")]),
        ("\\*a\\*", [Words("*a*")]),
        ("__u__", [Styled(Style.UNDERLINE, (Words("u"),))]),
        ("||s||", [Spoiler((Words("s"),))]),
        ("``a`b``", [Code("a`b")]),
        ("x ```py\na\n``` y", [Words("x "), CodeBlock("a", "py"), Words(" y")]),
        ("```only words```", [CodeBlock("only words")]),
        ("> a\n> b\nc", [Quote((Words("a\nb"),)), Words("c")]),
        (">>> a\nb", [Quote((Words("a\nb"),))]),
        ("a\n> b", [Words("a\n"), Quote((Words("b"),))]),
        (">a", [Words(">a")]),
        ("#### a", [Words("#### a")]),
        ("#a", [Words("#a")]),
        ("## a", [Heading(2, (Words("a"),))]),
        ("-# a", [Heading(SMALL, (Words("a"),))]),
        ("- a\n  - b", [Listed(((Words("a"), Listed(((Words("b"),),))),))]),
        ("3. a\n4. b", [Listed(((Words("a"),), (Words("b"),)), 3)]),
        ("<@!1> <@&2>", [Mention(Named.PERSON, "Mia"), Words(" "), Mention(Named.ROLE, "Buren")]),
        ("<#3>", [Pointer("3", inside=(Words("#alg"),))]),
        ("<a:blob:9>", [Emoji("blob")]),
        ("</poll show:7>", [Words("/poll show")]),
        ("<t:99999999999999999>", [Words("<t:99999999999999999>")]),
        ("https://x.be/a_b_c).", [Link("https://x.be/a_b_c"), Words(").")]),
        ("https://x.be/a_(b)", [Link("https://x.be/a_(b)")]),
        ("[a](<https://x.be>)", [Link("https://x.be", (Words("a"),))]),
        ("[x.be](https://y.be)", [Words("[x.be](https://y.be)")]),
        ("[a](javascript:x)", [Words("[a](javascript:x)")]),
        ("¯\\_(ツ)_/¯", [Words("¯\\_(ツ)_/¯")]),
        ("    a", [Words("    a")]),
        ("a\n # b", [Words("a\n # b")]),
        ("- # a", [Listed(((Words("# a"),),))]),
        ("- a\n  b\nc", [Listed(((Words("a\nb"),),)), Words("c")]),
        ("<mia@x.be> <+32 9 1>", [Words("mia@x.be +32 9 1")]),
        ("[a https://](https://y.be)", [Link("https://y.be", (Words("a https://"),))]),
        ("a\n===", [Words("a\n===")]),
    ],
)
def test_a_rule(content: str, said: list[Node]) -> None:
    assert list(read(content, NAMES)) == said


def test_each_rule_says_where_it_comes_from() -> None:
    assert all(rule.source for rule in (*WITHIN_LINE, *LINE_BEGINS))
