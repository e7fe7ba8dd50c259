"""Signs on messages that are carried, on a real homeserver: what people put there, and what Plein does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest

from adapters.matrix.carried_signs import PACK
from adapters.matrix.read import KEY
from bot.errors import NotOurs, Refused, TryLater
from bot.model.events import Invocation
from bot.model.people import Place
from bot.model.signs import Sign, Signed
from tests.adapters.matrix.carried import Carried, a_copy, carrying_on
from tests.adapters.matrix.test_carried import BUSY, somebody
from tests.doubles.proxy import Proxy
from tests.homeserver import Homeserver, Person
from tests.town import numbers

Json = dict[str, Any]
THUMB, HEART = "👍", "❤\ufe0f"


@pytest.fixture(scope="module")
async def carried(homeserver: Homeserver, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Carried]:
    folder = tmp_path_factory.mktemp("signs")
    async with Proxy(homeserver.url) as proxy, carrying_on(homeserver, proxy, folder) as carried:
        yield carried


async def react(who: Person, room: str, target: str, key: str, **more: Any) -> str:
    relation = {"rel_type": "m.annotation", "event_id": target, "key": key}
    return await who.send(room, "m.reaction", {"m.relates_to": relation, **more})


async def brought(carried: Carried, event: str) -> Signed:
    return await carried.until(lambda: next((each for each in carried.signed if each.event == event), None))


def a_sign(room: str, stands: str, sign: str = THUMB, count: int = 1, **more: Any) -> Sign:
    more.setdefault("id", next(numbers))
    return Sign(
        message=1,
        place=Place("matrix", room),
        account="",
        sign=sign,
        count=count,
        stands=(stands,),
        said=True,
        **more,
    )


async def signs_on(who: Person, room: str, event: str) -> dict[str, list[str]]:
    """What stands on it: by whom, by its key."""
    path = f"/_matrix/client/v1/rooms/{quote(room)}/relations/{quote(event)}/m.annotation"
    found = await who.request("GET", path)
    signs: dict[str, list[str]] = {}
    for each in found["chunk"]:
        if key := each["content"].get("m.relates_to", {}).get("key"):
            signs.setdefault(key, []).append(each["sender"])
    return signs


async def test_what_people_put_on_what_was_said_is_brought(carried: Carried, homeserver: Homeserver) -> None:
    anna, ben = await somebody(homeserver, "anna"), await somebody(homeserver, "ben")
    room = await carried.room(anna, ben)
    said = await anna.say(room, "een")
    (copy,) = await carried.carry(a_copy(room, "van elders"))
    first = await brought(carried, await react(ben, room, said, f"{THUMB}🏽"))
    assert (first.ref, first.sign, first.on, first.name) == (said, f"{THUMB}🏽", True, ben.name)
    assert (await brought(carried, await react(anna, room, copy, "❤"))).ref == copy
    # A number is a button only under what Plein says.
    assert (await brought(carried, await react(ben, room, said, "1\ufe0f⃣"))).sign == "1\ufe0f⃣"
    assert (await brought(carried, await react(ben, room, said, ":blob:"))).sign == ":blob:"
    picture = await react(ben, room, said, "mxc://elders/abc", shortcode="krul")
    assert (await brought(carried, picture)).sign == ":krul:"
    picture = await react(anna, room, said, "mxc://elders/abc", **{"com.beeper.reaction.shortcode": ":lus:"})
    assert (await brought(carried, picture)).sign == ":lus:"
    nameless = await react(ben, room, said, "mxc://elders/xyz")
    long = await brought(carried, await react(ben, room, said, "x" * 500))
    assert long.sign == "x" * 500
    assert nameless not in [each.event for each in carried.signed]
    await ben.redact(room, first.event)
    await carried.until(lambda: first.event in carried.gone)


async def test_where_nothing_is_carried_none_is_kept(carried: Carried, homeserver: Homeserver) -> None:
    anna = await somebody(homeserver, "anna")
    room, other = await carried.room(anna, carried=False), await carried.room(anna)
    said = await anna.say(room, "een")
    mine = [await react(anna, room, said, sign) for sign in (THUMB, ":blob:", "x" * 500)]
    there = await anna.say(other, "twee")
    last = await brought(carried, await react(anna, other, there, THUMB))
    kept = {arrival.id for arrival in carried.stored}
    assert last.event in kept
    assert not kept.intersection(mine)


async def test_it_is_put_once_and_taken_away(carried: Carried, homeserver: Homeserver) -> None:
    anna = await somebody(homeserver, "anna")
    room = await carried.room(anna)
    said = await anna.say(room, "een")
    await react(anna, room, said, HEART)
    sign = a_sign(room, said, HEART)
    event = await carried.adapter.sign(sign)
    assert await carried.adapter.sign(sign) == event
    # As another: the homeserver lets one account put it there once.
    assert await carried.adapter.sign(a_sign(room, said, HEART)) == event
    assert await carried.adapter.sign(replace(sign, event=event, count=2)) == event
    assert await signs_on(anna, room, said) == {HEART: [carried.plein, anna.user_id]}
    for _ in range(2):
        assert await carried.adapter.sign(replace(sign, event=event, count=0)) == ""
    assert await signs_on(anna, room, said) == {HEART: [anna.user_id]}
    # Put once more it is another event; where it is not known as which it stands there it is found.
    again = await carried.adapter.sign(a_sign(room, said, HEART))
    assert again != event
    await carried.adapter.sign(a_sign(room, said, HEART, count=0, tried_at=carried.core.clock.now()))
    assert await signs_on(anna, room, said) == {HEART: [anna.user_id]}
    await carried.adapter.sign(a_sign(room, said, HEART, count=0, tried_at=carried.core.clock.now()))
    assert not [each for each in carried.signed if each.author and each.author.user_id == carried.plein]


async def test_an_emoji_of_the_rooms_own_or_its_name(carried: Carried, homeserver: Homeserver) -> None:
    anna = await somebody(homeserver, "anna")
    room = await carried.room(anna)
    said = await anna.say(room, "een")
    await carried.adapter.sign(a_sign(room, said, ":blob:"))
    pack = {
        "images": {"blob": {"url": "mxc://elders/blob"}, "krom": {"url": "https://elders/krom"}, "leeg": 1}
    }
    await anna.request("PUT", f"rooms/{quote(room)}/state/{PACK}/", pack)
    other = await anna.say(room, "twee")
    sign = a_sign(room, other, ":blob:")
    event = await carried.adapter.sign(sign)
    for odd in (":krom:", ":leeg:", "hoera"):
        await carried.adapter.sign(a_sign(room, other, odd))
    assert await signs_on(anna, room, said) == {":blob:": [carried.plein]}
    assert set(await signs_on(anna, room, other)) == {"mxc://elders/blob", ":krom:", ":leeg:", "hoera"}
    shown = await anna.request("GET", f"rooms/{quote(room)}/event/{quote(event)}")
    assert (shown["content"]["shortcode"], shown["content"][KEY]) == ("blob", sign.key)
    await carried.adapter.sign(replace(sign, count=0, event="", tried_at=carried.core.clock.now()))
    assert "mxc://elders/blob" not in await signs_on(anna, room, other)


async def test_what_is_asked_about_a_message_says_which_it_is(
    carried: Carried, homeserver: Homeserver, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna, ben = await somebody(homeserver, "anna"), await somebody(homeserver, "ben")
    room = await carried.room(anna, ben)
    asked: list[Invocation] = []

    async def handle(invocation: Invocation) -> None:
        async with carried.changed:
            asked.append(invocation)
            carried.changed.notify_all()

    monkeypatch.setattr(carried.core, "handle", handle)
    said = await ben.say(room, "een")
    (copy,) = await carried.carry(a_copy(room, "van elders"))
    carried.copies.add(copy)
    for about in (said, copy):
        asked.clear()
        reply = {"m.relates_to": {"m.in_reply_to": {"event_id": about}}, "m.mentions": {"user_ids": []}}
        await anna.say(room, "!brug toon", **reply)
        await carried.until(lambda: asked)
        assert [(each.typed, each.about and each.about.ref) for each in asked] == [("!brug toon", about)]


async def test_what_is_refused_or_lost_is_told_apart(carried: Carried, homeserver: Homeserver) -> None:
    """The last of these tests: from then on it is asked for one thing at a time."""
    anna = await somebody(homeserver, "anna")
    room = await carried.room(anna)
    said = await anna.say(room, "een")
    sign = a_sign(room, said)
    carried.proxy.lose_answer("/send/m.reaction", times=1)
    # The library asks once more by itself, by the same key.
    event = await carried.adapter.sign(sign)
    assert (await signs_on(anna, room, said))[THUMB] == [carried.plein]
    with pytest.raises(NotOurs):
        await carried.adapter.sign(replace(sign, place=Place("matrix", "!elders:nergens")))
    levels = f"rooms/{quote(room)}/state/m.room.power_levels/"
    before = await anna.request("GET", levels)
    events = {**before.get("events", {}), "m.reaction": 100}
    await anna.request("PUT", levels, {**before, "events": events})
    with pytest.raises(Refused):
        await carried.adapter.sign(a_sign(room, said, HEART))
    await anna.redact(room, said)
    await carried.adapter.sign(replace(sign, count=0, event=event))
    carried.proxy.answer("/relations/", 429, BUSY, times=1)
    with pytest.raises(TryLater):
        await carried.adapter.sign(a_sign(room, said, count=0, tried_at=carried.core.clock.now()))
