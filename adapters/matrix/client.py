"""Plein on Matrix: one account on one homeserver."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import nio

from adapters.matrix.account import Account
from adapters.matrix.intake import Intake
from adapters.matrix.outgoing import Outgoing
from adapters.matrix.render import (
    MIMETYPES,
    POLL_END,
    POLL_START,
    native_poll,
    render,
    render_edit,
    render_file,
    render_poll,
    render_poll_end,
)
from adapters.matrix.rooms import Room
from adapters.matrix.session import PLATFORM, Session
from adapters.matrix.settings import Matrix as Settings
from adapters.matrix.sync import Sync, Themes
from bot.clock import Clock
from bot.errors import Unreachable
from bot.model.message import Message
from bot.model.people import Identity, Place
from bot.ports.adapter import Core
from bot.texts import Texts, Voice

log = logging.getLogger(__name__)
TEXT = "m.room.message"
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0


class Matrix:
    """Implements Adapter. `themes` maps rooms, by id or alias, to a theme's name and language."""

    platform = PLATFORM

    def __init__(
        self, settings: Settings, themes: Themes, texts: Texts, zone: ZoneInfo, clock: Clock
    ) -> None:
        self._settings = settings
        self._themes = themes
        self._texts = texts
        self._zone = zone
        self._clock = clock
        self._ready = asyncio.Event()
        self._core: Core
        self._intake: Intake
        self._outgoing: Outgoing

    # --- reading ---

    async def run(self, core: Core) -> None:
        account = Account(self._settings)
        self._core = core
        try:
            client = await account.open(retry=self._pause)
            rooms: dict[str, Room] = {}
            self._outgoing = Outgoing(client, rooms, self._clock)
            name = f"{PLATFORM}:{client.user_id}"
            session = Session(client, core, name, self._settings, rooms, self._outgoing, self._clock)
            self._intake = Intake(session)
            sync = Sync(session, self._intake, await self._start(client))
            await self._read(account, sync)
        finally:
            await account.close()

    async def _read(self, account: Account, sync: Sync) -> None:
        extra: set[asyncio.Task[None]] = set()

        def caught_up() -> None:
            self._ready.set()
            log.info("Reading along as %s", self._settings.user)
            extra.update(
                asyncio.create_task(one) for one in (account.prove_device(), sync.go_where_expected())
            )

        try:
            await sync.run(caught_up)
        finally:
            for task in extra:
                task.cancel()
            await asyncio.gather(*extra, return_exceptions=True)
            await self._intake.in_order.stop()

    async def _start(self, client: nio.AsyncClient) -> Themes:
        """The list of direct rooms, and the ids behind the aliases of the configuration."""
        attempt = 0
        while True:
            try:
                await self._outgoing.read_direct()
                return await self._resolved(client)
            except (OSError, TimeoutError) as error:
                log.warning("The homeserver does not answer yet: %s", error)
                await self._pause(attempt)
                attempt += 1

    async def _resolved(self, client: nio.AsyncClient) -> Themes:
        found = dict(self._themes)
        for address, theme in self._themes.items():
            if address.startswith("#"):
                answer = await client.room_resolve_alias(address)
                if isinstance(answer, nio.RoomResolveAliasResponse):
                    found[answer.room_id] = theme
                else:
                    log.warning("There is no room %s yet; it is looked for again at the next start", address)
        return found

    async def _pause(self, attempt: int) -> None:
        await self._clock.sleep(min(FIRST_PAUSE * 2 ** min(attempt, 10), LONGEST_PAUSE))

    async def caught_up(self) -> None:
        await self._ready.wait()
        await self._intake.in_order.idle()

    # --- saying ---

    async def send(self, place: Place, message: Message, key: str, tried_at: datetime | None) -> str:
        """The reference: the notice, and behind a space the native poll if there is one."""
        await self._ready.wait()
        voice = await self._voice(place)
        poll = await self._send_poll(place, message, key, tried_at, voice)
        content = render(message, key, self._texts, voice)
        notice = await self._outgoing.send(place.room_id, TEXT, content, key, tried_at)
        await self._send_files(place.room_id, message, key, tried_at, voice)
        return f"{notice} {poll}" if poll else notice

    async def _send_files(
        self, room: str, message: Message, key: str, tried_at: datetime | None, voice: Voice
    ) -> None:
        """What a room or server does not take is left out: the words have said the same."""
        for one in message.files:
            data = await self._core.file(one, voice)
            plain = self._texts.write(one.words, replace(voice, code=("", "")))
            name = f"{key}:{one.form}"
            try:
                stored = await self._outgoing.upload(room, data, MIMETYPES[one.form])
                content = {**render_file(one.form, one.name, data, plain, name), **stored}
                await self._outgoing.send(room, TEXT, content, name, tried_at)
            except Unreachable as refused:
                log.warning("Left out %s: %s", name, refused)

    async def _send_poll(
        self, place: Place, message: Message, key: str, tried_at: datetime | None, voice: Voice
    ) -> str | None:
        poll = native_poll(message)
        if not poll or poll.ended or not self._settings.native_polls:
            return None
        content = render_poll(poll, key, self._texts, voice)
        try:
            return await self._outgoing.send(place.room_id, POLL_START, content, key, tried_at)
        except Unreachable:
            return None  # a room can forbid polls and allow messages

    async def edit(self, place: Place, ref: str, message: Message, key: str) -> str | None:
        await self._ready.wait()
        voice = await self._voice(place)
        notice, _, poll = ref.partition(" ")
        content = render_edit(message, notice, key, self._texts, voice)
        await self._outgoing.send(place.room_id, TEXT, content, key, None)
        if poll and message.native_poll and message.native_poll.ended:
            end = render_poll_end(message.native_poll.ended, poll, key, self._texts, voice)
            await self._outgoing.send(place.room_id, POLL_END, end, key, None)
        return ref

    async def whisper(self, to: Identity, message: Message, key: str, tried_at: datetime | None) -> str:
        await self._ready.wait()
        voice = await self._voice(to)
        content = render(message, key, self._texts, voice)
        room = await self._outgoing.room_for(to.user_id)
        notice = await self._outgoing.send(room, TEXT, content, key, tried_at, courteous=True)
        await self._send_files(room, message, key, tried_at, voice)
        return notice

    async def _voice(self, reader: Place | Identity) -> Voice:
        return Voice(await self._core.voice_of(reader), self._zone, self._clock.now())
