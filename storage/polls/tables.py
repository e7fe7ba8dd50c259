"""The tables of polls, and how a ballot is written in them: as the numbers on it, "2,5"."""

from __future__ import annotations

from collections.abc import Sequence

import orjson
from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
    Text,
    bindparam,
    exists,
    false,
    select,
)

from bot.features.polls.records import Choices, Reason
from storage.leavers import LeaversTable
from storage.marks import MarksTable
from storage.tables import STAYS, Holds, Moment, Number, of_community, own_tables, residents, themes

TABLES = own_tables()
# So the names of its keys begin.
KIND = "poll"

polls = Table(
    "polls",
    TABLES,
    # People say "poll 3", and mean their own community's.
    of_community(key=True),
    Column("id", Number, primary_key=True, autoincrement=False),
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
    Column("floor", Integer, nullable=False, server_default="0"),
    Column("opened_at", Moment, nullable=False),
    Column("closes_at", Moment, nullable=False),
    Column("state", String, nullable=False),
    Column("ended_at", Moment),
    Column("outcome", String),
    Column("review_at", Moment),
    Column("reminded", Boolean, nullable=False, server_default=false()),
    # Since when it is to close and waits for what was said in time, and on which platforms that is.
    Column("waits_since", Moment),
    Column("unheard", String),
    # Why people objected in an anonymous poll, in no order that says anything.
    Column("reasons", Text),
    # An account left somebody who voted in it, and is kept out of it (see leavers.py).
    Column("was_left", Boolean, nullable=False, server_default=false()),
    Index("ix_polls_theme_state", "theme", "state"),
    Index("ix_polls_opener_opened_at", "opener", "opened_at"),
)


def _of_poll() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["community", "poll"], [polls.c.community, polls.c.id])


# Who ended somebody else's poll.
endings = Table(
    "endings",
    TABLES,
    of_community(key=True),
    Column("poll", Number, primary_key=True),
    Column("resident", ForeignKey(residents.c.id), nullable=False, index=True),
    _of_poll(),
    sqlite_with_rowid=False,
)

# In an anonymous poll `choices` holds ballot and reason sealed, until it is closed; then nothing is left.
ballots = Table(
    "ballots",
    TABLES,
    of_community(key=True),
    Column("poll", Number, primary_key=True),
    Column("voter", ForeignKey(residents.c.id), primary_key=True, index=True),
    # The number of whom they were when they cast it: who was two people when a poll closed has two in it.
    Column("cast_as", Number, primary_key=True),
    Column("choices", String, nullable=False),
    # Why somebody objects, and on which account they said so: of who was several people, each by itself.
    Column("reason", String),
    Column("cast_at", Moment, nullable=False),
    _of_poll(),
    sqlite_with_rowid=False,
)

# While a poll is open, when somebody last took a ballot back or repeated it. Of an anonymous one, when they
# last said anything, and which events of theirs it has heard of: always as many, the first of them made up,
# each as nobody can read it without a key that goes with the poll's own.
marks = Table(
    "marks",
    TABLES,
    of_community(key=True),
    Column("poll", Number, primary_key=True),
    Column("voter", ForeignKey(residents.c.id), primary_key=True, index=True),
    Column("latest", String, nullable=False),
    Column("said_at", Moment),
    _of_poll(),
    sqlite_with_rowid=False,
)

# Which accounts are kept out of an open poll, as marks of them; who has the ballot in which they had a say.
leavers = Table(
    "leavers",
    TABLES,
    of_community(key=True),
    Column("poll", Number, primary_key=True),
    Column("account", String, primary_key=True, info=Holds.MARK.info),
    Column("holder", ForeignKey(residents.c.id), index=True, info={STAYS: True}),
    _of_poll(),
    sqlite_with_rowid=False,
)

# How often each ballot was cast, kept beside the ballots so that showing a poll costs the same with ten
# as with 100,000; the row without choices counts the people.
tallies = Table(
    "tallies",
    TABLES,
    of_community(key=True),
    Column("poll", Number, primary_key=True),
    Column("choices", String, primary_key=True),
    Column("votes", Integer, nullable=False),
    _of_poll(),
    sqlite_with_rowid=False,
)

_IS_OPEN = polls.c.state == "open"
# A ballot in a poll that is open stays with whoever has it, where an account leaves them.
for _column in (ballots.c.voter, marks.c.voter):
    _column.info[STAYS] = exists().where(polls.c.id == _column.table.c.poll, _IS_OPEN)


MARKS = MarksTable(marks.c.poll, marks.c.voter)
LEAVERS = LeaversTable(
    leavers.c.poll,
    polls.c.id,
    _IS_OPEN,
    select(ballots.c.poll)
    .join(polls, polls.c.id == ballots.c.poll)
    .where(ballots.c.voter == bindparam("id_"), _IS_OPEN)
    .order_by(ballots.c.poll),
)


def written_reasons(reasons: Sequence[Reason]) -> str | None:
    return orjson.dumps([[*reason] for reason in reasons]).decode() if reasons else None


def read_reasons(kept: str | None) -> list[Reason]:
    return [Reason(*reason) for reason in orjson.loads(kept)] if kept else []


def written(choices: Choices) -> str:
    return ",".join(map(str, choices))


def read_choices(kept: str | None) -> Choices:
    return tuple(map(int, kept.split(","))) if kept else ()
