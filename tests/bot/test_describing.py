"""What is read of a place that is relayed: where else it stands what people say there."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.described import with_line
from bot.errors import Gone, NotNow, NotOurs, Refused
from bot.features.polls.settings import PollsSettings
from bot.features.relay.settings import RelaySettings
from bot.model.people import Place
from tests.doubles.carrier import Carrier
from tests.doubles.platform import PLATFORM, Town, open_town

LINE = "Brug: wat je hier zegt, staat ook in {}, en omgekeerd. Liever niet? Typ !mijn brug uit"
BOTH = {"a": "Over sport.", "b": "Alles over b"}


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    async with open_town(database_url, moderators=("mo",)) as town:
        town.configure(RelaySettings(on=True), PollsSettings(quiet=""))
        town.platform = Carrier(topics=dict(BOTH))
        await town.core.serve(town.platform)
        await town.joined("a", "b")
        yield town


def topics(town: Town) -> dict[str, str]:
    assert isinstance(town.platform, Carrier)
    return town.platform.topics


async def say(town: Town, words: str) -> str:
    answer = await town.say("mo", words, room="a")
    await town.core.run_due()
    return answer


def test_a_line_is_added_once_and_leaves_nothing_behind() -> None:
    once = with_line("Over sport.", "nu", ["toen"])
    assert once == "Over sport.\nnu"
    assert with_line(once, "nu", ["toen"]) == once
    assert with_line(once, "straks", ["nu"]) == "Over sport.\nstraks"
    assert with_line(f"{once}\nvan iemand", "", ["nu", "straks"]) == "Over sport.\nvan iemand"
    assert with_line("nu", "", ["nu"]) == "nu"


async def test_each_place_says_who_reads_there_while_it_is_on(town: Town) -> None:
    await say(town, "!brug aan")
    assert topics(town) == {
        "a": f"Over sport.\n{LINE.format('b (Test)')}",
        "b": f"Alles over b\n{LINE.format('a (Test)')}",
    }
    await town.joined("c")
    assert "c (Test): doet niet mee, want dat kwam er later bij" in await say(town, "!brug toon")
    await say(town, "!brug aan")
    assert topics(town)["a"] == f"Over sport.\n{LINE.format('b (Test) en c (Test)')}"
    assert "c (Test) staat dat niet in de omschrijving" in await say(town, "!brug toon")
    topics(town)["b"] += "\nEn van wie het thema leidt."
    await say(town, "!brug uit")
    assert topics(town) == {**BOTH, "b": "Alles over b\nEn van wie het thema leidt."}
    assert await town.core.describing.flush()


async def test_what_is_encrypted_is_no_place_of_it(town: Town) -> None:
    await say(town, "!brug aan")
    await town.core.encrypted(Place(PLATFORM, "b"))
    await town.core.run_due()
    assert topics(town) == BOTH


async def test_a_line_that_may_have_arrived_is_found_and_taken_away(town: Town) -> None:
    for room in BOTH:
        town.platform.trouble[f"described:{room}"] = [
            NotNow("the answer was lost"),
            NotNow("so was this one"),
        ]
    await say(town, "!brug aan")
    assert topics(town) != BOTH
    await say(town, "!brug uit")
    assert topics(town) == BOTH


@pytest.mark.parametrize("trouble", [Refused("no"), NotOurs("theirs"), Gone("gone"), ConnectionError("away")])
async def test_where_it_cannot_be_written_it_stays_as_it_is(town: Town, trouble: Exception) -> None:
    town.platform.trouble["topic:a"] = [trouble]
    await say(town, "!brug aan")
    assert topics(town)["a"] == "Over sport."
    refused = isinstance(trouble, Refused)
    assert ("a (Test) staat dat niet in de omschrijving" in await say(town, "!brug toon")) is refused
    await town.core.retry(PLATFORM)
    await town.core.run_due()
    assert topics(town)["a"] != "Over sport."
