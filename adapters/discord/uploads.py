"""Files as discord.py uploads them."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import discord

from adapters.discord.render import Rendered

if TYPE_CHECKING:
    pass


def overflow_files(said: Rendered) -> list[discord.File]:
    """All of it in plain words, where a message has no room for it."""
    return [discord.File(io.BytesIO(said.overflow.encode()), "plein.txt")] if said.overflow else []


def rewound(file: discord.File) -> discord.File:
    """The same once more: sending uses a file up."""
    assert isinstance(file.fp, io.BytesIO)
    return discord.File(io.BytesIO(file.fp.getvalue()), file.filename, description=file.description)
