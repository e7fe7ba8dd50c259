"""People named on Matrix: by a pill, `m.mentions` or an address, known from then on, shown as a pill."""

from __future__ import annotations

import html
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.model.people import Identity
from tests.adapters.matrix.test_posts import Room, a_room, body_of
from tests.doubles.thanks import INSTALLED
from tests.homeserver import Homeserver, Person
from tests.town import numbers

Json = dict[str, Any]


@pytest.fixture
async def room(homeserver: Homeserver, tmp_path: Path) -> AsyncIterator[Room]:
    async with a_room(homeserver, tmp_path, INSTALLED) as room:
        yield room


@pytest.fixture
async def ben(homeserver: Homeserver, room: Room) -> Person:
    """He is in the room, and never says anything."""
    ben = await homeserver.person(f"ben{next(numbers)}")
    await ben.join(room.id)
    return ben


def pill(who: str, name: str) -> str:
    return f'<a href="https://matrix.to/#/{who}">{html.escape(name)}</a>'


async def is_known(room: Room, user: str) -> bool:
    who = Identity("matrix", user)
    return await room.core.store.run(lambda tx: tx.people.by_identity(who)) is not None


async def direct_room(room: Room) -> str:
    """Where Anna is answered."""
    direct = await room.anna.create_room(invite=[room.plein], is_direct=True)

    async def there() -> bool | None:
        return (await room.anna.members(direct)).get(room.plein) == "join" or None

    await room.anna.wait_until(there)
    return direct


async def answered(room: Room, direct: str, *words: str) -> Json:
    """What Plein says to Anna alone with all these words."""
    told = await room.anna.wait_for(
        direct,
        lambda event: event["sender"] == room.plein and all(word in body_of(event) for word in words),
    )
    content: Json = told["content"]
    return content


async def test_whoever_is_mentioned_is_known_from_then_on_and_not_pinged(room: Room, ben: Person) -> None:
    direct, name = await direct_room(room), ben.name
    await room.anna.say(
        room.id,
        f"!test thank {name}",
        format="org.matrix.custom.html",
        formatted_body=f"!test thank {pill(ben.user_id, name)}",
        **{"m.mentions": {"user_ids": [ben.user_id]}},
    )
    content = await answered(room, direct, "bedankt", name)
    assert content["formatted_body"].startswith(f"bedankt en {pill(ben.user_id, name)}")
    # An answer is for whoever asked, and calls for nobody else's attention.
    assert content["m.mentions"] == {"user_ids": [room.anna.user_id]}
    assert await is_known(room, ben.user_id)


@pytest.mark.parametrize("by_address", [True, False], ids=["address", "mentions"])
async def test_without_html(room: Room, ben: Person, by_address: bool) -> None:
    direct = await direct_room(room)
    if by_address:
        await room.anna.say(room.id, f"!test thank {ben.user_id}")
    else:
        mentions = {"m.mentions": {"user_ids": [ben.user_id]}}
        await room.anna.say(room.id, f"!test thank {ben.name}", **mentions)
    assert pill(ben.user_id, ben.name) in (await answered(room, direct, "bedankt"))["formatted_body"]
    assert await is_known(room, ben.user_id)


async def test_in_private_of_a_place_that_both_are_in(room: Room, ben: Person) -> None:
    direct = await direct_room(room)
    await room.anna.say(direct, f"!test thank {ben.user_id}")
    await answered(room, direct, "bedankt", ben.name)
    assert await is_known(room, ben.user_id)


async def test_who_is_not_there_and_plein_itself_are_nobody(homeserver: Homeserver, room: Room) -> None:
    direct = await direct_room(room)
    stranger = await homeserver.person(f"stranger{next(numbers)}")
    left = await homeserver.person(f"left{next(numbers)}")
    await left.join(room.id)
    await left.leave(room.id)
    for user in (stranger.user_id, left.user_id, room.plein, "@nobody:elsewhere.example"):
        formatted = f"!test thank {pill(user, 'X')}"
        mentions = {"m.mentions": {"user_ids": [user]}}
        await room.anna.say(room.id, "!test thank X", formatted_body=formatted, **mentions)
        await answered(room, direct, user)
        assert not await is_known(room, user)
