"""People talk with each other across both platforms, and one of these is away meanwhile, or Plein is.

In the end both histories say the same: each word once, and what each person said in one place in order.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.homeserver import Homeserver
from tests.relayed import Town, a_town

pytestmark = pytest.mark.long


@pytest.fixture
async def town(homeserver: Homeserver, tmp_path: Path) -> AsyncIterator[Town]:
    async with a_town(homeserver, tmp_path) as town:
        yield town


async def test_discord_is_away(town: Town) -> None:
    async with town.relaying():
        await town.talk("eerst")
        await town.say_the_same()
        await town.double.go_away()
        town.double.gateway.forget()
        await town.by_a_moderator()
        await town.talk("intussen")
        await town.double.come_back()
        await town.talk("daarna")
        await town.say_the_same()


async def test_matrix_is_away(town: Town) -> None:
    async with town.relaying():
        await town.talk("eerst")
        await town.say_the_same()
        town.proxy.hang_up("/_matrix")
        await town.by_a_moderator()
        await town.talk("intussen")
        town.proxy.mend()
        await town.talk("daarna")
        await town.say_the_same()


async def test_plein_is_away(town: Town) -> None:
    async with town.relaying():
        await town.talk("eerst")
        await town.say_the_same()
    await town.by_a_moderator()
    await town.talk("intussen", 60)
    async with town.relaying():
        await town.talk("daarna")
        await town.say_the_same()
