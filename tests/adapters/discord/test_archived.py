"""Where a theme is archived its channel, or its post in a forum, can only be read, and is then as it was."""

from __future__ import annotations

from copy import deepcopy

import pytest

from adapters.discord.shaping import LET_IN, SPEAKING
from tests.adapters.discord.test_guests import is_in, let_in
from tests.adapters.discord.test_homes import moderators
from tests.adapters.discord.test_new_rooms import KINDS, go_wrong
from tests.adapters.discord.test_shaping import CHANGE, made
from tests.doubles.discord import Discord, Person, Server, permissions, places
from tests.doubles.discord.state import Channel, Overwrite
from tests.on_discord import OnDiscord, plein_on

VIEW, SEND, FILES = 1 << 10, 1 << 11, 1 << 15
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


@pytest.mark.parametrize("how", ["denied", "emptied"])
@pytest.mark.parametrize("changed", [False, True])
async def test_who_is_put_out_while_it_is_archived_stays_out_once_it_is_open_again(
    double: Discord, database: str, town: Server, mo: Person, anna: Person, changed: bool, how: str
) -> None:
    """Also where a moderator had let her do more there, by the line by which Plein let her in."""
    async with plein_on(double, database, residents=moderators(mo), guilds=(int(town.id),)) as plein:
        channel = await let_in(plein, town, mo, anna)
        if changed:
            change(town, channel, anna.user.id, 1, LET_IN.value | FILES)
            await plein.until_quiet(60)
        await archive(mo)
        for _ in range(2):
            await plein.until_quiet(60)
        change(town, channel, anna.user.id, 1, 0, VIEW if how == "denied" else 0)
        line = deepcopy(channel.overwrites[anna.user.id])
        for _ in range(2):
            await plein.until_quiet(60)
        await mo.uses("sport", "theme reopen", theme="verlichting")
        for _ in range(3):
            await plein.until_quiet(60)
        told = (await anna.uses("sport", "theme take-part", theme="verlichting")).text
        assert "Een moderator heeft je" in told
        assert not is_in(town, channel, anna)
        assert channel.overwrites[anna.user.id] == line


@pytest.mark.parametrize("archived", [False, True])
async def test_what_somebody_changed_while_it_was_archived_is_so_after_that(
    double: Discord, database: str, town: Server, mo: Person, anna: Person, ben: Person, archived: bool
) -> None:
    """Moderators jail people by a role that is in the channel already, hide it from all, or mute one."""
    jailed, writers = town.role("gevangen"), town.role("schrijvers")
    async with plein_on(double, database, residents=moderators(mo), guilds=(int(town.id),)) as plein:
        channel = await made(plein, town, mo)
        for role in (jailed, writers):
            change(town, channel, role.id, 0, VIEW | SPEAKING.value)
        change(town, channel, double.bot.user.id, 1, VIEW)
        change(town, channel, ben.user.id, 1, LET_IN.value | FILES)
        await plein.until_quiet(60)
        if archived:
            await archive(mo)
            for _ in range(2):
                await plein.until_quiet(60)
        now = channel.overwrites
        change(town, channel, jailed.id, 0, 0, VIEW | SEND)
        change(town, channel, town.id, 0, 0, (now[town.id].deny if archived else 0) | VIEW)
        change(town, channel, ben.user.id, 1, now[ben.user.id].allow & ~SEND, SEND)
        change(town, channel, writers.id, 0, now[writers.id].allow | FILES, now[writers.id].deny)
        await plein.until_quiet(60)
        if archived:
            await mo.uses("sport", "theme reopen", theme="verlichting")
            for _ in range(3):
                await plein.until_quiet(60)
        lines = {who: (line.allow, line.deny) for who, line in channel.overwrites.items()}
        assert lines[jailed.id] == (0, VIEW | SEND)
        assert lines[town.id] == (0, VIEW)
        assert lines[ben.user.id] == ((LET_IN.value | FILES) & ~SEND, SEND)
        assert lines[writers.id] == (VIEW | FILES | SPEAKING.value, 0)
        assert lines[double.bot.user.id] == (VIEW, 0)


