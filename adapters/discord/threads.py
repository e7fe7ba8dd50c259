"""Threads of a place whose words are carried: what stands in one, and making it where there is none yet.

A thread that began with a message has the number of that message, and so is made once.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import discord

from adapters.discord.above import first_words
from adapters.discord.channels import permissions_in
from adapters.discord.outgoing import UNKNOWN_MESSAGE
from adapters.discord.refs import number_of, read_ref, ref_in
from adapters.discord.session import Session
from adapters.discord.webhooks import Webhooks
from bot.errors import Gone, NotOurs, Refused, TryLater
from bot.model.message import text
from bot.model.people import Place
from bot.rich import Names

log = logging.getLogger(__name__)
# What a thread is called has room for so much; after so many minutes it is put away.
LONGEST_NAME = 100
A_DAY: Literal[1440] = 1440
UNKNOWN_CHANNEL, ARCHIVED, LOCKED, NOT_BEGUN, HAS_ONE = 10003, 50083, 160005, 40058, 160004
# In what is none any more, or was shut, nothing is said.
CLOSED = UNKNOWN_CHANNEL, ARCHIVED, LOCKED, NOT_BEGUN
# And in these nothing is changed before somebody opens them.
SHUT = ARCHIVED, LOCKED


class Closed(Exception):
    """Nothing can be said in that thread."""


@dataclass(frozen=True, slots=True)
class There:
    """Where something is to stand: a channel, or a thread of one."""

    place: Place
    channel: int
    thread: int | None = None
    guild: int | None = None

    @property
    def room(self) -> int:
        """Where that is said and read."""
        return self.thread or self.channel

    @property
    def given(self) -> Mapping[str, Any]:
        """Where in its channel a webhook is to do something."""
        return {"thread": discord.Object(self.thread)} if self.thread else {}

    @property
    def is_within(self) -> bool:
        """Whether it is a thread of the place, and not the place itself."""
        return str(self.room) != self.place.room_id

    @property
    def closed(self) -> tuple[int, ...]:
        """What Discord answers where nothing can be said in a thread of the place."""
        return CLOSED if self.is_within else ()

    def ref(self, message: int) -> str:
        """By what a message that stands there goes."""
        return ref_in(int(self.place.room_id), self.room, message)

    def at(self, ref: str) -> There:
        """Where in that place what goes by this stands."""
        return self.within(read_ref(ref)[0])

    def within(self, thread: int | None) -> There:
        """That thread of the place; None: the place itself."""
        if thread is None and not self.is_within:
            return self
        return replace(self, thread=thread)


async def message_at(on: Session, there: There, ref: str) -> discord.Message | None:
    """A message as Discord has it; None where it is gone."""
    at, (_, number) = there.at(ref), read_ref(ref)
    channel = on.client.get_partial_messageable(at.room, guild_id=there.guild)
    try:
        with on.outgoing.understood("read", at.room, UNKNOWN_MESSAGE, *at.closed):
            return await channel.fetch_message(number)
    except discord.NotFound:
        return None


class Threads:
    """Makes threads in the channels of the client that is connected just now."""

    def __init__(self, session: Session, webhooks: Webhooks) -> None:
        self._on = session
        self._webhooks = webhooks

    async def open(self, there: There, thread: str) -> There:
        """That thread, made where what it began with has none; the place itself where Plein may make none.

        `thread`: what stands there in whose thread something is to be said, or the number of the thread.
        """
        if there.thread:
            return there  # a post of a forum has none
        number = number_of(thread)
        found = there.within(number)
        if self._on.client.get_channel(number) is None and not await self._make(there, number):
            return there
        return found

    async def _make(self, there: There, message: int) -> bool:
        """Whether there may be one now. What began with no message, or one that is gone, may be there all the
        same, put away.
        """
        root = await message_at(self._on, there, str(message))
        if root is None:
            return True
        channel: Any = self._on.client.get_channel(there.channel)
        may = permissions_in(channel)
        if may is not None and not may.create_public_threads:
            return root.flags.has_thread
        name = await self._name(there, root)
        try:
            with self._on.outgoing.understood("thread", there.channel, HAS_ONE, UNKNOWN_MESSAGE):
                await self._on.client.http.start_thread_with_message(
                    there.channel,
                    message,
                    name=name,
                    auto_archive_duration=getattr(channel, "default_auto_archive_duration", A_DAY),
                )
        except TryLater as busy:
            busy.unsent = True
            raise
        except discord.HTTPException as refused:
            if refused.code not in (HAS_ONE, UNKNOWN_MESSAGE):
                log.warning("No thread can be made in %s: %s", there.channel, refused.code)
                return False
        except (Refused, NotOurs, Gone) as refused:
            log.warning("No thread can be made in %s: %s", there.channel, refused)
            return False
        return True

    async def _name(self, there: There, root: discord.Message) -> str:
        """How that begins, without what is hidden in it."""
        voice = await self._on.voice(there.place)
        names = Names(zone=voice.zone, language=voice.locale)
        words = first_words(root, names, copied=self._webhooks.said(root), most=LONGEST_NAME)
        return words or self._on.texts.write(text("discord.thread"), voice)

    async def open_again(self, thread: int) -> bool:
        """Whether one that was put away is open; where it was locked only its moderators open it."""
        try:
            with self._on.outgoing.understood("open", thread):
                await self._on.client.http.edit_channel(thread, archived=False)
        except (Refused, NotOurs, Gone, discord.HTTPException) as refused:
            log.info("The thread %s stays shut: %s", thread, refused)
            return False
        return True
