"""A homeserver with Plein on it, and residents with a direct room of their own."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

from tests.homeserver import Homeserver, Person, Shown, shown
from tests.plein import Plein

numbers = itertools.count(1)


@dataclass
class Resident:
    """Somebody with a plain client and a direct room with Plein that can be read over the wire."""

    person: Person
    direct: str

    async def told(self, *words: str, timeout: float = 120) -> Shown:
        """What Plein said to them alone with all these words, once it did."""
        return await says(self.person, self.direct, *words, timeout=timeout)


async def says(person: Person, room: str, *words: str, key: str = "", timeout: float = 120) -> Shown:
    """The newest message of Plein's in a room that shows all these words, once there is one."""

    async def look() -> Shown | None:
        for message in reversed(shown(await person.history(room))):
            ours = message.type == "m.room.message" and message.key.startswith(key) and message.key
            if ours and all(word in message.body for word in words):
                return message
        return None

    try:
        return await person.wait_until(look, timeout=timeout)
    except AssertionError as error:
        seen = "\n---\n".join(message.body for message in shown(await person.history(room))[-6:])
        raise AssertionError(f"nobody said {words}; last was said:\n{seen}") from error


async def board(person: Person, room: str, *words: str, timeout: float = 120) -> Shown:
    """The board in a room, once it shows all these words."""
    return await says(person, room, *words, key="board:", timeout=timeout)


async def native_poll(person: Person, room: str) -> dict[str, Any]:
    """The start of the native poll in a room."""
    return await person.wait_for(room, lambda event: event["type"] == "org.matrix.msc3381.poll.start")


@dataclass
class Town:
    """A homeserver with Plein and whoever is asked for."""

    server: Homeserver
    plein: Plein

    async def resident(self, name: str) -> Resident:
        person = await self.server.person(f"{name}{next(numbers)}")
        direct = await person.create_room(invite=[self.plein.user_id], is_direct=True)
        await self.comes_to(person, direct)
        return Resident(person, direct)

    async def comes_to(self, person: Person, room: str) -> None:
        """Wait until Plein is in the room."""

        async def joined() -> bool | None:
            return (await person.members(room)).get(self.plein.user_id) == "join" or None

        await person.wait_until(joined, timeout=180)

    async def room(self, owner: Person, *others: Person, **options: Any) -> str:
        """A public room with Plein in it."""
        room = await owner.create_room(invite=[self.plein.user_id], public=True, **options)
        for person in others:
            await person.join(room)
        await self.comes_to(owner, room)
        return room
