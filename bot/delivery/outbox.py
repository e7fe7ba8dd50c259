"""What is still to be said: delivered outside any transaction, in order within a place, once.

The post's id is the platform's idempotency key. A place that cannot be reached just now is
tried again with growing pauses; one that never will be is set aside, and the moderators are
told. Nothing is deleted.
"""

from __future__ import annotations

import logging
from collections.abc import Hashable, Iterable, Mapping
from datetime import datetime, timedelta

from bot.clock import Clock
from bot.delivery.worker import PARK_AFTER, Worker, pause
from bot.errors import TryLater, Unreachable
from bot.model.message import message, text
from bot.model.people import Identity, Place, Role
from bot.model.work import Post
from bot.ports.adapter import Adapter
from bot.ports.storage import Store, Transaction

log = logging.getLogger(__name__)


class Outbox:
    """Delivers posts through the adapters."""

    def __init__(self, store: Store, clock: Clock, adapters: Mapping[str, Adapter]) -> None:
        self._store = store
        self._clock = clock
        self._adapters = adapters
        self.worker = Worker("outbox", clock, self._due, self._next_at, self._drain)

    async def _due(self) -> Iterable[Hashable]:
        now = self._clock.now()
        return await self._store.read(lambda tx: tx.posts.waiting(self._adapters, now))

    async def _next_at(self) -> datetime | None:
        return await self._store.read(lambda tx: tx.posts.next_try(self._adapters))

    async def _drain(self, key: Hashable) -> None:
        assert isinstance(key, (Place, Identity))
        to = key
        while post := await self._store.run(lambda tx: self._take(tx, to)):
            if not await self._deliver(post):
                return

    def _take(self, tx: Transaction, to: Place | Identity) -> Post | None:
        """What is next; that it is being tried is kept before anybody can see it."""
        now = self._clock.now()
        post = tx.posts.next_for(to, now)
        if post and post.tried_at is None:
            tx.posts.tried(post.id, now)
        return post

    async def _deliver(self, post: Post) -> bool:
        """Say it; False if this place has to wait."""
        adapter = self._adapters[post.to.platform]
        try:
            if isinstance(post.to, Place):
                ref = await adapter.send(post.to, post.message, post.id, post.tried_at)
            else:
                ref = await adapter.whisper(post.to, post.message, post.id, post.tried_at)
        except TryLater as busy:
            later = self._clock.now() + timedelta(seconds=busy.seconds)
            await self._store.run(lambda tx: tx.posts.later(post.id, later, failed=False))
            return False
        except Unreachable as gone:
            await self._park(post, str(gone))
            return True
        except Exception as error:
            return await self._failed(post, error)
        sent_at = self._clock.now()
        await self._store.run(lambda tx: tx.posts.sent(post.id, post.to.platform, ref, sent_at))
        return True

    async def _failed(self, post: Post, error: Exception) -> bool:
        log.warning("Could not deliver %s (attempt %d): %s", post.id, post.attempts + 1, type(error).__name__)
        if post.attempts + 1 >= PARK_AFTER:
            await self._park(post, type(error).__name__)
            return True
        later = self._clock.now() + pause(post.attempts)
        await self._store.run(lambda tx: tx.posts.later(post.id, later, failed=True))
        return False

    async def _park(self, post: Post, reason: str) -> None:
        """Set it aside; that a place cannot be reached is for the moderators to mend."""
        log.warning("Set aside %s: %s", post.id, reason)
        now = self._clock.now()

        def park(tx: Transaction) -> None:
            tx.posts.park(post.id, reason)
            if isinstance(post.to, Place):
                told = message(text("outbox.parked", place=post.to.room_id, reason=reason))
                for moderator in tx.people.with_role(Role.MODERATOR):
                    # Once a day for each place, however much was meant for it.
                    key = f"parked:{post.to.room_id}:{now:%Y-%m-%d}:{moderator.user_id}"
                    tx.posts.add(key, moderator, told, now)

        await self._store.run(park)
        self.worker.wake()
