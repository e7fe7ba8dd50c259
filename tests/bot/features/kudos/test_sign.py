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


async def test_who_is_thanked_hears_that_it_was_taken_back_and_stands_again_each_once(town: Town) -> None:
    for on in (True, False, True, False, True, False):
        await town.core.handle(signs(town, "anna", on=on))
        await told(town, "ben")
    link = "voor een bericht, https://chat.example/$1"
    for_ben, back = (
        "🙏 een bewoner bedankt je in sport: " + link,
        "een bewoner trok dit bedankje aan jou in: " + link,
    )
    found = [line for said in await told(town, "ben") for line in said.split("\n") if link in line]
    assert found == [for_ben, back] * 3


async def test_what_waits_unsaid_says_only_how_it_is(town: Town) -> None:
    for on in (True, False, True):
        await town.core.handle(signs(town, "anna", on=on))
    (said,) = [said for said in await told(town, "ben") if "voor een bericht" in said]
    assert "bedankt je in sport" in said
    assert "op de muur" in said


async def test_what_is_put_there_again_is_one_a_pair_a_day_still(town: Town) -> None:
    for ref, on in (("$1", True), ("$1", False), ("$2", True), ("$1", True)):
        await town.core.handle(signs(town, "anna", ref, on=on))
    assert any("Op die dag bedankte je een bewoner al" in said for said in await told(town, "anna"))
    assert "https://chat.example/$2" in (found := await mine(town))
    assert "https://chat.example/$1" not in found


async def test_what_may_not_be_any_more_does_not_stand_again(town: Town) -> None:
    for on in (True, False):
        await town.core.handle(signs(town, "anna", on=on))
    await alone(town, "ben", "!bedankje instellingen uit")
    await town.core.handle(signs(town, "anna"))
    assert any("Bedankjes via Plein wil een bewoner" in said for said in await told(town, "anna"))
    await alone(town, "ben", "!bedankje instellingen aan")
    await town.linked("anna", "ben")
    town.clock.turn(timedelta(days=2))
    await town.core.handle(signs(town, "anna"))
    assert any("Jezelf bedanken kan niet" in said for said in await told(town, "anna"))
    assert "nog niet bedankt" in await mine(town)


async def test_two_of_one_person_take_away_each_their_own_sign(town: Town) -> None:
    await town.say("cas", "!help")
    for who in ("anna", "cas"):
        await town.core.handle(signs(town, who))
    await town.linked("anna", "cas")
    await town.core.handle(signs(town, "cas", on=False))
    assert (await mine(town)).count("voor een bericht") == 1
    await town.core.handle(signs(town, "anna", on=False))
    assert "nog niet bedankt" in await mine(town)


async def test_whoever_hid_it_is_not_named_to_who_takes_it_back(town: Town) -> None:
    await town.core.handle(signs(town, "anna"))
    await alone(town, "ben", "!bedankje verberg 1")
    await town.core.handle(signs(town, "anna", on=False))
    assert any("Je bedankje aan een bewoner is ingetrokken" in said for said in await told(town, "anna"))


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
