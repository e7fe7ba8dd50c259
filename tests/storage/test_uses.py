"""How often somebody did what is held within limits."""

from __future__ import annotations

from datetime import timedelta
from typing import cast

from sqlalchemy import Table, func, select

from bot.model.people import Identity
from bot.ports.storage import Transaction
from storage.engines import Database
from storage.retention import forget
from storage.tables import spent, uses
from storage.unit import Tx
from tests.chat import NOW

DAY = timedelta(days=1)
SOON = timedelta(microseconds=1)


async def test_what_counts_for_whom_and_how_long(store: Database) -> None:
    def work(tx: Transaction) -> None:
        anna, ben = (tx.people.add(Identity("test", name), name).id for name in ("anna", "ben"))
        for which, (resident, what) in enumerate(
            ((anna, "dig"), (anna, "dig"), (anna, "plant"), (ben, "dig"))
        ):
            tx.uses.add(resident, what, NOW + DAY, str(which))
        assert tx.uses.count(anna, "dig", NOW) == 2
        assert tx.uses.count(anna, "dig", NOW + DAY) == 2
        assert tx.uses.count(anna, "dig", NOW + DAY + SOON) == 0
        tx.people.link([Identity("test", name) for name in ("anna", "ben")], None, None)
        assert [tx.uses.count(who, "dig", NOW) for who in (anna, ben)] == [3, 0]

    await store.run(work)


ANNA, ALSO_ANNA = Identity("test", "anna"), Identity("test", "anna2")


def kept_of_nobody(tx: Transaction) -> list[tuple[str, object]]:
    return [(row.what, row.until) for row in cast(Tx, tx).db.execute(select(spent))]


async def test_who_was_forgotten_and_comes_back_goes_on_where_they_were(store: Database) -> None:
    def work(tx: Transaction) -> None:
        anna = tx.people.link([ANNA, ALSO_ANNA], "Anna", None)[0]
        for which, until in enumerate((NOW - SOON, NOW + DAY, NOW + DAY)):
            tx.uses.add(anna, "dig", until, str(which))
        tx.people.forget(anna, NOW, NOW)
        assert [what for what, _ in kept_of_nobody(tx)] == ["dig"] * 4
        assert all(row.mark.find("anna") < 0 for row in cast(Tx, tx).db.execute(select(spent)))
        for account in (ANNA, ALSO_ANNA):
            again = tx.people.add(account, "Anna").id
            assert tx.uses.count(again, "dig", NOW) == 2, account
        assert kept_of_nobody(tx) == []

    await store.run(work)


async def test_it_is_kept_for_as_long_as_it_counts(store: Database) -> None:
    def work(tx: Transaction) -> None:
        anna = tx.people.add(ANNA, "Anna").id
        tx.uses.add(anna, "dig", NOW + DAY, "1")
        tx.people.forget(anna, NOW, NOW)

    await store.run(work)
    await forget(store, NOW + DAY - SOON)
    assert len(await store.run(kept_of_nobody)) == 1
    await forget(store, NOW + DAY + timedelta(hours=1, microseconds=1))
    assert await store.run(kept_of_nobody) == []


async def test_an_account_that_leaves_did_what_was_done_together(store: Database) -> None:
    def work(tx: Transaction) -> None:
        anna = tx.people.link([ANNA, ALSO_ANNA], "Anna", None)[0]
        tx.uses.add(anna, "dig", NOW + DAY, "1")
        other = tx.people.part(anna, [ALSO_ANNA], None)
        assert [tx.uses.count(who, "dig", NOW) for who in (anna, other)] == [1, 1]

    await store.run(work)


def copies(tx: Transaction, table: Table = uses) -> int:
    found: int = cast(Tx, tx).db.execute(select(func.count()).select_from(table)).scalar_one()
    return found


async def test_linking_and_parting_again_and_again_makes_no_more_of_it(store: Database) -> None:
    """Not of what counts, nor of what is kept."""

    def work(tx: Transaction) -> None:
        anna, other = (tx.people.add(account, "Anna").id for account in (ANNA, ALSO_ANNA))
        for who, which in ((anna, "1"), (anna, "2"), (other, "3")):
            tx.uses.add(who, "dig", NOW + DAY, which)
        for _ in range(5):
            tx.people.link([ANNA, ALSO_ANNA], None, None)
            assert tx.uses.count(anna, "dig", NOW) == 3
            other = tx.people.part(anna, [ALSO_ANNA], None)
            assert [tx.uses.count(who, "dig", NOW) for who in (anna, other)] == [3, 3]
            assert copies(tx) == 6

    await store.run(work)


