"""Pictures and figures: the same that the board shows."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta

import pytest

from bot.errors import Gone, TryLater
from bot.model.message import Attachment, text
from bot.model.people import Identity, Place, Role
from bot.texts import Voice
from tests.chat import BRUSSELS, NOW
from tests.doubles.platform import PLATFORM, Town, open_town

KINDS = {
    "choice": ("Ja | Nee | Later", ["1", "1", "3"]),
    "approval": ("Ja | Nee | Later", ["1 2", "2 3", "2"]),
    "score": ("Ja | Nee | Later", ["5 0 3", "4 4 4", "0 1 2"]),
    "ranked": ("Ja | Nee | Later", ["1 2 3", "2 1 3", "1 3 2"]),
    "consent": ("", ["agree", "object =HYPERLINK(1) is niet goed", "abstain"]),
    "dates": ("12 dec 20:00 | 13 dec 20:00 | 14 dec 20:00", ["yes no maybe", "no yes yes", "maybe maybe no"]),
}


async def closed(town: Town, kind: str) -> list[str]:
    """A poll of that kind in which three voted, and the lines of its board."""
    options, votes = KINDS[kind]
    await town.joined("sport")
    await town.say("anna", f'!poll open "Wat, en = wanneer? 🌳" {options} --kind {kind}')
    for number, words in enumerate(votes):
        await town.say(f"r{number}", f"!vote {words}")
    await town.say("anna", "!poll close --sure")
    await town.core.run_due()
    board = next(shown for shown in reversed(town.platform.shown) if shown.key.startswith("board:"))
    return board.words.split("\n")


async def file(town: Town, form: str, locale: str = "nl") -> bytes:
    made = Attachment("poll:1", form, text("typed"))
    return await town.core.file(made, Voice(locale, BRUSSELS, NOW), Place(PLATFORM, "sport"))


@pytest.mark.parametrize("kind", sorted(KINDS))
async def test_figures_are_those_that_were_shown(database_url: str, kind: str) -> None:
    async with open_town(database_url) as town:
        board = await closed(town, kind)
        rows = list(csv.DictReader(io.StringIO((await file(town, "csv")).decode("utf-8-sig"))))
        table = json.loads(await file(town, "json"))
    assert [row["shown"] for row in rows] == board[1:4]
    assert [row["shown"] for row in table["options"]] == board[1:4]
    assert all(line in board for line in table["result"])
    assert table["people"] == 3
    assert table["question"] == board[0]
    for row, option in zip(rows, table["options"], strict=True):
        assert {name: str(value) for name, value in option.items()} == row
    if kind == "consent":
        assert table["reasons"] == ["=HYPERLINK(1) is niet goed"]


@pytest.mark.parametrize("kind", sorted(KINDS))
async def test_every_kind_has_its_picture(kind: str) -> None:
    async with open_town("sqlite:///:memory:") as town:
        await closed(town, kind)
        dutch, english = await file(town, "png"), await file(town, "png", "en")
    assert dutch.startswith(b"\x89PNG")
    assert dutch != english


async def test_a_spreadsheet_runs_nothing() -> None:
    async with open_town("sqlite:///:memory:") as town:
        await town.joined("sport")
        await town.say("anna", '!poll open "Wat?" =1+1 | @som | -2')
        await town.say("anna", "!poll close --sure")
        data = (await file(town, "csv")).decode("utf-8-sig")
    assert [row["option"] for row in csv.DictReader(io.StringIO(data))] == ["'=1+1", "'@som", "'-2"]


async def sent_to(town: Town, name: str) -> bytes:
    """The figures, as they go out to somebody just now."""
    made = Attachment("poll:1", "json", text("typed"))
    return await town.core.file(made, Voice("nl", BRUSSELS, NOW), Identity(PLATFORM, name))


async def test_a_file_that_waited_is_for_whoever_could_ask_for_it_when_it_is_sent(database_url: str) -> None:
    """Whoever left has it no more, and is asked about on their platform; who moderates the community has."""
    async with open_town(database_url, moderators=("mo",)) as town:
        await closed(town, "choice")
        table = json.loads(await file(town, "json"))
        for name in ("anna", "mo"):
            await town.say(name, "!poll export 1", room="sport" if name == "anna" else None)
            assert json.loads(await sent_to(town, name)) == table
        town.platform.present["anna", "sport"] = None
        del town.platform.present["anna", "sport"]
        with pytest.raises(Gone):
            await sent_to(town, "anna")
        with pytest.raises(Gone):
            await sent_to(town, "nobody")
        town.platform.present["anna", "sport"] = Role.RESIDENT
        assert json.loads(await sent_to(town, "anna")) == table


async def test_a_file_waits_while_a_platform_does_not_say_who_takes_part(database_url: str) -> None:
    async with open_town(database_url) as town:
        await closed(town, "choice")
        town.platform.present["anna", "sport"] = None
        town.clock.turn(timedelta(hours=2))
        with pytest.raises(TryLater):
            await sent_to(town, "anna")


async def test_figures_that_are_no_longer_to_be_seen_go_to_nobody(database_url: str) -> None:
    """Those who voted see them before the end: not whoever took their vote back since they asked."""
    async with open_town(database_url) as town:
        await town.joined("sport")
        await town.say("anna", '!poll open "Wat?" Ja | Nee --results voted')
        await town.say("anna", "!vote 1")
        await town.say("ben", "!vote 2")
        assert "cijfers" in await town.say("anna", "!poll export 1")
        first = json.loads(await sent_to(town, "anna"))
        await town.say("cas", "!vote 2")
        assert json.loads(await sent_to(town, "anna"))["people"] == first["people"] + 1
        await town.say("anna", "!poll withdraw")
        with pytest.raises(Gone):
            await sent_to(town, "anna")
