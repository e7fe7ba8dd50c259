"""Saying things in a channel, once: what may have arrived already is looked for before it is said again."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from json import JSONDecodeError
from typing import Any, NamedTuple

import aiohttp
import discord

from adapters.discord.channels import account_of, is_refused, permissions_in
from adapters.discord.closed import Closed
from adapters.discord.refusals import CANNOT_SEE, OPENING_PAUSE, OPENING_TOO_FAST, refusal
from adapters.discord.render import Rendered
from adapters.discord.tries import Tries
from adapters.discord.uploads import rewound
from adapters.outages import Outages
from bot.clock import Clock, left
from bot.errors import Gone, NotOurs, PlatformFailed, Refused, TryLater
from bot.ports.adapter import Core
from bot.recent import Recent

log = logging.getLogger(__name__)
# Discord knows a nonce for some minutes; our clock and theirs may differ by some too.
REMEMBERED = timedelta(minutes=1)
SKEW = timedelta(minutes=5)
LOOKED_THROUGH = 1_000
BANNED_FOR = 60.0
# What Discord fails at is left alone for so long, then for twice as long, and so on.
FIRST_PAUSE, LONGEST_PAUSE, MOST_FAILING = 1.0, 60.0, 1_000
# Messages older than this can be edited now and then only.
OLD = timedelta(hours=1)
# So many channels with one person are remembered; those that were not are asked for again.
MOST_PRIVATE = 10_000
UNKNOWN_MESSAGE, TOO_OLD_TO_EDIT, NOT_OURS = 10008, 30046, 50005

# What is asked of Discord, and of which channel (or for whom one is opened).
_What = tuple[str, int]


class _Pause(NamedTuple):
    """For so long nothing is asked."""

    began: datetime
    seconds: float

    def left(self, now: datetime) -> float:
        return left(self.began, timedelta(seconds=self.seconds), now).total_seconds()


class Outgoing:
    """Messages of the client that is connected just now.

    What Discord fails at is left alone for a while, by what it is and in which channel, so that nothing else
    waits for it. Only a limit that Discord sets for everything is kept to by all.
    """

    def __init__(self, client: discord.Client, core: Core, clock: Clock, tries: Tries) -> None:
        self._client = client
        self._core = core
        self._clock = clock
        self._tries = tries
        self._quiet = self._none = _Pause(clock.now(), 0)
        self._outages = Outages()
        self._failing: Recent[_What, _Pause] = Recent(MOST_FAILING)
        # The channels in which Plein and somebody talk alone, and how long no more may be opened.
        self._private: Recent[int, int] = Recent(MOST_PRIVATE)
        self._opening_rests, self._too_fast = self._none, False
        self._opening = asyncio.Lock()
        self.closed = Closed(clock)

    @property
    def _account(self) -> str:
        return account_of(self._client)

    def in_touch(self) -> None:
        """Discord is there again."""
        self._failing.clear()
        self._quiet = self._none

    async def note_limit(self, _session: Any, _context: Any, ended: aiohttp.TraceRequestEndParams) -> None:
        """Whatever was asked: a limit for everything comes from Discord, or without Via from before it."""
        self.limited(ended.response)

    def limited(self, response: aiohttp.ClientResponse) -> None:
        """Keep to what an answer says of all that is asked, if it does."""
        headers = response.headers
        if response.status == 429 and ("X-RateLimit-Global" in headers or "Via" not in headers):
            now = self._clock.now()
            self._quiet = max(self._quiet, _Pause(now, _patience(headers)), key=lambda pause: pause.left(now))

    def arrived(self, what: str, where: int) -> None:
        """It was done after all, as was seen later: nothing waits for it."""
        self._failing.pop((what, where), None)

    async def send(
        self,
        channel: int,
        said: Rendered,
        files: Sequence[discord.File],
        key: str,
        tried_at: datetime | None,
        *,
        pings: Sequence[int] = (),
        reply_to: int | None = None,
    ) -> str:
        """The message's id. Raises: Gone, NotNow and NotOurs; anything else is a fault of ours.

        `pings`: the accounts that may be pinged. `reply_to`: the message in that channel that it answers.
        """
        there = self._client.get_partial_messageable(channel)
        if tried_at and self._clock.now() - tried_at > REMEMBERED:
            with self.understood("read", channel):
                found = await self._said_before(there, said, tried_at)
            if found:
                return found
        with self.understood("say", channel):
            words = {"embed": said.embed, "view": said.view, "poll": said.poll}
            given: dict[str, Any] = {name: part for name, part in words.items() if part}
            if pings:
                users = [discord.Object(user) for user in pings]
                given["allowed_mentions"] = discord.AllowedMentions(
                    everyone=False, roles=False, users=users, replied_user=False
                )
            if reply_to:
                given["reference"] = discord.MessageReference(
                    message_id=reply_to, channel_id=channel, fail_if_not_exists=False
                )
            content = _with_mentions(said.content, pings)
            try:
                sent = await there.send(content, nonce=nonce(key), files=[*map(rewound, files)], **given)
            except discord.NotFound as gone:
                if gone.code != UNKNOWN_MESSAGE:
                    raise
                # It had arrived, and was deleted before we knew: said anew rather than lost.
                sent = await there.send(content, nonce=nonce(f"{key} anew"), files=[*files], **given)
        return str(sent.id)

    async def edit(
        self, channel: int, ref: str, said: Rendered, files: Sequence[discord.File], pings: Sequence[int] = ()
    ) -> bool:
        """With these files instead of those that were there. False where that message is gone, or may not be
        edited any more: then it is taken away.
        """
        there = self._client.get_partial_messageable(channel).get_partial_message(int(ref))
        try:
            with self.understood("edit", channel, UNKNOWN_MESSAGE, TOO_OLD_TO_EDIT, NOT_OURS):
                content = _with_mentions(said.content, pings)
                await there.edit(content=content, embed=said.embed, view=said.view, attachments=files)
        except discord.HTTPException as error:
            if error.code not in (UNKNOWN_MESSAGE, TOO_OLD_TO_EDIT, NOT_OURS):
                raise
            if error.code == TOO_OLD_TO_EDIT:
                await self._take_away(there)
            return False
        except TryLater as busy:
            # The library does not say which limit it is; one of so long there is on old messages only.
            old = self._clock.now() - discord.utils.snowflake_time(int(ref)) > OLD
            if not (old and isinstance(busy.__cause__, discord.RateLimited)):
                raise
            await self._take_away(there)
            return False
        return True

    async def retract(self, channel: int, ref: str) -> None:
        """Take a message away; one that is gone already stays gone."""
        there = self._client.get_partial_messageable(channel).get_partial_message(int(ref))
        try:
            with self.understood("delete", channel, UNKNOWN_MESSAGE):
                await there.delete()
        except discord.HTTPException as error:
            if error.code != UNKNOWN_MESSAGE:
                raise

    async def _take_away(self, message: discord.PartialMessage) -> None:
        with contextlib.suppress(Gone, Refused, NotOurs), self.understood("delete", message.channel.id):
            await message.delete()

    async def pin(self, channel: int, ref: str) -> None:
        """Keep a message in view, where that may be; one that is pinned stays so."""
        there = self._client.get_partial_messageable(channel).get_partial_message(int(ref))
        try:
            with self.understood("pin", channel):
                await there.pin()
        except (Gone, Refused, NotOurs, discord.HTTPException) as refused:
            log.warning("Could not pin a message in %s: %s", channel, refused)

    async def end_poll(self, channel: int, poll: int) -> None:
        """Nobody votes any more in that poll of Discord's own; it may have ended by itself, or be gone."""
        try:
            with self.understood("end", channel):
                await self._client.http.end_poll(channel, poll)
        except (Gone, Refused, NotOurs, discord.HTTPException) as ended:
            log.info("Discord's poll %s had ended: %s", poll, ended)

    async def private(self, user: int) -> int:
        """The channel in which Plein and somebody talk alone."""
        if known := self._private.get(user):
            return known
        self._check_opening()
        # Once it was too fast, one at a time: otherwise all who wait would knock together.
        async with self._opening if self._too_fast else contextlib.nullcontext():
            self._check_opening()
            try:
                with self.understood("open", user, OPENING_TOO_FAST):
                    opened = await self._client.create_dm(discord.Object(user))
            except discord.HTTPException as error:
                if error.code != OPENING_TOO_FAST:
                    raise
                # It counts for everybody to whom Plein has not spoken yet, and for nobody else.
                self._too_fast = True
                self._opening_rests = _Pause(self._clock.now(), OPENING_PAUSE)
                raise TryLater(OPENING_PAUSE, unsent=True) from error
            self.talks_in(user, opened.id)
            return opened.id

    def talks_in(self, user: int, channel: int) -> None:
        """There is such a channel: it need not be opened."""
        self._private[user] = channel

    def _check_opening(self) -> None:
        wait = self._opening_rests.left(self._clock.now())
        if wait > 0:
            raise TryLater(wait, unsent=True)

    async def _said_before(
        self, there: discord.PartialMessageable, said: Rendered, since: datetime
    ) -> str | None:
        """Our message that says this, if it arrived after all. Where nobody may look, it is said again.

        What is known to be another post or board, which said the same, is not it.
        """
        me = self._client.user
        try:
            async for message in there.history(after=since - SKEW, limit=LOOKED_THROUGH, oldest_first=True):
                ours = me and message.author.id == me.id and looks_like(message, said)
                if ours and await self._core.message_at(self._account, str(message.id)) is None:
                    return str(message.id)
        except discord.Forbidden:
            log.warning("Plein may not read what it said in %s", there.id)
        return None

    @contextlib.contextmanager
    def understood(self, what: str, where: int, *expected: int) -> Iterator[None]:
        """Discord's answers as the core tells them apart; those that are `expected` as they are.

        What it would refuse, by what it said of Plein's roles and its channels or answered just before, it is
        not asked: whoever owns a server has it refuse a lot, and who is refused too often is shut out.
        """
        self._check((what, where))
        channel = self._client.get_channel(where)
        may = permissions_in(channel)
        allowed = None if may is None else may.value
        shut = self._tries.is_shut(str(where), allowed, self._clock.now())
        if shut or (may is not None and is_refused(channel, may, to_say=what == "say")):
            raise Refused(f"Plein may not {what} there")
        try:
            yield
        except discord.RateLimited as busy:
            raise TryLater(busy.retry_after) from busy
        except discord.HTTPException as error:
            if error.status >= 500:
                raise self._fails((what, where), f"Discord {error.status}") from error
            self._outages.answered()
            if error.code in expected:
                raise
            if error.status == 429:
                raise TryLater(_patience(error.response.headers)) from error
            if error.code == CANNOT_SEE:
                self._tries.shut(str(where), allowed, self._clock.now())
            if said_no := refusal(error):
                raise said_no from error
            raise
        except (aiohttp.ClientError, OSError, JSONDecodeError) as error:
            # Lost on the way there or back, or an answer that cannot be read.
            raise self._fails((what, where), f"Discord: {type(error).__name__}") from error
        self._outages.answered()
        self._failing.pop((what, where), None)

    def _check(self, what: _What) -> None:
        now = self._clock.now()
        wait = max(self._quiet.left(now), self._failing.get(what, self._none).left(now))
        if wait > 0:
            raise TryLater(wait, unsent=True)

    def _fails(self, what: _What, why: str) -> Exception:
        """With growing pauses. While Discord answers nothing else either, nothing is ever given up for it."""
        now, before = self._clock.now(), self._failing.get(what)
        if before and (wait := before.left(now)):
            # Of those that failed together the first decides.
            return TryLater(wait)
        pause = min(max(2 * before.seconds, FIRST_PAUSE), LONGEST_PAUSE) if before else FIRST_PAUSE
        self._failing[what] = _Pause(now, pause)
        return PlatformFailed(why) if self._outages.is_elsewhere_fine(what) else TryLater(pause)


