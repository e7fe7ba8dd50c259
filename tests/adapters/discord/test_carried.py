"""What people say on Discord, where it is carried to other places: brought as they wrote it, once."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.errors import Refused
from bot.model.people import Place
from bot.rich import Mention, Named, Pointer, Style, Styled, Words
from tests.adapters.discord.carrying import Carrying, carrying, plein_carrying, said
from tests.doubles.discord import Discord, Person, Server, talk
from tests.doubles.discord.state import Channel
from tests.on_discord import OnDiscord

CONTENT = 1 << 15


@pytest.fixture
async def plein(core: Carrying, double: Discord, database: str, sport: Channel) -> AsyncIterator[OnDiscord]:
    async with plein_carrying(double, database, sport) as plein:
        yield plein


async def test_it_is_brought_as_it_was_written_with_the_names_of_whom_it_names(
    core: Carrying, plein: OnDiscord, sport: Channel, town: Server, anna: Person, ben: Person
) -> None:
    role, other = town.role("tuin"), town.channel("general")
    asked = await anna.says("sport", f"**Dag** {ben.mention} <@&{role.id}> <#{other.id}> <@99>")
    answered = await ben.says("sport", "Ja!", to=asked)
    await core.until_heard("**Dag** @ben @tuin #general <@99>", "Ja!")
    first, second = core.heard
    assert first.rich == (
        Styled(Style.BOLD, (Words("Dag"),)),
        Words(" "),
        Mention(Named.PERSON, "ben"),
        Words(" "),
        Mention(Named.ROLE, "tuin"),
        Words(" "),
        Pointer(other.id, inside=(Words("#general"),)),
        Words(" "),
        Mention(Named.PERSON, "?"),
    )
    assert (first.name, first.ref, first.changes, first.reply_to) == ("anna", asked.id, None, None)
    assert (second.ref, second.reply_to, second.rich) == (answered.id, asked.id, (Words("Ja!"),))


async def test_no_channel_is_named_that_not_everybody_sees(
    core: Carrying, plein: OnDiscord, sport: Channel, town: Server, anna: Person
) -> None:
    """Nor in what leads there, whoever says it."""
    town.role("raad", ["create_private_threads", "send_messages_in_threads"])
    hidden, mo = town.channel("klachten-over-anna", only=["raad"]), town.member("mo", roles=["raad"])
    thread = mo.begins("sport", "ontslag-van-anna", private=True)
    for who in (anna, mo):
        words = (
            f"<#{hidden.id}> <#{thread.id}> https://discord.com/channels/{town.id}/{hidden.id} <#{sport.id}>"
        )
        await who.says("sport", words)
    await core.bell.until(lambda: len(core.heard) == 2)
    for heard in core.heard:
        assert "van-anna" not in str(heard.rich)
        assert "over-anna" not in str(heard.rich)
        assert "#sport" in str(heard.rich)


async def test_what_is_changed_comes_as_a_change_and_counts_once(
    core: Carrying, plein: OnDiscord, sport: Channel, anna: Person, ben: Person
) -> None:
    message = await anna.says("sport", "een https://plein.be")
    # Neither a preview of what it leads to nor a pin changes what was said.
    talk.preview(plein.double.world, message, "https://plein.be")
    plein.double.clock.turn(1)
    plein.double.gateway.faults.events.duplicate("MESSAGE_UPDATE")
    await anna.edits(message, "*twee*")
    talk.preview(plein.double.world, message, "https://plein.be")
    talk.pin(plein.double.world, message, anna.user)
    plein.double.clock.turn(1)
    await anna.edits(message, "*twee*")
    await ben.says("sport", "drie")
    await core.until_heard("een https://plein.be", "*twee*", "drie")
    first, change, _ = core.heard
    assert (first.changes, change.changes, change.ref) == (None, message.id, message.id)
    assert change.rich == (Styled(Style.ITALIC, (Words("twee"),)),)
    assert change.id != first.id
    assert change.at > first.at


async def test_only_what_people_say_to_each_other_there(
    core: Carrying, plein: OnDiscord, sport: Channel, town: Server, anna: Person
) -> None:
    town.channel("elders")
    bot = plein.double.application("another", "its token")
    town.invite(bot)
    world = plein.double.world
    told = talk.post(world, sport, bot.user, {"content": "ik ben een robot"})
    hooked = talk.post(world, sport, bot.user, {"content": "van elders"}, webhook_id="7")
    number = await core.show(plein, sport, said("een kopie", plein.clock.now()))
    await core.show(plein, sport, said("een andere kopie", plein.clock.now()), number)
    for message in (told, hooked):
        talk.edit(world, message, {"content": "nog eens"})
    elsewhere = await anna.says("elders", "elders")
    await anna.edits(elsewhere, "elders anders")
    thread = anna.begins("sport", "draad")
    await anna.says("sport", "!help")
    await anna.says("sport", f"<@{plein.double.bot.user.id}> help")
    await anna.says("sport", files={"zonder woorden.txt": b"a"})
    in_thread = await anna.says(thread, "in de draad")
    await anna.edits(in_thread, "in de draad, anders")
    await anna.says("sport", "!!! wat een dag")
    await core.until_heard("!!! wat een dag")
    assert [heard.rich for heard in core.heard] == [(Words("!!! wat een dag"),)]


async def test_who_takes_it_back_is_told_of(
    core: Carrying, plein: OnDiscord, sport: Channel, anna: Person
) -> None:
    message = await anna.says("sport", "een")
    await anna.deletes(message)
    await core.bell.until(lambda: core.gone)
    assert core.gone == [(sport.id, message.id)]


async def test_what_was_said_while_plein_was_away_is_brought_in_order(
    double: Discord, database: str, sport: Channel, anna: Person
) -> None:
    with carrying(sport) as core:
        async with plein_carrying(double, database, sport):
            await anna.says("sport", "een")
            await core.until_heard("een")
        later = await anna.says("sport", "twee")
        double.clock.turn(1)
        await anna.edits(later, "twee, anders")
        await anna.says("sport", "*drie*")
        async with plein_carrying(double, database, sport) as plein:
            await plein.caught_up()
            await core.until_heard("een", "twee, anders", "*drie*")
        assert core.heard[-1].rich == (Styled(Style.ITALIC, (Words("drie"),)),)
        assert [heard.changes for heard in core.heard] == [None] * 3


async def test_what_people_say_is_asked_for_only_where_it_may_be_carried(
    double: Discord, database: str, sport: Channel
) -> None:
    def asked() -> list[int]:
        return [session.intents & CONTENT for session in double.gateway.connected]

    async with plein_carrying(double, database, sport):
        assert asked() == [0]
    with carrying():
        async with plein_carrying(double, database, sport):
            assert asked() == [CONTENT]


async def test_a_moderator_takes_away_the_original_too_where_plein_may(
    core: Carrying, plein: OnDiscord, sport: Channel, town: Server, anna: Person
) -> None:
    message = await anna.says("sport", "een")
    there = Place("discord", sport.id)
    await plein.adapter.retract(there, (message.id,), "key")
    await plein.adapter.retract(there, (message.id,), "key")
    assert not sport.messages
    message = await anna.says("sport", "twee")
    town.close_to(plein.double.bot, "sport", ["manage_messages"])
    with pytest.raises(Refused):
        await plein.adapter.retract(there, (message.id,), "key")


async def test_what_is_lacking_to_carry_is_said(
    core: Carrying, plein: OnDiscord, sport: Channel, town: Server, anna: Person
) -> None:
    town.close_to(plein.double.bot, "sport", ["manage_webhooks"])
    await anna.says("sport", "een")
    await core.until_heard("een")

    async def lacks() -> list[str]:
        found = await plein.adapter.inspect(1)
        return [lack.line.values["permission"].key for lack in found if "permission" in lack.line.values]

    assert "discord.permission.manage_webhooks" in await lacks()
    core.carried.clear()
    assert "discord.permission.manage_webhooks" not in await lacks()
