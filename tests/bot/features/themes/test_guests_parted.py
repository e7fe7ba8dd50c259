"""Whom a moderator put out of a theme's room comes in by no account that was theirs when that was."""

from __future__ import annotations

import pytest

from bot.model.people import Identity
from bot.ports.people import Brought
from bot.ports.storage import Transaction
from tests.bot.features.themes.test_guests import inside, put_out_by_hand
from tests.bot.features.themes.test_guests import joined as joined
from tests.bot.features.themes.test_rooms import MADE, later
from tests.bot.features.themes.test_rooms import town as town
from tests.doubles.platform import PLATFORM, Town

__all__ = ["joined", "town"]
BEN, CAS = (Identity(PLATFORM, name) for name in ("ben", "cas"))
PUT_OUT, JOIN = "Een moderator heeft je", "!thema meedoen Verlichting"


async def linked(town: Town) -> tuple[int, Brought]:
    """Ben and Cas are one: their number, and what Cas brought."""
    await town.say("cas", "!help")

    def link(tx: Transaction) -> tuple[int, Brought]:
        ben, cas = (tx.people.by_identity(account) for account in (BEN, CAS))
        assert ben
        assert cas
        brought = tx.people.brought(cas.id, ben.id)
        return town.core.features.link(tx, [BEN, CAS]), brought

    return await town.core.store.run(link)


async def part(town: Town, person: int, brought: Brought | None) -> None:
    def work(tx: Transaction) -> None:
        town.core.features.part(tx, person, [CAS], brought)

    await town.core.store.run(work)


@pytest.mark.parametrize("how", ["unlinked", "undone"])
@pytest.mark.parametrize("out", ["ben", "cas"])
async def test_who_was_put_out_comes_in_by_no_account_that_parts_with_them(
    joined: Town, how: str, out: str
) -> None:
    """Put out with one account, the other one leaves them, whichever way."""
    person, brought = await linked(joined)
    await joined.say("cas", JOIN)
    await later(joined)
    assert {"ben", "cas"} <= inside(joined)
    await put_out_by_hand(joined, out)
    other = "cas" if out == "ben" else "ben"
    joined.platform.inside.discard((other, MADE.room_id))
    await joined.core.parted(MADE, [other])
    assert PUT_OUT in await joined.say(other, JOIN)
    await part(joined, person, brought if how == "undone" else None)
    for who in (other, out):
        assert PUT_OUT in await joined.say(who, JOIN), who
    await later(joined)
    assert not {"ben", "cas"} & inside(joined)


async def test_who_was_linked_with_somebody_who_was_put_out_before_comes_in_once_that_is_undone(
    joined: Town,
) -> None:
    """Nobody is kept out for long by having said yes to a wrong one."""
    await put_out_by_hand(joined, "ben")
    person, brought = await linked(joined)
    assert PUT_OUT in await joined.say("cas", JOIN)
    await part(joined, person, brought)
    assert PUT_OUT in await joined.say("ben", JOIN)
    assert PUT_OUT not in await joined.say("cas", JOIN)
    await later(joined)
    assert inside(joined) & {"ben", "cas"} == {"cas"}
