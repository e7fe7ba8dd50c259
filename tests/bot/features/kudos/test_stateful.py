"""Whatever happens to thanks and to who gave them, what is shown is a recount of what was said and done."""

from __future__ import annotations

import asyncio
import itertools
import tempfile
from collections import defaultdict
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.features.kudos.records import KUDOS
from bot.features.kudos.sign import OFTEN
from bot.model.events import Mention, Reacted, Remark
from bot.model.message import Button, text
from bot.model.people import Identity, Place, Resident
from bot.ports.storage import Transaction
from tests.doubles.platform import PLATFORM, Town, open_town, words_of

ACCOUNTS = ("ann", "ben", "cas", "dora", "eva")
BRUSSELS = ZoneInfo("Europe/Brussels")
DAY = timedelta(days=1)
A_DAY = 5
# What an account gives that came less than that ago counts nowhere else.
NEW_FOR = 7 * DAY
HANDS = "\N{PERSON WITH FOLDED HANDS}"
# The evenings before the clocks go forward, and back.
CHANGES = (datetime(2027, 3, 27, 20, tzinfo=UTC), datetime(2027, 10, 30, 20, tzinfo=UTC))
EVER = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
ORDER = ("openly", "privately", "not")


@dataclass
class Taste:
    receives: str = "openly"
    wall: bool | None = None
    expertise: bool | None = None


@dataclass
class Thanks:
    """One as those who were there remember it; people are numbers of the test's own. `message`: on which a
    sign was put. `alone`: who reads it alone.
    """

    giver: int | None
    to: set[int]
    at: datetime
    replies_to: int | None = None
    names: set[str] = field(default_factory=set)
    message: str | None = None
    is_gone: bool = False
    is_early: bool = False
    hidden: set[int] = field(default_factory=set)
    alone: set[int] = field(default_factory=set)
    # Whoever was forgotten is thanked still, as somebody; some of them where others read it.
    nobodys: int = 0
    open_nobodys: int = 0
    # Whom it thanks for what they know; and how often it was put back.
    endorses: set[int] = field(default_factory=set)
    again: int = 0
    why: str = ""
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

    @property
    def is_open(self) -> bool:
        """Whether anybody is thanked by it where others read that."""
        return bool(self.seen - self.alone or self.names or self.open_nobodys)

    @property
    def counts(self) -> bool:
        """On a total of the year."""
        return self.stands and self.replies_to is None and not self.is_early


