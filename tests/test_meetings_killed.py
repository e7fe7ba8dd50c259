"""SIGKILL at random moments during a whole meeting on Discord and on a homeserver at once: people check in,
note, decide and promise, it is approved, those who promised are reminded, and say how it was.

What was said stands there once, in the order in which it was said in each place; whoever said it hears so
once, and so does whoever is to do something.
"""

from __future__ import annotations

import asyncio
import random
import re
import sqlite3
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from bot.clock import HandClock
from bot.main.app import open_core
from bot.main.config import load
from bot.main.features import add_up
from bot.model.events import Invocation
from bot.model.people import Identity, Place
from tests.doubles.discord import Discord, Server
from tests.doubles.discord import Person as OnDiscord
from tests.homeserver import PASSWORD, Homeserver, shown
from tests.homeserver import Person as Neighbour
from tests.on_both import Both
from tests.town import Resident, Town, numbers, says

PATIENCE = 300
LIVES_ON = 0.7  # seconds at most, after Plein was seen at work
MOST_UNANSWERED = 4
CALLED = "Dorpsraad"
MONTHS = (
    *("januari", "februari", "maart", "april", "mei", "juni"),
    *("juli", "augustus", "september", "oktober", "november", "december"),
)
# What says in an answer which number a line has, or a promise.
RECEIPT = re.compile(r"(?:Genoteerd als nummer|Besluit genoteerd als nummer|Actiepunt) (\d+) in het verslag")
HERE, TOLD, REMINDED, RATED = "Je bent er:", "werd dit voor jou genoteerd:", "Je beloofde dit", "is binnen"
LINE = re.compile(r"^\W*\d+\\?\. ((?:Besluit: )?.+?) \\?\(", re.MULTILINE)


@dataclass(frozen=True)
class Size:
    """So much of each, by so many people on either platform."""

    kills: int
    people: int
    lines: int
    promises: int


# --- people, wherever they are ---


class Attendee:
    """Somebody who is at the meeting. `said`: what they said in the theme, in that order."""

    platform = ""

    def __init__(self) -> None:
        self.said: list[str] = []

    async def aloud(self, words: str) -> None:
        """Type a command in the theme."""
        raise NotImplementedError

    async def alone(self, words: str) -> None:
        """Type it in private."""
        raise NotImplementedError

    async def told(self) -> list[str]:
        """All that Plein said to them alone."""
        raise NotImplementedError

    async def heard(self) -> list[str]:
        """All that Plein said in the theme."""
        raise NotImplementedError

    @property
    def mention(self) -> str:
        raise NotImplementedError


class OnDouble(Attendee):
    platform = "discord"

    def __init__(self, person: OnDiscord) -> None:
        super().__init__()
        self.person = person

    async def aloud(self, words: str) -> None:
        await self.person.says("sport", f"<@{self.person.discord.bot.id}> {words}")

    async def alone(self, words: str) -> None:
        await self.person.says(self.person.dm, f"!{words}")

    async def told(self) -> list[str]:
        return [each.text for each in self.person.dm.messages.values() if each.author.bot]

    async def heard(self) -> list[str]:
        sport = self.person.server.channel("sport")
        return [each.text for each in sport.messages.values() if each.author.bot]

    @property
    def mention(self) -> str:
        return self.person.mention


class OnHomeserver(Attendee):
    platform = "matrix"

    def __init__(self, resident: Resident, room: str, plein: str) -> None:
        super().__init__()
        self.person, self.direct, self.room, self.plein = resident.person, resident.direct, room, plein

    async def aloud(self, words: str) -> None:
        await self.person.say(self.room, f"!{words}")

    async def alone(self, words: str) -> None:
        await self.person.say(self.direct, f"!{words}")

    async def told(self) -> list[str]:
        return await self._by_plein(self.direct)

    async def heard(self) -> list[str]:
        return await self._by_plein(self.room)

    async def _by_plein(self, room: str) -> list[str]:
        return [each.body for each in shown(await self.person.history(room)) if each.sender == self.plein]

    @property
    def mention(self) -> str:
        return self.person.user_id


# --- the meeting ---


