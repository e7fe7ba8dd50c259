"""The batch by itself: whatever it puts together or off, it answers as if it did neither."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, TypeVar, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import (
    Column,
    Executable,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.schema import CreateTable

from bot.ports.storage import Transaction
from storage.among import among
from storage.batch import RELOADS, Batch, Loader, Row
from storage.engines import Database
from storage.executor import Executor, Rows
from storage.unit import Tx
from storage.upsert import upsert

T = TypeVar("T")
metadata = MetaData()
shelves = Table(
    "shelves", metadata, Column("id", Integer, primary_key=True), Column("name", String, nullable=False)
)
books = Table(
    "books",
    metadata,
    Column("shelf", ForeignKey("shelves.id"), primary_key=True),
    Column("title", String, primary_key=True),
    Column("pages", Integer, nullable=False),
)
loans = Table(
    "loans",
    metadata,
    Column("shelf", ForeignKey("shelves.id"), primary_key=True),
    Column("times", Integer, nullable=False),
)

SHELF = Loader(select(shelves.c.id, shelves.c.name), by=[shelves.c.id], make=lambda *fields: fields)
TITLES = Loader(select(books.c.title).order_by(books.c.title), by=[books.c.shelf], make=str)
PAGES = Loader(select(books.c.pages), by=[books.c.shelf, books.c.title], make=int, beside=[books])
LENT = Loader(select(loans.c.times), by=[loans.c.shelf], make=int, beside=[loans])

RENAME = update(shelves).where(shelves.c.id == bindparam("id_")).values(name=bindparam("name_"))
PUT = upsert(books)
PUT = PUT.on_conflict_do_update(index_elements=["shelf", "title"], set_={"pages": PUT.excluded.pages})
TAKE = delete(books).where(books.c.shelf == bindparam("shelf_"), books.c.title == bindparam("title_"))
CLEAR = delete(books).where(books.c.shelf == bindparam("shelf_"))
LEND = upsert(loans)
LEND = LEND.on_conflict_do_update(
    index_elements=["shelf"], set_={"times": loans.c.times + LEND.excluded.times}
)
ALL_PAGES = select(func.sum(books.c.pages))
EVERYTHING = (
    select(shelves).order_by(shelves.c.id),
    select(books).order_by(books.c.shelf, books.c.title),
    select(loans).order_by(loans.c.shelf),
)
NUMBERS, NAMES = range(1, 5), ("a", "b", 'c"')


class Naive:
    """What a batch is to be like: each question asked, each write made, when its turn comes."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    def expect(self, column: Column[Any], values: Sequence[Any]) -> None:
        pass

    def lock(self, column: Column[Any], *keys: Any) -> bool:
        return False

    def get(self, loader: Loader[T], *key: Hashable) -> T | None:
        return next(iter(self.get_all(loader, *key)), None)

    def get_all(self, loader: Loader[T], *key: Hashable) -> Sequence[T]:
        asked = dict(zip(loader.names, key, strict=True))
        return [loader.make(*row) for row in self._executor.execute(loader.for_one, asked)]

    def execute(self, statement: Executable, values: Row | None = None) -> Rows:
        return self._executor.execute(statement, values)

    def defer(self, statement: Executable, key: Hashable, row: Row, *, adds: str | None = None) -> None:
        self._executor.execute(statement, row)

    def pending(self, table: Table, key: Hashable) -> Row | None:
        return None

    def flush(self) -> None:
        pass

    def savepoint(self) -> None:
        self._executor.run("SAVEPOINT part")

    def release(self) -> None:
        self._executor.run("RELEASE SAVEPOINT part")

    def undo(self) -> None:
        self._executor.run("ROLLBACK TO SAVEPOINT part")


class Library:
    """A store as features write them."""

    def __init__(self, db: Batch | Naive) -> None:
        self.db = db

    def shelf(self, number: int) -> object:
        return self.db.get(SHELF, number)

    def held(self, number: int) -> object:
        self.db.lock(shelves.c.id, number)
        return self.shelf(number), self.pages(number, "a"), self.lent(number)

    def titles(self, number: int) -> object:
        return list(self.db.get_all(TITLES, number))

    def pages(self, number: int, title: str) -> int | None:
        put = self.db.pending(books, (number, title))
        return cast("int | None", put.get("pages")) if put else self.db.get(PAGES, number, title)

    def lent(self, number: int) -> int:
        more = self.db.pending(loans, number)
        return (self.db.get(LENT, number) or 0) + (more["times"] if more else 0)

    def all_pages(self) -> object:
        return self.db.execute(ALL_PAGES).scalar()

    def rename(self, number: int, name: str) -> None:
        self.db.execute(RENAME, {"id_": number, "name_": name})

    def put(self, number: int, title: str, pages: int) -> None:
        self.db.defer(PUT, (number, title), {"shelf": number, "title": title, "pages": pages})

    def take(self, number: int, title: str) -> None:
        self.db.defer(TAKE, (number, title), {"shelf_": number, "title_": title})

    def clear(self, number: int) -> None:
        self.db.execute(CLEAR, {"shelf_": number})

    def lend(self, number: int, times: int) -> None:
        self.db.defer(LEND, number, {"shelf": number, "times": times}, adds="times")


