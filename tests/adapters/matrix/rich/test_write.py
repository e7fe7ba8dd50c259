"""What is written for Matrix: a body, and HTML where it is laid out."""

from __future__ import annotations

from datetime import UTC, datetime

from adapters.matrix.rich.write import write
from bot.rich import SMALL, Heading, Link, Moment, Names, Pointer, Shape, Spoiler, Style, Styled, Words


def test_plain_words_have_no_html() -> None:
    assert write((Words("a <b>"),), Names()) == [{"msgtype": "m.text", "body": "a <b>", "m.mentions": {}}]


def test_hidden_words_are_not_in_the_body() -> None:
    (content,) = write((Words("x "), Spoiler((Styled(Style.BOLD, (Words("geheim"),)),))), Names())
    assert content["body"] == "x [Spoiler]"
    assert content["formatted_body"] == "x <span data-mx-spoiler><strong>geheim</strong></span>"


def test_smaller_words_have_a_line_of_their_own() -> None:
    (content,) = write((Words("a\n"), Heading(SMALL, (Words("b"),))), Names())
    assert content["formatted_body"] == "a<br><sub>b</sub>"


def test_a_moment_is_written_as_people_write_it() -> None:
    moment = Moment(datetime(2026, 11, 29, 13, 5, tzinfo=UTC), Shape.WEEKDAY)
    assert write((moment,), Names())[0]["body"] == "zondag 29 november 2026, 14:05"


def test_words_that_look_like_another_address_say_where_they_lead() -> None:
    (content,) = write((Link("https://x.be", (Words("y.be"),)),), Names())
    assert content["formatted_body"] == 'y.be (<a href="https://x.be">https://x.be</a>)'


def test_a_place_is_the_one_here() -> None:
    (content,) = write((Pointer("3", inside=(Words("#alg"),)),), Names(twins={"3": "!r:x"}))
    assert content["formatted_body"] == '<a href="https://matrix.to/#/!r:x">#alg</a>'


def test_nothing_is_sent_of_nothing() -> None:
    assert write((Words(" \u200b"),), Names()) == []
