"""What is remembered for a while: so much of it, and what was not asked for longest goes first."""

from __future__ import annotations

from typing import Any, TypeVar, overload

Key = TypeVar("Key")
Value = TypeVar("Value")
Other = TypeVar("Other")
_NOTHING: Any = object()


class Recent(dict[Key, Value]):
    """A dictionary of at most `most` entries. Only `get` and setting one count as asking for it."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    def __setitem__(self, key: Key, value: Value) -> None:
        self.pop(key, None)
        super().__setitem__(key, value)
        if len(self) > self.most:
            del self[next(iter(self))]

    @overload
    def get(self, key: Key, default: None = None, /) -> Value | None: ...
    @overload
    def get(self, key: Key, default: Value, /) -> Value: ...
    @overload
    def get(self, key: Key, default: Other, /) -> Value | Other: ...
    def get(self, key: Key, default: object = None, /) -> object:
        """As of any dictionary; what was asked for stays longer."""
        value = self.pop(key, _NOTHING)
        if value is _NOTHING:
            return default
        super().__setitem__(key, value)
        return value
