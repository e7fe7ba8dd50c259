"""Plein was away over a poll's end or beginning: votes given in time, and what is due at its start."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.features.polls.records import POLLS
from bot.model.people import FIRST_COMMUNITY
from tests.doubles.discord import Discord
from tests.homeserver import Homeserver
from tests.on_discord import OnDiscord, opened, plein_on
from tests.plein import Plein
from tests.town import Town, board, numbers, says

HOUR = 3600


@pytest.fixture
async def double() -> AsyncIterator[Discord]:
    async with Discord() as discord:
        discord.guild("Plein").channel("sport")
        yield discord


@pytest.mark.parametrize("away", [20, 23.5, 50])
async def test_votes_given_in_time_while_plein_was_away_count(
    double: Discord, tmp_path: Path, away: float
) -> None:
    """They were typed a minute after Plein stopped; the poll ended while it was away."""
    database = f"sqlite:///{tmp_path}/plein.db"
    anna = double.guild("Plein").member("anna")
    async with plein_on(double, database) as plein:
        await opened(plein, anna, "Een skatebaan?", closes="1d")
        await plein.turn(10 * HOUR)
        await plein.core.rooms.look_after()
    double.clock.turn(60)
    await anna.says("sport", f"<@{double.bot.id}> stem 1")
    double.clock.turn(away * HOUR)
    # As Plein starts: what is due is looked at beside the platforms (bot.main.app._serve).
    async with plein_on(double, database, ready=False) as plein:
        agenda = asyncio.create_task(plein.core.agenda.run())
        try:
            await plein.caught_up()
            for _ in range(10):
                await plein.turn(11)
            board = await plein.board("sport", "Gesloten: Een skatebaan?")
            assert "Ja haalt het" in board.text, board.text
        finally:
            agenda.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await agenda


async def state(plein: OnDiscord) -> str:
    found = await plein.core.store.read(lambda tx: tx.of(POLLS).get(1, 0), community=FIRST_COMMUNITY)
    assert found
    return found[0].state


@pytest.mark.parametrize("away", [6.5, 8])
async def test_a_planned_poll_opens_once_plein_is_back(double: Discord, tmp_path: Path, away: float) -> None:
    """It was to open six hours after Plein stopped; whoever planned it is there, and may ask it."""
    database = f"sqlite:///{tmp_path}/plein.db"
    anna = double.guild("Plein").member("anna")
    async with plein_on(double, database) as plein:
        more = {"opens": "over 6 uur", "closes": "5d"}
        await anna.uses("sport", "poll open", question="Een skatebaan?", option="Ja | Nee", **more)
    double.clock.turn(away * HOUR)
    async with plein_on(double, database, ready=False) as plein:
        agenda = asyncio.create_task(plein.core.agenda.run())
        try:
            await plein.caught_up()
            for _ in range(10):
                await plein.turn(11)
                if (said := await state(plein)) != "planned":
                    break
            assert said == "open"
        finally:
            agenda.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await agenda


@pytest.mark.parametrize("hours", [0.5, 2])
async def test_a_planned_poll_opens_once_plein_is_back_on_matrix(
    homeserver: Homeserver, tmp_path: Path, hours: float
) -> None:
    """Of the real one. That it was away so long is written into its database."""
    plein = await Plein.on(homeserver, tmp_path, f"plein{next(numbers)}")
    try:
        town = Town(homeserver, plein)
        anna = await town.resident("anna")
        room = await town.room(anna.person)
        await anna.person.say(room, '!peiling open "Een skatebaan?" Ja | Nee --opent "over 6 uur" --sluit 5d')
        await anna.told("staat klaar", timeout=60)
        await plein.stop()
        with contextlib.closing(sqlite3.connect(tmp_path / "plein.db")) as db, db:
            [[opens]] = db.execute("select opened_at from polls")
            by = opens - int((time.time() - hours * 3600) * 1_000_000)
            db.execute("update polls set opened_at = opened_at - ?", [by])
            db.execute("update members set said_at = said_at - ?", [by])
            db.execute("update jobs set due_at = due_at - ? where kind = 'poll.open'", [by])
        await plein.start()
        for _ in range(60):
            with contextlib.closing(sqlite3.connect(tmp_path / "plein.db")) as db:
                [[state]] = db.execute("select state from polls")
            if state != "planned":
                break
            await asyncio.sleep(1)
        assert state == "open"
    finally:
        await plein.kill()


@pytest.mark.parametrize("hours", [10, 50])
async def test_votes_given_in_time_while_plein_was_away_count_on_matrix(
    homeserver: Homeserver, tmp_path: Path, hours: float
) -> None:
    """Of the real one. How long it was away is written into its database."""
    plein = await Plein.on(homeserver, tmp_path, f"plein{next(numbers)}")
    try:
        town = Town(homeserver, plein)
        anna = await town.resident("anna")
        room = await town.room(anna.person)
        await anna.person.say(room, '!peiling open "Een skatebaan?" Ja | Nee --sluit 5d')
        await board(anna.person, room, "Een skatebaan?")
        await plein.stop()
        await anna.person.say(room, "!stem 1")
        await asyncio.sleep(2)
        now = int(time.time() * 1_000_000)
        away = now - int(hours * 3600 * 1_000_000)
        with contextlib.closing(sqlite3.connect(tmp_path / "plein.db")) as db, db:
            db.execute("update polls set closes_at = ?", [now])
            db.execute("update jobs set due_at = ? where kind = 'poll.close'", [now])
            db.execute("update accounts set seen_at = ?, heard_until = ?", [away, away])
        await plein.start()
        said = await says(anna.person, room, "Gesloten: Een skatebaan?", timeout=60)
        assert "Ja haalt het" in said.body
    finally:
        await plein.kill()
