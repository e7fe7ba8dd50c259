"""Who was forgotten: that what they said before is not dealt with again, and that a backup forgets them too.

Of an account a mark is kept that nobody can read without a key apart from the database. It stands in two
places: in a table, for as long as a platform may bring what was said before; and in a list beside the keys,
which no backup of the database holds. How much of that list holds for this database is counted in it. So one
that was restored knows less than the list, and forgets the rest when Plein starts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    and_,
    bindparam,
    case,
    delete,
    func,
    null,
    select,
    update,
)

from bot.model.codec import pack, residents_in
from bot.model.people import Identity
from bot.model.work import UNSAID
from storage.among import among
from storage.batch import Batch, Loader
from storage.community import anywhere
from storage.copies import unsay
from storage.holds import holds
from storage.kept import Kept
from storage.keyring import Keyring
from storage.posts import pack_people
from storage.tables import (
    early_acts,
    forgotten,
    guests,
    handled,
    identities,
    posts,
    refs,
    residents,
    signs,
    speakers,
    wanted_rooms,
)
from storage.uncarried import unmark
from storage.upsert import upsert

_KEY = "forgotten"
_COUNT, _TO_WIPE = "forgotten", "to_wipe"
_MARK = forgotten.c.mark == bindparam("mark_")
_SINCE = bindparam("since_", type_=forgotten.c.since.type)
_ADD = upsert(forgotten)
_ADD = _ADD.on_conflict_do_update(
    index_elements=["mark"], set_={name: _ADD.excluded[name] for name in ("at", "account", "since")}
)
_AT = select(forgotten.c.at).where(_MARK)
_PENDING = anywhere(
    select(forgotten.c.community, forgotten.c.account, forgotten.c.since)
    .where(forgotten.c.account.is_not(None))
    .order_by(forgotten.c.community, forgotten.c.since, forgotten.c.mark)
)
_IS_BACK = select(identities.c.resident).where(
    identities.c.platform == bindparam("platform_"), identities.c.user_id == bindparam("user_")
)
_TO_END = select(forgotten.c.account).where(_MARK)
_DONE = update(forgotten).where(_MARK).values(account=None)
_KNOWN = anywhere(
    select(identities.c.community, identities.c.platform, identities.c.user_id, identities.c.resident)
)


class OfAccount:
    """What carries an account: what was said to it alone, or spoke to it where others are; what it was
    answered.
    """

    posts = (
        and_(posts.c.private, posts.c.room == bindparam("user_"), posts.c.platform == bindparam("platform_")),
        posts.c.mentions == bindparam("mentions_"),
    )
    answers = handled.c.author == bindparam("address_")

    @staticmethod
    def values(account: Identity) -> dict[str, Any]:
        return {
            "platform_": account.platform,
            "user_": account.user_id,
            "address_": account.address,
            "mentions_": pack_people([account]),
        }


# Who could say something where nobody can just now, as its platform says that.
_OUT_OF_RULES = (
    update(wanted_rooms)
    .where(
        wanted_rooms.c.platform == bindparam("platform_"),
        holds(wanted_rooms.c.rules, bindparam("user_")),
    )
    .values(rules=func.replace(wanted_rooms.c.rules, bindparam("user_"), ""))
)
# Where they were let in they are out by now, or that cannot be.
_LET_OUT = delete(guests).where(
    guests.c.platform == bindparam("platform_"),
    guests.c.user_id == bindparam("user_"),
    guests.c.resident.is_(None),
)
# What they said, as far as it does not stand elsewhere yet; and whose it is that stands there.
_SPOKE = select(speakers.c.id).where(speakers.c.account == bindparam("address_")).scalar_subquery()
_UNSPEAK = (
    unmark(_SPOKE),
    *unsay(_SPOKE),
    delete(early_acts).where(early_acts.c.account == bindparam("address_")),
    update(signs).where(signs.c.speaker == _SPOKE).values(name=""),
    delete(speakers).where(speakers.c.account == bindparam("address_")),
)
# What others were told of it alone, sealed. Of what is still to be said something else is said instead.
_SPEAKS = bindparam("mark_", type_=handled.c.names.type)
_NAMES_NOBODY = {"key": "", "names": null()}
_UNSAY = (
    update(handled)
    .where(handled.c.names.is_not(None), holds(handled.c.names, _SPEAKS))
    .values(answer=null(), undo=null(), **_NAMES_NOBODY),
    update(posts)
    .where(posts.c.names.is_not(None), holds(posts.c.names, _SPEAKS))
    .values(message=case((posts.c.sent_at.is_(None), pack(UNSAID)), else_=""), **_NAMES_NOBODY),
)
# Whose accounts these are, with where each stands in a line of the configuration that names it.
ACCOUNTS_OF = Loader(
    select(identities.c.platform, identities.c.user_id, identities.c.listed).order_by(
        identities.c.platform, identities.c.user_id
    ),
    by=[identities.c.resident],
    make=lambda platform, user, listed: (Identity(platform, user), listed),
)
# So many go in one transaction: whoever was answered for years holds up nobody by being forgotten.
PAGE = 2_000
_PAGE = bindparam("page_", type_=Integer)


# A farewell that is still to be said stays where somebody is back before it.
_SAID = posts.c.sent_at.is_not(None)


def some_posts(those: ColumnElement[bool]) -> Select[Any]:
    """A page of these posts, for `drop_posts`: what may still be said first, and then the newest."""
    found = select(posts.c.seq, posts.c.account, posts.c.ref).where(those)
    return found.order_by(posts.c.sent_at.is_not(None), posts.c.seq.desc()).limit(_PAGE)


_ITS_POSTS = tuple(map(some_posts, OfAccount.posts))
_ITS_SAID_POSTS = tuple(some_posts(and_(those, _SAID)) for those in OfAccount.posts)
# What these go by is nobody else's in any community.
_DROP_REFS = anywhere(delete(refs).where(refs.c.account == bindparam("account_"), among(refs.c.ref, "refs_")))
_DROP_POSTS = anywhere(delete(posts).where(among(posts.c.seq, "seqs_")))
_SOME_HANDLED = select(handled.c.id).where(OfAccount.answers).limit(_PAGE)
_DROP_HANDLED = delete(handled).where(among(handled.c.id, "ids_"))


def drop_posts(db: Batch, found: Select[Any], values: dict[str, Any]) -> bool:
    """A page of posts, and which messages on a platform they are; whether there may be more."""
    rows = list(db.execute(found, {**values, "page_": PAGE}))
    by_account: dict[str, list[str]] = {}
    for row in rows:
        by_account.setdefault(row.account, []).extend((row.ref or "").split())
    for account, theirs in by_account.items():
        db.execute(_DROP_REFS, {"account_": account, "refs_": theirs})
    if rows:
        db.execute(_DROP_POSTS, {"seqs_": [row.seq for row in rows]})
    return len(rows) == PAGE


class Forgotten:
    """Implements ForgottenStore."""

    def __init__(self, db: Batch, keyring: Keyring, kept: Kept) -> None:
        self._db = db
        self._keyring = keyring
        self._kept = kept

    def _mark(self, community: int | None, account: str) -> str:
        return self._keyring.lasting_mark(_KEY, f"{community}:{account}").hex()

    def _own_mark(self, account: str) -> str:
        return self._mark(self._db.community, account)

    def mark_of(self, account: Identity) -> str:
        """By which it is known again in this community."""
        return self._own_mark(account.address)

    def marks_in(self, packed: str, receiver: Identity | None) -> str | None:
        """Of the accounts of all whom what is about to be sealed names, by which it goes once one of them is
        forgotten; but for the receiver, whose all of it is.
        """
        named = residents_in(packed)
        self._db.expect(residents.c.id, named)
        rows = (row for number in named for row in self._db.get_all(ACCOUNTS_OF, number))
        accounts = {account for account, _ in rows} - {receiver}
        return " ".join(sorted(map(self.mark_of, accounts))) or None

    def add(self, account: Identity, at: datetime, now: datetime) -> None:
        row = {"mark": self._own_mark(account.address), "at": at, "account": account.address, "since": now}
        self._db.execute(_ADD, row)
        self._drop_traces(account)
        self._db.wake("forgotten")

    def at(self, account: Identity) -> datetime | None:
        found: datetime | None = self._db.execute(_AT, {"mark_": self._own_mark(account.address)}).scalar()
        return found

    def comes_back(self, account: Identity) -> None:
        """All of before goes now: what follows is of somebody who is not forgotten."""
        self._hold(account)
        if self._db.execute(_TO_END, {"mark_": self._own_mark(account.address)}).scalar():
            while self._drop_traces(account, _ITS_SAID_POSTS):
                pass

    def _hold(self, account: Identity) -> None:
        """Whoever comes back and whoever ends it do not meet."""
        self._db.lock(forgotten.c.mark, self._own_mark(account.address))

    def _drop_traces(self, account: Identity, said: Sequence[Select[Any]] = _ITS_POSTS) -> bool:
        """A page of what was said to it, and of its answers; whether there may be more."""
        values = OfAccount.values(account)
        for statement in (_OUT_OF_RULES, *_UNSPEAK, *_UNSAY):
            self._db.execute(statement, {**values, "mark_": self.mark_of(account)})
        more = [drop_posts(self._db, found, values) for found in said]
        answered = self._db.execute(_SOME_HANDLED, {**values, "page_": PAGE}).scalars()
        if answered:
            self._db.execute(_DROP_HANDLED, {"ids_": answered})
        return any(more) or len(answered) == PAGE

    # --- what is left to do ---

    def pending(self) -> Sequence[tuple[int, Identity, datetime]]:
        return [
            (row.community, Identity(*row.account.split(":", 1)), row.since)
            for row in self._db.execute(_PENDING)
        ]

    def end(self, account: Identity) -> bool:
        self._hold(account)
        where = {"platform_": account.platform, "user_": account.user_id}
        if not self._db.execute(_IS_BACK, where) and self._drop_traces(account):
            return False
        self._db.execute(_LET_OUT, where)
        mark = self._own_mark(account.address)
        self._keyring.note_forgotten(mark)
        self._db.execute(_DONE, {"mark_": mark})
        self._kept.put("", _TO_WIPE, mark)
        return True

    def to_wipe(self) -> str | None:
        return self._kept.get("", _TO_WIPE)

    def wiped(self, last: str) -> None:
        if self.to_wipe() == last:
            self._kept.drop("", _TO_WIPE)

    # --- the list beside the database ---

    def unknown(self) -> Mapping[tuple[int, int], Sequence[Identity]]:
        known = int(self._kept.get("", _COUNT) or 0)
        marks = {mark for mark, number in self._keyring.forgotten().items() if number > known}
        found: set[tuple[int, int]] = set()
        others: defaultdict[tuple[int, int], list[Identity]] = defaultdict(list)
        for row in self._db.execute(_KNOWN) if marks else ():
            account, whose = Identity(row.platform, row.user_id), (row.community, row.resident)
            if self._mark(row.community, account.address) in marks:
                found.add(whose)
            else:
                others[whose].append(account)
        return {whose: others[whose] for whose in sorted(found)}

    def note_known(self) -> None:
        """All that the list has by now holds for this database."""
        count = max(self._keyring.forgotten().values(), default=0)
        if count > int(self._kept.get("", _COUNT) or 0):
            self._kept.put("", _COUNT, str(count))
