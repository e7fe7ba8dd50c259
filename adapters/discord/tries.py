"""How often what was refused in a place is tried again at once because something changed there.

Who is refused ten thousand times in ten minutes is shut out by Discord everywhere, and whoever owns a server
hides and shows its five hundred channels as often as they like.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.recent import Recent

# At most so many times, so far apart; after that with rests that grow. Whatever else waits is tried again in
# its own time.
APART, MOST, REST, LONGEST_REST = timedelta(seconds=10), 3, timedelta(minutes=10), timedelta(hours=1)
# Where Plein cannot see the place, so long nothing else is asked there: unless it is tried, or may do else.
SHUT_FOR = timedelta(minutes=10)
# Of so many places it is known.
MOST_PLACES = 10_000


@dataclass(frozen=True, slots=True)
class _Tried:
    """When it was tried last, how often one after the other, and whether something changed since."""

    at: datetime
    count: int
    owed: bool = False

    @property
    def rest(self) -> timedelta:
        """From then on until a change is reason enough."""
        if self.count < MOST:
            return APART
        rest: timedelta = min(REST * 2 ** (self.count - MOST), LONGEST_REST)
        return rest


class Tries:
    """What was tried in each place."""

    def __init__(self) -> None:
        self._tried: Recent[str, _Tried] = Recent(MOST_PLACES)
        self._shut: Recent[str, tuple[datetime, int | None]] = Recent(MOST_PLACES)

    def changed(self, room: str, now: datetime) -> bool:
        """Something changed there; whether that is reason to try."""
        tried = self._tried.get(room)
        if tried and tried.at <= now < tried.at + tried.rest:
            self._tried[room] = _Tried(tried.at, tried.count, owed=True)
            return False
        is_next = tried and now - tried.at < LONGEST_REST
        self._tried[room] = _Tried(now, tried.count + 1 if tried and is_next else 1)
        self._shut.pop(room, None)
        return True

    def used(self, room: str, now: datetime) -> bool:
        """Somebody uses Plein there, who is to see at once what comes of it; whether something is owed."""
        tried = self._tried.get(room)
        if not (tried and tried.owed) or tried.at <= now < tried.at + APART:
            return False
        self._tried[room] = _Tried(now, tried.count)
        self._shut.pop(room, None)
        return True

    def shut(self, room: str, may: int | None, now: datetime) -> None:
        """Plein was refused: it cannot see that place, whatever it `may` there by what Discord said."""
        self._shut[room] = now, may

    def is_shut(self, room: str, may: int | None, now: datetime) -> bool:
        """Whether whatever else waits there would be refused as well."""
        shut = self._shut.get(room)
        return shut is not None and shut[1] == may and shut[0] <= now < shut[0] + SHUT_FOR
