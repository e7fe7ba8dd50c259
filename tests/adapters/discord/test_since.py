"""Since when somebody is there: whoever left the server and came back is there since they came back."""

from __future__ import annotations

import pytest

from bot.main.config import ThemeSection
from tests.doubles.discord import Discord, Person, Server
from tests.on_discord import OnDiscord, opened, plein_on

DAY = 86_400


@pytest.mark.parametrize("how", ["pressed", "slash", "typed", "in private"])
@pytest.mark.parametrize("seen_before", [True, False], ids=["seen before", "never seen"])
async def test_whoever_left_and_came_back_after_it_opened_is_no_member(
    plein: OnDiscord, town: Server, anna: Person, ben: Person, how: str, seen_before: bool
) -> None:
    plein.double.clock.turn(60)
    if seen_before:
        await ben.uses("sport", "poll list")
    plein.double.clock.turn(60)
    await ben.leaves()
    plein.double.clock.turn(30 * DAY)
    board = await opened(plein, anna, "Een bank?", voters="members")
    plein.double.clock.turn(3600)
    ben = town.member("ben")
    plein.double.clock.turn(60)
    for _ in range(2):  # also once it is noted that they are back
        if how == "typed":
            words = await ben.says("sport", f"<@{plein.double.bot.id}> stem 1 --peiling 1")
            await ben.hears(ben.dm, "Een bank?", after=words)
        elif how == "pressed":
            await ben.presses(board, "Ja")
        else:
            await ben.uses("sport" if how == "slash" else ben.dm, "vote", answer="1", poll=1)
        await plein.until_quiet(10)
    await plein.board("sport", "Een bank?", "Nog niemand stemde", timeout=3)


@pytest.mark.parametrize("leaves", [True, False], ids=["left", "stayed"])
@pytest.mark.parametrize("how", ["slash", "in private"])
async def test_whom_a_role_lets_in_is_there_not_before_they_came_back_to_the_server(
    plein: OnDiscord, town: Server, how: str, leaves: bool
) -> None:
    """When the role let them in Discord does not say, but on the server they were not before."""
    town.role("raad")
    raad = town.channel("raad", only=["raad", "Plein"])
    anna, ben = (town.member(name, roles=["raad"]) for name in ("vera", "eva"))
    await ben.uses("raad", "poll list")
    plein.double.clock.turn(DAY)
    if leaves:
        await ben.leaves()
    plein.double.clock.turn(DAY)
    await anna.uses(raad, "poll open", question="Een bank?", option="Ja | Nee", voters="members")
    plein.double.clock.turn(3600)
    if leaves:
        ben = town.member("eva", roles=["raad"])
        plein.double.clock.turn(60)
    for _ in range(2):
        await ben.uses(raad if how == "slash" else ben.dm, "vote", answer="1", poll=1)
        await plein.until_quiet(10)
    await plein.board("raad", "Een bank?", "Nog niemand stemde" if leaves else "Ja: 1 stem", timeout=3)


@pytest.mark.parametrize("stays", [True, False], ids=["is there still", "left it too"])
async def test_whoever_was_all_the_while_in_another_place_of_the_theme_is_a_member(
    double: Discord, database: str, town: Server, anna: Person, ben: Person, stays: bool
) -> None:
    """Also where they came back to the server on which they vote only after it opened."""
    other = double.guild("Buurt")
    places = tuple(f"discord:{server.channel('sport').id}" for server in (town, other))
    themes = [ThemeSection(name="Sport", places=places)]
    there = other.member("ben")
    async with plein_on(double, database, themes=themes) as plein:
        await ben.uses("sport", "poll list")
        plein.double.clock.turn(60)
        await ben.leaves()
        plein.double.clock.turn(DAY)
        await opened(plein, anna, "Een bank?", voters="members")
        plein.double.clock.turn(3600)
        ben = town.member("ben")
        if not stays:
            await there.leaves()
        plein.double.clock.turn(60)
        await ben.uses("sport", "vote", answer="1", poll=1)
        await plein.until_quiet(10)
        await plein.board("sport", "Een bank?", "Ja: 1 stem" if stays else "Nog niemand stemde", timeout=3)
