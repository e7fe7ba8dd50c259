"""The connection: refused, broken, closed and given up by the library, Plein comes back by itself.

Only what nobody but a person can mend ends it, with a word about what to do.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from adapters.discord.gateway import NotLetIn
from tests.doubles.discord import Discord
from tests.doubles.discord.faults import Fault
from tests.doubles.discord.state import Message
from tests.on_discord import OnDiscord, Process, plein_on

COMMANDS = "PUT /applications/{application_id}/commands"


async def answers(plein: OnDiscord, name: str = "anna") -> None:
    """Plein is there: it answers somebody, and hears what is said to it."""
    anna = plein.double.guild("Plein").member(name)
    assert (await anna.uses("sport", "poll list")).ephemeral
    await asks(plein, name)


async def asks(plein: OnDiscord, name: str = "anna") -> Message:
    anna = plein.double.guild("Plein").member(name)
    asked = await anna.says("sport", f"<@{plein.double.bot.id}> peiling lijst")
    return await anna.hears(anna.dm, "peiling", after=asked)


def closings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What Plein's log says of connections that ended."""
    said = [record.getMessage() for record in caplog.records if record.name.startswith("adapters.discord")]
    return [words for words in said if "connection ended" in words]


async def test_the_gateway_refused_at_first(double: Discord, tmp_path: Path) -> None:
    double.gateway.refuse()
    async with plein_on(double, f"sqlite:///{tmp_path}/plein.db", ready=False) as plein:
        await double.until(lambda: double.gateway.turned_away >= 3)
        double.gateway.accept()
        await plein.caught_up()
        await answers(plein)


async def test_a_malformed_event(double: Discord, plein: OnDiscord) -> None:
    """It ends the library's client. What it would have said is read from the history."""
    double.faults.events.garble("MESSAGE_CREATE")
    await asks(plein)
    assert double.gateway.identified == 2
    await answers(plein, "ben")


@pytest.mark.parametrize("resumable", [True, False])
async def test_an_invalid_session(double: Discord, plein: OnDiscord, resumable: bool) -> None:
    await double.gateway.invalidate(resumable=resumable)
    await asks(plein)
    assert (double.gateway.identified, double.gateway.resumed) == ((1, 1) if resumable else (2, 0))
    await answers(plein, "ben")


