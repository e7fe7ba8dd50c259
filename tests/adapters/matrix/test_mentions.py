"""Names become addresses where a client says whose they are; nothing that is made up names anybody."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.matrix.mentions import addressed, addresses_in, said_to
from adapters.matrix.read import Said, read

NAMES = {"@ben:x.org": "Ben Baert", "@ann:x.org": "ann"}


def pill(name: str, user: str = "@ben:x.org") -> str:
    return f'<a href="https://matrix.to/#/{user}">{name}</a>'


def words_of(words: str, html: str = "", *mentions: str) -> str:
    return addressed(Said(words, None, html, mentions), NAMES.get)


@pytest.mark.parametrize(
    ("words", "html", "expected"),
    [
        ("!thank Ben Baert now", f"!thank {pill('Ben Baert')} now", "!thank @ben:x.org now"),
        ("!a Ben", f"<p>!a {pill('Ben', '%40ben%3Ax.org?via=x.org')}</p>", "!a @ben:x.org"),
        # As some clients write it.
        ("!thank [Ben](https://matrix.to/#/@ben:x.org)", f"!thank {pill('Ben')}", "!thank @ben:x.org"),
        # The same name as a word, before it and after it.
        ("!thank thank thank", f"!thank {pill('thank')} thank", "!thank @ben:x.org thank"),
        ("!a Ben Ben Ben", f"!a {pill('Ben')} Ben {pill('Ben', '@b2:x.org')}", "!a @ben:x.org Ben @b2:x.org"),
        ("!a B&B", f"!a {pill('B&amp;B')}", "!a @ben:x.org"),
        # What an answer quotes was said by somebody else.
        ("!a Ben", f"<mx-reply>{pill('Ben', '@other:x.org')}</mx-reply>!a {pill('Ben')}", "!a @ben:x.org"),
        # Neither a room nor a web page is somebody, and what is malformed is nothing.
        ("!a Ben", f"!a {pill('Ben', '#room:x.org')}", "!a Ben"),
        ("!a Ben", '!a <a href="https://matrix.to.evil/#/@ben:x.org">Ben</a>', "!a Ben"),
        ("!a Ben", '!a <a href="https://matrix.to/#/@ben:x.org>Ben</a>', "!a Ben"),
        ("!a Ben", '!a <a href="https://matrix.to/#/@ben:x.org">Ben', "!a Ben"),
        ("!a Ben", f"!a {pill('Somebody')}", "!a Ben"),
    ],
)  # fmt: skip
def test_pills(words: str, html: str, expected: str) -> None:
    assert words_of(words, html) == expected


def test_who_is_to_be_pinged_is_found_by_the_name_that_they_have_there() -> None:
    assert words_of("!a Ben Baert", "", "@ben:x.org") == "!a @ben:x.org"
    assert words_of("!a Ben Baert Ben Baert", "", "@ben:x.org") == "!a Ben Baert Ben Baert"
    assert words_of("!a anna", "", "@ann:x.org") == "!a anna"
    assert words_of("!a @ann:x.org ann", "", "@ann:x.org") == "!a @ann:x.org ann"
    assert words_of("!a Ben", "", "@stranger:x.org") == "!a Ben"


@pytest.mark.parametrize(
    ("words", "follows"),
    [
        ("Plein (@plein:x): poll list", "poll list"),
        ("Plein: poll list", "poll list"),
        ("plein poll list", "poll list"),
        ("@plein:x, poll list", "poll list"),
        ("Ask Plein for the poll list", ""),
    ],
)
def test_it_is_called_by_any_of_its_names_where_it_is_meant(words: str, follows: str) -> None:
    """Somebody else there may have taken one of them."""
    names = ["Plein (@plein:x)", "Plein", "plein"]
    called = said_to("@plein:x", names, Said(words, None, "", ("@eve:x", "@plein:x")))
    assert called
    assert called.words == follows
    is_address = "@plein" in words
    for meant in ((), ("@eve:x",)):
        assert (said_to("@plein:x", names, Said(words, None, "", meant)) is not None) is is_address


def test_addresses() -> None:
    said = '!a @ben:x.org "@ann:x.org:8448" @b/=2:[::1]:80, @: @x @y: @z:x.org: a@c:d'
    assert addresses_in(said) == ["@ben:x.org", "@ann:x.org:8448", "@b/=2:[::1]:80", "@z:x.org", "@c:d"]


@given(st.text(max_size=200), st.text("<>a/\"'=@:#hrefps.mtix ", max_size=300), st.text(max_size=30))
def test_whatever_is_sent_is_read(words: str, html: str, name: str) -> None:
    for formatted in (html, f"{html}{pill(name)}{html}", pill(html), pill(name, html)):
        addresses_in(words_of(words, formatted, "@ben:x.org"))


@pytest.mark.parametrize(
    "part",
    [
        "<a ",
        "@",
        "@a:",
        '<a href="https://matrix.to/#/@',
        "<mx-reply>",
        "a.",
        "</mx-reply>",
        "[(",
        "<a href='x'>",
    ],
)
def test_and_in_no_time(part: str) -> None:
    much = part * (60_000 // len(part))
    began = time.process_time()
    addresses_in(words_of(much, much, "@ben:x.org"))
    assert time.process_time() - began < 2


MUCH = 60_000
A_PILL = '<a href="https://matrix.to/#/@a:b">a</a>'


@pytest.mark.parametrize(
    ("words", "html"),
    [
        ("a" * MUCH, A_PILL * 600),
        ("[a](" * (MUCH // 4), A_PILL * 600),
        ("a " * (MUCH // 2), ""),
        ("@" * MUCH, ""),
    ],
    ids=["a name again and again", "a link", "mentions", "no addresses"],
)
def test_nor_does_anybody_wait_for_a_line_full_of_names(words: str, html: str) -> None:
    """It is read while everybody waits: before it is known whether it is for Plein at all, and after that."""
    said = Said(words, None, html, tuple(f"@u{number}:b" for number in range(2_000)))
    began = time.process_time()
    addresses_in(addressed(said, lambda user: "a"))
    assert said_to("@plein:b", ["a", "b", "c"], said) is None
    assert time.process_time() - began < 0.2


@pytest.mark.parametrize("mentions", [None, [], {"user_ids": "@a:x"}, {"user_ids": [1, None, "a", {}]}])
def test_malformed_mentions_are_none(mentions: object) -> None:
    content = {"msgtype": "m.text", "body": "!a", "m.mentions": mentions, "formatted_body": 7}
    event = {"type": "m.room.message", "event_id": "$e", "sender": "@a:x", "origin_server_ts": 1}
    heard = read({**event, "content": content})
    assert heard
    assert heard.meaning == Said("!a")
