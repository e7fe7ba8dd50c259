"""Attacks on the Matrix adapter and the core behind it, on the real homeserver."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.matrix.test_homes import NAME, SPACE, hall
from tests.doubles.proxy import Proxy
from tests.homeserver import Homeserver, Person
from tests.plein import Plein
from tests.town import Town, board, numbers, says

NOT_THEIRS = "alleen stemmen wie al aan dit thema meedeed"


@pytest.fixture
async def far(homeserver: Homeserver, tmp_path: Path) -> AsyncIterator[tuple[Town, Proxy]]:
    async with Proxy(homeserver.url) as proxy:
        plein = await Plein.on(homeserver, tmp_path, f"plein{next(numbers)}", url=proxy.url)
        yield Town(homeserver, plein), proxy
        assert await plein.stop() == 0, "\n".join(plein.log[-30:])


# --- 1 and 2: a stranger's space offered as a home ---


@pytest.mark.parametrize("how", ["control", "float", "float for all", "redacts and kicks"])
async def test_a_space_that_a_stranger_has_power_in_is_no_home(
    homeserver: Homeserver, tmp_path: Path, how: str
) -> None:
    async with Proxy(homeserver.url) as proxy:
        at = await hall(homeserver, proxy, tmp_path)
        town = Town(homeserver, at.plein)
        stranger = await homeserver.person(f"stranger{next(numbers)}")
        mo = at.mo.person.user_id
        theirs = await stranger.create_room(NAME, invite=[at.plein.user_id], version="5", **SPACE)
        await town.comes_to(stranger, theirs)
        levels = await stranger.state(theirs, "m.room.power_levels") or {}
        match how:
            case "control":
                new = {"users": {stranger.user_id: 100, mo: 100}}
            case "float":
                new = {"users": {stranger.user_id: 100.0, mo: 100}}
            case "float for all":
                new = {"users": {mo: 100}, "users_default": 100.0}
            case _:
                # Less than any change of state takes; enough to take away what is in it and put Plein out.
                new = {"users": {stranger.user_id: 49, mo: 100}, "redact": 49, "kick": 49, "ban": 49}
        await stranger.send_state(theirs, "m.room.power_levels", {**levels, **new})
        await at.told("!taal nl")
        offered = (await at.told("!gemeenschap richt in")).body
        chosen = (await at.told(f'!gemeenschap richt in "matrix:{theirs}"')).body
        # What the stranger has there, Mo never came into.
        assert (await stranger.members(theirs)).get(mo) is None
        if how == "redacts and kicks":
            # What a moderator puts there the stranger takes away, and Plein too.
            await stranger.invite(theirs, mo)
            await at.mo.person.join(theirs)
            child = await at.mo.person.send_state(theirs, "m.space.child", {"via": [homeserver.name]}, theirs)
            await stranger.redact(theirs, child)
            assert not await stranger.state(theirs, "m.space.child", theirs)
            await stranger.kick(theirs, at.plein.user_id)
        elif how != "control":
            await stranger.send_state(theirs, "m.space.child", {"via": [homeserver.name]}, theirs)
        assert f"Kies de space “{NAME}”" not in offered, offered
        assert "Vanaf nu" not in chosen, chosen
        assert await at.plein.stop() == 0


# --- 3: who left and came back ---


async def renamed(person: Person, room: str, name: str) -> None:
    content = {"membership": "join", "displayname": name}
    await person.send_state(room, "m.room.member", content, person.user_id)


@pytest.mark.parametrize("before", [False, True], ids=["control", "renamed before"])
async def test_who_left_while_plein_was_away_and_came_back_came_then(
    far: tuple[Town, Proxy], before: bool
) -> None:
    town, _ = far
    anna, cas = [await town.resident(name) for name in ("anna", "cas")]
    room = await town.room(anna.person, cas.person)
    if before:
        await renamed(cas.person, room, "Een ander")
    await anna.person.say(room, '!peiling open "Terug?" Ja | Nee --stemmers leden')
    number = (await board(anna.person, room, "Terug?")).poll
    assert await town.plein.stop() == 0
    await anna.person.kick(room, cas.person.user_id)
    await asyncio.sleep(0.1)
    await cas.person.join(room)
    for word in range(60):
        await anna.person.say(room, f"zo, nummer {word}")
    await town.plein.start()
    await cas.person.say(cas.direct, f"!stem 1 --peiling {number}")
    await cas.told(NOT_THEIRS, timeout=60)


@pytest.mark.parametrize("far_away", [False, True], ids=["here", "far"])
@pytest.mark.parametrize("gap", [False, True], ids=["control", "gap"])
async def test_who_left_while_the_line_was_down_and_came_back_came_then(
    far: tuple[Town, Proxy], gap: bool, far_away: bool
) -> None:
    town, proxy = far
    anna = await town.resident("anna")
    cas = await town.server.person(f"cas{next(numbers)}")
    if far_away:
        proxy.move(cas.user_id, "far.example.org")
    room = await town.room(anna.person, cas)
    await anna.person.say(room, '!peiling open "Terug?" Ja | Nee --stemmers leden')
    number = (await board(anna.person, room, "Terug?")).poll
    if gap:
        # What is under way already brings one thing more.
        proxy.hang_up("/sync")
        await anna.person.say(room, "hallo")
        await asyncio.sleep(2)
    await anna.person.kick(room, cas.user_id)
    await asyncio.sleep(0.1)
    await cas.join(room)
    for word in range(60):
        await anna.person.say(room, f"zo, nummer {word}")
    proxy.mend()
    said = await cas.say(room, f"!stem 1 --peiling {number}")

    def answers(event: dict[str, Any]) -> bool:
        """Plein's word or sign to that."""
        relation = event["content"].get("m.relates_to", {})
        return said in (relation.get("event_id"), relation.get("m.in_reply_to", {}).get("event_id"))

    answer = await anna.person.wait_for(room, answers)
    assert NOT_THEIRS in answer["content"].get("body", ""), answer


