"""A feature from outside works like those that are here: in the console, on Discord, on Matrix, across both.

It has settings, a table, texts, a board, jobs, a limit and suggestions of its own: see `tests/made_up`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.main.config import BadConfig, load
from bot.main.features import FEATURES, add_up
from bot.model.events import Invocation
from bot.model.message import text
from bot.model.people import Identity, Place
from tests.chat import NOW, difference, open_chat, read_scenario
from tests.doubles.discord import Discord
from tests.homeserver import Homeserver
from tests.made_up import INSTALLED, make_tables
from tests.made_up.tools import TOOLS, ToolsSettings
from tests.stages.discord import DiscordsClock, OnDiscord
from tests.stages.matrix import OnMatrix
from tests.stages.play import play
from tests.stages.stage import HandTurned, Stage

SCENARIO = Path(__file__).parent / "made_up" / "tools.chat"


@pytest.mark.parametrize("filled_in", [False, True], ids=["typed", "filled-in"])
async def test_in_the_console(filled_in: bool, database_url: str) -> None:
    scenario = read_scenario(SCENARIO)
    await make_tables(database_url)
    found = await scenario.play(database_url, filled_in=filled_in, installed=INSTALLED)
    assert not (changes := difference(scenario.turns, found)), f"\n{changes}"


async def played(folder: Path, clock: HandTurned | DiscordsClock, *stages: Stage) -> None:
    urls = [f"sqlite:///{folder}/{name}.db" for name in ("plein", "console")]
    for url in urls:
        await make_tables(url)
    expected, found = await play(
        read_scenario(SCENARIO), urls[0], clock, *stages, console_url=urls[1], installed=INSTALLED
    )
    assert not (changes := difference(expected, found)), f"\n{changes}"


async def test_on_discord(tmp_path: Path) -> None:
    async with Discord() as double:
        clock = DiscordsClock.at(NOW, double)
        await played(tmp_path, clock, OnDiscord(double, clock))


async def test_on_matrix(homeserver: Homeserver, tmp_path: Path) -> None:
    clock = HandTurned(NOW)
    await played(tmp_path, clock, OnMatrix(homeserver, tmp_path / "matrix", clock))


async def test_across_both(homeserver: Homeserver, tmp_path: Path) -> None:
    async with Discord() as double:
        clock = DiscordsClock.at(NOW, double)
        stages = OnDiscord(double, clock), OnMatrix(homeserver, tmp_path / "matrix", clock)
        await played(tmp_path, clock, *stages)


async def test_two_accounts_turn_out_to_be_one_person_who_has_all_that_either_had(database_url: str) -> None:
    """And has borrowed as often as both together; what is suggested to one is suggested to the other."""
    await make_tables(database_url)
    accounts = ("anna@discord", "anna@matrix")
    async with open_chat(database_url, installed=INSTALLED) as chat:
        for who, tool in zip(accounts, ("Ladder", "Zeis"), strict=True):
            await chat.say(f'{who}/sport: !leen "{tool}"')
    async with open_chat(database_url, installed=INSTALLED, people=[accounts]) as chat:
        (often,) = await chat.say('anna@matrix/sport: !leen "Hark"')
        assert often.message.lines[0].key == "tool.often"
        asked = Invocation(
            "console:1",
            Identity("console", "anna@discord"),
            "anna",
            Place("console", "discord/sport"),
            NOW,
            command="tool return",
        )
        suggested = await chat.core.suggest(asked, "tool", "")
        assert [choice.value for choice in suggested] == ["Ladder", "Zeis"]
        (returned, *_) = await chat.say('anna@discord/sport: !breng "Zeis"')
        assert returned.message.lines[0].key == "tool.returned"


async def test_its_settings_are_kept_to(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/plein.db"
    await make_tables(url)
    async with open_chat(url, installed=INSTALLED, tools=ToolsSettings(days=3, a_day=1)) as chat:
        await chat.say('anna@discord/sport: !leen "Ladder"')
        (loan,) = await chat.core.store.run(lambda tx: tx.of(TOOLS).out(1))
        assert (loan.back_at - NOW).days == 3
        (often,) = await chat.say('anna@discord/sport: !leen "Zeis"')
        assert often.message.lines[0] == text("tool.often", count=1)


def test_its_section_is_read_with_all_others(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("[tools]\ndays = 3\n", encoding="utf-8")
    config = load(file, add_up(INSTALLED), {"PLEIN_TOOLS_A_DAY": "5"})
    assert config.of(ToolsSettings) == ToolsSettings(days=3, a_day=5)
    assert load(None, add_up(INSTALLED), {}).of(ToolsSettings) == ToolsSettings()


def test_what_is_wrong_in_its_section_is_told_with_the_rest(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("[tools]\ndays = 'long'\nayday = 1\n[polls]\na_day = 0\n", encoding="utf-8")
    with pytest.raises(BadConfig) as bad:
        load(file, add_up(INSTALLED), {"PLEIN_TOOLS_DAY": "5"})
    told = {fault.values.get("path") or fault.values.get("key") for fault in bad.value.faults}
    assert told == {"tools.days", "tools.ayday", "polls.a_day", "PLEIN_TOOLS_DAY"}
    file.write_text("[tools]\n", encoding="utf-8")
    with pytest.raises(BadConfig):
        load(file, add_up(FEATURES), {})
