"""What was said while Plein was away, or did not hear: answered once, in order, and in time."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.discord import history
from adapters.discord.outgoing import BANNED_FOR
from bot.features.polls.records import POLLS
from bot.main.config import ThemeSection
from tests.doubles.discord import Discord, Person
from tests.doubles.discord.state import Channel, Message
from tests.on_discord import OnDiscord, plein_on

HOUR = 3600
HISTORY = "GET /channels/{channel_id}/messages"


@pytest.fixture
def database(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/plein.db"


async def opened(plein: OnDiscord, question: str = "Een skatebaan?") -> Message:
    anna = plein.double.guild("Plein").member("anna")
    await anna.uses("sport", "poll open", question=question, option="Ja | Nee", closes="2d")
    return await plein.board("sport", question)


def heard(person: Person, words: str) -> list[str]:
    """What Plein said to them alone with these words, in order."""
    return [
        message.text for message in person.sees(person.dm) if message.author.bot and words in message.text
    ]


def chosen(person: Person) -> list[str]:
    """What their receipts say that they chose, in order."""
    found = (re.search(r"(?:je koos|nu) (Ja|Nee)", receipt) for receipt in heard(person, "je koos"))
    return [match[1] for match in found if match]


def said_to(double: Discord, words: str) -> str:
    return f"<@{double.bot.id}> {words}"


async def test_said_while_plein_was_away(double: Discord, database: str) -> None:
    """In a channel and in private: each is answered once, in order; what came later counts."""
    town = double.guild("Plein")
    anna, ben = town.member("anna"), town.member("ben")
    async with plein_on(double, database) as plein:
        await opened(plein)
        await ben.says(ben.dm, "hallo")
        await ben.hears(ben.dm, "Dag!")
        before = len(ben.sees(ben.dm))
    for choice in (1, 2, 1):
        await anna.says("sport", said_to(double, f"stem {choice}"))
    await ben.says("sport", "mooi weer vandaag")
    await ben.says(ben.dm, "stem 2")
    await ben.says(ben.dm, "peiling lijst")
    async with plein_on(double, database) as plein:
        await anna.hears(anna.dm, "nu Ja")
        await double.until(lambda: len(ben.sees(ben.dm)) == before + 4)
        await plein.board("sport", "Ja: 1 stem\n", "Nee: 1 stem\n", "2 mensen")
        assert chosen(anna) == ["Ja", "Nee", "Ja"]
    said = len(anna.sees(anna.dm)), len(ben.sees(ben.dm)), len(ben.sees("sport"))
    async with plein_on(double, database) as plein:
        await plein.turn(60)
    assert (len(anna.sees(anna.dm)), len(ben.sees(ben.dm)), len(ben.sees("sport"))) == said


async def test_where_nobody_had_said_anything_before(double: Discord, database: str) -> None:
    town = double.guild("Plein")
    anna = town.member("anna")
    await anna.says("general", said_to(double, "help"))
    async with plein_on(double, database) as plein:
        assert not heard(anna, ""), "that was said before Plein first came"
    await anna.says("sport", said_to(double, "peiling lijst"))
    async with plein_on(double, database) as plein:
        await plein.caught_up()
        await anna.hears(anna.dm, "peiling")
        assert len(heard(anna, "")) == 1


async def test_a_vote_in_time_counts_before_the_poll_closes(double: Discord, database: str) -> None:
    anna = double.guild("Plein").member("anna")
    async with plein_on(double, database) as plein:
        await opened(plein)
    await anna.says("sport", said_to(double, "stem 2"))
    double.clock.turn(2 * 86400 + 60)
    held = double.faults.hold(HISTORY)
    async with plein_on(double, database, ready=False) as plein:
        await held.reached.wait()
        held.release()
        await plein.caught_up()
        await plein.turn(0)
        assert "Nee: 1 stem" in (await plein.board("sport", "Gesloten op")).text


async def test_a_session_lost_without_resume(double: Discord, plein: OnDiscord) -> None:
    """What was said in between was never brought. It comes before what is said live."""
    await opened(plein)
    anna = double.guild("Plein").member("anna")
    await anna.says("sport", said_to(double, "stem 1"))
    await anna.hears(anna.dm, "je koos Ja")
    double.gateway.refuse()
    await double.gateway.drop()
    double.gateway.forget()
    await anna.says("sport", said_to(double, "stem 2"))
    held = double.faults.hold(HISTORY)
    double.gateway.accept()
    await held.reached.wait()
    last = await anna.says("sport", said_to(double, "stem 1"))
    held.release()
    await anna.hears(anna.dm, "nu Ja", after=last)
    assert chosen(anna) == ["Ja", "Nee", "Ja"]


async def test_resume_brings_what_was_missed(double: Discord, plein: OnDiscord) -> None:
    """Nobody is asked for what the session brings by itself."""
    await opened(plein)
    anna = double.guild("Plein").member("anna")
    asked = len(double.calls_to(*HISTORY.split()))
    double.gateway.refuse()
    await double.gateway.drop()
    for choice in (1, 2):
        await anna.says("sport", said_to(double, f"stem {choice}"))
    double.gateway.accept()
    await anna.hears(anna.dm, "nu Nee")
    assert double.gateway.resumed == 1
    assert len(heard(anna, "je koos")) == 2
    assert len(double.calls_to(*HISTORY.split())) == asked


async def test_events_come_twice(double: Discord, plein: OnDiscord) -> None:
    board = await opened(plein)
    anna, ben = double.guild("Plein").member("anna"), double.guild("Plein").member("ben")
    double.faults.events.duplicate("MESSAGE_CREATE", 2)
    await anna.says("sport", said_to(double, "stem 2"))
    await anna.hears(anna.dm, "je koos Nee")
    double.faults.events.duplicate("INTERACTION_CREATE")
    answer = await ben.presses(board, "Ja")
    assert "you" in answer.text or "je koos" in answer.text
    assert "2 mensen" in (await plein.board("sport", "Ja: 1 stem", "Nee: 1 stem", "2 mensen")).text
    await plein.caught_up()
    assert len(heard(anna, "je koos")) == 1
    assert len(answer.messages) == 1


async def test_events_out_of_order_and_lost(double: Discord, database: str) -> None:
    """What never came is read when Plein next looks."""
    anna, ben = double.guild("Plein").member("anna"), double.guild("Plein").member("ben")
    async with plein_on(double, database) as plein:
        await opened(plein)
        double.faults.events.reorder("MESSAGE_CREATE")
        await anna.says("sport", said_to(double, "stem 1"))
        await ben.says("sport", said_to(double, "stem 2"))
        await anna.hears(anna.dm, "je koos Ja")
        await ben.hears(ben.dm, "je koos Nee")
        assert (len(heard(anna, "je koos")), len(heard(ben, "je koos"))) == (1, 1)


@pytest.mark.parametrize("trouble", ["503", "lost", "429", "banned", "garbage"])
async def test_a_history_that_cannot_be_read_just_now(double: Discord, database: str, trouble: str) -> None:
    """It is read as soon as it can be; live talk meanwhile is answered and makes nothing forgotten."""
    anna, ben = double.guild("Plein").member("anna"), double.guild("Plein").member("ben")
    async with plein_on(double, database) as plein:
        await opened(plein)
    await anna.says("sport", said_to(double, "stem 2"))
    match trouble:
        case "503":
            fault = double.faults.answer(503, HISTORY, 3)
        case "lost":
            fault = double.faults.drop(HISTORY, 3)
        case "429":
            fault = double.faults.rate_limit(HISTORY, 3, retry_after=60)
        case "banned":
            fault = double.faults.rate_limit(HISTORY, 3, via=False)
        case _:
            fault = double.faults.garbage(HISTORY, 3)
    async with plein_on(double, database, ready=False) as plein:
        await double.until(lambda: fault.met)
        await ben.says("sport", said_to(double, "stem 1"))
        if trouble == "banned":
            # Until that is over nothing at all is said.
            await plein.caught_up()
            await plein.turn(BANNED_FOR)
        await ben.hears(ben.dm, "je koos Ja")
        await anna.hears(anna.dm, "je koos Nee")
        assert fault.met == 3
        assert len(heard(anna, "je koos")) == 1


async def test_a_channel_that_may_not_be_read_holds_up_nobody(double: Discord, database: str) -> None:
    town = double.guild("Plein")
    anna, cultuur = town.member("anna"), town.channel("cultuur")
    async with plein_on(double, database) as plein:
        await anna.says("cultuur", said_to(double, "peiling lijst"))
        await anna.hears(anna.dm, "peiling")
    await anna.says("cultuur", said_to(double, "peiling lijst"))
    await anna.says("sport", said_to(double, "help"))
    double.faults.answer(403, HISTORY, body={"message": "Missing Access", "code": 50001})
    before = len(heard(anna, ""))
    async with plein_on(double, database) as plein:
        await double.until(lambda: len(heard(anna, "")) > before)
        await plein.caught_up()
    asked = [call.params["channel_id"] for call in double.calls_to(*HISTORY.split())]
    assert cultuur.id in asked
    async with plein_on(double, database) as plein:
        pass
    again = [call.params["channel_id"] for call in double.calls_to(*HISTORY.split())][len(asked) :]
    assert cultuur.id not in again


async def test_ordinary_talk_is_neither_kept_nor_read_again(double: Discord, database: str) -> None:
    town = double.guild("Plein")
    anna, ben = town.member("anna"), town.member("ben")
    async with plein_on(double, database) as plein:
        await opened(plein)
        for words in ("mooi weer", "zeker", "tot straks"):
            await ben.says("sport", words)
        await ben.says("general", "hier ook")
        await anna.says("sport", said_to(double, "peiling lijst"))
        await anna.hears(anna.dm, "peiling")
    asked = len(double.calls_to(*HISTORY.split()))
    async with plein_on(double, database) as plein:
        await plein.caught_up()
    # Only of private talk Discord does not say by itself whether there is anything new.
    again = double.calls_to(*HISTORY.split())[asked:]
    assert {call.params["channel_id"] for call in again} <= {anna.dm.id}
    kept = await asyncio.to_thread(Path(database.removeprefix("sqlite:///")).read_bytes)
    assert b"mooi weer" not in kept


async def test_a_long_absence(double: Discord, database: str) -> None:
    """More was said than one request brings."""
    anna, ben = double.guild("Plein").member("anna"), double.guild("Plein").member("ben")
    async with plein_on(double, database) as plein:
        await opened(plein)
    for _ in range(250):
        await ben.says("sport", "blabla")
    await anna.says("sport", said_to(double, "stem 2"))
    async with plein_on(double, database) as plein:
        await plein.board("sport", "Nee: 1 stem", "1 persoon")


async def test_in_a_thread(double: Discord, database: str) -> None:
    town = double.guild("Plein")
    anna = town.member("anna")
    thread = town.channel("over de skatebaan", type=11, parent=town.channel("sport"))
    async with plein_on(double, database) as plein:
        await opened(plein)
        await anna.says(thread, said_to(double, "stem 1"))
        await anna.hears(anna.dm, "je koos Ja")
    await anna.says(thread, said_to(double, "stem 2"))
    async with plein_on(double, database) as plein:
        await anna.hears(anna.dm, "nu Nee")
        await plein.board("sport", "Nee: 1 stem", "1 persoon")


async def test_a_server_out_of_reach_at_the_start(double: Discord, database: str) -> None:
    """It has its turn when it is back: what was said before, and the channels that are named for it."""
    neighbour = double.guild("Buurgemeente")
    carl, sport = neighbour.member("carl"), neighbour.channel("sport")
    themes = [ThemeSection(name="sport", places=(f"discord:{sport.id}",))]
    async with plein_on(double, database, themes=themes):
        await carl.uses(sport, "poll open", question="Zwembad?", option="Ja | Nee", closes="2d")
        await carl.hears(sport, "Nog niemand stemde")
    await carl.says(sport, said_to(double, "stem 2"))
    neighbour.outage()
    async with plein_on(double, database, themes=themes):
        assert not heard(carl, "je koos")
        neighbour.recovers()
        await carl.hears(carl.dm, "je koos Nee")
        assert len(heard(carl, "je koos")) == 1


async def test_a_crash_before_all_was_read(double: Discord, database: str) -> None:
    """What came live meanwhile makes nothing before it forgotten."""
    anna, ben = double.guild("Plein").member("anna"), double.guild("Plein").member("ben")
    async with plein_on(double, database) as plein:
        await opened(plein)
    await anna.says("sport", said_to(double, "stem 2"))
    held = double.faults.hold(HISTORY)
    async with plein_on(double, database, ready=False):
        await held.reached.wait()
        await ben.says("sport", said_to(double, "stem 1"))
        await double.until(lambda: len(double.gateway.connected) == 1)
    held.release()
    assert not heard(anna, "je koos")
    async with plein_on(double, database) as plein:
        await plein.board("sport", "Ja: 1 stem", "Nee: 1 stem", "2 mensen")
        await plein.until_quiet()
    assert (len(heard(anna, "je koos")), len(heard(ben, "je koos"))) == (1, 1)


async def test_what_was_changed_after_the_end_was_said_after_the_end(
    double: Discord, database: str, anna: Person, ben: Person
) -> None:
    """The history has it as it reads now, under the number of what was said in time."""
    async with plein_on(double, database) as plein:
        await anna.uses("sport", "poll open", question="Een bank?", option="Ja | Nee", closes="2d")
        await plein.board("sport", "Een bank?")
        await plein.turn(2 * 86_400 - 120)
    double.clock.turn(30)
    words = f"<@{double.bot.id}> help"
    late, timely = await ben.says("sport", words), await anna.says("sport", words)
    double.clock.turn(30)
    await anna.edits(timely, f"<@{double.bot.id}> stem 1 --peiling 1")
    double.clock.turn(1_200)
    await ben.edits(late, f"<@{double.bot.id}> stem 2 --peiling 1")
    async with plein_on(double, database) as plein:
        await plein.caught_up()
        await plein.until_quiet(5)
        await plein.turn(10)
        await plein.board("sport", "Gesloten: Een bank?", "Ja haalt het, met 1 stem.")


@pytest.mark.parametrize("how", ["left", "sees it no more", "stayed"])
async def test_plein_says_nothing_there_for_who_was_put_out_meanwhile(
    double: Discord, database: str, how: str
) -> None:
    town = double.guild("Plein")
    town.channel(
        "raad", deny={"everyone": ["view_channel"]}, allow={"raad": ["view_channel", "send_messages"]}
    )
    eva = town.member("eva", roles=["raad"])
    async with plein_on(double, database) as plein:
        await eva.uses("raad", "help")
    await eva.says("raad", said_to(double, 'poll open "Een scheldwoord?" Ja | Nee'))
    if how == "left":
        await eva.leaves()
    elif how == "sees it no more":
        town.take(eva, "raad")
    double.clock.turn(30)
    async with plein_on(double, database) as plein:
        await plein.caught_up()
        await plein.until_quiet(5)
    said = [
        message.text
        for message in town.channel("raad").messages.values()
        if message.author is double.bot.user
    ]
    assert any("Een scheldwoord?" in words for words in said) is (how == "stayed")


COMMUNITYS_OWN = ("who knows geluid", "who is ben", "association list", "community show", "poll list")


@pytest.mark.parametrize("where", ["in the channel", "in private"])
@pytest.mark.parametrize("how", ["left", "sees it no more", "stayed"])
async def test_nothing_is_told_to_who_was_put_out_after_they_asked(
    double: Discord, database: str, how: str, where: str
) -> None:
    """By what they typed before that, while Plein was away."""
    town = double.guild("Plein")
    town.channel(
        "raad", deny={"everyone": ["view_channel"]}, allow={"raad": ["view_channel", "send_messages"]}
    )
    eva, ben = town.member("eva", roles=["raad"]), town.member("ben", roles=["raad"])
    double.guild("Van Eva").member("eva")
    async with plein_on(double, database) as plein:
        await ben.uses("raad", "me expertise", words="geluid", show=True)
        await eva.uses("raad", "poll open", question="Een bank?", option="Ja | Nee")
        await eva.says(eva.dm, "help")
        await eva.hears(eva.dm, "Wat ik voor je kan doen")
        await plein.until_quiet(5)
    before = len(heard(eva, ""))
    for words in COMMUNITYS_OWN:
        await (eva.says(eva.dm, words) if where == "in private" else eva.says("raad", said_to(double, words)))
    if how == "left":
        await eva.leaves()
    elif how == "sees it no more":
        town.take(eva, "raad")
    double.clock.turn(30)
    async with plein_on(double, database) as plein:
        await plein.caught_up()
        await plein.until_quiet(5)
        told = heard(eva, "")[before:]
    shown = [words for words in told if ben.mention in words or "ben" in words or "bank" in words]
    assert bool(shown) is (how == "stayed"), told


async def test_what_was_asked_before_they_were_put_out_waits_for_no_answer_of_then(
    double: Discord, database: str
) -> None:
    """What Discord said of them since, when they used something else, is no word on what they are now."""
    town = double.guild("Plein")
    eva, ben = town.member("eva"), town.member("ben")
    double.guild("Van Eva").member("eva")
    async with plein_on(double, database) as plein:
        await ben.uses("sport", "me expertise", words="geluid", show=True)
        await eva.says(eva.dm, "help")
        await eva.hears(eva.dm, "Wat ik voor je kan doen")
        await plein.until_quiet(5)
    await eva.says(eva.dm, "who knows geluid")
    double.clock.turn(5)
    held = double.faults.hold(HISTORY)
    async with plein_on(double, database, ready=False) as plein:
        await held.reached.wait()
        assert ben.mention in (await eva.uses(eva.dm, "who knows", topic="geluid")).text
        before = len(heard(eva, ""))
        await eva.leaves()
        double.clock.turn(5)
        held.release()
        await plein.caught_up()
        await plein.until_quiet(5)
    assert not any(ben.mention in words for words in heard(eva, "")[before:])


@contextlib.asynccontextmanager
async def back_after(hours: float, double: Discord, database: str) -> AsyncIterator[OnDiscord]:
    """Plein after so long. What is due is looked at before it reads along, as it is whenever it starts."""
    double.clock.turn(hours * HOUR)
    async with plein_on(double, database, ready=False) as plein:
        agenda = asyncio.create_task(plein.core.agenda.run())
        try:
            await plein.caught_up()
            for _ in range(10):
                await plein.turn(11)
            yield plein
        finally:
            agenda.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await agenda


@pytest.mark.parametrize("hours", [30, 60])
async def test_a_vote_in_time_counts_however_long_plein_was_away(
    double: Discord, database: str, hours: int
) -> None:
    anna = double.guild("Plein").member("anna")
    async with plein_on(double, database) as plein:
        await anna.uses("sport", "poll open", question="Een skatebaan?", option="Ja | Nee", closes="1d")
        await plein.board("sport", "Een skatebaan?")
        await plein.turn(60)
    double.clock.turn(60)
    await anna.says("sport", said_to(double, "stem 1"))
    async with back_after(hours, double, database) as plein:
        board = await plein.board("sport", "Gesloten: Een skatebaan?")
        assert "Ja haalt het" in board.text


@pytest.mark.parametrize("hours", [6.5, 50])
async def test_a_planned_poll_opens_once_plein_is_back(double: Discord, database: str, hours: float) -> None:
    """Whoever planned it is there, and may ask it."""
    anna = double.guild("Plein").member("anna")
    async with plein_on(double, database):
        given = {"question": "Een skatebaan?", "option": "Ja | Nee", "opens": "over 6 uur", "closes": "5d"}
        await anna.uses("sport", "poll open", given)
    async with back_after(hours, double, database) as plein:
        found = await plein.core.store.read(lambda tx: tx.of(POLLS).get(1, 0))
        assert found
        assert found[0].state == "open"


async def begun_by_eva(double: Discord, plein: OnDiscord, *, private: bool = False) -> Channel:
    """A thread that Plein has read in, with a poll where it belongs."""
    town = double.guild("Plein")
    town.role("residents", ["create_private_threads"])
    eva = town.member("eva", roles=["residents"])
    thread = eva.begins("sport", "over de bank", private=private)
    await eva.says(thread, f"{town.member('ben').mention} kom erbij")
    await eva.says(thread, said_to(double, "peiling lijst"))
    await plein.caught_up()
    where = thread if private else "sport"
    await eva.uses(where, "peiling open", vraag="Een bank?", keuze="Ja | Nee", sluit="2d")
    await plein.until_quiet(120)
    return thread


def shown_in(channel: Channel, *words: str) -> bool:
    return any(all(word in message.text for word in words) for message in channel.messages.values())


@pytest.mark.parametrize("private", [False, True], ids=["public", "private"])
async def test_a_vote_in_a_thread_that_was_put_away_meanwhile_counts_before_the_poll_closes(
    double: Discord, database: str, private: bool
) -> None:
    """Whoever began it, or an hour's silence, puts it away; nobody has to open it again."""
    town = double.guild("Plein")
    ben, sport = town.member("ben"), town.channel("sport")
    async with plein_on(double, database) as plein:
        thread = await begun_by_eva(double, plein, private=private)
    await ben.says(thread, said_to(double, "stem 1 --peiling 1"))
    town.put_away(thread)
    double.clock.turn(2 * 86400 + 60)
    held = double.faults.hold("GET /channels/{channel_id}", only={"channel_id": thread.id})
    async with plein_on(double, database, ready=False) as plein:
        await held.reached.wait()
        for _ in range(3):
            await plein.turn(2)
        assert not shown_in(thread if private else sport, "Gesloten")
        held.release()
        await plein.caught_up()
        for _ in range(3):
            await plein.until_quiet(60)
        await double.until(lambda: shown_in(thread if private else sport, "Ja haalt het, met 1 stem."))


