"""A platform that remembers what was said on it, and can be slow, busy, gone or broken."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from bot.clock import HandClock
from bot.core import PleinCore
from bot.errors import Gone, TryLater
from bot.features.polls.settings import PollsSettings
from bot.main.app import open_core
from bot.main.config import Community, DatabaseSection, ResidentSection, config_of
from bot.main.features import FEATURES, Installed, add_up
from bot.model.events import Invocation, Lack
from bot.model.homes import Home, Option, RoomSeen, WantedRoom
from bot.model.message import Button, Message, Text, message, typed
from bot.model.people import FIRST_COMMUNITY, Identity, Place, Presence, Presences, Role
from bot.model.work import Delivery, Receipt, Reference
from bot.ports.adapter import Core
from bot.ports.people import Brought
from bot.ports.storage import Transaction
from bot.settings import Section
from bot.texts import Texts, Voice
from tests.chat import NOW
from tests.postgres import keys_of

PLATFORM = "test"


@dataclass(frozen=True, slots=True)
class Shown:
    """One thing that was shown: `how` is send, edit, whisper or retract; `where` a room or a person.

    `named`: who was pinged by it.
    """

    how: str
    where: str
    words: str
    key: str
    tried_at: datetime | None = None
    named: tuple[str, ...] = field(default=(), compare=False)


@dataclass(slots=True)
class Platform:
    """Implements Listener. What stands in `trouble` for a room or person is raised there, one a try."""

    account: str = PLATFORM
    platform: str = PLATFORM
    shown: list[Shown] = field(default_factory=list)
    tries: list[Shown] = field(default_factory=list)
    trouble: dict[str, list[Exception]] = field(default_factory=dict)
    # Rooms in which nothing comes through until the event is set.
    held: dict[str, asyncio.Event] = field(default_factory=dict)
    # Until when it says it has heard.
    heard_moment: datetime | None = None
    # Where it is dealing with something, and since when.
    busy_since: dict[Place | None, datetime] = field(default_factory=dict)
    delivering: int = 0
    most_under_way: int = 0
    uneditable: set[str] = field(default_factory=set)
    heard: asyncio.Condition = field(default_factory=asyncio.Condition)
    # What each is in which room, where they are in it; None: the platform says nothing about it.
    present: dict[tuple[str, str], Role | None] = field(default_factory=dict)
    # Who may only read there.
    silenced: set[tuple[str, str]] = field(default_factory=set)
    asked: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    inspected: list[int] = field(default_factory=list)
    # What Plein lacks there, by community; None: the platform does not say.
    lacks: dict[int, Sequence[Lack]] | None = field(default_factory=dict)
    # What there is to be a home for themes, by community; None: the platform does not say.
    options: dict[int, list[Option]] | None = field(default_factory=dict)
    # What was made for themes, by its mark: in which home, and what was wanted.
    rooms: dict[str, tuple[str, WantedRoom]] = field(default_factory=dict)
    # What rooms are called, where that is not their own name; how they are; and which are no more.
    names: dict[str, str] = field(default_factory=dict)
    # By which people can speak in a place that was closed, or opened again.
    rules: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, RoomSeen] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)
    # Those that somebody took out of their home.
    out: set[str] = field(default_factory=set)
    # Who was let in where, and is; and each time that this was asked for.
    inside: set[tuple[str, str]] = field(default_factory=set)
    admitted: list[tuple[str, str, bool]] = field(default_factory=list)
    made: list[tuple[Home, tuple[Identity, ...]]] = field(default_factory=list)
    # What keeps rooms from being made in a home, by its ref, and people out of a room, by its id.
    keeps: dict[str, Text] = field(default_factory=dict)
    # Who keeps order in which room.
    entrusted: dict[str, set[str]] = field(default_factory=dict)
    # Of whom it knows that they take nothing in private.
    shut: set[str] = field(default_factory=set)
    # Who was pinged where.
    pinged: list[tuple[str, str]] = field(default_factory=list)
    # Hears of each thing that is asked for and done there, in the midst of it.
    watch: Callable[[str], None] = field(default=lambda what: None)

    def copy(self) -> Platform:
        """As it is now, whatever becomes of this one."""
        kept: dict[str, Any] = {
            name: value.copy()
            for name in (part.name for part in fields(self))
            if isinstance(value := getattr(self, name), (list, dict, set))
        }
        return replace(self, **kept, heard=asyncio.Condition(), watch=lambda what: None)

    async def run(self, core: Core) -> None:
        await asyncio.Event().wait()

    async def caught_up(self) -> None:
        return None

    def heard_until(self) -> datetime | None:
        return self.heard_moment

    async def woke(self) -> None:
        """What it has heard a test says."""

    def is_shut(self, who: Identity) -> bool:
        return who.user_id in self.shut

    def under_way(self) -> Mapping[Place | None, datetime]:
        return self.busy_since

    async def deliver(self, delivery: Delivery) -> Receipt:
        if self.uneditable.intersection(delivery.replaces):
            return Receipt(())
        how = "edit" if delivery.replaces else "send" if isinstance(delivery.to, Place) else "whisper"
        words, named = words_of(delivery.message), tuple(who.user_id for who in delivery.mentions)
        shown = Shown(how, _name(delivery.to), words, delivery.key, delivery.tried_at, named)
        ref = await self._show(shown)
        self.pinged += [(shown.where, who.user_id) for who in delivery.mentions]
        return Receipt(delivery.replaces or (ref,))

    async def presence(self, who: Identity, places: Sequence[Place]) -> Presences:
        self.asked.append((who.user_id, tuple(place.room_id for place in places)))
        found: dict[Place, Presence | None] = {}
        for place in places:
            key = who.user_id, place.room_id
            role = self.present.get(key, Role.RESIDENT)
            if key not in self.present:
                found[place] = None
            elif role is not None:
                found[place] = Presence(place, role, NOW, writes=key not in self.silenced)
        return found

    async def inspect(self, community: int) -> Sequence[Lack]:
        self.inspected.append(community)
        if self.lacks is None:
            raise TryLater(1)
        return self.lacks.get(community, ())

    async def homes(self, community: int) -> Sequence[Option]:
        if self.options is None:
            raise TryLater(1)
        return self.options.get(community, ())

    async def make_home(self, community: int, wanted: Home, name: str, people: Sequence[Identity]) -> Home:
        """Trouble with `make:` before its name comes before it is made, with `made:` after that."""
        self._fail(f"make:{name}")
        if name not in [home.name for home, _ in self.made]:
            home = replace(wanted, ref=f"made-{len(self.made) + 1}", name=name)
            self.made.append((home, tuple(people)))
            assert self.options is not None
            self.options[community] = [Option(home), *self.options[community]]
        self._fail(f"made:{name}")
        return next(home for home, _ in self.made if home.name == name)

    async def make_room(self, community: int, home: Home, wanted: WantedRoom) -> Place | None:
        """Trouble with `room:` before its name comes before it is made, with `roomed:` after that."""
        self._fail(f"room:{wanted.name}")
        if wanted.closed and wanted.mark not in self.rooms:
            return None
        name = self.rooms.setdefault(wanted.mark, (home.ref, wanted))[1].name
        self._fail(f"roomed:{wanted.name}")
        # Where there was one of that name before, this is another all the same.
        called_so = [mark for mark, (_, made) in self.rooms.items() if made.name == name]
        number = called_so.index(wanted.mark)
        return Place(self.platform, f"{home.ref}/{name}" + (f" {number + 1}" if number else ""))

    async def obstacle_to_making(self, community: int, home: Home) -> Text | None:
        self._fail(f"keeps:{home.ref}")
        return self.keeps.get(home.ref)

    async def obstacle_to_entering(self, place: Place, user: str) -> Text | None:
        self._fail(f"keeps:{place.room_id}")
        return self.keeps.get(place.room_id)

    async def look_at_room(self, place: Place, home: Home | None = None) -> RoomSeen:
        self._fail(f"look:{place.room_id}")
        if place.room_id in self.removed:
            raise Gone("it is no more")
        kind = self.kinds.get(place.room_id, RoomSeen(""))
        called = self.names.get(place.room_id, place.room_id.rpartition("/")[2])
        within = home.ref if home and place.room_id not in self.out else ""
        rules = self.rules.get(place.room_id, "everybody")
        return replace(kind, called=called, rules=rules, within=within)

    async def admit(self, place: Place, user: str, *, inside: bool) -> bool:
        """Trouble with `admit:` before their name comes before it is so, with `admitted:` after that."""
        self._fail(f"admit:{user}")
        (self.inside.add if inside else self.inside.discard)((user, place.room_id))
        if inside:
            self.present.setdefault((user, place.room_id), Role.RESIDENT)
        else:
            self.present.pop((user, place.room_id), None)
        self.admitted.append((user, place.room_id, inside))
        self._fail(f"admitted:{user}")
        return inside

    async def entrust(
        self, community: int, home: Home | None, place: Place, moderators: Collection[str]
    ) -> None:
        """Trouble with `entrust:` before its name comes before it is so, with `entrusted:` after that."""
        self._fail(f"entrust:{place.room_id}")
        self.entrusted[place.room_id] = set(moderators)
        self._fail(f"entrusted:{place.room_id}")

    async def shape_room(self, community: int, home: Home | None, wanted: WantedRoom) -> RoomSeen:
        """Trouble with `shape:` before its name comes before it is so, with `shaped:` after that."""
        assert wanted.room
        self._fail(f"shape:{wanted.name}")
        if wanted.room in self.removed:
            raise Gone("it is no more")
        self.names[wanted.room] = wanted.name
        if wanted.closed or wanted.rules is not None:
            self.rules[wanted.room] = "nobody" if wanted.closed else str(wanted.rules)
        self._fail(f"shaped:{wanted.name}")
        return await self.look_at_room(Place(self.platform, wanted.room), home)

    def _fail(self, what: str) -> None:
        self.watch(what)
        if self.trouble.get(what):
            raise self.trouble[what].pop(0)

    async def retract(self, to: Place | Identity, ref: Reference, key: str) -> None:
        await self._show(Shown("retract", _name(to), " ".join(ref), key))

    async def _show(self, shown: Shown) -> str:
        how, where, key = shown.how, shown.where, shown.key
        self.tries.append(shown)
        self.delivering += 1
        self.most_under_way = max(self.most_under_way, self.delivering)
        try:
            return await self._come_through(how, where, key, shown)
        finally:
            self.delivering -= 1

    async def _come_through(self, how: str, where: str, key: str, shown: Shown) -> str:
        await self._tell()
        if where in self.held:
            await self.held[where].wait()
        if self.trouble.get(where):
            raise self.trouble[where].pop(0)
        if key not in [shown.key for shown in self.shown if shown.how == how]:
            self.shown.append(shown)
        self.watch(f"shown:{where}")
        await self._tell()
        return f"${key}"

    async def _tell(self) -> None:
        async with self.heard:
            self.heard.notify_all()

    async def until(self, true: Callable[[], bool]) -> None:
        """Return once that is so; an error where it does not come about."""
        async with asyncio.timeout(60), self.heard:
            await self.heard.wait_for(true)

    def where(self, room: str) -> list[str]:
        """All that was shown there."""
        return [shown.words for shown in self.shown if shown.where == room]


def _name(to: Place | Identity) -> str:
    return to.room_id if isinstance(to, Place) else to.user_id


def words_of(message: Message) -> str:
    """A message as plain Dutch."""
    voice = Voice("nl", ZoneInfo("Europe/Brussels"), NOW)
    return "\n".join(Texts().write(words, voice) for words in message.words)


class Town:
    """Plein in a town with one platform; places and people are there as soon as they are named."""

    def __init__(self, core: PleinCore, platform: Platform, clock: HandClock, number: int = 1) -> None:
        self.core = core
        self.platform = platform
        self.clock = clock
        self._numbers = itertools.count(number)

    def on(self, platform: Platform) -> Town:
        """The same town, on that platform."""
        return Town(self.core, platform, self.clock, next(self._numbers))

    async def beside(self, *rooms: str, name: str = "Other", theme: str | None = None) -> Mapping[str, int]:
        """There is a second community; whose each of these rooms is, in turn the first one's and its own."""
        owners = (FIRST_COMMUNITY, await self.core.communities.add(name))
        whose = dict(zip(rooms, owners, strict=True))
        for room, community in whose.items():
            place = Place(PLATFORM, room)
            await self.core.joined(PLATFORM, place, room, theme, community=community, ours=True)
        return whose

    def configure(self, *sections: Section) -> None:
        """What the configuration of features says, of the first community."""
        first = self.core.communities.configured(FIRST_COMMUNITY)
        self.core.communities.serve({FIRST_COMMUNITY: replace(first, sections=sections)})

    async def joined(self, *rooms: str, theme: str = "sport") -> None:
        for room in rooms:
            await self.core.joined(self.platform.account, Place(PLATFORM, room), room, theme)

    def asked(
        self, name: str, words: str | None = None, *, room: str | None = "sport", button: Button | None = None
    ) -> Invocation:
        """What somebody typed there, or the button they pressed, with an id of its own.

        Whoever does so in a room is in it from then on, as a resident where nothing else was said.
        """
        if room:
            self.platform.present.setdefault((name, room), Role.RESIDENT)
        return Invocation(
            f"{PLATFORM}:{next(self._numbers)}",
            Identity(PLATFORM, name),
            name,
            Place(PLATFORM, room) if room else None,
            self.clock.now(),
            presence=partial(self.platform.presence, Identity(PLATFORM, name)),
            account=self.platform.account,
            typed=words,
            command=button.command if button else "",
            args=button.args if button else {},
        )

    async def say(self, name: str, words: str, *, room: str | None = "sport") -> str:
        """Say it there; the answer, in Dutch."""
        answer = await self.core.handle(self.asked(name, words, room=room))
        return words_of(answer) if answer else ""

    async def linked(self, elder: str, younger: str) -> Brought:
        """They are one person from now on; what the younger brings."""
        both = [Identity(PLATFORM, name) for name in (elder, younger)]

        def link(tx: Transaction) -> Brought:
            stays, goes = [tx.people.by_identity(account) for account in both]
            assert stays
            assert goes
            brought = tx.people.brought(goes.id, stays.id)
            self.core.features.link(tx, both)
            return brought

        return await self.core.store.run(link)

    async def parted(self, name: str, brought: Brought | None = None) -> None:
        """That account leaves whose it is, with nothing or with what it brought."""
        account = Identity(PLATFORM, name)

        def part(tx: Transaction) -> None:
            person = tx.people.by_identity(account)
            assert person
            self.core.features.part(tx, person.id, [account], brought)

        await self.core.store.run(part)

    async def post(self, room: str, *words: str) -> None:
        """Have Plein say this there."""

        def post(tx: Transaction) -> None:
            for line in words:
                key = f"post:{room}:{line}"
                tx.posts.add(key, Place(PLATFORM, room), message(typed(line)), self.clock.now())

        await self.core.store.run(post)


