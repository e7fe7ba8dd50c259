"""Files that people post, fetched where they did and handed to where they are to stand.

None is ever whole in memory: for as long as it is handed on it is on a disk, in a file that has no name, so
that nothing of it is left after a crash either.
"""

from __future__ import annotations

import asyncio
import logging
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import BinaryIO

from bot.clock import Clock
from bot.errors import Gone, NotCarried, Refused, StoreFailed, TryLater
from bot.files import PATIENCE, examined, too_large, unreadable
from bot.model.carried import Copy
from bot.model.files import Fetched, Posted
from bot.model.people import Place
from bot.ports.adapter import Adapter, Keeper
from bot.ports.storage import Store, Transaction

log = logging.getLogger(__name__)
# So many seconds one may take, and until it is asked for again; once that was done for long enough few, as
# there may be ten of them.
AGAIN, WITHIN, AT_LAST = 10.0, 45.0, 5.0


class Files:
    """Has the adapters, which are by account, give what is in the files that people posted."""

    def __init__(self, store: Store, clock: Clock, adapters: Mapping[str, Adapter]) -> None:
        self._store = store
        self._clock = clock
        self._adapters = adapters

    @asynccontextmanager
    async def fetch(self, copy: Copy, posted: Posted, most: int) -> AsyncIterator[Fetched]:
        """See `Core.fetch`."""
        if posted.size is not None and posted.size > most:
            raise NotCarried(too_large(posted, most))
        with tempfile.TemporaryFile(prefix="plein-") as into:
            size = await self._fill(into, copy, posted, most)
            yield await asyncio.to_thread(examined, posted, into, size)

    async def _fill(self, into: BinaryIO, copy: Copy, posted: Posted, most: int) -> int:
        """How many bytes it has."""
        size, now = 0, self._clock.now()
        is_last = now - (copy.tried_at or now) >= PATIENCE

        def take(piece: bytes) -> None:
            nonlocal size
            size += len(piece)
            if size > most:
                raise NotCarried(too_large(posted, most))
            into.write(piece)

        try:
            place, keeper = await self._keeper(copy)
            async with asyncio.timeout(AT_LAST if is_last else WITHIN):
                await keeper.fetch(place, posted, take)
        except (StoreFailed, NotCarried):
            raise
        except (Gone, Refused) as refused:
            raise NotCarried(unreadable(posted)) from refused
        except Exception as trouble:
            # Whatever it is: no words wait for long for a file.
            log.warning("A file of message %d cannot be fetched: %s", copy.message, type(trouble).__name__)
            if is_last:
                raise NotCarried(unreadable(posted)) from trouble
            raise TryLater(getattr(trouble, "seconds", None) or AGAIN, unsent=True) from trouble
        return size

    async def _keeper(self, copy: Copy) -> tuple[Place, Keeper]:
        """Where it was said, and who hears there."""

        def look(tx: Transaction) -> tuple[Place, str | None]:
            place, *_ = tx.copies.places_of(copy.message)
            return place, tx.places.served_by(place)

        place, account = await self._store.read(look, community=copy.community)
        adapter = self._adapters.get(account or "")
        if adapter is None:
            raise TryLater(AGAIN)
        if not isinstance(adapter, Keeper):
            raise Gone("no files are kept there")
        return place, adapter
