"""What is kept of an event that cannot be read yet."""

from __future__ import annotations

from typing import Any

import nio
import pytest

from adapters.matrix.gaps import arrival_of


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
    found = arrival_of(sealed(), "!r:x", "@plein:x", lambda *_: False)
    assert found
    assert found.undecryptable


@pytest.mark.parametrize(
    "wrong", [{"event_id": "$" + "e" * 255}, {"event_id": "$\0"}, {"sender": "@\ud800:x"}]
)
def test_what_no_database_holds_is_passed_over(wrong: dict[str, str]) -> None:
    """Nobody knows what it says, but it would hold up all that comes after it."""
    assert arrival_of(sealed(**wrong), "!r:x", "@plein:x", lambda *_: True) is None
