"""What people say in a thread stands in the thread of the same message elsewhere."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.errors import TryLater
from bot.model.people import Place
from bot.ports.storage import Transaction
from storage.community import anywhere
from storage.tables import threads
from storage.unit import Tx
from tests.bot.test_carrying import Talk, switch, talking
from tests.doubles.platform import PLATFORM, open_town

HERE = Place(PLATFORM, "a")


@pytest.fixture
async def talk(database_url: str) -> AsyncIterator[Talk]:
    async with open_town(database_url, moderators=("mo",)) as town:
        yield await talking(town)


def in_thread(talk: Talk, room: str) -> dict[str, str | None]:
    """The words of what was carried to that room, each with what its thread there goes by."""
    return {
        each.spoken.rich[0].text: each.thread  # type: ignore[union-attr]
        for each in talk.platform.copies
        if each.spoken and each.place.room_id == room
    }


async def test_what_is_said_in_the_thread_of_a_message_is_in_that_of_its_copies(talk: Talk) -> None:
    """Whichever of its parts the thread began with, and in whichever place it is spoken in."""
    root = await talk.say("Wie|komt er?")
    await talk.carry()
    first, second = talk.refs("b")
    await talk.say("ik", thread=root.ref)
    await talk.carry()
    await talk.say("ik ook", room="b", name="Ben", thread=second)
    await talk.say("niet ik", room="c", name="Cas", thread=talk.refs("c")[0])
    await talk.say("daarnaast")
    await talk.carry()
    assert in_thread(talk, "b") == {"Wie|komt er?": None, "ik": first, "niet ik": first, "daarnaast": None}
    assert in_thread(talk, "a") == {"ik ook": root.ref, "niet ik": root.ref}


async def test_a_thread_of_a_thread_is_that_thread_and_a_reply_in_it_is_one(talk: Talk) -> None:
    root = await talk.say("een")
    inner = await talk.say("twee", thread=root.ref)
    await talk.say("drie", thread=inner.ref, reply_to=inner.ref)
    await talk.carry()
    there = talk.refs("b")
    assert in_thread(talk, "b") == {"een": None, "twee": there[0], "drie": there[0]}
    await talk.say("vier", room="b", name="Ben", thread=there[1])
    await talk.carry()
    assert in_thread(talk, "a") == {"vier": root.ref}
    [answer] = [each for each in talk.platform.copies if each.place.room_id == "b" and each.answers]
    assert answer.answers == there[1]


async def test_of_a_thread_that_began_with_nothing_that_is_carried_the_first_that_is_begins_it(
    talk: Talk,
) -> None:
    for number in range(3):
        await talk.say(f"woord {number}", thread="los", ref=f"los/{number}")
    await talk.carry()
    there = talk.refs("b")
    assert in_thread(talk, "b") == {"woord 0": None, "woord 1": there[0], "woord 2": there[0]}
    # And what others say in the thread of that elsewhere is in that thread here.
    await talk.say("terug", room="b", name="Ben", thread=there[0])
    await talk.carry()
    assert in_thread(talk, "a") == {"terug": "los/0"}
    assert in_thread(talk, "c")["terug"] == talk.refs("c")[0]


async def test_a_thread_on_itself_and_an_answer_to_itself_are_neither(talk: Talk) -> None:
    await talk.say("een", thread="e1", reply_to="e1")
    await talk.carry()
    [copy] = [each for each in talk.platform.copies if each.place.room_id == "b"]
    assert (copy.thread, copy.answers) == (None, None)
    assert await rows(talk, threads) == []


async def test_edits_and_deletions_hold_in_a_thread_as_outside(talk: Talk) -> None:
    root = await talk.say("een")
    await talk.carry()
    said = await talk.say("twee", thread=root.ref)
    await talk.change(said, "drie", thread=root.ref)
    await talk.carry()
    assert talk.read("b") == ["Mia: een", "Mia: drie"]
    # Changed before it stood there it still goes into the thread.
    assert in_thread(talk, "b")["drie"] == talk.refs("b")[0]
    await talk.change(said, "vier", thread=root.ref)
    await talk.carry()
    await talk.gone("c", talk.refs("c")[1])
    await talk.carry()
    assert talk.read("b") == ["Mia: een"]
    assert talk.read("a") == ["een"]


@pytest.mark.parametrize("where", ["here", "there"])
async def test_when_what_it_began_with_is_gone_the_thread_goes_on(talk: Talk, where: str) -> None:
    root = await talk.say("een")
    await talk.say("twee", thread=root.ref)
    await talk.carry()
    before, _ = talk.refs("b")
    await talk.gone("a", root.ref) if where == "here" else await talk.gone("b", before)
    await talk.carry()
    assert talk.read("b") == ["Mia: twee"]
    await talk.say("drie", thread=root.ref)
    await talk.carry()
    assert in_thread(talk, "b")["drie"] == before
    await talk.say("vier", room="b", name="Ben", thread=before)
    await talk.carry()
    assert in_thread(talk, "a") == {"vier": root.ref}


async def test_where_it_was_gone_before_anybody_spoke_in_its_thread_that_begins_anew(talk: Talk) -> None:
    root = await talk.say("een")
    await talk.carry()
    await talk.gone("a", root.ref)
    for words in ("twee", "drie"):
        await talk.say(words, thread=root.ref)
    await talk.carry()
    second = talk.refs("b")[0]
    assert in_thread(talk, "b") == {"een": None, "twee": None, "drie": second}


async def test_what_was_tried_before_is_tried_again_in_the_same_thread(talk: Talk) -> None:
    root = await talk.say("een")
    await talk.carry()
    talk.platform.trouble["after:b"] = [TryLater(1)]
    await talk.say("twee", thread=root.ref)
    await talk.carry()
    talk.town.clock.turn(timedelta(seconds=2))
    await talk.carry()
    tries = [each for each in talk.platform.copies if each.place.room_id == "b"][1:]
    above = talk.refs("b")[0]
    assert [(each.thread, each.in_doubt) for each in tries] == [(above, False), (above, True)]
    assert talk.read("b") == ["Mia: een", "Mia: twee"]


async def test_what_is_in_a_thread_is_known_there(talk: Talk) -> None:
    root = await talk.say("een")
    await talk.say("twee", thread=root.ref)
    await talk.say("elders", room="b", name="Ben", thread="los")
    await talk.carry()
    core = talk.town.core
    assert await core.in_thread(HERE, root.ref) == ["e1", "e2"]
    assert await core.in_thread(HERE, "nergens") == ()
    assert await core.in_thread(Place(PLATFORM, "elders"), root.ref) == ()


async def rows(talk: Talk, table: Any) -> list[Any]:
    def look(tx: Transaction) -> list[Any]:
        assert isinstance(tx, Tx)
        return list(tx.db.execute(anywhere(select(table))))

    return await talk.town.core.store.run_anywhere(look)


async def test_in_a_room_that_was_upgraded_threads_go_on(talk: Talk) -> None:
    root = await talk.say("een")
    await talk.say("twee", thread=root.ref)
    await talk.carry()
    above, _ = talk.refs("b")
    core = talk.town.core
    await core.moved(PLATFORM, HERE, Place(PLATFORM, "anew"))
    await core.carried.refresh()
    await talk.say("drie", room="anew", thread=root.ref)
    await talk.say("vier", room="b", name="Ben", thread=above)
    await talk.carry()
    assert in_thread(talk, "b")["drie"] == above
    # Whether that is to be seen there its platform knows.
    assert in_thread(talk, "anew") == {"vier": root.ref}


async def test_where_no_relay_is_on_nothing_is_kept_of_threads(talk: Talk) -> None:
    await switch(talk.town, on=False)
    await talk.town.core.carried.refresh()
    await talk.say("een", thread="los")
    await talk.carry()
    assert await rows(talk, threads) == []
    assert talk.platform.copies == []
