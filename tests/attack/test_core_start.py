"""Plein was away for longer than a day, over a poll's end: votes given in time, and what is due at its start."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.doubles.discord import Discord
from tests.on_discord import opened, plein_on

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
            for _ in range(30):
                double.clock.turn(10)
                plein.core.agenda.wake()
                await asyncio.sleep(0.1)
            board = await plein.board("sport", "Gesloten: Een skatebaan?")
            assert "Ja haalt het" in board.text, board.text
        finally:
            agenda.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await agenda
