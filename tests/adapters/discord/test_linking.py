"""A code that others read in a channel: it is no use any more, and Plein takes it away where it may."""

from __future__ import annotations

import asyncio
import re

import pytest

from tests.doubles.discord import Discord, Person, Server
from tests.on_discord import OnDiscord

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