number, title = st.sampled_from([*NUMBERS, 9]), st.sampled_from(NAMES)
there = st.sampled_from(NUMBERS)
Step = tuple[Any, ...]
step: st.SearchStrategy[Step] = st.one_of(
    st.tuples(st.just("shelf"), number),
    st.tuples(st.just("held"), number),
    st.tuples(st.just("titles"), number),
    st.tuples(st.just("pages"), number, title),
    st.tuples(st.just("lent"), number),
    st.tuples(st.just("all_pages")),
    st.tuples(st.just("rename"), number, title),
    st.tuples(st.just("put"), there, title, st.integers(1, 9)),
    st.tuples(st.just("take"), number, title),
    st.tuples(st.just("clear"), number),
    st.tuples(st.just("lend"), there, st.integers(1, 9)),
)
# Steps by themselves, and parts that are kept or undone.
steps = st.lists(
    st.one_of(step, st.tuples(st.just("part"), st.lists(step, max_size=6), st.booleans())), max_size=25
)


def done(db: Batch | Naive, asked: Sequence[Step]) -> list[object]:
    """What each step gives, and what there is at the end."""
    library, found = Library(db), list[object]()
    for name, *args in asked:
        if name == "part":
            inner, kept = args
            db.savepoint()
            found += [getattr(library, name)(*args) for name, *args in inner]
            if kept:
                db.release()
            else:
                db.undo()
        else:
            found.append(getattr(library, name)(*args))
    db.flush()
    return [*found, *([tuple(row) for row in db.execute(all_of)] for all_of in EVERYTHING)]


def furnish(executor: Executor) -> None:
    """Empty shelves, the first and the third with a book, the first lent from."""
    for table in (loans, books, shelves):
        executor.execute(delete(table))
    executor.execute(insert(shelves), [{"id": number, "name": f"shelf {number}"} for number in NUMBERS])
    executor.execute(PUT, [{"shelf": number, "title": "a", "pages": number} for number in (1, 3)])
    executor.execute(LEND, {"shelf": 1, "times": 2})


async def with_tables(store: Database, work: Callable[[Executor], None]) -> None:
    def make(tx: Transaction) -> None:
        executor = executor_of(tx)
        for table in (shelves, books, loans):
            executor.run(str(CreateTable(table).compile()))
        executor.locks = True
        work(executor)

    await store.run(make)


def executor_of(tx: Transaction) -> Executor:
    return cast(Tx, tx)._executor


async def test_it_answers_as_if_each_step_were_taken_by_itself(store: Database) -> None:
    def work(executor: Executor) -> None:
        @settings(max_examples=150, suppress_health_check=list(HealthCheck))
        @given(steps, st.sets(number), st.sets(title))
        def check(asked: list[Step], expected: set[int], titles: set[str]) -> None:
            furnish(executor)
            want = done(Naive(executor), asked)
            furnish(executor)
            batch = Batch(executor)
            batch.expect(shelves.c.id, expected)
            batch.expect(books.c.title, titles)
            assert done(batch, asked) == want

        check()

    await with_tables(store, work)


class Counting(Executor):
    """An executor that remembers what it executed."""

    def __init__(self, executor: Executor) -> None:
        vars(self).update(vars(executor))
        self.executed: list[tuple[Executable, Any]] = []

    def execute(self, statement: Executable, values: Any = None) -> Rows:
        self.executed.append((statement, values))
        return super().execute(statement, values)


@pytest.fixture
async def counting(store: Database) -> Any:
    """Runs a check with a furnished library, and an executor that tells what was executed."""

    async def run(check: Callable[[Batch, Counting], None]) -> None:
        def work(executor: Executor) -> None:
            furnish(executor)
            counting = Counting(executor)
            check(Batch(counting), counting)

        await with_tables(store, work)

    return run


async def test_what_is_expected_is_asked_once_also_by_what_refers_to_it(counting: Any) -> None:
    def check(batch: Batch, db: Counting) -> None:
        batch.expect(shelves.c.id, NUMBERS)
        assert [batch.get(SHELF, number) for number in (1, 2, 3)] == [(n, f"shelf {n}") for n in (1, 2, 3)]
        assert [list(batch.get_all(TITLES, number)) for number in NUMBERS] == [["a"], [], ["a"], []]
        assert [statement for statement, _ in db.executed] == [SHELF.for_many, TITLES.for_many]
        # Who was not expected asks alone, and twice is once.
        assert batch.get(SHELF, 9) is batch.get(SHELF, 9) is None
        assert [statement for statement, _ in db.executed[2:]] == [SHELF.for_one]

    await counting(check)


async def test_what_is_told_is_expected(counting: Any) -> None:
    named = Loader(select(shelves.c.id), by=[shelves.c.name], make=int, tells=shelves.c.id)

    def check(batch: Batch, db: Counting) -> None:
        batch.expect(shelves.c.name, ["shelf 1", "shelf 3", "shelf 8"])
        assert batch.get(named, "shelf 3") == 3
        assert batch.get(PAGES, 1, "a") == 1
        assert batch.get(PAGES, 3, "a") == 3
        assert [statement for statement, _ in db.executed] == [named.for_many, PAGES.for_many]

    await counting(check)


