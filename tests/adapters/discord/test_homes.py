"""`community setup` on Discord: a category or a forum for themes, chosen or made, whatever goes wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest

from adapters.discord.homes import CATEGORY, MOST_CHANNELS, MOST_IN_CATEGORY
from bot import platforms
from bot.main.config import CommunitySection, ResidentSection
from bot.model.homes import Home, homes_in
from tests.doubles.discord import Answer, Discord, Person, Server
from tests.on_discord import OnDiscord, Process, plein_on

MAKE = "POST /guilds/{guild_id}/channels"
LOOK = "GET /guilds/{guild_id}/channels"
NAME = "Thema’s"


def moderators(*people: Person) -> list[ResidentSection]:
    return [
        ResidentSection(name=person.name, accounts=(f"discord:{person.id}",), role="moderator")
        for person in people
    ]


def named(server: Server, name: str = NAME) -> list[str]:
    return [channel.id for channel in server.guild.channels.values() if channel.name == name]


async def kept(plein: OnDiscord, community: int = 1) -> Mapping[str, Home]:
    found = await plein.core.store.read(lambda tx: tx.communities.settings(), community=community)
    return homes_in(found)


async def sure(mo: Person, button: str = "Maak de categorie") -> Answer:
    """Asked for, up to where it is asked whether to do it."""
    offered = await mo.uses("sport", "gemeenschap inrichten")
    asked = await mo.presses(offered.message, next(label for label in offered.buttons if button in label))
    assert "Zal ik het doen?" in asked.text
    return asked


async def yes(mo: Person, asked: Answer) -> str:
    return (await mo.presses(asked.message, "Ja, dat bedoel ik")).text


async def test_a_conversation(double: Discord, database: str, town: Server, mo: Person) -> None:
    """Nothing is made before the yes; then a category, once; it is found the next time, and after a start."""
    async with plein_on(double, database, residents=moderators(mo)) as plein:
        offered = await mo.uses("sport", "gemeenschap inrichten")
        assert "Plein mist niets bij Voorbeeldgemeente" in offered.text
        assert "Waar thema’s op Discord hun kanaal of kamer krijgen, is nog niet gekozen." in offered.text
        assert offered.buttons == [
            "Maak de categorie “Thema’s” (server Plein)",
            "Maak het forum “Thema’s” (server Plein)",
        ]
        asked = await mo.presses(offered.message, offered.buttons[0])
        assert "Ik maak de categorie “Thema’s” (server Plein)." in asked.text
        assert double.calls_to("POST", "/guilds/{guild_id}/channels") == []
        assert "Gemaakt: de categorie “Thema’s” (server Plein)." in await yes(mo, asked)
        (made,) = named(town)
        assert town.guild.channels[made].type == 4
        assert (await kept(plein))["discord"] == Home("discord", CATEGORY, made, NAME, "Plein")
        again = await mo.uses("sport", "gemeenschap inrichten")
        assert "Thema’s krijgen hun kanaal of kamer op Discord in de categorie “Thema’s”" in again.text
        assert again.buttons == []
    async with plein_on(double, database, residents=moderators(mo)):
        assert "in de categorie “Thema’s”" in (await mo.uses("sport", "gemeenschap inrichten")).text
    assert named(town) == [made]


async def test_a_conversation_in_english(double: Discord, database: str, town: Server, ben: Person) -> None:
    """A forum, by a name of one's own; then the category that somebody made by hand."""
    async with plein_on(double, database, residents=moderators(ben), language="en") as plein:
        which = await ben.uses("sport", "community setup", home="Work Groups")
        assert "There is no “Work Groups” yet. Shall I make it?" in which.text
        made = await ben.presses(which.message, "Make the forum “Work Groups” (server Plein)")
        assert "Made: the forum “work-groups” (server Plein)." in made.text
        (forum,) = named(town, "work-groups")
        assert town.guild.channels[forum].type == 15
        councils = town.channel("Councils", type=4)
        await plein.until_quiet()
        kind = (await ben.uses("sport", "community setup", home="councils")).text
        assert "From now on themes get their channel or room on Discord in the category “Councils”" in kind
        assert (await kept(plein))["discord"].ref == councils.id
        # The name that Discord made of it is the same name.
        again = (await ben.uses("sport", "community setup", home="work-groups")).text
        assert "in the forum “work-groups”" in again
    assert named(town, "work-groups") == [forum]


@pytest.mark.parametrize("fault", ["lost before", "lost after", "502", "garbage"])
async def test_without_an_answer_one_is_made(
    double: Discord, database: str, town: Server, mo: Person, fault: str
) -> None:
    """The library would try again by itself, and make a second one."""
    async with plein_on(double, database, residents=moderators(mo)) as plein:
        asked = await sure(mo)
        if fault.startswith("lost"):
            double.faults.drop(MAKE, after=fault.endswith("after"))
        elif fault == "502":
            double.faults.answer(502, MAKE)
        else:
            double.faults.garbage(MAKE)
        said = await yes(mo, asked)
        if fault == "lost after":
            assert "Gemaakt" in said
        else:
            assert "Discord antwoordde niet op tijd. Vraag het straks opnieuw" in said
            assert await kept(plein) == {}
            double.faults.clear()
            assert "Gemaakt" in await yes(mo, await sure(mo))
        (made,) = named(town)
        assert (await kept(plein))["discord"].ref == made


