"""A certificate ends with what it says: its thanks, those whom it names, and the account that made it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.features.kudos.records import CERTIFICATES, Kept
from bot.model.events import Mention, Reacted, Remark
from bot.model.message import Button, text
from bot.model.people import Identity
from tests.doubles.platform import PLATFORM, Town, open_town

HANDS = "\N{PERSON WITH FOLDED HANDS}"
PEOPLE = ("anna", "ben", "cas", "hugo")


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    """All have been there for long, and talk with Plein in private."""
    async with open_town(database_url, moderators=("mia",)) as town:
        await town.joined("sport")
        for who in (*PEOPLE, "mia"):
            await town.say(who, "!help")
            await alone(town, who, "!help")
        town.clock.turn(timedelta(days=8))
        yield town


async def alone(town: Town, who: str, words: str) -> str:
    return await town.say(who, words, room=None)


async def thanks(town: Town, who: str, whom: str, reason: str) -> None:
    await town.say(who, f'!bedankt "{whom}" "{reason}"')


async def press(town: Town, who: str, command: str, **args: Any) -> None:
    await town.core.handle(town.asked(who, room=None, button=Button(text("typed"), command, args)))


async def kept(town: Town, certificate: int = 1) -> Kept:
    found = await town.core.store.run(lambda tx: tx.of(CERTIFICATES).get(certificate))
    assert found
    return found


async def code_of(town: Town, certificate: int = 1) -> str:
    code = (await kept(town, certificate)).code
    assert code
    return code


async def settle(town: Town) -> None:
    for _ in range(3):
        await town.core.run_due()
        town.clock.turn(timedelta(seconds=3))


async def sign(town: Town, who: str, *, on: bool) -> None:
    author = Mention("@ben", Identity(PLATFORM, "ben"), "ben") if on else None
    about = Remark("$1", town.clock.now(), "https://chat.example/1", author)
    asked = replace(town.asked(who), reacted=Reacted(HANDS, on), about=about, by_post=True, public=True)
    await town.core.handle(asked)


async def withdraw_the_thanks(town: Town) -> None:
    await town.say("anna", "!bedankje intrekken 1")


async def remove_the_thanks(town: Town) -> None:
    await press(town, "mia", "kudos remove", kudos=1, why="verzonnen", sure=True)


async def void_the_thanks(town: Town) -> None:
    await town.linked("anna", "ben")


async def forget_and_blank_who_is_named(town: Town) -> None:
    await town.say("mia", "!help")
    await alone(town, "hugo", "!vergeet mij --zeker")
    await settle(town)
    await press(town, "mia", "kudos blank", kudos=1)


Ending = Callable[[Town], Coroutine[Any, Any, None]]
ENDINGS = (
    *(withdraw_the_thanks, remove_the_thanks, void_the_thanks),
    forget_and_blank_who_is_named,
)


@pytest.mark.parametrize("end", ENDINGS, ids=lambda end: end.__name__)
async def test_it_ends_with_what_it_says_and_its_owner_hears_so(town: Town, end: Ending) -> None:
    await thanks(town, "anna", "ben", "voor de taart voor hugo")
    await thanks(town, "cas", "ben", "voor het geluid")
    await alone(town, "ben", "!oorkonde maak 1 2")
    await alone(town, "ben", "!oorkonde maak 2")
    code, other = await code_of(town), await code_of(town, 2)
    assert "Dit klopt" in await alone(town, "cas", f"!oorkonde controleer {code}")
    await end(town)
    await settle(town)
    assert "geldt niet meer" in await alone(town, "cas", f"!oorkonde controleer {code}")
    assert (await kept(town)).words is None
    assert "Dit klopt" in await alone(town, "cas", f"!oorkonde controleer {other}")
    told = [said for account in ("anna", "ben") for said in town.platform.where(account)]
    heard = [said for said in told if "Oorkonde 1 is ingetrokken" in said]
    assert len(heard) == 1
    assert "hugo" not in heard[0]
    assert "kan er niet op" in await alone(town, "ben", "!oorkonde maak 1")


async def test_so_does_one_without_words_with_a_sign_that_is_taken_away(town: Town) -> None:
    await sign(town, "anna", on=True)
    await alone(town, "ben", "!oorkonde maak")
    code = await code_of(town)
    await sign(town, "anna", on=False)
    await settle(town)
    assert "geldt niet meer" in await alone(town, "cas", f"!oorkonde controleer {code}")


async def test_of_what_thanks_others_too_theirs_stands(town: Town) -> None:
    """Only of who gave it themselves, as it turns out, it is void."""
    await thanks(town, "anna", "ben, cas", "voor de soep")
    await alone(town, "ben", "!oorkonde maak 1")
    await alone(town, "cas", "!oorkonde maak 1")
    await void_the_thanks(town)
    await settle(town)
    assert ((await kept(town, 1)).words, (await kept(town, 2)).words is None) == (None, False)


async def test_it_goes_with_the_account_that_made_it(town: Town) -> None:
    """What it says thanks another one by then, so that it is withdrawn; nothing of it stays with either."""
    await thanks(town, "cas", "anna", "voor het brood")
    await alone(town, "anna", '!oorkonde maak 1 --naam "Anna Vqpeeters"')
    code = await code_of(town)
    await town.linked("ben", "anna")
    await settle(town)
    assert "Dit klopt" in await alone(town, "cas", f"!oorkonde controleer {code}")
    await alone(town, "ben", "!oorkonde maak 1")
    await town.parted("anna")
    await settle(town)
    assert "Jij hebt geen oorkonde 1" in await alone(town, "ben", "!oorkonde intrekken 1")
    assert "geldt niet meer" in await alone(town, "cas", f"!oorkonde controleer {code}")
    first, second = await kept(town), await kept(town, 2)
    assert (first.words, second.words is None) == (None, False)
    assert any("Oorkonde 1 is ingetrokken" in said for said in town.platform.where("anna"))
    await alone(town, "anna", "!vergeet mij --zeker")
    assert (await kept(town)).resident is None


async def test_who_made_it_is_known_only_for_as_long_as_it_stands(town: Town) -> None:
    await thanks(town, "anna", "ben", "voor de soep")
    for number in (1, 2):
        await alone(town, "ben", "!oorkonde maak 1")
        assert (await kept(town, number)).account == f"{PLATFORM}:ben"
    await alone(town, "ben", "!oorkonde intrekken 1")
    await alone(town, "ben", "!vergeet mij --zeker")
    assert [(await kept(town, number)).account for number in (1, 2)] == [None, None]
