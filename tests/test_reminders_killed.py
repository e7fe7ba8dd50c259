"""SIGKILL at random moments, while a thousand reminders fall due: none is lost, and none is said twice.

What was said is read from the platform alone: a room's history, the double's messages, the console's record.
Who takes no private messages and what opens too fast hold up nobody else.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from bot.clock import HandClock
from bot.core import PleinCore
from bot.main.app import open_core
from bot.main.config import load
from bot.main.features import add_up
from bot.model.events import Invocation
from bot.model.people import Identity, Place
from storage.schema import upgrade
from tests.doubles.console import recorded
from tests.doubles.discord import Discord, Server
from tests.doubles.discord import Person as OnDiscord
from tests.doubles.proxy import Proxy
from tests.homeserver import PASSWORD, Homeserver, shown
from tests.homeserver import Person as Neighbour
from tests.on_discord import Process
from tests.plein import Plein
from tests.town import Resident, Town, numbers

PATIENCE = 300  # seconds: it is only a guard against waiting for ever
LIVES_ON = 1.0  # seconds at most, once it reads along
SECONDS_TO_ASK = 0.02  # what it takes to plan one
AN_HOUR = timedelta(hours=1)
PLANNED_BEFORE = 2 * AN_HOUR
# What says in a reminder which one it is, and with which words the theme is told of a meeting.
LABEL = re.compile(r"(?:Raad|Ding) \d+\.")
PRIVATE, ALOUD = ("Je vroeg me", "” begint"), ("Binnenkort: ",)
# What planning them is answered with.
ANSWERS = ("help.title", "reminders.", "meeting.planned", "meeting.receipt.you", "reminder.set.me")
# Discord says so twice in each life, and after that so many seconds nobody new is written to.
TOO_FAST = {"message": "You are opening direct messages too fast", "code": 40003}
RESTS = "3"
CONFIG = """
[polls]
quiet = ""

