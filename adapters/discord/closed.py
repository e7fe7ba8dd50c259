"""Who takes no private messages from Plein: they hear so where they use it next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.clock import Clock, left
from bot.recent import Recent

# Somebody is told once in so long, however often it fails.
TOLD_AGAIN_AFTER = timedelta(days=1)
# And Discord is asked once in so long: who has it refuse too much has Plein shut out everywhere.
TRIED_AGAIN_AFTER = timedelta(minutes=1)
MOST_CLOSED = 10_000
_NEVER = datetime.fromtimestamp(0, UTC)


class Closed:
    """By account, when they were told. It need not outlive the connection: the next message shows it anew."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._told: Recent[int, datetime] = Recent(MOST_CLOSED)
        self._refused: Recent[int, datetime] = Recent(MOST_CLOSED)

    def refused(self, user: int) -> None:
        self._told[user] = self._told.get(user, _NEVER)
        self._refused[user] = self._clock.now()

    def reached(self, user: int) -> None:
        self._told.pop(user, None)
        self._refused.pop(user, None)

    def is_certain(self, user: int) -> bool:
        """Whether it was refused just now: nothing is to be tried."""
        refused = self._refused.get(user)
        return refused is not None and bool(left(refused, TRIED_AGAIN_AFTER, self._clock.now()))

    def is_to_hear(self, user: int) -> bool:
        """Whether they are to be told now; then they are."""
        told, now = self._told.get(user), self._clock.now()
        if told is None or left(told, TOLD_AGAIN_AFTER, now):
            return False
        self._told[user] = now
        return True
