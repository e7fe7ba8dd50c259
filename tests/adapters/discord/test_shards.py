"""Several processes for one application, and servers that are none of this community's business."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.doubles.discord import Discord, Server
from tests.doubles.discord.state import Message
from tests.on_discord import OnDiscord, plein_on

HISTORY = "GET /channels/{channel_id}/messages"


def two_servers(double: Discord) -> tuple[Server, Server]:
    """One for each of two shards."""
    found: dict[int, Server] = {}
    number = 0
    while len(found) < 2:
        number += 1
        server = double.guild(f"Gemeente {number}")
        found.setdefault((int(server.id) >> 22) % 2, server)
    return found[0], found[1]


async def opened(server: Server, question: str) -> Message:
    anna = server.member("anna")
    await anna.uses("general", "poll open", question=question, option="Ja | Nee", closes="2d")
    return await shown(server, question, "Nog niemand stemde")


def boards(server: Server, *words: str) -> list[Message]:
    there = server.channel("general").messages.values()
    return [
        message for message in there if not message.only_for and all(word in message.text for word in words)
    ]


async def shown(server: Server, *words: str) -> Message:
    return (await server.discord.until(lambda: boards(server, *words)))[0]


async def rooms(plein: OnDiscord) -> list[str]:
    return [place.room_id for place in await plein.core.places(plein.adapter.account)]


@pytest.mark.parametrize("shared", [True, False])
async def test_each_process_serves_its_own(tmp_path: Path, shared: bool) -> None:
    """On one database or on two: nobody is answered twice, and nothing is shown twice."""
    async with Discord() as double:
        ours, theirs = two_servers(double)
        urls = [f"sqlite:///{tmp_path}/{0 if shared else number}.db" for number in (0, 1)]
        async with (
            plein_on(double, urls[0], shards=(0,), shard_count=2) as first,
            plein_on(double, urls[1], shards=(1,), shard_count=2) as second,
        ):
            assert sorted(session.shard for session in double.gateway.connected) == [(0, 2), (1, 2)]
            for server, question in ((ours, "Bij ons?"), (theirs, "Bij hen?")):
                board = await opened(server, question)
                assert "je koos Ja" in (await server.member("ben").presses(board, "Ja")).text
                await shown(server, "Ja: 1 stem")
                anna = server.member("anna")
                await anna.says("general", f"<@{double.bot.id}> stem 2")
                await shown(server, "Nee: 1 stem")
            await first.until_quiet()
            await second.until_quiet()
            known = {*await rooms(first)}, {*await rooms(second)}
        every = {ours.channel("general").id, theirs.channel("general").id}
        assert known == (
            (every, every) if shared else ({ours.channel("general").id}, {theirs.channel("general").id})
        )
        for server in (ours, theirs):
            assert len(boards(server, " sluit ")) == 1
        said = [message for message in anna.sees(anna.dm) if message.author.bot]
        assert len(said) == 2
        assert double.check_contract() == []


@pytest.mark.parametrize("shared", [True, False])
async def test_each_catches_up_with_its_own(tmp_path: Path, shared: bool) -> None:
    async with Discord() as double:
        ours, theirs = two_servers(double)
        urls = [f"sqlite:///{tmp_path}/{0 if shared else number}.db" for number in (0, 1)]
        settings: list[Any] = [{"shards": (number,), "shard_count": 2} for number in (0, 1)]
        for _ in range(2):
            async with plein_on(double, urls[0], **settings[0]), plein_on(double, urls[1], **settings[1]):
                if not boards(ours, " sluit "):
                    await opened(ours, "Bij ons?")
                    await opened(theirs, "Bij hen?")
        anna = ours.member("anna")
        for server in (ours, theirs):
            await anna.says(server.channel("general"), f"<@{double.bot.id}> stem 2")
        asked = len(double.calls_to(*HISTORY.split()))
        async with plein_on(double, urls[0], **settings[0]) as first:
            await shown(ours, "Nee: 1 stem")
            await first.until_quiet()
            assert boards(theirs, "Nog niemand stemde")
            assert len(double.calls_to(*HISTORY.split())) == asked + 1
        async with plein_on(double, urls[1], **settings[1]) as second:
            await shown(theirs, "Nee: 1 stem")
            await second.until_quiet()
        assert len([message for message in anna.sees(anna.dm) if "je koos" in message.text]) == 2


async def test_several_shards_in_one_process(tmp_path: Path) -> None:
    """One of them may be lost and begin anew; what its people said meanwhile is read."""
    async with Discord() as double:
        ours, theirs = two_servers(double)
        async with plein_on(double, f"sqlite:///{tmp_path}/plein.db", shards=(0, 1), shard_count=2) as plein:
            for server, question in ((ours, "Bij ons?"), (theirs, "Bij hen?")):
                await opened(server, question)
            lost = next(
                connection
                for connection in double.gateway.connections
                if connection.session and connection.session.shard[0]
            )
            assert lost.session
            double.gateway.refuse()
            del double.gateway.sessions[lost.session.id]
            assert lost.request.transport
            lost.request.transport.abort()
            anna = theirs.member("anna")
            await anna.says(theirs.channel("general"), f"<@{double.bot.id}> stem 2")
            await double.until(lambda: double.gateway.turned_away)
            double.gateway.accept()
            await shown(theirs, "Nee: 1 stem")
            await anna.says(ours.channel("general"), f"<@{double.bot.id}> stem 1")
            await shown(ours, "Ja: 1 stem")
            await plein.until_quiet()
        assert len([message for message in anna.sees(anna.dm) if "je koos" in message.text]) == 2


async def test_a_server_outside_the_community(double: Discord, tmp_path: Path) -> None:
    """What is said there is ignored; who uses a command is told so, and suggested nothing."""
    town, elsewhere = double.guild("Plein"), double.guild("Elders")
    async with plein_on(double, f"sqlite:///{tmp_path}/plein.db", guilds=(town.id,)) as plein:
        carl, ben = elsewhere.member("carl"), town.member("ben")
        answer = await carl.uses("general", "poll open", question="Hier?", option="Ja | Nee", closes="2d")
        assert "Ik hoor bij een andere server" in answer.text
        assert answer.ephemeral
        await carl.says("general", f"<@{double.bot.id}> peiling lijst")
        await ben.says("sport", f"<@{double.bot.id}> peiling lijst")
        await ben.hears(ben.dm, "peiling")
        await plein.until_quiet()
        assert not carl.sees(carl.dm)
        assert elsewhere.channel("general").id not in await rooms(plein)
        elsewhere.outage()
        elsewhere.recovers()
        elsewhere.remove(double.bot)
        elsewhere.invite(double.bot)
        assert (await ben.uses("sport", "poll list")).ephemeral
    await carl.says("general", f"<@{double.bot.id}> peiling lijst")
    async with plein_on(double, f"sqlite:///{tmp_path}/plein.db", guilds=(town.id,)):
        pass
    asked = {call.params["channel_id"] for call in double.calls_to(*HISTORY.split())}
    assert not asked & {*elsewhere.guild.channels}
