"""What people say across Discord's double and a real homeserver, carried by Plein, and by the least that can.

Each has a double, a channel and a room to itself on one homeserver, with no limits on either platform, and
they take turns. And the map of a million messages, beside an empty one.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import itertools
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import psutil

from bench.figures import Figure, by_turns, compare, p95
from bench.start import Started
from bot.main.features import stores_of
from bot.model.carried import Copy
from bot.model.people import Identity, Place
from bot.ports.storage import Transaction
from storage.engines import Database, open_database
from tests.doubles.discord import Discord
from tests.doubles.discord import Person as Member
from tests.doubles.discord.state import Channel
from tests.homeserver import PASSWORD, Homeserver, Person, shown

TURNS, BURST, EACH = 5, 60, 20
BESIDE = "bare copy-text relay"
MARK = "zin"
MANY, PAGE, CARRIED = 1_000_000, 5_000, 500
HERE, THERE, SPEAKER = Place("a", "sport"), Place("b", "sport"), Identity("a", "anna")
NOW, FIRST = datetime(2026, 12, 1, tzinfo=UTC), 1_312_345_678_901_234_567
_numbers = itertools.count()


@dataclass
class Relay:
    """A relay between a channel and a room, and somebody in each."""

    double: Discord
    channel: Channel
    member: Member
    room: str
    neighbour: Person
    process: psutil.Process
    said: Iterator[int] = field(default_factory=itertools.count)

    async def to_matrix(self, messages: int) -> float:
        """Seconds until the last of these is there."""
        words = [f"{MARK} {next(self.said)}" for _ in range(messages)]
        begun = time.perf_counter()
        for line in words:
            await self.member.says(self.channel, line)
        await self.neighbour.wait_for(
            self.room, lambda event: str(event["content"].get("body", "")).endswith(words[-1])
        )
        return time.perf_counter() - begun

    async def to_discord(self, messages: int) -> float:
        words = [f"{MARK} {next(self.said)}" for _ in range(messages)]
        begun = time.perf_counter()
        for line in words:
            await self.neighbour.say(self.room, line)
        await self.double.until(partial(self._shows, words[-1]), timeout=120)
        return time.perf_counter() - begun

    def _shows(self, words: str) -> bool:
        last = list(self.channel.messages.values())[-5:]
        return any(message.webhook_id and message.content.endswith(words) for message in last)

    async def turn(self) -> dict[str, list[float]]:
        """Messages a second and milliseconds for one, each way; milliseconds of CPU a message, and MiB."""
        found = {
            "to Matrix": [1000 * await self.to_matrix(1) for _ in range(EACH)],
            "to Discord": [1000 * await self.to_discord(1) for _ in range(EACH)],
        }
        before = self._cpu()
        found["burst to Matrix"] = [BURST / await self.to_matrix(BURST)]
        found["burst to Discord"] = [BURST / await self.to_discord(BURST)]
        found["cpu"] = [1000 * (self._cpu() - before) / (2 * BURST)]
        found["rss"] = [self.process.memory_info().rss / 1024**2]
        return found

    def _cpu(self) -> float:
        spent = self.process.cpu_times()
        return float(spent.user + spent.system)


@contextlib.asynccontextmanager
async def running(server: Homeserver, folder: Path, *, ours: bool) -> AsyncIterator[Relay]:
    """One that has carried something each way already."""
    name = "plein" if ours else "bare"
    async with Discord(running=True) as double:
        town = double.guild("Plein")
        channel, member = town.channel("sport"), town.member("ann")
        neighbour, user_id = await server.person(f"ann-{name}"), await server.register(f"relay-{name}")
        room = await neighbour.create_room(public=True, invite=[user_id])
        certificate = folder / "discord.pem"
        await asyncio.to_thread(certificate.write_text, double.certificate, "utf-8")
        how = (double, certificate, channel, server, user_id, folder, room)
        started = _plein(*how, member, neighbour) if ours else _bare(*how)
        await started.start()
        assert started.process
        drain = asyncio.create_task(started.process.communicate())
        relay = Relay(double, channel, member, room, neighbour, psutil.Process(started.process.pid))
        try:
            if ours:
                await _switch_on(relay, user_id)
            await relay.to_matrix(1)
            await relay.to_discord(1)
            yield relay
        finally:
            started.process.terminate()
            await drain


async def _switch_on(relay: Relay, user_id: str) -> None:
    """Once Plein is in the room, and knows that it is."""

    async def there() -> bool:
        return (await relay.neighbour.members(relay.room)).get(user_id) == "join"

    await relay.neighbour.wait_until(there)
    while not await _begun(relay):
        await relay.neighbour.say(relay.room, "!relay on")
        await asyncio.sleep(1)


async def _begun(relay: Relay) -> bool:
    return any("From now on" in each.body for each in shown(await relay.neighbour.history(relay.room)))


def _plein(
    double: Discord,
    certificate: Path,
    channel: Channel,
    server: Homeserver,
    user_id: str,
    folder: Path,
    room: str,
    member: Member,
    neighbour: Person,
) -> Started:
    config = folder / "config.toml"
    config.write_text(
        f"""