# --- 4: a vote after the end, said to be from before it ---


@pytest.mark.parametrize("away", [False, True], ids=["at once", "line down"])
@pytest.mark.parametrize("lies", [False, True], ids=["control", "lies"])
async def test_a_vote_after_the_end_counts_not_whatever_its_server_says(
    far: tuple[Town, Proxy], lies: bool, away: bool
) -> None:
    """A poll was closed by hand, and its opener knows; only then somebody of another server votes."""
    town, proxy = far
    anna = await town.resident("anna")
    mallory = await town.server.person(f"mallory{next(numbers)}")
    there = proxy.move(mallory.user_id, "far.example.org")
    room = await town.room(anna.person, mallory)
    await anna.person.say(room, '!peiling open "Te laat?" Ja | Nee')
    number = (await board(anna.person, room, "Te laat?")).poll
    opened_at = int(time.time() * 1000)

    def edit(body: dict[str, Any]) -> None:
        for found in body.get("rooms", {}).get("join", {}).values():
            for event in found["timeline"]["events"]:
                if event["type"] == "m.room.message" and event["sender"] == there:
                    event["origin_server_ts"] = opened_at

    if lies and not away:
        proxy.change("/sync", edit)
    await anna.person.say(anna.direct, f"!peiling sluit {number} --zeker")
    receipt = await anna.told("Te laat?", timeout=60)
    assert "sluit" in receipt.body.lower(), receipt.body
    if away:
        # The line is down before Plein has heard until then.
        proxy.hang_up("/sync")
        await asyncio.sleep(5)
    await mallory.say(room, f"!stem 2 --peiling {number}")
    if away:
        proxy.mend()
        if lies:
            proxy.change("/sync", edit)
    shows = await board(anna.person, room, "Te laat?", "Gesloten", timeout=60)
    assert "2. Nee: 1 stem" not in shows.body, shows.body


# --- 5: closing by hand, said to be from long ago ---


