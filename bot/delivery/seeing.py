"""What of a message to one person they may see when it is said, and who is of a community just now.

Lines and buttons about a theme are for whoever sees that then, with any of their accounts.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from bot.call import ASKED_AGAIN
from bot.clock import Clock
from bot.communities import Communities, own_themes
from bot.errors import Gone, TryLater
from bot.model.message import OF_COMMUNITY, Block, Button, InTheme, Message
from bot.model.people import Identity, Part, Place, Presences, Role, part_now
from bot.model.work import Post
from bot.ports.storage import Store, Transaction

# Where an account is now, of these places.
Ask = Callable[[Identity, Sequence[Place]], Awaitable[Presences]]


@dataclass(frozen=True, slots=True)
class _There:
    """What is known of an account in a theme: its places on that platform, and what that said last."""

    account: Identity
    theme: int
    places: Sequence[Place]
    told: Part | None


@dataclass(frozen=True, slots=True)
class _Whose:
    """Whom a message is for: where each of their accounts may be. `own`: the community's own themes."""

    sees_all: bool
    own: Collection[int]
    there: Sequence[_There]


class Seeing:
    """Leaves out what somebody may not see just now. `presences` asks their platforms."""

    def __init__(self, store: Store, clock: Clock, communities: Communities, presences: Ask) -> None:
        self._store = store
        self._clock = clock
        self._communities = communities
        self._presences = presences

    async def left_of(self, post: Post) -> Message:
        """As much of the message as they may see; itself where that is all of it.

        Raises: Gone where nothing is left, and TryLater while their platform does not say.
        """
        asked = themes_of(post.message)
        if not asked:
            return post.message
        if post.withdrawn or isinstance(post.to, Place):
            return post.message
        to = post.to
        look = partial(self._whose, post.community, to, asked)
        whose = await self._store.read(look, community=post.community)
        if whose.sees_all:
            return post.message
        sees = await self._seen(whose, to, asked)
        return narrowed(post.message, sees, asked)

    async def is_of(self, community: int, account: Identity) -> bool:
        """Whether that account is of the community now: what another one of theirs is does not count.

        Raises: TryLater while its platform does not say.
        """
        asked = (OF_COMMUNITY,)
        alone = partial(self._whose, community, account, asked, alone=True)
        whose = await self._store.read(alone, community=community)
        return whose.sees_all or OF_COMMUNITY in await self._seen(whose, account, asked)

    def _whose(
        self, community: int, to: Identity, asked: Collection[int], tx: Transaction, *, alone: bool = False
    ) -> _Whose:
        """`alone`: with that account, not with each that they have."""
        resident = tx.people.by_identity(to)
        if resident is None:
            return _Whose(False, (), ())
        own: Collection[int] = ()
        if OF_COMMUNITY in asked:
            own = own_themes(tx, self._communities.configured(community))
        known = None if alone else tx.people.known({resident.id}).get(resident.id)
        themes = {*own, *asked} - {OF_COMMUNITY}
        there = []
        for account in known.accounts if known else (to,):
            on = tx.places.on(account.platform, themes)
            there += [
                _There(account, theme, places, tx.people.part_of(account, theme))
                for theme, places in on.items()
            ]
        return _Whose(resident.role >= Role.MODERATOR, own, there)

    async def _seen(self, whose: _Whose, to: Identity, asked: Collection[int]) -> Collection[int]:
        """Those of the themes asked about that they see. Where they were last is asked first."""
        sees: set[int] = set()
        silent = False
        first = [there for there in whose.there if there.theme in asked]
        others = [there for there in whose.there if there.theme not in asked]
        others.sort(key=lambda there: there.told is None)
        # One that they were in says most often that they are of the community.
        for part in (first, others[:1], others[1:]):
            if OF_COMMUNITY in sees or not part:
                continue
            for account, of_account in _by_account(part).items():
                places = [place for there in of_account for place in there.places]
                found = await self._presences(account, places)
                for there in of_account:
                    if part_now(there.places, found, there.told, self._clock.now()):
                        sees.add(there.theme)
                    elif account == to:
                        silent |= any(place not in found for place in there.places)
            if OF_COMMUNITY in asked and not sees.isdisjoint(whose.own):
                sees.add(OF_COMMUNITY)
        if silent and not sees.issuperset(asked):
            raise TryLater(ASKED_AGAIN)
        return sees


def plain(said: Message) -> Message:
    """As it is shown: that a line is about a theme shows nowhere."""
    if not any(isinstance(block, InTheme) for block in said.blocks):
        return said
    blocks = tuple(block.line if isinstance(block, InTheme) else block for block in said.blocks)
    return replace(said, blocks=blocks)


def themes_of(said: Message) -> Collection[int]:
    """Those that some of it is about."""
    lines = {block.theme for block in said.blocks if isinstance(block, InTheme)}
    return lines | {button.theme for button in said.buttons if button.theme is not None}


def narrowed(said: Message, sees: Collection[int], asked: Collection[int]) -> Message:
    """As much of it as somebody may see, who was asked about these themes and sees those.

    Raises: Gone where nothing is left.
    """
    if set(sees).issuperset(asked):
        return said
    lines = [block for block in said.blocks if isinstance(block, InTheme)]
    if lines and not any(line.theme in sees or line.otherwise for line in lines):
        raise Gone("they see nothing of it any more")
    blocks = tuple(seen for block in said.blocks if (seen := _seen_of(block, sees)))
    controls = tuple(
        control
        for control in said.controls
        if not isinstance(control, Button) or control.theme is None or control.theme in sees
    )
    return replace(said, blocks=blocks, controls=controls)


def _seen_of(block: Block, sees: Collection[int]) -> Block | None:
    if not isinstance(block, InTheme) or block.theme in sees:
        return block
    return block.otherwise


def _by_account(there: Collection[_There]) -> Mapping[Identity, Sequence[_There]]:
    found: dict[Identity, list[_There]] = {}
    for each in there:
        found.setdefault(each.account, []).append(each)
    return found
