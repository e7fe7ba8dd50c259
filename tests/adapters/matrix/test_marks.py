"""Plein's own sign on what could not be carried, on the homeserver."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.errors import Refused, TryLater
from bot.model.people import Identity, Place
from bot.ports.uncarried import Mark
from bot.signs import WARNING
from tests.adapters.matrix.carried import AT, Carried, carrying_on
from tests.adapters.matrix.test_carried import BUSY, somebody
from tests.doubles.proxy import Proxy
from tests.homeserver import Homeserver, Person
from tests.town import numbers


@pytest.fixture(scope="module")
async def carried(homeserver: Homeserver, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Carried]:
    folder = tmp_path_factory.mktemp("marked")
    async with Proxy(homeserver.url) as proxy, carrying_on(homeserver, proxy, folder) as carried:
        yield carried


def mark_of(room: str, event: str, author: str) -> Mark:
    who = Identity("matrix", author)
    return Mark(next(numbers), Place("matrix", room), "", event, who, True, None, False, AT, 0)


async def signs_on(person: Person, room: str, event: str) -> list[str]:
    return [
        each["event_id"]
        for each in await person.history(room)
        if each["content"].get("m.relates_to", {}).get("event_id") == event
        and each["content"]["m.relates_to"]["key"] == WARNING
    ]


@pytest.mark.parametrize("encrypted", [False, True])
async def test_it_stands_there_once_and_goes(
    carried: Carried, homeserver: Homeserver, encrypted: bool
) -> None:
    anna = await somebody(homeserver, "anna")
    room = await carried.room(anna, encrypted=encrypted)
    said = await anna.say(room, "dag")
    wanted = mark_of(room, said, anna.user_id)
    stands_at = await carried.adapter.mark(wanted)
    assert await carried.adapter.mark(wanted) == stands_at
    # Long after, when the homeserver knows nothing any more of the try before.
    forgotten = replace(wanted, message=next(numbers), tried=True)
    assert await carried.adapter.mark(forgotten) == stands_at
    assert await signs_on(anna, room, said) == [stands_at]
    await carried.adapter.unmark(forgotten)
    await carried.adapter.unmark(replace(wanted, mark=stands_at))
    assert await signs_on(anna, room, said) == []
    again = replace(wanted, since=AT.replace(minute=6))
    assert await carried.adapter.mark(again) != stands_at


async def test_where_it_may_not_be_or_not_just_now(carried: Carried, homeserver: Homeserver) -> None:
    anna = await somebody(homeserver, "anna")
    room = await carried.room(anna)
    wanted = mark_of(room, await anna.say(room, "dag"), anna.user_id)
    other = await carried.room(anna)
    levels = await anna.state(other, "m.room.power_levels") or {}
    events = {**levels["events"], "m.reaction": 100}
    await anna.send_state(other, "m.room.power_levels", {**levels, "events": events})
    with pytest.raises(Refused):
        await carried.adapter.mark(mark_of(other, await anna.say(other, "dag"), anna.user_id))
    carried.proxy.answer("/send/m.reaction/", 429, BUSY, times=1)
    with pytest.raises(TryLater):
        await carried.adapter.mark(wanted)
    carried.proxy.mend()
