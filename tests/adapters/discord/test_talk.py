"""What is said to Plein, in private or behind its name, and in which language it answers."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3

import pytest

from bot.main.config import ThemeSection
from tests.doubles.discord import Discord, Message, Person, Server
from tests.on_discord import OnDiscord, next_weekday, opened, plein_on


@pytest.fixture
def called(double: Discord) -> str:
    """Plein's name, as it is typed in a channel."""
    return f"<@{double.bot.user.id}>"


def of_plein(double: Discord, who: Person, where: str = "sport") -> list[Message]:
    return [message for message in who.sees(where) if message.author is double.bot.user]


# --- in private ----------------------------------------------------------------------------------------


async def test_typed_in_private_it_is_answered_there(plein: OnDiscord, anna: Person, ben: Person) -> None:
    await opened(plein, anna, "Een bank?")
    await anna.says(anna.dm, "help")
    helped = await anna.hears(anna.dm, "Wat ik voor je kan doen")
    assert "/peiling open" in helped.text
    await anna.says(anna.dm, "stem 1 --peiling 1")
    voted = await anna.hears(anna.dm, "je koos Ja")
    assert voted.buttons == ["Trek mijn stem in", "Veranderen"]
    await plein.board("sport", "Ja: 1 stem")
    changed = await anna.presses(voted, "Trek mijn stem in")
    assert "je stem is ingetrokken" in changed.text
    asked = await anna.says(anna.dm, "stem op Ja")
    await anna.hears(anna.dm, "je koos Ja", after=asked)
    await anna.says(anna.dm, "stem groen")
    assert "“groen” is geen nummer" in (await anna.hears(anna.dm, "geen nummer")).text
    await anna.says(anna.dm, "dank je wel")
    await anna.hears(anna.dm, "Graag gedaan!")


async def test_what_is_unsure_behind_its_name_is_asked_back_in_private(
    plein: OnDiscord, called: str, anna: Person
) -> None:
    """The button under it holds a whole poll, which is more than a button can carry by itself."""
    moment = f"{next_weekday(plein)} 20u"
    await anna.says("sport", f"{called} peiling open {'Wanneer? ' * 12}| ja | nee --sluit {moment}")
    asked = await anna.hears(anna.dm, f"Wat bedoel je met “{moment}”?")
    opened = await anna.presses(asked, asked.buttons[-1])
    assert "staat open" in opened.text
    await plein.board("sport", "Wanneer? Wanneer?")


async def test_commands_in_private(double: Discord, database: str, town: Server, anna: Person) -> None:
    sport = ThemeSection(name="Sport", places=(f"discord:{town.channel('sport').id}",))
    async with plein_on(double, database, themes=[sport]) as plein:
        refused = await anna.uses(anna.dm, "peiling open", vraag="Een bank?", keuze="Ja | Nee", thema="Sport")
        assert "je doet er nog niet aan mee" not in refused.text
        assert "Je peiling “Een bank?” staat open." in refused.text
        board = await plein.board("sport", "Een bank?")
        await anna.presses(board, "Ja")
        mine = await anna.uses(anna.dm, "peiling mijn")
        assert "Jouw peilingen" in mine.text
        assert "jij opende ze, je koos Ja" in mine.text
        assert (
            "Een thema “Zwemmen” ken ik niet"
            in (await anna.uses(anna.dm, "peiling open", vraag="x", keuze="a | b", thema="Zwemmen")).text
        )
        assert (
            "hoort bij een thema"
            in (await anna.uses(anna.dm, "peiling open", vraag="Een boom?", keuze="a | b")).text
        )


async def test_who_does_not_see_a_channel_takes_no_part_in_its_theme(
    double: Discord, database: str, town: Server, anna: Person
) -> None:
    town.channel("bestuur", only=["bestuur"])
    secret = ThemeSection(name="Bestuur", places=(f"discord:{town.channel('bestuur').id}",))
    async with plein_on(double, database, themes=[secret]):
        said = await anna.uses(anna.dm, "peiling open", vraag="x", keuze="a | b", thema="Bestuur")
        assert "Een thema “Bestuur” ken ik niet" in said.text
        assert await anna.completes(anna.dm, "peiling open", "thema") == []


# --- in a channel ----------------------------------------------------------------------------------------


async def test_behind_its_name_it_is_answered_in_private(plein: OnDiscord, anna: Person, called: str) -> None:
    await opened(plein, anna, "Een bank?")
    await anna.says("sport", f"{called} stem 2")
    await anna.hears(anna.dm, "je koos Nee")
    await plein.board("sport", "Nee: 1 stem")
    await anna.says("sport", called)
    await anna.hears(anna.dm, "Wat ik voor je kan doen")
    assert len(of_plein(plein.double, anna)) == 2  # the board, and that it was opened


async def test_what_others_saw_is_no_vote_in_a_hidden_poll(
    plein: OnDiscord, anna: Person, called: str
) -> None:
    await opened(plein, anna, "Een bank?", results="closed")
    await anna.says("sport", f"{called} stem 2")
    asked = await anna.hears(anna.dm, "konden anderen zien")
    assert asked.buttons == ["Ja", "Nee"]
    assert "je koos Nee" in (await anna.presses(asked, "Nee")).text
    await plein.board("sport", "1 persoon stemde")


