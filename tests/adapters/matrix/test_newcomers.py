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

    # What is wrong has to be said, beside the board; whoever has a direct room hears that it counted.
    await anna.person.react(room, shows.event_id, "1️⃣")
    await anna.told("je koos Ja")
    await anna.person.say(anna.direct, "!peiling sluit --zeker")
    await says(anna.person, room, "Gesloten: Nieuwe skatebaan?")
    await voters[0].react(room, shows.event_id, "2️⃣")
    late = await says(voters[0], room, "is al gesloten")
    assert late.content["m.mentions"] == {"user_ids": [voters[0].user_id]}
    assert late.content["m.relates_to"] == {"m.in_reply_to": {"event_id": shows.event_id}}
    assert await rooms_made(proxy) == 0


async def test_a_typed_vote_that_is_no_secret_gets_a_sign_and_needs_no_room(few: tuple[Town, Proxy]) -> None:
    town, proxy = few
    anna = await town.resident("anna")
    room = await town.room(anna.person)
    await anna.person.say(room, ASK)
    shows = await board(anna.person, room, "Nog niemand stemde")
    voters = [await town.server.person(f"voter{next(numbers)}") for _ in range(4)]
    for voter in voters:
        await voter.join(room)
    votes = [await voter.say(room, "!stem 2") for voter in voters[:3]]
    reply = {"m.relates_to": {"m.in_reply_to": {"event_id": shows.event_id}}}
    votes.append(await voters[3].say(room, "1", **reply))
    for vote in votes:
        await signed(voters[0], room, town.plein.user_id, vote)
    await board(anna.person, room, "1. Ja: 1 stem", "2. Nee: 3 stemmen")
    wrong = await voters[0].say(room, "!stem 9")
    answer = await says(voters[0], room, "Keuze 9 is er niet")
    assert answer.content["m.relates_to"] == {"m.in_reply_to": {"event_id": wrong}}
    assert answer.content["m.mentions"] == {"user_ids": [voters[0].user_id]}
    assert await rooms_made(proxy) == 0

    # With another poll open it is asked there which one is meant, and answered there.
    await anna.person.say(room, '!peiling open "Nieuwe goals?" Ja | Nee')
    second = await board(anna.person, room, "Nieuwe goals?")
    await voters[1].say(room, "!stem 1")
    which = await says(voters[1], room, "Welke bedoel je?", f"[1] Nieuwe goals? (nummer {second.poll})")
    chosen = await voters[1].say(
        room, "1", **{"m.relates_to": {"m.in_reply_to": {"event_id": which.event_id}}}
    )
    await signed(voters[1], room, town.plein.user_id, chosen)
    await board(anna.person, room, "Nieuwe goals?", "1. Ja: 1 stem")
    assert await rooms_made(proxy) == 0

    # What nobody is to see is asked in private, though that takes a room.
    await anna.person.say(room, '!peiling open "Stil?" Ja | Nee --uitslag einde')
    secret = await board(anna.person, room, "Stil?")
    seen = await voters[2].say(room, f"!stem 1 --peiling {secret.poll}")

    async def invited() -> list[str]:
        return await voters[2].direct_rooms_with(town.plein.user_id)

    assert len(await voters[2].wait_until(invited)) == 1
    assert not any(sign == seen for sign in await signs(voters[2], room, town.plein.user_id))


async def test_where_plein_may_put_nothing_it_is_said_to_them_alone(few: tuple[Town, Proxy]) -> None:
    town, _ = few
    anna = await town.resident("anna")
    room = await town.room(anna.person)
    await anna.person.say(room, ASK)
    await board(anna.person, room, "Nog niemand stemde")
    levels = await anna.person.state(room, "m.room.power_levels") or {}
    await anna.person.send_state(
        room, "m.room.power_levels", {**levels, "events": {**levels.get("events", {}), "m.reaction": 50}}
    )
    voter = await town.server.person(f"voter{next(numbers)}")
    await voter.join(room)
    await voter.say(room, "!stem 2")
    await board(anna.person, room, "2. Nee: 1 stem")

    async def invited() -> list[str]:
        return await voter.direct_rooms_with(town.plein.user_id)

    (alone,) = await voter.wait_until(invited)
    await voter.join(alone)
    # What is said there nobody reads over the wire.
    await voter.wait_for(alone, lambda event: event["type"] == "m.room.encrypted")
    assert not await signs(voter, room, town.plein.user_id)


async def signs(person: Person, room: str, of: str) -> list[str]:
    """The events that Plein put its sign beside."""
    events = await person.history(room)
    relations = [
        event["content"].get("m.relates_to", {})
        for event in events
        if event["type"] == "m.reaction" and event["sender"] == of
    ]
    assert all(relation["key"] == "✅" for relation in relations if relation)
    return [relation["event_id"] for relation in relations if relation]


async def signed(person: Person, room: str, of: str, event: str, *, timeout: float = 120) -> None:
    """Wait until that event has the sign, once."""

    async def look() -> bool | None:
        return event in await signs(person, room, of) or None

    await person.wait_until(look, timeout=timeout)
    assert (await signs(person, room, of)).count(event) == 1


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
@pytest.mark.parametrize("typed", [False, True], ids=["by-reaction", "typed"])
async def test_forty_voters_with_all_limits_that_a_homeserver_has_by_itself(
    typed: bool, tmp_path: Path
) -> None:
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

        async def votes(voter: Person) -> str:
            await politely(voter, lambda: voter.join(room))
            if typed:
                return str(await politely(voter, lambda: voter.say(room, "!stem 1")))
            return str(await politely(voter, lambda: voter.react(room, shows.event_id, "1️⃣")))

        newcomer = await town.server.person(f"new{next(numbers)}")
        await politely(newcomer, lambda: newcomer.join(room))
        cast = await asyncio.gather(*map(votes, voters))
        loop = asyncio.get_running_loop()
        began = loop.time()
        await newcomer.say(room, "!help")
        await says(newcomer, room, "Wat ik voor je kan doen", timeout=60)
        helped = loop.time() - began
        assert helped < 30, "help goes before what many are told"
        if typed:
            assert len(await signs(newcomer, room, plein.user_id)) < 40, "which had yet to be said"
        await board(anna.person, room, "1. Ja: 40 stemmen", timeout=300)
        assert loop.time() - began < 120
        for vote in cast if typed else ():
            await signed(newcomer, room, plein.user_id, vote, timeout=400)
        print(f"helped after {helped:.1f} s, all is said after {loop.time() - began:.1f} s")
        assert await rooms_made(proxy) == 0
        assert await plein.stop() == 0
