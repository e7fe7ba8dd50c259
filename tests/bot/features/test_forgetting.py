"""Somebody is forgotten: from every table, from the file's own bytes and its log, and from a backup too."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from bot.clock import HandClock
from bot.delivery.erasing import FAREWELL
from bot.errors import Gone, TryLater
from bot.features.polls.records import POLLS
from bot.main.features import stores_of
from bot.model.events import Invocation
from bot.model.people import FIRST_COMMUNITY, Place, Role
from bot.texts import Voice
from storage import tables
from tests.chat import NOW, Chat, open_chat
from tests.doubles.linking import account, ask, code_for, key, link, press, resident, say
from tests.doubles.platform import PLATFORM, open_town
from tests.doubles.polls import counted
from tests.test_people_tables import db

ANN, BEN = "annelies@discord", "benedict@matrix"
ROOM = "discord/sport"
MINUTE = timedelta(minutes=1)


def files_of(folder: Path) -> Iterator[Path]:
    yield from (path for path in sorted(folder.iterdir()) if path.is_file())


def found_in(folder: Path, *words: str) -> list[tuple[str, str]]:
    """Which file of the database holds which of these words."""
    return [
        (path.name, word) for path in files_of(folder) for word in words if word.encode() in path.read_bytes()
    ]


async def busy(chat: Chat) -> None:
    """Ann asks, votes, objects, errs and is told; so does Ben."""
    for line in (
        f'{ANN}/sport: !poll open "New skatepark?" Yes | No --closes 5d',
        f"{ANN}/sport: !vote 1",
        f"{BEN}/sport: !vote 2",
        f'{BEN}/sport: !poll open "A fence?" --kind consent --closes 5d',
        f"{ANN}/sport: !vote object kingfishers --poll 2",
        f"{ANN}/sport: !poll nonsense kingfishers",
        f"{ANN}: !language en",
        f"{ANN}: !me link",
    ):
        await say(chat, line)


async def forget(chat: Chat, who: str) -> None:
    clock = chat.core.clock
    assert isinstance(clock, HandClock)
    clock.turn_to(clock.now() + MINUTE)
    question = await ask(chat, who, "!me forget")
    assert question.title
    assert question.title.key == "me.forget.title"
    assert key(await press(chat, who, question)) == "me.forgotten"
    await chat.core.run_due()
    clock.turn_to(clock.now() + MINUTE)


def back_up(file: Path) -> None:
    with (
        contextlib.closing(sqlite3.connect(file)) as database,
        contextlib.closing(sqlite3.connect(file.with_name("backup"))) as backup,
    ):
        database.backup(backup)


def restore(file: Path) -> None:
    shutil.move(file.with_name("backup"), file)


def every_text(tx: Any, chat: Chat | None = None) -> str:
    """All that any table holds, whosever it is."""
    metadatas = [tables.metadata, *(stored.tables for stored in stores_of())]
    rows: list[Any] = []
    for table in (table for metadata in metadatas for table in metadata.sorted_tables):
        rows += map(tuple, db(tx).execute(select(table)))
    return repr(rows)


async def test_nothing_of_them_is_left_anywhere(tmp_path: Path) -> None:
    async with open_chat(f"sqlite:///{tmp_path}/plein.db", language="en", clock=HandClock(NOW)) as chat:
        await busy(chat)
        assert found_in(tmp_path, "annelies", "kingfishers")
        await forget(chat, ANN)
        assert not found_in(tmp_path, "annelies", "kingfishers")
        assert found_in(tmp_path, "benedict")
        assert not await resident(chat, ANN)
        # What stands with others stays, and counts what is there.
        assert await chat.core.store.run(lambda tx: counted(tx, 1))
        shown = await say(chat, f"{BEN}/sport: !poll show 1")
        assert "1 person voted" in shown
    assert not found_in(tmp_path, "annelies", "kingfishers")


async def test_in_no_table_of_either_database(database_url: str) -> None:
    async with open_chat(database_url, language="en", clock=HandClock(NOW)) as chat:
        await busy(chat)
        await forget(chat, ANN)
        left = await chat.core.store.run(lambda tx: every_text(tx, chat))
        assert "benedict" in left
        assert not re.findall(r".{0,80}(?:annelies|kingfishers).{0,80}", left)


async def test_with_many_traces_the_file_holds_none(tmp_path: Path) -> None:
    """Rows are moved from page to page as a table grows, and pages get free: no copy stays behind."""
    async with open_chat(f"sqlite:///{tmp_path}/plein.db", language="en", clock=HandClock(NOW)) as chat:
        await busy(chat)
        for number in range(10, 310):
            await ask(chat, ANN, f"!poll show {number} annelies-{number}", room=ROOM)
            await ask(chat, BEN, f"!poll show {number}", room=ROOM)
        await forget(chat, ANN)
        assert not found_in(tmp_path, "annelies", "kingfishers")


async def test_while_somebody_reads_it_is_tried_again(tmp_path: Path) -> None:
    async with open_chat(f"sqlite:///{tmp_path}/plein.db", language="en", clock=HandClock(NOW)) as chat:
        await busy(chat)
        with sqlite3.connect(tmp_path / "plein.db", isolation_level=None) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT * FROM residents").fetchall()
            await forget(chat, ANN)
            assert found_in(tmp_path, "annelies")
            reader.execute("COMMIT")
        reader.close()
        await chat.core.run_due()
        assert not found_in(tmp_path, "annelies", "kingfishers")


async def test_killed_before_the_end_it_goes_on(tmp_path: Path) -> None:
    """As SIGKILL leaves it: what was committed, with the log as it was."""
    before, after = tmp_path / "before", tmp_path / "after"
    clock = HandClock(NOW)
    async with open_chat(f"sqlite:///{before}/plein.db", language="en", clock=clock) as chat:
        await busy(chat)
        clock.turn_to(clock.now() + MINUTE)
        assert key(await ask(chat, ANN, "!me forget --sure")) == "me.forgotten"
        shutil.copytree(before, after)
    assert found_in(after, "annelies")
    async with open_chat(f"sqlite:///{after}/plein.db", language="en", clock=clock) as chat:
        await chat.core.run_due()
        assert not found_in(after, "annelies", "kingfishers")


async def test_of_whoever_was_answered_for_years_it_goes_page_by_page(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that nobody is held up meanwhile; and what waits to be said to them goes at once."""
    monkeypatch.setattr("storage.forgotten.PAGE", 10)
    async with open_town(database_url) as town:
        await town.joined("sport")
        for number in range(25):
            asked = replace(town.asked("eve", f"!poll show {number}", room=None), by_post=True)
            await town.core.handle(asked)
            await town.core.handle(town.asked("ben", "!poll list"))
        await town.core.outbox.worker.flush()
        town.platform.trouble["eve"] = [TryLater(3600, unsent=True)]
        await town.core.handle(replace(town.asked("eve", "!help", room=None), by_post=True))

        def left(tx: Any) -> dict[str, int]:
            return {
                "posts": tx.db.execute(select(func.count()).where(tables.posts.c.room == "eve")).scalar(),
                "refs": tx.db.execute(select(func.count()).select_from(tables.refs)).scalar(),
                "handled": tx.db.execute(
                    select(func.count()).where(tables.handled.c.author == f"{PLATFORM}:eve")
                ).scalar(),
            }

        def waiting(tx: Any) -> int:
            unsent = tables.posts.c.sent_at.is_(None)
            return int(tx.db.execute(select(func.count()).where(unsent)).scalar())

        before = await town.core.store.run(left)
        assert before["posts"] == before["handled"] == 26
        assert "vergeten" in await town.say("eve", "!me forget --sure", room=None)
        some = await town.core.store.run(left)
        assert some["posts"] == some["handled"] == 16, "a page of it"
        assert await town.core.store.run(waiting) == 0
        town.clock.turn(MINUTE)
        await town.core.run_due()
        after = await town.core.store.run(left)
        assert after["posts"] == after["handled"] == 0
        assert before["refs"] - after["refs"] == 25


