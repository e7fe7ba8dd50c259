"""The answer to an interaction: in time, seen by that person alone, once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import discord

from adapters.discord import ids
from adapters.discord.channels import PLATFORM
from adapters.discord.render import asked_anew
from adapters.discord.session import Session, files_of
from adapters.discord.uploads import overflow_files, rewound
from bot.errors import Gone, NotNow
from bot.model.message import Message, message, text
from bot.model.people import Identity
from bot.texts import Voice

log = logging.getLogger(__name__)
Interaction = discord.Interaction[Any]
# Discord waits three seconds; half of that is left for the way there.
ANSWER_SECONDS = 1.5
# A first answer is tried for as long as it would be in time, one that was put off for some minutes.
TRIES, TRIES_WHEN_DEFERRED, PAUSE = 5, 12, 0.2
ANSWERED_BEFORE = 40060


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is to be said, and in which voice."""

    message: Message | None
    voice: Voice
    files: list[discord.File]


class Reply:
    """Answers one interaction."""

    def __init__(self, session: Session, interaction: Interaction) -> None:
        self._on = session
        self._interaction = interaction
        self._deferring: asyncio.Task[None] | None = None
        # Where somebody pressed a button that only they see, the answer takes its place.
        self._in_place = interaction.message is not None and interaction.message.flags.ephemeral

    async def prepare(self, message: Message | None) -> Prepared:
        """All that has to be waited for."""
        spoken = self._interaction.locale.value
        if message is None:
            return Prepared(None, self._on.voice_in(None, spoken), [])
        people = await self._on.core.people_in(message)
        asker = Identity(PLATFORM, str(self._interaction.user.id))
        voice = self._on.voice_in(
            message.locale, spoken, await self._on.core.clocks_of(asker, message), people
        )
        try:
            files = await files_of(message, self._on, voice, asker)
        except (Gone, NotNow) as refused:
            # Discord waits for no answer: who may have them by now can ask again.
            log.warning("Left the files of an answer out: %s", refused)
            files = []
        return Prepared(message, voice, files)

    def plain(self, message: Message) -> Prepared:
        """The same where nothing can be waited for."""
        return Prepared(message, self._on.voice_in(message.locale, self._interaction.locale.value), [])

    async def give(self, work: Awaitable[Prepared]) -> None:
        """Say what comes of it; what takes longer is put off in time."""
        late = asyncio.get_running_loop().call_later(ANSWER_SECONDS, self._put_off)
        try:
            prepared = await work
        finally:
            late.cancel()
        if self._deferring:
            await self._deferring
        await self._reach(lambda: self._say(prepared), TRIES_WHEN_DEFERRED if self._deferring else TRIES)

    def _put_off(self) -> None:
        self._deferring = asyncio.create_task(self._reach(self._defer, TRIES))

    async def _defer(self) -> None:
        if self._in_place:
            await self._interaction.response.defer()
        else:
            await self._interaction.response.defer(ephemeral=True, thinking=True)

    async def _say(self, prepared: Prepared) -> None:
        answer = prepared.message or message(text("discord.done"))
        writer = self._on.writer(prepared.voice)
        if answer.form and answer.form.at_once and self._may_ask:
            form_id = asked_anew(answer.form) or self._form_id()
            await self._interaction.response.send_modal(writer.modal(answer.form, form_id))
            return
        said = writer.render(answer, source_of(self._interaction), self._form_id())
        files = [*map(rewound, prepared.files), *overflow_files(said)]
        how: dict[str, Any] = {"content": said.content, "embed": said.embed, "view": said.view}
        if self._deferring:
            await self._interaction.edit_original_response(**how, attachments=files)
        elif self._in_place:
            await self._interaction.response.edit_message(**how, attachments=files)
        else:
            given = {name: value for name, value in how.items() if value is not None}
            await self._interaction.response.send_message(**given, files=files, ephemeral=True)

    @property
    def _may_ask(self) -> bool:
        """A form can only be the first answer, and not the answer to a form."""
        return not self._deferring and not self._is_submitted

    @property
    def _is_submitted(self) -> bool:
        return self._interaction.type is discord.InteractionType.modal_submit

    def _form_id(self) -> str:
        """By which the form is found again: that of the button which opens it, or of this answer."""
        data: Any = self._interaction.data or {}
        pressed = str(data.get("custom_id", ""))
        match ids.read(pressed):
            case _ if self._is_submitted:
                return ids.refer(source_of(self._interaction), form=True)
            case ids.Own(form=True, message_id="") if self._interaction.message:
                return ids.form_at(self._interaction.message.id)
            case ids.Own(form=True) | ids.Referred(form=True):
                return pressed
            case _:
                return ids.refer(source_of(self._interaction), form=True)

    async def _reach(self, say: Callable[[], Awaitable[None]], tries: int) -> None:
        """A lost connection may have brought it there: whoever was answered is not answered twice."""
        for attempt in range(tries):
            try:
                await say()
                return
            except discord.HTTPException as error:
                if error.code == ANSWERED_BEFORE:
                    return
                if error.status < 500 and error.status != 429:
                    why = f"{error.status} {error.code}"
                    log.warning("Interaction %s was not answered: %s", self._interaction.id, why)
                    return
                failed: Exception = error
            except discord.InteractionResponded:
                return
            except Exception as error:
                # Lost on the way there or back, or an answer of Discord's that cannot be read.
                failed = error
            log.info("Answering %s again: %s", self._interaction.id, type(failed).__name__)
            await self._on.clock.sleep(PAUSE * 2**attempt)
        log.warning("Interaction %s was not answered", self._interaction.id)


def source_of(asked: Interaction) -> str:
    """The id of an interaction as an invocation; it says nothing of whose it is."""
    return f"{PLATFORM}:{asked.id}"
