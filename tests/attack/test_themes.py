"""Attacks on who says what by a theme's name, and on whose rooms are whose."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from bot.features.themes import lot
from bot.main.draws import repeat
from bot.model.people import FIRST_COMMUNITY, Role
from tests.bot.features.themes.test_guests import inside
from tests.bot.features.themes.test_rooms import MADE, later
from tests.bot.features.themes.test_rooms import town as town
from tests.doubles.platform import PLATFORM, Town

__all__ = ["town"]


@pytest.mark.parametrize("how", ["control", "silenced", "banned from its room"])
async def test_who_may_not_write_there_has_plein_say_no_name_there(town: Town, how: str) -> None:
    await town.say("anna", "!help", room=MADE.room_id)
    if how == "silenced":
        town.platform.silenced |= {("anna", MADE.room_id), ("anna", "sport")}
    elif how != "control":
        town.platform.present.pop(("anna", MADE.room_id))
        await town.core.parted(MADE, ["anna"])
    await town.say("anna", '!thema hernoem "Mia is een dief" Verlichting', room=None)
    await later(town)
    said = any("Mia is een dief" in words for words in town.platform.where(MADE.room_id))
    assert said is (how == "control")


@pytest.mark.parametrize("banned", [False, True], ids=["control", "attack"])
async def test_who_was_put_out_of_its_room_takes_no_room_from_it(town: Town, banned: bool) -> None:
    await town.say("anna", "!help", room=MADE.room_id)
    if banned:
        town.platform.present[("anna", "sport")] = Role.RESIDENT
        town.platform.present.pop(("anna", MADE.room_id))
        await town.core.parted(MADE, ["anna"])
    said = await town.say("anna", "!thema ontkoppel Verlichting")
    assert ("losgemaakt" in said) is not banned


@pytest.mark.parametrize("moves", [False, True], ids=["control", "attack"])
async def test_a_room_that_became_another_communitys_is_left_alone(town: Town, moves: bool) -> None:
    """Its server stands on another community's line since the last start."""
    if moves:
        number = await town.core.communities.add("Other")
        await town.core.joined(PLATFORM, MADE, "Verlichting", community=number, ours=True)
    await town.say("ben", "!thema meedoen Verlichting")
    await town.say("anna", '!thema hernoem "Lampen" Verlichting')
    for _ in range(2):
        await later(town)
    assert ("ben" in inside(town)) is not moves
    assert (town.platform.names.get(MADE.room_id) == "Lampen") is not moves


@pytest.mark.parametrize("nobodys", [False, True], ids=["control", "attack"])
async def test_a_room_that_is_nobodys_any_more_is_left_alone(town: Town, nobodys: bool) -> None:
    """No line names its server any more."""
    if nobodys:
        await town.core.disowned(PLATFORM, MADE)
        await later(town)
    await town.say("ben", "!thema meedoen Verlichting")
    await town.say("anna", '!thema hernoem "Lampen" Verlichting')
    for _ in range(2):
        await later(town)
    assert ("ben" in inside(town)) is not nobodys
    assert (town.platform.names.get(MADE.room_id) == "Lampen") is not nobodys


@pytest.mark.parametrize("listed", [False, True], ids=["control", "attack"])
async def test_a_room_that_a_line_gives_to_another_theme_is_left_alone(town: Town, listed: bool) -> None:
    if listed:
        await town.core.joined(PLATFORM, MADE, "raad", "raad", community=FIRST_COMMUNITY, ours=True)
        await later(town)
    await town.say("ben", "!thema meedoen Verlichting")
    await town.say("anna", '!thema hernoem "Lampen" Verlichting')
    for _ in range(2):
        await later(town)
    assert ("ben" in inside(town)) is not listed
    assert (town.platform.names.get(MADE.room_id) == "Lampen") is not listed


def test_a_file_says_nothing_to_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    people = [
        lot.entrant(name, None, "ab" * 16) for name in ("a\x1b[2Jb", "b\nEverything went by the rule", "c")
    ]
    people.sort(key=lambda each: lot.alphabet(each.name or ""))
    number = "12" * 16
    seal = lot.seal_of(number)
    drawn = lot.drawn_by(number, people)
    made = lot.written(
        lot.Published("x\x1b]0;owned\x07", seal, number, people, lot.code_of(seal, people), drawn)
    )
    file = tmp_path / "draw-1.json"
    file.write_text(made, encoding="utf-8")
    repeat(file)
    out = "".join(capsys.readouterr())
    assert "\x1b" not in out
    assert "\x07" not in out


def test_what_is_no_draw_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    people = [lot.entrant(name, date(2026, 1, 1), "ab" * 16) for name in ("a", "b")]
    number = "12" * 16
    seal = lot.seal_of(number)
    good = json.loads(lot.written(lot.Published("x", seal, number, people, lot.code_of(seal, people), 1)))
    bad: list[object] = [
        [],
        {},
        None,
        1,
        "x",
        {**good, "list": "ab"},
        {**good, "list": [[]]},
        {**good, "drawn": "1"},
        {**good, "drawn": 1e308},
        {**good, "drawn": None},
        {**good, "drawn": [1]},
        {**good, "list": [{**good["list"][0], "last": 5}]},
        {**good, "list": [{**good["list"][0], "last": "x"}]},
        {**good, "list": [{"name": "a"}]},
        {**good, "number": "g"},
        {**good, "number": ""},
    ]
    for each in bad:
        file = tmp_path / "draw-1.json"
        file.write_text(json.dumps(each), encoding="utf-8")
        assert repeat(file) == 1, each
    for raw in (b"", b"\xff", b"[" * 100_000, b"9" * 5000, b'{"drawn":' + b"9" * 5000 + b"}", b"NaN"):
        file.write_bytes(raw)
        assert repeat(file) == 1, raw[:10]
    assert repeat(tmp_path) == 1
