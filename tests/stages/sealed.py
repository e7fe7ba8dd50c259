"""Matrix's stage with rooms that are encrypted: what is said there is sealed, by Plein and by everybody else.

What is said in a direct room, which is read over the wire, is not; and reactions nobody seals.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import nio

from tests.adapters.matrix.sealer import Sealer
from tests.homeserver import Person
from tests.stages.matrix import OnMatrix
from tests.stages.stage import Where, Who

Json = dict[str, Any]


class OnSealedMatrix(OnMatrix):
    """Everybody has a device with keys, and whoever reads along has one as well."""

    async def prepare(self, people: Iterable[Who], places: Iterable[Where], language: str) -> None:
        self._devices: dict[str, Sealer] = {}
        await super().prepare(people, places, language)
        await self._device(self._founder)

    async def _new_room(self, name: str) -> str:
        return await self._founder.create_room(name, encrypted=True)

    async def _device(self, person: Person) -> Sealer:
        if person.user_id not in self._devices:
            folder = self._folder.with_name(person.name)
            folder.mkdir()
            self._devices[person.user_id] = await Sealer.of(self._server, person, folder)
        return self._devices[person.user_id]

    async def _speak(self, person: Person, room: str, words: str) -> str:
        content = {"msgtype": "m.text", "body": words}
        sealer = await self._device(person)
        return await sealer.seal(room, {"type": "m.room.message", "content": content})

    async def _opened(self, event: Json, to: Where | Who) -> Json:
        """What Plein says in a room is sealed, and whoever reads along has its keys."""
        if isinstance(to, Who) or event["sender"] != self._plein or "state_key" in event:
            return event
        assert event["type"] in ("m.room.encrypted", "m.room.redaction", "m.reaction"), event
        if event["type"] != "m.room.encrypted" or not event["content"]:
            return event
        client = (await self._device(self._founder)).client
        await client.sync(timeout=0, full_state=True)
        sealed = nio.MegolmEvent.from_dict({**event, "room_id": self._rooms[to]})
        opened: Json = client.decrypt_event(sealed).source
        # Which one it is about is said outside.
        about = {name: each for name, each in event["content"].items() if name == "m.relates_to"}
        return {**event, "type": opened["type"], "content": {**about, **opened["content"]}}

    async def close(self) -> None:
        for device in self._devices.values():
            await device.close()
