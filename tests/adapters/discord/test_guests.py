"""Who takes part in a theme is let into its hidden channel or its post, and is out of it when they leave."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from adapters.discord.guests import MOST_OVERWRITES
from adapters.discord.shaping import LET_IN
from bot.errors import StoreFailed
from bot.main.config import CommunitySection
from bot.model.people import Identity, Place
from bot.ports.storage import Transaction
from tests.adapters.discord.test_homes import moderators
from tests.adapters.discord.test_new_rooms import KINDS
from tests.adapters.discord.test_shaping import CHANGE, made
from tests.doubles.discord import Discord, Person, Server, permissions, places
from tests.doubles.discord.state import Channel, Overwrite
from tests.on_discord import OnDiscord, plein_on

CALLS = {
    "category": "{} /channels/{{channel_id}}/permissions/{{overwrite_id}}",
    "forum": "{} /channels/{{channel_id}}/thread-members/{{user_id}}",
}

LOOK = "GET /channels/{channel_id}"


def words(channel: Channel) -> list[str]:
    return [message.text for message in channel.messages.values()]


def is_in(server: Server, channel: Channel, person: Person) -> bool:
    """Whether they see a hidden channel, or are in a post."""
    if channel.thread:
        return person.user.id in channel.joined
    return permissions.may(server.guild, person.member, channel, "view_channel", "send_messages")


@pytest.mark.parametrize("fault", ["none", "lost before", "lost after", "502", "patience"])
@pytest.mark.parametrize("kind", KINDS)
async def test_in_and_out(
    double: Discord, database: str, town: Server, mo: Person, anna: Person, kind: str, fault: str
) -> None:
    async with plein_on(double, database, residents=moderators(mo), guilds=(int(town.id),)) as plein:
        channel = await made(plein, town, mo, kind)
        if kind == "category":
            town.deny(channel.name, "everyone", ["view_channel"])
        assert not is_in(town, channel, anna)
        for method, command, there in (("PUT", "theme take-part", True), ("DELETE", "theme leave", False)):
            call = CALLS[kind].format(method)
            match fault:
                case "lost before" | "lost after":
                    double.faults.drop(call, after=fault == "lost after")
                case "502":
                    double.faults.answer(502, call)
                case "patience":
                    double.faults.answer(429, call, body={"message": "slow down", "retry_after": 3.0})
            await anna.uses("sport", command, theme="verlichting")
            await plein.until_quiet()
            double.faults.clear()
            await plein.until_quiet(60)
            assert is_in(town, channel, anna) is there


async def test_who_sees_it_anyway_needs_no_line_and_one_by_hand_stays(
    double: Discord, database: str, town: Server, mo: Person, anna: Person
) -> None:
    async with plein_on(double, database, residents=moderators(mo), guilds=(int(town.id),)) as plein:
        channel = await made(plein, town, mo)
        await anna.uses("sport", "theme take-part", theme="verlichting")
        await plein.until_quiet(60)
        assert anna.user.id not in channel.overwrites
        town.deny(channel.name, "everyone", ["view_channel"])
        channel.overwrites[anna.user.id] = Overwrite(anna.user.id, 1, LET_IN.value | 1 << 13)
        await anna.uses("sport", "theme leave", theme="verlichting")
        await plein.until_quiet(60)
        assert anna.user.id in channel.overwrites


async def test_without_the_permission_moderators_read_what_to_do(
    double: Discord, database: str, town: Server, mo: Person, anna: Person
) -> None:
    async with plein_on(double, database, residents=moderators(mo), guilds=(int(town.id),)) as plein:
        channel = await made(plein, town, mo)
        town.deny(channel.name, "everyone", ["view_channel"])
        town.close_to(double.bot, channel.name, ["manage_roles"])
        town.allow(channel.name, double.bot.user.name, ["view_channel"])
        await anna.uses("sport", "theme take-part", theme="verlichting")
        await plein.until_quiet(60)
        shown = (await mo.uses("sport", "theme show", theme="verlichting")).text
        assert "“Rechten beheren”" in shown
        town.permit(double.bot, ["administrator"])
        await plein.until_quiet(3700)
        assert is_in(town, channel, anna)


@pytest.mark.parametrize("what", ["full", "forbidden"])
async def test_who_cannot_be_let_in_hears_so_at_once(
    double: Discord, database: str, town: Server, mo: Person, anna: Person, ben: Person, what: str
) -> None:
    """A channel with a thousand lines of permissions, or one in which Plein may not write any. Who sees it
    anyway has nothing to hear; and once it can be, they are in.
    """
    async with plein_on(double, database, residents=moderators(mo), guilds=(int(town.id),)) as plein:
        channel = await made(plein, town, mo)
        town.deny(channel.name, "everyone", ["view_channel"])
        town.deny(channel.name, "moderators", [])
        town.allow(channel.name, "moderators", ["view_channel"])
        others: list[str] = []
        if what == "full":
            others = [str((number + 1) << 22) for number in range(MOST_OVERWRITES - len(channel.overwrites))]
            channel.overwrites |= {other: Overwrite(other, 1, 1 << 10) for other in others}
            places.channel_changed(town.world, channel)
            why = f"Discord laat er {MOST_OVERWRITES} toe. Haal er een paar weg, of gebruik een rol."
        else:
            town.close_to(double.bot, channel.name, ["manage_roles"])
            town.allow(channel.name, double.bot.user.name, ["view_channel"])
            why = "Plein mag het kanaal niet aanpassen: geef het daar “Rechten beheren”."
        await plein.until_quiet()
        heard = (await anna.uses("sport", "theme take-part", theme="verlichting")).text
        assert "Je doet mee aan “Verlichting”." in heard
        assert "Op Discord kan je er pas in als een moderator dit oplost." in heard
        assert why in heard
        heard = (await ben.uses("sport", "theme take-part", theme="verlichting")).text
        assert "On Discord you get in only once a moderator solves this." in heard
        paul = town.member("paul", roles=["moderators"])
        town.role("jailed")
        town.deny(channel.name, "jailed", ["view_channel"])
        emma = town.member("emma", roles=["jailed"])
        assert "pas in" not in (await emma.uses("sport", "theme take-part", theme="verlichting")).text
        assert "pas in" not in (await paul.uses("sport", "theme take-part", theme="verlichting")).text
        await plein.until_quiet(60)
        assert not is_in(town, channel, anna)
        if what == "full":
            for other in others[:3]:
                del channel.overwrites[other]
            places.channel_changed(town.world, channel)
        else:
            town.permit(double.bot, ["administrator"])
        await plein.until_quiet(3700)
        assert is_in(town, channel, anna)
        assert is_in(town, channel, ben)


# --- what their roles keep from them ---


async def test_a_role_that_keeps_somebody_out_keeps_them_out(
    double: Discord, database: str, town: Server, mo: Person, anna: Person
) -> None:
    """As moderators' bots do: a role that sees nothing of the server but one channel."""
    async with plein_on(double, database, residents=moderators(mo), guilds=(int(town.id),)) as plein:
        channel = await made(plein, town, mo)
        town.deny(channel.name, "everyone", ["view_channel"])
        town.role("jailed")
        town.deny(channel.name, "jailed", ["view_channel", "send_messages"])
        town.give(anna, "jailed")
        await anna.uses("sport", "theme take-part", theme="verlichting")
        await plein.until_quiet(60)
        assert not is_in(town, channel, anna)
        assert anna.user.id not in channel.overwrites