async def test_an_answer_that_comes_late_makes_no_second_one(
    double: Discord, database: str, town: Server, mo: Person
) -> None:
    """Two moderators want the same, while Discord holds the first request."""
    town.role("moderators")
    zoe = town.member("zoe", roles=["moderators"])
    async with plein_on(double, database, residents=moderators(mo, zoe)) as plein:
        first, second = await sure(mo), await sure(zoe)
        held = double.faults.hold(MAKE)
        pressing = [asyncio.create_task(yes(person, at)) for person, at in ((mo, first), (zoe, second))]
        async with asyncio.timeout(60):
            await held.reached.wait()
        held.release()
        assert all("Gemaakt" in said for said in await asyncio.gather(*pressing))
        (made,) = named(town)
        assert (await kept(plein))["discord"].ref == made


async def test_what_was_given_up_and_comes_after_all_is_found(
    double: Discord, database: str, town: Server, mo: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platforms, "MAKES_WITHIN", 0.5)
    async with plein_on(double, database, residents=moderators(mo)) as plein:
        asked = await sure(mo)
        held = double.faults.hold(MAKE)
        assert "Discord antwoordde niet op tijd." in await yes(mo, asked)
        assert (named(town), await kept(plein)) == ([], {})
        held.release()
        (made,) = await double.until(lambda: named(town) or None)
        offered = await mo.uses("sport", "gemeenschap inrichten")
        assert offered.buttons[0] == "Kies de categorie “Thema’s” (server Plein)"
        await mo.presses(offered.message, offered.buttons[0])
        assert (await kept(plein))["discord"].ref == made
    assert named(town) == [made]


async def test_what_is_not_allowed_is_said_with_what_to_do(
    double: Discord, database: str, town: Server, mo: Person
) -> None:
    rest = ["view_channel", "send_messages", "embed_links", "attach_files", "read_message_history"]
    async with plein_on(double, database, residents=moderators(mo)) as plein:
        asked = await sure(mo)
        # Taken away in between: Discord itself refuses.
        double.faults.answer(403, MAKE, body={"message": "Missing Permissions", "code": 50013})
        said = await yes(mo, asked)
        assert "Ik kan de categorie “Thema’s” (server Plein) niet maken. Op de server Plein mag Plein" in said
        assert "“Kanalen beheren” niet" in said
        councils = town.channel("Raden", type=4)
        town.permit(double.bot, rest)
        await plein.until_quiet()
        offered = await mo.uses("sport", "gemeenschap inrichten")
        assert "“Kanalen beheren” niet: zonder dat kan het daar voor thema’s niets maken" in offered.text
        assert offered.buttons == ["Kies de categorie “Raden” (server Plein)"]
        chosen = (await mo.presses(offered.message, offered.buttons[0])).text
        assert "in de categorie “Raden” (server Plein)" in chosen
        assert "heeft Plein “Kanalen beheren” nog niet" in chosen
        assert (await kept(plein))["discord"].ref == councils.id
        town.permit(double.bot, ["administrator"])
        await plein.until_quiet()
        assert "nog niet" not in (await mo.uses("sport", "gemeenschap inrichten")).text
    assert named(town) == []


async def test_a_server_or_a_category_that_is_full(
    double: Discord, database: str, town: Server, mo: Person
) -> None:
    councils = town.channel("Raden", type=4)
    for number in range(MOST_IN_CATEGORY):
        town.channel(f"raad-{number}", parent=councils)
    async with plein_on(double, database, residents=moderators(mo)) as plein:
        said = (await mo.uses("sport", "gemeenschap inrichten", plek="Raden")).text
        assert "Vanaf nu" in said
        assert f"is geen plaats meer: Discord laat er {MOST_IN_CATEGORY} kanalen toe" in said
        asked = await sure_by_name(mo, "Groepen")
        # Full since it was asked: Discord itself says so.
        double.faults.answer(400, MAKE, body={"message": "Maximum number", "code": 30013})
        again = (await mo.presses(asked.message, asked.buttons[0])).text
        assert f"heeft {MOST_CHANNELS} kanalen, en meer laat Discord niet toe" in again
        for number in range(MOST_CHANNELS - len(town.guild.channels)):
            town.channel(f"kanaal-{number}")
        await plein.until_quiet()
        town.close("Raden")
        town.channel("een-erbij")
        await plein.until_quiet()
        offered = await mo.uses("sport", "gemeenschap inrichten")
        assert "de categorie “Raden” (server Plein) op Discord is weg" in offered.text
        assert f"heeft {MOST_CHANNELS} kanalen" in offered.text
        assert offered.buttons == []


