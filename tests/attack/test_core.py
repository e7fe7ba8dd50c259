"""Core and storage, attacked: the clock that was ahead, a restored backup, another community's room."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.clock import HandClock
from bot.features.polls.records import POLLS
from bot.model.events import Arrival
from bot.model.people import FIRST_COMMUNITY
from tests.chat import NOW, open_chat
from tests.doubles.linking import ask, link, press, resident, say
from tests.doubles.platform import PLATFORM, Town, open_town, words_of

ANN, BEN = "annelies@discord", "benedict@matrix"
SECOND, MINUTE, HOUR, DAY = (timedelta(**{unit: 1}) for unit in ("seconds", "minutes", "hours", "days"))


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    async with open_town(database_url) as town:
        await town.joined("sport")
        yield town


async def look(town: Town) -> None:
    """All that Plein's workers do by themselves, as it has heard everything by now."""
    town.platform.heard_moment = town.clock.now()
    await town.core.agenda.flush()
    await town.core.boards.worker.flush()
    await town.core.outbox.worker.flush()


async def closing(town: Town) -> datetime:
    """When the first poll closes."""
    found = await town.core.store.read(lambda tx: tx.of(POLLS).get(1, 0), community=FIRST_COMMUNITY)
    assert found
    return found[0].ends_at


# --- a clock that was ahead ---


@pytest.mark.parametrize("ahead", [timedelta(), DAY])
async def test_whoever_was_forgotten_while_the_clock_was_ahead_is_within_a_minute(
    town: Town, ahead: timedelta
) -> None:
    await town.say("ben", "!poll list")
    town.clock.turn(ahead)
    assert "vergeten" in await town.say("ben", "!me forget --sure")
    await look(town)
    town.clock.turn(-ahead)
    for _ in range(10):
        town.clock.turn(MINUTE)
        await look(town)
        await town.core.erasing.flush()
    found = await town.core.store.run_anywhere(lambda tx: list(tx.forgotten.pending()))
    assert not found, "their account stands in the database still"


@pytest.mark.parametrize("ahead", [timedelta(), 3 * DAY])
async def test_a_poll_that_waited_while_the_clock_was_ahead_closes_in_time(
    town: Town, ahead: timedelta
) -> None:
    """It came to its end by the wrong clock, waited for what was said, and the clock was put right."""
    await town.say("anna", '!poll open "Wat?" A | B --closes 1d')
    await look(town)
    ends = await closing(town)
    town.platform.heard_moment = town.clock.now()
    town.clock.turn(ahead)
    await town.core.rooms.look_after()
    for _ in range(5):
        await town.core.agenda.flush()  # what was said until now is not heard yet
        town.clock.turn(SECOND)
    town.clock.turn(-ahead)
    await town.core.rooms.look_after()
    await look(town)
    await town.say("ben", "!vote 1")
    town.clock.turn_to(ends + 10 * SECOND)
    await town.core.rooms.look_after()
    for _ in range(5):
        await look(town)
        town.clock.turn(MINUTE)
    said = town.platform.where("sport")
    assert any("Gesloten: Wat?" in words for words in said), said[-1]


@pytest.mark.parametrize("ahead", [timedelta(), DAY])
async def test_a_poll_closed_by_hand_while_the_clock_was_ahead_is(town: Town, ahead: timedelta) -> None:
    """It waited for what was said before, and the clock was put right."""
    town.clock.turn(ahead)
    await town.say("anna", '!poll open "Wat?" A | B --closes 5d')
    await look(town)
    town.platform.heard_moment = town.clock.now() - SECOND
    await town.core.store_arrivals(
        PLATFORM, [Arrival("$1", "sport", "{}", at=town.clock.now() - SECOND)], "1"
    )
    await town.say("anna", "!poll close --sure")
    await town.core.agenda.flush()
    [waits] = await town.core.arrivals(PLATFORM)
    town.clock.turn(-ahead)
    await town.core.acknowledge(PLATFORM, [waits.seq])
    for _ in range(10):
        town.clock.turn(MINUTE)
        await look(town)
    said = town.platform.where("sport")
    assert any("Gesloten: Wat?" in words for words in said), await town.say("ben", "!vote 1")


