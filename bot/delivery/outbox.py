"""What is still to be said: delivered outside any transaction, in order within a place, once.

The post's id is the platform's idempotency key. What cannot be said just now waits, and is tried again with
growing pauses or when something changed; what never can be is set aside, and the moderators are told. What
is for a person goes to their next account instead, as long as it is certain that it did not arrive. A
post that was changed or withdrawn has another wanted state, which is made true in the same way. Nothing is
deleted.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from bot.clock import Clock
from bot.communities import Communities, of_community
from bot.delivery.leaving import note_gone
from bot.delivery.seeing import Seeing, plain
from bot.delivery.worker import (
    LEFT_TO_OTHERS,
    LONGEST_DELIVERY,
    PutBack,
    Round,
    Worker,
    given_up,
    patience,
    pause,
    reason_of,
    tell_moderators_of,
)
from bot.errors import Gone, NoSuchAccount, NotNow, NotOurs, Refused, Shut, StoreFailed, TryLater
from bot.model.people import Identity, Place, Presences, Role, part_now
from bot.model.work import AWAY_AFTER, Delivery, Post
from bot.ports.adapter import Adapter, Listener
from bot.ports.storage import Store, Transaction
from bot.zones import zone_or

log = logging.getLogger(__name__)
# With the boards' eight there are at most 32 deliveries under way for an account.
AT_ONCE = 24


class Outbox:
    """Delivers posts through the adapters, which are by account."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        adapters: Mapping[str, Adapter],
        communities: Communities,
        seeing: Seeing,
    ) -> None:
        self._store = store
        self._seeing = seeing
        self._communities = communities
        self._clock = clock
        self._adapters = adapters
        self._put_back = PutBack()
        self.worker = Worker(
            "outbox",
            clock,
            adapters.keys(),
            self._take,
            self._deliver,
            at_once=AT_ONCE,
            follow=self._next,
        )
        store.on_commit("post", self.worker.wake)

    async def _take(self, account: str, busy: Collection[Hashable], limit: int) -> Round[Post]:
        """What is next in each place; that it is being tried is kept before anybody can see it."""
        now = self._clock.now()
        if self._put_back.noticed(account, now):
            await self._store.run_anywhere(lambda tx: tx.posts.retry(account, None, now))
        # As those that are busy are still due, a page has room for them.
        page = limit + len(busy)

        def take(tx: Transaction) -> Round[Post]:
            due = [post for post in tx.posts.due(account, now, page) if post.to not in busy][:limit]
            _note_tried(tx, due, now)
            next_at = None if len(due) == limit else tx.posts.next_try([account], now)
            return Round([(post.to, post) for post in due], next_at)

        return await self._store.run_anywhere(take)

    async def _next(self, before: Post) -> Post | None:
        now = self._clock.now()

        def take(tx: Transaction) -> Post | None:
            post = tx.posts.next_for(before.to, before.account, now)
            _note_tried(tx, [post] if post else [], now)
            return post

        return await self._store.run_anywhere(take)

    async def _deliver(self, post: Post) -> bool:
        """Make its wanted state true; False if this place has to wait."""
        try:
            async with asyncio.timeout(LONGEST_DELIVERY):
                await self._show(post)
        except Gone as gone:
            if isinstance(gone, NoSuchAccount) and isinstance(post.to, Identity):
                await self._run(post, partial(note_gone, post.to, self._clock.now()))
            await self._gone(post, gone)
        except NotOurs as refused:
            if _may_go_elsewhere(post, refused):
                await self._gone(post, refused)
                return True
            log.warning("Left %s to another account: %s", post.logged, refused)
            return await self._wait(post, LEFT_TO_OTHERS, unsent=True)
        except (NotNow, OSError) as refused:
            if isinstance(refused, Refused) and post.otherwise and _may_go_elsewhere(post, refused):
                await self._gone(post, refused)
                return True
            # OSError: a connection that failed, or took too long.
            unsent = isinstance(refused, NotNow) and refused.unsent
            return await self._wait(post, self._pause(post, refused), unsent=unsent)
        except StoreFailed:
            raise
        except Exception as error:
            return await self._failed(post, error)
        return True

    async def _run(self, post: Post, work: Callable[[Transaction], None]) -> None:
        await self._store.run(work, community=post.community)

    async def _show(self, post: Post) -> None:
        adapter = self._adapters[post.account]
        if post.withdrawn and post.ref:
            await adapter.retract(post.to, post.ref, f"{post.key}:withdrawn")
            await self._stands_nowhere(post)
            return
        if post.until and post.until <= self._clock.now() and not post.ref:
            # Whatever kept it, and whether or not it arrived.
            await self._stands_nowhere(post)
            return
        alone = isinstance(post.to, Identity)
        if alone and post.begun and not post.ref and not post.in_doubt:
            await self._wait_for_the_morning(post)
        if not await self._is_for_them(adapter, post):
            raise Gone("they take no part there any more")
        mentions = await self._mentioned_there(adapter, post)
        if post.begun and not alone and not mentions:
            # They are where else it is said.
            await self._stands_nowhere(post)
            return
        said = await self._seeing.left_of(post)
        message = plain(said)
        if isinstance(post.to, Identity):
            message = await self._communities.headed(message, post.to, post.community)
        # One that was withdrawn while nobody knew whether it had arrived is said again to learn where it is.
        receipt = await adapter.deliver(
            Delivery(
                post.key,
                post.to,
                of_community(message, post.community),
                reply_to=post.reply_to,
                replaces=post.ref,
                mentions=mentions,
                tried_at=post.tried_at,
                opens=not (alone and (post.begun or post.otherwise)),
            )
        )
        now = self._clock.now()
        narrowed = None if said is post.message else said
        await self._run(post, lambda tx: tx.posts.shown(post, receipt, now, narrowed))

    async def _stands_nowhere(self, post: Post) -> None:
        now = self._clock.now()
        await self._run(post, lambda tx: tx.posts.retracted(post, now))

    async def _wait_for_the_morning(self, post: Post) -> None:
        """Raises: TryLater in the quiet hours of its community, by the clocks of whom it is for."""
        configured, now = self._communities.configured(post.community), self._clock.now()

        def ends_at(tx: Transaction) -> datetime | None:
            settings = configured.changed(tx.communities.settings())
            who = tx.people.by_identity(post.to) if isinstance(post.to, Identity) else None
            return settings.quiet_until(now, zone_or(who.zone if who else None, settings.zone))

        if ends := await self._store.read(ends_at, community=post.community):
            raise TryLater((ends - now).total_seconds(), unsent=True)

    async def _is_for_them(self, adapter: Adapter, post: Post) -> bool:
        """Whether the account that it goes to takes part in its theme now, in the role that it is for."""
        theme, to = post.theme, post.to
        if isinstance(to, Place):
            return True
        if theme is None:
            return await self._has_everywhere(to, post)
        known = await self._store.read(
            lambda tx: tx.places.on(to.platform, [theme]), community=post.community
        )
        places = known.get(theme, ())
        now = self._clock.now()
        found = await adapter.presence(to, places) if places and isinstance(adapter, Listener) else {}
        told = await self._store.read(lambda tx: tx.people.part_of(to, theme), community=post.community)
        part = part_now(places, found, told, now)
        if part is None or part.role >= post.role:
            return part is not None
        return await self._has_everywhere(to, post)

    async def _has_everywhere(self, account: Identity, post: Post) -> bool:
        """Whether whoever has that account has that role in the whole community."""
        if post.role is Role.RESIDENT:
            return True
        who = await self._store.read(lambda tx: tx.people.by_identity(account), community=post.community)
        return who is not None and who.role >= post.role

    async def _mentioned_there(self, adapter: Adapter, post: Post) -> tuple[Identity, ...]:
        """Those whom it mentions in this place: of those of its theme there each in the first where they are.

        Of whom the platform does not say where they are, in the first where they may be.
        """
        theme, to = post.theme, post.to
        if theme is None or not isinstance(to, Place) or not isinstance(adapter, Listener):
            return post.mentions
        known = await self._store.read(
            lambda tx: tx.places.on(to.platform, [theme]), community=post.community
        )
        places = known.get(theme, ())
        if len(places) < 2 and not post.begun:
            return post.mentions
        found = await asyncio.gather(*(_present(adapter, who, places) for who in post.mentions))
        there = zip(post.mentions, found, strict=True)
        return tuple(who for who, present in there if _where(places, present) == to)

    def _pause(self, post: Post, refused: Exception) -> timedelta:
        seconds = refused.seconds if isinstance(refused, NotNow) else None
        if seconds is not None:
            return timedelta(seconds=seconds)
        log.warning("Not now, %s: %s", post.logged, refused or type(refused).__name__)
        now = self._clock.now()
        return patience(now - (post.tried_at or now))

    async def _wait(
        self, post: Post, pause: timedelta, *, failed: bool = False, unsent: bool = False
    ) -> bool:
        later = self._clock.now() + pause
        in_doubt = post.in_doubt or not unsent

        def wait(tx: Transaction) -> None:
            tx.posts.later(post.id, later, failed=failed, in_doubt=in_doubt)
            if isinstance(post.to, Identity):
                tx.posts.keep_newest(post.account, post.to)
            if post.resident is not None:
                now = self._clock.now()
                tx.told.keep_newest(post.resident, now, now - AWAY_AFTER)

        await self._run(post, wait)
        return False

    async def _failed(self, post: Post, error: Exception) -> bool:
        attempt, reason = post.attempts + 1, reason_of(error)
        log.warning("Could not deliver %s (attempt %d): %s", post.logged, attempt, reason)
        if given_up(attempt, error):
            await self._park(post, reason)
            return True
        return await self._wait(post, pause(post.attempts), failed=True)

    async def _gone(self, post: Post, refusal: Exception) -> None:
        """Never there: what is for a person goes elsewhere, unless it may have arrived there after all."""
        goes_on, shut, reason = _may_go_elsewhere(post, refusal), isinstance(refusal, Shut), str(refusal)
        now = self._clock.now()

        def go_on(tx: Transaction) -> None:
            if shut and isinstance(post.to, Identity):
                tx.people.talks(post.to, talks=False)
            if goes_on:
                tx.told.pass_on(post, now, now - AWAY_AFTER)

        if shut or goes_on:
            await self._run(post, go_on)
        if goes_on:
            log.info("Passed on %s: %s", post.logged, reason)
        else:
            await self._park(post, reason)

    async def _park(self, post: Post, reason: str) -> None:
        """Set it aside; that a place cannot be reached is for the moderators to mend."""
        log.warning("Set aside %s: %s", post.logged, reason)
        now = self._clock.now()

        def park(tx: Transaction) -> None:
            tx.posts.park(post.id, reason)
            if isinstance(post.to, Place):
                tell_moderators_of(tx, post.to, reason, now)

        await self._run(post, park)


def _note_tried(tx: Transaction, due: Sequence[Post], now: datetime) -> None:
    for community in sorted({post.community for post in due}):
        new = [post.id for post in due if post.community == community and not post.in_doubt]
        with tx.within(community):
            tx.posts.tried(new, now)


async def _present(adapter: Listener, who: Identity, places: Sequence[Place]) -> Presences:
    """What the platform says of it; nothing holds up what is for everybody there."""
    try:
        return await adapter.presence(who, places)
    except (NotNow, OSError):
        return {}


def _where(places: Sequence[Place], present: Presences) -> Place | None:
    """In which of these somebody is mentioned."""
    here = [place for place in places if present.get(place)]
    return next(iter(here or [place for place in places if place not in present]), None)


def _may_go_elsewhere(post: Post, refusal: Exception) -> bool:
    """Whether it is for a person, and certain that nothing of it ever came to this account of theirs. By a
    refusal nothing arrived before either, of what is said otherwise where it is lost.
    """
    refused = isinstance(refusal, Shut | NotOurs | Refused) and post.otherwise
    return post.resident is not None and not post.ref and (refused or not post.in_doubt)
