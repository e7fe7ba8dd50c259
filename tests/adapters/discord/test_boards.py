"""Boards: how a poll is shown, kept up to date, and ended; and that nobody is ever pinged by it."""

from __future__ import annotations

import asyncio
import re

import pytest

from adapters.discord import gateway
from tests.doubles.discord import Discord, Message, Person, Server
from tests.doubles.discord.looks import all_components
from tests.on_discord import OnDiscord, opened, plein_on

PNG = b"\x89PNG\r\n\x1a\n"
DAY = 86_400


def figures(message: Message) -> list[str]:
    """The lines with a bar."""
    return [line for line in message.text.split("\n") if re.match("[█▓░]{10} ", line)]


# --- how it looks ----------------------------------------------------------------------------------


async def test_a_board_is_an_embed_with_bars_and_a_deadline(plein: OnDiscord, anna: Person) -> None:
    board = await opened(plein, anna, "Waar komt de bank?", "Plein | Park", closes="2d")
    [embed] = board.embeds
    assert embed["title"] == "Waar komt de bank?"
    closes = int(plein.double.clock.now()) + 2 * DAY
    assert re.search(r"sluit <t:(\d+):F>", embed["description"])
    assert abs(int(re.findall(r"<t:(\d+):F>", board.text)[0]) - closes) <= 1
    assert figures(board) == ["░░░░░░░░░░ 1. Plein: 0 stemmen", "░░░░░░░░░░ 2. Park: 0 stemmen"]
    await anna.presses(board, "Park")
    await plein.board("sport", "██████████ 2. Park: 1 stem")
    # How it is typed need not be said where it can be pressed.
    assert "!stem" not in board.text
    assert "typ" not in board.text.casefold()


async def test_a_board_speaks_the_language_of_its_place(plein: OnDiscord, ben: Person) -> None:
    assert "Nog niemand stemde." in (await opened(plein, ben, "A bench?", "Yes | No")).text


async def test_a_hundred_votes_cost_a_few_edits(plein: OnDiscord, town: Server, anna: Person) -> None:
    board = await opened(plein, anna, "Een bank?")
    crowd = [town.member(f"buur{number}") for number in range(100)]
    await asyncio.gather(*(person.presses(board, "Ja" if person.id > anna.id else "Nee") for person in crowd))
    shown = await plein.board("sport", "Ja: 100 stemmen", "100 mensen stemden")
    assert shown is board
    assert board.edits <= 20


async def test_a_board_that_was_deleted_is_shown_anew(
    plein: OnDiscord, town: Server, anna: Person, mo: Person
) -> None:
    board = await opened(plein, anna, "Een bank?")
    receipt = await anna.presses(board, "Ja")
    await plein.board("sport", "Ja: 1 stem")
    await mo.deletes(board)
    changed = await anna.presses((await anna.presses(receipt.message, "Veranderen")).message, "Nee")
    assert "nu Nee" in changed.text
    anew = await plein.board("sport", "Nee: 1 stem")
    assert anew is not board


async def test_a_board_of_days_ago_is_kept_up_to_date(plein: OnDiscord, anna: Person) -> None:
    board = await opened(plein, anna, "Een bank?", closes="60d")
    await plein.turn(40 * DAY)
    await anna.presses(board, "Ja")
    assert await plein.board("sport", "Ja: 1 stem") is board


# --- the end -----------------------------------------------------------------------------------------


async def test_the_end_comes_with_a_picture_and_the_same_in_words(plein: OnDiscord, anna: Person) -> None:
    board = await opened(plein, anna, "Waar komt de bank?", "Plein | Park", closes="2d")
    await anna.presses(board, "Park")
    await plein.turn(2 * DAY + 1)
    result = await plein.board("sport", "Gesloten: Waar komt de bank?")
    assert "Park haalt het, met 1 stem." in result.text
    [picture] = result.attachments
    assert picture.data.startswith(PNG)
    assert picture.description == "“Waar komt de bank?”: Plein: 0 en Park: 1"
    ended = await plein.board("sport", "Gesloten op <t:")
    assert ended is board
    assert ended.buttons == []
    assert figures(ended) == ["░░░░░░░░░░ 1. Plein: 0 stemmen", "██████████ 2. Park: 1 stem"]


async def test_without_leave_for_files_the_words_go_alone(
    plein: OnDiscord, town: Server, anna: Person
) -> None:
    town.permit(plein.double.bot, [])
    town.channel("stil", deny={"everyone": ["attach_files"]})
    await anna.uses("stil", "peiling open", vraag="Een bank?", keuze="Ja | Nee")
    await anna.presses(await plein.board("stil", "Een bank?"), "Ja")
    await anna.uses("stil", "peiling sluit", zeker=True)
    result = await plein.board("stil", "Gesloten: Een bank?", "Ja haalt het")
    assert result.attachments == []


# --- what is not to be seen yet ------------------------------------------------------------------------


