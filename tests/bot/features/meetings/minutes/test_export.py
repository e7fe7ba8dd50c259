"""The minutes as files: by the names that people go by now, with nothing in them that marks anything up."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.errors import Gone
from bot.model.message import Attachment, text
from bot.model.people import Identity, Place
from bot.texts import Voice
from tests.bot.features.meetings.minutes.meetings import approved, heard, put_out, running
from tests.chat import BRUSSELS, NOW
from tests.doubles.platform import PLATFORM, Town


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    async with running(database_url) as town:
        yield town


async def file(town: Town, form: str, version: int = 1, to: Place | Identity | None = None) -> str:
    made = Attachment(f"minutes:1:{version}", form, text("typed"))
    where = to or Place(PLATFORM, "sport")
    return (await town.core.file(made, Voice("nl", BRUSSELS, NOW), where)).decode()


async def test_as_markdown_with_names_and_nothing_that_marks_up(town: Town) -> None:
    await town.say("anna", '!minutes note "# Niet *echt* een [titel](https://x.example) <b> 1. 2"')
    await town.say("anna", '!minutes decide "Een nieuwe lamp"')
    await town.say("mia", '!minutes action anna "lamp_bestellen" 15/12')
    await approved(town)
    made = await file(town, "md")
    assert made.startswith("# Verslag: Sportraad, ")
    assert r"1\. \# Niet \*echt\* een \[titel\]\(https://x\.example\) \<b\> 1\. 2 (anna)" in made
    assert r"2\. Besluit: Een nieuwe lamp (anna)" in made
    assert r"Actie 1: lamp\_bestellen (anna, tegen dinsdag 15 december)" in made
    assert "goedgekeurd door mia" in made


async def test_as_json_with_what_became_of_each_promise(town: Town) -> None:
    await town.say("anna", '!minutes note "De lamp is stuk"')
    await town.say("mia", '!minutes action anna "lamp bestellen" 15/12')
    await town.say("anna", "!action done 1")
    made: Any = json.loads(await file(town, "json"))
    assert (made["approved_by"], made["version"]) == (None, 1)
    assert [(line["number"], line["kind"], line["by"]) for line in made["lines"]] == [(1, "note", "anna")]
    assert made["actions"] == [
        {"action": 1, "words": "lamp bestellen", "owner": "anna", "due": "2026-12-15", "state": "done"}
    ]


@pytest.mark.parametrize("form", ["md", "json"])
async def test_whoever_was_forgotten_is_a_resident_in_every_version(town: Town, form: str) -> None:
    await town.say("anna", '!minutes note "De lamp is stuk"')
    await town.say("mia", '!minutes action anna "lamp bestellen" 15/12')
    await approved(town)
    await town.say("anna", '!minutes note "De brug is stuk"')
    asked = await heard(town, "anna", "!vergeet mij", room=None)
    await town.core.handle(town.asked("anna", room=None, button=asked.buttons[0]))
    for version in (1, 2):
        made = await file(town, form, version)
        assert "anna" not in made
        assert "een bewoner" in made


async def test_only_who_takes_part_gets_it(town: Town) -> None:
    await town.say("anna", '!minutes note "De lamp is stuk"')
    anna = Identity(PLATFORM, "anna")
    assert "lamp" in await file(town, "md", to=anna)
    put_out(town, "anna")
    with pytest.raises(Gone):
        await file(town, "md", to=anna)


async def test_what_is_asked_for_is_what_is_shown(town: Town) -> None:
    await town.say("anna", '!minutes note "De lamp is stuk"')
    draft = await heard(town, "anna", "!minutes export")
    assert [each.subject for each in draft.files] == ["minutes:1:1"]
    await approved(town)
    await town.say("anna", '!minutes note "De brug is stuk"')
    newest = await heard(town, "anna", "!minutes export --file json", room=None)
    assert [(each.subject, each.form) for each in newest.files] == [("minutes:1:1", "json")]
    draft = await heard(town, "anna", "!minutes export 1 --version 2")
    assert [(each.subject, each.form) for each in draft.files] == [("minutes:1:2", "md")]
