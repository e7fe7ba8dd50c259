"""Who may what, in old rooms and in version 12."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.matrix.rooms import Room
from adapters.matrix.settings import PowerLevels
from bot.model.people import Role

LEVELS = PowerLevels(moderator=50, organiser=25)


def room(*events: tuple[str, dict[str, Any]], by: str = "@maker:x") -> Room:
    found = Room("!r")
    for kind, content in events:
        found.apply({"type": kind, "state_key": "", "sender": by, "content": content})
    return found


def levels(**content: Any) -> tuple[str, dict[str, Any]]:
    return "m.room.power_levels", content


def test_in_version_12_creators_are_above_all() -> None:
    found = room(
        ("m.room.create", {"room_version": "12", "additional_creators": ["@two:x"]}),
        levels(users={"@mod:x": 50}, users_default=0),
    )
    assert found.level_of("@maker:x") == math.inf
    assert found.level_of("@two:x") == math.inf
    assert found.role_of("@maker:x", LEVELS) is Role.MODERATOR
    assert found.role_of("@mod:x", LEVELS) is Role.MODERATOR
    assert found.role_of("@anna:x", LEVELS) is Role.RESIDENT


def test_before_that_only_the_levels_count() -> None:
    found = room(("m.room.create", {"room_version": "10", "additional_creators": ["@two:x"]}))
    assert found.level_of("@maker:x") == 100
    assert found.level_of("@two:x") == 0
    found.apply({"type": "m.room.power_levels", "state_key": "", "content": {"users": {"@anna:x": "25"}}})
    assert found.level_of("@maker:x") == 0
    assert found.role_of("@anna:x", LEVELS) is Role.ORGANISER


def test_everybody_can_be_raised_at_once() -> None:
    assert room(levels(users_default=50)).role_of("@anna:x", LEVELS) is Role.MODERATOR


@pytest.mark.parametrize("broken", [None, [], "100x", True, {"a": 1}, 1.5, "²", "١٠٠", "9" * 5000, "--5"])
def test_malformed_levels_give_nobody_power(broken: Any) -> None:
    assert room(levels(users={"@anna:x": broken}, users_default=broken)).level_of("@anna:x") == 0


@pytest.mark.parametrize("version", ["²", "١٢", "org.example.12", "9" * 5000])
def test_a_version_that_is_no_number_is_none(version: str) -> None:
    found = room(("m.room.create", {"room_version": version}))
    assert found.level_of("@maker:x") == 100


@pytest.mark.parametrize(
    ("by", "needed", "leads"),
    [
        ("@mod:x", {}, True),
        ("@anna:x", {}, False),
        ("@anna:x", {"m.room.tombstone": 0}, True),
        ("@mod:x", {"m.room.tombstone": "²"}, True),
        ("@mod:x", {"m.room.tombstone": 60}, False),
    ],
)
def test_a_tombstone_holds_where_its_sender_may_place_one(by: str, needed: Any, leads: bool) -> None:
    found = room(("m.room.create", {"room_version": "10"}))
    stone = {"replacement_room": "!new"}
    found.apply({"type": "m.room.tombstone", "state_key": "", "sender": by, "content": stone})
    # Whatever comes first of the state.
    found.apply(
        {
            "type": "m.room.power_levels",
            "state_key": "",
            "sender": "@maker:x",
            "content": {"users": {"@mod:x": 50}, "events": needed},
        }
    )
    assert found.replacement == ("!new" if leads else None)


@pytest.mark.parametrize(
    ("user", "says", "live", "hours"),
    [
        ("@eva:far", -48, True, 0),
        ("@eva:far", 48, True, 0),
        ("@eva:far", -48, False, -48),
        ("@eva:home", -48, True, -48),
    ],
)
def test_no_other_servers_clock_says_since_when_somebody_is_there(
    user: str, says: int, live: bool, hours: int
) -> None:
    """Somebody who came just now says that it was two days ago, or is in two days."""
    now = datetime(2026, 12, 1, 12, tzinfo=UTC)
    told = int((now + timedelta(hours=says)).timestamp() * 1000)
    found = Room("!r", home="home")
    content = {"membership": "join"}
    joins = {"type": "m.room.member", "state_key": user, "content": content, "origin_server_ts": told}
    found.apply(joins, now if live else None)
    assert found.since(user) == now + timedelta(hours=hours)


def test_a_direct_room_is_for_two() -> None:
    found = Room("!r")
    for user, membership in (("@plein:x", "join"), ("@anna:x", "invite"), ("@gone:x", "leave")):
        found.apply({"type": "m.room.member", "state_key": user, "content": {"membership": membership}})
    assert found.is_for_two
    assert found.has("@anna:x")
    assert not found.has("@gone:x")
    found.apply({"type": "m.room.member", "state_key": "@ben:x", "content": {"membership": "join"}})
    assert not found.is_for_two


def test_whoever_comes_and_goes_leaves_nothing() -> None:
    found = Room("!r")
    for number in range(1_000):
        for membership in ("invite", "join", "leave" if number % 2 else "ban"):
            found.apply(
                {
                    "type": "m.room.member",
                    "state_key": f"@guest{number}:x",
                    "origin_server_ts": number,
                    "content": {"membership": membership},
                }
            )
    assert (len(found.members), len(found.came)) == (0, 0)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["users", "users_default", "membership", "predecessor", "room_id", "room_version", "name"]
            ),
            inner,
        )
    ),
)


@given(
    st.sampled_from(
        [
            "m.room.create",
            "m.room.power_levels",
            "m.room.member",
            "m.room.name",
            "m.room.tombstone",
            "m.room.topic",
        ]
    ),
    anything,
    anything,
    anything,
)
def test_no_malformed_state_breaks_it(kind: str, key: Any, content: Any, sender: Any) -> None:
    found = Room("!r")
    found.apply({"type": kind, "state_key": key, "content": content, "sender": sender})
    assert found.role_of("@anna:x", LEVELS) in Role
