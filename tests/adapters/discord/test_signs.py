"""A sign on somebody's message on Discord, and what becomes of it when it, or the message, is taken away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial

import pytest

from bot.main.config import ThemeSection
from bot.model.message import message as message_of
from bot.model.message import typed
from bot.model.people import Place
from tests.doubles.discord import Discord, Person, Server, talk
from tests.doubles.discord.state import Event
from tests.doubles.praise import CLAP, Praise
from tests.on_discord import OnDiscord, plein_on

SIGNS = 1 << 10
SAID = "Je prees een buur."
PARTY = "\N{PARTY POPPER}"


@pytest.fixture
async def praise() -> Praise:
    return Praise()


@pytest.fixture
def sport(town: Server) -> ThemeSection:
    return ThemeSection(name="Sport", places=(f"discord:{town.channel('sport').id}",))


@pytest.fixture
async def plein(
    double: Discord, database: str, sport: ThemeSection, praise: Praise
) -> AsyncIterator[OnDiscord]:
    async with plein_on(double, database, themes=[sport], installed=praise.installed) as plein:
        yield plein


async def nothing_more(praise: Praise, anna: Person, ben: Person) -> None:
    """What was done so far has been dealt with, and came to nothing."""
    before, said = len(praise.seen), await ben.says("sport", "einde")
    await anna.reacts(said, CLAP)
    await praise.until(lambda: said.id in [seen.about and seen.about.ref for seen in praise.seen])
    assert len(praise.seen) == before + 1


async def test_it_says_whose_message_it_is_and_can_be_taken_away(
    plein: OnDiscord, praise: Praise, town: Server, anna: Person, ben: Person
) -> None:
    said = await ben.says("sport", "Het pleintje is opgeruimd")
    await anna.reacts(said, f"{CLAP}\N{EMOJI MODIFIER FITZPATRICK TYPE-4}")
    (on,) = await praise.times(1)
    assert (on.by, on.whom, on.on) == ("anna", "ben", True)
    assert on.about
    assert on.about.ref == said.id
    assert on.about.link == f"https://discord.com/channels/{town.guild.id}/{said.channel.id}/{said.id}"
    assert on.about.at.timestamp() == pytest.approx(said.at, abs=0.01)
    await anna.unreacts(said, f"{CLAP}\N{EMOJI MODIFIER FITZPATRICK TYPE-4}")
    (_, off) = await praise.times(2)
    assert (off.by, off.whom, off.on, off.about and off.about.ref) == ("anna", None, False, said.id)
    await anna.reacts(said, CLAP)
    assert [seen.on for seen in await praise.times(3)] == [True, False, True]
    await plein.until_quiet()
    assert [message for message in anna.sees("sport") if message.author.bot] == []


async def test_what_discord_brings_twice_counts_once(
    double: Discord, plein: OnDiscord, praise: Praise, anna: Person, ben: Person
) -> None:
    said = await ben.says("sport", "een")
    double.faults.events.duplicate("MESSAGE_REACTION_ADD")
    await anna.reacts(said, CLAP)
    await praise.times(1)
    await nothing_more(praise, anna, ben)
    assert [seen.about and seen.about.ref for seen in praise.seen][:1] == [said.id]


async def test_who_talks_in_private_hears_it_there_and_others_beside_the_next_answer(
    plein: OnDiscord, praise: Praise, anna: Person, ben: Person
) -> None:
    await anna.says(anna.dm, "!help")
    await anna.hears(anna.dm, "Wat ik voor je kan doen")
    mine, theirs = await ben.says("sport", "een"), await anna.says("sport", "twee")
    await anna.reacts(mine, CLAP)
    await anna.hears(anna.dm, SAID)
    await ben.reacts(theirs, CLAP)
    await praise.times(2)
    await plein.until_quiet()
    assert ben.sees(ben.dm) == []
    answer = await ben.uses("sport", "help")
    assert "You praised a neighbour." in answer.text
    assert "praised" not in (await ben.uses("sport", "help")).text


async def test_only_people_in_places_and_only_that_sign(
    double: Discord, plein: OnDiscord, praise: Praise, town: Server, anna: Person, ben: Person
) -> None:
    robot = double.application("another", "its token")
    town.invite(robot)
    town.channel("elders")
    sport = town.channel("sport")
    said = await ben.says("sport", "een")
    talk.react(double.world, said, robot.user, CLAP)
    talk.unreact(double.world, said, robot.user, CLAP)
    robots = talk.post(double.world, sport, robot.user, {"content": "ik ben een robot"})
    hook = double.world.user("relay", bot=True)
    relayed = talk.post(double.world, sport, hook, {"content": "van elders"}, webhook_id=hook.id)
    place = Place("discord", sport.id)
    await plein.core.say(plein.adapter.account, place, message_of(typed("hallo")), "own")
    own = await plein.board("sport", "hallo")
    for message in (robots, relayed, own, await ben.says("elders", "twee")):
        await anna.reacts(message, CLAP)
    await anna.reacts(said, PARTY)
    await anna.unreacts(said, PARTY)
    await nothing_more(praise, anna, ben)


async def test_what_a_moderator_clears_is_not_withdrawn(
    plein: OnDiscord, praise: Praise, anna: Person, ben: Person, mo: Person
) -> None:
    """Of one alone Discord does not say whose hand it was: that is as if they did it themselves."""
    said, other = await ben.says("sport", "een"), await ben.says("sport", "twee")
    for message in (said, other):
        await anna.reacts(message, CLAP)
    await praise.times(2)
    await mo.clears(said)
    await mo.clears(other, CLAP)
    await nothing_more(praise, anna, ben)
    # It can be put there again, which is the same one.
    await anna.reacts(said, CLAP)
    await mo.takes(said, anna, CLAP)
    await praise.until(lambda: praise.seen[-1].on is False)


async def test_in_a_thread_it_is_its_channels(
    plein: OnDiscord, praise: Praise, town: Server, anna: Person, ben: Person
) -> None:
    thread = anna.begins("sport", "over de bank")
    said = await ben.says(thread, "een")
    await anna.reacts(said, CLAP)
    (on,) = await praise.times(1)
    assert on.about
    assert on.about.link.split("/")[-2:] == [thread.id, said.id]


async def test_where_discord_does_not_say_whose_it_is_it_is_asked(
    double: Discord, plein: OnDiscord, praise: Praise, anna: Person, ben: Person
) -> None:
    said = await ben.says("sport", "een")
    emit = double.world.emit

    def without_author(event: Event) -> None:
        event.data.pop("message_author_id", None)
        emit(event)

    double.world.emit = without_author
    await anna.reacts(said, CLAP)
    (on,) = await praise.times(1)
    assert on.whom == "ben"


async def test_messages_that_are_deleted_are_told(
    plein: OnDiscord, praise: Praise, town: Server, anna: Person, ben: Person, mo: Person
) -> None:
    town.channel("elders")
    first, *others = [await ben.says("sport", words) for words in ("een", "twee", "drie")]
    await ben.deletes(await ben.says("elders", "vier"))
    await ben.deletes(first)
    await mo.deletes_all(others)
    await praise.until(lambda: len(praise.lost) == 3)
    sport = town.channel("sport").id
    assert praise.lost == [(sport, message.id) for message in (first, *others)]


async def test_what_was_not_dealt_with_counts_after_a_crash(
    double: Discord,
    database: str,
    sport: ThemeSection,
    praise: Praise,
    anna: Person,
    ben: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with plein_on(double, database, themes=[sport], installed=praise.installed) as plein:
        reached = asyncio.Event()

        async def dies(_: object) -> None:
            reached.set()
            await asyncio.Event().wait()

        await plein.core.agenda.flush()
        monkeypatch.setattr(plein.core.dispatch, "handle", dies)
        await anna.reacts(await ben.says("sport", "een"), CLAP)
        await reached.wait()
    for _ in range(2):
        async with plein_on(double, database, themes=[sport], installed=praise.installed):
            assert len(await praise.times(1)) == 1


async def test_discord_is_asked_for_signs_only_where_something_is_made_of_them(
    double: Discord, plein: OnDiscord, database: str
) -> None:
    (asked,) = [session.intents for session in double.gateway.connected]
    assert asked & SIGNS
    assert not asked & ((1 << 1) | (1 << 15))


async def test_what_was_put_there_while_plein_was_away_is_found_and_counts_once(
    double: Discord,
    database: str,
    sport: ThemeSection,
    praise: Praise,
    town: Server,
    anna: Person,
    ben: Person,
) -> None:
    """Not what was told before, nor what stood there before Plein first came."""
    old = await ben.says("sport", "oud")
    await anna.reacts(old, CLAP)
    robot = double.application("another", "its token")
    town.invite(robot)
    cas = town.member("cas")
    async with plein_on(double, database, themes=[sport], installed=praise.installed) as plein:
        first = await ben.says("sport", "een")
        await anna.reacts(first, CLAP)
        await praise.times(1)
        double.clock.turn(60)
        await plein.core.agenda.flush()
    second = await ben.says("sport", "twee")
    await anna.reacts(second, f"{CLAP}\N{EMOJI MODIFIER FITZPATRICK TYPE-4}")
    await cas.reacts(first, CLAP)
    await cas.reacts(second, PARTY)
    talk.react(double.world, second, robot.user, CLAP)
    await anna.reacts(talk.post(double.world, first.channel, robot.user, {"content": "robot"}), CLAP)
    for _ in range(2):
        wanted = len(looked(double)) + 3
        async with plein_on(double, database, themes=[sport], installed=praise.installed):
            await praise.times(3)
            # It is asked who put each sign there; on one of them it is drawn in two ways.
            await double.until(partial(has_looked, double, wanted))
    async with plein_on(double, database, themes=[sport], installed=praise.installed):
        await anna.unreacts(second, f"{CLAP}\N{EMOJI MODIFIER FITZPATRICK TYPE-4}")
        await praise.times(4)
    found = [(seen.by, seen.about and seen.about.ref, seen.on) for seen in praise.seen]
    assert found[0] == ("anna", first.id, True)
    assert sorted(found[1:3]) == sorted([("anna", second.id, True), ("cas", first.id, True)])
    assert found[3:] == [("anna", second.id, False)]


async def test_what_was_put_there_again_while_plein_was_away_counts_again(
    double: Discord, database: str, sport: ThemeSection, praise: Praise, anna: Person, ben: Person
) -> None:
    async with plein_on(double, database, themes=[sport], installed=praise.installed) as plein:
        said = await ben.says("sport", "een")
        await anna.reacts(said, CLAP)
        await praise.times(1)
        await anna.unreacts(said, CLAP)
        await praise.times(2)
        await plein.core.agenda.flush()
    await anna.reacts(said, CLAP)
    for _ in range(2):
        wanted = len(looked(double)) + 1
        async with plein_on(double, database, themes=[sport], installed=praise.installed):
            await praise.times(3)
            await double.until(partial(has_looked, double, wanted))
    assert [seen.on for seen in praise.seen] == [True, False, True]


def has_looked(double: Discord, often: int) -> bool:
    return len(looked(double)) >= often


def looked(double: Discord) -> list[str]:
    return [call.route for call in double.calls if call.method == "GET" and "reactions" in call.route]
