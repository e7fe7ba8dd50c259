"""What is remembered for a while: so much of it, and what was not asked for longest goes first."""

from __future__ import annotations

from collections.abc import ItemsView
from typing import Generic, TypeVar, overload

Key = TypeVar("Key")
Value = TypeVar("Value")


class Recent(Generic[Key, Value]):
    """A mapping of at most `most` entries."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: dict[Key, Value] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def __contains__(self, key: object) -> bool:
        return key in self._kept

    def __setitem__(self, key: Key, value: Value) -> None:
        self._kept.pop(key, None)
        self._kept[key] = value
        if len(self._kept) > self._most:
            del self._kept[next(iter(self._kept))]

    def items(self) -> ItemsView[Key, Value]:
        """The one that was not asked for longest first."""
        return self._kept.items()

    @overload
    def get(self, key: Key) -> Value | None: ...
    @overload
    def get(self, key: Key, otherwise: Value) -> Value: ...
    def get(self, key: Key, otherwise: Value | None = None) -> Value | None:
        """As with any mapping; what was asked for stays longer."""
        if key not in self._kept:
            return otherwise
        value = self._kept[key] = self._kept.pop(key)
        return value

    def pop(self, key: Key, otherwise: Value | None = None) -> Value | None:
        return self._kept.pop(key, otherwise)
