"""Threads on the homeserver: in which one something was said, and what stands in one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.rich import Link, Words, text_of
from tests.adapters.matrix.carried import Carried, a_copy, carrying_on
from tests.adapters.matrix.sealer import Sealer
from tests.adapters.matrix.test_carried import Json, edit_of, event, somebody
from tests.doubles.proxy import Proxy
from tests.homeserver import Homeserver


@pytest.fixture(scope="module")
async def carried(homeserver: Homeserver, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Carried]:
    folder = tmp_path_factory.mktemp("threads")
    async with Proxy(homeserver.url) as proxy, carrying_on(homeserver, proxy, folder) as carried:
        yield carried


def in_thread(root: str, answers: str = "", last: str = "") -> Json:
    relation: Json = {"rel_type": "m.thread", "event_id": root, "is_falling_back": not answers}
    return {"m.relates_to": {**relation, "m.in_reply_to": {"event_id": answers or last or root}}}


async def test_what_is_said_in_a_thread_says_in_which(carried: Carried, homeserver: Homeserver) -> None:
    anna, ben = await somebody(homeserver, "anna"), await somebody(homeserver, "ben")
    room = await carried.room(anna, ben)
    root = await anna.say(room, "Wie komt er?")
    first = await ben.say(room, "Ik.", **in_thread(root))
    second = await anna.say(room, "Fijn!", **in_thread(root, answers=first))
    change = await ben.send(room, "m.room.message", edit_of(first, "Ik ook."))
    heard = [await carried.hears(each) for each in (root, first, second)]
    assert [(each.thread, each.reply_to) for each in heard] == [(None, None), (root, None), (root, first)]
    changed = await carried.hears(change)
    assert changed.changes == first
    await ben.redact(room, first)
    await carried.until(lambda: first in carried.gone)


async def test_it_stands_in_the_thread_in_all_its_parts(carried: Carried, homeserver: Homeserver) -> None:
    anna = await somebody(homeserver, "anna")
    room = await carried.room(anna)
    root = await anna.say(room, "Wie komt er?")
    [first] = await carried.carry(a_copy(room, "Ik", thread=root))
    assert relation(await event(anna, room, first)) == in_thread(root)["m.relates_to"]
    # For clients that know no threads it answers what was said last there.
    parts = await carried.carry(a_copy(room, "woord " * 20_000, thread=root))
    before = [first, *parts]
    for last, part in zip(before, parts, strict=False):
        assert relation(await event(anna, room, part)) == in_thread(root, last=last)["m.relates_to"]
    [answer] = await carried.carry(a_copy(room, "Fijn", thread=root, answers=first))
    assert relation(await event(anna, room, answer)) == in_thread(root, answers=first)["m.relates_to"]


async def test_an_edit_of_what_is_in_a_thread_is_an_edit_of_it(
    carried: Carried, homeserver: Homeserver
) -> None:
    anna = await somebody(homeserver, "anna")
    room = await carried.room(anna)
    root = await anna.say(room, "Wie?")
    copy = a_copy(room, "Ik", thread=root, message=77)
    stands = await carried.carry(copy)
    await carried.carry(a_copy(room, "Ik niet", "2", thread=root, message=77, stands=stands))
    there = await event(anna, room, stands[0])
    assert relation(there) == in_thread(root)["m.relates_to"]
    assert there["unsigned"]["m.relations"]["m.replace"]["content"]["m.new_content"]["body"] == "Mia: Ik niet"
    await carried.carry(a_copy(room, None, "3", message=77, stands=stands))
    assert (await event(anna, room, stands[0]))["content"] == {}


async def test_no_thread_begins_in_another_or_with_an_edit(carried: Carried, homeserver: Homeserver) -> None:
    """Which the homeserver refuses."""
    anna = await somebody(homeserver, "anna")
    room = await carried.room(anna)
    root = await anna.say(room, "Wie?")
    inner = await anna.say(room, "Ik", **in_thread(root))
    edit = await anna.send(room, "m.room.message", edit_of(root, "Wie dan?"))
    reply = await anna.say(room, "Ik niet", **{"m.relates_to": {"m.in_reply_to": {"event_id": root}}})
    for began, expected in ((inner, root), (edit, root), (reply, reply)):
        [stands] = await carried.carry(a_copy(room, "Ik ook", thread=began))
        assert relation(await event(anna, room, stands))["event_id"] == expected


async def test_of_what_is_not_there_no_thread_is_made_and_what_is_gone_may_have_one(
    carried: Carried, homeserver: Homeserver
) -> None:
    anna = await somebody(homeserver, "anna")
    room, other = await carried.room(anna), await carried.room(anna)
    elsewhere = await anna.say(other, "elders")
    for unknown in (elsewhere, "$" + "a" * 43, "nothing"):
        [stands] = await carried.carry(a_copy(room, "Hier", thread=unknown))
        assert "m.relates_to" not in (await event(anna, room, stands))["content"]
    root = await anna.say(room, "Weg")
    await anna.redact(room, root)
    [stands] = await carried.carry(a_copy(room, "Toch", thread=root))
    assert relation(await event(anna, room, stands))["event_id"] == root


async def test_said_again_after_no_answer_it_stands_there_once(
    carried: Carried, homeserver: Homeserver
) -> None:
    anna = await somebody(homeserver, "anna")
    room = await carried.room(anna)
    root = await anna.say(room, "Wie?")
    copy = a_copy(room, "Ik", thread=root)
    first, second = [await carried.carry(copy) for _ in range(2)]
    assert first == second


async def test_where_something_is_and_what_others_ask_go_across_in_words(
    carried: Carried, homeserver: Homeserver
) -> None:
    anna = await somebody(homeserver, "anna")
    room = await carried.room(anna)
    root = await anna.say(room, "Waar?")
    spot = {"msgtype": "m.location", "body": "De fontein", "geo_uri": "geo:51.05,3.72;u=9"}
    there = await anna.send(room, "m.room.message", {**spot, **in_thread(root)})
    heard = await carried.hears(there)
    assert heard.thread == root
    [_, link] = heard.rich
    assert isinstance(link, Link)
    assert link.url == "https://www.openstreetmap.org/?mlat=51.05&mlon=3.72#map=16/51.05/3.72"
    kind = "org.matrix.msc3381.poll.start"
    asked: Json = {"question": {"org.matrix.msc1767.text": "Welke dag?"}, "answers": []}
    asked["answers"] = [{"id": str(n), "org.matrix.msc1767.text": day} for n, day in enumerate(["ma", "di"])]
    poll = await anna.send(room, kind, {kind: asked})
    said = [text_of((each,)) for each in (await carried.hears(poll)).rich]
    assert said == ["📊 Een peiling op Matrix. Stemmen kan alleen daar.", "Welke dag?", "madi"]


async def test_in_an_encrypted_room_threads_are_as_elsewhere(
    carried: Carried, homeserver: Homeserver, tmp_path: Path
) -> None:
    """Where something belongs is never encrypted."""
    anna = await somebody(homeserver, "anna")
    room = await carried.room(anna, encrypted=True)
    sealer = await Sealer.of(homeserver, anna, tmp_path)
    payload: Json = {"type": "m.room.message", "content": {"msgtype": "m.text", "body": "a"}}
    root = await sealer.seal(room, payload)
    said = await sealer.seal(room, payload, in_thread(root))
    assert (await carried.hears(said)).thread == root
    [stands] = await carried.carry(a_copy(room, "geheim", thread=said))
    sealed = await event(anna, room, stands)
    assert sealed["type"] == "m.room.encrypted"
    assert relation(sealed) == in_thread(root)["m.relates_to"]
    await sealer.close()


async def test_what_is_no_talk_of_people_is_not_carried(carried: Carried, homeserver: Homeserver) -> None:
    anna, ben = await somebody(homeserver, "anna"), await somebody(homeserver, "ben")
    room = await carried.room(anna)
    root = await anna.say(room, "Wie?")
    await anna.send(room, "m.room.message", {"msgtype": "m.notice", "body": "x", **in_thread(root)})
    await ben.join(room)
    await anna.send_state(room, "m.room.pinned_events", {"pinned": [root]})
    await anna.send_state(room, "m.room.topic", {"topic": "anders"})
    beacon: Json = {"description": "hier", "timeout": 60_000, "live": True}
    await anna.send_state(room, "org.matrix.msc3672.beacon_info", beacon, anna.user_id)
    nowhere = {"msgtype": "m.location", "body": "x", "geo_uri": "geo:x"}
    await anna.send(room, "m.room.message", nowhere)
    last = await anna.say(room, "ik")
    assert (await carried.hears(last)).rich == (Words("ik"),)
    assert [each.ref for each in carried.heard if each.place.room_id == room] == [root, last]


def relation(source: Json) -> Json:
    found: Json = source["content"]["m.relates_to"]
    return found
