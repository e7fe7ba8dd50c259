"""People as arguments: mentioned, named, asked back where several are meant, and suggested."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.call import Call
from bot.commands.catalogue import Commands
from bot.commands.declare import Command
from bot.commands.types import CONVERTERS
from bot.dispatch import Dispatch
from bot.model.events import Mention
from bot.model.message import Button, Message, Text, message, text
from bot.model.people import Identity, Resident, Role
from bot.people import RESIDENT
from bot.texts import Texts
from tests.doubles.platform import PLATFORM, Town, open_town, words_of


def thank(call: Call, who: Resident, why: str = "") -> Message:
    return message(Text("typed", {"words": f"{who.name} ({who.id}): {why}"}))


THANK = Command("test thank", thank, adds=True)
COMMANDS = Commands([THANK], Texts(), converters={**CONVERTERS, Resident: RESIDENT})


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    """Anna and two Bens take part in sport; Céline and the second Ben in music."""
    async with open_town(database_url) as town:
        for theme, people in (("sport", ("anna", "ben", "bén")), ("music", ("céline", "bén"))):
            await town.joined(theme, theme=theme)
            for name in people:
                await town.core.handle(town.asked(name, "!help", room=theme))
        yield town


@pytest.fixture
def dispatch(town: Town) -> Dispatch:
    return Dispatch(
        town.core.store,
        town.clock,
        COMMANDS,
        town.core.communities,
        town.core.features,
    )


async def number_of(town: Town, name: str) -> int:
    found = await town.core.store.run(lambda tx: tx.people.by_identity(Identity(PLATFORM, name)))
    assert found
    return found.id


async def said(
    dispatch: Dispatch, town: Town, words: str, who: str = "anna", *mentions: Mention, room: str | None = None
) -> str:
    answer = await dispatch.handle(replace(town.asked(who, words, room=room), mentions=mentions))
    return words_of(answer) if answer else ""


async def test_somebody_is_meant_by_name(dispatch: Dispatch, town: Town) -> None:
    celine = await number_of(town, "céline")
    assert await said(dispatch, town, '!test thank CELINE "voor de soep"', "bén") == (
        f"céline ({celine}): voor de soep"
    )
    assert await said(dispatch, town, "!test thank @celine", "bén") == f"céline ({celine}): "


async def test_only_people_of_a_shared_theme_are_known(dispatch: Dispatch, town: Town) -> None:
    assert "céline" in await said(dispatch, town, "!test thank céline voor alles")
    assert "niemand" in await said(dispatch, town, "!test thank céline voor alles")
    stranger = await number_of(town, "céline")
    assert "niemand" in await said(dispatch, town, f"!test thank resident:{stranger}")
    await town.core.store.run(lambda tx: tx.people.grant(Identity(PLATFORM, "anna"), Role.MODERATOR))
    assert await said(dispatch, town, "!test thank céline nu") == f"céline ({stranger}): nu"


async def test_of_two_of_one_name_is_asked_which(dispatch: Dispatch, town: Town) -> None:
    second = await number_of(town, "bén")
    question = await dispatch.handle(town.asked("anna", '!test thank Ben "voor de soep"'))
    assert question
    assert [button.label.values["name"] for button in question.buttons] == ["ben (1)", "bén (2)"]
    answer = await dispatch.handle(town.asked("anna", button=question.buttons[1]))
    assert answer
    assert words_of(answer) == f"bén ({second}): voor de soep"
    # Whichever is pressed then, it was done once.
    assert await dispatch.handle(town.asked("anna", button=question.buttons[0])) == answer
    assert await said(dispatch, town, '!test thank "ben (2)" nu') == f"bén ({second}): nu"


async def test_whoever_is_mentioned_is_known_from_then_on(dispatch: Dispatch, town: Town) -> None:
    dirk = Identity(PLATFORM, "dirk-77")
    mention = Mention("<@77>", dirk, "Dirk")
    answer = await said(dispatch, town, '!test thank <@77> "voor de stoelen"', "anna", mention)
    known = await town.core.store.run(lambda tx: tx.people.by_identity(dirk))
    assert known == Resident(known.id if known else 0, "Dirk")
    assert answer == f"Dirk ({known and known.id}): voor de stoelen"
    assert await town.core.store.run(lambda tx: tx.people.parts(known.id if known else 0)) == []
    # And is nobody new the second time.
    assert await said(dispatch, town, "!test thank <@77> nu", "ben", mention) == (
        f"Dirk ({known and known.id}): nu"
    )


async def test_what_only_looks_adds_nobody(town: Town) -> None:
    dirk = Identity(PLATFORM, "dirk-77")
    press = Button(text("typed"), "who is", {"person": "<@77>"})
    asked = replace(town.asked("anna", button=press), mentions=(Mention("<@77>", dirk, "Dirk"),))
    answer = await town.core.handle(asked)
    assert answer
    assert "Dirk gebruikte mij nog niet" in words_of(answer)
    assert await town.core.store.run(lambda tx: tx.people.by_identity(dirk)) is None


async def test_whoever_was_forgotten_is_added_by_nobody_else(dispatch: Dispatch, town: Town) -> None:
    dirk = Identity(PLATFORM, "dirk")
    await town.say("dirk", "!help")
    await town.say("dirk", "!me forget --sure")
    town.clock.turn(timedelta(minutes=1))
    thanked = await said(dispatch, town, "!test thank <@77> nu", "anna", Mention("<@77>", dirk, "Dirk"))
    assert "gebruikte mij nog niet" in thanked
    assert await town.core.store.run(lambda tx: tx.people.by_identity(dirk)) is None
    await town.say("dirk", "!help")
    answer = await said(dispatch, town, "!test thank <@77>", "anna", Mention("<@77>", dirk, "Dirk"))
    assert "dirk" in answer


async def test_what_goes_wrong_leaves_nobody_behind(dispatch: Dispatch, town: Town) -> None:
    dirk = Identity(PLATFORM, "dirk-77")
    await said(dispatch, town, "!test thank <@77> --nobody ever", "anna", Mention("<@77>", dirk, "Dirk"))
    assert await town.core.store.run(lambda tx: tx.people.by_identity(dirk)) is None


async def test_among_other_words_whoever_is_mentioned_is_called_by_name(
    dispatch: Dispatch, town: Town
) -> None:
    ben = await number_of(town, "ben")
    mention = Mention("<@77>", Identity(PLATFORM, "dirk-77"), "Dirk\u202e")
    assert await said(dispatch, town, '!test thank "ben (1)" "samen met <@77>"', "anna", mention) == (
        f"ben ({ben}): samen met Dirk\N{REPLACEMENT CHARACTER}"
    )
    # Nobody was meant by it.
    assert await town.core.store.run(lambda tx: tx.people.by_identity(mention.account)) is None
    await said(dispatch, town, "!test thank <@77>", "anna", mention)
    dirk = await town.core.store.run(lambda tx: tx.people.by_identity(mention.account))
    assert dirk
    assert dirk.name == "Dirk\N{REPLACEMENT CHARACTER}"


async def test_an_address_is_a_person(dispatch: Dispatch, town: Town) -> None:
    ben = await number_of(town, "ben")
    assert await said(dispatch, town, "!test thank ben nu", "céline") != f"ben ({ben}): nu"
    await town.core.store.run(lambda tx: tx.people.add(Identity("elsewhere", "@dirk:x"), "Dirk"))
    assert "niemand" in await said(dispatch, town, "!test thank @dirk:x nu")


async def test_people_are_suggested_by_names_that_nobody_else_has(dispatch: Dispatch, town: Town) -> None:
    asked = replace(town.asked("anna"), command="test thank")
    found = await dispatch.suggest(asked, "who", "be")
    assert [suggestion.value for suggestion in found] == ["ben (1)", "bén (2)"]
    assert await dispatch.suggest(asked, "who", "cél") == []


async def test_nobody_is_called_nothing(dispatch: Dispatch, town: Town) -> None:
    assert "niemand" in await said(dispatch, town, "!test thank @")
    assert "niemand" in await said(dispatch, town, "!test thank resident:0")


async def test_a_name_is_as_fresh_as_their_last_use(dispatch: Dispatch, town: Town) -> None:
    ben = await number_of(town, "ben")
    await dispatch.handle(replace(town.asked("ben", "!test thank anna"), name="Ben de bakker\u202e"))
    assert await said(dispatch, town, '!test thank "ben de bakker\N{REPLACEMENT CHARACTER}" nu') == (
        f"Ben de bakker\N{REPLACEMENT CHARACTER} ({ben}): nu"
    )
    assert "niemand" in await said(dispatch, town, '!test thank "ben (3)" nu')
    # One that was chosen stays.
    accounts = [Identity(PLATFORM, "ben")]
    await town.core.store.run(lambda tx: tx.people.link(accounts, "Bernard", None))
    await dispatch.handle(replace(town.asked("ben", "!test thank anna"), name="Ben"))
    assert await said(dispatch, town, "!test thank bernard nu") == f"Bernard ({ben}): nu"


async def test_whoever_uses_another_account_is_reached_there(dispatch: Dispatch, town: Town) -> None:
    elsewhere = Identity("elsewhere", "ben-too")
    await town.core.link([Identity(PLATFORM, "ben"), elsewhere])
    ben = await number_of(town, "ben")

    async def accounts() -> tuple[Identity, ...]:
        return (await town.core.store.run(lambda tx: tx.people.known([ben])))[ben].accounts

    assert (await accounts())[0] == Identity(PLATFORM, "ben")
    await dispatch.handle(replace(town.asked("ben", "!test thank anna"), author=elsewhere))
    assert (await accounts())[0] == elsewhere
