"""Nothing that one person or one channel does holds up anybody else; nothing is lost that is refused."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from adapters.discord import history, ids
from adapters.discord.tries import MOST
from tests.doubles.discord import Discord, Message, Person, Server, interactions, permissions
from tests.doubles.discord.places import channel_changed, role_changed
from tests.doubles.discord.state import Interaction
from tests.on_discord import OnDiscord, opened, plein_on

CHANNEL = "GET /channels/{channel_id}"
HISTORY = "GET /channels/{channel_id}/messages"
SAY = "POST /channels/{channel_id}/messages"
EDIT = "PATCH /channels/{channel_id}/messages/{message_id}"
MEMBER = "GET /guilds/{guild_id}/members/{user_id}"
MESSAGE = "GET /channels/{channel_id}/messages/{message_id}"
HOUR, DAY = 3_600, 86_400
REFUSED = {50001: "Missing Access", 50013: "Missing Permissions"}


def boards(who: Person) -> list[Message]:
    return [message for message in who.sees("sport") if message.buttons and not message.only_for]


async def hears(plein: OnDiscord, well: bool) -> None:
    """Return once Plein says until when it has heard, or that it does not know."""
    async with asyncio.timeout(60):
        while (plein.adapter.heard_until() is not None) is not well:
            await plein.core.places(plein.adapter.account)


@pytest.mark.parametrize("code", REFUSED)
async def test_refused_is_not_gone(
    plein: OnDiscord, town: Server, anna: Person, ben: Person, code: int
) -> None:
    """One refusal during a few seconds; given back, there is one board, and it is up to date."""
    board = await opened(plein, anna, "Een bank?")
    refused = plein.double.faults.answer(403, EDIT, 50, body={"message": REFUSED[code], "code": code})
    voted = await ben.presses(board, "Ja")
    assert "you chose Ja" in voted.text, "it counts, and its voter is answered"
    await plein.until_quiet(5)
    refused.release()
    town.permit(plein.double.bot, ["administrator"])
    await plein.board("sport", "Ja: 1 stem")
    assert boards(anna) == [board]


async def test_a_poll_opened_while_plein_may_not_write_appears_once_it_may(
    plein: OnDiscord, town: Server, anna: Person, ben: Person
) -> None:
    await opened(plein, anna, "Een bank?")
    town.close_to(plein.double.bot, "sport", ["send_messages"])
    await anna.uses("sport", "poll open", question="Een boom?", option="Ja | Nee")
    await plein.until_quiet(30)
    assert [
        message.text for message in anna.sees("sport") if "Een boom?" in message.text and not message.only_for
    ] == []
    town.allow("sport", plein.double.bot.user.name, ["send_messages"])
    appeared = await plein.board("sport", "Een boom?", "Nog niemand stemde")
    await ben.presses(appeared, "Nee")
    await plein.board("sport", "Een boom?", "Nee: 1 stem")
    assert len(boards(anna)) == 2


async def test_whoever_presses_where_plein_may_not_write_just_now_loses_nothing(
    plein: OnDiscord, town: Server, anna: Person, ben: Person
) -> None:
    board = await opened(plein, anna, "Een bank?", closes="2d")
    town.close_to(plein.double.bot, "sport", ["send_messages", "embed_links"])
    voted = await ben.presses(board, "Ja")
    assert "you chose Ja" in voted.text
    await plein.turn(2 * DAY + 60)
    town.allow("sport", plein.double.bot.user.name, ["send_messages", "embed_links"])
    await plein.board("sport", "Gesloten: Een bank?", "Ja haalt het")
    await plein.board("sport", "Een bank?", "Gesloten op")


async def test_who_discord_says_nothing_about_waits_alone(
    double: Discord, plein: OnDiscord, anna: Person, ben: Person
) -> None:
    """Who may what is looked up for a thread's or private talk; that one person waits for it."""
    await opened(plein, anna, "Een bank?")
    double.faults.answer(500, MEMBER, 6)
    await anna.says(anna.dm, "stem 1 --peiling 1")
    await ben.says("sport", f"<@{double.bot.id}> stem 2")
    await plein.board("sport", "Nee: 1 stem")
    await plein.board("sport", "Ja: 1 stem", "Nee: 1 stem")


