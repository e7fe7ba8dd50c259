"""Threads across two channels of a theme: what is gone in one, also while Plein was away."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.adapters.discord import test_missed
from tests.doubles.discord import Discord, Person, Server, places
from tests.doubles.discord.state import Channel

relaying, said_by_both, looked = test_missed.relaying, test_missed.said_by_both, test_missed.looked
at_once = test_missed._at_once


@pytest.fixture
async def double() -> AsyncIterator[Discord]:
    """Its clock runs, as what was missed waits until all of it was heard."""
    async with Discord(running=True) as discord:
        discord.guild("Plein").channel("sport")
        yield discord


@pytest.fixture
def elsewhere(town: Server) -> Channel:
    return town.channel("elders")


def thread_in(town: Server, channel: Channel) -> Channel:
    [found] = [each for each in town.guild.channels.values() if each.parent_id == channel.id]
    return found


async def until_threads(double: Discord, town: Server, *channels: Channel) -> list[Channel]:
    def look() -> bool:
        return {each.parent_id for each in town.guild.channels.values()} >= {each.id for each in channels}

    await double.bell.until(look, timeout=20)
    return [thread_in(town, channel) for channel in channels]


@pytest.mark.parametrize("standalone", [False, True])
async def test_a_thread_stands_in_both_and_each_way(
    double: Discord,
    database: str,
    sport: Channel,
    elsewhere: Channel,
    town: Server,
    anna: Person,
    ben: Person,
    standalone: bool,
) -> None:
    async with relaying(double, database, sport, elsewhere):
        root = None if standalone else await anna.says("sport", "Wie komt er?")
        here = anna.begins("sport", "Wie komt er?", on=root)
        for words in ("ik", "en ik"):
            await anna.says(here, words)
        [there] = await until_threads(double, town, elsewhere)
        await ben.says(there, "ik niet")
        inside = ["en ik", "ik niet"] if standalone else ["ik", "en ik", "ik niet"]
        await said_by_both(double, inside, there)
        await said_by_both(double, ["ik", "en ik", "ik niet"], here)
        await said_by_both(double, ["ik" if standalone else "Wie komt er?"], elsewhere)
        assert there.name == ("ik" if standalone else "Wie komt er?")


@pytest.mark.parametrize("away", [False, True])
async def test_what_was_in_a_thread_that_is_deleted_goes_elsewhere_too(
    double: Discord,
    database: str,
    sport: Channel,
    elsewhere: Channel,
    town: Server,
    anna: Person,
    ben: Person,
    away: bool,
) -> None:
    """Of its messages Discord tells nothing. What it began with stands in the channel, and stays."""
    async with relaying(double, database, sport, elsewhere):
        root = await anna.says("sport", "Wie komt er?")
        here = anna.begins("sport", "Wie komt er?", on=root)
        await anna.says(here, "ik")
        [there] = await until_threads(double, town, elsewhere)
        await ben.says(there, "ik niet")
        await said_by_both(double, ["ik", "ik niet"], here, there)
        if not away:
            places.remove_channel(double.world, here)
            await said_by_both(double, [], there)
            await said_by_both(double, ["Wie komt er?"], sport, elsewhere)
    if away:
        places.remove_channel(double.world, here)
        async with relaying(double, database, sport, elsewhere):
            await looked(double)
            await said_by_both(double, [], there)
            await said_by_both(double, ["Wie komt er?"], sport, elsewhere)


@pytest.mark.parametrize("put_away", [False, True])
async def test_what_was_done_in_threads_while_plein_was_away_is_made_up_for(
    double: Discord,
    database: str,
    sport: Channel,
    elsewhere: Channel,
    town: Server,
    anna: Person,
    put_away: bool,
) -> None:
    async with relaying(double, database, sport, elsewhere):
        root = await anna.says("sport", "Wie komt er?")
        here = anna.begins("sport", "Wie komt er?", on=root)
        said = [await anna.says(here, words) for words in ("een", "twee", "drie")]
        [there] = await until_threads(double, town, elsewhere)
        await said_by_both(double, ["een", "twee", "drie"], here, there)
    double.clock.turn(3_600)
    await anna.edits(said[0], "een, anders")
    await anna.deletes(said[1])
    await anna.says(here, "vier")
    if put_away:
        town.put_away(here)
    async with relaying(double, database, sport, elsewhere):
        await looked(double)
        await said_by_both(double, ["een, anders", "drie", "vier"], here, there)


async def test_what_is_deleted_in_a_thread_that_was_put_away_goes_elsewhere_too(
    double: Discord, database: str, sport: Channel, elsewhere: Channel, town: Server, anna: Person
) -> None:
    async with relaying(double, database, sport, elsewhere):
        root = await anna.says("sport", "Wie komt er?")
        here = anna.begins("sport", "Wie komt er?", on=root)
        said = await anna.says(here, "ik")
        [there] = await until_threads(double, town, elsewhere)
        await said_by_both(double, ["ik"], there)
        for thread in (here, there):
            town.put_away(thread)
        await anna.deletes(said)
        await said_by_both(double, [], there)
