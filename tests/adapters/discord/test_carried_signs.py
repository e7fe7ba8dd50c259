"""Signs on messages that are carried, on Discord: between two channels, with the real library and core."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.model.signs import Signed
from tests.adapters.discord import test_missed
from tests.adapters.discord.carrying import Carrying, plein_carrying
from tests.adapters.discord.test_missed import copy_of, looked, relaying, said_by_both
from tests.doubles.discord import Discord, Person, Server, talk
from tests.doubles.discord.state import Channel, Message
from tests.on_discord import OnDiscord

PUT = "PUT /channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}/@me"
TAKE = "DELETE /channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}/@me"
# Its clock runs.
double, _at_once = test_missed.double, test_missed._at_once
THUMB, PARTY, HEART = "👍", "🎉", "❤\ufe0f"


@pytest.fixture
def elsewhere(town: Server) -> Channel:
    return town.channel("elders")


class Both:
    """Two channels that say the same."""

    def __init__(self, discord: Discord, here: Channel, there: Channel) -> None:
        self.double, self.here, self.there = discord, here, there

    def ours(self, message: Message) -> set[str]:
        """The signs on it that are Plein's."""
        me = self.double.bot.user.id
        return {emoji.split(":")[0] for emoji, by in message.reactions.items() if me in by}

    async def until(self, message: Message, *signs: str) -> None:
        await self.double.bell.until(
            lambda: self.ours(message) == set(signs), timeout=5, why=lambda: f"there is {message.reactions}"
        )

    async def said(self, who: Person, words: str = "een") -> tuple[Message, Message]:
        """What was said, and its copy."""
        before = [each.content for each in self.here.messages.values()]
        said = await who.says(self.here.name, words)
        await said_by_both(self.double, [*before, words], self.here, self.there)
        return said, copy_of(self.there, words)


@pytest.fixture
async def both(
    double: Discord,
    database: str,
    sport: Channel,
    elsewhere: Channel,
) -> AsyncIterator[Both]:
    async with relaying(double, database, sport, elsewhere):
        yield Both(double, sport, elsewhere)


async def test_a_sign_stands_on_the_other_as_long_as_anybody_has_it(
    both: Both, anna: Person, ben: Person
) -> None:
    said, copy = await both.said(anna)
    for sign in (THUMB, f"{THUMB}🏽", HEART, PARTY):
        await ben.reacts(said, sign)
    await anna.reacts(said, PARTY)
    await both.until(copy, THUMB, f"{THUMB}🏽", HEART, PARTY)
    await ben.reacts(copy, THUMB)
    await both.until(said, THUMB)
    await ben.unreacts(said, PARTY)
    await ben.unreacts(said, THUMB)
    await both.until(copy, f"{THUMB}🏽", HEART, PARTY)
    await ben.unreacts(copy, THUMB)
    await anna.unreacts(said, PARTY)
    await both.until(copy, f"{THUMB}🏽", HEART)
    await both.until(said)


async def test_who_looks_after_a_channel_takes_all_away(
    both: Both, anna: Person, ben: Person, mo: Person
) -> None:
    said, copy = await both.said(anna)
    for who in (anna, ben):
        for sign in (THUMB, PARTY, HEART):
            await who.reacts(said, sign)
    await both.until(copy, THUMB, PARTY, HEART)
    await mo.clears(said, THUMB)
    await both.until(copy, PARTY, HEART)
    await mo.takes(said, ben, HEART)
    await mo.takes(said, anna, HEART)
    await both.until(copy, PARTY)
    await mo.clears(said)
    await both.until(copy)


async def test_a_deleted_messages_signs_are_asked_of_nobody(both: Both, anna: Person, ben: Person) -> None:
    said, copy = await both.said(anna)
    await ben.reacts(said, THUMB)
    await both.until(copy, THUMB)
    taken = both.double.faults.delay(0, TAKE)
    await anna.deletes(said)
    await both.double.bell.until(lambda: not both.there.messages, timeout=5)
    said, copy = await both.said(anna, "twee")
    await ben.reacts(said, THUMB)
    await both.until(copy, THUMB)
    assert taken.met == 0


async def test_nothing_of_bots_and_on_what_is_pleins_own(
    both: Both, town: Server, anna: Person, ben: Person
) -> None:
    bot = both.double.application("another", "its token")
    town.invite(bot)
    said, copy = await both.said(anna)
    talk.react(both.double.world, said, bot.user, PARTY)
    await ben.reacts(said, THUMB)
    await both.until(copy, THUMB)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("status", [429, *(pytest.param(each, marks=pytest.mark.long) for each in (502, 0))])
