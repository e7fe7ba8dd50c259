"""Who moderates is asked about the last day's words of whoever was banned from a Discord server."""

from __future__ import annotations

import pytest

from bot.main.config import ThemeSection
from bot.model.events import Banned
from tests.adapters.discord.test_homes import moderators
from tests.doubles.discord import Discord, Person, Server
from tests.on_discord import plein_on


@pytest.mark.parametrize("relays", [True, False])
async def test_of_a_ban_plein_hears_only_where_words_are_carried(
    double: Discord, database: str, town: Server, mo: Person, ben: Person, relays: bool
) -> None:
    town.channel("other")
    double.guild("Elsewhere").channel("far")
    heard: list[Banned] = []

    async def banned(banned: Banned) -> None:
        heard.append(banned)

    sport = ThemeSection(name="sport", places=(f"discord:{town.channel('sport').id}",))
    people = moderators(mo)
    async with plein_on(double, database, residents=people, themes=[sport], relays=relays) as plein:
        plein.core.banned = banned  # type: ignore[method-assign]
        await plein.until_quiet()
        await ben.is_banned()
        await plein.until_quiet(10)
        if not relays:
            assert heard == []
            return
        (told,) = heard
        assert (told.account.user_id, told.name) == (str(ben.id), "ben")
        assert {place.room_id for place in told.places} == {town.channel("sport").id}
        assert all(place.platform == "discord" for place in told.places)
