"""What the platforms are asked for a command, beside its transaction: nothing can be awaited within that."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from bot.errors import AskFirst, Gone, NotNow, NotOurs, PlatformFailed, Refused, UserError
from bot.model.events import Lack
from bot.model.homes import Home, Housing, Option, RoomSeen
from bot.model.message import Text, text
from bot.model.people import Identity, Place
from bot.model.work import Delivery
from bot.ports.adapter import Adapter, Listener

log = logging.getLogger(__name__)
# So many seconds a platform has to say how things are there, and to make something.
ANSWERS_WITHIN, MAKES_WITHIN = 20.0, 60.0
# And so many to say what it knows anyway.
KNOWS_WITHIN = 2.0
# What says that a platform does nothing just now, and may later. A timeout is an OSError too.
SILENT = (NotNow, OSError)
T = TypeVar("T")
# What one account is asked that keeps something from being so.
_Ask = Callable[[Listener], Awaitable[Text | None]]


class Platforms:
    """Asks the accounts of this process, those too that are still to be at work: who asks waits for them."""

    def __init__(self) -> None:
        self._adapters: list[Adapter] = []
        self._came: dict[str, datetime] = {}

    def expect(self, adapter: Adapter) -> None:
        """It is at work, or is going to be."""
        if not any(known is adapter for known in self._adapters):
            self._adapters.append(adapter)

    def came(self, adapter: Adapter, now: datetime) -> None:
        """It is at work, for the first time or again."""
        self._came.setdefault(adapter.platform, now)

    @property
    def since(self) -> Mapping[str, datetime | None]:
        """Since when, of what Plein is to be on, it has been at work there; None: not since it started."""
        return {adapter.platform: self._came.get(adapter.platform) for adapter in self._adapters}

    async def inspect(self, community: int) -> Sequence[Lack]:
        """What every account lacks where that community is. One that is silent is named."""
        found = await asyncio.gather(*(_inspected(adapter, community) for adapter in self._listening))
        return [lack for lacks in found for lack in lacks]

    async def housings(self, community: int) -> Sequence[Housing]:
        """What its themes can have for a home, on each platform where it is."""
        found = await asyncio.gather(*(_housing(adapter, community) for adapter in self._first))
        return [housing for housing in found if housing.options is None or housing.options]

    async def make_home(self, community: int, option: Option, name: str, people: Sequence[Identity]) -> Home:
        """Have it made. Raises: UserError where it cannot be, now or ever."""
        platform = option.home.platform
        silent = UserError("home.unmade", platform=called(platform))
        maker = next((adapter for adapter in self._first if adapter.platform == platform), None)
        if maker is None:
            raise silent
        try:
            async with asyncio.timeout(MAKES_WITHIN):
                return await maker.make_home(community, option.home, name, people)
        except (*SILENT, Gone) as error:
            raise silent from error

    async def obstacles_to_making(self, community: int, homes: Sequence[Home]) -> Mapping[str, Text]:
        """What keeps channels or rooms from being made in these homes just now, by platform."""
        asked = [(home.platform, partial(_obstacle_to_making, community, home)) for home in homes]
        return await self._all_say(asked)

    async def obstacles_to_entering(self, people: Sequence[tuple[Place, str]]) -> Mapping[str, Text]:
        """What keeps these accounts out of these channels or rooms just now, by platform."""
        asked = [(place.platform, partial(_obstacle_to_entering, place, user)) for place, user in people]
        return await self._all_say(asked)

    async def _all_say(self, asked: Sequence[tuple[str, _Ask]]) -> Mapping[str, Text]:
        """What each account there says that leaves it to no other one; what all leave, the last says."""
        found: dict[str, Text] = {}
        for platform, ask in asked:
            there = [adapter for adapter in self._listening if adapter.platform == platform]
            said = await asyncio.gather(*(_said(adapter, ask) for adapter in there))
            own = [why for is_its, why in said if is_its] or [why for _, why in said]
            if own and own[-1] and all(own):
                found[platform] = own[-1]
        return found

    async def reach(self, account: str, delivery: Delivery) -> bool | None:
        """Have that account say it to one person, now: whether it arrived. None: nobody knows yet."""
        there = [each for each in self._adapters if each.platform == delivery.to.platform]
        adapter = next((each for each in there if each.account == account), *there[:1])
        try:
            async with asyncio.timeout(ANSWERS_WITHIN):
                await adapter.deliver(delivery)
        except (Gone, Refused):
            return False
        except (NotOurs, PlatformFailed, *SILENT) as error:
            log.info("Whether somebody can be told something in private is not known yet: %s", error)
            return None
        return True

    async def is_shut(self, account: str, who: Identity) -> bool:
        """Whether that account knows that they take nothing in private, without saying anything to them."""
        adapter = next((each for each in self._listening if each.account == account), None)
        with contextlib.suppress(*SILENT, NotOurs):
            return adapter is not None and adapter.is_shut(who)
        return False

    async def look_at(self, place: Place) -> RoomSeen:
        """How a channel or room is now. Raises: UserError where that is not to be known just now."""
        for adapter in self._listening:
            if adapter.platform == place.platform:
                with contextlib.suppress(*SILENT, Gone, NotOurs):
                    async with asyncio.timeout(ANSWERS_WITHIN):
                        return await adapter.look_at_room(place)
        raise UserError("room.unseen", platform=called(place.platform))

    @property
    def _listening(self) -> Sequence[Listener]:
        return [adapter for adapter in self._adapters if isinstance(adapter, Listener)]

    @property
    def _first(self) -> Sequence[Listener]:
        """Of each platform the account that came first: they all see the same there."""
        return list({adapter.platform: adapter for adapter in reversed(self._listening)}.values())[::-1]


class Inquiry:
    """What one use of a command asks: each thing once, however often its handler runs for it.

    Whatever is asked for raises AskFirst where it is not known yet: then it is awaited, and the handler runs
    again, in a transaction of its own.
    """

    def __init__(self, platforms: Platforms) -> None:
        self._platforms = platforms
        self._answers: dict[Hashable, Any] = {}

    def inspect(self, community: int) -> Sequence[Lack]:
        return self._answer(("inspect", community), partial(self._platforms.inspect, community))

    def housings(self, community: int) -> Sequence[Housing]:
        return self._answer(("housings", community), partial(self._platforms.housings, community))

    def make_home(self, community: int, option: Option, name: str, people: Sequence[Identity]) -> Home:
        """Raises: UserError."""
        make = partial(self._platforms.make_home, community, option, name, people)
        return self._answer((community, option.home, name), make)

    def obstacles_to_making(self, community: int, homes: Sequence[Home]) -> Mapping[str, Text]:
        ask = partial(self._platforms.obstacles_to_making, community, homes)
        return self._answer(("make in", *(home.address for home in homes)), ask)

    def obstacles_to_entering(self, people: Sequence[tuple[Place, str]]) -> Mapping[str, Text]:
        return self._answer(("let in", *people), partial(self._platforms.obstacles_to_entering, people))

    def reach(self, account: str, delivery: Delivery) -> bool | None:
        return self._answer(("reach", delivery.key), partial(self._platforms.reach, account, delivery))

    def is_shut(self, account: str, who: Identity) -> bool:
        return self._answer(("shut", account, who), partial(self._platforms.is_shut, account, who))

    def look_at(self, place: Place) -> RoomSeen:
        """Raises: UserError."""
        return self._answer(("look", place), partial(self._platforms.look_at, place))

    def _answer(self, what: Hashable, ask: Callable[[], Awaitable[T]]) -> T:
        if what not in self._answers:
            raise AskFirst(first=partial(self._await, what, ask))
        answer: T | Exception = self._answers[what]
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def _await(self, what: Hashable, ask: Callable[[], Awaitable[Any]]) -> None:
        """What goes wrong is the handler's: there it is answered."""
        try:
            self._answers[what] = await ask()
        except Exception as error:
            self._answers[what] = error


