"""Of what one account makes grow the newest is kept: each has a share, and nobody's goes for another's.

It is looked for and deleted twice a day with what retention.py forgets, so that nothing is counted while
somebody waits: meanwhile it grows by what one account can say in half a day. What still waits to be said is
in no share.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, cast

from sqlalchemy import (
    BindParameter,
    Column,
    ColumnElement,
    Delete,
    Select,
    and_,
    bindparam,
    delete,
    func,
    or_,
    select,
)

from bot.ports.storage import Store, Transaction
from storage.community import anywhere
from storage.executor import Rows
from storage.tables import handled, posts
from storage.unit import Tx

# Somebody who uses Plein ten times a day finds three months of it. An account costs a few MiB, and some
# forty where each answer quotes eight thousand letters.
MOST = 1_000
PAGE = 500
# Counting goes by an index, so many accounts at a time, of which each has about as many rows as its share.
ACCOUNTS = 20


@dataclass(frozen=True, slots=True, eq=False)
class Share:
    """`done` says of which rows of a table the newest by `moment` are kept, of each account in `owner`."""

    what: str
    why: str
    owner: Column[Any]
    owned: ColumnElement[bool]
    done: ColumnElement[bool]
    moment: ColumnElement[Any]
    count: Select[Any] = field(init=False)
    since: Select[Any] = field(init=False)
    older: Select[Any] = field(init=False)
    delete: Delete = field(init=False)

    def __post_init__(self) -> None:
        keys = list(self.owner.table.primary_key)
        owner: BindParameter[Any] = bindparam("owner_")
        since: BindParameter[Any] = bindparam("since_", type_=self.moment.type)
        theirs = and_(self.owner == owner, self.owned, self.done)
        count = (
            select(self.owner, func.count())
            .where(self.owned, self.owner > bindparam("after_"))
            .group_by(self.owner)
            .order_by(self.owner)
            .limit(ACCOUNTS)
        )
        newest = select(self.moment).where(theirs).order_by(self.moment.desc())
        these = and_(*(key == bindparam(f"key_{key.name}", type_=key.type) for key in keys))
        object.__setattr__(self, "count", anywhere(count))
        object.__setattr__(self, "since", anywhere(newest.offset(bindparam("before_")).limit(1)))
        object.__setattr__(
            self, "older", anywhere(select(*keys).where(theirs, self.moment < since).limit(PAGE))
        )
        object.__setattr__(self, "delete", anywhere(delete(self.owner.table).where(these, self.done)))

    def counted(self, after: str, tx: Transaction) -> Rows:
        """The next accounts behind that one, each with how many rows it has."""
        return cast(Tx, tx).db.execute(self.count, {"after_": after})

    def from_then_on(self, owner: str, most: int, tx: Transaction) -> datetime | None:
        """Since when the newest are; None where there are no more than these."""
        values = {"owner_": owner, "before_": most - 1}
        found: datetime | None = cast(Tx, tx).db.execute(self.since, values).scalar()
        return found

    def page(self, owner: str, since: datetime, tx: Transaction) -> Rows:
        return cast(Tx, tx).db.execute(self.older, {"owner_": owner, "since_": since})

    def forget(self, rows: Sequence[Sequence[Any]], tx: Transaction) -> None:
        names = [f"key_{key.name}" for key in self.owner.table.primary_key]
        cast(Tx, tx).db.execute(self.delete, [dict(zip(names, row, strict=True)) for row in rows])


SHARES = (
    Share(
        "what one account was answered",
        "what others were answered is kept as long as it should be",
        handled.c.author,
        handled.c.author.is_not(None),
        handled.c.author.is_not(None),
        handled.c.at,
    ),
    Share(
        "what was said to one account in private",
        "buttons under what is newer work, and nobody fills the disk",
        posts.c.room,
        posts.c.private,
        or_(posts.c.sent_at.is_not(None), posts.c.parked.is_not(None)),
        posts.c.seq,
    ),
)


async def keep_shares(store: Store, most: int = MOST) -> None:
    """Delete what is more than somebody's share."""
    for share in SHARES:
        after = ""
        while rows := await store.read_anywhere(partial(share.counted, after)):
            for owner, count in rows:
                if count > most:
                    await _keep_share(store, share, owner, most)
            after = rows[-1][0]


async def _keep_share(store: Store, share: Share, owner: str, most: int) -> None:
    since = await store.read_anywhere(partial(share.from_then_on, owner, most))
    while since and (rows := await store.read_anywhere(partial(share.page, owner, since))):
        await store.run_anywhere(partial(share.forget, rows))
