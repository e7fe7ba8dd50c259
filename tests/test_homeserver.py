"""The servers of the tests hold their promises; all other tests lean on them."""

from __future__ import annotations

import asyncio
import itertools
import time
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from tests import homeserver as harness
from tests.homeserver import Homeserver, Json, latest, shown
from tests.postgres import PostgreSQL


async def test_what_is_said_is_shown_once_with_its_edits(homeserver: Homeserver) -> None:
    anna = await homeserver.person("harness-anna")
    ben = await homeserver.person("harness-ben")
    room = await anna.create_room("Square", public=True)
    await ben.join(room)
    first = await anna.say(room, "on monday", **{"be.plein.key": "k1"})
    second = await ben.say(room, "who comes?")
    await anna.edit(room, first, "on tuesday")
    await anna.edit(room, first, "on wednesday")
    await ben.edit(room, first, "never")  # not his to change
    await anna.redact(room, await anna.say(room, "oops"))
    await anna.react(room, second, "👍")

    history = await ben.history(room)
    assert history[0]["type"] == "m.room.create"
    assert [(message.event_id, message.body, message.edits, message.key) for message in shown(history)] == [
        (first, "on wednesday", 2, "k1"),
        (second, "who comes?", 0, ""),
    ]
    assert latest(history, anna.user_id).content["body"] == "on wednesday"


async def test_a_poll_shows_its_question(homeserver: Homeserver) -> None:
    anna = await homeserver.person("harness-anna")
    room = await anna.create_room()
    type = "org.matrix.msc3381.poll.start"
    question = {"org.matrix.msc1767.text": "Benches?", "body": "Benches?"}
    poll = await anna.send(room, type, {type: {"question": question, "answers": []}})
    await anna.answer(room, poll, ["yes"])
    await anna.answer(room, poll, ["no"], stable=True)
    history = await anna.history(room)
    assert [message.body for message in shown(history)] == ["Benches?"]
    answers = [event["type"] for event in history[-2:]]
    assert answers == ["org.matrix.msc3381.poll.response", "m.poll.response"]


async def test_history_has_every_page(homeserver: Homeserver) -> None:
    anna = await homeserver.person("harness-anna")
    room = await anna.create_room()
    await asyncio.gather(*(anna.say(room, str(number)) for number in range(120)))
    assert {message.body for message in shown(await anna.history(room))} == {
        str(number) for number in range(120)
    }


async def test_waiting(homeserver: Homeserver, monkeypatch: pytest.MonkeyPatch) -> None:
    # Only an event that comes ends a /sync in time.
    monkeypatch.setattr(harness, "POLL", 600.0)
    anna = await homeserver.person("harness-anna")
    room = await anna.create_room()

    waits = asyncio.Event()

    def is_hello(event: Json) -> bool:
        waits.set()
        return bool(event["content"].get("body") == "hello")

    with pytest.raises(AssertionError, match=r"(?s)in vain.*m\.room\.join_rules"):
        await anna.wait_for(room, is_hello, timeout=0.2)

    waits.clear()
    waiting = asyncio.create_task(anna.wait_for(room, is_hello, timeout=600))
    await waits.wait()
    await anna.say(room, "not yet")
    event_id = await anna.say(room, "hello")
    async with asyncio.timeout(60):
        assert (await waiting)["event_id"] == event_id
    assert (await anna.wait_for(room, is_hello))["room_id"] == room

    async def second() -> str | None:
        texts = [message.body for message in shown(await anna.history(room))]
        waits.set()
        return texts[2] if len(texts) > 2 else None

    with pytest.raises(AssertionError, match=r"second; last it was None"):
        await anna.wait_until(second, timeout=0.2)
    waits.clear()
    later = asyncio.create_task(anna.wait_until(second, timeout=600))
    await waits.wait()
    await anna.say(room, "third")
    async with asyncio.timeout(60):
        assert await later == "third"


async def test_rooms_members_and_invitations(homeserver: Homeserver) -> None:
    anna = await homeserver.person("harness-anna")
    dirk = await homeserver.person("harness-dirk")
    square = await anna.create_room(public=True, invite=[dirk.user_id])
    direct = await anna.create_room(invite=[dirk.user_id], encrypted=True, is_direct=True)
    assert await dirk.direct_rooms_with(anna.user_id) == [direct]
    assert set(await dirk.accept_invitations(anna.user_id)) == {square, direct}
    assert await dirk.direct_rooms_with(anna.user_id) == [direct]
    assert await anna.direct_rooms_with(dirk.user_id) == [direct]
    assert await dirk.state(direct, "m.room.encryption") == {"algorithm": "m.megolm.v1.aes-sha2"}
    assert await dirk.state(square, "m.room.encryption") is None
    await anna.kick(square, dirk.user_id, "quiet, please")
    assert await anna.members(square) == {anna.user_id: "join", dirk.user_id: "leave"}

    old = await anna.create_room("Old", version="10", public=True)
    new = await anna.upgrade(old)
    tombstone = await anna.state(old, "m.room.tombstone")
    assert tombstone
    assert tombstone["replacement_room"] == new
    assert (await anna.state(new, "m.room.create") or {})["room_version"] == "12"


async def test_what_was_said_survives_a_kill(tmp_path: Path) -> None:
    async with await Homeserver.start(tmp_path) as server:
        anna = await server.person("anna")
        room = await anna.create_room()
        waiting = asyncio.create_task(anna.wait_for(room, lambda event: event["content"].get("body") == "2"))
        event_id = await anna.send(room, "m.room.message", {"msgtype": "m.text", "body": "1"}, txn="same")
        await server.kill()
        await server.again()
        again = await anna.send(room, "m.room.message", {"msgtype": "m.text", "body": "1"}, txn="same")
        assert again == event_id
        await anna.say(room, "2")
        assert (await waiting)["sender"] == anna.user_id
        assert [message.body for message in shown(await anna.history(room))] == ["1", "2"]


@pytest.mark.xdist_group("limited")
async def test_limits(limited_homeserver: Homeserver) -> None:
    anna = await limited_homeserver.person("anna")
    room = await anna.create_room()

    numbers = itertools.count()

    async def refused() -> bool:
        path = f"rooms/{room}/send/m.room.message/{next(numbers)}"
        answer = await anna.request("PUT", path, {"msgtype": "m.text", "body": "hurry"}, expect=None)
        return answer.get("errcode") == "M_LIMIT_EXCEEDED"

    began = time.monotonic()
    at_once = await asyncio.gather(*(refused() for _ in range(40)))
    # Making the room counts too; and one more in each second that it took.
    assert 5 <= at_once.count(False) <= 10 + (time.monotonic() - began)
    assert any(at_once)
    await limited_homeserver.lift_limits(anna.user_id)
    assert not any([await refused() for _ in range(15)])


async def test_postgresql_gives_each_a_database_of_its_own(postgres: PostgreSQL) -> None:
    urls = [postgres.new_database() for _ in range(2)]
    for url in urls:
        engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://", 1))
        async with engine.begin() as connection:
            assert (await connection.execute(text("SELECT 1"))).scalar() == 1
            await connection.execute(text("CREATE TABLE mine (name text)"))
        await engine.dispose()


def test_either_kind_of_database(database_url: str) -> None:
    assert database_url.startswith(("sqlite:///", "postgresql://"))
