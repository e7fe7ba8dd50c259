"""Rows of which there may be very many, by the page and squeezed until somebody looks at them."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, overload

import orjson

Row = Mapping[str, Any]


class Pages(Sequence[Row]):
    """Rows as JSON has them: no more than a page of them is there at once."""

    def __init__(self) -> None:
        self._pages: list[bytes] = []
        self._count = 0

    def add(self, rows: Sequence[Row]) -> None:
        if rows:
            self._pages.append(zlib.compress(orjson.dumps(rows)))
            self._count += len(rows)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Row]:
        for page in self._pages:
            yield from orjson.loads(zlib.decompress(page))

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | Sequence[Row]:
        if isinstance(index, slice):
            return list(self)[index]
        return next(islice(self, range(self._count)[index], None))