@pytest.mark.parametrize("ahead", [timedelta(), DAY])
async def test_a_board_shown_while_the_clock_was_ahead_is_edited_after_it(
    town: Town, ahead: timedelta
) -> None:
    await town.say("anna", '!poll open "Wat?" A | B --closes 5d')
    await look(town)
    town.clock.turn(ahead + MINUTE)
    await town.say("ben", "!vote 1")
    await look(town)
    town.clock.turn(-ahead)
    await look(town)
    await town.say("cas", "!vote 1")
    for _ in range(10):
        town.clock.turn(MINUTE)
        await look(town)
    assert "A: 2 stemmen" in town.platform.where("sport")[-1]


@pytest.mark.parametrize("ahead", [timedelta(), DAY])
async def test_a_board_shown_before_a_restart_with_the_clock_put_right_is_edited_after_it(
    database_url: str, ahead: timedelta
) -> None:
    async with open_town(database_url) as town:
        await town.joined("sport")
        town.clock.turn(ahead)
        await town.say("anna", '!poll open "Wat?" A | B --closes 5d')
        await look(town)
    async with open_town(database_url, number=100) as town:  # at the moment when the clock was right
        town.clock.turn(MINUTE)
        await look(town)
        await town.say("cas", "!vote 1")
        for _ in range(10):
            town.clock.turn(MINUTE)
            await look(town)
        assert "A: 1 stem" in town.platform.where("sport")[-1]


@pytest.mark.parametrize("ahead", [timedelta(), DAY])
async def test_what_was_to_be_said_before_a_restart_with_the_clock_put_right_is_said_after_it(
    database_url: str, ahead: timedelta
) -> None:
    async with open_town(database_url) as town:
        await town.joined("sport")
        town.clock.turn(ahead)
        await town.post("sport", "hello")
    async with open_town(database_url, number=100) as town:
        for _ in range(10):
            town.clock.turn(MINUTE)
            await look(town)
        assert town.platform.where("sport")


@pytest.mark.parametrize("ahead", [timedelta(), DAY])
async def test_what_was_to_be_said_while_the_clock_was_ahead_is_said_after_it(
    town: Town, ahead: timedelta
) -> None:
    """Its platform was away for a moment."""
    town.clock.turn(ahead)
    town.platform.trouble["sport"] = [ConnectionError("away")]
    await town.post("sport", "hello")
    await town.core.outbox.worker.flush()
    assert not town.platform.where("sport")
    town.clock.turn(-ahead)
    await look(town)
    for _ in range(10):
        town.clock.turn(MINUTE)
        await look(town)
    assert town.platform.where("sport")


@pytest.mark.parametrize("ahead", [timedelta(), DAY])
async def test_a_key_goes_after_a_restart_with_the_clock_put_right(tmp_path: Path, ahead: timedelta) -> None:
    """Of an anonymous poll that was closed while it was ahead, just before Plein ended."""
    url, key = f"sqlite:///{tmp_path}/plein.db", tmp_path / "plein.db-keys" / "poll-1-ballots.key"
    async with open_town(url) as town:
        await town.joined("sport")
        town.clock.turn(ahead)
        await town.say("mia", '!poll open "Wat?" A | B --closes 5d --anonymous')
        await town.core.handle(replace(town.asked("anna", "!vote 1"), public=False))
        assert key.exists()
        assert await town.say("mia", "!poll close --sure")
    async with open_town(url, number=100) as town:  # a moment later, by the clock that is right
        for _ in range(10):
            town.clock.turn(MINUTE)
            await look(town)
        assert not key.exists(), "whoever has the key and a backup reads who chose what"


# --- a clock that was behind for a moment, at a start: a small machine without a battery ---


@pytest.mark.parametrize("behind", [timedelta(), HOUR])
async def test_whoever_came_after_a_poll_was_asked_stays_out_of_it(
    database_url: str, behind: timedelta
) -> None:
    async with open_town(database_url) as town:
        await town.joined("sport")
        await town.say("anna", '!poll open "Wat?" A | B --voters members --closes 5d')
        await look(town)
        town.clock.turn(10 * MINUTE)
        assert "je koos" not in await town.say("cas", "!vote 1")
        town.clock.turn(10 * MINUTE)
    async with open_town(database_url, number=100) as town:
        town.clock.turn(30 * MINUTE - behind)
        await look(town)
        town.clock.turn(behind)
        await look(town)
        town.clock.turn(MINUTE)
        await look(town)
        assert "je koos" not in await town.say("cas", "!vote 1"), "they came after it was asked"