@pytest.mark.parametrize(
    "denied", [["send_messages"], ["read_message_history"], ["send_messages", "use_application_commands"]]
)
async def test_what_a_role_keeps_from_somebody_they_are_not_let_do(
    double: Discord, database: str, town: Server, mo: Person, anna: Person, denied: list[str]
) -> None:
    """Nor after the theme was archived and opened again; and they are out when they leave."""
    async with plein_on(double, database, residents=moderators(mo), guilds=(int(town.id),)) as plein:
        channel = await made(plein, town, mo)
        town.deny(channel.name, "everyone", ["view_channel"])
        town.role("muted")
        town.deny(channel.name, "muted", denied)
        town.give(anna, "muted")
        await anna.uses("sport", "theme take-part", theme="verlichting")
        await plein.until_quiet(60)

        def check() -> None:
            for name in ("view_channel", "send_messages", "read_message_history", "use_application_commands"):
                may = permissions.may(town.guild, anna.member, channel, name)
                assert may is (name not in denied), name

        check()
        await mo.uses("sport", "theme archive", theme="verlichting", sure=True)
        await plein.until_quiet(60)
        assert not permissions.may(town.guild, anna.member, channel, "send_messages")
        await mo.uses("sport", "theme reopen", theme="verlichting")
        await plein.until_quiet(60)
        check()
        await anna.uses("sport", "theme leave", theme="verlichting")
        await plein.until_quiet(60)
        assert anna.user.id not in channel.overwrites


