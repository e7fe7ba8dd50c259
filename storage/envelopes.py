"""What may be read only for a while: sealed under a key that is changed whenever a secret is over.

A platform's words wait in the inbox, and an answer to a mistake quotes what was typed: either may be how
somebody tried to vote in an anonymous poll. When such a poll ends there is a new key; what still waits is
sealed anew, the rest is let go, and the old key is destroyed. Each community has a key of its own, and the
inbox too, of which nobody knows yet for which community its words are. All are changed together: what
somebody said to one community, or was asked there, may be how they voted in another's poll.

What is sealed is squeezed and then padded: however somebody votes, in whichever script they say why, it is as
long as anything else.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Column, Table, and_, bindparam, delete, false, null, or_, select, update

from bot.model.codec import pack, unpack
from bot.model.work import SECRET
from storage.batch import Batch, own_name, owner_of
from storage.keyring import KeyGone, Keyring
from storage.tables import early_acts, handled, inbox, posts, wanted_copies

T = TypeVar("T")
_NOW, _ARRIVED = "now-", "arrived-"
# So many bytes, squeezed, have room for any vote; and for one that its own platform sealed, which no
# squeezing makes smaller. What is longer can be none.
ROOM, ROOM_FOR_UNREAD = 2_048, 8_192
# What was sealed before that was not squeezed.
_SQUEEZED = "z:"
# What every database can hold in a number.
_MOST_MARK = 2**31 - 2


class Envelopes:
    """Implements EnvelopeStore: texts sealed under the newest key."""

    def __init__(self, db: Batch, seals: Keyring) -> None:
        self._db = db
        self._seals = seals

    def seal(self, *words: str) -> tuple[str, ...]:
        """The name of the key, which is the community's, and the sealed texts."""
        return self._with_newest(
            self._db.own(_NOW), lambda key: (key, *(self._under(key, each) for each in words))
        )

    def seal_arrived(self, words: str, room: int = ROOM) -> tuple[str, str]:
        """The same of one for what waits in the inbox, whosever it is."""
        return self._with_newest(_ARRIVED, lambda key: (key, self._under(key, words, room)))

    def mark(self, words: str) -> int:
        """A number by which these are known again until the key changes, and to nobody without it."""

        def marked(key: str) -> int:
            return 1 + int.from_bytes(self._seals.mark(key, words)) % _MOST_MARK

        return self._with_newest(self._db.own(_NOW), marked)

    def _with_newest(self, kind: str, work: Callable[[str], T]) -> T:
        self._db.share_sealing()
        while True:
            numbers = self._numbers(kind)
            if not numbers:
                self._seals.make(f"{kind}1")
            try:
                return work(f"{kind}{numbers[-1] if numbers else 1}")
            except KeyGone:
                # Another process has just destroyed it: there is a newer one.
                if self._numbers(kind)[-1:] == numbers[-1:]:
                    raise

    def _under(self, key: str, words: str, room: int = ROOM) -> str:
        said = zlib.compress(words.encode(errors="surrogatepass"))
        while room < len(said):
            room *= 2
        return _SQUEEZED + self._seals.seal(key, said, room)

    def unseal(self, key: str, kept: str) -> str | None:
        """What was said; None where it cannot be read any more. Without a key it was never sealed."""
        if not key:
            return kept
        try:
            said = self._seals.unseal(key, kept.removeprefix(_SQUEEZED))
        except KeyGone:
            return None
        is_squeezed = kept.startswith(_SQUEEZED)
        return (zlib.decompress(said) if is_squeezed else said).decode(errors="surrogatepass")

    def turn(self) -> None:
        """From now on there is a new key everywhere; the old ones go when nothing needs them any more."""
        for kind in (_ARRIVED, *(own_name(community, _NOW) for community in self._communities())):
            if numbers := self._numbers(kind):
                self._seals.make(f"{kind}{numbers[-1] + 1}")

    def turned(self) -> Sequence[int]:
        return [community for community, keys in self._communities().items() if keys > 1]

    def leave_old_keys(self) -> bool:
        # What another process sealed and is about to write, nobody sees yet.
        if not self._db.seals_alone():
            return False
        for kind in (_ARRIVED, self._db.own(_NOW)):
            self._leave(kind)
        if self.turned():
            self._db.wake("turned")
        return not self.turned() and len(self._numbers(_ARRIVED)) <= 1

    def _communities(self) -> Counter[int]:
        """How many keys each community has."""
        return Counter(whose for name in self._seals.names() if (whose := owner_of(name, _NOW)) is not None)

    def _leave(self, kind: str) -> None:
        *old, newest = self._numbers(kind) or [1]
        key = f"{kind}{newest}"
        for table, body, waits in _SEALED:
            if (table is inbox) != (kind == _ARRIVED):
                continue
            for row in self._db.execute(_under_others(table, body, waits), {"key_": key}):
                self._seals.make(key)
                words = self.unseal(row.key, row.body) if row.waits else None
                if row.is_said_only and (message := unpack(words or None)):
                    words = pack(replace(message, controls=()))
                sealed = None if words is None else self._under(key, words, _ROOMS[table])
                undo = self.unseal(row.key, row.undo) if row.undo else None
                undo = undo and self._under(key, undo)
                self._put(table, body, row.id, key if sealed or undo else "", sealed, undo)
        for number in old:
            self._db.destroy(f"{kind}{number}")

    def _put(
        self, table: Table, body: Column[Any], row: Any, key: str, kept: str | None, undo: str | None
    ) -> None:
        if kept is None and table is inbox:
            self._db.execute(_LET_GO, {"id_": row})
            return
        found = {"id_": row, "newkey_": key, **({"body_": kept} if kept else {})}
        found |= {"undo_": undo} if "undo" in table.c else {}
        self._db.execute(_putting(table, body, bool(kept)), found)

    def _numbers(self, kind: str) -> list[int]:
        return sorted(int(name.removeprefix(kind)) for name in self._seals.names() if name.startswith(kind))


