"""A place that no line of the configuration names is a theme of its own, where all is said as anywhere."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bot.model.message import Button
from bot.model.people import Place
from tests.doubles.platform import PLATFORM, open_town, words_of

# All that names a theme, or may.
SAID = """!peiling open "Wat?" Ja | Nee
!peiling open "Wanneer?" "8 december 20u" | "9 december 20u" --soort data
!peiling open "Thema?" A | B --thema sport
!stem 1 --peiling 2
!bijeenkomst wanneer 2 --plaats Zaal
!bijeenkomst plan Raad "8 december 19u30" --plaats Zaal
!bijeenkomst plan Reeks "8 december 19u30" --plaats Zaal --herhaal "elke week" --thema sport
!bijeenkomst lijst --thema sport
!bijeenkomst mijn
!herinner hier "over 3 uur" iets
!herinner hier "over 3 uur" "iets anders" --thema sport
!herinner lijst
!peiling lijst --thema sport
!thema toon
!thema toon sport
!thema lijst
!thema deelnemen
!thema trek
!thema wie
!thema hernoem Nieuw
!thema archiveer
!thema loting 1
!gemeenschap toon
!wie kent voetbal""".splitlines()


async def _heard(url: str, theme: str | None) -> tuple[list[str], list[Button]]:
    """What mia hears in that place and in private, and all that she could press."""
    said, buttons = [], []
    async with open_town(url, moderators=("mia",)) as town:
        await town.core.joined(PLATFORM, Place(PLATFORM, "sport"), "sport", theme, ours=True)
        for room, lines in (("sport", SAID), (None, SAID[::4])):
            for line in lines:
                answer = await town.core.handle(town.asked("mia", line, room=room))
                said.append(f"{room} {line}: {words_of(answer) if answer else None}")
                for button in answer.buttons if answer else ():
                    pressed = await town.core.handle(town.asked("mia", room=room, button=button))
                    said.append(f"{room} {line}, {button}: {words_of(pressed) if pressed else None}")
                    buttons.append(button)
        town.clock.turn(timedelta(hours=4))
        await town.core.run_due()
        said += [f"{shown.how} {shown.where}: {shown.words}" for shown in town.platform.shown]
    return said, buttons


@pytest.mark.long
async def test_an_unnamed_place_is_said_as_a_named_one(tmp_path: Path) -> None:
    named, _ = await _heard(f"sqlite:///{tmp_path}/named.db", "sport")
    unnamed, _ = await _heard(f"sqlite:///{tmp_path}/unnamed.db", None)
    assert unnamed == named
    assert not [line for line in unnamed if f"{PLATFORM}:sport" in line]


async def test_a_meeting_is_planned_where_no_line_names_the_place(database_url: str) -> None:
    async with open_town(database_url, moderators=("mia",)) as town:
        await town.core.joined(PLATFORM, Place(PLATFORM, "157"), "Het plein", None)
        asked = town.asked("mia", '!bijeenkomst plan Raad "8 december 19u30" --plaats Zaal', room="157")
        meant = await town.core.handle(asked)
        assert meant
        planned = await town.core.handle(town.asked("mia", room=None, button=meant.buttons[0]))
        assert planned
        assert "staat gepland" in words_of(planned)
        receipt = await town.say("mia", '!herinner hier "over 3 uur" iets', room="157")
        assert "in Het plein" in receipt
