"""What people do, handed to the core, and answered within Discord's three seconds.

Commands, presses and forms come as interactions, which Discord brings once: who gets no answer sees so, and
does it again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import discord
from discord.utils import snowflake_time

from adapters.discord import ids
from adapters.discord.channels import (
    PLATFORM,
    SPEAKS,
    SPEAKS_IN_THREADS,
    handle_of,
    may_write,
    names_of,
    room_of,
    since_in,
)
from adapters.discord.limiter import Limiter
from adapters.discord.menus import quoting
from adapters.discord.newcomers import FirstWords
from adapters.discord.render import values_of
from adapters.discord.replies import Interaction, Prepared, Reply, source_of
from adapters.discord.session import Session
from adapters.discord.signs import remark_at
from adapters.discord.trouble import TROUBLE
from bot.errors import StoreFailed, TryLater
from bot.model.events import Invocation
from bot.model.message import Message, message, text
from bot.model.people import Identity, Place, Presences, Role

log = logging.getLogger(__name__)
Work = Callable[[Interaction], Awaitable[Message | None]]
TRIES, PAUSE = 4, 0.25
_NUMBER = re.compile("[0-9]{1,9}")
_PRESSED = (discord.InteractionType.component, discord.InteractionType.modal_submit)
# A message that Plein has just sent is noted as sent soon after.
NOTED_WITHIN = timedelta(minutes=1)


class Intake:
    """Turns interactions into invocations, and gives the answers."""

    def __init__(self, session: Session, first_words: FirstWords) -> None:
        self._on = session
        self._first_words = first_words
        self._answering: dict[asyncio.Task[Any], Interaction] = {}
        self._limiter = Limiter()

    async def idle(self, timeout: float) -> None:
        """Return once those who wait for an answer have it, or after so many seconds."""
        if self._answering:
            await asyncio.wait(self._answering, timeout=timeout)

    def under_way(self, since: datetime) -> dict[Place | None, datetime]:
        """Where something is under way of what was asked since that moment, and when that was asked first;
        None: in private.

        Other threads ask as well: what comes meanwhile changes no list.
        """
        found: dict[Place | None, datetime] = {}
        for asked in list(self._answering.values()):
            # While they are still typing nothing is done.
            if asked.created_at >= since and asked.type is not discord.InteractionType.autocomplete:
                place = _place_of(asked)
                found[place] = min(asked.created_at, found.get(place, asked.created_at))
        return found

    async def interaction(self, asked: Interaction) -> None:
        """Deal with it to the end; whatever goes wrong is answered. Where somebody does too much at once
        Discord says to them that Plein did not respond.
        """
        if not self._limiter.admits(asked.user.id):
            return
        task = asyncio.current_task()
        assert task
        self._answering[task] = asked
        task.add_done_callback(self._answering.pop)
        await self._deal(asked)

    async def _deal(self, asked: Interaction) -> None:
        if not (self._on.places.are_ours(asked.guild_id) and self._on.places.is_ours(asked.channel)):
            if asked.type is not discord.InteractionType.autocomplete:
                await self._answer(asked, self._elsewhere)
            return
        if isinstance(asked.user, discord.Member) and asked.user.pending:
            # Of those who did not agree to the server's rules yet Discord brings presses all the same.
            if asked.type is not discord.InteractionType.autocomplete:
                await self._answer(asked, self._not_let_in)
            return
        match asked.type:
            case discord.InteractionType.autocomplete:
                await self._suggest(asked)
            case discord.InteractionType.application_command:
                await self._answer(asked, self._used)
            case discord.InteractionType.component:
                await self._answer(asked, self._pressed)
            case discord.InteractionType.modal_submit:
                await self._answer(asked, self._submitted)
            case _:
                pass

    async def _answer(self, asked: Interaction, work: Work) -> None:
        """Do the work and say what came of it; where it takes longer, that is said in time.

        A database that does not answer just now is asked again: what was done is not done twice.
        """
        reply = Reply(self._on, asked)
        slot = contextlib.AsyncExitStack()

        async def prepared() -> Prepared:
            await slot.enter_async_context(self._limiter.slot(asked.user.id))
            for attempt in range(TRIES):
                try:
                    return await reply.prepare(await work(asked))
                except (StoreFailed, TryLater) as error:
                    log.warning("Cannot answer %s yet: %s", asked.id, type(error).__name__)
                    await self._on.clock.sleep(PAUSE * 2**attempt)
                except Exception:
                    log.exception("Could not deal with interaction %s", asked.id)
                    break
            return reply.plain(message(text("discord.not_now")))

        async with slot:
            await reply.give(prepared())

    async def _elsewhere(self, asked: Interaction) -> Message:
        return message(text("discord.elsewhere"))

    async def _not_let_in(self, asked: Interaction) -> Message:
        return message(text("discord.pending"))

    # --- from interaction to invocation ---

    async def _used(self, asked: Interaction) -> Message | None:
        used = self._on.slash.read(_data(asked))
        if used is None:
            return message(text("action.gone"))
        invocation = await self._invocation(asked, used.command.path, used.args)
        if used.chosen and used.command.of_message:
            about = remark_at(self._on, asked.channel_id or 0, used.chosen.target, None)
            invocation = replace(invocation, about=about)
        elif used.chosen:
            by = next((each for each in invocation.mentions if each.written == used.chosen.written), None)
            if by is None:
                return message(text("discord.no_person"))
            if used.chosen.message:
                about = remark_at(self._on, asked.channel_id or 0, used.chosen.message, by)
                invocation = replace(invocation, about=about)
        answer = await self._handle(asked, invocation)
        if answer and used.chosen:
            answer = quoting(answer, used.command, used.chosen.words)
        if answer is None or self._speaks(asked):
            return answer
        missing = discord.Permissions(_needed(asked).value & ~asked.app_permissions.value)
        warning = text("discord.mute", permissions=names_of(missing))
        if self._is_hidden(asked.channel):
            warning = text("discord.not_in_thread")
        return replace(answer, blocks=(*answer.blocks, warning))

    async def _pressed(self, asked: Interaction) -> Message | None:
        """A button is a command already filled in; one that opens a form is answered by that form."""
        data = _data(asked)
        match ids.read(str(data.get("custom_id"))):
            case ids.Filled(command, args, chosen=chosen):
                if chosen:
                    values = map(str, data.get("values") or ())
                    args = {**args, "numbers": [int(value) for value in values if _NUMBER.fullmatch(value)]}
                return await self._run(asked, command, args)
            case (ids.Referred(number=number, form=False) | ids.Own(number=number, form=False)) as found:
                shown = await self._message(asked, found)
                for button in shown.buttons[number : number + 1] if shown else ():
                    return await self._run(asked, button.command, button.args)
            case ids.Asked(command, args):
                answer = await self._run(asked, command, args)
                return _at_once(answer) or answer
            case found:
                if form := _at_once(await self._message(asked, found)):
                    return form
        return message(text("action.gone"))

    async def _submitted(self, asked: Interaction) -> Message | None:
        data = _data(asked)
        match ids.read(str(data.get("custom_id"))):
            case ids.Asked(command, args):
                shown = await self._run(asked, command, args)
                if shown and shown.form is None:
                    return shown  # it asks for nothing any more, and says why
            case found:
                shown = await self._message(asked, found)
        if shown is None or shown.form is None:
            return message(text("action.gone"))
        form = shown.form
        return await self._run(asked, form.command, form.filled_in(values_of(form, data)))

    async def _message(self, asked: Interaction, where: ids.Pressed | None) -> Message | None:
        """What stands there in full: what they were answered, or the message that the button is on."""
        match where:
            case ids.Referred(invocation_id):
                return await self._on.core.answer_to(invocation_id, Identity(PLATFORM, str(asked.user.id)))
            case ids.Own(message_id=elsewhere) if asked.message and _stands_before(elsewhere, asked.message):
                there = int(elsewhere or asked.message.id)
                found = await self._on.core.message_at(self._on.account, str(there))
                if found is None and asked.created_at - snowflake_time(there) < NOTED_WITHIN:
                    raise TryLater(PAUSE)  # it is being noted as sent
                return found
        return None

    async def _run(self, asked: Interaction, command: str, args: Mapping[str, Any]) -> Message | None:
        return await self._handle(asked, await self._invocation(asked, command, args))

    async def _handle(self, asked: Interaction, invocation: Invocation) -> Message | None:
        await self._first_words.heard(asked.user.id, asked.guild)
        answer = await self._on.core.handle(invocation)
        if answer and not answer.form and self._on.outgoing.closed.is_to_hear(asked.user.id):
            return replace(answer, blocks=(*answer.blocks, text("discord.closed")))
        return answer

    async def _invocation(
        self, asked: Interaction, command: str, args: Mapping[str, Any], *, typing: bool = False
    ) -> Invocation:
        """While they are still `typing` nobody is looked up, and no channel becomes a place."""
        places, user = self._on.places, asked.user
        place = await self._place(asked, typing)
        role = places.role_of(asked.permissions) if place else Role.RESIDENT
        member = user if isinstance(user, discord.Member) else None
        words = [] if typing else [value for value in args.values() if isinstance(value, str)]
        # What they use may have waited for its turn.
        used_at = max(asked.created_at, self._on.clock.now())
        since = places.members.a_moment_ago if typing else used_at
        mentions = await places.mentions(words, user.id, place)

        async def presence(elsewhere: Sequence[Place]) -> Presences:
            return await places.presences(user.id, elsewhere, member, since=since)

        return Invocation(
            source_of(asked),
            Identity(PLATFORM, str(user.id)),
            user.display_name,
            place,
            asked.created_at,
            command=command,
            args=args,
            locale=asked.locale.value,
            handle=handle_of(user),
            role=role,
            since=since_in(asked.channel, member) if member and place else None,
            not_before=member.joined_at if member and place else None,
            # What still stands in their client they can use, though the channel is hidden from them by then.
            there=place is None or asked.permissions.view_channel,
            writes=place is None or may_write(asked.permissions, asked.channel, int(place.room_id)),
            presence=presence,
            mentions=mentions,
            account=self._on.account,
            pressed=asked.type in _PRESSED,
        )

    async def _place(self, asked: Interaction, typing: bool) -> Place | None:
        """None for private talk."""
        place = _place_of(asked)
        if typing or place is None:
            return place
        return await self._on.places.at(int(place.room_id), asked.channel, speaks=self._speaks(asked))

    def _speaks(self, asked: Interaction) -> bool:
        """Whether Plein can show anything there. Of a thread's channel, where that is its place, nothing is
        known; and a private thread it has to be in.
        """
        channel = asked.channel
        if asked.guild_id is None or channel is None or room_of(channel) != channel.id:
            return True
        return not self._is_hidden(channel) and asked.app_permissions >= _needed(asked)

    def _is_hidden(self, channel: Any) -> bool:
        """Whether it is a private thread that Plein is not in."""
        private = isinstance(channel, discord.Thread) and channel.is_private()
        return private and self._on.client.get_channel(channel.id) is None

    # --- while somebody types ---

    async def _suggest(self, asked: Interaction) -> None:
        """What the argument could be. Whoever types on gets other ones; a moment's silence does no harm."""
        used = self._on.slash.read(_data(asked))
        if used is None or used.focused is None:
            return
        try:
            async with self._limiter.slot(asked.user.id):
                invocation = await self._invocation(asked, used.command.path, used.args, typing=True)
                found = await self._on.core.suggest(invocation, used.focused, used.typed)
                voice = await self._on.voice(invocation.author, otherwise=invocation.locale)
                await asked.response.autocomplete(self._on.writer(voice).suggestions(found))
        except (StoreFailed, TryLater, *TROUBLE) as error:
            log.info("No suggestions for %s: %s", asked.id, type(error).__name__)


def _place_of(asked: Interaction) -> Place | None:
    """Where somebody asks; None: in private."""
    if asked.guild_id is None or asked.channel is None:
        return None
    return Place(PLATFORM, str(room_of(asked.channel)))


def _needed(asked: Interaction) -> discord.Permissions:
    """What Plein cannot do without to show anything there."""
    return SPEAKS_IN_THREADS if isinstance(asked.channel, discord.Thread) else SPEAKS


def _at_once(shown: Message | None) -> Message | None:
    """The form that comes with it, and nothing else."""
    form = shown.form if shown else None
    return message(text("discord.form"), form=replace(form, at_once=True)) if form else None


def _stands_before(elsewhere: str, pressed: discord.Message) -> bool:
    """Whether what was pressed is that message, or the answer to a press on it: a number can be made up."""
    answers = pressed.interaction_metadata
    return elsewhere in ("", str(pressed.id), str(answers.interacted_message_id if answers else None))


def _data(asked: Interaction) -> Mapping[str, Any]:
    return asked.data or {}