@pytest.mark.parametrize("behind", [timedelta(), 2 * DAY])
async def test_within_a_day_it_is_undone_where_the_clock_was_behind(
    tmp_path: Path, behind: timedelta
) -> None:
    clock = HandClock(NOW)
    async with open_chat(f"sqlite:///{tmp_path}/plein.db", language="en", clock=clock) as chat:
        await say(chat, f"{BEN}/sport: !help")
        await say(chat, f"{ANN}/sport: !help")
        done = await link(chat, ANN, BEN)
        clock.turn(MINUTE)
    clock.turn(-behind)
    async with open_chat(f"sqlite:///{tmp_path}/plein.db", language="en", clock=clock) as chat:
        await chat.core.run_due()
        clock.turn(behind + HOUR)
        await chat.core.run_due()
        assert await resident(chat, ANN) == await resident(chat, BEN)
        said = await press(chat, ANN, done)
        assert await resident(chat, ANN) != await resident(chat, BEN), said


@pytest.mark.parametrize("behind", [timedelta(), 2 * DAY])
async def test_a_poll_waits_for_votes_soon_after_a_start_at_which_the_clock_was_behind(
    database_url: str, behind: timedelta
) -> None:
    """It was right a minute later; what accounts are at work is said every ten minutes."""
    async with open_town(database_url) as town:
        await town.joined("sport")
        await town.say("anna", '!poll open "Wat?" A | B --closes 1d')
        await look(town)
        ends = await closing(town)
        town.clock.turn(DAY - 5 * MINUTE - behind)
        await town.core.serve(town.platform)  # as at a start
        town.platform.heard_moment = town.clock.now()
        await town.core.agenda.flush()
        town.clock.turn(behind + 4 * MINUTE)
        vote = replace(town.asked("ben", "!vote 1"), at=town.clock.now())
        town.platform.heard_moment = town.clock.now() - SECOND
        town.clock.turn_to(ends + 10 * SECOND)  # the vote was not heard yet
        await town.core.agenda.flush()
        answer = await town.core.handle(vote)
        assert answer
        assert "je koos A" in words_of(answer)


@pytest.mark.parametrize("paused", [HOUR * 30, DAY * 3])
async def test_a_poll_waits_for_votes_where_the_machine_was_paused(town: Town, paused: timedelta) -> None:
    """As a laptop or a virtual machine is. It ended meanwhile, and the vote was typed before that."""
    await town.say("anna", '!poll open "Wat?" A | B --closes 1d')
    await look(town)
    ends = await closing(town)
    town.clock.turn(10 * HOUR)
    await town.core.rooms.look_after()
    await look(town)
    vote = replace(town.asked("ben", "!vote 1"), at=ends - HOUR)
    town.clock.turn_to(NOW + paused)
    await town.core.agenda.flush()  # within half a minute of its waking; the platform is heard from after it
    await town.core.rooms.look_after()
    answer = await town.core.handle(vote)
    assert answer
    assert "je koos A" in words_of(answer)


# --- another community's room ---


@pytest.mark.parametrize("room", ["elders", "culture"])
async def test_what_waits_in_another_communitys_room_holds_up_no_end(database_url: str, room: str) -> None:
    """As what waits in another theme's place of one's own community holds it up no longer."""
    async with open_town(database_url) as town:
        await town.joined("culture", theme="culture")
        await town.beside("sport", "elders", theme="sport")
        await town.say("anna", '!poll open "Wat?" A | B --closes 2d')
        await town.core.run_due()
        ends = town.clock.now() + 2 * DAY
        await town.core.store_arrivals(PLATFORM, [Arrival("$1", room, "{}", at=ends - SECOND)], "1")
        town.clock.turn_to(ends)
        await town.core.rooms.look_after()
        await look(town)
        assert any("Gesloten: Wat?" in words for words in town.platform.where("sport"))


# --- a restored backup ---


