"""What people said elsewhere, shown in a channel as theirs: each part once, in order, and nobody is rung.

Discord's webhooks take no key by which the same thing is said once. So one thing at a time is under way in a
channel, and each part is noted before the next. Where it is not known whether one arrived the channel is
read: what stands there of Plein's webhooks, and is no copy that is known, is that one.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import discord

from adapters.discord import folds
from adapters.discord.above import answer, first_words, in_their_own_words, said_at, without_answer
from adapters.discord.channels import permissions_in
from adapters.discord.outgoing import SKEW, UNKNOWN_MESSAGE
from adapters.discord.rich.write import write
from adapters.discord.session import Session
from adapters.discord.speakers import name_for
from adapters.discord.webhooks import CARRY, GONE, RETRY_SECONDS, Webhooks
from adapters.discord.words import units
from bot.errors import Gone, NotNow, NotOurs, PlatformFailed, Refused, TryLater
from bot.model.carried import SAME, Copy
from bot.model.message import text
from bot.model.people import Place
from bot.ports.adapter import Note
from bot.recent import Recent
from bot.rich import Names, Node
from bot.texts import Voice

log = logging.getLogger(__name__)
NOBODY = discord.AllowedMentions.none()
# Of so many messages it is known what they say.
MOST_KNOWN = 10_000
INVALID_FORM = 50035


@dataclass(frozen=True, slots=True)
class _There:
    """Where it is to stand: a channel, or a thread of one."""

    place: Place
    channel: int
    thread: int | None = None
    guild: int | None = None

    @property
    def room(self) -> int:
        return self.thread or self.channel

    @property
    def given(self) -> dict[str, Any]:
        """Where in its channel a webhook is to do something."""
        return {"thread": discord.Object(self.thread)} if self.thread else {}


class Copies:
    """Makes copies true in the channels of the client that is connected just now."""

    def __init__(self, session: Session) -> None:
        self._on = session
        self.webhooks = Webhooks(session)
        self._says: Recent[str, int] = Recent(MOST_KNOWN)
        # What was said last in each channel, and noted.
        self._last: Recent[int, int] = Recent(MOST_KNOWN)

    async def carry(self, copy: Copy, note: Note) -> None:
        """As `Carrier` says it."""
        there = await self._find(copy.place)
        async with self.webhooks.alone(there.channel):
            stands = list(copy.stands)
            if copy.in_doubt and (found := await self._arrived(there, copy)):
                await self._noted(there, note, len(stands), found)
                stands.append(found)
            if copy.spoken and not copy.spoken.rich and copy.spoken.name == SAME:
                await self._unanswer(there, copy, stands, note)
                return
            parts = await self._parts(copy, there) if copy.spoken else []
            for number, words in enumerate(parts):
                if number >= len(stands):
                    await self._noted(there, note, number, await self._say(there, copy, stands, words))
                    continue
                ref = await self._change(there, copy, stands, number, words) if stands[number] else ""
                if ref != stands[number]:
                    await note(number, ref)
                    stands[number] = ref
            for number in reversed(range(len(parts), len(stands))):
                if stands[number]:
                    await self._take_away(there, stands[number])
                    await note(number, "")

    async def _noted(self, there: _There, note: Note, number: int, ref: str) -> None:
        await note(number, ref)
        self._last[there.room] = int(ref)

    async def _find(self, place: Place) -> _There:
        """Raises: what sending does."""
        room = int(place.room_id)
        channel: Any = self._on.client.get_channel(room)
        if channel is None:
            # A thread that was put away, or what Plein does not see.
            with self._on.outgoing.understood("find", room):
                channel = await self._on.client.fetch_channel(room)
        if isinstance(channel, discord.Thread):
            return _There(place, channel.parent_id, room, channel.guild.id)
        return _There(place, room, guild=channel.guild.id)

    # --- several as one ---

    async def lengths(self, copy: Copy) -> list[int]:
        """As `Folder` says it."""
        there = await self._find(copy.place)
        return [folds.length_of(share) for share in await self._shares(copy, there)]

    async def _shares(self, copy: Copy, there: _There) -> Sequence[str]:
        voice = await self._on.voice(there.place)
        return folds.shares_of(copy, self._names(there, voice), self._anybody(voice), self._on.texts, voice)

    async def reword(self, copy: Copy, lengths: Sequence[int], which: int) -> bool:
        """As `Folder` says it."""
        there = await self._find(copy.place)
        async with self.webhooks.alone(there.channel):
            message = await self._read(there, copy.stands[0])
            if message is None:
                return False
            share = next(iter(await self._shares(copy, there)), "")
            words = folds.with_share(message.content, lengths, which, share)
            if words is None or units(words) > folds.MOST:
                return False
            self._says[copy.stands[0]] = _mark(message.content)
            return await self._change(there, copy, copy.stands, 0, words) == copy.stands[0]

    # --- saying ---

    async def _say(self, there: _There, copy: Copy, stands: list[str], words: str) -> str:
        """Say it once more than it stands there; where it stands."""
        began = self._on.clock.now()
        try:
            said = await self._send(there, copy, words)
        except (TryLater, PlatformFailed) as lost:
            if isinstance(lost, TryLater) and lost.unsent:
                raise
            found = None
            with contextlib.suppress(NotNow, NotOurs, PlatformFailed, Gone):
                found = await self._lost(there, copy.tried_at or began, stands)
            if found is None:
                raise
            self._on.outgoing.arrived(CARRY, there.room)
            stands.append(self._found(found))
            return await self._change(there, copy, stands, len(stands) - 1, words)
        stands.append(said)
        self._says[said] = _mark(words)
        return said

    async def _send(self, there: _There, copy: Copy, words: str) -> str:
        assert copy.spoken
        anybody = self._anybody(await self._on.voice(there.place))
        if copy.several:
            anybody = self._on.texts.write(text("discord.several"), await self._on.voice(there.place))
        shown: dict[str, Any] = {"username": name_for(copy.spoken.name, anybody)}
        if copy.spoken.avatar.startswith("https://"):
            shown["avatar_url"] = copy.spoken.avatar
        for last in (False, False, True):
            try:
                return await self._execute(there, words, shown)
            except discord.HTTPException as refused:
                if last or not self._mends(refused, there, shown, anybody):
                    raise
        raise AssertionError("the last try raises")

    def _mends(
        self, refused: discord.HTTPException, there: _There, shown: dict[str, Any], anybody: str
    ) -> bool:
        """Whether it can be said otherwise: a name or a picture is no reason to lose words."""
        if refused.code in GONE:
            self.webhooks.forget(there.channel)
            return True
        if refused.code == INVALID_FORM and "username" in refused.text:
            shown["username"] = anybody
            return True
        return refused.code == INVALID_FORM and shown.pop("avatar_url", None) is not None

    async def _execute(self, there: _There, words: str, shown: dict[str, Any]) -> str:
        webhook = await self.webhooks.of(there.channel)
        with self.webhooks.understood(there.room, *GONE, INVALID_FORM):
            said = await webhook.send(words, wait=True, allowed_mentions=NOBODY, **shown, **there.given)
        if said.channel.id != there.room:
            # Somebody has our webhook speak in another channel: what is said here is not for that.
            self.webhooks.forget(there.channel)
            with self.webhooks.understood(there.room, *GONE, UNKNOWN_MESSAGE):
                await webhook.delete_message(said.id)
            raise TryLater(RETRY_SECONDS, unsent=True)
        return str(said.id)

    # --- what may have arrived ---

    async def _arrived(self, there: _There, copy: Copy) -> str | None:
        """What an earlier try made, if it made something; until that is known nothing else is done."""
        try:
            found = await self._lost(there, copy.tried_at or self._on.clock.now(), copy.stands)
        except Refused as refused:
            refused.unsent = False
            raise
        except NotNow as busy:
            raise TryLater(busy.seconds or RETRY_SECONDS) from busy
        return self._found(found) if found else None

    def _found(self, message: discord.Message) -> str:
        """Where it stands; should it say something else, that is changed."""
        self._says[str(message.id)] = _mark(message.content)
        return str(message.id)

    async def _lost(self, there: _There, tried_at: datetime, stands: Sequence[str]) -> discord.Message | None:
        """The first message since then that is by a webhook of ours, and no copy that is known. Nothing more
        is said in a channel while that is not settled: it stands behind what was noted last.
        """
        may = permissions_in(self._on.client.get_channel(there.room))
        if may is not None and not may.read_message_history:
            raise Refused("Plein may not read there what it said")
        since = discord.utils.time_snowflake(tried_at - SKEW)
        noted = (self._last.get(there.room, 0), *(int(ref) for ref in stands if ref))
        after = discord.Object(max(since, *noted))
        channel = self._on.client.get_partial_messageable(there.room, guild_id=there.guild)
        with self._on.outgoing.understood("read", there.room):
            async for message in channel.history(after=after, limit=None, oldest_first=True):
                if self._is_ours(message) and not await self._is_known(there, message):
                    return message
        return None

    def _is_ours(self, message: discord.Message) -> bool:
        """Whether a webhook said it that Plein made; what answers a command says so too."""
        ours = self._on.client.application_id
        return message.webhook_id is not None and message.webhook_id != ours == message.application_id

    async def _is_known(self, there: _There, message: discord.Message) -> bool:
        return await self._on.core.is_copy(there.place, str(message.id))

    # --- what stands there ---

    async def _change(self, there: _There, copy: Copy, stands: Sequence[str], number: int, words: str) -> str:
        """Have it say that; where it stands then, "" where somebody took it away."""
        ref = stands[number]
        if self._says.get(ref) == _mark(words):
            return ref
        try:
            webhook = await self.webhooks.of(there.channel)
            with self.webhooks.understood(there.room, UNKNOWN_MESSAGE, *GONE):
                await webhook.edit_message(int(ref), content=words, allowed_mentions=NOBODY, **there.given)
        except discord.HTTPException as refused:
            if refused.code in GONE:
                self.webhooks.forget(there.channel)
                raise TryLater(RETRY_SECONDS) from refused
            if refused.code != UNKNOWN_MESSAGE:
                raise
            if await self._read(there, ref) is None:
                return ""
            return await self._replace(there, copy, ref, words)
        self._says[ref] = _mark(words)
        return ref

    async def _unanswer(self, there: _There, copy: Copy, stands: Sequence[str], note: Note) -> None:
        """Without the line above that quotes what it answered."""
        first = stands[0] if stands else ""
        message = await self._read(there, first) if first else None
        if message is None or (words := without_answer(message.content)) == message.content:
            return
        ref = await self._change(there, copy, stands, 0, words)
        if ref != first:
            await note(0, ref)

    async def _replace(self, there: _There, copy: Copy, ref: str, words: str) -> str:
        """A webhook said it that is no more, and nobody can change it. Where Plein may not take it away
        either it stays as it is.
        """
        try:
            await self._on.outgoing.retract(there.room, ref)
        except Refused:
            log.warning("What stands in %s as %s cannot be changed any more", there.room, ref)
            return ref
        return await self._say(there, copy, [], words)

    async def _take_away(self, there: _There, ref: str) -> None:
        """By the webhook that said it, which may do so always; or else by Plein itself, where it may."""
        try:
            webhook = await self.webhooks.of(there.channel)
            with self.webhooks.understood(there.room, UNKNOWN_MESSAGE, *GONE):
                await webhook.delete_message(int(ref), **there.given)
                return
        except Refused:
            pass
        except discord.HTTPException as refused:
            if refused.code in GONE:
                self.webhooks.forget(there.channel)
            elif refused.code != UNKNOWN_MESSAGE:
                raise
            elif await self._read(there, ref) is None:
                return
        await self._on.outgoing.retract(there.room, ref)

    async def _read(self, there: _There, ref: str) -> discord.Message | None:
        """A message as Discord has it; None where it is gone."""
        channel = self._on.client.get_partial_messageable(there.room, guild_id=there.guild)
        try:
            with self._on.outgoing.understood("read", there.room, UNKNOWN_MESSAGE):
                return await channel.fetch_message(int(ref))
        except discord.NotFound:
            return None

    # --- in words ---

    async def _parts(self, copy: Copy, there: _There) -> list[str]:
        """What it says, message by message: above it what it answers, and when it was said if that was long
        ago.
        """
        assert copy.spoken
        if copy.shares:
            return [folds.BETWEEN.join(await self._shares(copy, there))]
        voice = await self._on.voice(there.place)
        names = self._names(there, voice)
        if not write(copy.spoken.rich, names):
            return []
        above: list[Node] = []
        answered = await self._answered(there, copy.answers) if copy.answers else None
        if answered:
            link = f"https://discord.com/channels/{there.guild}/{there.room}/{answered.id}"
            name = name_for(answered.author.display_name, self._anybody(voice))
            words = first_words(answered, names, copied=self._is_ours(answered))
            above.append(answer(name, link, words))
        if copy.late:
            above.append(said_at(copy.spoken, self._on.texts, voice))
        return [part["content"] for part in write((*above, *in_their_own_words(copy.spoken.rich)), names)]

    def _names(self, there: _There, voice: Voice) -> Names:
        return Names(zone=voice.zone, language=voice.locale, emoji=self._emoji(there))

    def _anybody(self, voice: Voice) -> str:
        return self._on.texts.write(text("discord.somebody"), voice)

    def _emoji(self, there: _There) -> dict[str, str]:
        guild = self._on.client.get_guild(there.guild or 0)
        return {emoji.name: str(emoji.id) for emoji in guild.emojis if not emoji.animated} if guild else {}

    async def _answered(self, there: _There, ref: str) -> discord.Message | None:
        try:
            return await self._read(there, ref)
        except (Gone, Refused):
            return None


def _mark(words: str) -> int:
    """The same for what reads the same: Discord takes blanks off both ends."""
    return hash(words.strip())
