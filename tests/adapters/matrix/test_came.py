"""Who comes into a room on a homeserver is a newcomer when they do; not who was there, nor who is back."""

from __future__ import annotations

from pathlib import Path

from tests.adapters.matrix.test_new_rooms import square
from tests.doubles.proxy import Proxy
from tests.homeserver import Homeserver, Json, Person
from tests.town import numbers, says


def welcomes(event: Json) -> bool:
    return "Welkom!" in str(event.get("content", {}).get("body"))


async def times(person: Person, room: str) -> int:
    return sum(map(welcomes, await person.history(room)))


async def test_a_newcomer_is_welcomed_once_in_the_room_they_came_into(
    homeserver: Homeserver, tmp_path: Path
) -> None:
    async with Proxy(homeserver.url) as proxy:
        here = await square(homeserver, proxy, tmp_path)
        mo, room = here.mo, here.room
        anna, ben = [await homeserver.person(f"new{next(numbers)}") for _ in range(2)]
        # Before there is anything to offer, nobody is.
        await here.propose()
        await here.one()
        assert await times(mo, room) == 0
        await mo.invite(room, anna.user_id)
        await anna.join(room)
        await mo.wait_for(room, welcomes)
        # Who is back is welcomed no second time, nor is a message of its own for who comes within the hour.
        await anna.leave(room)
        for person in (anna, ben):
            await mo.invite(room, person.user_id)
            await person.join(room)
        event = await mo.say(room, "!thema lijst")
        await says(mo, here.at.mo.direct, key=f"answer:matrix:{event}")
        assert await times(mo, room) == 1
        # What a start finds is history.
        await here.at.plein.kill()
        await here.at.plein.start()
        event = await mo.say(room, "!thema lijst")
        await says(mo, here.at.mo.direct, key=f"answer:matrix:{event}")
        assert await times(mo, room) == 1
        assert await here.at.plein.stop() == 0


async def test_who_comes_into_the_space_itself_is_welcomed_once(
    homeserver: Homeserver, tmp_path: Path
) -> None:
    """In the first place of it; and by no second message in a room that they enter, or after a start."""
    async with Proxy(homeserver.url) as proxy:
        here = await square(homeserver, proxy, tmp_path)
        mo, room = here.mo, here.room
        await here.propose()
        theme = await here.one()
        await mo.join(theme)
        plein, anna = await here._account(), await homeserver.person(f"new{next(numbers)}")
        await plein.invite(here.space, anna.user_id)
        await anna.join(here.space)
        await mo.wait_for(room, welcomes)
        await anna.join(theme)
        await mo.invite(room, anna.user_id)
        await anna.join(room)
        await here.at.plein.kill()
        await here.at.plein.start()
        event = await mo.say(room, "!thema lijst")
        await says(mo, here.at.mo.direct, key=f"answer:matrix:{event}")
        assert [await times(mo, each) for each in (room, theme)] == [1, 0]
        assert await here.at.plein.stop() == 0
