"""Who is gone for good: a community that Plein left, an account that does not exist any more.

Only what a platform says outright counts (`Core.left`, `NoSuchAccount`): that one is away, or Plein itself,
changes nothing. The moderators hear of it at once, and a month later nothing is kept any more. Who lets Plein
in again in time, or speaks after all, loses nothing.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from functools import partial

from bot.clock import Clock
from bot.delivery.worker import tell_moderators, tell_moderators_of_some
from bot.errors import StoreFailed
from bot.feature import Features
from bot.model.message import text
from bot.model.people import Identity
from bot.model.work import key_in
from bot.ports.storage import Store, Transaction

log = logging.getLogger(__name__)
LOOKS_EVERY = 3600.0
# So long people are still kept.
KEPT_FOR = timedelta(days=30)
# So many are forgotten at a time: others are waiting.
AT_A_TIME = 20


class Leaving:
    """Forgets the people of communities that Plein left, and whose account is gone."""

    def __init__(self, store: Store, clock: Clock, features: Features) -> None:
        self._store = store
        self._clock = clock
        self._features = features

    async def run(self) -> None:
        """Go on for ever."""
        while True:
            await self._clock.sleep(LOOKS_EVERY)
            try:
                await self.look()
            except StoreFailed as error:
                log.warning("leaving: the database does not answer (%s); looking later", error)

    async def look(self) -> None:
        now = self._clock.now()
        for community in await self._store.run_anywhere(partial(_over, now)):
            while await self._store.run(partial(self._forget_some, now), community=community):
                pass
        for community in await self._store.run_anywhere(_numbers):
            await self._store.run(partial(self._forget_gone, now), community=community)

    def _forget_gone(self, now: datetime, tx: Transaction) -> None:
        """One of several accounts of somebody's goes alone: they are still there on the others."""
        for resident, account in tx.people.long_gone(now - KEPT_FOR)[:AT_A_TIME]:
            if len(tx.people.known([resident])[resident].accounts) > 1:
                resident = self._features.part(tx, resident, [account])
            self._features.forget(tx, resident, now)

    def _forget_some(self, now: datetime, tx: Transaction) -> bool:
        """False once nobody is left."""
        if not tx.places.is_nowhere():
            return False
        some = tx.people.numbers(AT_A_TIME)
        for resident in some:
            self._features.forget(tx, resident, now)
        return bool(some)


def note_gone(account: Identity, now: datetime, tx: Transaction) -> None:
    """Its platform says that it does not exist any more."""
    if resident := tx.people.note_gone(account, now):
        told = text("account.gone", who=resident, until=now + KEPT_FOR)
        tell_moderators_of_some(tx, told, "gone", str(resident.id), now)


def _numbers(tx: Transaction) -> list[int]:
    return [community.number for community in tx.communities.all()]


def _over(now: datetime, tx: Transaction) -> list[int]:
    """The communities that Plein left so long ago."""
    found = []
    for community in tx.communities.all():
        if not community.served:
            continue  # it rests, for as long as whoever runs Plein wants
        with tx.within(community.number):
            if _is_over(tx, community.number, now):
                found.append(community.number)
    return found


def _is_over(tx: Transaction, community: int, now: datetime) -> bool:
    noted = key_in(community, "left since")
    since = tx.kept.get("", noted)
    if not tx.places.is_nowhere():
        if since:
            tx.kept.drop("", noted)
        return False
    if since is None:
        tx.kept.put("", noted, now.isoformat())
        tell_moderators(tx, text("left.everywhere", until=now + KEPT_FOR), "left", now)
        return False
    return now - datetime.fromisoformat(since) >= KEPT_FOR
