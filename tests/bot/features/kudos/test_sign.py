"""A sign on a message thanks whoever wrote it: once, however often it is put there, and aloud never."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.model.events import Invocation, Mention, Reacted, Remark
from bot.model.people import Identity, Place
from tests.doubles.platform import PLATFORM, Town, open_town

HANDS = "\N{PERSON WITH FOLDED HANDS}"
GIVEN, AGAIN, BACK = "is genoteerd", "staat er weer", "is ingetrokken"


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    """Two who take part in a theme, and talk with Plein in private."""
    async with open_town(database_url) as town:
        await town.joined("sport")
        for who in ("anna", "ben"):
            await town.say(who, "!help")
            await alone(town, who, "!help")
        yield town


async def alone(town: Town, who: str, words: str) -> str:
    return await town.say(who, words, room=None)


def signs(town: Town, who: str, ref: str = "$1", *, on: bool = True, whom: str | None = "ben") -> Invocation:
    """They put the sign on a message of another's, or take it away: then nobody says whose that is."""
    author = Mention(f"@{whom}", Identity(PLATFORM, whom), whom) if whom and on else None
    about = Remark(ref, town.clock.now(), f"https://chat.example/{ref}", author)
    return replace(town.asked(who), reacted=Reacted(HANDS, on), about=about, by_post=True, public=True)


async def told(town: Town, who: str) -> list[str]:
    """All that they were told alone."""
    await town.core.run_due()
    return town.platform.where(who)


async def mine(town: Town) -> str:
    return await alone(town, "ben", "!bedankje mijn")


async def test_both_hear_of_it_alone_and_nobody_else_does(town: Town) -> None:
    await town.core.handle(signs(town, "anna"))
    assert any(GIVEN in said for said in await told(town, "anna"))
    assert any("bedankt je in sport" in said for said in await told(town, "ben"))
    assert "voor een bericht, https://chat.example/$1" in await mine(town)
    assert town.platform.where("sport") == []


async def test_the_same_sign_on_the_same_message_is_one_thank_you(town: Town) -> None:
    for on in (True, True, False, True):
        await town.core.handle(signs(town, "anna", on=on))
    said = "\n".join(await told(town, "anna"))
    assert (said.count(GIVEN), said.count(BACK), said.count(AGAIN)) == (1, 1, 1)
    assert (await mine(town)).count("voor een bericht") == 1


async def test_taking_it_away_takes_the_thanks_back_within_a_day(town: Town) -> None:
    await town.core.handle(signs(town, "anna"))
    town.clock.turn(timedelta(hours=23))
    await town.core.handle(signs(town, "anna", on=False))
    assert "nog niet bedankt" in await mine(town)
    await town.core.handle(signs(town, "anna", "$2"))
    town.clock.turn(timedelta(hours=25))
    await town.core.handle(signs(town, "anna", "$2", on=False))
    assert "voor een bericht" in await mine(town)


async def test_the_allowance_does_not_grow_back_by_taking_signs_away(town: Town) -> None:
    for number in range(5):
        who = f"p{number}"
        await town.say(who, "!help")
        for on in (True, False):
            await town.core.handle(signs(town, "anna", f"${number}", on=on, whom=who))
    for number in range(3):
        await town.core.handle(signs(town, "anna", f"$9{number}"))
    assert sum("al 5 keer" in said for said in await told(town, "anna")) == 1
    assert "nog niet bedankt" in await mine(town)


async def test_of_a_message_that_is_gone_nothing_more_is_known(town: Town) -> None:
    await town.core.handle(signs(town, "anna"))
    await town.core.gone(Place(PLATFORM, "elsewhere"), ["$1"])
    assert "https://chat.example/$1" in await mine(town)
    await town.core.gone(Place(PLATFORM, "sport"), ["$1"])
    assert "voor een bericht dat er niet meer is" in await mine(town)


async def test_one_s_own_message_or_nobody_s_thanks_nobody(town: Town) -> None:
    await town.core.handle(signs(town, "anna", whom="anna"))
    await town.core.handle(signs(town, "anna", "$2", whom=None))
    assert any("Jezelf bedanken kan niet" in said for said in await told(town, "anna"))
    assert "nog niet bedankt" in await mine(town)
    assert "nog niet bedankt" in await alone(town, "anna", "!bedankje mijn")


async def test_another_sign_means_nothing(town: Town) -> None:
    asked = signs(town, "anna")
    await town.core.handle(replace(asked, reacted=Reacted("\N{THUMBS UP SIGN}", on=True)))
    assert "nog niet bedankt" in await mine(town)


async def test_who_is_thanked_and_does_not_talk_yet_hears_it_beside_their_next_answer(town: Town) -> None:
    await town.say("cas", "!help")
    await town.core.handle(signs(town, "anna", whom="cas"))
    assert await told(town, "cas") == []
    assert "bedankt je in sport" in await town.say("cas", "!bedankje mijn")


# --- put back ---


async def test_signs_put_back_are_one_a_pair_a_day(town: Town) -> None:
    for ref in ("$1", "$2", "$3"):
        await town.core.handle(signs(town, "anna", ref))
        await town.core.handle(signs(town, "anna", ref, on=False))
    for ref in ("$1", "$2", "$3"):
        await town.core.handle(signs(town, "anna", ref))
    assert (await mine(town)).count("voor een bericht") == 1


async def test_a_sign_put_back_thanks_nobody_who_does_not_want_that(town: Town) -> None:
    await town.core.handle(signs(town, "anna"))
    await town.core.handle(signs(town, "anna", on=False))
    await alone(town, "ben", "!bedankje instellingen uit")
    await town.core.handle(signs(town, "anna"))
    assert "nog niet bedankt" in await mine(town)


async def test_a_sign_put_back_thanks_nobody_for_themselves(town: Town) -> None:
    await town.core.handle(signs(town, "anna"))
    await town.core.handle(signs(town, "anna", on=False))
    await town.linked("anna", "ben")
    await town.core.run_due()
    await town.core.handle(signs(town, "anna"))
    assert "nog niet bedankt" in await mine(town)


async def test_a_day_later_a_sign_is_put_back_in_vain(town: Town) -> None:
    await town.core.handle(signs(town, "anna"))
    await town.core.handle(signs(town, "anna", on=False))
    town.clock.turn(timedelta(days=2))
    await town.core.handle(signs(town, "anna"))
    assert "nog niet bedankt" in await mine(town)


async def test_the_last_that_somebody_hears_is_so(town: Town) -> None:
    await town.core.handle(signs(town, "anna"))
    await told(town, "ben")
    for on in (False, True):
        await town.core.handle(signs(town, "anna", on=on))
        await town.core.run_due()
    *_, back, again = await told(town, "ben")
    assert "trok dit bedankje aan jou in: voor een bericht, https" in back
    assert "bedankt je in sport: voor een bericht" in again


async def test_who_is_thanked_hears_few_of_many_changes_of_mind(town: Town) -> None:
    for number in range(60):
        await town.core.handle(signs(town, "anna", on=number % 2 == 0))
        await town.core.run_due()
    assert len(await told(town, "ben")) < 15
