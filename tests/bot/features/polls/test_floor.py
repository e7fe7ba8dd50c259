"""An anonymous poll in which few took part has no result: closing it early tells nobody a ballot."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import create_async_engine

from bot.features.polls.records import POLLS, Poll
from bot.model.message import Attachment, Message, text
from bot.model.people import Place
from bot.texts import Voice
from storage.connections import async_url
from storage.polls.tables import ballots, polls, tallies
from tests.chat import BRUSSELS, NOW
from tests.doubles.platform import PLATFORM, Town, open_town, words_of

# What is typed behind the question; ballots that differ, and what only a count would say.
KINDS = {
    "choice": ("Ja | Nee", ("1", "2")),
    "approval": ("Ja | Nee", ("1 2", "2")),
    "score": ("Ja | Nee", ("5 0", "1 4")),
    "ranked": ("Ja | Nee", ("1 2", "2 1")),
    "consent": ("", ("agree", "object de kinderen spelen daar")),
    "dates": ('"12 dec 20:00" | "13 dec 20:00"', ("yes no", "maybe yes")),
}
FLOOR = 5
FEW = text("poll.result.few", floor=FLOOR)
ALIKE = text("poll.result.alike")


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    async with open_town(database_url, floor=FLOOR) as town:
        await town.joined("sport")
        yield town


async def opened(town: Town, kind: str, more: str = "--anonymous") -> Message:
    answer = await town.core.handle(
        town.asked("mia", f'!poll open "Wat?" {KINDS[kind][0]} --kind {kind} {more}')
    )
    assert answer
    return answer


async def voted(town: Town, kind: str, people: int, *, alike: bool = False) -> None:
    for number in range(people):
        words = KINDS[kind][1][0 if alike else number % 2]
        assert "je stem is binnen" in await town.say(f"r{number}", f"!vote {words}")


async def closed(town: Town, kind: str, people: int, *, alike: bool = False) -> None:
    await opened(town, kind)
    await voted(town, kind, people, alike=alike)
    await town.say("mia", "!poll close 1 --sure")
    for _ in range(3):
        await town.core.run_due()


async def answer_to(town: Town, name: str, words: str) -> Message:
    answer = await town.core.handle(town.asked(name, words))
    assert answer
    return answer


async def the_poll(town: Town) -> Poll:
    found = await town.core.store.run(lambda tx: tx.of(POLLS).get(1, 0))
    assert found
    return found[0]


@pytest.mark.parametrize("kind", sorted(KINDS))
async def test_below_the_floor_nobody_is_told_how_anybody_voted(
    town: Town, database_url: str, kind: str
) -> None:
    """Neither board, result, picture, list nor file; and nothing is kept that could be looked up."""
    await closed(town, kind, FLOOR - 1)
    board, said = town.platform.where("sport")[-2:]
    few = words_of(Message((FEW,)))
    for shown in (board, said, await town.say("mia", "!poll show 1")):
        assert few in shown
        assert "4 mensen stemden" in shown
        assert not any(
            word in shown
            for word in ("█", "░", "haalt", "gelijk", "Bezwaar: “", "kinderen", "niet meer gelezen")
        )
    for form in ("csv", "json"):
        refused = await answer_to(town, "mia", f"!poll export 1 --file {form}")
        assert refused.lines == (text("poll.export.few", question="Wat?", floor=FLOOR),)
        assert refused.files == ()
    engine = create_async_engine(async_url(database_url))
    async with engine.connect() as db:
        assert (await db.execute(select(tallies.c.choices, tallies.c.votes))).all() == [("", 4)]
        assert (await db.execute(select(ballots))).all() == []
        assert (await db.execute(select(polls.c.reasons))).all() == [(None,)]
    await engine.dispose()


@pytest.mark.parametrize("kind", sorted(KINDS))
async def test_nothing_that_is_said_below_the_floor_differs_with_the_votes(kind: str) -> None:
    found = []
    for alike in (False, True):
        async with open_town("sqlite:///:memory:", floor=FLOOR) as town:
            await town.joined("sport")
            await closed(town, kind, FLOOR - 1, alike=alike)
            found.append([(shown.how, shown.words, shown.key) for shown in town.platform.shown])
    assert found[0] == found[1]


@pytest.mark.parametrize("kind", sorted(KINDS))
async def test_from_the_floor_on_there_is_a_result(town: Town, kind: str) -> None:
    await closed(town, kind, FLOOR)
    board, said = town.platform.where("sport")[-2:]
    assert "█" in board
    assert words_of(Message((FEW,))) not in board + said
    assert words_of(Message((ALIKE,))) not in board + said
    assert (await answer_to(town, "mia", "!poll export 1")).files == (
        Attachment("poll:1", "csv", text("poll.export", question="Wat?")),
    )


@pytest.mark.parametrize("kind", sorted(KINDS))
async def test_where_everybody_chose_the_same_that_is_said_under_the_result(town: Town, kind: str) -> None:
    await closed(town, kind, FLOOR, alike=True)
    board, said = town.platform.where("sport")[-2:]
    assert all(words_of(Message((ALIKE,))) in shown for shown in (board, said))
    file = Attachment("poll:1", "json", text("typed"))
    data = await town.core.file(file, Voice("nl", BRUSSELS, NOW), Place(PLATFORM, "sport"))
    assert words_of(Message((ALIKE,))) in json.loads(data)["result"]


async def test_where_votes_are_no_secret_there_is_no_floor(town: Town) -> None:
    await opened(town, "choice", "--results closed")
    await town.say("r1", "!vote 1")
    await town.say("mia", "!poll close 1 --sure")
    await town.core.run_due()
    board = town.platform.where("sport")[-2]
    assert "Ja haalt het, met 1 stem." in board
    assert words_of(Message((ALIKE,))) not in board
    assert (await the_poll(town)).floor == 0


async def test_it_is_said_when_it_opens_and_before_it_is_closed_early(town: Town) -> None:
    await opened(town, "choice")
    await town.core.run_due()
    assert words_of(Message((text("poll.board.floor", floor=FLOOR),))) in town.platform.where("sport")[-1]
    await town.say("r1", "!vote 1")
    sure = await answer_to(town, "mia", "!poll close 1")
    assert sure.lines[-1] == text("poll.close.few", floor=FLOOR)
    for number in range(2, FLOOR + 1):
        await town.say(f"r{number}", "!vote 2")
    assert len((await answer_to(town, "mia", "!poll close 1")).lines) == 1


async def test_nobody_at_all_is_told_as_ever(town: Town) -> None:
    await closed(town, "choice", 0)
    board, said = town.platform.where("sport")[-2:]
    assert "Niemand stemde." in board
    assert "Niemand stemde." in said
    assert "░" not in board


async def test_the_floor_is_what_it_was_when_the_poll_was_asked(database_url: str) -> None:
    """Whoever changes the file changes no poll that stands; the same asked again takes the new one."""
    async with open_town(database_url, floor=FLOOR) as town:
        await town.joined("sport")
        await opened(town, "choice")
        await town.say("r0", "!vote 1")
    async with open_town(database_url, floor=1, number=100) as town:
        await town.say("mia", "!poll close 1 --sure")
        await town.core.run_due()
        assert words_of(Message((FEW,))) in town.platform.where("sport")[-1]
        await town.say("mia", "!poll again 1")
        again = await town.core.store.run(lambda tx: tx.of(POLLS).get(2, 0))
        assert again
        assert again[0].floor == 1


async def test_ballots_that_cannot_be_read_do_not_reach_the_floor(tmp_path: Path) -> None:
    """Six voted, and one can be counted: the result would be what that one chose."""
    url = f"sqlite:///{tmp_path}/plein.db"
    async with open_town(url, floor=FLOOR) as town:
        await town.joined("sport")
        await opened(town, "choice")
        await voted(town, "choice", FLOOR)
    (tmp_path / "plein.db-keys" / "poll-1-ballots.key").unlink()
    async with open_town(url, floor=FLOOR, number=100) as town:
        await town.say("r5", "!vote 1")
        await town.say("mia", "!poll close 1 --sure")
        await town.core.run_due()
        said = town.platform.where("sport")[-1]
    assert words_of(Message((FEW, text("poll.result.few.unreadable")))) in said
    assert "haalt" not in said
