"""The HTTP side: finds the route, meets faults and limits, answers as Discord does, and writes all down."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.doubles.discord import api
from tests.doubles.discord.api.table import Ask, find, methods_of
from tests.doubles.discord.errors import Refused, refuse
from tests.doubles.discord.faults import HTML, Fault, Faults
from tests.doubles.discord.gateway import Gateway
from tests.doubles.discord.ratelimits import RateLimits
from tests.doubles.discord.state import Application, World
from tests.doubles.discord.talk import Upload, Uploads

assert api, "importing it fills the table of routes"

FILE = "/attachments/{channel_id}/{attachment_id}/{filename}"
BASE = re.compile(r"/api/v(\d+)(/.*)")
SECRET = ("authorization", "cookie")
VIA = {"Via": "1.1 google", "Server": "cloudflare"}


@dataclass(slots=True)
class Call:
    """One request as it came and how it was answered. `route` as Discord documents it; tokens are left out.

    `status` is 0 where the connection was closed instead of an answer; `injected` says that a fault answered.
    """

    method: str
    route: str
    params: dict[str, str]
    query: dict[str, str]
    headers: dict[str, str]
    body: Any = None
    files: list[str] = field(default_factory=list)
    status: int = 0
    answer: Any = None
    injected: bool = False

    @property
    def path(self) -> str:
        """Without the base; where a token was there is one made up."""
        path = self.route
        for key, value in self.params.items():
            path = path.replace(f"{{{key}}}", value)
        return path

    def __str__(self) -> str:
        return f"{self.method} {self.route} -> {self.status}"


class Http:
    """Answers every request that is no websocket."""

    def __init__(self, world: World, gateway: Gateway, faults: Faults, limits: RateLimits) -> None:
        self.world = world
        self.gateway = gateway
        self.faults = faults
        self.limits = limits
        self.calls: list[Call] = []
        # The addresses of files that were asked for.
        self.fetched: list[str] = []
        self.failures: list[tuple[Call, Exception]] = []

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Any request to any of Discord's hosts."""
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self.gateway.serve(request)
        if request.path.startswith(("/attachments/", "/ephemeral-attachments/", "/stickers/")):
            return await self._file(request)
        base = BASE.fullmatch(request.rel_url.raw_path)
        if base is None:
            return web.json_response({"message": "404: Not Found", "code": 0}, status=404)
        headers = {key: value for key, value in request.headers.items() if key.lower() not in SECRET}
        call = Call(request.method, base[2], {}, dict(request.query), headers)
        self.calls.append(call)
        try:
            response = await self._answer(request, base[2], call)
        finally:
            self.world.bell.ring()
        call.status = response.status if response else 0
        if response is None:
            _hang_up(request)
            return web.Response()
        self.limits.behaved(response.status)
        return response

    async def _answer(self, request: web.Request, path: str, call: Call) -> web.Response | None:
        """The response, or None to close the connection without one."""
        if self.limits.banned:
            return web.Response(
                status=429, text=HTML, content_type="text/html", headers={"Server": "cloudflare"}
            )
        found = find(request.method, path)
        params = found[1] if found else {}
        if found:
            call.route = found[0].template
            call.params = {key: ("TOKEN" if "token" in key else value) for key, value in params.items()}
        uploads, unreadable = await self._read(request, call)
        fault = self.faults.of(request.method, call.route, params)
        if fault:
            call.injected = fault.kind == "answer"
            early = await self._meet(fault)
            if early is not None or fault.kind == "before":
                return early
        who = request.headers.get("Authorization", "")
        wait, everywhere, headers = self.limits.take(request.method, call.route, params, who)
        wait = wait or self._take_unannounced(request.method, call, params)
        status, answer = 200, None
        try:
            if unreadable:
                raise unreadable
            if wait:
                raise _limited(wait, everywhere)
            status, answer = self._run(request, path, call, params, uploads)
        except Refused as no:
            status, answer, headers = no.status, no.body, headers | no.headers
        except Exception as error:
            # A fault of the double's own: whoever stops it is told.
            self.failures.append((call, error))
            status, answer = 500, {"message": f"the double broke: {error!r}", "code": 0}
        call.status, call.answer = status, answer
        if fault and fault.kind == "after":
            return _injected(fault) if fault.status else None
        return _response(status, answer, headers)

    def _take_unannounced(self, method: str, call: Call, params: Mapping[str, str]) -> float:
        """What webhooks say counts for their channel too, and no header tells of that."""
        webhook = self.world.webhooks.get(params.get("webhook_id", ""))
        if webhook is None or method != "POST":
            return 0.0
        return self.limits.take_unannounced(call.query.get("thread_id") or webhook.channel_id)

    def _run(
        self, request: web.Request, path: str, call: Call, params: Mapping[str, str], uploads: Uploads
    ) -> tuple[int, Any]:
        found = find(request.method, path)
        if found is None:
            if any(methods_of(path)):
                raise Refused(405, 0, "405: Method Not Allowed")
            raise Refused(404, 0, "404: Not Found")
        caller = self._caller(request)
        if caller is None and not found[0].open:
            raise refuse(0)
        answer = found[0].run(Ask(self.world, params, call.query, call.body, uploads, caller))
        if isinstance(answer, tuple):
            return answer
        return (204 if answer is None else 200), answer

    def _caller(self, request: web.Request) -> Application | None:
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if kind != "Bot":
            return None
        return next(
            (application for application in self.world.applications.values() if application.token == token),
            None,
        )

    async def _meet(self, fault: Fault) -> web.Response | None:
        fault.reached.set()
        self.world.bell.ring()
        if fault.kind == "late":
            await asyncio.sleep(fault.seconds)
        elif fault.kind == "held":
            await fault.let_go.wait()
        elif fault.kind == "answer":
            return _injected(fault)
        return None

    async def _read(self, request: web.Request, call: Call) -> tuple[Uploads, Refused | None]:
        """The body, into the call; the files beside it, and what is wrong with it."""
        if request.content_type == "multipart/form-data":
            return await self._read_parts(request, call), None
        text = await request.text()
        if not text:
            return {}, None
        if request.headers.get("Content-Type") != "application/json":
            return {}, Refused(400, 50035, "Invalid Form Body")
        try:
            call.body = json.loads(text)
        except ValueError:
            return {}, refuse(50109)
        return {}, None

    async def _read_parts(self, request: web.Request, call: Call) -> Uploads:
        uploads: Uploads = {}
        async for part in await request.multipart():
            name = getattr(part, "name", "") or ""
            data = bytes(await part.read())  # type: ignore[union-attr]
            if name == "payload_json":
                call.body = json.loads(data)
                continue
            number = re.fullmatch(r"files\[(\d+)\]", name)
            filename = getattr(part, "filename", None) or "file"
            uploads[int(number[1]) if number else len(uploads)] = Upload(filename, data)
            call.files.append(filename)
        return uploads

    async def _file(self, request: web.Request) -> web.StreamResponse:
        """What cdn.discordapp.com has: an attachment for whoever has an address that was signed of late."""
        self.fetched.append(str(request.url))
        fault = self.faults.of("GET", FILE, {})
        if fault and (early := await self._meet(fault)) is not None:
            return early
        if fault and fault.kind == "before":
            _hang_up(request)
        now, until = self.world.clock.now(), request.query.get("ex", "0")
        is_open = request.path.startswith("/stickers/") or int(until, 16) > now
        name = request.path.split("/")[-1 if "/stickers/" in request.path else -2]
        file = self.world.files.get(name) if is_open else None
        if file is None:
            return web.Response(status=404, text="This content is no longer available.")
        return web.Response(body=file.data, content_type=file.content_type)


def _limited(wait: float, everywhere: bool) -> Refused:
    headers = {"Retry-After": str(max(1, round(wait)))}
    more: dict[str, Any] = {"retry_after": round(wait, 3), "global": everywhere}
    return Refused(429, 0, "You are being rate limited.", headers=headers, **more)


def _injected(fault: Fault) -> web.Response:
    headers = {**VIA, **fault.headers}
    if not headers["Via"]:
        del headers["Via"]
    if isinstance(fault.body, str):
        headers.setdefault("Content-Type", "text/html")
        return web.Response(status=fault.status, body=fault.body.encode(), headers=headers)
    return _response(fault.status, fault.body, headers)


def _response(status: int, answer: Any, headers: Mapping[str, str]) -> web.Response:
    """Content-Type is exactly application/json: libraries look for that."""
    headers = {**VIA, **headers}
    if status == 204:
        return web.Response(status=204, headers=headers)
    body = json.dumps(answer, ensure_ascii=False).encode()
    return web.Response(status=status, body=body, headers={**headers, "Content-Type": "application/json"})


def _hang_up(request: web.Request) -> None:
    if request.transport:
        request.transport.close()
