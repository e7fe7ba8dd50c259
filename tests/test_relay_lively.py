"""Two people say much at once, and both platforms keep to the limits that they have by default.

In the end both histories say the same: each word once, in the order in which each person said it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.doubles.discord.members import Person
from tests.homeserver import Homeserver
from tests.relayed import Town, a_town

pytestmark = pytest.mark.long
# What a homeserver takes of one account, where nobody said otherwise.
DEFAULT = {"rc_message": {"per_second": 0.2, "burst_count": 10}}


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with (
        await Homeserver.start(tmp_path / "homeserver", settings=DEFAULT) as homeserver,
        a_town(homeserver, tmp_path) as town,
    ):
        await homeserver.lift_limits(town.ben.user_id)
        town.double.limits.real()
        yield town


async def burst(town: Town, other: Person, about: str, many: int) -> None:
    """Each of three says so much, two of them in the channel."""
    for number in range(many):
        for letter, who in (("a", town.anna), ("c", other)):
            town.words.append(f"{about} {letter}{number}")
            await who.says(town.channel, town.words[-1])
        town.words.append(f"{about} b{number}")
        await town.ben.say(town.room, town.words[-1])


async def test_a_burst_arrives_whole(town: Town) -> None:
    other = town.double.guild("Plein").member("carla")
    async with town.relaying():
        await burst(town, other, "veel", 30)
        await town.say_the_same(patience=150)
    copies = [each for each in town.channel.messages.values() if each.webhook_id]
    assert len(copies) < 30  # not one for each
    assert not any(each.rang for each in town.channel.messages.values())


async def test_a_burst_arrives_whole_where_plein_ends_in_the_midst(town: Town) -> None:
    other = town.double.guild("Plein").member("carla")
    async with town.relaying():
        await burst(town, other, "eerst", 20)
        await asyncio.sleep(0)
    async with town.relaying():
        await burst(town, other, "daarna", 10)
        await asyncio.sleep(0)
    async with town.relaying():
        await town.say_the_same(patience=150)