@pytest.mark.parametrize("leaves", [False, True])
async def test_who_is_forgotten_sees_a_hidden_channel_no_more(
    double: Discord, database: str, town: Server, mo: Person, anna: Person, leaves: bool
) -> None:
    async with plein_on(double, database, residents=moderators(mo), guilds=(int(town.id),)) as plein:
        channel = await made(plein, town, mo)
        town.deny(channel.name, "everyone", ["view_channel"])
        await anna.uses("sport", "theme take-part", theme="verlichting")
        await plein.until_quiet(60)
        assert is_in(town, channel, anna)
        if leaves:
            await anna.uses("sport", "theme leave", theme="verlichting")
        await anna.uses("sport", "me forget", sure=True)
        await plein.until_quiet(120)
        assert anna.user.id not in channel.overwrites


@pytest.mark.parametrize("moves", [False, True])
async def test_a_server_that_became_another_communitys_is_left_alone(
    double: Discord, database: str, town: Server, mo: Person, anna: Person, moves: bool
) -> None:
    """A theme's people let nobody into a channel there, nor rename it."""
    city = double.guild("Stad")
    city.channel("sport")
    city.role("moderators", ["manage_messages"])
    there = city.member("mo", roles=["moderators"])
    ben = city.member("anna")

    def lines(dorp: list[Server], stad: list[Server]) -> list[CommunitySection]:
        residents = tuple(moderators(mo))
        return [
            CommunitySection(name="Dorp", servers=tuple(server.id for server in dorp), residents=residents),
            CommunitySection(name="Stad", servers=tuple(server.id for server in stad)),
        ]

    other = double.guild("Elders")
    other.channel("sport")
    async with plein_on(double, database, communities=lines([town, city], [other])) as plein:
        channel = await made(plein, town, mo)
    town.deny(channel.name, "everyone", ["view_channel"])
    assert not is_in(town, channel, anna)
    now = lines([city], [town]) if moves else lines([town, city], [other])
    async with plein_on(double, database, communities=now) as plein:
        await ben.uses("sport", "theme take-part", theme="verlichting")
        said = (await there.uses("sport", "theme rename", name="Hier waren wij", theme="verlichting")).text
        assert "heet voortaan" in said
        await plein.until_quiet(60)
        await plein.until_quiet(60)
        assert is_in(town, channel, anna) is not moves
        assert (channel.name.casefold().replace("-", " ") == "hier waren wij") is not moves


# --- put out by hand ---


@pytest.mark.parametrize("how", ["taken away", "denied"])
async def test_whom_a_moderator_put_out_comes_in_by_a_moderators_word_alone(
    double: Discord, database: str, town: Server, mo: Person, anna: Person, how: str
) -> None:
    """What Plein takes away itself, as of whoever leaves, says nothing of that."""
    async with plein_on(double, database, residents=moderators(mo), guilds=(int(town.id),)) as plein:
        channel = await made(plein, town, mo)
        town.deny(channel.name, "everyone", ["view_channel"])
        for command in ("theme take-part", "theme leave", "theme take-part"):
            await anna.uses("sport", command, theme="verlichting")
            await plein.until_quiet(60)
        assert is_in(town, channel, anna)
        await anna.uses(anna.dm, "help")
        if how == "denied":
            channel.overwrites[anna.user.id] = Overwrite(anna.user.id, 1, 0, 1 << 10)
        else:
            del channel.overwrites[anna.user.id]
        for _ in range(2):
            places.channel_changed(town.world, channel)
            await plein.until_quiet(60)
        assert [said for said in words(anna.dm) if "gezet" in said] == [
            "Je bent uit het kanaal of de kamer van “Verlichting” gezet. "
            "Een moderator kan je weer toelaten met `/thema toelaten`."
        ]
        everywhere = [said for room in town.guild.channels.values() for said in words(room)]
        assert not any("gezet" in said for said in everywhere)
        shown = (await mo.uses("sport", "theme show", theme="verlichting")).text
        assert f"Uit het kanaal of de kamer gezet: {anna.mention}." in shown
        await anna.uses("sport", "theme leave", theme="verlichting")
        await plein.until_quiet(60)
        told = (await anna.uses("sport", "theme take-part", theme="verlichting")).text
        assert "Een moderator heeft je uit het kanaal of de kamer van “Verlichting” gezet" in told
        await plein.until_quiet(60)
        assert not is_in(town, channel, anna)
        channel.overwrites.pop(anna.user.id, None)
        await mo.uses("sport", "theme readmit", theme="verlichting", who=anna.user.name)
        await anna.uses("sport", "theme take-part", theme="verlichting")
        await plein.until_quiet(60)
        assert is_in(town, channel, anna)


