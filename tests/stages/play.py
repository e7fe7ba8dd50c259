"""The same transcript in the console and on stages, and what was heard on either."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import replace

from adapters.console.client import PLATFORM, Said, Turning
from adapters.console.script import Grants, Links, Says, Waits, read_line
from bot import when
from bot.core import PleinCore
from bot.main.app import open_core
from bot.main.config import Community, DatabaseSection, ResidentSection, config_of
from bot.main.features import FEATURES as INSTALLED
from bot.main.features import Installed, add_up
from bot.model.people import Identity
from bot.ports.adapter import Listener
from bot.texts import Voice
from tests.chat import BRUSSELS, NOW, Chat, Codes, Scenario, open_chat, printed, spelled_out, without_own
from tests.postgres import keys_of
from tests.stages.plain import Plain
from tests.stages.stage import Heard, Listening, Stage, Where, Who, key_of

# What is answered to who votes so that others see it.
ALOUD = "link.aloud"
OVERHEARD = ("poll.overheard", "rating.overheard")
_LINK = re.compile(r"https://(?:matrix\.to|discord\.com)/[^\s<>)]+")
Turns = list[tuple[str, list[str]]]


class Play:
    """Plein on stages."""

    def __init__(
        self, core: PleinCore, clock: Turning, stages: Sequence[Stage], people: Iterable[Who]
    ) -> None:
        self._core = core
        self._clock = clock
        self._stages = stages
        self._names = _Names(stages, people)

    async def line(self, words: str, *, openly: bool = False) -> list[Heard]:
        """Do what one line says, `openly` if others are to see it; all that is heard because of it."""
        match read_line(words, 0):
            case Says() as says:
                return await self._says(self._names.on_stage(says), openly=openly)
            case Grants(name, label, role):
                who = stage_of(label, self._stages).account(Who(name, label))
                await self._core.store.run(
                    lambda tx: tx.people.grant(who, role),
                    community=await self._core.communities.in_private(who),
                )
            case Links(accounts):
                whose = [stage_of(label, self._stages).account(Who(name, label)) for name, label in accounts]
                await self._core.link(whose)
                return await self.hear_rest()
            case Waits(span, away):
                return await self._waits(span, away=away)
        return []

    async def _says(self, says: Says, *, openly: bool) -> list[Heard]:
        stage, heard = stage_of(says.label, self._stages), []
        if says.place and await stage.comes_to(Where(says.label, says.place)):
            heard += await self.hear_rest()
        await stage.does(says, openly=openly)
        return heard + await self.hear_rest(says)

    async def _waits(self, span: when.Unit, *, away: bool) -> list[Heard]:
        """Everything that comes due on the way happens at its own time; late, where Plein was away."""
        until, heard = when.after(self._clock.now(), span, BRUSSELS), []
        while not away:
            due = await self._core.store.read_anywhere(lambda tx: tx.jobs.next_due())
            if due is None or due > until:
                break
            self._clock.turn_to(due)
            heard += await self.hear_rest()
        self._clock.turn_to(until)
        return heard + await self.hear_rest()

    def by_name(self, heard: Heard) -> Heard:
        """As it must be heard: on stages no two accounts of the transcript's are called the same."""
        return self._names.without_numbers(heard)

    async def hear_rest(self, says: Says | None = None) -> list[Heard]:
        """All that is heard once everything due is done; `says`: because of which line."""
        await self._core.run_due()
        heard = [message for stage in self._stages for message in await stage.heard(says)]
        return [self._names.as_in_the_transcript(message) for message in heard]


