"""A vote as it is usually written: SQLAlchemy's async ORM on aiosqlite. Only to compare with.

One session and one transaction a command, the same reads and writes as Plein's own vote, and as durable:
`synchronous=FULL`. Five connections, of which one writes while the others begin and end: with one alone it is
slower, and with more they only wait for each other.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import ForeignKey, event, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column


class Base(MappedAsDataclass, DeclarativeBase):
    pass


class Resident(Base):
    __tablename__ = "residents"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Account(Base):
    __tablename__ = "accounts"
    platform: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(primary_key=True)
    resident_id: Mapped[int] = mapped_column(ForeignKey(Resident.id))


class Poll(Base):
    __tablename__ = "polls"
    id: Mapped[int] = mapped_column(primary_key=True)
    room: Mapped[str] = mapped_column(index=True)
    question: Mapped[str]
    options: Mapped[str]
    state: Mapped[str]
    closes_at: Mapped[datetime]


class Ballot(Base):
    __tablename__ = "ballots"
    poll_id: Mapped[int] = mapped_column(ForeignKey(Poll.id), primary_key=True)
    resident_id: Mapped[int] = mapped_column(ForeignKey(Resident.id), primary_key=True)
    choice: Mapped[int]
    cast_at: Mapped[datetime]


class Tally(Base):
    __tablename__ = "tallies"
    poll_id: Mapped[int] = mapped_column(ForeignKey(Poll.id), primary_key=True)
    choice: Mapped[int] = mapped_column(primary_key=True)
    votes: Mapped[int]


class Board(Base):
    __tablename__ = "boards"
    poll_id: Mapped[int] = mapped_column(ForeignKey(Poll.id), primary_key=True)
    version: Mapped[int]


class Handled(Base):
    __tablename__ = "handled"
    id: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    answer: Mapped[str]


class UsualBot:
    """A bot that takes votes in one poll."""

    def __init__(self, file: Path) -> None:
        self._engine = create_async_engine(f"sqlite+aiosqlite:///{file}", pool_size=5, max_overflow=0)
        self._session = async_sessionmaker(self._engine, expire_on_commit=False)
        event.listen(self._engine.sync_engine, "connect", _on_connect)
        event.listen(self._engine.sync_engine, "begin", _on_begin)

    async def open_poll(self, room: str, question: str, options: list[str], voters: int) -> None:
        """Make the tables, a poll, and residents who may vote in it."""
        async with self._engine.begin() as db:
            await db.run_sync(Base.metadata.create_all)
        closes_at = datetime(2100, 1, 1, tzinfo=UTC)
        async with self._session.begin() as session:
            session.add_all(Resident(number, f"voter {number}") for number in range(1, voters + 1))
            session.add(Poll(1, room, question, json.dumps(options), "open", closes_at))
            await session.flush()
            session.add_all(Account("bench", f"voter{number - 1}", number) for number in range(1, voters + 1))
            session.add_all(Tally(1, choice, 0) for choice in range(1, len(options) + 1))
            session.add(Board(1, 1))

    async def vote(self, event_id: str, platform: str, user_id: str, room: str, typed: str) -> str:
        """Take a vote such as `!stem 2` once, however often the event is brought; returns the answer."""
        async with self._session.begin() as session:
            handled = await session.get(Handled, event_id)
            if handled:
                return handled.answer
            resident = await self._resident(session, platform, user_id)
            poll = await session.scalar(select(Poll).where(Poll.room == room, Poll.state == "open"))
            if resident is None or poll is None:
                return "There is nothing to vote on."
            choice = int(typed.removeprefix("!stem "))
            await self._cast(session, poll, resident, choice)
            chosen = json.loads(poll.options)[choice - 1]
            answer = json.dumps({"text": f"{poll.question}: you chose {chosen}.", "poll": poll.id})
            session.add(Handled(event_id, datetime.now(UTC), answer))
        return answer

    async def _resident(self, session: AsyncSession, platform: str, user_id: str) -> Resident | None:
        return await session.scalar(
            select(Resident)
            .join(Account, Account.resident_id == Resident.id)
            .where(Account.platform == platform, Account.user_id == user_id)
        )

    async def _cast(self, session: AsyncSession, poll: Poll, resident: Resident, choice: int) -> None:
        """The ballot, how often each choice was made, and that the board shows something older now."""
        ballot = await session.get(Ballot, (poll.id, resident.id))
        before = ballot.choice if ballot else None
        if before == choice:
            return
        kept = {"choice": choice, "cast_at": datetime.now(UTC)}
        cast = insert(Ballot).values(poll_id=poll.id, resident_id=resident.id, **kept)
        keys = ["poll_id", "resident_id"]
        await session.execute(cast.on_conflict_do_update(index_elements=keys, set_=kept))
        for option, step in ((before, -1), (choice, 1)):
            counted = update(Tally).where(Tally.poll_id == poll.id, Tally.choice == option)
            await session.execute(counted.values(votes=Tally.votes + step))
        await session.execute(update(Board).where(Board.poll_id == poll.id).values(version=Board.version + 1))

    async def close(self) -> None:
        await self._engine.dispose()


def _on_connect(connection: Any, _record: Any) -> None:
    """As SQLAlchemy's documentation has it, so that two transactions never read what one of them changes."""
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _on_begin(connection: Any) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
