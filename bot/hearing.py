"""Talk that is no command, given to the features that listen: each event once, in one transaction.

Where none listens adapters bring none of it, and nothing is kept.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial

from bot.call import Call
from bot.communities import Communities
from bot.errors import StoreFailed
from bot.feature import Hear
from bot.model.events import Heard, Invocation
from bot.model.message import Message
from bot.model.people import Resident
from bot.names import called
from bot.ports.people import Recognised
from bot.ports.storage import Store, Transaction
from bot.speaker import is_over

log = logging.getLogger(__name__)
MakeCall = Callable[[Invocation, Recognised, Resident, Transaction], Call]


class Hearing:
    """Gives what is said in places to each of `hearers`. `call` makes what a handler gets."""

    def __init__(
        self, store: Store, communities: Communities, call: MakeCall, hearers: Sequence[Hear]
    ) -> None:
        self._store = store
        self._communities = communities
        self._call = call
        self._hearers = hearers

    @property
    def listens(self) -> bool:
        return bool(self._hearers)

    async def hear(self, heard: Heard) -> None:
        """Raises: StoreFailed if it could not be kept: try again."""
        if not self._hearers:
            return
        community = await self._communities.of_place(heard.place)
        if community is not None:  # elsewhere it has no theme
            await self._store.run(partial(self._once, heard), community=community)

    def _once(self, heard: Heard, tx: Transaction) -> None:
        known = tx.handled.recognise(heard.id, heard.author, heard.place)
        if known.answer or known.theme is None:
            return
        asked = Invocation(
            heard.id, heard.author, heard.name, heard.place, heard.at, public=True, account=heard.account
        )
        # Whoever only talks is not written down as a resident.
        call = self._call(asked, known, known.resident or Resident(0, called(heard.name)), tx)
        if is_over(known, heard.author, heard.at, tx, call.now):
            return
        for number, hearer in enumerate(self._hearers):
            try:
                with tx.savepoint(eager=True):
                    if answer := hearer(call, heard):
                        key = f"heard:{heard.id}:{number}"
                        said = Message(answer.blocks, answer.controls, call.locale)
                        call.post(heard.place, said, key, reply_to=heard.ref or None)
            except StoreFailed:
                raise
            except Exception:
                log.exception("What was heard as %s could not be dealt with", heard.id)
        tx.handled.add(heard.id, call.now, None, None, author=heard.author, by_mark=known.account is None)
