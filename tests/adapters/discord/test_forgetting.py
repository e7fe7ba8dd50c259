"""Whoever asks Plein on Discord to forget them is forgotten, however they used it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.feature import Feature
from bot.main.features import FEATURES, Installed
from bot.model.message import message, typed
from tests.bot.features.test_forgetting import found_in
from tests.doubles.discord import Discord, Person
from tests.on_discord import OnDiscord, opened, plein_on

MINUTE = 60


async def erased(plein: OnDiscord) -> None:
    """A minute passes, with what goes on in it."""
    await plein.turn(MINUTE)
    await plein.until_quiet()
    await plein.core.erasing.flush()


async def busy(plein: OnDiscord, anna: Person, who: Person) -> None:
    """They ask, press, err, write in private and where others are, and are asked back."""
    board = await opened(plein, anna, "Een bank?", closes="2d")
    await who.uses("sport", "poll list")
    await who.presses(board, "Nee")
    await who.uses("sport", "vote", answer="misschien", poll=1)
    await who.says(who.dm, "stem 1 --peiling 1")
    await who.says("sport", f"<@{plein.double.bot.id}> vote nonsense --poll 1")
    await plein.board("sport", "Ja: 1 stem")
    await plein.caught_up()
    await plein.until_quiet()


@pytest.mark.parametrize("typed", [False, True], ids=["as a command", "typed"])
async def test_nothing_has_their_account_a_minute_later(
    double: Discord, tmp_path: Path, database: str, plein: OnDiscord, anna: Person, ben: Person, typed: bool
) -> None:
    await busy(plein, anna, ben)
    await plein.turn(MINUTE)
    assert found_in(tmp_path, ben.id)
    if typed:
        await ben.says(ben.dm, "me forget --sure")
    else:
        await ben.uses("sport", "me forget", sure=True)
    await plein.caught_up()
    await plein.until_quiet()
    await erased(plein)
    assert not found_in(tmp_path, ben.id)
    assert found_in(tmp_path, anna.id)


async def test_who_only_talks_is_never_written_down(
    double: Discord, tmp_path: Path, database: str, anna: Person, ben: Person
) -> None:
    """Not even where a feature listens to what people say."""
    ears = Installed(Feature(name="ears", hears=lambda call, heard: message(typed("Gehoord!"))))
    async with plein_on(double, database, installed=[*FEATURES, ears]) as plein:
        await opened(plein, anna, "Een bank?")
        await ben.says("sport", "Dag allemaal")
        await plein.board("sport", "Gehoord!")
        await plein.caught_up()
        await plein.until_quiet()
    assert not found_in(tmp_path, ben.id)


async def test_what_they_voted_before_in_discords_own_poll_makes_nobody(
    double: Discord, tmp_path: Path, database: str, anna: Person, ben: Person
) -> None:
    """It says at its end who voted, and not when."""
    async with plein_on(double, database, native_polls=True) as plein:
        await opened(plein, anna, "Een bank?", closes="2d")
        beside = (await double.until(lambda: [message for message in anna.sees("sport") if message.poll]))[-1]
        await ben.votes(beside, ["Ja"])
        await anna.votes(beside, ["Nee"])
        await plein.turn(MINUTE)
        await ben.uses("sport", "me forget", sure=True)
        await erased(plein)
        assert not found_in(tmp_path, ben.id)
        await plein.turn(2 * 24 * 60 * MINUTE - 60 * MINUTE)
        await plein.board("sport", "Ja: 0 stemmen", "Nee: 1 stem")
        assert not found_in(tmp_path, ben.id)


@pytest.mark.parametrize("forgotten", [True, False], ids=["forgotten", "never here"])
async def test_who_is_asked_about_is_not_written_down(
    double: Discord, tmp_path: Path, plein: OnDiscord, anna: Person, ben: Person, forgotten: bool
) -> None:
    await anna.uses("sport", "poll list")
    if forgotten:
        await ben.uses("sport", "poll list")
        await ben.uses("sport", "me forget", sure=True)
        await erased(plein)
    assert "ben gebruikte mij nog niet" in (await anna.uses("sport", "who is", person=ben.mention)).text
    await plein.until_quiet()
    assert not found_in(tmp_path, ben.id)


async def test_who_takes_no_private_messages_and_was_forgotten_is_not_named_for_that(
    double: Discord, plein: OnDiscord, anna: Person, ben: Person
) -> None:
    """By the very word with which they asked for it, which others could read."""
    await opened(plein, anna, "Een bank?", closes="2d")
    await ben.closes_dms()
    for words in ("poll list", "me forget --sure"):
        asked = await ben.says("sport", f"<@{double.bot.id}> {words}")
        await plein.caught_up()
        await plein.until_quiet(24 * 3600 + 60)
    await erased(plein)
    after = [said for said in anna.sees("sport") if said.author.bot and int(said.id) > int(asked.id)]
    assert not [said.text for said in after if ben.pinged_by(said)]
