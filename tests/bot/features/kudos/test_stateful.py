"""Whatever happens to thanks and to who gave them, what is shown is a recount of what was said and done."""

from __future__ import annotations

import asyncio
import tempfile
from collections import defaultdict
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.features.kudos.records import KUDOS
from bot.model.message import Button, text
from bot.model.people import Identity
from bot.ports.storage import Transaction
from tests.doubles.platform import PLATFORM, Town, open_town, words_of

ACCOUNTS = ("ann", "ben", "cas", "dora", "eva")
BRUSSELS = ZoneInfo("Europe/Brussels")
DAY = timedelta(days=1)
A_DAY = 5
# The evenings before the clocks go forward, and back.
CHANGES = (datetime(2027, 3, 27, 20, tzinfo=UTC), datetime(2027, 10, 30, 20, tzinfo=UTC))
ORDER = ("openly", "privately", "not")


@dataclass
class Taste:
    receives: str = "openly"
    wall: bool | None = None


@dataclass
class Thanks:
    """One as those who were there remember it; people are numbers of the test's own."""

    giver: int | None
    to: set[int]
    at: datetime
    replies_to: int | None = None
    names: set[str] = field(default_factory=set)
    hidden: set[int] = field(default_factory=set)
    # Whoever was forgotten is thanked still, as somebody.
    nobodys: int = 0
    state: str = "given"

    @property
    def stands(self) -> bool:
        return self.state == "given"

    @property
    def day(self) -> str:
        return self.at.astimezone(BRUSSELS).date().isoformat()

    @property
    def seen(self) -> set[int]:
        return self.to - self.hidden


