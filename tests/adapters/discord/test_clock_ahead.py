"""The machine's clock was ahead, and then is right: what was to last a moment lasts no longer."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.main.config import ThemeSection
from tests.doubles.discord import Discord, Person, Server
from tests.on_discord import DoublesClock, OnDiscord, opened, plein_on

HOUR = timedelta(hours=1)


@pytest.fixture
def ahead(monkeypatch: pytest.MonkeyPatch) -> list[timedelta]:
    """By how much Plein's clock, and not Discord's, is ahead."""
    by, true = [timedelta(0)], DoublesClock.now
    monkeypatch.setattr(DoublesClock, "now", lambda clock: true(clock) + by[0])
    return by


@pytest.mark.parametrize("hours", [1, 0], ids=["ahead", "right"])
@pytest.mark.parametrize("typed", [False, True])
async def test_who_was_put_out_is_out_though_it_was_asked_while_the_clock_was_ahead(
    double: Discord,
    database: str,
    town: Server,
    ahead: list[timedelta],
    hours: int,
    typed: bool,
) -> None:
    town.role("raad")
    raad = town.channel("raad", only=["raad", "Plein"])
    themes = [
        ThemeSection(name="Sport", places=(f"discord:{town.channel('sport').id}",)),
        ThemeSection(name="Raad", places=(f"discord:{raad.id}",)),
    ]
    chair, eva = (town.member(name, roles=["raad"]) for name in ("vera", "eva"))
    async with plein_on(double, database, themes=themes) as plein:
        await chair.uses("raad", "poll open", question="Geheim?", option="Ja | Nee", closes="3d")
        await plein.board("raad", "Geheim?")
        ahead[0] = hours * HOUR
        assert "Geheim?" in (await eva.uses(eva.dm, "poll show", poll=1)).text
        double.clock.turn(60)
        await plein.core.agenda.flush()
        ahead[0] = timedelta(0)
        double.clock.turn(60)
        await plein.core.agenda.flush()
        town.take(eva, "raad")
        double.clock.turn(1800)
        await plein.core.agenda.flush()
        if typed:
            words = await eva.says(eva.dm, "stem 1 --peiling 1")
            said = (await eva.hears(eva.dm, "peiling", after=words, timeout=10)).text
        else:
            said = (await eva.uses(eva.dm, "vote", answer="1", poll=1)).text
        await plein.until_quiet(10)
        assert "je koos Ja" not in said
        await plein.board("raad", "Geheim?", "Nog niemand stemde", timeout=3)


@pytest.mark.parametrize("hours", [1, 0], ids=["ahead", "right"])
async def test_a_limit_that_was_told_while_the_clock_was_ahead_silences_nothing_once_it_is_right(
    plein: OnDiscord, anna: Person, ahead: list[timedelta], hours: int
) -> None:
    """One refusal for a moment, of which there are some every day."""
    board = await opened(plein, anna, "Een bank?", closes="2d")
    await plein.until_quiet(60)
    ahead[0] = hours * HOUR
    limited = plein.double.faults.rate_limit("PATCH *", retry_after=1, everywhere=True)
    await anna.presses(board, "Nee")
    await plein.double.until(lambda: limited.met, timeout=10)
    await plein.core.boards.worker.done()
    ahead[0] = timedelta(0)
    for _ in range(10):
        await plein.until_quiet(60)
    await anna.presses(board, "Ja")
    for _ in range(10):
        await plein.until_quiet(60)
    await anna.says(anna.dm, "peiling lijst")
    for _ in range(10):
        await plein.until_quiet(60)
    await plein.board("sport", "Een bank?", "Ja: 1 stem", timeout=3)
    await anna.hears(anna.dm, "Een bank?", timeout=3)


@pytest.mark.parametrize("hours", [1, 0], ids=["ahead", "right"])
async def test_who_took_no_messages_while_the_clock_was_ahead_is_written_to_once_they_do(
    plein: OnDiscord, town: Server, anna: Person, ben: Person, ahead: list[timedelta], hours: int
) -> None:
    """Discord is asked once in a minute."""
    await ben.uses("sport", "poll list")
    await ben.closes_dms()
    await plein.until_quiet(60)
    ahead[0] = hours * HOUR
    await ben.says("sport", f"<@{plein.double.bot.id}> poll list")
    await plein.caught_up()
    await plein.until_quiet(5)
    ahead[0] = timedelta(0)
    ben.user.dms = True
    await plein.until_quiet(120)
    said = await ben.says("sport", f"<@{plein.double.bot.id}> help")
    await plein.caught_up()
    for _ in range(5):
        await plein.until_quiet(60)
    await ben.hears(ben.dm, "", after=said, timeout=3)
