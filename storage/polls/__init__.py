"""Polls, ballots, and how often each ballot was cast.

In an anonymous poll ballots are sealed and not counted before the end; then only the count is kept, and the
key destroyed.

    tables.py      the tables, and how a ballot is written in them
    sealed.py      ballots of anonymous polls
    belongings.py  all that polls keep of somebody: joined, handed out, forgotten
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache, partial
from typing import Any, NamedTuple

import orjson
from sqlalchemy import (
    Select,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    tuple_,
    update,
)

from bot.features.polls.records import (
    POLLS,
    ROLES,
    Ballots,
    Cast,
    Choices,
    Kind,
    Plan,
    Poll,
    Reason,
    Results,
    Voters,
)
from bot.model.events import Invocation
from storage.among import among
from storage.batch import Loader
from storage.leavers import Leavers
from storage.marks import Marks
from storage.numbers import next_number
from storage.parts import Parts, Stored
from storage.polls.belongings import Belongings
from storage.polls.sealed import SealedBallots
from storage.polls.tables import (
    KIND,
    LEAVERS,
    MARKS,
    TABLES,
    ballots,
    endings,
    polls,
    read_choices,
    read_reasons,
    tallies,
    written,
    written_reasons,
)
from storage.tables import members, residents, themes
from storage.upsert import upsert

PAGE, FEW = 5_000, 500

_PEOPLE = and_(tallies.c.poll == polls.c.id, tallies.c.choices == "")
_SHOWN = [column for column in polls.c if column.name not in ("reasons", "community")]
_POLLS = select(*_SHOWN, tallies.c.votes).join(tallies, _PEOPLE)
_NUMBER = polls.c.id
_NEWEST = polls.c.id.desc()
_IS_OPEN = polls.c.state == "open"
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
_OTHERS = ballots.alias()
_IS_THEIR_LAST = and_(
    ballots.c.voter == bindparam("voter_"),
    ~exists().where(
        *(_OTHERS.c.poll == ballots.c.poll, _OTHERS.c.voter == ballots.c.voter),
        tuple_(_OTHERS.c.cast_at, _OTHERS.c.cast_as) > tuple_(ballots.c.cast_at, ballots.c.cast_as),
    ),
)
_OF = (
    _POLLS.add_columns(ballots.c.choices)
    .outerjoin(ballots, and_(ballots.c.poll == polls.c.id, _IS_THEIR_LAST))
    .where(or_(polls.c.opener == bindparam("voter_"), ballots.c.choices.is_not(None)))
    .order_by(_NEWEST)
    .limit(bindparam("most_"))
)
_LAST_CLOSED = (
    _POLLS.where(_HERE, polls.c.state == "closed").order_by(polls.c.ended_at.desc(), _NEWEST).limit(1)
)
_STANDING = select(polls.c.id).where(
    polls.c.opener == bindparam("opener_"), or_(polls.c.state == "open", polls.c.state == "planned")
)
_CAST_AS = (
    select(tallies.c.choices, tallies.c.votes)
    .where(tallies.c.poll == bindparam("poll_"), tallies.c.choices > bindparam("after_"), tallies.c.votes > 0)
    .order_by(tallies.c.choices)
    .limit(PAGE)
)
_VOTED = select(ballots.c.voter).where(
    ballots.c.poll == bindparam("poll_"), among(ballots.c.voter, "voters_")
)
_REASONS = (
    select(ballots.c.reason)
    .where(ballots.c.poll == bindparam("poll_"), ballots.c.reason.is_not(None))
    .order_by(ballots.c.cast_at, ballots.c.voter)
)
_KEPT_REASONS = select(polls.c.reasons).where(polls.c.id == bindparam("poll_"))
_WHO_ENDED = select(endings.c.resident).where(endings.c.poll == bindparam("poll_"))
_NOTE_END = insert(endings)
_ADD = insert(polls)
_COUNT = upsert(tallies)
_COUNT = _COUNT.on_conflict_do_update(
    index_elements=[tallies.c.poll, tallies.c.choices],
    set_={"votes": tallies.c.votes + _COUNT.excluded.votes},
)
_CAST = upsert(ballots)
_CAST = _CAST.on_conflict_do_update(
    index_elements=[ballots.c.poll, ballots.c.voter, ballots.c.cast_as],
    set_={
        "choices": _CAST.excluded.choices,
        "reason": _CAST.excluded.reason,
        "cast_at": _CAST.excluded.cast_at,
    },
)
_WITHDRAW = delete(ballots).where(
    *(ballots.c.poll == bindparam("poll_"), ballots.c.voter == bindparam("voter_")),
    ballots.c.cast_as == bindparam("cast_as_"),
)
_ASKED_BY = (
    select(*_SHOWN, func.coalesce(tallies.c.votes, 0))
    .outerjoin(tallies, _PEOPLE)
    .where(polls.c.opener == bindparam("opener_"))
    .order_by(polls.c.id)
)
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
        "was_left": bool(fields["was_left"]),
    }
    return Poll(**{**fields, **shown})


class _Ballot(NamedTuple):
    choices: str
    cast_at: datetime
    reason: str | None
    cast_as: int


_POLL = Loader(_POLLS, by=[polls.c.id], make=_built, beside=[tallies])
_OPEN_IN = Loader(
    _POLLS.where(_IS_OPEN).order_by(_NEWEST),
    by=[polls.c.theme],
    make=_built,
    beside=[tallies],
    tells=polls.c.id,
)
_BALLOT = Loader(
    # In what is closed somebody may have several: this is the last.
    select(ballots.c.choices, ballots.c.cast_at, ballots.c.reason, ballots.c.cast_as).order_by(
        ballots.c.cast_at.desc(), ballots.c.cast_as.desc()
    ),
    by=[ballots.c.poll, ballots.c.voter],
    make=_Ballot,
    beside=[ballots],
)


class Polls:
    """Implements PollStore."""

    def __init__(self, parts: Parts) -> None:
        self._db = parts.db
        self._sealed = SealedBallots(parts)
        self._leavers = Leavers(parts, LEAVERS)
        self._marks = Marks(parts, MARKS, KIND)
        self._belongings = Belongings(parts.db, self, self._leavers, self._marks)

    def expect(self, group: Sequence[Invocation]) -> None:
        """A button names its poll."""
        named = (invocation.args.get("poll") for invocation in group)
        self._db.expect(polls.c.id, (number for number in named if isinstance(number, int)))

    def add(self, plan: Plan, state: str) -> Poll:
        fields = {name: getattr(plan, name) for name in Plan.__dataclass_fields__}
        kept = {**fields, "options": orjson.dumps(plan.options).decode(), "state": state}
        kept["id"] = number = next_number(self._db, polls.name)
        self._db.execute(_ADD, {**kept, "kind": str(plan.kind), "results": str(plan.results)})
        self._db.execute(_COUNT, {"poll": number, "choices": "", "votes": 0})
        if plan.anonymous and state == "open":
            self._sealed.open(number)
        return Poll(id=number, state=state, **fields)

    # --- reading ---

    def get(self, poll: int, voter: int) -> tuple[Poll, Choices] | None:
        self._db.lock(_NUMBER, poll)
        found = self._db.get(_POLL, poll)
        return self._with_pending(found, voter) if found else None

    def themes(self) -> Collection[int]:
        return set(self._db.execute(_THEMES).scalars())

    def running(self, among: Collection[int], voter: int, most: int) -> Sequence[tuple[Poll, Choices]]:
        found = self._open(among, most)
        # One that was open before it was held may be over by now.
        while self._db.lock(_NUMBER, *(poll.id for poll in found)):
            found = self._open(among, most)
        return [self._with_pending(poll, voter) for poll in found]

    def _open(self, among: Collection[int], most: int) -> Sequence[Poll]:
        if len(among) > 1:
            self._db.expect(themes.c.id, among)
        found = [poll for theme in among for poll in self._db.get_all(_OPEN_IN, theme)]
        return sorted(found, key=lambda poll: poll.id, reverse=True)[:most]

    def _with_pending(self, poll: Poll, voter: int) -> tuple[Poll, Choices]:
        """The poll and this voter's ballot, with what is not in the database yet."""
        people = self._db.pending(tallies, (poll.id, ""))
        if people:
            poll = replace(poll, voters=poll.voters + people["votes"])
        ballot = self._ballot(poll.id, voter)
        return poll, self._read(poll, ballot.choices if ballot else None)

    def _ballot(self, poll: int, voter: int) -> _Ballot | None:
        pending = self._db.pending(ballots, (poll, voter))
        if pending is None:
            return self._db.get(_BALLOT, poll, voter)
        # One that is withdrawn has no choices.
        if "choices" not in pending:
            return None
        return _Ballot(pending["choices"], pending["cast_at"], pending["reason"], pending["cast_as"])

    def _cast_as(self, poll: int, voter: int) -> int:
        """Whom they were when they cast the ballot that they have; where they have none, who they are."""
        if pending := self._db.pending(ballots, (poll, voter)):
            withdrawn: int | None = pending.get("cast_as_")
            return pending["cast_as"] if withdrawn is None else withdrawn
        ballot = self._db.get(_BALLOT, poll, voter)
        return ballot.cast_as if ballot else voter

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

    def standing(self, opener: int) -> Sequence[int]:
        found: Sequence[int] = self._db.execute(_STANDING, {"opener_": opener}).scalars()
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
        kept = self._db.execute(_REASONS, {"poll_": poll.id}).scalars()
        return [reason.words for row in kept for reason in read_reasons(row)]

    def said_by(self, poll: int, voter: int) -> Sequence[Reason]:
        ballot = self._ballot(poll, voter)
        return read_reasons(ballot.reason) if ballot else []

    def who_ended(self, poll: int) -> int | None:
        found: int | None = self._db.execute(_WHO_ENDED, {"poll_": poll}).scalar()
        return found

    def voted(self, poll: int, residents: Collection[int]) -> Collection[int]:
        found: Sequence[int] = self._db.execute(_VOTED, {"poll_": poll, "voters_": residents}).scalars()
        return set(found)

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
        said_at: datetime,
        reason: str | Sequence[Reason] | None = None,
    ) -> None:
        reasons = [Reason(reason)] if isinstance(reason, str) else reason
        if after and (before != after or reasons):
            whose = {"poll": poll.id, "voter": voter, "cast_as": self._cast_as(poll.id, voter)}
            ballot = {**whose, "choices": written(after)}
            ballot |= {"reason": written_reasons(reasons or ())}
            if poll.anonymous:
                words = reasons[0].words if reasons else None
                ballot |= {"choices": self._sealed.seal(poll, after, words), "reason": None}
            self._db.defer(_CAST, (poll.id, voter), {**ballot, "cast_at": said_at})
        elif not poll.anonymous:  # of these `repeated` notes everything
            self._marks.note(poll.id, voter, said_at)
        if before and not after:
            whose = {"poll_": poll.id, "voter_": voter, "cast_as_": self._cast_as(poll.id, voter)}
            self._db.defer(_WITHDRAW, (poll.id, voter), whose)
        if bool(before) != bool(after):
            self._count(poll.id, "", 1 if after else -1)
        if before != after and not poll.anonymous:
            if before:
                self._count(poll.id, written(before), -1)
            if after:
                self._count(poll.id, written(after), 1)

    def said_at(self, poll: int, voter: int) -> datetime | None:
        ballot = self._ballot(poll, voter)
        moments = (ballot.cast_at if ballot else None, self._marks.said_at(poll, voter))
        return max(filter(None, moments), default=None)

    def repeated(self, poll: Poll, voter: int, event: str, said_at: datetime) -> bool:
        return self._marks.repeated(poll.id, voter, event, said_at)

    def _count(self, poll: int, choices: str, step: int) -> None:
        row = {"poll": poll, "choices": choices, "votes": step}
        self._db.defer(_COUNT, (poll, choices), row, adds="votes")

    def change(self, poll: int, changes: Mapping[str, Any]) -> None:
        if changes.get("state") == "open":
            self._open_planned(poll)
        self._db.execute(
            _changing(tuple(changes)), {"poll_": poll, **{f"{k}_": v for k, v in changes.items()}}
        )

    def _open_planned(self, poll: int) -> None:
        """Held, so that no other process opens it too and makes other keys than are voted with."""
        self._db.lock(_NUMBER, poll)
        planned = self._db.get(_POLL, poll)
        if planned and planned.anonymous and planned.state == "planned":
            self._sealed.open(poll)

    def end(self, poll: Poll, state: str, now: datetime, by: int | None = None) -> None:
        self.change(poll.id, {"state": state, "ended_at": now})
        if by is not None:
            self.note_end(poll.id, by)
        self._marks.over(poll.id)
        if poll.was_left:
            self._leavers.over(poll.id)
        if poll.anonymous:
            if state == "closed":
                self._count_sealed(poll)
            self._sealed.throw_away(poll.id)

    def note_end(self, poll: int, by: int) -> None:
        self._db.execute(_NOTE_END, {"poll": poll, "resident": by})

    def _count_sealed(self, poll: Poll) -> None:
        """Written down is only how often each ballot was cast, and the reasons by the alphabet."""
        cast, reasons = self._sealed.count(poll)
        if sum(cast.values()) < poll.floor:
            return  # what so few chose is nobody's business, not even of whoever has the database
        for choices in sorted(cast):
            self._db.execute(_COUNT, {"poll": poll.id, "choices": written(choices), "votes": cast[choices]})
        if reasons:
            self.change(poll.id, {"reasons": orjson.dumps(reasons).decode()})

    def burn(self, poll: int) -> bool:
        return self._sealed.burn(poll)

    # --- whose it is ---

    def merge(self, old: int, new: int) -> tuple[Sequence[int], Sequence[tuple[int, Reason]]]:
        return self._belongings.merge(old, new)

    def part(self, resident: int, new: int) -> None:
        for poll in self._leavers.part(resident, new):
            self.change(poll, {"was_left": True})

    def keeps_out(self, poll: Poll, resident: int) -> bool:
        return poll.was_left and self._leavers.keeps_out(poll.id, resident)

    def held_by(self, resident: int) -> Sequence[tuple[int, str]]:
        return self._leavers.held_by(resident)

    def reasons_of(self, resident: int) -> Sequence[tuple[int, Reason]]:
        return self._belongings.reasons_of(resident)

    def reasons_elsewhere(self, resident: int) -> Sequence[tuple[int, Reason]]:
        return self._belongings.reasons_elsewhere(resident)

    def forget(self, resident: int) -> Sequence[int]:
        return self._belongings.forget(resident)

    def cast_by(self, resident: int) -> Sequence[Cast]:
        return self._belongings.cast_by(resident)

    def ended_by(self, resident: int) -> Sequence[int]:
        return self._belongings.ended_by(resident)

    def marks_of(self, resident: int) -> Sequence[tuple[int, str, datetime | None]]:
        return self._marks.of(resident)

    def opened_by(self, resident: int) -> Sequence[Poll]:
        return [_built(*row) for row in self._db.execute(_ASKED_BY, {"opener_": resident})]

    def _read(self, poll: Poll, kept: str | None) -> Choices:
        if not kept:
            return ()
        return self._sealed.state(poll, kept) if poll.anonymous else read_choices(kept)


STORED = Stored(POLLS, Polls, TABLES)


@lru_cache(64)
def _changing(names: tuple[str, ...]) -> Any:
    """The statement that changes these fields."""
    values: dict[str, Any] = {name: bindparam(f"{name}_", type_=polls.c[name].type) for name in names}
    return update(polls).where(polls.c.id == bindparam("poll_")).values(**values)


def _read_all(rows: Sequence[Any]) -> list[tuple[Choices, int]]:
    return [(read_choices(row[0]), row[1]) for row in rows]
