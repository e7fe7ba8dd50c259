"""How far a device's keys were used: counted in the key store itself, and by the homeserver.

Whoever restores a key store repeats the keys that were used since, and nobody can read what those
lock. A store that counts less than the homeserver was restored. Both count before a key is used,
the store first, so that no crash looks like that.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import nio
from peewee import PeeweeException, SqliteDatabase  # type: ignore[import-untyped]

from bot.errors import StoreFailed

# The account's own data on the homeserver, which no backup of ours brings back.
_KIND = "be.plein.keys"


async def was_restored(door: nio.AsyncClient, user: str, device_id: str, keys: Path) -> bool:
    """Whether this device went on after what is in its key store. Raises: OSError for what may pass."""
    try:
        with closing(SqliteDatabase(str(keys))) as store:
            here = store.user_version
    except PeeweeException:
        return False  # whoever loads it says what is wrong
    status, counted = await _request(door, user, "GET")
    if status not in (200, 404):
        raise ConnectionError(f"HTTP {status} for the count of keys")
    there = counted.get("used") if counted.get("device") == device_id else None
    return isinstance(there, int) and there > here


class Generation:
    """Counts on, for the client that the keys were loaded into."""

    def __init__(self, client: nio.AsyncClient) -> None:
        self._client = client
        self._one_by_one = asyncio.Lock()

    async def advance(self) -> None:
        """Keys are about to be used. Raises: ConnectionError, and StoreFailed: then they must not be."""
        async with self._one_by_one:
            assert self._client.store
            try:
                database = self._client.store.database
                database.user_version = used = database.user_version + 1
            except PeeweeException as error:
                raise StoreFailed("Plein's Matrix keys could not be kept") from error
            count = {"device": self._client.device_id, "used": used}
            status, _ = await _request(self._client, self._client.user_id, "PUT", count)
            if status != 200:
                raise ConnectionError(f"the use of keys could not be counted (HTTP {status})")


async def _request(
    client: nio.AsyncClient, user: str, method: str, body: object = None
) -> tuple[int, dict[str, Any]]:
    path = f"/_matrix/client/v3/user/{quote(user, safe='')}/account_data/{_KIND}"
    headers = {"Authorization": f"Bearer {client.access_token}", "Content-Type": "application/json"}
    sent = None if body is None else json.dumps(body)
    async with await client.send(method, path, sent, headers) as response:
        try:
            answer = json.loads(await response.read())
        except ValueError:
            answer = None
        return response.status, answer if isinstance(answer, dict) else {}
