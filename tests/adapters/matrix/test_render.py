"""What Plein sends: the plain body and the HTML say the same, and nobody is pinged."""

from __future__ import annotations

import html.parser
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from adapters.matrix.read import KEY
from adapters.matrix.render import (
    POLL_END,
    POLL_START,
    addressed,
    beside,
    native_poll,
    render,
    render_edit,
    render_poll,
    render_poll_end,
    render_poll_result,
    render_sign,
    room_and_event,
)
from bot.model.message import Button, NativePoll, message, text, typed
from bot.model.people import Identity, Known, Place, Resident
from bot.model.work import Delivery
from bot.texts import Texts, Voice
from bot.unseen import visible

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
    poll = NativePoll(typed("?"), (typed("a"), typed("b")), 1, "poll vote", {}, ended=typed("x"))
    contents = [
        render(said, "k", TEXTS, VOICE),
        render_edit(said, "$x", "k", TEXTS, VOICE),
        render_edit(said, "$x", "k", TEXTS, VOICE)["m.new_content"],
        render_poll(poll, "k", TEXTS, VOICE),
        render_poll_result(poll, "$x", "k", TEXTS, VOICE),
        render_poll_result(poll, "$x", "k", TEXTS, VOICE)["m.new_content"],
        render_poll_end(poll, "$x", "k", TEXTS, VOICE),
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


def test_buttons_whose_numbers_stand_in_the_lines_are_not_listed() -> None:
    buttons = [Button(typed("Ja"), "x", numbered=True), Button(typed("Nee"), "y")]
    shown = render(message(typed("1. Ja"), buttons=buttons), "k", TEXTS, VOICE)["body"].split("\n")
    assert shown == ["1. Ja", "[2] Nee", "Antwoord met het nummer van je keuze."]


def test_a_title_stands_out_and_nothing_else_does() -> None:
    words = typed("Bank?")
    content = render(message(words, title=words, hints=[words]), "k", TEXTS, VOICE)
    assert content["formatted_body"] == "<strong>Bank?</strong><br>Bank?<br>Bank?"


def test_a_native_poll_as_clients_know_it() -> None:
    poll = NativePoll(typed("Bank?"), (typed("Ja"), typed("Nee")), 2, "poll vote", {"poll": 1})
    start = render_poll(poll, "k", TEXTS, VOICE)[POLL_START]
    assert start["max_selections"] == 2
    assert [answer["id"] for answer in start["answers"]] == ["1", "2"]
    assert start["kind"] == "org.matrix.msc3381.poll.undisclosed"
    closed = replace(poll, ended=typed("Ja haalt het"), counts=(2, 0))
    end = render_poll_end(closed, "$start", "k", TEXTS, VOICE)
    assert end[POLL_END] == {}
    assert end["org.matrix.msc3381.poll.results"] == end["m.poll.results"] == {"1": 2, "2": 0}
    assert end["m.relates_to"] == {"rel_type": "m.reference", "event_id": "$start"}


@given(st.text(max_size=200))
def test_typed_words_never_become_markup(words: str) -> None:
    content = render(message(typed(words)), "k", TEXTS, VOICE)
    assert Reader(content["formatted_body"]).tags <= ALLOWED
    assert Reader(content["formatted_body"]).attributes == []
    assert content["body"] == visible(words)


def test_a_sign_is_a_reaction_and_every_event_has_a_place_beside_it() -> None:
    sign = render_sign("$vote", "k")
    relation = {"rel_type": "m.annotation", "event_id": "$vote", "key": "✅"}
    assert sign == {"m.relates_to": relation, "m.mentions": {}, KEY: "k"}
    assert room_and_event(beside("!room:example.org", "$vote")) == ("!room:example.org", "$vote")
    assert room_and_event(Place("matrix", "!room")) == ("!room", "")


def test_no_native_poll_where_nobody_may_see_how_somebody_answers() -> None:
    poll = NativePoll(typed("Bank?"), (typed("Ja"), typed("Nee")), 1, "poll choose", {"poll": 1})
    assert native_poll(message(native_poll=poll)) == poll
    assert native_poll(message(native_poll=replace(poll, secret=True))) is None
    assert native_poll(message()) is None


# --- people ---

BEN = Identity("matrix", "@ben/x:example.org")
PEOPLE = {
    1: Known("Ben <b> (2)", (Identity("discord", "7"), BEN)),
    2: Known("An & co", (Identity("discord", "8"),)),
}
NAMING = message(text("typed", words=(Resident(1, "Ben"), Resident(2, "An"), Resident(3, "<i>"))))


def test_people_are_shown_as_clients_show_them_and_nobody_is_pinged() -> None:
    content = render(NAMING, "k", TEXTS, replace(VOICE, people=PEOPLE))
    assert content["body"] == "Ben <b> (2), An & co en <i>"
    assert content["formatted_body"] == (
        '<a href="https://matrix.to/#/@ben%2Fx:example.org">Ben &lt;b&gt; (2)</a>, An &amp; co en &lt;i&gt;'
    )
    assert content["m.mentions"] == {}


def test_who_chose_a_name_is_called_by_it_and_not_by_what_clients_show() -> None:
    people = {1: Known("Ann <b>", (BEN,), own=True)}
    content = render(
        message(text("typed", words=Resident(1, "Ben"))), "k", TEXTS, replace(VOICE, people=people)
    )
    assert (content["body"], content["formatted_body"]) == ("Ann <b>", "Ann &lt;b&gt;")


def test_whoever_is_named_is_pinged_where_that_is_asked_for_and_whom_it_is_for() -> None:
    content = render(NAMING, "k", TEXTS, replace(VOICE, people=PEOPLE))
    asked = Delivery("k", Place("matrix", "!r:example.org"), NAMING, mentions=(BEN,))
    assert addressed(content, asked)["m.mentions"] == {"user_ids": [BEN.user_id]}
    an = Identity("matrix", "@an:example.org")
    assert addressed(content, replace(asked, to=an))["m.mentions"] == {"user_ids": [an.user_id, BEN.user_id]}


def test_only_what_is_new_is_a_text_and_no_edit_is() -> None:
    said = message(typed("x"))
    assert render(said, "k", TEXTS, VOICE)["msgtype"] == "m.text"
    assert render(said, "k", TEXTS, VOICE, quiet=True)["msgtype"] == "m.notice"
    an = Identity("matrix", "@an:example.org")
    edit = addressed(render_edit(said, "$x", "k", TEXTS, VOICE), Delivery("k", an, said))
    assert (edit["msgtype"], edit["m.mentions"]) == ("m.notice", {})
    assert (edit["m.new_content"]["msgtype"], edit["m.new_content"]["m.mentions"]) == (
        "m.text",
        {"user_ids": [an.user_id]},
    )


@given(st.text(max_size=20), st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20))
def test_no_name_or_account_gets_out_of_its_link(name: str, local: str) -> None:
    known = {1: Known(name, (Identity("matrix", f"@{local}:x"),))}
    content = render(message(text("typed", words=Resident(1, ""))), "k", TEXTS, replace(VOICE, people=known))
    shown = Reader(content["formatted_body"])
    assert shown.tags - {"br"} == {"a"}
    ((attribute, link),) = shown.attributes
    assert (attribute, unquote(link or "")) == ("href", f"https://matrix.to/#/@{local}:x")
    assert shown.words == visible(name)
