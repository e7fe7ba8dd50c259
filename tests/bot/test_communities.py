"""Two communities with people, themes and polls of the same names in one process: each has its own alone."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.features.polls.records import POLLS
from bot.model.people import FIRST_COMMUNITY, Identity, Place, Role
from bot.texts import Voice
from tests.chat import BRUSSELS, NOW
from tests.doubles.platform import PLATFORM, Town, open_town
from tests.doubles.polls import tally

OPEN = '!peiling open "Wat?" Ja | Nee'
# A place of each, where the theme is called the same.
SQUARE, MARKET = "square", "market"
BEN = Identity(PLATFORM, "ben")


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    async with open_town(database_url, board_rest=0, moderators=("mia",)) as town:
        other = await town.core.communities.add("Other")
        for room, whose in ((SQUARE, FIRST_COMMUNITY), (MARKET, other)):
            await town.core.joined(PLATFORM, Place(PLATFORM, room), room, "sport", community=whose)
        yield town


def other_of(town: Town) -> int:
    return FIRST_COMMUNITY + 1


async def tallies(town: Town) -> list[list[int]]:
    """Of poll 1 of both."""
    store = town.core.store
    return [await store.run(lambda tx: tally(tx, 1), community=whose) for whose in (1, other_of(town))]


async def test_each_has_a_poll_1_of_its_own(town: Town) -> None:
    for room in (SQUARE, MARKET):
        assert "nummer 1" in await town.say("anna", OPEN, room=room)
    await town.say("ben", "!stem 1", room=SQUARE)
    await town.say("ben", "!stem 2 --peiling 1", room=MARKET)
    await town.say("cas", "!stem 2 --peiling 1", room=MARKET)
    assert await tallies(town) == [[1, 0], [0, 2]]
    await town.core.run_due()
    assert "1 persoon stemde" in town.platform.where(SQUARE)[-1]
    assert "2 mensen stemden" in town.platform.where(MARKET)[-1]
    assert "Jij koos Ja" in await town.say("ben", "!peiling toon", room=SQUARE)
    assert "Jij koos Nee" in await town.say("ben", "!peiling toon", room=MARKET)
    assert (await town.say("ben", "!mijn peilingen", room=MARKET)).count("peiling 1") <= 1


async def test_what_one_ends_goes_on_in_the_other(town: Town) -> None:
    for room in (SQUARE, MARKET):
        await town.say("anna", OPEN, room=room)
        await town.say("ben", "!stem 2", room=room)
    await town.say("anna", "!peiling sluit --zeker", room=MARKET)
    store = town.core.store

    async def states() -> list[str]:
        found = [
            await store.run(lambda tx: tx.of(POLLS).get(1, 0), community=whose)
            for whose in (1, other_of(town))
        ]
        return [each[0].state for each in found if each]

    assert await states() == ["open", "closed"]
    await town.core.run_due()
    town.clock.turn_to(NOW + timedelta(days=30))
    await town.core.run_due()
    assert await states() == ["closed", "closed"]


async def test_what_goes_out_has_another_key_in_each(town: Town) -> None:
    """Else a platform would take the second for the first one again, and not show it."""
    for room in (SQUARE, MARKET):
        asked = replace(town.asked("anna", OPEN, room=room), by_post=True)
        await town.core.handle(asked)
        await town.core.handle(replace(town.asked("ben", "!stem 1", room=room), by_post=True))
    await town.core.run_due()
    town.clock.turn_to(NOW + timedelta(days=30))
    await town.core.run_due()
    said: dict[str, set[str]] = {}
    for shown in town.platform.shown:
        said.setdefault(shown.key, set()).add(shown.where)
    assert all(len(where) == 1 for where in said.values()), said
    assert {key.endswith("@2") for key in said} == {True, False}
    private = [shown for shown in town.platform.shown if shown.how == "whisper"]
    assert len({shown.key for shown in private}) == len(private)


async def test_the_same_account_is_two_residents_with_wishes_of_their_own(town: Town) -> None:
    for room in (SQUARE, MARKET):
        await town.say("ben", "!help", room=room)
    assert "bewoner" not in await town.say("ben", "!taal en", room=MARKET)
    store = town.core.store
    people = [
        await store.run(lambda tx: tx.people.by_identity(BEN), community=whose)
        for whose in (1, other_of(town))
    ]
    assert [each.locale for each in people if each] == [None, "en"]
    assert len({each.id for each in people if each}) == 2


async def test_a_moderator_of_one_is_none_in_the_other(town: Town) -> None:
    for room in (SQUARE, MARKET):
        await town.say("anna", OPEN, room=room)
    assert "gesloten" in (await town.say("mia", "!peiling sluit --zeker", room=SQUARE)).lower()
    await town.say("mia", "!peiling sluit --zeker", room=MARKET)
    assert await town.core.role_of(Identity(PLATFORM, "mia")) == Role.MODERATOR
    found = await town.core.store.run(lambda tx: tx.of(POLLS).get(1, 0), community=other_of(town))
    assert found
    assert found[0].state == "open"


async def test_in_private_the_one_that_was_used_last_is_meant(town: Town) -> None:
    for room in (SQUARE, MARKET):
        await town.say("anna", OPEN, room=room)
    used = ((MARKET, other_of(town)), (SQUARE, FIRST_COMMUNITY), (MARKET, other_of(town)))
    for minute, (room, whose) in enumerate(used):
        town.clock.turn_to(NOW + timedelta(minutes=minute))
        await town.say("ben", "!peiling toon", room=room)
        assert await town.core.communities.in_private(BEN) == whose
    await town.say("ben", "!stem 2 --peiling 1", room=None)
    assert await tallies(town) == [[0, 0], [0, 1]]


async def test_what_comes_again_in_private_is_not_done_for_another(town: Town) -> None:
    """They used another community meanwhile: the event stays the one that it was dealt with for."""
    for room in (SQUARE, MARKET):
        await town.say("anna", OPEN, room=room)
        await town.say("ben", "!peiling toon", room=room)
    asked = town.asked("ben", "!stem 2 --peiling 1", room=None)
    first = await town.core.handle(asked)
    await town.say("ben", "!peiling toon", room=SQUARE)
    before = await tallies(town)
    assert await town.core.handle(asked) == first
    assert await tallies(town) == before


async def test_a_file_is_made_of_what_its_community_has(town: Town) -> None:
    """Whoever shows it is told whose it is; who answers and who posts say so alike."""
    for room, vote in ((SQUARE, "1"), (MARKET, "2")):
        await town.say("anna", OPEN, room=room)
        await town.say("ben", f"!stem {vote}", room=room)
        await town.say("anna", "!peiling sluit --zeker", room=room)
    found = []
    for room in (SQUARE, MARKET):
        answer = await town.core.handle(town.asked("anna", "!peiling bewaar 1 --bestand json", room=room))
        assert answer
        file = next(each for each in answer.files if each.form == "json")
        table = json.loads(await town.core.file(file, Voice("nl", BRUSSELS, NOW)))
        found.append([option["shown"] for option in table["options"]])
    assert ["1 stem" in shown[0] for shown in found] == [True, False]
    assert ["1 stem" in shown[1] for shown in found] == [False, True]


async def test_a_place_can_become_another_communitys(town: Town) -> None:
    """What was kept for it stays behind with whose it was."""
    await town.say("anna", OPEN, room=SQUARE)
    await town.core.run_due()
    other = other_of(town)
    await town.core.joined(PLATFORM, Place(PLATFORM, SQUARE), SQUARE, "sport", community=other)
    assert "nummer 1" in await town.say("anna", OPEN, room=SQUARE)
    assert await town.core.communities.of_place(Place(PLATFORM, SQUARE)) == other
    # Where nobody says whose it is, it stays.
    await town.core.joined(PLATFORM, Place(PLATFORM, SQUARE), SQUARE)
    assert await town.core.communities.of_place(Place(PLATFORM, SQUARE)) == other
    assert await tallies(town) == [[0, 0], [0, 0]]


async def test_a_room_that_is_replaced_stays_its_communitys(town: Town) -> None:
    """Plein may be in the new one already, as in any room of which nobody says whose it is."""
    await town.say("anna", OPEN, room=MARKET)
    new = Place(PLATFORM, "market-2")
    await town.core.joined(PLATFORM, new, "market-2")
    await town.core.moved(PLATFORM, Place(PLATFORM, MARKET), new)
    await town.say("ben", "!stem 2", room="market-2")
    assert await town.core.store.run(lambda tx: tally(tx, 1), community=other_of(town)) == [0, 1]


async def test_whoever_is_forgotten_in_one_is_known_in_the_other(town: Town) -> None:
    for room in (SQUARE, MARKET):
        await town.say("anna", OPEN, room=room)
        await town.say("ben", "!stem 2", room=room)
    store = town.core.store
    ben = await store.run(lambda tx: tx.people.by_identity(BEN), community=other_of(town))
    assert ben
    exported = await town.core.export(ben.id)
    assert [row["poll"] for row in exported["ballots"]] == [1]
    await town.core.forget(ben.id)
    assert await store.run(lambda tx: tx.people.by_identity(BEN), community=other_of(town)) is None
    assert await tallies(town) == [[0, 1], [0, 0]]
    assert "Jij koos Nee" in await town.say("ben", "!peiling toon", room=SQUARE)


async def test_nothing_is_asked_where_there_is_one(database_url: str) -> None:
    """Not even who used which last is written down."""
    async with open_town(database_url) as town:
        await town.joined("sport")
        await town.say("ben", "!help")
        assert await town.core.communities.in_private(BEN) == FIRST_COMMUNITY
        ben = await town.core.store.run(lambda tx: tx.people.by_identity(BEN))
        assert ben
        (row,) = (await town.core.export(ben.id))["identities"]
        assert row["turned_at"] is None
