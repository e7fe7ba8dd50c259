"""Whatever people do, a meeting is never over its room, places go in order, and each is told once.

The oracle keeps lists of names in the order in which they asked, and shares no code with what it judges.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from bot.features.meetings.records import MEETINGS
from bot.model.people import Identity
from bot.ports.storage import Transaction
from tests.bot.features.meetings.test_changes import PLAN, council
from tests.doubles.platform import PLATFORM, Town

WHO = ["ann", "ben", "cas", "dirk", "eva"]
WAYS = {"ter plaatse": "on-site", "online": "online", "misschien": "maybe", "niet": "no"}
people = st.sampled_from(WHO)


@dataclass
class Told:
    """What the oracle thinks of somebody's answer."""

    way: str
    party: int
    seat: str | None = None
    # How many answers had been changed by then.
    said: int = 0


class Meetings(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.stack = AsyncExitStack()
        self.town: Town
        # In the order in which they chose their way; by who they are.
        self.answers: dict[int, Told] = {}
        self.said = 0
        self.room: int | None = 3
        self.gone = False
        self.day = 8
        self.told = (self.day, False)
        self.expected = 0

    def teardown(self) -> None:
        self.loop.run_until_complete(self.stack.aclose())
        self.loop.close()

    def say(self, who: str, words: str, room: str | None = "sport") -> str:
        self.town.clock.turn(timedelta(seconds=1))
        return self.loop.run_until_complete(self.town.say(who, words, room=room))

    def number(self, who: str) -> int:
        def find(tx: Transaction) -> int:
            found = tx.people.by_identity(Identity(PLATFORM, who))
            return found.id if found else 0

        return self.loop.run_until_complete(self.town.core.store.run(find))

    @initialize()
    def start(self) -> None:
        self.town = self.loop.run_until_complete(
            self.stack.enter_async_context(council("sqlite:///:memory:", f"{PLAN} --max 3"))
        )
        for who in WHO:
            self.say(who, "!help")

    # --- the oracle ---

    def taken(self, way: str) -> int:
        return sum(each.party for each in self.answers.values() if each.seat == way)

    def has_room(self, way: str, party: int) -> bool:
        return way == "online" or self.room is None or self.taken(way) + party <= self.room

    def move_up(self) -> None:
        while True:
            for each in self.answers.values():
                waits = each.way in ("on-site", "online") and each.seat != each.way
                if waits and self.has_room(each.way, each.party):
                    each.seat = each.way
                    break
            else:
                return

    def expect(self, who: int, way: str, guests: int) -> bool:
        """Whether that answer is taken, with what becomes of it."""
        party, before = 1 + guests, self.answers.get(who)
        if way == "on-site" and self.room is not None and party > self.room:
            return False
        now = Told(way, party)
        if way in ("on-site", "online"):
            others = {number: each for number, each in self.answers.items() if number != who}
            kept, self.answers = self.answers, others
            stays = before and before.seat == way and party <= before.party
            if stays or self.has_room(way, party):
                now.seat = way
            elif before and before.seat:
                fits = party <= before.party or self.has_room(before.seat, party)
                now.seat = before.seat if fits else "refused"
            self.answers = kept
            if now.seat == "refused":
                return False
        self.said += 1
        now.said = before.said if before and (before.way, before.party) == (way, party) else self.said
        if before and before.way == way:
            self.answers[who] = now
        else:
            self.answers.pop(who, None)
            self.answers[who] = now
        self.move_up()
        return True

    # --- what people do ---

    @rule(who=people, way=st.sampled_from(sorted(WAYS)), guests=st.integers(0, 3))
    def come(self, who: str, way: str, guests: int) -> None:
        self.say(who, "!help")
        guests = guests if WAYS[way] in ("on-site", "online") else 0
        brings = f" --met {guests}" if WAYS[way] in ("on-site", "online") else ""
        said = self.say(who, f"!kom {way}{brings} --bijeenkomst 1")
        if self.gone:
            assert "gaat niet door" in said
            return
        if not self.expect(self.number(who), WAYS[way], guests):
            assert "Je houdt je plaats" in said or "meer dan er ooit plaats is" in said, said

    @rule(room=st.one_of(st.none(), st.integers(1, 8)))
    def change_room(self, room: int | None) -> None:
        said = self.say("mia", f"!bijeenkomst wijzig --max {room or 'geen'} --bijeenkomst 1")
        if self.gone:
            assert "gaat niet door" in said
        elif room != self.room:
            self.room = room
            self.move_up()
            assert bool(re.search("meer dan er plaats is", said)) is (
                room is not None and self.taken("on-site") > room
            )

    @rule(day=st.integers(8, 12))
    def move(self, day: int) -> None:
        said = self.say("mia", f'!bijeenkomst verplaats "{day} december 19u30" --bijeenkomst 1')
        if self.gone or day == self.day:
            assert "gaat niet door" in said or "begint al" in said
            return
        self.day = day

    @rule()
    def cancel(self) -> None:
        self.say("mia", "!bijeenkomst annuleer --reden Ziek --zeker --bijeenkomst 1")
        self.gone = True

    @rule()
    def restore(self) -> None:
        self.say("mia", "!bijeenkomst herstel 1")
        self.gone = False

    @rule(elder=people, younger=people)
    def link(self, elder: str, younger: str) -> None:
        for who in (elder, younger):
            self.say(who, "!help")  # who was forgotten is somebody by that
        one, other = self.number(elder), self.number(younger)
        if one == other:
            return
        self.loop.run_until_complete(self.town.linked(elder, younger))
        stays = self.number(elder)
        goes = other if stays == one else one
        theirs = [number for number in (stays, goes) if number in self.answers]
        if theirs:
            theirs.sort(key=lambda number: self.answers[number].said)
            earlier, last = self.answers[theirs[0]], self.answers[theirs[-1]]
            # The later one stands; what both said alike stands where the first of the two did.
            place = theirs[-1]
            if earlier.way == last.way:
                place = next(number for number in self.answers if number in theirs)
                seat = earlier.seat if earlier.party >= last.party else last.seat
                last.seat = seat if seat == last.way else last.seat or seat
            order = [(stays if n == place else n, last if n == place else a) for n, a in self.answers.items()]
            dropped = set(theirs) - {place}
            numbers = list(self.answers)
            self.answers = {
                new: answer for old, (new, answer) in zip(numbers, order, strict=True) if old not in dropped
            }
        self.settle()

    @rule(who=people)
    def forget(self, who: str) -> None:
        self.say(who, "!help")
        number = self.number(who)
        self.say(who, "!me forget --sure", room=None)
        self.answers.pop(number, None)
        self.settle()

    def settle(self) -> None:
        """Places that came free are given as soon as Plein gets to it; of what is cancelled they are kept."""
        self.loop.run_until_complete(self.town.core.run_due())
        if not self.gone:
            self.move_up()

    @rule()
    def wait(self) -> None:
        self.town.clock.turn(timedelta(minutes=6))
        self.settle()
        now = (self.day, self.gone)
        if now != self.told and any(each.way != "no" for each in self.answers.values()):
            self.expected += 1
        self.told = now
        said = [words for words in self.town.platform.where("sport") if _is_news(words)]
        assert len(said) <= self.expected, said

    @invariant()
    def it_is_as_the_oracle_says(self) -> None:
        def read(tx: Transaction) -> list[tuple[int | None, str, str | None, int]]:
            return [
                (each.resident, str(each.way), str(each.seat) if each.seat else None, each.party)
                for each in tx.of(MEETINGS).answers(1, 100)
            ]

        found = self.loop.run_until_complete(self.town.core.store.run(read))
        assert found == [(who, each.way, each.seat, each.party) for who, each in self.answers.items()]
        figures = self.loop.run_until_complete(
            self.town.core.store.run(lambda tx: tx.of(MEETINGS).figures(1).people)
        )
        counted: Counter[tuple[str, str | None]] = Counter()
        for each in self.answers.values():
            counted[each.way, each.seat] += each.party
        assert figures == counted


def _is_news(words: str) -> bool:
    return any(news in words for news in ("Verplaatst naar", "Dit gaat niet door", "Dit gaat toch door"))


TestMeetings = Meetings.TestCase
TestMeetings.settings = settings(
    max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
