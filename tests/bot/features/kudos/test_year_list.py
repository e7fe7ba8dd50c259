"""The list of a year: who wants to be on it and had a week to come off, with themes that its reader sees."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest

from bot.errors import Gone
from bot.model.events import Invocation
from bot.model.message import Button, Message, text
from bot.model.people import Identity, Place, Role
from bot.texts import Voice
from tests.chat import BRUSSELS, NOW
from tests.doubles.platform import PLATFORM, Town, open_town, words_of

WEEK = timedelta(days=7)
HIDDEN = "Schuldhulp in stilte"
NUMBERS = count()


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    """Olga organises in sport alone; Anna and Ben are in a theme that she does not see as well."""
    async with open_town(database_url, moderators=("mia",)) as town:
        await town.joined("sport")
        await town.core.joined(PLATFORM, Place(PLATFORM, "geheim"), "geheim", HIDDEN)
        for who in ("anna", "ben", "cas", "dora", "olga", "mia"):
            await town.say(who, "!help")
            await town.say(who, "!help", room=None)
        for who in ("anna", "ben"):
            await town.say(who, "!help", room="geheim")
        town.platform.present["olga", "sport"] = Role.ORGANISER
        town.platform.present["mia", "sport"] = Role.MODERATOR
        town.clock.turn(timedelta(days=8))
        yield town


async def enlist(town: Town, who: str, *, off: bool = False) -> str:
    button = Button(text("typed"), "certificate enlist", {"year": 2026, "off": off})
    answer = await town.core.handle(town.asked(who, room=None, button=button))
    assert answer
    return words_of(answer)


async def asked(town: Town, who: str = "olga") -> Message:
    asked: Invocation = town.asked(who, "!oorkonde lijst")
    answer = await town.core.handle(replace(asked, role=Role.ORGANISER, id=f"list:{next(NUMBERS)}"))
    assert answer
    return answer


async def rows(town: Town, answer: Message, who: str = "olga") -> list[str]:
    (file,) = answer.files
    made = await town.core.file(file, Voice("nl", BRUSSELS, NOW), Identity(PLATFORM, who))
    return made.decode("utf-8-sig").splitlines()[1:]


async def heard(town: Town, who: str) -> int:
    await town.core.run_due()
    return sum("Jouw naam en thema’s staan erop" in said for said in town.platform.where(who))


async def thanked(town: Town) -> None:
    """Ben in a theme that not all see, Cas where all do, and Dora for what she reads alone."""
    await town.say("dora", "!bedankje instellingen privé", room=None)
    await town.say("anna", '!bedankt ben "voor je moed"', room="geheim")
    await town.say("anna", '!bedankt cas "voor de soep"')
    await town.say("anna", '!bedankt dora "voor iets tussen ons"')
    for who in ("ben", "cas", "dora"):
        await enlist(town, who)


async def test_of_themes_it_has_those_that_its_reader_sees(town: Town) -> None:
    await thanked(town)
    await asked(town)
    town.clock.turn(WEEK)
    assert await rows(town, await asked(town)) == ["ben,", "cas,sport", "dora,"]
    assert await rows(town, await asked(town, "mia"), "mia") == [f"ben,{HIDDEN}", "cas,sport", "dora,"]


async def test_it_is_for_whoever_asked_for_it(town: Town) -> None:
    await thanked(town)
    await asked(town)
    town.clock.turn(WEEK)
    answer = await asked(town, "mia")
    with pytest.raises(Gone):
        await rows(town, answer, "olga")


async def test_each_has_a_week_from_when_they_are_told(town: Town) -> None:
    await thanked(town)
    answer = await asked(town)
    assert not answer.files
    # It may be another year by then.
    assert "`!oorkonde lijst --jaar 2026`" in words_of(answer)
    assert [await heard(town, who) for who in ("ben", "cas", "anna")] == [1, 1, 0]
    await town.say("mia", '!bedankt anna "voor de koffie"')
    town.clock.turn(WEEK - timedelta(hours=1))
    assert "hoor je dat" in await enlist(town, "anna")
    assert not (await asked(town)).files
    assert await heard(town, "anna") == 1
    town.clock.turn(timedelta(hours=1))
    answer = await asked(town)
    assert "1 die erop wil, weet dat nog geen week" in words_of(answer)
    assert [row.split(",")[0] for row in await rows(town, answer)] == ["ben", "cas", "dora"]
    town.clock.turn(WEEK)
    answer = await asked(town)
    assert "geen week" not in words_of(answer)
    assert [row.split(",")[0] for row in await rows(town, answer)] == ["anna", "ben", "cas", "dora"]
    assert [await heard(town, who) for who in ("ben", "cas", "anna")] == [1, 1, 1]


async def test_so_has_who_came_off_and_comes_back(town: Town) -> None:
    await thanked(town)
    await asked(town)
    assert await heard(town, "ben") == 1
    await enlist(town, "ben", off=True)
    await enlist(town, "ben")
    town.clock.turn(WEEK)
    assert [row.split(",")[0] for row in await rows(town, await asked(town))] == ["cas", "dora"]
    assert await heard(town, "ben") == 2


async def test_a_certificate_names_only_themes_that_its_owner_sees(town: Town) -> None:
    await town.say("anna", '!bedankt ben "voor je moed"', room="geheim")
    assert f"In {HIDDEN}" in await town.say("ben", "!oorkonde maak 1", room=None)
    town.platform.present["ben", "geheim"] = None
    town.clock.turn(timedelta(days=2))
    said = await town.say("ben", "!oorkonde maak 1", room=None)
    assert "voor je moed" in said
    assert HIDDEN not in said
    assert "Dat was op" in said
