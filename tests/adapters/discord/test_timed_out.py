"""Who was timed out reads, and has Plein neither say anything there nor steer anything."""

from __future__ import annotations

import pytest

from tests.doubles.discord import Person, Server
from tests.on_discord import OnDiscord, opened

DAY = 86_400


async def test_a_moderator_who_was_timed_out_steers_nothing(
    plein: OnDiscord, town: Server, anna: Person, mo: Person
) -> None:
    await opened(plein, anna, "Een bank?", closes="3d")
    await mo.uses("sport", "poll list")
    town.time_out(mo, DAY)
    plein.double.clock.turn(1)
    for path, more in (("poll close", {"sure": True}), ("poll extend", {"until": "9d"})):
        said = await mo.uses(mo.dm, path, poll=1, **more)
        assert "gesloten" not in said.text
        assert "loopt nu" not in said.text
    await plein.until_quiet(5)
    assert "sluit <t:" in (await plein.board("sport", "Een bank?")).text
    town.time_out(mo, 0)
    plein.double.clock.turn(1)
    assert "is gesloten" in (await mo.uses(mo.dm, "poll close", poll=1, sure=True)).text


@pytest.mark.parametrize("how", ["private", "pressed"])
async def test_their_vote_counts_and_their_words_are_not_put_there(
    plein: OnDiscord, town: Server, anna: Person, ben: Person, how: str
) -> None:
    board = await opened(plein, anna, "Bezwaar?", "", kind="consent")
    await ben.uses("sport", "poll list")
    town.time_out(ben, DAY)
    plein.double.clock.turn(1)
    if how == "private":
        await ben.uses(ben.dm, "vote", answer="object because the chair is a scoundrel", poll=1)
    else:
        form = await ben.presses(board, "Bezwaar")
        await ben.submits(form, {"Your reason": "the chair is a scoundrel"})
    await plein.until_quiet(5)
    assert "scoundrel" not in (await plein.board("sport", "Bezwaar?", "1 persoon")).text


async def test_they_ask_nothing_there(plein: OnDiscord, town: Server, anna: Person) -> None:
    await anna.uses("sport", "poll list")
    town.time_out(anna, DAY)
    plein.double.clock.turn(1)
    said = await anna.uses(anna.dm, "peiling open", vraag="Een bank?", keuze="Ja | Nee", thema="Sport")
    assert "mag je zelf niets schrijven" in said.text
    await plein.until_quiet(5)
    assert not [message for message in anna.sees("sport") if "Een bank?" in message.text]


async def test_what_they_planned_does_not_open(
    plein: OnDiscord, town: Server, anna: Person, ben: Person
) -> None:
    await anna.uses("sport", "peiling open", vraag="Een bank?", keuze="Ja | Nee", opens="1d", sluit="3d")
    town.time_out(anna, 2 * DAY)
    await plein.until_quiet(DAY + 60)
    await plein.until_quiet(60)
    assert not [message for message in ben.sees("sport") if "Een bank?" in message.text]
