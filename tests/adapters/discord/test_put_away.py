"""Threads that were put away: what stands in them is brought up to date once it may be."""

from __future__ import annotations

import pytest

from adapters.discord.channels import NEEDED
from tests.doubles.discord import Person, Server
from tests.doubles.discord.state import Channel, Message
from tests.on_discord import OnDiscord

DAY, HOUR = 86_400, 3_600
EDIT = "PATCH", "/channels/{channel_id}/messages/{message_id}"


@pytest.fixture
def thread(plein: OnDiscord, town: Server, anna: Person) -> Channel:
    """A private one, in which Plein may what it needs and no more."""
    town.permit(plein.double.bot, NEEDED)
    town.role("residents", ["create_private_threads"])
    town.give(anna, "residents")
    return anna.begins("sport", "onder ons", private=True)


async def shown(plein: OnDiscord, thread: Channel, *words: str) -> Message:
    """What everybody in it sees with these words, once there is such a message."""

    def look() -> Message | None:
        seen = [message for message in thread.messages.values() if message.author is plein.double.bot.user]
        return next((said for said in seen if all(word in said.text for word in words)), None)

    return await plein.double.until(look, timeout=20)


async def asked(plein: OnDiscord, thread: Channel, anna: Person) -> Message:
    await anna.says(thread, f"<@{plein.double.bot.user.id}> kijk eens")
    await anna.uses(thread, "peiling open", vraag="Een bank?", keuze="Ja | Nee", sluit="2d")
    board = await shown(plein, thread, "Een bank?", "0 stemmen")
    await plein.until_quiet(10)
    return board


@pytest.mark.parametrize("locked", [False, True], ids=["archived", "locked"])
async def test_a_board_waits_there_and_is_right_once_it_is_opened_again(
    plein: OnDiscord, town: Server, thread: Channel, anna: Person, locked: bool
) -> None:
    board = await asked(plein, thread, anna)
    town.put_away(thread, locked=locked)
    before = len(plein.double.calls_to(*EDIT))
    assert "je koos Ja" in (await anna.presses(board, "Ja")).text
    await plein.until_quiet(10)
    await plein.until_quiet(60)
    assert "Ja: 0 stemmen" in board.text
    assert len(plein.double.calls_to(*EDIT)) - before <= 3
    town.open_again(thread)
    await shown(plein, thread, "Een bank?", "Ja: 1 stem")


async def test_a_result_opens_it_and_its_board_says_so_too(
    plein: OnDiscord, town: Server, thread: Channel, anna: Person
) -> None:
    board = await asked(plein, thread, anna)
    await anna.presses(board, "Ja")
    town.put_away(thread)
    await plein.until_quiet(2 * DAY)
    await plein.until_quiet(10)
    await shown(plein, thread, "Gesloten: Een bank?", "Ja haalt het")
    assert not thread.archived
    assert await shown(plein, thread, "Gesloten op <t:") is board


async def test_a_result_waits_for_a_locked_one(
    plein: OnDiscord, town: Server, thread: Channel, anna: Person
) -> None:
    board = await asked(plein, thread, anna)
    await anna.presses(board, "Ja")
    town.put_away(thread, locked=True)
    await plein.until_quiet(2 * DAY)
    await plein.until_quiet(10)
    assert "Gesloten" not in " ".join(message.text for message in thread.messages.values())
    town.open_again(thread)
    await shown(plein, thread, "Gesloten: Een bank?", "Ja haalt het")
    assert await shown(plein, thread, "Gesloten op <t:") is board


@pytest.mark.parametrize("where", ["post put away", "private thread", "control: post open"])
async def test_what_somebody_planned_who_is_there_still_opens(
    plein: OnDiscord, town: Server, anna: Person, ben: Person, where: str
) -> None:
    """A day of silence puts a post away; whoever speaks there opens it again."""
    town.role("residents", ["create_private_threads"])
    town.give(anna, "residents")
    if where == "private thread":
        thread = anna.begins("sport", "onder ons", private=True)
        await anna.says(thread, f"<@{plein.double.bot.id}> kijk eens")
    else:
        thread = anna.begins(town.channel("ideeën", type=15), "een bank")
    plan = {"vraag": "Een bank?", "keuze": "Ja | Nee", "opent": "2d", "sluit": "5d"}
    await anna.uses(thread, "peiling open", plan)
    await plein.until_quiet(60)
    if where == "post put away":
        town.put_away(thread)
    for _ in range(4):
        await plein.until_quiet(DAY)
    for _ in range(4):
        await plein.until_quiet(60)

    shown = [message.text for message in thread.messages.values() if not message.only_for]
    assert any("Een bank?" in words and "Nog niemand stemde" in words for words in shown), shown