async def test_what_people_say_to_each_other_is_neither_answered_nor_kept(
    double: Discord, database: str, town: Server, anna: Person, ben: Person, called: str
) -> None:
    async with plein_on(double, database) as plein:
        await opened(plein, anna, "Een bank?")
        said = len(of_plein(double, anna))
        for words in ("help geheim1", "!stem 1 geheim2", f"vraag het aan {called} geheim3"):
            await anna.says("sport", words)
    # And while Plein is away.
    carla = town.member("carla")
    await carla.says("sport", "stem 2 geheim4")
    async with plein_on(double, database) as plein:
        await ben.says("sport", f"{called} help")
        await ben.hears(ben.dm, "Wat ik voor je kan doen")
        await plein.board("sport", "Nog niemand stemde.")
        assert len(of_plein(double, anna)) == said
        assert anna.sees(anna.dm) == carla.sees(carla.dm) == []
    with contextlib.closing(sqlite3.connect(database.removeprefix("sqlite:///"))) as db:
        kept = "\n".join(db.iterdump())
    assert "geheim" not in kept


async def test_what_was_said_while_plein_was_away_is_answered_once(
    double: Discord, database: str, anna: Person, ben: Person, called: str
) -> None:
    async with plein_on(double, database) as plein:
        await opened(plein, anna, "Een bank?")
        await anna.says(anna.dm, "help")
        await anna.hears(anna.dm, "Wat ik voor je kan doen")
        await anna.presses(await plein.board("sport", "Een bank?"), "Nee")
        await plein.board("sport", "Nee: 1 stem")
    await anna.says(anna.dm, "stem 1 --peiling 1")
    await ben.says("sport", f"{called} stem 1")
    for _ in range(2):
        async with plein_on(double, database) as plein:
            await ben.hears(ben.dm, "je koos Ja")
            await anna.hears(anna.dm, "nu Ja")
            await plein.board("sport", "Ja: 2 stemmen")
    assert len([message for message in ben.sees(ben.dm) if message.author is double.bot.user]) == 1


async def test_the_history_is_read_though_a_first_attempt_fails(
    double: Discord, database: str, anna: Person
) -> None:
    async with plein_on(double, database):
        await anna.says(anna.dm, "help")
        await anna.hears(anna.dm, "Wat ik voor je kan doen")
    await anna.says(anna.dm, "peiling lijst")
    double.faults.drop("GET /channels/{channel_id}/messages", times=2)
    async with plein_on(double, database):
        await anna.hears(anna.dm, "Er loopt nu geen peiling")


async def test_a_vote_of_while_plein_was_away_is_read_before_the_poll_closes(
    double: Discord, database: str, anna: Person, ben: Person, called: str
) -> None:
    async with plein_on(double, database) as plein:
        await anna.presses(await opened(plein, anna, "Een bank?", closes="1d"), "Nee")
        await plein.board("sport", "Nee: 1 stem")
    await ben.says("sport", f"{called} stem 2")
    double.clock.turn(86_401)
    history = double.faults.hold("GET /channels/{channel_id}/messages")
    async with plein_on(double, database, ready=False) as plein:
        await history.reached.wait()
        caught_up = asyncio.create_task(plein.adapter.caught_up())
        # It can be talked to meanwhile.
        await anna.uses("sport", "peiling mijn")
        assert not caught_up.done()
        history.release()
        await caught_up
        await plein.turn(1)
        await plein.board("sport", "Gesloten: Een bank?", "Nee haalt het, met 2 stemmen.")


async def test_nothing_need_be_switched_on_for_plein(
    double: Discord, database: str, anna: Person, called: str
) -> None:
    double.bot.privileged = 0
    async with plein_on(double, database) as plein:
        await opened(plein, anna, "Een bank?")
        await anna.says("sport", "stem 1")
        await anna.says("sport", f"{called} stem 2")
        await anna.hears(anna.dm, "je koos Nee")
        await anna.says(anna.dm, "stem 1 --peiling 1")
        await anna.hears(anna.dm, "nu Ja")


async def test_a_thread_belongs_to_its_channel(
    plein: OnDiscord, town: Server, anna: Person, called: str
) -> None:
    board = await opened(plein, anna, "Een bank?")
    thread = anna.begins("sport", "over de bank")
    assert "je koos Ja" in (await anna.uses(thread, "stem", antwoord="1")).text
    await plein.board("sport", "Ja: 1 stem")
    await anna.says(thread, f"{called} stem 2")
    await anna.hears(anna.dm, "nu Nee")
    assert await plein.board("sport", "Nee: 1 stem") is board
    await anna.uses(thread, "peiling open", vraag="Een boom?", keuze="Ja | Nee")
    await plein.board("sport", "Een boom?")


# --- in their language --------------------------------------------------------------------------------------


async def test_mistakes_are_told_to_that_person_in_their_language(
    plein: OnDiscord, town: Server, anna: Person, ben: Person
) -> None:
    await opened(plein, anna, "Een bank?")
    american = town.member("carla", locale="en-US")
    pole = town.member("darek", locale="pl")
    for person, words in (
        (anna, "Een peiling met nummer 99 is er voor jou niet"),
        (ben, "There is no poll number 99"),
        (american, "There is no poll number 99"),
        (pole, "Een peiling met nummer 99 is er voor jou niet"),
    ):
        said = await person.uses("sport", "poll show", poll=99)
        assert said.ephemeral
        assert words in said.text
    assert not any("er 99" in message.text for message in anna.sees("sport") if not message.ephemeral)


async def test_a_language_that_was_chosen_goes_before_that_of_the_app(
    plein: OnDiscord, anna: Person, ben: Person
) -> None:
    board = await opened(plein, anna, "Een bank?")
    assert "Vanaf nu praat ik Nederlands" in (await ben.uses("sport", "language", language="nl")).text
    assert "je koos Ja" in (await ben.presses(board, "Ja")).text
    assert "is er voor jou niet" in (await ben.uses("sport", "poll show", poll=99)).text
    await ben.says(ben.dm, "help")
    await ben.hears(ben.dm, "Wat ik voor je kan doen")
