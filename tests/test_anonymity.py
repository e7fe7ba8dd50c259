"""Somebody who has everything that Plein ever wrote tries to find out who voted what in an anonymous poll."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import gc
import json
import random
import re
import sqlite3
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import create_async_engine

from bot.errors import TryLater
from bot.features.polls.records import LONGEST_REASON, POLLS, Kind
from bot.model.events import Arrival
from bot.model.message import Message
from bot.model.people import Place
from bot.ports.storage import Transaction
from storage.connections import async_url
from storage.inbox import A_SECOND, STEP
from storage.keyring import KeyGone, Keyring
from storage.tables import handled, posts
from storage.unit import Tx
from tests.doubles.installed import TABLES
from tests.doubles.platform import PLATFORM, Town, open_town, words_of
from tests.doubles.polls import tally
from tests.postgres import PostgreSQL

ROOT = Path(__file__).parents[1]
OPEN = '!poll open "Blijft de markt op het plein?" Blijven | Verhuizen | Stoppen --anonymous --closes 2d'
VOTERS = {"anna": 1, "ben": 2, "cas": 2, "dora": 3, "eva": 1}
REASON = "de kinderen van mijn straat spelen daar"


async def vote(town: Town, name: str, words: str) -> str:
    return await town.say(name, words)


async def close(town: Town) -> None:
    town.clock.turn(timedelta(days=3))
    for _ in range(3):
        await town.core.run_due()
        town.clock.turn(timedelta(seconds=2))
    await town.core.run_due()


class Spy:
    """Keeps a copy of every file of the database after every step, as a backup or a disk might."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.copies: list[bytes] = []
        self.keys: list[bytes] = []

    def look(self) -> None:
        for file in sorted(self.folder.rglob("*")):
            if file.is_file():
                (self.keys if file.suffix == ".key" else self.copies).append(file.read_bytes())

    def sealed(self) -> set[bytes]:
        """Everything in those copies that looks as if it had been sealed."""
        return {found for copy in self.copies for found in re.findall(rb"[A-Za-z0-9+/]{60,}={0,2}", copy)}


def try_keys(sealed: set[bytes], keys: Keyring, names: set[str]) -> Iterator[bytes]:
    """Whatever these keys open, in either way."""
    for name in names:
        ways: list[Callable[[str], bytes]] = [partial(keys.unseal, name)]
        with contextlib.suppress(KeyGone):
            ways.append(keys.opener(name))
        for way in ways:
            for found in sealed:
                with contextlib.suppress(KeyGone, ValueError):
                    yield way(base64.b64encode(base64.b64decode(found + b"==")).decode())