@contextlib.asynccontextmanager
async def open_town(
    database_url: str,
    *,
    moderators: tuple[str, ...] = (),
    board_rest: float = 2.0,
    number: int = 1,
    account: str = PLATFORM,
    installed: Sequence[Installed] = FEATURES,
    floor: int = 1,
    away: timedelta | None = None,
    before: Town | None = None,
) -> AsyncIterator[Town]:
    """A town on that database. `number`: of the first thing said, which differs where it was open before.
    `away`: so long Plein was, and its platform is not at work yet. `before`: as it was when Plein ended.

    `floor`: from how many ballots on an anonymous poll has a result; here even one has, where that is not
    what is tested. Nor does anybody wait for the morning.
    """
    sections: dict[str, Any] = {"polls": PollsSettings(anonymous_floor=floor, quiet="")}
    config = config_of(add_up(installed))(
        community=Community(),
        database=DatabaseSection(url=database_url, keys=keys_of(database_url)),
        residents=tuple(
            ResidentSection(name=name, accounts=(f"{PLATFORM}:{name}",), role="moderator")
            for name in moderators
        ),
        **sections,
    )
    clock, platform = HandClock(NOW + (away or timedelta())), Platform(account)
    if before:
        clock, platform, number = before.clock, before.platform, next(before._numbers)
    async with open_core(config, clock, board_rest, installed) as core:
        if away is None:
            await core.serve(platform)
        else:
            core.platforms.expect(platform)
        yield Town(core, platform, clock, number)