@pytest.mark.parametrize("code", [1000, 1001, 1011, 4000, 4001, 4002, 4007, 4008, 4009])
async def test_closed_by_discord(
    double: Discord, plein: OnDiscord, code: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await double.gateway.close(code)
    await asks(plein)
    assert closings(caplog) == [f"Discord's connection ended ({code})"]
    await answers(plein, "ben")


@pytest.mark.parametrize("forgotten", [True, False])
async def test_a_broken_connection(double: Discord, plein: OnDiscord, forgotten: bool) -> None:
    """Without a word, which is 1006; the session may be over by then."""
    await double.gateway.drop()
    if forgotten:
        double.gateway.forget()
    await asks(plein)
    await answers(plein, "ben")


async def test_an_order_to_connect_anew(double: Discord, plein: OnDiscord) -> None:
    await double.gateway.reconnect()
    await asks(plein)
    assert double.gateway.resumed == 1


async def test_discord_away_at_the_start(double: Discord, tmp_path: Path) -> None:
    await double.go_away()
    async with plein_on(double, f"sqlite:///{tmp_path}/plein.db", ready=False) as plein:
        assert (await plein.clock.paused(9))[:9] == [2, 4, 8, 16, 32, 64, 128, 256, 300]
        await double.come_back()
        await plein.caught_up()
        await answers(plein)


async def test_discord_away_for_a_while(double: Discord, plein: OnDiscord) -> None:
    await double.go_away()
    await double.come_back()
    await answers(plein)


TROUBLES: dict[str, Callable[[Discord], Fault]] = {
    "500": lambda double: double.faults.answer(500, "GET /users/@me"),
    "503 as a page": lambda double: double.faults.html("GET /users/@me", 2, status=503),
    "a page instead of an answer": lambda double: double.faults.html("GET /users/@me", 2, status=200),
    "garbage": lambda double: double.faults.garbage("GET /users/@me", 2),
    "garbage after that": lambda double: double.faults.garbage("GET /oauth2/applications/@me", 2),
    "lost": lambda double: double.faults.drop("GET /users/@me", 2),
    "banned": lambda double: double.faults.rate_limit("GET /users/@me", 2, via=False),
    "403": lambda double: double.faults.answer(403, "GET /users/@me", 2),
    "503 to the commands": lambda double: double.faults.answer(503, COMMANDS, 2),
    "commands lost": lambda double: double.faults.drop(COMMANDS, 2, after=True),
}


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_trouble_at_login(double: Discord, tmp_path: Path, trouble: str) -> None:
    fault = TROUBLES[trouble](double)
    async with plein_on(double, f"sqlite:///{tmp_path}/plein.db") as plein:
        # Nobody waits until the commands are told.
        await double.until(lambda: fault.times == 0 and double.bot.commands)
        assert fault.met
        await answers(plein)


@pytest.mark.parametrize("wait", [None, 3600.0])
async def test_commands_that_discord_does_not_take_keep_nobody_away(
    double: Discord, tmp_path: Path, wait: float | None
) -> None:
    """Too many changes in a day: those that it knew still work, and the next start tries again."""
    if wait:
        double.faults.rate_limit(COMMANDS, retry_after=wait)
    else:
        double.faults.answer(400, COMMANDS, body={"message": "too many", "code": 30034})
    async with plein_on(double, f"sqlite:///{tmp_path}/plein.db") as plein:
        await asks(plein)
    async with plein_on(double, f"sqlite:///{tmp_path}/plein.db") as plein:
        await answers(plein)
    async with plein_on(double, f"sqlite:///{tmp_path}/plein.db") as plein:
        await answers(plein)
    assert len(double.calls_to(*COMMANDS.split())) == 2


# --- what only a person can mend ---


async def test_a_wrong_token(double: Discord, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(NotLetIn, match="PLEIN_DISCORD_TOKEN") as stopped:
        async with plein_on(double, f"sqlite:///{tmp_path}/plein.db", token="wrong-and-secret"):
            pass
    assert "wrong-and-secret" not in f"{stopped.value!r} {caplog.text}"
    assert len(double.calls_to("GET", "/users/@me")) == 1


@pytest.mark.parametrize(
    ("code", "what_to_do"),
    [
        (4004, "PLEIN_DISCORD_TOKEN"),
        (4010, "shard_count"),
        (4011, "shard_count"),
        (4012, "newer Plein"),
        (4013, "newer Plein"),
        (4014, "intents"),
    ],
)
@pytest.mark.parametrize("sharded", [False, True])
async def test_never_let_in_again(
    double: Discord,
    database: str,
    code: int,
    what_to_do: str,
    sharded: bool,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    shards: dict[str, Any] = {"shards": (0, 1), "shard_count": 2} if sharded else {}
    async with plein_on(double, database, **shards) as plein:
        await double.gateway.bar(code)
        with pytest.raises(NotLetIn, match=what_to_do) as stopped:
            await asyncio.wait_for(plein.running, 60)
    assert f"Discord's connection ended ({code})" in closings(caplog)
    assert double.token not in repr(stopped.value)


@pytest.mark.parametrize("how", ["401", "4004", "4014"])
async def test_the_process_ends_with_a_word(tmp_path: Path, how: str) -> None:
    async with Discord(running=True) as double:
        double.guild("Plein")
        plein = Process.at(double, tmp_path, token="wrong-and-secret" if how == "401" else "")
        await plein.start(ready=how != "401")
        if how != "401":
            await double.gateway.bar(int(how))
        assert await plein.ended() == 1
    said = "\n".join(plein.log)
    assert "Plein stops" in said
    assert "https://discord.com/developers/applications" in said
    assert "Traceback" not in said
    assert "secret" not in said
    assert double.token not in said
