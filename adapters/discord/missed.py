"""What people did with messages that are carried while Plein was away: Discord tells nothing of that.

What was said since a day before that is read again from its channel, and compared with where it is known to
stand. What is there no more is gone, and what was changed since is brought as if Discord had told it. Since
when a channel is to be read again is kept until that is done.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import defaultdict, deque
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import discord

from adapters.discord.carried_signs import CarriedSigns
from adapters.discord.channels import PLATFORM, room_of
from adapters.discord.history import PAGE, Reading
from adapters.discord.refs import read_ref
from adapters.discord.session import Session
from adapters.discord.signs import LOOKS_EVERY, RETRY_SECONDS, Signs
from adapters.discord.trouble import TROUBLE
from bot.errors import TryLater
from bot.model.carried import Standing
from bot.model.people import Place

log = logging.getLogger(__name__)
KEPT = "missed:"
# Of a channel so many pages are read, of what was said since so long before Plein went.
MOST_PAGES, LOOKS_BACK = 100, timedelta(days=1)
UNKNOWN_MESSAGE = 10008
Changed = list[discord.Message]
# So many seconds are waited until all that was brought was dealt with.
DEALT_WITHIN = 30.0


class Missed:
    """Looks for what was missed, and brings it."""

    def __init__(self, session: Session, signs: Signs, carried: CarriedSigns, reading: Reading) -> None:
        self._on = session
        self._signs = signs
        self._carried = carried
        self._reading = reading
        self._look = asyncio.Event()
        # Where Plein may not read just now; and how often it was away.
        self._refused: set[str] = set()
        self._absences = 0

    async def was_away(self) -> None:
        """Since it had heard all, which is kept until that was looked into. Raises: StoreFailed."""
        core, account = self._on.core, self._on.account
        heard = await core.heard_before(account) or self._on.clock.now()
        rooms = [place.room_id for place in await core.places(account) if core.carries(place)]
        if rooms:
            self._absences += 1
            since, before = (heard - LOOKS_BACK).isoformat(), await self._kept()
            await core.keep(account, {KEPT + room: min(since, before.get(room, since)) for room in rooms})

    def look(self) -> None:
        """Now that there is time for it."""
        self._look.set()

    def may_again(self) -> None:
        """What Plein may do has changed somewhere."""
        if self._refused:
            self.look()

    async def keep_looking(self) -> None:
        """Beside everything else, whenever Plein was away."""
        while True:
            await self._look.wait()
            self._look.clear()
            try:
                # What was brought before waits to be dealt with, and is known only then.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(DEALT_WITHIN):
                        await self._reading.in_order.idle()
                absences, found = self._absences, await self._kept()
                # First what is gone: of that nothing is changed any more, also where a copy of it stood.
                looked = [(room, await self._look_at(room, since)) for room, since in found.items()]
                done = [await self._bring(room, changed, absences) for room, changed in looked]
            except Exception as error:
                # Whatever it was: what is left is looked for all the same.
                log.warning("What was missed is looked for again: %s", type(error).__name__)
                done = [False]
            if not all(done):
                await self._on.clock.sleep(RETRY_SECONDS)
                self._look.set()

    async def _kept(self) -> dict[str, str]:
        kept = await self._on.core.kept(self._on.account, KEPT)
        return {name.removeprefix(KEPT): since for name, since in kept.items()}

    async def _look_at(self, room: str, since: str) -> Changed | None:
        """What was changed there; None where it is to be asked again, soon or once something changes."""
        self._refused.discard(room)
        try:
            return await self._look_into(room, datetime.fromisoformat(since))
        except discord.NotFound:
            return []  # the channel is no more
        except discord.Forbidden:
            self._refused.add(room)
        except (TryLater, *TROUBLE) as error:
            log.info("What became of messages in %s is asked again: %s", room, type(error).__name__)
        return None

    async def _bring(self, room: str, changed: Changed | None, absences: int) -> bool:
        """Whether nothing is to be asked again before something changes. Of what was done since, while Plein
        was away once more, the pages that were read by then say nothing.
        """
        if changed is None:
            return room in self._refused
        for message in changed:
            if not await self._reading.missed(message):
                return False
        if absences != self._absences:
            return False
        await self._on.core.keep(self._on.account, {KEPT + room: None})
        return True

    async def _look_into(self, room: str, since: datetime) -> Changed | None:
        """What was changed there; what is gone is said. Raises: what reading there does; TryLater."""
        known = await self._on.core.standing(Place(PLATFORM, room), since)
        if known and self._on.client.get_channel(int(room)) is None:
            self._refused.add(room)
            return None
        of_each = defaultdict[int, list[Standing]](list)
        for each in known:
            of_each[read_ref(each.ref)[0] or int(room)].append(each)
        changed, pages = list[discord.Message](), MOST_PAGES
        # First those in which somebody spoke last.
        newest_first = sorted(of_each, key=lambda channel: -max(map(_number, of_each[channel])))
        for channel in newest_first:
            if not pages:
                log.warning("Not all threads in %s are looked at again", room)
                break
            found, read = await self._look_through(int(room), channel, of_each[channel], pages)
            changed, pages = changed + found, pages - read
        return changed

    async def _look_through(
        self, room: int, channel: int, known: Sequence[Standing], pages: int
    ) -> tuple[Changed, int]:
        """What was changed in a channel or a thread of it, and how many pages were read."""
        there, read, changed = await self._there(room, channel, known), 0, list[discord.Message]()
        left = deque(sorted(known, key=_number) if there else ())
        while left and read < pages:
            after = discord.Object(_number(left[0]) - 1)
            page = [each async for each in there.history(after=after, limit=PAGE, oldest_first=True)]
            # What is known may stand far apart, and the rest is passed over.
            last = page[-1].id if len(page) == PAGE else _number(left[-1])
            compared = [left.popleft() for _ in range(len(left)) if _number(left[0]) <= last]
            changed += await self._compare(there, compared, {message.id: message for message in page})
            read += 1
            await self._on.clock.sleep(LOOKS_EVERY)
        if left:
            log.warning("Of what is carried in %s %d messages are not looked at again", channel, len(left))
        return changed, read

    async def _there(self, room: int, channel: int, known: Sequence[Standing]) -> Any:
        """None where a thread is no more, and what was in it neither, which is said."""
        try:
            return self._on.client.get_channel(channel) or await self._on.client.fetch_channel(channel)
        except discord.NotFound:
            if channel == room:
                raise
            there: Any = self._on.client.get_channel(room)
            await self._signs.gone(there.guild.id, channel, [*map(_number, known)], room)
            return None

    async def _compare(
        self, channel: Any, known: Sequence[Standing], there: dict[int, discord.Message]
    ) -> Changed:
        gone = [number for each in known if (number := _number(each)) not in there]
        if gone:
            await self._make_sure(channel, gone[0])
            parent = channel.parent_id if isinstance(channel, discord.Thread) else None
            await self._signs.gone(channel.guild.id, channel.id, gone, parent)
        stands = [(each, message) for each in known if (message := there.get(_number(each)))]
        await self._carried.compare(room_of(channel), [message for _, message in stands])
        return [message for each, message in stands if each.said and _is_changed(message, each)]

    async def _make_sure(self, channel: Any, message: int) -> None:
        """To whoever may not read what was said Discord shows an empty channel, and nothing is gone."""
        try:
            await channel.fetch_message(message)
        except discord.NotFound as error:
            if error.code != UNKNOWN_MESSAGE:
                raise
            return
        raise TryLater(RETRY_SECONDS)


def _is_changed(message: discord.Message, known: Standing) -> bool:
    at = message.edited_at
    return at is not None and (known.changed_at is None or at > known.changed_at)


def _number(each: Standing) -> int:
    return read_ref(each.ref)[1]
