"""What a button carries says by itself what a press means, and nothing that others make up is believed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.discord import ids
from adapters.discord.ids import (
    LONGEST,
    Filled,
    Own,
    Referred,
    choose,
    form_at,
    read,
    refer,
    spell,
)

PLAIN = st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.floats()
VALUES = PLAIN | st.lists(PLAIN, max_size=4).map(tuple)
ARGS = st.dictionaries(st.text(max_size=8), VALUES, max_size=3)


def test_a_vote_is_short() -> None:
    spelled = spell("poll tick", {"poll": 123_456, "option": 20})
    assert spelled == '1cpoll tick{"poll":123456,"option":20}'
    assert read(spelled) == Filled("poll tick", {"poll": 123_456, "option": 20})


def test_numbers_come_back_as_tuples() -> None:
    spelled = spell("poll choose", {"poll": 1, "numbers": (1, 3)})
    assert spelled
    assert read(spelled) == Filled("poll choose", {"poll": 1, "numbers": (1, 3)})


def test_forms_and_lists_are_told_apart_from_presses() -> None:
    spelled = [
        spell("poll open", {"poll": 1}),
        choose("poll open", {"poll": 1}),
        refer("discord:1234567890123456789", 1),
        refer("discord:1234567890123456789", 0, form=True),
        refer(None, 1),
        refer(None, form=True),
        form_at(1234567890123456789),
    ]
    assert len({*spelled}) == len(spelled)
    assert [read(custom_id or "") for custom_id in spelled] == [
        Filled("poll open", {"poll": 1}),
        Filled("poll open", {"poll": 1}, chosen=True),
        Referred("discord:1234567890123456789", 1),
        Referred("discord:1234567890123456789", 0, form=True),
        Own(1),
        Own(0, form=True),
        Own(0, form=True, message_id="1234567890123456789"),
    ]


@pytest.mark.parametrize(
    "args",
    [
        {"question": "?" * 90},
        {"question": "\N{PARTY POPPER}" * 45},  # twice as long as it looks
        {"closes": datetime(2026, 12, 1, tzinfo=UTC)},
        {"mean": float("nan")},
        {"poll": 2**70},
        {"question": "\ud800"},
        {1: "a"},
    ],
)
def test_what_does_not_fit_or_would_change_is_not_spelled(args: Any) -> None:
    assert spell("poll open", args) is None


def test_every_moment_of_a_year_can_be_asked_back() -> None:
    args = {"poll": 12_345, "until": "2026-12-11T20:00:00+00:00"}
    assert read(spell("poll extend", args) or "") == Filled("poll extend", args)


@given(st.text(max_size=20), ARGS, st.booleans())
def test_what_is_read_is_what_was_spelled(command: str, args: dict[str, Any], chosen: bool) -> None:
    spelled = (choose if chosen else spell)(command, args)
    if spelled is not None:
        assert 0 < len(spelled) <= LONGEST
        assert read(spelled) == Filled(command, args, chosen)


@given(st.none() | st.text(min_size=1, max_size=40), st.integers(0, 24), st.booleans())
def test_a_reference_comes_back(invocation_id: str | None, number: int, form: bool) -> None:
    meant = Own(number, form) if invocation_id is None else Referred(invocation_id, number, form)
    assert read(refer(invocation_id, number, form=form)) == meant


HOSTILE = st.text() | st.builds(
    "".join, st.lists(st.sampled_from([*'1cnagpo {}[]":,0-9', "\ud800", "\0", "poll", "NaN"]), max_size=60)
)


@given(HOSTILE)
def test_nothing_made_up_breaks_it(custom_id: str) -> None:
    found = read(custom_id)
    if isinstance(found, Filled):
        again = (choose if found.chosen else spell)(found.command, found.args)
        assert again is None or isinstance(read(again), Filled)
    elif isinstance(found, Referred):
        assert refer(found.invocation_id, found.number, form=found.form) == custom_id
    elif isinstance(found, Own):
        assert custom_id.startswith(refer(None, found.number, form=found.form))


@pytest.mark.parametrize(
    "custom_id",
    [
        "",
        "1",
        "1c",
        "1cpoll",
        "1cpoll[1]",
        "1cpoll{",
        "1cpoll{} ",
        "0cpoll{}",
        "1a-1 x",
        "1a01 x",
        "1a٣ x",
        "vote:3",
        '1c{"' + "x" * 100 + '":1}',
        "1c" + '{"a":' * 500 + "1" + "}" * 500,
    ],
)
def test_what_others_wrote_means_nothing(custom_id: str) -> None:
    assert read(custom_id) is None


@pytest.mark.parametrize(
    "made_up",
    [
        '1cpoll tick{"poll":18446744073709551615}',
        '1cpoll vote{"answer":"a\\u0000"}',
        '1cpoll choose{"numbers":[[9223372036854775808]]}',
        '1cpoll tick{"a\\u0000":1}',
    ],
)
def test_what_no_database_holds_is_nothing(made_up: str) -> None:
    """Plein never wrote it, so nobody's press is answered by an error of its own."""
    assert read(made_up) is None


def test_which_message_it_is_about_is_not_spelled_nor_read() -> None:
    """Whoever makes one up would have a link of theirs shown to others."""
    about = {"who": "<@1>", "@about": ["1", "2026-01-01T00:00:00+00:00", "https://evil.example"]}
    assert ids.spell("thank", about) is None
    assert ids.ask("thank", about) is None
    assert ids.read('1cthank{"@about":["1","2026-01-01T00:00:00+00:00","x"]}') is None
