"""Which messages stand as one, for as long as it is known which they are; in few bytes."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import func, insert, select

from bot.model.message import text
from bot.ports.storage import Transaction
from storage.community import anywhere
from storage.engines import Database
from storage.tables import copies, fold_shares, uncarried, uncarried_marks
from storage.unit import Tx
from tests.chat import NOW
from tests.storage.test_copies import HERE, THERE, say

SECOND, YEAR = timedelta(seconds=1), timedelta(days=365)
MANY, MOST_BYTES = 50_000, 200


def fold(tx: Transaction, *refs: str) -> list[int]:
    """These stand there as one."""
    messages = [say(tx, f"nr {ref}", ref) for ref in refs]
    (first,) = tx.copies.due("b", NOW, 9)
    tx.copies.tried([first], NOW)
    together = tx.folds.following(first, 9)
    number = tx.folds.begin(together, [3] * len(together), NOW, named=False)
    assert number
    (sending, *_) = tx.folds.sending(number, THERE)
    tx.copies.note(sending.copy.__class__(number, THERE, "b", None, ""), 0, "77")
    tx.folds.done(number)
    return messages


async def count(store: Database, table: Any) -> int:
    def look(tx: Transaction) -> int:
        found: int = cast(Tx, tx).db.execute(anywhere(select(func.count()).select_from(table))).scalar()
        return found

    return await store.run_anywhere(look)


async def test_each_is_found_and_all_of_them_by_where_they_stand(store: Database) -> None:
    def look(tx: Transaction) -> None:
        first, *others = fold(tx, "1", "2", "3")
        found = tx.copies.at(THERE, "77")
        assert found
        assert (found.message, found.others, found.said) == (first, tuple(others), False)
        assert [tx.copies.refs(each, THERE) for each in (first, *others)] == [("77",)] * 3
        assert tx.copies.places_of(others[0]) == [HERE, THERE]
        assert [each.ref for each in tx.copies.standing(THERE, NOW)] == ["77"]

    await store.run(look)


async def test_one_that_became_otherwise_meanwhile_ends_it_before_it_begins(store: Database) -> None:
    def look(tx: Transaction) -> None:
        for ref in "123":
            say(tx, f"nr {ref}", ref)
        (first,) = tx.copies.due("b", NOW, 9)
        tx.copies.tried([first], NOW)
        together = tx.folds.following(first, 9)
        assert len(together) == 3
        tx.copies.want(together[1].copy.message, [THERE], None, "gone", NOW)
        assert tx.folds.begin(together, [3, 3, 3], NOW, named=False) is None

    await store.run(look)


async def test_it_is_kept_for_as_long_as_its_messages(store: Database) -> None:
    def fill(tx: Transaction) -> None:
        for message in fold(tx, "1", "2"):
            tx.copies.ended(message, NOW)

    await store.run(fill)
    await store.forget(NOW + YEAR - SECOND)
    assert [await count(store, table) for table in (copies, fold_shares)] == [3, 2]
    await store.forget(NOW + YEAR + SECOND)
    assert [await count(store, table) for table in (copies, fold_shares)] == [0, 0]


async def test_why_something_was_not_carried_is_kept_for_a_month(store: Database) -> None:
    await store.run(lambda tx: tx.uncarried.note(say(tx), THERE, text("uncarried.failed"), NOW))
    month = timedelta(days=30)
    await store.forget(NOW + month - SECOND)
    assert [await count(store, table) for table in (uncarried, uncarried_marks)] == [1, 1]
    await store.forget(NOW + month + SECOND)
    assert [await count(store, table) for table in (uncarried, uncarried_marks)] == [0, 0]


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_what_stands_as_one_takes_so_few_bytes(store: Database, tmp_path: Path) -> None:
    def add(start: int, tx: Transaction) -> None:
        shares = [
            {"message": number, "place": 2, "fold": -(number // 3) - 1, "share": number % 3}
            | {"length": 40, "named": False}
            for number in range(start, start + 1_000)
        ]
        cast(Tx, tx).db.execute(insert(fold_shares), shares)

    for start in range(0, MANY, 1_000):
        await store.run(lambda tx, start=start: add(start, tx))  # type: ignore[misc]
    parts = ("fold_shares", "ix_fold_shares_fold")
    with sqlite3.connect(tmp_path / "plein.db") as db:
        size = db.execute("SELECT sum(pgsize) FROM dbstat WHERE name IN (?, ?)", parts).fetchone()[0]
    # Instead of where each of them stands, which takes more.
    assert size / MANY < MOST_BYTES / 4