[community]
language = "en"

[database]
url = "sqlite:///{folder}/plein.db"

[relay]
on = true

[discord]

[matrix]
homeserver = "{server.url}"
user = "{user_id}"
store = "{folder}/matrix"

[[residents]]
name = "Ann"
role = "moderator"
accounts = ["discord:{member.id}", "matrix:{neighbour.user_id}"]

[[themes]]
name = "Sport"
places = ["discord:{channel.id}", "matrix:{room}"]
""",
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "tests.doubles.discord.plein"]
    command += [str(double.port), str(certificate), str(config)]
    secrets = {"PLEIN_DISCORD_TOKEN": double.token, "PLEIN_MATRIX_PASSWORD": PASSWORD}
    return Started(command, "Reading along on Discord", secrets)


def _bare(
    double: Discord,
    certificate: Path,
    channel: Channel,
    server: Homeserver,
    user_id: str,
    folder: Path,
    room: str,
) -> Started:
    where = (str(double.port), str(certificate), double.token, channel.id)
    command = [sys.executable, "-m", "bench.minimal_relay", *where]
    return Started([*command, server.url, user_id, str(folder), room], "ready", {"BOT_PASSWORD": PASSWORD})


async def measure() -> list[Figure]:
    with tempfile.TemporaryDirectory() as name:
        folders = [Path(name) / part for part in ("server", "ours", "theirs")]
        for folder in folders:
            folder.mkdir()
        async with (
            await Homeserver.start(folders[0]) as server,
            running(server, folders[1], ours=True) as ours,
            running(server, folders[2], ours=False) as theirs,
        ):
            our_turns, their_turns = await by_turns(ours.turn, theirs.turn, runs=TURNS)
    return [*_figures(our_turns, their_turns), *await _map()]


def _figures(
    ours: Sequence[dict[str, list[float]]], theirs: Sequence[dict[str, list[float]]]
) -> list[Figure]:
    def of(turns: Sequence[dict[str, list[float]]], what: str) -> list[list[float]]:
        return [turn[what] for turn in turns]

    found = [
        compare(
            f"relay {way}: one message, {named}",
            "ms",
            [part(each) for each in of(ours, way)],
            BESIDE,
            [part(each) for each in of(theirs, way)],
            bound,
        )
        for way in ("to Matrix", "to Discord")
        for named, part, bound in (("p50", statistics.median, "at most 1.5"), ("p95", p95, "at most 2"))
    ]
    for what, title, unit, bound in (
        ("burst to Matrix", f"relay: {BURST} messages at once to Matrix", "a second", "at least 0.5"),
        (
            "burst to Discord",
            f"relay: {BURST} messages one after the other to Discord",
            "a second",
            "at least 0.5",
        ),
        ("cpu", "relay: CPU a message", "ms", "at most 3"),
        ("rss", "relay: memory", "MiB", "at most 1.3"),
    ):
        values = ([each[0] for each in of(turns, what)] for turns in (ours, theirs))
        found.append(compare(title, unit, next(values), BESIDE, next(values), bound))
    return found


# --- the map ---


async def _map() -> list[Figure]:
    with tempfile.TemporaryDirectory() as name:
        full, empty = await _filled(Path(name) / "full", MANY), await _filled(Path(name) / "empty", 0)
        try:
            ours, theirs = await by_turns(partial(_carry, full), partial(_carry, empty), runs=TURNS)
        finally:
            await asyncio.gather(full.close(), empty.close())
    title = f"relay: a message noted in both places and found by either, {MANY:,} in the map"
    return [compare(title, "us CPU", ours, "an empty one", theirs, "at most 1.1")]


async def _filled(folder: Path, messages: int) -> Database:
    await asyncio.to_thread(folder.mkdir)
    store = await open_database(f"sqlite:///{folder}/plein.db", None, stores_of())
    for start in range(0, messages, PAGE):
        await store.run(partial(_fill, start, start + PAGE))
    return store


def _fill(start: int, end: int, tx: Transaction) -> None:
    for number in range(start, end):
        _note(tx, number)


def _note(tx: Transaction, number: int) -> None:
    """Said in one place, and standing in the other."""
    event = "$" + base64.urlsafe_b64encode(hashlib.sha256(str(number).encode()).digest()).decode().rstrip("=")
    at = NOW + timedelta(seconds=number)
    message = tx.copies.said(HERE, str(FIRST + (number << 24)), SPEAKER, at, None, at)
    copy = Copy(message, THERE, THERE.platform, None, "")
    tx.copies.note(copy, 0, event)


async def _carry(store: Database) -> float:
    """Microseconds of CPU for one, each in a transaction of its own as it is while people talk."""
    start = next(_numbers) * CARRIED + 2 * MANY
    begun = time.process_time()

    def work(number: int, tx: Transaction) -> None:
        _note(tx, number)
        assert tx.copies.at(HERE, str(FIRST + (number << 24)))

    for number in range(start, start + CARRIED):
        await store.run(partial(work, number))
    return 1e6 * (time.process_time() - begun) / CARRIED
