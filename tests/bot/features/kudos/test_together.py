"""Those who were at a meeting are thanked at once: it is one thank-you, one message, and a group."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.features.kudos.records import KUDOS
from tests.bot.features.kudos.test_fair import DAY, settle, thank
from tests.bot.features.meetings.test_changes import council
from tests.doubles.platform import Town

COME = {"anna": "ter plaatse", "ben": "ter plaatse", "cas": "misschien", "dora": "niet", "eva": "ter plaatse"}
PLAN = '!meeting plan "Sportraad" "8 december 19u30" --place Dorpshuis --max 4'


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    """Anna, Ben and Eva were there, and Hugo waited."""
    async with council(database_url, PLAN) as town:
        for name, how in COME.items():
            await town.say(name, "!help", room=None)
            await town.say(name, f"!kom {how}")
        await town.say("gust", "!kom ter plaatse --toon-mij")
        await town.say("hugo", "!kom ter plaatse")
        town.clock.turn(timedelta(days=9))
        await town.core.run_due()
        yield town


async def group(town: Town, giver: str) -> str:
    return await town.say(giver, '!bedankje groep 1 "voor het meedenken"')


async def test_those_who_had_a_place_are_thanked_in_one_message(town: Town) -> None:
    before = len(town.platform.pinged)
    assert "4 mensen van Sportraad" in await group(town, "dora")
    await settle(town)
    said = [words for words in town.platform.where("sport") if "🙏" in words]
    assert len(said) == 1
    assert "bedankt 4 mensen van Sportraad: “voor het meedenken”" in said[0]
    assert len(town.platform.pinged) == before
    for name, thanked in {"anna": True, "ben": True, "eva": True, "cas": False, "hugo": False}.items():
        assert ("meedenken" in await town.say(name, "!bedankje mijn")) is thanked, name


async def test_who_gives_it_wants_none_or_was_thanked_that_day_is_left_out(town: Town) -> None:
    await town.say("eva", "!bedankje instellingen uit")
    await thank(town, "anna", "ben", why="voor de koffie")
    assert "1 persoon van Sportraad" in await group(town, "anna")
    assert "meedenken" in await town.say("gust", "!bedankje mijn")
    assert "meedenken" not in await town.say("ben", "!bedankje mijn")
    assert "bedankte je vandaag al" in await group(town, "anna")


async def test_it_is_a_group_and_one_of_the_day(town: Town) -> None:
    for _ in range(2):
        assert "staat in sport" in await group(town, "dora")
        town.clock.turn(DAY)
    assert "al 2 keer meer dan 3 mensen" in await group(town, "dora")


async def test_the_wall_names_none_of_them_and_counts_who_agreed(town: Town) -> None:
    await group(town, "dora")
    assert "meedenken" not in await town.say("cas", "!bedankje muur")
    for name in ("ben", "eva"):
        await town.say(name, "!bedankje instellingen muur aan")
    assert "2 mensen van Sportraad: “voor het meedenken”" in await town.say("cas", "!bedankje muur")


async def test_under_somebody_s_name_it_does_not_tell_that_they_were_there_where_others_may_not_see(
    town: Town,
) -> None:
    """Ben did not let it be seen that he came; Gust did."""
    await group(town, "dora")
    for name in ("ben", "gust"):
        await town.say(name, "!bedankje instellingen muur aan")
    assert "meedenken" not in await town.say("cas", "!bedankje van ben")
    assert "1 persoon" in (said := await town.say("cas", "!bedankje van gust")) or "2 mensen" in said
    await settle(town)
    (told,) = [words for words in town.platform.where("ben") if "meedenken" in words]
    assert "wie er was bij “Sportraad”" in told


async def test_taking_it_back_tells_each(town: Town) -> None:
    await group(town, "dora")
    await settle(town)
    assert "4 mensen van Sportraad is ingetrokken" in await town.say("dora", "!bedankje intrekken")
    await settle(town)
    for name in ("anna", "ben", "eva"):
        assert "trok dit bedankje aan jou in" in town.platform.where(name)[-1]


async def test_of_one_that_was_cancelled_or_is_to_come_nobody_is_thanked(town: Town) -> None:
    await town.say("mia", '!bijeenkomst plan "Later" "20 december 20u" --plaats Zaal')
    for number in (2, 3):
        said = await town.say("dora", f'!bedankje groep {number} "voor het meedenken"')
        assert f"geen bijeenkomst {number} die voorbij is" in said
    assert await town.core.store.run(lambda tx: tx.of(KUDOS).look(1)) is None


async def test_who_is_not_in_its_theme_thanks_nobody(town: Town) -> None:
    await town.joined("bos", theme="bos")
    assert "geen bijeenkomst 1" in await town.say("zoe", '!bedankje groep 1 "voor het meedenken"', room="bos")
