"""Which community something is for: in a place it is the place's, in private one rule decides.

A press belongs to its message's community, wherever it is pressed: every message that leaves the core for
another one than the first carries whose it is in all that can be pressed there (`of_community`). What
somebody says in private is for the only community that they are in; of several for the one that they chose,
which they are asked for the first time. Nothing else knows this rule.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import TypeVar

from bot.clock import Clock
from bot.model.events import Invocation
from bot.model.message import Attachment, Button, Form, Message, NativePoll, text
from bot.model.people import FIRST_COMMUNITY, Identity, Place
from bot.ports.storage import Store, Transaction
from bot.recent import Recent
from bot.settings import Settings

# So many places, and strangers, are known without asking; strangers for so long.
MOST, STRANGE_FOR = 4096, timedelta(minutes=1)
# Among the arguments of what can be pressed: whose it is; and that whoever presses it chooses that community
# for what they say in private. No parameter can be called so.
WHOSE, TURN = "@", "@!"
_TICK = timedelta(microseconds=1)
Pressable = TypeVar("Pressable", bound=Button | NativePoll | Form)


def own_themes(tx: Transaction, configured: Settings) -> Collection[int]:
    """Those that are the community's own, in its transaction: who is in one of them is of it.

    Where the configuration names none of its places, all are: also once Plein made some for it.
    """
    if configured.names_places:
        return set(tx.places.ours())
    return set(tx.places.inhabited())


@dataclass(frozen=True, slots=True)
class Whose:
    """For which community something is.

    `turns`: they choose it for what they say in private. `mine`: those that they are in, with their names,
    where they say it in private. `used`: those of them that they used, and when they chose each. `asks`: it
    could be any of these, and they are to be asked. `refused`: why it is for none. `stranger`: they used
    none, and their platform is to be asked in whose places they are before anything is done.
    """

    community: int
    turns: bool = False
    mine: Mapping[int, str] = field(default_factory=dict)
    used: Mapping[int, datetime | None] = field(default_factory=dict)
    asks: bool = False
    refused: str = ""
    stranger: bool = False

    def turned_after(self, now: datetime) -> datetime:
        """When they choose this one: after each that they chose before, also where the clock stood still."""
        return max([now, *(at + _TICK for at in self.used.values() if at)])


class Communities:
    """Says which community something belongs to. `settings` are the first one's, as configured."""

    def __init__(self, store: Store, clock: Clock, settings: Settings) -> None:
        self._store = store
        self._clock = clock
        self._served: Mapping[int, Settings] = {FIRST_COMMUNITY: settings}
        self._of_places: Recent[Place, int] = Recent(MOST)
        # Where those are who use none yet, and when that was asked.
        self._strangers: Recent[Identity, tuple[datetime, Collection[int]]] = Recent(MOST)

    # --- which there are ---

    def serve(self, served: Mapping[int, Settings]) -> None:
        """These there are, and no others, each with what its configuration says."""
        self._served = dict(served)

    @property
    def served(self) -> Collection[int]:
        return self._served.keys()

    @property
    def settings(self) -> Mapping[int, Settings]:
        """What each one's configuration says: another mapping once anything of it is otherwise."""
        return self._served

    async def add(self, name: str) -> int:
        """Make a community of that name, and serve it as the first one is; its number."""
        number = await self._store.run_anywhere(lambda tx: tx.communities.add(name))
        self._served = {**self._served, number: replace(self.configured(FIRST_COMMUNITY), name=name)}
        return number

    def configured(self, community: int | None) -> Settings:
        """What its configuration says; of one that is served no more, what the first one's does."""
        return self._served.get(community or 0) or next(iter(self._served.values()))

    # --- whose something is ---

    def note(self, place: Place, community: int) -> None:
        """The place is that community's from now on."""
        self._of_places[place] = community

    def forget(self, place: Place) -> None:
        """The place is nobody's any more."""
        self._of_places.pop(place, None)

    async def of_place(self, place: Place) -> int | None:
        """None where it is no served community's."""
        known = self._of_places.get(place)
        if known is None:
            known = await self._store.read_anywhere(lambda tx: tx.communities.of_place(place))
            if known is not None:
                self._of_places[place] = known
        return known if known in self._served else None

    def is_found_within(self, invocation: Invocation) -> bool:
        """Whether it takes a transaction to say for which it is: what somebody in private is in, or chose."""
        return invocation.place is None and len(self._served) > 1

    async def of(self, invocation: Invocation) -> Whose:
        """For which community somebody does that."""
        if invocation.place is None:
            if len(self._served) == 1:
                return _whose(self._first, _meant(invocation))
            found = await self._store.read_anywhere(lambda tx: self.within(tx, invocation))
            return await self.of_stranger(invocation) if found.stranger else found
        known = self._of_places.get(invocation.place)
        if known not in self._served:
            known = await self.of_place(invocation.place)
        if known is None and len(self._served) > 1:
            return Whose(self._first, refused="community.nowhere")
        community = self._first if known is None else known
        return _whose(community, _meant(invocation))

    async def for_whom(self, to: Place | Identity) -> int:
        """For which community something is said there that no community said."""
        if isinstance(to, Place):
            return await self.of_place(to) or self._first
        return await self.in_private(to)

    async def in_private(self, who: Identity) -> int:
        """Which one they chose, or the only one that they are in; else the first."""
        if len(self._served) == 1:
            return self._first
        used = self._of_those_served(await self._store.read_anywhere(lambda tx: tx.communities.used_by(who)))
        return _chosen(used) or self._first

    async def that_handled(self, event: str) -> int | None:
        """For which one an event was dealt with."""
        found = await self._store.read_anywhere(lambda tx: tx.communities.that_handled(event))
        return found if found in self._served else None

    async def headed(self, message: Message, to: Identity, community: int) -> Message:
        """The same, under the name of its community where they are in several."""
        if len(self._served) == 1:
            return message
        used = self._of_those_served(await self._store.read_anywhere(lambda tx: tx.communities.used_by(to)))
        return self.headed_among(used, message, community)

    def headed_among(self, used: Collection[int], message: Message, community: int) -> Message:
        """The same where they used these; not what asks for which it is to be."""
        if len({*used, community}) == 1 or any(TURN in button.args for button in message.buttons):
            return message
        name = text("community.heading", name=self.configured(community).name)
        return replace(message, blocks=(name, *message.blocks))

    # --- in private ---

    @property
    def _first(self) -> int:
        return next(iter(self._served))

    def within(self, tx: Transaction, invocation: Invocation) -> Whose:
        """For which of several somebody does that in private, by what is kept.

        An event that one community dealt with is dealt with for no other.
        """
        handled = tx.communities.that_handled(invocation.id)
        used = self._of_those_served(tx.communities.used_by(invocation.author))
        if used:
            return self._chosen_among(used, invocation, handled, _chosen(used), used)
        if handled is not None and handled in self._served:
            return Whose(handled)
        return Whose(self._first, stranger=True)

    async def of_stranger(self, invocation: Invocation) -> Whose:
        """The same of somebody who used none yet: their platform says in whose places they are."""
        there = await self._where_they_are(invocation)
        return self._chosen_among(there, invocation, None, next(iter(there)) if len(there) == 1 else None)

    def _chosen_among(
        self,
        among: Collection[int],
        invocation: Invocation,
        handled: int | None,
        chosen: int | None,
        used: Mapping[int, datetime | None] = MappingProxyType({}),
    ) -> Whose:
        mine = {number: self._served[number].name for number in self._served if number in among}
        if handled is not None and handled in self._served:
            return Whose(handled, mine=mine, used=used)
        meant = _meant(invocation)
        if meant is not None and meant in mine:
            return Whose(meant, TURN in invocation.args, mine, used)
        if meant is not None:
            return Whose(meant, refused="action.gone")
        if not mine:
            return Whose(self._first, refused="community.unknown")
        return Whose(chosen or next(iter(mine)), mine=mine, used=used, asks=chosen is None)

    def _of_those_served(self, used: Mapping[int, datetime | None]) -> Mapping[int, datetime | None]:
        return {number: at for number, at in used.items() if number in self._served}

    async def _where_they_are(self, invocation: Invocation) -> Collection[int]:
        """Whoever used none yet: their platform says in whose places. It is not asked at each word."""
        now, who = self._clock.now(), invocation.author
        known = self._strangers.get(who)
        if known and now - STRANGE_FOR < known[0] <= now:
            return known[1]
        if invocation.presence is None:
            return ()
        places = await self._store.read_anywhere(lambda tx: tx.communities.places_on(who.platform))
        ours = {place: whose for place, whose in places.items() if whose in self._served}
        found = await invocation.presence(list(ours)) if ours else {}
        there = {ours[place] for place, presence in found.items() if presence}
        self._strangers[who] = now, there
        return there


