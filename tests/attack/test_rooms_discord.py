"""Attacks on being put out of a theme's channel by hand on Discord."""

from __future__ import annotations

import pytest

from tests.adapters.discord.conftest import *  # noqa: F403
from tests.adapters.discord.test_guests import is_in
from tests.adapters.discord.test_homes import moderators
from tests.adapters.discord.test_shaping import made
from tests.doubles.discord import Discord, Person, Server, places
from tests.on_discord import plein_on


@pytest.mark.parametrize("away", [False, True])
async def test_put_out_by_hand_while_plein_is_away(
    double: Discord, database: str, town: Server, mo: Person, anna: Person, away: bool
) -> None:
    """Her line is taken away while Plein is down (control: while it is there): by her own word she is in again."""
    async with plein_on(double, database, residents=moderators(mo), guilds=(int(town.id),)) as plein:
        channel = await made(plein, town, mo)
        town.deny(channel.name, "everyone", ["view_channel"])
        await anna.uses("sport", "theme take-part", theme="verlichting")
        await plein.until_quiet(60)
        assert is_in(town, channel, anna)
        if not away:
            del channel.overwrites[anna.user.id]
            places.channel_changed(town.world, channel)
            await plein.until_quiet(60)
    if away:
        del channel.overwrites[anna.user.id]
    async with plein_on(double, database, residents=moderators(mo), guilds=(int(town.id),)) as plein:
        await plein.until_quiet(60)
        await anna.uses("sport", "theme leave", theme="verlichting")
        await plein.until_quiet(60)
        await anna.uses("sport", "theme take-part", theme="verlichting")
        await plein.until_quiet(60)
        assert not is_in(town, channel, anna)
