"""Other servers that neither answer nor hang up, of which very much is wanted."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.matrix.test_guests import answered
from tests.doubles.proxy import Proxy
from tests.homeserver import Homeserver
from tests.plein import Plein
from tests.town import Resident, Town, numbers

HELP = "Wat ik voor je kan doen"
INVITED = '[matrix.invitations]\nservers = ["localhost", "dead.example"]\n'


async def is_answered_soon(resident: Resident) -> None:
    began = time.monotonic()
    await answered(resident.person, resident.direct, "!help", HELP)
    assert time.monotonic() - began < 15


async def has_asked(proxy: Proxy, what: tuple[str, ...], often: int) -> bool | None:
    return sum(any(word in line for word in what) for line in proxy.seen) >= often or None


@pytest.mark.parametrize("what", ["welcome", "stranger"])
async def test_who_asks_plein_into_rooms_of_a_server_that_is_silent(
    homeserver: Homeserver, tmp_path: Path, what: str
) -> None:
    """Many ask it into ten rooms each, as one may; that server lets nobody in, nor refuses. Or one stranger
    asks it into all of these: to decline takes their server's answer as well.
    """
    is_welcome = what == "welcome"
    async with Proxy(homeserver.url) as proxy:
        plein = await Plein.on(
            homeserver, tmp_path, f"plein{next(numbers)}", url=proxy.url, more=INVITED if is_welcome else ""
        )
        anna = await Town(homeserver, plein).resident("anna")
        await is_answered_soon(anna)
        proxy.seen.clear()
        proxy.hang("via=dead.example" if is_welcome else "POST /leave")
        proxy.change("GET /sync", partial(_ask_in, plein.user_id, 25, is_welcome=is_welcome), times=1)
        for _ in range(2):
            await is_answered_soon(anna)
        await anna.person.wait_until(partial(has_asked, proxy, ("/leave", "/join/"), 4), timeout=60)
        await is_answered_soon(anna)
        # Nor is whoever asks it in from elsewhere.
        ben = await Town(homeserver, plein).resident("ben")
        await is_answered_soon(ben)
        assert not await has_asked(proxy, ("/leave", "dead.example"), 6)
        proxy.mend()
        assert await plein.stop() == 0


def _ask_in(plein: str, people: int, body: dict[str, Any], *, is_welcome: bool) -> None:
    invited = {"type": "m.room.member", "state_key": plein, "content": {"membership": "invite"}}
    rooms = {
        f"!{who}-{number}:dead.example": {
            "invite_state": {
                "events": [{**invited, "sender": f"@far{who if is_welcome else 0}:dead.example"}]
            }
        }
        for who in range(people)
        for number in range(10)
    }
    body.setdefault("rooms", {}).setdefault("invite", {}).update(rooms)


async def test_a_crowd_for_whom_no_room_can_be_made(homeserver: Homeserver, tmp_path: Path) -> None:
    """In a room of the community they ask something that is answered in private: their server hears of no
    invitation, so that the room for it is not made for long.
    """
    async with Proxy(homeserver.url) as proxy:
        plein = await Plein.on(homeserver, tmp_path, f"plein{next(numbers)}", url=proxy.url)
        town = Town(homeserver, plein)
        anna = await town.resident("anna")
        room = await town.room(anna.person)
        await is_answered_soon(anna)
        proxy.hang("POST /createRoom")
        proxy.seen.clear()
        proxy.change("GET /sync", partial(_crowd, room, 250), times=1)
        for _ in range(2):
            await is_answered_soon(anna)
        await anna.person.wait_until(partial(has_asked, proxy, ("/createRoom",), 4), timeout=90)
        for _ in range(3):
            await is_answered_soon(anna)
        assert not await has_asked(proxy, ("/createRoom",), 5)
        proxy.mend()
        assert await plein.stop() == 0


def _crowd(room: str, people: int, body: dict[str, Any]) -> None:
    events, now = [], int(time.time() * 1000)
    for who in range(people):
        by = {"sender": f"@far{who}:dead.example", "origin_server_ts": now}
        joins = {"type": "m.room.member", "content": {"membership": "join"}, "state_key": by["sender"]}
        says = {"type": "m.room.message", "content": {"msgtype": "m.text", "body": "!mijn profiel"}}
        events += [{**by, **joins, "event_id": f"$in{who}"}, {**by, **says, "event_id": f"$far{who}"}]
    body.setdefault("rooms", {}).setdefault("join", {})[room] = {
        "timeline": {"events": events, "limited": False, "prev_batch": ""},
        "state": {"events": []},
        "ephemeral": {"events": []},
        "account_data": {"events": []},
        "summary": {},
        "unread_notifications": {},
    }


async def test_who_has_a_name_for_each_port_is_still_one_server(
    homeserver: Homeserver, tmp_path: Path
) -> None:
    """Of each four doors at a time are more than there are altogether."""
    async with Proxy(homeserver.url) as proxy:
        plein = await Plein.on(homeserver, tmp_path, f"plein{next(numbers)}", url=proxy.url)
        anna = await Town(homeserver, plein).resident("anna")
        await is_answered_soon(anna)
        proxy.seen.clear()
        proxy.hang("POST /leave")
        proxy.change("GET /sync", partial(_ask_in_by_ports, plein.user_id), times=1)
        await is_answered_soon(anna)
        await anna.person.wait_until(partial(has_asked, proxy, ("/leave",), 4), timeout=60)
        ben = await Town(homeserver, plein).resident("ben")
        await is_answered_soon(ben)
        proxy.mend()
        assert await plein.stop() == 0


def _ask_in_by_ports(plein: str, body: dict[str, Any]) -> None:
    invited = {"type": "m.room.member", "state_key": plein, "content": {"membership": "invite"}}
    servers = [f"dead.example:{8000 + number % 30}" for number in range(300)]
    rooms = {
        f"!{number}:{server}": {"invite_state": {"events": [{**invited, "sender": f"@far:{server}"}]}}
        for number, server in enumerate(servers)
    }
    body.setdefault("rooms", {}).setdefault("invite", {}).update(rooms)
