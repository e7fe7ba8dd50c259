"""How often somebody did what is held within limits."""

from __future__ import annotations

from datetime import timedelta

from bot.model.people import Identity
from bot.ports.storage import Transaction
from storage.engines import Database
from tests.chat import NOW

DAY = timedelta(days=1)
SOON = timedelta(microseconds=1)


async def test_what_counts_for_whom_and_how_long(store: Database) -> None:
    def work(tx: Transaction) -> None:
        anna, ben = (tx.people.add(Identity("test", name), name).id for name in ("anna", "ben"))
        for resident, what in ((anna, "dig"), (anna, "dig"), (anna, "plant"), (ben, "dig")):
            tx.uses.add(resident, what, NOW + DAY)
        assert tx.uses.count(anna, "dig", NOW) == 2
        assert tx.uses.count(anna, "dig", NOW + DAY) == 2
        assert tx.uses.count(anna, "dig", NOW + DAY + SOON) == 0
        tx.people.link([Identity("test", name) for name in ("anna", "ben")], None, None)
        assert [tx.uses.count(who, "dig", NOW) for who in (anna, ben)] == [3, 0]

    await store.run(work)
