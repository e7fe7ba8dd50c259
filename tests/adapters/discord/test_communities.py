"""Two communities on one connection to Discord, each with a server, where all is called the same."""

from __future__ import annotations

import pytest

from adapters.discord.channels import NEEDED
from bot.features.polls.records import POLLS
from bot.main.config import CommunitySection, ResidentSection, ThemeSection
from tests.doubles.discord import Discord, Person, Server
from tests.doubles.polls import tally
from tests.on_discord import OnDiscord, plein_on

FORUM = 15
THREADS = ["view_channel", "send_messages", "create_private_threads", "create_public_threads"]
OPEN = {"vraag": "Wat?", "keuze": "Ja | Nee"}


def lines(*servers: tuple[str, Server]) -> list[CommunitySection]:
    return [CommunitySection(name=name, servers=(server.id,)) for name, server in servers]


async def tallies(plein: OnDiscord) -> list[list[int]]:
    """Of poll 1 of both."""
    return [await plein.core.store.run(lambda tx: tally(tx, 1), community=whose) for whose in (1, 2)]


async def test_each_server_is_its_communitys(double: Discord, database: str, town: Server) -> None:
    """The same person votes in both, by the buttons of the boards and in private."""
    city = double.guild("Stad")
    city.channel("sport")
    here, there = town.member("anna"), city.member("anna")
    async with plein_on(double, database, communities=lines(("Dorp", town), ("Stad", city))) as plein:
        for anna in (here, there):
            assert "nummer 1" in (await anna.uses("sport", "peiling open", OPEN)).text
        await plein.until_quiet()
        for anna, choice in ((here, "Ja"), (there, "Nee")):
            answer = await anna.uses("sport", "peiling toon")
            await anna.presses(answer.message, choice)
        assert await tallies(plein) == [[1, 0], [0, 1]]
        # In private they are asked for which it is: one slash command, one button.
        asked = await here.uses(here.dm, "peiling toon", peiling=1)
        assert "Voor welke is dit?" in asked.text
        shown = await here.presses(asked.message, "Stad")
        assert "Voor Stad:" in shown.text
        assert "Jij koos Nee" in shown.text
        # And what is typed there is for that one from now on.
        await here.says(here.dm, "stem 1 --peiling 1")
        heard = await here.hears(here.dm, "nu Ja")
        assert heard.text.startswith("Voor Stad:")
        assert await tallies(plein) == [[1, 0], [1, 0]]


async def test_each_speaks_its_own_language(double: Discord, database: str, town: Server) -> None:
    """To the same person too: the answer, the board and the announcement of either."""
    city = double.guild("City")
    city.channel("sport")
    lines = [
        CommunitySection(name="Dorp", servers=(town.id,), language="nl"),
        CommunitySection(name="City", servers=(city.id,), language="en"),
    ]
    async with plein_on(double, database, communities=lines) as plein:
        for server, opened, closed in (
            (town, "Nog niemand stemde", "Gesloten: Wat?"),
            (city, "Nobody has voted yet", "Closed: Wat?"),
        ):
            ada = server.member("ada")
            await ada.says("sport", f'<@{double.bot.id}> poll open "Wat?" Ja | Nee')
            await plein.caught_up()
            await plein.until_quiet()
            said = [message.text for message in ada.sees("sport")]
            assert any(opened in words for words in said), said
            await ada.says("sport", f"<@{double.bot.id}> poll close --sure")
            await plein.caught_up()
            await plein.until_quiet()
            said = [message.text for message in ada.sees("sport")]
            assert any(closed in words for words in said), said


async def test_a_server_that_another_line_names_is_that_ones_from_the_next_start_on(
    double: Discord, database: str, town: Server, anna: Person
) -> None:
    """What it had stays behind, and its buttons there do nothing any more; what no line names is nobody's."""
    city, third = double.guild("Stad"), double.guild("Derde")
    city.channel("sport")
    async with plein_on(double, database, communities=lines(("Dorp", town), ("Stad", city))) as plein:
        await anna.uses("sport", "peiling open", OPEN)
        await plein.until_quiet()
        board = await plein.board("sport", "Wat?")
    moved = lines(("Dorp", third), ("Stad", town))
    async with plein_on(double, database, communities=moved) as plein:
        answer = await anna.presses(board, "Ja")
        assert "bestaat niet meer" in answer.text or "niet meer" in answer.text
        assert "nummer 1" in (await anna.uses("sport", "peiling open", OPEN)).text
        assert await tallies(plein) == [[0, 0], [0, 0]]
        elsewhere = city.member("ben")
        refused = await elsewhere.uses("sport", "peiling open", OPEN)
        assert "staat open" not in refused.text
        assert "nummer" not in refused.text


