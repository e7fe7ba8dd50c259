"""What is told to a person, on whichever of their accounts they can be reached.

Each is a post with a resident. It is meant for one account at a time: the one that they used last among
those whose platform Plein is at work on. It goes to another one only while it is certain that it arrived
nowhere. Where none is left it has no account of Plein's (""), so that no worker takes it, and waits until
they use Plein again: `residents.unheard` says so to whoever recognises them. Or the job that it names takes
it from there, and says it otherwise: `residents.told_aloud` says so to whoever answers them alone. What is to
be said `beside` an answer whoever answers them alone takes from there.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, NamedTuple

import orjson
from sqlalchemy import (
    Boolean,
    and_,
    bindparam,
    case,
    delete,
    distinct,
    exists,
    false,
    func,
    null,
    or_,
    select,
    true,
    update,
)

from bot.model.codec import unpack
from bot.model.message import Message, text
from bot.model.message import message as message_of
from bot.model.people import Identity, Role
from bot.model.work import BESIDE, LEFT_OUT, Aside, Post
from storage.among import among
from storage.batch import Batch, Loader
from storage.community import anywhere
from storage.holds import holds
from storage.jobs import Jobs
from storage.posts import Posts
from storage.tables import NOWHERE, accounts, identities, posts, residents

_MOMENT = posts.c.next_at.type
_NOW = bindparam("now_", type_=_MOMENT)
_SINCE = bindparam("since_", type_=_MOMENT)


class _Way(NamedTuple):
    """An account of somebody's: which of Plein's heard it last, and which account they used last."""

    platform: str
    user: str
    heard_by: str | None
    heard_as: str | None
    talks: bool

    @property
    def identity(self) -> Identity:
        return Identity(self.platform, self.user)


# Where PostgreSQL has no statistics yet a join compares each account with every resident of the community.
_HEARD_AS = select(residents.c.heard_as).where(residents.c.id == identities.c.resident).scalar_subquery()
_WAYS = Loader(
    select(
        *(identities.c.platform, identities.c.user_id, identities.c.account, _HEARD_AS),
        identities.c.talks,
    ).order_by(identities.c.platform, identities.c.user_id),
    by=[identities.c.resident],
    make=_Way,
)
_OURS = Loader(
    select(accounts.c.account, accounts.c.seen_at).order_by(accounts.c.account),
    by=[accounts.c.platform],
    make=lambda account, seen_at: (account, seen_at),
)
_UNSAID = and_(
    *(posts.c.resident.is_not(None), posts.c.sent_at.is_(None), posts.c.parked.is_(None)),
    *(posts.c.ref.is_(None), ~posts.c.in_doubt),
)
_ID = posts.c.id == bindparam("id_")
_TRIED_ON = (
    select(posts.c.id, posts.c.resident, posts.c.gone, posts.c.begun, posts.c.otherwise)
    .where(_ID, posts.c.resident.is_not(None), posts.c.sent_at.is_(None), posts.c.parked.is_(None))
    .where(posts.c.account == bindparam("account_"), posts.c.room == bindparam("room_"))
)
_AT_WORK = select(accounts.c.account).where(
    accounts.c.account == posts.c.account, accounts.c.seen_at >= _SINCE
)
# SQLite would look through all that was ever said to people for what still waits.
_STILL_WAITS = and_(
    func.coalesce(posts.c.resident, 0) != 0, posts.c.sent_at.is_(None), posts.c.parked.is_(None)
)
_STRANDED = anywhere(
    select(
        *(posts.c.id, posts.c.account, posts.c.resident, posts.c.gone, posts.c.begun, posts.c.otherwise),
        posts.c.community,
    )
    .where(_STILL_WAITS, posts.c.ref.is_(None), ~posts.c.in_doubt, ~_AT_WORK.exists())
    .order_by(posts.c.community, posts.c.seq)
)
_OVER = posts.c.until <= _NOW
# Nobody saw anything of it: what it was changed to meanwhile is what it says, and one withdrawn is done.
_AS_NEW: dict[str, Any] = {
    "account": bindparam("account_"),
    "gone": bindparam("gone_"),
    "tried_at": null(),
    "in_doubt": False,
    "attempts": 0,
    "next_at": _NOW,
    "message": func.coalesce(posts.c.wanted, posts.c.message),
    "wanted": null(),
    "sent_at": case((posts.c.withdrawn | func.coalesce(_OVER, false()), _NOW), else_=null()),
}
_NOWHERE = update(posts).where(_ID).values(**_AS_NEW)
_ELSEWHERE = _NOWHERE.values(platform=bindparam("platform_"), room=bindparam("room_"))
_HAND_OVER = (
    update(posts)
    .where(
        *(_UNSAID, posts.c.private, posts.c.resident == bindparam("before_")),
        posts.c.id.startswith(bindparam("these_", type_=posts.c.id.type)),
    )
    .values(resident=bindparam("resident_"), account=NOWHERE, gone=null())
    .returning(posts.c.id)
)
_WAITS_FOR_THEM = and_(_UNSAID, posts.c.account == NOWHERE)
_THEIRS = posts.c.resident == bindparam("resident_")
_LAPSE = update(posts).where(_WAITS_FOR_THEM, _THEIRS, _OVER).values(withdrawn=True, sent_at=_NOW)
# What goes only where they talk in private already waits until they do so there.
_IS_BESIDE = func.coalesce(posts.c.otherwise, "") == BESIDE
_MAY_GO = or_(and_(posts.c.begun.is_(False), ~_IS_BESIDE), bindparam("talks_", type_=Boolean))
_RESUME = (
    update(posts)
    .where(_WAITS_FOR_THEM, _THEIRS, _MAY_GO)
    .values(
        platform=bindparam("platform_"),
        room=bindparam("room_"),
        account=bindparam("account_"),
        gone=null(),
        next_at=_NOW,
    )
)
# Whose it is now: two residents may have become one meanwhile.
_NOTE_WHOSE = (
    update(residents)
    .where(residents.c.id == select(posts.c.resident).where(_ID).scalar_subquery())
    .values(unheard=True)
)
_NOTE = (
    update(residents).where(residents.c.id == bindparam("resident_")).values(unheard=bindparam("unheard_"))
)
_TAKEN = (
    select(posts.c.id, posts.c.resident, posts.c.message)
    .where(_WAITS_FOR_THEM, posts.c.otherwise == bindparam("otherwise_"))
    .order_by(posts.c.seq)
    .limit(bindparam("most_"))
)
# Where else it is said it can be changed, and not here.
_TAKE = (
    update(posts)
    .where(among(posts.c.id, "ids_"), _WAITS_FOR_THEM)
    .values(withdrawn=True, sent_at=_NOW, message="", key="", names=null(), wanted=null())
    .returning(posts.c.id)
)
_TOLD_ALOUD = update(residents).where(among(residents.c.id, "residents_")).values(told_aloud=True)
_EXPLAINED = update(residents).where(residents.c.id == bindparam("resident_")).values(told_aloud=False)
_OTHER = residents.alias("other")
_JOINED = (
    update(residents)
    .where(residents.c.id == bindparam("new_"))
    .where(exists().where(_OTHER.c.id == bindparam("old_"), _OTHER.c.told_aloud))
    .values(told_aloud=True)
)
# So long those who could be told something nowhere are gathered, to be told it together.
_GATHERED = timedelta(seconds=10)
_UNREACHED = select(func.count(distinct(posts.c.resident))).where(
    _WAITS_FOR_THEM, ~_IS_BESIDE, posts.c.next_at > _SINCE
)
_WAITING = select(posts.c.id).where(_WAITS_FOR_THEM, _THEIRS).limit(1)
_WAITS_BESIDE = and_(_WAITS_FOR_THEM, _THEIRS, posts.c.otherwise == BESIDE)
_ANY_BESIDE = select(posts.c.id).where(_WAITS_BESIDE).limit(1)
_BESIDE = (
    select(posts.c.id, posts.c.message, posts.c.key, posts.c.theme, posts.c.role)
    .where(_WAITS_BESIDE, func.coalesce(posts.c.until > _NOW, true()))
    .order_by(posts.c.seq)
)

_KNOWN = select(posts.c.id).where(among(posts.c.id, "ids_"))
_THESE = posts.c.id.startswith(bindparam("these_", type_=posts.c.id.type))
_SKIP = delete(posts).where(_UNSAID, _THEIRS, _THESE)
_SKIP_ALL = delete(posts).where(_STILL_WAITS, posts.c.ref.is_(None), ~posts.c.in_doubt, _THESE)


# So many wait for one person, the newest; of the others they are told how many there were.
MOST_WAITING = 100
_LEFT_OUT = "left out:"
_MORE = (
    select(posts.c.id)
    .where(_UNSAID, _THEIRS, ~posts.c.id.startswith(_LEFT_OUT))
    .order_by(posts.c.seq.desc())
    .offset(MOST_WAITING)
)
_SAID_OF_IT = select(posts.c.id, posts.c.message).where(_UNSAID, _THEIRS, posts.c.id.startswith(_LEFT_OUT))
_DROP = delete(posts).where(_UNSAID, _THEIRS, among(posts.c.id, "ids_"))


_GONE_OF_THEM = select(posts.c.id, posts.c.gone).where(_THEIRS, posts.c.gone.is_not(None))
_GONE_FROM = select(posts.c.id, posts.c.gone).where(holds(posts.c.gone, bindparam("address_")))
_PUT_GONE = update(posts).where(_ID).values(gone=bindparam("gone_"))


def keep_own(db: Batch, resident: int, accounts: Collection[Identity]) -> None:
    """Of where they could not be told something, only accounts that are theirs are kept."""
    own = {account.address for account in accounts}
    for row in list(db.execute(_GONE_OF_THEM, {"resident_": resident})):
        _put_gone(db, row, own.intersection(_read(row.gone)))


def forget_gone(db: Batch, account: Identity) -> None:
    """That nothing could be told that account is not kept, of whomever that was."""
    for row in list(db.execute(_GONE_FROM, {"address_": orjson.dumps(account.address).decode()})):
        _put_gone(db, row, {*_read(row.gone)} - {account.address})


def _put_gone(db: Batch, row: Any, left: Collection[str]) -> None:
    db.execute(_PUT_GONE, {"id_": row.id, "gone_": _packed(left) if left else None})


class Told:
    """Implements ToldStore."""

    def __init__(self, db: Batch, to_say: Posts, jobs: Jobs) -> None:
        self._db = db
        self._posts = to_say
        self._jobs = jobs

    def add(
        self,
        post_id: str,
        resident: int,
        message: Message,
        now: datetime,
        since: datetime,
        *,
        confidential: bool = False,
        until: datetime | None = None,
        theme: int | None = None,
        role: Role = Role.RESIDENT,
        begun: bool = False,
        otherwise: str | None = None,
    ) -> None:
        talking = begun or otherwise == BESIDE
        found = self._find(resident, since, (), talking=talking)
        # At a moment when nothing is at work it waits for the account that they used last.
        if found is None and (ways := self._ways(resident, talking=talking)):
            used = ways[0]
            found = used.identity, used.heard_by or self._posts.account_for(used.identity)
        if found:
            to, account = found
            self._posts.add(
                post_id,
                to,
                message,
                now,
                confidential=confidential,
                account=account,
                resident=resident,
                until=until,
                theme=theme,
                role=role,
                begun=begun,
                otherwise=otherwise,
            )
        elif otherwise == BESIDE and (ways := self._ways(resident)) and not self.known([post_id]):
            to = ways[0].identity
            self._posts.add(
                post_id,
                to,
                message,
                now,
                confidential=confidential,
                resident=resident,
                until=until,
                theme=theme,
                role=role,
                begun=begun,
                otherwise=BESIDE,
            )
            where = {"id_": post_id, "account_": NOWHERE, "gone_": None, "now_": now}
            self._db.execute(_NOWHERE, where)
            self._db.execute(_NOTE_WHOSE, {"id_": post_id})
            self.keep_newest(resident, now, since)

    def known(self, post_ids: Collection[str]) -> Collection[str]:
        return set(self._db.execute(_KNOWN, {"ids_": post_ids}).scalars()) if post_ids else set()

    def skip(self, resident: int | None, beginning: str) -> None:
        if resident is None:
            self._db.execute(_SKIP_ALL, {"these_": beginning})
        else:
            self._db.execute(_SKIP, {"resident_": resident, "these_": beginning})

    def hand_over(self, beginning: str, before: int, to: int) -> None:
        if list(self._db.execute(_HAND_OVER, {"before_": before, "resident_": to, "these_": beginning})):
            self._db.execute(_NOTE, {"resident_": to, "unheard_": True})
            self._db.wake("post")

    def keep_newest(self, resident: int, now: datetime, since: datetime) -> None:
        whose = {"resident_": resident}
        more = self._db.execute(_MORE, whose).scalars()
        if not more:
            return
        before = list(self._db.execute(_SAID_OF_IT, whose))
        said = [line for row in before for line in (unpack(row.message) or Message()).lines]
        count = len(more) + sum(int(str(line.values["count"])) for line in said)
        self._db.execute(_DROP, {**whose, "ids_": [*more, *(row.id for row in before)]})
        self.add(f"{_LEFT_OUT}{more[0]}", resident, message_of(text(LEFT_OUT, count=count)), now, since)

    def pass_on(self, post: Post, now: datetime, since: datetime) -> None:
        where = {"id_": post.id, "account_": post.account, "room_": _room(post)}
        # Unless somebody else decided meanwhile where it is to go.
        for row in list(self._db.execute(_TRIED_ON, where)):
            gone = {*_read(row.gone), f"{post.to.platform}:{_room(post)}"}
            self._send(row, gone, now, since)

    def redirect(self, now: datetime, since: datetime) -> None:
        stranded = self._db.execute(_STRANDED, {"since_": since})
        for community, group in groupby(stranded, key=lambda row: row.community):
            rows = list(group)
            with self._db.within(community):
                self._db.expect(residents.c.id, (row.resident for row in rows))
                for row in rows:
                    gone = _read(row.gone)
                    talking = _only_where_they_talk(row)
                    if row.account != NOWHERE or self._find(row.resident, since, gone, talking=talking):
                        self._send(row, gone, now, since)

    def _send(self, row: Any, gone: Collection[str], now: datetime, since: datetime) -> None:
        values = {"id_": row.id, "gone_": _packed(gone), "now_": now}
        if found := self._find(row.resident, since, gone, talking=_only_where_they_talk(row)):
            to, account = found
            where = {"platform_": to.platform, "room_": to.user_id}
            self._db.execute(_ELSEWHERE, {**values, **where, "account_": account})
            self._db.wake("post")
        else:
            self._db.execute(_NOWHERE, {**values, "account_": NOWHERE})
            self._db.execute(_NOTE_WHOSE, {"id_": row.id})
            self.keep_newest(row.resident, now, since)
            if row.otherwise and row.otherwise != BESIDE:
                self._plan(row.otherwise, now)

    def _plan(self, otherwise: str, now: datetime) -> None:
        """What is planned already is not put off by those who come later."""
        kind, _, subject = otherwise.partition(" ")
        key = f"{kind}:{subject}"
        self._jobs.add(kind, subject, now + _GATHERED, key, or_sooner=True)

    def take(self, otherwise: str, most: int, now: datetime) -> tuple[Mapping[int, Message], bool]:
        found = list(self._db.execute(_TAKEN, {"otherwise_": otherwise, "most_": most + 1}))
        rows = found[:most]
        if rows:
            self._db.execute(_TAKE, {"ids_": [row.id for row in rows], "now_": now})
        unsaid = {row.resident: said for row in rows if (said := unpack(row.message))}
        return unsaid, len(found) > most

    def said_aloud(self, people: Collection[int]) -> None:
        if people:
            self._db.execute(_TOLD_ALOUD, {"residents_": sorted(people)})

    def explained(self, resident: int) -> None:
        self._db.execute(_EXPLAINED, {"resident_": resident})

    def resume(self, resident: int, identity: Identity, now: datetime) -> None:
        where = {"platform_": identity.platform, "room_": identity.user_id}
        account = self._posts.account_for(identity)
        # In this order: what is set aside at the same time is either seen, or noted afterwards.
        self._db.execute(_NOTE, {"resident_": resident, "unheard_": False})
        self._db.execute(_LAPSE, {"resident_": resident, "now_": now})
        talks = any(way.talks and way.identity == identity for way in self._ways(resident))
        self._db.execute(
            _RESUME, {**where, "resident_": resident, "account_": account, "now_": now, "talks_": talks}
        )
        if self._db.execute(_ANY_BESIDE, {"resident_": resident}).first():
            self._db.execute(_NOTE, {"resident_": resident, "unheard_": True})
        self._db.wake("post")

    def waiting_beside(self, resident: int, now: datetime) -> Sequence[Aside]:
        rows = self._db.execute(_BESIDE, {"resident_": resident, "now_": now})
        # What cannot be read any more says nothing, and waits for nothing either.
        return [
            Aside(
                row.id,
                unpack(self._posts.opened(row.key, row.message)) or Message(),
                row.theme,
                Role(row.role),
            )
            for row in rows
        ]

    def take_beside(self, resident: int, post_ids: Sequence[str], now: datetime) -> Collection[str]:
        if not post_ids:
            return ()
        taken = set(self._db.execute(_TAKE, {"ids_": post_ids, "now_": now}).scalars())
        if not self._db.execute(_ANY_BESIDE, {"resident_": resident}).first():
            self._db.execute(_NOTE, {"resident_": resident, "unheard_": False})
        return taken

    def unreached(self, since: datetime) -> int:
        found: int = self._db.execute(_UNREACHED, {"since_": since}).scalar_one()
        return found

    def joined(self, old: int, new: int) -> None:
        self._db.execute(_JOINED, {"old_": old, "new_": new})

    def linked(self, resident: int) -> None:
        if self._db.execute(_WAITING, {"resident_": resident}).first():
            self._db.execute(_NOTE, {"resident_": resident, "unheard_": True})

    # --- where they can be reached ---

    def _find(
        self, resident: int, since: datetime, gone: Collection[str], *, talking: bool = False
    ) -> tuple[Identity, str] | None:
        """The first account of theirs that is left, and which of Plein's is to write to it."""
        for way in self._ways(resident, talking=talking):
            identity = way.identity
            if identity.address not in gone and (account := self._at_work(way, since)):
                return identity, account
        return None

    def _ways(self, resident: int, *, talking: bool = False) -> list[_Way]:
        """Their accounts, the one that they used last first; or those that talk with Plein in private."""
        ways = [way for way in self._db.get_all(_WAYS, resident) if way.talks or not talking]
        return sorted(ways, key=lambda way: way.identity.address != way.heard_as) if len(ways) > 1 else ways

    def _at_work(self, way: _Way, since: datetime) -> str | None:
        at_work = [account for account, seen in self._db.get_all(_OURS, way.platform) if seen >= since]
        return way.heard_by if way.heard_by in at_work else next(iter(at_work), None)


def _only_where_they_talk(row: Any) -> bool:
    """Whether no private talk is begun for it."""
    return bool(row.begun) or row.otherwise == BESIDE


def _room(post: Post) -> str:
    assert isinstance(post.to, Identity)
    return post.to.user_id


def _packed(gone: Collection[str]) -> str:
    return orjson.dumps(sorted(gone)).decode()


def _read(gone: str | None) -> Collection[str]:
    return orjson.loads(gone) if gone else ()
