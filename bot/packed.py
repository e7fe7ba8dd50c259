"""A file that may be too large for a platform: packed then, and in several where even that is too much."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import PurePath
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

# What is written for each document in a packed file beside itself; and at its end.
_BESIDE, _END = 512, 128


@dataclass(frozen=True, slots=True)
class File:
    """What is handed to a platform: `form` is the kind of file, as an Attachment has it, or zip."""

    name: str
    form: str
    data: bytes


def files_below(most: int, name: str, documents: Iterable[bytes]) -> list[File]:
    """The documents of one file, as it is where it is one of `most` bytes at the most; else packed.

    No packed one is larger than that, unless a single document is.
    """
    waiting = iter(documents)
    first = list(islice(waiting, 2))
    if len(first) == 1 and len(first[0]) <= most:
        return [File(name, PurePath(name).suffix[1:], first[0])]
    packed = list(_packed(most, name, chain(first, waiting)))
    stem = PurePath(name).stem
    if len(packed) == 1:
        return [File(f"{stem}.zip", "zip", packed[0])]
    return [File(f"{stem}-{number}.zip", "zip", data) for number, data in enumerate(packed, 1)]


def _packed(most: int, name: str, documents: Iterable[bytes]) -> Iterator[bytes]:
    stem, ending = PurePath(name).stem, PurePath(name).suffix
    into, held = io.BytesIO(), 0
    archive = ZipFile(into, "w")
    for number, document in enumerate(documents, 1):
        # How much it will be is not known before: at the worst all of it.
        if held and into.tell() + (held + 1) * _BESIDE + _END + len(document) > most:
            archive.close()
            yield into.getvalue()
            into, held = io.BytesIO(), 0
            archive = ZipFile(into, "w")
        # Without a moment: made again it is the same.
        archive.writestr(ZipInfo(f"{stem}-{number}{ending}"), document, ZIP_DEFLATED)
        held += 1
    archive.close()
    yield into.getvalue()
