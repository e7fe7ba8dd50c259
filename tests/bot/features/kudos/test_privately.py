"""Who wants to read alone what thanks them does so with all of it, wherever it was shown."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.features.kudos import taste
from bot.features.kudos.records import KUDOS
from bot.model.message import Button, text
from bot.model.people import Role
from tests.doubles.platform import Town, open_town

PEOPLE = ("anna", "ben", "cas", "dora", "eva", "fien")


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    async with open_town(database_url) as town:
        await town.joined("sport")
        for name in PEOPLE:
            await town.say(name, "!help")
            await town.say(name, "!help", room=None)
        town.clock.turn(timedelta(days=8))
        yield town


async def settle(town: Town) -> None:
    for _ in range(6):
        await town.core.run_due()
        town.clock.turn(timedelta(seconds=3))
    await town.core.run_due()


def shown(town: Town) -> list[str]:
    """What stands in the theme: of each message the last."""
    last: dict[str, str] = {}
    for each in town.platform.shown:
        if each.where == "sport":
            # An edit says behind it which it is.
            first = each.key if each.how == "send" else each.key.rpartition(":")[0]
            last[first] = each.words
    return [*last.values()]


async def thank(town: Town, giver: str, whom: str, why: str) -> str:
    return await town.say(giver, f'!bedankt {whom} "{why}"')


async def test_also_what_is_from_long_ago(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taste, "PAGE", 2)
    for giver in ("anna", "cas", "dora", "eva", "fien"):
        await thank(town, giver, "ben", f"voor de soep van {giver}")
    await settle(town)
    assert sum("soep" in words for words in shown(town)) == 5
    await town.say("ben", "!bedankje instellingen privé", room=None)
    await settle(town)
    assert not any("soep" in words for words in shown(town))


async def test_also_what_thanks_them_back(town: Town) -> None:
    await thank(town, "anna", "ben", "voor de soep")
    back = Button(text("typed"), "kudos back", {"kudos": 1, "reason": "jij voor de taart"})
    await town.core.handle(town.asked("ben", button=back))
    await settle(town)
    assert any("taart" in words for words in shown(town))
    await town.say("anna", "!bedankje instellingen privé", room=None)
    await settle(town)
    assert not any("taart" in words for words in shown(town))
    assert any("soep" in words for words in shown(town))


async def test_also_what_another_account_of_theirs_was_thanked_for(town: Town) -> None:
    """And openly again, once they turn out not to be one."""
    await thank(town, "anna", "ben", "voor de soep")
    await settle(town)
    await town.say("cas", "!bedankje instellingen privé", room=None)
    brought = await town.linked("ben", "cas")
    await settle(town)
    assert not any("soep" in words for words in shown(town))
    await town.parted("cas", brought)
    await settle(town)
    assert any("soep" in words for words in shown(town))


async def test_what_is_void_no_more_is_shown_again(town: Town) -> None:
    await thank(town, "cas", "ben", "eerlijk verdiend")
    await settle(town)
    brought = await town.linked("ben", "cas")
    await settle(town)
    assert not any("verdiend" in words for words in shown(town))
    await town.parted("cas", brought)
    await settle(town)
    assert any("verdiend" in words for words in shown(town))


async def test_also_who_thanks_back_for_what_nobody_else_reads(town: Town) -> None:
    town.platform.present["mia", "sport"] = Role.MODERATOR
    await town.say("ben", "!bedankje instellingen privé", room=None)
    await thank(town, "anna", "ben", "voor je hulp met de scheiding")
    await settle(town)
    answer = await town.say("ben", '!bedankje terug 1 "sterkte ermee, ook van dora"', room=None)
    assert "Niemand anders leest dat" in answer
    await settle(town)
    assert any("sterkte" in said for said in town.platform.where("anna"))
    for number in (1, 2):
        asked = town.asked("mia", f"!bedankje verwijder {number} --reden Kwetsend")
        refused = await town.core.handle(replace(asked, role=Role.MODERATOR))
        assert refused
        assert refused.lines[0].key == "kudos.nowhere"
    await town.say("dora", "!vergeet mij --zeker", room=None)
    await settle(town)
    assert not any("sterkte" in said for said in town.platform.where("mia"))
    since = town.clock.now() - timedelta(days=30)
    assert await town.core.store.run(lambda tx: tx.of(KUDOS).pairs([1], since)) == []


async def test_or_who_was_not_seen_among_those_whom_it_thanks(town: Town) -> None:
    await town.say("ben", "!bedankje instellingen privé", room=None)
    await thank(town, "anna", "ben cas", "voor de soep")
    for who in ("ben", "cas"):
        await town.say(who, f'!bedankje terug 1 "graag gedaan, zegt {who}"', room=None)
    await settle(town)
    (words,) = shown(town)
    assert "zegt cas" in words
    assert "zegt ben" not in words
