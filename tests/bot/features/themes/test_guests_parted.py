"""Whom a moderator put out of a theme's room comes in by no account that was theirs when that was."""

from __future__ import annotations

import pytest

from bot.model.people import Identity
from bot.ports.storage import Transaction
from tests.bot.features.themes.test_guests import inside, put_out_by_hand
from tests.bot.features.themes.test_guests import joined as joined
from tests.bot.features.themes.test_propose import pressed
from tests.bot.features.themes.test_rooms import MADE, later
from tests.bot.features.themes.test_rooms import town as town
from tests.bot.main.test_listed_parted import link
from tests.doubles.platform import PLATFORM, Town

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


@pytest.mark.parametrize("before", [False, True])
async def test_who_was_let_in_again_and_put_out_again_stays_out(joined: Town, before: bool) -> None:
    """Ben was put out before he was one with Cas; a moderator lets them in, and puts out Cas. Undone."""
    if before:
        await put_out_by_hand(joined, "ben")
    await joined.say("cas", "!help")
    brought = await joined.linked("ben", "cas")
    if before:
        assert PUT_OUT in await joined.say("cas", JOIN)
        await joined.say("mia", "!theme readmit ben Verlichting")
        await later(joined)
    assert PUT_OUT not in await joined.say("cas", JOIN)
    await later(joined)
    assert {"ben", "cas"} <= inside(joined)
    await put_out_by_hand(joined, "cas")
    joined.platform.inside.discard(("ben", MADE.room_id))
    await joined.core.parted(MADE, ["ben"])
    assert PUT_OUT in await joined.say("ben", JOIN)
    await joined.parted("cas", brought)
    said = {who: await joined.say(who, JOIN) for who in ("ben", "cas")}
    await later(joined)
    assert not {"ben", "cas"} & inside(joined), said


@pytest.mark.parametrize("before", [False, True])
async def test_who_was_one_with_whom_a_moderator_put_out_stays_out(joined: Town, before: bool) -> None:
    """Dirk was put out before he was one with Cas, and both with Ben, who is put out then."""
    for who in ("cas", "dirk"):
        await joined.say(who, "!help")
    if before:
        await joined.say("dirk", JOIN)
        await later(joined)
        await put_out_by_hand(joined, "dirk")
    first = await joined.linked("cas", "dirk")
    second = await joined.linked("ben", "cas")
    await put_out_by_hand(joined, "ben")
    assert PUT_OUT in await joined.say("cas", JOIN)
    for who in ("cas", "dirk"):
        await joined.core.parted(MADE, [who])

    def part(tx: Transaction) -> None:
        two = [Identity(PLATFORM, name) for name in ("cas", "dirk")]
        person = tx.people.by_identity(two[0])
        assert person
        joined.core.features.part(tx, person.id, two, second)

    await joined.core.store.run(part)
    assert PUT_OUT in await joined.say("ben", JOIN)
    assert PUT_OUT in await joined.say("cas", JOIN)
    await joined.parted("dirk", first)
    said = {who: await joined.say(who, JOIN) for who in ("ben", "cas", "dirk")}
    await later(joined)
    assert not {"ben", "cas"} & inside(joined), said


async def test_who_was_put_out_anew_since_they_were_linked_keeps_out_the_other(joined: Town) -> None:
    """Ben was put out before; a moderator lets them in again, and puts out Ben once more. It is undone."""
    await put_out_by_hand(joined, "ben")
    await joined.say("cas", "!help")
    number = await link(joined, "ben", "cas")
    await joined.say("mia", "!theme readmit ben Verlichting")
    await later(joined)
    assert PUT_OUT not in await joined.say("ben", JOIN)
    await later(joined)
    assert {"ben", "cas"} <= inside(joined)
    await put_out_by_hand(joined, "ben")
    await pressed(joined, "cas", "me link-undo", room=None, link=number)
    said = {who: await joined.say(who, JOIN) for who in ("ben", "cas")}
    await later(joined)
    assert all(PUT_OUT in words for words in said.values()), said
    assert not {"ben", "cas"} & inside(joined)
