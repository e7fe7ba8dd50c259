"""Who switches the relay of a theme on and off, and what is said of that."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.features.polls.settings import PollsSettings
from bot.features.relay.records import RELAYS
from bot.features.relay.settings import RelaySettings
from bot.features.relay.switch import MOST
from bot.model.people import Identity, Place, Role
from bot.ports.storage import Transaction
from tests.doubles.carrier import Carrier
from tests.doubles.platform import PLATFORM, Town, open_town

MO, MIA = (Identity(PLATFORM, name) for name in ("mo", "mia"))


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    async with open_town(database_url, moderators=("mo",)) as town:
        town.configure(RelaySettings(on=True), PollsSettings(quiet=""))
        await town.core.serve(carrier := Carrier())
        town.platform = carrier
        await town.joined("a", "b")
        yield town


async def is_on(town: Town) -> bool:
    await town.core.run_due()
    return town.core.carries(Place(PLATFORM, "a"))


async def test_an_organiser_of_the_theme_switches_it_and_others_do_not(town: Town) -> None:
    assert "organiseert of modereert" in await town.say("mia", "!brug aan", room="a")
    assert not await is_on(town)
    await town.core.store.run(lambda tx: tx.people.grant(MIA, Role.ORGANISER))
    assert "is aan, tussen a (Test) en b (Test)" in await town.say("mia", "!brug aan", room="a")
    assert await is_on(town)
    assert town.platform.where("a")[0].startswith("Vanaf nu staat wat je hier zegt ook in b (Test)")
    assert town.platform.where("b")[0].startswith("Vanaf nu staat wat je hier zegt ook in a (Test)")
    shown = await town.say("ben", "!brug toon", room="b")
    assert "mia zette ze aan." in shown
    assert "a (Test): alles staat er." in shown
    assert "is uit" in await town.say("mo", "!brug uit", room="b")
    assert not await is_on(town)


async def test_what_is_asked_of_a_theme_that_others_do_not_see_is_answered_in_private(town: Town) -> None:
    """Whoever typed it is told which themes they know of, and whoever reads along is not."""
    for words in ("!brug aan", "!brug aan x", "!brug uit"):
        before = len(town.platform.where("a"))
        asked = replace(town.asked("mo", words, room="a"), by_post=True)
        await town.core.handle(asked)
        await town.core.run_due()
        said = [
            line for line in town.platform.where("a")[before:] if "Vanaf nu" not in line and "uit" not in line
        ]
        assert said == [], words
        assert town.platform.where("mo"), words


async def test_it_is_not_said_again_and_again(town: Town) -> None:
    await town.core.store.run(lambda tx: tx.people.grant(MIA, Role.ORGANISER))
    for number in range(MOST):
        assert "De brug van" in await town.say("mia", "!brug uit" if number % 2 else "!brug aan", room="a")
    assert f"al {MOST} keer" in await town.say("mia", "!brug aan", room="a")
    assert "is aan" in await town.say("mo", "!brug aan", room="a")


async def test_with_one_place_it_is_said_how_there_can_be_another(town: Town) -> None:
    await town.joined("alone", theme="alone")
    assert "onder `places` van dit thema" in await town.say("mo", "!brug aan", room="alone")

    def open_one(tx: Transaction) -> None:
        tx.places.attach(Place(PLATFORM, "alone"), tx.places.open_theme("Dammen").id)

    await town.core.store.run(open_one)
    assert "`!thema koppel Dammen`" in await town.say("mo", "!brug aan", room="alone")


async def test_an_archived_theme_has_none(town: Town) -> None:
    def close(closed: bool, tx: Transaction) -> None:
        known = tx.places.known(Place(PLATFORM, "a"))
        assert known
        tx.places.close_theme(known[0].id, closed=closed)

    await town.say("mo", "!brug aan", room="a")
    await town.core.store.run(lambda tx: close(True, tx))
    assert not await is_on(town)
    assert "is uit" in await town.say("mo", "!brug toon", room="a")
    assert "gearchiveerd" in await town.say("mo", "!brug aan", room="a")
    await town.core.store.run(lambda tx: close(False, tx))
    assert await is_on(town)


async def test_whoever_is_forgotten_switched_nothing_on(town: Town) -> None:
    await town.say("mo", "!brug aan", room="a")

    def forget(tx: Transaction) -> None:
        who = tx.people.by_identity(MO)
        assert who
        assert len(tx.of(RELAYS).export(who.id)["relays"]) == 1
        town.core.features.forget(tx, who.id, town.clock.now())

    await town.core.store.run(forget)
    assert await is_on(town)
    assert "zette ze aan" not in await town.say("ben", "!brug toon", room="a")


async def test_each_of_two_who_were_one_person_stays_out(town: Town) -> None:
    await town.say("ben", "hoi")
    assert "Wat je vanaf nu zegt, blijft" in await town.say("mia", "!mijn brug uit", room="a")
    brought = await town.linked("ben", "mia")
    assert "blijft wat je zegt" in await town.say("ben", "!mijn brug", room="a")
    await town.parted("mia", brought)
    for name in ("mia", "ben"):
        assert "blijft wat je zegt" in await town.say(name, "!mijn brug", room="a")
    assert "Wat je vanaf nu zegt, staat" in await town.say("mia", "!mijn brug aan", room="a")
    assert "blijft wat je zegt" in await town.say("ben", "!mijn brug", room="a")


async def test_a_yes_is_asked_of_each_room_and_ends_with_the_relay(town: Town) -> None:
    await town.core.encrypted(Place(PLATFORM, "a"))
    asked = await town.say("mo", "!brug aan", room="a")
    assert "Wat mensen zeggen in a (Test), is versleuteld" in asked
    assert not await is_on(town)
    await town.say("mo", "!brug aan --versleuteld", room="a")
    assert await is_on(town)
    assert town.platform.where("a")[0].startswith("Let op: wat je hier zegt, is versleuteld")
    assert town.platform.where("b")[0].startswith("Vanaf nu staat")
    await town.core.encrypted(Place(PLATFORM, "b"))
    assert not await is_on(town)
    asked = await town.say("mo", "!brug aan", room="a")
    assert "Wat mensen zeggen in b (Test), is versleuteld" in asked
    await town.say("mo", "!brug aan --versleuteld", room="a")
    assert await is_on(town)
    await town.say("mo", "!brug uit", room="a")
    asked = await town.say("mo", "!brug aan", room="a")
    assert "Wat mensen zeggen in a (Test) en b (Test), is versleuteld" in asked
