"""What can go wrong between a client and its homeserver: a proxy that spoils what it is told to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Self
from urllib.parse import quote

import aiohttp
from aiohttp import web
from yarl import URL

Json = dict[str, Any]


@dataclass
class _Rule:
    part: str
    spoil: Callable[[int, bytes], tuple[int, bytes] | None]
    times: int | None
    ask: bool  # the homeserver, first
    held: asyncio.Event | None = None
    answered: asyncio.Event | None = None


class Proxy:
    """Use as a context manager; `url` stands in for the homeserver's.

    A rule is for requests with `part` in their path or query, after a method where it names one, so many
    `times` (None: always) or until mended.
    """

    def __init__(self, target: str) -> None:
        self._target = target
        self._rules: list[_Rule] = []
        self._moved: dict[str, str] = {}
        self.url = ""
        self.seen: list[str] = []
        self.bodies: list[tuple[str, Any]] = []

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession()
        app = web.Application(client_max_size=2**24)
        app.router.add_route("*", "/{path:.*}", self._pass_on)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()
        await self._session.close()

    def answer(self, part: str, status: int, body: str, *, times: int | None = None) -> None:
        """Answer so, without asking the homeserver."""
        self._add(part, lambda *_: (status, body.encode()), times, ask=False)

    def lose_answer(self, part: str, *, times: int | None = None) -> None:
        """The homeserver does it, and nobody hears."""
        self._add(part, lambda *_: None, times, ask=True)

    def hang_up(self, part: str, *, times: int | None = None) -> None:
        self._add(part, lambda *_: None, times, ask=False)

    def hang(self, part: str, *, times: int | None = None) -> None:
        """Neither answer nor hang up, until mended; then ask the homeserver."""
        self._add(part, lambda status, body: (status, body), times, ask=True, held=asyncio.Event())

    def hold_answer(self, part: str, *, times: int | None = None) -> None:
        """The homeserver does it; that is heard once it is mended."""
        self._add(part, lambda status, body: (status, body), times, ask=True, answered=asyncio.Event())

    def change(self, part: str, edit: Callable[[Json], None], *, times: int | None = None) -> None:
        """Edit the JSON that the homeserver answers."""

        def spoil(status: int, body: bytes) -> tuple[int, bytes]:
            content = json.loads(body)
            edit(content)
            return status, json.dumps(content).encode()

        self._add(part, spoil, times, ask=True)

    def move(self, user: str, server: str) -> str:
        """From now on they are somebody of another homeserver, whichever way one looks: who."""
        self._moved[user] = f"{user.partition(':')[0]}:{server}"
        return self._moved[user]

    def _renamed(self, words: str, *, back: bool = False) -> str:
        for user, far in self._moved.items():
            for written in (str, partial(quote, safe="")):
                here, there = written(user), written(far)
                words = words.replace(there, here) if back else words.replace(here, there)
        return words

    def mend(self) -> None:
        for rule in self._rules:
            for waited_for in filter(None, (rule.held, rule.answered)):
                waited_for.set()
        self._rules.clear()

    def _add(
        self,
        part: str,
        spoil: Callable[[int, bytes], tuple[int, bytes] | None],
        times: int | None,
        *,
        ask: bool,
        held: asyncio.Event | None = None,
        answered: asyncio.Event | None = None,
    ) -> None:
        self._rules.append(_Rule(part, spoil, times, ask, held, answered))

    def _rule(self, asked: str) -> _Rule | None:
        for rule in self._rules:
            if all(part in asked for part in rule.part.split()) and rule.times != 0:
                if rule.times:
                    rule.times -= 1
                return rule
        return None

    async def _pass_on(self, request: web.Request) -> web.StreamResponse:
        self.seen.append(f"{request.method} {request.path}")
        sent = self._renamed((await request.read()).decode("latin-1"), back=True).encode("latin-1")
        said = sent if sent and "json" in request.content_type else b"null"
        self.bodies.append((request.path, json.loads(said)))
        rule = self._rule(f"{request.method} {request.path_qs}")
        status, body = 0, b""
        if rule and rule.held:
            await rule.held.wait()
        if rule is None or rule.ask:
            passed = ("Authorization", "Content-Type")
            headers = {name: request.headers[name] for name in passed if name in request.headers}
            async with self._session.request(
                request.method,
                URL(self._target + self._renamed(request.raw_path, back=True), encoded=True),
                data=sent,
                headers=headers,
            ) as response:
                status, body = response.status, await response.read()
                body = self._renamed(body.decode("latin-1")).encode("latin-1")
        if rule and rule.answered:
            await rule.answered.wait()
        spoiled = (status, body) if rule is None else rule.spoil(status, body)
        if spoiled is None:
            if request.transport:  # whoever asked may be gone
                request.transport.abort()
            return web.Response()
        return web.Response(status=spoiled[0], body=spoiled[1], content_type="application/json")
