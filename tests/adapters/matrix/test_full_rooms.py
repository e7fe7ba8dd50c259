"""A room with very many people holds up nobody: what Plein reads of one is bounded, unless it is its own."""

from __future__ import annotations

import asyncio
import secrets
from pathlib import Path
from typing import Any

import nio

from adapters.matrix.crypto import PleinClient
from adapters.matrix.settings import Invitations
from adapters.matrix.spaces import Spaces
from adapters.matrix.state import MOST, leave_out, note_spaces
from adapters.matrix.welcome import Welcome, Word
from bot.model.people import Identity, Role
from bot.ports.storage import Transaction
from tests.adapters.matrix.bench import Bench
from tests.doubles.platform import open_town
from tests.doubles.proxy import Proxy
from tests.homeserver import Homeserver
from tests.plein import Plein
from tests.town import Town, board, numbers, says

Json = dict[str, Any]
ME = "matrix:@plein:x"
VERY_MANY = 20_000
# Without another thread it was 2 s where this was 0.15.
BLOCKED_FOR = 1.0


def state(kind: str, key: str, **content: Any) -> Json:
    return {
        "type": kind,
        "state_key": key,
        "content": content,
        "sender": "@mallory:localhost",
        "event_id": f"${secrets.token_hex(8)}",
        "origin_server_ts": 1,
    }


def members(count: int) -> list[Json]:
    return [
        {**state("m.room.member", f"@m{number}:far", membership="join"), "sender": f"@m{number}:far"}
        for number in range(count)
    ]


def fill(answer: Json, room: str, more: list[Json]) -> None:
    """Where Plein comes into that room, there is more to its state."""
    joined = answer.get("rooms", {}).get("join", {}).get(room)
    known = [*joined["state"]["events"], *joined["timeline"]["events"]] if joined else []
    if any(event["type"] == "m.room.create" for event in known):
        joined["state"]["events"] += more


async def test_plein_leaves_a_room_that_is_full_and_says_so(homeserver: Homeserver, tmp_path: Path) -> None:
    """To whoever invited it; invited there again it does not come, and others are answered all the while."""
    async with Proxy(homeserver.url) as proxy:
        plein = await Plein.on(homeserver, tmp_path, f"plein{next(numbers)}", url=proxy.url)
        town = Town(homeserver, plein)
        anna, mallory = await town.resident("anna"), await town.resident("mallory")
        room = await town.room(anna.person)
        await anna.person.say(room, '!peiling open "Een bank?" Ja | Nee')
        await board(anna.person, room, "Een bank?")
        full = await mallory.person.create_room()
        proxy.change("/sync", lambda answer: fill(answer, full, members(MOST + 1)))

        async def is_out() -> bool | None:
            return (await mallory.person.members(full)).get(plein.user_id) == "leave" or None

        await mallory.person.invite(full, plein.user_id)
        await mallory.told("te veel mensen")
        await mallory.person.wait_until(is_out)
        came = [entry for entry in proxy.seen if entry.startswith("POST") and "/join/" in entry]
        await anna.person.say(room, "!stem 1")
        await board(anna.person, room, "1. Ja: 1 stem")
        await mallory.person.invite(full, plein.user_id)
        await mallory.person.wait_until(is_out)
        assert [entry for entry in proxy.seen if entry.startswith("POST") and "/join/" in entry] == came

        # What is in it is read of spaces that are somebody's alone: of any other room Plein does not ask.
        spacious = await mallory.person.create_room()
        children = [state("m.space.child", f"!{number}:x", via=["x"]) for number in range(MOST + 1)]
        proxy.change("/sync", lambda answer: fill(answer, spacious, children))
        await mallory.person.invite(spacious, plein.user_id)
        await town.comes_to(mallory.person, spacious)
        await mallory.person.say(spacious, '!peiling open "Nog een bank?" Ja | Nee')
        await says(mallory.person, spacious, "Nog een bank?", key="board:")
        proxy.mend()
        assert await plein.stop() == 0