async def test_a_native_poll_that_never_becomes_final_holds_up_nobody(
    double: Discord, database: str, anna: Person, ben: Person
) -> None:
    async with plein_on(double, database, native_polls=True) as plein:
        await opened(plein, anna, "Een bank?", closes="2d")
        beside = (await double.until(lambda: [message for message in anna.sees("sport") if message.poll]))[-1]
        await anna.votes(beside, ["Ja"])
        hanging = double.faults.answer(500, MESSAGE, 1_000)
        await plein.turn(2 * DAY - HOUR)
        await ben.says("sport", f"<@{double.bot.id}> stem 2")
        await plein.board("sport", "Nee: 1 stem")
        hanging.release()
        await plein.board("sport", "Ja: 1 stem", "Nee: 1 stem")


async def test_a_poll_closes_after_what_is_being_answered(
    double: Discord, plein: OnDiscord, anna: Person, ben: Person
) -> None:
    """Somebody votes a second before the end, and it takes a while to find out who they are."""
    await opened(plein, anna, "Een bank?", closes="2d")
    await hears(plein, True)
    await plein.turn(0)
    double.clock.turn(2 * DAY - 1)
    await plein.core.rooms.look_after()
    looking = double.faults.hold(MEMBER)
    voting = asyncio.create_task(ben.uses(ben.dm, "vote", answer="1", poll=1))
    async with asyncio.timeout(60):
        await looking.reached.wait()
    for _ in range(2):
        await plein.turn(1.2)
    assert not [message for message in anna.sees("sport") if "Gesloten: " in message.text]
    looking.release()
    assert "you chose Ja" in (await voting).text
    await plein.core.boards.worker.done()  # as long as that takes, the answer has ended
    for _ in range(3):
        await plein.turn(5)
    await plein.board("sport", "Gesloten: Een bank?", "Ja haalt het")


async def test_a_poll_waits_for_discord_while_it_is_away_and_says_where_votes_are_missing(
    double: Discord, database: str, anna: Person
) -> None:
    async with plein_on(double, database) as plein:
        await opened(plein, anna, "Een bank?", closes="2d")
        await plein.turn(2 * DAY - 60)
        await plein.core.rooms.look_after()
        await double.go_away()
        await hears(plein, False)
        for _ in range(3):
            await plein.turn(60)
        assert not [message for message in anna.sees("sport") if "Gesloten: " in message.text]
        await double.come_back()
        await hears(plein, True)
        await plein.turn(10)
        closed = await plein.board("sport", "Gesloten: Een bank?")
        assert "misschien ontbreken er stemmen" not in closed.text


# --- bounds -------------------------------------------------------------------------------------------


async def test_a_poll_that_ended_while_the_machine_stood_still_waits_for_a_sign_of_life(
    double: Discord, plein: OnDiscord, anna: Person, ben: Person
) -> None:
    """Of a connection that Discord gave up meanwhile nothing says so for a while."""
    await opened(plein, anna, "Een bank?", closes="2d")
    await plein.turn(0)
    double.gateway.hang()
    await ben.says("sport", f"<@{double.bot.id}> stem 2")
    await plein.turn(2 * DAY + HOUR)
    await plein.core.boards.worker.done()
    assert not [message for message in anna.sees("sport") if "Gesloten: " in message.text]
    double.gateway.flow()
    await plein.board("sport", "Nee: 1 stem")
    await hears(plein, True)
    for _ in range(3):
        await plein.turn(5)
    await plein.board("sport", "Gesloten: Een bank?", "Nee haalt het")


