"""Saying things in a channel, once: what may have arrived already is looked for before it is said again."""

from __future__ import annotations

import contextlib
import hashlib
import logging
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import discord

from adapters.discord.render import Rendered
from bot.errors import TryLater, Unreachable
from bot.ports import Clock

log = logging.getLogger(__name__)
# Discord knows a nonce for some minutes; our clock and theirs may differ by some too.
REMEMBERED = timedelta(minutes=1)
SKEW = timedelta(minutes=5)
LOOKED_THROUGH = 1_000
BANNED_FOR = 60.0
UNKNOWN_MESSAGE, TOO_OLD_TO_EDIT, NOT_OURS = 10008, 30046, 50005


class Outgoing:
    """Messages of the client that is connected just now."""

    def __init__(self, client: discord.Client, clock: Clock) -> None:
        self._client = client
        self._clock = clock

    async def send(
        self,
        channel: int,
        said: Rendered,
        files: Sequence[discord.File],
        key: str,
        tried_at: datetime | None,
    ) -> str:
        """The message's id. Raises TryLater and Unreachable; anything else may pass."""
        there = self._client.get_partial_messageable(channel)
        with _understood():
            if tried_at and self._clock.now() - tried_at > REMEMBERED:
                found = await self._said_before(there, said, tried_at)
                if found:
                    return found
            words: dict[str, Any] = {
                "embed": said.embed,
                "view": said.view,
                "poll": said.poll,
                "files": list(files),
            }
            given = {name: one for name, one in words.items() if one}
            sent = await there.send(said.content, nonce=nonce(key), **given)
        return str(sent.id)

    async def edit(self, channel: int, ref: str, said: Rendered) -> str | None:
        """None where that message is gone, or may not be edited any more: then it is taken away."""
        there = self._client.get_partial_messageable(channel).get_partial_message(int(ref))
        try:
            with _understood(UNKNOWN_MESSAGE, TOO_OLD_TO_EDIT, NOT_OURS):
                await there.edit(content=said.content, embed=said.embed, view=said.view)
        except discord.HTTPException as error:
            if error.code not in (UNKNOWN_MESSAGE, TOO_OLD_TO_EDIT, NOT_OURS):
                raise
            if error.code == TOO_OLD_TO_EDIT:
                with contextlib.suppress(discord.HTTPException):
                    await there.delete()
            return None
        return ref

    async def private(self, user: int) -> int:
        """The channel in which Plein and somebody talk alone."""
        with _understood():
            return (await self._client.create_dm(discord.Object(user))).id

    async def _said_before(
        self, there: discord.PartialMessageable, said: Rendered, since: datetime
    ) -> str | None:
        """Our message that says this, if it arrived after all. Where nobody may look, it is said again."""
        me = self._client.user
        try:
            async for message in there.history(after=since - SKEW, limit=LOOKED_THROUGH, oldest_first=True):
                if me and message.author.id == me.id and looks_like(message, said):
                    return str(message.id)
        except discord.Forbidden:
            log.warning("Plein may not read what it said in %s", there.id)
        return None


def nonce(key: str) -> str:
    """At most 25 characters, the same for the same key."""
    return hashlib.sha256(key.encode()).hexdigest()[:25]


def looks_like(message: discord.Message, said: Rendered) -> bool:
    """Whether a message says this. With the same buttons it may meanwhile show another state."""
    buttons = sorted(_ids([one.to_dict() for one in message.components]))
    wanted = sorted(_ids(said.view.to_components() if said.view else []))
    title = message.embeds[0].title if message.embeds else None
    if buttons != wanted or title != (said.embed.title if said.embed else None):
        return False
    if _asked(message.poll) != _asked(said.poll):
        return False
    words = message.embeds[0].description if message.embeds else message.content
    return bool(buttons) or words == (said.embed.description if said.embed else said.content)


def _asked(poll: discord.Poll | None) -> tuple[str, ...]:
    return (str(poll.question), *(str(answer) for answer in poll.answers)) if poll else ()


def _ids(components: Sequence[Any]) -> Iterator[str]:
    for one in components:
        if "custom_id" in one:
            yield one["custom_id"]
        yield from _ids(one.get("components", ()))


@contextlib.contextmanager
def _understood(*expected: int) -> Iterator[None]:
    """Discord's answers as the core tells them apart; those that are `expected` as they are."""
    try:
        yield
    except discord.RateLimited as busy:
        raise TryLater(busy.retry_after) from busy
    except discord.HTTPException as error:
        if error.code in expected:
            raise
        if error.status == 429:
            raise TryLater(_patience(error)) from error
        if isinstance(error, (discord.Forbidden, discord.NotFound)):
            raise Unreachable(f"{error.status} {error.code}") from error
        raise


def _patience(error: discord.HTTPException) -> float:
    try:
        return float(error.response.headers.get("Retry-After", BANNED_FOR))
    except ValueError:
        return BANNED_FOR
