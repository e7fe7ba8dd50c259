"""SIGKILL at random moments, while themes are opened, renamed, archived and opened again on Discord and on a
homeserver at once, by one process, and answers are lost after the deed.

What must hold is read from the platforms alone: each theme has one channel and one room, which are called as
it is, and where it is archived nobody speaks in them.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from adapters.matrix.moderators import LEVELS
from adapters.matrix.new_rooms import PARENT
from adapters.matrix.spaces import CHILD
from tests.doubles.discord import Discord, Person, Server, permissions
from tests.doubles.discord.state import Channel
from tests.doubles.proxy import Proxy
from tests.homeserver import Homeserver, shown
from tests.homeserver import Person as Neighbour
from tests.on_both import Both
from tests.town import Resident, Town, numbers, says

PATIENCE = 400
LIVES_ON = 1.5  # seconds at most, after Plein answered somebody
MOST_EACH = 5  # so many themes one person proposes
SPACE = "Thema’s"
ARCHIVED = " (gearchiveerd)"
SAID = (STANDS, SUMMARY, *_) = ("trekt dit thema.", "is gearchiveerd", "heet voortaan", "is heropend.")
# Of these one is lost in each life on either platform, after it was done.
DEEDS = (
    "POST /guilds/{guild_id}/channels",
    "PATCH /channels/{channel_id}",
    "POST /channels/{channel_id}/messages",
)
REQUESTS = (
    "/createRoom",
    f"/state/{CHILD}",
    f"/state/{LEVELS}",
    "/state/m.room.name",
    "/send/m.room.message",
)


@dataclass
class Moderator:
    """Somebody with an account on either platform, which are one person's."""

    here: Person
    there: Resident
    square: str

    async def asks(self, words: str, answer: str, *, on_matrix: bool) -> None:
        """Type it where others are, and wait to be told so in private."""
        if on_matrix:
            await self.there.person.say(self.square, f"!{words}")
            await self.there.told(answer, timeout=PATIENCE)
            return
        await self.here.says("sport", f"<@{self.here.discord.bot.id}> {words}")
        await self.here.hears(self.here.dm, answer, timeout=PATIENCE)


@dataclass
class Theme:
    """What is done with it, by and by, and what it is to be in the end."""

    number: int
    by: Moderator
    name: str = ""
    archived: bool = False

    def steps(self) -> Iterator[tuple[str, str]]:
        """What to type, and what is answered. Discord lets nobody rename a channel a third time."""
        self.name = f"Groep {self.number}"
        yield f'thema voorstel "{self.name}" Wie het aangaat', f"“{self.name}” is er."
        if self.number % 4 < 2:
            before, self.name = self.name, f"Kring {self.number}"
            yield f'thema hernoem "{self.name}" "{before}"', f"heet voortaan “{self.name}”"
        if self.number % 4 > 0:
            yield f'thema archiveer "{self.name}" --zeker', f"“{self.name}” is gearchiveerd."
            self.archived = True
        if self.number % 4 == 2:
            yield f'thema heropen "{self.name}"', f"“{self.name}” is heropend"
            self.archived = False

    def is_told(self, told: Sequence[str]) -> list[str]:
        """What is not said of it in its place as it ought to be, or twice. What happened before there was one
        need not be.
        """
        counts = {words: sum(words in said for said in told) for words in SAID}
        least = {STANDS: 1, SUMMARY: int(self.archived)}
        return [
            f"{self.called}: {words!r} {count} times"
            for words, count in counts.items()
            if not least.get(words, 0) <= count <= 1
        ]

    @property
    def called(self) -> str:
        return self.name + (ARCHIVED if self.archived else "")


