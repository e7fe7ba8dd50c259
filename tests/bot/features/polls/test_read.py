"""The figures to take along are those that were shown, and harmless to whoever opens them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.model.message import Attachment, Message
from bot.model.people import Identity
from bot.sheets import harmless
from bot.texts import Voice
from tests.chat import BRUSSELS, NOW
from tests.doubles.platform import PLATFORM, Town, open_town

WORST = ["=1+1", "+1", "-1", "@SUM(A1)", 'Ja, "zeker"', "Nee | nooit", "<b>é</b>"]


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    async with open_town(database_url) as town:
        await town.joined("sport")
        yield town


async def exported(town: Town, form: str, poll: int = 1) -> bytes:
    """The file that somebody gets who asks for it."""
    answer = await town.core.handle(town.asked("anna", f"!poll export {poll} --file {form}"))
    assert answer
    (file,) = answer.files
    assert file == Attachment(f"poll:{poll}", form, answer.lines[0])
    voice = Voice("nl", BRUSSELS, NOW, escape=lambda words: f"<{words}>")
    return await town.core.file(file, voice, Identity(PLATFORM, "anna"))


async def rows(town: Town) -> list[dict[str, str]]:
    data = await exported(town, "csv")
    assert data.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("=A1", "'=A1"),
        (" \n =A1", " \n '=A1"),
        ("a;=A1", "a;'=A1"),
        ('a" \t+1', "a\" \t'+1"),
        ("a\n\n-1", "a\n\n'-1"),
        ("a = b - c", "a = b - c"),
        ("==", "'=="),
        ("a; b=", "a; b="),
    ],
)
def test_what_begins_a_cell_is_no_formula(words: str, found: str) -> None:
    assert harmless(words) == found


async def test_words_that_begin_like_a_formula_are_only_words(town: Town) -> None:
    options = [option for option in WORST if "|" not in option]
    await town.say("anna", f'!poll open "Wat?" {" | ".join(options)}')
    found = [row["option"] for row in await rows(town)]
    assert found == ["'=1+1", "'+1", "'-1", "'@SUM(A1)", 'Ja, "zeker"', "<b>é</b>"]
    table = json.loads(await exported(town, "json"))
    assert [option["option"] for option in table["options"]] == options


@pytest.mark.parametrize("blank", ["\n", "\t", " ", ";", '"'])
def test_a_long_row_of_what_may_begin_a_cell_takes_no_longer(blank: str) -> None:
    """Read from each of them anew it would take hours."""
    row = 500_000 * blank
    assert harmless(f"{row}x") == f"{row}x"
    assert harmless(f"{row}=1") == f"{row}'=1"


CELLS = ["Ja;=1+1", "Nee; @som", 'x";=2', 'y;"=3', "a, b;-4", "z;\uff1d5", "=6;+7", "gewoon"]


@pytest.mark.parametrize("parted_by", [",", ";", "\t"])
async def test_no_cell_is_a_formula_wherever_cells_are_parted(town: Town, parted_by: str) -> None:
    """In most of Europe a spreadsheet parts them at semicolons, and knows nothing of who wrote the file."""
    quoted = " | ".join(f"«{cell}»" for cell in CELLS)
    assert "staat open" in await town.say("anna", f'!poll open "Wat?" {quoted}')
    data = (await exported(town, "csv")).decode("utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(data), delimiter=parted_by) for cell in row]
    assert len(cells) >= 8
    assert not [cell for cell in cells if cell.strip().startswith(tuple("=+-@\uff1d"))]
    assert "gewoon" in data


@pytest.mark.parametrize(
    ("how", "votes", "figures"),
    [
        ("A | B", ("2", "2"), [{"count": 0}, {"count": 2}]),
        ("A | B --kind score", ("5 0", "4 1"), [{"count": 9, "mean": 4.5}, {"count": 1, "mean": 0.5}]),
        ("A | B --kind ranked", ("2 1", "2 1"), [{"count": 0, "duels": 1}, {"count": 1, "duels": 1}]),
        ("--kind consent", ("agree", "object te ver"), [{"count": 1}, {"count": 0}, {"count": 1}]),
        (
            "2026-12-08T20:00 | 2026-12-09T20:00 --kind dates",
            ("yes maybe", "no maybe"),
            [{"count": 1, "need": 0}, {"count": 0, "need": 2}],
        ),
    ],
)
async def test_the_figures_are_those_of_the_board(
    town: Town, how: str, votes: tuple[str, str], figures: list[dict[str, Any]]
) -> None:
    await town.say("anna", f'!poll open "Wat?" {how}')
    for name, words in zip(("ben", "cas"), votes, strict=True):
        await town.say(name, f"!vote {words}")
    board = (await town.say("anna", "!poll show 1")).split("\n")
    table = json.loads(await exported(town, "json"))
    assert (table["people"], table["state"], table["result"]) == (2, "open", [])
    assert [option["shown"] for option in table["options"]] == board[1 : len(figures) + 1]
    shown = [{name: option[name] for name in figures[0]} for option in table["options"]]
    assert shown == figures
    assert [{name: row[name] for name in figures[0]} for row in await rows(town)] == [
        {name: str(value) for name, value in figure.items()} for figure in figures
    ]
    assert table["reasons"] == (["te ver"] if "consent" in how else [])
    await town.say("anna", "!poll close 1 --sure")
    table = json.loads(await exported(town, "json"))
    assert table["state"] == "closed"
    assert table["result"]


async def test_nobody_takes_along_what_is_not_to_be_seen(town: Town) -> None:
    await town.say("anna", '!poll open "Wat?" A | B --results closed')
    await town.say("anna", '!poll open "Wat?" A | B --results voted')
    await town.say("anna", '!poll open "Wat?" A | B --anonymous')
    await town.say("anna", '!poll open "Wat?" A | B --opens 2d')

    async def asks(name: str, poll: int) -> Message:
        answer = await town.core.handle(town.asked(name, f"!poll export {poll}"))
        assert answer
        return answer

    for poll in (1, 2, 3, 4):
        answer = await asks("ben", poll)
        assert (answer.lines[0].key, answer.files) == ("poll.export.hidden", ())
    for poll in (1, 2, 3):
        await town.say("ben", f"!vote 1 --poll {poll}", room=None)
    assert [bool((await asks("ben", poll)).files) for poll in (1, 2, 3)] == [False, True, False]
    assert not (await asks("cas", 2)).files
    for poll in (1, 2, 3):
        await town.say("anna", f"!poll close {poll} --sure")
    assert [bool((await asks("cas", poll)).files) for poll in (1, 2, 3)] == [True] * 3
