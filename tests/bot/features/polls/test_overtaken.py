"""What somebody said last stands, also where an account of Plein's was away with what they said before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.features import polls
from bot.features.polls.records import POLLS, Choices, Kind, Poll
from bot.model.people import Identity, Place, Role
from bot.ports.storage import Transaction
from storage.polls.tables import marks
from tests.chat import NOW
from tests.doubles.platform import PLATFORM, Town, open_town
from tests.doubles.polls import counted, tally
from tests.test_people_tables import db

# Of each kind: the options, two ballots, and what the first of them alone counts to.
KINDS: dict[Kind, tuple[str, str, str, list[int]]] = {
    Kind.CHOICE: ("A | B", "1", "2", [1, 0]),
    Kind.APPROVAL: ("A | B", "1", "1 2", [1, 0]),
    Kind.SCORE: ("A | B", "5 0", "1 4", [5, 0]),
    Kind.RANKED: ("A | B", "1 2", "2 1", [1, 0]),
    Kind.CONSENT: ("", "object too far", "agree", [0, 0, 1]),
    Kind.DATES: ('"12 dec 20:00" | "13 dec 20:00"', "yes no", "no yes", [1, 0]),
}
WITHDRAW = "!poll withdraw 1"


def at(minute: int) -> datetime:
    return NOW + timedelta(minutes=minute)


async def open_poll(town: Town, kind: Kind, *, anonymous: bool = False) -> None:
    await town.joined("sport")
    how = " --anonymous" if anonymous else ""
    await town.say("mia", f'!poll open "Wat?" {KINDS[kind][0]} --kind {kind} --closes 2d{how}')
    for name in ("ben", "cas"):
        await town.say(name, "!poll list")
    town.clock.turn(timedelta(hours=1))


async def said(town: Town, name: str, words: str, minute: int, **others: Any) -> None:
    """What they said then is heard now."""
    await town.core.handle(replace(town.asked(name, words, room=None), at=at(minute), **others))


async def stands(town: Town, voter: str = "ben") -> tuple[int, Choices]:
    """How many people have a ballot, and which one this person has."""

    def look(tx: Transaction) -> tuple[int, Choices]:
        resident = tx.people.by_identity(Identity(PLATFORM, voter))
        assert resident
        found = tx.of(POLLS).get(1, resident.id)
        assert found
        if not found[0].anonymous:
            counted(tx, 1)
        return found[0].voters, found[1]

    return await town.core.store.run(look)


async def kept_marks(town: Town) -> Sequence[Any]:
    return await town.core.store.run(lambda tx: list(db(tx).execute(select(marks))))


either = pytest.mark.parametrize("anonymous", [False, True], ids=["open", "anonymous"])
every_kind = pytest.mark.parametrize("kind", Kind)


@either
@every_kind
async def test_an_older_vote_after_a_newer_withdrawal_counts_no_more(
    database_url: str, kind: Kind, anonymous: bool
) -> None:
    async with open_town(database_url) as town:
        await open_poll(town, kind, anonymous=anonymous)
        _, first, second, expected = KINDS[kind]
        await said(town, "ben", f"!vote {first} --poll 1", 10)
        await said(town, "ben", WITHDRAW, 30)
        await said(town, "ben", f"!vote {second} --poll 1", 20)
        assert await stands(town) == (0, ())
        # What is said after it counts.
        await said(town, "ben", f"!vote {first} --poll 1", 40)
        await said(town, "ben", f"!vote {second} --poll 1", 35)
        await said(town, "ben", WITHDRAW, 38)
        assert (await stands(town))[0] == 1
        await town.say("mia", "!poll close 1 --sure")
        assert await town.core.store.run(lambda tx: tally(tx, 1)) == expected
        assert await kept_marks(town) == []


@either
@every_kind
@pytest.mark.parametrize("comes", [False, True])
async def test_what_was_said_while_the_clock_was_ahead_is_older_than_it_says(
    database_url: str, kind: Kind, anonymous: bool, comes: bool
) -> None:
    """As where the homeserver is on the same machine: its moments are ahead as well. Nor is that moment any
    once it `comes`.
    """
    async with open_town(database_url) as town:
        await open_poll(town, kind, anonymous=anonymous)
        _, first, second, expected = KINDS[kind]
        town.clock.turn(timedelta(days=1))
        await said(town, "ben", f"!vote {second} --poll 1", 24 * 60)
        town.clock.turn(timedelta(days=-1))
        await said(town, "ben", f"!vote {first} --poll 1", 50)
        if comes:
            town.clock.turn(timedelta(days=1))
            await said(town, "ben", f"!vote {second} --poll 1", 24 * 60 - 2)
            await said(town, "ben", f"!vote {first} --poll 1", 24 * 60 - 1)
        await town.say("mia", "!poll close 1 --sure")
        assert await town.core.store.run(lambda tx: tally(tx, 1)) == expected


@either
async def test_a_withdrawal_counts_before_there_was_anything_to_withdraw(
    database_url: str, anonymous: bool
) -> None:
    """The vote that it takes back is still to be heard."""
    async with open_town(database_url) as town:
        await open_poll(town, Kind.CHOICE, anonymous=anonymous)
        await said(town, "ben", WITHDRAW, 30)
        await said(town, "ben", "!vote 2 --poll 1", 20)
        assert await stands(town) == (0, ())


@either
async def test_the_same_vote_again_is_newer_than_what_was_said_between(
    database_url: str, anonymous: bool
) -> None:
    async with open_town(database_url) as town:
        await open_poll(town, Kind.CHOICE, anonymous=anonymous)
        await said(town, "ben", "!vote 1 --poll 1", 10)
        await said(town, "ben", "!vote 1 --poll 1", 30)
        await said(town, "ben", "!vote 2 --poll 1", 20)
        await town.say("mia", "!poll close 1 --sure")
        assert await town.core.store.run(lambda tx: tally(tx, 1)) == [1, 0]


async def test_an_objection_that_was_taken_back_is_back_no_more(database_url: str) -> None:
    """Nor is its reason; and who says the same again keeps theirs."""
    async with open_town(database_url) as town:
        await open_poll(town, Kind.CONSENT)

        def reasons(tx: Transaction) -> list[str]:
            found: Poll = tx.of(POLLS).get(1, 0)[0]  # type: ignore[index]
            return list(tx.of(POLLS).reasons(found))

        await said(town, "ben", "!vote object it is dear --poll 1", 10)
        await said(town, "ben", "", 30, typed=None, command="poll take-back", args={"poll": 1, "only": [1]})
        assert await town.core.store.run(reasons) == ["it is dear"]
        await said(town, "ben", "!vote agree --poll 1", 40)
        await said(town, "ben", "!vote object it is too far --poll 1", 35)
        assert await town.core.store.run(reasons) == []
        assert (await stands(town))[1] == (1,)


async def test_whoever_removes_a_message_takes_back_that_and_nothing_said_later(database_url: str) -> None:
    """The removal is newer than a vote that is still to be heard, and says nothing of it."""
    async with open_town(database_url) as town:
        await open_poll(town, Kind.CHOICE)
        first = replace(town.asked("ben", "!vote 1 --poll 1"), at=at(10))
        await town.core.handle(first)
        await town.core.take_back(replace(town.asked("ben"), at=at(30)), first.id)
        assert await stands(town) == (0, ())
        await said(town, "ben", "!vote 1 --poll 1", 5)
        assert await stands(town) == (0, ())
        await said(town, "ben", "!vote 2 --poll 1", 20)
        assert await stands(town) == (1, (2,))
        # The same of a reaction that is taken off, where another one was put on meanwhile.
        ticked = replace(town.asked("cas"), at=at(10), command="poll tick")
        ticked = replace(ticked, args={"poll": 1, "option": 1, "on": True})
        await town.core.handle(ticked)
        await town.core.take_back(replace(town.asked("cas"), at=at(30)), ticked.id)
        await town.core.handle(
            replace(ticked, id="other", at=at(20), args={"poll": 1, "option": 2, "on": True})
        )
        assert await stands(town, "cas") == (2, (2,))


@either
async def test_two_who_are_one_person_withdrew_as_either(database_url: str, anonymous: bool) -> None:
    async with open_town(database_url) as town:
        await open_poll(town, Kind.CHOICE, anonymous=anonymous)
        accounts = [Identity(PLATFORM, "ben"), Identity("elsewhere", "ben")]
        await said(town, "ben", WITHDRAW, 10)
        await said(town, "ben", WITHDRAW, 30, author=accounts[1], place=Place(PLATFORM, "sport"))

        def link(tx: Transaction) -> None:
            person, others = tx.people.link(accounts, "Ben", Role.RESIDENT)
            for other in others:
                polls.merge_residents(tx, other, person)

        await town.core.store.run(link)
        await said(town, "ben", "!vote 2 --poll 1", 20)
        assert await stands(town) == (0, ())
        await said(town, "ben", "!vote 2 --poll 1", 40)
        assert (await stands(town))[0] == 1


@either
async def test_what_is_kept_says_after_the_end_of_nobody_that_they_withdrew(
    database_url: str, anonymous: bool
) -> None:
    """Nor do the rows of who withdrew look otherwise than those of who did not, in an anonymous poll."""
    async with open_town(database_url) as town:
        await open_poll(town, Kind.CHOICE, anonymous=anonymous)
        for name in ("ben", "cas"):
            await said(town, name, "!vote 1 --poll 1", 10)
        await said(town, "ben", WITHDRAW, 20)
        await said(town, "cas", "!vote 2 --poll 1", 20)
        if anonymous:
            assert len({(len(row.latest), row.said_at) for row in await kept_marks(town)}) == 1
        else:
            assert [row.latest for row in await kept_marks(town)] == [""]
        await town.say("mia", "!poll cancel 1 --sure")
        assert await kept_marks(town) == []
