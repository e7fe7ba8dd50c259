"""One line in private, and no poll of anybody's closes any more."""

from __future__ import annotations

import asyncio

import pytest

from tests.adapters.discord.conftest import *  # noqa: F403
from tests.adapters.discord.test_homes import moderators
from tests.adapters.discord.test_newcomers import opened as themes_opened
from tests.doubles.discord import Discord, Person, Server
from tests.on_discord import OnDiscord, opened, plein_on

DAY, STEP = 86_400, 120


@pytest.mark.parametrize("words", ["lamp", "\ufdfa" * 1900])
@pytest.mark.parametrize("what", ["in time", "nothing missing", "next word", "after a restart"])
async def test_whatever_somebody_looks_for_all_goes_on(
    double: Discord,
    database: str,
    town: Server,
    anna: Person,
    ben: Person,
    mo: Person,
    words: str,
    what: str,
) -> None:
    """With one theme opened; Ben is a resident, and says it in private minutes before a poll's end."""
    residents = moderators(mo)
    async with plein_on(double, database, residents=residents) as plein:
        await themes_opened(plein, town, mo)
        await anna.presses(await opened(plein, anna, "Een bank?", closes="2d"), "Ja")
        await plein.turn(2 * DAY - STEP)
        await ben.says(ben.dm, f"thema lijst {words}")
        await passes(plein, 10, STEP // 10 + 3)
        match what:
            case "in time":
                assert closing(anna), "it is open half a minute after its end"
            case "nothing missing":
                await passes(plein, 10, STEP)
                assert closing(anna)
                assert "ontbreken" not in closing(anna)
            case "next word":
                await ben.says(ben.dm, "help")
                await passes(plein, 20, STEP)
                assert any("Wat ik voor je kan doen" in said.text for said in ben.sees(ben.dm))
    if what == "after a restart":
        async with plein_on(double, database, residents=residents, ready=False) as plein:
            await ben.says(ben.dm, "help")
            await passes(plein, 20, STEP)
            assert any("Wat ik voor je kan doen" in said.text for said in ben.sees(ben.dm))


async def passes(plein: OnDiscord, steps: int, step: int) -> None:
    await asyncio.sleep(0.5)
    for _ in range(steps):
        await plein.turn(step)
        await asyncio.sleep(0.02)
    await asyncio.sleep(0.5)


def closing(who: Person) -> str:
    return "".join(message.text for message in who.sees("sport") if "Gesloten: Een bank?" in message.text)
