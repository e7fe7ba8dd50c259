"""A resident with matrix-js-sdk: the same people as in the other tests, with a client that encrypts."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from tests.homeserver import PASSWORD, Homeserver

HERE = Path(__file__).parent
Event = dict[str, Any]


class JsResident:
    """Drives `resident.mjs`, for as long as it is entered. Every event that it could read is in `events`."""

    def __init__(self) -> None:
        self._numbers = itertools.count()
        self._asked: dict[int, asyncio.Future[Any]] = {}
        self._heard = asyncio.Condition()
        self.events: list[Event] = []
        self.user_id = ""

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            "node",
            str(HERE / "resident.mjs"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=2**24,
        )
        self._reading = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._process.kill()
        await self._process.wait()
        await self._reading

    async def log_in(self, homeserver: Homeserver, name: str, *, isolated: bool = False) -> None:
        """As somebody new. `isolated`: trusts only devices that their owner has signed."""
        await homeserver.register(name)
        self.user_id = await self.do(
            "login", url=homeserver.url, user=name, password=PASSWORD, isolated=isolated
        )

    async def do(self, what: str, **args: Any) -> Any:
        """One of what `resident.mjs` does; an AssertionError if it went wrong."""
        number = next(self._numbers)
        answer = self._asked[number] = asyncio.get_running_loop().create_future()
        assert self._process.stdin
        self._process.stdin.write(json.dumps({"id": number, "do": what, **args}).encode() + b"\n")
        await self._process.stdin.drain()
        async with asyncio.timeout(180):
            return await answer

    async def _read(self) -> None:
        assert self._process.stdout
        while line := await self._process.stdout.readline():
            told = json.loads(line)
            if "event" in told:
                async with self._heard:
                    self.events.append(told["event"])
                    self._heard.notify_all()
            elif "wrong" in told:
                self._asked.pop(told["id"]).set_exception(AssertionError(told["wrong"]))
            else:
                self._asked.pop(told["id"]).set_result(told["is"])

    async def hears(self, wanted: Callable[[Event], bool], *, timeout: float = 120) -> Event:
        """The first event that fits, come or still to come."""

        def found() -> list[Event]:
            return [event for event in self.events if wanted(event)]

        async with self._heard:
            try:
                async with asyncio.timeout(timeout):
                    await self._heard.wait_for(found)
            except TimeoutError:
                last = "\n".join(json.dumps(event, ensure_ascii=False)[:200] for event in self.events[-8:])
                raise AssertionError(f"{self.user_id} waited in vain; last heard:\n{last}") from None
        return found()[0]

    async def reads(self, sender: str, *words: str, type: str = "m.room.message") -> Event:
        """The first message of a sender with all these words, an edit's new words counting."""

        def fits(event: Event) -> bool:
            content = event["content"].get("m.new_content", event["content"])
            body = str(content.get("body", ""))
            return event["sender"] == sender and event["type"] == type and all(word in body for word in words)

        return await self.hears(fits)

    async def meets(self, user_id: str, room: str) -> None:
        """Returns once they are in the room."""

        def joins(event: Event) -> bool:
            member = event["type"] == "m.room.member" and event["sender"] == user_id
            here = member and event["room"] == room
            return bool(here and event["content"].get("membership") == "join")

        await self.hears(joins)
