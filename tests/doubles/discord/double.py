"""Discord on this machine: starts, stops, goes away and comes back with all it knew."""

from __future__ import annotations

import contextlib
import random
import socket
import ssl
import time
from collections.abc import Callable, Iterable
from typing import Self, TypeVar

import aiohttp
import trustme
from aiohttp import web

from tests.doubles.discord import places, polls
from tests.doubles.discord.clock import Clock
from tests.doubles.discord.connect import HOSTS, connector_to
from tests.doubles.discord.contract import violations
from tests.doubles.discord.faults import Faults
from tests.doubles.discord.gateway import Gateway
from tests.doubles.discord.http import Call, Http
from tests.doubles.discord.ratelimits import RateLimits
from tests.doubles.discord.servers import Server
from tests.doubles.discord.state import Application, World
from tests.doubles.discord.waiting import Bell

T = TypeVar("T")
TOKEN = "token-of-the-double"


def _free_port() -> int:
    """Below those that outgoing connections are given: a client that tries again must not reach itself."""
    for port in random.sample(range(20_000, 30_000), 100):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("no port is free between 20000 and 30000")


class Discord:
    """HTTP API and gateway over TLS on 127.0.0.1, with one bot, `bot`, whose token is `token`.

    The clock stands still until a test turns it, unless it is `running`, at some `pace`. At the end every
    request must have kept to Discord's published contract, unless it is `lawless`.
    """

    def __init__(
        self,
        *,
        running: bool = False,
        pace: Callable[[], float] = time.monotonic,
        port: int | None = None,
        lawless: bool = False,
    ) -> None:
        self._lawless = lawless
        self.clock = Clock(running=running, pace=pace)
        self.world = World(self.clock)
        self.faults = Faults()
        self.limits = RateLimits()
        self.gateway = Gateway(self.world, self.faults)
        self.http = Http(self.world, self.gateway, self.faults, self.limits)
        self.token = TOKEN
        self.bot = self.world.application("plein", TOKEN)
        self.port = port or _free_port()
        self._runner: web.AppRunner | None = None
        authority = trustme.CA()
        self.certificate = authority.cert_pem.bytes().decode()
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(*HOSTS).configure_cert(self._tls)
        self.clock.on_turn.append(self._time_passed)

    def _time_passed(self) -> None:
        polls.end_those_due(self.world)
        self.bell.ring()

    @property
    def bell(self) -> Bell:
        """Rings at every change and request: what `until` waits for."""
        return self.world.bell

    @property
    def calls(self) -> list[Call]:
        """Every request so far."""
        return self.http.calls

    def calls_to(self, method: str, route: str) -> list[Call]:
        """The requests to one route, as in `calls_to("POST", "/channels/{channel_id}/messages")`."""
        return [call for call in self.calls if (call.method, call.route) == (method, route)]

    async def until(self, look: Callable[[], T | None], *, timeout: float = 60.0) -> T:
        """What `look` gives once that is something, asked again at every change and request."""
        return await self.bell.until(look, timeout=timeout, why=lambda: f"last it was {look()!r}")

    # Coming and going

    async def start(self) -> Self:
        """Listen; also after `go_away`, on the same port."""
        application = web.Application(client_max_size=64 * 1024 * 1024)
        application.router.add_route("*", "/{path:.*}", self.http.serve)
        self._runner = web.AppRunner(application, access_log=None, handle_signals=False, shutdown_timeout=0)
        await self._runner.setup()
        await web.TCPSite(
            self._runner, "127.0.0.1", self.port, ssl_context=self._tls, reuse_address=True
        ).start()
        return self

    async def go_away(self) -> None:
        """Break every connection and listen no more. Nothing is forgotten."""
        await self.gateway.drop()
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    come_back = start

    async def stop(self) -> None:
        """Let go of everything."""
        self.faults.clear()
        await self.gateway.close(1001, "going away")
        await self.go_away()

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, kind: object, *_: object) -> None:
        await self.stop()
        if self.http.failures and kind is None:
            call, error = self.http.failures[0]
            raise RuntimeError(f"the double broke at {call}, given {call.body}") from error
        if kind is None and not self._lawless:
            broken = self.check_contract()
            assert not broken, "against Discord's contract:\n" + "\n".join(broken)

    def connector(self) -> aiohttp.TCPConnector:
        """For an unmodified `discord.Client(connector=...)`."""
        return connector_to(self.port, self.certificate)

    # What is there

    def guild(
        self,
        name: str,
        *,
        bots: Iterable[Application] | None = None,
        guild_id: str | None = None,
        locale: str = "nl",
    ) -> Server:
        """The guild of that name; made where there is none, with the bot and a channel named "general"."""
        for guild in self.world.guilds.values():
            if guild.name == name:
                return Server(self, guild)
        guild = places.new_guild(self.world, name, self.world.user(f"{name}-owner"), guild_id=guild_id)
        guild.locale = locale
        server = Server(self, guild)
        server.channel("general")
        for bot in [self.bot] if bots is None else bots:
            server.invite(bot)
        return server

    def application(self, name: str, token: str) -> Application:
        """Another bot."""
        return self.world.application(name, token)

    def check_contract(self) -> list[str]:
        """What among the recorded requests breaks Discord's published contract.

        Empty where the environment variable DISCORD_OPENAPI does not say where that is.
        """
        return violations(self.calls)
