"""What may be read only for a while: a new key, and the old one goes once nothing needs it."""

from __future__ import annotations

from typing import cast

import pytest
from sqlalchemy import select

from bot.features.polls.records import POLLS
from bot.model.events import Arrival
from bot.model.message import Button, message, typed
from bot.model.people import Identity
from bot.model.work import Receipt
from bot.ports.storage import Transaction
from storage.engines import Database
from storage.envelopes import Envelopes
from storage.keyring import KeyGone
from storage.tables import handled, inbox, posts
from storage.unit import Tx
from tests.chat import NOW
from tests.doubles.polls import a_plan

BEN = Identity("test", "ben")
SAID = message(typed("you typed three"))


def sealing(tx: Transaction) -> Envelopes:
    mine = cast(Tx, tx)
    return Envelopes(mine.db, mine.seals)


def kept(tx: Transaction) -> dict[str, list[tuple[str, str | None]]]:
    """What stands in each sealed column, with the name of its key."""
    db = cast(Tx, tx).db
    columns = {"inbox": inbox.c.body, "posts": posts.c.message, "handled": handled.c.answer}
    return {
        name: [tuple(row) for row in db.execute(select(column.table.c.key, column))]
        for name, column in columns.items()
    }


def everything(tx: Transaction) -> None:
    tx.inbox.add("me", [Arrival("$1", "!dm", "stem 3")], "s1", NOW)
    for name in ("waits", "said"):
        tx.posts.add(name, Identity("test", name), SAID, NOW, confidential=True)
    said = tx.posts.next_for(Identity("test", "said"), "test", NOW)
    assert said
    tx.posts.shown(said, Receipt(("$said",)), NOW)
    tx.posts.add("open", BEN, SAID, NOW)
    tx.handled.add("mistake", NOW, SAID, None, confidential=True)
    tx.handled.add("receipt", NOW, SAID, None)


async def turn(store: Database) -> None:
    """Until the old keys were seen to be gone."""
    await store.run(lambda tx: sealing(tx).turn())
    assert not await store.run(lambda tx: sealing(tx).leave_old_keys())
    assert await store.run(lambda tx: sealing(tx).leave_old_keys())


async def test_what_waits_is_sealed_anew_and_the_rest_is_let_go(store: Database) -> None:
    await store.run(everything)
    before = await store.run(kept)
    assert [key for key, _ in before["inbox"]] == ["arrived-1"]
    # What was said is not kept beside the room in which it was.
    assert sorted(before["posts"])[0] == ("", "")
    assert sorted(key for key, _ in before["posts"]) == ["", "", "now-1"]
    await turn(store)
    after = await store.run(kept)
    assert [key for key, _ in after["inbox"]] == ["arrived-2"]
    assert sorted(key for key, _ in after["posts"]) == ["", "", "now-2"]
    assert ("", None) in after["handled"]
    assert len([words for _, words in after["handled"] if words]) == 1
    ((found, waits, replay),) = [
        await store.run(
            lambda tx: (
                [arrival.body for arrival in tx.inbox.waiting("me", undecryptable=False)],
                tx.posts.next_for(Identity("test", "waits"), "test", NOW),
                tx.handled.recognise("mistake", BEN, None).answer,
            )
        )
    ]
    assert found == ["stem 3"]
    assert waits
    assert waits.message == SAID
    assert replay == (None,)
    seals = await store.run(lambda tx: cast(Tx, tx).seals)
    assert seals.names() == {"now-2", "arrived-2"}
    with pytest.raises(KeyGone):
        seals.unseal("arrived-1", str(before["inbox"][0][1]))


async def test_a_key_goes_only_after_the_commit(store: Database) -> None:
    """Whatever fails in the same group, what stands under the key can still be read."""
    await store.run(everything)
    await store.run(lambda tx: sealing(tx).turn())

    def fails(tx: Transaction) -> None:
        sealing(tx).leave_old_keys()
        raise ValueError

    with pytest.raises(ValueError):
        await store.run(fails)
    seals = await store.run(lambda tx: cast(Tx, tx).seals)
    assert seals.names() == {"now-1", "now-2", "arrived-1", "arrived-2"}

    def read(tx: Transaction) -> list[str]:
        return [arrival.body for arrival in tx.inbox.waiting("me", undecryptable=False)]

    assert await store.run(read) == ["stem 3"]


async def test_lengths_are_few(store: Database) -> None:
    def lengths(tx: Transaction) -> set[int]:
        return {len(sealing(tx).seal("x" * length)[1]) for length in range(0, 1_000, 7)}

    assert len(await store.run(lengths)) == 1


async def test_without_anything_ever_said_there_is_no_key_to_turn(store: Database) -> None:
    await store.run(lambda tx: sealing(tx).turn())
    assert await store.run(lambda tx: sealing(tx).leave_old_keys())
    assert await store.run(lambda tx: cast(Tx, tx).seals.names()) == set()


async def test_what_may_still_be_pressed_is_kept_sealed_until_the_key_changes(store: Database) -> None:
    """A button points to the message it is on where it cannot carry what it does."""
    asked = message(typed("three, or thirteen?"), buttons=[Button(typed("3"), "poll vote", {"option": 3})])

    def say(tx: Transaction) -> None:
        tx.posts.add("asked", BEN, asked, NOW, confidential=True)
        post = tx.posts.next_for(BEN, "test", NOW)
        assert post
        tx.posts.shown(post, Receipt(("$asked",)), NOW)

    await store.run(say)
    assert [key for key, _ in (await store.run(kept))["posts"]] == ["now-1"]
    assert await store.run(lambda tx: tx.posts.message_at("test", "$asked")) == asked
    await turn(store)
    assert (await store.run(kept))["posts"] == [("", "")]
    assert await store.run(lambda tx: tx.posts.message_at("test", "$asked")) is None


@pytest.mark.parametrize("planned", [False, True])
async def test_an_anonymous_poll_begins_with_keys_that_nobody_copied_before(
    store: Database, planned: bool
) -> None:
    """Else a copy of the keys of any day since the last one ended would open what is said about it."""

    def keys(tx: Transaction) -> set[str]:
        return {sealing(tx).seal("vote 3")[0], sealing(tx).seal_arrived("vote 3")[0]}

    def add(tx: Transaction) -> int:
        theme = tx.places.theme_named("sport").id
        mia = tx.people.add(Identity("test", "mia"), "mia").id
        plan = a_plan(theme, mia, anonymous=True)
        return tx.of(POLLS).add(plan, "planned" if planned else "open").id

    before = await store.run(keys)
    number = await store.run(add)
    if planned:
        await store.run(lambda tx: tx.of(POLLS).change(number, {"state": "open"}))
    assert not before & await store.run(keys)