class _Names:
    """What people are called in the transcript (`ben@matrix`, or `ben` where he is shown), and on stages."""

    def __init__(self, stages: Sequence[Stage], people: Iterable[Who]) -> None:
        self._stages = stages
        self._people = {"@".join(who): who for who in people}
        self._shown: dict[str, str] = {}
        for who in self._people.values():
            stage = stage_of(who.label, stages)
            self._shown |= {stage.called(who): who.name, stage.mention(who): who.name}
            self._shown[stage.handle(who)] = "@".join(who)

    def on_stage(self, says: Says) -> Says:
        """Whoever is on the same server is mentioned; all others are named. What is the console's is here."""

        def written(found: re.Match[str]) -> str:
            who = self._people.get(found[0])
            if who is None:
                return found[0]
            there = stage_of(who.label, self._stages)
            return there.mention(who) if who.label == says.label else there.called(who)

        here = stage_of(says.label, self._stages).platform
        words = re.sub(rf"\b{PLATFORM}:", f"{here}:", says.text)
        return replace(says, text=re.sub(r"\w+@\w+", written, words))

    def without_numbers(self, heard: Heard) -> Heard:
        numbered = re.compile(rf"\b({'|'.join(sorted({who.name for who in self._people.values()}))}) \(\d+\)")
        return replace(heard, lines=tuple(numbered.sub(r"\1", line) for line in heard.lines))

    def as_in_the_transcript(self, heard: Heard) -> Heard:
        shown = re.compile(rf"(?:{'|'.join(map(re.escape, self._shown))})(?!\d)")
        links = {link: there for stage in self._stages for link, there in stage.links.items()}
        opened = (_LINK.sub(lambda found: links.get(found[0], found[0]), line) for line in heard.lines)
        lines = (shown.sub(lambda found: self._shown[found[0]], line) for line in opened)
        return replace(heard, lines=tuple(lines))


def stage_of(label: str, stages: Sequence[Stage]) -> Stage:
    """The one whose platform is called so; the first stands in for all others."""
    return next((stage for stage in stages if stage.platform == label), stages[0])


@contextlib.asynccontextmanager
async def open_play(
    scenario: Scenario,
    database_url: str,
    clock: Turning,
    stages: Sequence[Stage],
    installed: Sequence[Installed] = INSTALLED,
) -> AsyncIterator[Play]:
    """Plein on the stages, and the scenario's residents and places there."""
    people, places = _cast(scenario)
    for stage in stages:
        ours = [who for who in people if stage_of(who.label, stages) is stage]
        there = [where for where in places if stage_of(where.label, stages) is stage]
        await stage.prepare(ours, there, scenario.language)

    def account(name: str) -> str:
        who = Who(*name.split("@"))
        found = stage_of(who.label, stages).account(who)
        return f"{found.platform}:{found.user_id}"

    def address(label: str, room: str) -> str:
        stage = stage_of(label, stages)
        return f"{stage.platform}:{stage.address(Where(label, room))}"

    config = config_of(add_up(installed))(
        community=Community(language="en" if scenario.language == "en" else "nl", board_rest=0),
        database=DatabaseSection(url=database_url, keys=keys_of(database_url)),
        residents=tuple(
            ResidentSection(name=accounts[0], accounts=tuple(map(account, accounts)))
            for accounts in scenario.people
        ),
        **{name: section for stage in stages for name, section in stage.settings().items()},
        **scenario.whose(address),
    )
    async with open_core(config, clock, installed=installed) as core:
        served = core.communities.served
        adapters = {stage.platform: stage.adapter(config, core.texts, served) for stage in stages}
        for stage in stages:
            stage.core = Listening(core, stage.timed)
            stage.note_rooms_of(adapters[stage.platform])
        async with _running(adapters, stages):
            for stage in stages:
                await stage.begin()
            yield Play(core, clock, stages, people)


@contextlib.asynccontextmanager
async def _running(adapters: dict[str, Listener], stages: Iterable[Stage]) -> AsyncIterator[None]:
    """Until whoever asked is done. What ends by itself before Plein reads along is an error."""
    running = [asyncio.create_task(adapters[stage.platform].run(stage.core)) for stage in stages]
    waiting = asyncio.create_task(_caught_up(adapters.values()))
    try:
        await asyncio.wait({waiting, *running}, timeout=120, return_when=asyncio.FIRST_COMPLETED)
        assert waiting.done(), running
        yield
    finally:
        for task in (waiting, *running):
            task.cancel()
        await asyncio.gather(waiting, *running, return_exceptions=True)


