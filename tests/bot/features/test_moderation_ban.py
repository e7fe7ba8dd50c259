"""What somebody said in the day before they were banned goes everywhere once a moderator says so."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.model.carried import AND_THEN, AT_A_TIME
from bot.model.events import Banned
from bot.model.message import Button, text
from bot.model.people import Identity, Place
from tests.bot.test_carrying import Talk, talking
from tests.doubles.platform import PLATFORM, Town, open_town, words_of

DAY = timedelta(days=1)


@pytest.fixture
async def talk(database_url: str) -> AsyncIterator[Talk]:
    async with open_town(database_url, moderators=("mo",)) as town:
        talk = await talking(town)
        await town.say("mo", "!poll list", room="a")
        town.platform = talk.platform
        yield talk


async def ban(town: Town, name: str, *rooms: str) -> None:
    who, places = Identity(PLATFORM, name), tuple(Place(PLATFORM, room) for room in rooms)
    await town.core.banned(Banned(who, name.title(), places, f"ban {name}"))
    await town.core.run_due()


def asked(town: Town) -> list[str]:
    return [words for words in town.platform.where("mo") if "gebannen" in words]


async def decide(town: Town, command: str, name: str = "mia", by: str = "mo") -> str:
    def number(tx: object) -> tuple[int, int]:
        who = tx.people.by_identity(Identity(PLATFORM, name))  # type: ignore[attr-defined]
        theme = tx.places.known(Place(PLATFORM, "a"))[0]  # type: ignore[attr-defined]
        return who.id, theme.id

    who, theme = await town.core.store.run(number)
    minute = int(-(-town.clock.now().timestamp() // 60))
    given = {"who": f"resident:{who}", "theme": f"theme:{theme}", "minute": minute}
    button = Button(text("mod.button.erase"), command, given)
    answer = await town.core.handle(town.asked(by, room="a", button=button))
    assert answer
    return words_of(answer)


async def test_after_a_yes_all_of_the_last_day_goes_a_few_at_a_time(talk: Talk) -> None:
    town = talk.town
    await talk.say("van eergisteren")
    town.clock.turn(2 * DAY)
    for number in range(AT_A_TIME + 5):
        await talk.say(f"bericht {number}")
    await talk.say("van Ben", name="Ben")
    await talk.carry()
    await ban(town, "mia", "a")
    assert len(asked(town)) == 1
    assert f"nog {AT_A_TIME + 5} berichten" in asked(town)[0]
    assert f"{AT_A_TIME + 5} berichten" in await decide(town, "mod erase")
    assert "Dat doe ik al" in await decide(town, "mod erase")
    await town.core.run_due()
    assert len(talk.read("b")) == 2 + 5
    town.clock.turn(AND_THEN)
    await town.core.run_due()
    assert talk.read("b") == ["Mia: van eergisteren", "Ben: van Ben"]
    # Where it was said as well.
    assert list(talk.platform.history["a"].values()) == ["van eergisteren", "van Ben"]
    assert "haalde weg wat" in await town.say("mo", "!mod log", room="a")


async def test_after_a_no_it_stays(talk: Talk) -> None:
    await talk.say("dit blijft")
    await talk.carry()
    await ban(talk.town, "mia", "a", "b")
    assert len(asked(talk.town)) == 1
    assert "blijft staan" in await decide(talk.town, "mod spare")
    await talk.town.core.run_due()
    assert talk.read("b") == ["Mia: dit blijft"]
    assert "liet staan wat" in await talk.town.say("mo", "!mod log", room="a")


async def test_of_who_said_nothing_lately_nobody_is_asked(talk: Talk) -> None:
    await talk.say("lang geleden")
    await talk.carry()
    talk.town.clock.turn(2 * DAY)
    await ban(talk.town, "mia", "a")
    await ban(talk.town, "cas", "a")
    await ban(talk.town, "cas", "nowhere")
    assert asked(talk.town) == []


async def test_told_twice_it_is_asked_once(talk: Talk) -> None:
    await talk.say("hallo")
    for _ in range(3):
        await ban(talk.town, "mia", "a")
    assert len(asked(talk.town)) == 1


async def test_only_who_moderates_decides(talk: Talk) -> None:
    await talk.say("hallo")
    await talk.carry()
    await ban(talk.town, "mia", "a")
    refused = await decide(talk.town, "mod erase", by="mia")
    assert "Alleen een moderator kan dit" in refused
    assert talk.read("b") == ["Mia: hallo"]