[[residents]]
name = "Mo"
role = "moderator"
accounts = ["{platform}:{mo}"]
"""


@dataclass(frozen=True)
class Who:
    """Somebody who comes to every meeting. `mentioned`: they hear of these in the theme. Not `reachable`:
    they take nothing in private.
    """

    account: Identity
    mentioned: bool = False
    reachable: bool = True


@dataclass(frozen=True)
class Reminder:
    """What was said, to whom (nobody: to all in the theme), with whom it named."""

    to: str
    label: str
    named: frozenset[str] = frozenset()


@dataclass
class Scene:
    """Plein on one platform, with its people in one theme. Where nothing else is said, nothing goes wrong."""

    plein: Plein
    account: str
    room: Place
    people: Sequence[Who]
    mo: Identity

    async def said(self) -> list[Reminder]:
        """Every reminder that stands there, as often as it does."""
        raise NotImplementedError

    async def until(self, true: Callable[[], Awaitable[bool]]) -> None:
        """Once that is so."""
        raise NotImplementedError

    def go_wrong(self) -> None:
        """Something does in the next life."""

    def mend(self) -> None:
        """Nothing does any more."""


def reminder(to: str, words: str, named: Sequence[str] = ()) -> Iterator[Reminder]:
    """What it is, if it is one."""
    label = LABEL.search(words)
    if label and any(said in words for said in (PRIVATE if to else ALOUD)):
        yield Reminder(to, label[0], frozenset(named))


def among(people: Sequence[Who]) -> list[Who]:
    """Each third of them is mentioned in the theme."""
    return [replace(who, mentioned=number % 3 == 2) for number, who in enumerate(people)]


# --- what falls due ---


class Planning:
    """What people ask of Plein while it runs in the test itself, two hours before it falls due."""

    def __init__(self, at: Scene, core: PleinCore, clock: HandClock) -> None:
        self._at = at
        self._core = core
        self._clock = clock
        self._numbers = itertools.count(1)

    async def ask(
        self, who: Identity, words: str | None, *, aloud: bool = False, command: str = "", **args: Any
    ) -> None:
        asked = Invocation(
            f"{who.platform}:before {next(self._numbers)}",
            who,
            who.user_id,
            self._at.room if aloud else None,
            self._clock.now(),
            typed=words,
            command=command,
            args=args,
            account=self._at.account,
        )
        answer = await self._core.handle(asked)
        assert answer
        assert answer.words[0].key.startswith(ANSWERS), answer

    async def come(self) -> None:
        """Everybody is in the theme; also by a platform that forgets that where it ends."""
        for who in self._at.people:
            await self.ask(who.account, "!help", aloud=True)

    async def wish(self) -> None:
        for who in self._at.people:
            await self.ask(who.account, f"!herinneringen {'vermelding' if who.mentioned else 'privé'}")

    async def meeting(self, number: int, due: datetime) -> list[Reminder]:
        """Everybody comes to one of which they are reminded then."""
        self._clock.turn_to(due - PLANNED_BEFORE)
        called = f"Raad {number}."
        args: dict[str, Any] = {"called": called, "begins": (due + AN_HOUR).isoformat(), "place": "Zaal"}
        args |= {"remind": "3600 seconds", "sure": True}
        await self.ask(self._at.mo, None, aloud=True, command="meeting plan", **args)
        for who in self._at.people:
            await self.ask(who.account, f"!kom ter plaatse --bijeenkomst {number}", aloud=True)
        told = [who for who in self._at.people if who.reachable and not who.mentioned]
        named = (who.account.user_id for who in self._at.people if who.reachable and who.mentioned)
        aloud = Reminder("", called, frozenset(named))
        return [aloud, *(Reminder(who.account.user_id, called) for who in told)]

    async def own(self, who: Who, number: int, due: datetime) -> list[Reminder]:
        """They asked for it themselves."""
        self._clock.turn_to(due - PLANNED_BEFORE)
        label = f"Ding {number}."
        await self.ask(who.account, None, command="remind me", due=due.isoformat(), what=label)
        return [Reminder(who.account.user_id, label)] if who.reachable else []


async def plan(at: Scene, meetings: int, own: int, first: datetime, lasts: timedelta) -> Counter[Reminder]:
    """What is to be said: so many meetings, and so many reminders of each person, fall due in that time."""
    clock, wanted = HandClock(first - PLANNED_BEFORE), Counter[Reminder]()
    secrets = {"PLEIN_MATRIX_PASSWORD": PASSWORD} if at.room.platform == "matrix" else {}
    config = load(at.plein.folder / "config.toml", add_up(), secrets)
    async with open_core(config, clock) as core:
        # Perhaps it was killed before it said so itself.
        await core.joined(at.account, at.room, "sport")
        planning = Planning(at, core, clock)
        await planning.come()
        await planning.wish()
        every = -(-own // meetings)
        for number in range(own):
            due = first + number * lasts / own
            if number % every == 0:
                wanted.update(await planning.meeting(number // every + 1, due))
            for place, who in enumerate(at.people):
                later = place * lasts / own / len(at.people)
                wanted.update(await planning.own(who, number + 1, due + later))
        clock.turn_to(datetime.now(UTC))
        await planning.come()
    return wanted


async def reminded_through_crashes(at: Scene, kills: int, meetings: int, own: int, seed: int) -> None:
    chance = random.Random(seed)
    await upgrade(at.plein.database)
    await at.plein.start()  # which makes what later ones find
    await at.plein.kill()
    start = await at.plein.seconds_to_start()
    await at.plein.kill()
    # They fall due while it is killed again and again, and are planned before that.
    soon = timedelta(seconds=SECONDS_TO_ASK * (meetings + own) * len(at.people))
    lasts = timedelta(seconds=kills * (start + LIVES_ON / 2))
    due = datetime.now(UTC) + soon
    wanted = await plan(at, meetings, own, due, lasts)
    # Where planning them was quicker than that, nothing falls due before this.
    await asyncio.sleep(max((due - datetime.now(UTC)).total_seconds(), 0))
    for number in range(1, kills + 1):
        at.go_wrong()
        if number % 4:
            await at.plein.lives_shortly(chance, LIVES_ON)
        else:
            await at.plein.dies_young(chance, start)
    assert await at.said(), "nothing was said between the kills"
    at.mend()
    await at.plein.start()

    async def all_said() -> bool:
        return not wanted - Counter(await at.said())

    try:
        await at.until(all_said)
    except (AssertionError, TimeoutError) as late:
        missing = wanted - Counter(await at.said())
        log = "\n".join(at.plein.log[-30:])
        raise AssertionError(f"{missing.total()} were never said: {[*missing][:10]}\n{log}") from late
    await at.plein.kill()
    twice = Counter(await at.said()) - wanted
    assert not twice, f"{twice.total()} were said twice, or wrong: {[*twice][:10]}"


# --- on the console ---


class AtConsole(Plein):
    """One that remembers what it showed."""

    @property
    def record(self) -> Path:
        return self.folder / "record"

    @property
    def _command(self) -> list[str]:
        return ["tests.doubles.console", str(self.folder / "config.toml"), str(self.record)]

    @property
    def _secrets(self) -> dict[str, str]:
        return {}


class OnConsole(Scene):
    plein: AtConsole

    @classmethod
    def there(cls, folder: Path, count: int) -> OnConsole:
        plein = AtConsole(folder, "", f"sqlite:///{folder}/plein.db")
        lines = (f'[database]\nurl = "{plein.database}"', CONFIG.format(platform="console", mo="mo@dorp"))
        (folder / "config.toml").write_text("\n".join(lines), encoding="utf-8")
        people = [Who(Identity("console", f"p{number}@dorp")) for number in range(count)]
        room = Place("console", "dorp/sport")
        return cls(plein, "console", room, among(people), Identity("console", "mo@dorp"))

    async def said(self) -> list[Reminder]:
        return [
            found
            for line in recorded(self.plein.record)
            for found in reminder(self._whom(line["where"]), "\n".join(line["words"]), line["mentions"])
        ]

    def _whom(self, where: str) -> str:
        label, _, name = where.partition(" > ")
        return f"{name}@{label}" if name else ""

    async def until(self, true: Callable[[], Awaitable[bool]]) -> None:
        while not await true():
            await self.plein.says("Said something", after=len(self.plein.log), timeout=PATIENCE)


# --- on Discord ---


class Impatient(Process):
    """One that tries again after seconds to write to people whom it wrote to too fast, not after minutes."""

    @property
    def _command(self) -> list[str]:
        return [*super()._command, RESTS]


@dataclass
class OnDouble(Scene):
    town: Server
    here: Sequence[OnDiscord]

    @classmethod
    async def there(cls, double: Discord, folder: Path, count: int) -> OnDouble:
        town = double.guild("Plein")
        channel, mo = town.channel("sport"), town.member("mo")
        here = [town.member(f"p{number}") for number in range(count)]
        for closed in here[1::7]:
            await closed.closes_dms()
        people = [Who(Identity("discord", person.id), reachable=person.user.dms) for person in here]
        plein = Impatient.at(double, folder, more=CONFIG.format(platform="discord", mo=mo.id))
        room, account = Place("discord", channel.id), f"discord:{double.bot.id}"
        return cls(plein, account, room, among(people), Identity("discord", mo.id), town, here)

    async def said(self) -> list[Reminder]:
        there = self.town.channel("sport").messages.values()
        aloud = [
            found
            for message in there
            if message.author.bot
            # Who takes nothing in private may be named instead, once that is known.
            for found in reminder("", message.text, [user.id for user in message.mentions if user.dms])
        ]
        alone = [
            found
            for person in self.here
            for message in person.dm.messages.values()
            if message.author.bot
            for found in reminder(person.id, message.text)
        ]
        return [*aloud, *alone]

    async def until(self, true: Callable[[], Awaitable[bool]]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not await true():
                await self.town.discord.until(partial(self.is_at_work, len(self.town.discord.calls)))

    def is_at_work(self, before: int) -> bool:
        """Whether Plein asked something since."""
        return len(self.town.discord.calls) > before

    def go_wrong(self) -> None:
        faults = self.town.discord.faults
        faults.clear()
        faults.answer(403, "POST /users/@me/channels", times=2, body=TOO_FAST)
        faults.drop("POST /channels/{channel_id}/messages", after=True)

    def mend(self) -> None:
        self.town.discord.faults.clear()


# --- on Matrix ---


@dataclass
class OnHomeserver(Scene):
    proxy: Proxy
    organiser: Neighbour
    residents: Sequence[Resident]

    @classmethod
    async def there(cls, server: Homeserver, proxy: Proxy, folder: Path, count: int) -> OnHomeserver:
        mo = await server.person(f"mo{next(numbers)}")
        more = CONFIG.format(platform="matrix", mo=mo.user_id)
        plein = await Plein.on(server, folder, f"plein{next(numbers)}", url=proxy.url, more=more)
        town = Town(server, plein)
        residents = [await town.resident("p") for _ in range(count)]
        sport = await town.room(mo, *(each.person for each in residents))
        await plein.kill()
        people = among([Who(Identity("matrix", each.person.user_id)) for each in residents])
        account, room = f"matrix:{plein.user_id}", Place("matrix", sport)
        return cls(
            plein,
            account,
            room,
            people,
            Identity("matrix", mo.user_id),
            proxy,
            mo,
            residents,
        )

    async def said(self) -> list[Reminder]:
        found = [
            each
            for message in shown(await self.organiser.history(self.room.room_id))
            if message.sender == self.plein.user_id
            for each in reminder("", message.body, message.content.get("m.mentions", {}).get("user_ids", ()))
        ]
        for resident in self.residents:
            for message in shown(await resident.person.history(resident.direct)):
                if message.sender == self.plein.user_id:
                    found += reminder(resident.person.user_id, message.body)
        return found

    async def until(self, true: Callable[[], Awaitable[bool]]) -> None:
        await self.organiser.wait_until(true, timeout=PATIENCE)

    def go_wrong(self) -> None:
        self.proxy.mend()
        self.proxy.lose_answer("/send/m.room.message", times=1)

    def mend(self) -> None:
        self.proxy.mend()


# --- and killed ---

FEW, MANY = {"kills": 3, "meetings": 1, "own": 9}, {"kills": 30, "meetings": 9, "own": 45}


async def test_30_through_3_kills_on_the_console(tmp_path: Path) -> None:
    await reminded_through_crashes(OnConsole.there(tmp_path, 3), **FEW, seed=1)


async def test_1000_through_30_kills_on_the_console(tmp_path: Path) -> None:
    await reminded_through_crashes(OnConsole.there(tmp_path, 20), **MANY, seed=2)


async def test_1000_through_30_kills_on_discord(tmp_path: Path) -> None:
    async with Discord(running=True) as double:
        await reminded_through_crashes(await OnDouble.there(double, tmp_path, 24), **MANY, seed=3)
        assert double.check_contract() == []


async def test_1000_through_30_kills_on_matrix(homeserver: Homeserver, tmp_path: Path) -> None:
    async with Proxy(homeserver.url) as proxy:
        at = await OnHomeserver.there(homeserver, proxy, tmp_path, 20)
        await reminded_through_crashes(at, **MANY, seed=4)