@pytest.mark.parametrize("restored", [False, True])
async def test_a_backup_forgets_no_account_that_had_parted(tmp_path: Path, restored: bool) -> None:
    """Who was one with somebody when the backup was made, and parted from them before they were forgotten."""
    url, file = f"sqlite:///{tmp_path}/plein.db", tmp_path / "plein.db"
    clock = HandClock(NOW)
    async with open_chat(url, language="en", clock=clock) as chat:
        await say(chat, f'{BEN}/sport: !poll open "A fence?" Yes | No --closes 5d')
        await say(chat, f"{BEN}/sport: !vote 1")
        await say(chat, f"{ANN}/sport: !vote 2")
        await link(chat, ANN, BEN)
        with (
            contextlib.closing(sqlite3.connect(file)) as db_file,
            contextlib.closing(sqlite3.connect(tmp_path / "backup")) as backup,
        ):
            db_file.backup(backup)
        clock.turn(MINUTE)
        question = await ask(chat, ANN, "!me unlink")
        await press(chat, ANN, question)
        clock.turn(MINUTE)
        question = await ask(chat, ANN, "!me forget")
        await press(chat, ANN, question)
        await chat.core.run_due()
        clock.turn(MINUTE)
        assert not await resident(chat, ANN)
        assert await resident(chat, BEN)
    if restored:
        shutil.move(tmp_path / "backup", file)
    async with open_chat(url, language="en", clock=clock) as chat:
        await chat.core.run_due()
        assert not await resident(chat, ANN)
        assert await resident(chat, BEN), "he asked nobody to be forgotten"
        exported = await chat.core.export(await resident(chat, BEN))
        assert list(exported["ballots"])


# --- the list of who was forgotten ---


async def test_whoever_is_forgotten_again_and_again_lengthens_no_list(tmp_path: Path) -> None:
    """One person, one account."""
    url, listed = f"sqlite:///{tmp_path}/plein.db", tmp_path / "plein.db-keys" / "forgotten.list"
    lengths = []
    async with open_town(url) as town:
        await town.joined("sport")
        for _ in range(10):
            await town.say("ben", "!poll list")
            town.clock.turn(MINUTE)
            assert "vergeten" in await town.say("ben", "!me forget --sure")
            town.clock.turn(MINUTE)
            await look(town)
            await town.core.erasing.flush()
            lengths.append(len(listed.read_bytes()))
    assert len(set(listed.read_text().split())) == 1
    assert lengths[-1] == lengths[4], lengths


@pytest.mark.parametrize("lines", [1_000, 6_250_000])
async def test_with_a_long_list_plein_starts_and_forgets(tmp_path: Path, lines: int) -> None:
    url, listed = f"sqlite:///{tmp_path}/plein.db", tmp_path / "plein.db-keys" / "forgotten.list"
    async with open_town(url) as town:
        await town.joined("sport")
        await town.say("ben", "!poll list")
        await town.say("ben", "!me forget --sure")
        town.clock.turn(MINUTE)
        await town.core.erasing.flush()
    line = listed.read_bytes()
    listed.write_bytes(line * lines)
    print(len(line), listed.stat().st_size)
    async with open_town(url, number=100) as town:
        await town.say("cas", "!poll list")
        assert "vergeten" in await town.say("cas", "!me forget --sure")
        town.clock.turn(MINUTE)
        await town.core.erasing.flush()
        assert not await town.core.store.run_anywhere(lambda tx: list(tx.forgotten.pending()))


# --- back before the farewell was said ---


@pytest.mark.parametrize("after", [30, 5])
async def test_what_somebody_says_once_they_are_back_happens_once(town: Town, after: int) -> None:
    """The same event comes again, as after a crash; they were forgotten `after` seconds before it."""
    await town.say("ben", "!poll list")
    town.clock.turn(MINUTE)
    assert "vergeten" in await town.say("ben", "!me forget --sure")
    await look(town)

    async def end() -> None:
        await town.core.erasing._go_on(town.clock.now() - 20 * SECOND)  # as `Erasing.run` does every second

    for _ in range(after):
        town.clock.turn(SECOND)
        await end()
    asks = town.asked("ben", '!poll open "Wat?" A | B --closes 1d')
    assert await town.core.handle(asks)
    for _ in range(30):
        town.clock.turn(SECOND)
        await end()
    assert not await town.core.store.run_anywhere(lambda tx: list(tx.forgotten.pending()))
    await town.core.handle(asks)
    await look(town)
    found = await town.core.store.read(lambda tx: tx.of(POLLS).get(2, 0), community=FIRST_COMMUNITY)
    assert found is None, "it was asked twice"
    answer = await town.core.answer_to(asks.id, asks.author)
    assert answer, "what they were answered is kept for their buttons"
