"""Which files go with a copy: those that stand there already stay, and the others are fetched."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import discord

from adapters.discord.files import HIDDEN
from adapters.discord.session import Session
from bot.errors import NotCarried
from bot.files import name_of, refused, too_many
from bot.model.carried import Copy
from bot.model.files import Fetched, Posted
from bot.model.message import Text

# A message has room for so many; and so many bytes of one Discord takes on any server.
MOST_FILES, LARGEST = 10, 10 * 1024 * 1024
LONGEST_ABOUT = 1_024
_LETTERS = re.compile(r"[^a-z0-9]+")


@dataclass(slots=True)
class Load:
    """What a message carries, besides its words.

    `kept` stands there already, and `new` is to come. `named` are told of by their names, and `lost` says why
    they are. `held` holds the new ones until the message stands.
    """

    held: AsyncExitStack
    kept: list[discord.Attachment] = field(default_factory=list)
    new: list[tuple[Posted, Fetched]] = field(default_factory=list)
    named: list[Posted] = field(default_factory=list)
    lost: list[Text] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.kept) + len(self.new)

    def files(self) -> list[discord.File]:
        """The new ones, to be sent once: the library uses them up."""
        return [_file(posted, fetched) for posted, fetched in self.new]

    def leave_out(self) -> None:
        """Discord takes none of the new ones."""
        for posted, _ in self.new:
            self.named.append(posted)
            self.lost.append(refused(posted))
        self.new.clear()


async def load(
    on: Session, copy: Copy, guild: int | None, stands: discord.Message | None, held: AsyncExitStack
) -> Load:
    """Of what is to be there what stands there, in that message, and what is not there yet.

    Raises: TryLater where that cannot be said just now.
    """
    found = Load(held)
    there = list(stands.attachments) if stands else []
    server = on.client.get_guild(guild or 0)
    most = server.filesize_limit if server else LARGEST
    for posted in copy.spoken.files if copy.spoken else ():
        same = next((file for file in there if _is(file, posted)), None)
        if same:
            there.remove(same)
            found.kept.append(same)
        elif not posted.source:
            found.named.append(posted)
        else:
            try:
                if found.count == MOST_FILES:
                    raise NotCarried(too_many(posted, MOST_FILES))
                fetched = await held.enter_async_context(on.core.fetch(copy, posted, most))
            except NotCarried as no:
                found.named.append(posted)
                found.lost.append(no.why)
            else:
                found.new.append((posted, fetched))
    return found


def _is(file: discord.Attachment, posted: Posted) -> bool:
    """Whether that is it: Discord changes letters of names, and an ending may have been added."""
    is_called_so = _bare(file.filename.removeprefix(HIDDEN)).startswith(_bare(name_of(posted)))
    return is_called_so and file.is_spoiler() == posted.hidden and posted.size in (None, file.size)


def _bare(name: str) -> str:
    return _LETTERS.sub("", name.casefold())


def _file(posted: Posted, fetched: Fetched) -> discord.File:
    about = posted.about[:LONGEST_ABOUT] or None
    data = io.BufferedReader(_Reader(fetched.data.fileno()))
    return discord.File(data, fetched.name, spoiler=posted.hidden, description=about)


class _Reader(io.RawIOBase):
    """A file that is open elsewhere, from its beginning: whoever closes this one closes nothing else."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._number

    def readinto(self, into: Any) -> int:
        piece = os.pread(self._number, len(into), self._at)
        into[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        before = {os.SEEK_SET: 0, os.SEEK_CUR: self._at}.get(whence)
        self._at = offset + (os.fstat(self._number).st_size if before is None else before)
        return self._at

    def tell(self) -> int:
        return self._at


def attachments(of: Load) -> Sequence[discord.Attachment | discord.File]:
    """What is to be with a message from now on."""
    return [*of.kept, *of.files()]
