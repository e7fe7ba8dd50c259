"""Polls, ballots, and how often each ballot was cast.

A ballot is kept as the numbers on it, "2,5". In an anonymous poll it is sealed (see seals.py) and not
counted before the end; then only the count is kept, and the key destroyed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache, partial
from typing import Any

import orjson
from sqlalchemy import (
    ARRAY,
    Boolean,
    Column,
    Executable,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    and_,
    bindparam,
    case,
    delete,
    false,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from bot.features.polls.records import POLLS, UNREADABLE, Ballots, Choices, Kind, Plan, Poll, Results, Voters
from bot.model.people import Identity
from storage.executor import Executor, Rows
from storage.keyring import KeyGone
from storage.parts import Parts, Stored
from storage.tables import Moment, Number, identities, members, own_tables, residents, themes

TABLES = own_tables()

polls = Table(
    "polls",
    TABLES,
    Column("id", Number, primary_key=True),
    Column("theme", ForeignKey(themes.c.id), nullable=False),
    Column("opener", ForeignKey(residents.c.id), nullable=False),
    Column("question", String, nullable=False),
    Column("options", Text, nullable=False),
    Column("kind", String, nullable=False, server_default="choice"),
    Column("at_most", Integer, nullable=False),
    Column("results", String, nullable=False, server_default="live"),
    Column("anonymous", Boolean, nullable=False, server_default=false()),
    Column("who", String, nullable=False, server_default="everyone"),
    Column("quorum", Integer, nullable=False, server_default="0"),
    Column("opened_at", Moment, nullable=False),
    Column("closes_at", Moment, nullable=False),
    Column("state", String, nullable=False),
    Column("ended_at", Moment),
    Column("outcome", String),
    Column("review_at", Moment),
    Column("reminded", Boolean, nullable=False, server_default=false()),
    # Why people objected in an anonymous poll, in no order that says anything.
    Column("reasons", Text),
    Index("ix_polls_theme_state", "theme", "state"),
    Index("ix_polls_opener_opened_at", "opener", "opened_at"),
)

# In an anonymous poll `choices` holds ballot and reason sealed, until it is closed; then nothing is left.
ballots = Table(
    "ballots",
    TABLES,
    Column("poll", ForeignKey("polls.id"), primary_key=True),
    Column("voter", ForeignKey(residents.c.id), primary_key=True, index=True),
    Column("choices", String, nullable=False),
    Column("reason", String),
    Column("cast_at", Moment, nullable=False),
    sqlite_with_rowid=False,
)

# How often each ballot was cast, kept beside the ballots so that showing a poll costs the same with ten
# as with 100,000; the row without choices counts the people.
tallies = Table(
    "tallies",
    TABLES,
    Column("poll", ForeignKey("polls.id"), primary_key=True),
    Column("choices", String, primary_key=True),
    Column("votes", Integer, nullable=False),
    sqlite_with_rowid=False,
)

PAGE, FEW = 5_000, 500
# A sealed ballot is as long as any other of its kind: with room for twenty marks, or for a reason too.
_LENGTH, _LENGTH_WITH_REASON = 96, 1_400

_VOTER = and_(ballots.c.poll == polls.c.id, ballots.c.voter == bindparam("voter_"))
_PEOPLE = and_(tallies.c.poll == polls.c.id, tallies.c.choices == "")
_SHOWN = [column for column in polls.c if column is not polls.c.reasons]
_POLL = select(*_SHOWN, tallies.c.votes.label("voters"), ballots.c.choices).select_from(
    polls.join(tallies, _PEOPLE).outerjoin(ballots, _VOTER)
)
# Held until the end: a vote and a closing of the same poll never pass each other.
_GET = _POLL.where(polls.c.id == bindparam("poll_")).with_for_update(of=polls)
_NEWEST = polls.c.id.desc()
_BALLOTS_OF = select(ballots.c.voter, ballots.c.poll, ballots.c.choices).where(
    ballots.c.poll == func.any(bindparam("polls_", type_=ARRAY(Integer))),
    ballots.c.voter == func.any(bindparam("voters_", type_=ARRAY(Integer))),
)
_OPEN = (
    _POLL.where(polls.c.state == "open").order_by(_NEWEST).limit(bindparam("most_")).with_for_update(of=polls)
)
_HERE = polls.c.theme == bindparam("theme_")
# In all the themes that somebody takes part in.
_MINE = polls.c.theme.in_(select(members.c.theme).where(members.c.resident == bindparam("voter_")))
_OPEN_HERE, _OPEN_MINE = _OPEN.where(_HERE), _OPEN.where(_MINE)
_PLANNED = (
    _POLL.where(polls.c.state == "planned").order_by(polls.c.opened_at, polls.c.id).limit(bindparam("most_"))
)
_PLANNED_HERE, _PLANNED_MINE = _PLANNED.where(_HERE), _PLANNED.where(_MINE)
_LATEST = _POLL.order_by(
    case((polls.c.state == "open", 0), (polls.c.state == "planned", 1), else_=2), _NEWEST
).limit(bindparam("most_"))
_LATEST_HERE, _LATEST_MINE = _LATEST.where(_HERE), _LATEST.where(_MINE)
_OF = (
    _POLL.where(or_(polls.c.opener == bindparam("voter_"), ballots.c.choices.is_not(None)))
    .order_by(_NEWEST)
    .limit(bindparam("most_"))
)
_LAST_CLOSED = (
    _POLL.where(polls.c.theme == bindparam("theme_"), polls.c.state == "closed")
    .order_by(polls.c.ended_at.desc(), _NEWEST)
    .limit(1)
)
_STANDING = select(func.count()).where(
    polls.c.opener == bindparam("opener_"), polls.c.state.in_(("open", "planned"))
)
_CAST_AS = (
    select(tallies.c.choices, tallies.c.votes)
    .where(tallies.c.poll == bindparam("poll_"), tallies.c.choices > bindparam("after_"), tallies.c.votes > 0)
    .order_by(tallies.c.choices)
    .limit(PAGE)
)
_SEALED = (
    select(ballots.c.voter, ballots.c.choices)
    .where(ballots.c.poll == bindparam("poll_"), ballots.c.voter > bindparam("after_"))
    .order_by(ballots.c.voter)
    .limit(PAGE)
)
_REASONS = (
    select(ballots.c.reason)
    .where(ballots.c.poll == bindparam("poll_"), ballots.c.reason.is_not(None))
    .order_by(ballots.c.cast_at, ballots.c.voter)
)
_KEPT_REASONS = select(polls.c.reasons).where(polls.c.id == bindparam("poll_"))
_ADD = insert(polls).returning(polls.c.id)
_COUNT = upsert(tallies)
_COUNT = _COUNT.on_conflict_do_update(
    index_elements=[tallies.c.poll, tallies.c.choices],
    set_={"votes": tallies.c.votes + _COUNT.excluded.votes},
)
_CAST = upsert(ballots)
_CAST = _CAST.on_conflict_do_update(
    index_elements=[ballots.c.poll, ballots.c.voter],
    set_={
        "choices": _CAST.excluded.choices,
        "reason": _CAST.excluded.reason,
        "cast_at": _CAST.excluded.cast_at,
    },
)
_ONE = and_(ballots.c.poll == bindparam("poll_"), ballots.c.voter == bindparam("voter_"))
_WITHDRAW = delete(ballots).where(_ONE)
_THROW_AWAY = delete(ballots).where(ballots.c.poll == bindparam("poll_"))
_BOTH = (
    select(ballots.c.poll, ballots.c.voter, ballots.c.choices, ballots.c.reason, ballots.c.cast_at)
    .join(polls, polls.c.id == ballots.c.poll)
    .where(
        polls.c.state == "open",
        or_(ballots.c.voter == bindparam("old_"), ballots.c.voter == bindparam("new_")),
    )
    .order_by(ballots.c.poll.desc(), ballots.c.cast_at)  # the newest first, as whoever lists them
    .with_for_update(of=polls)
)
_OPENED = update(polls).where(polls.c.opener == bindparam("old_")).values(opener=bindparam("new_"))
_WITHOUT = (
    select(residents.c.id, identities.c.platform, identities.c.user_id)
    .join(identities, identities.c.resident == residents.c.id)
    .join(members, and_(members.c.resident == residents.c.id, members.c.theme == bindparam("theme_")))
    .outerjoin(ballots, and_(ballots.c.poll == bindparam("poll_"), ballots.c.voter == residents.c.id))
    .where(
        residents.c.wants_reminders,
        or_(residents.c.role >= bindparam("role_"), members.c.role >= bindparam("role_")),
        ballots.c.voter.is_(None),
    )
    .order_by(residents.c.id, identities.c.platform, identities.c.user_id)
)


class Polls:
    """Implements PollStore."""

    def __init__(self, parts: Parts) -> None:
        self._db = parts.db
        self._seals = parts.keyring
        self._sealing = parts.envelopes
        self._doom = parts.destroy
        # For a group of voters what is read once for all of them, and after how many writes that was:
        # one more, and none of it is used any more.
        self._voters: Collection[int] = ()
        self._shared: dict[Hashable, tuple[Rows, dict[tuple[int, int], str]]] = {}
        self._as_of = 0

    def add(self, plan: Plan, state: str) -> Poll:
        fields = {name: getattr(plan, name) for name in Plan.__dataclass_fields__}
        kept = {**fields, "options": orjson.dumps(plan.options).decode(), "state": state}
        number = self._db.execute(
            _ADD, {**kept, "kind": str(plan.kind), "results": str(plan.results)}
        ).scalar_one()
        self._db.execute(_COUNT, {"poll": number, "choices": "", "votes": 0})
        if plan.anonymous:
            self._seals.make(_key(number))
        return Poll(id=number, state=state, **fields)

    # --- reading ---

    def look_ahead(self, voters: Collection[int]) -> None:
        """These will ask about polls, one after the other in this transaction."""
        self._voters = voters
        self._shared = {}
        self._as_of = self._db.written

    def _asked(self, statement: Executable, voter: int, **asked: int) -> Rows:
        """Polls with this voter's ballot. In a group that was looked ahead for, each poll is read once."""
        if voter not in self._voters or self._db.written != self._as_of:
            return self._db.execute(statement, {"voter_": voter, **asked}, besides=True)
        key = (statement, *asked.values())
        if key not in self._shared:
            rows = self._db.execute(statement, {"voter_": 0, **asked}, besides=True)
            # Read after the polls, which are held now: nobody else changes a ballot in them any more.
            whose = {"polls_": [row.id for row in rows], "voters_": list(self._voters)}
            cast = self._db.execute(_BALLOTS_OF, whose, besides=True)
            self._shared[key] = rows, {(one.poll, one.voter): one.choices for one in cast}
        rows, ballots_of = self._shared[key]
        return Rows(row._replace(choices=ballots_of.get((row.id, voter))) for row in rows)

    def get(self, poll: int, voter: int) -> tuple[Poll, Choices] | None:
        row = self._asked(_GET, voter, poll_=poll).first()
        return self._poll(row, voter) if row else None

    def running(self, theme: int | None, voter: int, most: int) -> Sequence[tuple[Poll, Choices]]:
        if theme is None:
            rows = self._db.execute(_OPEN_MINE, {"voter_": voter, "most_": most}, besides=True)
        else:
            rows = self._asked(_OPEN_HERE, voter, theme_=theme, most_=most)
        return [self._poll(row, voter) for row in rows]

    def planned(self, theme: int | None, voter: int, most: int) -> Sequence[Poll]:
        if theme is None:
            rows = self._db.execute(_PLANNED_MINE, {"voter_": voter, "most_": most})
        else:
            rows = self._db.execute(_PLANNED_HERE, {"voter_": voter, "most_": most, "theme_": theme})
        return [self._poll(row, voter)[0] for row in rows]

    def latest(self, theme: int | None, voter: int, most: int) -> Sequence[Poll]:
        if theme is None:
            rows = self._db.execute(_LATEST_MINE, {"voter_": voter, "most_": most})
        else:
            rows = self._db.execute(_LATEST_HERE, {"voter_": voter, "most_": most, "theme_": theme})
        # Nobody asks what this voter chose: no seal is opened for it.
        return [self._poll(row._replace(choices=None), 0)[0] for row in rows]

    def of(self, resident: int, most: int) -> Sequence[tuple[Poll, Choices]]:
        rows = self._db.execute(_OF, {"voter_": resident, "most_": most})
        return [self._poll(row, resident) for row in rows]

    def last_closed(self, theme: int) -> Poll | None:
        row = self._db.execute(_LAST_CLOSED, {"theme_": theme, "voter_": 0}).first()
        return self._poll(row, 0)[0] if row else None

    def standing(self, opener: int) -> int:
        found: int = self._db.execute(_STANDING, {"opener_": opener}).scalar_one()
        return found

    def ballots(self, poll: Poll) -> Iterator[Ballots]:
        after = ""
        while rows := self._db.execute(_CAST_AS, {"poll_": poll.id, "after_": after}):
            after = rows[-1][0]
            yield self._db.offload(partial(_read_all, rows)) if len(rows) > FEW else _read_all(rows)
            if len(rows) < PAGE:
                break

    def reasons(self, poll: Poll) -> Sequence[str]:
        if poll.anonymous:
            kept = self._db.execute(_KEPT_REASONS, {"poll_": poll.id}).scalar()
            return list(orjson.loads(kept)) if kept else []
        return self._db.execute(_REASONS, {"poll_": poll.id}).scalars()

    def without_ballot(self, poll: Poll) -> Sequence[Identity]:
        role = {Voters.ORGANISERS: 1, Voters.MODERATORS: 2}.get(poll.who, 0)
        rows = self._db.execute(_WITHOUT, {"theme_": poll.theme, "poll_": poll.id, "role_": role})
        first: dict[int, Identity] = {}
        for resident, platform, user in rows:
            first.setdefault(resident, Identity(platform, user))
        return list(first.values())

    def _poll(self, row: Any, voter: int) -> tuple[Poll, Choices]:
        """With what has been put off and is not in the row yet."""
        *kept, voters, cast = row
        people = self._db.waiting(_COUNT, (row.id, ""))
        ballot = self._db.waiting(_CAST, (row.id, voter))
        poll = _built(*kept, voters + people["votes"] if people else voters)
        return poll, self._read(poll, ballot["choices"] if ballot else cast)

    # --- writing ---

    def vote(
        self,
        poll: Poll,
        voter: int,
        before: Choices,
        after: Choices,
        now: datetime,
        reason: str | None = None,
    ) -> None:
        if after:
            ballot = {"poll": poll.id, "voter": voter, "choices": _written(after), "reason": reason}
            if poll.anonymous:
                ballot |= {"choices": self._sealed(poll, after, reason), "reason": None}
            self._db.later(_CAST, (poll.id, voter), {**ballot, "cast_at": now})
        else:
            self._db.execute(_WITHDRAW, {"poll_": poll.id, "voter_": voter})
        steps = Counter({"": bool(after) - bool(before)})
        if not poll.anonymous:
            for one, step in ((before, -1), (after, 1)):
                if one:
                    steps[_written(one)] += step
        for choices, step in steps.items():
            if step:
                row = {"poll": poll.id, "choices": choices, "votes": step}
                self._db.later(_COUNT, (poll.id, choices), row, adds="votes")

    def change(self, poll: int, changes: Mapping[str, Any]) -> None:
        self._db.execute(
            _changing(tuple(changes)), {"poll_": poll, **{f"{k}_": v for k, v in changes.items()}}
        )

    def end(self, poll: Poll, state: str, now: datetime) -> None:
        self.change(poll.id, {"state": state, "ended_at": now})
        if poll.anonymous:
            if state == "closed":
                self._count_sealed(poll)
            self._db.execute(_THROW_AWAY, {"poll_": poll.id})
            self._sealing.turn()

    def _count_sealed(self, poll: Poll) -> None:
        """Written down is only how often each ballot was cast, and the reasons by the alphabet."""
        cast: Counter[Choices] = Counter()
        reasons: list[str] = []
        after = 0
        while rows := self._db.execute(_SEALED, {"poll_": poll.id, "after_": after}):
            after = rows[-1][0]
            for choices, reason in self._db.offload(partial(self._unseal_all, poll, rows)):
                cast[choices] += 1
                reasons += [reason] if reason else []
        cast.pop(UNREADABLE, None)
        for choices in sorted(cast):
            self._db.execute(_COUNT, {"poll": poll.id, "choices": _written(choices), "votes": cast[choices]})
        if reasons:
            self.change(poll.id, {"reasons": orjson.dumps(sorted(reasons)).decode()})

    def burn(self, poll: int) -> bool:
        name = _key(poll)
        gone = name not in self._seals.names()
        if not gone:
            self._doom(name)
        return self._sealing.leave_old_keys() and gone

    def merge(self, old: int, new: int) -> Sequence[int]:
        self._db.execute(_OPENED, {"old_": old, "new_": new})
        found = list(self._db.execute(_BOTH, {"old_": old, "new_": new}))
        theirs = {row.poll for row in found if row.voter == old}
        for number in theirs:
            got = self.get(number, 0)
            assert got
            both = [
                (row, *self._unsealed(got[0], row.choices, row.reason)) for row in found if row.poll == number
            ]
            for row, choices, _ in both:
                self.vote(got[0], row.voter, choices, (), row.cast_at)
            last, choices, reason = both[-1]
            self.vote(got[0], new, (), choices, last.cast_at, reason)
        return sorted(theirs)

    # --- sealed ballots ---

    def _sealed(self, poll: Poll, choices: Choices, reason: str | None) -> str:
        words = orjson.dumps([_written(choices), reason])
        length = _LENGTH_WITH_REASON if poll.kind is Kind.CONSENT else _LENGTH
        try:
            return self._seals.seal(_key(poll.id), words, length)
        except KeyGone:
            self._seals.make(_key(poll.id))
            return self._seals.seal(_key(poll.id), words, length)

    def _unsealed(self, poll: Poll, kept: str, reason: str | None = None) -> tuple[Choices, str | None]:
        if not poll.anonymous:
            return _choices(kept), reason
        try:
            written, why = orjson.loads(self._seals.unseal(_key(poll.id), kept))
        except KeyGone:
            return UNREADABLE, None
        return _choices(written), why

    def _unseal_all(self, poll: Poll, rows: Sequence[Any]) -> list[tuple[Choices, str | None]]:
        return [self._unsealed(poll, row[1]) for row in rows]

    def _read(self, poll: Poll, kept: str | None) -> Choices:
        return self._unsealed(poll, kept)[0] if kept else ()