async def test_whoever_was_forgotten_while_the_clock_was_ahead_is_heard(database_url: str) -> None:
    """And what they said before is not dealt with all the same."""
    async with open_town(database_url) as town:
        await town.joined("sport")
        await town.say("ben", "!poll list")
        before = town.asked("ben", "!poll list")
        town.clock.turn(timedelta(days=1))
        assert "vergeten" in await town.say("ben", "!me forget --sure")
        town.clock.turn(MINUTE)
        await town.core.run_due()
        town.clock.turn(timedelta(days=-1) + MINUTE)
        assert await town.core.handle(before) is None
        assert await town.say("ben", "!poll list")
        assert await town.core.handle(replace(before, id="again")) is None
        assert await town.say("ben", "!poll list")


@pytest.mark.parametrize("after", [30, 5])
async def test_what_somebody_says_once_they_are_back_happens_once(database_url: str, after: int) -> None:
    """The same event comes again, as after a crash; they were forgotten so many seconds before it."""
    async with open_town(database_url) as town:
        await town.joined("sport")
        await town.say("ben", "!poll list")
        town.clock.turn(MINUTE)
        assert "vergeten" in await town.say("ben", "!me forget --sure")

        async def wait(seconds: int) -> None:
            for _ in range(seconds):
                town.clock.turn(timedelta(seconds=1))
                await town.core.erasing._go_on(town.clock.now() - FAREWELL)

        await wait(after)
        asks = town.asked("ben", '!poll open "Wat?" A | B --closes 1d')
        answer = await town.core.handle(asks)
        assert answer
        await wait(30)
        assert not await town.core.store.run_anywhere(lambda tx: list(tx.forgotten.pending()))
        assert await town.core.handle(asks) == answer
        found = await town.core.store.read(lambda tx: tx.of(POLLS).get(2, 0), community=FIRST_COMMUNITY)
        assert found is None, "it was asked twice"


