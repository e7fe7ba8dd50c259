"""The least that the two libraries can do: a channel’s words go to a room, and back. Only to compare with.

minimal_relay.py PORT CERTIFICATE TOKEN CHANNEL HOMESERVER USER FOLDER ROOM
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import discord
import nio

from tests.doubles.discord.connect import connector_to


class Relay(discord.Client):
    """One webhook, one room: what is said is sent on, one after the other each way."""

    def __init__(self, connector: Any, channel: int, matrix: nio.AsyncClient, room: str) -> None:
        intents = discord.Intents(guilds=True, guild_messages=True, message_content=True)
        super().__init__(intents=intents, connector=connector, guild_ready_timeout=0.5)
        self.channel, self.matrix, self.room = channel, matrix, room
        self.webhook: discord.Webhook
        self.turns = asyncio.Lock(), asyncio.Lock()

    async def on_ready(self) -> None:
        channel = self.get_channel(self.channel)
        assert isinstance(channel, discord.TextChannel)
        self.webhook = await channel.create_webhook(name="relay")
        await self.matrix.sync(timeout=0, full_state=True)
        self.matrix.add_event_callback(self.on_words, nio.RoomMessageText)
        print("ready", flush=True)
        await self.matrix.sync_forever(timeout=30_000)

    async def on_message(self, message: discord.Message) -> None:
        if message.author.bot or message.webhook_id:
            return
        content = {"msgtype": "m.text", "body": f"{message.author.display_name}: {message.content}"}
        async with self.turns[0]:
            await self.matrix.room_send(self.room, "m.room.message", content, ignore_unverified_devices=True)

    async def on_words(self, room: nio.MatrixRoom, event: Any) -> None:
        if event.sender == self.matrix.user_id or room.room_id != self.room:
            return
        async with self.turns[1]:
            await self.webhook.send(
                event.body, username=room.user_name(event.sender) or event.sender, wait=True
            )


async def main() -> None:
    port, certificate, token, channel, homeserver, user_id, folder, room = sys.argv[1:]
    words = Path(certificate).read_text(encoding="utf-8")  # noqa: ASYNC240
    settings = nio.AsyncClientConfig(encryption_enabled=True)
    matrix = nio.AsyncClient(homeserver, user_id, store_path=folder, config=settings)
    answer = await matrix.login(os.environ["BOT_PASSWORD"])
    assert isinstance(answer, nio.LoginResponse)
    await matrix.join(room)
    async with Relay(connector_to(int(port), words), int(channel), matrix, room) as relay:
        await relay.start(token)


asyncio.run(main())
