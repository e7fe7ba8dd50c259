"""Who may what, in old rooms and in version 12."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.matrix.rooms import Room, put_out_by
from adapters.matrix.settings import PowerLevels
from bot.model.events import PutOut
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


BROKEN = [[], "100x", {"a": 1}, "²", "9" * 5000, "--5", math.inf, math.nan]


@pytest.mark.parametrize("broken", [None, *BROKEN])
def test_malformed_levels_give_nobody_power(broken: Any) -> None:
    found = room(levels(users={"@anna:x": broken}, users_default=broken, events={"m.room.name": broken}))
    assert found.level_of("@anna:x") == 0


@pytest.mark.parametrize(
    ("written", "level"),
    [
        (25.0, 25),
        (25.9, 25),
        (-0.5, 0),
        (1e300, 2**53 - 1),
        ("-" + "9" * 4000, 1 - 2**53),
        (" +25 ", 25),
        ("2_5", 25),
        ("٢٥", 25),
        ("-25", -25),
        (True, 1),
    ],
)
def test_levels_are_read_as_a_homeserver_reads_them(written: Any, level: int) -> None:
    """In versions before 10 they need not be whole numbers."""
    found = room(
        levels(
            users={"@anna:x": written},
            users_default=written,
            events={"m.room.message": written, "m.room.name": written},
            redact=written,
        )
    )
    assert [found.level_of(user) for user in ("@anna:x", "@ben:x")] == [level, level]
    assert [found.needed_to_change("m.room.name"), found.needed_to_write] == [level, level]
    assert found.needed_to_redact == level


@pytest.mark.parametrize("broken", BROKEN)
def test_what_cannot_be_read_may_give_anybody_power_and_is_counted_as_no_power(broken: Any) -> None:
    """Whoever asks who may change a room is told of everybody who may; nobody is led anywhere by it."""
    named = {"@mod:x": 100}
    found = room(levels(users={**named, "@anna:x": broken}))
    assert found.who_may_change("m.room.name") == frozenset({"@mod:x", "@anna:x"})
    for content in (
        {"users": broken if broken != {"a": 1} else []},
        {"users": named, "users_default": broken},
        {"users": named, "events": {"m.room.name": broken}},
        {"users": named, "state_default": broken},
        {"users": named, "kick": broken},
        {"users": named, "events": "all"},
    ):
        assert room(levels(**content)).who_may_change("m.room.name") is None
    found = room(levels(users=named, events={"m.room.message": broken}, state_default=broken, redact=broken))
    assert not found.may_write("@mod:x")
    assert found.level_of("@mod:x") < min(found.needed_to_change("m.room.name"), found.needed_to_redact)


@pytest.mark.parametrize("action", ["redact", "kick", "ban"])
def test_whoever_takes_away_or_puts_out_has_power_over_what_is_there(action: str) -> None:
    users = {"@mod:x": 100, "@anna:x": 49}
    assert room(levels(users=users)).who_may_change("m.room.name") == frozenset({"@mod:x"})
    assert room(levels(users=users, **{action: 49})).who_may_change("m.room.name") == frozenset(users)
    assert room(levels(users=users, **{action: 0})).who_may_change("m.room.name") is None


@pytest.mark.parametrize("version", ["org.matrix.hydra.11", "org.example.12", "²", "١٢", "9" * 5000])
def test_of_an_unknown_version_nobody_knows_who_has_power(version: str) -> None:
    found = room(("m.room.create", {"room_version": version}), levels(users={"@mod:x": 100}))
    assert found.who_may_change("m.room.name") is None


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
        ("@mod:x", {"m.room.tombstone": 50.0}, True),
        # What no homeserver reads nobody may.
        ("@mod:x", {"m.room.tombstone": "²"}, False),
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
    "called", ["", "!", "new", "$new:x", "!x\n2026 CRITICAL", "!\x1b[2J", f"!{'x' * 300}", 7]
)
def test_what_is_no_room_replaces_none_and_was_replaced_by_none(called: Any) -> None:
    found = room(
        ("m.room.create", {"room_version": "10", "predecessor": {"room_id": called, "event_id": "$x"}}),
        ("m.room.tombstone", {"replacement_room": called}),
    )
    assert (found.replacement, found.predecessor) == (None, None)


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


def test_whoever_is_asked_in_did_not_leave() -> None:
    """But for whom was in it, of whom nothing told that they left."""

    def membership(user: str, what: str) -> dict[str, Any]:
        return {"type": "m.room.member", "state_key": user, "content": {"membership": what}}

    room = Room("!r:h")
    room.apply(membership("@ben:h", "join"))
    events = [membership("@ann:h", "invite"), membership("@ben:h", "invite"), membership("@cas:h", "leave")]
    for event in events:
        room.apply(event)
    assert room.gone_of(events) == ["@ben:h", "@cas:h"]
    assert room.gone_of(events[:2]) == []


def test_who_was_put_out_is_whoever_somebody_else_put_out() -> None:
    """Also who came back since, or left by themselves after that; of each who did it the last time."""
    events: list[dict[str, Any]] = []

    def member(by: str, user: str, now: str, before: str) -> str:
        source = {"type": "m.room.member", "sender": by, "state_key": user, "content": {"membership": now}}
        source |= {"event_id": f"${len(events)}", "unsigned": {"prev_content": {"membership": before}}}
        events.append(source)
        return str(source["event_id"])

    member("@mo:h", "@ann:h", "leave", "join")
    member("@ann:h", "@ann:h", "join", "leave")
    ann_last = member("@mo:h", "@ann:h", "leave", "join")
    ann_plein = member("@plein:h", "@ann:h", "leave", "invite")
    member("@ann:h", "@ann:h", "join", "leave")
    ben = member("@mo:h", "@ben:h", "ban", "join")
    member("@mo:h", "@ben:h", "leave", "ban")
    member("@ben:h", "@ben:h", "join", "leave")
    member("@ben:h", "@ben:h", "leave", "join")
    member("@mo:h", "@cas:h", "invite", "leave")
    member("@cas:h", "@cas:h", "leave", "invite")
    assert sorted(put_out_by(events), key=lambda person: person.event) == [
        PutOut("@ann:h", "@mo:h", ann_last),
        PutOut("@ann:h", "@plein:h", ann_plein),
        PutOut("@ben:h", "@mo:h", ben),
    ]


@given(anything, anything, anything)
def test_no_malformed_event_puts_anybody_out(key: Any, content: Any, sender: Any) -> None:
    event = {"type": "m.room.member", "state_key": key, "content": content, "sender": sender}
    assert put_out_by([event]) == []
