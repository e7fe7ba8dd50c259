"""Thanks in a theme that whoever is thanked does not see, or is not in any more."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from bot.errors import TryLater
from bot.features.kudos.records import KUDOS
from bot.model.events import Mention, Reacted, Remark
from bot.model.message import Button, text
from bot.model.people import Identity
from tests.doubles.platform import PLATFORM, Town, open_town

HANDS = "\N{PERSON WITH FOLDED HANDS}"


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    """Anna and Ben are in sport; Anna alone sees what stands in kelder, and what it is called."""
    async with open_town(database_url, moderators=("mia",)) as town:
        await town.joined("sport")
        await town.joined("kelder", theme="Klachten")
        for who in ("anna", "ben"):
            await town.say(who, "!help")
            await town.say(who, "!help", room=None)
        await town.say("anna", "!help", room="kelder")
        town.clock.turn(timedelta(days=8))
        yield town


async def settle(town: Town) -> None:
    for _ in range(3):
        await town.core.run_due()
        town.clock.turn(timedelta(seconds=3))


async def file_of(town: Town, name: str) -> str:
    """All that is kept of them, as they read it."""
    who = await town.core.store.run(lambda tx: tx.people.by_identity(Identity(PLATFORM, name)))
    assert who
    return repr({table: [*rows] for table, rows in (await town.core.export(who.id)).items()})


async def test_whoever_is_not_there_hears_of_it_without_which_theme_that_is(town: Town) -> None:
    await town.say("anna", '!bedankt "ben" "voor de taart"', room="kelder")
    await settle(town)
    (told,) = (said for said in town.platform.where("ben") if "taart" in said)
    assert "bedankt je: “voor de taart”" in told
    assert "Klachten" not in told


async def test_of_a_message_there_they_read_no_link(town: Town) -> None:
    author = Mention("@ben", Identity(PLATFORM, "ben"), "ben")
    about = Remark("$1", town.clock.now(), "https://chat.example/kelder/1", author)
    asked = replace(
        town.asked("anna", room="kelder"),
        reacted=Reacted(HANDS, True),
        about=about,
        by_post=True,
        public=True,
    )
    await town.core.handle(asked)
    await settle(town)
    assert "chat.example" not in "".join(town.platform.where("ben"))
    assert "voor een bericht" in await town.say("ben", "!bedankje mijn", room=None)
    assert "chat.example" not in await town.say("ben", "!bedankje mijn", room=None)


async def test_whoever_is_not_there_says_nothing_there_by_thanking_back(town: Town) -> None:
    await town.say("anna", '!bedankt "ben" "voor de taart"', room="kelder")
    answer = await town.say("ben", '!bedankje terug 1 "woorden van buiten"', room=None)
    assert "bedankte" not in answer
    assert await town.core.store.run(lambda tx: tx.of(KUDOS).get(2)) is None


async def test_a_moment_that_another_server_made_up_is_no_other_day(town: Town) -> None:
    """Whoever says so chooses it: on which day it is counted is for Plein to say."""
    for days in range(3):
        said = town.asked("anna", '!bedankt "ben" "voor de taart"')
        answer = await town.core.handle(replace(said, at=town.clock.now() - timedelta(days=days)))
        assert answer
        assert (answer.lines[0].key == "kudos.given") is (days == 0)


async def test_nor_does_their_file_say_which_while_it_is_to_be_said_anew(town: Town) -> None:
    await town.say("zoe", "!help", room="kelder")
    await town.say("mia", "!help", room="kelder")
    await town.say("anna", '!bedankt "ben" "voor de taart van zoe"', room="kelder")
    await settle(town)
    await town.say("zoe", "!vergeet mij --zeker", room=None)
    await settle(town)
    assert "Klachten" not in await file_of(town, "ben")
    town.platform.trouble["ben"] = [TryLater(5)] * 500
    blank = Button(text("typed"), "kudos blank", {"kudos": 1})
    done = await town.core.handle(town.asked("mia", button=blank, room="kelder"))
    assert done
    assert done.lines[0].key == "kudos.blanked.done"
    await settle(town)
    assert "Klachten" not in await file_of(town, "ben")


@pytest.mark.parametrize("done", ["meeting:abc", "meeting:²", f"offer:{'9' * 25}", "meeting:1:2", "x", ":"])
async def test_what_a_button_says_was_done_and_is_nothing_is_answered_kindly(town: Town, done: str) -> None:
    pressed = town.asked("anna", button=Button(text("typed"), "kudos done", {"done": done}))
    answer = await town.core.handle(pressed)
    assert answer
    assert answer.lines[0].key == "kudos.done.unknown"


def about(what: str, done: str, number: int) -> Button:
    return Button(text("typed"), what, {done: number if done != "done" else f"meeting:{number}"})


@pytest.mark.parametrize(
    "press",
    [
        partial(about, "kudos claim", "kudos"),
        partial(about, "kudos blank", "kudos"),
        partial(about, "kudos done", "done"),
    ],
)
async def test_what_their_platform_is_asked_tells_no_number_from_another(
    town: Town, press: Callable[[int], Button]
) -> None:
    """1 is read alone, 2 is in a theme elsewhere and as a meeting was held there, 77 is nowhere."""
    await fill(town)
    assert len({await asked_for(town, press(number)) for number in (1, 2, 77)}) == 1


@pytest.mark.parametrize(
    "typed", ["bedankje claim {}", "kudos remove {} --why zomaar", 'kudos group {} "voor de avond"']
)
async def test_nor_where_it_is_typed(town: Town, typed: str) -> None:
    await fill(town)
    assert len({await asked_for(town, f"!{typed.format(number)}") for number in (1, 2, 77)}) == 1


async def fill(town: Town) -> None:
    await town.say("mia", "!help", room="kelder")
    await town.say("anna", "!bedankje instellingen privé", room=None)
    await town.say("mia", '!bedankt "anna" "voor de soep"', room="kelder")
    await town.say("anna", '!bedankt "ben" "voor de taart"', room="kelder")
    for title in ("Een", "Twee"):
        plan = f'!bijeenkomst plan "{title}" "9 december 20u" --plaats Kelder --herinner geen'
        asked = await town.core.handle(town.asked("mia", plan, room="kelder"))
        assert asked
        if asked.buttons:
            await town.core.handle(town.asked("mia", button=asked.buttons[0], room="kelder"))
        if title == "Twee":
            await town.say("anna", "!kom ja --bijeenkomst 2", room="kelder")
    town.clock.turn(timedelta(days=12))
    await settle(town)


async def asked_for(town: Town, what: str | Button) -> tuple[tuple[tuple[str, ...], ...], str]:
    """Which places their platform was asked about, and what they hear, whatever the number."""
    town.platform.asked.clear()
    typed, button = (what, None) if isinstance(what, str) else (None, what)
    answer = await town.core.handle(town.asked("ben", typed, button=button))
    assert answer
    return tuple(places for _, places in town.platform.asked), answer.words[0].key


async def test_what_one_person_reads_alone_is_there_for_nobody_who_claims_it(town: Town) -> None:
    await town.say("anna", "!bedankje instellingen privé", room=None)
    await town.say("ben", '!bedankt "anna" "voor de soep"')
    heard = [await town.say("cas", f"!bedankje claim {number}") for number in (1, 2)]
    await town.say("ben", "!bedankje intrekken 1", room=None)
    heard.append(await town.say("cas", "!bedankje claim 1"))
    assert heard[0] == heard[2] == heard[1].replace("bedankje 2", "bedankje 1")
