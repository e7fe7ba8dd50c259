"""What somebody learns from a number of something in a theme that they do not see: no more than from one that
there is not, and nobody beside them anything.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import pytest

from bot.model.people import Place, Presences
from tests.doubles.platform import PLATFORM, Town, open_town, words_of

ROOMS = {"sport": "sport", "cellar": "Klachten over Ben", "attic": "Zolder"}
# Of each there is the first in the cellar, the second in the attic, and no seventy-seventh.
ASKED = (
    *("!meeting show %d", "!kom ja --meeting %d", "!agenda show %d", "!minutes show %d", "!action done %d"),
    *("!poll show %d", "!vote 1 --poll %d", "!offer withdraw %d", "!kudos claim %d"),
)


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    async with open_town(database_url, moderators=("mo",)) as town:
        for room, theme in ROOMS.items():
            await town.joined(room, theme=theme)
            await town.say("mo", "!help", room=room)
        for who in ("anna", "ben"):
            await town.say(who, "!help")
            await town.say(who, "!help", room=None)
        await town.say("anna", "!help", room="cellar")
        for room in ("cellar", "attic"):
            planned = '!meeting plan "Beraad" "9 december 20u" --place Kluis --remind none --sure'
            for words in (planned, '!poll open "Wat?" Ja | Nee', f'!offer add "ladder {room}"'):
                await town.say("mo", words, room=room)
            await town.say("mo", '!minutes action "lamp" --meeting 1', room=room)
        yield town


@pytest.mark.parametrize("room", [None, "sport"])
@pytest.mark.parametrize("asked", ASKED)
async def test_the_platform_is_asked_the_same_about_any_number(
    town: Town, asked: str, room: str | None
) -> None:
    async def about(number: int) -> tuple[list[Sequence[str]], str]:
        asked_about: list[Sequence[str]] = []

        async def presence(places: Sequence[Place]) -> Presences:
            asked_about.append(sorted(place.room_id for place in places))
            return {}

        invocation = replace(town.asked("ben", asked % number, room=room), presence=presence)
        answer = await town.core.handle(invocation)
        assert answer
        return asked_about, words_of(answer).replace(str(number), "N")

    hidden, other, none = [await about(number) for number in (1, 2, 77)]
    assert hidden == other == none


async def test_that_a_vote_elsewhere_counts_nobody_beside_them_reads(town: Town) -> None:
    """Else whoever asks them to type numbers learns which polls there are."""
    beside = Place(PLATFORM, "sport#e")
    vote = replace(town.asked("anna", "!vote ja --poll 1"), by_post=True, beside=beside, account=PLATFORM)
    before = len(town.platform.shown)
    await town.core.handle(vote)
    await town.core.run_due()
    said = [shown.words for shown in town.platform.shown[before:] if shown.where.startswith("sport")]
    assert said == []


async def test_whose_account_it_was_nobody_beside_them_reads(town: Town) -> None:
    await town.say("mo", '!poll open "Een bank?" Ja | Nee --closes 2d')
    brought = await town.linked("anna", "ben")
    await town.say("ben", "!vote 1 --poll 3")
    await town.parted("ben", brought)
    beside = Place(PLATFORM, "sport#e")
    vote = replace(town.asked("ben", "!vote 2 --poll 3"), by_post=True, beside=beside, account=PLATFORM)
    before = len(town.platform.shown)
    await town.core.handle(vote)
    await town.core.run_due()
    new = town.platform.shown[before:]
    assert any("samen met een account" in shown.words for shown in new if shown.where == "ben")
    assert not any("account" in shown.words for shown in new if shown.where.startswith("sport"))