async def test_an_answer_to_whoever_is_back_is_said(database_url: str) -> None:
    async with open_town(database_url) as town:
        await town.joined("sport")
        await town.say("ben", "!poll list")
        assert "vergeten" in await town.say("ben", "!me forget --sure")
        town.clock.turn(timedelta(seconds=5))
        asks = replace(town.asked("ben", "!me show"), by_post=True)
        await town.core.handle(asks)
        town.clock.turn(FAREWELL)
        await town.core.erasing._go_on(town.clock.now() - FAREWELL)
        posts = select(func.count()).select_from(tables.posts).where(tables.posts.c.id == f"answer:{asks.id}")
        assert await town.core.store.run(lambda tx: db(tx).execute(posts).scalar_one()) == 1


class Pausing(HandClock):
    """Whoever sleeps by it is known to."""

    def __init__(self) -> None:
        super().__init__(NOW)
        self.paused = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        self.paused.set()
        await asyncio.Event().wait()


async def test_where_it_cannot_be_kept_who_is_forgotten_it_is_tried_again(tmp_path: Path) -> None:
    """The list stands on another disk than the database, which may be full."""
    clock, listed = Pausing(), tmp_path / "plein.db-keys" / "forgotten.list"
    async with open_chat(f"sqlite:///{tmp_path}/plein.db", language="en", clock=clock) as chat:
        await busy(chat)
        listed.mkdir()
        clock.turn(MINUTE)
        await ask(chat, ANN, "!me forget --sure")
        clock.turn(MINUTE)
        running = asyncio.create_task(chat.core.erasing.run())
        await asyncio.wait(
            [running, asyncio.ensure_future(clock.paused.wait())], return_when="FIRST_COMPLETED"
        )
        assert not running.done(), "Plein goes on"
        running.cancel()
        assert found_in(tmp_path, "annelies")
        listed.rmdir()
        await chat.core.run_due()
        assert not found_in(tmp_path, "annelies")
        assert listed.read_text()


async def test_a_backup_forgets_them_again(tmp_path: Path) -> None:
    """And leaves alone whoever was there, or came back, when it was made."""
    url, file = f"sqlite:///{tmp_path}/plein.db", tmp_path / "plein.db"
    clock = HandClock(NOW)
    async with open_chat(url, language="en", clock=clock) as chat:
        await busy(chat)
        await forget(chat, BEN)
        await ask(chat, BEN, "!help", room=ROOM)  # he comes back
        back_up(file)
        await forget(chat, ANN)
    restore(file)
    async with open_chat(url, language="en", clock=clock) as chat:
        await chat.core.run_due()
        assert not await resident(chat, ANN)
        assert await resident(chat, BEN)
        assert not found_in(tmp_path, "annelies", "kingfishers")
    async with open_chat(url, language="en", clock=clock) as chat:
        assert await resident(chat, BEN)


