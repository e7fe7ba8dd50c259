"""A platform that keeps people from writing in a place, and can lose an answer in the midst."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from bot.model.people import Place
from tests.doubles.carrier import Carrier


@dataclass(slots=True)
class Silencer(Carrier):
    """What stands for whom in which room: "quiet", or what somebody's hand set.

    Trouble stands under `silence:` a room before anything is done, under `silenced:` once it is.
    """

    lines: dict[tuple[str, str], str] = field(default_factory=dict)
    asked_for: list[tuple[str, str, bool]] = field(default_factory=list)

    async def silence(
        self, place: Place, user: str, before: str | None, looked: Callable[[str], Awaitable[None]]
    ) -> bool:
        key = (place.room_id, user)
        self.asked_for.append((*key, True))
        if self.lines.get(key) == "quiet":
            return before is not None
        if before is None:
            await looked(self.lines.get(key, ""))
        self._fail(f"silence:{place.room_id}")
        self.lines[key] = "quiet"
        self._fail(f"silenced:{place.room_id}")
        return True

    async def unsilence(self, place: Place, user: str, before: str) -> None:
        key = (place.room_id, user)
        self.asked_for.append((*key, False))
        self._fail(f"silence:{place.room_id}")
        if self.lines.get(key) == "quiet":
            del self.lines[key]
            if before:
                self.lines[key] = before
        self._fail(f"silenced:{place.room_id}")

    def quiet(self) -> set[tuple[str, str]]:
        return {key for key, line in self.lines.items() if line == "quiet"}
