"""Matrix's HTML, tag by tag."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.matrix.rich.read import read, read_html
from bot.rich import (
    Emoji,
    Link,
    Mention,
    Named,
    Names,
    Node,
    Paragraph,
    Pointer,
    Spoiler,
    Style,
    Styled,
    Words,
)


@pytest.mark.parametrize(
    ("html", "said"),
    [
        ("<mx-reply>x</mx-reply>a", [Words("a")]),
        ("<p>a</p>\n<p>b</p>", [Paragraph((Words("a"),)), Paragraph((Words("b"),))]),
        ("<span data-mx-spoiler='why'>a</span>", [Spoiler((Words("a"),), "why")]),
        ("<a href='https://matrix.to/#/@mia:x'>Mia</a>", [Mention(Named.PERSON, "Mia")]),
        (
            "<a href='https://matrix.to/#/!r:x/$e?via=x'>r</a>",
            [Pointer("!r:x", "$e", "https://matrix.to/#/!r:x/$e?via=x", (Words("r"),))],
        ),
        ("<a href='javascript:x'>a</a>", [Words("a")]),
        ("<img data-mx-emoticon alt=':blob:' src='mxc://x/y'>", [Emoji("blob")]),
        ("<img data-mx-emoticon alt='a hat' title='hat' src='mxc://x/y'>", [Emoji("hat")]),
        ("a <script>x</script>&lt;b&gt;", [Words("a <b>")]),
        ("<strong data-mx-profile-fallback>Mia: </strong>a", [Words("a")]),
        ("zie https://x.be.", [Words("zie "), Link("https://x.be"), Words(".")]),
    ],
)
def test_a_tag(html: str, said: list[Node]) -> None:
    assert list(read_html(html, Names())) == said


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"msgtype": "m.emote", "body": "a"}, [Styled(Style.ITALIC, (Words("a"),))]),
        ({"msgtype": "m.notice", "body": "a"}, []),
        ({"msgtype": "m.image", "body": "a.png"}, []),
        ({"msgtype": "m.image", "body": "a", "filename": "a.png"}, [Words("a")]),
        ({"msgtype": "m.text", "body": ["a"]}, []),
        (
            {
                "msgtype": "m.text",
                "body": "> <@a:x> q\n\na",
                "m.relates_to": {"m.in_reply_to": {"event_id": "$e"}},
            },
            [Words("a")],
        ),
        ({"msgtype": "m.text", "body": "> q\na"}, [Words("> q\na")]),
        (
            {
                "body": "* b",
                "m.new_content": {"msgtype": "m.text", "body": "b"},
                "m.relates_to": {"rel_type": "m.replace", "event_id": "$e"},
            },
            [Words("b")],
        ),
    ],
)
def test_a_content(content: dict[str, Any], said: list[Node]) -> None:
    assert list(read(content, Names())) == said
