"""What people said elsewhere, shown in a channel as theirs: each part once, in order, and nobody is rung.

Discord's webhooks take no key by which the same thing is said once. So one thing at a time is under way in a
channel, and each part is noted before the next. Where it is not known whether one arrived the channel is
read: what stands there of Plein's webhooks, and is no copy that is known, is that one.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from typing import Any

import discord

from adapters.discord import folds
from adapters.discord.above import answer, first_words, in_their_own_words, said_at, without_answer
from adapters.discord.attached import Load, attachments, load
from adapters.discord.channels import permissions_in
from adapters.discord.counted import with_line, without_line
from adapters.discord.outgoing import SKEW, UNKNOWN_MESSAGE
from adapters.discord.refs import number_of, read_ref
from adapters.discord.rich.write import write
from adapters.discord.session import Session
from adapters.discord.speakers import name_for
from adapters.discord.threads import (
    SHUT,
    UNKNOWN_CHANNEL,
    Closed,
    There,
    Threads,
    message_at,
)
from adapters.discord.webhooks import CARRY, GONE, RETRY_SECONDS, Webhooks
from adapters.discord.words import units
from bot.errors import Gone, NotCarried, NotNow, NotOurs, PlatformFailed, Refused, TryLater
from bot.files import refused as not_taken
from bot.files import told, with_names
from bot.model.carried import SAME, Copy
from bot.model.message import Text, text
from bot.model.people import Place
from bot.ports.adapter import Note
from bot.recent import Recent
from bot.rich import SMALL, Heading, Link, Names, Node, Words
from bot.texts import Voice

log = logging.getLogger(__name__)
NOBODY = discord.AllowedMentions.none()
# Of so many messages it is known what they say.
MOST_KNOWN = 10_000
# So many seconds are long for files to be sent, and so often is enough.
SLOW, MOST_SLOW = 60.0, 2
INVALID_FORM, TOO_LARGE = 50035, 40005
# Of a message that is no more, or was in a thread that is no more.
_IS_GONE = UNKNOWN_MESSAGE, UNKNOWN_CHANNEL


class Copies:
    """Makes copies true in the channels of the client that is connected just now."""

    def __init__(self, session: Session) -> None:
        self._on = session
        self.webhooks = Webhooks(session)
        self.threads = Threads(session, self.webhooks)
        self._says: Recent[str, int] = Recent(MOST_KNOWN)
        # What was said last in each channel, and noted.
        self._last: Recent[int, int] = Recent(MOST_KNOWN)
        # How often the files of a copy took too long.
        self._slow: Recent[tuple[int, int, Place], int] = Recent(MOST_KNOWN)

    async def carry(self, copy: Copy, note: Note) -> Text | None:
        """As `Carrier` says it."""
        there = await self._find(copy.place)
        if there is None:
            return None
        async with self.webhooks.alone(there.channel), AsyncExitStack() as held:
            stands = list(copy.stands)
            if copy.in_doubt and (found := await self._arrived(there, copy)):
                await self._noted(there, note, len(stands), found)
                stands.append(found)
            if copy.spoken and not copy.spoken.says and copy.spoken.name == SAME:
                await self._unanswer(there, copy, stands, note)
                return None
            load = await self._load(there, copy, stands, held)
            if self._slow.get(_which(copy), 0) >= MOST_SLOW:
                load.leave_out()
            try:
                with self._timed(copy, load):
                    await self._make(there, copy, stands, note, load)
            except NotCarried:
                # A server may take less than it says.
                load.leave_out()
                await self._make(there, copy, stands, note, load)
            return told(load.lost)

    @contextlib.contextmanager
    def _timed(self, copy: Copy, load: Load) -> Iterator[None]:
        """Files that took so long that nothing came of it do not hold up their place for ever."""
        began = asyncio.get_running_loop().time()
        try:
            yield
        except BaseException:
            if load.new and asyncio.get_running_loop().time() - began >= SLOW:
                self._slow[_which(copy)] = self._slow.get(_which(copy), 0) + 1
            raise

    async def _make(self, there: There, copy: Copy, stands: list[str], note: Note, load: Load) -> None:
        count = await self._show(there, copy, stands, note, load) if copy.spoken else 0
        for number in reversed(range(count, len(stands))):
            if stands[number]:
                await self._take_away(there, stands[number])
                await note(number, "")

    async def _load(self, there: There, copy: Copy, stands: Sequence[str], held: AsyncExitStack) -> Load:
        """The files that go with it: of a message that somebody took away nothing is fetched any more."""
        if not (copy.spoken and copy.spoken.files):
            return Load(held)
        first = await message_at(self._on, there, stands[0]) if stands and stands[0] else None
        if stands and first is None:
            return Load(held)
        return await load(self._on, copy, there.guild, first, held)

    async def _show(self, there: There, copy: Copy, stands: list[str], note: Note, load: Load) -> int:
        """In how many parts it stands then: in its thread, or in the channel if that is shut."""
        where = await self._where(there, copy, stands)
        try:
            return await self._show_in(where, copy, stands, note, load)
        except Closed as closed:
            log.info("What is said in %s as a thread stands beside it: %s", there.room, closed)
            return await self._show_in(there, copy, stands, note, load)

    async def _where(self, there: There, copy: Copy, stands: Sequence[str]) -> There:
        """Where what is said goes: beside what stands of it, or into its thread."""
        if first := next(filter(None, stands), ""):
            return there.at(first)
        return await self.threads.open(there, copy.thread) if copy.thread else there

    async def _show_in(self, where: There, copy: Copy, stands: list[str], note: Note, load: Load) -> int:
        """Part by part; its files are with the first."""
        parts = await self._parts(copy, where.at(stands[0]) if stands and stands[0] else where, load)
        for number, words in enumerate(parts):
            its = load if number == 0 else Load(load.held)
            if number >= len(stands):
                await self._noted(where, note, number, await self._say(where, copy, stands, words, its))
                continue
            ref = await self._change(where, copy, stands, number, words, its) if stands[number] else ""
            if ref != stands[number]:
                await note(number, ref)
                stands[number] = ref
        return len(parts)

    async def count(self, place: Place, stands: Sequence[str], counted: Sequence[tuple[str, int]]) -> None:
        """Have a copy end with how many put which sign on it that Discord has none for. Raises: what sending
        does; Gone where it is no more.
        """
        there = await self._find(place)
        if there is None:
            raise Gone("nothing is carried there")
        async with self.webhooks.alone(there.channel):
            message = await message_at(self._on, there, stands[-1])
            if message is None:
                raise Gone("that message is no more")
            words = with_line(without_line(message.content), counted)
            files = len(message.attachments)
            with contextlib.suppress(Closed):
                if words != message.content and await self._edit(there, stands[-1], content=words):
                    self._says[stands[-1]] = _mark(words, files)

    async def _noted(self, there: There, note: Note, number: int, ref: str) -> None:
        await note(number, ref)
        _, message = read_ref(ref)
        self._last[there.at(ref).room] = message

    async def _find(self, place: Place) -> There | None:
        """None where only some may see what is said: it takes no part. Raises: what sending does."""
        room = int(place.room_id)
        channel: Any = self._on.client.get_channel(room)
        if channel is None:
            # A thread that was put away, or what Plein does not see.
            with self._on.outgoing.understood("find", room):
                channel = await self._on.client.fetch_channel(room)
        if isinstance(channel, discord.Thread):
            if channel.is_private():
                return None
            return There(place, channel.parent_id, room, channel.guild.id)
        return There(place, room, guild=channel.guild.id)

    # --- several as one ---

    async def lengths(self, copy: Copy) -> list[int]:
        """As `Folder` says it."""
        there = await self._find(copy.place)
        if there is None:
            return [0] * len(copy.shares)
        return [folds.length_of(share) for share in await self._shares(copy, there)]

    async def _shares(self, copy: Copy, there: There) -> Sequence[str]:
        voice = await self._on.voice(there.place)
        return folds.shares_of(copy, self._names(there, voice), self._anybody(voice), self._on.texts, voice)

    async def reword(self, copy: Copy, lengths: Sequence[int], which: int) -> bool:
        """As `Folder` says it."""
        there = await self._find(copy.place)
        if there is None:
            return False
        async with self.webhooks.alone(there.channel):
            message = await message_at(self._on, there, copy.stands[0])
            if message is None:
                return False
            share = next(iter(await self._shares(copy, there)), "")
            words = folds.with_share(message.content, lengths, which, share)
            if words is None or units(words) > folds.MOST:
                return False
            self._says[copy.stands[0]] = _mark(message.content, 0)
            its = Load(AsyncExitStack())
            return await self._change(there, copy, copy.stands, 0, words, its) == copy.stands[0]

    # --- saying ---

    async def _say(self, there: There, copy: Copy, stands: list[str], words: str, load: Load) -> str:
        """Say it once more than it stands there; where it stands."""
        began = self._on.clock.now()
        try:
            said = await self._send(there, copy, words, load)
        except (TryLater, PlatformFailed) as lost:
            if isinstance(lost, TryLater) and lost.unsent:
                raise
            found = None
            with contextlib.suppress(NotNow, NotOurs, PlatformFailed, Gone):
                found = await self._lost(there, copy.tried_at or began, stands)
            if found is None:
                raise
            self._on.outgoing.arrived(CARRY, there.room)
            stands.append(self._found(there, found))
            its = Load(load.held, kept=list(found.attachments))
            return await self._change(there, copy, stands, len(stands) - 1, words, its)
        stands.append(said)
        self._says[said] = _mark(words, load.count)
        return said

    async def _send(self, there: There, copy: Copy, words: str, load: Load) -> str:
        assert copy.spoken
        anybody = self._anybody(await self._on.voice(there.place))
        if copy.several:
            anybody = self._on.texts.write(text("discord.several"), await self._on.voice(there.place))
        shown: dict[str, Any] = {"username": name_for(copy.spoken.name, anybody)}
        if copy.spoken.avatar.startswith("https://"):
            shown["avatar_url"] = copy.spoken.avatar
        for last in (False, False, True):
            try:
                files = {"files": load.files()} if load.new else {}
                return await self._execute(there, words, {**shown, **files})
            except discord.HTTPException as refused:
                _check_size(refused, load)
                if refused.code in there.closed:
                    raise Closed(refused.code) from refused
                if last or not self._mends(refused, there, shown, anybody):
                    raise
        raise AssertionError("the last try raises")

    def _mends(
        self, refused: discord.HTTPException, there: There, shown: dict[str, Any], anybody: str
    ) -> bool:
        """Whether it can be said otherwise: a name or a picture is no reason to lose words."""
        if refused.code in GONE:
            self.webhooks.forget(there.channel)
            return True
        if refused.code == INVALID_FORM and "username" in refused.text:
            shown["username"] = anybody
            return True
        return refused.code == INVALID_FORM and shown.pop("avatar_url", None) is not None

    async def _execute(self, there: There, words: str, shown: dict[str, Any]) -> str:
        webhook = await self.webhooks.of(there.channel)
        with self.webhooks.understood(there.room, *GONE, INVALID_FORM, TOO_LARGE, *there.closed):
            said = await webhook.send(words, wait=True, allowed_mentions=NOBODY, **shown, **there.given)
        if said.channel.id != there.room:
            # Somebody has our webhook speak in another channel: what is said here is not for that.
            self.webhooks.forget(there.channel)
            with self.webhooks.understood(there.room, *GONE, UNKNOWN_MESSAGE):
                await webhook.delete_message(said.id)
            raise TryLater(RETRY_SECONDS, unsent=True)
        return there.ref(said.id)

    # --- what may have arrived ---

    async def _arrived(self, there: There, copy: Copy) -> str | None:
        """What an earlier try made, if it made something; until that is known nothing else is done."""
        threads = [there.at(ref) for ref in copy.stands if ref]
        threads += [there.within(number_of(copy.thread))] if copy.thread else []
        # Where it could not be said in its thread it may stand in the channel.
        for where in dict.fromkeys([*threads, there]):
            try:
                found = await self._lost(where, copy.tried_at or self._on.clock.now(), copy.stands)
            except Gone:
                if not where.is_within:
                    raise
                continue  # a thread that was not made yet, or is no more
            except Refused as refused:
                refused.unsent = False
                raise
            except NotNow as busy:
                raise TryLater(busy.seconds or RETRY_SECONDS) from busy
            if found:
                return self._found(where, found)
        return None

    def _found(self, there: There, message: discord.Message) -> str:
        """Where it stands; should it say something else, that is changed."""
        ref = there.ref(message.id)
        self._says[ref] = _mark(message.content, len(message.attachments))
        return ref

    async def _lost(self, there: There, tried_at: datetime, stands: Sequence[str]) -> discord.Message | None:
        """The first message since then that is by a webhook of ours, and no copy that is known. Nothing more
        is said in a channel while that is not settled: it stands behind what was noted last.
        """
        may = permissions_in(self._on.client.get_channel(there.room))
        if may is not None and not may.read_message_history:
            raise Refused("Plein may not read there what it said")
        since = discord.utils.time_snowflake(tried_at - SKEW)
        refs = [read_ref(ref) for ref in stands if ref and there.at(ref) == there]
        noted = (self._last.get(there.room, 0), *(message for _, message in refs))
        after = discord.Object(max(since, *noted))
        channel = self._on.client.get_partial_messageable(there.room, guild_id=there.guild)
        with self._on.outgoing.understood("read", there.room):
            async for message in channel.history(after=after, limit=None, oldest_first=True):
                if self.webhooks.said(message) and not await self._is_known(there, message):
                    return message
        return None

    async def _is_known(self, there: There, message: discord.Message) -> bool:
        return await self._on.core.is_copy(there.place, there.ref(message.id))

    # --- what stands there ---

    async def _change(
        self, there: There, copy: Copy, stands: Sequence[str], number: int, words: str, load: Load
    ) -> str:
        """Have it say that; where it stands then, "" where somebody took it away."""
        ref = stands[number]
        if self._says.get(ref) == _mark(words, load.count) and not load.new:
            return ref
        given = {"content": words, "attachments": attachments(load)}
        try:
            if not await self._edit(there, ref, load, **given):
                if await message_at(self._on, there, ref) is None:
                    return ""
                return await self._replace(there, copy, ref, words, load)
        except Closed as closed:
            log.info("What stands in %s as %s stays as it is: %s", there.room, ref, closed)
            return ref
        self._says[ref] = _mark(words, load.count)
        return ref

    async def _edit(self, there: There, ref: str, load: Load | None = None, **given: Any) -> bool:
        """Whether that could be: a webhook changes only what it said itself. Raises: Closed, NotCarried."""
        try:
            await self._ask(there, ref, "edit_message", allowed_mentions=NOBODY, **given)
        except discord.HTTPException as refused:
            if load:
                _check_size(refused, load)
            if refused.code in GONE:
                self.webhooks.forget(there.channel)
                raise TryLater(RETRY_SECONDS) from refused
            if refused.code not in _IS_GONE:
                raise
            return False
        return True

    async def _ask(self, there: There, ref: str, what: str, **more: Any) -> None:
        """Of the webhook, about what stands there. A thread that was put away is opened for that.

        Raises: Closed where that was locked, and what sending does.
        """
        at, (_, message) = there.at(ref), read_ref(ref)
        webhook = await self.webhooks.of(there.channel)
        for last in (False, True):
            try:
                with self.webhooks.understood(at.room, UNKNOWN_MESSAGE, *GONE, TOO_LARGE, *at.closed):
                    await getattr(webhook, what)(message, **more, **at.given)
                return
            except discord.HTTPException as refused:
                if refused.code not in SHUT:
                    raise
                if last or not await self.threads.open_again(at.room):
                    raise Closed(refused.code) from refused

    async def _unanswer(self, there: There, copy: Copy, stands: Sequence[str], note: Note) -> None:
        """Without the line above that quotes what it answered."""
        first = stands[0] if stands else ""
        message = await message_at(self._on, there, first) if first else None
        if message is None or (words := without_answer(message.content)) == message.content:
            return
        its = Load(AsyncExitStack(), kept=list(message.attachments))
        ref = await self._change(there, copy, stands, 0, words, its)
        if ref != first:
            await note(0, ref)

    async def _replace(self, there: There, copy: Copy, ref: str, words: str, load: Load) -> str:
        """A webhook said it that is no more, and nobody can change it. Where Plein may not take it away
        either it stays as it is.
        """
        try:
            await self._on.outgoing.retract(there.at(ref).room, str(read_ref(ref)[1]))
        except Refused:
            log.warning("What stands in %s as %s cannot be changed any more", there.room, ref)
            return ref
        if load.kept:  # they went with it
            load = await self._load(there, copy, [], load.held)
        return await self._say(there.at(ref), copy, [], words, load)

    async def _take_away(self, there: There, ref: str) -> None:
        """By the webhook that said it, which may do so always; or else by Plein itself, where it may."""
        try:
            await self._ask(there, ref, "delete_message")
            return
        except Closed as closed:
            raise Gone("a thread there is locked") from closed
        except Refused:
            pass
        except discord.HTTPException as refused:
            if refused.code in GONE:
                self.webhooks.forget(there.channel)
            elif refused.code not in _IS_GONE:
                raise
            elif await message_at(self._on, there, ref) is None:
                return
        await self._on.outgoing.retract(there.at(ref).room, str(read_ref(ref)[1]))

    # --- in words ---

    async def _parts(self, copy: Copy, there: There, load: Load) -> list[str]:
        """What it says, message by message: above it what it answers, and when it was said if that was long
        ago.
        """
        assert copy.spoken
        if copy.shares:
            return [folds.BETWEEN.join(await self._shares(copy, there))]
        voice = await self._on.voice(there.place)
        names = self._names(there, voice)
        rich = with_names(copy.spoken.rich, load.named, self._on.texts, voice)
        if not (load.count or write(rich, names)):
            return []
        above: list[Node] = []
        answered = await self._answered(there, copy.answers) if copy.answers else None
        if answered:
            link = f"https://discord.com/channels/{there.guild}/{answered.channel.id}/{answered.id}"
            name = name_for(answered.author.display_name, self._anybody(voice))
            words = first_words(answered, names, copied=self.webhooks.said(answered))
            above.append(answer(name, link, words))
        if copy.thread and not there.is_within:
            above.append(self._beside(there, copy.thread, voice))
        if copy.late:
            above.append(said_at(copy.spoken, self._on.texts, voice))
        if copy.spoken.forwarded:
            above.append(Heading(SMALL, (Words(self._on.texts.write(text("carried.forwarded"), voice)),)))
        said = write((*above, *in_their_own_words(rich)), names)
        *parts, last = (part["content"] for part in said) if said else ("",)
        lacking = [(name, count) for name, count in copy.named if name not in names.emoji]
        return [*parts, with_line(last, lacking)]

    def _beside(self, there: There, thread: str, voice: Voice) -> Heading:
        """It was said in that thread, and cannot stand there."""
        link = f"https://discord.com/channels/{there.guild}/{there.channel}/{number_of(thread)}"
        return Heading(SMALL, (Link(link, (Words(self._on.texts.write(text("discord.beside"), voice)),)),))

    def _names(self, there: There, voice: Voice) -> Names:
        return Names(zone=voice.zone, language=voice.locale, emoji=self._emoji(there))

    def _anybody(self, voice: Voice) -> str:
        return self._on.texts.write(text("discord.somebody"), voice)

    def _emoji(self, there: There) -> dict[str, str]:
        guild = self._on.client.get_guild(there.guild or 0)
        return {emoji.name: str(emoji.id) for emoji in guild.emojis if not emoji.animated} if guild else {}

    async def _answered(self, there: There, ref: str) -> discord.Message | None:
        try:
            return await message_at(self._on, there, ref)
        except (Gone, Refused):
            return None


def _which(copy: Copy) -> tuple[int, int, Place]:
    return copy.community, copy.message, copy.place


def _mark(words: str, files: int) -> int:
    """The same for what reads the same: Discord takes blanks off both ends."""
    return hash((words.strip(), files))


def _check_size(refused: discord.HTTPException, load: Load) -> None:
    """Raises: NotCarried where the new files are too large for Discord, or for what stands before it."""
    if load.new and (refused.status == 413 or refused.code == TOO_LARGE):
        raise NotCarried(not_taken(load.new[0][0])) from refused
