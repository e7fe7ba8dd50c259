"""Whoever comes to a Discord server is welcomed once, where Discord is allowed to tell of them."""

from __future__ import annotations

import pytest

from tests.adapters.discord.test_check import checked
from tests.adapters.discord.test_hearing import intents
from tests.adapters.discord.test_homes import moderators
from tests.adapters.discord.test_new_rooms import propose, settle_in
from tests.doubles.discord import Discord, Person, Server
from tests.doubles.discord.state import Message
from tests.on_discord import OnDiscord, plein_on

MEMBERS, CONTENT = 1 << 1, 1 << 15
WELCOME = "Welkom"


def welcomes(server: Server, channel: str = "sport") -> list[Message]:
    return [message for message in server.channel(channel).messages.values() if WELCOME in message.text]


async def opened(plein: OnDiscord, server: Server, mo: Person) -> None:
    """Two themes are there, in their home."""
    await settle_in(plein, server, mo)
    for name in ("Verlichting", "Muziek"):
        await propose(mo, name)
    await plein.until_quiet(60)


async def test_they_are_welcomed_where_everybody_is_and_once(
    double: Discord, database: str, town: Server, mo: Person
) -> None:
    async with plein_on(double, database, residents=moderators(mo), newcomers=True) as plein:
        assert intents(double)[0] & MEMBERS
        await opened(plein, town, mo)
        kim = town.member("kim")
        town.member("lou")
        await plein.until_quiet(60)
        (said,) = welcomes(town)
        assert "kim" not in said.text
        assert all(name in said.text for name in ("Verlichting", "Muziek"))
        await plein.until_quiet(3600)
        assert "Je doet mee aan “Muziek”" in (await kim.presses(said, "Muziek")).text
    async with plein_on(double, database, residents=moderators(mo), newcomers=True) as plein:
        await plein.until_quiet(60)
        assert len(welcomes(town)) == 1


async def test_who_chose_a_language_in_private_is_welcomed_in_it(
    double: Discord, database: str, town: Server, mo: Person
) -> None:
    """And who comes at the same time and chose none, in their channel, in the community's."""
    async with plein_on(double, database, residents=moderators(mo), newcomers=True) as plein:
        kim = town.member("kim")
        await kim.says(kim.dm, "taal en")
        await plein.until_quiet()
        await kim.leaves()
        await opened(plein, town, mo)
        for name in ("kim", "lou", "max"):
            town.member(name)
        await plein.until_quiet(60)
        (said,) = [message for message in kim.sees(kim.dm) if "Verlichting" in message.text]
        assert "Welcome!" in said.text
        assert "Choose a theme to take part in." in said.text
        (aloud,) = welcomes(town)
        assert "Kies een thema" in aloud.text
        assert "You take part in “Muziek”" in (await kim.presses(said, "Muziek")).text


async def test_without_the_intent_all_else_goes_on(
    double: Discord, database: str, town: Server, mo: Person, caplog: pytest.LogCaptureFixture
) -> None:
    double.bot.privileged = CONTENT
    async with plein_on(double, database, residents=moderators(mo), newcomers=True) as plein:
        assert not intents(double)[0] & MEMBERS
        await opened(plein, town, mo)
        town.member("kim")
        await plein.until_quiet(60)
        (standing,) = welcomes(town)
        assert standing.pinned
        assert "“Server Members Intent”" in (await mo.uses("sport", "community setup")).text
    assert "switch on Server Members Intent on" in caplog.text


async def test_without_it_the_welcome_stands_pinned_and_the_first_word_brings_it(
    double: Discord, database: str, town: Server, mo: Person, anna: Person, ben: Person
) -> None:
    """In private who writes there, aloud once an hour else; nobody twice, also after a start."""
    async with plein_on(double, database, residents=moderators(mo)) as plein:
        await opened(plein, town, mo)
        (standing,) = welcomes(town)
        assert standing.pinned
        assert all(name in standing.text for name in ("Verlichting", "Muziek"))
        await anna.uses("sport", "theme list")
        await plein.until_quiet(60)
        assert len(welcomes(town)) == 2
        await anna.says(anna.dm, "thema lijst")
        await ben.says(ben.dm, "thema lijst")
        await plein.until_quiet(60)
        assert [len(private(person)) for person in (anna, ben)] == [0, 1]
        assert "“Muziek”" in (await ben.presses(private(ben)[0], "Muziek")).text
        await mo.uses("sport", "theme rename", name="Zang", theme="Muziek")
        await plein.until_quiet(60)
        assert "Zang" in standing.text
    async with plein_on(double, database, residents=moderators(mo)) as plein:
        for person in (anna, ben):
            await person.uses("sport", "theme list")
        await plein.until_quiet(7200)
        assert (len(welcomes(town)), len(private(ben)), len(private(anna))) == (2, 1, 0)


def private(person: Person) -> list[Message]:
    return [message for message in person.sees(person.dm) if WELCOME in message.text]


async def test_where_nobody_asks_for_it_discord_is_not_asked(
    double: Discord, database: str, town: Server, mo: Person
) -> None:
    async with plein_on(double, database, residents=moderators(mo)) as plein:
        await opened(plein, town, mo)
        assert not intents(double)[0] & MEMBERS
        assert "Intent" not in (await mo.uses("sport", "community setup")).text


async def test_it_is_looked_whether_it_is_allowed(double: Discord, town: Server) -> None:
    assert (await checked(double, newcomers=True))[1] == []
    double.bot.privileged = CONTENT
    _, wrong = await checked(double, newcomers=True)
    assert ["“Server Members Intent”" in line for line in wrong] == [True]
