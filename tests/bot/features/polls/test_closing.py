"""Closing by hand: at once where nothing waits, and else after what was said before, as at its own end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.features.polls.records import POLLS
from bot.model.events import Arrival
from bot.model.people import Role
from bot.ports.storage import Transaction
from tests.doubles.platform import PLATFORM, Town, open_town, words_of

SECOND = timedelta(seconds=1)
SOON = "sluit zodra de laatste stemmen geteld zijn"
MISSING = "heeft me bereikt: misschien ontbreken er stemmen"
TERMS = {
    "choice": ("A | B", "1"),
    "approval": ("A | B --kind approval", "1"),
    "score": ("A | B --kind score", "5 0"),
    "ranked": ("A | B --kind ranked", "1 2"),
    "consent": ("--kind consent", "agree"),
    "dates": ('"12 dec 20:00" | "13 dec 20:00" --kind dates', "yes no"),
    "anonymous": ("A | B --anonymous", "1"),
}


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    """With a poll that closes in two days; all that was said was dealt with."""
    async with open_town(database_url) as town:
        await town.joined("sport")
        await town.say("ben", "!poll list")
        await town.say("anna", '!poll open "Wat?" A | B --closes 2d')
        await passes(town)
        yield town


async def passes(town: Town, seconds: int = 2, *, heard: bool = True) -> None:
    for _ in range(seconds):
        town.clock.turn(SECOND)
        if heard:
            town.platform.heard_moment = town.clock.now()
        await town.core.agenda.flush()
        await town.core.boards.worker.flush()
        await town.core.outbox.worker.flush()


def told(town: Town) -> str:
    """What was announced of its end."""
    return "\n".join(words for words in town.platform.where("sport") if "Gesloten: Wat?" in words)


async def states(town: Town) -> list[str]:
    def look(tx: Transaction) -> list[str]:
        return [poll.state for poll in tx.of(POLLS).latest([1], 9)]

    return await town.core.store.run(look)


async def test_where_nothing_waits_it_closes_at_once(town: Town) -> None:
    assert "is gesloten" in await town.say("anna", "!poll close --sure")
    assert await states(town) == ["closed"]


@pytest.mark.parametrize("kind", TERMS)
async def test_after_a_vote_that_is_under_way(database_url: str, kind: str) -> None:
    options, answer = TERMS[kind]
    async with open_town(database_url) as town:
        await town.joined("sport")
        await town.say("ben", "!poll list")
        await town.say("anna", f'!poll open "Wat?" {options} --closes 2d')
        await passes(town)
        vote = town.asked("ben", f"!vote {answer} --poll 1", room=None)
        town.platform.busy_since = {None: vote.at}
        town.clock.turn(5 * SECOND)
        assert SOON in await town.say("anna", "!poll close 1 --sure")
        town.platform.heard_moment = vote.at
        await town.core.agenda.flush()
        assert await states(town) == ["open"]
        counted = await town.core.handle(vote)
        assert counted
        town.platform.busy_since = {}
        late = await town.core.handle(town.asked("cas", f"!vote {answer} --poll 1", room=None))
        assert late
        await passes(town)
        assert await states(town) == ["closed"]
        assert "1 persoon stemde" in told(town)


async def test_after_a_vote_that_waits_in_the_inbox(town: Town) -> None:
    vote = town.asked("ben", "!vote 1", room=None)
    [waiting] = await town.core.store_arrivals(PLATFORM, [Arrival("$1", "ben", "{}", at=vote.at)], "1")
    town.clock.turn(5 * SECOND)
    assert SOON in await town.say("anna", "!poll close --sure")
    await passes(town)
    assert await states(town) == ["open"]
    counted = await town.core.handle(vote)
    assert counted
    assert "je koos A" in words_of(counted)
    await town.core.acknowledge(PLATFORM, [waiting.seq])
    await passes(town)
    assert "A haalt het" in told(town)


async def test_what_was_said_with_it_or_after_it_is_not_waited_for(town: Town) -> None:
    close = town.asked("anna", "!poll close --sure")
    await town.core.store_arrivals(PLATFORM, [Arrival("$1", "sport", "{}", at=close.at)], "1")
    town.platform.busy_since = {None: close.at}
    answer = await town.core.handle(close)
    assert answer
    assert "is gesloten" in words_of(answer)


async def test_when_it_was_said_is_no_reason_not_to_wait(town: Town) -> None:
    """Another server than ours may call any moment the one when somebody closed it."""
    vote = town.asked("ben", "!vote 1", room=None)
    at = vote.at - timedelta(minutes=1)
    town.clock.turn(5 * SECOND)
    town.platform.heard_moment = town.clock.now()
    await town.core.agenda.flush()
    close = replace(town.asked("anna", "!poll close --sure"), at=at)
    inbox = [Arrival("$1", "ben", "{}", at=vote.at), Arrival("$2", "sport", "{}", at=at)]
    waiting, closing = await town.core.store_arrivals(PLATFORM, inbox, "1")
    answer = await town.core.handle(replace(close, arrival=closing.seq))
    assert answer
    assert SOON in words_of(answer)
    await town.core.acknowledge(PLATFORM, [closing.seq])
    await passes(town)
    assert await town.core.handle(vote)
    await town.core.acknowledge(PLATFORM, [waiting.seq])
    await passes(town)
    assert "A haalt het" in told(town)


@pytest.mark.parametrize("what", ["under way", "not heard"])
async def test_nor_not_to_wait_for_what_is_in_no_inbox(town: Town, what: str) -> None:
    town.clock.turn(65 * SECOND)
    if what == "under way":
        town.platform.heard_moment = town.clock.now()
        town.platform.busy_since = {None: town.clock.now() - SECOND}
        await town.core.agenda.flush()
    close = replace(town.asked("anna", "!poll close --sure"), at=town.clock.now() - timedelta(minutes=1))
    arrival = Arrival("$1", "sport", "{}", at=close.at)
    [closing] = await town.core.store_arrivals(PLATFORM, [arrival], "1")
    answer = await town.core.handle(replace(close, arrival=closing.seq))
    assert answer
    assert SOON in words_of(answer)


async def test_it_does_not_wait_for_itself(town: Town) -> None:
    """By its server's clock it was said before it was said by anybody else's."""
    close = town.asked("anna", "!poll close --sure")
    arrival = Arrival("$1", "sport", "{}", at=close.at - timedelta(days=4))
    [waiting] = await town.core.store_arrivals(PLATFORM, [arrival], "1")
    answer = await town.core.handle(replace(close, arrival=waiting.seq))
    assert answer
    assert "is gesloten" in words_of(answer)


async def test_until_it_closes_nothing_changes_it_any_more(town: Town) -> None:
    town.platform.busy_since = {None: town.clock.now()}
    town.clock.turn(5 * SECOND)
    await town.say("anna", "!poll close --sure")
    town.clock.turn(SECOND)
    for line in ("!vote 1", "!poll extend 5d", "!poll cancel 1 --sure", "!poll close 1 --sure"):
        assert "is al gesloten, op dinsdag 1 december om 19.00" in await town.say("anna", line), line


async def test_what_is_never_dealt_with_is_waited_for_a_minute(town: Town) -> None:
    stuck = Arrival("$1", "sport", "{}", at=town.clock.now())
    await town.core.store_arrivals(PLATFORM, [stuck], "1")
    town.clock.turn(5 * SECOND)
    assert SOON in await town.say("anna", "!poll close --sure")
    await passes(town, 50)
    assert await states(town) == ["open"]
    await passes(town, 12)
    assert "misschien ontbreken er stemmen" in told(town)


async def test_who_closed_it_is_said_as_ever(town: Town) -> None:
    town.platform.busy_since = {None: town.clock.now()}
    town.clock.turn(5 * SECOND)
    closes = replace(town.asked("mo", "!poll close 1 --sure"), role=Role.MODERATOR)
    answer = await town.core.handle(closes)
    assert answer
    assert SOON in words_of(answer)
    town.platform.busy_since = {}
    await passes(town, 3)
    by = "sloot de peiling vóór haar tijd: ze zou tot donderdag 3 december om 19.00 uur lopen"
    assert [by in words for words in town.platform.where("sport")[-2:]] == [True, True], "board and result"
    assert (
        len([words for words in town.platform.where("anna") if "heeft je peiling “Wat?” gesloten" in words])
        == 1
    )


async def test_after_what_an_account_has_not_heard_yet(town: Town) -> None:
    """It is behind, and brings a vote that was said before the closing, and one that was not."""
    vote = town.asked("ben", "!vote 1", room=None)
    town.clock.turn(65 * SECOND)
    assert SOON in await town.say("anna", "!poll close --sure")
    late = town.asked("cas", "!vote 2 --poll 1")
    town.platform.heard_moment = vote.at - SECOND
    await passes(town, 5, heard=False)
    assert await states(town) == ["open"]
    for asked, said in ((vote, "je koos A"), (late, "gesloten")):
        answer = await town.core.handle(asked)
        assert answer
        assert said in words_of(answer)
    await passes(town)
    assert "A haalt het" in told(town)
    assert MISSING not in told(town)


async def test_for_an_account_that_is_away_an_hour_and_then_it_is_named(town: Town) -> None:
    town.clock.turn(65 * SECOND)
    assert SOON in await town.say("anna", "!poll close --sure")
    await passes(town, 120, heard=False)
    assert await states(town) == ["open"]
    for _ in range(6):
        town.clock.turn(timedelta(minutes=10))
        await passes(town, 1, heard=False)
    assert await states(town) == ["closed"]
    assert MISSING in told(town)
