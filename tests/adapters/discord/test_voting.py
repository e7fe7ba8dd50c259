"""Voting: by a button, a list, a form or a typed word; one ballot a person, whichever way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, cast

import pytest
from sqlalchemy import select

from bot.main.config import ResidentSection, ThemeSection
from bot.ports.storage import Transaction
from storage.tables import handled
from storage.unit import Tx
from tests.doubles.discord import Discord, Message, Person, Server
from tests.doubles.discord.looks import all_components
from tests.on_discord import OnDiscord, opened, plein_on

MONTH = 31 * 86_400
CHANGE, WITHDRAW = "Veranderen", "Trek mijn stem in"


def list_of(message: Message) -> str:
    """The custom_id of its list to choose from."""
    return next(
        str(component["custom_id"])
        for component in all_components(message.components)
        if component.get("options")
    )


def chosen_in(field: Mapping[str, Any]) -> list[str]:
    """What a list in a form has chosen in it already."""
    return [option["value"] for option in field["options"] if option.get("default")]


# --- buttons and lists ---------------------------------------------------------------------------


async def test_a_vote_is_a_press(plein: OnDiscord, anna: Person, ben: Person) -> None:
    board = await opened(plein, anna, "Een bank?")
    voted = await ben.presses(board, "Nee")
    assert voted.ephemeral
    assert "“Een bank?”: you chose Nee." in voted.text
    assert voted.buttons == ["Withdraw my vote", "Change"]
    await plein.board("sport", "Een bank?", "Nee: 1 stem", "1 persoon stemde")


async def test_each_of_twenty_options_has_its_button(plein: OnDiscord, anna: Person) -> None:
    names = [f"Plek {number}" for number in range(1, 21)]
    board = await opened(plein, anna, "Waar?", " | ".join(names))
    assert board.buttons == names
    assert "je koos Plek 1." in (await anna.presses(board, "Plek 1")).text
    assert "je koos eerst Plek 1, nu Plek 20." in (await anna.presses(board, "Plek 20")).text
    await plein.board("sport", "20. Plek 20: 1 stem", "1. Plek 1: 0 stemmen")


async def test_several_are_chosen_from_a_list_in_one_go(plein: OnDiscord, anna: Person, ben: Person) -> None:
    board = await opened(plein, anna, "Wat is goed?", "Bank | Boom | Beeld", kind="approval")
    voted = await ben.chooses(board, list_of(board), ["Bank", "Beeld"])
    assert "you chose Bank and Beeld" in voted.text
    changed = await ben.chooses(board, list_of(board), ["Boom"])
    assert "you first chose Bank and Beeld, now Boom" in changed.text
    # The buttons turn over one of them, and the list says it all.
    assert "now Bank and Boom" in (await ben.presses(board, "Bank")).text
    await plein.board("sport", "Bank: 1 stem", "Boom: 1 stem", "Beeld: 0 stemmen", "1 persoon stemde")


async def test_a_list_takes_no_more_than_may_be_chosen(plein: OnDiscord, anna: Person) -> None:
    board = await opened(plein, anna, "Welke twee?", "Bank | Boom | Beeld", choices=2)
    assert "Kies er hoogstens 2." in board.text
    with pytest.raises(AssertionError, match="1 to 2 are to be chosen"):
        await anna.chooses(board, list_of(board), ["Bank", "Boom", "Beeld"])
    await anna.chooses(board, list_of(board), ["Bank", "Boom"])
    said = await anna.presses(board, "Beeld")
    assert "Je kan er hoogstens 2 kiezen" in said.text
    await plein.board("sport", "Bank: 1 stem", "Beeld: 0 stemmen")


async def test_twenty_options_leave_room_for_a_list(plein: OnDiscord, anna: Person) -> None:
    names = [f"Plek {number}" for number in range(1, 21)]
    board = await opened(plein, anna, "Waar?", " | ".join(names), kind="approval")
    await anna.chooses(board, list_of(board), names)
    await plein.board("sport", "1. Plek 1: 1 stem", "20. Plek 20: 1 stem")


# --- forms -----------------------------------------------------------------------------------------


async def test_ranks_are_pressed_or_given_in_a_form(plein: OnDiscord, anna: Person, ben: Person) -> None:
    board = await opened(plein, anna, "Wat eerst?", "Bank | Boom | Beeld", kind="ranked")
    asked = await anna.presses(board, "Zet in volgorde")
    order = {"Plaats 1": "Beeld", "Plaats 2": "Bank", "Plaats 3": "Boom"}
    assert "je koos Beeld op 1, Bank op 2 en Boom op 3" in (await anna.submits(asked, order)).text
    # Whoever opens it on the board finds their own order in it.
    again = await anna.presses(board, "Zet in volgorde")
    assert again.modal
    assert chosen_in(again.modal.fields["0"]) == ["3"]
    assert "je koos Beeld op 1, Bank op 2 en Boom op 3" in (await anna.submits(again)).text
    for name in ("Beeld", "Boom"):
        pressed = await ben.presses(board, name)
    assert "Now: Beeld in place 1 and Boom in place 2." in pressed.text
    assert "Not ranked yet, so at the end: Bank." in pressed.text
    await plein.board("sport", "2 mensen stemden", "3. Beeld: wint 2 duels van de 2")


async def test_a_wrong_order_is_asked_again_with_what_was_typed(plein: OnDiscord, anna: Person) -> None:
    board = await opened(plein, anna, "Wat eerst?", "Bank | Boom | Beeld | Boek | Bos | Bad", kind="ranked")
    asked = await anna.presses(board, "Zet in volgorde")
    assert asked.modal
    assert asked.modal.data["components"][0]["content"].startswith("1\\. Bank\n2\\. Boom\n3\\. Beeld")
    wrong = await anna.submits(asked, {"0": "3 3 2"})
    assert wrong.ephemeral
    assert "Beeld staat twee keer in je volgorde" in wrong.text
    again = await anna.presses(wrong.message, "Zet in volgorde")
    assert again.modal
    assert again.modal.fields["0"]["value"] == "3 3 2"
    voted = await anna.submits(again, {"0": "3 1 2 4 5 6"})
    assert voted.updated
    assert "je koos Beeld op 1" in voted.text


async def test_scores_are_chosen_in_a_form(plein: OnDiscord, anna: Person) -> None:
    board = await opened(plein, anna, "Hoe goed?", "Bank | Boom", kind="score")
    asked = await anna.presses(board, "Geef cijfers")
    assert asked.modal
    assert [field["label"] for field in asked.modal.fields.values()] == ["Bank", "Boom"]
    voted = await anna.submits(asked, {"Bank": "5", "Boom": "2"})
    assert "je koos Bank: 5 en Boom: 2" in voted.text
    # What stands is in the form when it is opened again.
    changing = await anna.presses(voted.message, CHANGE)
    again = await anna.presses(changing.message, "Geef cijfers")
    assert again.modal
    assert chosen_in(again.modal.fields["0"]) == ["5"]
    changed = await anna.submits(again, {"Boom": "4"})
    assert "Zo stem je nu:\nBank: 5\nBoom: 4 (eerst 2)" in changed.text
    await plein.board("sport", "Boom: 4 punten")


async def test_whoever_opens_the_boards_form_finds_their_own_scores(
    plein: OnDiscord, anna: Person, ben: Person
) -> None:
    board = await opened(plein, anna, "Hoe goed?", "Bank | Boom", kind="score")
    await anna.submits(await anna.presses(board, "Geef cijfers"), {"Bank": "5", "Boom": "2"})
    for who, chosen in ((anna, ["5"]), (ben, [])):
        asked = await who.presses(board, "Geef cijfers")
        assert asked.modal
        assert chosen_in(asked.modal.fields["0"]) == chosen
    changed = await anna.submits(await anna.presses(board, "Geef cijfers"), {"Boom": "4"})
    assert "Zo stem je nu:\nBank: 5\nBoom: 4 (eerst 2)" in changed.text
    await plein.board("sport", "Boom: 4 punten", "1 persoon stemde")


async def test_many_scores_are_picked_score_by_score(plein: OnDiscord, anna: Person) -> None:
    board = await opened(plein, anna, "Hoe goed?", "A | B | C | D | E | F", kind="score")
    asked = await anna.presses(board, "Geef cijfers")
    assert asked.modal
    labels = [field["label"] for field in asked.modal.fields.values()]
    assert labels == [f"Deze krijgen {score}" for score in (5, 4, 3, 2, 1)]
    twice = await anna.submits(asked, {"Deze krijgen 5": ["A", "B"], "Deze krijgen 2": ["B"]})
    assert "Je duidde B twee keer aan." in twice.text
    asked = await anna.presses(board, "Geef cijfers")
    await anna.submits(asked, {"Deze krijgen 5": ["A", "B"], "Deze krijgen 2": ["E"]})
    await plein.board("sport", "1. A: 5 punten", "2. B: 5 punten", "5. E: 2 punten", "6. F: 0 punten")
    again = await anna.presses(board, "Geef cijfers")
    assert again.modal
    assert [chosen_in(field) for field in again.modal.fields.values()] == [
        ["1:5", "2:5"],
        [],
        [],
        ["5:2"],
        [],
    ]


async def test_dates_are_answered_in_a_form(plein: OnDiscord, anna: Person, ben: Person) -> None:
    now = plein.core.clock.now()
    days = [(now + timedelta(days=days)).strftime("%Y-%m-%dT20:00+00:00") for days in (20, 21)]
    board = await opened(plein, anna, "Wanneer?", " | ".join(days), kind="dates")
    second = board.buttons[1]
    asked = await ben.presses(board, "Zeg wanneer je kan")
    assert asked.modal
    first_day, second_day = [field["label"] for field in asked.modal.fields.values()]
    voted = await ben.submits(asked, {first_day: "If need be", second_day: "Yes"})
    assert ": if need be" in voted.text
    await anna.presses(board, second)
    await plein.board("sport", ": 1 desnoods", ": 2 ja")


async def test_who_objects_is_asked_why(plein: OnDiscord, anna: Person, ben: Person) -> None:
    await anna.uses("sport", "poll open", question="Een bank in het park", kind="consent")
    board = await plein.board("sport", "Een bank in het park")
    assert board.buttons == ["Akkoord", "Onthouding", "Bezwaar"]
    await anna.presses(board, "Akkoord")
    asked = await ben.presses(board, "Bezwaar")
    assert asked.modal
    assert asked.modal.title == "Say why you object"
    voted = await ben.submits(asked, {"Your reason": "Te duur.\nEn te ver."})
    assert voted.ephemeral
    assert "Te duur." in voted.text
    await plein.board("sport", "Akkoord: 1", "Bezwaar: 1", "Bezwaar: “Te duur.")
    too_long = await ben.submits(await ben.presses(board, "Bezwaar"), {"Your reason": "o" * 300})
    assert "Your reason has 300 characters and 280 fit" in too_long.text
    again = await ben.presses(too_long.message, "Say why you object")
    assert again.modal
    assert again.modal.fields["0"]["value"] == "o" * 300


# --- in an anonymous poll ---------------------------------------------------------------------------


def events_of(person: Person) -> Callable[[Transaction], list[str]]:
    """What of their doing has a row of its own."""
    mine = select(handled.c.id).where(handled.c.author == f"discord:{person.id}")
    return lambda tx: cast(Tx, tx).db.execute(mine).scalars()


async def test_who_objects_to_a_secret_proposal_leaves_no_more_than_others(
    plein: OnDiscord, anna: Person, ben: Person
) -> None:
    board = await opened(plein, anna, "Een bank in het park", "", kind="consent", anonymous=True)
    before = await plein.core.store.run(events_of(anna))
    assert "je stem is binnen" in (await anna.presses(board, "Akkoord")).text
    asked = await ben.presses(board, "Bezwaar")
    assert asked.modal
    assert asked.modal.fields["0"]["max_length"] == 280
    assert "your vote is in" in (await ben.submits(asked, {"Your reason": "Te duur. " * 30})).text
    for person, events in ((anna, before), (ben, [])):
        assert await plein.core.store.run(events_of(person)) == events
    await plein.board("sport", "2 mensen stemden.")
    await anna.uses("sport", "peiling sluit", peiling=1, zeker=True)
    await plein.board("sport", "Akkoord: 1", "Bezwaar: 1", "Bezwaar: “Te duur. Te duur.")


async def test_several_are_chosen_in_secret_in_one_go(plein: OnDiscord, anna: Person, ben: Person) -> None:
    """A button opens the form of the whole ballot: it adds nothing to what nobody can see."""
    board = await opened(plein, anna, "Wat is goed?", "Bank | Boom | Beeld", kind="approval", anonymous=True)
    assert "your vote is in" in (await ben.chooses(board, list_of(board), ["Boom"])).text
    asked = await ben.presses(board, "Bank")
    assert asked.modal
    # They voted already, and what is nowhere kept cannot stand in it.
    assert asked.modal.data["components"][0]["content"].startswith("Anonymous: what you chose before")
    assert chosen_in(asked.modal.fields["0"]) == []
    assert "your vote is in" in (await ben.submits(asked, {"0": ["Bank", "Beeld"]})).text
    assert await plein.core.store.run(events_of(ben)) == []
    await anna.uses("sport", "peiling sluit", peiling=1, zeker=True)
    await plein.board("sport", "Bank: 1 stem", "Boom: 0 stemmen", "Beeld: 1 stem", "1 persoon stemde")


async def test_a_secret_form_is_found_again_though_nothing_of_it_is_kept(
    plein: OnDiscord, anna: Person, ben: Person
) -> None:
    await opened(plein, anna, "Hoe goed?", "Bank | Boom", kind="score", anonymous=True)
    wrong = await ben.uses("sport", "vote", answer="9 9", poll=1)
    asked = await ben.presses(wrong.message, "Give scores")
    assert asked.modal
    await anna.uses("sport", "peiling sluit", peiling=1, zeker=True)
    late = await ben.submits(asked, {"Bank": "5", "Boom": "2"})
    assert "closed" in late.text


# --- receipts ---------------------------------------------------------------------------------------


async def test_a_receipt_changes_and_takes_back_in_its_own_place(plein: OnDiscord, anna: Person) -> None:
    board = await opened(plein, anna, "Een bank?")
    receipt = await anna.presses(board, "Ja")
    shown = await anna.presses(receipt.message, CHANGE)
    assert shown.updated
    assert "Jij koos Ja." in shown.text
    changed = await anna.presses(shown.message, "Nee")
    assert changed.updated
    assert "je koos eerst Ja, nu Nee" in changed.text
    withdrawn = await anna.presses(changed.message, WITHDRAW)
    assert withdrawn.updated
    assert "je stem is ingetrokken" in withdrawn.text
    assert withdrawn.buttons == []
    await plein.board("sport", "Nog niemand stemde.")
    # Its own place, and the opening.
    assert len([message for message in anna.sees("sport") if message.ephemeral]) == 2


async def test_one_ballot_a_person_whichever_way_it_was_cast(
    plein: OnDiscord, town: Server, anna: Person
) -> None:
    board = await opened(plein, anna, "Wat?", "Bank | Boom | Beeld", kind="approval")
    await anna.presses(board, "Bank")
    await anna.chooses(board, list_of(board), ["Boom"])
    await anna.uses("sport", "stem", antwoord="3")
    await anna.says("sport", f"<@{town.discord.bot.user.id}> stem 1 2")
    await anna.hears(anna.dm, "nu Bank en Boom")
    await plein.board("sport", "Bank: 1 stem", "Boom: 1 stem", "Beeld: 0 stemmen", "1 persoon stemde")


async def test_a_vote_that_came_in_twice_counts_once(plein: OnDiscord, anna: Person) -> None:
    """Another press would take it back."""
    board = await opened(plein, anna, "Wat?", "Bank | Boom", kind="approval")
    plein.double.faults.events.duplicate("INTERACTION_CREATE")
    assert "je koos Bank" in (await anna.presses(board, "Bank")).text
    await plein.board("sport", "Bank: 1 stem", "1 persoon stemde")


async def test_a_form_that_came_in_twice_counts_once(plein: OnDiscord, anna: Person) -> None:
    board = await opened(plein, anna, "Hoe goed?", "Bank | Boom", kind="score")
    asked = await anna.presses(board, "Bank")
    plein.double.faults.events.duplicate("INTERACTION_CREATE")
    voted = await anna.submits(asked, {"Bank": "5", "Boom": "2"})
    assert "je koos Bank: 5 en Boom: 2" in voted.text
    assert len(voted.messages) == 1
    await plein.board("sport", "Bank: 5 punten", "Boom: 2 punten", "1 persoon stemde")


async def test_two_accounts_of_one_person_count_once(
    double: Discord, database: str, anna: Person, town: Server
) -> None:
    at_work = town.member("anna-op-het-werk")
    both = ResidentSection(name="Anna", accounts=(f"discord:{anna.id}", f"discord:{at_work.id}"))
    async with plein_on(double, database, residents=[both]) as plein:
        board = await opened(plein, anna, "Een bank?")
        await anna.presses(board, "Ja")
        assert "je koos eerst Ja, nu Nee" in (await at_work.presses(board, "Nee")).text
        await plein.board("sport", "Ja: 0 stemmen", "Nee: 1 stem", "1 persoon stemde")


async def test_one_theme_in_two_channels_is_one_poll(
    double: Discord, database: str, town: Server, anna: Person, ben: Person
) -> None:
    places = tuple(f"discord:{town.channel(name).id}" for name in ("sport", "zwemmen"))
    async with plein_on(double, database, themes=[ThemeSection(name="Sport", places=places)]) as plein:
        await opened(plein, anna, "Een bank?")
        await anna.presses(await plein.board("sport", "Een bank?"), "Ja")
        await ben.presses(await plein.board("zwemmen", "Een bank?"), "Nee")
        for channel in ("sport", "zwemmen"):
            await plein.board(channel, "Ja: 1 stem", "Nee: 1 stem", "2 mensen stemden")


# --- later -------------------------------------------------------------------------------------------


async def test_buttons_still_work_a_month_and_a_restart_later(
    double: Discord, database: str, anna: Person, ben: Person
) -> None:
    async with plein_on(double, database) as plein:
        board = await opened(plein, anna, "Een bank?", closes="60d")
        ranked = await opened(plein, anna, "Wat eerst?", "Bank | Boom", kind="ranked", closes="60d")
        receipt = await ben.presses(board, "Ja")
    async with plein_on(double, database) as plein:
        await plein.turn(MONTH)
        assert "now Nee" in (await ben.presses(board, "Nee")).text
        assert "withdrawn" in (await ben.presses(receipt.message, "Withdraw my vote")).text
        assert "je koos Ja" in (await anna.presses(board, "Ja")).text
        asked = await anna.presses(ranked, "Zet in volgorde")
        order = {"Plaats 1": "Boom", "Plaats 2": "Bank"}
        assert "je koos Boom op 1" in (await anna.submits(asked, order)).text
        await plein.board("sport", "Ja: 1 stem", "Nee: 0 stemmen")


async def test_a_press_too_late_says_so(plein: OnDiscord, anna: Person, ben: Person) -> None:
    board = await opened(plein, anna, "Een bank?", closes="1d")
    plein.double.clock.turn(86_401)
    late = await ben.presses(board, "Ja")
    assert late.ephemeral
    assert "“Een bank?” has already closed" in late.text
    await plein.turn(1)
    await plein.board("sport", "Niemand stemde.")