@pytest.fixture
def logs(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level("DEBUG")
    return caplog


async def test_nothing_that_was_ever_written_links_a_voter_to_a_vote(
    tmp_path: Path, logs: pytest.LogCaptureFixture
) -> None:
    spy = Spy(tmp_path)
    async with open_town(f"sqlite:///{tmp_path}/plein.db") as town:
        await town.joined("sport")
        await town.say("mia", OPEN)
        for name, option in VOTERS.items():
            body = f'{{"sender": "@{name}:x", "body": "!vote {option} says {name}"}}'
            (kept,) = await town.core.store_arrivals("x", [Arrival(f"${name}", "!dm", body)], f"after {name}")
            spy.look()
            said = await vote(town, name, f"!vote {option}")
            assert "je stem is binnen" in said
            assert not any(word in said for word in ("Blijven", "Verhuizen", "Stoppen"))
            # Mistakes are answered with what was typed; that is kept for as long as the poll is open.
            mistakes = (f"!vote Keuze{option}", f"!stemm {option}7", f"!vote {option} --poll zeven{option}")
            for wrong in mistakes:
                assert str(option) in await vote(town, name, wrong)
            await town.core.acknowledge("x", [kept.seq])
            spy.look()
        # The open poll can be read by whoever has the key: without that, nobody could count it.
        during = list(try_keys(spy.sealed(), Keyring(tmp_path / "plein.db-keys"), {"poll-1-ballots"}))
        assert sorted(during) == sorted(f"{option}\n".encode() for option in VOTERS.values())
        await close(town)
        spy.look()
        left = Keyring(tmp_path / "plein.db-keys")
        names = left.names()
        assert not any("poll-1" in name for name in names)
        # With everything that was ever on disk but the keys that were destroyed, nothing can be opened.
        assert len(spy.sealed()) >= 2 * len(VOTERS)
        assert list(try_keys(spy.sealed(), left, names)) == []
        for copy in spy.copies:
            assert b"!vote" not in copy
            assert not re.search(rb"Keuze\d|stemm \d7|zeven\d", copy)
            assert not any(key in copy for key in spy.keys)
        await asyncio.sleep(0)
    assert "Verhuizen" not in logs.text
    with contextlib.closing(sqlite3.connect(tmp_path / "plein.db")) as db:
        assert db.execute("SELECT count(*) FROM ballots").fetchone() == (0,)
        cast = db.execute("SELECT choices, votes FROM tallies WHERE poll = 1 ORDER BY choices").fetchall()
    assert cast == [("", 5), ("1", 2), ("2", 2), ("3", 1)]


# --- two people exchanged --------------------------------------------------------------------------

# What is sealed looks different each time, and so does what it is known by: its length is compared.
SEALED = (
    *("ballots.choices", "marks.latest", "uses.which", "posts.message", "handled.answer", "inbox.body"),
    *("ratings.sealed", "rating_marks.latest", "handled.undo"),
)
PHYSICAL = {"sqlite": "rowid", "postgresql": "ctid"}


async def everything(url: str) -> dict[str, object]:
    """Every row of every table in the order in which it lies there, and what the database counts itself."""
    engine = create_async_engine(async_url(url))
    try:
        async with engine.connect() as db:
            kind = db.dialect.name
            found: dict[str, object] = {}
            for table in TABLES.values():
                without_rowid = kind == "sqlite" and not table.dialect_options["sqlite"]["with_rowid"]
                order = "1" if without_rowid else PHYSICAL[kind]
                rows = await db.execute(select(table).order_by(text(order)))
                found[table.name] = [without_secrets(table.name, row._asdict()) for row in rows]
            # Their numbers are drawn, and with these how they lie.
            found["check_ins"] = sorted(map(repr, cast(list[Any], found["check_ins"])))
            if kind == "sqlite":
                rows = await db.execute(text("SELECT name, seq FROM sqlite_sequence"))
                found["numbers"] = [(name, when(last) if name == "inbox" else last) for name, last in rows]
            own = ("page_count", "freelist_count") if kind == "sqlite" else ("last_value",)
            for what in own:
                asked = f"PRAGMA {what}" if kind == "sqlite" else "SELECT * FROM pg_sequences ORDER BY 2"
                found[what] = [tuple(map(str, row)) for row in await db.execute(text(asked))]
            return found
    finally:
        await engine.dispose()


def when(number: int) -> int:
    """What the number of an arrival says: the second of the clock, and nothing of how many there were."""
    second, beside = divmod(number, A_SECOND)
    assert second or not number
    assert beside <= STEP
    return second


def without_secrets(table: str, row: dict[str, Any]) -> dict[str, Any]:
    is_sealed = {name: f"{table}.{name}" in SEALED and row.get("key", "sealed") != "" for name in row}
    if table == "posts" and row["id"].startswith("secret:"):
        row = {**row, "version": "known to whoever has the key"}
    if row.get("ref"):  # the test's platform makes it of that version
        row = {**row, "ref": re.sub(r"(secret:[^:]+:\d+):\d+", r"\1", row["ref"])}
    if table == "check_ins":
        row = {**row, "id": "drawn"}
    if table == "kept" and row["name"] == "keys":
        row = {**row, "value": "which folder"}
    return {name: len(value or "") if is_sealed[name] else value for name, value in row.items()}


@pytest.fixture(params=["sqlite", "postgres"])
def two_databases(request: pytest.FixtureRequest, tmp_path: Path) -> list[str]:
    """Two empty databases of the same kind."""
    if request.param == "sqlite":
        return [f"sqlite:///{tmp_path}/{number}/plein.db" for number in (1, 2)]
    server: PostgreSQL = request.getfixturevalue("postgres")
    return [server.new_database() for _ in (1, 2)]


# What somebody does: typed, pressed, chosen in a list, filled in in a form, or as a reaction that all see.
Step = tuple[str, Any]
TWO_DATES = '"12 dec 20:00" | "13 dec 20:00"'
LONG = "діти з моєї вулиці граються там щодня " * 7
# Of each kind: the options, and how two people vote, one of them in more steps than the other.
KINDS: dict[str, tuple[str, list[Step], list[Step]]] = {
    "numbers": ("2 | 1", [("type", "2"), ("press", 1)], [("type", "1"), ("form", "2"), ("press", 2)]),
    "choice": ("A | B", [("press", 1)], [("press", 1), ("type", "2"), ("react", 1), ("press", 2)]),
    "approval": (
        "A | B | C",
        [("press", 1), ("form", "1")],
        [("press", 1), ("press", 2), ("press", 3), ("form", "1 2"), ("choose", (1, 2, 3))],
    ),
    "score": ("A | B", [("type", "5 0")], [("press", 2), ("form", "9 9"), ("form", "1 4")]),
    "ranked": ("A | B", [("press", 2), ("press", 1), ("form", "2 1")], [("type", "1 2")]),
    "consent": (
        "",
        [("press", 1)],
        [("press", 3), ("form", f"3 {LONG}"), ("press", 2), ("type", f"3 {LONG}")],
    ),
    "dates": (TWO_DATES, [("type", "yes no")], [("react", 1), ("press", 1), ("form", "maybe yes")]),
}


async def act(town: Town, name: str, step: Step, by_post: bool) -> None:
    how, what = step
    args = {
        "type": ("", {}),
        "press": ("poll tick", {"poll": 1, "option": what}),
        "react": ("poll tick", {"poll": 1, "option": what, "on": True}),
        "choose": ("poll choose", {"poll": 1, "numbers": what}),
        "form": ("poll vote", {"poll": 1, "answer": what}),
    }[how]
    asked = town.asked(name, f"!vote {what} --poll 1" if how == "type" else None, room=None)
    asked = replace(asked, command=args[0], args=args[1], by_post=by_post)
    if how == "react":
        asked = replace(asked, public=True, place=Place(PLATFORM, "sport"))
    if by_post:
        event = json.dumps({"room": f"!{name}", "step": step, "formatted": what})
        (kept,) = await town.core.store_arrivals("test", [Arrival(asked.id, f"!{name}", event)], asked.id)
        await town.core.handle(asked)
        await town.core.acknowledge("test", [kept.seq])
    else:
        await town.core.handle(asked)
    await town.core.run_due()


Play = tuple[dict[str, object], dict[str, object], list[tuple[str, str, str, str]]]


async def play(url: str, kind: str, options: str, by_post: bool, *votes: list[Step]) -> Play:
    """What there is while it is open, what there is after it, and what others were sent."""
    async with open_town(url) as town:
        await town.joined("sport")
        named = "choice" if kind == "numbers" else kind
        await town.say("mia", f'!poll open "Wat?" {options} --kind {named} --anonymous --closes 2d')
        for name in ("ben", "cas"):
            await town.say(name, "!poll list")
        await town.core.run_due()
        town.clock.turn(timedelta(minutes=1))
        for name, steps in zip(("ben", "cas"), votes, strict=True):
            for step in steps:
                await act(town, name, step, by_post)
            town.clock.turn(timedelta(minutes=1))
            await town.core.run_due()
        during = await everything(url)
        await close(town)
        await town.say("mia", "!poll list")
        shown = [
            (state.how, state.where, state.words, state.key)
            for state in town.platform.shown
            if state.where not in ("ben", "cas")
        ]
    return during, await everything(url), shown


@pytest.mark.parametrize("by_post", [True, False], ids=["as-messages", "as-interactions"])
@pytest.mark.parametrize("kind", KINDS)
async def test_with_two_people_exchanged_everything_is_the_same(
    two_databases: list[str], kind: str, by_post: bool
) -> None:
    """Neither while it is open nor afterwards does anything kept, or sent to others, say who did what.

    Nothing of it: rows, numbers, versions, lengths, order; nor how often they pressed, erred, or came back.
    """
    options, first, second = KINDS[kind]
    plain, exchanged = [
        await play(url, kind, options, by_post, *votes)
        for url, votes in zip(two_databases, ((first, second), (second, first)), strict=True)
    ]
    for here, there, when in zip(
        plain, exchanged, ("while it is open", "afterwards", "to others"), strict=True
    ):
        assert here == there, when
    after: Any = plain[1]
    assert [row["votes"] for row in after["tallies"] if row["choices"] == ""] == [2]
    assert len(after["tallies"]) == 3
    assert after["ballots"] == after["marks"] == []
    assert not any("secret:" in repr(row) for row in (*after["posts"], *after["refs"]))


async def one_of_two_votes(url: str, voter: str, line: str, by_post: bool) -> dict[str, Any]:
    """Ben and Cas do the same, but for who of them votes; what is kept in the end of what each was told."""
    async with open_town(url) as town:
        await town.joined("sport")
        await town.say("mia", '!poll open "Wat?" Ja | Nee --anonymous --closes 3d')
        for name in ("ben", "cas"):
            await town.say(name, "!poll list")
            await town.say(name, "!reminders on")
        for name in ("ben", "cas"):
            said = "!vote 2 --poll 1" if name == voter else "!language"
            await town.core.handle(town.asked(name, said, room=None))
        for name in ("ben", "cas"):
            asked = replace(town.asked(name, line, room=None), id=f"{name}:asks", by_post=by_post)
            await town.core.handle(asked)
            await town.core.run_due()
        town.clock.turn(timedelta(days=2, hours=1))
        await town.core.run_due()
        told = [shown.where for shown in town.platform.shown if "reminder" in shown.key]
        assert {*told} & {"ben", "cas"} == {"ben", "cas"} - {voter}
        await close(town)
    found: Any = await everything(url)
    posted = {row["id"]: row["message"] for row in found["posts"]}
    answered = {row["id"]: row["answer"] for row in found["handled"] if row["id"].endswith(":asks")}
    return {**posted, **answered}


@pytest.mark.parametrize("by_post", [True, False])
@pytest.mark.parametrize("line", ["!poll mine", "!poll show 1", "!me data", "!poll list"])
async def test_who_took_part_is_forgotten_when_it_closes(
    two_databases: list[str], line: str, by_post: bool
) -> None:
    """Also who was reminded, as they had not voted by then, and what whoever asked was told."""
    first, second = [
        await one_of_two_votes(url, voter, line, by_post)
        for url, voter in zip(two_databases, ("ben", "cas"), strict=True)
    ]
    assert first == second


async def test_a_vote_that_is_changed_looks_like_one_that_is_repeated(two_databases: list[str]) -> None:
    """To every reader, and in every row."""
    for by_post in (True, False):
        urls = two_databases if by_post else [f"{url}2" for url in two_databases if url.startswith("sqlite")]
        found = [
            await play(url, "choice", "A | B", by_post, [("press", first), ("press", 1)], [("press", 2)])
            for url, first in zip(urls, (1, 2), strict=False)
        ]
        assert all(played == found[0] for played in found)


async def test_an_answer_that_waits_for_its_platform_is_said_after_the_end(database_url: str) -> None:
    """And then nothing of it is kept, nor that there was one."""
    async with open_town(database_url) as town:
        await town.joined("sport")
        await town.say("mia", OPEN)
        await town.say("ben", "!poll list")
        town.platform.trouble["ben"] = [TryLater(4 * 24 * 3600, unsent=True)]
        await town.core.handle(replace(town.asked("ben", "!vote 9", room=None), by_post=True))
        await town.core.run_due()
        await close(town)
        assert town.platform.where("ben") == []
        town.clock.turn(timedelta(days=4))
        await town.core.run_due()
        assert len(town.platform.where("ben")) == 1
        assert await town.core.store.run(sealed_texts) == []
        assert await town.core.store.run(lambda tx: tx.posts.parked()) == []
        about = select(posts.c.id).where(posts.c.id.contains("secret:"))
        assert await town.core.store.run(lambda tx: cast(Tx, tx).db.execute(about).scalars()) == []


async def test_an_older_event_undoes_no_newer_one(database_url: str) -> None:
    """A platform may bring an event again long after others."""
    async with open_town(database_url) as town:
        await town.joined("sport")
        await town.say("mia", OPEN)
        for name in ("ben", "cas"):
            await town.say(name, "!poll list")
        old, new = (
            replace(town.asked("ben", f"!vote {option}", room=None), by_post=by_post)
            for option, by_post in ((1, True), (2, True))
        )
        gone = replace(town.asked("cas", "!vote 3", room=None), by_post=True)
        back = replace(town.asked("cas", "!poll withdraw 1", room=None), by_post=True)
        for asked in (old, new, old, gone, back, gone, new, old):
            await town.core.handle(asked)
            await town.core.run_due()
        assert await town.core.store.run(lambda tx: (tx.of(POLLS).get(1, 0) or ("",))[0].voters) == 1  # type: ignore[union-attr]
        await close(town)
        assert await town.core.store.run(lambda tx: tally(tx, 1)) == [0, 1, 0]


@pytest.mark.parametrize("kind", Kind)
async def test_a_press_counts_as_the_whole_ballot_or_not_at_all(database_url: str, kind: str) -> None:
    """What the receipt says is what happens: voting again replaces."""
    options, _, _ = KINDS[kind]
    async with open_town(database_url) as town:
        await town.joined("sport")
        await town.say("mia", f'!poll open "Wat?" {options} --kind {kind} --anonymous --closes 2d')
        await town.say("ben", "!poll list")
        for option in (1, 2):
            asked = replace(
                town.asked("ben", room=None), command="poll tick", args={"poll": 1, "option": option}
            )
            answer = await town.core.handle(asked)
            assert answer
            whole = kind in ("choice", "consent")
            assert ("je stem is binnen" in words_of(answer)) is whole
            assert (answer.form is None) is whole
            if answer.form:
                assert answer.form.at_once
                assert answer.form.command == "poll vote"
        await close(town)
        expected = {"choice": [0, 1], "consent": [0, 1, 0]}.get(kind)
        if expected:
            assert await town.core.store.run(lambda tx: tally(tx, 1)) == expected
        else:
            assert "niemand" in town.platform.where("sport")[-1].casefold()


CHANCE = random.Random(11)


def scribble(first: int, last: int, count: int) -> str:
    """Nothing that could be squeezed."""
    return "".join(chr(CHANCE.randrange(first, last)) for _ in range(count))


# As long as a reason may be, in scripts that take more or less room, and with nothing to squeeze.
REASONS = {
    "ben": "",
    "cas": "duur",
    "dora": LONG[:270],
    "eva": scribble(0x4E00, 0x9FFF, LONGEST_REASON),
    "finn": scribble(0x1F300, 0x1F5FF, LONGEST_REASON),
    "gert": "<&" * (LONGEST_REASON // 2),
}


def matrix_event(name: str, words: str) -> str:
    """As Matrix brings it, with what is said twice in it, and its own escapes."""
    content = {"body": words, "formatted_body": f"<p>{words}</p>", "msgtype": "m.text"}
    return json.dumps({"sender": f"@{name}:x", "event_id": f"${name}", "content": content})


async def test_the_length_of_what_is_sealed_says_nothing(tmp_path: Path) -> None:
    async with open_town(f"sqlite:///{tmp_path}/plein.db") as town:
        await town.joined("sport")
        await town.say("mia", '!poll open "Tweede tafel" --kind consent --anonymous')
        for name, reason in REASONS.items():
            words = f"object {reason}" if reason else "agree"
            said = matrix_event(name, f"!vote {words}")
            sealed = base64.b64encode(CHANCE.randbytes(len(said))).decode()
            for body, unread in ((said, False), (json.dumps({"ciphertext": sealed}), True)):
                arrival = Arrival(f"${name}{unread}", "!dm", body, undecryptable=unread)
                await town.core.store_arrivals("x", [arrival], name)
            assert "je stem is binnen" in await vote(town, name, f"!vote {words}")
            # Whoever objects at too great length is told so, and not known by that.
            too_long = f"object {scribble(0x4E00, 0x9FFF, 900)}" if reason else "nonsense"
            for wrong in (f"!votte {words}", f"!vote {too_long}"):
                await town.core.handle(replace(town.asked(name, wrong, room=None), by_post=True))
        with contextlib.closing(sqlite3.connect(tmp_path / "plein.db")) as db:
            for column, rows in (
                ("SELECT body FROM inbox WHERE NOT undecryptable", len(REASONS)),
                ("SELECT body FROM inbox WHERE undecryptable", len(REASONS)),
                ("SELECT choices FROM ballots", len(REASONS)),
                ("SELECT message FROM posts WHERE id LIKE 'secret:%'", len(REASONS)),
                ("SELECT message FROM posts WHERE id LIKE 'answer:%'", len(REASONS)),
            ):
                lengths = [len(found) for (found,) in db.execute(column)]
                assert len(lengths) == rows, column
                assert len(set(lengths)) == 1, column


async def test_nothing_sealed_is_left_beside_the_room_once_it_was_dealt_with(database_url: str) -> None:
    async with open_town(database_url) as town:
        await town.joined("sport")
        await town.say("mia", OPEN)
        (kept,) = await town.core.store_arrivals("x", [Arrival("$1", "!dm", "!votte 2")], "s1")
        await town.core.handle(replace(town.asked("ben", "!votte 2", room=None), by_post=True))
        before = await everything(database_url)
        await town.core.run_due()
        await town.core.acknowledge("x", [kept.seq])
        after = await everything(database_url)
        sealed = await town.core.store.run(sealed_texts)
    assert [len(before[name]) for name in ("inbox", "posts")] == [1, 1]  # type: ignore[arg-type]
    assert after["inbox"] == sealed == []
    if database_url.startswith("sqlite:///"):
        folder = Path(database_url.removeprefix("sqlite:///")).parent
        spy = Spy(folder)
        spy.look()
        # Nor in the file, where it was deleted.
        assert spy.sealed() == set()


def sealed_texts(tx: Transaction) -> list[str]:
    """All that is sealed in the tables of what is said."""
    db = cast(Tx, tx).db
    asked = (
        select(posts.c.message).where(posts.c.key != ""),
        select(handled.c.answer).where(handled.c.key != ""),
    )
    return [text for statement in asked for text in db.execute(statement).scalars() if text]


async def test_a_vote_can_change_until_the_end_and_after_a_restart(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/plein.db"
    async with open_town(url) as town:
        await town.joined("sport")
        await town.say("mia", OPEN)
        await vote(town, "anna", "!vote 1")
        await vote(town, "ben", "!vote 1")
    async with open_town(url, number=100) as town:
        await vote(town, "anna", "!vote 2")
        await vote(town, "ben", "!poll withdraw")
        await close(town)
        said = town.platform.where("sport")[-1]
        assert "Verhuizen haalt het, met 1 stem." in said
        assert "1 persoon stemde" in said


async def test_a_lost_key_is_said_and_everybody_can_vote_again(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/plein.db"
    async with open_town(url) as town:
        await town.joined("sport")
        await town.say("mia", OPEN)
        for name in ("anna", "ben", "cas"):
            await vote(town, name, "!vote 1")
    (tmp_path / "plein.db-keys" / "poll-1-ballots.key").unlink()
    async with open_town(url, number=100) as town:
        await vote(town, "anna", "!vote 2")
        await close(town)
        said = town.platform.where("sport")[-1]
        assert "Verhuizen haalt het, met 1 stem." in said
        assert "2 stemmen konden niet meer gelezen worden" in said


async def test_killed_between_the_count_and_the_end_of_the_key(tmp_path: Path) -> None:
    """The key goes in a transaction of its own, after the count is safe; that may take another start."""
    url = f"sqlite:///{tmp_path}/plein.db"
    async with open_town(url) as town:
        await town.joined("sport")
        await town.say("mia", OPEN)
        await vote(town, "anna", "!vote 1")
        closing = await town.core.handle(town.asked("mia", "!poll close --sure"))
        assert closing
        assert (tmp_path / "plein.db-keys" / "poll-1-ballots.key").exists()
    async with open_town(url, number=100) as town:
        await close(town)
        assert not (tmp_path / "plein.db-keys" / "poll-1-ballots.key").exists()


async def test_what_others_could_see_is_no_vote(database_url: str) -> None:
    async with open_town(database_url) as town:
        await town.joined("sport")
        await town.say("mia", OPEN)
        asked = replace(town.asked("anna", "!vote 2"), public=True)
        answer = await town.core.handle(asked)
        assert isinstance(answer, Message)
        assert "konden anderen zien" in words_of(answer)
        assert [button.command for button in answer.buttons] == ["poll tick"] * 3

        def voters(tx: Transaction) -> int:
            found = tx.of(POLLS).get(1, 0)
            assert found
            return found[0].voters

        assert await town.core.store.run(voters) == 0
        assert answer.native_poll is None


async def test_its_board_offers_no_native_poll_and_shows_no_count(database_url: str) -> None:
    async with open_town(database_url) as town:
        await town.joined("sport")
        await town.say("mia", OPEN)
        await vote(town, "anna", "!vote 2")
        await town.core.run_due()
        shown = town.platform.where("sport")[-1]
        assert "1 persoon stemde." in shown
        assert "█" not in shown
        assert "Anoniem" in shown


# --- two processes ------------------------------------------------------------------------------------

VOTES_AND_WAITS = """
import asyncio, sys
from tests.doubles.platform import open_town

async def main(url):
    async with open_town(url, number=1000) as town:
        for name in ("ben", "cas"):
            await town.say(name, "!poll list")
            await town.say(name, "!votte 2")
            assert "je stem is binnen" in await town.say(name, "!vote 2")
            await town.say(name, "!poll mine")
        print("voted", flush=True)
        await asyncio.to_thread(sys.stdin.readline)

asyncio.run(main(sys.argv[1]))
"""


def memory_of(process: int) -> Iterator[bytes]:
    """All that it can write to, as it is now."""
    areas = re.findall(
        r"^([0-9a-f]+)-([0-9a-f]+) rw",
        Path(f"/proc/{process}/maps").read_text(encoding="ascii"),
        re.MULTILINE,
    )
    with Path(f"/proc/{process}/mem").open("rb", buffering=0) as memory:
        for start, end in areas:
            with contextlib.suppress(OSError, ValueError):  # not all of it can be read
                memory.seek(int(start, 16))
                yield memory.read(int(end, 16) - int(start, 16))


async def test_no_process_holds_a_key_that_was_destroyed(database_url: str) -> None:
    """Not one that took votes, anywhere in its memory; nor the one that counted, in anything it has."""
    async with open_town(database_url) as town:
        await town.joined("sport")
        await town.say("mia", OPEN)
        folder = cast(Any, town.core.store)._means.seals.folder
        voting = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", VOTES_AND_WAITS, database_url),
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert voting.stdout
        assert await voting.stdout.readline() == b"voted\n"
        keys = {file.stem: file.read_bytes() for file in folder.glob("*.key")}
        await close(town)
        assert await town.core.store.run(lambda tx: tally(tx, 1)) == [0, 2, 0]
        destroyed = {name: key for name, key in keys.items() if not (folder / f"{name}.key").exists()}
        assert destroyed.keys() == {"poll-1-ballots", "poll-1-marks", "now-1"}
        areas = list(memory_of(voting.pid))
        await voting.communicate(b"\n")
        assert any(database_url.encode() in area for area in areas), "what is there is found"
        assert not any(destroyed["poll-1-ballots"] in area for area in areas)
        ours = {id(key) for key in (*keys.values(), *destroyed.values())}
        held = [value for value in reachable() if id(value) not in ours and value in destroyed.values()]
        assert held == []


def reachable() -> Iterator[bytes]:
    """Everything made of bytes that something in this process refers to."""
    gc.unfreeze()  # so that it shows what was there before the tests began as well
    known: set[int] = set()
    waiting: list[Any] = [
        *gc.get_objects(),
        *(kind.__dict__ for kind in gc.get_objects() if type(kind) is type),
    ]
    while waiting:
        value = waiting.pop()
        if id(value) in known:
            continue
        known.add(id(value))
        if isinstance(value, (bytes, bytearray)):
            yield bytes(value)
        elif gc.is_tracked(value):
            # On Python 3.12 the collector never ends once a module of C was asked itself.
            waiting += [vars(value)] if isinstance(value, ModuleType) else gc.get_referents(value)


def test_each_claim_names_its_test() -> None:
    """What docs/anonymity.md says is tried is, and what is tried stands there."""
    page = (ROOT / "docs" / "anonymity.md").read_text(encoding="utf-8")
    named = re.findall(r"`(test_\w+)`", page)
    for file, test in re.findall(r"`([\w/]+\.py)::(test_\w+)`", page):
        assert f"def {test}(" in (ROOT / "tests" / file).read_text(encoding="utf-8"), test
    tests = {name for name in globals() if name.startswith("test_")}
    assert set(named) == tests - {"test_each_claim_names_its_test"}


# --- killed ---

VOTES = """
import asyncio, sys
from tests.doubles.platform import open_town

async def main(url, step):
    async with open_town(url, number=1000 + step) as town:
        await town.joined("sport")
        while True:
            await town.say(f"r{step % 5}", f"!vote {step * 7 % 3 + 1}")
            print(step, flush=True)
            step += 1

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


@pytest.mark.parametrize("kills", [4, pytest.param(10, marks=pytest.mark.soak)])
async def test_votes_of_an_anonymous_poll_survive_sigkill(tmp_path: Path, kills: int) -> None:
    """Every acknowledged vote counts, and the key that all depend on is never half there."""
    url = f"sqlite:///{tmp_path}/plein.db"
    async with open_town(url) as town:
        await town.joined("sport")
        await town.say("mia", OPEN)
    chance, step = random.Random(7), 0
    for _ in range(kills):
        voting = await asyncio.create_subprocess_exec(
            sys.executable, "-c", VOTES, url, str(step), cwd=ROOT, stdout=asyncio.subprocess.PIPE
        )
        assert voting.stdout
        for _ in range(chance.randrange(1, 12)):
            # The first of them may be the one that was committed and not told any more: told now.
            step = int(await voting.stdout.readline()) + 1
        voting.kill()
        await voting.wait()
        rest = (await voting.stdout.read()).split()
        step = int(rest[-1]) + 1 if rest else step
    standing = {number % 5: number * 7 % 3 + 1 for number in range(step)}
    also = {**standing, step % 5: step * 7 % 3 + 1}
    async with open_town(url, number=100_000) as town:
        await close(town)

        def count(tx: Transaction) -> list[int]:
            return tally(tx, 1)

        found = await town.core.store.run(count)
    expected = [[list(votes.values()).count(option) for option in (1, 2, 3)] for votes in (standing, also)]
    assert found in expected


@pytest.mark.parametrize("by_post", [True, False])
@pytest.mark.parametrize("other", ["", " --anonymous"])
async def test_whether_a_vote_fits_another_poll_as_well_tells_nothing(
    two_databases: list[str], other: str, by_post: bool
) -> None:
    """Who is asked which poll they mean leaves a row; so everybody is, whatever they said."""

    async def play(url: str, *votes: str) -> dict[str, object]:
        async with open_town(url) as town:
            await town.joined("sport")
            await town.say("mia", '!poll open "Wat?" Ja | Nee | Misschien --anonymous --closes 2d')
            await town.say("mia", f'!poll open "Wie?" Ja | Nee --closes 2d{other}')
            for name in ("ben", "cas"):
                await town.say(name, "!poll list")
            for name, vote in zip(("ben", "cas"), votes, strict=True):
                asked = replace(town.asked(name, f"!vote {vote}", room=None), by_post=by_post)
                answer = await town.core.handle(asked)
                assert answer
                assert answer.lines[0].key == "poll.which"
                (meant,) = [button for button in answer.buttons if button.args.get("poll") == 1]
                await town.core.handle(replace(town.asked(name, room=None, button=meant), by_post=by_post))
                await town.core.run_due()
            await close(town)
        return await everything(url)

    first, second = two_databases
    assert await play(first, "Misschien", "Ja") == await play(second, "Ja", "Misschien")
