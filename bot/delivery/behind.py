"""Says where people talk that what they say reaches another place late, or not at all just now.

Once in each of those places until the other has caught up, and not more often than every few minutes.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.model.message import message, text, typed
from bot.model.people import Place
from bot.platforms import called
from bot.ports.carrying import Wanted
from bot.ports.storage import Transaction

# So much later than it was wanted is late; so often it is said at most, and looked at.
LATE, SAID_EVERY, LOOKED_EVERY = timedelta(minutes=1), timedelta(minutes=5), timedelta(seconds=5)
_KEPT = "behind:"


class Behind:
    """Knows which places are behind, and where that was said. What was said is kept until they are not."""

    def __init__(self) -> None:
        # When something came there last, and when that was looked at.
        self._came: dict[Place, datetime] = {}
        self._looked: dict[Place, datetime] = {}
        # The places of which nothing is said; and where and when it was said of those that caught up.
        self._quiet: set[Place] = set()
        self._over: dict[str, datetime] = {}

    def look(self, tx: Transaction, wanted: Wanted, now: datetime, *, came: bool) -> None:
        """Something `came` there, or cannot come just now."""
        place = wanted.copy.place
        if came:
            self._came[place] = now
        if wanted.said or wanted.missed or not wanted.first or wanted.since is None:
            return
        if now - wanted.since < LATE:
            if came and place not in self._quiet:
                self._caught_up(tx, place)
        elif now - self._looked.get(place, wanted.since) >= LOOKED_EVERY:
            self._looked[place] = now
            self._tell(tx, place, now)

    def _tell(self, tx: Transaction, place: Place, now: datetime) -> None:
        is_away = now - self._came.get(place, now - LATE) >= LATE
        known_as = typed(tx.places.called(place) or place.room_id)
        key = "carried.away" if is_away else "carried.behind"
        line = text(key, place=known_as, platform=called(place.platform))
        self._quiet.discard(place)
        for here in tx.copies.talking(place, now - LATE):
            name = f"{_kept(place)}{here.platform}:{here.room_id}"
            said_at = self._over.get(name)
            if tx.kept.get("", name) is None and (said_at is None or now - said_at >= SAID_EVERY):
                tx.kept.put("", name, now.isoformat())
                tx.posts.add(f"{name}:{now.isoformat()}", here, message(line), now)

    def _caught_up(self, tx: Transaction, place: Place) -> None:
        found = tx.kept.all("", _kept(place))
        for name, at in found.items():
            self._over[name] = datetime.fromisoformat(at)
            tx.kept.drop("", name)
        if not found:
            self._quiet.add(place)


def _kept(place: Place) -> str:
    return f"{_KEPT}{place.platform}:{place.room_id}:"
