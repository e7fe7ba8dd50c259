"""Residents who have no direct room yet, where the homeserver allows few new ones."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.doubles.proxy import Proxy
from tests.homeserver import UNLIMITED, Homeserver, Person
from tests.plein import Plein
from tests.town import Town, board, native_poll, numbers, says

ASK = '!peiling open "Nieuwe skatebaan?" Ja | Nee'
# Synapse's own, but that its ten at once are two here.
FEW_ROOMS: dict[str, Any] = {"rc_room_creation": {"per_second": 0.016, "burst_count": 2}}
# Nothing chosen: all that a homeserver limits by itself.
DEFAULTS: dict[str, Any] = {kind: {} for kind in UNLIMITED}


async def rooms_made(proxy: Proxy) -> int:
    return sum(line.endswith("/createRoom") for line in proxy.seen)


@pytest.fixture
async def few(tmp_path: Path) -> AsyncIterator[tuple[Town, Proxy]]:
    async with (
        await Homeserver.start(tmp_path / "server", durable=False, settings=FEW_ROOMS) as server,
        Proxy(server.url) as proxy,
    ):
        plein = await Plein.on(server, tmp_path, f"plein{next(numbers)}", url=proxy.url)
        yield Town(server, plein), proxy
        assert await plein.stop() == 0, "\n".join(plein.log[-30:])


async def test_a_vote_that_is_seen_needs_no_room_and_help_comes_at_once(few: tuple[Town, Proxy]) -> None:
    town, proxy = few
    anna = await town.resident("anna")
    room = await town.room(anna.person)
    await anna.person.say(room, ASK)
    shows = await board(anna.person, room, "Nog niemand stemde")
    poll = await native_poll(anna.person, room)
    voters = [await town.server.person(f"voter{next(numbers)}") for _ in range(6)]
    for voter in voters:
        await voter.join(room)
    for voter in voters[:3]:
        await voter.react(room, shows.event_id, "1️⃣")
    for voter in voters[3:]:
        await voter.answer(room, poll["event_id"], ["2"])
    newcomer = await town.server.person(f"new{next(numbers)}")
    await newcomer.join(room)
    await newcomer.say(room, "!help")
    told = await says(newcomer, room, "Wat ik voor je kan doen")
    assert told.content["m.mentions"] == {"user_ids": [newcomer.user_id]}
    await newcomer.say(room, "!peling")
    await says(newcomer, room, "`!peling` ken ik niet")
    await board(anna.person, room, "1. Ja: 3 stemmen", "2. Nee: 3 stemmen")
    assert await rooms_made(proxy) == 0

    # What is wrong is for them alone, and has to be said; whoever has a direct room hears that it counted.
    await anna.person.react(room, shows.event_id, "1️⃣")
    await anna.told("je koos Ja")
    await anna.person.say(anna.direct, "!peiling sluit --zeker")
    await says(anna.person, room, "Gesloten: Nieuwe skatebaan?")
    await voters[0].react(room, shows.event_id, "2️⃣")

    async def invited() -> list[str]:
        return await voters[0].direct_rooms_with(town.plein.user_id)

    assert len(await voters[0].wait_until(invited)) == 1


async def politely(person: Person, what: Any) -> Any:
    """As a client does it: what the homeserver has no time for is tried again."""
    while True:
        try:
            return await what()
        except (AssertionError, aiohttp.ClientError) as refused:
            if "M_LIMIT_EXCEEDED" not in str(refused):
                raise
            await asyncio.sleep(1)


@pytest.mark.soak
async def test_forty_voters_with_all_limits_that_a_homeserver_has_by_itself(tmp_path: Path) -> None:
    async with (
        await Homeserver.start(tmp_path / "server", durable=False, settings=DEFAULTS) as server,
        Proxy(server.url) as proxy,
    ):
        plein = await Plein.on(server, tmp_path, f"plein{next(numbers)}", url=proxy.url)
        town = Town(server, plein)
        anna = await town.resident("anna")
        room = await town.room(anna.person)
        await anna.person.say(room, ASK)
        shows = await board(anna.person, room, "Nog niemand stemde")
        voters = [await town.server.person(f"voter{next(numbers)}") for _ in range(40)]

        async def votes(voter: Person) -> None:
            await politely(voter, lambda: voter.join(room))
            await politely(voter, lambda: voter.react(room, shows.event_id, "1️⃣"))

        await asyncio.gather(*map(votes, voters))
        began = asyncio.get_running_loop().time()
        newcomer = await town.server.person(f"new{next(numbers)}")
        await politely(newcomer, lambda: newcomer.join(room))
        await newcomer.say(room, "!help")
        await says(newcomer, room, "Wat ik voor je kan doen")
        await board(anna.person, room, "1. Ja: 40 stemmen", timeout=300)
        assert asyncio.get_running_loop().time() - began < 120
        assert await rooms_made(proxy) == 0
        assert await plein.stop() == 0