_ID = {inbox: "seq", posts: "seq", handled: "id", wanted_copies: "seq", early_acts: "id"}
_ROOMS = {inbox: ROOM_FOR_UNREAD, posts: ROOM, handled: ROOM, wanted_copies: ROOM, early_acts: ROOM}
# Each table with its sealed column, and what still needs it: an answer to a replay can be spared. What takes
# back a command stands beside that, under the same key, and is kept.
_SEALED: tuple[tuple[Table, Column[Any], Any], ...] = (
    (inbox, inbox.c.body, inbox.c.seq.is_not(None)),
    (
        posts,
        posts.c.message,
        and_(posts.c.parked.is_(None), or_(posts.c.sent_at.is_(None), posts.c.id.startswith(SECRET))),
    ),
    (handled, handled.c.answer, handled.c.id.is_(None)),
    (wanted_copies, wanted_copies.c.spoken, wanted_copies.c.seq.is_not(None)),
    (early_acts, early_acts.c.spoken, early_acts.c.id.is_not(None)),
)


_LET_GO = delete(inbox).where(inbox.c.seq == bindparam("id_"))


@cache
def _under_others(table: Table, body: Column[Any], waits: Any) -> Any:
    # An answer that waits is said without its buttons: kept for them it would outlast the secret.
    is_said_only = ~posts.c.id.startswith(SECRET) if table is posts else false()
    columns = (
        table.c[_ID[table]].label("id"),
        table.c.key,
        body.label("body"),
        waits.label("waits"),
        is_said_only.label("is_said_only"),
        (table.c.undo if "undo" in table.c else null()).label("undo"),
    )
    return select(*columns).where(table.c.key != "", table.c.key != bindparam("key_"))


@cache
def _putting(table: Table, body: Column[Any], is_kept: bool) -> Any:
    gone = null() if body.nullable else ""
    values: dict[str, Any] = {"key": bindparam("newkey_"), body.name: bindparam("body_") if is_kept else gone}
    if "undo" in table.c:
        values["undo"] = bindparam("undo_")
    if "names" in table.c and not is_kept:
        values["names"] = null()
    return update(table).where(table.c[_ID[table]] == bindparam("id_")).values(values)