async def test_a_write_makes_stale_what_came_from_its_table_and_nothing_else(counting: Any) -> None:
    def check(batch: Batch, db: Counting) -> None:
        batch.expect(shelves.c.id, NUMBERS)
        for _ in range(2):
            batch.get(SHELF, 1), batch.get_all(TITLES, 1)
            batch.execute(RENAME, {"id_": 1, "name_": "new"})
        assert batch.get(SHELF, 1) == (1, "new")
        asked = [statement for statement, _ in db.executed]
        assert asked == [SHELF.for_many, TITLES.for_many, RENAME, SHELF.for_many, RENAME, SHELF.for_many]

    await counting(check)


async def test_a_question_that_is_stale_again_and_again_is_no_longer_asked_for_all(counting: Any) -> None:
    def check(batch: Batch, db: Counting) -> None:
        batch.expect(shelves.c.id, NUMBERS)
        for _ in range(RELOADS + 5):
            batch.get(SHELF, 1)
            batch.execute(RENAME, {"id_": 1, "name_": "new"})
        asked = [statement for statement, _ in db.executed]
        assert (asked.count(SHELF.for_many), asked.count(SHELF.for_one)) == (RELOADS + 1, 4)

    await counting(check)


async def test_a_deferred_write_makes_nothing_stale_before_it_is_flushed(counting: Any) -> None:
    def check(batch: Batch, db: Counting) -> None:
        batch.get(PAGES, 1, "a")
        batch.defer(PUT, (1, "a"), {"shelf": 1, "title": "a", "pages": 7})
        assert batch.get(PAGES, 1, "a") == 1, "what is pending, whoever asks looks at"
        assert batch.pending(books, (1, "a")) == {"shelf": 1, "title": "a", "pages": 7}
        assert batch.pending(books, (1, "b")) is batch.pending(loans, 1) is None
        batch.execute(RENAME, {"id_": 1, "name_": "new"})
        assert len(db.executed) == 2, "nobody needed it written"
        assert batch.get_all(TITLES, 1) == ["a"]
        assert batch.pending(books, (1, "a")) is None
        assert batch.get(PAGES, 1, "a") == 7

    await counting(check)


async def test_the_last_row_stands_numbers_add_up_and_the_order_is_kept(counting: Any) -> None:
    def check(batch: Batch, db: Counting) -> None:
        for at, name in enumerate(("c", "a", "b", "a")):
            batch.defer(PUT, (2, name), {"shelf": 2, "title": name, "pages": at})
            batch.defer(LEND, 2, {"shelf": 2, "times": at}, adds="times")
        batch.defer(TAKE, (2, "b"), {"shelf_": 2, "title_": "b"})
        batch.flush()
        (put, rows), (take, _), (lend, times) = db.executed
        assert (put, take, lend) == (PUT, TAKE, LEND)
        assert [(row["title"], row["pages"]) for row in rows] == [("c", 0), ("a", 3)]
        assert times == {"shelf": 2, "times": 6}
        batch.flush()
        assert len(db.executed) == 3

    await counting(check)


async def test_all_that_is_expected_is_locked_in_the_order_of_the_keys(counting: Any) -> None:
    def check(batch: Batch, db: Counting) -> None:
        batch.expect(shelves.c.id, [3, 1])
        before = batch.get_all(TITLES, 3), batch.get(LENT, 1)
        batch.savepoint()
        assert batch.lock(shelves.c.id, 2)
        assert not batch.lock(shelves.c.id, 1, 2, 3)
        (_, locked), (again, _) = db.executed[-1], db.executed[0]
        assert locked == {"keys": [1, 2, 3]}
        assert (batch.get_all(TITLES, 3), batch.get(LENT, 1)) == before
        asked = [statement for statement, _ in db.executed[-2:]]
        assert asked == [again, LENT.for_many], "read after the lock"
        batch.undo()
        assert batch.lock(shelves.c.id, 2), "a lock goes when its part is undone"

    await counting(check)


async def test_many_values_in_one_parameter(counting: Any) -> None:
    query = select(books.c.shelf).where(among(books.c.title, "titles")).order_by(books.c.shelf)

    def check(batch: Batch, db: Counting) -> None:
        assert batch.execute(query, {"titles": ["a", 'x"', "é"]}).scalars() == [1, 3]
        assert batch.execute(query, {"titles": {"b"}}).scalars() == []
        assert batch.execute(query, {"titles": ()}).scalars() == []

    await counting(check)


async def test_before_anything_is_deleted_all_is_flushed(counting: Any) -> None:
    """What is deferred may be the end of a row that refers to what is deleted."""

    def check(batch: Batch, db: Counting) -> None:
        batch.defer(TAKE, (3, "a"), {"shelf_": 3, "title_": "a"})
        batch.execute(delete(shelves).where(shelves.c.id == 3))
        assert batch.get(SHELF, 3) is None

    await counting(check)
