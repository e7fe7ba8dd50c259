"""Which devices of others stay in the key store, and which sessions with them: anybody can make up any.

Devices stay that are listed as somebody's who is in a room with Plein. One may be heard before it is listed,
or before its room comes: of a few others of each person sessions stay, and of so many of all together. What
somebody's flood pushes out is their own. Of each device those sessions stay over which it was heard last.
Whose a device is that is not listed stands there as a hash: it outlives that they are forgotten.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterator

from nio.crypto import DeviceStore, Olm, OlmDevice, Session, SessionStore

from adapters.matrix.roomkeys import LOOKED_AT

# With one device; the specification asks for four at least.
MOST_SESSIONS = 5
# So many devices that are not listed: of one person, and of all.
MOST_UNLISTED, MOST_STRAY = 5, 1_000

_TABLE = "CREATE TABLE IF NOT EXISTS plein_peers (sender_key TEXT PRIMARY KEY, user TEXT)"
_NOTE = "INSERT OR IGNORE INTO plein_peers (sender_key, user) VALUES (?, ?)"
_NOTED = "SELECT sender_key, user FROM plein_peers"
_WHOSE = "SELECT user FROM plein_peers WHERE sender_key = ?"
# nio writes a session anew whenever it is used.
_OLDEST_FIRST = "SELECT session_id FROM olmsessions ORDER BY rowid"
_NEWEST_FIRST = "SELECT sender_key FROM olmsessions GROUP BY sender_key ORDER BY max(rowid) DESC"
# As it was written before.
_OPENLY = "SELECT sender_key, user FROM plein_peers WHERE user LIKE '@%'"
_COVER = "UPDATE plein_peers SET user = ? WHERE sender_key = ?"
_DROP_SESSION = "DELETE FROM olmsessions WHERE session_id = ?"
_DROP_PEER = ("DELETE FROM olmsessions WHERE sender_key = ?", "DELETE FROM plein_peers WHERE sender_key = ?")
_DROP_DEVICE = (
    "DELETE FROM keys WHERE device_id IN (SELECT id FROM devicekeys WHERE user_id = ? AND device_id = ?)",
    "DELETE FROM devicekeys WHERE user_id = ? AND device_id = ?",
)


class Sessions(SessionStore):
    """Those with each device, by its key; that over which it was heard last comes first.

    Defects: nio's goes by when each was begun, and keeps something for each key that it was asked for.
    """

    def add(self, sender_key: str, session: Session) -> bool:
        known = self._entries[sender_key]
        if session in known:
            known.remove(session)
        known.insert(0, session)
        return True

    def get(self, sender_key: str) -> Session | None:
        return next(iter(self[sender_key]), None)

    def __getitem__(self, sender_key: str) -> list[Session]:
        return self._entries.get(sender_key, [])

    def pop(self, sender_key: str) -> None:
        self._entries.pop(sender_key, None)


class Devices(DeviceStore):
    """Defect: nio's keeps something for each user that it was asked for."""

    def active_user_devices(self, user_id: str) -> Iterator[OlmDevice]:
        return super().active_user_devices(user_id) if user_id in self._entries else iter(())

    def drop(self, device: OlmDevice) -> None:
        del self._entries[device.user_id][device.id]
        if not self._entries[device.user_id]:
            del self._entries[device.user_id]


class Peers:
    """Notes whose each device is that was heard, beside nio's tables. Raises: PeeweeException."""

    def __init__(self, olm: Olm) -> None:
        self._olm = olm
        self._database = olm.store.database
        self._new = LOOKED_AT
        self._database.execute_sql(_TABLE)
        for sender_key, user in self._database.execute_sql(_OPENLY).fetchall():
            self._database.execute_sql(_COVER, (_mark(user), sender_key))
        self._sessions = Sessions()  # type: ignore[no-untyped-call]
        self._devices = Devices()  # type: ignore[no-untyped-call]
        self._take_over()

    def _take_over(self) -> None:
        """What nio read from the store, in places that do not grow by themselves."""
        olm = self._olm
        for device in olm.device_store:
            self._devices.add(device)
        found = {session.id: (key, session) for key, them in olm.session_store.items() for session in them}
        for (session_id,) in self._database.execute_sql(_OLDEST_FIRST).fetchall():
            if session_id in found:
                self.heard(*found[session_id])
        olm.device_store, olm.session_store = self._devices, self._sessions

    def heard(self, sender_key: str, session: Session, user: str | None = None) -> None:
        """A session was begun, or that user was heard over it."""
        self._sessions.add(sender_key, session)
        known = self._sessions[sender_key]
        for over in known[MOST_SESSIONS:]:
            self._database.execute_sql(_DROP_SESSION, (over.id,))
        del known[MOST_SESSIONS:]
        if user:
            self._new += self._database.execute_sql(_NOTE, (sender_key, _mark(user))).rowcount

    def is_anothers(self, user: str, sender_key: str) -> bool:
        """Whether somebody else was heard who has that key: whoever lists it as theirs has it not."""
        row = self._database.execute_sql(_WHOSE, (sender_key,)).fetchone()
        return row is not None and row[0] != _mark(user)

    def listed(self, count: int) -> None:
        """So many devices are others than before."""
        self._new += count

    def prune(self, met: Callable[[], Collection[str]]) -> None:
        """Drop what is too much, where much came; `met`: all who are in a room with Plein."""
        if self._new < LOOKED_AT:
            return
        self._new = 0
        people = met()
        with self._database.atomic():
            self._forget_devices(people)
            self._forget_sessions()

    def _forget_devices(self, people: Collection[str]) -> None:
        gone = [device for device in self._devices if device.deleted or device.user_id not in people]
        for device in gone:
            for statement in _DROP_DEVICE:
                self._database.execute_sql(statement, (device.user_id, device.id))
            if self._sessions[device.curve25519]:
                self._database.execute_sql(_NOTE, (device.curve25519, _mark(device.user_id)))
            self._devices.drop(device)
        self._olm.wedged_devices = [device for device in self._olm.wedged_devices if device not in gone]
        # Should they be back, they are asked for again.
        self._olm.tracked_users.intersection_update(people)
        self._olm.users_for_key_query.intersection_update(people)

    def _forget_sessions(self) -> None:
        listed = {device.curve25519 for device in self._devices}
        users = dict(self._database.execute_sql(_NOTED).fetchall())
        unlisted = Counter[str]()
        for (key,) in self._database.execute_sql(_NEWEST_FIRST).fetchall():
            if key in listed:
                continue
            user = users.get(key, key)
            if unlisted[user] >= MOST_UNLISTED or unlisted.total() >= MOST_STRAY:
                for statement in _DROP_PEER:
                    self._database.execute_sql(statement, (key,))
                self._sessions.pop(key)
            else:
                unlisted[user] += 1


def _mark(user: str) -> str:
    return hashlib.sha256(user.encode()).hexdigest()
