"""Messages that show a state, kept up to date: a thousand votes cost a few edits.

A change only counts the subject's version up, inside the change's own transaction. This worker reads what
is behind once a round, renders each subject once, and edits each board at most once per interval, those of a
place by turns. An edit states the whole, so that a repeated or lost one does no harm.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from bot.call import Call
from bot.clock import Clock
from bot.communities import of_community
from bot.delivery.turns import Turns
from bot.delivery.worker import (
    LEFT_TO_OTHERS,
    LONGEST_DELIVERY,
    LONGEST_PATIENCE,
    PutBack,
    Round,
    Worker,
    given_up,
    pause,
    reason_of,
    tell_moderators_of,
)
from bot.errors import Gone, NotNow, NotOurs, StoreFailed
from bot.feature import Show
from bot.model.message import Message
from bot.model.work import Board, Delivery, Reference
from bot.ports.adapter import Adapter
from bot.ports.storage import Store, Transaction

log = logging.getLogger(__name__)
GATHER = 0.05
# With the outbox's there are at most 32 deliveries under way for an account.
AT_ONCE = 8
# So many are read in a round: what is behind by then waits for all of these.
PAGE = 100
Rendered = tuple[Board, Message]


class _Found(NamedTuple):
    """What is to be shown, which boards have nothing to show any more, which could not be rendered, and when
    more becomes due.
    """

    due: list[Rendered]
    over: list[Board]
    failed: list[Board]
    next_at: datetime | None


class Boards:
    """Shows subjects such as `poll:3`; `shows` has the feature's function for each kind."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        adapters: Mapping[str, Adapter],
        shows: Mapping[str, Show],
        call_for: Callable[[Transaction, str], Call],
        rest: float,
    ) -> None:
        self._store = store
        self._clock = clock
        self._adapters = adapters
        self._shows = shows
        self._call_for = call_for
        self._rest = timedelta(seconds=rest)
        self._turns = Turns(self._rest)
        self._put_back = PutBack()
        self.worker = Worker(
            "boards", clock, adapters.keys(), self._take, self._update, at_once=AT_ONCE, rest=GATHER
        )
        store.on_commit("board", self.worker.wake)

    async def _take(self, account: str, busy: Collection[Hashable], limit: int) -> Round[Rendered]:
        """What is behind, with what is to be shown; what changes from now on comes with the next edit.

        It is read beside those who write. That a board is posted for the first time is kept before anybody
        can see it.
        """
        keys, now = frozenset(busy), self._clock.now()
        if self._put_back.noticed(account, now):
            await self._store.run_anywhere(lambda tx: tx.boards.retry(account, None, now))
        found = await self._store.read_anywhere(
            lambda tx: self._read(tx, account, keys, max(limit, PAGE), now)
        )
        first = [board for board, _ in found.due if not board.ref and board.tried_at is None]

        def note(tx: Transaction) -> None:
            for community in sorted({board.community for board in (*first, *found.over)}):
                with tx.within(community):
                    tx.boards.tried([board for board in first if board.community == community], now)
                    for board in found.over:
                        if board.community == community:
                            tx.boards.drop(board.subject, board.place)

        if first or found.over:
            await self._store.run_anywhere(note)
        for board in found.failed:
            await self._wait(board, pause(board.attempts), failed=True)
        return Round([(_key(board), (board, shows)) for board, shows in found.due], found.next_at)

    def _read(
        self, tx: Transaction, account: str, busy: Collection[Hashable], limit: int, now: datetime
    ) -> _Found:
        resting = self._turns.resting(now)
        stale = tx.boards.stale(account, now, limit + len(busy), resting)
        free = [board for board in stale if _key(board) not in busy]
        chosen, next_turn = self._turns.take(free, now)
        shows: dict[tuple[int, str], Message | None] = {}
        failed: set[tuple[int, str]] = set()
        for community, whole in sorted(set(map(_subject, chosen))):
            kind, _, subject = whole.partition(":")
            try:
                with tx.within(community):
                    message = self._shows[kind](self._call_for(tx, subject), subject)
            except StoreFailed:
                raise
            except Exception:
                log.exception("Could not render %s", whole)
                failed.add((community, whole))
                continue
            shows[community, whole] = of_community(message, community) if message else None
        due = [(board, message) for board in chosen if (message := shows.get(_subject(board)))]
        wrong = [board for board in chosen if _subject(board) in failed]
        over = [board for board in chosen if not shows.get(_subject(board), True)]
        more = now if len(stale) > limit and chosen else tx.boards.next_try([account], now)
        moments = (more, next_turn, *resting.values())
        return _Found(due, over, wrong, min(filter(None, moments), default=None))

    async def _update(self, item: Rendered) -> bool:
        board, message = item
        try:
            async with asyncio.timeout(LONGEST_DELIVERY):
                ref = await self._show(board, message)
            await self._note(board, message, ref)
        except Gone as gone:
            await self._drop(board, str(gone))
        except NotOurs as refused:
            log.warning("Left the board of %s to another account: %s", board.subject, refused)
            await self._wait(board, LEFT_TO_OTHERS)
        except (NotNow, OSError) as refused:
            seconds = refused.seconds if isinstance(refused, NotNow) else None
            if seconds is not None:
                await self._wait(board, timedelta(seconds=seconds))
            else:
                log.warning("No board of %s now: %s", board.subject, refused or type(refused).__name__)
                await self._wait(board, pause(board.attempts, LONGEST_PATIENCE), failed=True)
        except StoreFailed:
            raise
        except Exception as error:
            attempt, reason = board.attempts + 1, reason_of(error)
            log.warning("Could not show %s (attempt %d): %s", board.subject, attempt, reason)
            if given_up(attempt, error):
                # A board is never set aside: what it shows may be shown once more when that changes.
                await self._store.run(
                    lambda tx: tell_moderators_of(tx, board.place, reason, self._clock.now()),
                    community=board.community,
                )
            await self._wait(board, pause(board.attempts), failed=True)
        return True

    async def _show(self, board: Board, message: Message) -> Reference:
        # The key of the first names the board, not its state: after a crash the same message is found again.
        key = f"{board.key}:{board.version}" if board.ref else board.key
        tried_at = None if board.ref else board.tried_at
        # That there is something to take part in is news; how it stands, or a board that comes again, is not.
        quiet = bool(board.ref) or board.version > 1
        called = tuple(who for who in message.calls if who.platform == board.place.platform)
        delivery = Delivery(
            *(key, board.place, message),
            replaces=board.ref,
            mentions=() if quiet else called,
            tried_at=tried_at,
            quiet=quiet,
        )
        return (await self._adapters[board.account].deliver(delivery)).ref

    async def _note(self, board: Board, message: Message, ref: Reference) -> None:
        if not board.ref and board.tried_at is not None:
            # Perhaps it had arrived the first time, with the state of then: an edit says what holds now.
            board = replace(board, version=0)
        next_at = self._clock.now() + self._rest
        kept = replace(message, calls=())
        await self._store.run(
            lambda tx: tx.boards.shown(board, ref, kept, next_at), community=board.community
        )

    async def _wait(self, board: Board, pause: timedelta, *, failed: bool = False) -> None:
        later = self._clock.now() + pause
        await self._store.run(
            lambda tx: tx.boards.later(board, later, failed=failed), community=board.community
        )

    async def _drop(self, board: Board, reason: str) -> None:
        log.warning("No board of %s any more: %s", board.subject, reason)
        now = self._clock.now()

        def drop(tx: Transaction) -> None:
            tx.boards.drop(board.subject, board.place)
            tell_moderators_of(tx, board.place, reason, now)

        await self._store.run(drop, community=board.community)


def _subject(board: Board) -> tuple[int, str]:
    return board.community, board.subject


def _key(board: Board) -> Hashable:
    return board.community, board.subject, board.place
