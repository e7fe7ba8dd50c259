"""Events as clients send them, and as nobody should."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.matrix.answers import numbers_in
from adapters.matrix.read import (
    KEY,
    Answered,
    Edited,
    Emoted,
    Ended,
    Heard,
    Meaning,
    Reacted,
    Removed,
    Said,
    Sent,
    Signed,
    moment,
    read,
    written_by,
)

KINDS = [
    "m.room.message",
    "m.reaction",
    "m.room.redaction",
    "org.matrix.msc3381.poll.response",
    "m.poll.response",
]


def event(kind: str, content: Any, **more: Any) -> dict[str, Any]:
    base = {"event_id": "$e", "sender": "@anna:x", "origin_server_ts": 1_800_000_000_000}
    return {**base, "type": kind, "content": content, **more}


def meaning(kind: str, content: Any, **more: Any) -> Meaning | None:
    heard = read(event(kind, content, **more))
    return heard.meaning if heard else None


def said(body: Any, **more: Any) -> Meaning | None:
    return meaning("m.room.message", {"msgtype": "m.text", "body": body, **more})


def test_words() -> None:
    heard = read(event("m.room.message", {"msgtype": "m.text", "body": " !peiling lijst "}))
    assert isinstance(heard, Heard)
    assert heard.sender == "@anna:x"
    assert heard.at.isoformat() == "2027-01-15T08:00:00+00:00"
    assert heard.meaning == Said("!peiling lijst")
    assert isinstance(heard.meaning, Said)
    assert heard.meaning.is_command


@pytest.mark.parametrize("words", ["!!", "!", "! nee", "wow!", "!1", "!_x"])
def test_an_exclamation_is_no_command(words: str) -> None:
    found = said(words)
    assert isinstance(found, Said)
    assert not found.is_command


@pytest.mark.parametrize("words", ["2", "[2]", "2.", "2)", "2!", "[2].", "2\ufe0f\u20e3", "2\u20e3"])
def test_a_bare_number_presses(words: str) -> None:
    found = said(words)
    assert isinstance(found, Said)
    assert found.pressed == 2
    assert numbers_in(words) == (2,)


@pytest.mark.parametrize("words", ["2026", "-1", "2 of 3", "2nd", "²", ""])
def test_what_is_no_number_of_ours_presses_nothing(words: str) -> None:
    assert Said(words).pressed is None
    assert numbers_in(words) == ()


def test_what_a_poll_is_called_is_no_place_in_a_list() -> None:
    assert Said("#2").pressed is None
    assert numbers_in("#2") == (2,)


def test_an_edit_is_no_command() -> None:
    edit = {"m.relates_to": {"rel_type": "m.replace", "event_id": "$x"}, "m.new_content": {"body": "!stem 2"}}
    assert said("* !stem 2", **edit) is None


@pytest.mark.parametrize("msgtype", ["m.image", "m.audio", "m.video", "m.file"])
def test_what_is_sent_is_no_words(msgtype: str) -> None:
    assert meaning("m.room.message", {"msgtype": msgtype, "body": "!stem 2"}) == Sent()
    assert meaning("m.room.message", {"msgtype": msgtype, "body": "x", "be.plein.key": "board:1"}) is None
    edit = {"rel_type": "m.replace", "event_id": "$1"}
    assert meaning("m.room.message", {"msgtype": msgtype, "body": "x", "m.relates_to": edit}) is None


def test_what_somebody_says_that_they_do_asks_nothing() -> None:
    emote = {"msgtype": "m.emote", "body": " !stem 2 "}
    assert meaning("m.room.message", emote) == Emoted("!stem 2")
    reply = {"m.relates_to": {"m.in_reply_to": {"event_id": "$1"}}}
    assert meaning("m.room.message", {**emote, "body": "> a\n\nlacht", **reply}) == Emoted("lacht", "$1")
    edit = {"m.new_content": emote, "m.relates_to": {"rel_type": "m.replace", "event_id": "$1"}}
    assert meaning("m.room.message", {**emote, **edit}) == Edited("$1", Emoted("!stem 2"))
    assert meaning("m.room.message", {**emote, KEY: "copy:1:1:1:0"}) is None


@pytest.mark.parametrize("msgtype", ["m.notice", None, 5])
def test_only_plain_text_is_words(msgtype: Any) -> None:
    assert meaning("m.room.message", {"msgtype": msgtype, "body": "!stem 2"}) is None


def test_what_a_reply_repeats_is_not_said_again() -> None:
    reply = {"m.relates_to": {"m.in_reply_to": {"event_id": "$board"}}}
    assert said("> <@plein:x> !peiling sluit\n> more\n\n2", **reply) == Said("2", "$board")
    assert said("2", **reply) == Said("2", "$board")


def test_in_a_thread_the_reply_is_only_for_old_clients() -> None:
    thread = {"rel_type": "m.thread", "event_id": "$root", "is_falling_back": True}
    relation = {"m.relates_to": {**thread, "m.in_reply_to": {"event_id": "$last"}}}
    assert said("2", **relation) == Said("2", thread="$root")


@pytest.mark.parametrize(("key", "number"), [("1️⃣", 1), ("9⃣", 9), ("🔟", 10), ("3", 3), ("12", 12)])
def test_a_reaction_with_a_number(key: str, number: int) -> None:
    relation = {"rel_type": "m.annotation", "event_id": "$b", "key": key}
    assert meaning("m.reaction", {"m.relates_to": relation}) == Reacted("$b", number)


@pytest.mark.parametrize(
    ("key", "sign"),
    [("👍", "👍"), ("🙏🏽", "🙏"), (" ❤️ ", "❤"), ("0", "0"), ("one", "one"), ("1️⃣2️⃣", "1⃣2⃣"), ("123", "123")],
)
def test_another_reaction_is_its_sign_however_it_is_drawn(key: str, sign: str) -> None:
    relation = {"rel_type": "m.annotation", "event_id": "$b", "key": key}
    assert meaning("m.reaction", {"m.relates_to": relation}) == Signed("$b", sign)


@pytest.mark.parametrize("key", [1, None, ["👍"]])
def test_what_is_no_sign_is_nothing(key: Any) -> None:
    relation = {"rel_type": "m.annotation", "event_id": "$b", "key": key}
    assert meaning("m.reaction", {"m.relates_to": relation}) is None


@pytest.mark.parametrize("key", ["", " ", "\ufe0f", "👍" * 65, "hoera " * 10_000])
def test_of_what_nobody_reads_it_is_known_where_it_is(key: str) -> None:
    relation = {"rel_type": "m.annotation", "event_id": "$b", "key": key}
    assert meaning("m.reaction", {"m.relates_to": relation}) == Signed("$b", "")


@pytest.mark.parametrize("kind", ["m.room.message", "m.room.encrypted", "m.sticker"])
def test_who_wrote_a_message_and_when(kind: str) -> None:
    event = {"type": kind, "sender": "@ben:x.y", "origin_server_ts": 5, "content": {"body": "a"}}
    assert written_by(event) == ("@ben:x.y", moment(5))
    spoiled: list[dict[str, Any]] = [{"content": {}}, {"sender": 1}, {"type": "x"}]
    for other in spoiled:
        assert written_by({**event, **other}) is None
    for content in ({"msgtype": "m.notice"}, {"msgtype": "m.text", KEY: "a"}):
        assert written_by({**event, "content": content}) is None


def test_native_polls_in_both_name_spaces() -> None:
    relation = {"m.relates_to": {"rel_type": "m.reference", "event_id": "$p"}}
    unstable, stable = "org.matrix.msc3381.poll.response", "m.poll.response"
    assert meaning(unstable, {**relation, unstable: {"answers": ["2"]}}) == Answered("$p", (2,))
    assert meaning(stable, {**relation, stable: {"answers": ["2", "2", "1"]}}) == Answered("$p", (2, 1))
    assert meaning(stable, {**relation, "m.selections": ["3"]}) == Answered("$p", (3,))


@pytest.mark.parametrize("answers", [[], ["x"], ["1", "x"], ["1", 2], ["1234"]])
def test_a_spoiled_answer_takes_the_vote_back(answers: list[Any]) -> None:
    relation = {"m.relates_to": {"rel_type": "m.reference", "event_id": "$p"}}
    assert meaning("m.poll.response", {**relation, "m.selections": answers}) == Answered("$p", ())


def test_redactions_old_and_new() -> None:
    assert meaning("m.room.redaction", {}, redacts="$gone") == Removed("$gone")
    assert meaning("m.room.redaction", {"redacts": "$gone"}) == Removed("$gone")
    assert meaning("m.room.redaction", {}, redacts=5) is None


def test_a_redacted_event_means_nothing() -> None:
    for kind in KINDS:
        assert meaning(kind, {}) is None


_keys = st.sampled_from(
    [
        "body",
        "msgtype",
        "m.relates_to",
        "rel_type",
        "event_id",
        "key",
        "answers",
        "m.selections",
        "redacts",
        *KINDS,
    ]
) | st.text(max_size=4)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_keys, inner, max_size=4),
    max_leaves=12,
)


@given(
    st.dictionaries(
        st.sampled_from(["type", "sender", "event_id", "origin_server_ts", "content", "redacts"]), json_values
    )
)
def test_nothing_malformed_breaks_it(raw: dict[str, Any]) -> None:
    read(raw)


@given(st.sampled_from(KINDS), json_values, st.integers())
def test_no_malformed_content_breaks_it(kind: str, content: Any, stamp: int) -> None:
    read(event(kind, content, origin_server_ts=stamp))


def test_64_kibibytes_are_read_and_left_for_the_core_to_refuse() -> None:
    assert isinstance(said("!" + "x" * 65_000), Said)


def test_a_native_poll_is_ended_in_both_name_spaces() -> None:
    relation = {"m.relates_to": {"rel_type": "m.reference", "event_id": "$p"}}
    for kind in ("org.matrix.msc3381.poll.end", "m.poll.end"):
        assert meaning(kind, relation) == Ended("$p")
        assert meaning(kind, {}) is None
        assert meaning(kind, {"m.relates_to": {"rel_type": "m.replace", "event_id": "$p"}}) is None
        assert meaning(kind, {"m.relates_to": {"rel_type": "m.reference", "event_id": 1}}) is None