@dataclass
class Scene:
    """Plein on both platforms, with a theme in a channel and a room. `mo` organises, and is on both; all
    others are on one.
    """

    plein: Both
    double: Discord
    town: Server
    mo: tuple[OnDouble, OnHomeserver]
    people: Sequence[Attendee]
    chance: random.Random
    start: float = 0
    promises: dict[str, Attendee] = field(default_factory=dict)

    async def until(self, true: Callable[[], bool]) -> None:
        """Once that is kept."""

        async def is_so() -> bool:
            return true()

        try:
            await self.mo[1].person.wait_until(is_so, timeout=PATIENCE)
        except AssertionError as late:
            raise AssertionError("\n".join(self.plein.log[-40:])) from late

    async def until_told(self, who: Attendee, words: str, count: int = 1) -> None:
        """Once they were told something with these words so often."""

        async def is_so() -> bool:
            return sum(words in each for each in await who.told()) >= count

        try:
            await self.mo[1].person.wait_until(is_so, timeout=PATIENCE)
        except AssertionError as late:
            told = "\n---\n".join([*(await who.told())[-5:], *self.plein.log[-30:]])
            raise AssertionError(f"{words} was told less than {count} times:\n{told}") from late

    def kept(self, query: str) -> list[tuple[Any, ...]]:
        """What is kept, as a file is read by anybody beside Plein."""
        file = self.plein.database.removeprefix("sqlite:///")
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
            return database.execute(query).fetchall()

    def change(self, *statements: str) -> None:
        """What time would bring, at once; while Plein does not run."""
        now = (datetime.now(UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
        with closing(sqlite3.connect(self.plein.database.removeprefix("sqlite:///"))) as database, database:
            for statement in statements:
                assert database.execute(statement, {"now": now}).rowcount, statement

    def count(self) -> int:
        """How much of what is said at the meeting is kept."""
        return len(
            self.kept("select 1 from notes union all select 1 from actions union all select 1 from check_ins")
        )

    async def lives(self, number: int, at_work: Callable[[], Awaitable[object]] | None = None) -> None:
        if number % 4:
            await self.plein.lives_shortly(self.chance, LIVES_ON, at_work)
        else:
            await self.plein.dies_young(self.chance, self.start)


async def scene(double: Discord, server: Homeserver, folder: Path, size: Size, seed: int) -> Scene:
    town = double.guild("Plein")
    channel, mo = town.channel("sport"), town.member("mo")
    neighbour = await server.person(f"mo{next(numbers)}")
    room = await neighbour.create_room(public=True)
    more = f"""
[[residents]]
name = "Mo"
role = "moderator"
accounts = ["discord:{mo.id}", "matrix:{neighbour.user_id}"]

[[themes]]
name = "Sport"
places = ["discord:{channel.id}", "matrix:{room}"]
"""
    plein = await Both.beside(double, server, folder, more=more)
    await plein.start()
    on_matrix = Town(server, plein)

    async def comes(person: Neighbour) -> OnHomeserver:
        direct = await person.create_room(invite=[plein.user_id], is_direct=True)
        await on_matrix.comes_to(person, direct)
        return OnHomeserver(Resident(person, direct), room, plein.user_id)

    await on_matrix.comes_to(neighbour, room)
    organiser = OnDouble(mo), await comes(neighbour)
    people: list[Attendee] = []
    for number in range(size.people):
        people.append(OnDouble(town.member(f"p{number}")))
        person = await server.person(f"p{next(numbers)}")
        await person.join(room)
        people.append(await comes(person))
    at = Scene(plein, double, town, organiser, people, random.Random(seed))
    for who in (*organiser, *people):
        # They are known there from then on, and talk with Plein.
        await who.aloud("help")
        await who.alone("help")
        await at.until_told(who, "Wat ik voor je kan doen", 2)
    await plein.kill()
    await plan(at, Identity("discord", mo.id), Place("discord", channel.id))
    at.start = await plein.seconds_to_start()
    await at.until(lambda: bool(at.kept("select code from check_in_codes")))
    await at.until_told(at.mo[0], at.kept("select code from check_in_codes")[0][0])
    await plein.kill()
    return at


async def plan(at: Scene, who: Identity, where: Place) -> None:
    """An hour ago: it began five minutes ago."""
    clock = HandClock(datetime.now(UTC) - timedelta(hours=1))
    begins = (datetime.now(UTC) - timedelta(minutes=5)).isoformat()
    config = load(at.plein.folder / "config.toml", add_up(), {"PLEIN_MATRIX_PASSWORD": PASSWORD})
    async with open_core(config, clock) as core:
        args = {"called": CALLED, "begins": begins, "place": "Zaal", "remind": "geen", "sure": True}
        account = f"discord:{at.double.bot.id}"
        asked = Invocation(
            "discord:before",
            who,
            "mo",
            where,
            clock.now(),
            command="meeting plan",
            args=args,
            account=account,
        )
        answer = await core.handle(asked)
    assert answer
    assert answer.words[0].key == "meeting.planned", answer


# --- what is said there ---


@dataclass
class Saying:
    """What people say, half of it on each platform, as soon as it may be said."""

    at: Scene
    size: Size
    lines: Sequence[str]
    orders: dict[str, list[str]] = field(default_factory=lambda: {"discord": [], "matrix": []})
    _count: int = 0
    _may: dict[str, asyncio.Semaphore] = field(
        default_factory=lambda: {name: asyncio.Semaphore(0) for name in ("discord", "matrix")}
    )

    @classmethod
    def of(cls, at: Scene, size: Size) -> Saying:
        """Each tenth is a decision, and promises are between them."""
        lines = [f"besluit {n}" if n % 10 == 0 else f"gezegd {n}" for n in range(1, size.lines + 1)]
        lines += [f"klus {number}" for number in range(1, size.promises + 1)]
        at.chance.shuffle(lines)
        return cls(at, size, lines)

    def may_say(self, part: float) -> None:
        """So much of it in all."""
        for name in self._may:
            for _ in range(round(part * self.size.lines * 3)):
                self._may[name].release()

    async def run(self) -> None:
        half = len(self.lines) // 2
        await asyncio.gather(
            self._say("discord", self.lines[:half], self.at.mo[0]),
            self._say("matrix", self.lines[half:], self.at.mo[1]),
        )

    async def _say(self, platform: str, lines: Sequence[str], mo: Attendee) -> None:
        code = self.at.kept("select code from check_in_codes")[0][0]
        there = [each for each in self.at.people if each.platform == platform]
        # Who organises it is on both, and is there once.
        coming = [*there, mo]
        every = max(len(lines) // len(coming), 1)
        for number, line in enumerate(lines):
            if number % every == 0 and coming:
                await self._turn(platform)
                await coming.pop().alone(f"hier {code}")
            await self._turn(platform)
            who = self.at.chance.choice([*there, mo])
            if line.startswith("klus"):
                owner = self.at.chance.choice([each for each in there if each is not who])
                self.at.promises[line] = owner
                await who.aloud(f'verslag actie {owner.mention} "{line}" "{self.day()}"')
            else:
                how = "beslis" if line.startswith("besluit") else "noteer"
                await who.aloud(f'verslag {how} "{line}"')
                self.orders[platform].append(line)
            who.said.append(line)
        for who in coming:
            await who.alone(f"hier {code}")
            self._count += 1

    def day(self) -> str:
        day = datetime.now(UTC) + timedelta(days=20)
        return f"{day.day} {MONTHS[day.month - 1]} {day.year}"

    async def _turn(self, platform: str) -> None:
        """It may be said now, and nobody goes on and on where nobody answers."""
        await self._may[platform].acquire()
        self._count += 1
        most = self._count - 2 * MOST_UNANSWERED
        await self.at.until(lambda: self.at.count() >= most - 1)

    @property
    def all_said(self) -> int:
        # Of the one who is on both there is one check-in.
        return len(self.lines) + len(self.at.people) + 1


async def said_through_crashes(at: Scene, size: Size) -> Saying:
    saying = Saying.of(at, size)
    speaking = asyncio.create_task(saying.run())
    for number in range(1, size.kills + 1):
        saying.may_say(1 / size.kills)
        before = at.count()
        at_work = partial(at.until, lambda before=before: speaking.done() or at.count() > before)  # type: ignore[misc]
        await at.lives(number, at_work)
    saying.may_say(2)
    await at.plein.start()
    await speaking
    await at.until(lambda: at.count() >= saying.all_said)
    return saying


async def check_said(at: Scene, saying: Saying) -> None:
    """Each once: kept, in order, and answered."""
    rows = at.kept("select words, kind from notes order by number")
    noted = [words for words, _ in rows]
    for order in saying.orders.values():
        assert [words for words in noted if words in set(order)] == order
    assert all((kind == "decision") == words.startswith("besluit") for words, kind in rows)
    assert sorted(row[0] for row in at.kept("select words from actions")) == sorted(at.promises)
    assert Counter([*noted, *at.promises]) == Counter(saying.lines)
    there = at.kept("select count(*), count(distinct resident) from check_ins")
    assert there == [(len(at.people) + 1,) * 2]
    numbers = dict(at.kept("select words, number from notes"))
    numbers |= dict(at.kept("select words, id from actions"))
    for who in (*at.people, *at.mo):
        told, wanted = await who.told(), [numbers[line] for line in who.said]
        found = [int(each[1]) for text in told for each in RECEIPT.finditer(text)]
        assert Counter(found) == Counter(wanted), (who.mention, found, wanted)
        assert sum(HERE in text for text in told) == 1, who.mention
    # Whoever was there by then heard it said.
    assert await told_owners(at, TOLD) <= Counter(at.promises.items())


async def check_owners(at: Scene, words: str) -> None:
    """Whoever promised something is told so once of each, and nobody else is."""
    for line, owner in at.promises.items():
        await at.until_told(owner, f"“{line}”")
    assert await told_owners(at, words) == Counter(at.promises.items())


async def told_owners(at: Scene, words: str) -> Counter[tuple[str, Attendee]]:
    """Who was told so of which, and how often."""
    found: Counter[tuple[str, Attendee]] = Counter()
    for who in (*at.people, *at.mo):
        told = [text for text in await who.told() if words in text]
        found.update((line, who) for line in at.promises for text in told if f"“{line}”" in text)
    return found


# --- approving it ---


async def approved_through_crashes(at: Scene) -> None:
    """What is published is what was said."""
    mo = at.mo[1]
    await at.plein.kill()
    await mo.alone("verslag goedkeuren")
    await at.plein.lives_shortly(at.chance, LIVES_ON)
    await at.plein.start()
    asked = await says(mo.person, mo.direct, "Keur het goed")
    await at.plein.kill()
    await mo.person.react(mo.direct, asked.event_id, "1️⃣")
    for _ in range(2):
        await at.plein.lives_shortly(at.chance, LIVES_ON)
    await at.plein.start()
    await at.until_told(mo, "is goedgekeurd.")
    assert sum("is goedgekeurd." in text for text in await mo.told()) == 1
    assert at.kept("select version from approvals") == [(1,)]
    noted = at.kept("select words, kind from notes order by number")
    wanted = [f"Besluit: {words}" if kind == "decision" else words for words, kind in noted]
    await published(at, wanted)


async def published(at: Scene, wanted: Sequence[str]) -> None:
    """The same on either platform, and in the file of it."""
    first = [each for each in wanted if each.startswith("Besluit:")][:10]
    for who in at.mo:
        await who.alone("verslag toon")
        await at.until_told(who, f"Verslag: {CALLED}")
        (shown,) = [text for text in await who.told() if f"Verslag: {CALLED}" in text]
        assert LINE.findall(shown) == list(wanted[:10]), shown
        board: list[str] = []

        async def is_there(who: Attendee = who, board: list[str] = board) -> bool:
            board[:] = [text for text in await who.heard() if f"Verslag: {CALLED}" in text]
            return bool(board)

        await at.mo[1].person.wait_until(is_there, timeout=PATIENCE)
        (words,) = board
        assert LINE.findall(words) == first, words
    here = at.mo[0]
    await here.alone("verslag exporteer --bestand json")

    def files() -> list[bytes]:
        return [file.data for each in here.person.sees(here.person.dm) for file in each.attachments]

    await at.double.until(files, timeout=PATIENCE)
    (file,) = files()
    written = file.decode()
    said = [each.removeprefix("Besluit: ") for each in wanted]
    assert [words for words in re.findall(r'"words": "(.*?)"', written) if words in said] == said, written
    assert sorted(words for words in at.promises if f'"{words}"' in written) == sorted(at.promises)


# --- reminding, and saying how it was ---


async def reminded_through_crashes(at: Scene) -> None:
    await at.plein.kill()
    at.change(
        "update jobs set due_at = :now where kind = 'action.remind' and key like '%:3' and done_at is null"
    )
    for number in range(1, 4):
        await at.lives(number)
    await at.plein.start()
    for owner in set(at.promises.values()):
        await at.until_told(owner, REMINDED, sum(each is owner for each in at.promises.values()))
    await check_owners(at, REMINDED)


async def rated_through_crashes(at: Scene) -> None:
    await at.plein.kill()
    at.change(
        "update meetings set ends_at = :now",
        "update jobs set due_at = :now"
        " where kind in ('meeting.over', 'meeting.rate.open') and done_at is null",
    )
    await at.plein.start()
    await at.until(lambda: bool(at.kept("select meeting from rating_rounds")))
    given: dict[str, int] = {}
    for number, who in enumerate(at.people):
        given[f"woord{number:03}"] = number % 5 + 1
        await who.alone(f'bijeenkomst cijfer {number % 5 + 1} "woord{number:03}" --bijeenkomst 1')
        if number in (1, 3):
            await at.plein.kill()
            await at.plein.start()
    for who in at.people:
        await at.until_told(who, RATED)
        assert sum(RATED in text for text in await who.told()) == 1
    await at.plein.kill()
    assert not readable(at, given)
    at.change(
        "update rating_rounds set closes_at = :now",
        "update jobs set due_at = :now where kind = 'meeting.rate.close' and done_at is null",
    )
    for number in range(1, 4):
        await at.lives(number)
    await at.plein.start()
    await at.until(lambda: bool(at.kept("select ended_at from rating_rounds where ended_at is not null")))
    await at.until(
        lambda: not at.kept("select id from jobs where kind like 'meeting.rate.%' and done_at is null")
    )
    await check_rated(at, given)


async def check_rated(at: Scene, given: dict[str, int]) -> None:
    (people, scores) = at.kept("select people, scores from rating_rounds")[0]
    assert people == len(given)
    assert at.kept("select meeting from ratings union all select meeting from rating_marks") == []
    heading = f"Hoe “{CALLED}” was"

    async def came() -> list[str]:
        return [text for who in at.mo for text in await who.told() if heading in text]

    async def is_told() -> bool:
        return bool(await came())

    await at.mo[1].person.wait_until(is_told, timeout=PATIENCE)
    (told,) = await came()
    if len(given) < 5:
        assert scores is None
        assert not any(word in told for word in given)
        return
    counted = Counter(given.values())
    assert scores == ",".join(str(counted[score]) for score in range(1, 6))
    assert all(told.count(word) == 1 for word in given)
    elsewhere = [text for who in at.people for text in await who.told() if heading in text]
    assert elsewhere == []


def readable(at: Scene, given: dict[str, int]) -> list[str]:
    """What of it stands in any row."""
    file = at.plein.database.removeprefix("sqlite:///")
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        rows = "\n".join(database.iterdump())
    return [word for word in given if word in rows]


async def met_through_crashes(server: Homeserver, folder: Path, size: Size, seed: int) -> None:
    async with Discord(running=True) as double:
        at = await scene(double, server, folder, size, seed)
        saying = await said_through_crashes(at, size)
        for who in (*at.people, *at.mo):
            # What they did before was dealt with, and they were told so.
            before = sum("Wat ik voor je kan doen" in text for text in await who.told())
            await who.alone("help")
            await at.until_told(who, "Wat ik voor je kan doen", before + 1)
        await check_said(at, saying)
        await approved_through_crashes(at)
        await reminded_through_crashes(at)
        await rated_through_crashes(at)
        assert await at.plein.stop() == 0
        assert double.check_contract() == []


async def test_a_meeting_through_2_kills(homeserver: Homeserver, tmp_path: Path) -> None:
    await met_through_crashes(homeserver, tmp_path, Size(kills=2, people=3, lines=16, promises=4), seed=1)


async def test_200_notes_40_people_and_20_actions_through_20_kills(
    homeserver: Homeserver, tmp_path: Path
) -> None:
    await met_through_crashes(homeserver, tmp_path, Size(kills=20, people=20, lines=200, promises=20), seed=2)
