"""What Discord fails at in one channel, or asks patience for, holds up nothing else, and ends some time."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.main.config import ResidentSection
from tests.doubles.discord import Discord, Message, Person, Server
from tests.doubles.discord.faults import Fault
from tests.on_discord import OnDiscord, plein_on

SAY = "POST /channels/{channel_id}/messages"
EDIT = "PATCH /channels/{channel_id}/messages/{message_id}"
HISTORY = "GET /channels/{channel_id}/messages"
DAY = 86_400
MANY = 10_000


async def asks(who: Person, where: str, question: str) -> None:
    await who.uses(where, "poll open", question=question, option="Ja | Nee", closes="2d")


def shown(town: Server, where: str, words: str) -> list[Message]:
    said = town.channel(where).messages.values()
    return [message for message in said if words in message.text and not message.only_for]


def only(town: Server, where: str) -> dict[str, str]:
    return {"channel_id": town.channel(where).id}


TROUBLES: dict[str, Callable[[Discord, dict[str, str]], Fault]] = {
    "503": lambda double, there: double.faults.answer(503, SAY, MANY, only=there),
    "lost": lambda double, there: double.faults.drop(SAY, MANY, only=there),
    "no JSON": lambda double, there: double.faults.answer(
        200, SAY, MANY, body="\x00 {", headers={"Content-Type": "application/json"}, only=there
    ),
}


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_trouble_in_one_channel_is_no_other_channels(
    double: Discord, plein: OnDiscord, town: Server, anna: Person, trouble: str
) -> None:
    """Not for a moment: the clock stands still."""
    town.channel("cultuur")
    fault = TROUBLES[trouble](double, only(town, "sport"))
    await asks(anna, "sport", "Een skatebaan?")
    await double.until(lambda: fault.met)
    await plein.until_quiet()
    await asks(anna, "cultuur", "Een concert?")
    await plein.board("cultuur", "Een concert?", timeout=20)
    assert fault.met == 1
    fault.release()
    await plein.until_quiet(5)
    await plein.board("sport", "Een skatebaan?")


async def test_trouble_with_edits_keeps_nothing_else_from_being_said_there(
    double: Discord, plein: OnDiscord, town: Server, anna: Person
) -> None:
    await asks(anna, "sport", "Een skatebaan?")
    board = await plein.board("sport", "Een skatebaan?")
    fault = double.faults.answer(503, EDIT, MANY, only=only(town, "sport"))
    await anna.presses(board, "Ja")
    await double.until(lambda: fault.met)
    await plein.until_quiet()
    await asks(anna, "sport", "Een zwembad?")
    await plein.board("sport", "Een zwembad?", timeout=20)
    fault.release()
    await plein.until_quiet(5)
    assert await plein.board("sport", "Een skatebaan?", "Ja: 1 stem") is board


@pytest.mark.parametrize("everywhere", [True, False])
async def test_a_long_limit_is_kept_to_by_those_for_whom_it_is(
    double: Discord, plein: OnDiscord, town: Server, anna: Person, everywhere: bool
) -> None:
    """Longer than the library waits by itself: the limit of a channel is that channel's alone."""
    town.channel("cultuur")
    double.faults.rate_limit(SAY, 1, retry_after=120, everywhere=everywhere)
    await asks(anna, "sport", "Een skatebaan?")
    await double.until(lambda: len(double.calls_to(*SAY.split())) == 1)
    await plein.until_quiet()
    await asks(anna, "cultuur", "Een concert?")
    await plein.until_quiet()
    assert bool(shown(town, "cultuur", "Een concert?")) is not everywhere
    await plein.until_quiet(121)
    await plein.board("cultuur", "Een concert?")
    await plein.board("sport", "Een skatebaan?")


async def test_what_discord_fails_at_for_ever_is_set_aside_in_the_end(
    double: Discord, database: str, town: Server
) -> None:
    """With growing pauses, for some hours; the moderators hear of it, and what follows is said."""
    mod = town.member("mod")
    resident = ResidentSection(name="Mo", accounts=(f"discord:{mod.id}",), role="moderator")
    async with plein_on(double, database, residents=[resident]) as plein:
        anna = town.member("anna")
        await asks(anna, "sport", "Een skatebaan?")
        await plein.board("sport", "Een skatebaan?")
        fault = double.faults.answer(503, SAY, MANY, only=only(town, "sport"))
        await plein.turn(2 * DAY + 60)
        await double.until(lambda: fault.met)
        for minutes in range(0, 120, 5):
            await plein.until_quiet(300)
            assert not await plein.core.store.run(lambda tx: tx.posts.parked()), minutes
        for _ in range(36):
            await plein.until_quiet(300)
        ((_, reason),) = await plein.core.store.run(lambda tx: tx.posts.parked())
        assert reason == "Discord 503"
        assert fault.met < 60
        await mod.hears(mod.dm, "kon niet bezorgd worden (Discord 503)")
        fault.release()
        await asks(anna, "sport", "Een zwembad?")
        await plein.board("sport", "Een zwembad?")


async def test_what_fails_with_all_else_is_never_set_aside(
    double: Discord, plein: OnDiscord, town: Server, anna: Person
) -> None:
    """Half a day without any answer of Discord's."""
    town.channel("cultuur")
    for where in ("sport", "cultuur"):
        await asks(anna, where, f"Een bank in {where}?")
        await plein.board(where, "Een bank")
    fault = double.faults.answer(503, "* /channels/*", MANY)
    await plein.turn(2 * DAY + 60)
    for _ in range(144):
        await plein.until_quiet(300)
    assert not await plein.core.store.run(lambda tx: tx.posts.parked())
    fault.release()
    await plein.until_quiet(61)
    for where in ("sport", "cultuur"):
        await plein.board(where, "Gesloten: ")
