"""Who thanks and is thanked by a sign or a mention on Discord, and who is nobody there."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.main.config import ThemeSection
from bot.model.message import message as message_of
from bot.model.message import typed
from bot.model.people import Place
from tests.doubles.discord import Discord, Message, Person, Server, talk
from tests.doubles.discord.state import Event
from tests.doubles.kudos import Given, given
from tests.on_discord import OnDiscord, plein_on

HANDS = "\N{PERSON WITH FOLDED HANDS}"


@pytest.fixture
async def before(town: Server, ben: Person) -> dict[str, Message]:
    """What was said before Plein came, by whom: one of these left since."""
    cas = town.member("cas")
    found = {who.name: await who.says("sport", "van voor Plein") for who in (ben, cas)}
    await cas.leaves()
    return found


@pytest.fixture
async def plein(
    double: Discord, database: str, town: Server, before: dict[str, Message], anna: Person
) -> AsyncIterator[OnDiscord]:
    """With whom Anna talks in private."""
    sport = ThemeSection(name="Sport", places=(f"discord:{town.channel('sport').id}",))
    async with plein_on(double, database, themes=[sport]) as plein:
        await anna.says(anna.dm, "!help")
        await anna.hears(anna.dm, "Wat ik voor je kan doen")
        yield plein


async def signs(anna: Person, said: Message) -> None:
    """They thank whoever said that, and what they did before has been dealt with then."""
    await anna.reacts(said, HANDS)
    await anna.hears(anna.dm, "is genoteerd")


async def test_who_wrote_before_plein_came_is_found(
    plein: OnDiscord, anna: Person, before: dict[str, Message]
) -> None:
    """Not who left since: nobody is thanked for that."""
    await anna.reacts(before["cas"], HANDS)
    await signs(anna, before["ben"])
    assert await given(plein.core) == [Given("anna", ("ben",), before["ben"].id)]


async def test_where_discord_does_not_say_whose_it_is_and_it_is_gone_nobody_is_thanked(
    double: Discord, plein: OnDiscord, anna: Person, ben: Person, before: dict[str, Message]
) -> None:
    emit = double.world.emit

    def without_author(event: Event) -> None:
        event.data.pop("message_author_id", None)
        emit(event)

    double.world.emit = without_author
    gone = {"message": "Unknown Message", "code": 10008}
    double.faults.answer(404, "GET /channels/{channel_id}/messages/{message_id}", body=gone)
    await anna.reacts(await ben.says("sport", "weg"), HANDS)
    await signs(anna, before["ben"])
    assert await given(plein.core) == [Given("anna", ("ben",), before["ben"].id)]


async def test_bots_webhooks_and_plein_itself_neither_thank_nor_are_thanked(
    double: Discord, plein: OnDiscord, town: Server, anna: Person, ben: Person
) -> None:
    robot = double.application("another", "its token")
    town.invite(robot)
    sport, ours = town.channel("sport"), f"<@{double.bot.id}>"
    hook, thanks = double.world.user("relay", bot=True), f'{ours} bedankt {ben.mention} "voor de goede hulp"'
    await plein.core.say(plein.adapter.account, Place("discord", sport.id), message_of(typed("hallo")), "own")
    for message in (
        talk.post(double.world, sport, robot.user, {"content": thanks}),
        talk.post(double.world, sport, hook, {"content": thanks}, webhook_id=hook.id),
        await plein.board("sport", "hallo"),
    ):
        await anna.reacts(message, HANDS)
    said = await ben.says("sport", "een")
    talk.react(double.world, said, robot.user, HANDS)
    for whom in (ours, f"<@{robot.user.id}>"):
        before = len(anna.sees(anna.dm))
        await anna.says("sport", f'{ours} bedankt {whom} "voor de goede hulp"')
        await plein.caught_up()
        await plein.until_quiet()
        (answer,) = anna.sees(anna.dm)[before:]
        assert "Ik ken hier niemand die" in answer.text
    await signs(anna, said)
    assert await given(plein.core) == [Given("anna", ("ben",), said.id)]
