"""Which room keys stay in the key store, where anybody may send any number of them; and whose each is.

Whoever was given a key can pass it on as their own. So a key is known by its room, the device that sent it
and its id, where nio's table goes by its id alone: another's copy of it is another key.

Of each member's keys for a room that Plein is in the newest stay. A key may come before its room does: those
for elsewhere are not refused, a few of each sender wait, and so many of all together. What a sender's flood
pushes out is their own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from nio import MegolmEvent
from nio.crypto import GroupSessionStore, InboundGroupSession, Olm

# So many of one member's keys for one room; honest clients begin another after a hundred messages, or a week.
MOST_HERE = 200
# For rooms in which their sender is not, as far as is known: of one sender, and of all.
MOST_ELSEWHERE, MOST_STRAY = 20, 1_000
# They are looked through after so many new ones.
LOOKED_AT = 100

_TABLE = (
    "CREATE TABLE IF NOT EXISTS plein_megolm_sessions (room TEXT, sender_key TEXT, session_id TEXT,"
    " sender TEXT, signing_key TEXT, session BLOB, PRIMARY KEY (room, sender_key, session_id))"
)
_SAVE = "INSERT OR REPLACE INTO plein_megolm_sessions VALUES (?, ?, ?, ?, ?, ?)"
_ALL = "SELECT session, signing_key, sender_key, room FROM plein_megolm_sessions ORDER BY rowid"
_NEWEST_FIRST = "SELECT room, sender_key, session_id, sender FROM plein_megolm_sessions ORDER BY rowid DESC"
_WHOSE = "SELECT sender FROM plein_megolm_sessions WHERE room = ? AND sender_key = ? AND session_id = ?"
_DROP = "DELETE FROM plein_megolm_sessions WHERE room = ? AND sender_key = ? AND session_id = ?"

# Where they were kept before: in nio's table, and whose they are beside it.
_OLD = "SELECT room_id, sender_key, session_id, fp_key, session FROM megolminboundsessions ORDER BY rowid"
_OLD_NOTES = "SELECT session_id, sender FROM plein_room_keys"
_FORGET_OLD = (
    "DELETE FROM forwardedchains",
    "DELETE FROM megolminboundsessions",
    "DROP TABLE IF EXISTS plein_room_keys",
)


class GroupSessions(GroupSessionStore):
    """Defect: nio's keeps something for each key that it was asked for, or that is gone."""

    def get(self, room_id: str, sender_key: str, session_id: str) -> InboundGroupSession | None:
        entries: Any = self._entries
        found: InboundGroupSession | None = entries.get(room_id, {}).get(sender_key, {}).get(session_id)
        return found

    def drop(self, room_id: str, sender_key: str, session_id: str) -> None:
        by_key = self._entries[room_id]
        by_key[sender_key].pop(session_id, None)
        if not by_key[sender_key]:
            del by_key[sender_key]
        if not by_key:
            del self._entries[room_id]


class RoomKeys:
    """Keeps them in the place of nio's table. Raises: PeeweeException."""

    def __init__(self, olm: Olm) -> None:
        self._pickle_key = olm.store.pickle_key
        self._database = olm.store.database
        self._new = LOOKED_AT
        self._database.execute_sql(_TABLE)
        with self._database.atomic():
            self._take_over(olm)
        self._kept = GroupSessions()  # type: ignore[no-untyped-call]
        for pickled, signing_key, sender_key, room in self._database.execute_sql(_ALL).fetchall():
            self._kept.add(
                InboundGroupSession.from_pickle(pickled, signing_key, sender_key, room, self._pickle_key)
            )
        olm.inbound_group_store = self._kept

    def _take_over(self, olm: Olm) -> None:
        """Where nobody noted whose they are the devices that are known say so.

        Once that is done nothing is written at a start: it may be one because nothing can be.
        """
        old = self._database.execute_sql(_OLD).fetchall()
        if not old:
            return
        people = {device.curve25519: device.user_id for device in olm.device_store}
        people[olm.account.identity_keys["curve25519"]] = olm.user_id
        noted: dict[str, str] = {}
        if self._database.table_exists("plein_room_keys"):
            noted = dict(self._database.execute_sql(_OLD_NOTES).fetchall())
        for room, key, session_id, *rest in old:
            sender = noted.get(session_id) or people.get(key, key)
            self._database.execute_sql(_SAVE, (room, key, session_id, sender, *rest))
        for statement in _FORGET_OLD:
            self._database.execute_sql(statement)

    def save(self, session: InboundGroupSession, sender: str) -> None:
        """It was taken in just now."""
        whose = (session.room_id, session.sender_key, session.id, sender)
        self._database.execute_sql(_SAVE, (*whose, session.ed25519, session.pickle(self._pickle_key)))
        self._new += 1

    def is_anothers(self, event: MegolmEvent, room: str | None) -> bool:
        """Whether somebody else sent the key that it was sealed with.

        Of some that were kept long ago nobody knows whose they are.
        """
        key = (room, event.sender_key, event.session_id)
        row = self._database.execute_sql(_WHOSE, key).fetchone()
        return row is not None and row[0] not in (event.sender, event.sender_key)

    def prune(self, is_in: Callable[[str, str], bool]) -> None:
        """Drop what is too much, where many came; `is_in`: whether somebody is in a room, and Plein too."""
        if self._new < LOOKED_AT:
            return
        self._new = 0
        here, elsewhere = Counter[tuple[str, str]](), Counter[str]()
        with self._database.atomic():
            for room, sender_key, session_id, sender in self._database.execute_sql(_NEWEST_FIRST).fetchall():
                if is_in(room, sender):
                    here[room, sender] += 1
                    is_over = here[room, sender] > MOST_HERE
                else:
                    is_over = elsewhere[sender] >= MOST_ELSEWHERE or elsewhere.total() >= MOST_STRAY
                    elsewhere[sender] += not is_over
                if is_over:
                    self._database.execute_sql(_DROP, (room, sender_key, session_id))
                    self._kept.drop(room, sender_key, session_id)
