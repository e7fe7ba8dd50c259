"""Whose board is edited next in a place: whoever opens many there holds up nobody else's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby

from bot.model.people import Place
from bot.model.work import Board
from bot.recent import Recent

# As often as platforms let one message after another be edited in a place, for as long as one likes.
TURN = timedelta(seconds=1)
# Who had a turn so lately shares the place with whoever else had.
LATELY = timedelta(seconds=10)
# So many places are remembered; of one that is not, everybody's turn is the first.
MOST_PLACES = 2_000
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class Turns:
    """The turns of each place: an edit each, for whoever had none for longest.

    Boards that were opened by the same share theirs. While others have turns there too, each waits `rest`
    between two of their own: so those of somebody with one board, which rests as long, are always free.
    """

    def __init__(self, rest: timedelta) -> None:
        self._rest = rest
        self._turn = min(TURN, rest)
        # When each had their last turn there.
        self._had: Recent[Place, dict[int | None, datetime]] = Recent(MOST_PLACES)

    def take(self, boards: Sequence[Board], now: datetime) -> tuple[list[Board], datetime | None]:
        """Those whose turn it is now, in the order in which they were given; and when the next turn is.

        What was never posted yet needs none.
        """
        if not self._rest:
            return list(boards), None
        chosen = [board for board in boards if not board.ref]
        waiting = sorted((board for board in boards if board.ref), key=_where)
        moments = []
        for _, there in groupby(waiting, key=_where):
            board, free_at = self._next(list(there), now)
            if free_at <= now:
                chosen.append(board)
                self._had[board.place][board.opener] = now
                free_at = now + self._turn
            moments.append(free_at)
        taken = set(map(id, chosen))
        return [board for board in boards if id(board) in taken], min(moments, default=None)

    def resting(self, now: datetime) -> Mapping[Place, datetime]:
        """Where it is nobody's turn yet, and when it will be."""
        ends = {place: max(had.values()) + self._turn for place, had in self._had.items() if had}
        return {place: end for place, end in ends.items() if now < end <= now + self._turn}

    def _next(self, boards: list[Board], now: datetime) -> tuple[Board, datetime]:
        """Whose turn is next in that place, and when."""
        had = self._had.get(boards[0].place, {})
        # A clock that was put back keeps nobody waiting.
        had = {opener: at for opener, at in had.items() if now - LATELY < at <= now}
        self._had[boards[0].place] = had
        board = min(boards, key=lambda board: had.get(board.opener, _LONG_AGO))
        last = max(had.values(), default=_LONG_AGO)
        shared = had.keys() - {board.opener}
        own = had[board.opener] + self._rest if shared and board.opener in had else _LONG_AGO
        return board, max(last + self._turn, own)


def _where(board: Board) -> tuple[str, str]:
    return board.place.platform, board.place.room_id