def _chosen(used: Mapping[int, datetime | None]) -> int | None:
    """The one that they chose last, or the only one; None where neither is so."""
    if len(used) == 1:
        return next(iter(used))
    chosen = {number: at for number, at in used.items() if at is not None}
    return max(chosen, key=chosen.__getitem__) if chosen else None


@lru_cache(128)
def _whose(community: int, meant: int | None) -> Whose:
    """What was said there is that community's; what was pressed on, only where the message was."""
    return Whose(community, refused="" if meant in (None, community) else "action.gone")


def _meant(invocation: Invocation) -> int | None:
    """Whose message it was that they pressed, or answered; None where it was none.

    What says nothing of it is the first one's, or from before there were others.
    """
    for mark in (TURN, WHOSE):
        if mark in invocation.args:
            found = invocation.args[mark]
            return found if type(found) is int else 0
    return FIRST_COMMUNITY if invocation.pressed else None


def without_marks(invocation: Invocation) -> Invocation:
    """The same, with the command's own arguments alone."""
    if WHOSE not in invocation.args and TURN not in invocation.args:
        return invocation
    args = {name: value for name, value in invocation.args.items() if name not in (WHOSE, TURN)}
    return replace(invocation, args=args)


def of_community(message: Message, community: int) -> Message:
    """The same message, whose files are made of what that community has, and whose buttons belong to it."""
    if community == FIRST_COMMUNITY:
        return message
    blocks = tuple(
        replace(block, community=community) if isinstance(block, Attachment) else block
        for block in message.blocks
    )
    controls = tuple(_marked(control, community) for control in message.controls)
    return replace(message, blocks=blocks, controls=controls, community=community)


def _marked(control: Pressable, community: int) -> Pressable:
    if isinstance(control, Form) and control.again:
        control = replace(control, again=_marked(control.again, community))
    if WHOSE in control.args or TURN in control.args:
        return control
    return replace(control, args={**control.args, WHOSE: community})


def choices(mine: Mapping[int, str]) -> Iterable[tuple[int, str]]:
    """The communities to choose from, by name."""
    return sorted(mine.items(), key=lambda found: found[1].casefold())
