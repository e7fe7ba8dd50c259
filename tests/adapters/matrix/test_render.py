"""What Plein sends: the plain body and the HTML say the same, and nobody is pinged."""

from __future__ import annotations

import html.parser
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from adapters.matrix.render import (
    KEY,
    POLL_END,
    POLL_START,
    native_poll,
    render,
    render_edit,
    render_poll,
    render_poll_end,
)
from bot.model.message import Button, NativePoll, message, text, typed
from bot.texts import Texts, Voice, visible

TEXTS = Texts()
VOICE = Voice("nl", ZoneInfo("Europe/Brussels"), datetime(2026, 12, 1, tzinfo=UTC))
# Of what https://spec.matrix.org allows, all that Plein ever uses.
ALLOWED = {"strong", "br", "code"}


class Reader(html.parser.HTMLParser):
    """Reads as a client does: which tags there are, and the words that remain."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.words = ""
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs
        if tag == "br":
            self.words += "\n"

    def handle_data(self, data: str) -> None:
        self.words += data


def test_html_and_markdown_are_shown_as_typed() -> None:
    question = '<img src=x onerror="alert(1)"> **@room** [x](http://x) `rm`'
    content = render(message(title=typed(question)), "k", TEXTS, VOICE)
    assert content["body"] == question
    shown = Reader(content["formatted_body"])
    assert shown.tags == {"strong"}
    assert shown.words == question


def test_every_event_mentions_nobody_and_carries_its_key() -> None:
    said = message(text("help.first"))
    poll = NativePoll(typed("?"), (typed("a"), typed("b")), 1, "poll vote", {})
    contents = [
        render(said, "k", TEXTS, VOICE),
        render_edit(said, "$x", "k", TEXTS, VOICE),
        render_edit(said, "$x", "k", TEXTS, VOICE)["m.new_content"],
        render_poll(poll, "k", TEXTS, VOICE),
        render_poll_end(typed("x"), "$x", "k", TEXTS, VOICE),
    ]
    assert all(content["m.mentions"] == {} and content[KEY] == "k" for content in contents)


def test_buttons_are_numbered_where_the_lines_are_not() -> None:
    said = message(typed("Zeker?"), buttons=(Button(typed("Ja"), "x"), Button(typed("Nee"), "y")))
    assert render(said, "k", TEXTS, VOICE)["body"].split("\n") == [
        "Zeker?",
        "[1] Ja",
        "[2] Nee",
        "Antwoord met het nummer van je keuze.",
    ]


def test_a_native_poll_as_clients_know_it() -> None:
    poll = NativePoll(typed("Bank?"), (typed("Ja"), typed("Nee")), 2, "poll vote", {"poll": 1})
    start = render_poll(poll, "k", TEXTS, VOICE)[POLL_START]
    assert start["max_selections"] == 2
    assert [answer["id"] for answer in start["answers"]] == ["1", "2"]
    assert start["kind"] == "org.matrix.msc3381.poll.undisclosed"
    end = render_poll_end(typed("Ja haalt het"), "$start", "k", TEXTS, VOICE)
    assert end[POLL_END] == {}
    assert end["m.relates_to"] == {"rel_type": "m.reference", "event_id": "$start"}


@given(st.text(max_size=200))
def test_typed_words_never_become_markup(words: str) -> None:
    content = render(message(typed(words)), "k", TEXTS, VOICE)
    assert Reader(content["formatted_body"]).tags <= ALLOWED
    assert Reader(content["formatted_body"]).attributes == []
    assert content["body"] == visible(words)


def test_no_native_poll_where_nobody_may_see_how_somebody_answers() -> None:
    poll = NativePoll(typed("Bank?"), (typed("Ja"), typed("Nee")), 1, "poll choose", {"poll": 1})
    assert native_poll(message(native_poll=poll)) == poll
    assert native_poll(message(native_poll=replace(poll, secret=True))) is None
    assert native_poll(message()) is None
