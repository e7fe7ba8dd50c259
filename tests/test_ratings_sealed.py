"""Somebody who has everything that Plein ever wrote tries to find out who said what of a meeting.

As of an anonymous poll (see test_anonymity.py), and besides: while it is open nobody is told anything at all.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from bot.features.meetings.presence import here
from bot.features.meetings.presence.records import LONGEST_REMARK, RATINGS, Round
from bot.model.events import Arrival
from bot.model.people import Place
from bot.ports.storage import Transaction
from storage.keyring import Keyring
from tests.doubles.platform import PLATFORM, Town, open_town, words_of
from tests.test_anonymity import Spy, everything, logs, scribble, try_keys, two_databases

__all__ = ["logs", "two_databases"]

PLAN = (
    '!meeting plan "Sportraad" "1 december 20u" --place Dorpshuis --link https://meet.example/a --remind none'
)
PEOPLE = ("anna", "ben", "cas", "dora", "eva", "finn")
SCORES = {"anna": 4, "ben": 2, "cas": 5, "dora": 5, "eva": 1}


@contextlib.asynccontextmanager
async def held(
    url: str,
    *people: str,
    coming: Sequence[str] = (),
    talking: Sequence[str] = (),
    others: Sequence[str] = (),
    before: Callable[[Town], object] = lambda town: None,
    then: Callable[[Town], Awaitable[object]] | None = None,
) -> AsyncIterator[Town]:
    """Mia's meeting is over, where these `people` checked in and others said that they were `coming`.

    `talking`: those who talk with Plein in private; `others`: who was in the theme before them; `then`: what
    happens before it begins, and `before` it is over.
    """
    code = patch.object(here, "new_code", lambda taken: "4821")
    async with open_town(url, moderators=("mia",)) as town:
        await town.joined("sport")
        for name in others:
            await town.say(name, "!help")
        asked = await town.core.handle(town.asked("mia", PLAN))
        assert asked
        assert await town.core.handle(town.asked("mia", button=asked.buttons[0]))
        for name in (*people, *coming):
            await town.say(name, "!kom online")
        for name in talking:
            await town.say(name, "!help", room=None)
        if then:
            await then(town)
        with code:
            await later(town, timedelta(minutes=70))
        for name in people:
            await town.say(name, "!hier")
        before(town)
        await later(town, timedelta(hours=2))
        yield town


async def later(town: Town, by: timedelta) -> None:
    town.clock.turn(by)
    for _ in range(3):
        await town.core.run_due()
        town.clock.turn(timedelta(seconds=2))
    await town.core.run_due()


async def rate(town: Town, name: str, words: str) -> str:
    return await town.say(name, f"!bijeenkomst cijfer {words}", room=None)


async def came(town: Town, meeting: int = 1) -> Round:
    def read(tx: Transaction) -> Round:
        found = tx.of(RATINGS).get(meeting)
        assert found
        return found

    return await town.core.store.run(read)


async def test_nothing_that_was_ever_written_links_a_person_to_what_they_said(
    tmp_path: Path, logs: pytest.LogCaptureFixture
) -> None:
    spy = Spy(tmp_path)
    async with held(f"sqlite:///{tmp_path}/plein.db", *SCORES) as town:
        spy.look()
        for name, score in SCORES.items():
            body = f'{{"sender": "@{name}:x", "body": "!bijeenkomst cijfer {score} woord van {name}"}}'
            (kept,) = await town.core.store_arrivals("x", [Arrival(f"${name}", "!dm", body)], f"after {name}")
            spy.look()
            said = await rate(town, name, f'{score} "woord van {name}"')
            assert "is binnen" in said
            assert f"woord van {name}" not in said
            assert "is er geen" in await rate(town, name, f"{score}7 woord van {name}")
            await town.core.acknowledge("x", [kept.seq])
            spy.look()
        # It is longer than what a page of the database holds of one row.
        with contextlib.closing(sqlite3.connect(tmp_path / "plein.db")) as db:
            rows = db.execute("SELECT sealed FROM ratings").fetchall()
        sealed = {kept.rpartition(":")[2].encode() for (kept,) in rows}
        # While it is open it can be read by whoever has the key: without that, nobody could count it.
        during = list(try_keys(sealed, Keyring(tmp_path / "plein.db-keys"), {"rating-1-ballots"}))
        assert sorted(during) == sorted(
            f"{score}\nwoord van {name}".encode() for name, score in SCORES.items()
        )
        await later(town, timedelta(days=3))
        spy.look()
        found = await came(town)
        assert found.scores == (1, 1, 0, 1, 2)
        assert found.remarks == tuple(f"woord van {name}" for name in sorted(SCORES))
        left = Keyring(tmp_path / "plein.db-keys")
        assert not any("rating-1" in name for name in left.names())
        assert list(try_keys(sealed | spy.sealed(), left, left.names())) == []
        for copy in spy.copies[:-1]:
            assert not any(key in copy for key in spy.keys)
            assert b"cijfer " not in copy
        await asyncio.sleep(0)
    assert "woord van" not in logs.text
    with contextlib.closing(sqlite3.connect(tmp_path / "plein.db")) as db:
        for table in ("ratings", "rating_marks"):
            assert db.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)  # noqa: S608


# --- two people exchanged ---

Step = tuple[str, Any]
# What two people do: typed, pressed or filled in, also in sight of others; one errs, and changes it.
FEW: list[Step] = [("press", "4")]
MANY: list[Step] = [
    ("type", "6"),
    ("type", '2 "lang, en koud"'),
    ("form", {"score": "5", "remark": "x" * 400}),
    ("react", "1"),
    ("form", {"score": "3", "remark": "діти граються " * 12}),
    ("fill", {}),
    ("press", "5"),
]
Play = tuple[dict[str, object], dict[str, object], list[tuple[str, str, str, str]]]


async def act(town: Town, name: str, step: Step, *, by_post: bool) -> None:
    how, what = step
    asked = town.asked(name, f"!bijeenkomst cijfer {what}" if how == "type" else None, room=None)
    args = {"meeting": 1, **(what if isinstance(what, dict) else {"score": what})}
    if how != "type":
        asked = replace(asked, command="meeting rate-form" if how == "fill" else "meeting rate", args=args)
    if how == "react":
        asked = replace(asked, public=True, place=Place(PLATFORM, "sport"))
    await town.core.handle(replace(asked, by_post=by_post))
    await town.core.run_due()


async def play(url: str, by_post: bool, *said: Sequence[Step]) -> Play:
    """What there is while it is open, what there is after it, and what others were sent."""
    async with held(url, *PEOPLE) as town:
        for name in ("anna", "dora", "eva", "finn"):
            await act(town, name, ("press", "4"), by_post=by_post)
        for name, steps in zip(("ben", "cas"), said, strict=True):
            for step in steps:
                await act(town, name, step, by_post=by_post)
            town.clock.turn(timedelta(minutes=1))
            await town.core.run_due()
        during = await everything(url)
        shown = [
            (each.how, each.where, each.words, re.sub(r"(secret:[^:]+:\d+):\d+", r"\1", each.key))
            for each in town.platform.shown
            if each.where not in ("ben", "cas")
        ]
        await later(town, timedelta(days=3))
    return during, await everything(url), shown


@pytest.mark.parametrize("by_post", [True, False], ids=["as-messages", "as-interactions"])
async def test_with_two_people_exchanged_everything_is_the_same(
    two_databases: list[str], by_post: bool
) -> None:
    """Rows, numbers, versions, lengths, order, while it is open and afterwards; however often they spoke."""
    plain, exchanged = [
        await play(url, by_post, *said)
        for url, said in zip(two_databases, ((FEW, MANY), (MANY, FEW)), strict=True)
    ]
    names = ("while it is open", "afterwards", "to others")
    for one, other, when in zip(plain, exchanged, names, strict=True):
        assert one == other, when
    after: Any = plain[1]
    assert after["ratings"] == after["rating_marks"] == []
    assert [row["people"] for row in after["rating_rounds"]] == [6]
    assert not any("secret:" in repr(row) for row in (*after["posts"], *after["refs"]))


async def test_one_that_is_changed_looks_like_one_that_is_repeated(two_databases: list[str]) -> None:
    first, second = [
        await play(url, True, [("press", one), ("press", "2")], FEW)
        for url, one in zip(two_databases, ("2", "5"), strict=True)
    ]
    assert first == second


async def test_what_is_sealed_has_one_length(tmp_path: Path) -> None:
    remarks = [
        "",
        "goed",
        scribble(0x4E00, 0x9FFF, LONGEST_REMARK),
        scribble(0x1F300, 0x1F5FF, LONGEST_REMARK),
    ]
    async with held(f"sqlite:///{tmp_path}/plein.db", *PEOPLE[:4]) as town:
        for name, remark in zip(PEOPLE, remarks, strict=False):
            assert "is binnen" in await rate(town, name, f"3 {remark}")
        with contextlib.closing(sqlite3.connect(tmp_path / "plein.db")) as db:
            lengths = [len(found) for (found,) in db.execute("SELECT sealed FROM ratings")]
        assert len(lengths) == 4
        assert len({*lengths}) == 1


# --- nothing before the end, and nothing of few ---


async def read_all(town: Town) -> list[str]:
    """All that an organiser, and anybody else, can read of it."""
    said = []
    for who in ("mia", "finn"):
        for line in ("cijfer", "wie 1", "toon 1", "mijn", "lijst"):
            said.append(await town.say(who, f"!bijeenkomst {line}"))
    return [*said, *town.platform.where("sport"), *town.platform.where("mia")]


async def test_two_readings_in_a_row_are_the_same_until_it_closes(database_url: str) -> None:
    async with held(database_url, *PEOPLE) as town:
        before = await read_all(town)
        for name, score in SCORES.items():
            await rate(town, name, f"{score} woord")
            assert await read_all(town) == before
        await rate(town, "anna", "1")
        await town.core.handle(town.asked("ben", "!me forget --sure", room=None))
        assert (await came(town)).people == 0
        await later(town, timedelta(days=3))
        found = await came(town)
        assert (found.people, found.scores) == (4, ())
        assert "4 mensen gaven een cijfer. Vanaf 5" in town.platform.where("mia")[-1]
        after = await read_all(town)
        assert await read_all(town) == after


@pytest.mark.parametrize("others", [{"2": "koud"}, {"5": "warm"}])
async def test_of_four_nothing_is_kept_but_their_number(database_url: str, others: dict[str, str]) -> None:
    async with held(database_url, *PEOPLE) as town:
        for name in PEOPLE[:4]:
            for score, remark in others.items():
                await rate(town, name, f"{score} {remark}")
        await later(town, timedelta(days=3))
        (said,) = [words for words in town.platform.where("mia") if "Hoe “Sportraad” was" in words]
        assert "gemiddeld" not in said
    kept = repr(await everything(database_url))
    assert not re.search("koud|warm", kept)
    assert "'people': 4, 'scores': None, 'remarks': None" in kept


async def test_the_key_goes_after_the_count_also_when_plein_stops_in_between(tmp_path: Path) -> None:
    url, key = f"sqlite:///{tmp_path}/plein.db", tmp_path / "plein.db-keys" / "rating-1-ballots.key"
    async with held(url, *PEOPLE) as town:
        for name, score in SCORES.items():
            await rate(town, name, str(score))
        assert key.exists()
        town.clock.turn(timedelta(days=2, hours=23))
        now = town.clock.now()
    async with open_town(url, number=1000) as town:
        town.clock.turn(now - town.clock.now() + timedelta(hours=3))
        await later(town, timedelta(seconds=1))
        assert not key.exists()
        assert sum((await came(town)).scores) == len(SCORES)


async def test_a_lost_key_costs_what_was_said_and_anybody_can_say_it_again(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/plein.db"
    async with held(url, *PEOPLE) as town:
        for name in PEOPLE:
            await rate(town, name, "1")
        (tmp_path / "plein.db-keys" / "rating-1-ballots.key").unlink()
        for name in PEOPLE[:5]:
            await rate(town, name, "5")
        await later(town, timedelta(days=3))
        found = await came(town)
        assert (found.people, found.scores) == (6, (0, 0, 0, 0, 5))


async def test_what_others_could_see_does_not_count(database_url: str) -> None:
    async with held(database_url, *PEOPLE) as town:
        for name in PEOPLE:
            asked = replace(town.asked(name, "!bijeenkomst cijfer 5 fijn"), public=True)
            answer = await town.core.handle(asked)
            assert answer
            assert "konden anderen zien" in words_of(answer)
        await later(town, timedelta(days=3))
        assert (await came(town)).people == 0


async def test_an_older_event_undoes_no_newer_one(database_url: str) -> None:
    async with held(database_url, *PEOPLE) as town:
        for name in PEOPLE[1:]:
            await rate(town, name, "5")
        old, new = (town.asked("anna", f"!bijeenkomst cijfer {score}", room=None) for score in (1, 5))
        for asked in (old, new, old):
            await town.core.handle(replace(asked, by_post=True))
        await later(town, timedelta(days=3))
        assert (await came(town)).scores == (0, 0, 0, 0, 6)
