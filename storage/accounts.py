"""Plein's own accounts: which there are, when each was last at work, and what belongs to none yet.

What was kept before its account was known by name, and what is for somebody whom no account has heard
yet, is under the platform's word alone, and goes to the first account of that platform that comes.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Table, Update, and_, bindparam, select, update

from storage.batch import Batch
from storage.tables import accounts, boards, identities, places, posts, refs
from storage.upsert import upsert

_SEEN = upsert(accounts)
_SEEN = _SEEN.on_conflict_do_update(index_elements=["account"], set_={"seen_at": _SEEN.excluded.seen_at})
_SINCE = bindparam("since_", type_=accounts.c.seen_at.type)
_AT_WORK = select(accounts.c.account).where(
    accounts.c.account == bindparam("account_"), accounts.c.seen_at >= _SINCE
)
_OTHERS_AWAY = select(accounts.c.account).where(
    accounts.c.platform == bindparam("platform_"),
    accounts.c.account != bindparam("account_"),
    accounts.c.seen_at < _SINCE,
)


def _given(table: Table, *which: Any) -> Update:
    values: dict[str, Any] = {"account": bindparam("account_")}
    return update(table).where(*which).values(**values)


_ADOPT = [_given(table, table.c.account == bindparam("platform_")) for table in (places, boards, posts, refs)]
_SUCCEED = (
    _given(identities, identities.c.account.in_(_OTHERS_AWAY)),
    _given(posts, and_(posts.c.private, posts.c.sent_at.is_(None), posts.c.account.in_(_OTHERS_AWAY))),
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

    def succeed(self, account: str, platform: str, since: datetime) -> None:
        values = {"account_": account, "platform_": platform, "since_": since}
        for statement in _SUCCEED:
            self._db.execute(statement, values)
        self._db.wake("post")