async def test_taking_in_very_much_is_done_beside_everything_else(bench: Bench) -> None:
    bot = await bench.client(PleinClient)
    host = await bench.server.person(f"h{secrets.token_hex(5)}")
    room = await host.create_room(invite=[bot.user_id])
    await bot.join(room)
    loop, longest, last = asyncio.get_running_loop(), 0.0, 0.0
    handle: asyncio.Handle | None = None
    many = members(VERY_MANY)
    bench.proxy.change("/sync", lambda answer: fill(answer, room, many), times=1)

    def tick() -> None:
        nonlocal longest, last, handle
        longest, last = max(longest, loop.time() - last), loop.time()
        handle = loop.call_later(0.01, tick)

    last = loop.time()
    handle = loop.call_soon(tick)
    answer = await bot.sync(full_state=True)
    tick()
    assert handle
    handle.cancel()
    assert isinstance(answer, nio.SyncResponse)
    assert len(answer.rooms.join[room].state) >= VERY_MANY
    assert longest < BLOCKED_FOR


def answer_of(room: str, events: list[Json], **others: Any) -> Json:
    return {"next_batch": "s1", "rooms": {"join": {room: {"state": {"events": events}}, **others}}}


async def test_what_is_a_communitys_own_is_taken_in_however_large(database_url: str) -> None:
    """What the configuration names, what is in its space, and what somebody with a role invited Plein to."""

    def add_moderator(tx: Transaction) -> None:
        who = Identity("matrix", "@mo:x")
        tx.people.add(who, "Mo")
        tx.people.grant(who, Role.MODERATOR)

    async with open_town(database_url) as town:
        await town.core.store.run(add_moderator)
        welcome, spaces = Welcome(town.core, ME, {"!named"}, Invitations()), Spaces(["!space"])
        await welcome.read()
        await welcome.note("!asked", Word("@anna:x"))
        await welcome.note("!invited", Word("@mo:x"))
        many, child = members(MOST + 1), {"state": {"events": [state("m.space.child", "!inside", via=["x"])]}}
        for room in ("!named", "!invited", "!inside"):
            answer = answer_of(room, list(many), **{"!space": child})
            note_spaces(answer, spaces)
            assert await leave_out(answer, spaces, welcome) == {}
            assert len(answer["rooms"]["join"][room]["state"]["events"]) == MOST + 1
        few = answer_of("!asked", many[:MOST])
        assert await leave_out(few, spaces, welcome) == {}
        answer = answer_of("!asked", list(many))
        assert await leave_out(answer, spaces, welcome) == {"!asked": "@anna:x"}
        assert answer["rooms"]["join"] == {}

        # What was said there meanwhile is nothing to go by, with all else of it unknown.
        again = Welcome(town.core, ME, (), Invitations())
        await again.read()
        later = answer_of("!asked", [])
        assert await leave_out(later, spaces, again) == {"!asked": "@anna:x"}
        assert not await again.takes("!asked", Word("@anna:x"))
        assert await again.takes("!asked", Word("@mo:x"))
        assert await leave_out(answer_of("!asked", list(many)), spaces, again) == {}


async def test_nothing_malformed_breaks_it() -> None:
    async with open_town("sqlite:///:memory:") as town:
        welcome, spaces = Welcome(town.core, ME, (), Invitations()), Spaces(["!space"])
        odd_rooms: list[Any] = [None, [], {"join": 3}, {"join": {"!r": 3, "!space": []}, "leave": []}]
        odd_parts: list[Any] = [3, {"events": 3}, {"events": [None, {"type": []}]}]
        odd_rooms += [{"join": {"!space": {"state": part, "timeline": part}}} for part in odd_parts]
        for rooms in odd_rooms:
            body: Json = {"next_batch": "s", "rooms": rooms}
            assert note_spaces(body, spaces) == set()
            assert await leave_out(body, spaces, welcome) == {}
