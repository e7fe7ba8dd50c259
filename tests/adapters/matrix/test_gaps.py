"""What is kept of an event that cannot be read yet."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import nio
import pytest

from adapters.matrix.gaps import arrival_of, said_at

NOW = datetime(2027, 1, 15, 8, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def sealed(**more: Any) -> nio.Event:
    event = nio.Event.parse_encrypted_event(
        {
            "type": "m.room.encrypted",
            "event_id": "$e",
            "sender": "@anna:x",
            "origin_server_ts": 1_800_000_000_000,
            "content": {
                "algorithm": "m.megolm.v1.aes-sha2",
                "ciphertext": "x",
                "sender_key": "k",
                "device_id": "D",
                "session_id": "s",
            },
            **more,
        }
    )
    assert isinstance(event, nio.MegolmEvent)
    return event


def test_what_cannot_be_read_yet_is_kept() -> None:
    found = arrival_of(sealed(), "!r:x", "@plein:x", lambda *_: False, None, NOW)
    assert found
    assert found.undecryptable


@pytest.mark.parametrize(
    "wrong", [{"event_id": "$" + "e" * 255}, {"event_id": "$\0"}, {"sender": "@\ud800:x"}]
)
def test_what_no_database_holds_is_passed_over(wrong: dict[str, str]) -> None:
    """Nobody knows what it says, but it would hold up all that comes after it."""
    assert arrival_of(sealed(**wrong), "!r:x", "@plein:x", lambda *_: True, None, NOW) is None


@pytest.mark.parametrize(
    ("says", "heard_until", "is_taken_for"),
    [
        (-2 * MINUTE, -5 * MINUTE, -2 * MINUTE),
        (-5 * MINUTE, -2 * MINUTE, -2 * MINUTE),
        (-5 * MINUTE, None, -5 * MINUTE),
        (5 * MINUTE, -2 * MINUTE, 0 * MINUTE),
        (-5 * MINUTE, 5 * MINUTE, 0 * MINUTE),
    ],
    ids=["in between", "before", "never heard", "yet to come", "heard by a clock ahead"],
)
@pytest.mark.parametrize("sender", ["@anna:x", "@mallory:far"])
def test_another_server_is_believed_as_far_as_our_own_bears_it_out(
    sender: str, says: timedelta, heard_until: timedelta | None, is_taken_for: timedelta
) -> None:
    stamp = int((NOW + says).timestamp() * 1000)
    heard = None if heard_until is None else NOW + heard_until
    event = sealed(sender=sender, origin_server_ts=stamp)
    found = arrival_of(event, "!r:x", "@plein:x", lambda *_: True, heard, NOW)
    assert found
    assert found.at == NOW + (says if sender == "@anna:x" else is_taken_for)
    kept = json.loads(found.body)
    assert said_at(kept) == found.at
    assert kept["origin_server_ts"] == stamp, "its key opens it once for each moment that it names"


def test_nobody_says_themselves_what_is_kept_of_that() -> None:
    event = sealed(sender="@mallory:far", **{"be.plein.said_at": 1})
    found = arrival_of(event, "!r:x", "@plein:x", lambda *_: True, NOW - MINUTE, NOW)
    assert found
    assert said_at(json.loads(found.body)) == NOW
