"""What a post asks for on Matrix: who is pinged, what it answers, another state, to be taken away; and a
room in which Plein may say nothing for a while.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.matrix.client import Matrix
from adapters.matrix.settings import Matrix as Settings
from bot.call import Call
from bot.clock import SystemClock
from bot.core import PleinCore
from bot.delivery.worker import PARK_PLATFORM_FAILED_AFTER
from bot.feature import Feature
from bot.main.app import open_core
from bot.main.config import Community, Config, DatabaseSection
from bot.main.features import FEATURES, Installed
from bot.model.events import Heard
from bot.model.message import Message, message, typed
from bot.model.people import Grounds, Identity, Place
from bot.ports.storage import Transaction
from tests.doubles.proxy import Proxy
from tests.homeserver import PASSWORD, Homeserver, Person
from tests.town import numbers

Json = dict[str, Any]
DAY = timedelta(days=1)


@dataclass
class Room:
    """Anna's room with Plein, which runs in the test's own process."""

    core: PleinCore
    anna: Person
    id: str
    plein: str

    @property
    def place(self) -> Place:
        return Place("matrix", self.id)

    async def do(self, work: Callable[[Transaction], None]) -> None:
        await self.core.store.run(work)
        self.core.outbox.worker.wake()

    async def until(self, true: Callable[[Json], bool]) -> Json:
        """An event of Plein's in the room that is like that, once there is one."""
        return await self.anna.wait_for(self.id, lambda event: event["sender"] == self.plein and true(event))


@pytest.fixture
async def room(homeserver: Homeserver, tmp_path: Path) -> AsyncIterator[Room]:
    async with a_room(homeserver, tmp_path) as room:
        yield room


@contextlib.asynccontextmanager
async def a_room(
    homeserver: Homeserver, tmp_path: Path, installed: Sequence[Installed] = FEATURES, url: str = ""
) -> AsyncIterator[Room]:
    number = next(numbers)
    anna, plein = await homeserver.person(f"anna{number}"), await homeserver.register(f"plein{number}")
    settings = Settings.model_validate(
        {
            "homeserver": url or homeserver.url,
            "user": plein,
            "password": PASSWORD,
            "store": tmp_path / "matrix",
        }
    )
    config = Config(community=Community(), database=DatabaseSection(url="sqlite:///:memory:"))
    place = await anna.create_room(invite=[plein], public=True)
    async with open_core(config, SystemClock(), 0, installed) as core:
        adapter = Matrix(settings, Grounds(), core.texts, SystemClock())
        work = (adapter.run(core), core.outbox.worker.run(), core.boards.worker.run())
        tasks = [asyncio.create_task(job) for job in work]
        async with asyncio.timeout(60):
            await adapter.caught_up()

        async def joined() -> bool | None:
            return Place("matrix", place) in await core.places(f"matrix:{plein}") or None

        await anna.wait_until(joined, timeout=60)
        yield Room(core, anna, place, plein)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def body_of(event: Json) -> str:
    return str(event["content"].get("body", ""))


async def test_changed_where_it_stands_and_taken_away(room: Room) -> None:
    now = room.core.clock.now()
    await room.do(lambda tx: tx.posts.add("p", room.place, message(typed("om acht uur")), now))
    stands = await room.until(lambda event: body_of(event) == "om acht uur")
    assert (stands["content"]["msgtype"], stands["content"]["m.mentions"]) == ("m.text", {})
    await room.do(lambda tx: tx.posts.change("p", message(typed("om negen uur")), now))
    edit = await room.until(lambda event: body_of(event) == "* om negen uur")
    assert edit["content"]["m.relates_to"] == {"rel_type": "m.replace", "event_id": stands["event_id"]}
    await room.do(lambda tx: tx.posts.withdraw("p", now))
    await room.until(
        lambda event: event["type"] == "m.room.redaction" and _redacts(event) == stands["event_id"]
    )


def _redacts(event: Json) -> object:
    return event.get("redacts") or event["content"].get("redacts")