async def test_what_was_said_in_a_thread_is_read_before_what_is_said_once_it_is_open_again(
    double: Discord, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also of one that is not asked for at the start, there being too many."""
    town = double.guild("Plein")
    ben = town.member("ben")
    async with plein_on(double, database) as plein:
        thread = await begun_by_eva(double, plein)
    await ben.says(thread, said_to(double, "stem 1 --peiling 1"))
    town.put_away(thread)
    double.clock.turn(60)
    monkeypatch.setattr(history, "MOST_PUT_AWAY", 0)
    async with plein_on(double, database) as plein:
        await plein.until_quiet(60)
        assert not chosen(ben)
        town.open_again(thread)
        await ben.says(thread, said_to(double, "stem 2 --peiling 1"))
        await ben.hears(ben.dm, "nu Nee")
        await plein.until_quiet(60)
        assert chosen(ben) == ["Ja", "Nee"]


async def test_a_thread_that_is_no_more_is_asked_for_once(double: Discord, database: str) -> None:
    town = double.guild("Plein")
    async with plein_on(double, database) as plein:
        thread = await begun_by_eva(double, plein)
        assert f"{town.id}:{thread.id}" in await plein.core.cursors(plein.adapter.account)
    town.close(thread)
    async with plein_on(double, database) as plein:
        await plein.caught_up()
        assert f"{town.id}:{thread.id}" not in await plein.core.cursors(plein.adapter.account)