@pytest.mark.parametrize("leaver", ["cas@matrix", ANN], ids=["the other left", "they left"])
async def test_a_backup_forgets_nobody_who_had_parted_with_them(leaver: str, tmp_path: Path) -> None:
    """And nothing of theirs stays with the account that is not forgotten."""
    url, file = f"sqlite:///{tmp_path}/plein.db", tmp_path / "plein.db"
    clock = HandClock(NOW)
    async with open_chat(url, language="en", clock=clock) as chat:
        await busy(chat)
        await link(chat, "cas@matrix", ANN)
        back_up(file)
        assert key(await ask(chat, leaver, "!me unlink --sure")) == "unlink.done"
        await forget(chat, ANN)
    restore(file)
    async with open_chat(url, language="en", clock=clock) as chat:
        await chat.core.run_due()
        assert not await resident(chat, ANN)
        assert await resident(chat, "cas@matrix"), "who begins anew"
        assert not found_in(tmp_path, "annelies", "kingfishers")


@pytest.mark.parametrize("who", [ANN, "cas@matrix"], ids=["asked", "gave the code"])
async def test_whoever_was_to_become_one_with_them_keeps_no_word_of_them(who: str, tmp_path: Path) -> None:
    async with open_chat(f"sqlite:///{tmp_path}/plein.db", language="en", clock=HandClock(NOW)) as chat:
        await busy(chat)
        question = await ask(chat, "cas@matrix", "!me link " + await code_for(chat, ANN))
        await press(chat, "cas@matrix", question)
        await chat.core.run_due()
        await forget(chat, who)
        assert not found_in(tmp_path, who)


async def test_a_backup_of_two_who_became_one_person_forgets_both(tmp_path: Path) -> None:
    url, file = f"sqlite:///{tmp_path}/plein.db", tmp_path / "plein.db"
    clock = HandClock(NOW)
    async with open_chat(url, language="en", clock=clock) as chat:
        await busy(chat)
        await ask(chat, "cas@matrix", "!help")
        back_up(file)
        await link(chat, "cas@matrix", ANN)
        await forget(chat, ANN)
    restore(file)
    async with open_chat(url, language="en", clock=clock) as chat:
        await chat.core.run_due()
        assert not await resident(chat, ANN)
        assert not await resident(chat, "cas@matrix")


async def test_what_they_said_before_happens_no_second_time(tmp_path: Path) -> None:
    clock = HandClock(NOW)
    async with open_chat(f"sqlite:///{tmp_path}/plein.db", language="en", clock=clock) as chat:
        await busy(chat)
        place = Place("console", ROOM)
        vote = Invocation("x:1", account(ANN), "annelies", place, clock.now(), command="poll vote")
        await chat.core.handle(vote)
        await forget(chat, ANN)
        assert await chat.core.handle(vote) is None
        assert not await resident(chat, ANN)
        # Back, as somebody new: what was said before is nobody's all the same.
        await ask(chat, ANN, "!help", room=ROOM)
        assert await resident(chat, ANN)
        assert await chat.core.handle(vote) is None


async def test_two_votes_are_not_made_of_one(tmp_path: Path) -> None:
    """Who left an account that voted is kept out, though they are forgotten and come back."""
    async with open_chat(f"sqlite:///{tmp_path}/plein.db", language="en", clock=HandClock(NOW)) as chat:
        await busy(chat)
        await link(chat, "cas@matrix", ANN)
        assert key(await ask(chat, "cas@matrix", "!me unlink --sure")) == "unlink.done"
        await forget(chat, "cas@matrix")
        said = await ask(chat, "cas@matrix", command="poll vote", answer="1", poll=1, room=ROOM)
        assert key(said) == "poll.left"


async def test_the_file_is_theirs_alone(tmp_path: Path) -> None:
    async with open_chat(f"sqlite:///{tmp_path}/plein.db", language="en", clock=HandClock(NOW)) as chat:
        await busy(chat)
        await link(chat, "cas@matrix", ANN)
        said = await ask(chat, ANN, "!me data")
        (file,) = said.files
        voice = Voice("en", chat.core.communities.configured(FIRST_COMMUNITY).zone, NOW)
        made = await chat.core.file(file, voice, account(ANN))
        kept = json.loads(made)
        assert kept["who_you_are"][0]["name"] == "annelies"
        assert kept["your_votes"]
        assert "benedict" not in made.decode()


