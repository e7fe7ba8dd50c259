"""Whom a moderator put out of a theme's room comes in by no account that was theirs when that was."""

from __future__ import annotations

import pytest

from tests.bot.features.themes.test_guests import inside, put_out_by_hand
from tests.bot.features.themes.test_guests import joined as joined
from tests.bot.features.themes.test_rooms import MADE, later
from tests.bot.features.themes.test_rooms import town as town
from tests.doubles.platform import Town

__all__ = ["joined", "town"]
PUT_OUT, JOIN = "Een moderator heeft je", "!thema meedoen Verlichting"


@pytest.mark.parametrize("how", ["unlinked", "undone"])
@pytest.mark.parametrize("out", ["ben", "cas"])
async def test_who_was_put_out_comes_in_by_no_account_that_parts_with_them(
    joined: Town, how: str, out: str
) -> None:
    """Put out with one account, the other one leaves them, whichever way."""
    await joined.say("cas", "!help")
    brought = await joined.linked("ben", "cas")
    await joined.say("cas", JOIN)
    await later(joined)
    assert {"ben", "cas"} <= inside(joined)
    await put_out_by_hand(joined, out)
    other = "cas" if out == "ben" else "ben"
    joined.platform.inside.discard((other, MADE.room_id))
    await joined.core.parted(MADE, [other])
    assert PUT_OUT in await joined.say(other, JOIN)
    await joined.parted("cas", brought if how == "undone" else None)
    for who in (other, out):
        assert PUT_OUT in await joined.say(who, JOIN), who
    await later(joined)
    assert not {"ben", "cas"} & inside(joined)


async def test_who_was_linked_with_somebody_who_was_put_out_before_comes_in_once_that_is_undone(
    joined: Town,
) -> None:
    """Nobody is kept out for long by having said yes to a wrong one."""
    await put_out_by_hand(joined, "ben")
    await joined.say("cas", "!help")
    brought = await joined.linked("ben", "cas")
    assert PUT_OUT in await joined.say("cas", JOIN)
    await joined.parted("cas", brought)
    assert PUT_OUT in await joined.say("ben", JOIN)
    assert PUT_OUT not in await joined.say("cas", JOIN)
    await later(joined)
    assert inside(joined) & {"ben", "cas"} == {"cas"}