async def test_what_is_lost_or_limited_is_done_in_the_end(
    both: Both, anna: Person, ben: Person, status: int, after: bool
) -> None:
    said, copy = await both.said(anna)
    faults = both.double.faults
    for route in (PUT, TAKE):
        if status == 429:
            faults.rate_limit(route, 2)
        elif status:
            faults.answer(status, route, 1, after=after)
        else:
            faults.drop(route, 2, after=after)
    await ben.reacts(said, THUMB)
    await both.until(copy, THUMB)
    await ben.unreacts(said, THUMB)
    await both.until(copy)


@pytest.mark.parametrize("why", ["full", "blocked", "forbidden"])
async def test_what_cannot_stand_there_stops_no_other(
    both: Both, town: Server, anna: Person, ben: Person, why: str
) -> None:
    said, copy = await both.said(anna)
    there = copy
    if why == "full":
        for number in range(20):
            await ben.reacts(copy, chr(0x1F600 + number))
    elif why == "blocked":
        anna.user.blocked.add(both.double.bot.user.id)
        said, there = copy, said
    else:
        town.close_to(both.double.bot, "elders", ["add_reactions"])
    await ben.reacts(said, THUMB)
    said, copy = await both.said(ben, "twee")
    if why == "forbidden":
        both.double.clock.turn(60)
        town.allow("elders", both.double.bot.user.name, ["add_reactions"])
        await both.until(there, THUMB)
    await anna.reacts(said, PARTY)
    await both.until(copy, PARTY)
    assert (THUMB in both.ours(there)) is (why == "forbidden")


async def test_an_emoji_of_that_name_or_else_a_line_below_the_copy(
    both: Both, town: Server, anna: Person, ben: Person
) -> None:
    own = town.emoji("blob")
    said, copy = await both.said(anna)
    await ben.reacts(said, own)
    await both.until(copy, "blob")
    assert own in copy.reactions
    await ben.unreacts(said, own)
    await both.until(copy)
    # Of another server's there is no such one here.
    there = both.double.guild("Elders")
    there.member("ben")
    odd, odd_too = there.emoji("krul"), there.emoji("lus")

    async def says(*lines: str) -> None:
        await both.double.bell.until(
            lambda: copy.content.split("\n") == list(lines), timeout=5, why=lambda: copy.content
        )

    await ben.reacts(said, odd)
    await says("een", "-# :krul: 1")
    await anna.reacts(said, odd)
    await anna.reacts(said, odd_too)
    await says("een", "-# :krul: 2 · :lus: 1")
    await anna.edits(said, "een, anders")
    await says("een, anders", "-# :krul: 2 · :lus: 1")
    await ben.unreacts(said, odd)
    await says("een, anders", "-# :krul: 1 · :lus: 1")
    await anna.unreacts(said, odd)
    await anna.unreacts(said, odd_too)
    await says("een, anders")
    # What a person said is not changed.
    await ben.reacts(copy, odd)
    await ben.reacts(copy, THUMB)
    await both.until(said, THUMB)
    assert said.content == "een, anders"
    assert not [
        each for each in both.there.messages.values() if each.id not in (copy.id,) and each.webhook_id
    ]


async def test_what_was_missed_is_put_right(
    double: Discord,
    database: str,
    sport: Channel,
    elsewhere: Channel,
    anna: Person,
    ben: Person,
) -> None:
    both = Both(double, sport, elsewhere)
    async with relaying(double, database, sport, elsewhere):
        said, copy = await both.said(anna)
        for who, sign in ((ben, THUMB), (anna, THUMB), (ben, PARTY)):
            await who.reacts(said, sign)
        await both.until(copy, THUMB, PARTY)
    await ben.unreacts(said, THUMB)
    await ben.unreacts(said, PARTY)
    await ben.reacts(said, HEART)
    await ben.reacts(copy, PARTY)
    async with relaying(double, database, sport, elsewhere):
        await looked(double)
        await both.until(copy, THUMB, HEART)
        await both.until(said, PARTY)


async def test_of_any_channel_that_is_not_carried_nothing_is_brought(
    core: Carrying,
    double: Discord,
    database: str,
    sport: Channel,
    town: Server,
    anna: Person,
    ben: Person,
) -> None:
    async with plein_carrying(double, database, sport) as plein:
        other = town.channel("general")
        for there in ("general", "sport"):
            said = await anna.says(there, "een")
            await ben.reacts(said, THUMB)
        await core.bell.until(lambda: core.signed)
        [only] = core.signed
        assert isinstance(only, Signed)
        assert (only.place.room_id, only.name, only.sign, only.on) == (sport.id, "ben", THUMB, True)
        assert other.id != sport.id
        assert isinstance(plein, OnDiscord)
