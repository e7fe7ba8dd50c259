"""An account that was taken from its person is in none of their themes any more."""

from __future__ import annotations

import pytest

from bot.model.people import Identity
from tests.bot.features.themes.test_guests import inside
from tests.bot.features.themes.test_rooms import BIND, OTHER
from tests.bot.features.themes.test_rooms import town as town
from tests.doubles.platform import PLATFORM, Town

__all__ = ["town"]


@pytest.mark.parametrize("parts", [True, False])
async def test_an_account_that_was_taken_apart_is_let_into_no_room_of_theirs(town: Town, parts: bool) -> None:
    """A moderator takes it apart, as it was lost: whoever found it is asked into the theme's next room."""
    who = [Identity(PLATFORM, name) for name in ("ben", "lost")]
    await town.say("lost", "!help")
    await town.core.link(who)
    await town.say("ben", "!thema meedoen Verlichting")
    await town.core.run_due()
    assert inside(town) >= {"ben", "lost"}
    if parts:
        await town.say("mia", f"!ontkoppel --van ben --op {PLATFORM}:lost --zeker", room=None)
        residents = await town.core.store.run(lambda tx: [tx.people.by_identity(each) for each in who])
        assert residents[0] and (residents[1] is None or residents[0].id != residents[1].id)
    await town.say("mia", "!thema ontkoppel Verlichting")
    await town.say("mia", BIND, room="anders")
    await town.core.run_due()
    assert ("lost" in inside(town, OTHER.room_id)) is not parts
