"""What is still to be said, and what was: the wanted state of each post, and what is known to stand.

A post waits while `sent_at` is empty. Nobody knows whether what was tried arrived; so a change or a
withdrawal of it is kept beside it (`wanted`, `withdrawn`) until that is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import (
    Boolean,
    ColumnElement,
    and_,
    bindparam,
    case,
    delete,
    func,
    literal,
    null,
    or_,
    select,
    update,
)

from bot.model.codec import begin_alike, pack, pack_text, unpack, without
from bot.model.message import Message, Text
from bot.model.people import Identity, Place, Role
from bot.model.work import SECRET, Post, Receipt
from storage.batch import Batch, Loader
from storage.community import anywhere
from storage.envelopes import Envelopes
from storage.holds import holds
from storage.retry import retry, retrying
from storage.tables import accounts, identities, places, posts, refs
from storage.upsert import upsert

# Nothing that is due by then has to wait.
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
# So many answers wait for somebody who lets nobody write to them.
MOST_ANSWERS = 100
_MOMENT = posts.c.next_at.type
_NOW = bindparam("now_", type_=_MOMENT)
_ADD = upsert(posts).on_conflict_do_nothing(index_elements=["id"])
# Who is to say it: the account that serves the place, that hears the person, or any of the platform.
_SERVES = Loader(select(places.c.account), by=[places.c.platform, places.c.room], make=str)
_HEARS = Loader(
    select(identities.c.account).where(identities.c.account.is_not(None)),
    by=[identities.c.platform, identities.c.user_id],
    make=str,
)
_ANY = select(func.min(accounts.c.account)).where(accounts.c.platform == bindparam("platform_"))


def _waiting(table: Any) -> ColumnElement[bool]:
    return and_(table.c.sent_at.is_(None), table.c.parked.is_(None))


_WAITING = _waiting(posts)
_MINE = posts.c.account == bindparam("account_")
_COLUMNS = (
    *(posts.c.id, posts.c.platform, posts.c.room, posts.c.private, posts.c.message, posts.c.key),
    *(posts.c.account, posts.c.attempts, posts.c.tried_at, posts.c.next_at, posts.c.ref, posts.c.version),
    *(posts.c.withdrawn, posts.c.mentions, posts.c.reply_to, posts.c.resident, posts.c.in_doubt),
    *(posts.c.theme, posts.c.role, posts.c.community, posts.c.begun, posts.c.otherwise),
    posts.c.until,
)


def _is_in_turn(table: Any) -> ColumnElement[bool]:
    """What Plein began itself and has to wait holds up nothing that somebody asked for since."""
    return or_(table.c.begun.is_(False), table.c.next_at <= _NOW)


# The oldest of each place decides: the others wait behind it, whatever their own time.
_EARLIER = posts.alias("earlier")
_IS_OLDEST = ~(
    select(literal(1))
    .where(
        _EARLIER.c.account == posts.c.account,
        _EARLIER.c.platform == posts.c.platform,
        _EARLIER.c.room == posts.c.room,
        _EARLIER.c.private == posts.c.private,
        _EARLIER.c.seq < posts.c.seq,
        _waiting(_EARLIER),
        _is_in_turn(_EARLIER),
    )
    .exists()
)
# The order of first words keeps a console's transcript the same on every run.
_DUE = anywhere(
    select(*_COLUMNS)
    .where(_MINE, _WAITING, posts.c.next_at <= _NOW, _IS_OLDEST)
    .order_by(posts.c.next_at, posts.c.seq)
    .limit(bindparam("limit_"))
)
_NEXT = anywhere(
    select(*_COLUMNS)
    .where(
        *(_MINE, _WAITING, _is_in_turn(posts), posts.c.platform == bindparam("platform_")),
        *(posts.c.room == bindparam("room_"), posts.c.private == bindparam("private_")),
    )
    .order_by(posts.c.seq)
    .limit(1)
)
_NEXT_TRY = anywhere(
    select(posts.c.next_at)
    .where(_MINE, _WAITING, posts.c.next_at > _NOW, _IS_OLDEST)
    .order_by(posts.c.next_at)
    .limit(1)
)
_ID = posts.c.id == bindparam("id_")
_TRIED = update(posts).where(_ID).values(tried_at=func.coalesce(posts.c.tried_at, _NOW), in_doubt=True)
_LATER = (
    update(posts)
    .where(_ID)
    .values(
        next_at=bindparam("when_", type_=_MOMENT),
        attempts=posts.c.attempts + bindparam("more_"),
        in_doubt=bindparam("in_doubt_"),
    )
)
# Of the answers that wait for one account; what is told to a person by itself stays.
_THEIRS = and_(
    *(_MINE, posts.c.platform == bindparam("platform_"), posts.c.room == bindparam("room_")),
    *(posts.c.private, _WAITING, posts.c.resident.is_(None), posts.c.ref.is_(None)),
)
_OLDEST_KEPT = select(posts.c.seq).where(_THEIRS).order_by(posts.c.seq.desc()).offset(MOST_ANSWERS - 1)
_DROP_OLD_ANSWERS = delete(posts).where(_THEIRS, posts.c.seq < _OLDEST_KEPT.limit(1).scalar_subquery())
_RETRY = retrying(posts, _WAITING, in_place=posts.c.private.is_(False))
_PARK = update(posts).where(_ID).values(parked=bindparam("reason_"))
_PARKED = anywhere(
    select(posts.c.id, posts.c.parked).where(posts.c.parked.is_not(None)).order_by(posts.c.seq)
)

# --- what becomes of it ---

_CHANGED = posts.c.wanted.is_not(None)
_ANOTHER_STATE = {"tried_at": null(), "in_doubt": False, "attempts": 0, "version": posts.c.version + 1}
# What is confidential is not kept beside the room in which it was said, unless it has something to press.
_IS_OVER = and_(posts.c.key != "", ~posts.c.id.startswith(SECRET), bindparam("read_only_", type_=Boolean))
_THE_DAY = bindparam("day_", type_=posts.c.sent_at.type)
_AT_MIDNIGHT: dict[str, Any] = dict.fromkeys(("minute", "second", "microsecond"), 0)
# It stands there. Was it changed meanwhile, that comes next; was it withdrawn, it is taken away next.
_SHOWN = (
    update(posts)
    .where(_ID, posts.c.version == bindparam("version_"))
    .values(
        ref=bindparam("ref_"),
        message=case((_IS_OVER, ""), else_=func.coalesce(posts.c.wanted, posts.c.message)),
        key=case((_IS_OVER, ""), else_=posts.c.key),
        names=case((_IS_OVER, null()), else_=posts.c.names),
        wanted=null(),
        tried_at=case((_CHANGED | _IS_OVER, null()), else_=posts.c.tried_at),
        version=case((_CHANGED, posts.c.version + 1), else_=posts.c.version),
        attempts=0,
        in_doubt=False,
        # When somebody asked what is nobody else's business is neither.
        sent_at=case((_CHANGED | posts.c.withdrawn, null()), (_IS_OVER, _THE_DAY), else_=_NOW),
        next_at=case((_CHANGED, posts.c.next_at), (_IS_OVER, _THE_DAY), else_=posts.c.next_at),
    )
    .returning(posts.c.id)
)
_NARROW = (
    update(posts)
    .where(_ID, posts.c.version == bindparam("version_"), posts.c.wanted.is_(None), posts.c.key == "")
    .values(message=bindparam("message_"))
)
# What stood there cannot be changed any more: the next showing is a new message.
_ANEW = (
    update(posts)
    .where(_ID)
    .values(
        ref=null(), message=func.coalesce(posts.c.wanted, posts.c.message), wanted=null(), **_ANOTHER_STATE
    )
)
_UNTRIED = and_(posts.c.tried_at.is_(None), posts.c.ref.is_(None))
_UNDER_WAY = and_(posts.c.sent_at.is_(None), posts.c.tried_at.is_not(None))
_MAY_CHANGE = and_(_ID, posts.c.parked.is_(None), posts.c.withdrawn.is_(False), posts.c.key == "")
_CHANGE = (
    # Nobody saw anything of it yet.
    update(posts).where(_MAY_CHANGE, _UNTRIED).values(message=bindparam("message_"), sent_at=null()),
    # It may just be arriving.
    update(posts).where(_MAY_CHANGE, _UNDER_WAY).values(wanted=bindparam("message_")),
    # It stands there as it was; or waits to be changed to something else already.
    update(posts)
    .where(_MAY_CHANGE, posts.c.ref.is_not(None), ~_UNDER_WAY)
    .values(message=bindparam("message_"), sent_at=null(), next_at=_NOW, **_ANOTHER_STATE),
)
_MAY_WITHDRAW = and_(_ID, posts.c.parked.is_(None), posts.c.withdrawn.is_(False))
_WITHDRAW = (
    # Nobody saw anything of it: so it is done.
    update(posts).where(_MAY_WITHDRAW, _UNTRIED).values(withdrawn=True, wanted=null(), sent_at=_NOW),
    update(posts)
    .where(_MAY_WITHDRAW)
    .values(withdrawn=True, wanted=null(), sent_at=null(), next_at=_NOW, attempts=0),
)
_RETRACTED = update(posts).where(_ID).values(sent_at=_NOW, ref=null())
_SAY_FIRST = upsert(posts).on_conflict_do_nothing(index_elements=["id"])
_VERSION = select(posts.c.version).where(_ID)
_SAY_INSTEAD = (
    update(posts)
    .where(_ID)
    .values(
        **{
            name: bindparam(f"{name}_")
            for name in ("message", "key", "platform", "room", "private", "account", "version")
        },
        next_at=_NOW,
        attempts=0,
        in_doubt=False,
        withdrawn=False,
        **dict.fromkeys(("tried_at", "sent_at", "parked", "ref", "wanted"), null()),
    )
)
_THESE = posts.c.id.startswith(bindparam("these_", type_=posts.c.id.type))
_THEIR_REFS = delete(refs).where(refs.c.post.startswith(bindparam("these_", type_=refs.c.post.type)))
# What certainly was not said yet is still said, as any other that is confidential.
_LATE = (
    update(posts)
    .where(_THESE, _WAITING, posts.c.in_doubt.is_(False))
    .values(id=literal("late:").concat(posts.c.id))
)
_FORGET = delete(posts).where(_THESE)
_IS_LATE = f"late:{SECRET}"
_FORGET_LATE = delete(posts).where(_ID, posts.c.sent_at.is_not(None))
# Nobody saw anything of it, and nobody is about to.
_SKIP = delete(posts).where(
    *(_MINE, posts.c.platform == bindparam("platform_"), posts.c.room == bindparam("room_")),
    *(posts.c.private == bindparam("private_"), _THESE, _WAITING, _UNTRIED),
)
_LINE = bindparam("line_", type_=posts.c.message.type)
_SAYS = and_(posts.c.key == "", or_(holds(posts.c.message, _LINE), holds(posts.c.wanted, _LINE)))
_SAID = select(posts.c.id, posts.c.message, posts.c.wanted, posts.c.sent_at).where(_SAYS)
_PAGE = (
    select(
        *(posts.c.seq, posts.c.id, posts.c.wanted, posts.c.sent_at),
        case((_SAYS, posts.c.message)).label("message"),
    )
    .where(posts.c.seq > bindparam("after_"))
    .order_by(posts.c.seq)
    .limit(bindparam("most_"))
)
_REWRITE = update(posts).where(_ID).values(message=bindparam("message_"), wanted=bindparam("wanted_"))
_FORGET_REFS = delete(refs).where(refs.c.post == bindparam("id_"))
_REF = upsert(refs).on_conflict_do_nothing()
_AT = anywhere(
    select(posts.c.message, posts.c.key, posts.c.community)
    .join(refs, and_(refs.c.community == posts.c.community, refs.c.post == posts.c.id))
    .where(refs.c.account == bindparam("account_"), refs.c.ref == bindparam("ref_"))
)


class Posts:
    """Implements PostStore."""

    def __init__(
        self, db: Batch, sealing: Envelopes, marks_in: Callable[[str, Identity | None], str | None]
    ) -> None:
        """`marks_in`: of whom what is sealed speaks, but for whom it is for."""
        self._db = db
        self._sealing = sealing
        self._marks_in = marks_in
        self._last: tuple[Message, str] | None = None

    def add(
        self,
        post_id: str,
        to: Place | Identity,
        message: Message,
        now: datetime,
        *,
        confidential: bool = False,
        account: str = "",
        mentions: Sequence[Identity] = (),
        reply_to: str | None = None,
        resident: int | None = None,
        until: datetime | None = None,
        theme: int | None = None,
        role: Role = Role.RESIDENT,
        begun: bool = False,
        otherwise: str | None = None,
    ) -> None:
        if self._db.pending(posts, post_id):
            return
        packed = self._packed(message)
        names = None
        if confidential:
            names = self._marks_in(packed, to if isinstance(to, Identity) else None)
        key, body = self._sealing.seal(packed) if confidential else ("", packed)
        row = {
            **_target(to),
            "id": post_id,
            "message": body,
            "key": key,
            "names": names,
            "next_at": now,
            "account": account or self.account_for(to),
            "mentions": pack_people(mentions),
            "reply_to": reply_to,
            "resident": resident,
            "until": until,
            "theme": theme,
            "role": int(role),
            "begun": begun,
            "otherwise": otherwise,
        }
        self._db.defer(_ADD, post_id, row)
        self._db.wake("post")

    def _packed(self, message: Message) -> str:
        """What many are told is the same for each: it is packed once."""
        if self._last is None or self._last[0] is not message:
            packed = pack(message)
            assert packed
            self._last = message, packed
        return self._last[1]

    def opened(self, key: str, packed: str | None) -> str | None:
        """What is kept of a message, as it is unpacked; None where it cannot be read any more."""
        return self._sealing.unseal(key, packed) if packed else None

    def say_instead(
        self, post_id: str, to: Place | Identity, message: Message, now: datetime, event: str, *, account: str
    ) -> None:
        version = self._sealing.mark(event)
        before = self._db.execute(_VERSION, {"id_": post_id}).scalar()
        if before == version:
            return
        packed = pack(message)
        assert packed
        key, body = self._sealing.seal(packed)
        row = {"message": body, "key": key, "version": version, **_target(to)}
        row |= {"account": account or self.account_for(to)}
        if before is None:
            self._db.execute(_SAY_FIRST, {"id": post_id, "next_at": now, **row})
        else:
            self._db.execute(_FORGET_REFS, {"id_": post_id})
            values = {f"{name}_": value for name, value in row.items()}
            self._db.execute(_SAY_INSTEAD, {"id_": post_id, "now_": now, **values})
        self._db.wake("post")

    def forget(self, beginning: str) -> None:
        for statement in (_LATE, _FORGET, _THEIR_REFS):
            self._db.execute(statement, {"these_": beginning})

    def drop(self, beginning: str) -> None:
        for statement in (_FORGET, _THEIR_REFS):
            self._db.execute(statement, {"these_": beginning})

    def skip(self, to: Place | Identity, beginning: str) -> None:
        where = {f"{name}_": value for name, value in _target(to).items()}
        where |= {"account_": self.account_for(to), "these_": beginning}
        self._db.execute(_SKIP, where)

    def account_for(self, to: Place | Identity) -> str:
        """Which of Plein's is to write there."""
        if isinstance(to, Place):
            known = self._db.get(_SERVES, to.platform, to.room_id)
        else:
            known = self._db.get(_HEARS, to.platform, to.user_id)
        return known or self._db.execute(_ANY, {"platform_": to.platform}).scalar() or to.platform

    def change(self, post_id: str, message: Message, now: datetime) -> None:
        for statement in _CHANGE:
            self._db.execute(statement, {"id_": post_id, "message_": pack(message), "now_": now})
        self._db.wake("post")

    def withdraw(self, post_id: str, now: datetime) -> None:
        for statement in _WITHDRAW:
            self._db.execute(statement, {"id_": post_id, "now_": now})
        self._db.wake("post")

    def unsay(self, line: Text, beginning: str | None) -> None:
        for row in list(self._db.execute(_SAID, {"line_": pack_text(line)})):
            self._unsay(row, [(line, beginning)])

    def unsay_page(self, lines: Sequence[tuple[Text, str | None]], after: int, most: int) -> int | None:
        which = {"line_": begin_alike([line for line, _ in lines]), "after_": after, "most_": most}
        rows = list(self._db.execute(_PAGE, which))
        for row in rows:
            if row.message is not None:
                self._unsay(row, lines)
        return rows[-1].seq if len(rows) == most else None

    def _unsay(self, row: Any, lines: Sequence[tuple[Text, str | None]]) -> None:
        message, wanted, is_shown = row.message, row.wanted, False
        for line, beginning in lines:
            if beginning is None and row.sent_at is None:
                continue
            before = message, wanted
            message, wanted = without(message, line), wanted and without(wanted, line)
            is_theirs = beginning is not None and row.id.startswith(beginning)
            is_shown |= is_theirs and (message, wanted) != before
        if (message, wanted) != (row.message, row.wanted):
            self._db.execute(_REWRITE, {"id_": row.id, "message_": message, "wanted_": wanted})
        if is_shown and (said := unpack(wanted or message)):
            self.change(row.id, said, LONG_AGO)

    # --- what is to be done ---

    def due(self, account: str, now: datetime, limit: int) -> Sequence[Post]:
        rows = self._db.execute(_DUE, {"account_": account, "now_": now, "limit_": limit})
        return [post for row in rows if (post := self._read(row))]

    def next_for(self, to: Place | Identity, account: str, now: datetime) -> Post | None:
        where = {f"{name}_": value for name, value in _target(to).items()}
        row = self._db.execute(_NEXT, {**where, "account_": account, "now_": now}).first()
        return self._read(row) if row and row.next_at <= now else None

    def _read(self, row: Any) -> Post | None:
        message = Message()
        if not (row.withdrawn and row.ref):  # what is to be taken away need not be read
            packed = self._sealing.unseal(row.key, row.message)
            said = unpack(packed)
            if said is None:
                with self._db.within(row.community):
                    self.park(row.id, "its key is gone" if packed is None else "it cannot be read")
                self._db.wake("post")  # what comes after it there
                return None
            message = said
        return Post(
            row.id,
            Identity(row.platform, row.room) if row.private else Place(row.platform, row.room),
            message,
            row.account,
            row.attempts,
            row.tried_at,
            tuple((row.ref or "").split()),
            row.version,
            row.withdrawn,
            _unpack_people(row.mentions),
            row.reply_to,
            row.resident,
            bool(row.in_doubt),
            row.theme,
            Role(row.role),
            row.community,
            bool(row.begun),
            bool(row.otherwise),
            row.until,
        )

    def next_try(self, accounts: Iterable[str], now: datetime) -> datetime | None:
        asked = [{"account_": account, "now_": now} for account in accounts]
        found = [self._db.execute(_NEXT_TRY, values).scalar() for values in asked]
        return min(filter(None, found), default=None)

    # --- what came of it ---

    def tried(self, post_ids: Sequence[str], now: datetime) -> None:
        if post_ids:
            self._db.execute(_TRIED, [{"id_": post_id, "now_": now} for post_id in post_ids])

    def shown(self, post: Post, receipt: Receipt, now: datetime, said: Message | None = None) -> None:
        if not receipt.ref:
            self._db.execute(_ANEW, {"id_": post.id})
            return
        values = {"id_": post.id, "ref_": " ".join(receipt.ref), "now_": now, "version_": post.version}
        values |= {"read_only_": not post.message.controls, "day_": now.replace(hour=0, **_AT_MIDNIGHT)}
        if said is not None:
            self._db.execute(_NARROW, {"id_": post.id, "version_": post.version, "message_": pack(said)})
        if not self._db.execute(_SHOWN, values):
            return  # something else is to be said in its place by now
        if post.id.startswith(_IS_LATE):  # whose secret it was, nobody is to know
            self._db.execute(_FORGET_LATE, {"id_": post.id})
            return
        for ref in receipt.ref if receipt.ref != post.ref else ():
            row = {"account": post.account, "ref": ref, "post": post.id, "platform": post.to.platform}
            self._db.execute(_REF, row)

    def retracted(self, post: Post, now: datetime) -> None:
        self._db.execute(_RETRACTED, {"id_": post.id, "now_": now})
        self._db.execute(_FORGET_REFS, {"id_": post.id})

    def later(self, post_id: str, when: datetime, *, failed: bool, in_doubt: bool = True) -> None:
        values = {"id_": post_id, "when_": when, "more_": int(failed), "in_doubt_": in_doubt}
        self._db.execute(_LATER, values)

    def keep_newest(self, account: str, to: Identity) -> None:
        where = {"platform_": to.platform, "room_": to.user_id}
        self._db.execute(_DROP_OLD_ANSWERS, {**where, "account_": account})

    def retry(self, account: str, place: Place | None, now: datetime) -> None:
        retry(self._db, _RETRY, account, place, now)
        self._db.wake("post")

    def park(self, post_id: str, reason: str) -> None:
        self._db.execute(_PARK, {"id_": post_id, "reason_": reason})

    def parked(self) -> Sequence[tuple[str, str]]:
        return [(row[0], row[1]) for row in self._db.execute(_PARKED)]

    def message_at(self, account: str, ref: str) -> Message | None:
        row = self._db.execute(_AT, {"account_": account, "ref_": ref}).first()
        packed = self._sealing.unseal(row.key, row.message) if row else None
        shown = unpack(packed or None)
        return replace(shown, community=row.community) if row and shown else None


def _target(to: Place | Identity) -> dict[str, object]:
    room = to.room_id if isinstance(to, Place) else to.user_id
    return {"platform": to.platform, "room": room, "private": isinstance(to, Identity)}


def pack_people(people: Sequence[Identity]) -> str | None:
    """As they stand in a column; of one person it is what their posts are found by."""
    return orjson.dumps([[who.platform, who.user_id] for who in people]).decode() if people else None


def _unpack_people(packed: str | None) -> tuple[Identity, ...]:
    return tuple(Identity(*fields) for fields in orjson.loads(packed)) if packed else ()
