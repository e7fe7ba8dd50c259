"""Whoever uses a command or presses a button is answered: in time, once, whatever goes wrong."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, cast

import pytest

from adapters.discord import replies
from adapters.discord.outgoing import BANNED_FOR
from bot.errors import StoreFailed
from tests.doubles.discord import Discord, Person
from tests.doubles.discord.faults import Fault
from tests.doubles.discord.interactions import FIRST_ANSWER
from tests.doubles.discord.state import Message
from tests.on_discord import OnDiscord, plein_on

ANSWER = "POST /interactions/{interaction_id}/{interaction_token}/callback"
CHANGE = "PATCH /webhooks/{webhook_id}/{webhook_token}/messages/{message_id}"


@pytest.fixture
async def ticking(tmp_path: Path) -> AsyncIterator[OnDiscord]:
    """Plein where time passes by itself: Discord waits three seconds and no more."""
    async with Discord(running=True) as double:
        double.guild("Plein").channel("sport")
        async with plein_on(double, f"sqlite:///{tmp_path}/plein.db") as plein:
            yield plein
        assert double.check_contract() == []


async def opened(plein: OnDiscord) -> Message:
    anna = plein.double.guild("Plein").member("anna")
    await anna.uses("sport", "poll open", question="Een skatebaan?", option="Ja | Nee", closes="2d")
    return await plein.board("sport", "Nog niemand stemde")


@pytest.fixture
def soon_put_off(ticking: OnDiscord, monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes longer is put off at once: Discord's three seconds are left for all that goes wrong then."""
    assert replies.ANSWER_SECONDS <= FIRST_ANSWER / 2
    monkeypatch.setattr(replies, "ANSWER_SECONDS", 0.1)


class Held:
    """The writer of the database is busy until it is let go."""

    def __init__(self, plein: OnDiscord) -> None:
        self._go = threading.Event()
        self._busy = asyncio.create_task(plein.core.store.run(lambda tx: self._go.wait(120)))

    async def let_go(self) -> None:
        self._go.set()
        await self._busy


def fails(plein: OnDiscord, monkeypatch: pytest.MonkeyPatch, times: int) -> list[int]:
    """The database fails so often from now on; how often it still will."""
    store = cast(Any, plein.core.store)
    left, run = [times], store._run

    async def moody(*work: Any) -> Any:
        if left[0]:
            left[0] -= 1
            plein.double.bell.ring()
            raise StoreFailed("away")
        return await run(*work)

    monkeypatch.setattr(store, "_run", moody)
    return left


TROUBLES: dict[str, Callable[[Discord, str], Fault]] = {
    "lost before": lambda double, route: double.faults.drop(route),
    "lost after": lambda double, route: double.faults.drop(route, after=True),
    "lost both": lambda double, route: double.faults.drop(route, 2, after=True),
    "500": lambda double, route: double.faults.answer(500, route),
    "502 as a page": lambda double, route: double.faults.html(route),
    "503": lambda double, route: double.faults.answer(503, route),
    "429": lambda double, route: double.faults.rate_limit(route, 2),
    "429 of everything": lambda double, route: double.faults.rate_limit(route, everywhere=True),
    "banned": lambda double, route: double.faults.rate_limit(route, 2, via=False),
    "garbage": lambda double, route: double.faults.garbage(route, 2),
}


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_trouble_with_the_answer(ticking: OnDiscord, trouble: str) -> None:
    board = await opened(ticking)
    ben = ticking.double.guild("Plein").member("ben")
    fault = TROUBLES[trouble](ticking.double, ANSWER)
    answer = await ben.presses(board, "Ja")
    assert "je koos Ja" in answer.text
    assert len(answer.messages) == 1
    assert fault.met
    if trouble == "banned":
        # Until that is over nothing else is said or shown.
        await ticking.turn(BANNED_FOR)
    await ticking.board("sport", "Ja: 1 stem")


@pytest.mark.usefixtures("soon_put_off")
@pytest.mark.parametrize("trouble", TROUBLES)
async def test_trouble_with_an_answer_that_was_put_off(ticking: OnDiscord, trouble: str) -> None:
    board = await opened(ticking)
    ben = ticking.double.guild("Plein").member("ben")
    held = Held(ticking)
    first, later = TROUBLES[trouble](ticking.double, ANSWER), TROUBLES[trouble](ticking.double, CHANGE)
    answer = await ben.presses(board, "Ja", final=False)
    assert answer.deferred
    await held.let_go()
    assert "je koos Ja" in (await answer.final()).text
    assert first.met
    assert later.met
    assert len(answer.messages) == 1


