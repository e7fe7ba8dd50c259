"""A theme and its channel, or post in a forum, go by one name on Discord, whatever is lost there."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from bot.errors import StoreFailed
from tests.adapters.discord.test_homes import moderators
from tests.adapters.discord.test_new_rooms import KINDS, go_wrong, inside, propose, settle_in, wanted
from tests.doubles.discord import Discord, Person, Server, places
from tests.doubles.discord.state import Channel
from tests.on_discord import OnDiscord, plein_on

CHANGE = "PATCH /channels/{channel_id}"


async def made(plein: OnDiscord, server: Server, mo: Person, kind: str = "category") -> Channel:
    """The channel or post of a theme that was opened."""
    home = await settle_in(plein, server, mo, kind)
    await propose(mo)
    await plein.until_quiet(60)
    (channel,) = inside(server, home)
    return channel


def by_hand(server: Server, channel: Channel, name: str) -> None:
    channel.name = name
    places.channel_changed(server.world, channel)


async def renames(mo: Person, name: str) -> str:
    return (await mo.uses("sport", "theme rename", name=name, theme="verlichting")).text


@pytest.mark.parametrize("fault", ["none", "lost before", "lost after", "502", "garbage", "patience"])
@pytest.mark.parametrize("kind", KINDS)
async def test_it_is_called_as_its_theme_is(
    double: Discord, database: str, town: Server, mo: Person, kind: str, fault: str
) -> None:
    async with plein_on(double, database, residents=moderators(mo)) as plein:
        channel = await made(plein, town, mo, kind)
        go_wrong(double, fault, CHANGE)
        assert "heet voortaan “Licht langs het pad”" in await renames(mo, "Licht langs het pad")
        await plein.until_quiet()
        double.faults.clear()
        await plein.until_quiet(60)
        assert channel.name.replace("-", " ").casefold() == "licht langs het pad"
        assert (await wanted(plein, "Licht langs het pad")) == [{"room": channel.id, "why": None}]
        assert any("heet voortaan" in message.text for message in channel.messages.values())


async def test_what_plein_may_not_change_is_said(
    double: Discord, database: str, town: Server, mo: Person
) -> None:
    async with plein_on(double, database, residents=moderators(mo)) as plein:
        channel = await made(plein, town, mo)
        town.close_to(double.bot, channel.name, ["manage_channels"])
        await renames(mo, "Lampen")
        await plein.until_quiet()
        assert channel.name == "verlichting"
        shown = (await mo.uses("sport", "theme show", theme="lampen")).text
        assert "Zijn plek op Discord is nog niet zoals ze moet zijn." in shown
        assert "“Kanalen beheren”" in shown
        town.permit(double.bot, ["administrator"])
        await plein.until_quiet(3700)
        assert channel.name == "lampen"


@pytest.mark.parametrize("kind", KINDS)
async def test_what_is_renamed_by_hand_its_theme_is_called_too(
    double: Discord, database: str, town: Server, mo: Person, kind: str
) -> None:
    """Also while Plein is away."""
    async with plein_on(double, database, residents=moderators(mo)) as plein:
        channel = await made(plein, town, mo, kind)
        by_hand(town, channel, "straat-lampen" if kind == "category" else "Straat lampen")
        await plein.until_quiet(60)
        await plein.until_quiet(60)
        assert "Straat lampen" in (await mo.uses("sport", "theme list")).text
    by_hand(town, channel, "buurt")
    async with plein_on(double, database, residents=moderators(mo)) as plein:
        await plein.until_quiet(60)
        await plein.until_quiet(60)
        assert "uurt (jij trekt):" in (await mo.uses("sport", "theme list")).text


@pytest.mark.parametrize("away", [False, True])
@pytest.mark.parametrize("kind", KINDS)
async def test_what_is_deleted_by_hand_is_its_place_no_more(
    double: Discord, database: str, town: Server, mo: Person, kind: str, away: bool
) -> None:
    """Also while Plein is away."""
    async with plein_on(double, database, residents=moderators(mo)) as plein:
        channel = await made(plein, town, mo, kind)
        if not away:
            town.close(channel)
            await plein.until_quiet(60)
    if away:
        town.close(channel)
    async with plein_on(double, database, residents=moderators(mo)) as plein:
        await plein.until_quiet(60)
        await plein.until_quiet(60)
        assert (
            "Op Discord heeft het geen plek."
            in (await mo.uses("sport", "theme show", theme="verlichting")).text
        )
        other = town.channel("lichtjes")
        await plein.until_quiet()
        assert "vanaf nu de plek" in (await mo.uses(other.name, "theme bind", theme="verlichting")).text
        await plein.until_quiet(60)
        assert other.name == "lichtjes"
        assert any("trekt dit thema." in message.text for message in other.messages.values())
        assert (await wanted(plein))[0]["room"] == other.id


@pytest.mark.parametrize("what", ["renamed", "deleted"])
async def test_what_is_done_while_the_database_does_not_answer_is_found_out_once_it_does(
    double: Discord, database: str, town: Server, mo: Person, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with plein_on(double, database, residents=moderators(mo)) as plein:
        channel = await made(plein, town, mo)
        looks, is_looked = plein.core.look_at_rooms, asyncio.Event()

        async def fails(*_: object, **__: object) -> None:
            monkeypatch.undo()
            monkeypatch.setattr(plein.core, "look_at_rooms", looked)
            raise StoreFailed

        async def looked(account: str) -> None:
            await looks(account)
            is_looked.set()

        monkeypatch.setattr(plein.core, "joined" if what == "renamed" else "left", fails)
        by_hand(town, channel, "buurt") if what == "renamed" else town.close(channel)
        await asyncio.wait_for(is_looked.wait(), 30)
        for _ in range(2):
            await plein.until_quiet(60)
        says = (
            await mo.uses("sport", "theme show", theme="verlichting" if what == "deleted" else "buurt")
        ).text
        assert ("Op Discord heeft het geen plek." in says) is (what == "deleted")


async def test_a_voice_channel_is_no_place_for_a_theme(
    double: Discord, database: str, town: Server, mo: Person
) -> None:
    async with plein_on(double, database, residents=moderators(mo)) as plein:
        await made(plein, town, mo)
        assert "losgemaakt" in (await mo.uses("sport", "theme unbind", theme="verlichting")).text
        town.channel("praten", type=2)
        await plein.until_quiet()
        assert "spraakkanaal" in (await mo.uses("praten", "theme bind", theme="verlichting")).text


@pytest.mark.parametrize("away", [False, True])
async def test_moved_to_another_category_by_hand_is_said_once_and_not_fought_over(
    double: Discord, database: str, town: Server, mo: Person, away: bool
) -> None:
    """Also while Plein is away, of which it hears nothing when it is back."""
    plein_there = partial(plein_on, double, database, residents=moderators(mo), guilds=(int(town.id),))

    def moves() -> None:
        channel.parent_id = other.id
        places.channel_changed(town.world, channel)

    def said() -> list[str]:
        texts = [message.text for message in channel.messages.values()]
        return [words for words in texts if "haalde de plek van" in words]

    async with plein_there() as plein:
        channel = await made(plein, town, mo)
        other = town.channel("archief", type=4)
        await plein.until_quiet(60)
        if not away:
            moves()
            await plein.until_quiet(60)
    async with plein_there() as plein:
        await plein.until_quiet(60)
    if away:
        moves()
    async with plein_there() as plein:
        await plein.until_quiet(60)
        assert len(said()) == 1
        await mo.uses("sport", "theme rename", name="Lampen", theme="verlichting")
        await plein.until_quiet(3600)
        assert len(said()) == 1
        assert (channel.parent_id, channel.name) == (other.id, "lampen")