async def _caught_up(adapters: Iterable[Listener]) -> None:
    for adapter in adapters:
        await adapter.caught_up()


def _cast(scenario: Scenario) -> tuple[list[Who], list[Where]]:
    """Everybody and every place in it."""
    people: dict[Who, None] = {
        Who(*name.split("@")): None for accounts in scenario.people for name in accounts
    }
    for typed, _ in scenario.turns:
        said = read_line(typed, 0)
        if isinstance(said, Says | Grants):
            people[Who(said.name, said.label)] = None
        if isinstance(said, Links):
            people.update({Who(name, label): None for name, label in said.accounts})
    return list(people), [Where(*place) for place in scenario.places]


async def play(
    scenario: Scenario,
    database_url: str,
    clock: Turning,
    *stages: Stage,
    console_url: str = "sqlite:///:memory:",
    installed: Sequence[Installed] = INSTALLED,
) -> tuple[Turns, Turns]:
    """What must be heard on the stages, line by line, and what was.

    The console plays along, on a database of its own, and must say what stands in the transcript.
    """
    expected: Turns = []
    found: Turns = []
    async with (
        open_chat(
            console_url,
            language=scenario.language,
            people=scenario.people,
            installed=installed,
            **scenario.on_console(),
        ) as chat,
        open_play(scenario, database_url, clock, stages, installed) as on_stage,
    ):
        plain, codes = Plain(chat.core.commands), Codes()
        for typed, transcript in scenario.turns:
            said = await chat.say(spelled_out(typed))
            assert printed(said, chat.codes) == transcript, typed
            openly = any(key_of(answer) in (*OVERHEARD, ALOUD) for answer in said)
            typed = spelled_out(typed)
            says = read_line(typed, 0)
            if isinstance(says, Says) and stage_of(says.label, stages).answers_apart(says, openly=openly):
                said = [await _by_itself(answer, says, chat) for answer in said]
            heard = await on_stage.line(codes.typed(typed), openly=openly)
            wanted = [
                message
                for answer in said
                for message in stage_of(_label(answer.where), stages).expects(answer)
            ]
            wanted = [on_stage.by_name(message) for message in wanted]
            expected.append((typed, [chat.codes.said(line) for line in _in_order(wanted, plain)]))
            found.append((typed, [codes.said(line) for line in _in_order(heard, plain)]))
        expected.append(("and nothing else", []))
        found.append(("and nothing else", _in_order(await on_stage.hear_rest(), plain)))
    return expected, found


async def _by_itself(answer: Said, says: Says, chat: Chat) -> Said:
    """What is answered in a place, as it stands in private: there it says for which community it is."""
    who, core = Identity(PLATFORM, f"{says.name}@{says.label}"), chat.core
    if answer.where != f"{says.label}/{says.place} > {says.name}":
        return answer
    shown = await core.communities.headed(answer.message, who, answer.message.community)
    if shown is answer.message:
        return answer
    voice = Voice(await core.voice_of(who), BRUSSELS, NOW)
    return replace(answer, message=shown, lines=[core.texts.write(shown.lines[0], voice), *answer.lines])


def _label(where: str) -> str:
    return where.partition(" ")[0].partition("/")[0]


def _in_order(heard: Iterable[Heard], plain: Plain) -> list[str]:
    """In order within a place, and to one person; which place comes first says nothing."""
    lines = []
    for message in sorted(heard, key=lambda message: message.where):
        first, *rest = plain.lines(message.lines)
        lines += without_own([f"[{message.where}] {first}", *(f"    {line}" for line in rest)])
    return lines
