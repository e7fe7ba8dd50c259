"""Where a theme is archived its channel, or its post in a forum, can only be read, and is then as it was."""

from __future__ import annotations

from copy import deepcopy

import pytest

from adapters.discord.shaping import LET_IN, SPEAKING
from tests.adapters.discord.test_guests import is_in
from tests.adapters.discord.test_homes import moderators
from tests.adapters.discord.test_new_rooms import KINDS, go_wrong
from tests.adapters.discord.test_shaping import CHANGE, made
from tests.doubles.discord import Discord, Person, Server, permissions, places
from tests.doubles.discord.state import Channel, Overwrite
from tests.on_discord import plein_on

SUMMARY = "“Verlichting” is gearchiveerd"


def speaks(server: Server, channel: Channel, person: Person) -> bool:
    """Whether they can say something there."""
    if channel.thread:
        return not channel.locked
    return permissions.may(server.guild, person.member, channel, "view_channel", "send_messages")


async def archive(mo: Person) -> str:
    return (await mo.uses("sport", "theme archive", theme="verlichting", sure=True)).text


@pytest.mark.parametrize("fault", ["none", "lost before", "lost after", "502", "garbage", "patience"])
@pytest.mark.parametrize("kind", KINDS)
async def test_closed_and_open_again(
    double: Discord, database: str, town: Server, mo: Person, anna: Person, ben: Person, kind: str, fault: str
) -> None:
    """With lines of a role and of people, and one who leaves meanwhile."""
    async with plein_on(double, database, residents=moderators(mo), guilds=(int(town.id),)) as plein:
        channel = await made(plein, town, mo, kind)
        if kind == "category":
            town.deny(channel.name, "everyone", ["view_channel"])
            for person in (anna, ben):
                await person.uses("sport", "theme take-part", theme="verlichting")
            await plein.until_quiet(60)
            assert is_in(town, channel, anna)
            assert is_in(town, channel, ben)
            # And lines that somebody gave by hand: to a role, to one who writes, and to one who reads.
            writers, cas, dirk = town.role("schrijvers"), town.member("cas"), town.member("dirk")
            reads = LET_IN.value & ~SPEAKING.value
            for who, kind_of, allow in (
                (writers.id, 0, SPEAKING.value),
                (cas.user.id, 1, SPEAKING.value | reads),
                (dirk.user.id, 1, reads),
            ):
                channel.overwrites[who] = Overwrite(who, kind_of, allow)
            places.channel_changed(town.world, channel)
        before, name = deepcopy(channel.overwrites), channel.name
        go_wrong(double, fault, CHANGE)
        assert "“Verlichting” is gearchiveerd." in await archive(mo)
        await plein.until_quiet(60)
        double.faults.clear()
        await plein.until_quiet(60)
        assert not speaks(town, channel, anna)
        assert "gearchiveerd" in channel.name
        (pinned,) = (message for message in channel.messages.values() if message.pinned)
        assert SUMMARY in pinned.text
        if kind == "category":
            assert permissions.may(town.guild, anna.member, channel, "view_channel")
            assert not speaks(town, channel, cas)
            await ben.uses("sport", "theme leave", theme="verlichting")
            await plein.until_quiet(60)
            assert not permissions.may(town.guild, ben.member, channel, "view_channel")
        assert "heropend" in (await mo.uses("sport", "theme reopen", theme="verlichting")).text
        await plein.until_quiet(60)
        assert speaks(town, channel, anna) is True
        assert channel.name == name
        if kind == "category":
            # Mo pulls it, and is let in again too, who was there before it was hidden.
            del channel.overwrites[mo.user.id], before[ben.user.id]
        assert channel.overwrites == before
        assert len([message for message in channel.messages.values() if SUMMARY in message.text]) == 1


async def test_without_the_permission_moderators_read_what_to_do(
    double: Discord, database: str, town: Server, mo: Person, anna: Person
) -> None:
    async with plein_on(double, database, residents=moderators(mo), guilds=(int(town.id),)) as plein:
        channel = await made(plein, town, mo)
        town.close_to(double.bot, channel.name, ["manage_roles"])
        await archive(mo)
        await plein.until_quiet(60)
        shown = (await mo.uses("sport", "theme show", theme="verlichting")).text
        assert "“Rechten beheren”" in shown
        town.permit(double.bot, ["administrator"])
        await plein.until_quiet(3700)
        assert not speaks(town, channel, anna)


async def test_where_no_message_can_be_pinned_it_is_there_all_the_same(
    double: Discord, database: str, town: Server, mo: Person
) -> None:
    async with plein_on(double, database, residents=moderators(mo), guilds=(int(town.id),)) as plein:
        channel = await made(plein, town, mo)
        town.close_to(double.bot, channel.name, ["pin_messages"])
        await archive(mo)
        await plein.until_quiet(60)
        assert [SUMMARY in message.text for message in channel.messages.values()].count(True) == 1
