"""Polls, ballots, and how often each ballot was cast.

A ballot is kept as the numbers on it, "2,5". In an anonymous poll it is sealed (see keyring.py) and not
counted before the end; then only the count is kept, and the key destroyed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache, partial
from typing import Any

import orjson
from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    Select,
    String,
    Table,
    Text,
    and_,
    bindparam,
    case,
    delete,
    exists,
    false,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from bot.features.polls.records import (
    POLLS,
    ROLES,
    UNREADABLE,
    Ballots,
    Cast,
    Choices,
    Kind,
    Plan,
    Poll,
    Results,
    Voters,
)
from bot.model.events import Invocation
from storage.among import among
from storage.batch import Batch, Loader
from storage.keyring import KeyGone
from storage.parts import Parts, Stored
from storage.tables import Moment, Number, members, own_tables, residents, themes

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

_PEOPLE = and_(tallies.c.poll == polls.c.id, tallies.c.choices == "")
_SHOWN = [column for column in polls.c if column is not polls.c.reasons]
_POLLS = select(*_SHOWN, tallies.c.votes).join(tallies, _PEOPLE)
_NEWEST = polls.c.id.desc()
_IS_OPEN = polls.c.state == "open"
_OPEN_IN = Loader(
    select(polls.c.id).where(_IS_OPEN).order_by(_NEWEST), by=[polls.c.theme], make=int, tells=polls.c.id
)
_HERE = polls.c.theme == bindparam("theme_")
_THERE = among(polls.c.theme, "themes_")
_PLANNED = (
    _POLLS.where(polls.c.state == "planned").order_by(polls.c.opened_at, polls.c.id).limit(bindparam("most_"))
)
_PLANNED = _PLANNED.where(_THERE)
_LATEST = _POLLS.order_by(
    case((polls.c.state == "open", 0), (polls.c.state == "planned", 1), else_=2), _NEWEST
).limit(bindparam("most_"))
_LATEST = _LATEST.where(_THERE)
_THEMES = select(polls.c.theme).distinct()
_OF = (
    _POLLS.add_columns(ballots.c.choices)
    .outerjoin(ballots, and_(ballots.c.poll == polls.c.id, ballots.c.voter == bindparam("voter_")))
    .where(or_(polls.c.opener == bindparam("voter_"), ballots.c.choices.is_not(None)))
    .order_by(_NEWEST)
    .limit(bindparam("most_"))
)
_LAST_CLOSED = (
    _POLLS.where(_HERE, polls.c.state == "closed").order_by(polls.c.ended_at.desc(), _NEWEST).limit(1)
)
_STANDING = select(func.count()).where(
    polls.c.opener == bindparam("opener_"), or_(polls.c.state == "open", polls.c.state == "planned")
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
    .where(_IS_OPEN, or_(ballots.c.voter == bindparam("old_"), ballots.c.voter == bindparam("new_")))
    .order_by(ballots.c.poll.desc(), ballots.c.cast_at)  # the newest first, as whoever lists them
)
# Where they voted as both, the ballot of the one that remains stands for both in what is over.
_VOTED = ballots.alias()
_BOTH_THERE = exists().where(_VOTED.c.poll == ballots.c.poll, _VOTED.c.voter == bindparam("new_"))
_PASS_ON = (
    update(ballots).where(ballots.c.voter == bindparam("old_"), ~_BOTH_THERE).values(voter=bindparam("new_"))
)
_DOUBLE_REASONS = select(ballots.c.poll, ballots.c.reason).where(
    ballots.c.voter == bindparam("old_"), ballots.c.reason.is_not(None), _BOTH_THERE
)
_REASON = bindparam("reason_", type_=ballots.c.reason.type)
_ADD_REASON = (
    update(ballots)
    .where(_ONE)
    .values(
        reason=case(
            (ballots.c.reason.is_(None), _REASON),
            else_=ballots.c.reason + " / " + _REASON,
        )
    )
)
_FORGET = delete(ballots).where(ballots.c.voter == bindparam("voter_"))
_VOTES = (
    select(ballots.c.poll, ballots.c.choices, ballots.c.cast_at)
    .join(polls, polls.c.id == ballots.c.poll)
    .where(ballots.c.voter == bindparam("voter_"), _IS_OPEN)
    .order_by(_NEWEST)
)
_CAST_BY = (
    select(ballots.c.poll, polls.c.anonymous, ballots.c.choices, ballots.c.reason, ballots.c.cast_at)
    .join(polls, polls.c.id == ballots.c.poll)
    .where(ballots.c.voter == bindparam("voter_"))
    .order_by(ballots.c.poll)
)
_ASKED_BY = (
    select(*_SHOWN, func.coalesce(tallies.c.votes, 0))
    .outerjoin(tallies, _PEOPLE)
    .where(polls.c.opener == bindparam("opener_"))
    .order_by(polls.c.id)
)
_OPENED_BY = select(polls.c.id).where(polls.c.opener == bindparam("old_"))
_OPENED = update(polls).where(polls.c.opener == bindparam("old_")).values(opener=bindparam("new_"))
_WITHOUT = (
    select(residents.c.id)
    .distinct()
    .join(members, and_(members.c.resident == residents.c.id, members.c.theme == bindparam("theme_")))
    .outerjoin(ballots, and_(ballots.c.poll == bindparam("poll_"), ballots.c.voter == residents.c.id))
    .where(
        residents.c.wants_reminders,
        or_(residents.c.role >= bindparam("role_"), members.c.role >= bindparam("role_")),
        ballots.c.voter.is_(None),
    )
    .order_by(residents.c.id)
)


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


_POLL = Loader(_POLLS, by=[polls.c.id], make=_built, beside=[tallies])
_BALLOT = Loader(select(ballots.c.choices), by=[ballots.c.poll, ballots.c.voter], make=str, beside=[ballots])


class Polls:
    """Implements PollStore."""

    def __init__(self, parts: Parts) -> None:
        self._db = parts.db
        self._seals = parts.keyring
        self._sealing = parts.envelopes

    def expect(self, group: Sequence[Invocation]) -> None:
        """A button names its poll."""
        named = (invocation.args.get("poll") for invocation in group)
        self._db.expect(polls.c.id, (number for number in named if isinstance(number, int)))

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

    def get(self, poll: int, voter: int) -> tuple[Poll, Choices] | None:
        self._db.lock(polls.c.id, poll)
        found = self._db.get(_POLL, poll)
        return self._with_pending(found, voter) if found else None

    def themes(self) -> Collection[int]:
        return set(self._db.execute(_THEMES).scalars())

    def running(self, among: Collection[int], voter: int, most: int) -> Sequence[tuple[Poll, Choices]]:
        numbers = self._open(among, most)
        while self._db.lock(polls.c.id, *numbers):
            numbers = self._open(among, most)
        found = (self._db.get(_POLL, number) for number in numbers)
        return [self._with_pending(poll, voter) for poll in found if poll]

    def _open(self, among: Collection[int], most: int) -> Sequence[int]:
        if len(among) > 1:
            self._db.expect(themes.c.id, among)
        found = [number for theme in among for number in self._db.get_all(_OPEN_IN, theme)]
        return sorted(found, reverse=True)[:most]

    def _with_pending(self, poll: Poll, voter: int) -> tuple[Poll, Choices]:
        """The poll and this voter's ballot, with what is not in the database yet."""
        people = self._db.pending(tallies, (poll.id, ""))
        if people:
            poll = replace(poll, voters=poll.voters + people["votes"])
        ballot = self._db.pending(ballots, (poll.id, voter))
        # One that is withdrawn has no choices.
        cast = ballot.get("choices") if ballot else self._db.get(_BALLOT, poll.id, voter)
        return poll, self._read(poll, cast)

    def planned(self, among: Collection[int], most: int) -> Sequence[Poll]:
        return self._listed(_PLANNED, among, most)

    def latest(self, among: Collection[int], most: int) -> Sequence[Poll]:
        return self._listed(_LATEST, among, most)

    def _listed(self, statement: Select[Any], among: Collection[int], most: int) -> Sequence[Poll]:
        rows = self._db.execute(statement, {"themes_": sorted(among), "most_": most})
        return [_built(*row) for row in rows]

    def of(self, resident: int, most: int) -> Sequence[tuple[Poll, Choices]]:
        rows = self._db.execute(_OF, {"voter_": resident, "most_": most})
        found = ((_built(*row[:-1]), row[-1]) for row in rows)
        return [(poll, self._read(poll, cast)) for poll, cast in found]

    def last_closed(self, theme: int) -> Poll | None:
        row = self._db.execute(_LAST_CLOSED, {"theme_": theme}).first()
        return _built(*row) if row else None

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

    def without_ballot(self, poll: Poll) -> Sequence[int]:
        asked = {"theme_": poll.theme, "poll_": poll.id, "role_": int(ROLES.get(poll.who, 0))}
        found: Sequence[int] = self._db.execute(_WITHOUT, asked).scalars()
        # Whoever writes to them asks for the accounts of each.
        self._db.expect(residents.c.id, found)
        return found

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
            self._db.defer(_CAST, (poll.id, voter), {**ballot, "cast_at": now})
        else:
            self._db.defer(_WITHDRAW, (poll.id, voter), {"poll_": poll.id, "voter_": voter})
        if bool(before) != bool(after):
            self._count(poll.id, "", 1 if after else -1)
        if before != after and not poll.anonymous:
            if before:
                self._count(poll.id, _written(before), -1)
            if after:
                self._count(poll.id, _written(after), 1)

    def _count(self, poll: int, choices: str, step: int) -> None:
        row = {"poll": poll, "choices": choices, "votes": step}
        self._db.defer(_COUNT, (poll, choices), row, adds="votes")

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
            self._db.destroy(name)
        return self._sealing.leave_old_keys() and gone

    def merge(self, old: int, new: int) -> Sequence[int]:
        both = self._ballots_of(old, new)
        while self._db.lock(polls.c.id, *both, *self._db.execute(_OPENED_BY, {"old_": old}).scalars()):
            both = self._ballots_of(old, new)
        self._db.execute(_OPENED, {"old_": old, "new_": new})
        theirs = [number for number, rows in both.items() if any(row.voter == old for row in rows)]
        for number in theirs:
            self._merge_in(number, both[number], new)
        for row in self._db.execute(_DOUBLE_REASONS, {"old_": old, "new_": new}):
            self._db.execute(_ADD_REASON, {"poll_": row.poll, "voter_": new, "reason_": row.reason})
        self._db.execute(_PASS_ON, {"old_": old, "new_": new})
        self._db.execute(_FORGET, {"voter_": old})
        return sorted(theirs)

    def _ballots_of(self, old: int, new: int) -> dict[int, list[Any]]:
        found: dict[int, list[Any]] = {}
        for row in self._db.execute(_BOTH, {"old_": old, "new_": new}):
            found.setdefault(row.poll, []).append(row)
        return found

    def _merge_in(self, number: int, rows: Sequence[Any], new: int) -> None:
        """The last of these ballots is the one of `new`."""
        found = self.get(number, 0)
        assert found
        poll = found[0]
        read = [self._unsealed(poll, row.choices, row.reason) for row in rows]
        for row, (choices, _) in zip(rows, read, strict=True):
            self.vote(poll, row.voter, choices, (), row.cast_at)
        choices, reason = read[-1]
        self.vote(poll, new, (), choices, rows[-1].cast_at, reason)

    def forget(self, resident: int) -> Sequence[int]:
        votes = self._votes_of(resident)
        while self._db.lock(polls.c.id, *votes):
            votes = self._votes_of(resident)
        for number, row in votes.items():
            found = self.get(number, resident)
            assert found
            self.vote(*(found[0], resident, found[1], ()), row.cast_at)
        self._db.execute(_FORGET, {"voter_": resident})
        return sorted(votes)

    def _votes_of(self, resident: int) -> dict[int, Any]:
        return {row.poll: row for row in self._db.execute(_VOTES, {"voter_": resident})}

    def opened_by(self, resident: int) -> Sequence[Poll]:
        return [_built(*row) for row in self._db.execute(_ASKED_BY, {"opener_": resident})]

    def cast_by(self, resident: int) -> Sequence[Cast]:
        return [
            Cast(row.poll, True, (), None, None)
            if row.anonymous
            else Cast(row.poll, False, _choices(row.choices), row.reason, row.cast_at)
            for row in self._db.execute(_CAST_BY, {"voter_": resident})
        ]

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


@lru_cache(64)
def _changing(names: tuple[str, ...]) -> Any:
    """The statement that changes these fields."""
    values: dict[str, Any] = {name: bindparam(f"{name}_", type_=polls.c[name].type) for name in names}
    return update(polls).where(polls.c.id == bindparam("poll_")).values(**values)


def recount(db: Batch, poll: int) -> dict[str, int]:
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
