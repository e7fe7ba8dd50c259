"""What waits in a room's queue, and what nobody waits for."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from adapters import inbox
from adapters.inbox import GIVE_UP_AFTER, MOST_AHEAD, MOST_WAITING, TRIES, InOrder
from bot.clock import HandClock
from bot.errors import StoreFailed, TryLater
from bot.model.events import Arrival
from bot.ports.adapter import Core


@dataclass
class Room:
    """Deals with what is said as it is told to: an exception is raised, an event waited for."""

    trouble: dict[str, Any] = field(default_factory=dict)
    dealt: list[str] = field(default_factory=list)
    acknowledged: list[int] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.clock = HandClock(datetime(2026, 5, 1, 12, 0, tzinfo=UTC))
        self.queue = InOrder(cast(Core, self), self.clock, self.deal)
        self._numbers = 0

    async def acknowledge(self, account: str, seqs: Sequence[int]) -> None:
        self.acknowledged += seqs

    async def deal(self, arrival: Arrival) -> None:
        trouble = self.trouble.get(arrival.id)
        if isinstance(trouble, list):
            trouble = trouble.pop(0) if trouble else None
        if isinstance(trouble, Exception):
            raise trouble
        if isinstance(trouble, asyncio.Event):
            await trouble.wait()
        self.dealt.append(arrival.id)
        self.changed.set()

    def say(self, who: str, *words: str) -> None:
        for word in words:
            self._numbers += 1
            self.queue.put("test", Arrival(word, "!room", "", self._numbers), who)

    async def until(self, *words: str) -> None:
        """Return once all of that was dealt with."""
        async with asyncio.timeout(30):
            while not set(words) <= set(self.dealt):
                self.changed.clear()
                await self.changed.wait()

    async def done(self) -> None:
        async with asyncio.timeout(30):
            await self.queue.idle()


@pytest.fixture
def room() -> Room:
    return Room()


async def test_everybody_in_order(room: Room) -> None:
    room.say("anna", "a1")
    room.say("ben", "b1")
    room.say("anna", "a2")
    await room.done()
    assert room.dealt == ["a1", "b1", "a2"]
    assert room.acknowledged == [1, 2, 3]


async def test_whoever_has_to_wait_waits_alone_and_in_order(room: Room) -> None:
    room.trouble["a1"] = [ConnectionError(), ConnectionError()]
    room.say("anna", "a1", "a2")
    room.say("ben", "b1", "b2")
    await room.done()
    assert room.dealt.index("b2") < room.dealt.index("a1") < room.dealt.index("a2")
    assert sorted(room.acknowledged) == [1, 2, 3, 4]


async def test_what_may_never_come_holds_up_nobody_else(room: Room) -> None:
    for number in range(6):
        room.trouble[f"a{number}"] = ConnectionError("that message is being noted")
        room.say("anna", f"a{number}")
    room.say("ben", "b1")
    began = room.clock.now()
    await room.until("b1")
    assert (room.clock.now() - began).total_seconds() < 2
    await room.done()
    assert room.dealt == ["b1"]
    assert len(room.acknowledged) == 7


async def test_what_takes_long_is_overtaken_and_the_same_person_waits_behind_it(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "OVERTAKEN_AFTER", 0.01)
    room.trouble["a1"] = held = asyncio.Event()
    room.say("anna", "a1", "a2")
    room.say("ben", "b1", "b2")
    await room.until("b1", "b2")
    assert room.dealt == ["b1", "b2"]
    held.set()
    await room.done()
    assert room.dealt == ["b1", "b2", "a1", "a2"]


async def test_many_that_each_take_a_while_go_behind_what_others_say(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "OVERTAKEN_AFTER", 0.05)
    flood = [f"a{number}" for number in range(15)]
    for word in flood:
        room.trouble[word] = asyncio.Event()
        asyncio.get_running_loop().call_later(0.03 * (int(word[1:]) + 1), room.trouble[word].set)
    room.say("anna", *flood)
    room.say("ben", "b1")
    await room.done()
    assert room.dealt.index("b1") < 10
    assert [word for word in room.dealt if word != "b1"] == flood


async def test_the_platforms_trouble_is_waited_out_with_an_end(room: Room) -> None:
    room.trouble["a1"] = TryLater(60)
    room.say("anna", "a1", "a2")
    began = room.clock.now()
    await room.done()
    assert room.clock.now() - began >= GIVE_UP_AFTER
    assert room.dealt == ["a2"]
    assert room.acknowledged == [1, 2]


async def test_the_database_is_waited_for_by_all(room: Room) -> None:
    room.trouble["a1"] = [StoreFailed()] * (TRIES + 3)
    room.say("anna", "a1")
    room.say("ben", "b1")
    await room.done()
    assert room.dealt == ["a1", "b1"]


async def test_what_everybody_waits_for_is_done_first(room: Room) -> None:
    room.trouble["gap"] = [TryLater(1), TryLater(1)]
    room.say("", "gap")
    room.say("anna", "a1")
    await room.done()
    assert room.dealt == ["gap", "a1"]


async def test_very_much_at_once_goes_behind_what_others_say(room: Room) -> None:
    flood = [f"a{number}" for number in range(10 * MOST_AHEAD)]
    room.say("anna", *flood)
    room.say("ben", "b1")
    await room.done()
    assert room.dealt.index("b1") <= MOST_AHEAD
    assert [word for word in room.dealt if word != "b1"] == flood


async def test_what_was_said_before_comes_first_and_very_much_of_it_behind_others(room: Room) -> None:
    flood = [f"a{number}" for number in range(10 * MOST_AHEAD)]
    before = [(Arrival(word, "!room", "", 1), "anna") for word in flood]
    before.append((Arrival("b1", "!room", "", 1), "ben"))

    async def deal(arrival: Arrival) -> None:
        if arrival.id == "gap":
            room.queue.put_first("test", before)
        room.dealt.append(arrival.id)

    room.queue = InOrder(cast(Core, room), room.clock, deal)
    room.say("", "gap")
    room.say("ben", "b2")
    room.say("anna", "last")
    await room.done()
    others = [word for word in room.dealt if word not in flood]
    assert others == ["gap", "b1", "b2", "last"]
    assert room.dealt.index("b2") <= MOST_AHEAD + 3
    assert [word for word in room.dealt if word in flood] == flood


async def test_of_one_person_so_much_waits_and_no_more(room: Room) -> None:
    room.trouble["a0"] = asyncio.Event()
    taken = 0
    for number in range(2 * MOST_WAITING):
        if room.queue.takes("!room", "anna"):
            taken += 1
            room.say("anna", f"a{number}")
    assert taken == MOST_WAITING
    assert room.queue.takes("!room", "ben")
    await asyncio.sleep(0)
    await room.queue.stop()


async def test_nothing_is_left_of_what_was_dealt_with(room: Room) -> None:
    room.trouble["a1"] = [ConnectionError()]
    room.say("anna", "a1", "a2")
    room.say("ben", "b1")
    await room.done()
    assert (len(room.queue._rooms), len(room.queue._aside), len(room.queue._tasks)) == (0, 0, 0)