class Giving(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory()
        self.stack = AsyncExitStack()
        self.town: Town
        self.person = {name: number for number, name in enumerate(ACCOUNTS)}
        self.tastes: dict[int, Taste] = {}
        self.history: dict[int, Thanks] = {}
        # What each gave, or whoever they were one with then.
        self.gave: dict[int, set[int]] = defaultdict(set)
        self.last = len(ACCOUNTS)

    def run(self, coroutine: Any) -> Any:
        return self.loop.run_until_complete(coroutine)

    def teardown(self) -> None:
        self.run(self.stack.aclose())
        self.loop.close()
        self.folder.cleanup()

    @initialize(change=st.sampled_from(CHANGES))
    def start(self, change: datetime) -> None:
        self.run(self._start(change))

    async def _start(self, change: datetime) -> None:
        opening = open_town(f"sqlite:///{self.folder.name}/plein.db", moderators=("mia",))
        self.town = await self.stack.enter_async_context(opening)
        self.town.clock.turn_to(change)
        await self.town.joined("sport")
        for name in (*ACCOUNTS, "mia"):
            await self.town.say(name, "!help")

    # --- what happens ---

    @rule(data=st.data(), giver=st.sampled_from(ACCOUNTS), several=st.integers(1, 3), named=st.booleans())
    def give(self, data: st.DataObject, giver: str, several: int, named: bool) -> None:
        who = data.draw(st.permutations(ACCOUNTS))[:several]
        names = {"oma"} if named and several == 1 else set()
        people = set() if names else {self.person[name] for name in who}
        whom = ["name:oma"] if names else [f"resident:{self._number(name)}" for name in who]
        said = self._press(giver, "kudos give", who=whom, reason="voor het opruimen")
        self._expect_given(giver, people, names, said)

    def _expect_given(self, giver: str, people: set[int], names: set[str], said: str) -> None:
        me, now = self.person[giver], self.town.clock.now()
        day = now.astimezone(BRUSSELS).date().isoformat()
        counted = [each for number in self.gave[me] if (each := self.history[number]).day == day]
        today = set[int]().union(*(each.to for each in counted if each.stands))
        first = self._thanked_by(me, people) if len(people) == 1 and not names else None
        if me in people:
            assert "Jezelf bedanken kan niet" in said
        elif any(self._taste(who).receives == "not" for who in people):
            assert "Bedankjes via Plein wil" in said
        elif first is not None and self._replied(first, me):
            assert "hier al voor terug" in said
        elif first is not None:
            assert "staat onder het eerste" in said
            self._note(Thanks(me, {*people}, now, replies_to=first))
        elif len(counted) >= A_DAY:
            assert "vandaag al 5 keer" in said
        elif people & today:
            assert "al. Morgen kan het weer" in said
        else:
            assert "staat in sport" in said or "leest je bedankje in privé" in said
            self._note(Thanks(me, {*people}, now, names=names))
            self.gave[me].add(len(self.history))

    def _note(self, thanks: Thanks) -> None:
        self.history[len(self.history) + 1] = thanks

    def _thanked_by(self, me: int, people: set[int]) -> int | None:
        """By what they thanked alone whoever thanks them now, a day ago at most."""
        since, (they,) = self.town.clock.now() - DAY, people
        found = [
            (each.at, number)
            for number, each in self.history.items()
            if each.giver == they and each.seen == {me} and each.stands and each.replies_to is None
            if each.at >= since and not each.names and not each.nobodys
        ]
        return max(found)[1] if found else None

    def _replied(self, first: int, me: int) -> bool:
        return any(
            each.replies_to == first and each.giver == me and each.stands for each in self.history.values()
        )

    @precondition(lambda self: self.history)
    @rule(data=st.data(), who=st.sampled_from(ACCOUNTS))
    def withdraw(self, data: st.DataObject, who: str) -> None:
        number = data.draw(st.sampled_from(sorted(self.history)))
        thanks = self.history[number]
        said = self._press(who, "kudos withdraw", kudos=number)
        if thanks.giver != self.person[who]:
            assert "Jij gaf geen" in said
        elif not thanks.stands:
            assert "al niet meer" in said
        elif self.town.clock.now() - thanks.at > DAY:
            assert "ouder dan een dag" in said
        else:
            assert "is ingetrokken" in said
            thanks.state = "withdrawn"

    @precondition(lambda self: self.history)
    @rule(data=st.data(), who=st.sampled_from(ACCOUNTS))
    def hide(self, data: st.DataObject, who: str) -> None:
        number = data.draw(st.sampled_from(sorted(self.history)))
        thanks, me = self.history[number], self.person[who]
        said = self._press(who, "kudos hide", kudos=number)
        assert ("Niemand anders ziet nog" in said) is (me in thanks.seen)
        if me in thanks.seen:
            thanks.hidden.add(me)

    @precondition(lambda self: self.history)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        thanks = self.history[number := data.draw(st.sampled_from(sorted(self.history)))]
        said = self._press("mia", "kudos remove", kudos=number, why="Kwetsend", sure=True)
        # What somebody reads alone no moderator finds.
        if "dat jij modereert" not in said:
            assert ("is weggehaald" in said) is thanks.stands
        elif thanks.stands:
            return
        thanks.state = "removed" if thanks.stands else thanks.state

    @precondition(lambda self: any(each.names for each in self.history.values()))
    @rule(data=st.data(), who=st.sampled_from(ACCOUNTS), agreed=st.booleans())
    def claim(self, data: st.DataObject, who: str, agreed: bool) -> None:
        named = [number for number, each in self.history.items() if each.names and each.stands]
        if not named:
            return
        thanks, me = self.history[number := data.draw(st.sampled_from(named))], self.person[who]
        said = self._press(who, "kudos claim", kudos=number)
        if thanks.giver == me:
            assert "gaf je zelf" in said
        elif "kijkt na" in said:
            whom = f"resident:{self._number(who)}"
            self._press("mia", "kudos agree", kudos=number, whom=whom, agreed=agreed)
            if agreed:
                thanks.names.clear()
                thanks.to.add(me)

    @rule(
        who=st.sampled_from(ACCOUNTS), wish=st.sampled_from(["wall-on", "wall-off", "private", "off", "open"])
    )
    def choose(self, who: str, wish: str) -> None:
        self._press(who, "kudos settings", wish=wish)
        taste = self.tastes.setdefault(self.person[who], Taste())
        match wish:
            case "wall-on":
                taste.receives, taste.wall = "openly", True
            case "wall-off":
                taste.wall = False
            case "open":
                taste.receives = "openly"
            case "private" | "off":
                taste.receives, taste.wall = ("privately" if wish == "private" else "not"), False

    @rule(elder=st.sampled_from(ACCOUNTS), younger=st.sampled_from(ACCOUNTS))
    def link(self, elder: str, younger: str) -> None:
        both = [self.person[elder], self.person[younger]]
        if both[0] == both[1]:
            return
        before = {self._number(name): self.person[name] for name in (elder, younger)}
        self.run(self.town.linked(elder, younger))
        stays = before[self._number(elder)]
        (goes,) = set(both) - {stays}
        self.person = {name: stays if who == goes else who for name, who in self.person.items()}
        for thanks in self.history.values():
            self._join(thanks, goes, stays)
        self.gave[stays] |= self.gave.pop(goes, set())
        said = [self.tastes.pop(who) for who in both if who in self.tastes]
        if said:
            walls = [taste.wall for taste in said if taste.wall is not None]
            strictest = max((taste.receives for taste in said), key=ORDER.index)
            self.tastes[stays] = Taste(strictest, all(walls) if walls else None)
        self.run(self._due())

    def _join(self, thanks: Thanks, goes: int, stays: int) -> None:
        if thanks.giver == goes:
            thanks.giver = stays
        if goes in thanks.to:
            if goes in thanks.hidden:
                thanks.hidden.add(stays)
            thanks.to = (thanks.to - {goes}) | {stays}
            thanks.hidden.discard(goes)
        if thanks.stands and thanks.giver is not None and thanks.giver in thanks.to:
            if thanks.seen - {thanks.giver} or thanks.names or thanks.nobodys:
                thanks.to.discard(thanks.giver)
                thanks.hidden.discard(thanks.giver)
            else:
                thanks.state = "void"

    @rule(elder=st.sampled_from(ACCOUNTS), younger=st.sampled_from(ACCOUNTS))
    def link_by_mistake(self, elder: str, younger: str) -> None:
        """Which is undone: each has back what they had, but for what counts against them."""
        both = [self.person[elder], self.person[younger]]
        if both[0] == both[1]:
            return
        theirs = [Identity(PLATFORM, name) for name in ACCOUNTS if self.person[name] == both[1]]
        if self._number(elder) > self._number(younger):
            theirs = [Identity(PLATFORM, name) for name in ACCOUNTS if self.person[name] == both[0]]
            elder, younger = younger, elder
        brought = self.run(self.town.linked(elder, younger))
        self.run(self._due())

        def part(tx: Transaction) -> None:
            person = tx.people.by_identity(theirs[0])
            assert person
            self.town.core.features.part(tx, person.id, theirs, brought)

        self.run(self.town.core.store.run(part))
        self.run(self._due())
        for who in both:
            self.gave[who] = self.gave[both[0]] | self.gave[both[1]]

    @rule(who=st.sampled_from(ACCOUNTS))
    def unlink(self, who: str) -> None:
        """They leave it all behind, but for what counts against them."""
        if list(self.person.values()).count(self.person[who]) < 2:
            return
        self.run(self.town.parted(who))
        gave = self.gave[self.person[who]]
        self.person[who] = self._newcomer()
        self.gave[self.person[who]] |= gave
        self.run(self._due())

    @rule(who=st.sampled_from(ACCOUNTS))
    def forget(self, who: str) -> None:
        gone, names = self.person[who], [name for name in ACCOUNTS if self.person[name] == self.person[who]]
        self.run(self.town.core.handle(self.town.asked(who, "!vergeet mij --zeker", room=None)))
        for thanks in self.history.values():
            thanks.giver = None if thanks.giver == gone else thanks.giver
            thanks.nobodys += gone in thanks.seen
            thanks.to.discard(gone)
            thanks.hidden.discard(gone)
        self.tastes.pop(gone, None)
        self.run(self._due())
        self.town.clock.turn(timedelta(seconds=1))
        for name in names:
            self.run(self.town.say(name, "!help"))
            self.person[name] = self._newcomer()
            self.gave[self.person[name]] |= self.gave[gone]

    def _newcomer(self) -> int:
        self.last += 1
        return self.last

    @rule(minutes=st.sampled_from([1, 59, 119, 6 * 60, 23 * 60, 24 * 60, 25 * 60]))
    def time_passes(self, minutes: int) -> None:
        self.town.clock.turn(timedelta(minutes=minutes))

    async def _due(self) -> None:
        await self.town.core.run_due()

    # --- what must hold ---

    @invariant()
    def all_is_a_recount(self) -> None:
        if not hasattr(self, "town"):
            return
        numbers = {self.person[name]: self._number(name) for name in ACCOUNTS}
        shown, received = self.run(self.town.core.store.run(lambda tx: _read(tx, numbers)))
        for who in numbers:
            assert received[who] == [
                number
                for number, each in sorted(self.history.items(), reverse=True)
                if each.stands and who in each.seen and each.replies_to is None
            ]
        agreed = {
            number: {numbers[who] for who in each.seen if self._taste(who).wall}
            for number, each in self.history.items()
            if each.stands and each.replies_to is None
        }
        assert shown == {number: who for number, who in agreed.items() if who}

    def _taste(self, who: int) -> Taste:
        return self.tastes.get(who, Taste())

    def _number(self, name: str) -> int:
        found = self.run(self.town.core.store.run(lambda tx: tx.people.by_identity(Identity(PLATFORM, name))))
        number: int = found.id
        return number

    def _press(self, by: str, command: str, /, **args: Any) -> str:
        asked = self.town.asked(by, button=Button(text("typed"), command, args))
        answer = self.run(self.town.core.handle(asked))
        return words_of(answer) if answer else ""


def _read(tx: Transaction, numbers: dict[int, int]) -> tuple[dict[int, set[int]], dict[int, list[int]]]:
    kept, theme = tx.of(KUDOS), tx.places.theme_named("sport")
    assert theme
    shown = {found.id: set(who) for found, who in kept.wall([theme.id], 1000)}
    received = {
        who: [found.id for found in kept.received(number, None, 1000)] for who, number in numbers.items()
    }
    return shown, received


TestGiving = Giving.TestCase
TestGiving.settings = settings(
    max_examples=2, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)


class TestGivingAtLength(Giving.TestCase):  # type: ignore[misc, valid-type]
    settings = settings(TestGiving.settings, max_examples=40, stateful_step_count=40)
