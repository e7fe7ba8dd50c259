"""Plein on Discord: one application, in the servers of the communities."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from weakref import WeakValueDictionary

import aiohttp
import discord

from adapters.discord import folds, marks
from adapters.discord.channels import PLATFORM
from adapters.discord.files import fetch
from adapters.discord.gateway import (
    BAD_INTENTS,
    CARRYING_SIGNS,
    HEARING,
    INTENTS,
    SEEING_BANS,
    SEEING_SIGNS,
    WISHES,
    Gateway,
    NotLetIn,
)
from adapters.discord.guests import admit, obstacle_to_entering
from adapters.discord.homes import make, options_for
from adapters.discord.lacks import lacks_of
from adapters.discord.members import PLEIN
from adapters.discord.native import native_poll
from adapters.discord.new_rooms import make_room, obstacle_to_making
from adapters.discord.refs import read_ref
from adapters.discord.refusals import TAKES_NO_MESSAGES
from adapters.discord.session import Session, files_of
from adapters.discord.settings import Discord as Settings
from adapters.discord.shaping import describe, look_at, shape
from adapters.discord.silences import silence, unsilence
from adapters.discord.uploads import overflow_files
from bot.clock import Clock
from bot.errors import Gone, Refused, Shut, TryLater
from bot.model.carried import Copy
from bot.model.events import Lack
from bot.model.files import Posted
from bot.model.homes import Home, Option, RoomSeen, WantedRoom
from bot.model.message import Text, text
from bot.model.people import Grounds, Identity, Place, Presences
from bot.model.signs import Sign
from bot.model.work import Delivery, Receipt, Reference
from bot.ports.adapter import Core, Note, Take
from bot.ports.uncarried import Mark
from bot.texts import Texts

log = logging.getLogger(__name__)
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 300.0


class Discord:
    """Implements Listener and Carrier. `grounds`: which servers and channels are whose.

    `connector` makes the way to Discord, where that is not the usual one.
    """

    platform = PLATFORM

    def __init__(
        self,
        settings: Settings,
        grounds: Grounds,
        texts: Texts,
        clock: Clock,
        connector: Callable[[], aiohttp.BaseConnector] | None = None,
    ) -> None:
        self._settings = settings
        self._grounds = grounds
        self._texts = texts
        self._clock = clock
        self._connector = connector
        self._ready = asyncio.Event()
        self._caught_up = asyncio.Event()
        self._gateway: Gateway
        # One at a time: two people who want the same get the same.
        self._making = asyncio.Lock()
        # All lines of a channel's permissions are written at once where it is shaped.
        self._changing: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @property
    def account(self) -> str:
        """Known once the first client has logged in."""
        return self._gateway.session.account

    # --- being there ---

    async def run(self, core: Core) -> None:
        """Stay connected. The library gives up on some troubles that pass: then it begins anew.

        Raises: NotLetIn, with what to do about it, where trying again would not help.
        """
        attempt, wishes = 0, self._wishes(core)
        while True:
            self._gateway = self._new_gateway(core, wishes[0])
            began = self._clock.now()
            try:
                await self._gateway.serve()
            except NotLetIn as refused:
                if len(wishes) == 1 or refused.code != BAD_INTENTS:
                    raise
                if wishes == self._wishes(core):  # said once
                    names = [name for name, intents in WISHES.items() if intents & wishes[0] == intents]
                    log.warning(
                        "Discord does not tell all that Plein is to hear: switch on %s on %s, and start Plein"
                        " anew",
                        " and ".join(names),
                        NotLetIn.PORTAL,
                    )
                # All else can be done without.
                del wishes[0]
                continue
            except Exception as error:
                log.warning("Lost Discord (%s); trying again", type(error).__name__)
                log.debug("Why", exc_info=error)
            lasted = (self._clock.now() - began).total_seconds()
            attempt = 0 if lasted > LONGEST_PAUSE else attempt + 1
            await self._clock.sleep(min(FIRST_PAUSE * 2 ** min(attempt, 10), LONGEST_PAUSE))

    def _wishes(self, core: Core) -> list[discord.Intents]:
        """What Discord is asked to tell, and what where it refuses that: it does not say which of them."""
        found = [INTENTS | SEEING_SIGNS if core.signs else INTENTS]
        if core.may_carry:
            found = [found[0] | CARRYING_SIGNS | SEEING_BANS]
        for name, intents in WISHES.items():
            if (core.listens or core.may_carry) if name == HEARING else self._settings.newcomers:
                found += [wish | intents for wish in found]
        return found[::-1]

    def _new_gateway(self, core: Core, intents: discord.Intents) -> Gateway:
        connector = self._connector() if self._connector else None
        return Gateway(
            self._settings,
            core,
            self._grounds,
            self._texts,
            self._clock,
            self,
            self._ready,
            self._caught_up,
            connector,
            intents,
        )

    async def caught_up(self) -> None:
        await self._caught_up.wait()
        await self._gateway.idle()

    def heard_until(self) -> datetime | None:
        return self._gateway.heard_until() if self._ready.is_set() else None

    async def woke(self) -> None:
        if self._ready.is_set():
            await self._gateway.woke()

    def under_way(self) -> Mapping[Place | None, datetime]:
        return self._gateway.under_way()

    def is_shut(self, who: Identity) -> bool:
        """Discord says so of what it is given alone, and that was noted then."""
        return False

    # --- saying ---

    async def deliver(self, delivery: Delivery) -> Receipt:
        on, to = self._session(), delivery.to
        if delivery.replaces:
            return await self._edit(on, delivery)
        channel = await self._channel(on, to)
        said = await self._reach(on, channel, delivery)
        if delivery.message.pinned:
            await on.outgoing.pin(channel, said)
        native = None
        if isinstance(to, Place) and self._settings.native_polls:
            native = native_poll(delivery.message, on, await on.voice(to, delivery.message))
        if native is None:
            return Receipt((said,))
        try:
            beside = await on.outgoing.send(channel, native, [], f"{delivery.key}:poll", delivery.tried_at)
        except (Gone, Refused) as refused:
            log.warning("No poll of Discord's own beside %s: %s", delivery.key, refused)
            return Receipt((said,))
        return Receipt((said, beside))

    async def presence(self, who: Identity, places: Sequence[Place]) -> Presences:
        return await self._session().places.presences(int(who.user_id), places, asking=PLEIN)

    async def inspect(self, community: int) -> Sequence[Lack]:
        await self._ready.wait()
        on = self._session()
        is_to_hear = on.core.listens or on.core.may_carry
        deaf = [Lack(text("discord.check.deaf"))] if is_to_hear and not on.hears else []
        blind = self._settings.newcomers and not on.sees_newcomers
        unseen = [Lack(text("discord.check.newcomers"))] if blind else []
        return [*deaf, *unseen, *lacks_of(on.places, community, self._settings)]

    async def homes(self, community: int) -> Sequence[Option]:
        await self._ready.wait()
        return await options_for(self._session(), community)

    async def make_home(self, community: int, wanted: Home, name: str, people: Sequence[Identity]) -> Home:
        await self._ready.wait()
        async with self._making:
            return await make(self._session(), community, wanted, name)

    async def make_room(self, community: int, home: Home, wanted: WantedRoom) -> Place | None:
        await self._ready.wait()
        async with self._making:
            return await make_room(self._session(), community, home, wanted)

    async def obstacle_to_making(self, community: int, home: Home) -> Text | None:
        return obstacle_to_making(self._session(), community, home)

    async def obstacle_to_entering(self, place: Place, user: str) -> Text | None:
        return await obstacle_to_entering(self._session(), place, int(user))

    async def look_at_room(self, place: Place, home: Home | None = None) -> RoomSeen:
        await self._ready.wait()
        return await look_at(self._session(), place, home)

    async def admit(self, place: Place, user: str, *, inside: bool) -> bool | None:
        await self._ready.wait()
        async with self._alone_in(place.room_id):
            return await admit(self._session(), place, int(user), inside=inside)

    async def silence(
        self, place: Place, user: str, before: str | None, looked: Callable[[str], Awaitable[None]]
    ) -> bool:
        await self._ready.wait()
        async with self._alone_in(place.room_id):
            return await silence(self._session(), place, int(user), before, looked)

    async def unsilence(self, place: Place, user: str, before: str) -> None:
        await self._ready.wait()
        async with self._alone_in(place.room_id):
            await unsilence(self._session(), place, int(user))

    async def shape_room(self, community: int, home: Home | None, wanted: WantedRoom) -> RoomSeen:
        await self._ready.wait()
        async with self._alone_in(str(wanted.room)), self._making:
            return await shape(self._session(), home, wanted)

    async def entrust(
        self, community: int, home: Home | None, place: Place, moderators: Collection[str]
    ) -> None:
        """The roles of a server say who keeps order on all of it."""

    def _alone_in(self, room: str) -> asyncio.Lock:
        return self._changing.setdefault(room, asyncio.Lock())

    async def retract(self, to: Place | Identity, ref: Reference, key: str) -> None:
        on = self._session()
        channel = await self._channel(on, to)
        for message in ref:
            thread, number = read_ref(message)
            await on.outgoing.retract(thread or channel, str(number))

    async def carry(self, copy: Copy, note: Note) -> Text | None:
        self._session()
        return await self._gateway.copies.carry(copy, note)

    async def fetch(self, place: Place, posted: Posted, take: Take) -> None:
        await fetch(self._session(), posted, take)

    async def sign(self, sign: Sign) -> str:
        self._session()
        return await self._gateway.carried_signs.sign(sign)

    @property
    def longest_fold(self) -> int:
        return folds.LONGEST

    async def lengths(self, copy: Copy) -> Sequence[int]:
        self._session()
        return await self._gateway.copies.lengths(copy)

    async def reword(self, copy: Copy, lengths: Sequence[int], which: int) -> bool:
        self._session()
        return await self._gateway.copies.reword(copy, lengths, which)

    async def mark(self, mark: Mark) -> str:
        return await marks.mark(self._session(), mark)

    async def unmark(self, mark: Mark) -> None:
        await marks.unmark(self._session(), mark)

    async def describe(self, place: Place, line: str, others: Collection[str]) -> bool:
        on = self._session()
        async with self._alone_in(place.room_id):
            return await describe(on, place, line, others)

    def _session(self) -> Session:
        """Of the client that is there. Raises: TryLater where there is none."""
        if not self._ready.is_set():
            raise TryLater(FIRST_PAUSE)
        return self._gateway.session

    async def _channel(self, on: Session, to: Place | Identity) -> int:
        if isinstance(to, Place):
            return int(to.room_id)
        channel = await on.outgoing.private(int(to.user_id))
        await self._gateway.talks_in(channel)
        return channel

    async def _edit(self, on: Session, delivery: Delivery) -> Receipt:
        channel, message = await self._channel(on, delivery.to), delivery.message
        shown, *beside = delivery.replaces
        voice = await on.voice(delivery.to, message)
        said = on.writer(voice).render(message, None)
        files = [*await files_of(message, on, voice, delivery.to), *overflow_files(said)]
        if beside and message.native_poll and message.native_poll.ended:
            await on.outgoing.end_poll(channel, int(beside[0]))
        try:
            edited = await on.outgoing.edit(channel, shown, said, files, _pings(delivery))
        except (Gone, Refused):
            if not files:
                raise
            log.warning("Left the files of %s out", delivery.key)
            edited = await on.outgoing.edit(channel, shown, said, [], _pings(delivery))
        return Receipt(delivery.replaces if edited else ())

    async def _reach(self, on: Session, channel: int, delivery: Delivery) -> str:
        """Who lets Plein not write to them is to hear so elsewhere."""
        if isinstance(delivery.to, Place):
            return await self._say(on, channel, delivery)
        user, closed = int(delivery.to.user_id), on.outgoing.closed
        if closed.is_certain(user):
            raise Shut("they take no messages")
        try:
            said = await self._say(on, channel, delivery)
        except Gone as gone:
            if getattr(gone.__cause__, "code", None) == TAKES_NO_MESSAGES:
                closed.refused(user)
            raise
        closed.reached(user)
        return said

    async def _say(self, on: Session, channel: int, delivery: Delivery) -> str:
        """Where files are not allowed the words go alone: they have said the same."""
        key, tried_at = delivery.key, delivery.tried_at
        voice = await on.voice(delivery.to, delivery.message)
        said = on.writer(voice).render(delivery.message, None)
        files = [*await files_of(delivery.message, on, voice, delivery.to), *overflow_files(said)]
        more: dict[str, Any] = {
            "pings": _pings(delivery),
            "reply_to": read_ref(delivery.reply_to)[1] if delivery.reply_to else None,
        }
        try:
            return await on.outgoing.send(channel, said, files, key, tried_at, **more)
        except (Gone, Refused):
            if not files:
                raise
            log.warning("Left the files of %s out", key)
            return await on.outgoing.send(channel, said, [], key, tried_at, **more)


def _pings(delivery: Delivery) -> list[int]:
    return [int(who.user_id) for who in delivery.mentions]
