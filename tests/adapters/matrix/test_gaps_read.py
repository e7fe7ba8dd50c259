"""What the server left out of a room's news is read in few steps, however much of it is nothing to Plein."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest

from adapters.matrix import gaps
from adapters.matrix.crypto import PleinClient
from adapters.matrix.gaps import PRIVATELY, Gap, left_out
from adapters.matrix.session import Session
from bot.clock import SystemClock
from bot.model.events import Arrival
from tests.adapters.matrix.bench import Bench, Json
from tests.homeserver import Person

PAGE, MOST_OF_ONE = 10, 20


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gaps, "PAGE", PAGE)
    monkeypatch.setattr(gaps, "MOST_OF_ONE", MOST_OF_ONE)


class Room:
    """A room with Plein's client in it, which then is away."""

    def __init__(self, bench: Bench, bot: Any, anna: Person, id: str, since: str) -> None:
        self.bench = bench
        self.bot = bot
        self.anna = anna
        self.id = id
        self.since = since

    @classmethod
    async def on(cls, bench: Bench) -> Room:
        bot = await bench.client(PleinClient)
        anna = await bench.server.person(f"anna{secrets.token_hex(4)}")
        room = await anna.create_room(invite=[bot.user_id], public=True)
        await bot.join(room)
        return cls(bench, bot, anna, room, (await bot.sync(full_state=True)).next_batch)

    async def left_out(self, *, alone: bool = False) -> Sequence[Arrival]:
        """What matters of what was said since then: commands."""
        until = (await self.bot.sync()).next_batch
        on = cast(Session, SimpleNamespace(client=self.bot, me=self.bot.user_id, clock=SystemClock()))
        self.bench.proxy.seen.clear()
        return await left_out(on, self.id, Gap(self.since, until, alone), _is_command)

    @property
    def pages(self) -> int:
        return sum("/messages" in request for request in self.bench.proxy.seen)


def _is_command(room: str, event: Any) -> bool:
    return str(event["content"].get("body", "")).startswith("!")


def words(arrivals: Sequence[Arrival]) -> list[str]:
    return [json.loads(arrival.body)["content"]["body"] for arrival in arrivals]


async def test_what_one_person_said_in_heaps_is_not_read_through(bench: Bench) -> None:
    room = await Room.on(bench)
    mallory = await bench.server.person(f"mallory{secrets.token_hex(4)}")
    await mallory.join(room.id)
    await room.anna.say(room.id, "!stem 1")
    for number in range(8 * PAGE):
        await mallory.say(room.id, f"zo {number}")
    await mallory.say(room.id, "!stem 2")
    found = await room.left_out(alone=True)
    assert words(found) == ["!stem 1", "!stem 2"]
    assert room.pages <= 4
    # Whether she was there all the while was not looked at.
    assert not any(json.loads(arrival.body)[PRIVATELY] for arrival in found)


async def test_what_no_event_of_which_kind_matters_is_not_brought(bench: Bench) -> None:
    room = await Room.on(bench)
    await room.anna.say(room.id, "!stem 1")
    for number in range(4 * PAGE):
        await room.anna.send(room.id, "be.odd", {"number": number})
    assert words(await room.left_out()) == ["!stem 1"]
    assert room.pages <= 2


async def test_a_page_on_which_nothing_matters_is_not_the_last(bench: Bench) -> None:
    """A homeserver may look at so many events and give those of them that were asked for: none."""
    room = await Room.on(bench)
    await room.anna.say(room.id, "!stem 1")
    for number in range(PAGE):
        await room.anna.say(room.id, f"zo {number}")

    def none(answer: Json) -> None:
        answer["chunk"] = []

    bench.proxy.change("/messages", none, times=1)
    assert words(await room.left_out()) == ["!stem 1"]


async def test_what_was_said_before_plein_came_is_not_for_it(bench: Bench) -> None:
    """That it came is among what is asked for, though Plein itself did that."""
    room = await Room.on(bench)
    await room.bot.room_leave(room.id)
    await room.anna.say(room.id, "!stem 1")
    await room.bot.join(room.id)
    await room.anna.say(room.id, "!stem 2")
    assert words(await room.left_out()) == ["!stem 2"]