def _with_mentions(content: str | None, pings: Sequence[int]) -> str | None:
    """Discord pings whom the words name, outside of an embed."""
    missing = [f"<@{user}>" for user in pings if f"<@{user}>" not in (content or "")]
    return " ".join([*missing, *([content] if content else [])]) or content


def nonce(key: str) -> str:
    """At most 25 characters, the same for the same key."""
    return hashlib.sha256(key.encode()).hexdigest()[:25]


def looks_like(message: discord.Message, said: Rendered) -> bool:
    """Whether a message says this. With the same buttons it may meanwhile show another state."""
    buttons = sorted(_ids([part.to_dict() for part in message.components]))
    wanted = sorted(_ids(said.view.to_components() if said.view else []))
    title = message.embeds[0].title if message.embeds else None
    if buttons != wanted or title != (said.embed.title if said.embed else None):
        return False
    if _question_of(message.poll) != _question_of(said.poll):
        return False
    words = message.embeds[0].description if message.embeds else message.content
    return bool(buttons) or words == (said.embed.description if said.embed else said.content)


def _question_of(poll: discord.Poll | None) -> tuple[str, ...]:
    return (str(poll.question), *(str(answer) for answer in poll.answers)) if poll else ()


def _ids(components: Sequence[Any]) -> Iterator[str]:
    for part in components:
        if "custom_id" in part:
            yield part["custom_id"]
        yield from _ids(part.get("components", ()))


def _patience(headers: Mapping[str, str]) -> float:
    try:
        return float(headers.get("Retry-After", BANNED_FOR))
    except ValueError:
        return BANNED_FOR
