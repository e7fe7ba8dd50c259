"""nio's clients on the homeserver of the tests, without a Plein around them."""

from __future__ import annotations

import asyncio
import json
import secrets
from pathlib import Path
from typing import Any

import nio
import pytest

from adapters.matrix.crypto import PleinClient
from tests.doubles.proxy import Proxy
from tests.homeserver import PASSWORD, Homeserver, Person

defect = pytest.mark.xfail(strict=True, reason="a defect of nio's")
either = pytest.mark.parametrize("kind", [PleinClient, pytest.param(nio.AsyncClient, marks=defect)])
Kind = type[nio.AsyncClient]
Json = dict[str, Any]
OLM = "m.olm.v1.curve25519-aes-sha2"
SYNC_SECONDS = 60


class Bench:
    """A homeserver, a proxy before it, and clients that go through that; all closed at the end."""

    def __init__(self, server: Homeserver, proxy: Proxy, folder: Path) -> None:
        self.server = server
        self.proxy = proxy
        self.folder = folder
        self._clients: list[nio.AsyncClient] = []

    async def client(self, kind: Kind) -> Any:
        """Somebody new, with a key store of their own."""
        return await self._logged_in(kind, await self.server.register(f"c{secrets.token_hex(5)}"))

    async def device_of(self, client: nio.AsyncClient) -> Any:
        """Another device of theirs."""
        return await self._logged_in(type(client), client.user_id)

    async def _logged_in(self, kind: Kind, user_id: str) -> nio.AsyncClient:
        client = self._make(kind, user_id)
        answer = await client.login(PASSWORD)
        assert isinstance(answer, nio.LoginResponse)
        return client

    async def again(self, client: nio.AsyncClient) -> Any:
        """The same device after a crash: what was not saved is gone."""
        restored = self._make(type(client), client.user_id)
        restored.restore_login(client.user_id, str(client.device_id), client.access_token)
        return restored

    def _make(self, kind: Kind, user_id: str) -> nio.AsyncClient:
        config = nio.AsyncClientConfig(
            pickle_key="secret", max_limit_exceeded=0, max_timeouts=0, request_timeout=30
        )
        client = kind(self.proxy.url, user_id, store_path=str(self.folder), config=config)
        self._clients.append(client)
        return client

    async def close(self) -> None:
        for client in self._clients:
            await client.close()
            assert client.store
            client.store.database.close()


class Pair:
    """A bot and somebody with PleinClient's crypto in one encrypted room, who both read what there is."""

    def __init__(self, bot: Any, peer: Any, room: str) -> None:
        self.bot = bot
        self.peer = peer
        self.room = room

    @classmethod
    async def on(cls, bench: Bench, kind: Kind) -> Pair:
        bot, peer = await bench.client(kind), await bench.client(PleinClient)
        for client in (bot, peer):
            await client.keys_upload()
        encrypted = [nio.EnableEncryptionBuilder().as_dict()]
        room = (await peer.room_create(initial_state=encrypted, invite=[bot.user_id])).room_id
        await bot.join(room)
        for client in (bot, peer):
            await client.sync(full_state=True)
            await client.keys_query()
        return cls(bot, peer, room)

    async def say(self, body: str) -> Any:
        """What the bot's attempt to send this gives."""
        content = {"msgtype": "m.text", "body": body}
        async with asyncio.timeout(SYNC_SECONDS):
            return await self.bot.room_send(
                self.room, "m.room.message", content, ignore_unverified_devices=True
            )

    async def peer_reads(self) -> list[str]:
        return [str(event) for event in await self._news(self.peer)]

    async def bot_reads(self) -> list[str]:
        return [str(event) for event in await self._news(self.bot)]

    async def _news(self, client: Any) -> list[Any]:
        answer = await client.sync()
        assert isinstance(answer, nio.SyncResponse)
        joined = answer.rooms.join.get(self.room)
        return [
            event.body if isinstance(event, nio.RoomMessageText) else type(event).__name__
            for event in (joined.timeline.events if joined else [])
        ]


async def to_device(person: Person, to: nio.AsyncClient, kind: str, content: Json) -> None:
    path = f"/sendToDevice/{kind}/{secrets.token_hex(8)}"
    await person.request("PUT", path, {"messages": {to.user_id: {to.device_id: content}}})


async def moves_in(
    bench: Bench, pair: Pair, *, curve: str | None = None, ed: str | None = None, one_time: str | None = None
) -> Any:
    """Somebody joins the pair's room whose keys are wrong: who."""
    stranger = await bench.client(PleinClient)
    device_id, own = stranger.device_id, stranger.olm.account.identity_keys

    def signed(what: Json) -> Json:
        signature = stranger.olm.sign_json(what)
        return what | {"signatures": {stranger.user_id: {f"ed25519:{device_id}": signature}}}

    device_keys = {
        "algorithms": [OLM, "m.megolm.v1.aes-sha2"],
        "device_id": device_id,
        "user_id": stranger.user_id,
        "keys": {
            f"curve25519:{device_id}": own["curve25519"] if curve is None else curve,
            f"ed25519:{device_id}": own["ed25519"] if ed is None else ed,
        },
    }
    one_time_key = {"key": own["curve25519"] if one_time is None else one_time}
    keys = {
        "device_keys": signed(device_keys),
        "one_time_keys": {"signed_curve25519:AAAAAA": signed(one_time_key)},
    }
    headers = {"Authorization": f"Bearer {stranger.access_token}", "Content-Type": "application/json"}
    answer = await stranger.send("POST", "/_matrix/client/v3/keys/upload", json.dumps(keys), headers)
    assert answer.status == 200, await answer.text()
    await pair.peer.room_invite(pair.room, stranger.user_id)
    await stranger.join(pair.room)
    return stranger
