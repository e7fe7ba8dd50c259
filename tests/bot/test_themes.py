"""Which theme is meant where several are called so: nobody gets what was meant for another by a name."""

from __future__ import annotations

import ast
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot import features
from bot.model.message import Button, Text, typed
from bot.model.people import Place, Role
from bot.ports.storage import Transaction
from tests.doubles.platform import PLATFORM, Town, open_town, words_of

PLAN = '!meeting plan Geheim "8 december 19u30" --place Kelder'
ASK = '!peiling open "Geheim?" Ja | Nee --thema "{name}"'


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    """The council has a room, and eva one that was there before; mia is in both."""
    async with open_town(database_url, moderators=("mia",)) as town:
        for room, name in (("evas", "kletsen"), ("council", "onder ons")):
            await town.core.joined(PLATFORM, Place(PLATFORM, room), name, None)
            await town.say("mia", "!help", room=room)
            await town.say("carl", "!help", room=room)
        yield town


async def _renamed(town: Town) -> None:
    await town.core.joined(PLATFORM, Place(PLATFORM, "evas"), "onder ons", None)


async def _offered(town: Town, words: str, room: str | None = None) -> dict[str, Button]:
    answer = await town.core.handle(town.asked("mia", words, room=room))
    assert answer
    assert words_of(answer).startswith("Welk thema bedoel je?")
    return {button.label.values.get("words", button.label.key): button for button in answer.buttons}


async def test_whoever_calls_theirs_alike_gets_nothing_that_was_for_another(town: Town) -> None:
    await _renamed(town)
    offered = await _offered(town, ASK.format(name="onder ons"))
    assert [*offered] == ["onder ons (evas)", "onder ons (council)"]
    await town.core.handle(town.asked("mia", room=None, button=offered["onder ons (council)"]))
    await town.core.boards.worker.flush()
    assert town.platform.where("evas") == []
    assert len(town.platform.where("council")) == 1


async def test_of_several_that_are_called_so_this_place_s_is_meant(town: Town) -> None:
    await _renamed(town)
    await town.say("mia", ASK.format(name="onder ons"), room="council")
    await town.say("mia", ASK.format(name="onder ons (council)").replace("Geheim", "Wat"), room=None)
    await town.core.boards.worker.flush()
    assert town.platform.where("evas") == []
    assert len(town.platform.where("council")) == 2


async def test_what_was_meant_for_one_is_so_whatever_they_are_called_by_then(town: Town) -> None:
    answer = await town.core.handle(town.asked("mia", PLAN, room="council"))
    assert answer
    assert "In het thema onder ons" in words_of(answer)
    await _renamed(town)
    await town.core.joined(PLATFORM, Place(PLATFORM, "council"), "anders", None)
    await town.core.handle(town.asked("mia", room=None, button=answer.buttons[0]))
    await town.core.boards.worker.flush()
    assert town.platform.where("evas") == []
    assert len(town.platform.where("council")) == 1


async def test_of_two_that_were_given_one_name_neither_goes_before_the_other(town: Town) -> None:
    def open_them(tx: Transaction) -> None:
        evas, council = (tx.places.open_theme(name) for name in ("Kletsen", "Begroting"))
        tx.places.attach(Place(PLATFORM, "evas"), evas.id)
        tx.places.attach(Place(PLATFORM, "council"), council.id)
        tx.places.rename_theme(evas.id, "Begroting")

    await town.core.store.run(open_them)
    for who, role in (("mia", Role.MODERATOR), ("carl", Role.ORGANISER)):
        for room in ("evas", "council"):
            town.platform.present[who, room] = role
            await town.say(who, "!help", room=room)
        asked = replace(town.asked(who, ASK.format(name="Begroting"), room=None), role=role)
        answer = await town.core.handle(asked)
        assert answer
        labels = [button.label.values for button in answer.buttons]
        assert [[each["theme"], *map(words, each["places"])] for each in labels] == [
            ["Begroting", "kletsen"],
            ["Begroting", "onder ons"],
        ]
        plan = PLAN.replace("Geheim", f'"Geheim van {who}"')
        planned = await town.core.handle(replace(town.asked(who, plan, room="council"), role=role))
        assert planned
        await town.core.handle(replace(town.asked(who, room="council", button=planned.buttons[0]), role=role))
    await town.core.boards.worker.flush()
    assert town.platform.where("evas") == []


def words(line: Text) -> str:
    return str(line.values["words"])


async def test_what_to_type_says_a_theme_by_its_name(town: Town) -> None:
    button = Button(
        typed(""), "meeting plan", {"called": "Raad", "begins": "8 december 20u", "theme": "theme:2"}
    )
    answer = await town.core.handle(town.asked("mia", room="council", button=button))
    assert answer
    assert "--thema onder ons" in words_of(answer) or '--thema "onder ons"' in words_of(answer)
    answer = await town.core.handle(town.asked("eva", room="evas", button=button))
    assert answer
    assert "onder ons" not in words_of(answer)


async def test_a_number_tells_nobody_of_a_theme_that_is_not_theirs(town: Town) -> None:
    unknown = await town.say("eva", ASK.format(name="theme:99"), room="evas")
    assert await town.say("eva", ASK.format(name="theme:2"), room="evas") == unknown
    assert "Dat thema is er niet meer" in unknown


def _named_in(path: Path) -> Iterator[str]:
    """Where something called after a theme is filled in as which theme is meant."""
    for node in ast.walk(ast.parse(path.read_text())):
        for key, value in zip(node.keys, node.values, strict=True) if isinstance(node, ast.Dict) else ():
            if isinstance(key, ast.Constant) and key.value == "theme":
                names = (part for part in ast.walk(value) if isinstance(part, ast.Attribute))
                yield from (f"{path}:{part.lineno}" for part in names if part.attr == "name")


def test_no_button_keeps_a_theme_by_its_name() -> None:
    files = Path(features.__path__[0]).rglob("*.py")
    assert [found for path in files for found in _named_in(path)] == []
