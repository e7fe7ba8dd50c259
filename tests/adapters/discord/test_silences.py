"""Whoever is muted in a theme cannot write in its channels on Discord, can elsewhere, and can again after."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.discord.shaping import LET_IN, SPEAKING
from tests.adapters.discord.test_homes import moderators
from tests.adapters.discord.test_shaping import made
from tests.doubles.discord import Discord, Person, Server, permissions
from tests.doubles.discord.state import Channel, Overwrite
from tests.on_discord import OnDiscord, plein_on

CALL = "{} /channels/{{channel_id}}/permissions/{{overwrite_id}}"
WRITING = ("send_messages", "add_reactions", "create_public_threads", "send_messages_in_threads")


def may(town: Server, channel: Channel, person: Person, *names: str) -> bool:
    return permissions.may(town.guild, person.member, channel, *names)


async def mute(plein: OnDiscord, mo: Person, who: Person, command: str = "mod mute") -> str:
    options: dict[str, Any] = {"length": "1h"} if command == "mod mute" else {}
    said = (await mo.uses("sport", command, who=who.mention, **options)).text
    await settled(plein)
    return said


async def settled(plein: OnDiscord) -> None:
    """Also what waits for Discord: it is asked again."""
    for _ in range(5):
        await plein.until_quiet(10)
        if await plein.core.silencing.flush():
            break
    await plein.until_quiet(10)


def told(person: Person) -> list[str]:
    return [message.text for message in person.dm.messages.values()]


@pytest.mark.parametrize("fault", ["none", "lost before", "lost after", "502", "patience"])
async def test_only_there_and_until_it_is_over(
    double: Discord, database: str, town: Server, mo: Person, ben: Person, fault: str
) -> None:
    sport, other = town.channel("sport"), town.channel("other")
    async with plein_on(double, database, residents=moderators(mo), guilds=(int(town.id),)) as plein:
        for method, command, writes in (("PUT", "mod mute", False), ("DELETE", "mod unmute", True)):
            call = CALL.format(method)
            match fault:
                case "lost before" | "lost after":
                    double.faults.drop(call, after=fault == "lost after")
                case "502":
                    double.faults.answer(502, call)
                case "patience":
                    double.faults.answer(429, call, body={"message": "slow down", "retry_after": 3.0})
            await mute(plein, mo, ben, command)
            double.faults.clear()
            await settled(plein)
            for name in WRITING:
                assert may(town, sport, ben, name) is writes, name
                assert may(town, other, ben, name)
            assert may(town, sport, ben, "view_channel", "use_application_commands")
        assert ben.user.id not in sport.overwrites


async def test_a_line_by_hand_stays_and_moderators_read_what_to_do(
    double: Discord, database: str, town: Server, mo: Person, ben: Person
) -> None:
    sport = town.channel("sport")
    by_hand = Overwrite(ben.user.id, 1, 1 << 15, 0)
    async with plein_on(double, database, residents=moderators(mo), guilds=(int(town.id),)) as plein:
        sport.overwrites[ben.user.id] = by_hand
        await mute(plein, mo, ben)
        await plein.until_quiet(60)
        assert sport.overwrites[ben.user.id] == by_hand
        assert "Voor deze persoon staan er in het kanaal al eigen rechten" in "\n".join(told(mo))
        await mute(plein, mo, ben, "mod unmute")
        assert sport.overwrites[ben.user.id] == by_hand


async def test_who_is_quiet_by_hand_already_stays_so(
    double: Discord, database: str, town: Server, mo: Person, ben: Person
) -> None:
    sport = town.channel("sport")
    by_hand = Overwrite(ben.user.id, 1, 0, 1 << 11)
    async with plein_on(double, database, residents=moderators(mo), guilds=(int(town.id),)) as plein:
        sport.overwrites[ben.user.id] = by_hand
        for command in ("mod mute", "mod unmute"):
            await mute(plein, mo, ben, command)
            assert sport.overwrites[ben.user.id] == by_hand


async def test_what_somebody_changed_meanwhile_stays(
    double: Discord, database: str, town: Server, mo: Person, ben: Person
) -> None:
    sport = town.channel("sport")
    async with plein_on(double, database, residents=moderators(mo), guilds=(int(town.id),)) as plein:
        await mute(plein, mo, ben)
        own = sport.overwrites[ben.user.id]
        own.allow |= 1 << 15
        await mute(plein, mo, ben, "mod unmute")
        await plein.until_quiet(60)
        assert sport.overwrites[ben.user.id] == own
        assert "Iemand veranderde intussen" in "\n".join(told(mo))


async def test_without_the_permission_moderators_read_what_to_do(
    double: Discord, database: str, town: Server, mo: Person, ben: Person
) -> None:
    sport = town.channel("sport")
    async with plein_on(double, database, residents=moderators(mo), guilds=(int(town.id),)) as plein:
        town.close_to(double.bot, "sport", ["manage_roles"])
        await mute(plein, mo, ben)
        await plein.until_quiet(60)
        assert may(town, sport, ben, "send_messages")
        assert "“Rechten beheren”" in "\n".join(told(mo))


async def test_who_was_let_in_is_let_in_as_before(
    double: Discord, database: str, town: Server, mo: Person, anna: Person
) -> None:
    """Into a hidden channel; and who leaves while muted is out, and muted still where they come back."""
    async with plein_on(double, database, residents=moderators(mo), guilds=(int(town.id),)) as plein:
        channel = await made(plein, town, mo)
        town.deny(channel.name, "everyone", ["view_channel"])
        await anna.uses("sport", "theme take-part", theme="verlichting")
        await plein.until_quiet(60)
        assert may(town, channel, anna, "view_channel", "send_messages")
        await mo.uses("sport", "mod mute", who=anna.mention, length="1h", theme="verlichting")
        await settled(plein)
        assert may(town, channel, anna, "view_channel")
        assert not may(town, channel, anna, "send_messages")
        await anna.uses("sport", "theme leave", theme="verlichting")
        await plein.until_quiet(60)
        assert not may(town, channel, anna, "view_channel")
        await anna.uses("sport", "theme take-part", theme="verlichting")
        await plein.until_quiet(60)
        assert may(town, channel, anna, "view_channel")
        assert not may(town, channel, anna, "send_messages")
        await mo.uses("sport", "mod unmute", who=anna.mention, theme="verlichting")
        await settled(plein)
        line = channel.overwrites[anna.user.id]
        assert (line.allow, line.deny) == (LET_IN.value, 0)
        await anna.uses("sport", "theme leave", theme="verlichting")
        await plein.until_quiet(60)
        assert anna.user.id not in channel.overwrites


async def test_in_a_post_moderators_read_that_it_cannot_be(
    double: Discord, database: str, town: Server, mo: Person, anna: Person
) -> None:
    async with plein_on(double, database, residents=moderators(mo), guilds=(int(town.id),)) as plein:
        await made(plein, town, mo, "forum")
        await mo.uses("sport", "mod mute", who=anna.mention, length="1h", theme="verlichting")
        await settled(plein)
        await plein.until_quiet(60)
        assert "In een post of een draad kan ik één iemand niet verhinderen" in "\n".join(told(mo))


def test_what_is_forbidden_is_what_closing_takes() -> None:
    assert SPEAKING.send_messages
    assert SPEAKING.add_reactions
