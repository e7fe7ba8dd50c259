"""A code that others read in a channel: it is no use any more, and Plein takes it away where it may."""

from __future__ import annotations

import asyncio
import re

import pytest

from bot.main.config import ResidentSection
from tests.doubles.discord import Discord, Person, Server
from tests.on_discord import OnDiscord, plein_on

CODE = re.compile(r"[2-9A-HJKMNP-Z]{4}-[2-9A-HJKMNP-Z]{4}")
DELETE = "DELETE /channels/{channel_id}/messages/{message_id}"


@pytest.mark.parametrize("may", [True, False], ids=["may", "may-not"])
async def test_a_code_in_a_channel_is_taken_away(
    may: bool, double: Discord, plein: OnDiscord, town: Server, anna: Person, ben: Person
) -> None:
    if not may:
        town.close_to(double.bot, "sport", ["manage_messages"])
    said = await anna.uses(anna.dm, "koppel")
    found = CODE.search(said.text)
    assert found
    shouted = await ben.says("sport", f"<@{double.bot.user.id}> link {found[0]}")
    answer = await ben.hears(ben.dm, "Hier lezen anderen mee")
    assert ("Ik haalde je bericht weg" in answer.text) is may
    assert (shouted not in ben.sees("sport")) is may
    assert not any(CODE.search(message.text) for message in anna.sees("sport") if message is not shouted)
    tried = await ben.uses(ben.dm, "me link", code=found[0])
    assert "does not work" in tried.text


async def test_by_a_slash_command_a_code_is_nobody_elses_business(
    plein: OnDiscord, anna: Person, ben: Person
) -> None:
    """Nobody sees it in the channel: so it is read there, and these two are on one platform."""
    found = CODE.search((await anna.uses("sport", "mijn koppeling")).text)
    assert found
    said = await ben.uses("sport", "me link", code=found[0].lower().replace("-", " "))
    assert "same platform" in said.text


async def test_it_is_no_use_while_discord_takes_its_time(
    double: Discord, plein: OnDiscord, town: Server, anna: Person, ben: Person
) -> None:
    reader = town.member("zef", locale="nl")
    code = CODE.search((await anna.uses(anna.dm, "koppel")).text)
    assert code
    held = double.faults.hold(DELETE)
    await ben.says("sport", f"<@{double.bot.user.id}> link {code[0]}")
    async with asyncio.timeout(30):
        await held.reached.wait()
    tried = await reader.uses(reader.dm, "me link", code=code[0])
    held.release()
    assert "werkt niet" in tried.text


@pytest.mark.parametrize("how", ["used", "typed"])
async def test_the_account_is_named_by_what_nobody_else_is_called(
    double: Discord, database: str, town: Server, anna: Person, ben: Person, mo: Person, how: str
) -> None:
    """Eve is shown as Anna is; Discord lets only one of them be @anna."""
    eve = town.member("eve")
    town.guild.members[eve.id].nick = "anna"
    moderator = ResidentSection(name="Mo", role="moderator", accounts=(f"discord:{mo.id}",))
    async with plein_on(double, database, residents=[moderator]) as plein:
        await ben.uses("sport", "help")
        await mo.uses("sport", "mijn koppeling", instaan=ben.mention)
        if how == "used":
            asked = (await eve.uses("sport", "koppel")).text
        else:
            await eve.says(eve.dm, "koppel")
            asked = (await eve.hears(eve.dm, "Je code is")).text
        code = CODE.search(asked)
        assert code
        question = await ben.uses(ben.dm, "me link", code=code[0])
        assert "@eve on Discord" in question.text
        assert "@eve" in (await ben.presses(question.message, "Yes, that is me too")).text
        await plein.until_quiet(5)
        assert "@ben op Discord" in (await eve.hears(eve.dm, "Je wordt één persoon")).text