@pytest.mark.parametrize("how", ["silent", "hidden", "said"])
async def test_who_was_put_out_while_plein_was_away_comes_in_by_a_moderators_word_alone(
    double: Discord, database: str, town: Server, mo: Person, anna: Person, ben: Person, how: str
) -> None:
    """Whatever Discord answers first when Plein looks; who is still there stays, and who left left."""
    async with plein_on(double, database, residents=moderators(mo), guilds=(int(town.id),)) as plein:
        channel = await made(plein, town, mo)
        town.deny(channel.name, "everyone", ["view_channel"])
        for person in (anna, ben, cas := town.member("cas")):
            await person.uses("sport", "theme take-part", theme="verlichting")
        await plein.until_quiet(60)
        await cas.uses("sport", "theme leave", theme="verlichting")
        await plein.until_quiet(60)
    del channel.overwrites[anna.user.id]
    if how == "silent":
        double.faults.answer(500, LOOK, times=7)
    elif how == "hidden":
        double.faults.answer(403, LOOK, body={"message": "Missing Access", "code": 50001})
    async with plein_on(double, database, residents=moderators(mo), guilds=(int(town.id),)) as plein:
        await plein.until_quiet(60)
        for command in ("theme leave", "theme take-part"):
            for person in (anna, ben, cas):
                await person.uses("sport", command, theme="verlichting")
            await plein.until_quiet(60)
        assert [is_in(town, channel, person) for person in (anna, ben, cas)] == [False, True, True]


# --- where something else comes between ---


async def let_in(plein: OnDiscord, town: Server, mo: Person, *people: Person) -> Channel:
    channel = await made(plein, town, mo)
    town.deny(channel.name, "everyone", ["view_channel"])
    for person in people:
        await person.uses("sport", "theme take-part", theme="verlichting")
    await plein.until_quiet(60)
    assert all(is_in(town, channel, person) for person in people)
    return channel


async def test_whoever_asks_again_and_again_is_let_in_once(
    double: Discord, database: str, town: Server, mo: Person, anna: Person
) -> None:
    """So nobody is in doubt by their own doing, when a moderator puts them out."""
    async with plein_on(double, database, residents=moderators(mo), guilds=(int(town.id),)) as plein:
        channel = await let_in(plein, town, mo, anna)
        for command in ("theme follow", "theme take-part"):
            await anna.uses("sport", command, theme="verlichting")
        del channel.overwrites[anna.user.id]
        places.channel_changed(town.world, channel)
        await plein.until_quiet(60)
        await plein.until_quiet(60)
        assert not is_in(town, channel, anna)


async def test_whoever_was_put_out_is_no_quicker_than_plein_that_was_away(
    double: Discord, database: str, town: Server, mo: Person, anna: Person
) -> None:
    """Pressed before Plein has looked who was put out it changes nothing."""
    async with plein_on(double, database, residents=moderators(mo), guilds=(int(town.id),)) as plein:
        channel = await let_in(plein, town, mo, anna)
    del channel.overwrites[anna.user.id]
    held = double.faults.hold(LOOK, only={"channel_id": channel.id})
    starting = plein_on(double, database, residents=moderators(mo), guilds=(int(town.id),), ready=False)
    async with starting as plein:
        await asyncio.wait_for(held.reached.wait(), 20)
        for command in ("theme follow", "theme take-part"):
            await anna.uses("sport", command, theme="verlichting")
        held.release()
        await plein.caught_up()
        for _ in range(2):
            await plein.until_quiet(60)
        assert not is_in(town, channel, anna)


