"""Files that the homeserver is given to keep: a piece at a time, where it says first that it takes them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any, BinaryIO

import aiohttp
from nio.crypto.async_attachments import async_encrypt_attachment

from adapters.matrix.crypto import PleinClient
from adapters.matrix.pace import Pace
from adapters.matrix.refusals import refusal
from adapters.matrix.render import Content
from adapters.media import PATIENCE, PIECE
from bot.errors import Gone
from bot.files import ANYTHING

# No larger file is carried, whatever a homeserver takes.
LARGEST = 100_000_000
Ask = Callable[..., Awaitable[tuple[int, dict[str, Any], Any]]]


class Uploads:
    """Gives files to the homeserver, as fast as it wants. `ask` asks it for anything else."""

    def __init__(self, client: PleinClient, pace: Pace, ask: Ask) -> None:
        self._client = client
        self._pace = pace
        self._ask = ask
        self._most: int | None = None

    async def store(self, room: str, data: BinaryIO, size: int, mimetype: str) -> Content:
        """A file for that room, encrypted where the room is: the part of an event that points to it. It is
        read a piece at a time.

        Defect: nio asks again and again where the server takes no file of that size, and never returns.
        """
        encrypted = bool(self._client.rooms[room].encrypted) if room in self._client.rooms else False
        keys: Content = {}

        async def body() -> AsyncIterator[bytes]:
            pieces = iter(partial(data.read, PIECE), b"")
            if not encrypted:
                for piece in pieces:
                    yield piece
                return
            async for found in async_encrypt_attachment(pieces):
                if isinstance(found, dict):
                    keys.update(found)
                else:
                    yield found

        headers = {
            "Authorization": f"Bearer {self._client.access_token}",
            "Content-Type": ANYTHING if encrypted else mimetype,
            "Content-Length": str(size),
        }
        async with self._pace.turn():
            response = await self._client.send(
                "POST", "/_matrix/media/v3/upload", body(), headers, timeout=PATIENCE
            )
            async with response:
                url = await self._stored_at(response)
        if not encrypted:
            return {"url": url}
        return {"file": {"url": url, "mimetype": mimetype, **keys}}

    async def _stored_at(self, response: aiohttp.ClientResponse) -> str:
        """Where a file is from now on. Raises: Gone where the server does not take it; what `send` does."""
        try:
            answer = json.loads(await response.read())
        except ValueError:
            answer = None
        found = answer if isinstance(answer, dict) else {}
        url = found.get("content_uri")
        if response.status == 200 and isinstance(url, str):
            return url
        if response.status == 429:
            raise self._pace.slow_down(found.get("retry_after_ms"))
        if response.status == 413:
            raise Gone("too large for the homeserver, or for what stands before it")
        raise refusal(response.status, found.get("errcode"))

    async def most(self) -> int:
        """The largest file that the homeserver takes, in bytes. Raises: OSError, TryLater."""
        if self._most is None:
            async with self._pace.turn():
                status, answer, _ = await self._ask("GET", "/media/config", version="v1")
                if status == 429:
                    raise self._pace.slow_down(answer.get("retry_after_ms"))
            if status >= 500:
                raise ConnectionError(f"the homeserver answered {status}")
            said = answer.get("m.upload.size")
            self._most = min(said, LARGEST) if isinstance(said, int) else LARGEST
        return self._most
