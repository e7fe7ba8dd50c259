"""A server of a town on the double of Discord, with Plein on it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.doubles.discord import Discord
from tests.on_discord import OnDiscord, plein_on


@pytest.fixture
async def double() -> AsyncIterator[Discord]:
    """Discord with a server "Plein" that has a channel "sport". What is asked of it keeps to its contract."""
    async with Discord() as discord:
        discord.guild("Plein").channel("sport")
        yield discord
        assert discord.check_contract() == []


@pytest.fixture
async def plein(double: Discord, tmp_path: Path) -> AsyncIterator[OnDiscord]:
    async with plein_on(double, f"sqlite:///{tmp_path}/plein.db") as plein:
        yield plein