async def test_a_channel_that_cannot_be_looked_at_holds_up_nobody(
    double: Discord, database: str, town: Server, mo: Person, anna: Person, ben: Person
) -> None:
    async with plein_on(double, database, residents=moderators(mo), guilds=(int(town.id),)) as plein:
        channel = await let_in(plein, town, mo, anna)
    del channel.overwrites[anna.user.id]
    await ben.says("sport", f"<@{double.bot.id}> help")
    before = len(ben.sees(ben.dm))
    held = double.faults.hold(LOOK, times=1000, only={"channel_id": channel.id})
    async with plein_on(double, database, residents=moderators(mo), guilds=(int(town.id),), ready=False):
        await double.until(lambda: len(ben.sees(ben.dm)) > before, timeout=30)
        held.release()


async def test_who_is_put_out_while_the_database_does_not_answer_stays_so(
    double: Discord,
    database: str,
    town: Server,
    mo: Person,
    anna: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with plein_on(double, database, residents=moderators(mo), guilds=(int(town.id),)) as plein:
        channel = await let_in(plein, town, mo, anna)
        let_in_there, asked = plein.core.let_in, asyncio.Event()

        async def fails_once(account: str, place: Place | None = None) -> Mapping[Place, Sequence[str]]:
            if not asked.is_set():
                asked.set()
                raise StoreFailed
            return await let_in_there(account, place)

        monkeypatch.setattr(plein.core, "let_in", fails_once)
        del channel.overwrites[anna.user.id]
        places.channel_changed(town.world, channel)
        await asyncio.wait_for(asked.wait(), 20)
        await until_put_out(plein, anna)
        for command in ("theme leave", "theme take-part"):
            await anna.uses("sport", command, theme="verlichting")
            await plein.until_quiet(60)
        assert not is_in(town, channel, anna)


async def test_who_is_put_out_while_plein_writes_all_lines_is_out(
    double: Discord, database: str, town: Server, mo: Person, anna: Person
) -> None:
    """It closes the channel, and writes them as it read them before."""
    async with plein_on(double, database, residents=moderators(mo), guilds=(int(town.id),)) as plein:
        channel = await let_in(plein, town, mo, anna)
        held = double.faults.hold(CHANGE, only={"channel_id": channel.id})
        await mo.uses("sport", "theme archive", theme="verlichting", sure=True)
        plein.core.making.worker.wake()
        await asyncio.wait_for(held.reached.wait(), 20)
        del channel.overwrites[anna.user.id]
        places.channel_changed(town.world, channel)
        await until_put_out(plein, anna)
        held.release()
        for _ in range(2):
            await plein.until_quiet(60)
        assert anna.user.id not in channel.overwrites


async def until_put_out(plein: OnDiscord, who: Person) -> None:
    def is_noted(tx: Transaction) -> bool:
        resident = tx.people.by_identity(Identity("discord", str(who.user.id)))
        return bool(resident and tx.guests.put_out_of(resident.id))

    changed = asyncio.Event()
    plein.core.store.on_commit("room", changed.set)
    async with asyncio.timeout(30):
        while not await plein.core.store.read(is_noted):
            await changed.wait()
            changed.clear()


@pytest.mark.parametrize("heard", [True, False])
async def test_whose_line_is_taken_away_before_plein_heard_that_it_stands_stays_out(
    double: Discord, database: str, town: Server, mo: Person, anna: Person, heard: bool
) -> None:
    """Discord did what Plein asked, and its answer is lost."""
    async with plein_on(double, database, residents=moderators(mo), guilds=(int(town.id),)) as plein:
        channel = await made(plein, town, mo)
        town.deny(channel.name, "everyone", ["view_channel"])
        await plein.until_quiet(60)
        put = CALLS["category"].format("PUT")
        if not heard:
            # Its libraries would ask once more by themselves.
            double.faults.drop(put, after=True, times=2)
        await anna.uses("sport", "theme take-part", theme="verlichting")
        await double.until(lambda: is_in(town, channel, anna))
        await plein.until_quiet()
        assert len(double.calls_to(*put.split())) == 1
        del channel.overwrites[anna.user.id]
        places.channel_changed(town.world, channel)
        await plein.until_quiet(1)
        await plein.until_quiet(600)
        shown = (await mo.uses("sport", "theme show", theme="verlichting")).text
        assert not is_in(town, channel, anna)
        assert f"Uit het kanaal of de kamer gezet: {anna.mention}." in shown
