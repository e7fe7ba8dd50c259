"""Threads of a channel whose words are carried: what is said in one, and what is to stand in one."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator

import pytest

from bot.errors import PlatformFailed, TryLater
from bot.model.carried import SAME, Spoken
from bot.model.people import Place
from bot.rich import Spoiler, Words, text_of
from tests.adapters.discord.carrying import Carrying, carrying, plein_carrying, said
from tests.doubles.discord import Discord, Message, Person, Server, places, talk
from tests.doubles.discord.state import Channel
from tests.on_discord import OnDiscord

BEGIN = "POST /channels/{channel_id}/messages/{message_id}/threads"
SAY = "POST /webhooks/{webhook_id}/{webhook_token}"
CHANGE = "PATCH /webhooks/{webhook_id}/{webhook_token}/messages/{message_id}"


@pytest.fixture
async def plein(core: Carrying, double: Discord, database: str, sport: Channel) -> AsyncIterator[OnDiscord]:
    async with plein_carrying(double, database, sport) as plein:
        yield plein


def threads(town: Server) -> list[Channel]:
    return [channel for channel in town.guild.channels.values() if channel.thread]


def thread_of(town: Server, message: Message) -> Channel:
    return town.guild.channels[message.id]


# --- what people say in one ---


async def test_what_is_said_in_a_thread_says_in_which(
    core: Carrying, plein: OnDiscord, sport: Channel, anna: Person, ben: Person
) -> None:
    root = await anna.says("sport", "Wie komt er?")
    thread = ben.begins("sport", "Wie komt er?", on=root)
    asked = await ben.says(thread, "Ik.")
    answered = await anna.says(thread, "Fijn!", to=asked)
    plein.double.clock.turn(1)
    await ben.edits(asked, "Ik ook.")
    await anna.deletes(answered)
    await core.until_heard("Wie komt er?", "Ik.", "Fijn!", "Ik ook.")
    above, first, second, change = core.heard
    ref = f"{root.id}/{asked.id}"
    assert (above.ref, above.thread) == (root.id, None)
    assert (first.ref, first.thread, first.reply_to) == (ref, root.id, None)
    assert (second.ref, second.thread, second.reply_to) == (f"{root.id}/{answered.id}", root.id, ref)
    assert (change.ref, change.changes, change.place) == (ref, ref, Place("discord", sport.id))
    await core.bell.until(lambda: len(core.gone) == 2)
    assert core.gone == [(sport.id, answered.id), (sport.id, f"{root.id}/{answered.id}")]


async def test_what_is_said_in_a_private_thread_stays_there(
    core: Carrying, plein: OnDiscord, sport: Channel, town: Server
) -> None:
    town.role("residents", ["create_private_threads"])
    anna, ben = (town.member(name, roles=["residents"]) for name in ("anna", "ben"))
    thread = anna.begins("sport", "onder ons", private=True)
    await anna.says(thread, f"kom erbij, {ben.mention} <@{plein.double.bot.user.id}>")
    await anna.says(thread, "geheim")
    core.carried.add(thread.id)
    secret = await anna.says(thread, "nog geheimer")
    await anna.edits(secret, "anders")
    await anna.says("sport", "hier wel")
    await core.until_heard("hier wel")
    # Nor does what is said elsewhere stand there, whatever is bound to it.
    number = await core.show(plein, thread, said("van elders", plein.clock.now()))
    assert core.stands[number] == []
    assert not [each for each in thread.messages.values() if each.webhook_id]


# --- what is to stand in one ---


async def test_a_thread_is_made_when_first_spoken_in_and_named_after_how_it_began(
    core: Carrying, plein: OnDiscord, sport: Channel, town: Server, anna: Person
) -> None:
    root = await anna.says("sport", "**Wie** komt er ||vanavond laat||?\nIk alvast.")
    now = plein.clock.now()
    first = await core.show(plein, sport, said("Ik ook", now), thread=root.id)
    thread = thread_of(town, root)
    assert thread.name == "Wie komt er ? Ik alvast."
    [shown] = core.shown(thread, first)
    assert (shown.shown_as, shown.content, core.stands[first]) == ("Mia", "Ik ook", [f"{root.id}/{shown.id}"])
    ref = f"{root.id}/{shown.id}"
    second = await core.show(plein, sport, said("En ik", now), thread=root.id, answers=ref)
    [answer] = core.shown(thread, second)
    link = f"https://discord.com/channels/{sport.guild_id}/{thread.id}/{shown.id}"
    assert answer.content == f"-# ↪ [Mia]({link}) Ik ook\nEn ik"
    assert [*sport.messages] == [root.id]
    assert threads(town) == [thread]
    assert all(not message.rang for message in thread.messages.values())


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("||alles verborgen||", "Gesprek"),
        ("\u200b", "Gesprek"),
        ("woord " * 40, ("woord " * 17)[:99].rstrip() + "…"),
        ("\N{GRINNING FACE}" * 90, "\N{GRINNING FACE}" * 49 + "…"),
        ("@everyone <@1> kom", "@everyone @? kom"),
    ],
)
async def test_its_name_is_one_that_discord_takes(
    core: Carrying, plein: OnDiscord, sport: Channel, town: Server, anna: Person, words: str, name: str
) -> None:
    root = await anna.says("sport", words)
    await core.show(plein, sport, said("Ja", plein.clock.now()), thread=root.id)
    assert thread_of(town, root).name == name


async def test_a_thread_on_a_copy_is_named_after_its_words_alone(
    core: Carrying, plein: OnDiscord, sport: Channel, town: Server
) -> None:
    rich = (Words("Om "), Spoiler((Words("acht"),)), Words(" uur"))
    root = await core.show(plein, sport, said(rich, plein.clock.now()), late=True)
    [above] = core.stands[root]
    await core.show(plein, sport, said("Ja", plein.clock.now()), thread=above)
    assert town.guild.channels[above].name == "Om uur"


async def test_in_a_thread_that_began_with_nothing_it_is_said_in_that(
    core: Carrying, plein: OnDiscord, sport: Channel, town: Server, anna: Person
) -> None:
    thread = anna.begins("sport", "los")
    first = await anna.says(thread, "een")
    for known_as in (f"{thread.id}/{first.id}", thread.id):
        for put_away in (False, True):
            if put_away:
                town.put_away(thread)
            number = await core.show(plein, sport, said("twee", plein.clock.now()), thread=known_as)
            assert core.stands[number][0].startswith(f"{thread.id}/")
            assert not thread.archived
    assert threads(town) == [thread]
    assert not sport.messages


async def test_what_stands_in_one_is_changed_and_taken_away_there_also_when_it_was_put_away(
    core: Carrying, plein: OnDiscord, sport: Channel, town: Server, anna: Person
) -> None:
    root = await anna.says("sport", "Wie?")
    number = await core.show(plein, sport, said("een", plein.clock.now()), thread=root.id)
    thread = thread_of(town, root)
    [before] = core.shown(thread, number)
    town.put_away(thread)
    await core.show(plein, sport, said("twee " * 500, plein.clock.now()), number, thread=root.id)
    first = core.shown(thread, number)[0]
    assert (first.id, thread.archived) == (before.id, False)
    await core.show(plein, sport, said("drie", plein.clock.now()), number)
    assert [message.content for message in thread.messages.values()] == ["drie"]
    unanswering = Spoken(SAME, (), plein.clock.now())
    await core.show(plein, sport, unanswering, number)
    town.put_away(thread)
    await core.show(plein, sport, None, number)
    assert not thread.messages
    await core.show(plein, sport, None, number)


async def test_of_one_that_is_locked_what_is_said_stands_beside_it(
    core: Carrying, plein: OnDiscord, sport: Channel, town: Server, anna: Person
) -> None:
    town.close_to(plein.double.bot, "sport", ["manage_threads"])
    root = await anna.says("sport", "Wie?")
    now = plein.clock.now()
    number = await core.show(plein, sport, said("een", now), thread=root.id)
    thread = thread_of(town, root)
    town.put_away(thread, locked=True)
    beside = await core.show(plein, sport, said("twee", now), thread=root.id)
    [shown] = core.shown(sport, beside)
    link = f"https://discord.com/channels/{sport.guild_id}/{sport.id}/{root.id}"
    assert shown.content == f"-# [Uit een draad waar hier niets meer bij kan]({link})\ntwee"
    await core.show(plein, sport, said("drie", now), beside, thread=root.id)
    assert core.shown(sport, beside)[0].content.endswith("bij kan](" + link + ")\ndrie")
    # What stands in it stays as it is, and holds nobody up; until it is taken away, which may always be.
    await core.show(plein, sport, said("anders", now), number, thread=root.id)
    assert core.shown(thread, number)[0].content == "een"
    await core.show(plein, sport, None, number)
    assert not thread.messages


@pytest.mark.parametrize("why", ["not allowed", "too many", "gone", "deleted"])
async def test_where_none_can_be_made_what_is_said_stands_in_the_channel(
    core: Carrying, plein: OnDiscord, sport: Channel, town: Server, anna: Person, why: str
) -> None:
    root = await anna.says("sport", "Wie?")
    if why == "not allowed":
        town.close_to(plein.double.bot, "sport", ["create_public_threads"])
    elif why == "too many":
        plein.double.faults.answer(400, BEGIN, body={"message": "too many", "code": 160006})
    elif why == "gone":
        await anna.deletes(root)
    else:
        # A message has one thread ever.
        places.remove_channel(plein.double.world, anna.begins("sport", "weg", on=root))
    number = await core.show(plein, sport, said("een", plein.clock.now()), thread=root.id)
    [shown] = core.shown(sport, number)
    assert shown.content.startswith("-# [Uit een draad")
    assert not threads(town)


# --- once, whatever happens ---


async def test_in_threads_nothing_is_lost_or_said_twice_whatever_answers_come(
    core: Carrying, plein: OnDiscord, sport: Channel, town: Server, anna: Person
) -> None:
    """Equal texts among them, in three threads and beside them, and others who talk meanwhile."""
    chance, faults = random.Random(18), plein.double.faults
    roots = [await anna.says("sport", f"draad {number}") for number in range(3)]
    said_in = {each: list[str]() for each in (*(root.id for root in roots), sport.id)}
    once = core.once

    async def troubled(*args: object, **more: object) -> None:
        faults.clear()
        for what in (SAY, BEGIN, CHANGE):
            by = chance.random()
            if by < 0.25:
                faults.answer(502, what, after=True)
            elif by < 0.4:
                faults.drop(what, after=by < 0.325)
        await once(*args, **more)  # type: ignore[arg-type]

    core.once = troubled  # type: ignore[method-assign]
    for number in range(60):
        thread = chance.choice([*roots, None])
        words = f"zin {number // 4}"
        where = thread.id if thread else sport.id
        if thread and thread.thread_id and number % 5 == 0:
            await anna.says(thread_of(town, thread), words)
        await core.show(plein, sport, said(words, plein.clock.now()), thread=thread and thread.id)
        said_in[where].append(words)
    for where, spoken in said_in.items():
        shown = [each for each in town.guild.channels[where].messages.values() if each.webhook_id]
        assert [message.content for message in shown] == spoken
    assert len(threads(town)) == len(roots)
    assert plein.double.check_contract() == []


@pytest.mark.parametrize("killed", ["before it was said", "before it was noted"])
async def test_what_was_to_stand_in_a_thread_when_plein_crashed_stands_there_once(
    double: Discord, database: str, sport: Channel, town: Server, anna: Person, killed: str
) -> None:
    """Another process, which knows only that it was tried."""
    with carrying(sport) as core:
        async with plein_carrying(double, database, sport) as plein:
            root = await anna.says("sport", "Wie?")
            words = said("ik", plein.clock.now())
            if killed == "before it was said":
                double.faults.drop(SAY, times=9)
            with pytest.raises((ConnectionError, TryLater, PlatformFailed)):
                await core.once(plein, sport, 1, words, thread=root.id, noting=_dies)
        double.faults.clear()
        thread = thread_of(town, root)
        assert core.stands[1] == []
        double.clock.turn(20)
        async with plein_carrying(double, database, sport) as plein:
            await core.show(plein, sport, words, 1, thread=root.id)
            await core.show(plein, sport, said("ik", plein.clock.now()), 2, thread=root.id)
    assert [message.content for message in thread.messages.values()] == ["ik", "ik"]
    assert [stands for [stands] in core.stands.values()] == [f"{root.id}/{each}" for each in thread.messages]
    assert [*sport.messages] == [root.id]


async def _dies(_: int, ref: str) -> None:
    raise ConnectionError("killed before it was noted")


async def test_what_may_have_arrived_beside_a_thread_is_found_there(
    core: Carrying, plein: OnDiscord, sport: Channel, town: Server, anna: Person
) -> None:
    town.close_to(plein.double.bot, "sport", ["create_public_threads"])
    root = await anna.says("sport", "Wie?")
    words = said("ik", plein.clock.now())
    with pytest.raises(ConnectionError):
        await core.once(plein, sport, 1, words, thread=root.id, noting=_dies)
    # It can be made by then, and what was said stays where it is.
    town.allow("sport", plein.double.bot.user.name, ["create_public_threads"])
    await core.show(plein, sport, words, 1, thread=root.id)
    assert [message.content.rpartition("\n")[2] for message in sport.messages.values()] == ["Wie?", "ik"]


async def test_a_limit_or_an_outage_when_one_is_made_is_waited_out(
    core: Carrying, plein: OnDiscord, sport: Channel, town: Server, anna: Person
) -> None:
    root = await anna.says("sport", "Wie?")
    plein.double.faults.rate_limit(BEGIN, retry_after=40.0)
    with pytest.raises(TryLater) as busy:
        await core.once(plein, sport, 1, said("ik", plein.clock.now()), thread=root.id)
    assert busy.value.unsent
    await core.show(plein, sport, said("ik", plein.clock.now()), 1, thread=root.id)
    assert [message.content for message in thread_of(town, root).messages.values()] == ["ik"]


# --- what else is said ---


async def test_a_poll_of_discords_own_goes_across_as_what_it_asks(
    core: Carrying, plein: OnDiscord, sport: Channel, anna: Person
) -> None:
    answers = [{"poll_media": {"text": "ma", "emoji": {"name": "🌞"}}}, {"poll_media": {"text": "di"}}]
    body = {"poll": {"question": {"text": "Welke dag?"}, "answers": answers, "duration": 1}}
    poll = talk.post(plein.double.world, sport, anna.user, body)
    await anna.votes(poll, "di")
    await anna.says("sport", "Stem!", to=poll)
    await core.until_heard("", "Stem!")
    asked, reply = core.heard
    assert text_of(asked.rich) == "📊 Een peiling op Discord. Stemmen kan alleen daar.Welke dag?🌞 madi"
    assert (asked.ref, asked.changes, reply.reply_to) == (poll.id, None, poll.id)


@pytest.mark.parametrize("type", [1, 6, 7, 8, 12, 18, 21, 23, 46])
async def test_what_discord_says_of_what_people_do_is_not_carried(
    core: Carrying, plein: OnDiscord, sport: Channel, anna: Person, type: int
) -> None:
    """That somebody came, pinned something, began a thread, boosted, or what a poll came to."""
    talk.post(plein.double.world, sport, anna.user, {"content": "ik ben er"}, type=type)
    thread = anna.begins("sport", "los")
    talk.post(plein.double.world, thread, anna.user, {"content": "hier ook"}, type=type)
    await anna.says("sport", "dag")
    await core.until_heard("dag")


# --- posts of a forum, which are places themselves ---


async def test_what_is_said_in_a_post_that_is_a_theme_is_of_that_place_and_in_no_thread(
    core: Carrying, plein: OnDiscord, sport: Channel, town: Server, anna: Person
) -> None:
    forum = town.channel("ideas", type=15)
    post = anna.begins(forum, "Bank")
    await anna.uses(post, "help")
    core.carried.add(post.id)
    first = await anna.says(post, "een bank")
    second = await anna.says(post, "en een tafel", to=first)
    await core.until_heard("een bank", "en een tafel")
    assert [(each.place, each.ref, each.thread) for each in core.heard] == [
        (Place("discord", post.id), message.id, None) for message in (first, second)
    ]
    assert core.heard[1].reply_to == first.id
    await anna.deletes(second)
    await core.bell.until(lambda: core.gone)
    assert core.gone == [(post.id, second.id)]
    # In a post there are no threads: what is said elsewhere in one stands in the post.
    town.put_away(post)
    number = await core.show(plein, post, said("ik", plein.clock.now()), thread=first.id)
    assert core.shown(post, number)[0].content.endswith("\nik")
    assert core.stands[number] == [[*post.messages][-1]]
