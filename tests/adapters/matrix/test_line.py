"""Who waits for a direct room where few may be made: whoever has been waiting longest has the next."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from adapters.matrix.outgoing import LEFT_THE_LINE, Outgoing
from adapters.matrix.rooms import Room
from bot.clock import HandClock
from bot.errors import TryLater

SECOND = timedelta(seconds=1)


class Server:
    """As much of a client as making a room takes: one a minute."""

    user_id = "@plein:x"
    invited_rooms: Mapping[str, object] = {}

    def __init__(self, clock: HandClock) -> None:
        self._clock = clock
        self._next = clock.now()
        self.made: list[str] = []

    async def create(self, method: str, path: str, body: Any = None) -> tuple[int, dict[str, Any]]:
        now = self._clock.now()
        if now < self._next:
            return 429, {"retry_after_ms": int((self._next - now) / timedelta(milliseconds=1))}
        self._next = now + timedelta(minutes=1)
        self.made += body["invite"]
        return 200, {"room_id": f"!{len(self.made)}"}


async def test_whoever_waits_longest_is_next_and_nobody_waits_for_who_left() -> None:
    clock = HandClock(datetime(2026, 12, 1, tzinfo=UTC))
    server, rooms = Server(clock), dict[str, Room]()
    outgoing = Outgoing(cast(Any, server), rooms, clock)
    outgoing.request = server.create  # type: ignore[method-assign]
    await outgoing._make_room("@first:x")
    for user in ("@anna:x", "@ben:x", "@mia:x"):
        clock.turn(SECOND)
        with pytest.raises(TryLater):
            await outgoing._make_room(user)
    clock.turn(timedelta(minutes=1))
    for user in ("@mia:x", "@ben:x"):
        with pytest.raises(TryLater) as later:
            await outgoing._make_room(user)
        assert later.value.unsent
    await outgoing._make_room("@anna:x")
    # Ben's word was withdrawn: nobody asks for a room of his any more.
    for _ in range(6):
        clock.turn(LEFT_THE_LINE / 5)
        try:
            await outgoing._make_room("@mia:x")
            break
        except TryLater:
            continue
    assert server.made == ["@first:x", "@anna:x", "@mia:x"]


async def test_of_the_direct_rooms_that_plein_left_nothing_is_remembered() -> None:
    """Whoever makes one, and another, and puts Plein out each time fills no memory."""
    clock = HandClock(datetime(2026, 12, 1, tzinfo=UTC))
    server, rooms = Server(clock), dict[str, Room]()
    outgoing = Outgoing(cast(Any, server), rooms, clock)

    async def noted(method: str, path: str, body: Any = None) -> tuple[int, dict[str, Any]]:
        return 200, {}

    outgoing.request = noted  # type: ignore[method-assign]
    for number in range(20):
        rooms = {f"!{number}": Room(f"!{number}")}
        outgoing._rooms = rooms
        await outgoing.note_direct("@anna:x", f"!{number}")
    assert outgoing.looks_direct("!19")
    assert outgoing._listed == {"!19"}