@pytest.mark.parametrize("lies", [False, True], ids=["control", "lies"])
async def test_closing_by_hand_waits_for_votes_that_wait_whatever_its_server_says(
    far: tuple[Town, Proxy], lies: bool
) -> None:
    """Whoever asked the poll is of another server, and closes it while a vote waits."""
    town, proxy = far
    anna = await town.resident("anna")
    mallory = await town.server.person(f"mallory{next(numbers)}")
    there = proxy.move(mallory.user_id, "far.example.org")
    room = await town.room(anna.person, mallory)
    await mallory.say(room, '!peiling open "Hangt er een?" Ja | Nee')
    number = (await board(anna.person, room, "Hangt er een?")).poll
    await anna.person.say(anna.direct, f"!peiling toon {number}")
    await anna.told("Hangt er een?")

    def edit(body: dict[str, Any]) -> None:
        for found in body.get("rooms", {}).get("join", {}).values():
            for event in found["timeline"]["events"]:
                if event["type"] == "m.room.message" and event["sender"] == there:
                    event["origin_server_ts"] = 1_000_000_000_000

    if lies:
        proxy.change("/sync", edit)
    # What she answers Plein looks up in the room's history.
    proxy.hang("/messages", times=1)
    await anna.person.say(anna.direct, "2")
    await asyncio.sleep(2)
    await mallory.say(room, f"!peiling sluit {number} --zeker")
    await asyncio.sleep(5)
    proxy.mend()
    shows = await board(anna.person, room, "Hangt er een?", "Gesloten", timeout=90)
    assert "2. Nee: 1 stem" in shows.body, shows.body


# --- 6: once an hour, by a clock of one's own ---


@pytest.mark.parametrize("lies", [False, True], ids=["control", "lies"])
async def test_whoever_edits_a_great_deal_fills_no_room_whatever_their_server_says(
    far: tuple[Town, Proxy], lies: bool
) -> None:
    town, proxy = far
    anna = await town.resident("anna")
    mallory = await town.server.person(f"mallory{next(numbers)}")
    there = proxy.move(mallory.user_id, "far.example.org")
    room = await town.room(anna.person, mallory)
    first = await mallory.say(room, "zo")
    hours: dict[str, int] = {}

    def edit(body: dict[str, Any]) -> None:
        for found in body.get("rooms", {}).get("join", {}).values():
            for event in found["timeline"]["events"]:
                if event["type"] == "m.room.message" and event["sender"] == there:
                    hour = hours.setdefault(event["event_id"], len(hours))
                    event["origin_server_ts"] = 1_000_000_000_000 + hour * 3_600_000

    if lies:
        proxy.change("/sync", edit)
    edits = 60
    for number in range(edits):
        await mallory.edit(room, first, f"!help {number}")
    began = time.monotonic()
    await anna.person.say(room, '!peiling open "En nu?" Ja | Nee')
    await board(anna.person, room, "En nu?")
    took = time.monotonic() - began
    await asyncio.sleep(20)
    told = [
        event
        for event in await anna.person.history(room)
        if event["sender"] == town.plein.user_id and there in str(event["content"].get("m.mentions"))
    ]
    told = told or [
        event
        for event in await anna.person.history(room)
        if event["sender"] == town.plein.user_id
        and mallory.user_id in str(event["content"].get("m.mentions"))
    ]
    print("said", len(told), "board after", took)
    assert len(told) == 1, (len(told), took)


@pytest.mark.parametrize("lies", [False, True], ids=["control", "lies"])
async def test_whoever_edits_a_great_deal_holds_up_nobody_whatever_their_server_says(
    limited_homeserver: Homeserver, tmp_path: Path, lies: bool
) -> None:
    """Where the homeserver takes a message a second from Plein; their own server sets them no limit."""
    async with Proxy(limited_homeserver.url) as proxy:
        plein = await Plein.on(limited_homeserver, tmp_path, f"plein{next(numbers)}", url=proxy.url)
        town = Town(limited_homeserver, plein)
        anna = await town.resident("anna")
        mallory = await town.server.person(f"mallory{next(numbers)}")
        await town.server.lift_limits(mallory.user_id)
        there = proxy.move(mallory.user_id, "far.example.org")
        room = await town.room(anna.person, mallory)
        await anna.person.say(room, '!peiling open "Nog even?" Ja | Nee')
        number = (await board(anna.person, room, "Nog even?")).poll
        first = await mallory.say(room, "zo")
        hours: dict[str, int] = {}

        def edit(body: dict[str, Any]) -> None:
            for found in body.get("rooms", {}).get("join", {}).values():
                for event in found["timeline"]["events"]:
                    if event["type"] == "m.room.message" and event["sender"] == there:
                        hour = hours.setdefault(event["event_id"], len(hours))
                        event["origin_server_ts"] = 1_000_000_000_000 + hour * 3_600_000

        if lies:
            proxy.change("/sync", edit)
        for word in range(100):
            await mallory.edit(room, first, f"!help {word}")
        await asyncio.sleep(10)
        began = time.monotonic()
        await anna.person.say(room, f"!peiling sluit {number} --zeker")
        await says(anna.person, room, "Gesloten: Nog even?", timeout=200)
        took = time.monotonic() - began
        print("closed after", took)
        assert took < 20, took
        assert await plein.stop() == 0