async def test_only_who_is_named_is_pinged(room: Room) -> None:
    now = room.core.clock.now()
    said = await room.anna.say(room.id, "wie komt er?")
    who = [Identity("matrix", room.anna.user_id)]
    await room.do(
        lambda tx: tx.posts.add("p", room.place, message(typed("jij")), now, mentions=who, reply_to=said)
    )
    content = (await room.until(lambda event: body_of(event) == "jij"))["content"]
    # A notice would notify nobody.
    assert content["msgtype"] == "m.text"
    assert content["m.mentions"] == {"user_ids": [room.anna.user_id]}
    assert content["m.relates_to"] == {"m.in_reply_to": {"event_id": said}}
    await room.do(lambda tx: tx.posts.change("p", message(typed("jij dus")), now))
    content = (await room.until(lambda event: body_of(event) == "* jij dus"))["content"]
    # It says who is named, and pings nobody once more.
    assert content["m.mentions"] == {}
    assert content["m.new_content"]["m.mentions"] == {"user_ids": [room.anna.user_id]}


async def test_where_it_may_not_speak_it_is_said_once_it_may(room: Room) -> None:
    """Nothing is set aside, and no hour passes: the room says that its power levels changed."""
    now = room.core.clock.now()
    levels = await room.anna.state(room.id, "m.room.power_levels")
    assert levels
    await room.anna.send_state(room.id, "m.room.power_levels", {**levels, "events_default": 50})
    await room.do(lambda tx: tx.posts.add("p", room.place, message(typed("mag ik?")), now))

    async def refused() -> bool | None:
        account, at = f"matrix:{room.plein}", room.core.clock.now()
        return await room.core.store.run(lambda tx: tx.posts.next_try([account], at) is not None) or None

    await room.anna.wait_until(refused)
    assert await room.core.store.run(lambda tx: tx.posts.parked()) == []
    await room.anna.send_state(room.id, "m.room.power_levels", levels)
    await room.until(lambda event: body_of(event) == "mag ik?")


async def test_what_the_homeserver_fails_at_in_one_room_is_set_aside_in_the_end(
    homeserver: Homeserver, tmp_path: Path
) -> None:
    """Others are written to meanwhile. That it was tried for hours is written down: no test waits so long."""
    async with Proxy(homeserver.url) as proxy, a_room(homeserver, tmp_path, url=proxy.url) as room:
        account, anna, now = (
            f"matrix:{room.plein}",
            Identity("matrix", room.anna.user_id),
            room.core.clock.now,
        )

        async def stands(key: str, to: Place | Identity) -> None:
            await room.do(lambda tx: tx.posts.add(key, to, message(typed(key)), now()))

        async def said() -> bool | None:
            waiting = await room.core.store.run(lambda tx: tx.posts.next_for(anna, account, now()))
            return waiting is None or None

        async def failed() -> bool | None:
            due = await room.core.store.run(lambda tx: tx.posts.due(account, now() + DAY, 9))
            return any(post.id == "p" and post.attempts for post in due) or None

        async def set_aside() -> list[tuple[str, str]] | None:
            return list(await room.core.store.run(lambda tx: tx.posts.parked())) or None

        proxy.answer(f"{room.id[1:]}/send/", 500, '{"errcode": "M_UNKNOWN", "error": ""}')
        await stands("p", room.place)
        await stands("een", anna)
        await room.anna.wait_until(said)
        await room.anna.wait_until(failed)
        assert await set_aside() is None

        def for_hours(tx: Transaction) -> None:
            for _ in range(PARK_PLATFORM_FAILED_AFTER):
                tx.posts.later("p", now(), failed=True)

        await room.do(for_hours)
        await stands("twee", anna)
        ((key, why),) = await room.anna.wait_until(set_aside)
        assert (key, why) == ("p", "the homeserver answered 500 M_UNKNOWN")
        proxy.mend()
        await stands("q", room.place)
        await room.until(lambda event: body_of(event) == "q")


async def test_talk_reaches_who_listens(homeserver: Homeserver, tmp_path: Path) -> None:
    def echo(call: Call, heard: Heard) -> Message | None:
        return message(typed(f"{call.theme_here is not None} {heard.words}"))

    ears = Installed(Feature(name="ears", hears=echo))
    async with a_room(homeserver, tmp_path, [*FEATURES, ears]) as room:
        said = await room.anna.say(room.id, "dag allemaal")
        answer = await room.until(lambda event: body_of(event) == "True dag allemaal")
        assert answer["content"]["m.relates_to"] == {"m.in_reply_to": {"event_id": said}}
