"""SIGKILL at random while people hear that a meeting was moved; some take no messages: each hears once.

What must hold is read from what Discord shows people.
"""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

from tests.doubles.discord import Discord, Message, Person, Server
from tests.on_discord import Process

STILL = "Kan je nog?"
# So many hear of each meeting in private, and as many take nothing there.
EACH = 3


def told(who: Person, number: int) -> list[Message]:
    there = [message for message in who.sees(who.dm) if message.author.bot]
    return [message for message in there if STILL in message.text and f"Raad {number}" in message.text]


def pinged(town: Server, who: Person, number: int) -> list[Message]:
    there = [message for message in town.channel("sport").messages.values() if not message.only_for]
    return [message for message in there if f"Raad {number}" in message.text and who.pinged_by(message)]


async def planned(town: Server, number: int) -> list[Person]:
    """A meeting within the hour, and those who come to it; the last of them take no private messages."""
    planner = town.member(f"planner{number}", roles=["organisers"])
    what = {"titel": f"Raad {number}", "wanneer": "over 30 minuten", "plaats": "Dorpshuis"}
    asked = await planner.uses("sport", "bijeenkomst plan", what)
    await planner.presses(asked.message, "Kondig aan")
    people = [town.member(f"bewoner{number}x{each}") for each in range(2 * EACH)]
    for who in people:
        await who.says(who.dm, "!help")
        await who.hears(who.dm, "Wat ik voor je kan doen")
        await who.uses("sport", "kom", hoe="misschien", bijeenkomst=number)
    for who in people[EACH:]:
        await who.closes_dms()
    return people


async def moved_through_kills(folder: Path, kills: int, seed: int) -> None:
    chance = random.Random(seed)
    async with Discord(running=True) as double:
        town = double.guild("Plein")
        town.role("organisers", ["manage_events"])
        theme = f'\n[[themes]]\nname = "Sport"\nplaces = ["discord:{town.channel("sport").id}"]\n'
        plein = Process.at(double, folder, more=theme)
        await plein.start()
        for number in range(1, kills + 1):
            people = await planned(town, number)
            planner = town.member(f"planner{number}")
            await planner.uses(
                "sport", "bijeenkomst verplaats", wanneer="over 58 minuten", bijeenkomst=number
            )
            await asyncio.sleep(chance.uniform(0, 1))
            await plein.kill()
            await plein.start()
            opened, closed = people[:EACH], people[EACH:]
            await double.until(lambda who=opened, of=number: all(told(each, of) for each in who), timeout=120)  # type: ignore[misc]
            await double.until(
                lambda who=closed, of=number: all(pinged(town, each, of) for each in who),  # type: ignore[misc]
                timeout=120,
            )
            for who in opened:
                assert (len(told(who, number)), len(pinged(town, who, number))) == (1, 0)
            for who in closed:
                assert (len(told(who, number)), len(pinged(town, who, number))) == (0, 1)
        assert await plein.stop() == 0
        assert double.check_contract() == []


async def test_each_hears_once_through_10_kills(tmp_path: Path) -> None:
    await moved_through_kills(tmp_path, 10, seed=1)
