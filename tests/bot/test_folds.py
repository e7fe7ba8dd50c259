"""Where a place falls behind, what waits there goes as one, and each of it is still found there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.delivery.folding import BEHIND, FAR_BEHIND
from bot.delivery.worker import PARK_AFTER
from bot.errors import Gone, Refused, TryLater
from bot.folds import cut, replaced
from storage.tables import copies, fold_shares, uncarried, wanted_copies
from tests.bot.test_carrying import Talk, counted, talking
from tests.doubles.folder import FoldingCarrier
from tests.doubles.platform import open_town

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def talk(database_url: str) -> AsyncIterator[Talk]:
    async with open_town(database_url, moderators=("mo",)) as town:
        yield await talking(town, FoldingCarrier())


async def behind(talk: Talk, *said: tuple[str, str], by: timedelta = BEHIND, room: str = "a") -> list[Any]:
    """These were said so long ago, and stand nowhere else yet."""
    heard = [await talk.say(words, name=name, room=room) for name, words in said]
    talk.town.clock.turn(by)
    return heard


THREE = (("Mia", "een"), ("Mia", "twee"), ("Mia", "drie"))


async def folded(talk: Talk) -> list[Any]:
    heard = await behind(talk, *THREE)
    await talk.carry()
    assert talk.read("b") == talk.read("c") == ["Mia: een / twee / drie"]
    return heard


async def test_where_nothing_is_behind_nothing_goes_as_one(talk: Talk) -> None:
    await behind(talk, *THREE, by=BEHIND - timedelta(seconds=1))
    await talk.carry()
    assert talk.read("b") == ["Mia: een", "Mia: twee", "Mia: drie"]
    assert await counted(talk.town, fold_shares) == 0


async def test_what_one_person_said_goes_as_one_and_nothing_of_it_is_kept(talk: Talk) -> None:
    await folded(talk)
    assert await counted(talk.town, wanted_copies) == 0
    assert await counted(talk.town, copies) == 5
    talk.platform.copies.clear()
    await talk.carry()
    assert talk.platform.copies == []


async def test_each_person_for_themselves_and_then_several_under_their_names(talk: Talk) -> None:
    words = (("Mia", "een"), ("Mia", "twee"), ("Ben", "drie"), ("Ben", "vier"), ("Mia", "vijf"))
    await behind(talk, *words)
    await talk.carry()
    assert talk.read("b") == ["Mia: een / twee", "Ben: drie / vier", "Mia: vijf"]
    await behind(talk, *words, by=FAR_BEHIND)
    await talk.carry()
    assert talk.read("b")[3:] == ["Mia: een / Mia: twee / Ben: drie / Ben: vier / Mia: vijf"]


async def test_what_has_more_to_it_than_words_stands_by_itself(talk: Talk) -> None:
    first = await talk.say("vraag")
    await talk.carry()
    await talk.say("een")
    await talk.say("antwoord", reply_to=first.ref)
    await talk.say("twee")
    await talk.say("drie")
    talk.town.clock.turn(BEHIND)
    await talk.carry()
    assert talk.read("b")[1:] == ["Mia: een", "Mia: antwoord", "Mia: twee / drie"]
    assert [copy.answers for copy in talk.platform.copies if copy.answers and copy.shares] == []


async def test_it_is_closed_where_no_more_fits(talk: Talk) -> None:
    talk.platform.longest = 30  # type: ignore[attr-defined]
    await behind(talk, *(("Mia", "x" * 8) for _ in range(5)))
    await talk.carry()
    assert [line.count("xxxxxxxx") for line in talk.read("b")] == [2, 2, 1]


async def test_a_change_of_one_of_them_changes_only_that(talk: Talk) -> None:
    _, second, third = await folded(talk)
    await talk.change(second, "twee en een half")
    await talk.change(third, "vier")
    await talk.carry()
    assert talk.read("b") == talk.read("c") == ["Mia: een / twee en een half / vier"]
    await talk.change(second, "2")
    await talk.carry()
    assert talk.read("b") == ["Mia: een / 2 / vier"]


async def test_one_that_is_taken_away_leaves_the_others_until_all_are(talk: Talk) -> None:
    first, second, third = await folded(talk)
    await talk.gone("a", first.ref)
    await talk.carry()
    assert talk.read("b") == ["Mia: twee / drie"]
    await talk.gone("a", third.ref, second.ref)
    await talk.carry()
    assert talk.read("b") == talk.read("c") == []
    assert await counted(talk.town, fold_shares) == 0
    assert await counted(talk.town, copies) == 3  # where they were said


async def test_what_answers_one_of_them_finds_it_and_the_whole_is_the_first(talk: Talk) -> None:
    first, _, third = await folded(talk)
    await talk.say("op drie", name="Ben", reply_to=third.ref)
    await talk.say("op alles", name="Ben", room="b", reply_to=talk.refs("b")[0])
    await talk.carry()
    answers = {
        (copy.place.room_id, copy.spoken.name): copy.answers for copy in talk.platform.copies if copy.spoken
    }
    assert answers["b", "Ben"] == talk.refs("b")[0]
    assert answers["a", "Ben"] == first.ref


async def test_the_whole_taken_away_by_others_goes_everywhere(talk: Talk) -> None:
    await folded(talk)
    await talk.gone("b", talk.refs("b")[0])
    await talk.carry()
    assert talk.read("a") == talk.read("b") == talk.read("c") == []


async def test_what_no_longer_fits_is_said_by_itself(talk: Talk) -> None:
    _, second, _ = await folded(talk)
    await talk.change(second, "y" * 300)
    await talk.carry()
    assert talk.read("b") == ["Mia: een / drie", f"Mia: {'y' * 300}"]
    await talk.change(second, "kort")
    await talk.gone("a", second.ref)
    await talk.carry()
    assert talk.read("b") == ["Mia: een / drie"]


async def test_what_stands_otherwise_than_is_known_goes_whole_and_that_is_marked(talk: Talk) -> None:
    first, second, third = await folded(talk)
    talk.platform.history["b"][talk.refs("b")[0]] = "Mia: iets anders"
    await talk.change(second, "nieuw")
    await talk.carry()
    assert talk.read("b") == ["Mia: nieuw"]
    assert talk.read("c") == ["Mia: een / nieuw / drie"]
    await talk.town.core.marking.worker.flush()
    assert sorted(talk.platform.marked) == sorted([("a", first.ref), ("a", third.ref)])


async def test_whoever_takes_their_words_along_leaves_those_of_others(talk: Talk) -> None:
    await behind(talk, ("Mia", "een"), ("Ben", "twee"), ("Mia", "drie"), by=FAR_BEHIND)
    await talk.carry()
    assert "2 berichten" in await talk.town.say("mia", "!mijn brug uit --wis", room="a")
    for _ in range(2):
        await talk.town.core.run_due()
        talk.town.clock.turn(MINUTE)
    assert talk.read("b") == ["Ben: twee"]
    assert "elders niets van je" in await talk.town.say("mia", "!mijn brug uit --wis", room="a")


async def test_whoever_is_forgotten_is_named_nowhere(talk: Talk) -> None:
    await behind(talk, ("Mia", "een"), ("Ben", "twee"), ("Mia", "drie"), by=FAR_BEHIND)
    await talk.carry()
    await talk.town.say("mia", "!vergeet mij --zeker --laat-staan", room="a")
    await talk.town.core.run_due()
    assert talk.read("b") == ["Ben: twee"]


async def test_changes_do_not_hold_up_what_is_said(talk: Talk) -> None:
    """What is changed often is so once, as it reads by then; what was said meanwhile keeps its turn."""
    said = [await talk.say(f"nr {number}") for number in range(3)]
    await talk.carry()
    for number in range(20):
        for each in said:
            await talk.change(each, f"versie {number}")
    await talk.say("intussen")
    talk.platform.copies.clear()
    await talk.carry()
    there = [copy for copy in talk.platform.copies if copy.place.room_id == "b"]
    assert len(there) == 4
    assert talk.read("b") == ["Mia: versie 19"] * 3 + ["Mia: intussen"]


# --- what goes wrong ---


@pytest.mark.parametrize("trouble", [TryLater(5, unsent=True), Refused("403")])
async def test_what_was_not_sent_may_go_with_more(talk: Talk, trouble: Exception) -> None:
    talk.platform.trouble["before:b"] = [trouble]
    await behind(talk, *THREE)
    await talk.carry()
    assert await counted(talk.town, fold_shares) == 3  # in c
    await talk.say("vier")
    talk.town.clock.turn(MINUTE)
    await talk.carry()
    assert talk.read("b") == ["Mia: een / twee / drie / vier"]
    assert talk.read("c") == ["Mia: een / twee / drie", "Mia: vier"]


@pytest.mark.parametrize("when", ["before", "after"])
async def test_after_doubt_it_is_the_same_ones_and_once(talk: Talk, when: str) -> None:
    talk.platform.trouble[f"{when}:b"] = [OSError("lost")]
    heard = await behind(talk, *THREE)
    await talk.carry()
    await talk.say("vier")
    await talk.change(heard[1], "twee!")
    await talk.gone("a", heard[2].ref)
    talk.town.clock.turn(MINUTE)
    await talk.carry()
    assert talk.read("b") == ["Mia: een / twee!", "Mia: vier"]
    keys = {copy.key for copy in talk.platform.copies if copy.place.room_id == "b" and len(copy.shares) == 3}
    assert len(keys) == 1


@pytest.mark.parametrize("when", ["before", "after"])
async def test_what_may_have_arrived_of_whoever_is_forgotten_goes(talk: Talk, when: str) -> None:
    talk.platform.trouble[f"{when}:b"] = [OSError("lost")]
    await behind(talk, ("Mia", "een"), ("Ben", "twee"), ("Mia", "drie"), ("Ben", "vier"), by=FAR_BEHIND)
    await talk.carry()
    await talk.town.say("mia", "!vergeet mij --zeker", room="a")
    talk.town.clock.turn(MINUTE)
    await talk.carry()
    for _ in range(2):
        await talk.town.core.run_due()
    assert "Mia" not in str(talk.read("b"))
    assert ["\n".join(talk.read("b")).count(words) for words in ("twee", "vier")] == [1, 1]
    assert await counted(talk.town, wanted_copies) == 0


@pytest.mark.parametrize("when", ["before", "after"])
async def test_after_doubt_a_share_is_changed_or_gone_once(talk: Talk, when: str) -> None:
    first, second, _ = await folded(talk)
    for act in (talk.change(second, "een langere twee"), talk.gone("a", first.ref)):
        talk.platform.trouble[f"{when}:b"] = [OSError("lost")]
        await act
        await talk.carry()
        talk.town.clock.turn(MINUTE)
        await talk.carry()
    assert talk.read("b") == talk.read("c") == ["Mia: een langere twee / drie"]


async def test_what_cannot_stand_there_is_found_out_one_by_one(talk: Talk) -> None:
    talk.platform.trouble["before:b"] = [Gone("a filter"), Gone("a filter")]
    heard = await behind(talk, *THREE)
    await talk.carry()
    assert talk.read("b") == ["Mia: twee", "Mia: drie"]
    await talk.town.core.marking.worker.flush()
    assert talk.platform.marked == [("a", heard[0].ref)]


async def test_a_fault_of_ours_sets_all_of_it_aside_and_marks_it(talk: Talk) -> None:
    talk.platform.trouble["before:b"] = [RuntimeError("a fault") for _ in range(PARK_AFTER)]
    await behind(talk, *THREE)
    for _ in range(PARK_AFTER):
        await talk.carry()
        talk.town.clock.turn(10 * MINUTE)
    assert await counted(talk.town, uncarried) == 3
    await talk.say("verder")
    await talk.carry()
    assert talk.read("b") == ["Mia: verder"]


async def test_killed_between_any_two_steps_it_comes_once(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut off at each write in turn, and begun again."""
    core, run = talk.town.core, talk.town.core.store.run
    cuts, left = 0, [0]

    async def killed(*given: Any, **how: Any) -> Any:
        left[0] -= 1
        if left[0] < 0:
            raise asyncio.CancelledError
        return await run(*given, **how)

    while True:
        left[0] = cuts
        start = len(talk.read("b"))
        words = [f"{cuts}.{number}" for number in range(3)]
        await behind(talk, *(("Mia", each) for each in words))
        left[0] = cuts
        monkeypatch.setattr(core.store, "run", killed)
        try:
            await talk.carry()
            whole = True
        except asyncio.CancelledError:
            whole = False
        monkeypatch.setattr(core.store, "run", run)
        await talk.carry()
        for room in ("b", "c"):
            shown = "\n".join(talk.read(room)[start:])
            assert [shown.count(each) for each in words] == [1, 1, 1], (cuts, room)
        assert await counted(talk.town, wanted_copies) == 0
        if whole:
            assert cuts > 4
            return
        cuts += 1


# --- what is whose of it ---


@given(st.lists(st.binary(min_size=1, max_size=8), min_size=1, max_size=6), st.data())
def test_a_share_is_found_and_changed_whatever_stands_in_it(shares: list[bytes], data: st.DataObject) -> None:
    written, lengths = b"\n".join(shares), [len(share) for share in shares]
    assert cut(written, lengths, b"\n") == shares
    which = data.draw(st.integers(0, len(shares) - 1))
    new = data.draw(st.binary(max_size=8))
    changed = [*shares[:which], *([new] if new else []), *shares[which + 1 :]]
    found = replaced(written, lengths, which, new, b"\n")
    assert found == b"\n".join(changed)
    if changed:
        # Done once more it changes nothing.
        assert replaced(found or b"", lengths, which, new, b"\n") == found
    assert cut(written + b"x", lengths, b"\n") is None