@dataclass
class Scene:
    """Plein on both platforms, with a home for themes on each."""

    server: Homeserver
    proxy: Proxy
    town: Server
    plein: Both
    ann: Person
    moderators: list[Moderator]
    category: str
    space: str
    account: Neighbour
    begun: int = 0
    answers: int = 0
    may_begin: asyncio.Semaphore = field(default_factory=partial(asyncio.Semaphore, 0))

    async def runs(self, theme: Theme, chance: random.Random) -> None:
        """One step after the other, each on either platform, as soon as it may begin."""
        for words, answer in theme.steps():
            await self.may_begin.acquire()
            if "archiveer" in words:
                await self.stands(theme)
            await theme.by.asks(words, answer, on_matrix=chance.random() < 0.5)
            self.answers += 1
            self.town.discord.bell.ring()

    async def stands(self, theme: Theme) -> None:
        """Wait until it has its places: what is archived before that gets none."""

        async def is_there() -> bool:
            return theme.called in (await self.rooms()).values()

        await self.town.discord.until(lambda: self.channels_of(theme), timeout=PATIENCE)
        await self.account.wait_until(is_there, timeout=PATIENCE)

    def begin(self, steps: int) -> None:
        """So many in all."""
        for _ in range(steps - self.begun):
            self.may_begin.release()
        self.begun = max(self.begun, steps)

    async def is_at_work(self, before: int) -> None:
        """Whether somebody was answered since, where anybody waits for it."""
        if before < self.begun:
            await self.town.discord.until(lambda: self.answers > before, timeout=PATIENCE)

    def go_wrong(self, chance: random.Random) -> None:
        self.mend()
        self.town.discord.faults.drop(chance.choice(DEEDS), after=True)
        self.proxy.lose_answer(chance.choice(REQUESTS), times=1)

    def mend(self) -> None:
        self.town.discord.faults.clear()
        self.proxy.mend()

    def channels(self) -> list[Channel]:
        return [each for each in self.town.guild.channels.values() if each.parent_id == self.category]

    def channels_of(self, theme: Theme) -> list[Channel]:
        return [each for each in self.channels() if _written(each.name) == _written(theme.called)]

    async def rooms(self) -> dict[str, str]:
        """The rooms that Plein is in and made for a theme, each with its name."""
        found = {}
        for room in (await self.account.request("GET", "joined_rooms"))["joined_rooms"]:
            if await self.account.state(room, PARENT, self.space):
                found[room] = str((await self.account.state(room, "m.room.name") or {}).get("name"))
        return found


async def scene(double: Discord, server: Homeserver, proxy: Proxy, folder: Path, moderators: int) -> Scene:
    town = double.guild("Plein")
    town.channel("sport")
    category = town.channel("themas", type=4).id
    people = [
        (town.member(f"mo{number}"), await server.person(f"mo{next(numbers)}"))
        for number in range(moderators)
    ]
    lines = (
        f'[[residents]]\nname = "Mo {number}"\nrole = "moderator"\n'
        f'accounts = ["discord:{here.id}", "matrix:{there.user_id}"]\n'
        for number, (here, there) in enumerate(people)
    )
    plein = await Both.beside(double, server, folder, url=proxy.url, more="\n".join(lines))
    await plein.start()
    on_matrix = Town(server, plein)
    square = await on_matrix.room(people[0][1], *(there for _, there in people[1:]))
    found = []
    for here, there in people:
        direct = await there.create_room(invite=[plein.user_id], is_direct=True)
        await on_matrix.comes_to(there, direct)
        # Nobody can ask Discord who wrote to Plein for the first time while it was away.
        await here.says(here.dm, "hallo")
        await here.hears(here.dm)
        found.append(Moderator(here, Resident(there, direct), square))
    first, account = found[0], await server.person(plein.user_id[1:].partition(":")[0])
    await first.here.uses("sport", "community setup", home="themas")
    event = await first.there.person.say(
        first.there.direct, f'!gemeenschap richt in "matrix:space={SPACE}" --zeker'
    )
    await says(first.there.person, first.there.direct, key=f"answer:matrix:{event}")
    space = await _space(account)
    await first.there.person.join(space)
    return Scene(server, proxy, town, plein, town.member("ann"), found, category, space, account)


async def _space(account: Neighbour) -> str:
    for room in (await account.request("GET", "joined_rooms"))["joined_rooms"]:
        if (await account.state(room, "m.room.create") or {}).get("type") == "m.space":
            return str(room)
    raise AssertionError("no space was made")


