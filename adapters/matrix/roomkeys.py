"""Which room keys stay in the key store, where anybody may send any number of them.

Of each member's keys for a room that Plein is in the newest stay. A key may come before its room does: those
for elsewhere are not refused, a few of each sender wait, and so many of all together. What a sender's flood
pushes out is their own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from nio.crypto import Olm

# So many of one member's keys for one room; honest clients begin another after a hundred messages, or a week.
MOST_HERE = 200
# For rooms in which their sender is not, as far as is known: of one sender, and of all.
MOST_ELSEWHERE, MOST_STRAY = 20, 1_000
# They are looked through after so many new ones.
LOOKED_AT = 100

_TABLE = "CREATE TABLE IF NOT EXISTS plein_room_keys (session_id TEXT PRIMARY KEY, room TEXT, sender TEXT)"
_UNKNOWN = (
    "SELECT session_id, room_id, sender_key FROM megolminboundsessions"
    " WHERE session_id NOT IN (SELECT session_id FROM plein_room_keys) ORDER BY rowid"
)
_NOTE = "INSERT OR IGNORE INTO plein_room_keys (session_id, room, sender) VALUES (?, ?, ?)"
_NEWEST_FIRST = "SELECT session_id, room, sender FROM plein_room_keys ORDER BY rowid DESC"
_DROP = (
    "DELETE FROM forwardedchains WHERE session_id = ?",
    "DELETE FROM megolminboundsessions WHERE session_id = ?",
    "DELETE FROM plein_room_keys WHERE session_id = ?",
)


class RoomKeys:
    """Notes who sent each room key, beside nio's tables. Raises: PeeweeException."""

    def __init__(self, olm: Olm) -> None:
        self._olm = olm
        self._database = olm.store.database
        self._new = LOOKED_AT
        self._database.execute_sql(_TABLE)
        # Those kept before anybody noted whose they are: the devices that are known say so.
        people = {device.curve25519: device.user_id for device in olm.device_store}
        people[olm.account.identity_keys["curve25519"]] = olm.user_id
        with self._database.atomic():
            for session, room, key in self._database.execute_sql(_UNKNOWN).fetchall():
                self._database.execute_sql(_NOTE, (session, room, people.get(key, key)))

    def note(self, room: str, sender: str, sender_key: str, session: str) -> None:
        """It was taken in just now, if it was."""
        if self._olm.inbound_group_store.get(room, sender_key, session):
            self._database.execute_sql(_NOTE, (session, room, sender))
            self._new += 1

    def prune(self, is_in: Callable[[str, str], bool]) -> None:
        """Drop what is too much, where many came; `is_in`: whether somebody is in a room, and Plein too."""
        if self._new < LOOKED_AT:
            return
        self._new = 0
        here, elsewhere = Counter[tuple[str, str]](), Counter[str]()
        over = set[str]()
        for session, room, sender in self._database.execute_sql(_NEWEST_FIRST).fetchall():
            if is_in(room, sender):
                here[room, sender] += 1
                is_over = here[room, sender] > MOST_HERE
            else:
                is_over = elsewhere[sender] >= MOST_ELSEWHERE or elsewhere.total() >= MOST_STRAY
                elsewhere[sender] += not is_over
            if is_over:
                over.add(session)
        if over:
            self._drop(over)

    def _drop(self, over: set[str]) -> None:
        with self._database.atomic():
            for session in over:
                for statement in _DROP:
                    self._database.execute_sql(statement, (session,))
        kept = self._olm.inbound_group_store
        for dropped in [key for key in kept if key.id in over]:
            del kept[dropped.room_id][dropped.sender_key][dropped.id]
