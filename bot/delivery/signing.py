"""The signs that people put on a message elsewhere, made to stand on it where they are wanted.

One at a time in a place. That one is being made so is kept before anybody can see it, and as which event it
stands there afterwards. What cannot be done just now holds up no other.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from datetime import timedelta

from bot.carrying import Carried
from bot.clock import Clock
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
)
from bot.errors import Gone, NotNow, NotOurs, Refused, StoreFailed, Unsigned
from bot.model.signs import Sign, Why
from bot.ports.adapter import Adapter, Signer
from bot.ports.storage import Store, Transaction

log = logging.getLogger(__name__)
AT_ONCE = 8
# So many are looked at for one that can be done: of a place there may be many.
LOOKED_AT = 20
# What somebody may allow meanwhile is tried again so much later.
A_WHILE = timedelta(hours=1)


class Signing:
    """Has the adapters, which are by account, put signs on messages and take them away."""

    def __init__(self, store: Store, clock: Clock, adapters: Mapping[str, Adapter], carried: Carried) -> None:
        self._store = store
        self._clock = clock
        self._adapters = adapters
        self._carried = carried
        self._put_back = PutBack()
        self.worker = Worker(
            "signing", clock, adapters.keys(), self._take, self._sign, at_once=AT_ONCE, follow=self._next
        )
        store.on_commit("sign", self.worker.wake)

    async def _take(self, account: str, busy: Collection[Hashable], limit: int) -> Round[Sign]:
        """One of each place that is not busy."""
        if not self._carried.may_be_anywhere:
            return Round([], None)
        now = self._clock.now()
        if self._put_back.noticed(account, now):
            await self._store.run_anywhere(lambda tx: tx.signs.retry(account, None, now))

        def take(tx: Transaction) -> Round[Sign]:
            first = dict[Hashable, Sign]()
            for each in tx.signs.due(account, now, LOOKED_AT * (limit + len(busy))):
                if each.place not in busy and len(first) < limit:
                    first.setdefault(each.place, each)
            _note_tried(tx, list(first.values()), self._clock)
            return Round(list(first.items()), tx.signs.next_try(account, now))

        return await self._store.run_anywhere(take)

    async def _next(self, before: Sign) -> Sign | None:
        """What else is due in that place."""
        now = self._clock.now()

        def take(tx: Transaction) -> Sign | None:
            found = tx.signs.next_in(before.place, before.account, now)
            _note_tried(tx, [found] if found else [], self._clock)
            return found

        return await self._store.run_anywhere(take)

    async def _sign(self, sign: Sign) -> bool:
        """Make it so; whether others may follow in that place at once."""
        try:
            async with asyncio.timeout(LONGEST_DELIVERY):
                await self._make(sign)
        except Unsigned as no:
            await self._park(sign, no.why)
        except Gone:
            await self._park(sign, Why.GONE)
        except Refused as no:
            log.info("Not there, %s: %s", _called(sign), no)
            await self._park(sign, Why.REFUSED, again=A_WHILE)
        except NotOurs as no:
            log.warning("Left %s to another account: %s", _called(sign), no)
            await self._wait(sign, LEFT_TO_OTHERS, undone=True)
        except (NotNow, OSError) as no:
            await self._wait(sign, self._pause(sign, no), undone=isinstance(no, NotNow) and no.unsent)
        except StoreFailed:
            raise
        except Exception as error:
            await self._failed(sign, error)
        return True

    async def _make(self, sign: Sign) -> None:
        adapter = self._adapters[sign.account]
        if not isinstance(adapter, Signer):
            raise Unsigned(Why.NOBODY)
        event = await adapter.sign(sign)
        await self._run(sign, lambda tx: tx.signs.done(sign, event, self._clock.now()))

    async def _run(self, sign: Sign, work: Callable[[Transaction], None]) -> None:
        await self._store.run(work, community=sign.community)

    def _pause(self, sign: Sign, no: Exception) -> timedelta:
        if isinstance(no, NotNow) and no.seconds is not None:
            return timedelta(seconds=no.seconds)
        log.info("Not now, %s: %s", _called(sign), no or type(no).__name__)
        now = self._clock.now()
        return patience(now - (sign.tried_at or now))

    async def _wait(self, sign: Sign, span: timedelta, *, failed: bool = False, undone: bool = False) -> None:
        when = self._clock.now() + span
        await self._run(sign, lambda tx: tx.signs.later(sign, when, failed=failed, undone=undone))

    async def _failed(self, sign: Sign, error: Exception) -> None:
        attempt = sign.attempts + 1
        log.warning("Failed, %s (attempt %d): %s", _called(sign), attempt, reason_of(error))
        if given_up(attempt, error):
            await self._park(sign, Why.FAILED)
        else:
            await self._wait(sign, pause(sign.attempts), failed=True)

    async def _park(self, sign: Sign, why: Why, *, again: timedelta | None = None) -> None:
        now = self._clock.now()
        until = now + again if again else None
        await self._run(sign, lambda tx: tx.signs.park(sign, why, now, until))


def _note_tried(tx: Transaction, due: Sequence[Sign], clock: Clock) -> None:
    for community in sorted({each.community for each in due}):
        with tx.within(community):
            tx.signs.tried([each for each in due if each.community == community], clock.now())


def _called(sign: Sign) -> str:
    """For the log, without anything that people typed."""
    return f"a sign on message {sign.message} in {sign.place.room_id}"