def called(platform: str) -> str:
    """A platform as people write it."""
    return platform[:1].upper() + platform[1:]


async def _obstacle_to_making(community: int, home: Home, adapter: Listener) -> Text | None:
    return await adapter.obstacle_to_making(community, home)


async def _obstacle_to_entering(place: Place, user: str, adapter: Listener) -> Text | None:
    return await adapter.obstacle_to_entering(place, user)


async def _said(adapter: Listener, ask: _Ask) -> tuple[bool, Text | None]:
    """Whether that account says it, and what; one that is silent says nothing."""
    try:
        async with asyncio.timeout(KNOWS_WITHIN):
            return True, await ask(adapter)
    except NotOurs as left:
        return False, left.why
    except SILENT:
        return True, None
    except Exception:
        # What they asked for is done all the same.
        log.exception("What keeps it from being done on %s is not known", adapter.account)
        return True, None


async def _inspected(adapter: Listener, community: int) -> Sequence[Lack]:
    try:
        async with asyncio.timeout(ANSWERS_WITHIN):
            return await adapter.inspect(community)
    except SILENT:
        return [Lack(text("community.silent", platform=called(adapter.platform)))]


async def _housing(adapter: Listener, community: int) -> Housing:
    try:
        async with asyncio.timeout(ANSWERS_WITHIN):
            return Housing(adapter.platform, await adapter.homes(community))
    except SILENT:
        return Housing(adapter.platform, None)
