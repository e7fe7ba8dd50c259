"""Whoever is muted is kept from writing by the platform, and let again: once, through refusals and kills."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.core import PleinCore
from bot.errors import Refused, StoreFailed, UserError
from bot.features.moderation.records import MODERATION
from bot.model.people import Identity, Place
from tests.doubles.platform import PLATFORM, Town, open_town
from tests.doubles.silencer import Silencer

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
ROOMS = ("a", "b")


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    async with open_town(database_url, moderators=("mo",)) as town:
        await begin(town)
        yield town


async def begin(town: Town) -> None:
    town.platform = Silencer()
    await town.core.serve(town.platform)
    await town.joined(*ROOMS)
    await town.say("ben", "!poll list", room="a")


def quiet(town: Town) -> set[tuple[str, str]]:
    assert isinstance(town.platform, Silencer)
    return town.platform.quiet()


async def mo(town: Town, words: str) -> str:
    said = await town.say("mo", words, room="a")
    await town.core.run_due()
    return said


async def wait(town: Town, span: timedelta) -> None:
    town.clock.turn(span)
    await town.core.run_due()


async def test_in_each_place_of_the_theme_until_the_time_is_over(town: Town) -> None:
    await town.joined("elsewhere", theme="other")
    assert "gedempt tot" in await mo(town, "!mod mute ben 1h")
    assert quiet(town) == {("a", "ben"), ("b", "ben")}
    await town.joined("c")
    await wait(town, MINUTE)
    assert quiet(town) == {("a", "ben"), ("b", "ben"), ("c", "ben")}
    await wait(town, HOUR)
    assert quiet(town) == set()
    assert town.platform.where("ben")[-1] == "Je mag in sport weer aan het woord: de tijd is om."
    assert not await town.core.store.read(lambda tx: tx.silences.all())


async def test_what_stood_there_before_stands_there_again(town: Town) -> None:
    assert isinstance(town.platform, Silencer)
    town.platform.lines["a", "ben"] = "level 10"
    await mo(town, "!mod mute ben 1h")
    await mo(town, "!mod unmute ben")
    assert town.platform.lines == {("a", "ben"): "level 10"}


async def test_who_is_quiet_by_hand_stays_so(town: Town) -> None:
    assert isinstance(town.platform, Silencer)
    town.platform.lines["a", "ben"] = "quiet"
    await mo(town, "!mod mute ben 1h")
    await wait(town, HOUR)
    assert quiet(town) == {("a", "ben")}


@pytest.mark.parametrize("where", ["silence:a", "silenced:a", "looked", "done"])
@pytest.mark.parametrize("ends", [False, True], ids=["muted", "over"])
async def test_killed_between_any_two_steps(database_url: str, where: str, ends: bool) -> None:
    """Before anything is done, once it is and nobody knows, once it was looked, and before that is noted."""
    async with open_town(database_url, moderators=("mo",)) as town:
        await begin(town)
        platform = town.platform
        assert isinstance(platform, Silencer)
        platform.lines["a", "ben"] = "level 10"
        if ends:
            await mo(town, "!mod mute ben 1h")
            town.clock.turn(HOUR)
            await town.core.store.run(lambda tx: tx.of(MODERATION).take_over(_theme(tx), town.clock.now()))
        else:
            await town.say("mo", "!mod mute ben 1h", room="a")
        _kill(town.core, platform, where)
        with pytest.raises(Killed):
            await town.core.silencing.flush()
    async with open_town(database_url, moderators=("mo",), before=town) as again:
        again.platform = platform
        await again.core.serve(platform)
        await again.core.run_due()
        assert quiet(again) == (set() if ends else {("a", "ben"), ("b", "ben")})
        await mo(again, "!mod unmute ben")
        assert platform.lines == {("a", "ben"): "level 10"}
        assert not await again.core.store.read(lambda tx: tx.silences.all())


def _theme(tx: object) -> int:
    known = tx.places.known(Place(PLATFORM, "a"))  # type: ignore[attr-defined]
    return int(known[0].id)


def _kill(core: PleinCore, platform: Silencer, where: str) -> None:
    if ":" in where:
        platform.trouble[where] = [Killed()]  # type: ignore[list-item]
        return
    run, steps = core.silencing._run, {"looked": 2, "done": 3}
    count = 0

    async def killed(task: object, work: object) -> None:
        nonlocal count
        count += 1
        if count >= steps[where] or not task.is_wanted:  # type: ignore[attr-defined]
            raise Killed
        await run(task, work)  # type: ignore[arg-type]

    core.silencing._run = killed  # type: ignore[method-assign]


async def test_where_plein_may_not_who_moderates_is_told_once(town: Town) -> None:
    town.platform.trouble["silence:a"] = [Refused("no"), UserError("discord.silence.by_hand"), Refused("no")]
    await mo(town, "!mod mute ben 1h")
    await town.core.run_due()
    await town.core.retry(PLATFORM)
    await town.core.run_due()
    told = [words for words in town.platform.where("mo") if "niet verhinderen" in words]
    assert len(told) == 1
    assert quiet(town) == {("b", "ben")}
    await town.core.retry(PLATFORM)
    await town.core.run_due()
    await town.core.retry(PLATFORM)
    await town.core.run_due()
    assert quiet(town) == {("a", "ben"), ("b", "ben")}


async def test_where_it_cannot_be_taken_back_who_moderates_is_told_and_it_is_tried_again(town: Town) -> None:
    await mo(town, "!mod mute ben 1h")
    town.platform.trouble["silence:a"] = [Refused("no")]
    await mo(town, "!mod unmute ben")
    await town.core.run_due()
    assert quiet(town) == {("a", "ben")}
    assert any("niet opnieuw laten schrijven" in words for words in town.platform.where("mo"))
    await town.core.retry(PLATFORM)
    await town.core.run_due()
    assert quiet(town) == set()


@pytest.mark.parametrize("trouble", [ConnectionError("gone"), TimeoutError()])
async def test_what_could_not_be_done_just_now_is_done_later(town: Town, trouble: Exception) -> None:
    town.platform.trouble["silenced:a"] = [trouble]
    await town.say("mo", "!mod mute ben 1h", room="a")
    assert not await town.core.silencing.flush()
    assert await town.core.silencing.flush()
    assert quiet(town) == {("a", "ben"), ("b", "ben")}
    await wait(town, HOUR)
    assert quiet(town) == set()


async def test_an_account_that_is_linked_is_muted_too_and_none_gets_free_by_parting(town: Town) -> None:
    await town.say("bea", "!poll list", room="b")
    await mo(town, "!mod mute ben 1h")
    brought = await town.linked("ben", "bea")
    await town.core.run_due()
    assert quiet(town) == {(room, who) for room in ROOMS for who in ("ben", "bea")}
    await town.parted("bea", brought)
    await town.core.run_due()
    assert quiet(town) == {(room, who) for room in ROOMS for who in ("ben", "bea")}
    await wait(town, HOUR)
    assert quiet(town) == set()


async def test_nobody_gets_free_by_being_forgotten(town: Town) -> None:
    await mo(town, "!mod mute ben 1h reclame")
    assert "vergeet" in await town.say("ben", "!me forget --sure", room="a") or True
    await town.core.run_due()
    assert quiet(town) == {("a", "ben"), ("b", "ben")}
    town.clock.turn(MINUTE)
    assert "gedempt tot" in await town.say("ben", '!poll open "Mag ik?" Ja | Nee', room="a")
    log = await mo(town, "!mod log")
    assert "mo dempte iemand tot" in log
    assert "reclame" not in log
    # Once more his, he can be let speak again.
    assert "mag in sport weer" in await mo(town, "!mod unmute ben")
    assert quiet(town) == set()


async def test_a_store_that_does_not_answer_is_asked_again(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    await town.say("mo", "!mod mute ben 1h", room="a")

    async def fails(*args: object, **more: object) -> None:
        raise StoreFailed

    with monkeypatch.context() as broken:
        broken.setattr(town.core.store, "run", fails)
        with pytest.raises(StoreFailed):
            await town.core.silencing.flush()
    await town.core.silencing.flush()
    assert quiet(town) == {("a", "ben"), ("b", "ben")}


async def test_who_is_somewhere_else_muted_writes_here(town: Town) -> None:
    await town.joined("x", theme="x")
    await mo(town, "!mod mute ben 1h")
    assert "staat open" in await town.say("ben", '!poll open "Hier?" Ja | Nee', room="x")
    found = await town.core.store.read(
        lambda tx: tx.of(MODERATION).until(_theme(tx), Identity(PLATFORM, "ben"), None, town.clock.now())
    )
    assert found is None  # of whoever has a number it stands under that