async def test_a_moderator_hears_what_plein_lacks_in_theirs(
    double: Discord, database: str, town: Server, mo: Person
) -> None:
    """Permission by permission, with what does not work without it; what was given since is there."""
    city = double.guild("Stad")
    town.everybody_may(["view_channel", "send_messages", "use_application_commands"])
    city.everybody_may([])
    town.permit(double.bot, [name for name in NEEDED if name != "attach_files"])
    city.permit(double.bot, [])
    town.channel("stil", deny={"everyone": ["send_messages"]})
    themes = (ThemeSection(name="Stil", places=(f"discord:{town.channel('stil').id}",)),)
    residents = (ResidentSection(name="Mo", accounts=(f"discord:{mo.user.id}",), role="moderator"),)
    own = {"themes": themes, "residents": residents}
    where = [lines(("Dorp", town))[0].model_copy(update=own), *lines(("Stad", city))]
    async with plein_on(double, database, communities=where) as plein:
        told = (await mo.uses("sport", "gemeenschap inrichten")).text
        assert "Bij Dorp mist Plein nog 7 dingen" in told
        assert "Op de server Plein mist Plein “Bestanden bijvoegen”: zonder dat komt een uitslag" in told
        assert "In het kanaal stil (server Plein) mag Plein “Berichten verzenden” niet: zonder dat" in told
        assert "“Berichten beheren”: zonder dat haalt het geen koppelcode weg" in told
        assert "“Threads beheren”: zonder dat hernoemt of sluit het geen forumbericht van een thema" in told
        assert "Stad" not in told
        town.permit(double.bot, ["administrator"])
        await plein.until_quiet()
        assert "Plein mist niets bij Dorp" in (await mo.uses("sport", "gemeenschap inrichten")).text


async def test_a_server_and_a_channel_that_plein_does_not_see_are_lacking(
    double: Discord, database: str, town: Server, mo: Person
) -> None:
    elsewhere = double.guild("Elders", bots=())
    hidden = elsewhere.channel("zaal")
    themes = (ThemeSection(name="Zaal", places=(f"discord:{hidden.id}",)),)
    residents = (ResidentSection(name="Mo", accounts=(f"discord:{mo.user.id}",), role="moderator"),)
    dorp = CommunitySection(name="Dorp", servers=(town.id, elsewhere.id), themes=themes, residents=residents)
    async with plein_on(double, database, communities=[dorp, *lines(("Stad", double.guild("Stad")))]):
        told = (await mo.uses("sport", "gemeenschap inrichten")).text
        assert "Bij Dorp mist Plein nog 2 dingen" in told
        assert f"op server {elsewhere.id}" in told
        assert f"Kanaal {hidden.id}" in told


@pytest.mark.parametrize("kind", ["channel", "public", "private", "not in it", "post"])
async def test_a_thread_is_its_channels_communitys(
    double: Discord, database: str, town: Server, kind: str
) -> None:
    """Dorp has the server, Stad one channel on it: whatever begins there is Stad's as well."""
    town.everybody_may([*THREADS, "send_messages_in_threads", "use_application_commands"])
    chris = town.member("chris", roles=["of stad"])
    may = {"of stad": ["manage_messages", "manage_threads"]}
    channel = town.channel("stad", type=FORUM if kind == "post" else 0, allow=may)
    lines = [
        CommunitySection(name="Dorp", servers=(town.id,)),
        CommunitySection(name="Stad", themes=(ThemeSection(name="Stad", places=(f"discord:{channel.id}",)),)),
    ]
    async with plein_on(double, database, communities=lines) as plein:
        where = channel
        if kind != "channel":
            where = chris.begins(channel, "onder ons", private=kind in ("private", "not in it"))
        if kind == "private":
            await chris.says(where, f"<@{double.bot.id}> hallo")
        await chris.uses(where, "community set", setting="opened_by", value="moderator")
        await chris.uses(where, "peiling open", OPEN)
        dorp, stad = [
            await plein.core.store.run(
                lambda tx: (tx.communities.settings(), tx.of(POLLS).get(1, 0)), community=whose
            )
            for whose in (1, 2)
        ]
        assert dorp == ({}, None)
        # In a thread that Plein is not in nothing can be asked: nothing would be shown there.
        assert stad[0]
        assert stad[1] or kind == "not in it"
