"""That places are relayed, and who reads there, made to stand in what their platforms say of them.

What is about to be written is kept first, so that a line is found and taken away again after a crash. Where a
platform does not let Plein write it, or there is nothing to add a line to, it stays as it is.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from functools import partial

from bot.carrying import Carried
from bot.clock import Clock
from bot.communities import Communities
from bot.delivery.worker import FIRST_PAUSE
from bot.described import Described, note, of_all
from bot.errors import Gone, NotNow, NotOurs, Refused, StoreFailed, UserError
from bot.model.people import Place
from bot.ports.adapter import Adapter, Carrier
from bot.ports.storage import Store, Transaction
from bot.texts import Texts, Voice

log = logging.getLogger(__name__)
# So many seconds later what could not be written just now is tried again.
AGAIN_AFTER = 600.0


class Describing:
    """Has the adapters, which are by account, write and take away those lines."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        adapters: Mapping[str, Adapter],
        communities: Communities,
        carried: Carried,
        texts: Texts,
    ) -> None:
        self._store = store
        self._clock = clock
        self._adapters = adapters
        self._communities = communities
        self._carried = carried
        self._texts = texts
        self._woken = asyncio.Event()
        # What could not be written since that may have changed.
        self._refused: dict[Place, str] = {}
        store.on_commit("carried", self._woken.set)

    def wake(self) -> None:
        self._woken.set()

    def again(self) -> None:
        """What was refused may be taken now."""
        self._refused.clear()
        self.wake()

    async def run(self) -> None:
        """Go on for ever."""
        while True:
            self._woken.clear()
            try:
                wait = None if await self.flush() else AGAIN_AFTER
            except StoreFailed as error:
                log.warning("describing: the database does not answer (%s); trying again", error)
                wait = FIRST_PAUSE
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._woken.wait()

    async def flush(self) -> bool:
        """Write all that can be written now; whether nothing is left. Raises: StoreFailed."""
        done = True
        for community in self._communities.served:
            look = partial(self._look, community)
            for place, (account, line, known) in (await self._store.read(look, community=community)).items():
                done &= await self._describe(community, place, account, line, known)
        return done

    def _look(
        self, community: int, tx: Transaction
    ) -> Mapping[Place, tuple[str | None, str, Described | None]]:
        """Which places are to say something else: who serves each, what it is to say, and what it may say."""
        known = of_all(tx)
        told = self._carried.told(tx) if self._carried.may_be(community) else {}
        if not (known or told):
            return {}
        settings = self._communities.configured(community).changed(tx.communities.settings())
        found = {}
        for place in {**known, **told}:
            line = ""
            if place in told:
                here = tx.places.known(place)
                locale = self._texts.nearest(here[1] if here else None, settings.locale)
                line = self._texts.write(told[place], Voice(locale, settings.zone, self._clock.now()))
            now = known.get(place)
            is_settled = now.line == line and now.is_so if now else not line
            if not is_settled and self._refused.get(place) != line:
                found[place] = (tx.places.served_by(place), line, now)
        return found

    async def _describe(
        self, community: int, place: Place, account: str | None, line: str, known: Described | None
    ) -> bool:
        """Whether nothing is left to do there."""
        adapter = self._adapters.get(account or "")
        if not isinstance(adapter, Carrier):
            return True
        others = tuple({old for old in (known.line, *known.others) if old not in ("", line)} if known else ())
        await self._note(community, place, Described(line, None, others))
        try:
            is_so = await adapter.describe(place, line, others)
        except Gone:
            await self._note(community, place, None)
            return True
        except (Refused, UserError):
            is_so = False
        except NotOurs:
            return True
        except (NotNow, OSError) as error:
            log.info("describing: not now, %s: %s", place.room_id, error or type(error).__name__)
            return False
        if not is_so:
            self._refused[place] = line
        settled = Described(line, is_so, () if is_so else others)
        await self._note(community, place, settled if line or not is_so else None)
        return True

    async def _note(self, community: int, place: Place, described: Described | None) -> None:
        await self._store.run(lambda tx: note(tx, place, described), community=community)