@pytest.mark.parametrize("undone", [True, False])
async def test_a_file_that_waits_is_of_whose_account_it_is_once_it_is_sent(
    tmp_path: Path, undone: bool
) -> None:
    """They were one person when it was asked for, and may be two by then, or nobody."""
    async with open_chat(f"sqlite:///{tmp_path}/plein.db", language="en", clock=HandClock(NOW)) as chat:
        await busy(chat)
        done = await link(chat, ANN, "cas@matrix")
        (file,) = (await ask(chat, "cas@matrix", "!me data")).files
        voice = Voice("en", chat.core.communities.configured(FIRST_COMMUNITY).zone, NOW)
        cas = account("cas@matrix")
        assert "annelies" in (await chat.core.file(file, voice, cas)).decode()
        if undone:
            assert key(await press(chat, ANN, done)) == "link.undone"
            made = (await chat.core.file(file, voice, cas)).decode()
            assert "cas@matrix" in made
            assert "annelies" not in made
            with pytest.raises(Gone):
                await chat.core.file(file, voice, account(ANN))
        else:
            await forget(chat, ANN)
            with pytest.raises(Gone):
                await chat.core.file(file, voice, cas)


async def test_of_what_two_have_part_in_each_gets_their_own(tmp_path: Path) -> None:
    """A code that one asked for and the other gave; a poll of one that the other ended."""

    def grant(tx: Any) -> None:
        tx.people.grant(account(BEN), Role.MODERATOR)

    async with open_chat(f"sqlite:///{tmp_path}/plein.db", language="en", clock=HandClock(NOW)) as chat:
        await busy(chat)
        await chat.core.store.run(grant)
        assert key(await ask(chat, BEN, "!poll close 1 --sure", room=ROOM)) == "poll.closed.receipt"
        code = await code_for(chat, BEN)
        assert key(await ask(chat, ANN, f"!me link {code}")) == "link.question"
        # What is for who takes part in a theme is theirs once it was said to them.
        await chat.core.outbox.worker.flush()
        whole = {}
        for who in (ANN, BEN):
            (file,) = (await ask(chat, who, "!me data")).files
            whole[who] = (
                await chat.core.file(
                    file,
                    Voice("en", chat.core.communities.configured(FIRST_COMMUNITY).zone, NOW),
                    account(who),
                )
            ).decode()
        assert "benedict" not in whole[ANN]
        assert "annelies" not in whole[BEN]
        assert "kingfishers" not in whole[BEN]
        told = json.loads(whole[ANN])
        assert '{"resident": "somebody else"}' in json.dumps(told["what_you_were_told"])
        assert [kept["given_by"] for kept in told["your_codes"] if kept["given_by"]] == [f"console:{ANN}"]


@pytest.mark.parametrize("language", ["nl", "en"])
async def test_the_only_moderator_is_warned(language: str, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/plein.db"
    async with open_chat(url, language=language, clock=HandClock(NOW)) as chat:
        await busy(chat)

        def grant(tx: Any) -> None:
            tx.people.grant(account(ANN), Role.MODERATOR)

        await chat.core.store.run(grant)
        said = await ask(chat, ANN, "!me forget")
        assert "me.forget.moderator" in [line.key for line in said.lines]


@pytest.mark.parametrize(
    "reason", ["kingfishers nest there", 'the "kingfishers" nest there', "kingfishers \\o/"]
)
async def test_a_reason_is_unsaid_whatever_stands_in_it(database_url: str, reason: str) -> None:
    async with open_chat(database_url, language="en", clock=HandClock(NOW)) as chat:
        await say(chat, f'{BEN}/sport: !poll open "A fence?" --kind consent --closes 5d')
        await say(chat, f"{ANN}/sport: !vote object {reason}")
        await say(chat, f"{BEN}/sport: !vote agree")
        await chat.core.run_due()
        await say(chat, f"{BEN}/sport: !poll close 1 --sure")
        await chat.core.run_due()
        assert "kingfishers" in await chat.core.store.run(lambda tx: every_text(tx, chat))
        await forget(chat, ANN)
        left = await chat.core.store.run(lambda tx: every_text(tx, chat))
        assert "benedict" in left
        assert "kingfishers" not in left
