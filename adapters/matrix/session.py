"""What the parts of the adapter share while it is connected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp

from adapters.matrix.crypto import PleinClient
from adapters.matrix.outgoing import Outgoing
from adapters.matrix.rooms import Room
from adapters.matrix.settings import Matrix as Settings
from bot.clock import Clock
from bot.errors import Gone, TryLater
from bot.model.people import Place, Presence, Presences
from bot.ports.adapter import Core

# So long after too much was asked of it a homeserver is asked again where it does not say itself.
ASK_AGAIN = 5.0


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

    def presences(self, user: str, places: Sequence[Place]) -> Presences:
        """Where somebody is of these places, by the state of their rooms as it was synced."""
        return {
            place: self._presence(user, place, room)
            for place in places
            if (room := self.rooms.get(place.room_id))
        }

    def _presence(self, user: str, place: Place, room: Room) -> Presence | None:
        since = room.since(user)
        if since is None:
            return None
        return Presence(place, room.role_of(user, self.settings.power_levels), since, room.may_write(user))


async def ask(on: Session, method: str, path: str, body: object = None) -> tuple[int, dict[str, Any]]:
    """Raises: TryLater where too much is asked of the homeserver, ConnectionError where it does not answer,
    or fails at it.
    """
    try:
        status, answer = await on.outgoing.request(method, path, body)
    except aiohttp.ClientError as error:
        raise ConnectionError(f"the homeserver cannot be reached: {type(error).__name__}") from error
    if status == 429:
        wait = answer.get("retry_after_ms")
        raise TryLater(wait / 1000 if isinstance(wait, int) else ASK_AGAIN)
    if status >= 500:
        raise ConnectionError(f"the homeserver answered {status}")
    return status, answer


async def ask_state(on: Session, path: str) -> dict[str, Any] | None:
    """What stands there in a room's state; None: nothing does.

    Raises: Gone where Plein is not in the room, TryLater, ConnectionError.
    """
    status, answer = await ask(on, "GET", path)
    if status == 403:
        raise Gone("Plein is not in the room")
    if status not in (200, 404):
        raise ConnectionError(f"the homeserver answered {status}")
    return answer if status == 200 else None
