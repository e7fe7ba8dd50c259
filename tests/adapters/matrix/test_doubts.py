"""Of one room it cannot be read who came into it meanwhile, or not yet: nobody elsewhere waits for that."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import pytest

from adapters.matrix.newcomers import MOST_PAGES
from tests.adapters.matrix.test_since import NOT_THEIRS, line_down, renamed, talk
from tests.doubles.proxy import Proxy
from tests.homeserver import Homeserver, Person
from tests.plein import Plein
from tests.town import Resident, Town, board, numbers, says

ASK = '!peiling open "{}" Ja | Nee'
GIVEN_UP = "cannot be read"
VOTED = "je koos Ja"


def spoil(proxy: Proxy, room: str, how: str) -> None:
    """What was said there before cannot be read."""
    for written in (room, quote(room)):
        if how == "500":
            proxy.answer(f"/rooms/{written}/messages", 500, "{}")
        else:
            proxy.hang(f"/rooms/{written}/messages")


async def asked(person: Person, room: str, what: str) -> str:
    """The vote that a poll for who was there by then takes."""
    await person.say(room, f"{ASK.format(what)} --stemmers leden")
    return f"!stem 1 --peiling {(await board(person, room, what)).poll}"


async def voted(resident: Resident, vote: str) -> str:
    """What they are answered."""
    event = await resident.person.say(resident.direct, vote)
    return (await says(resident.person, resident.direct, key=f"answer:matrix:{event}")).body


async def may_vote(resident: Resident, vote: str) -> None:
    """It is read again after a while."""

    async def counts() -> bool | None:
        return VOTED in await voted(resident, vote) or None

    await resident.person.wait_until(counts)


@pytest.mark.parametrize("how", ["500", "hangs"])
async def test_one_room_keeps_plein_from_no_start(far: tuple[Town, Proxy], how: str) -> None:
    """Who is in doubt there is refused until it can be read, by then nothing was lost of it."""
    town, proxy = far
    eve, ben = await town.resident("eve"), await town.resident("ben")
    own, room = await town.room(eve.person, ben.person), await town.room(ben.person)
    vote = await asked(ben.person, own, "Van wie?")
    await ben.person.say(room, ASK.format("Een bank?"))
    await board(ben.person, room, "Een bank?")
    assert await town.plein.stop() == 0
    await renamed(eve.person, own, "Eva")
    spoil(proxy, own, how)
    await town.plein.start()
    await ben.person.say(room, ASK.format("Nog een bank?"))
    await board(ben.person, room, "Nog een bank?")
    assert NOT_THEIRS in await voted(eve, vote)
    await town.plein.says(GIVEN_UP)
    proxy.mend()
    await may_vote(eve, vote)


async def test_a_history_that_hangs_holds_up_nobody_elsewhere(far: tuple[Town, Proxy]) -> None:
    """What was between is not told, and somebody there has a new name."""
    town, proxy = far
    eve, ben = await town.resident("eve"), await town.resident("ben")
    own, room = await town.room(eve.person, ben.person), await town.room(ben.person)
    vote = await asked(ben.person, own, "Van wie?")
    await line_down(town, proxy, ben.person, room)
    await renamed(eve.person, own, "Eva")
    await talk(eve.person, own)
    proxy.mend()
    spoil(proxy, own, "hangs")
    await ben.person.say(room, ASK.format("Een bank?"))
    await board(ben.person, room, "Een bank?")
    assert not [line for line in town.plein.log if GIVEN_UP in line]
    proxy.mend()
    await may_vote(eve, vote)


async def test_what_was_in_doubt_stays_so_where_plein_is_killed(far: tuple[Town, Proxy]) -> None:
    """Before it was read; both have a new event of membership, and one of them was there all the while."""
    town, proxy = far
    anna, ben, cas = [await town.resident(name) for name in ("anna", "ben", "cas")]
    room = await town.room(anna.person, ben.person, cas.person)
    vote = await asked(anna.person, room, "Wie was er?")
    assert await town.plein.stop() == 0
    await anna.person.kick(room, cas.person.user_id)
    await cas.person.join(room)
    await renamed(ben.person, room, "Benjamin")
    spoil(proxy, room, "hangs")
    for _ in range(2):
        await town.plein.start()
        await town.plein.kill()
    proxy.mend()
    await town.plein.start()
    assert NOT_THEIRS in await voted(cas, vote)
    assert VOTED in await voted(ben, vote)
    await town.plein.kill()
    await town.plein.start()
    assert NOT_THEIRS in await voted(cas, vote)
    assert VOTED in await voted(ben, vote)


@pytest.fixture
async def wide(homeserver: Homeserver, tmp_path: Path) -> AsyncIterator[Town]:
    """Here one person may have Plein in very many rooms."""
    rule = "[matrix.invitations]\nat_most = 500\n"
    plein = await Plein.on(homeserver, tmp_path, f"plein{next(numbers)}", more=rule)
    yield Town(homeserver, plein)
    await plein.stop()


async def test_whoever_has_a_new_name_in_very_many_rooms_costs_nobody_else_anything(wide: Town) -> None:
    """Of each of these a page is read."""
    town = wide
    anna, ben = await town.resident("anna"), await town.resident("ben")
    eve = await town.server.person(f"eve{next(numbers)}")
    votes = []

    async def ask(number: int) -> None:
        room = await town.room(anna.person, ben.person)
        votes.append(await asked(anna.person, room, f"Vraag {number}?"))

    for number in range(2):
        await ask(number)
    rooms = [await eve.create_room(invite=[town.plein.user_id]) for _ in range(MOST_PAGES + 20)]

    async def is_in() -> bool | None:
        return (await eve.members(rooms[-1])).get(town.plein.user_id) == "join" or None

    await eve.wait_until(is_in, timeout=300)
    for number in range(2, 4):
        await ask(number)
    assert await town.plein.stop() == 0
    for person in (eve, ben.person):
        path = f"profile/{quote(person.user_id)}/displayname"
        await person.request("PUT", path, {"displayname": f"Een {person.name}"})

    async def is_called() -> bool | None:
        content = await eve.state(rooms[-1], "m.room.member", eve.user_id) or {}
        return content.get("displayname") == f"Een {eve.name}" or None

    await eve.wait_until(is_called, timeout=300)
    await town.plein.start()
    for vote in votes:
        assert VOTED in await voted(ben, vote)
