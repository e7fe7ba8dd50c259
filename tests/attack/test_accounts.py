"""An attack on rooms whose account of Plein's is another one by now."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.model.people import FIRST_COMMUNITY, Place
from tests.bot.features.themes.test_guests import inside
from tests.bot.features.themes.test_rooms import MADE, later, settle
from tests.doubles.platform import PLATFORM, open_town


@pytest.mark.parametrize("account", [PLATFORM, "test:new"], ids=["control", "attack"])
async def test_who_leaves_is_out_where_another_account_serves_the_room(
    database_url: str, account: str
) -> None:
    """The one that made it is at work no more, and the other serves the place."""
    async with open_town(database_url, moderators=("mia",), board_rest=0, account="test:old") as town:
        await town.joined("sport")
        for name in ("anna", "ben", "mia"):
            await town.say(name, "!help")
        await town.core.store.run(settle)
        await town.say("mia", '!thema voorstel "Verlichting" Meer licht')
        await town.say("ben", "!thema meedoen Verlichting")
        for _ in range(2):
            await later(town)
        assert inside(town) == {"mia", "ben"}
    account = "test:old" if account == PLATFORM else account
    async with open_town(
        database_url, moderators=("mia",), board_rest=0, account=account, number=1000
    ) as town:
        town.platform.inside |= {("ben", MADE.room_id), ("mia", MADE.room_id)}
        town.clock.turn_to(town.clock.now() + timedelta(days=2))
        await town.core.rooms.look_after()
        for place in (Place(PLATFORM, "sport"), MADE):
            await town.core.joined(account, place, place.room_id, community=FIRST_COMMUNITY, ours=True)
        assert await town.core.store.run(lambda tx: tx.places.served_by(MADE)) == account
        assert "Ik haal je ook uit" in await town.say("ben", "!thema verlaat Verlichting")
        for _ in range(3):
            await later(town)
        assert inside(town) == {"mia"}