async def themes_through_crashes(server: Homeserver, folder: Path, kills: int, count: int, seed: int) -> None:
    chance = random.Random(seed)
    async with Discord(running=True) as double, Proxy(server.url) as proxy:
        at = await scene(double, server, proxy, folder, -(-count // MOST_EACH))
        await at.plein.kill()
        start = await at.plein.seconds_to_start()
        await at.plein.kill()
        themes = [Theme(number, at.moderators[number // MOST_EACH]) for number in range(count)]
        steps = sum(len([*replace(theme).steps()]) for theme in themes)
        courses = [asyncio.create_task(at.runs(theme, chance)) for theme in themes]
        for number in range(1, kills + 1):
            at.begin(steps * number // kills)
            at.go_wrong(chance)
            if number % 4:
                await at.plein.lives_shortly(chance, LIVES_ON, partial(at.is_at_work, at.answers))
            else:
                await at.plein.dies_young(chance, start)
        at.mend()
        await at.plein.start()
        await asyncio.gather(*courses)
        await check_discord(at, themes)
        await check_matrix(at, themes)
        assert await at.plein.stop() == 0
        assert double.check_contract() == []


# --- what stands there in the end ---


async def check_discord(at: Scene, themes: Sequence[Theme]) -> None:
    def look() -> list[str]:
        found = Counter(_written(channel.name) for channel in at.channels())
        return [
            *_not_there(found, (_written(theme.called) for theme in themes)),
            *(
                wrong
                for theme in themes
                for channel in at.channels_of(theme)
                for wrong in _wrong(at, theme, channel)
            ),
        ]

    def why() -> str:
        return "\n".join([*look(), *at.plein.log[-40:]])

    await at.town.discord.bell.until(lambda: not look(), timeout=PATIENCE, why=why)


def _wrong(at: Scene, theme: Theme, channel: Channel) -> list[str]:
    speaks = permissions.may(at.town.guild, at.ann.member, channel, "view_channel", "send_messages")
    told = [message.text for message in channel.messages.values() if message.author.bot]
    return [*theme.is_told(told), *([] if speaks is not theme.archived else [f"{theme.called}: who speaks"])]


async def check_matrix(at: Scene, themes: Sequence[Theme]) -> None:
    reader = at.account
    wrong: list[str] = []

    async def is_so() -> bool:
        rooms = await at.rooms()
        wrong[:] = _not_there(Counter(rooms.values()), (theme.called for theme in themes))
        for theme in themes:
            for room in (room for room, name in rooms.items() if name == theme.called):
                levels = await reader.state(room, LEVELS) or {}
                is_inside = bool((await reader.state(at.space, CHILD, room) or {}).get("via"))
                told = [message.body for message in shown(await reader.history(room))]
                wrong.extend(theme.is_told(told))
                if (levels["events_default"] == 50, is_inside) != (theme.archived, not theme.archived):
                    wrong.append(f"{theme.called}: {levels['events_default']}, {is_inside}")
        return not wrong

    try:
        await reader.wait_until(is_so, timeout=PATIENCE)
    except AssertionError as late:
        raise AssertionError("\n".join([*wrong, *at.plein.log[-40:]])) from late


def _not_there(found: Counter[str], names: Iterable[str]) -> list[str]:
    wanted = Counter(names)
    return [
        f"{name}: {found[name]} instead of {wanted[name]}"
        for name in found | wanted
        if found[name] != wanted[name]
    ]


def _written(name: str) -> str:
    """Discord writes names of channels in its own way."""
    return re.sub(r"\W+", "", name.casefold())


async def test_each_has_its_places_through_3_kills(homeserver: Homeserver, tmp_path: Path) -> None:
    await themes_through_crashes(homeserver, tmp_path, kills=3, count=4, seed=1)


async def test_each_has_its_places_through_30_kills(homeserver: Homeserver, tmp_path: Path) -> None:
    await themes_through_crashes(homeserver, tmp_path, kills=30, count=20, seed=2)
