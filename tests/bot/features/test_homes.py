"""`community setup`: a home for themes is chosen or made, whatever the platform does meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace

import pytest

from bot.errors import Refused, StoreFailed, TryLater, UserError
from bot.model.homes import Home, Option, homes_in
from bot.model.message import Message, typed
from bot.model.people import FIRST_COMMUNITY, Identity, Role
from tests.doubles.platform import PLATFORM, Platform, Town, open_town, words_of

SQUARE, MARKET = "square", "market"
OTHER = FIRST_COMMUNITY + 1
KIND = "console.home"
NEW = Option(Home(PLATFORM, KIND, "new", ""), is_new=True)


def there(ref: str, name: str, *, hidden: bool = False) -> Option:
    return Option(Home(PLATFORM, KIND, ref, name), hidden=hidden)


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    async with open_town(database_url, moderators=("mia",)) as town:
        await town.beside(SQUARE, MARKET)
        town.platform.options = {FIRST_COMMUNITY: [NEW], OTHER: [NEW]}
        yield town


async def kept(town: Town, community: int = FIRST_COMMUNITY) -> Mapping[str, Home]:
    return homes_in(await town.core.store.read(lambda tx: tx.communities.settings(), community=community))


async def asks(town: Town, words: str = "!gemeenschap richt in", *, who: str = "mia") -> Message:
    answer = await town.core.handle(town.asked(who, words, room=SQUARE))
    assert answer
    return answer


async def presses(town: Town, shown: Message, number: int = 1) -> Message:
    answer = await town.core.handle(town.asked("mia", room=SQUARE, button=shown.buttons[number - 1]))
    assert answer
    return answer


async def test_it_is_asked_before_anything_is_made(town: Town) -> None:
    asked = await presses(town, await asks(town))
    assert "Zal ik het doen?" in words_of(asked)
    assert town.platform.made == []
    assert "Gemaakt: de hoek “Thema’s”" in words_of(await presses(town, asked))
    assert len(town.platform.made) == 1
    assert (await kept(town))[PLATFORM] == Home(PLATFORM, KIND, "made-1", "Thema’s")
    assert await kept(town, OTHER) == {}
    # A second time it finds what it made, and offers nothing.
    again = await asks(town)
    assert "Thema’s krijgen hun kanaal of kamer op Test in de hoek “Thema’s”." in words_of(again)
    assert again.buttons == ()


async def test_who_made_it_can_look_after_it(town: Town) -> None:
    """By their own account there; for somebody who has none those of the moderators."""
    await presses(town, await presses(town, await asks(town)))
    assert town.platform.made[0][1] == (Identity(PLATFORM, "mia"),)


@pytest.mark.parametrize("trouble", [TryLater(5), ConnectionError("lost"), Refused("closed"), TimeoutError()])
@pytest.mark.parametrize("when", ["make", "made"])
async def test_without_an_answer_it_is_asked_again_and_there_is_one(
    town: Town, when: str, trouble: Exception
) -> None:
    town.platform.trouble[f"{when}:Thema’s"] = [trouble]
    failed = await presses(town, sure := await presses(town, await asks(town)))
    assert words_of(failed).startswith("Test antwoordde niet op tijd. Vraag het straks opnieuw")
    assert await kept(town) == {}
    for shown in (sure, await asks(town)):
        await presses(town, shown)
    assert [home.name for home, _ in town.platform.made] == ["Thema’s"]
    assert (await kept(town))[PLATFORM].ref == "made-1"


async def test_what_cannot_be_made_is_said_and_nothing_is_kept(town: Town) -> None:
    town.platform.trouble["make:Thema’s"] = [UserError("home.over", platform="Test")]
    said = await presses(town, await presses(town, await asks(town)))
    assert "Dat is er op Test niet meer." in words_of(said)
    assert await kept(town) == {}


async def test_a_platform_that_breaks_is_a_fault_with_a_reference(town: Town) -> None:
    town.platform.trouble["made:Thema’s"] = [ZeroDivisionError()]
    said = await presses(town, sure := await presses(town, await asks(town)))
    assert "Er ging hier iets mis" in words_of(said)
    assert await kept(town) == {}
    await presses(town, sure)
    assert len(town.platform.made) == 1


async def test_made_and_not_kept_it_is_found(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database fails between making and keeping, as if everything had fallen over there."""
    sure = await presses(town, await asks(town))
    pressed = town.asked("mia", room=SQUARE, button=sure.buttons[0])
    run, failing = town.core.store.run, True

    async def fails(*args: object, **more: object) -> object:
        if failing and town.platform.made:
            raise StoreFailed
        return await run(*args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(town.core.store, "run", fails)
    with pytest.raises(StoreFailed):
        await town.core.handle(pressed)
    failing = False
    assert await kept(town) == {}
    # What is there by that name is offered, and nothing is made by that name again.
    offered = await asks(town)
    labels = [words_of(Message((button.label,))) for button in offered.buttons]
    assert labels == ["Kies de hoek “Thema’s”"]
    assert await town.core.handle(pressed) is not None
    assert len(town.platform.made) == 1
    assert (await kept(town))[PLATFORM].ref == "made-1"


async def test_two_moderators_at_once_and_an_event_that_comes_twice(town: Town) -> None:
    sure = await presses(town, await asks(town))
    pressed = [town.asked("mia", room=SQUARE, button=sure.buttons[0]) for _ in range(3)]
    answers = await asyncio.gather(*(town.core.handle(each) for each in (*pressed, pressed[0])))
    assert len({words_of(answer) for answer in answers if answer}) == 1
    assert len(town.platform.made) == 1


async def test_what_is_gone_is_said_kindly_and_chosen_or_made_anew(town: Town) -> None:
    town.platform.options = {FIRST_COMMUNITY: [there("1", "Raden"), there("2", "Groepen"), NEW]}
    assert "in de hoek “Raden”" in words_of(await asks(town, "!gemeenschap richt in raden"))
    town.platform.options = {FIRST_COMMUNITY: [there("2", "Groepen"), NEW]}
    gone = await asks(town)
    assert "de hoek “Raden” op Test is weg" in words_of(gone)
    assert [button.args["home"] for button in gone.buttons] == ["test:2", "test:new=Thema’s"]
    assert "in de hoek “Groepen”" in words_of(await presses(town, gone))
    assert (await kept(town))[PLATFORM].ref == "2"


async def test_a_platform_that_is_silent_has_lost_nothing(town: Town) -> None:
    before = town.platform.options
    offered = await asks(town)
    town.platform.options = None
    assert "Test antwoordt nu niet." in words_of(await asks(town))
    assert "Test antwoordde niet op tijd." in words_of(await presses(town, offered))
    town.platform.options = before
    assert "Zal ik het doen?" in words_of(await presses(town, offered))


async def test_a_button_of_before_for_what_is_gone(town: Town) -> None:
    town.platform.options = {FIRST_COMMUNITY: [there("1", "Raden"), NEW]}
    offered = await asks(town)
    town.platform.options = {FIRST_COMMUNITY: [NEW]}
    assert "Dat is er op Test niet meer." in words_of(await presses(town, offered))
    assert await kept(town) == {}


async def test_of_several_by_one_name_it_is_asked_which(town: Town) -> None:
    town.platform.options = {FIRST_COMMUNITY: [there("1", "Raden"), there("2", "raden"), NEW]}
    which = await asks(town, "!gemeenschap richt in Raden")
    assert "Er is meer dan één “Raden”." in words_of(which)
    await presses(town, which, 2)
    assert (await kept(town))[PLATFORM].ref == "2"


async def test_who_moderates_one_place_chooses_what_is_open_and_has_nothing_made(town: Town) -> None:
    """They neither read what is hidden, nor get more power by what Plein may do everywhere."""
    town.platform.options = {FIRST_COMMUNITY: [there("1", "Geheim", hidden=True), there("2", "Open"), NEW]}

    async def zoe(words: str) -> Message:
        asked = replace(town.asked("zoe", f"!gemeenschap richt in {words}", room=SQUARE), role=Role.MODERATOR)
        answer = await town.core.handle(asked)
        assert answer
        return answer

    assert [button.args["home"] for button in (await zoe("")).buttons] == ["test:2"]
    for given in ("Geheim", "test:1", "Groepen", "test:new=Groepen --zeker"):
        assert "Dat doet wie heel Voorbeeldgemeente modereert." in words_of(await zoe(given))
        assert (await kept(town), town.platform.made) == ({}, [])
    assert "in de hoek “Open”" in words_of(await zoe("open"))
    town.platform.options = {FIRST_COMMUNITY: [NEW]}
    said = await zoe("")
    assert "is weg" in words_of(said)
    assert "Dat doet wie heel Voorbeeldgemeente modereert." in words_of(said)
    assert said.buttons == ()
    assert len((await asks(town)).buttons) == 1


async def test_nobody_else_can_choose_or_make(town: Town) -> None:
    offered = await asks(town)
    asked = town.asked("ben", room=SQUARE, button=offered.buttons[0])
    sure = replace(asked, id="other", args={**offered.buttons[0].args, "sure": True})
    for press in (asked, sure):
        answer = await town.core.handle(press)
        assert answer
        assert "alleen een moderator" in words_of(answer)
    assert (town.platform.made, await kept(town)) == ([], {})


async def test_where_it_may_not_make_anything_it_says_what_it_lacks(town: Town) -> None:
    lacking = replace(NEW, lacks=typed("No right to."))
    town.platform.options = {FIRST_COMMUNITY: [lacking, replace(lacking, home=replace(NEW.home, ref="b"))]}
    answer = await asks(town)
    assert words_of(answer).count("No right to.") == 1
    assert answer.buttons == ()
    assert "ik kan het niet maken" in words_of(await asks(town, "!gemeenschap richt in Groepen"))
    said = await asks(town, '!gemeenschap richt in "test:new=Groepen" --zeker')
    assert "Ik kan de hoek “Groepen” niet maken. No right to." in words_of(said)
    assert town.platform.made == []


async def test_of_several_accounts_of_one_platform_the_first_is_asked(town: Town) -> None:
    second = Platform("test:two", options={FIRST_COMMUNITY: [there("9", "Elders")]})
    await town.core.serve(second)
    await presses(town, await presses(town, await asks(town)))
    assert (len(town.platform.made), second.made) == (1, [])
