"""Which rooms are in the spaces that are a community's: the space itself says so, and no room of itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from typing import Any, NamedTuple

from adapters.matrix.read import redacted

CHILD = "m.space.child"


class _Put(NamedTuple):
    """Who put a room into a space, and by which event."""

    by: str
    event: str


class Spaces:
    """Takes note of what is directly in each of these spaces, the first one first."""

    def __init__(self, spaces: Iterable[str]) -> None:
        # By space: what is in it, and who put it there.
        self._rooms: dict[str, dict[str, _Put]] = {space: {} for space in spaces}

    @property
    def ids(self) -> Set[str]:
        """The spaces themselves."""
        return self._rooms.keys()

    def add(self, space: str) -> None:
        """That one is somebody's too, the last."""
        self._rooms.setdefault(space, {})

    def note(self, room: str, events: Iterable[Mapping[str, Any]]) -> set[str]:
        """The rooms that came into it or were taken out, where it is one of these spaces."""
        inside = self._rooms.get(room)
        if inside is None:
            return set()
        before = set(inside)
        for event in events:
            child, content = event.get("state_key"), event.get("content")
            if event.get("type") == CHILD and isinstance(child, str) and isinstance(content, dict):
                # Whoever takes a room out leaves an event that says nothing.
                if content.get("via"):
                    inside[child] = _Put(str(event.get("sender")), str(event.get("event_id")))
                else:
                    inside.pop(child, None)
        return before ^ inside.keys()

    def leave(self, room: str) -> set[str]:
        """Plein is in it no more: what was in it, where it was one of these spaces, is in it for nobody."""
        inside = self._rooms.get(room, {})
        before = set(inside)
        inside.clear()
        return before

    def rooms_in(self, space: str) -> set[str]:
        """The rooms that are in it."""
        return set(self._rooms.get(space, ()))

    def put_there_by(self, space: str, room: str) -> str | None:
        """Who put that room into it; None where it is not in it."""
        put = self._rooms.get(space, {}).get(room)
        return put and put.by

    def taken_away(self, space: str, events: Iterable[Mapping[str, Any]]) -> list[str]:
        """The rooms in it of which the event that says so may have been taken away by one of these."""
        gone = {*redacted(events)}
        return [room for room, put in self._rooms.get(space, {}).items() if put.event in gone]

    def holding(self, room: str) -> list[str]:
        """The spaces that a room is in."""
        return [space for space, inside in self._rooms.items() if room in inside]
