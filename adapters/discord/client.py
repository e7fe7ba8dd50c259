"""Plein on Discord: one application, in the servers of one community."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import aiohttp

from adapters.discord.channels import PLATFORM, Themes
from adapters.discord.gateway import Gateway, NotLetIn
from adapters.discord.native import native_poll
from adapters.discord.session import Session, files_of
from adapters.discord.settings import Discord as Settings
from adapters.discord.uploads import overflow_files
from bot.clock import Clock
from bot.errors import Unreachable
from bot.model.message import Message
from bot.model.people import Identity, Place
from bot.ports.adapter import Core
from bot.texts import Texts

log = logging.getLogger(__name__)
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 300.0


class Discord:
    """Implements Adapter. `themes` maps channels to a theme's name and language.

    `connector` makes the way to Discord, where that is not the usual one.
    """

    platform = PLATFORM

    def __init__(
        self,
        settings: Settings,
        themes: Themes,
        texts: Texts,
        zone: ZoneInfo,
        clock: Clock,
        connector: Callable[[], aiohttp.BaseConnector] | None = None,
    ) -> None:
        self._settings = settings
        self._themes = themes
        self._texts = texts
        self._zone = zone
        self._clock = clock
        self._connector = connector
        self._ready = asyncio.Event()
        self._caught_up = asyncio.Event()
        self._gateway: Gateway

    # --- being there ---

    async def run(self, core: Core) -> None:
        """Stay connected. The library gives up on some troubles that pass: then it begins anew.

        Raises NotLetIn, with what to do about it, where trying again would not help.
        """
        attempt = 0
        while True:
            self._gateway = self._new_gateway(core)
            began = self._clock.now()
            try:
                await self._gateway.serve()
            except NotLetIn:
                raise
            except Exception as error:
                log.warning("Lost Discord (%s); trying again", type(error).__name__)
                log.debug("Why", exc_info=error)
            lasted = (self._clock.now() - began).total_seconds()
            attempt = 0 if lasted > LONGEST_PAUSE else attempt + 1
            await self._clock.sleep(min(FIRST_PAUSE * 2 ** min(attempt, 10), LONGEST_PAUSE))

    def _new_gateway(self, core: Core) -> Gateway:
        connector = self._connector() if self._connector else None
        return Gateway(
            self._settings,
            core,
            self._themes,
            self._texts,
            self._zone,
            self._clock,
            self._ready,
            self._caught_up,
            connector,
        )

    async def caught_up(self) -> None:
        await self._caught_up.wait()
        await self._gateway.idle()

    async def _session(self) -> Session:
        """Of the client that is there; what is sent while there is none waits for the next."""
        await self._ready.wait()
        return self._gateway.session

    # --- saying ---

    async def send(self, place: Place, message: Message, key: str, tried_at: datetime | None) -> str:
        """The reference: the message, and behind a space Discord's own poll if there is one."""
        on = await self._session()
        board = await self._say(on, int(place.room_id), place, message, key, tried_at)
        native = native_poll(message, on, await on.voice(place)) if self._settings.native_polls else None
        if native is None:
            return board
        try:
            beside = await on.outgoing.send(int(place.room_id), native, [], f"{key}:poll", tried_at)
        except Unreachable as refused:
            log.warning("No poll of Discord's own beside %s: %s", key, refused)
            return board
        return f"{board} {beside}"

    async def edit(self, place: Place, ref: str, message: Message, key: str) -> str | None:
        on = await self._session()
        board, _, poll = ref.partition(" ")
        said = on.writer(await on.voice(place)).render(message, None)
        if poll and message.native_poll and message.native_poll.ended:
            await on.outgoing.end_poll(int(place.room_id), int(poll))
        return ref if await on.outgoing.edit(int(place.room_id), board, said) else None

    async def whisper(self, to: Identity, message: Message, key: str, tried_at: datetime | None) -> str:
        on = await self._session()
        channel = await on.outgoing.private(int(to.user_id))
        await self._gateway.talks_in(channel)
        return await self._say(on, channel, to, message, key, tried_at)

    async def _say(
        self,
        on: Session,
        channel: int,
        reader: Place | Identity,
        message: Message,
        key: str,
        tried_at: datetime | None,
    ) -> str:
        """Where files are not allowed the words go alone: they have said the same."""
        voice = await on.voice(reader)
        said = on.writer(voice).render(message, None)
        files = [*await files_of(message, on, voice), *overflow_files(said)]
        try:
            return await on.outgoing.send(channel, said, files, key, tried_at)
        except Unreachable:
            if not files:
                raise
            log.warning("Left the files of %s out", key)
            return await on.outgoing.send(channel, said, [], key, tried_at)
