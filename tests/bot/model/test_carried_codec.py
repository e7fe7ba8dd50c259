"""What somebody said is kept and read again as it was; anything else is refused."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model.carried import Spoken
from bot.model.carried_codec import pack_spoken, unpack_spoken
from bot.model.files import Posted
from bot.rich import DEEPEST, Moment, Paragraph, Pointer, Quote, Rich, Shape, Words
from tests.rich import rich

AT = datetime(2026, 11, 29, 14, 5, tzinfo=UTC)
OTHERS: Rich = (
    Moment(AT, Shape.TIME),
    Paragraph((Words("een"),), apart=False),
    Pointer("!room:x", "$event", "https://matrix.to/#/x", (Words("daar"),)),
)
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just(AT.isoformat()),
    lambda inside: st.lists(inside, max_size=5),
)


@given(rich, st.text(), st.none() | st.integers(0))
def test_it_is_read_as_it_was(said: Rich, name: str, answers: int | None) -> None:
    for words in (said, (*said, *OTHERS)):
        spoken = Spoken(name, words, AT, answers, "https://x.be/a")
        assert unpack_spoken(pack_spoken(spoken)) == spoken


files = st.builds(
    Posted,
    *(st.text(max_size=9), st.text(max_size=9), st.none() | st.integers(0), st.text(max_size=5)),
    *(st.booleans(), st.text(max_size=5)),
)


@given(st.lists(files, max_size=3).map(tuple), st.booleans())
def test_files_are_read_as_they_were(posted: tuple[Posted, ...], forwarded: bool) -> None:
    spoken = Spoken("Mia", (), AT, files=posted, forwarded=forwarded)
    assert unpack_spoken(pack_spoken(spoken)) == spoken


@given(json_values)
def test_any_other_file_is_refused(value: Any) -> None:
    more = ({"files": value}, {"files": [value]}, {"forwarded": value}, {"x": value}, value)
    for each in more:
        with suppress(ValueError):
            spoken = unpack_spoken(json.dumps(["x", AT.isoformat(), None, "", [], each]))
            assert spoken.files or spoken.forwarded


def test_half_characters_and_as_deep_as_is_read() -> None:
    words: Rich = (Words("\ud800"),)
    for _ in range(DEEPEST):
        words = (Quote(words),)
    spoken = Spoken("\udfff", words, AT)
    assert unpack_spoken(pack_spoken(spoken)) == spoken
    with pytest.raises(ValueError, match="deep"):
        unpack_spoken(pack_spoken(Spoken("x", (Quote(words),), AT)))


@given(json_values)
def test_anything_else_is_refused(value: Any) -> None:
    for packed in (value, ["x", AT.isoformat(), None, "", value], ["x", AT.isoformat(), None, "", [value]]):
        with suppress(ValueError):
            spoken = unpack_spoken(json.dumps(packed))
            assert json.loads(pack_spoken(spoken)) == packed


@pytest.mark.parametrize(
    "node",
    [
        ["words", 1],
        ["words"],
        ["words", "a", "b"],
        ["styled", "blinking", []],
        ["heading", 8, []],
        ["heading", True, []],
        ["paragraph", [], 1],
        ["listed", [], "1"],
        ["listed", "ab", None],
        ["moment", "2026-11-29T14:05:00", "HH:mm"],
        ["mention", "cat", "Mia"],
        [[], "a"],
        "words",
    ],
)
def test_a_node_is_read_strictly(node: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        unpack_spoken(json.dumps(["Mia", AT.isoformat(), None, "", [node]]))


def test_what_never_ends_is_refused() -> None:
    with pytest.raises(ValueError, match=r"."):
        unpack_spoken("[" * 100_000)
