"""Files that people post go along with their words, fetched where they were posted, and hold up nobody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest
from sqlalchemy import select

from bot.delivery import files
from bot.errors import Gone, NotCarried, PlatformFailed, Refused, TryLater
from bot.files import PATIENCE
from bot.model.carried import Copy
from bot.model.files import Posted
from bot.model.people import Place
from storage.community import anywhere
from storage.tables import wanted_copies
from storage.unit import Tx
from tests.bot.test_carrying import SECOND, Talk, talking
from tests.doubles.platform import PLATFORM, open_town

FILE = Posted("bron", "a.txt", 3)
MOST = 10


@pytest.fixture
async def talk(database_url: str) -> AsyncIterator[Talk]:
    async with open_town(database_url, moderators=("mo",)) as town:
        yield await talking(town)


async def a_copy(talk: Talk, *posted: Posted) -> Copy:
    """Of what Mia said with these, as it is to stand elsewhere."""
    await talk.say("Kijk", files=posted or (FILE,))
    await talk.carry()
    return replace(talk.platform.copies[-1], tried_at=talk.town.clock.now())


async def fetched(talk: Talk, copy: Copy, posted: Posted = FILE) -> bytes:
    async with talk.town.core.fetch(copy, posted, MOST) as found:
        data = found.data.read()
        assert (len(data), found.data.name) == (found.size, found.data.fileno())  # it is nowhere by name
        return data


async def test_files_go_along_with_their_words_and_without_any(talk: Talk) -> None:
    await talk.say("Kijk", files=(FILE, replace(FILE, name="b.txt")))
    await talk.say("", rich=(), files=(FILE,))
    await talk.say("", rich=())
    await talk.carry()
    assert talk.read("b") == ["Mia: Kijk [a.txt] [b.txt]", "Mia:  [a.txt]"]
    assert talk.platform.fetched == []


async def test_words_beneath_a_file_change_and_the_file_stays(talk: Talk) -> None:
    said = await talk.say("een", files=(FILE,))
    await talk.carry()
    await talk.change(said, "twee", files=(FILE,))
    await talk.carry()
    assert talk.read("b") == ["Mia: twee [a.txt]"]
    await talk.change(said, "", rich=(), files=(FILE,), after=2 * SECOND)
    await talk.carry()
    assert talk.read("b") == ["Mia:  [a.txt]"]
    await talk.gone("a", said.ref)
    await talk.carry()
    assert talk.read("b") == []


async def test_a_change_that_comes_before_brings_the_files_too(talk: Talk) -> None:
    early = talk._heard("nieuw", "a", "Mia", changes="e9", files=(FILE,))
    at = talk.town.clock.now() + SECOND
    await talk.town.core.hear(replace(early, id="test:vroeg", ref="vroeg", at=at))
    await talk.say("oud", ref="e9")
    await talk.carry()
    assert talk.read("b") == ["Mia: nieuw [a.txt]"]


async def test_what_leads_to_a_file_is_kept_sealed_and_no_longer_than_it_has_to_be(talk: Talk) -> None:
    async def kept() -> list[Any]:
        def look(tx: Any) -> list[Any]:
            return list(cast(Tx, tx).db.execute(anywhere(select(wanted_copies.c.spoken))).scalars())

        return await talk.town.core.store.run_anywhere(look)

    await talk.say("Kijk", files=(replace(FILE, source="geheim-pad", name="geheim.txt"),))
    [*found] = await kept()
    assert found
    assert "geheim" not in str(found)
    await talk.carry()
    assert await kept() == []


async def test_a_file_is_fetched_where_it_was_posted(talk: Talk) -> None:
    copy = await a_copy(talk)
    talk.platform.files["bron"] = [b"een", b"twee"]
    assert await fetched(talk, copy) == b"eentwee"
    assert talk.platform.fetched == ["bron"]


async def test_a_file_that_is_larger_than_it_may_be_is_left_also_where_it_lies(talk: Talk) -> None:
    copy = await a_copy(talk)
    with pytest.raises(NotCarried) as no:
        await fetched(talk, copy, replace(FILE, size=MOST + 1))
    assert no.value.why.key == "carried.file.large"
    assert talk.platform.fetched == []
    talk.platform.files["bron"] = [b"12345678", b"90", b"1", AssertionError("no more is read")]
    for size in (3, None):
        with pytest.raises(NotCarried) as no:
            await fetched(talk, copy, replace(FILE, size=size))
        assert no.value.why.key == "carried.file.large"


@pytest.mark.parametrize("trouble", [Gone("weg"), Refused("nee"), KeyError("bron")])
async def test_what_is_gone_is_told_of_at_once(talk: Talk, trouble: Exception) -> None:
    copy = await a_copy(talk)
    talk.platform.files["bron"] = [trouble]
    if isinstance(trouble, KeyError):  # a fault of ours is given up too, in time
        copy = replace(copy, tried_at=talk.town.clock.now() - PATIENCE)
    with pytest.raises(NotCarried) as no:
        await fetched(talk, copy)
    assert no.value.why.key == "carried.file.unreadable"


@pytest.mark.parametrize("trouble", [OSError("weg"), TryLater(7), PlatformFailed("502"), ValueError("?")])
async def test_what_cannot_be_had_just_now_is_waited_for_a_while(talk: Talk, trouble: Exception) -> None:
    copy = await a_copy(talk)
    talk.platform.files["bron"] = [b"e", trouble]
    with pytest.raises(TryLater) as waits:
        await fetched(talk, copy)
    assert waits.value.unsent
    talk.town.clock.turn(PATIENCE)
    with pytest.raises(NotCarried):
        await fetched(talk, copy)
    talk.platform.files["bron"] = [b"een"]
    assert await fetched(talk, copy) == b"een"


async def test_what_never_ends_is_not_waited_for_without_end(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = await a_copy(talk)
    for name in ("WITHIN", "AT_LAST"):
        monkeypatch.setattr(files, name, 0.01)

    async def fetch(place: Place, posted: Posted, take: Any) -> None:
        while True:
            await asyncio.sleep(0.001)
            take(b"")

    monkeypatch.setattr(type(talk.platform), "fetch", lambda _, *asked: fetch(*asked))
    with pytest.raises(TryLater):
        await fetched(talk, copy)
    talk.town.clock.turn(PATIENCE)
    with pytest.raises(NotCarried):
        await fetched(talk, copy)


async def test_while_nobody_hears_there_it_waits(talk: Talk) -> None:
    copy = await a_copy(talk)
    await talk.town.core.suspend(talk.platform)
    with pytest.raises(TryLater):
        await fetched(talk, copy)
    talk.town.clock.turn(PATIENCE + timedelta(seconds=1))
    with pytest.raises(NotCarried):
        await fetched(talk, copy)


async def test_of_whoever_stays_out_nothing_is_kept_or_fetched(talk: Talk) -> None:
    await talk.town.say("mia", "!mijn brug uit", room="a")
    await talk.say("Kijk", files=(FILE,))
    await talk.say("", rich=(), files=(FILE,), place=Place(PLATFORM, "elders"))
    await talk.carry()
    assert talk.read("b") == []
    assert (talk.platform.copies, talk.platform.fetched) == ([], [])
