"""Who writes what down of a meeting, and when; and how a version stays as it was approved."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.features.meetings.minutes import write
from bot.features.meetings.minutes.records import MINUTES
from tests.bot.features.meetings.minutes.meetings import (
    DAY,
    HOUR,
    approved,
    as_organiser,
    heard,
    later,
    press,
    put_out,
    read,
    running,
)
from tests.bot.features.meetings.test_changes import council
from tests.doubles.platform import Town


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    async with running(database_url) as town:
        yield town


# --- when ---


@pytest.mark.parametrize(
    ("since", "words"),
    [
        (timedelta(minutes=-31), "begint een halfuur vooraf"),
        (timedelta(minutes=-30), "Genoteerd als nummer 1"),
        (timedelta(0), "Genoteerd als nummer 1"),
        (timedelta(hours=1, minutes=30), "Genoteerd als nummer 1"),
        (timedelta(days=7, hours=1, minutes=29), "Genoteerd als nummer 1"),
        (timedelta(days=7, hours=1, minutes=30), "langer dan een week geleden"),
    ],
)
async def test_it_is_written_from_half_an_hour_before_until_a_week_after(
    database_url: str, since: timedelta, words: str
) -> None:
    async with council(database_url) as town:
        await later(town, 7 * DAY + HOUR / 2 + since)
        assert words in await town.say("ben", "!minutes note De lamp is stuk --meeting 1")


async def test_what_was_said_in_time_and_is_heard_late_counts(town: Town) -> None:
    said = replace(town.asked("ben", "!minutes note De lamp is stuk --meeting 1"), at=town.clock.now())
    await later(town, 20 * DAY)
    answer = await town.core.handle(said)
    assert answer
    lines = await read(town, lambda tx: tx.of(MINUTES).lines(1, 1))
    assert [line.said_at for line in lines] == [said.at]


async def test_nothing_is_written_of_one_that_was_cancelled(database_url: str) -> None:
    async with council(database_url) as town:
        await heard(town, "mia", "!meeting cancel Ziek --meeting 1 --sure")
        await later(town, 7 * DAY + HOUR)
        assert "gaat niet door" in await town.say("ben", "!minutes note De lamp is stuk --meeting 1")


# --- who ---


async def test_who_is_not_there_hears_of_no_such_meeting(town: Town) -> None:
    await town.joined("bens", theme="bens")
    for words in ("!minutes note De lamp --meeting {}", "!minutes show {}", "!minutes approve {}"):
        put_out(town, "ben")
        there = await town.say("ben", words.format(1), room="bens")
        nowhere = await town.say("ben", words.format(9), room="bens")
        assert there == nowhere.replace("bijeenkomst 9", "bijeenkomst 1")
        assert "Sportraad" not in there


async def test_who_may_not_write_there_writes_nothing_down(town: Town) -> None:
    asked = replace(town.asked("ben", "!minutes note De lamp is stuk"), writes=False)
    answer = await town.core.handle(asked)
    assert answer
    assert not await read(town, lambda tx: tx.of(MINUTES).lines(1, 1))


async def test_whoever_wrote_it_mends_it_and_nobody_else_and_who_organises_takes_it_out(town: Town) -> None:
    await town.say("anna", "!minutes note De lamp is stuk")
    assert "is van" in await town.say("ben", "!minutes note De brug is stuk --instead 1")
    assert "is van" in await town.say("ben", "!minutes drop 1")
    assert "is van" in await town.say("mia", "!minutes note De brug is stuk --instead 1")
    assert "niet meer" in await town.say("mia", "!minutes drop 1")
    assert not await read(town, lambda tx: tx.of(MINUTES).lines(1, 1))


# --- how much ---


async def test_one_person_writes_so_much(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write, "MOST_OWN", 2)
    for words in ("een lamp", "twee lampen"):
        await town.say("ben", f"!minutes note {words}")
    assert "Je schreef al 2 regels" in await town.say("ben", "!minutes note drie lampen")
    await town.say("ben", "!minutes drop 1")
    assert "Je schreef al 2 regels" in await town.say("ben", "!minutes note drie lampen")
    assert "Genoteerd" in await town.say("anna", "!minutes note drie lampen")


async def test_and_all_together_so_much(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write, "MOST", 2)
    for name in ("anna", "ben"):
        await town.say(name, "!minutes note een lamp")
    assert "staan al 2 regels" in await town.say("mia", "!minutes note een lamp")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("!minutes decide x", "Schrijf minstens 3 letters"),
        ('!minutes note "\u200b\u200b\u200b\u200b"', ""),
        ("!minutes note " + "x" * 501, "501 tekens"),
        ("!minutes note De lamp --instead 7", "Nummer 7 staat niet"),
        ("!minutes drop 0", "Nummer 0 staat niet"),
        ("!minutes show 1 --version 2", "nog geen versie goedgekeurd"),
        ("!minutes show 1 --page 0", "staat nog niets"),
        ("!minutes show", "staat nog niets"),
        ("!minutes export", "staat nog niets"),
        ("!minutes show 9", "9"),
    ],
)
async def test_what_is_wrong_is_said_and_changes_nothing(town: Town, words: str, said: str) -> None:
    assert said in await town.say("ben", words)
    assert not await read(town, lambda tx: tx.of(MINUTES).lines(1, 1))


# --- taking back ---


async def test_whose_message_is_removed_takes_back_what_it_wrote(town: Town) -> None:
    said = town.asked("ben", "!minutes note De lamp is stuk")
    await town.core.handle(said)
    await town.core.take_back(town.asked("ben"), said.id)
    assert not await read(town, lambda tx: tx.of(MINUTES).lines(1, 1))


async def test_what_was_taken_back_is_nobody_else_s_number(town: Town) -> None:
    said = town.asked("ben", "!minutes note De lamp is stuk")
    await town.core.handle(said)
    await press(town, "ben", "minutes drop", line=1, meeting=1)
    await town.say("ben", "!minutes note De brug is stuk")
    await town.core.take_back(town.asked("ben"), said.id)
    lines = await read(town, lambda tx: tx.of(MINUTES).lines(1, 1))
    assert [(line.number, line.words) for line in lines] == [(2, "De brug is stuk")]


async def test_its_words_are_not_kept(town: Town) -> None:
    await town.say("ben", "!minutes note GEHEIM")
    await town.say("ben", "!minutes drop 1")

    def rows(tx: Any) -> str:
        who = tx.people.named("ben", None)[0]
        return str(tx.of(MINUTES).rows_of(who.id))

    assert "GEHEIM" not in await read(town, rows)


# --- versions ---


async def shown(town: Town, version: int) -> str:
    return await town.say("anna", f"!minutes show 1 --version {version}", room=None)


async def test_every_version_stays_as_it_was(town: Town) -> None:
    await town.say("anna", "!minutes note De lamp is stuk")
    await town.say("ben", "!minutes note De brug is stuk")
    await approved(town)
    await town.say("anna", "!minutes note De lamp is weer heel --instead 1")
    await town.say("anna", "!minutes note De lamp is toch stuk --instead 1")
    await town.say("ben", "!minutes drop 2")
    await town.say("anna", "!minutes decide Een nieuwe lamp")
    await approved(town)
    await town.say("anna", "!minutes drop 1")
    assert "De lamp is stuk" in await shown(town, 1)
    assert "De brug is stuk" in await shown(town, 1)
    assert "Een nieuwe lamp" not in await shown(town, 1)
    second = await shown(town, 2)
    assert "De lamp is toch stuk" in second
    assert "weer heel" not in second
    assert "brug" not in second
    assert "Een nieuwe lamp" in second
    draft = await shown(town, 3)
    assert "lamp is" not in draft
    assert "ontwerp" in draft
    assert "versies" in await shown(town, 4)


async def test_a_draft_is_in_the_theme_nowhere_and_what_is_approved_once_it_is_shown(town: Town) -> None:
    await town.say("anna", "!minutes decide Een nieuwe lamp")
    await town.say("anna", "!minutes show")
    assert not [words for words in town.platform.where("sport") if "nieuwe lamp" in words]
    await approved(town)
    await town.core.boards.worker.flush()
    assert not [words for words in town.platform.where("sport") if "nieuwe lamp" in words]
    for _ in range(2):
        await town.say("ben", "!minutes show")
        await town.core.boards.worker.flush()
    assert len([words for words in town.platform.where("sport") if "nieuwe lamp" in words]) == 1


async def test_who_only_reads_there_has_it_shown_to_nobody(town: Town) -> None:
    await town.say("anna", "!minutes decide Een nieuwe lamp")
    await approved(town)
    await town.core.handle(replace(town.asked("ben", "!minutes show"), writes=False))
    await town.core.boards.worker.flush()
    assert not [words for words in town.platform.where("sport") if "nieuwe lamp" in words]


async def test_what_was_written_while_it_was_read_is_read_first(town: Town) -> None:
    await town.say("anna", "!minutes note De lamp is stuk")
    asked = await heard(town, "mia", "!minutes approve 1")
    await town.say("anna", "!minutes note SCHELD --instead 1")
    await town.core.handle(town.asked("mia", button=asked.buttons[0]))
    assert await read(town, lambda tx: tx.of(MINUTES).approval(1)) is None
    assert "goedgekeurd" in await approved(town)
    again = await town.core.handle(town.asked("mia", button=asked.buttons[0]))
    assert again
    newest = await read(town, lambda tx: tx.of(MINUTES).approval(1))
    assert newest
    assert newest.version == 1


async def test_who_wrote_all_of_it_approves_it_and_hears_so(town: Town) -> None:
    await town.say("mia", "!minutes note De lamp is stuk")
    assert "je eigen verslag" in await town.say("mia", "!minutes approve")
    assert "je eigen verslag" in await approved(town)
    await town.say("anna", "!minutes note De brug is stuk")
    assert "eigen" not in await town.say("mia", "!minutes approve")


async def test_who_may_plan_there_approves_too_and_nobody_else(town: Town) -> None:
    await town.say("anna", "!minutes note De lamp is stuk")
    assert "Alleen wie" in await town.say("anna", "!minutes approve")
    assert "Keur je versie 1" in await as_organiser(town, "bob", "!minutes approve")


async def test_whoever_is_forgotten_is_nobody_in_every_version(town: Town) -> None:
    await town.say("anna", "!minutes note De lamp is stuk")
    await approved(town)
    await town.say("anna", "!minutes note De brug is stuk")
    await approved(town)
    asked = await heard(town, "anna", "!vergeet mij", room=None)
    await town.core.handle(town.asked("anna", room=None, button=asked.buttons[0]))
    versions = await read(town, lambda tx: [tx.of(MINUTES).lines(1, version) for version in (1, 2)])
    assert [{line.resident for line in lines} for lines in versions] == [{None}, {None}]
    assert "(een bewoner)" in await town.say("ben", "!minutes show 1 --version 1")


async def test_pages_of_ten(town: Town) -> None:
    for number in range(23):
        await town.say("ben", f"!minutes note lamp {number:02}")
    first = await heard(town, "ben", "!minutes show")
    assert len(first.lines) == 11
    assert first.lines[1].values["words"] == "lamp 00"
    last = await heard(town, "ben", "!minutes show --page 3")
    assert [line.values["words"] for line in last.lines] == ["lamp 20", "lamp 21", "lamp 22"]
    assert not last.buttons
    assert "3 bladen" in await town.say("ben", "!minutes show --page 4")
    assert "3 bladen" in await town.say("ben", "!minutes show --page -1")


async def test_who_was_drawn_to_chair_it_approves_what_is_written(town: Town) -> None:
    await town.say("mia", "!come on-site --for anna")
    await town.say("ben", '!minutes note "De lamp is stuk"')
    assert "als voorzitter geloot" in await town.say("anna", "!minutes approve 1")
    assert "Geloot" in await town.say("mia", "!meeting draw 1 --duty chair --sure")
    assert "Keur je versie 1" in await town.say("anna", "!minutes approve 1")
    assert "als voorzitter geloot" in await town.say("ben", "!minutes approve 1")
