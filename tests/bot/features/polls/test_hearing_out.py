"""A poll closes after what was said in time was dealt with, and waits for that, but not for ever."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.model.events import Arrival
from bot.model.people import Place
from bot.ports.accounts import HeardUntil
from bot.ports.storage import Transaction
from tests.doubles.platform import PLATFORM, Town, open_town, words_of

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
WAITS = "sluit zodra ik weet wat er tot"
MISSING = "heeft me bereikt: misschien ontbreken er stemmen"


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    """With a poll that closes in two days, shown; the platform hears all that is said."""
    async with open_town(database_url) as town:
        await town.joined("sport")
        await town.say("anna", '!poll open "Wat?" A | B --closes 2d')
        await town.core.run_due()
        yield town


async def passes(town: Town, span: timedelta, *, heard: datetime | None = None) -> None:
    """Time passes, as far as a minute's steps; the platform has heard until then, or until now."""
    end = town.clock.now() + span
    while town.clock.now() < end:
        town.clock.turn(min(SECOND, end - town.clock.now()) if span <= 2 * MINUTE else 10 * SECOND)
        await look(town, heard or town.clock.now())


async def look(town: Town, heard: datetime) -> None:
    town.platform.heard_moment = heard
    await town.core.agenda.flush()
    await town.core.boards.worker.flush()
    await town.core.outbox.worker.flush()


def closed(town: Town) -> str:
    return "\n".join(words for words in town.platform.where("sport") if "Gesloten: Wat?" in words)


async def turn_to(town: Town, moment: datetime) -> None:
    """As time passes the accounts at work say so."""
    town.clock.turn_to(moment)
    await town.core.rooms.look_after()


async def closing(town: Town) -> datetime:
    """When it closes: until a second before that, everything was heard."""
    return town.clock.now() + timedelta(days=2)


async def test_all_was_heard(town: Town) -> None:
    town.clock.turn_to(await closing(town))
    await look(town, town.clock.now())
    assert closed(town)
    assert MISSING not in closed(town)


async def test_a_vote_said_in_time_and_heard_late_counts(town: Town) -> None:
    ends = await closing(town)
    vote = replace(town.asked("ben", "!vote 1"), at=ends - SECOND)
    await turn_to(town, ends)
    await look(town, ends - 2 * SECOND)
    await passes(town, 5 * SECOND, heard=ends - 2 * SECOND)
    assert not closed(town)
    answer = await town.core.handle(vote)
    assert answer
    assert "je koos A" in words_of(answer)
    late = replace(town.asked("cas", "!vote 2"), at=ends + SECOND)
    answer = await town.core.handle(late)
    assert answer
    assert "gesloten" in words_of(answer)
    await passes(town, 2 * SECOND)
    assert "A haalt het" in closed(town)
    assert MISSING not in closed(town)


async def test_a_platform_that_is_away_is_waited_for_an_hour_and_named(town: Town) -> None:
    ends = await closing(town)
    await turn_to(town, ends)
    away = ends - MINUTE
    await look(town, away)
    await passes(town, 30 * SECOND, heard=away)
    boards = [words for words in town.platform.where("sport") if WAITS in words]
    assert len(boards) == 1, "the board says so, once"
    assert "Test" in boards[0]
    await passes(town, 58 * MINUTE, heard=away)
    assert not closed(town)
    await passes(town, 2 * MINUTE, heard=away)
    assert MISSING in closed(town)
    assert "even weg" not in closed(town)
    assert [words for words in town.platform.where("sport") if MISSING in words and "Gesloten op" in words]


@pytest.mark.parametrize("hours", [50, 80])
async def test_what_ended_while_the_machine_stood_still_waits_for_who_was_not_heard_since(
    town: Town, hours: int
) -> None:
    """As a laptop or a virtual machine does; the platform is heard from after its waking."""
    ends = await closing(town)
    await look(town, town.clock.now())
    vote = replace(town.asked("ben", "!vote 1"), at=ends - HOUR)
    heard = town.clock.now()
    town.clock.turn(hours * HOUR)
    await look(town, heard)
    assert not closed(town)
    answer = await town.core.handle(vote)
    assert answer
    assert "je koos A" in words_of(answer)
    await passes(town, 2 * SECOND)
    assert "A haalt het" in closed(town)
    assert MISSING not in closed(town)


async def test_what_was_read_is_waited_for_a_minute(town: Town) -> None:
    ends = await closing(town)
    stuck = Arrival("$vote", "sport", "{}", at=ends - SECOND)
    await town.core.store_arrivals(PLATFORM, [stuck], "1")
    await turn_to(town, ends)
    await look(town, ends)
    await passes(town, 50 * SECOND)
    assert not closed(town)
    await passes(town, 12 * SECOND)
    assert MISSING in closed(town)


