"""Servers and channels come and go: live, and while Plein is away."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.main.config import ThemeSection
from tests.doubles.discord import Discord
from tests.doubles.discord.state import Channel, Message
from tests.on_discord import OnDiscord, plein_on

MEMBER = "GET /guilds/{guild_id}/members/{user_id}"
SAY = "POST /channels/{channel_id}/messages"


@pytest.fixture
def database(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/plein.db"


async def opened(double: Discord, channel: Channel, question: str = "Een skatebaan?") -> Message:
    """Somebody opens a poll there, each of them in their own server; its board."""
    server = next(server for server in double.world.guilds.values() if channel.id in server.channels)
    anna = double.guild(server.name).member(f"anna van {server.name}")
    await anna.uses(channel, "poll open", question=question, option="Ja | Nee", closes="2d")
    return await board(double, channel, "Nog niemand stemde")


async def board(double: Discord, channel: Channel, *words: str) -> Message:
    """A board there that shows these words."""

    def look() -> Message | None:
        for message in channel.messages.values():
            if not message.only_for and all(word in message.text for word in words):
                return message
        return None

    return await double.until(look)


def boards(double: Discord, channel: Channel) -> list[Message]:
    """What stands there with buttons."""
    return [message for message in channel.messages.values() if message.buttons and not message.only_for]


async def rooms(plein: OnDiscord) -> list[str]:
    return [place.room_id for place in await plein.core.places(plein.adapter.account)]


async def gone(plein: OnDiscord, channel: Channel) -> None:
    """Return once Plein knows that it is not there any more. The events before it are dealt with first."""
    async with asyncio.timeout(60):
        while channel.id in await rooms(plein):
            pass


async def test_thrown_out_and_invited_again(double: Discord, plein: OnDiscord) -> None:
    """Where people use it again, the boards that stand there are kept up to date again."""
    town = double.guild("Plein")
    sport, anna = town.channel("sport"), town.member("anna")
    before = await opened(double, sport)
    town.remove(double.bot)
    await gone(plein, sport)
    sent = len(double.calls)
    await plein.until_quiet(60)
    assert len(double.calls) == sent, "nothing is tried where Plein is not"
    town.invite(double.bot)
    await anna.presses(before, "Ja")
    assert await board(double, sport, "Ja: 1 stem") is before
    await anna.presses(before, "Nee")
    assert await board(double, sport, "Nee: 1 stem") is before
    assert boards(double, sport) == [before]


@pytest.mark.parametrize("live", [True, False])
async def test_a_named_channel_has_its_boards_up_to_date_at_once(
    double: Discord, database: str, live: bool
) -> None:
    """What was voted elsewhere meanwhile is shown by the board that stands there."""
    town = double.guild("Plein")
    sport, cultuur = town.channel("sport"), double.guild("Elders").channel("cultuur")
    themes = [ThemeSection(name="Sport", places=(f"discord:{sport.id}", f"discord:{cultuur.id}"))]
    async with plein_on(double, database, themes=themes) as plein:
        before = await opened(double, sport)
        if live:
            town.remove(double.bot)
            await gone(plein, sport)
            await double.guild("Elders").member("ben").presses(await board(double, cultuur, "Nog"), "Ja")
            town.invite(double.bot)
            assert await board(double, sport, "Ja: 1 stem") is before
    if not live:
        town.remove(double.bot)
        async with plein_on(double, database, themes=themes) as plein:
            assert await rooms(plein) == [cultuur.id]
            await double.guild("Elders").member("ben").presses(await board(double, cultuur, "Nog"), "Ja")
            town.invite(double.bot)
            assert await board(double, sport, "Ja: 1 stem") is before
    assert boards(double, sport) == [before]


async def test_removed_and_back_while_plein_was_away(double: Discord, database: str) -> None:
    """Then nothing happened: the board is still the same."""
    town = double.guild("Plein")
    sport = town.channel("sport")
    async with plein_on(double, database):
        before = await opened(double, sport)
    town.remove(double.bot)
    town.invite(double.bot)
    async with plein_on(double, database) as plein:
        await town.member("ben").presses(before, "Ja")
        assert await board(double, sport, "Ja: 1 stem") is before
        assert await rooms(plein) == [sport.id]


@pytest.mark.parametrize("live", [True, False])
async def test_a_channel_is_deleted(double: Discord, database: str, live: bool) -> None:
    """Its poll goes on elsewhere: nothing is tried there any more, and others are served."""
    town = double.guild("Plein")
    sport, cultuur = town.channel("sport"), town.channel("cultuur")
    themes = [ThemeSection(name="Alles", places=(f"discord:{sport.id}", f"discord:{cultuur.id}"))]
    async with plein_on(double, database, themes=themes) as plein:
        await opened(double, sport)
        remaining = await board(double, cultuur, "Nog niemand stemde")
        if live:
            town.close(sport)
            await gone(plein, sport)
            await town.member("ben").presses(remaining, "Ja")
            await board(double, cultuur, "Ja: 1 stem")
    if not live:
        town.close(sport)
    async with plein_on(double, database, themes=themes) as plein:
        assert await rooms(plein) == [cultuur.id]
        await town.member("ben").presses(remaining, "Nee")
        await board(double, cultuur, "Nee: 1 stem")
        await plein.until_quiet(2 * 86400 + 60)
        await board(double, cultuur, "Gesloten: ")
    said = [call for call in double.calls_to(*SAY.split()) if call.params["channel_id"] == sport.id]
    assert {call.status for call in said} == {200}


async def test_an_outage_is_no_leave(double: Discord, plein: OnDiscord) -> None:
    town = double.guild("Plein")
    sport = town.channel("sport")
    before = await opened(double, sport)
    town.outage()
    await plein.until_quiet(60)
    assert await rooms(plein) == [sport.id]
    town.recovers()
    await town.member("ben").presses(before, "Ja")
    assert await board(double, sport, "Ja: 1 stem") is before


async def test_an_outage_at_the_start_is_no_leave(double: Discord, database: str) -> None:
    town = double.guild("Plein")
    sport = town.channel("sport")
    async with plein_on(double, database):
        before = await opened(double, sport)
    town.outage()
    refused = double.faults.answer(503, "GET /channels/{channel_id}", 100)
    async with plein_on(double, database) as plein:
        assert await rooms(plein) == [sport.id]
        town.recovers()
        refused.release()
        await town.member("ben").presses(before, "Ja")
        assert await board(double, sport, "Ja: 1 stem") is before


async def test_a_channel_that_discord_does_not_speak_of_just_now(double: Discord, database: str) -> None:
    """Only a clear no means that it is gone."""
    town = double.guild("Plein")
    sport = town.channel("sport")
    async with plein_on(double, database):
        await opened(double, sport)
    town.remove(double.bot)
    double.faults.answer(503, "GET /channels/{channel_id}")
    async with plein_on(double, database) as plein:
        assert await rooms(plein) == [sport.id]
    async with plein_on(double, database) as plein:
        assert await rooms(plein) == []


async def test_50_servers(double: Discord, database: str) -> None:
    """Plein takes part where it was asked to, and serves them all; to come it need ask Discord little."""
    servers = [double.guild(f"Gemeente {number}") for number in range(50)]
    for server in servers:
        for name in ("sport", "cultuur"):
            server.channel(name)
    named = servers[0].channel("sport")
    themes = [ThemeSection(name="Sport", places=(f"discord:{named.id}",))]
    async with plein_on(double, database, themes=themes) as plein:
        assert await rooms(plein) == [named.id]
        assert len(double.calls) == 3, "who it is, which application, and the commands"
        for server in servers:
            shown = await opened(double, server.channel("cultuur"), f"Vraag van {server.name}?")
            await server.member("ben").presses(shown, "Ja")
            await board(double, server.channel("cultuur"), "Ja: 1 stem")
        assert len(await rooms(plein)) == 51
    asked = len(double.calls)
    async with plein_on(double, database, themes=themes) as plein:
        assert len(double.calls) - asked == 2, "nothing new was said: no history is asked for"
        for server in servers:
            await server.member("anna").says("cultuur", f"<@{double.bot.id}> stem 2")
            await board(double, server.channel("cultuur"), "Nee: 1 stem")
        assert not double.calls_to(*MEMBER.split()), "the gateway says who may what"


async def test_only_the_server_at_hand_is_asked_who_somebody_is(double: Discord, database: str) -> None:
    """The history does not say who may what: that is asked of one server, not of all."""
    servers = [double.guild(f"Gemeente {number}") for number in range(5)]
    async with plein_on(double, database):
        for server in servers:
            await opened(double, server.channel("general"))
    anna = servers[0].member("anna")
    await anna.says("general", f"<@{double.bot.id}> stem 2")
    async with plein_on(double, database):
        await board(double, servers[0].channel("general"), "Nee: 1 stem")
    assert len(double.calls_to(*MEMBER.split())) == 1
