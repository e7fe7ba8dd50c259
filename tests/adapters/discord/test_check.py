"""`plein check` on Discord: what it says, and what it finds wrong."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import discord
import pytest
from pydantic import SecretStr

from adapters.discord import check as looking
from adapters.discord.channels import NEEDED
from adapters.discord.check import check
from adapters.discord.gateway import NotLetIn
from adapters.discord.homes import MOST_IN_CATEGORY
from adapters.discord.settings import Discord as Settings
from bot.main.communities import homes_of
from bot.main.config import DatabaseSection, config_of
from bot.main.features import add_up
from bot.model.homes import Home
from bot.model.message import Text, text
from bot.model.people import FIRST_COMMUNITY, Grounds, Named
from bot.ports.storage import Transaction
from bot.texts import Texts, Voice
from storage.communities import settings_kept
from tests.chat import NOW
from tests.doubles.discord import Discord, Server
from tests.doubles.discord.state import Channel
from tests.doubles.platform import open_town
from tests.on_discord import plein_on

# As Discord's own settings call them.
NEEDS = (
    "View Channels",
    "Send Messages",
    "Send Messages in Threads",
    "Embed Links",
    "Attach Files",
    "Read Message History",
)


async def looked(
    double: Discord,
    grounds: Grounds,
    *,
    listens: bool = False,
    carried: Mapping[str, int] | None = None,
    **settings: Any,
) -> dict[str | int, list[str]]:
    """What is `well` and `wrong`, and what each community lacks, in English."""
    texts, voice = Texts(), Voice("en", ZoneInfo("Europe/Brussels"), datetime.now(UTC), code=("", ""))
    discord = Settings(**{"token": double.token, **settings})
    found = await check(discord, grounds, double.connector(), listens=listens, carried=carried)
    told: dict[str | int, Sequence[Text]] = {"well": found.well, "wrong": found.wrong}
    told.update(found.lacks.items())
    told["useful"] = [line for lines in found.useful.values() for line in lines]
    return {name: [texts.write(line, voice) for line in lines] for name, lines in told.items()}


async def checked(
    double: Discord, *channels: str, guilds: Iterable[str] = (), **settings: Any
) -> tuple[list[str], list[str]]:
    """What is well and what is wrong, for a single community."""
    named = {channel: Named("sport") for channel in channels}
    grounds = Grounds(named, dict.fromkeys(guilds, FIRST_COMMUNITY), None if guilds else FIRST_COMMUNITY)
    found = await looked(double, grounds, **settings)
    return found["well"], [*found["wrong"], *found.get(FIRST_COMMUNITY, ())]


async def test_it_says_what_plein_needs_and_how_to_invite_it(double: Discord, town: Server) -> None:
    well, wrong = await checked(double, town.channel("sport").id)
    assert wrong == []
    told = "\n".join(well)
    assert "on 1 server" in told
    assert "Privileged Gateway Intents" in told
    assert len(NEEDS) == len(NEEDED)
    assert f"{', '.join(NEEDS[:-1])} and {NEEDS[-1]}" in told
    assert "Create Polls" not in told
    [address] = re.findall(r"https://\S+", told)
    assert f"client_id={double.bot.id}" in address
    assert "scope=bot+applications.commands" in address
    granted = discord.Permissions(int(re.findall(r"permissions=(\d+)", address)[0]))
    assert all(getattr(granted, name) for name in NEEDED)
    assert not granted.administrator


async def test_who_listens_has_to_be_shown_what_people_say(double: Discord, town: Server) -> None:
    well, wrong = await checked(double, listens=True)
    assert wrong == []
    assert any("“Message Content Intent” is on" in line for line in well)
    double.bot.privileged = 0
    well, wrong = await checked(double, listens=True)
    assert not any("Intent" in line for line in well)
    assert len(wrong) == 1
    assert "switch on “Message Content Intent”" in wrong[0]
    assert (await checked(double))[1] == []


async def test_where_what_is_said_elsewhere_is_shown_webhooks_are_needed(
    double: Discord, town: Server
) -> None:
    double.bot.privileged = 0
    town.close_to(double.bot, "sport", ["manage_webhooks"])
    sport = town.channel("sport").id
    nowhere = Grounds({}, {}, None)
    told = await looked(double, nowhere, carried={sport: FIRST_COMMUNITY})
    [lacking] = told[FIRST_COMMUNITY]
    assert "In the channel sport (server Plein) Plein may not “Manage Webhooks”" in lacking
    assert any("Message Content Intent" in line for line in told["wrong"])
    town.allow("sport", "plein", ["manage_webhooks"])
    assert not (await looked(double, nowhere, carried={sport: FIRST_COMMUNITY}))[FIRST_COMMUNITY]


async def test_native_polls_need_one_permission_more(double: Discord, town: Server) -> None:
    well, _ = await checked(double, native_polls=True)
    assert "Create Polls" in "\n".join(well)
    town.permit(double.bot, NEEDED)
    channel = town.channel("stil", deny={"everyone": ["send_polls"]})
    _, wrong = await checked(double, channel.id, native_polls=True)
    assert len(wrong) == 1
    assert (
        "In the channel stil (server Plein) Plein may not “Create Polls”: without it there is no poll"
        in wrong[0]
    )
    assert (await checked(double, channel.id))[1] == []


async def test_a_wrong_token(double: Discord) -> None:
    well, wrong = await checked(double, token="of-another-application")
    assert well == []
    assert len(wrong) == 1
    assert "PLEIN_DISCORD_TOKEN" in wrong[0]
    assert "of another application" not in wrong[0]


async def test_a_permission_that_is_missing_in_a_channel(double: Discord, town: Server) -> None:
    town.permit(double.bot, NEEDED)
    channel = town.channel("stil", deny={"everyone": ["attach_files"]})
    _, wrong = await checked(double, town.channel("sport").id, channel.id)
    assert len(wrong) == 1
    assert (
        "In the channel stil (server Plein) Plein may not “Attach Files”: without it a result has no"
        in wrong[0]
    )


async def test_each_community_hears_what_it_lacks_permission_by_permission(
    double: Discord, town: Server
) -> None:
    """What the role lacks on the server is said once, and of each channel what that alone refuses."""
    city = double.guild("Stad")
    city.everybody_may([])
    city.permit(double.bot, [name for name in NEEDED if name not in ("embed_links", "attach_files")])
    town.permit(double.bot, NEEDED)
    hall = city.channel("zaal", deny={"everyone": ["send_messages", "attach_files"]})
    grounds = Grounds({hall.id: Named("zaal", None, 2)}, {town.id: 1, city.id: 2}, None)
    found = await looked(double, grounds)
    assert found["wrong"] == []
    assert found[1] == []
    assert [line.split(":")[0] for line in found[2]] == [
        "On the server Stad Plein lacks “Embed Links”",
        "On the server Stad Plein lacks “Attach Files”",
        "In the channel zaal (server Stad) Plein may not “Send Messages”",
    ]
    # Without these it does all but one thing each: no reason to call it wrong.
    names = ("Manage Messages", "Manage Channels", "Manage Permissions", "Manage Threads", "Pin Messages")
    assert [line.split(":")[0] for line in found["useful"]] == [
        f"On the server {server} Plein lacks “{name}”"
        for server in (town.guild.name, "Stad")
        for name in names
    ]


async def test_what_discord_lets_one_application_do_is_a_limit(double: Discord, town: Server) -> None:
    double.bot.identifies = 3
    _, wrong = await checked(double)
    assert wrong == ["Discord lets Plein connect 3 more times today. Do not keep starting it anew."]


@pytest.mark.parametrize("where", ["nowhere", "hidden", "no number"])
async def test_a_channel_that_plein_does_not_find(double: Discord, town: Server, where: str) -> None:
    town.permit(double.bot, NEEDED)
    hidden = town.channel("geheim", only=["bestuur"])
    channel = {"nowhere": "123456789012345678", "hidden": hidden.id, "no number": "sport"}[where]
    _, wrong = await checked(double, channel)
    assert len(wrong) == 1
    assert channel in wrong[0]


async def test_a_server_that_plein_is_not_in(double: Discord, town: Server) -> None:
    elsewhere = double.guild("Elders", bots=())
    _, wrong = await checked(double, guilds=[town.id, elsewhere.id])
    assert len(wrong) == 1
    assert elsewhere.id in wrong[0]


async def test_no_server_at_all(double: Discord, town: Server) -> None:
    town.remove(double.bot)
    _, wrong = await checked(double)
    assert len(wrong) == 1
    assert "Plein is on no server yet" in wrong[0]


async def test_no_connection(double: Discord) -> None:
    await double.go_away()
    well, wrong = await checked(double)
    assert well == []
    assert len(wrong) == 1
    assert "does not answer" in wrong[0]


async def test_no_answer(double: Discord, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "CHECK_SECONDS", 0.2)
    held = double.faults.hold("GET /users/@me")
    well, wrong = await checked(double)
    held.release()
    assert well == []
    assert len(wrong) == 1
    assert "does not answer" in wrong[0]


async def test_a_trouble_of_discords_own(double: Discord) -> None:
    double.faults.answer(503, "GET /users/@me", times=20)
    well, wrong = await checked(double)
    assert well == []
    assert "503" in wrong[0]


async def test_running_with_a_wrong_token_says_what_to_do(double: Discord, database: str) -> None:
    with pytest.raises(NotLetIn, match="PLEIN_DISCORD_TOKEN"):
        async with plein_on(double, database, token="of-another-application"):
            pass


async def test_a_home_that_is_gone_is_told_to_whose_it_is(double: Discord, town: Server) -> None:
    """What was chosen for themes may have been deleted since."""
    there = Home("discord", "discord.home.category", town.channel("thema’s", type=4).id, "thema’s")
    gone = Home("discord", "discord.home.category", "1", "oud")
    for home, told in ((there, []), (gone, [text("home.gone", home=gone.called, platform="Discord")])):
        found = await check(
            Settings(token=SecretStr(double.token)),
            Grounds({}, {town.guild.id: FIRST_COMMUNITY}),
            double.connector(),
            homes={FIRST_COMMUNITY: home},
        )
        assert [line for line in found.lacks.get(FIRST_COMMUNITY, []) if line.key == "home.gone"] == told


async def test_what_keeps_themes_from_a_place_in_their_home_is_told(double: Discord, town: Server) -> None:
    """A forum that demands a tag, in both languages; a category that is full; what is well says nothing."""
    forum, category = town.channel("ideeen", type=15), town.channel("raden", type=4)
    kinds = {forum.id: "discord.home.forum", category.id: "discord.home.category"}

    async def told(channel: Channel, language: str = "en") -> list[str]:
        found = await check(
            Settings(token=SecretStr(double.token)),
            Grounds({}, {town.guild.id: FIRST_COMMUNITY}),
            double.connector(),
            homes={FIRST_COMMUNITY: Home("discord", kinds[channel.id], channel.id, channel.name)},
        )
        texts, voice = Texts(), Voice(language, ZoneInfo("Europe/Brussels"), datetime.now(UTC), code=("", ""))
        return [texts.write(line, voice) for line in found.lacks.get(FIRST_COMMUNITY, [])]

    assert await told(forum) == await told(category) == []
    town.demand_tag(forum)
    for number in range(MOST_IN_CATEGORY):
        town.channel(f"raad-{number}", parent=category)
    assert await told(forum) == [
        "In the forum “ideeen” (server Plein) every new post must have a tag, and Plein chooses none: so no "
        "theme gets a place in it. Switch off “Require people to select tags when posting” in the forum’s "
        "settings, or choose something else."
    ]
    (said,) = await told(forum, "nl")
    assert "moet elke nieuwe post een tag hebben, en Plein kiest er geen" in said
    assert ["no more room" in line for line in await told(category)] == [True]


async def test_homes_are_found_by_the_line_of_the_configuration(database_url: str) -> None:
    """Changed, put back, and another's: what holds now, of each."""
    home = Home("discord", "discord.home.forum", "12", "Forum")
    async with open_town(database_url) as town:
        await town.joined("sport")
        await town.say("anna", "!poll list")

        def choose(tx: Transaction) -> None:
            tx.communities.change("home.discord", replace(home, name="Oud").kept(), 1, NOW)
            tx.communities.change("home.discord", home.kept(), 1, NOW)
            tx.communities.change("home.matrix", home.kept(), 1, NOW)
            tx.communities.change("home.matrix", None, 1, NOW)

        await town.core.store.run(choose)
        kept = await settings_kept(database_url)
    single = config_of(add_up())(database=DatabaseSection(url=database_url))
    assert homes_of(single, kept) == {0: {"discord": home}}
    assert homes_of(single, {}) == {}