async def test_a_forum_that_demands_a_tag_is_chosen_with_what_to_do(
    double: Discord, database: str, town: Server, mo: Person
) -> None:
    """Also where it demands one only once it was chosen."""
    forum = town.channel("ideeen", type=15)
    town.demand_tag(forum)
    demands = "In het forum “ideeen” (server Plein) moet elke nieuwe post een tag hebben"
    async with plein_on(double, database, residents=moderators(mo)) as plein:
        said = (await mo.uses("sport", "gemeenschap inrichten", plek="ideeen")).text
        assert "Vanaf nu" in said
        assert demands in said
        assert "Zet die verplichting uit in de instellingen van het forum, of kies iets anders." in said
        for demanded in (False, True):
            town.demand_tag(forum, demanded=demanded)
            await plein.until_quiet()
            assert (demands in (await mo.uses("sport", "gemeenschap inrichten")).text) is demanded


async def sure_by_name(mo: Person, name: str) -> Answer:
    asked = await mo.uses("sport", "gemeenschap inrichten", plek=name)
    assert f"Er is nog geen “{name}”." in asked.text
    return asked


async def test_a_server_without_forums(double: Discord, database: str, mo: Person) -> None:
    async with plein_on(double, database, residents=moderators(mo)):
        asked = await sure(mo, "Maak het forum")
        body = {"message": "Cannot execute action on this channel type", "code": 50024}
        double.faults.answer(400, MAKE, body=body)
        assert "kan geen forum hebben. Kies een categorie." in await yes(mo, asked)


async def test_taken_away_by_somebody_it_is_made_anew(
    double: Discord, database: str, town: Server, mo: Person
) -> None:
    async with plein_on(double, database, residents=moderators(mo)) as plein:
        await yes(mo, await sure(mo))
        town.close(NAME)
        await plein.until_quiet()
        gone = await mo.uses("sport", "gemeenschap inrichten")
        assert "de categorie “Thema’s” (server Plein) op Discord is weg" in gone.text
        assert "Gemaakt" in await yes(mo, await sure(mo))
        (made,) = named(town)
        assert (await kept(plein))["discord"].ref == made


async def test_an_outage_takes_nothing_away(double: Discord, database: str, town: Server, mo: Person) -> None:
    async with plein_on(double, database, residents=moderators(mo)) as plein:
        await yes(mo, await sure(mo))
        double.faults.answer(503, LOOK, 9)
        said = await mo.uses("sport", "gemeenschap inrichten")
        assert "Discord antwoordt nu niet." in said.text
        assert said.buttons == []
        assert len(await kept(plein)) == 1


async def test_each_community_has_its_own_server_to_choose_from(
    double: Discord, database: str, town: Server, mo: Person
) -> None:
    """Nothing of the other's, not by its name, nor by a button of the other's server."""
    city = double.guild("Stad")
    city.channel("sport")
    town.channel("Dorpsraden", type=4)
    theirs = city.channel("Stadsraden", type=4)
    residents = tuple(moderators(mo))
    lines = [
        CommunitySection(name=name, servers=(server.id,), residents=residents)
        for name, server in (("Dorp", town), ("Stad", city))
    ]
    async with plein_on(double, database, communities=lines) as plein:
        offered = await mo.uses("sport", "gemeenschap inrichten")
        assert all("(server Plein)" in label for label in offered.buttons)
        for given in ("Stadsraden", f"discord:{theirs.id}", f"discord:category@{city.id}=Groepen"):
            answer = await mo.uses("sport", "gemeenschap inrichten", plek=given, zeker=True)
            assert "Vanaf nu" not in answer.text
            assert "Gemaakt" not in answer.text
        assert await kept(plein) == await kept(plein, 2) == {}
        await mo.uses("sport", "gemeenschap inrichten", plek="Dorpsraden")
        assert (len(await kept(plein)), await kept(plein, 2)) == (1, {})
    assert named(city, "Groepen") == []


async def test_killed_between_making_and_keeping(tmp_path: Path) -> None:
    """SIGKILL while Discord answers that it made it: that one is found, however it is asked for."""
    async with Discord(running=True) as double:
        town = double.guild("Plein")
        town.channel("sport")
        mo = town.member("mo")
        more = f'[[residents]]\nname = "Mo"\naccounts = ["discord:{mo.id}"]\nrole = "moderator"'
        plein = Process.at(double, tmp_path, more=more)
        await plein.start()
        asked = await sure(mo)
        lost = double.faults.drop(MAKE, after=True)
        pressing = asyncio.create_task(yes(mo, asked))
        await double.until(lambda: lost.met or None)
        await plein.kill()
        pressing.cancel()  # no answer comes any more
        await asyncio.gather(pressing, return_exceptions=True)
        double.faults.clear()
        (made,) = named(town)
        await plein.start()
        offered = await mo.uses("sport", "gemeenschap inrichten")
        assert offered.buttons[0] == "Kies de categorie “Thema’s” (server Plein)"
        assert "Gemaakt: de categorie “Thema’s”" in await yes(mo, asked)
        assert "in de categorie “Thema’s”" in (await mo.uses("sport", "gemeenschap inrichten")).text
        assert named(town) == [made]
        assert await plein.stop() == 0
