"""Somebody with keys who seals whatever they like: the homeserver sees nothing of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nio

from adapters.matrix.crypto import PleinClient
from tests.homeserver import PASSWORD, Homeserver, Person


class Sealer:
    """Somebody's second device, that encrypts any payload for a room."""

    def __init__(self, person: Person, client: Any) -> None:
        self.person = person
        self.client = client

    @classmethod
    async def of(cls, server: Homeserver, person: Person, folder: Path) -> Sealer:
        config = nio.AsyncClientConfig(pickle_key="secret", max_limit_exceeded=0, max_timeouts=0)
        client = PleinClient(server.url, person.user_id, store_path=str(folder), config=config)
        answer = await client.login(PASSWORD)
        assert isinstance(answer, nio.LoginResponse), answer
        await client.keys_upload()
        return cls(person, client)

    async def seal(self, room: str, payload: dict[str, Any], outer: dict[str, Any] | None = None) -> str:
        """Send it as m.room.encrypted; the event's id. `outer` goes beside the ciphertext."""
        client = self.client
        await client.sync(timeout=0, full_state=True)
        client.rooms[room].encrypted = True
        client.olm.update_tracked_users(client.rooms[room])
        if client.should_query_keys:
            await client.keys_query()
        session = client.olm.outbound_group_sessions.get(room)
        if session is None or not session.shared:
            await client.share_group_session(room, ignore_unverified_devices=True)
        sealed = client.olm.group_encrypt(room, dict(payload))
        content = {**sealed, **(outer or {})}
        return await self.person.send(room, "m.room.encrypted", content)

    async def pass_on(self, user: str, room: str, session_id: str, session_key: str) -> None:
        """Send somebody's devices a room key, whoever's it is, as this device's own."""
        client = self.client
        client.olm.users_for_key_query.add(user)
        await client.keys_query()
        (device,) = client.olm.device_store.active_user_devices(user)
        await client.keys_claim({user: [device.id]})
        content = {"algorithm": "m.megolm.v1.aes-sha2", "room_id": room}
        content |= {"session_id": session_id, "session_key": session_key}
        talk = client.olm.session_store.get(device.curve25519)
        sealed = client.olm._olm_encrypt(talk, device, "m.room_key", content)
        answer = await client.to_device(nio.ToDeviceMessage("m.room.encrypted", user, device.id, sealed))
        assert isinstance(answer, nio.ToDeviceResponse), answer

    async def close(self) -> None:
        await self.client.close()
