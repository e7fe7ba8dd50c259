"""Several accounts of Plein's on one platform: each serves its own places, and none touches another's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.errors import Gone, NotOurs
from bot.model.message import message, typed
from bot.model.people import Identity, Place
from tests.doubles.platform import PLATFORM, Platform, Town, open_town

FIRST, SECOND = f"{PLATFORM}:first", f"{PLATFORM}:second"
SPORT, BUURT = Place(PLATFORM, "sport"), Place(PLATFORM, "buurt")
ASK = '!poll open "Wat?" A | B'


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    async with open_town(database_url, account=FIRST, board_rest=0) as town:
        yield town


@pytest.fixture
async def second(town: Town) -> Platform:
    """Another account of Plein's, at work in the same process."""
    second = Platform(SECOND)
    await town.core.serve(second)
    return second


async def joined(town: Town, account: str, place: Place) -> None:
    await town.core.joined(account, place, place.room_id, "sport")


async def post(town: Town, to: Place | Identity, words: str) -> None:
    said = message(typed(words))
    await town.core.store.run(lambda tx: tx.posts.add(words, to, said, town.clock.now()))
    await town.core.run_due()


def words(platform: Platform, name: str) -> list[str]:
    return [shown.words.split("\n")[0] for shown in platform.shown if shown.where == name]


async def test_each_place_is_served_by_the_account_that_joined_it(town: Town, second: Platform) -> None:
    await joined(town, FIRST, SPORT)
    await joined(town, SECOND, BUURT)
    await town.say("anna", ASK)
    await post(town, BUURT, "dag")
    assert {shown.where for shown in town.platform.shown} == {"sport"}
    assert words(second, "buurt") == ["Wat?", "dag"]
    assert await town.core.places(FIRST) == [SPORT]
    assert await town.core.places(SECOND) == [BUURT]
    board = f"${second.shown[0].key}"
    assert await town.core.message_at(SECOND, board)
    assert await town.core.message_at(FIRST, board) is None


async def test_in_one_place_the_first_that_came_serves(town: Town, second: Platform) -> None:
    await joined(town, FIRST, SPORT)
    await joined(town, SECOND, SPORT)
    await town.say("anna", ASK)
    await post(town, SPORT, "dag")
    assert words(town.platform, "sport") == ["Wat?", "dag"]
    assert second.tries == []
    # That one is not there any more says nothing about the other.
    await town.core.left(SECOND, SPORT)
    await post(town, SPORT, "nog eens")
    assert words(town.platform, "sport")[-1] == "nog eens"


async def test_where_it_leaves_the_other_takes_over(town: Town, second: Platform) -> None:
    await joined(town, FIRST, SPORT)
    await joined(town, SECOND, SPORT)
    await town.say("anna", ASK)
    await town.core.run_due()
    old = f"${town.platform.shown[0].key}"
    town.platform.trouble["sport"] = [NotOurs("not in that room")]
    await post(town, SPORT, "dag")
    await town.core.left(FIRST, SPORT)
    await town.core.run_due()
    # A board of its own, since it cannot edit the other's; and what was still to be said.
    assert words(second, "sport") == ["Wat?", "dag"]
    await town.say("ben", "!vote 1")
    await town.core.run_due()
    assert [shown.how for shown in second.shown if shown.where == "sport"] == ["send", "send", "edit"]
    # The old one still stands there, and says what it did.
    assert await town.core.message_at(FIRST, old)


async def test_one_that_is_not_at_work_any_more_is_succeeded(database_url: str) -> None:
    async with open_town(database_url, account=FIRST, board_rest=0) as town:
        await joined(town, FIRST, SPORT)
        await town.say("anna", ASK)
    async with open_town(database_url, account=SECOND, board_rest=0, number=10) as town:
        await joined(town, SECOND, SPORT)
        await post(town, SPORT, "dag")
        await post(town, Identity(PLATFORM, "anna"), "dag anna")
        town.clock.turn(timedelta(minutes=50))
        await town.core.rooms.look_after()
        await town.core.run_due()
        # Perhaps it is only being started anew.
        assert town.platform.tries == []
        town.clock.turn(timedelta(minutes=20))
        await town.core.rooms.look_after()
        await town.core.run_due()
        assert words(town.platform, "sport") == ["Wat?", "dag"]
        assert words(town.platform, "anna") == ["dag anna"]


async def test_people_hear_from_the_account_they_talk_to(town: Town, second: Platform) -> None:
    await joined(town, FIRST, SPORT)
    await town.say("anna", ASK)
    anna = Identity(PLATFORM, "anna")
    await post(town, anna, "een")
    town.platform.account = SECOND  # as which the town says what people say
    second.trouble["anna"] = []
    await town.say("anna", "!poll list")
    town.platform.account = FIRST
    await post(town, anna, "twee")
    assert (words(town.platform, "anna"), words(second, "anna")) == (["een"], ["twee"])
    # What waits for them goes along.
    second.trouble["anna"] = [NotOurs("no server in common")]
    await post(town, anna, "drie")
    await town.say("anna", "!poll mine")
    await town.core.run_due()
    assert (words(town.platform, "anna"), words(second, "anna")) == (["een", "drie"], ["twee"])


async def test_whom_nobody_has_heard_yet_hears_from_either_once(town: Town, second: Platform) -> None:
    await post(town, Identity(PLATFORM, "new"), "dag")
    assert words(town.platform, "new") + words(second, "new") == ["dag"]


async def test_another_process_drops_nothing_of_ours(database_url: str) -> None:
    async with (
        open_town(database_url, account=FIRST, board_rest=0) as town,
        open_town(database_url, account=SECOND, board_rest=0, number=100) as second,
    ):
        await joined(town, FIRST, SPORT)
        await joined(second, SECOND, BUURT)
        # Whatever it is asked to show of ours it would take for gone.
        second.platform.trouble["sport"] = [Gone("not in that room")] * 9
        town.platform.trouble["buurt"] = [Gone("not in that room")] * 9
        await town.say("anna", ASK)
        for place in (SPORT, BUURT):
            await post(town, place, f"dag {place.room_id}")
        for process in (second, town):
            await process.core.run_due()
        await second.say("ben", "!vote 1", room="buurt")
        for process in (second, town):
            await process.core.run_due()
        assert words(town.platform, "sport") == ["Wat?", "dag sport", "Wat?"]
        assert words(second.platform, "buurt") == ["Wat?", "dag buurt", "Wat?"]
        assert await town.core.store.run(lambda tx: tx.posts.parked()) == []
