"""A server of a town on the double of Discord, with Plein on it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.adapters.discord.carrying import Carrying, carrying
from tests.doubles.discord import Discord, Person, Server
from tests.doubles.discord.state import Channel
from tests.on_discord import OnDiscord, plein_on


@pytest.fixture
async def double() -> AsyncIterator[Discord]:
    """Discord with a server "Plein" that has a channel "sport". What is asked of it keeps to its contract."""
    async with Discord() as discord:
        discord.guild("Plein").channel("sport")
        yield discord


@pytest.fixture
def database(tmp_path: Path) -> str:
    """The database of a Plein that is started more than once."""
    return f"sqlite:///{tmp_path}/plein.db"


@pytest.fixture
async def plein(double: Discord, database: str) -> AsyncIterator[OnDiscord]:
    async with plein_on(double, database) as plein:
        yield plein


@pytest.fixture
def town(double: Discord) -> Server:
    return double.guild("Plein")


@pytest.fixture
def anna(town: Server) -> Person:
    """A resident who has Discord in Dutch."""
    return town.member("anna", locale="nl")


@pytest.fixture
def ben(town: Server) -> Person:
    """A resident who has Discord in English."""
    return town.member("ben", locale="en-GB")


@pytest.fixture
def mo(town: Server) -> Person:
    """A moderator: somebody who may delete what others say."""
    town.role("moderators", ["manage_messages"])
    return town.member("mo", roles=["moderators"])


@pytest.fixture
def sport(town: Server) -> Channel:
    return town.channel("sport")


@pytest.fixture
def core(sport: Channel) -> Iterator[Carrying]:
    """What is said in #sport is carried to other places, and what is said there to it."""
    with carrying(sport) as known:
        yield known
