"""Messages that show a state, kept up to date: a thousand votes cost a few edits.

A change only counts the subject's version up, inside the change's own transaction. This worker
renders what is behind and edits each board at most once per rest. An edit states the
whole, so that a repeated or lost one does no harm.
"""

from __future__ import annotations

import logging
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from bot.clock import Clock
from bot.delivery.worker import Worker, pause
from bot.errors import TryLater, Unreachable
from bot.feature import Show
from bot.model.message import Message
from bot.model.work import Board
from bot.ports.adapter import Adapter
from bot.ports.storage import Store, Transaction

log = logging.getLogger(__name__)
GATHER = 0.05


class Boards:
    """Shows subjects such as `poll:3`; `shows` has the feature's function for each kind."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        adapters: Mapping[str, Adapter],
        shows: Mapping[str, Show],
        rest: float,
    ) -> None:
        self._store = store
        self._clock = clock
        self._adapters = adapters
        self._shows = shows
        self._rest = timedelta(seconds=rest)
        self.worker = Worker("boards", clock, self._due, self._next_at, self._update, rest=GATHER)

    async def _due(self) -> Iterable[Hashable]:
        now = self._clock.now()
        stale = await self._store.read(lambda tx: tx.boards.stale(self._adapters, now))
        return [(board.subject, board.place) for board in stale]

    async def _next_at(self) -> datetime | None:
        return await self._store.read(lambda tx: tx.boards.next_try(self._adapters))

    async def _update(self, key: Hashable) -> None:
        """Show the newest state of one board; what changed meanwhile comes with the next edit."""
        found = await self._store.run(lambda tx: self._read(tx, key))
        if found is None:
            return
        board, message = found
        try:
            refs = await self._show(board, message)
        except TryLater as busy:
            later = self._clock.now() + timedelta(seconds=busy.seconds)
            await self._store.run(lambda tx: tx.boards.later(board, later, failed=False))
            return
        except Unreachable as gone:
            log.warning("No board of %s any more: %s", board.subject, gone)
            await self._store.run(lambda tx: tx.boards.drop(board.subject, board.place))
            return
        except Exception as error:
            log.warning(
                "Could not show %s (attempt %d): %s", board.subject, board.attempts + 1, type(error).__name__
            )
            later = self._clock.now() + pause(board.attempts)
            await self._store.run(lambda tx: tx.boards.later(board, later, failed=True))
            return
        if board.sent_as is None and board.tried_at is not None:
            # Perhaps it had arrived the first time, with the state of then: an edit says what holds now.
            board = replace(board, version=0)
        next_at = self._clock.now() + self._rest
        await self._store.run(lambda tx: tx.boards.shown(board, refs, message, next_at))

    def _read(self, tx: Transaction, key: Hashable) -> tuple[Board, Message] | None:
        now = self._clock.now()
        for board in tx.boards.stale(self._adapters, now):
            if (board.subject, board.place) == key:
                kind, _, subject = board.subject.partition(":")
                message = self._shows[kind](tx, subject)
                if message is None:
                    tx.boards.drop(board.subject, board.place)
                    return None
                if board.sent_as is None and board.tried_at is None:
                    tx.boards.tried(board, now)
                return board, message
        return None

    async def _show(self, board: Board, message: Message) -> str | None:
        adapter = self._adapters[board.place.platform]
        if board.sent_as is None:
            # The key names this board, not its state: after a crash the same message is found again.
            return await adapter.send(board.place, message, board.key, board.tried_at)
        key = f"{board.key}:{board.version}"
        return await adapter.edit(board.place, board.sent_as, message, key)
