"""What somebody changed since is found nowhere any more, and nobody waits for that."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text as sql
from sqlalchemy.ext.asyncio import create_async_engine

from bot.features.polls import unsaid
from bot.features.polls.vote import MOST_REASONS
from storage.connections import async_url
from tests.doubles.platform import Town, open_town


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    async with open_town(database_url) as town:
        await town.joined("sport")
        await town.say("anna", '!peiling open "Skatebaan?" --kind consent')
        yield town


async def kept(url: str) -> str:
    """All that is kept of answers, posts, boards, and what waits."""
    engine, found = create_async_engine(async_url(url)), ""
    async with engine.connect() as db:
        for table in ("handled", "posts", "boards", "kept", "jobs"):
            rows = await db.execute(sql(f"select * from {table}"))  # noqa: S608 - one of these
            found += repr([tuple(row) for row in rows])
    await engine.dispose()
    return found


async def fill(url: str, rows: int) -> None:
    """With copies of one real answer."""
    engine = create_async_engine(async_url(url))
    async with engine.begin() as db:
        await db.execute(
            sql(
                "insert into handled (id, community, at, answer, author) select"
                " one.id || ':' || cast(n as text), community, at, answer, 'test:u' || cast(n % 200 as text)"
                " from (select * from handled where length(answer) > 900 limit 1) as one,"
                " (with recursive s(n) as (select 1 union all select n + 1 from s where n < :rows)"
                " select n from s) as numbers"
            ),
            {"rows": rows},
        )
    await engine.dispose()


async def test_nobody_waits_for_anothers_reasons(town: Town, database_url: str) -> None:
    await town.say("anna", "!peiling toon 1")
    await town.say("anna", "!help peiling")
    await fill(database_url, 100_000)
    await town.say("ben", "!vote object eerst")
    began = time.monotonic()
    for number in range(15):
        assert "reden" in await town.say("ben", f"!vote object reden{number}")
    await town.say("anna", "!peiling lijst")
    assert time.monotonic() - began < 3


@pytest.mark.parametrize("page", [2, 1_000])
async def test_it_is_looked_for_page_by_page(
    town: Town, database_url: str, page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unsaid, "PAGE", page)
    await town.say("ben", "!vote object ijsvogels")
    await town.say("cas", "!vote object reigers")
    for name in ("anna", "dirk", "eva"):
        assert "ijsvogels" in await town.say(name, "!peiling toon 1")
        await by_post(town, name, "!peiling toon 1")
    await town.core.run_due()
    assert "ijsvogels" in await kept(database_url)
    await town.say("ben", "!vote object libellen")
    await town.say("cas", "!vote agree")
    await town.core.run_due()
    town.clock.turn(timedelta(minutes=1))
    await town.core.run_due()
    left = await kept(database_url)
    assert "ijsvogels" not in left
    assert "reigers" not in left
    assert "libellen" in left
    assert "Skatebaan?" in left
    assert "unsa" not in left.replace("poll.unsay", "")


async def by_post(town: Town, name: str, words: str) -> None:
    """They ask where an answer is a message of its own."""
    asked = town.asked(name, words)
    await town.core.handle(replace(asked, by_post=True))


async def test_what_holds_again_by_then_stays(town: Town, database_url: str) -> None:
    await town.say("ben", "!vote object ijsvogels")
    await town.say("anna", "!peiling toon 1")
    await town.say("ben", "!vote object reigers")
    await town.say("ben", "!vote object ijsvogels")
    await town.core.run_due()
    left = await kept(database_url)
    assert "ijsvogels" in left
    assert "reigers" not in left


async def test_so_many_reasons_are_given_within_an_hour(town: Town) -> None:
    for number in range(MOST_REASONS):
        await town.say("ben", f"!vote object omdat {number}")
    assert "Wacht even met een andere" in await town.say("ben", "!vote object nog een")
    assert f"omdat {MOST_REASONS - 1}" in await town.say("anna", "!peiling toon 1")
    # The same once more, and to agree, nobody is kept from.
    await town.say("ben", f"!vote object omdat {MOST_REASONS - 1}")
    await town.say("ben", "!vote agree")
    assert "omdat" not in await town.say("anna", "!peiling toon 1")
    town.clock.turn(timedelta(hours=1, seconds=1))
    await town.say("ben", "!vote object nog een")
    assert "nog een" in await town.say("anna", "!peiling toon 1")
