"""Which community something is for: what happens in a place is for the place's; elsewhere one rule decides.

That rule is `Communities.in_private`, and nothing else knows it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from functools import partial

from bot.model.events import Invocation
from bot.model.message import Attachment, Message
from bot.model.people import FIRST_COMMUNITY, Identity, Place
from bot.ports.storage import Store, Transaction
from bot.recent import Recent

# So many places, and people, are known without asking.
MOST = 4096


class Communities:
    """Says which community something belongs to. The list of them is read once; `add` makes another."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._all: Collection[int] = ()
        self._of_places: Recent[Place, int] = Recent(MOST)
        # Where each was last seen to use Plein, of several.
        self._used: Recent[Identity, int] = Recent(MOST)

    async def all(self) -> Collection[int]:
        """Their numbers, the first one's first."""
        if not self._all:
            self._all = list(await self._store.read_anywhere(lambda tx: tx.communities.all()))
        return self._all

    async def add(self, name: str) -> int:
        """Make a community of that name; its number."""
        number = await self._store.run_anywhere(lambda tx: tx.communities.add(name))
        self._all = ()
        return number

    def note(self, place: Place, community: int) -> None:
        """The place is that community's from now on."""
        self._of_places[place] = community

    async def of_place(self, place: Place) -> int | None:
        """None where Plein does not know the place."""
        known = self._of_places.get(place)
        if known is None:
            known = await self._store.read_anywhere(lambda tx: tx.communities.of_place(place))
            if known is not None:
                self._of_places[place] = known
        return known

    async def of(self, invocation: Invocation) -> int:
        """For which community somebody does that."""
        if not self._all:
            await self.all()
        if invocation.place:
            known = self._of_places.get(invocation.place) or await self.of_place(invocation.place)
            if known is not None:
                return known
        return await self.in_private(invocation.author, invocation.id)

    async def for_whom(self, to: Place | Identity) -> int:
        """For which community something is said there that no community said."""
        if isinstance(to, Place):
            return await self.of_place(to) or FIRST_COMMUNITY
        return await self.in_private(to)

    async def in_private(self, who: Identity, event: str | None = None) -> int:
        """Where only they and Plein are: the only community; of several the one that they used last.

        An event that one community handled already is not handled again for another.
        """
        known = await self.all()
        if len(known) == 1:
            return next(iter(known))
        found = await self._store.read_anywhere(partial(_of_event_or_person, who, event))
        return found or FIRST_COMMUNITY

    def has_turned(self, who: Identity, community: int) -> bool:
        """Whether they use another community than last time, as far as is known here: that is to be kept."""
        return len(self._all) > 1 and self._used.get(who) != community

    def note_use(self, who: Identity, community: int) -> None:
        """It is kept that they use this one now."""
        self._used[who] = community


def _of_event_or_person(who: Identity, event: str | None, tx: Transaction) -> int | None:
    handled = tx.communities.that_handled(event) if event else None
    return handled or tx.communities.used_last(who)


def of_community(message: Message, community: int) -> Message:
    """The same message, whose files are made of what that community has."""
    if community == FIRST_COMMUNITY or not message.files:
        return message
    blocks = tuple(
        replace(block, community=community) if isinstance(block, Attachment) else block
        for block in message.blocks
    )
    return replace(message, blocks=blocks)
