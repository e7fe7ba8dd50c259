"""Steering a poll to its end and after it: reminders, figures, outcomes, and who may do what."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.doubles.discord import Person, Server
from tests.on_discord import OnDiscord, opened

DAY = 86_400


async def closed(plein: OnDiscord, who: Person, question: str, **more: Any) -> None:
    """A poll that is over, with a vote for yes."""
    await who.presses(await opened(plein, who, question, **more), "Ja")
    await plein.board("sport", question, "Ja: 1 stem")
    await who.uses("sport", "poll close", sure=True)
    await plein.board("sport", f"Gesloten: {question}")


# --- before the end ------------------------------------------------------------------------------------


async def test_who_has_not_voted_is_reminded_and_can_vote_there(
    plein: OnDiscord, anna: Person, ben: Person
) -> None:
    board = await opened(plein, anna, "Een bank?", closes="3d")
    for person in (anna, ben):
        await person.uses("sport", "reminders", reminders="on")
    await anna.presses(board, "Nee")
    await plein.turn(2 * DAY + 60)
    reminder = await ben.hears(ben.dm, "je stemde nog niet")
    assert reminder.buttons == ["Ja", "Nee"]
    assert "you chose Ja" in (await ben.presses(reminder, "Ja")).text
    await plein.board("sport", "Ja: 1 stem", "Nee: 1 stem")
    assert anna.sees(anna.dm) == []


async def test_who_lets_nobody_write_to_them_stops_nothing(
    plein: OnDiscord, anna: Person, ben: Person
) -> None:
    await opened(plein, anna, "Een bank?", closes="3d")
    for person in (anna, ben):
        await person.uses("sport", "reminders", reminders="on")
    await anna.closes_dms()
    await plein.turn(2 * DAY + 60)
    await ben.hears(ben.dm, "Een bank?")


async def test_closing_asks_whether_that_is_sure(plein: OnDiscord, anna: Person) -> None:
    board = await opened(plein, anna, "Een bank?")
    await anna.presses(board, "Ja")
    asked = await anna.uses("sport", "peiling sluit")
    assert "nu sluiten? Er is 1 stem." in asked.text
    await plein.board("sport", "sluit <t:")
    ended = await anna.presses(asked.message, "Ja, sluit ze")
    assert ended.updated
    assert "“Een bank?” is gesloten." in ended.text
    await plein.board("sport", "Gesloten: Een bank?", "Ja haalt het")
    assert (await plein.board("sport", "Gesloten op <t:")).buttons == []


async def test_the_opening_itself_has_the_buttons_to_stop_it(plein: OnDiscord, anna: Person) -> None:
    answer = await anna.uses("sport", "peiling open", vraag="Een bank?", keuze="Ja | Nee")
    await plein.board("sport", "Een bank?")
    asked = await anna.presses(answer.message, "Annuleer")
    done = await anna.presses(asked.message, "Ja, annuleer ze")
    assert "“Een bank?” is geannuleerd." in done.text
    await plein.board("sport", "Geannuleerd: Een bank?")
    await plein.board("sport", "Geannuleerd op <t:")


async def test_a_poll_runs_longer(plein: OnDiscord, anna: Person) -> None:
    await opened(plein, anna, "Een bank?", closes="2d")
    asked = await anna.uses("sport", "peiling verleng")
    assert asked.modal
    longer = await anna.submits(asked, {"Tot wanneer": "3d"})
    assert "“Een bank?” loopt nu tot <t:" in longer.text
    await plein.board("sport", "Langer open: Een bank?")
    await plein.turn(2 * DAY + 60)
    await anna.presses(await plein.board("sport", "Peiling 1 sluit"), "Ja")
    await plein.board("sport", "Ja: 1 stem")
    await plein.turn(3 * DAY)
    await plein.board("sport", "Gesloten: Een bank?", "Ja haalt het")


async def test_a_poll_that_opens_later(plein: OnDiscord, anna: Person) -> None:
    planned = await anna.uses(
        "sport", "peiling open", vraag="Een bank?", keuze="Ja | Nee", opent="2d", sluit="4d"
    )
    assert "staat klaar" in planned.text
    assert planned.buttons == ["Annuleer"]
    await plein.turn(2 * DAY + 60)
    assert (await plein.board("sport", "Een bank?")).buttons == ["Ja", "Nee"]


# --- after it ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["csv", "json"])
async def test_figures_come_as_a_file_for_that_person_alone(
    plein: OnDiscord, anna: Person, form: str
) -> None:
    await closed(plein, anna, "Een bank?")
    given = await anna.uses("sport", "poll export", poll=1, file=form)
    assert given.ephemeral
    [file] = given.message.attachments
    assert file.filename == f"poll-1.{form}"
    if form == "json":
        assert [option["count"] for option in json.loads(file.data)["options"]] == [1, 0]
    else:
        assert "Ja" in file.data.decode("utf-8-sig")


async def test_what_comes_of_it_is_told_and_looked_at_again(plein: OnDiscord, anna: Person) -> None:
    await closed(plein, anna, "Een bank?")
    asked = await anna.uses("sport", "peiling besluit")
    assert asked.modal
    told = await anna.submits(asked, {"Het besluit": "Ze komt in het park."})
    assert "Het besluit over “Een bank?” is bekendgemaakt." in told.text
    await plein.board("sport", "Besluit over “Een bank?”", "Ze komt in het park.")
    await plein.board("sport", "Besluit: Ze komt in het park.", "Gesloten op")
    await anna.uses("sport", "peiling besluit", besluit="Toch bij de kerk.", bekijk="30d")
    await plein.turn(30 * DAY + 60)
    await plein.board("sport", "Opnieuw bekijken: Een bank?", "Toch bij de kerk.")


async def test_the_same_question_once_more(plein: OnDiscord, anna: Person, ben: Person) -> None:
    await closed(plein, anna, "Een bank?")
    again = await ben.uses("sport", "poll again")
    assert "“Een bank?”" in again.text
    board = await plein.board("sport", "Een bank?", "Peiling 2 sluit", "Nog niemand stemde.")
    await ben.presses(board, "Nee")
    await plein.board("sport", "Nee: 1 stem", "Peiling 2 sluit")


# --- who may what ---------------------------------------------------------------------------------------


async def test_a_moderator_may_close_the_poll_of_another_and_a_resident_may_not(
    plein: OnDiscord, anna: Person, ben: Person, mo: Person
) -> None:
    board = await opened(plein, anna, "Een bank?")
    refused = await ben.uses("sport", "poll close", sure=True)
    assert refused.ephemeral
    assert "is somebody else’s" in refused.text
    assert board.buttons == ["Ja", "Nee"]
    await mo.uses("sport", "peiling sluit", zeker=True)
    await plein.board("sport", "Gesloten: Een bank?")


async def test_a_button_to_close_does_not_make_a_moderator(
    plein: OnDiscord, town: Server, anna: Person, mo: Person
) -> None:
    await opened(plein, anna, "Een bank?")
    asked = await mo.uses("sport", "peiling sluit")
    town.take(mo, "moderators")
    said = await mo.presses(asked.message, "Ja, sluit ze")
    assert "is van iemand anders" in said.text


@pytest.mark.parametrize(
    ("voters", "permission", "called"),
    [("moderators", "manage_messages", "moderatoren"), ("organisers", "manage_events", "organisatoren")],
)
async def test_only_those_with_the_permission_vote(
    plein: OnDiscord, town: Server, anna: Person, voters: str, permission: str, called: str
) -> None:
    town.role("bestuur", [permission])
    els = town.member("els", roles=["bestuur"])
    board = await opened(plein, anna, "Een bank?", voters=voters)
    assert f"kunnen alleen {called} stemmen" in (await anna.presses(board, "Ja")).text
    assert "je koos Ja" in (await els.presses(board, "Ja")).text
    await plein.board("sport", "Ja: 1 stem", "1 persoon stemde")


async def test_members_are_those_who_were_there_when_it_opened(
    plein: OnDiscord, town: Server, anna: Person, ben: Person
) -> None:
    plein.double.clock.turn(60)
    board = await opened(plein, anna, "Een bank?", voters="members")
    plein.double.clock.turn(60)
    assert "you chose Ja" in (await ben.presses(board, "Ja")).text
    newcomer = town.member("nieuw")
    assert "kan alleen stemmen wie al aan dit thema meedeed" in (await newcomer.presses(board, "Ja")).text
    await plein.board("sport", "1 persoon stemde")


@pytest.mark.parametrize("where", ["there", "typed there", "in private"])
async def test_whoever_was_let_in_after_it_opened_is_no_member(
    plein: OnDiscord, town: Server, anna: Person, ben: Person, where: str
) -> None:
    """However long they are on the server: Discord says no more than that. Whom Plein saw there before is."""
    town.role("raad")
    town.channel("raad", only=["raad", "Plein"])
    for person in (anna, ben):
        town.give(person, "raad")
    eva = town.member("eva")
    plein.double.clock.turn(60)
    await ben.uses("raad", "poll list")
    plein.double.clock.turn(60)
    await anna.uses("raad", "poll open", question="Een bank?", option="Ja | Nee", voters="members")
    await plein.board("raad", "Een bank?")
    plein.double.clock.turn(60)
    town.give(eva, "raad")
    if where == "typed there":
        await eva.says("raad", f"<@{plein.double.bot.id}> stem 1 --peiling 1")
        said = (await eva.hears(eva.dm, "Een bank?")).text
    else:
        place = "raad" if where == "there" else eva.dm
        said = (await eva.uses(place, "vote", answer="1", poll=1)).text
    assert "kan alleen stemmen wie al aan dit thema meedeed" in said
    assert "you chose Ja" in (await ben.uses("raad", "vote", answer="1", poll=1)).text
    assert "je koos Ja" in (await anna.uses(anna.dm, "vote", answer="1", poll=1)).text
