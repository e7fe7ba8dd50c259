"""What one person makes grow by coming into rooms of their own."""

from __future__ import annotations

from datetime import timedelta

from bot.model.events import Came
from bot.model.people import FIRST_COMMUNITY, Identity, Place
from tests.bot.features.themes.test_welcome import town as town
from tests.doubles.platform import PLATFORM, Town

__all__ = ["town"]
ROOMS = 40


async def kept(town: Town) -> int:
    return len([name for name in await town.core.kept("", "") if "welcome" in name])


async def test_of_rooms_that_are_gone_it_is_not_kept_when_somebody_was_welcomed_there(town: Town) -> None:
    before = await kept(town)
    for number in range(ROOMS):
        place = Place(PLATFORM, f"eves{number}")
        await town.core.joined(PLATFORM, place, "Eve", community=FIRST_COMMUNITY)
        await town.core.came(Came(place, (Identity(PLATFORM, f"second{number}"),)))
        await town.core.left(PLATFORM, place)
    assert await kept(town) == before + ROOMS
    town.clock.turn(timedelta(days=400))
    await town.core.run_due()
    await retention(town)
    assert await kept(town) <= before + 1


async def retention(town: Town) -> None:
    """What is seen to twice a day."""
    await town.core.store.forget(town.clock.now())