async def test_a_link_that_is_undone_leaves_each_with_what_they_brought(store: Database) -> None:
    """Though both had some of it."""

    def work(tx: Transaction) -> None:
        anna = tx.people.link([ANNA, ALSO_ANNA], "Anna", None)[0]
        tx.uses.add(anna, "dig", NOW + DAY, "1")
        other = tx.people.part(anna, [ALSO_ANNA], None)
        tx.uses.add(other, "dig", NOW + DAY, "2")
        for _ in range(3):
            brought = tx.people.brought(other, anna)
            tx.people.link([ANNA, ALSO_ANNA], None, None)
            assert tx.uses.count(anna, "dig", NOW) == 2
            other = tx.people.part(anna, [ALSO_ANNA], brought)
            assert [tx.uses.count(who, "dig", NOW) for who in (anna, other)] == [1, 2]
            assert copies(tx) == 3

    await store.run(work)


async def test_being_forgotten_and_coming_back_makes_no_more_of_it(store: Database) -> None:
    def work(tx: Transaction) -> None:
        for account in (ANNA, ALSO_ANNA):
            tx.uses.add(tx.people.add(account, "Anna").id, "dig", NOW + DAY, account.user_id)
        for _ in range(3):
            anna = tx.people.link([ANNA, ALSO_ANNA], None, None)[0]
            assert tx.uses.count(anna, "dig", NOW) == 2
            tx.people.forget(anna, NOW, NOW)
            assert [copies(tx, table) for table in (uses, spent)] == [0, 4]
            for account in (ANNA, ALSO_ANNA):
                tx.people.add(account, "Anna")
            assert [copies(tx, table) for table in (uses, spent)] == [4, 0]

    await store.run(work)


async def test_what_stands_elsewhere_as_well_is_left_out(store: Database) -> None:
    def work(tx: Transaction) -> None:
        anna = tx.people.add(ANNA, "Anna").id
        for which in ("1", "2"):
            tx.uses.add(anna, "dig", NOW + DAY, which)
        assert tx.uses.count(anna, "dig", NOW, excluding=["2", "3"]) == 1

    await store.run(work)


async def test_what_was_noted_while_the_clock_was_ahead_counts_as_nothing(store: Database) -> None:
    """Not until that moment comes; what is known to last longer does."""

    def work(tx: Transaction) -> None:
        anna = tx.people.add(ANNA, "Anna").id
        for until in (NOW + DAY, NOW + 9 * DAY):
            tx.uses.add(anna, "dig", until, str(until))
        assert tx.uses.count(anna, "dig", NOW, DAY) == 1
        assert tx.uses.count(anna, "dig", NOW) == 2
        assert tx.uses.count(anna, "dig", NOW + 8 * DAY, DAY) == 1

    await store.run(work)


async def test_what_is_left_of_whoever_was_forgotten_counts_to_its_end(store: Database) -> None:
    """It ends at a full hour, and so counts for a little longer than what it was."""

    def work(tx: Transaction) -> None:
        now = NOW + timedelta(minutes=1)
        tx.uses.add(tx.people.add(ANNA, "Anna").id, "dig", now + DAY, "1")
        anna = tx.people.by_identity(ANNA)
        assert anna
        tx.people.forget(anna.id, now, now)
        assert tx.uses.count(tx.people.add(ANNA, "Anna").id, "dig", now, DAY) == 1

    await store.run(work)


async def test_what_was_done_is_known_by_its_name_once(store: Database) -> None:
    def work(tx: Transaction) -> None:
        anna = tx.people.link([ANNA, ALSO_ANNA], "Anna", None)[0]
        for what in ("dig 7", "dig 8", "dig 8", "digs 9"):
            tx.uses.add(anna, what, NOW + DAY)
        assert sorted(tx.uses.names(anna, "dig ", NOW)) == ["7", "8"]
        assert not tx.uses.names(anna, "dig ", NOW + DAY + SOON)
        parted = tx.people.part(anna, [ALSO_ANNA], None)
        assert sorted(tx.uses.names(parted, "dig ", NOW)) == ["7", "8"]

    await store.run(work)
