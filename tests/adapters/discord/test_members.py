"""What Discord is asked about people: no more than it answers, whoever asks for how much."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from adapters.discord.members import APART, AT_ONCE
from tests.doubles.discord import Answer, Discord, Person, Server
from tests.on_discord import OnDiscord, opened, plein_on

DAY = 86_400

MEMBER = "GET /guilds/{guild_id}/members/{user_id}"
OTHERS = 9


@pytest.fixture
async def double() -> AsyncIterator[Discord]:
    async with Discord(running=True) as discord:
        discord.guild("Plein").channel("sport")
        yield discord


@pytest.fixture
def others(double: Discord, town: Server) -> list[Server]:
    found = [double.guild(f"Ook {number}") for number in range(OTHERS)]
    for server in found:
        server.channel("praat")
    return found


def asked_about_people(double: Discord) -> int:
    return len(double.calls_to(*MEMBER.split(" ")))


@pytest.mark.parametrize("said", ["community show", "poll list", "who is"])
async def test_of_many_servers_discord_is_asked_no_more_than_it_answers(
    double: Discord, database: str, town: Server, ben: Person, others: list[Server], said: str
) -> None:
    """zef is on one server of ten, each with a poll, and asks in private as fast as that is taken."""
    zef = town.member("zef")
    servers = tuple(server.id for server in (town, *others))
    async with plein_on(double, database, guilds=servers):
        for server in (*others, town):
            where = "sport" if server is town else "praat"
            await server.member("anna").uses(where, "poll open", question="Een bank?", option="Ja | Nee")
        await ben.uses("sport", "vote", answer="1", poll=OTHERS + 1)
        double.limits.real()
        double.faults.delay(0.05, MEMBER, 100_000)
        before, calls = asked_about_people(double), len(double.calls)

        begun: list[asyncio.Task[Answer]] = []
        given = {"person": "iemand"} if said == "who is" else {}

        async def flood() -> None:
            while True:
                begun.append(asyncio.create_task(zef.uses(zef.dm, said, given)))
                await asyncio.sleep(0.05)

        began = time.monotonic()
        flooding = asyncio.create_task(flood())
        await double.until(lambda: asked_about_people(double) - before > 40)
        for choice in ("1", "2"):
            at = time.monotonic()
            await ben.uses(ben.dm, "vote", answer=choice, poll=OTHERS + 1)
            await ben.uses(ben.dm, "who knows", topic="bijen")
            assert time.monotonic() - at < 2
        for task in (flooding, *begun):
            task.cancel()
        asked, seconds = asked_about_people(double) - before, time.monotonic() - began
        assert asked > 20
        assert asked <= AT_ONCE + seconds / APART + 1
        assert not [call for call in double.calls[calls:] if call.status == 429]


async def test_whoever_is_of_the_community_is_looked_for_where_they_were_last(
    double: Discord, database: str, town: Server, ben: Person, others: list[Server]
) -> None:
    async with plein_on(double, database, guilds=tuple(server.id for server in (town, *others))) as plein:
        for server in (*others, town):
            await server.member("anna").uses("sport" if server is town else "praat", "help")
        await ben.uses(ben.dm, "who knows", topic="bijen")
        before = asked_about_people(double)
        assert "How things are set" in (await ben.uses(ben.dm, "community show")).text
        assert asked_about_people(double) - before == 1
        # Once they left they are looked for everywhere.
        await plein.until_quiet(3600)
        await ben.leaves()
        before = asked_about_people(double)
        await ben.uses(ben.dm, "community show")
        assert asked_about_people(double) - before == 1 + OTHERS


@pytest.mark.parametrize("how", ["pressed", "slash", "typed", "in private"])
@pytest.mark.parametrize("seen_before", [True, False], ids=["seen before", "control: never seen"])
async def test_whoever_left_and_came_back_after_it_opened_is_no_member(
    plein: OnDiscord, town: Server, anna: Person, ben: Person, how: str, seen_before: bool
) -> None:
    """Since when somebody is in a channel is since they are on the server, where all of that may see it."""
    plein.double.clock.turn(60)
    if seen_before:
        await ben.uses("sport", "poll list")
    plein.double.clock.turn(60)
    await ben.leaves()
    plein.double.clock.turn(30 * DAY)
    board = await opened(plein, anna, "Een bank?", voters="members")
    plein.double.clock.turn(3600)
    ben = town.member("ben")
    plein.double.clock.turn(60)
    if how == "typed":
        await ben.says("sport", f"<@{plein.double.bot.id}> stem 1 --peiling 1")
        await ben.hears(ben.dm, "Een bank?")
    elif how == "pressed":
        await ben.presses(board, "Ja")
    else:
        await ben.uses("sport" if how == "slash" else ben.dm, "vote", answer="1", poll=1)
    await plein.until_quiet(10)
    await plein.board("sport", "Een bank?", "Nog niemand stemde", timeout=3)
