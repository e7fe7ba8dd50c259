"""What discord.py leaves to the machine's clock, by events instead."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Any

import discord
import pytest
from discord.state import AutoShardedConnectionState, ConnectionState

_PARSE_READY = ConnectionState.parse_ready
_PARSE_SHARD_READY = AutoShardedConnectionState.parse_ready


class Servers(asyncio.Queue[discord.Guild]):
    """Those that come once a bot is let in.

    When all that were announced are there, the library waits no longer whether one more comes: half a second
    each time that Plein starts, and on a busy machine perhaps too short.
    """

    def __init__(self, announced: int) -> None:
        super().__init__()
        self._announced = announced

    async def get(self) -> discord.Guild:
        if not self._announced:
            raise TimeoutError
        self._announced -= 1
        return await super().get()


def _ready(state: ConnectionState[Any], data: Any) -> None:
    _PARSE_READY(state, data)
    state._ready_state = Servers(len(data["guilds"]))


def _shard_ready(state: AutoShardedConnectionState[Any], data: Any) -> None:
    _PARSE_SHARD_READY(state, data)
    state._ready_states[data["shard"][0]] = Servers(len(data["guilds"]))


@contextlib.contextmanager
def ready_at_once() -> Iterator[None]:
    """Within it a client is ready as soon as all its servers have come."""
    with pytest.MonkeyPatch.context() as patches:
        patches.setattr(ConnectionState, "parse_ready", _ready)
        patches.setattr(AutoShardedConnectionState, "parse_ready", _shard_ready)
        yield