async def test_it_closes_as_soon_as_that_was_dealt_with(town: Town) -> None:
    ends = await closing(town)
    [arrival] = await town.core.store_arrivals(PLATFORM, [Arrival("$vote", "sport", "{}", at=ends)], "1")
    [early] = await town.core.store_arrivals(PLATFORM, [Arrival("$early", "a direct room", "{}")], "2")
    await turn_to(town, ends)
    await look(town, ends)
    await passes(town, 5 * SECOND)
    assert not closed(town), "nobody knows when that was said"
    await town.core.acknowledge(PLATFORM, [early.seq])
    await passes(town, 2 * SECOND)
    assert closed(town), "what was said after the end is waited for by nobody"
    assert arrival.seq


async def test_what_waits_in_another_themes_place_holds_up_nothing(town: Town) -> None:
    await town.joined("elders", theme="cultuur")
    ends = await closing(town)
    await town.core.store_arrivals(PLATFORM, [Arrival("$1", "elders", "{}", at=ends - SECOND)], "1")
    await turn_to(town, ends)
    await look(town, ends)
    assert closed(town)


@pytest.mark.parametrize(
    ("where", "waits"), [("elders", False), ("sport", True), ("plein", True), (None, True)]
)
async def test_what_was_not_read_yet_is_waited_for_by_place(
    town: Town, where: str | None, waits: bool
) -> None:
    await town.joined("elders", theme="cultuur")
    await town.joined("plein")
    ends = await closing(town)
    town.platform.busy_since = {Place(PLATFORM, where) if where else None: ends - SECOND}
    await turn_to(town, ends)
    await look(town, ends)
    await passes(town, 2 * MINUTE)
    assert bool(closed(town)) is not waits
    assert any("Test" in words for words in town.platform.where("sport") if WAITS in words) is waits
    town.platform.busy_since.clear()
    await passes(town, 12 * SECOND)
    assert closed(town)


@pytest.mark.parametrize(("where", "waits"), [("elders", False), ("sport", True), (None, True)])
async def test_who_closes_it_by_hand_waits_by_place_as_well(
    town: Town, where: str | None, waits: bool
) -> None:
    await town.joined("elders", theme="cultuur")
    town.platform.busy_since = {Place(PLATFORM, where) if where else None: town.clock.now() - SECOND}
    said = await town.say("anna", "!poll close --sure")
    assert ("zodra de laatste stemmen geteld zijn" in said) is waits


@pytest.mark.parametrize(("said", "waits"), [(SECOND, True), (2 * MINUTE, False), (6 * 24 * HOUR, False)])
async def test_for_a_missing_key_a_minute(town: Town, said: timedelta, waits: bool) -> None:
    ends = await closing(town)
    undecryptable = Arrival("$1", "sport", "{}", undecryptable=True, at=ends - said)
    await town.core.store_arrivals(PLATFORM, [undecryptable], "1")
    await turn_to(town, ends)
    await look(town, ends)
    assert bool(closed(town)) is not waits
    await passes(town, MINUTE + SECOND)
    assert closed(town)


async def test_waiting_holds_up_no_other_job(town: Town) -> None:
    second = "other:second"
    ends = await closing(town)

    def away(tx: Transaction) -> None:
        tx.accounts.serve(second, "other", ends)
        tx.accounts.heard({second: HeardUntil(ends - MINUTE)})
        theme = tx.places.theme_named("cultuur").id
        tx.places.bind(Place("other", "elders"), theme, "elders", None, second)
        assert [unheard.account for unheard in tx.accounts.unheard(theme, ends, ends)] == [second]

    await town.core.store.run(away)
    await turn_to(town, ends)
    await look(town, ends)
    assert closed(town), "the account of the other theme is not waited for"


async def test_an_account_that_is_no_more_is_not_waited_for(town: Town) -> None:
    ends = await closing(town)
    await look(town, town.clock.now())
    await town.core.suspend(town.platform)
    town.clock.turn(timedelta(days=2))
    await town.core.agenda.flush()
    await town.core.serve(town.platform)
    await look(town, ends - MINUTE)
    assert closed(town)


async def test_where_plein_was_away_for_days_its_accounts_are_waited_for(database_url: str) -> None:
    """What is due is done before the platforms are there again."""
    async with open_town(database_url) as town:
        await town.joined("sport")
        await town.say("anna", '!poll open "Wat?" A | B --closes 2d')
        await look(town, town.clock.now())
    async with open_town(database_url, number=100, away=timedelta(days=5)) as town:
        await town.core.agenda.flush()
        vote = town.asked("ben", "!vote 1")
        await town.core.serve(town.platform)
        await town.core.handle(replace(vote, at=vote.at - timedelta(days=4)))
        await passes(town, 10 * SECOND)
        assert "A haalt het" in closed(town)


async def test_a_poll_that_runs_longer_after_all_waits_no_more(town: Town) -> None:
    ends = await closing(town)
    extend = replace(town.asked("anna", "!poll extend 5d"), at=ends - SECOND)
    await turn_to(town, ends)
    await look(town, ends - 2 * SECOND)
    await passes(town, 20 * SECOND, heard=ends - 2 * SECOND)
    await town.core.handle(extend)
    await passes(town, 5 * SECOND)
    assert not closed(town)
    assert "Sluit" in town.platform.where("sport")[-1] or "Langer open" in town.platform.where("sport")[-1]
    assert WAITS not in town.platform.where("sport")[-1]
