"""The least that discord.py can do: a command that shows a question, and buttons. Only to compare with.

minimal_discord.py PORT CERTIFICATE TOKEN
"""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path
from typing import Any

import discord
from discord import app_commands, ui

from tests.doubles.discord.connect import connector_to

Asked = discord.Interaction[Any]
OPTIONS = ("Plein", "Park", "Nergens")


class Vote(ui.DynamicItem[ui.Button[Any]], template="vote:(?P<number>[0-9])"):
    def __init__(self, number: int) -> None:
        super().__init__(ui.Button(label=OPTIONS[number], custom_id=f"vote:{number}"))
        self.number = number

    @classmethod
    async def from_custom_id(cls, asked: Asked, item: ui.Item[Any], match: re.Match[str]) -> Vote:
        return cls(int(match["number"]))

    async def callback(self, asked: Asked) -> None:
        """What is seen is as much as Plein shows; nothing is kept."""
        view = ui.View(timeout=None)
        view.add_item(ui.Button(label="Withdraw", custom_id="withdraw"))
        view.add_item(ui.Button(label="Change", custom_id="change"))
        view.stop()
        said = f"“Where?”: you chose {OPTIONS[self.number]}.\nYou can still change it until <t:1795749345:F>."
        await asked.response.send_message(said, view=view, ephemeral=True)


class Bot(discord.Client):
    def __init__(self, connector: Any) -> None:
        super().__init__(intents=discord.Intents.default(), connector=connector, guild_ready_timeout=0.5)
        self.tree = app_commands.CommandTree(self)

    async def setup_hook(self) -> None:
        @self.tree.command(name="ask")
        async def ask(asked: Asked) -> None:
            """Show the question."""
            view = ui.View(timeout=None)
            for number in range(len(OPTIONS)):
                view.add_item(Vote(number))
            await asked.response.send_message("Where?", view=view)

        self.add_dynamic_items(Vote)
        await self.tree.sync()

    async def on_ready(self) -> None:
        print("ready", flush=True)

    async def on_message(self, message: discord.Message) -> None:
        if self.user in message.mentions:
            await message.channel.send("Here.")


async def main() -> None:
    certificate = Path(sys.argv[2]).read_text(encoding="utf-8")  # noqa: ASYNC240
    async with Bot(connector_to(int(sys.argv[1]), certificate)) as bot:
        await bot.start(sys.argv[3])


asyncio.run(main())