class Giving(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory()
        self.stack = AsyncExitStack()
        self.town: Town
        self.person = {name: number for number, name in enumerate(ACCOUNTS)}
        self.tastes: dict[int, Taste] = {}
        self.knowing: set[int] = set()
        self.history: dict[int, Thanks] = {}
        # Which account wrote each message that is there, and since when each account is.
        self.messages: dict[str, str] = {}
        self.written = 0
        self.came: dict[str, datetime] = {}
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
        for name in ACCOUNTS[:3]:
            self.say_what_they_know(name, lists=True)
            self.choose_expertise(name, wants=True)

    async def _start(self, change: datetime) -> None:
        opening = open_town(f"sqlite:///{self.folder.name}/plein.db", moderators=("mia",))
        self.town = await self.stack.enter_async_context(opening)
        self.town.clock.turn_to(change - 8 * DAY)
        await self.town.joined("sport")
        for name in (*ACCOUNTS, "mia"):
            await self.town.say(name, "!help")
            self.came[name] = self.town.clock.now()
        # What an account gave in its first week endorses nothing.
        self.town.clock.turn(8 * DAY)

    # --- what happens ---

    @rule(
        data=st.data(),
        giver=st.sampled_from(ACCOUNTS),
        several=st.sampled_from([1, 1, 1, 2, 3]),
        named=st.sampled_from([False, False, True]),
        why=st.sampled_from(["dankzij je kennis van Geluid", "voor het opruimen"]),
    )
    def give(self, data: st.DataObject, giver: str, several: int, named: bool, why: str) -> None:
        who = data.draw(st.permutations(ACCOUNTS))[:several]
        names = {"oma"} if named and several == 1 else set()
        people = set() if names else {self.person[name] for name in who}
        whom = ["name:oma"] if names else [f"resident:{self._number(name)}" for name in who]
        count = len(self.history)
        said = self._press(giver, "kudos give", who=whom, reason=why)
        self._expect_given(giver, people, names, said)
        if len(self.history) > count:
            self.history[len(self.history)].why = why
            self._expect_endorsed(len(self.history), why)

    def _given_on(self, me: int, day: str) -> tuple[int, set[int]]:
        """How many, and whom they thank by what stands."""
        counted = [each for number in self.gave[me] if (each := self.history[number]).day == day]
        return len(counted), set[int]().union(*(each.to for each in counted if each.stands))

    def _today(self) -> str:
        return self.town.clock.now().astimezone(BRUSSELS).date().isoformat()

    def _expect_given(self, giver: str, people: set[int], names: set[str], said: str) -> None:
        me = self.person[giver]
        count, today = self._given_on(me, self._today())
        first = self._thanked_by(me, people) if len(people) == 1 and not names else None
        if me in people:
            assert "Jezelf bedanken kan niet" in said
        elif any(self._taste(who).receives == "not" for who in people):
            assert "Bedankjes via Plein wil" in said
        elif first is not None and self._replied(first, me):
            assert "hier al voor terug" in said
        elif first is not None:
            assert "staat onder het eerste" in said
            self._note(giver, people, replies_to=first)
        elif count >= A_DAY:
            assert "vandaag al 5 keer" in said
        elif people & today:
            assert "al. Morgen kan het weer" in said
        else:
            assert "staat in sport" in said or "leest je bedankje in privé" in said
            self._note(giver, people, names=names)

    def _note(self, giver: str, people: set[int], **more: Any) -> None:
        now = self.town.clock.now()
        alone = {who for who in people if self._taste(who).receives == "privately"}
        early = now - self.came[giver] < NEW_FOR
        thanks = Thanks(self.person[giver], {*people}, now, alone=alone, is_early=early, **more)
        self.history[len(self.history) + 1] = thanks
        if thanks.replies_to is None:
            self.gave[thanks.giver or 0].add(len(self.history))

    def _expect_endorsed(self, number: int, why: str) -> None:
        thanks = self.history[number]
        found = self.run(self.town.core.store.run(lambda tx: tx.of(KUDOS).look(number)))
        if "Geluid" in why and not found.is_early and thanks.replies_to is None and not thanks.names:
            for who in thanks.to if len(thanks.to) == 1 else ():
                if who in self.knowing - thanks.alone and self._taste(who).expertise is not False:
                    thanks.endorses.add(who)

    @rule(who=st.sampled_from(ACCOUNTS), lists=st.booleans())
    def say_what_they_know(self, who: str, lists: bool) -> None:
        args = {"topics": ["geluid"], "show": True} if lists else {"clear": True}
        self._press(who, "me expertise", **args)
        (self.knowing.add if lists else self.knowing.discard)(self.person[who])
        if not lists:
            self._drop_endorsed(self.person[who])

    @rule(who=st.sampled_from(ACCOUNTS), wants=st.booleans())
    def choose_expertise(self, who: str, wants: bool) -> None:
        self._press(who, "kudos settings", wish="expertise-on" if wants else "expertise-off")
        self.tastes.setdefault(self.person[who], Taste()).expertise = wants
        if not wants:
            self._drop_endorsed(self.person[who])

    def _drop_endorsed(self, who: int) -> None:
        for thanks in self.history.values():
            thanks.endorses.discard(who)

    # --- by a sign on what somebody wrote ---

    @rule(data=st.data(), giver=st.sampled_from(ACCOUNTS), author=st.sampled_from(ACCOUNTS))
    def sign(self, data: st.DataObject, giver: str, author: str) -> None:
        """On what somebody wrote now, or what stands there already."""
        ref = data.draw(st.sampled_from(["", *sorted(self.messages)]))
        if not ref:
            self.written += 1
            ref = f"${self.written}"
            self.messages[ref] = author
        self._sign(giver, ref, on=True)

    @precondition(lambda self: any(each.message in self.messages for each in self.history.values()))
    @rule(data=st.data(), by_another=st.sampled_from([None, None, None, *ACCOUNTS]), on=st.booleans())
    def toggle(self, data: st.DataObject, by_another: str | None, on: bool) -> None:
        """Where somebody put one before; most often they themselves."""
        put = [each for each in self.history.values() if each.message in self.messages]
        thanks = data.draw(st.sampled_from(put))
        theirs = [name for name in ACCOUNTS if self.person[name] == thanks.giver]
        assert thanks.message
        self._sign(by_another or next(iter(theirs), ACCOUNTS[0]), thanks.message, on=on)

    def _sign(self, giver: str, ref: str, *, on: bool) -> None:
        """What it is answered waits for them; whether it stands is seen by the recount."""
        me, author = self.person[giver], self.messages[ref]
        mention = Mention(f"@{author}", Identity(PLATFORM, author), author) if on else None
        about = Remark(ref, self.town.clock.now(), f"https://chat.example/{ref}", mention)
        asked = replace(self.town.asked(giver), reacted=Reacted(HANDS, on), about=about)
        self.run(self.town.core.handle(replace(asked, by_post=True, public=True)))
        theirs = [each for each in self.history.values() if each.giver == me and each.message == ref]
        stands = [each for each in theirs if each.stands]
        if not on:
            if stands and self.town.clock.now() - stands[-1].at <= DAY:
                stands[-1].state = "withdrawn"
        elif not theirs:
            self._sign_anew(giver, ref)
        elif not stands and self._may_stand_again(theirs[-1], me):
            # Nothing more counts for that day.
            theirs[-1].state = "given"
            theirs[-1].again += 1

    def _sign_anew(self, giver: str, ref: str) -> None:
        me, whom = self.person[giver], self.person[self.messages[ref]]
        count, today = self._given_on(me, self._today())
        if whom != me and self._taste(whom).receives != "not" and count < A_DAY and whom not in today:
            self._note(giver, {whom}, message=ref)

    def _may_stand_again(self, found: Thanks, me: int) -> bool:
        late = self.town.clock.now() - found.at > DAY
        if found.state != "withdrawn" or me in found.to or late or found.again >= OFTEN:
            return False
        if any(self._taste(who).receives == "not" for who in found.seen):
            return False
        return not found.seen & self._given_on(me, found.day)[1]

    @precondition(lambda self: self.messages)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        ref = data.draw(st.sampled_from(sorted(self.messages)))
        del self.messages[ref]
        self.run(self.town.core.gone(Place(PLATFORM, "sport"), [ref]))
        for thanks in self.history.values():
            thanks.is_gone = thanks.is_gone or thanks.message == ref

    # --- what becomes of it ---

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
        return any(each.replies_to == first and each.giver == me for each in self.history.values())

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

    @precondition(lambda self: any(each.hidden for each in self.history.values()))
    @rule(data=st.data(), who=st.sampled_from(ACCOUNTS))
    def unhide(self, data: st.DataObject, who: str) -> None:
        hidden = [number for number, each in self.history.items() if each.hidden]
        thanks, me = self.history[number := data.draw(st.sampled_from(hidden))], self.person[who]
        said = self._press(who, "kudos unhide", kudos=number)
        assert ("ziet weer dat" in said) is (me in thanks.to)
        thanks.hidden.discard(me)

    @precondition(lambda self: self.history)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        thanks = self.history[number := data.draw(st.sampled_from(sorted(self.history)))]
        said = self._press("mia", "kudos remove", kudos=number, why="Kwetsend", sure=True)
        # What somebody reads alone no moderator finds.
        assert ("dat jij modereert" in said) is not thanks.is_open
        assert ("is weggehaald" in said) is (thanks.is_open and thanks.stands)
        assert ("al niet meer" in said) is (thanks.is_open and not thanks.stands)
        if thanks.is_open and thanks.stands:
            thanks.state = "removed"

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
                self._keep_alone(me)
                self._expect_endorsed(number, thanks.why)

    def _keep_alone(self, who: int) -> None:
        """What thanks somebody who likes it so is read by them alone, and stays so."""
        if self._taste(who).receives == "privately":
            for thanks in self.history.values():
                thanks.alone |= {who} & thanks.to

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
        self._keep_alone(self.person[who])

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
            wants = [taste.expertise for taste in said if taste.expertise is not None]
            strictest = max((taste.receives for taste in said), key=ORDER.index)
            self.tastes[stays] = Taste(
                strictest, all(walls) if walls else None, all(wants) if wants else None
            )
            self._keep_alone(stays)
        if goes in self.knowing:
            self.knowing = (self.knowing - {goes}) | {stays}
        self.run(self._due())

    def _join(self, thanks: Thanks, goes: int, stays: int) -> None:
        if goes in thanks.endorses:
            thanks.endorses = (thanks.endorses - {goes}) | {stays}
        if thanks.giver == goes:
            thanks.giver = stays
        if goes in thanks.to:
            if goes in thanks.hidden:
                thanks.hidden.add(stays)
            if goes in thanks.alone and stays not in thanks.to:
                thanks.alone.add(stays)
            thanks.to = (thanks.to - {goes}) | {stays}
            thanks.hidden.discard(goes)
            thanks.alone.discard(goes)
        if thanks.stands and thanks.giver is not None and thanks.giver in thanks.to:
            if thanks.seen - {thanks.giver} or thanks.names or thanks.nobodys:
                thanks.to.discard(thanks.giver)
                thanks.hidden.discard(thanks.giver)
            else:
                thanks.state = "void"

    @rule(elder=st.sampled_from(ACCOUNTS), younger=st.sampled_from(ACCOUNTS))
    def link_by_mistake(self, elder: str, younger: str) -> None:
        """Which is undone: each has back what they had, also what counts against them."""
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
            thanks.open_nobodys += gone in thanks.seen - thanks.alone
            thanks.to.discard(gone)
            thanks.hidden.discard(gone)
            thanks.alone.discard(gone)
        self.tastes.pop(gone, None)
        self.knowing.discard(gone)
        self._drop_endorsed(gone)
        self.run(self._due())
        self.town.clock.turn(timedelta(seconds=1))
        for name in names:
            self.run(self.town.say(name, "!help"))
            self.person[name] = self._newcomer()
            self.came[name] = self.town.clock.now()
            self.gave[self.person[name]] |= self.gave[gone]

    def _newcomer(self) -> int:
        self.last += 1
        return self.last

    @rule(minutes=st.sampled_from([1, 59, 119, 6 * 60, 23 * 60, 24 * 60, 25 * 60, 8 * 24 * 60]))
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
        found = self.run(self.town.core.store.run(lambda tx: Read.of(tx, numbers)))
        known = self.history.items()
        for who in numbers:
            assert found.received[who] == [
                number
                for number, each in sorted(known, reverse=True)
                if each.stands and who in each.seen and each.replies_to is None
            ]
            counted = [each for _, each in known if each.counts]
            received = sum(who in each.seen for each in counted)
            assert found.totals[who] == (sum(each.giver == who for each in counted), received, len(counted))
        assert found.kept == {
            number: (each.state, each.is_gone, each.is_early, each.message is not None)
            for number, each in known
        }
        agreed = {
            number: {numbers[who] for who in each.seen - each.alone if self._taste(who).wall}
            for number, each in known
            if each.stands and each.replies_to is None
        }
        assert found.wall == {number: who for number, who in agreed.items() if who}

    @invariant()
    def the_wall_never_shows_who_did_not_agree(self) -> None:
        """As anybody reads it there."""
        if not hasattr(self, "town"):
            return
        agreed = {self._number(name) for name in ACCOUNTS if self._taste(self.person[name]).wall}
        answer = self.run(self.town.core.handle(self.town.asked("mia", "!bedankje muur")))
        for line in answer.words:
            whom = line.values.get("who", ()) if line.key == "kudos.wall.line" else ()
            assert all(isinstance(who, Resident) for who in whom)
            assert {who.id for who in whom} <= agreed

    @invariant()
    def what_is_endorsed_is_a_recount(self) -> None:
        if not hasattr(self, "town"):
            return
        numbers = {self.person[name]: self._number(name) for name in ACCOUNTS}
        endorsed = {
            who
            for each in self.history.values()
            if each.stands
            for who in each.endorses & each.seen - each.alone
        }
        assert {who for who in numbers if self._recognised(numbers[who])} == {
            who for who in numbers if who in endorsed and self._taste(who).expertise
        }

    def _recognised(self, number: int) -> bool:
        return bool(self.run(self.town.core.store.run(lambda tx: tx.of(KUDOS).endorsed(number))))

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


class Read(NamedTuple):
    """What is kept, of whom by the test's own numbers, and of what by that of each thank-you."""

    wall: dict[int, set[int]]
    received: dict[int, list[int]]
    totals: dict[int, tuple[int, int, int]]
    kept: dict[int, tuple[str, bool, bool, bool]]

    @classmethod
    def of(cls, tx: Transaction, numbers: dict[int, int]) -> Read:
        kept, theme = tx.of(KUDOS), tx.places.theme_named("sport")
        assert theme
        every = itertools.takewhile(bool, map(kept.look, itertools.count(1)))
        people = numbers.items()
        return cls(
            {found.id: set(who) for found, who in kept.wall([theme.id], 1000)},
            {who: [found.id for found in kept.received(number, None, 1000)] for who, number in people},
            {who: (*kept.totals(number, *EVER),) for who, number in people},
            {
                each.id: (each.state, each.is_gone, each.is_early, each.message is not None)
                for each in every
                if each
            },
        )


TestGiving = Giving.TestCase
TestGiving.settings = settings(
    max_examples=2, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)


class TestGivingAtLength(Giving.TestCase):  # type: ignore[misc, valid-type]
    settings = settings(TestGiving.settings, max_examples=40, stateful_step_count=40)
