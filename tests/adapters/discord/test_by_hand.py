"""What a moderator does by hand with a theme's channel, or post in a forum, is followed and said as soon as
Discord tells of it: no clock is turned for that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from tests.adapters.discord.test_guests import is_in, words
from tests.adapters.discord.test_homes import moderators
from tests.adapters.discord.test_new_rooms import KINDS
from tests.adapters.discord.test_shaping import by_hand, made
from tests.doubles.discord import Discord, Person, Server, places
from tests.doubles.discord.state import Channel
from tests.on_discord import OnDiscord, plein_on


async def followed(plein: OnDiscord, is_so: Callable[[], bool]) -> None:
    """It is so at the same moment by the clock, however long that takes."""
    before = plein.clock.now()
    async with asyncio.timeout(60):
        while not is_so():
            await plein.until_quiet()
    assert plein.clock.now() == before


@pytest.mark.parametrize("kind", KINDS)
async def test_what_is_done_by_hand_is_followed_without_waiting(
    double: Discord, database: str, town: Server, mo: Person, anna: Person, kind: str
) -> None:
    """Renamed, moved, somebody put out, and deleted; a post is moved nowhere."""
    async with plein_on(double, database, residents=moderators(mo), guilds=(int(town.id),)) as plein:
        channel = await made(plein, town, mo, kind)
        other = town.channel("archief", type=4)
        if kind == "category":
            town.deny(channel.name, "everyone", ["view_channel"])
        for person in (mo, anna):
            await person.uses(person.dm, "help")
        await anna.uses("sport", "theme take-part", theme="verlichting")
        await plein.until_quiet(60)
        assert is_in(town, channel, anna)

        by_hand(town, channel, "buurtlicht" if kind == "category" else "Buurtlicht")
        await followed(plein, lambda: says(channel, "“Verlichting” heet voortaan “Buurtlicht”."))

        if kind == "category":
            channel.parent_id = other.id
            places.channel_changed(town.world, channel)
            await followed(plein, lambda: says(channel, "haalde de plek van “Buurtlicht”"))
            del channel.overwrites[anna.user.id]
            places.channel_changed(town.world, channel)
            await followed(
                plein, lambda: says(anna.dm, "Je bent uit het kanaal of de kamer van “Buurtlicht”")
            )

        town.close(channel)
        await followed(plein, lambda: says(mo.dm, "De plek van “Buurtlicht” op Discord is weg"))


def says(channel: Channel, these: str) -> bool:
    return any(these in said for said in words(channel))