# --- 7: another name, while Plein was away ---


@pytest.mark.parametrize("again", [False, True], ids=["control", "renamed"])
async def test_who_is_far_and_has_a_new_name_was_there_before(far: tuple[Town, Proxy], again: bool) -> None:
    """Plein saw them come, before the poll and before it was away."""
    town, proxy = far
    anna = await town.resident("anna")
    ben = await town.server.person(f"ben{next(numbers)}")
    proxy.move(ben.user_id, "far.example.org")
    room = await town.room(anna.person)
    await ben.join(room)
    await anna.person.say(room, '!peiling open "Nieuwe naam?" Ja | Nee --stemmers leden')
    number = (await board(anna.person, room, "Nieuwe naam?")).poll
    assert await town.plein.stop() == 0
    if again:
        await renamed(ben, room, "Benjamin")
    await town.plein.start()
    said = await ben.say(room, f"!stem 1 --peiling {number}")

    def answers(event: dict[str, Any]) -> bool:
        relation = event["content"].get("m.relates_to", {})
        return said in (relation.get("event_id"), relation.get("m.in_reply_to", {}).get("event_id"))

    answer = await anna.person.wait_for(room, answers)
    assert NOT_THEIRS not in answer["content"].get("body", ""), answer


# --- 8: who moderates another community ---


@pytest.mark.parametrize("elsewhere", [False, True], ids=["control", "moderates another community"])
async def test_who_moderates_another_community_moderates_nothing_here(
    homeserver: Homeserver, tmp_path: Path, elsewhere: bool
) -> None:
    """A space in which they have power is no home, as that of a stranger is none."""
    async with Proxy(homeserver.url) as proxy:
        owner = await homeserver.person(f"owner{next(numbers)}")
        other = await homeserver.person(f"other{next(numbers)}")
        own = await owner.create_room("Dorp", public=True, **SPACE)
        stad = await owner.create_room("Stad", public=True, **SPACE)
        who = other.user_id if elsewhere else owner.user_id
        more = (
            f'[[communities]]\nname = "Dorp"\nspaces = ["{own}"]\n[[communities.residents]]\nMODERATOR\n'
            f'[[communities]]\nname = "Stad"\nspaces = ["{stad}"]\n[[communities.residents]]\n'
            f'accounts = ["matrix:{who}"]\nrole = "moderator"\nname = "Stads"\n'
        )
        at = await hall(homeserver, proxy, tmp_path, more=more)
        town = Town(homeserver, at.plein)
        for space in (own, stad):
            await town.comes_to(owner, space)
        via = {"via": [homeserver.name]}
        raden = await owner.create_room("Raden", invite=[at.plein.user_id], **SPACE)
        levels = await owner.state(raden, "m.room.power_levels") or {}
        shared = {**levels, "users": {owner.user_id: 100, other.user_id: 100}}
        if "users" in levels and owner.user_id not in levels["users"]:
            del shared["users"][owner.user_id]  # from version 12 on who made it is above all
        await owner.send_state(raden, "m.room.power_levels", shared)
        await town.comes_to(owner, raden)
        await owner.send_state(raden, "m.space.parent", via, own)
        await owner.send_state(own, "m.space.child", via, raden)
        offered = (await at.told("!gemeenschap richt in")).body
        assert "Kies de space “Dorp”" in offered
        assert "Raden" not in offered, offered
        assert await at.plein.stop() == 0