STORED = Stored(POLLS, Polls, TABLES)


@lru_cache(1024)  # from one vote to the next a poll hardly changes
def _built(*values: Any) -> Poll:
    fields = dict(zip([*(column.name for column in _SHOWN), "voters"], values, strict=True))
    shown = {
        "options": tuple(orjson.loads(fields["options"])),
        "kind": Kind(fields["kind"]),
        "results": Results(fields["results"]),
        "who": Voters(fields["who"]),
        "anonymous": bool(fields["anonymous"]),
        "reminded": bool(fields["reminded"]),
    }
    return Poll(**{**fields, **shown})


@lru_cache(64)
def _changing(names: tuple[str, ...]) -> Any:
    """The statement that changes these fields."""
    values: dict[str, Any] = {name: bindparam(f"{name}_", type_=polls.c[name].type) for name in names}
    return update(polls).where(polls.c.id == bindparam("poll_")).values(**values)


def recount(db: Executor, poll: int) -> dict[str, int]:
    """How often each ballot was cast, counted from the ballots themselves; under "" the people."""
    rows: Iterator[Any] = iter(
        db.execute(select(ballots.c.choices).where(ballots.c.poll == bindparam("poll_")), {"poll_": poll})
    )
    cast = [row[0] for row in rows]
    return {"": len(cast), **Counter(cast)}


def _read_all(rows: Sequence[Any]) -> list[tuple[Choices, int]]:
    return [(_choices(row[0]), row[1]) for row in rows]


def _key(poll: int) -> str:
    return f"poll-{poll}"


def _written(choices: Choices) -> str:
    return ",".join(map(str, choices))


def _choices(kept: str | None) -> Choices:
    return tuple(map(int, kept.split(","))) if kept else ()
