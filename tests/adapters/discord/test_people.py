"""People named on Discord: by a mention, who is known from then on, and shown by one that pings nobody."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from adapters.discord.members import MOST_LOOKED_UP
from bot.main.config import CommunitySection
from bot.model.message import message, typed
from bot.model.people import Identity
from bot.ports.storage import Transaction
from tests.doubles.discord import Discord, Person, Server
from tests.doubles.thanks import INSTALLED
from tests.on_discord import OnDiscord, opened, plein_on


@pytest.fixture
async def plein(double: Discord, database: str) -> AsyncIterator[OnDiscord]:
    async with plein_on(double, database, installed=INSTALLED) as plein:
        yield plein


async def name_of(plein: OnDiscord, who: str) -> str | None:
    found = await plein.core.store.run(lambda tx: tx.people.by_identity(Identity("discord", who)))
    return found.name if found else None


async def test_whoever_is_mentioned_in_a_command_is_known_from_then_on(
    plein: OnDiscord, anna: Person, ben: Person
) -> None:
    answer = await anna.uses("sport", "test thank", who=ben.mention)
    assert answer.text.startswith(f"bedankt en {ben.mention}")
    assert answer.buttons == ["ben"]
    assert not ben.pinged_by(answer.message)
    assert await name_of(plein, ben.id) == "ben"
    again = await anna.presses(answer.message, "ben")
    assert ben.mention in again.text
    assert not ben.pinged_by(again.message)


async def test_and_in_what_is_typed_behind_its_name_or_in_private(
    double: Discord, plein: OnDiscord, anna: Person, ben: Person
) -> None:
    await anna.says("sport", f"<@{double.bot.user.id}> !test thank <@!{ben.id}>")
    answer = await anna.hears(anna.dm, "bedankt")
    assert ben.mention in answer.text
    assert not ben.pinged_by(answer)
    await anna.says(anna.dm, f"!test thank {anna.mention}")
    assert await anna.hears(anna.dm, anna.mention)
    assert await name_of(plein, ben.id) == "ben"


async def test_what_was_said_while_plein_was_away(
    double: Discord, database: str, anna: Person, ben: Person
) -> None:
    async with plein_on(double, database, installed=INSTALLED):
        await anna.uses("sport", "help")
    await anna.says("sport", f"<@{double.bot.user.id}> !test thank {ben.mention}")
    async with plein_on(double, database, installed=INSTALLED) as plein:
        await anna.hears(anna.dm, ben.mention)
        assert await name_of(plein, ben.id) == "ben"


async def test_a_bot_or_who_is_not_there_is_nobody(double: Discord, plein: OnDiscord, anna: Person) -> None:
    stranger = double.guild("Elders", bots=()).member("stranger")
    nobody = "9223372036854775807"
    for who in (double.bot.user.id, stranger.id, nobody):
        answer = await anna.uses("sport", "test thank", who=f"<@{who}>")
        assert "bedankt" not in answer.text
        await anna.says(anna.dm, f"!test thank <@{who}>")
        await anna.hears(anna.dm, who)
        assert await name_of(plein, who) is None


MEMBER = "/guilds/{guild_id}/members/{user_id}"


async def test_in_private_nobody_is_meant_who_is_in_another_community(
    double: Discord, database: str, town: Server, anna: Person, ben: Person
) -> None:
    """Anna is in both. For the one she names Ben, who is in the other alone, and what he is called there."""
    city = double.guild("Stad")
    city.channel("sport")
    lines = [
        CommunitySection(name="Dorp", servers=(town.id,)),
        CommunitySection(name="Stad", servers=(city.id,)),
    ]
    there = city.member("anna", locale="nl")
    ben.member.nick = "Benny van het dorp"
    async with plein_on(double, database, communities=lines, installed=INSTALLED) as plein:
        for person in (anna, there, ben):
            await person.uses("sport", "help")
        await there.presses((await there.uses(there.dm, "poll list")).message, "Stad")
        refused = await there.uses(there.dm, "test thank", who=ben.mention)
        assert ben.mention not in refused.text
        assert await residents_called(plein, 2, "Benny van het dorp") == 0
        await there.presses((await there.uses(there.dm, "community choose")).message, "Dorp")
        assert ben.mention in (await there.uses(there.dm, "test thank", who=ben.mention)).text


async def residents_called(plein: OnDiscord, community: int, name: str) -> int:
    found = await plein.core.store.run(lambda tx: list(tx.people.named(name, None)), community=community)
    return len(found)


async def test_whoever_counts_finds_nobody_who_takes_part_in_nothing(
    plein: OnDiscord, anna: Person, ben: Person
) -> None:
    await anna.uses("sport", "test thank", who=ben.mention)
    for number in range(1, 5):
        found = await anna.uses("sport", "who is", person=f"resident:{number}")
        assert ben.mention not in found.text


async def test_people_who_were_made_up_are_looked_up_now_and_then(
    double: Discord, plein: OnDiscord, anna: Person, ben: Person
) -> None:
    """However many somebody names, and what Discord answered once is not asked again at once."""
    await anna.uses("sport", "help")

    def asked() -> int:
        return len(double.calls_to("GET", MEMBER))

    before = asked()
    for number in range(10):
        words = " ".join(f"<@{10**17 + 10 * number + made_up}>" for made_up in range(10))
        await anna.uses("sport", "who is", person=words)
    assert asked() - before <= MOST_LOOKED_UP
    # Others are looked up all the same, and so are they a minute later.
    assert ben.mention in (await ben.uses("sport", "test thank", who=ben.mention)).text
    await plein.turn(61)
    assert ben.mention in (await anna.uses("sport", "test thank", who=ben.mention)).text
    before = asked()
    for _ in range(3):
        await anna.uses("sport", "who is", person=f"<@{10**17}>")
    assert asked() - before == 1


async def test_an_account_that_discord_does_not_know_any_more(
    double: Discord, plein: OnDiscord, anna: Person, ben: Person
) -> None:
    """Discord says so where something is to be told to it; who lets nobody write to them is still there."""
    for person in (anna, ben):
        await person.uses("sport", "help")
    await anna.closes_dms()
    del double.world.users[ben.id]

    def tell(tx: Transaction) -> None:
        for person in (anna, ben):
            tx.posts.add(
                f"to {person.id}",
                Identity("discord", person.id),
                message(typed("dag")),
                plein.core.clock.now(),
            )

    await plein.core.store.run(tell)
    await plein.until_quiet()
    later = plein.core.clock.now() + timedelta(days=1)
    ((_, gone),) = await plein.core.store.run(lambda tx: tx.people.long_gone(later))
    assert gone == Identity("discord", ben.id)


@pytest.mark.parametrize("named", ["<@{}>", "{}"], ids=["somebody named", "control: nobody"])
async def test_who_is_no_moderator_any_more_says_no_outcome_however_long_it_takes_to_look_up_whom_they_name(
    plein: OnDiscord, town: Server, anna: Person, ben: Person, mo: Person, named: str
) -> None:
    """What Discord said of them more than five seconds before Plein deals with their words does not count."""
    await opened(plein, anna, "Een bank?", closes="2d")
    await anna.uses("sport", "poll close", poll=1, sure=True)
    await plein.board("sport", "Gesloten: Een bank?")
    await plein.until_quiet(60)
    held = plein.double.faults.hold("GET /guilds/{guild_id}/members/{user_id}", times=9)
    if named == "{}":
        town.take(mo, "moderators")
    words = f'peiling besluit "Verkocht aan {named.format(ben.id)}" --peiling 1'
    await mo.says("sport", f"<@{plein.double.bot.id}> {words}")
    if named != "{}":
        await held.reached.wait()
        town.take(mo, "moderators")
    for _ in range(3):
        await plein.until_quiet(10)
    held.release()
    await plein.caught_up()
    for _ in range(3):
        await plein.until_quiet(20)
    said = [message.text for message in anna.sees("sport") if message.author.bot]
    assert not any("Verkocht aan" in words for words in said), said
    await mo.hears(mo.dm, "", timeout=3)
