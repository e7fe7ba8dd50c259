"""Events that tell otherwise than in words where something is, or what is asked."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.matrix.read import KEY, Sent, read
from adapters.matrix.told import POLLS, Located, Polled, located, polled
from bot.told import Spot

GHENT = "geo:51.05,3.72"
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text(max_size=5), inside, max_size=4),
)


def meaning(kind: str, content: dict[str, Any]) -> object:
    event = {"type": kind, "sender": "@a:x", "event_id": "$e", "origin_server_ts": 1, "content": content}
    heard = read(event)
    return heard.meaning if heard else None


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"body": "De fontein", "geo_uri": GHENT}, "De fontein"),
        ({"body": f"Location was {GHENT}", "geo_uri": GHENT}, ""),
        ({"body": "x", "org.matrix.msc3488.location": {"uri": GHENT, "description": "De bank"}}, "De bank"),
        ({"body": "x", "m.location": {"uri": GHENT, "description": 7}}, "x"),
        ({"body": 7, "geo_uri": GHENT}, ""),
    ],
)
def test_a_location_is_a_spot_with_what_describes_it(content: dict[str, Any], words: str) -> None:
    spot = Spot("51.05", "3.72")
    content = {"msgtype": "m.location", **content}
    assert located(content) == Located(spot, words)
    where = {"rel_type": "m.thread", "event_id": "$r", "m.in_reply_to": {"event_id": "$b"}}
    assert meaning("m.room.message", {**content, "m.relates_to": where}) == Located(spot, words, "$b", "$r")


def test_one_that_is_nowhere_on_earth_is_none() -> None:
    content = {"msgtype": "m.location", "body": "x", "geo_uri": "geo:1,x"}
    assert meaning("m.room.message", content) == Sent()


@pytest.mark.parametrize(
    ("kind", "asked"),
    [
        (
            "org.matrix.msc3381.poll.start",
            {
                "question": {"org.matrix.msc1767.text": "Waar?", "body": "?", "msgtype": "m.text"},
                "answers": [{"id": "1", "org.matrix.msc1767.text": "Fontein"}, {"id": "2"}, "x"],
            },
        ),
        (
            "m.poll.start",
            {
                "question": {"m.text": [{"mimetype": "text/html", "body": "<b>"}, {"body": "Waar?"}]},
                "answers": [{"m.id": "1", "m.text": [{"body": "Fontein"}]}],
            },
        ),
    ],
)
def test_a_poll_is_its_question_and_answers(kind: str, asked: dict[str, Any]) -> None:
    name = kind if kind.startswith("org") else "m.poll"
    assert meaning(kind, {name: asked}) == Polled("Waar?", ("Fontein",))
    # Plein's own is shown everywhere already.
    assert meaning(kind, {name: asked, KEY: "x"}) is None
    edit = {"rel_type": "m.replace", "event_id": "$e"}
    assert meaning(kind, {name: asked, "m.relates_to": edit, "m.new_content": {name: asked}}) is None


@given(json_values, json_values)
def test_whatever_is_malformed_raises_nothing(first: Any, second: Any) -> None:
    for kind in POLLS:
        for content in ({kind: first}, {kind: {"question": first, "answers": second}}, {"m.poll": second}):
            polled(kind, content)
            assert meaning(kind, content) is None or polled(kind, content)
    located({"geo_uri": first, "m.location": second})
    located({"geo_uri": GHENT, "m.location": first, "body": second})
