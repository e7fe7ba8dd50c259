"""Meetings on Matrix: who is in no private room with Plein is mentioned where they are, once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.doubles.proxy import Proxy
from tests.homeserver import Homeserver, Person, shown
from tests.plein import Plein
from tests.town import Resident, Town, board, numbers, says

STILL = "Kan je nog?"
WHY = "raakte privé niet bij je"


@pytest.fixture
async def hall(homeserver: Homeserver, tmp_path: Path) -> AsyncIterator[tuple[Town, Person, list[str]]]:
    """A theme with two rooms, and who looks after them."""
    mo = await homeserver.person(f"mo{next(numbers)}")
    rooms = [await mo.create_room(public=True) for _ in range(2)]
    places = ", ".join(f'"matrix:{room}"' for room in rooms)
    more = f'[[themes]]\nname = "Raad"\nplaces = [{places}]\n'
    plein = await Plein.on(homeserver, tmp_path, f"plein{next(numbers)}", more=more)
    town = Town(homeserver, plein)
    for room in rooms:
        await town.comes_to(mo, room)
    yield town, mo, rooms
    assert await plein.stop() == 0, "\n".join(plein.log[-30:])


async def answers(who: Person, room: str) -> None:
    """They may come, and the board shows that."""
    await who.join(room)
    await who.say(room, "!kom misschien")


async def mentioned(who: Person, room: str, words: str) -> list[set[str]]:
    """Whom each message with these words mentions, that is no edit of another."""
    return [
        set(event["content"].get("m.mentions", {}).get("user_ids", ()))
        for event in await who.history(room)
        if words in str(event.get("content", {}).get("body", "")) and "m.new_content" not in event["content"]
    ]


async def talks(town: Town, name: str) -> Resident:
    """Somebody who said something to Plein in private."""
    found = await town.resident(name)
    await found.person.say(found.direct, "!help")
    await found.told("Wat ik voor je kan doen")
    return found


async def test_who_is_in_no_private_room_is_mentioned_once_where_they_are(
    hall: tuple[Town, Person, list[str]],
) -> None:
    town, mo, rooms = hall
    rooms = sorted(rooms)
    asked = '!bijeenkomst plan "Sportraad" "over 30 minuten" --plaats Dorpshuis --zeker'
    await mo.say(rooms[0], asked)
    await board(mo, rooms[0], "Sportraad")
    # One left the private room, one never came into it, one has none, one reads along everywhere, one stays.
    left, stays = await talks(town, "anna"), await talks(town, "fien")
    never = await town.server.person(f"ben{next(numbers)}")
    second = await town.server.person(f"cas{next(numbers)}")
    both = await town.server.person(f"dirk{next(numbers)}")
    await both.join(rooms[1])
    for who, room in ((never, 0), (second, 1), (both, 0), (left.person, 1), (stays.person, 0)):
        await answers(who, rooms[room])
    await board(mo, rooms[0], "5 mensen")
    await never.say(rooms[0], "!herinneringen privé")

    async def invited() -> bool | None:
        return any(by == town.plein.user_id for by, _ in (await never.invitations()).values()) or None

    await never.wait_until(invited)
    await left.person.leave(left.direct)
    await mo.say(rooms[0], '!bijeenkomst verplaats "over 58 minuten"')
    await stays.told(STILL)

    async def all_told() -> bool | None:
        found = [who for room in rooms for whom in await mentioned(mo, room, STILL) for who in whom]
        wanted = [who.user_id for who in (left.person, never, second, both)]
        return sorted(found) == sorted(wanted) or None

    await mo.wait_until(all_told)
    at = {who: room for room in rooms for whom in await mentioned(mo, room, STILL) for who in whom}
    assert at == {
        left.person.user_id: rooms[1],
        never.user_id: rooms[0],
        second.user_id: rooms[1],
        both.user_id: rooms[0],
    }
    # Somebody in no private room hears why once there is one.
    await left.person.say(rooms[1], "!bijeenkomst mijn")
    await says(left.person, rooms[1], "Begin zelf een gesprek met mij")
    own = await left.person.create_room(invite=[town.plein.user_id], is_direct=True)
    await town.comes_to(left.person, own)
    await left.person.say(own, "!bijeenkomst mijn")
    await says(left.person, own, "Sportraad", WHY)
    await left.person.say(own, "!help")
    await says(left.person, own, "Wat ik voor je kan doen")
    whys = [message for message in shown(await left.person.history(own)) if WHY in message.body]
    assert len(whys) == 1
    await asyncio.gather(*(who.close() for who in (never, second, both)))


async def test_what_arrived_before_they_left_the_private_room_is_said_nowhere_else(
    homeserver: Homeserver, tmp_path: Path
) -> None:
    """Though the answer to it was lost."""
    async with Proxy(homeserver.url) as proxy:
        mo = await homeserver.person(f"mo{next(numbers)}")
        room = await mo.create_room(public=True)
        more = f'[[themes]]\nname = "Raad"\nplaces = ["matrix:{room}"]\n'
        plein = await Plein.on(homeserver, tmp_path, f"plein{next(numbers)}", more=more, url=proxy.url)
        town = Town(homeserver, plein)
        await town.comes_to(mo, room)
        await mo.say(room, '!bijeenkomst plan "Sportraad" "over 30 minuten" --plaats Dorpshuis --zeker')
        await board(mo, room, "Sportraad")
        anna = await talks(town, "anna")
        ben = await talks(town, "ben")
        for each in (anna, ben):
            await answers(each.person, room)
        await board(mo, room, "2 mensen")
        number = anna.direct.strip("!").partition(":")[0]
        proxy.lose_answer(f"PUT {number} send/m.room.message")
        await mo.say(room, '!bijeenkomst verplaats "over 58 minuten"')
        await anna.told(STILL)
        await anna.person.leave(anna.direct)
        await mo.say(room, "!kom misschien")
        await board(mo, room, "3 mensen")  # so Plein knows that by now
        proxy.mend()
        # What is told after that, also elsewhere, comes behind it.
        for place, who in (("Kerk", anna.person), ("Kapel", ben.person)):
            if who is ben.person:
                await who.leave(ben.direct)
            await mo.say(room, f"!bijeenkomst wijzig --plaats {place}")

            async def told(place: str = place, who: Person = who) -> bool | None:
                return any(who.user_id in whom for whom in await mentioned(mo, room, place)) or None

            await mo.wait_until(told)
        assert not any(await mentioned(mo, room, STILL))
        assert await plein.stop() == 0


async def test_who_left_the_private_room_hears_so_when_they_ask_for_something_there(
    hall: tuple[Town, Person, list[str]],
) -> None:
    town, _, rooms = hall
    anna, fien = await talks(town, "anna"), await talks(town, "fien")
    for who in (anna, fien):
        await who.person.join(rooms[0])
    await anna.person.leave(anna.direct)
    for who in (anna, fien):
        await who.person.say(rooms[0], '!herinner mij "morgen 9u" "formulier indienen"')
    await says(anna.person, rooms[0], "niets in privé sturen")
    await fien.told("Ik herinner je")
    assert not [
        event for event in await fien.person.history(fien.direct) if "Hier herinner ik je" in str(event)
    ]