async def test_a_heap_somewhere_holds_up_nobody_elsewhere(
    double: Discord, database: str, anna: Person, ben: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is typed elsewhere is dealt with while a channel's history is read; there it is in order."""
    monkeypatch.setattr(history, "PAGE", 5)
    own = double.guild("Van Zef")
    ramp, zef = own.channel("ramp"), own.member("zef")
    async with plein_on(double, database) as plein:
        await opened(plein, anna, "Een bank?", closes="2d")
        await zef.uses(ramp, "poll open", question="Een ramp?", option="Ja | Nee")
    for number in range(12):
        await zef.says(ramp, f"zo {number}")
    await zef.says(ramp, f"<@{double.bot.id}> stem 2")
    reading = double.faults.hold(HISTORY, only={"channel_id": str(ramp.id)})
    async with plein_on(double, database, ready=False) as plein:
        async with asyncio.timeout(60):
            await reading.reached.wait()
        await zef.says(ramp, f"<@{double.bot.id}> stem 1")
        await ben.says("sport", f"<@{double.bot.id}> stem 1")
        await plein.board("sport", "Een bank?", "Ja: 1 stem")
        reading.release()
        await plein.caught_up()
        await zef.hears(zef.dm, "nu Ja")


def has_closed(who: Person) -> bool:
    return any("Gesloten: Een bank?" in message.text for message in who.sees("sport"))


async def test_a_heap_elsewhere_holds_up_no_polls_end(
    double: Discord, database: str, anna: Person, ben: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was said in another theme's channel while Plein was away is still being read."""
    monkeypatch.setattr(history, "PAGE", 5)
    ramp, zef = (own := double.guild("Van Zef")).channel("ramp"), own.member("zef")
    async with plein_on(double, database) as plein:
        await opened(plein, anna, "Een bank?", closes="2d")
        await zef.uses(ramp, "poll open", question="Een ramp?", option="Ja | Nee")
        await plein.until_quiet()
    await ben.says("sport", f"<@{double.bot.id}> stem 2")
    for number in range(12):
        await zef.says(ramp, f"zo {number}")
    reading = double.faults.hold(HISTORY, 50, only={"channel_id": str(ramp.id)})
    double.clock.turn(2 * DAY + 60)
    async with plein_on(double, database, ready=False) as plein:
        async with asyncio.timeout(60):
            await reading.reached.wait()
        await plein.board("sport", "Een bank?", "Nee: 1 stem")
        for _ in range(3):
            await plein.turn(2)
        closed = await plein.board("sport", "Gesloten: Een bank?", "Nee haalt het")
        assert "misschien ontbreken er stemmen" not in closed.text
        reading.release()


@pytest.mark.parametrize("where", ["sport", "thread", "private"])
async def test_what_is_still_to_be_read_in_its_own_places_or_in_private_is_waited_for(
    double: Discord, database: str, town: Server, anna: Person, ben: Person, where: str
) -> None:
    permit_everyone(double, town, "create_public_threads", "send_messages_in_threads")
    async with plein_on(double, database) as plein:
        await opened(plein, anna, "Een bank?", closes="2d")
        there = {"sport": town.channel("sport"), "private": ben.dm}.get(where) or ben.begins("sport", "t")
        await ben.says(there, f"<@{double.bot.id}> help")
        await plein.caught_up()
        await plein.until_quiet()
    double.clock.turn(HOUR)
    await ben.says(there, f"<@{double.bot.id}> stem 2 --peiling 1")
    reading = double.faults.hold(HISTORY, 50, only={"channel_id": str(there.id)})
    double.clock.turn(2 * DAY - HOUR + 60)
    async with plein_on(double, database, ready=False) as plein:
        async with asyncio.timeout(60):
            await reading.reached.wait()
        await hears(plein, True)
        for _ in range(3):
            await plein.turn(60)
        assert not has_closed(anna), "as long as for a platform that is away"
        reading.release()
        await plein.caught_up()
        for _ in range(3):
            await plein.turn(10)
        await plein.board("sport", "Gesloten: Een bank?", "Nee haalt het")


async def test_of_what_one_person_said_in_private_so_much_is_waited_for(
    double: Discord, database: str, anna: Person, ben: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "PAGE", 5)
    monkeypatch.setattr(history, "MOST_PAGES", 2)
    async with plein_on(double, database) as plein:
        await opened(plein, anna, "Een bank?", closes="2d")
        await ben.says(ben.dm, "help")
        await plein.caught_up()
        await plein.until_quiet()
    for number in range(12):
        await ben.says(ben.dm, f"zo {number}")
    there = {"channel_id": str(ben.dm.id)}
    double.clock.turn(2 * DAY + 60)
    pages = [double.faults.hold(HISTORY, only=there) for _ in range(3)]
    async with plein_on(double, database, ready=False) as plein:
        for number, page in enumerate(pages):
            async with asyncio.timeout(60):
                await page.reached.wait()
            await hears(plein, True)
            await plein.turn(2)
            await plein.core.boards.worker.done()
            if number < 2:
                assert not has_closed(anna)
                page.release()
        for _ in range(3):
            await plein.turn(2)
        await plein.board("sport", "Gesloten: Een bank?")
        pages[-1].release()


async def test_what_is_said_live_elsewhere_holds_up_no_polls_end(
    double: Discord, plein: OnDiscord, anna: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes faster than it can be kept."""
    ramp, zef = (own := double.guild("Van Zef")).channel("ramp"), own.member("zef")
    await opened(plein, anna, "Een bank?", closes="2d")
    await zef.uses(ramp, "help")
    await hears(plein, True)
    await plein.turn(0)
    double.clock.turn(2 * DAY)
    await plein.core.rooms.look_after()
    reached, release, store = asyncio.Event(), asyncio.Event(), plein.core.store_arrivals

    async def slow(*given: Any, **how: Any) -> Any:
        reached.set()
        await release.wait()
        return await store(*given, **how)

    monkeypatch.setattr(plein.core, "store_arrivals", slow)
    await zef.says(ramp, f"<@{double.bot.id}> help")
    async with asyncio.timeout(60):
        await reached.wait()
    for _ in range(3):
        await plein.turn(2)
    await plein.board("sport", "Gesloten: Een bank?")
    release.set()


async def test_what_waits_in_a_thread_of_another_themes_channel_holds_up_no_polls_end(
    double: Discord, plein: OnDiscord, town: Server, anna: Person, ben: Person
) -> None:
    """It is its channel's: Discord is still asked who zef is, who spoke there."""
    permit_everyone(double, town, "create_public_threads", "send_messages_in_threads")
    zef = town.member("zef")
    town.channel("natuur")
    await opened(plein, anna, "Een bank?", closes="2d")
    await zef.uses("natuur", "poll open", question="Een boom?", option="Ja | Nee")
    thread = zef.begins("natuur", "t")
    await hears(plein, True)
    await plein.turn(0)
    double.clock.turn(2 * DAY - 2)
    await plein.core.rooms.look_after()
    looking = double.faults.hold(MEMBER, 50)
    await zef.says(thread, f"<@{double.bot.id}> stem 1 --voor <@{ben.id}>")
    await zef.says(thread, f"<@{double.bot.id}> stem 1")
    async with asyncio.timeout(60):
        await looking.reached.wait()
    double.clock.turn(2)
    for _ in range(3):
        await plein.turn(2)
    await plein.board("sport", "Gesloten: Een bank?")
    looking.release()


@pytest.mark.parametrize("where", ["elsewhere", "its own place", "in private"])
async def test_what_somebody_uses_holds_up_the_ends_of_what_it_can_be_about(
    double: Discord, plein: OnDiscord, town: Server, anna: Person, ben: Person, where: str
) -> None:
    """A slash command of which Discord is still asked whom it names: in its theme's places, or in private."""
    hole, zef = (own := double.guild("Van Zef")).channel("hol"), own.member("zef")
    kees = (own if where == "elsewhere" else town).member("kees")
    await zef.uses(hole, "help")
    await opened(plein, anna, "Een bank?", closes="2d")
    await hears(plein, True)
    await plein.turn(0)
    double.clock.turn(2 * DAY - 1)
    await plein.core.rooms.look_after()
    looking = double.faults.hold(MEMBER, 50)
    about: dict[str, tuple[Person, Any]] = {
        "elsewhere": (zef, "hol"),
        "its own place": (ben, "sport"),
        "in private": (ben, ben.dm),
    }
    who, there = about[where]
    asking = asyncio.create_task(who.uses(there, "who is", person=kees.mention))
    async with asyncio.timeout(60):
        await looking.reached.wait()
    for _ in range(2):
        await plein.turn(1.2)
    await plein.core.boards.worker.done()
    await plein.core.outbox.worker.done()
    closed = any("Gesloten: Een bank?" in board.text for board in anna.sees("sport"))
    assert closed is (where == "elsewhere")
    looking.release()
    await asking
    await plein.core.boards.worker.done()  # as long as that takes, the answer has ended
    for _ in range(3):
        await plein.turn(5)
    await plein.board("sport", "Gesloten: Een bank?")


async def test_each_channel_has_its_turn_and_first_where_somebody_waits(
    double: Discord, database: str, anna: Person, ben: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However much was said in the others."""
    monkeypatch.setattr(history, "PAGE", 5)
    monkeypatch.setattr(history, "AT_ONCE", 1)
    town = double.guild("Plein")
    channels = [town.channel(f"k{number}") for number in range(6)]
    async with plein_on(double, database) as plein:
        await opened(plein, anna, "Een bank?", closes="2d")
        for channel in channels:
            await anna.says(channel, "hallo")
        await plein.caught_up()
    for number in range(12):
        for channel in channels:
            await anna.says(channel, f"zo {number}")
    double.calls.clear()
    reading = double.faults.hold(HISTORY)
    async with plein_on(double, database, ready=False) as plein:
        async with asyncio.timeout(60):
            await reading.reached.wait()
        last = channels[-1]
        await ben.says(last, f"<@{double.bot.id}> stem 1 --peiling 1")
        reading.release()
        await plein.caught_up()
        await plein.board("sport", "Ja: 1 stem")
    asked = [call.params["channel_id"] for call in double.calls_to(*HISTORY.split(" "))]
    assert str(last.id) in asked[:3]
    ours = [room for room in asked if room in {str(channel.id) for channel in channels}]
    assert len(ours) == 3 * len(channels)
    assert len(set(ours[: len(channels)])) == len(channels)


def permit_everyone(double: Discord, town: Server, *names: str) -> None:
    everyone = town.guild.roles[town.id]
    everyone.permissions |= permissions.bits(names)
    role_changed(double.world, town.guild, everyone)


async def test_threads_that_were_put_away_hold_up_no_start(
    double: Discord, database: str, town: Server, anna: Person, ben: Person
) -> None:
    """Whether they are still there is asked beside everything else."""
    permit_everyone(double, town, "create_private_threads", "send_messages_in_threads")
    async with plein_on(double, database) as plein:
        await opened(plein, ben, "Een bank?", closes="2d")
        for number in range(3):
            thread = anna.begins("sport", f"t{number}", private=True)
            await anna.uses(thread, "help")
            thread.archived = True
            channel_changed(double.world, thread)
        await plein.until_quiet()
    looked = double.faults.hold(CHANNEL, times=9)
    async with plein_on(double, database) as plein:
        async with asyncio.timeout(60):
            await looked.reached.wait()
        await ben.says("sport", f"<@{double.bot.id}> stem 1")
        await plein.board("sport", "Een bank?", "Ja: 1 stem")
        looked.release()
        await double.until(lambda: len(double.calls_to(*CHANNEL.split(" "))) >= 3 or None)


async def test_more_than_is_held_back_is_read_afterwards(
    double: Discord, database: str, anna: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is said while Plein catches up waits, and so much of it only; the history has the rest."""
    monkeypatch.setattr(history, "MOST_HELD", 3)
    async with plein_on(double, database) as plein:
        await opened(plein, anna, "Een bank?")
    people = [double.guild("Plein").member(f"r{number}") for number in range(12)]
    await people[0].says("sport", f"<@{double.bot.id}> stem 1")
    reading = double.faults.hold("GET /channels/{channel_id}/messages")
    async with plein_on(double, database, ready=False) as plein:
        async with asyncio.timeout(60):
            await reading.reached.wait()
        for person in people[1:]:
            await person.says("sport", f"<@{double.bot.id}> stem 1")
        reading.release()
        await plein.board("sport", "Ja: 12 stemmen")


async def test_of_what_is_gone_nothing_is_remembered(
    double: Discord, plein: OnDiscord, town: Server, anna: Person
) -> None:
    """Channels come and go, as threads do; how far each was read goes with it."""
    for number in range(5):
        channel = town.channel(f"tijdelijk{number}")
        await anna.says(channel, f"<@{double.bot.id}> help")
        await plein.caught_up()
        town.close(channel)
    await opened(plein, anna, "Een bank?")

    async def streams() -> list[str]:
        return [name for name in await plein.core.cursors(plein.adapter.account) if not name.startswith("0:")]

    async with asyncio.timeout(60):
        while any(name.split(":")[1] not in town.guild.channels for name in await streams()):
            pass


@pytest.mark.parametrize("put_away", [True, False])
@pytest.mark.parametrize("restarted", [False, True])
async def test_of_threads_that_went_with_their_channel_nothing_is_remembered(
    double: Discord, database: str, town: Server, put_away: bool, restarted: bool
) -> None:
    """Of those that were put away before Discord brings nothing more."""
    permit_everyone(double, town, "create_public_threads", "send_messages_in_threads")
    zef, channel = town.member("zef"), town.channel("praat")

    async def kept(plein: OnDiscord) -> set[str]:
        kept = await plein.core.cursors(plein.adapter.account, f"{town.id}:")
        return {stream.partition(":")[2] for stream in kept}

    async with plein_on(double, database) as plein:
        threads = [zef.begins(channel, f"draad {number}") for number in range(3)]
        for thread in threads:
            await zef.says(thread, f"<@{double.bot.id}> help")
            await plein.caught_up()
            if put_away:
                town.put_away(thread)
        await plein.until_quiet(120)
        assert await kept(plein) >= {str(thread.id) for thread in threads}
        if not restarted:
            town.close(channel)
            async with asyncio.timeout(60):
                while await kept(plein) & {str(thread.id) for thread in threads}:
                    pass
    if restarted:
        async with plein_on(double, database) as plein:
            town.close(channel)
            async with asyncio.timeout(60):
                while await kept(plein) & {str(thread.id) for thread in threads}:
                    pass


async def test_whoever_presses_a_thousand_times_waits_for_themselves(
    plein: OnDiscord, anna: Person, ben: Person
) -> None:
    """Ben is answered after a few of hers, not after all; what is too much is not answered."""
    board = await opened(plein, anna, "Een bank?")
    pressed = [press(plein, anna, board, 1 + number % 2) for number in range(600)]
    assert "you chose Nee" in (await ben.presses(board, "Nee")).text
    assert sum(bool(one.answered) for one in pressed) < 60
    await plein.until_quiet()
    # What she does afterwards is taken as any other's.
    assert "je koos" in (await anna.presses(board, "Ja")).text
    await plein.board("sport", "Een bank?", "2 mensen stemden")


def press(plein: OnDiscord, who: Person, board: Message, option: int) -> Interaction:
    """A press on a button, without waiting for the answer."""
    data = {"component_type": 2, "custom_id": ids.spell("poll tick", {"poll": 1, "option": option}), "id": 1}
    world, bot = plein.double.world, plein.double.bot
    return interactions.begin(world, bot, interactions.PRESSED, who.user, board.channel, data, board)


@pytest.mark.parametrize("how", ["slash", "typed"])
async def test_a_poll_closed_by_hand_closes_after_a_vote_that_waits(
    double: Discord, plein: OnDiscord, anna: Person, ben: Person, how: str
) -> None:
    """Discord is still asked who ben is, who voted two seconds before."""
    await opened(plein, anna, "Een bank?", closes="2d")
    await ben.says(ben.dm, "hallo")
    await plein.caught_up()
    await plein.until_quiet(60)
    looking = double.faults.hold(MEMBER)
    async with asyncio.TaskGroup() as tasks:
        if how == "slash":
            tasks.create_task(ben.uses(ben.dm, "vote", answer="1", poll=1))
        else:
            await ben.says(ben.dm, "stem 1 --peiling 1")
        async with asyncio.timeout(30):
            await looking.reached.wait()
        double.clock.turn(2)
        closes = await anna.uses("sport", "peiling sluit", peiling=1, zeker=True)
        assert "sluit zodra de laatste stemmen geteld zijn" in closes.text
        looking.release()
    await plein.caught_up()
    for _ in range(4):
        await plein.until_quiet(20)
    await plein.board("sport", "Gesloten: Een bank?", "Ja haalt het")


async def test_an_owner_who_toggles_a_role_has_plein_refused_no_oftener(
    double: Discord, plein: OnDiscord
) -> None:
    """Of too many refusals Discord shuts an address out, for every community."""
    own = double.guild("Van Zef")
    channels = [own.channel(f"k{number}") for number in range(6)]
    zef = own.member("zef")
    for number, channel in enumerate(channels):
        await zef.uses(channel, "poll open", question=f"Vraag {number}?", option="Ja | Nee")
    await plein.until_quiet(5)
    own.permit(double.bot, [])
    for channel in channels:
        own.deny(channel.name, "plein", ["send_messages", "view_channel"])
    for number in range(1, 7):
        await zef.uses(zef.dm, "poll close", poll=number, sure=True)
    await plein.until_quiet(5)
    before = len([call for call in double.calls if call.status == 403])
    for _ in range(10):
        role_changed(double.world, own.guild, own.role("plein"))
        await plein.until_quiet(1)
    assert len([call for call in double.calls if call.status == 403]) - before < 5 * len(channels)
    # What is tried again anyway, with growing pauses. Once it may speak there, what waited is said at once.
    own.permit(double.bot, ["administrator"])
    await plein.until_quiet(5)
    await plein.until_quiet(5)
    assert all(any("Gesloten" in said.text for said in zef.sees(channel)) for channel in channels)


async def test_a_channel_that_is_shown_for_a_moment_again_and_again_is_tried_three_times(
    plein: OnDiscord, town: Server, anna: Person, ben: Person
) -> None:
    """Its owner hides it before Plein gets there. Where somebody votes once Plein may, it shows at once."""
    double = plein.double
    board = await opened(plein, anna, "Een bank?", closes="2d")
    refused = double.faults.answer(403, EDIT, 500, body={"message": "Missing Access", "code": 50001})
    await anna.presses(board, "Ja")
    for _ in range(12):  # by then it is tried once an hour by itself
        await plein.until_quiet(HOUR)
    double.calls.clear()
    for _ in range(50):
        channel_changed(double.world, board.channel)
        await plein.until_quiet(11)
    assert len([call for call in double.calls if call.status == 403]) <= MOST + 1
    refused.release()
    channel_changed(double.world, board.channel)
    await plein.until_quiet(11)
    assert "Ja: 0 stemmen" in board.text, "it rests"
    await ben.presses(board, "Nee")
    await plein.board("sport", "Een bank?", "Ja: 1 stem", "Nee: 1 stem")


async def test_of_many_boards_where_plein_cannot_see_one_is_tried_for_all(
    double: Discord, plein: OnDiscord
) -> None:
    """zef shows a channel for a moment, uses Plein there and hides it, again and again."""
    own = double.guild("Van Zef")
    channel = own.channel("k")
    zef = own.member("zef")
    for number in range(6):
        await zef.uses(channel, "poll open", question=f"Vraag {number}?", option="Ja | Nee", closes="2d")
    await plein.until_quiet(5)
    own.permit(double.bot, [])
    own.deny("k", "plein", ["send_messages", "view_channel"])
    for number in range(1, 7):
        await zef.uses(zef.dm, "vote", answer="1", poll=number)
    await plein.until_quiet(60)
    before = len([call for call in double.calls if call.status == 403])
    for _ in range(10):
        own.permit(double.bot, ["administrator"])
        await zef.uses(channel, "help")
        own.permit(double.bot, [])
        await plein.until_quiet(11)
    # Not all six each time, which is sixty: those that were under way together.
    assert len([call for call in double.calls if call.status == 403]) - before < 45


async def test_who_takes_no_private_messages_and_says_a_lot_is_tried_now_and_then(
    double: Discord, plein: OnDiscord, anna: Person, ben: Person
) -> None:
    """Of too many refusals Discord shuts an address out; once they take messages they get them."""
    await opened(plein, anna, "Een bank?")
    await ben.closes_dms()

    def refused() -> int:
        return len([call for call in double.calls if call.status == 403])

    before = refused()
    for _ in range(20):
        await ben.says("sport", f"<@{double.bot.id}> help")
        await plein.caught_up()
        await plein.until_quiet(1)
    assert 0 < refused() - before <= 3
    ben.user.dms = True
    await plein.turn(60)
    await ben.says("sport", f"<@{double.bot.id}> help")
    await ben.hears(ben.dm, "Wat ik voor je kan doen")
