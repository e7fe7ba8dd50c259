"""Who is called what where their words are carried: nobody is taken for somebody else."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.model.events import Heard
from bot.model.people import Identity, Place
from bot.namesakes import ALIKE, LONGEST, Namesakes
from bot.ports.storage import Transaction
from tests.doubles.platform import PLATFORM, Town, open_town


class Theme:
    """What names are shown as in one theme."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.names = Namesakes(town.clock, town.core.texts)

    async def shown(self, name: str, account: str | None = None) -> str:
        author = Identity(PLATFORM, account or name.casefold())

        def look(tx: Transaction) -> str:
            here, who = tx.places.known(Place(PLATFORM, "a")), tx.people.by_identity(author)
            assert here
            settings = self.town.core.communities.configured(tx.community)
            now = self.town.clock.now()
            heard = Heard("x", PLATFORM, Place(PLATFORM, "a"), author, name, "dag", now)
            return self.names.name_of(tx, here[0].id, heard, who, settings)

        return await self.town.core.store.run(look)


@pytest.fixture
async def theme(database_url: str) -> AsyncIterator[Theme]:
    async with open_town(database_url, moderators=("mo",)) as town:
        await town.joined("a")
        for name in ("mo", "mia"):
            await town.say(name, "!help", room="a")
        yield Theme(town)


async def test_whoever_is_alone_of_a_name_is_called_that(theme: Theme) -> None:
    assert await theme.shown("mia") == "mia"
    assert await theme.shown("Cas van der Berg") == "Cas van der Berg"


async def test_the_second_of_a_name_has_a_number(theme: Theme) -> None:
    """Whoever Plein knows comes before whom it only hears; these go by who was heard first."""
    assert await theme.shown("Mia", "elsewhere") == "Mia (2)"
    assert await theme.shown("MIA", "far") == "MIA (3)"
    assert await theme.shown("mia") == "mia"
    theme.names.look_again()
    assert await theme.shown("Mia", "elsewhere") == "Mia (2)"


@pytest.mark.parametrize("name", ["mo", "Mo", "m\u043e", "MO", "m0", "m\u200bo"])
async def test_nobody_passes_for_a_moderator(theme: Theme, name: str) -> None:
    assert await theme.shown(name, "cas") == f"{name} (geen moderator)"
    assert await theme.shown("mo") == "mo"


@pytest.mark.parametrize("name", ["Plein", "plein", "PIein", "Ple\u0456n", "P l e i n"])
async def test_nobody_passes_for_plein(theme: Theme, name: str) -> None:
    assert await theme.shown(name, "cas") == f"{name} (niet Plein zelf)"


async def test_what_tells_them_apart_is_not_cut_off(theme: Theme) -> None:
    long = "Mia" * 80
    await theme.shown(long, "first")
    shown = await theme.shown(long, "second")
    assert shown.endswith("… (2)")
    assert len(shown) <= LONGEST + 10


async def test_a_thousand_of_one_name_are_not_remembered(theme: Theme) -> None:
    shown = [await theme.shown("Jan", f"jan{number}") for number in range(ALIKE + 20)]
    assert shown[1] == "Jan (2)"
    assert shown[-1] == f"Jan ({ALIKE + 1})"
