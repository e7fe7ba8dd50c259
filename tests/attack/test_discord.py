"""Attacks on themes' channels on Discord."""

from __future__ import annotations

import pytest

from bot.main.config import CommunitySection
from tests.adapters.discord.conftest import anna as anna
from tests.adapters.discord.conftest import database as database
from tests.adapters.discord.conftest import double as double
from tests.adapters.discord.conftest import mo as mo
from tests.adapters.discord.conftest import town as town
from tests.adapters.discord.test_guests import is_in
from tests.adapters.discord.test_homes import moderators
from tests.adapters.discord.test_new_rooms import inside, propose, settle_in
from tests.adapters.discord.test_shaping import made
from tests.doubles.discord import Discord, Person, Server, permissions
from tests.on_discord import plein_on

__all__ = ["anna", "database", "double", "mo", "town"]


@pytest.mark.parametrize("jailed", [False, True], ids=["control", "attack"])
async def test_a_role_that_keeps_somebody_out_keeps_them_out(
    double: Discord, database: str, town: Server, mo: Person, anna: Person, jailed: bool
) -> None:
    """As moderators' bots do: a role that sees nothing of the server but one channel."""
    async with plein_on(double, database, residents=moderators(mo), guilds=(int(town.id),)) as plein:
        channel = await made(plein, town, mo)
        town.role("jailed")
        town.deny(channel.name, "jailed", ["view_channel", "send_messages"])
        if jailed:
            town.give(anna, "jailed")
            assert not is_in(town, channel, anna)
        await anna.uses("sport", "theme take-part", theme="verlichting")
        await plein.until_quiet(60)
        assert is_in(town, channel, anna) is not jailed


@pytest.mark.parametrize("muted", [False, True], ids=["control", "attack"])
async def test_a_role_that_keeps_somebody_from_writing_does(
    double: Discord, database: str, town: Server, mo: Person, anna: Person, muted: bool
) -> None:
    async with plein_on(double, database, residents=moderators(mo), guilds=(int(town.id),)) as plein:
        channel = await made(plein, town, mo)
        town.role("muted")
        town.deny(channel.name, "everyone", ["view_channel"])
        for name in ("sport", channel.name):
            town.deny(name, "muted", ["send_messages"])
        if muted:
            town.give(anna, "muted")
        await anna.uses("sport", "theme take-part", theme="verlichting")
        await plein.until_quiet(60)
        may = permissions.may(town.guild, anna.member, channel, "send_messages")
        assert may is not muted


async def test_who_pulls_fills_no_category(
    double: Discord, database: str, town: Server, mo: Person, anna: Person
) -> None:
    """Anna proposed a theme, and pulls it."""
    async with plein_on(double, database, residents=moderators(mo), guilds=(int(town.id),)) as plein:
        home = await settle_in(plein, town, mo)
        await propose(anna)
        await mo.uses("sport", "theme support", proposal="verlichting")
        await plein.until_quiet(60)
        for _ in range(52):
            await anna.uses("sport", "theme unbind", theme="verlichting")
            await anna.uses("sport", "theme make", theme="verlichting")
            await plein.until_quiet(60)
        await mo.uses("sport", "theme propose", name="Zwerfvuil", about="Samen opruimen")
        await plein.until_quiet(60)
        assert any(channel.name.casefold() == "zwerfvuil" for channel in inside(town, home)), len(
            inside(town, home)
        )


@pytest.mark.parametrize("moves", [False, True], ids=["control", "attack"])
async def test_a_server_that_became_another_communitys_is_left_alone(
    double: Discord, database: str, town: Server, mo: Person, anna: Person, moves: bool
) -> None:
    """A theme's people let nobody into a channel there, nor rename it."""
    city = double.guild("Stad")
    city.channel("sport")
    city.role("moderators", ["manage_messages"])
    there = city.member("mo", roles=["moderators"])
    ben = city.member("anna")

    def lines(dorp: list[Server], stad: list[Server]) -> list[CommunitySection]:
        residents = moderators(mo)
        return [
            CommunitySection(name="Dorp", servers=tuple(server.id for server in dorp), residents=residents),
            CommunitySection(name="Stad", servers=tuple(server.id for server in stad)),
        ]

    other = double.guild("Elders")
    other.channel("sport")
    async with plein_on(double, database, communities=lines([town, city], [other])) as plein:
        channel = await made(plein, town, mo)
    town.deny(channel.name, "everyone", ["view_channel"])
    assert not is_in(town, channel, anna)
    now = lines([city], [town]) if moves else lines([town, city], [other])
    async with plein_on(double, database, communities=now) as plein:
        await ben.uses("sport", "theme take-part", theme="verlichting")
        said = (await there.uses("sport", "theme rename", name="Hier waren wij", theme="verlichting")).text
        assert "heet voortaan" in said
        await plein.until_quiet(60)
        await plein.until_quiet(60)
        assert is_in(town, channel, anna) is not moves
        assert (channel.name.casefold().replace("-", " ") == "hier waren wij") is not moves


@pytest.mark.parametrize("forgets", [False, True], ids=["control", "attack"])
async def test_who_left_and_is_forgotten_sees_a_hidden_channel_no_more(
    double: Discord, database: str, town: Server, mo: Person, anna: Person, forgets: bool
) -> None:
    async with plein_on(double, database, residents=moderators(mo), guilds=(int(town.id),)) as plein:
        channel = await made(plein, town, mo)
        town.deny(channel.name, "everyone", ["view_channel"])
        await anna.uses("sport", "theme take-part", theme="verlichting")
        await plein.until_quiet(60)
        assert is_in(town, channel, anna)
        if forgets:
            await anna.uses("sport", "me forget", sure=True)
            await plein.until_quiet(120)
        await anna.uses("sport", "theme leave", theme="verlichting")
        await plein.until_quiet(120)
        assert not is_in(town, channel, anna)
