"""What nobody needs any more is deleted by rule, a page at a time, so that nobody waits for it.

Each rule is one row here or in deserted.py, and one in docs/operating.md, where those who operate Plein
read it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, cast

from sqlalchemy import (
    Column,
    ColumnElement,
    Delete,
    Select,
    Table,
    Update,
    and_,
    bindparam,
    delete,
    exists,
    null,
    or_,
    select,
    tuple_,
    update,
)

from bot.model.work import COPIES, UNKNOWN, WHICH
from bot.ports.storage import Store, Transaction
from storage.community import anywhere
from storage.executor import Rows
from storage.shares import keep_shares
from storage.tables import (
    boards,
    copies,
    early_acts,
    fold_shares,
    handled,
    inbox,
    jobs,
    placed_signs,
    posts,
    refs,
    signs,
    speakers,
    spent,
    threads,
    uncarried,
    uncarried_marks,
    uses,
    wanted_copies,
)
from storage.unit import Tx

PAGE = 500
# However much somebody asks, of so many answers the latest are kept.
MOST_ANSWERS = 500_000
A_YEAR = timedelta(days=365)
Keys = Sequence[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """`over` says of a row of the table that it is needed no more; `before_` in it is `keep` ago.

    `most`: of so many rows, and by which of their moments, the latest are kept; what is before them goes too.
    `kept_as`: under that name the configuration may say otherwise for how long.
    `only`: the row stays, without what stands in these columns.
    """

    what: str
    keep: timedelta
    why: str
    table: Table
    over: ColumnElement[bool]
    most: tuple[int, Column[Any]] | None = None
    kept_as: str = ""
    only: Sequence[Column[Any]] = ()
    first: Select[Any] = field(init=False)
    following: Select[Any] = field(init=False)
    drop: Delete | Update = field(init=False)

    def __post_init__(self) -> None:
        keys = list(self.table.primary_key)
        binds = [bindparam(f"key_{key.name}", type_=key.type) for key in keys]
        page = anywhere(select(*keys, self.over.label("over")).order_by(*keys).limit(PAGE))
        these = and_(*(key == bind for key, bind in zip(keys, binds, strict=True)))
        object.__setattr__(self, "first", page)
        object.__setattr__(self, "following", page.where(tuple_(*keys) > tuple_(*binds)))
        gone = {column: null() for column in self.only}
        drop = update(self.table).values(gone) if gone else delete(self.table)
        object.__setattr__(self, "drop", anywhere(drop.where(these, self.over)))

    def before(self, now: datetime, keep: Mapping[str, timedelta], tx: Transaction) -> datetime:
        """What is from before that moment is over."""
        before = now - keep.get(self.kept_as, self.keep)
        if self.most:
            count, moment = self.most
            latest = select(moment).order_by(moment.desc()).offset(count - 1).limit(1)
            before = max(before, cast(Tx, tx).db.execute(anywhere(latest)).scalar() or before)
        return before

    def page(self, before: datetime, after: Keys | None, tx: Transaction) -> Rows:
        """The rows behind those keys, each with whether it is over."""
        statement = self.following if after else self.first
        return cast(Tx, tx).db.execute(statement, self._values(before, after or ()))

    def forget(self, before: datetime, rows: Sequence[Keys], tx: Transaction) -> None:
        cast(Tx, tx).db.execute(self.drop, [self._values(before, row) for row in rows])

    def _values(self, before: datetime, keys: Keys) -> dict[str, Any]:
        names = [f"key_{key.name}" for key in self.table.primary_key]
        return {"before_": before, **dict(zip(names, keys, strict=False))}


def before(moment: Column[Any]) -> ColumnElement[bool]:
    """That it was before the moment until which its rule keeps it."""
    return moment < bindparam("before_", type_=moment.type)


_ITS_POST = exists().where(posts.c.id == refs.c.post, posts.c.community == refs.c.community)
_ITS_BOARD = exists().where(
    boards.c.subject == refs.c.subject,
    boards.c.community == refs.c.community,
    boards.c.platform == refs.c.platform,
    boards.c.room == refs.c.room,
)

_ITS_MESSAGE = copies.alias("its_message")
_IS_KNOWN = exists().where(
    _ITS_MESSAGE.c.message == copies.c.message,
    _ITS_MESSAGE.c.community == copies.c.community,
    _ITS_MESSAGE.c.at.is_not(None),
)
# What stands as one has a number that nobody said.
_HAS_SHARES = exists().where(
    fold_shares.c.fold == copies.c.message, fold_shares.c.community == copies.c.community
)
_ITS_SHARE = exists().where(
    _ITS_MESSAGE.c.message == fold_shares.c.message,
    _ITS_MESSAGE.c.community == fold_shares.c.community,
    _ITS_MESSAGE.c.at.is_not(None),
)

# What is known of a message beside whose it is and where it stands.
_BESIDE = (copies.c.reply_to, copies.c.thread, copies.c.changed_at)
_ITS_ROOT = exists().where(
    copies.c.message == threads.c.message,
    copies.c.community == threads.c.community,
    copies.c.at.is_not(None),
)

_IS_KEPT = {
    table: exists().where(copies.c.message == table.c.message, copies.c.community == table.c.community)
    for table in (signs, placed_signs)
}
_IS_SPOKEN = exists().where(
    _ITS_MESSAGE.c.speaker == speakers.c.id, _ITS_MESSAGE.c.community == speakers.c.community
)
_HAS_SIGNED = exists().where(signs.c.speaker == speakers.c.id, signs.c.community == speakers.c.community)
# When what waits to be carried was said.
_SAID_BEFORE = exists().where(
    _ITS_MESSAGE.c.message == wanted_copies.c.message,
    _ITS_MESSAGE.c.community == wanted_copies.c.community,
    before(_ITS_MESSAGE.c.at),
)

RULES = (
    Rule(
        "what was answered to a command",
        timedelta(days=90),
        "a platform may bring the same event again, somebody may take back what they asked",
        handled,
        before(handled.c.at),
        most=(MOST_ANSWERS, handled.c.at),
    ),
    Rule(
        "with what a command can be taken back that is nobody else's business",
        timedelta(days=1),
        "what said it may be removed meanwhile",
        handled,
        and_(handled.c.undo.is_not(None), handled.c.key != "", before(handled.c.at)),
        only=[handled.c.undo],
    ),
    Rule(
        "what was said, once it arrived",
        timedelta(days=365),
        "a button under it and a reply to it still work",
        posts,
        before(posts.c.sent_at),
    ),
    Rule(
        "what never came to a person",
        timedelta(days=90),
        "to look into what happened",
        posts,
        and_(posts.c.parked.is_not(None), posts.c.private, before(posts.c.tried_at)),
    ),
    Rule(
        "an answer that quotes what was typed and could not be said",
        timedelta(days=30),
        "whom it is for may be reached again",
        posts,
        and_(posts.c.key != "", posts.c.sent_at.is_(None), before(posts.c.tried_at)),
    ),
    Rule(
        "in which community something is meant, asked with the words themselves",
        timedelta(days=1),
        "it can be answered; once it is, it goes at once",
        posts,
        and_(posts.c.id.startswith(WHICH), before(posts.c.sent_at)),
    ),
    Rule(
        "the same, asked on the spot",
        timedelta(days=1),
        "it can be answered; once it is, it goes at once",
        handled,
        and_(handled.c.id.startswith(WHICH), before(handled.c.at)),
    ),
    Rule(
        "that somebody who is in no community was told so",
        timedelta(days=1),
        "they hear it once a day",
        posts,
        and_(
            posts.c.id.startswith(UNKNOWN),
            or_(before(posts.c.sent_at), posts.c.sent_at.is_(None) & before(posts.c.tried_at)),
        ),
    ),
    Rule(
        "jobs that are done",
        timedelta(days=30),
        "to look into what happened",
        jobs,
        before(jobs.c.done_at),
    ),
    Rule(
        "what somebody did that is held within limits",
        timedelta(),
        "it counts for the limit",
        uses,
        before(uses.c.until),
    ),
    Rule(
        "the same of whoever was forgotten, under a mark",
        timedelta(),
        "it counts for whoever comes back",
        spent,
        before(spent.c.until),
    ),
    Rule(
        "what a platform brought and nobody dealt with",
        timedelta(days=30),
        "the account of Plein's that it came to may come back",
        inbox,
        before(inbox.c.arrived_at),
    ),
    Rule(
        "what a message answers that is carried, in whose thread it is, and when it was changed",
        A_YEAR,
        "what answers it is shown so; `[relay] keep_days` in the configuration",
        copies,
        and_(before(copies.c.at), or_(*(column.is_not(None) for column in _BESIDE))),
        kept_as=COPIES,
        only=_BESIDE,
    ),
    Rule(
        "which message people said is which, in the places that it was carried to, once it is nobody's",
        A_YEAR,
        "what somebody said is taken away elsewhere too once they delete it or want to be forgotten",
        copies,
        and_(before(copies.c.at), copies.c.speaker.is_(None)),
        kept_as=COPIES,
    ),
    Rule(
        "which of these stand as one",
        timedelta(),
        "it is known whose they are",
        fold_shares,
        ~_ITS_SHARE,
    ),
    Rule(
        "the same of its copies",
        timedelta(),
        "it is known whose they are",
        copies,
        and_(copies.c.at.is_(None), ~_IS_KNOWN, ~_HAS_SHARES),
    ),
    Rule(
        "of which of these messages a thread is",
        timedelta(),
        "what is said in it is carried into that",
        threads,
        ~_ITS_ROOT,
    ),
    Rule(
        "which account said any of that",
        timedelta(days=1),
        "as long as what it said",
        speakers,
        and_(before(speakers.c.spoke_at), ~_IS_SPOKEN, ~_HAS_SIGNED),
    ),
    Rule(
        "who put which sign on any of that",
        timedelta(),
        "it is known which message that is; once it is taken away, it goes at once",
        signs,
        and_(signs.c.message.is_not(None), ~_IS_KEPT[signs]),
    ),
    Rule(
        "which of these signs Plein put on it elsewhere",
        timedelta(),
        "it is known which message that is",
        placed_signs,
        ~_IS_KEPT[placed_signs],
    ),
    Rule(
        "what was done with a message that did not come",
        timedelta(),
        "a minute, as events come unordered",
        early_acts,
        before(early_acts.c.until),
    ),
    Rule(
        "what people said and could not be said elsewhere yet",
        timedelta(days=7),
        "a platform may be away; later nobody expects it any more",
        wanted_copies,
        and_(wanted_copies.c.first, ~wanted_copies.c.gone, ~wanted_copies.c.in_doubt, _SAID_BEFORE),
    ),
    Rule(
        "what could not be carried, without its words",
        timedelta(days=30),
        "to look into what happened",
        wanted_copies,
        and_(wanted_copies.c.parked.is_not(None), before(wanted_copies.c.tried_at)),
    ),
    Rule(
        "why something was not carried",
        timedelta(days=30),
        "whoever said it may ask",
        uncarried,
        before(uncarried.c.at),
    ),
    Rule(
        "the mark on that",
        timedelta(days=30),
        "it is taken away once that is carried after all",
        uncarried_marks,
        before(uncarried_marks.c.since),
    ),
    # After the posts: with them go the references to them.
    Rule(
        "which message on a platform is which of Plein's",
        timedelta(),
        "what was said, or the board, is kept",
        refs,
        or_(and_(refs.c.post.is_not(None), ~_ITS_POST), and_(refs.c.subject.is_not(None), ~_ITS_BOARD)),
    ),
)


async def forget(
    store: Store, now: datetime, more: Sequence[Rule] = (), keep: Mapping[str, timedelta] | None = None
) -> None:
    """Delete what is over by now, by these rules and `more`; first of what is one account's. `keep`: for how
    long otherwise what is kept under those names.

    It is looked for beside the writer, who only deletes what was found.
    """
    await keep_shares(store)
    for rule in (*RULES, *more):
        since, after = await store.read_anywhere(partial(rule.before, now, keep or {})), None
        while rows := await store.read_anywhere(partial(rule.page, since, after)):
            if over := [row[:-1] for row in rows if row.over]:
                await store.run_anywhere(partial(rule.forget, since, over))
            after = rows[-1][:-1]