@pytest.mark.parametrize("terms", [{"results": "closed"}, {"anonymous": True}], ids=["hidden", "anonymous"])
async def test_nothing_shows_how_a_hidden_poll_stands(
    double: Discord, database: str, anna: Person, ben: Person, terms: dict[str, object]
) -> None:
    async with plein_on(double, database, native_polls=True) as plein:
        board = await opened(
            plein, anna, "Een bank?", "Ja | Nee | Later", kind="approval", closes="2d", **terms
        )
        await anna.presses(board, "Ja")
        await anna.chooses(board, board.components[-1]["components"][0]["custom_id"], ["Ja", "Nee"])
        await plein.board("sport", "1 persoon stemde.")
        assert figures(board) == []
        assert not any(
            option.get("default")
            for component in all_components(board.components)
            for option in component.get("options") or []
        )
        shown = await ben.uses("sport", "poll show")
        assert figures(shown.message) == []
        assert "Nobody" not in shown.text
        refused = await anna.uses("sport", "peiling bewaar")
        assert "nog niet te zien" in refused.text
        assert not any(message.poll for message in anna.sees("sport"))
        await plein.turn(2 * DAY + 1)
        ended = await plein.board("sport", "Gesloten op <t:")
        assert len(figures(ended)) == 3
        await plein.board("sport", "Gesloten: Een bank?", "Het is gelijk tussen Ja en Nee")


async def test_a_receipt_of_an_anonymous_poll_does_not_say_what_was_chosen(
    plein: OnDiscord, anna: Person
) -> None:
    board = await opened(plein, anna, "Een bank?", "Ja | Nee", anonymous=True)
    receipt = await anna.presses(board, "Ja")
    assert "je stem is binnen" in receipt.text
    assert "“Een bank?”: je koos" not in receipt.text
    shown = await anna.presses(receipt.message, "Veranderen")
    assert "Wat je koos, staat hier niet" in shown.text


async def test_who_voted_is_shown_how_it_stands(plein: OnDiscord, anna: Person, ben: Person) -> None:
    board = await opened(plein, anna, "Een bank?", results="voted")
    assert figures(board) == []
    assert figures((await ben.uses("sport", "poll show")).message) == []
    receipt = await ben.presses(board, "Ja")
    assert figures(receipt.message) == ["██████████ 1. Ja: 1 vote", "░░░░░░░░░░ 2. Nee: 0 votes"]
    await plein.board("sport", "1 persoon stemde.")
    assert figures(board) == []


# --- words that would do something ------------------------------------------------------------------------


async def test_nobody_is_pinged_whatever_people_type(
    plein: OnDiscord, town: Server, anna: Person, ben: Person, mo: Person
) -> None:
    role = town.role("moderators")
    hostile = f"@everyone @here {ben.mention} <@&{role.id}> **vet** [klik](https://boos.example)"
    fake = town.member("@everyone")
    before = len(plein.double.calls)
    await fake.uses(
        "sport", "poll open", question=hostile, option=f"{hostile[:70]} | <@&{role.id}>", closes="2d"
    )
    board = await plein.board("sport", "Peiling 1 sluit")
    voted = await ben.presses(board, board.buttons[1])
    await ben.uses("sport", "reminders", reminders="on")
    listed = await fake.uses("sport", "poll list")
    await anna.uses("sport", "herinneringen", herinneringen="aan")
    wrong = await fake.uses("sport", "poll list", theme=hostile)
    assert "Een thema “" in wrong.text
    await plein.turn(DAY + 60)
    reminded = await anna.hears(anna.dm, "je stemde nog niet")
    await plein.turn(DAY)
    result = await plein.board("sport", "Gesloten: ")
    await fake.uses("sport", "poll outcome", outcome=hostile)
    outcome = await plein.board("sport", "Besluit over")
    for message in (board, voted.message, listed.message, wrong.message, reminded, result, outcome):
        assert not any(person.pinged_by(message) for person in (anna, ben, mo, fake)), message.text
        shown = "\n".join([message.content, *(str(embed.get("description")) for embed in message.embeds)])
        # A backslash takes the meaning from what follows it, and shows it as it is.
        meant = re.sub(r"\\.", "", shown)
        assert not re.search(r"<@|@everyone|@here|\]\(|\*\*vet", meant), shown
    assert r"\@everyone" in board.text
    bodies = [call.body.get("data", call.body) for call in plein.double.calls[before:] if call.body]
    said = [body for body in bodies if "content" in body or "embeds" in body]
    # Seven answers, and the board, the reminder, the result and the outcome.
    assert len(said) >= 11
    for body in said:
        assert body["allowed_mentions"]["parse"] == []


def test_only_what_is_needed_is_asked_for() -> None:
    assert not gateway.INTENTS.message_content
    assert not gateway.INTENTS.members
    assert not gateway.INTENTS.presences
