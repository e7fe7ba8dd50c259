"""Files that people post, as they go from place to place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO


@dataclass(frozen=True, slots=True)
class Posted:
    """A file that somebody posted, as their platform tells of it: nothing of that need be so.

    `source` is what leads the adapter that heard of it to it again, and means nothing to anybody else; empty:
    nothing does, and it goes by its name. `size` is in bytes, where that was said, and `kind` the media type.
    `hidden`: nobody sees it before they ask. `about` says what is to be seen in it.
    """

    source: str
    name: str
    size: int | None = None
    kind: str = ""
    hidden: bool = False
    about: str = ""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What is in it: on a disk, in a file without a name that is gone once it is closed.

    `kind` is what it is by what is in it, and `name` one that any platform takes. `measures`: the width and
    height of a picture, as its first bytes tell.
    """

    data: BinaryIO
    size: int
    name: str
    kind: str
    measures: tuple[int, int] | None = None