@pytest.mark.usefixtures("soon_put_off")
async def test_a_form_that_had_to_wait_is_opened_with_one_more_press(
    ticking: OnDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = ticking.double.guild("Plein").member("anna")
    await anna.uses("sport", "poll open", question="Welke?", option="Ja | Nee | Later", kind="ranked")
    board = await ticking.board("sport", "Welke?")
    held = Held(ticking)
    asked = await anna.presses(board, "Zet in volgorde", final=False)
    await held.let_go()
    assert "Druk op de knop" in (await asked.final()).text
    monkeypatch.undo()  # the form itself has all the time that Discord gives
    form = await anna.presses(asked.message, "Zet in volgorde")
    order = {"Plaats 1": "Nee", "Plaats 2": "Ja", "Plaats 3": "Later"}
    assert "je koos" in (await anna.submits(form, order)).text


@pytest.mark.usefixtures("soon_put_off")
async def test_a_slow_database_is_covered_for(ticking: OnDiscord) -> None:
    """Commands, buttons and forms alike; the real answer follows, and was done once."""
    board = await opened(ticking)
    town = ticking.double.guild("Plein")
    anna, ben, carl = town.member("anna"), town.member("ben"), town.member("carl")
    held = Held(ticking)
    answers = await asyncio.gather(
        ben.presses(board, "Nee", final=False),
        anna.uses("sport", "poll list", final=False),
        carl.uses("sport", "vote", answer="2", final=False),
    )
    assert all(answer.deferred for answer in answers)
    await held.let_go()
    said = [(await answer.final()).text for answer in answers]
    assert "je koos Nee" in said[0]
    assert "Een skatebaan?" in said[1]
    assert "je koos Nee" in said[2]
    await ticking.board("sport", "Nee: 2 stemmen")


async def test_200_at_once(tmp_path: Path) -> None:
    """In three seconds of our own work, however much else the machine has to do."""
    async with Discord(running=True, pace=time.process_time) as double:
        town = double.guild("Plein")
        town.channel("sport")
        people = [town.member(f"inwoner{number}") for number in range(200)]
        async with plein_on(double, f"sqlite:///{tmp_path}/plein.db") as plein:
            board = await opened(plein)
            answers = await asyncio.gather(*(person.presses(board, "Ja", timeout=60) for person in people))
            assert all("je koos Ja" in answer.text for answer in answers)
            await plein.board("sport", "Ja: 200 stemmen")


@pytest.mark.parametrize("times", [1, 2, 3])
async def test_a_database_that_fails_for_a_moment(
    plein: OnDiscord, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    """Whatever it fails at: what was done, or the language to say it in."""
    board = await opened(plein)
    ben = plein.double.guild("Plein").member("ben")
    await plein.until_quiet()
    left = fails(plein, monkeypatch, times)
    answer = await ben.presses(board, "Ja")
    assert "je koos Ja" in answer.text
    assert left == [0]
    await plein.board("sport", "Ja: 1 stem")


async def test_a_database_that_fails_for_longer(plein: OnDiscord, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said that nothing has changed, in the language of their Discord."""
    board = await opened(plein)
    ben = plein.double.guild("Plein").member("ben")
    await plein.until_quiet()
    left = fails(plein, monkeypatch, 1000)
    answer = await ben.presses(board, "Ja")
    assert "Dat lukt nu even niet" in answer.text
    assert answer.ephemeral
    left[0] = 0
    assert "je koos Ja" in (await ben.presses(board, "Ja")).text


async def test_a_database_that_fails_while_somebody_writes(
    plein: OnDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Discord does not say it again: it is kept as soon as it can be, in order."""
    await opened(plein)
    anna = plein.double.guild("Plein").member("anna")
    await plein.until_quiet()
    fails(plein, monkeypatch, 4)
    for choice in (1, 2):
        await anna.says("sport", f"<@{plein.double.bot.id}> stem {choice}")
    await anna.hears(anna.dm, "je koos eerst Ja, nu Nee")
    await plein.board("sport", "Nee: 1 stem", "1 persoon")


async def test_a_database_that_fails_when_plein_comes(
    double: Discord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with plein_on(double, f"sqlite:///{tmp_path}/plein.db", ready=False) as plein:
        left = fails(plein, monkeypatch, 6)
        await plein.caught_up()
        assert left == [0]
        await opened(plein)


async def test_suggestions_under_trouble_do_no_harm(
    plein: OnDiscord, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """None come, nothing else happens; the next letter typed brings them again."""
    await opened(plein)
    anna, double = plein.double.guild("Plein").member("anna"), plein.double
    await plein.until_quiet()
    left = fails(plein, monkeypatch, 1)
    await stays_silent(double, anna, lambda: not left[0])
    monkeypatch.undo()
    for trouble in ("lost before", "503", "garbage"):
        fault = TROUBLES[trouble](double, ANSWER)
        await stays_silent(double, anna, lambda fault=fault: fault.met)  # type: ignore[misc]
        double.faults.clear()
    assert await anna.completes("sport", "vote", "poll", "skate")
    assert "Traceback" not in caplog.text


async def stays_silent(double: Discord, person: Person, met: Callable[[], bool]) -> None:
    """They see nothing offered in Discord's three seconds, and can type on."""
    typing = asyncio.create_task(person.completes("sport", "vote", "poll", "skate"))
    await asyncio.sleep(0)
    await double.until(met)
    double.clock.turn(4)
    with pytest.raises(AssertionError, match="did not respond"):
        await typing


async def test_typing_alone_makes_no_place(plein: OnDiscord) -> None:
    anna = plein.double.guild("Plein").member("anna")
    await anna.completes("general", "vote", "poll", "skate")
    assert not await plein.core.places(plein.adapter.account)


async def test_plein_stops_only_after_the_last_answers(double: Discord, tmp_path: Path) -> None:
    town = double.guild("Plein")
    anna = town.member("anna")
    async with plein_on(double, f"sqlite:///{tmp_path}/plein.db") as plein:
        board = await opened(plein)
        held = double.faults.hold(ANSWER)
        pressing = asyncio.create_task(anna.presses(board, "Ja"))
        await held.reached.wait()
        plein.running.cancel()
        await asyncio.sleep(0)
        held.release()
        answer = await pressing
        await asyncio.gather(plein.running, return_exceptions=True)
    assert "je koos Ja" in answer.text


async def test_in_private_while_discord_does_not_say_who_they_are(plein: OnDiscord) -> None:
    """It is asked again, and not taken for nobody."""
    await opened(plein)
    ben = plein.double.guild("Plein").member("ben")
    fault = plein.double.faults.answer(503, "GET /guilds/{guild_id}/members/{user_id}", 3)
    await ben.says(ben.dm, "stem 1")
    await ben.hears(ben.dm, "je koos Ja")
    assert fault.times == 0
