"""Whom Plein's words reach while they look elsewhere, by the homeserver's own counts of what is unread."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import pytest

from tests.homeserver import Homeserver, Person
from tests.plein import Plein
from tests.town import Resident, Town, board, numbers, says

# They share a homeserver that counts, as those of the tests do not.
pytestmark = pytest.mark.xdist_group("attention")


@pytest.fixture(scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    folder = tmp_path_factory.mktemp("attention")
    settings: dict[str, Any] = {"push": {"enabled": True}}
    async with await Homeserver.start(folder / "server", durable=False, settings=settings) as server:
        plein = await Plein.on(server, folder, f"plein{next(numbers)}")
        yield Town(server, plein)
        assert await plein.stop() == 0, "\n".join(plein.log[-30:])


async def unread(person: Person, room: str) -> tuple[int, int]:
    """How many messages call for their attention there, and how many of those are for them."""
    answer = await person.request("GET", "sync", params={"timeout": "0"})
    counts = answer["rooms"]["join"][room]["unread_notifications"]
    return counts["notification_count"], counts["highlight_count"]


async def read_all(person: Person, room: str) -> None:
    last = (await person.history(room))[-1]["event_id"]
    await person.request("POST", f"rooms/{quote(room, safe='')}/receipt/m.read/{quote(last, safe='')}")


async def a_room_of_three(town: Town) -> tuple[Resident, Resident, str]:
    """In a room for two every message counts."""
    anna, ben, mia = [await town.resident(name) for name in ("anna", "ben", "mia")]
    return anna, ben, await town.room(anna.person, ben.person, mia.person)


async def test_a_poll_that_opens_is_news_and_what_it_shows_from_then_on_is_not(town: Town) -> None:
    anna, ben, room = await a_room_of_three(town)
    await anna.person.say(room, '!peiling open "Nieuwe bank?" Ja | Nee --anoniem')
    await board(ben.person, room, "Nieuwe bank?")
    await read_all(ben.person, room)
    await anna.person.say(room, '!peiling open "Nieuwe boom?" Ja | Nee')
    await board(ben.person, room, "Nieuwe boom?", "Nog niemand stemde")
    # What anna typed, and the poll.
    assert await unread(ben.person, room) == (2, 0)
    await read_all(ben.person, room)

    shows = await board(ben.person, room, "Nieuwe boom?")
    await anna.person.react(room, shows.event_id, "1️⃣")
    await board(ben.person, room, "1. Ja: 1 stem")
    assert await unread(ben.person, room) == (0, 0)

    await anna.person.say(anna.direct, "peiling sluit 2 --zeker")
    await says(ben.person, room, "Gesloten: Nieuwe boom?")
    await board(ben.person, room, "Ja haalt het")
    await ben.person.wait_for(room, lambda event: event["content"].get("msgtype") == "m.image")
    # The result with its picture is one piece of news.
    assert await unread(ben.person, room) == (1, 0)


async def test_figures_that_somebody_asked_for_call_them_once(town: Town) -> None:
    anna, _, room = await a_room_of_three(town)
    await anna.person.say(room, '!peiling open "Nieuwe muur?" Ja | Nee')
    await anna.told("staat open")
    await read_all(anna.person, anna.direct)
    await anna.person.say(room, "!peiling bewaar")
    await anna.person.wait_for(anna.direct, lambda event: event["content"].get("msgtype") == "m.file")
    assert await unread(anna.person, anna.direct) == (1, 1)


async def test_what_is_for_somebody_tells_them_so(town: Town) -> None:
    anna, _, room = await a_room_of_three(town)
    await read_all(anna.person, anna.direct)
    await anna.person.say(room, "!peiling lijst")
    answer = await anna.told("peiling")
    assert answer.content["msgtype"] == "m.text"
    assert answer.content["m.mentions"] == {"user_ids": [anna.person.user_id]}
    assert await unread(anna.person, anna.direct) == (1, 1)


async def test_whatever_carries_our_key_is_a_bots(town: Town) -> None:
    anna, ben, room = await a_room_of_three(town)
    await anna.person.say(room, "!taal en", **{"be.plein.key": "answer:1"})
    await anna.person.say(room, "!taal en", msgtype="m.notice")
    await ben.person.say(room, "!taal en")
    await ben.told("From now on")
    history = await anna.person.history(anna.direct)
    assert not [event for event in history if event["content"].get("be.plein.key")]
