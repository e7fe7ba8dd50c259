"""What people say to each other, as it is carried on: laid out, and what it changes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any

import aiohttp
import nio

from adapters.inbox import PAUSE
from adapters.matrix.read import Emoted, Said, Sent, read, replaced_by
from adapters.matrix.remarks import event_at, opened
from adapters.matrix.rich.read import read as read_rich
from adapters.matrix.session import Session
from adapters.matrix.told import Located, Polled
from bot.errors import TryLater
from bot.model.message import text
from bot.model.people import Place
from bot.platforms import called
from bot.rich import Names, Rich
from bot.texts import Voice
from bot.told import on_the_map, poll

# What is longer is read beside everything else.
LONG = 4_000


async def laid_out(on: Session, room: str, content: Mapping[str, Any]) -> Rich:
    """What the content of an event says, with those whom it names as the room calls them. A sticker's says
    nothing but what it shows.
    """
    if "msgtype" not in content:
        return ()
    known = on.client.rooms.get(room)
    names = Names(people=_Called(known)) if known else Names()
    if len(str(content)) > LONG:
        return await asyncio.to_thread(read_rich, content, names)
    return read_rich(content, names)


async def in_words(on: Session, place: Place, told: Located | Polled) -> Rich:
    """What says where something is, or what a poll asks, in the language of that place."""
    texts = on.core.commands.texts
    zone, _ = await on.core.clocks_of(place)
    voice = Voice(await on.core.voice_of(place), zone, on.clock.now())
    if isinstance(told, Located):
        return on_the_map(told.spot, told.words or texts.write(text("carried.spot"), voice))
    line = texts.write(text("carried.poll", platform=called(place.platform)), voice)
    return poll(line, told.words, told.options)


async def original_of(on: Session, room: str, event_id: str, author: str) -> Said | Emoted | Sent | None:
    """What that edit of theirs is of; None where it counts for nothing.

    Anybody can say that they change what somebody else said, and homeservers let them: an edit counts of what
    is one's own, in the same room, and no edit itself. What that said cannot be known where its key is
    lacking.

    Raises: TryLater where the homeserver does not say just now.
    """
    try:
        event = await event_at(on, room, event_id)
    except (OSError, aiohttp.ClientError) as error:
        raise TryLater(PAUSE) from error
    if event is None or event.sender != author or event.source.get("room_id", room) != room:
        return None
    source = opened(on, room, event).source
    if source.get("type") == "m.room.encrypted":
        return None if replaced_by(source["content"]) else Said("")
    heard = read(source)
    return heard.meaning if heard and isinstance(heard.meaning, Said | Emoted | Sent) else None


class _Called(Mapping[str, str]):
    """What people are called in a room, looked up only for whoever is named."""

    def __init__(self, room: nio.MatrixRoom) -> None:
        self._room = room

    def __getitem__(self, user: str) -> str:
        name = self._room.user_name(user)
        if name is None:
            raise KeyError(user)
        return str(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._room.users)

    def __len__(self) -> int:
        return len(self._room.users)
