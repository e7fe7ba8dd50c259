"""Plein's own accounts: which there are, when each was last at work, and what belongs to none yet.

What was kept before its account was known by name, and what is for somebody whom no account has heard
yet, is under the platform's word alone, and goes to the first account of that platform that comes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Table, Update, and_, bindparam, exists, or_, select, update

from bot.model.people import Place
from bot.ports.accounts import HeardUntil, Unheard
from storage.among import among
from storage.batch import Batch
from storage.community import OURS, anywhere
from storage.tables import accounts, boards, identities, inbox, places, posts, refs, wanted_rooms
from storage.upsert import upsert

_SEEN = upsert(accounts)
_SEEN = _SEEN.on_conflict_do_update(index_elements=["account"], set_={"seen_at": _SEEN.excluded.seen_at})
_SINCE = bindparam("since_", type_=accounts.c.seen_at.type)
_AT_WORK = select(accounts.c.account).where(
    accounts.c.account == bindparam("account_"), accounts.c.seen_at >= _SINCE
)
_ALL_AT_WORK = (
    select(accounts.c.account)
    .where(accounts.c.platform == bindparam("platform_"), accounts.c.seen_at >= _SINCE)
    .order_by(accounts.c.account)
)
_OTHERS_AWAY = select(accounts.c.account).where(
    accounts.c.platform == bindparam("platform_"),
    accounts.c.account != bindparam("account_"),
    accounts.c.seen_at < _SINCE,
)
_HEARD = (
    update(accounts)
    .where(accounts.c.account == bindparam("account_"))
    .values(
        heard_until=bindparam("heard_", type_=accounts.c.heard_until.type),
        private_until=bindparam("private_", type_=accounts.c.private_until.type),
    )
)
_HEARD_UNTIL = select(accounts.c.heard_until).where(accounts.c.account == bindparam("account_"))
# Where it has heard less, as it was said last; and as it is now.
_BEHIND_IN = anywhere(
    select(places.c.platform, places.c.room, places.c.heard_until).where(
        places.c.account == bindparam("account_"), places.c.heard_until.is_not(None)
    )
)
_HEARD_IN = anywhere(
    update(places)
    .where(
        places.c.platform == bindparam("platform_"),
        places.c.room == bindparam("room_"),
        places.c.account == bindparam("account_"),
    )
    .values(heard_until=bindparam("heard_", type_=places.c.heard_until.type))
)
# What was not at work for so long is not waited for, nor for so long a key that is missing.
AT_WORK_WITHIN, KEYS_COME_WITHIN = timedelta(days=1), timedelta(minutes=1)
_THEME: Any = bindparam("theme_")
_UNTIL = bindparam("until_", type_=inbox.c.said_at.type)
_THERE = (places.c.account == accounts.c.account, places.c.theme == _THEME, places.c.here)
_SERVES = exists().where(*_THERE)
# What is waited for was said in the theme's places, or in private: not in another theme's.
_SILENT = or_(
    accounts.c.heard_until < _UNTIL,
    accounts.c.private_until < _UNTIL,
    exists().where(*_THERE, places.c.heard_until < _UNTIL),
)
_IN_OTHER_THEME = exists().where(
    places.c.platform == accounts.c.platform, places.c.room == inbox.c.room, places.c.theme != _THEME
)
_RECENT = inbox.c.said_at >= bindparam("recent_", type_=inbox.c.said_at.type)
_WAITS = (
    inbox.c.account == accounts.c.account,
    or_(inbox.c.said_at.is_(None), inbox.c.said_at < _UNTIL),
    or_(inbox.c.undecryptable.is_(False), _RECENT),
    or_(inbox.c.whose.is_(None), inbox.c.whose == OURS),
    ~_IN_OTHER_THEME,
)
_WAITING = exists().where(*_WAITS)
_UNHEARD = (
    select(accounts.c.account, accounts.c.platform, _SILENT.label("silent"))
    .where(
        _SERVES,
        or_(accounts.c.seen_at >= _SINCE, among(accounts.c.platform, "awaited_")),
        accounts.c.heard_until.is_not(None),
        or_(_SILENT, _WAITING),
    )
    .order_by(accounts.c.account)
)
# By its number and not by when it was said: clocks differ.
_BEHIND = (
    select(accounts.c.account)
    .where(_SERVES, exists().where(*_WAITS, inbox.c.seq != bindparam("asking_")))
    .limit(1)
)


def _given(table: Table, *which: Any) -> Update:
    values: dict[str, Any] = {"account": bindparam("account_")}
    return anywhere(update(table).where(*which).values(**values))


_ADOPT = [_given(table, table.c.account == bindparam("platform_")) for table in (places, boards, refs)]
_ADOPT.append(_given(posts, posts.c.account == bindparam("platform_"), posts.c.account == posts.c.platform))
# What is set aside is said no more, by whichever account: it may stay where it is.
_UNSAID = and_(posts.c.private, posts.c.sent_at.is_(None), posts.c.parked.is_(None))
_SUCCEED = (
    _given(identities, identities.c.account.in_(_OTHERS_AWAY)),
    _given(posts, _UNSAID, posts.c.account.in_(_OTHERS_AWAY)),
    # One that is there already is whose place it is.
    _given(wanted_rooms, wanted_rooms.c.room.is_(None), wanted_rooms.c.account.in_(_OTHERS_AWAY)),
)


class Accounts:
    """Implements AccountStore."""

    def __init__(self, db: Batch) -> None:
        self._db = db

    def serve(self, account: str, platform: str, now: datetime) -> None:
        self._db.execute(_SEEN, {"account": account, "platform": platform, "seen_at": now})
        if account != platform:
            for statement in _ADOPT:
                self._db.execute(statement, {"account_": account, "platform_": platform})

    def is_away(self, account: str, since: datetime) -> bool:
        return self._db.execute(_AT_WORK, {"account_": account, "since_": since}).first() is None

    def at_work(self, platform: str, since: datetime) -> Sequence[str]:
        return [*self._db.execute(_ALL_AT_WORK, {"platform_": platform, "since_": since}).scalars()]

    def heard(self, hearing: Mapping[str, HeardUntil]) -> None:
        for account, heard in hearing.items():
            who = {"account_": account}
            private = heard.behind.get(None)
            self._db.execute(_HEARD, {**who, "heard_": heard.until, "private_": private})
            before = {
                Place(row.platform, row.room): row.heard_until for row in self._db.execute(_BEHIND_IN, who)
            }
            now = {place: until for place, until in heard.behind.items() if place}
            changed = [
                (place, now.get(place)) for place in {**before, **now} if before.get(place) != now.get(place)
            ]
            for place, until in sorted(changed, key=lambda change: (change[0].platform, change[0].room_id)):
                where = {"platform_": place.platform, "room_": place.room_id}
                self._db.execute(_HEARD_IN, {**who, **where, "heard_": until})

    def heard_until(self, account: str) -> datetime | None:
        found: datetime | None = self._db.execute(_HEARD_UNTIL, {"account_": account}).scalar()
        return found

    def unheard(
        self, theme: int, until: datetime, now: datetime, awaited: Collection[str] = ()
    ) -> Sequence[Unheard]:
        since = {"since_": now - AT_WORK_WITHIN, "recent_": now - KEYS_COME_WITHIN}
        rows = self._db.execute(_UNHEARD, {"theme_": theme, "until_": until, "awaited_": awaited, **since})
        return [Unheard(row.account, row.platform, not row.silent) for row in rows]

    def is_behind(self, theme: int, until: datetime, now: datetime, asking: int = 0) -> bool:
        values = {"theme_": theme, "until_": until, "recent_": now - KEYS_COME_WITHIN, "asking_": asking}
        return self._db.execute(_BEHIND, values).first() is not None

    def succeed(self, account: str, platform: str, since: datetime) -> None:
        values = {"account_": account, "platform_": platform, "since_": since}
        for statement in _SUCCEED:
            self._db.execute(statement, values)
        self._db.wake("post")
