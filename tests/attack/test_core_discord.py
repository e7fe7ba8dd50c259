"""One line in private, and no poll of anybody's closes any more."""

from __future__ import annotations

import asyncio

import pytest

from tests.adapters.discord.conftest import *  # noqa: F403
from tests.doubles.discord import Discord, Person, Server
from tests.on_discord import OnDiscord, opened, plein_on

DAY = 86_400


@pytest.mark.parametrize("words", ["lamp", "\ufdfa" * 1900])
@pytest.mark.parametrize("restarts", [False, True])
async def test_whatever_somebody_looks_for_polls_close(
    double: Discord, database: str, town: Server, anna: Person, ben: Person, words: str, restarts: bool
) -> None:
    async with plein_on(double, database) as plein:
        await anna.presses(await opened(plein, anna, "Een bank?", closes="2d"), "Ja")
        await ben.says(ben.dm, "help")
        await ben.hears(ben.dm, "Wat ik voor je kan doen")
        await plein.turn(2 * DAY - 60)
        await ben.says(ben.dm, f"thema lijst {words}")
        for _ in range(10):
            await plein.turn(30)
            await asyncio.sleep(0.1)
        if not restarts:
            for _ in range(100):
                await plein.turn(120)
                await asyncio.sleep(0.02)
            await closed(plein, anna)
    if restarts:
        async with plein_on(double, database, ready=False) as plein:
            for _ in range(100):
                await plein.turn(120)
                await asyncio.sleep(0.05)
            await closed(plein, anna)


async def closed(plein: OnDiscord, who: Person) -> None:
    await asyncio.sleep(1)
    said = [message.text for message in who.sees("sport") if "Gesloten: Een bank?" in message.text]
    assert said, "it is open three hours after its end"
