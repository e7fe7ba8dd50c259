"""A theme that is opened gets its channel, or its post in a forum, once, whatever goes wrong on Discord."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from adapters.discord.homes import MOST_CHANNELS, MOST_IN_CATEGORY, MOST_THREADS
from adapters.discord.new_rooms import sign_of
from bot.ports.storage import Transaction
from tests.adapters.discord.test_homes import moderators
from tests.doubles.discord import Discord, Person, Server
from tests.doubles.discord.state import THREAD, Channel
from tests.on_discord import OnDiscord, Process, plein_on

MAKE = "POST /guilds/{guild_id}/channels"
POST = "POST /channels/{channel_id}/threads"
KINDS = {"category": 4, "forum": 15}
ABOUT = "Meer licht langs het pad naar school"


def inside(server: Server, home: str) -> list[Channel]:
    return [channel for channel in server.guild.channels.values() if channel.parent_id == home]


async def settle_in(plein: OnDiscord, server: Server, mo: Person, kind: str = "category") -> str:
    """The home that was chosen, by its id."""
    home = server.channel("themas", type=KINDS[kind])
    await plein.until_quiet()
    assert "Vanaf nu" in (await mo.uses("sport", "community setup", home="themas")).text
    return home.id


async def propose(mo: Person, name: str = "Verlichting", about: str = ABOUT) -> str:
    return (await mo.uses("sport", "theme propose", name=name, about=about)).text


async def wanted(plein: OnDiscord, name: str = "Verlichting") -> Sequence[Mapping[str, str | None]]:
    """How it is with the room of that theme."""

    def look(tx: Transaction) -> Sequence[Mapping[str, str | None]]:
        opened = next(theme for theme, called in tx.places.opened().items() if called == name)
        return [
            {"room": state.room, "why": state.why.key if state.why else None}
            for state in tx.wanted.of(opened)
        ]

    return await plein.core.store.run(look)


def go_wrong(double: Discord, fault: str, call: str) -> None:
    """The next request of that kind meets this, or "none" of it."""
    match fault:
        case "lost before" | "lost after":
            double.faults.drop(call, after=fault == "lost after")
        case "502":
            double.faults.answer(502, call)
        case "garbage":
            double.faults.garbage(call)
        case "patience":
            double.faults.answer(429, call, body={"message": "slow down", "retry_after": 3.0})


@pytest.mark.parametrize("kind", KINDS)
async def test_a_theme_that_is_opened_has_its_place(
    double: Discord, database: str, town: Server, mo: Person, anna: Person, kind: str
) -> None:
    """With what it is about above it, the welcome with its buttons, and the same theme behind it."""
    async with plein_on(double, database, residents=moderators(mo)) as plein:
        home = await settle_in(plein, town, mo, kind)
        assert "“Verlichting” is er." in await propose(mo)
        await plein.until_quiet()
        (made,) = inside(town, home)
        assert made.name.casefold() == "verlichting"
        said = [message.text for message in made.messages.values()]
        assert ABOUT in ((made.topic or "") if kind == "category" else said[0])
        assert "trekt dit thema." in said[-1]
        assert ABOUT in (await anna.uses(made.name, "theme show")).text
        assert "Je doet mee aan “Verlichting”." in (await anna.uses(made.name, "theme take-part")).text
        await plein.until_quiet()
        assert any("2 mensen doen mee." in message.text for message in made.messages.values())
        assert (await wanted(plein))[0]["room"] == made.id
    # And it stays that after a start.
    async with plein_on(double, database, residents=moderators(mo)) as plein:
        assert ABOUT in (await anna.uses(made.name, "theme show")).text
        await plein.until_quiet(3600)
    assert len(inside(town, home)) == 1


@pytest.mark.parametrize("fault", ["lost before", "lost after", "502", "garbage", "patience"])
@pytest.mark.parametrize("kind", KINDS)
async def test_without_an_answer_one_is_made(
    double: Discord, database: str, town: Server, mo: Person, kind: str, fault: str
) -> None:
    call = MAKE if kind == "category" else POST
    async with plein_on(double, database, residents=moderators(mo)) as plein:
        home = await settle_in(plein, town, mo, kind)
        go_wrong(double, fault, call)
        await propose(mo)
        await plein.until_quiet()
        double.faults.clear()
        await plein.until_quiet(60)
        (made,) = inside(town, home)
        assert (await wanted(plein)) == [{"room": made.id, "why": None}]
        signed = [message for message in made.messages.values() if "plein:" in message.content]
        assert ("plein:" in (made.topic or "")) != (len(signed) == 1)


async def test_what_keeps_it_is_said_and_ends(
    double: Discord, database: str, town: Server, mo: Person, anna: Person
) -> None:
    """A category that is full: moderators read so, others that it is not there yet; with room, it is."""
    async with plein_on(double, database, residents=moderators(mo)) as plein:
        home = await settle_in(plein, town, mo)
        parent = town.guild.channels[home]
        for number in range(MOST_IN_CATEGORY):
            town.channel(f"raad-{number}", parent=parent)
        await plein.until_quiet()
        await propose(mo)
        await plein.until_quiet()
        assert [state["room"] for state in await wanted(plein)] == [None]
        seen = (await mo.uses("sport", "theme show", theme="verlichting")).text
        assert "Zijn plek op Discord is er nog niet." in seen
        full = f"laat er {MOST_IN_CATEGORY} kanalen toe"
        assert full in seen
        others = (await anna.uses("sport", "theme show", theme="verlichting")).text
        assert "Zijn plek op Discord is er nog niet." in others
        assert full not in others
        town.close("raad-7")
        await plein.until_quiet(3700)
        assert [channel.name for channel in inside(town, home) if "raad" not in channel.name] == [
            "verlichting"
        ]


# --- said before anything is made ---


@dataclass(frozen=True, slots=True)
class Limit:
    """What keeps a room from being made: in which kind of home, how it comes and ends, and what is said."""

    kind: str
    set: Callable[[Discord, Server, Channel], None]
    end: Callable[[Discord, Server, Channel], None]
    said: str


def fill_category(_: Discord, server: Server, home: Channel) -> None:
    for number in range(MOST_IN_CATEGORY):
        server.channel(f"raad-{number}", parent=home)


def fill_server(_: Discord, server: Server, home: Channel) -> None:
    there = sum(not channel.thread for channel in server.guild.channels.values())
    for number in range(MOST_CHANNELS - there):
        server.channel(f"raad-{number}")


def fill_threads(_: Discord, server: Server, home: Channel) -> None:
    for number in range(MOST_THREADS):
        server.channel(f"raad-{number}", parent=server.channel("sport"), type=THREAD)


def put_one_away(_: Discord, server: Server, home: Channel) -> None:
    server.put_away(next(channel for channel in server.guild.channels.values() if channel.name == "raad-7"))


def empty_one(_: Discord, server: Server, home: Channel) -> None:
    server.close("raad-7")


def forbid(permission: str) -> Callable[[Discord, Server, Channel], None]:
    return lambda double, server, home: server.close_to(double.bot, home.name, [permission])


def allow_all(double: Discord, server: Server, home: Channel) -> None:
    server.permit(double.bot, ["administrator"])


def demand_tag(_: Discord, server: Server, home: Channel) -> None:
    server.demand_tag(home)


def demand_none(_: Discord, server: Server, home: Channel) -> None:
    server.demand_tag(home, demanded=False)


FULL = f"Discord laat er {MOST_IN_CATEGORY} kanalen toe. Haal er een weg, of kies iets anders."
MISSING = "nog niet: zonder dat komt er voor een thema geen plek in. Geef het daar bij Rechten."
LIMITS = {
    "category": Limit("category", fill_category, empty_one, FULL),
    "server": Limit("category", fill_server, empty_one, f"heeft {MOST_CHANNELS} kanalen, en meer laat"),
    "threads": Limit("forum", fill_threads, put_one_away, f"staan {MOST_THREADS} threads en posts open"),
    "channels": Limit("category", forbid("manage_channels"), allow_all, f"“Kanalen beheren” {MISSING}"),
    "tags": Limit(
        "forum", demand_tag, demand_none, "moet elke nieuwe post een tag hebben, en Plein kiest er"
    ),
    "posts": Limit("forum", forbid("send_messages"), allow_all, f"“Berichten verzenden” {MISSING}"),
}


@pytest.mark.parametrize("name", LIMITS)
async def test_what_keeps_it_is_said_before_it_is_tried(
    double: Discord, database: str, town: Server, mo: Person, anna: Person, ben: Person, name: str
) -> None:
    """To who proposes it, who opens it by supporting it, and the moderator who does at once. It opens all the
    same, nothing is made and nothing asked for; once it can be, it is.
    """
    limit = LIMITS[name]
    async with plein_on(double, database, residents=moderators(mo)) as plein:
        home = town.guild.channels[await settle_in(plein, town, mo, limit.kind)]
        limit.set(double, town, home)
        await plein.until_quiet()
        before = {channel.id for channel in inside(town, home.id)}
        heard = await propose(anna, "Lampen")
        assert "Op Discord krijgt het pas een plek als een moderator dit oplost." in heard
        assert limit.said in heard
        for supporter in ("cas", "dora"):
            await town.member(supporter).uses("sport", "theme support")
        heard = (await ben.uses("sport", "theme support")).text
        assert "“Lampen” is there." in heard
        assert "On Discord it gets a place only once a moderator solves this." in heard
        heard = await propose(mo)
        assert "“Verlichting” is er." in heard
        assert "Op Discord krijgt het pas een plek als dit opgelost is." in heard
        assert limit.said in heard
        await plein.until_quiet(60)
        assert not any(double.calls_to(*call.split()) for call in (MAKE, POST))
        limit.end(double, town, home)
        await plein.until_quiet(3700)
        made = {channel.name.casefold() for channel in inside(town, home.id) if channel.id not in before}
        assert made
        assert made <= {"lampen", "verlichting"}


async def test_a_tag_that_is_demanded_only_when_it_is_made_is_said_too(
    double: Discord, database: str, town: Server, mo: Person
) -> None:
    """Nobody set that yet when it was looked: Discord itself refuses, and what to do is the same."""
    async with plein_on(double, database, residents=moderators(mo)) as plein:
        home = await settle_in(plein, town, mo, "forum")
        refused = {"message": "A tag is required to create a forum post in this channel", "code": 40067}
        double.faults.answer(400, POST, body=refused)
        await propose(mo)
        await plein.until_quiet()
        assert await wanted(plein) == [{"room": None, "why": "discord.home.tag"}]
        assert LIMITS["tags"].said in (await mo.uses("sport", "theme show", theme="verlichting")).text
        await plein.until_quiet(60)
        assert len(inside(town, home)) == 1


async def test_what_is_not_known_is_not_said(
    double: Discord, database: str, town: Server, mo: Person
) -> None:
    """Of a server that cannot be reached, though its category is full."""
    async with plein_on(double, database, residents=moderators(mo)) as plein:
        home = town.guild.channels[await settle_in(plein, town, mo)]
        fill_category(double, town, home)
        await plein.until_quiet()
        town.outage()
        assert "krijgt het pas" not in await propose(mo)


async def test_the_home_is_gone_and_another_is_chosen(
    double: Discord, database: str, town: Server, mo: Person
) -> None:
    async with plein_on(double, database, residents=moderators(mo)) as plein:
        await settle_in(plein, town, mo)
        town.close("themas")
        await plein.until_quiet()
        await propose(mo)
        await plein.until_quiet()
        assert [state["why"] for state in await wanted(plein)] == ["room.home_gone"]
        other = town.channel("groepen", type=4)
        await plein.until_quiet()
        await mo.uses("sport", "community setup", home="groepen")
        await plein.until_quiet()
        assert len(inside(town, other.id)) == 1


async def test_what_somebody_deletes_is_not_made_again(
    double: Discord, database: str, town: Server, mo: Person
) -> None:
    async with plein_on(double, database, residents=moderators(mo)) as plein:
        home = await settle_in(plein, town, mo)
        await propose(mo)
        await plein.until_quiet()
        town.close("verlichting")
        await plein.until_quiet(7200)
        assert inside(town, home) == []


async def test_killed_between_making_and_noting(tmp_path: Path) -> None:
    """SIGKILL while Discord answers that it made it, again and again: each theme has one channel."""
    async with Discord(running=True) as double:
        town = double.guild("Plein")
        town.channel("sport")
        home = town.channel("themas", type=4).id
        mo = town.member("mo")
        more = f'[[residents]]\nname = "Mo"\naccounts = ["discord:{mo.id}"]\nrole = "moderator"'
        plein = Process.at(double, tmp_path, more=more)
        await plein.start()
        await mo.uses("sport", "community setup", home="themas")
        names = [f"Thema {letter}" for letter in ("aap", "noot", "mies")]
        for name in names:
            lost = double.faults.drop(MAKE, after=True)
            asked = asyncio.create_task(propose(mo, name))
            await double.until(partial(_met, lost))
            await plein.kill()
            asked.cancel()
            await asyncio.gather(asked, return_exceptions=True)
            double.faults.clear()
            await plein.start()

        def all_there() -> bool | None:
            made = inside(town, home)
            welcomed = [channel for channel in made if channel.messages]
            return len(welcomed) == len(names) or None

        await double.until(all_there, timeout=400)
        assert sorted(channel.name for channel in inside(town, home)) == [
            "thema-aap",
            "thema-mies",
            "thema-noot",
        ]
        assert all(len(channel.messages) == 1 for channel in inside(town, home))
        assert await plein.stop() == 0


def _met(lost: Any) -> bool | None:
    return lost.met or None


def test_a_mark_is_found_as_it_is_written() -> None:
    assert sign_of("ab12") == "plein:ab12"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("before", ["", "[a](b) ", "> ", "~~", "*" * 100])
async def test_what_a_theme_is_about_is_shown_there_as_typed(
    double: Discord, database: str, town: Server, mo: Person, kind: str, before: str
) -> None:
    """Plein itself says it: no link of whoever proposed it says one thing and leads elsewhere."""
    about = f"{before}[Stadhuis](https://evil.example/aanmelden) @everyone"
    async with plein_on(double, database, residents=moderators(mo)) as plein:
        home = await settle_in(plein, town, mo, kind)
        await propose(mo, about=about)
        await plein.until_quiet()
        (made,) = inside(town, home)
        said = (made.topic or "") if kind == "category" else next(iter(made.messages.values())).content
    assert not re.search(r"(?<!\\)[\[*~>]", said), said
    assert "Stadhuis" in said
    assert said.endswith(")") or "\n-# plein:" in said
