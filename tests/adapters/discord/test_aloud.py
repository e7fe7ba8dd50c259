"""Meetings on Discord: who takes no private messages is mentioned where they see it, once, and hears why."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.main.config import ThemeSection
from tests.doubles.discord import Discord, Message, Person, Server
from tests.on_discord import OnDiscord, plein_on

STILL = "Kan je nog?"
WHY = "raakte privé niet bij je"


@pytest.fixture
async def plein(double: Discord, town: Server, database: str) -> AsyncIterator[OnDiscord]:
    """The theme has two channels, one of which only some see."""
    rooms = (town.channel("raad", only=["Plein", "raad"]), town.channel("zaal"))
    theme = ThemeSection(name="Sport", places=tuple(f"discord:{room.id}" for room in rooms))
    async with plein_on(double, database, themes=[theme]) as plein:
        yield plein


async def plans(mo: Person) -> None:
    asked = await mo.uses(
        "zaal", "bijeenkomst plan", titel="Sportraad", wanneer="over 2 dagen", plaats="Dorpshuis"
    )
    await mo.presses(asked.message, "Kondig aan")


async def moves(plein: OnDiscord, mo: Person) -> None:
    """So that they hear of it, and what was refused is gathered."""
    await mo.uses("zaal", "bijeenkomst verplaats", wanneer="over 3 dagen")
    await plein.until_quiet(300)
    await plein.until_quiet(10)


async def talks(who: Person) -> None:
    await who.says(who.dm, "!help")


def said(town: Server, channel: str) -> list[Message]:
    return [message for message in town.channel(channel).messages.values() if STILL in message.text]


async def test_who_takes_no_private_messages_is_mentioned_once_and_hears_why(
    plein: OnDiscord, town: Server, anna: Person, mo: Person
) -> None:
    await plans(mo)
    await talks(anna)
    await plein.until_quiet()
    await anna.uses("zaal", "kom", hoe="misschien")
    await anna.closes_dms()
    await moves(plein, mo)
    (aloud,) = [message for room in ("raad", "zaal") for message in said(town, room)]
    assert anna.pinged_by(aloud)
    answer = await anna.uses("zaal", "bijeenkomst mijn")
    assert WHY in answer.text
    assert WHY not in (await anna.uses("zaal", "bijeenkomst mijn")).text
    await plein.until_quiet(3600)
    assert len(said(town, "raad")) + len(said(town, "zaal")) == 1


async def test_each_is_mentioned_in_one_channel_that_they_see(
    plein: OnDiscord, town: Server, anna: Person, ben: Person, mo: Person
) -> None:
    await plans(mo)
    town.give(anna, "raad")
    await anna.uses("zaal", "kom", hoe="misschien")
    await ben.uses("zaal", "come", how="maybe")
    await plein.until_quiet()
    await moves(plein, mo)
    (raad,), (zaal,) = said(town, "raad"), said(town, "zaal")
    assert [anna.pinged_by(raad), anna.pinged_by(zaal)] == [True, False]
    assert [ben.pinged_by(raad), ben.pinged_by(zaal)] == [False, True]
