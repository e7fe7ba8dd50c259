"""What people stumble over who thank from the help text alone: each hears what they meant."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, timedelta

import pytest

from bot.features.kudos.show import _first_day
from tests.bot.features.kudos.test_fair import press, settle, thank
from tests.bot.features.kudos.test_together import group
from tests.bot.features.meetings.test_changes import council
from tests.doubles.platform import Town, open_town


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    async with open_town(database_url) as town:
        await town.joined("sport")
        await town.joined("raad", theme="raad")
        for name in ("anna", "bert", "cas", "Els de Vries", "thomas"):
            await town.say(name, "!help")
            await town.say(name, "!help", room=None)
        await town.say("berta", "!help", room="raad")
        yield town


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("brt", "bert"),
        ("Bertt", "bert"),
        ("@bret", "bert"),
        ("kas", "cas"),
        ("Els", "Els de Vries"),
        ("els de vreis", "Els de Vries"),
        ("oma", ""),
        ("b", ""),
        ("bakkerij Peeters", ""),
        ("x" * 64, ""),
    ],
)
async def test_who_is_called_nearly_so_is_offered(town: Town, typed: str, offered: str) -> None:
    asked = await town.core.handle(town.asked("anna", f'!bedankt "{typed}" "voor de soep"'))
    assert asked
    labels = [str(button.label.values.get("name", button.label.values)) for button in asked.buttons]
    assert [label for label in labels if label == offered] == ([offered] if offered else [])
    assert len(labels) == bool(offered) + (not typed.startswith("@"))
    assert "berta" not in str(labels)  # of a theme that is not Anna's


async def test_the_last_who_thanked_is_thanked_back_within_a_day(town: Town) -> None:
    assert "De laatste dag bedankte niemand je" in await town.say("bert", "!bedankje terug", room=None)
    await thank(town, "anna", "bert")
    await thank(town, "cas", "bert")
    assert "staat onder het eerste" in await town.say("bert", "!bedankje terug", room=None)
    assert "hier al voor terug" in await press(town, "bert", "kudos back", kudos=2)
    assert "staat onder het eerste" in await town.say("bert", "!bedankje terug 1", room=None)
    await settle(town)
    town.clock.turn(timedelta(days=2))
    assert "!bedankje mijn" in await town.say("bert", "!bedankje terug", room=None)
    assert "hier al voor terug" in await press(town, "bert", "kudos back", kudos=1)


TODAY = date(2026, 12, 1)


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("dec", "2026-12"),
        ("Dec.", "2026-12"),
        ("maart", "2026-03"),
        ("mrt", "2026-03"),
        ("maa", "2026-03"),
        ("november 2025", "2025-11"),
        ("2025 nov", "2025-11"),
        ("Sept 2026", "2026-09"),
        ("October", "2026-10"),
        ("2026-11", "2026-11"),
        ("11/2026", "2026-11"),
        ("2026/1", "2026-01"),
        ("ma", None),
        ("13/2026", None),
        ("november 25", None),
        ("2026", None),
        ("dec jan", None),
        ("decx", None),
        ("", None),
    ],
)
def test_a_month_is_understood_as_people_write_it(words: str, first: str | None) -> None:
    found = _first_day(words, TODAY, ("nl", "en"))
    assert (found and found.isoformat()[:7]) == first


async def test_a_group_says_how_many_are_not_in_it_and_of_whom_that_may_be(database_url: str) -> None:
    plan = '!meeting plan "Sportraad" "8 december 19u30" --place Dorpshuis'
    async with council(database_url, plan) as town:
        for name, how in {"anna": "--met 2", "ben": "", "cas": "", "dora": ""}.items():
            await town.say(name, "!help", room=None)
            await town.say(name, f"!kom ter plaatse {how}")
        town.clock.turn(timedelta(days=9))
        await town.core.run_due()
        assert "1 persoon van Sportraad" not in await town.say("eva", "!help")
        await town.say("ben", "!bedankje instellingen uit")
        await thank(town, "dora", "cas", why="voor de koffie")
        told = await group(town, "dora")
        assert "1 persoon van Sportraad" in told
        # Ben, Cas, and the two whom Anna brought.
        assert "4 anderen die er waren" in told
        assert "ben" not in told.casefold().replace("bedank", "")
