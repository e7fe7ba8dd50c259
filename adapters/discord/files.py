"""Files that go along with a message."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import discord

from adapters.discord.render import Rendered
from bot.model import Message
from bot.texts import Voice

if TYPE_CHECKING:
    from adapters.discord.session import Session


async def files_of(message: Message, session: Session, voice: Voice) -> list[discord.File]:
    """Made anew, each with its words for who cannot see it."""
    writer = session.writer(voice)
    return [
        discord.File(io.BytesIO(await session.core.file(one, voice)), one.name, description=writer.alt(one))
        for one in message.files
    ]


def what_did_not_fit(said: Rendered) -> list[discord.File]:
    """All of it in plain words, where a message has no room for it."""
    return [discord.File(io.BytesIO(said.overflow.encode()), "plein.txt")] if said.overflow else []


def afresh(file: discord.File) -> discord.File:
    """The same once more: sending uses a file up."""
    assert isinstance(file.fp, io.BytesIO)
    return discord.File(io.BytesIO(file.fp.getvalue()), file.filename, description=file.description)