async def test_where_it_was_hidden_from_all_meanwhile_others_speak_again(
    double: Discord, database: str, town: Server, mo: Person
) -> None:
    """Closing kept all from speaking, by the same line in which somebody hid it since."""
    team = town.role("ploeg")
    async with plein_on(double, database, residents=moderators(mo), guilds=(int(town.id),)) as plein:
        channel = await made(plein, town, mo)
        change(town, channel, town.id, 0, VIEW)
        change(town, channel, team.id, 0, VIEW)
        await plein.until_quiet(60)
        await archive(mo)
        for _ in range(2):
            await plein.until_quiet(60)
        change(town, channel, town.id, 0, 0, channel.overwrites[town.id].deny | VIEW)
        await plein.until_quiet(60)
        await mo.uses("sport", "theme reopen", theme="verlichting")
        for _ in range(3):
            await plein.until_quiet(60)
        lines = {who: (line.allow, line.deny) for who, line in channel.overwrites.items()}
        assert lines[town.id] == (0, VIEW)
        assert lines[team.id] == (VIEW, 0)


@pytest.mark.parametrize("reopened", [False, True])
@pytest.mark.parametrize("leaves", [False, True])
async def test_who_is_put_out_by_the_loss_of_a_line_that_somebody_had_changed_stays_out(
    double: Discord, database: str, town: Server, mo: Person, anna: Person, reopened: bool, leaves: bool
) -> None:
    """Between the two the theme was archived and opened again, or she left it and took part anew."""
    async with plein_on(double, database, residents=moderators(mo), guilds=(int(town.id),)) as plein:
        channel = await let_in(plein, town, mo, anna)
        change(town, channel, anna.user.id, 1, LET_IN.value | FILES)
        await plein.until_quiet(60)
        if reopened:
            await archive(mo)
            await plein.until_quiet(60)
            await mo.uses("sport", "theme reopen", theme="verlichting")
            for _ in range(2):
                await plein.until_quiet(60)
        if leaves:
            for command in ("theme leave", "theme take-part"):
                await anna.uses("sport", command, theme="verlichting")
                await plein.until_quiet(60)
        assert is_in(town, channel, anna)
        del channel.overwrites[anna.user.id]
        await stays_out(plein, town, channel, anna)


@pytest.mark.parametrize("times", [1, 2])
async def test_who_is_put_out_of_a_channel_that_was_archived_twice_stays_out(
    double: Discord, database: str, town: Server, mo: Person, anna: Person, times: int
) -> None:
    """Whoever pulls it archives it, opens it and archives it at once; then her line is taken away."""
    async with plein_on(double, database, residents=moderators(mo), guilds=(int(town.id),)) as plein:
        channel = await let_in(plein, town, mo, anna)
        for number in range(times):
            if number:
                await plein.until_quiet(60)
                await mo.uses("sport", "theme reopen", theme="verlichting")
            await archive(mo)
        for _ in range(3):
            await plein.until_quiet(60)
        del channel.overwrites[anna.user.id]
        places.channel_changed(town.world, channel)
        for _ in range(2):
            await plein.until_quiet(60)
        await mo.uses("sport", "theme reopen", theme="verlichting")
        for _ in range(3):
            await plein.until_quiet(60)
        await stays_out(plein, town, channel, anna)


async def stays_out(plein: OnDiscord, town: Server, channel: Channel, anna: Person) -> None:
    places.channel_changed(town.world, channel)
    for _ in range(2):
        await plein.until_quiet(60)
    for command in ("theme leave", "theme take-part"):
        await anna.uses("sport", command, theme="verlichting")
        await plein.until_quiet(60)
    assert not is_in(town, channel, anna)


def change(town: Server, channel: Channel, who: str, kind: int, allow: int, deny: int = 0) -> None:
    channel.overwrites[who] = Overwrite(who, kind, allow, deny)
    places.channel_changed(town.world, channel)
