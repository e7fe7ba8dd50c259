"""What the parts of the adapter share while it is connected."""

from __future__ import annotations

from dataclasses import dataclass

from adapters.matrix.crypto import PleinClient
from adapters.matrix.outgoing import Outgoing
from adapters.matrix.rooms import Room
from adapters.matrix.settings import Matrix as Settings
from bot.clock import Clock
from bot.ports.adapter import Core


@dataclass(frozen=True, slots=True)
class Session:
    """`account` is the name under which the core keeps how far was read."""

    client: PleinClient
    core: Core
    account: str
    settings: Settings
    rooms: dict[str, Room]
    outgoing: Outgoing
    clock: Clock

    @property
    def me(self) -> str:
        return str(self.client.user_id)
