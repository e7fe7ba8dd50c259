"""However accounts are linked, unlinked and linked anew, nobody has two votes in one poll.

An account is behind a ballot if it was one of its person's at any moment since it was cast. Nobody is behind
two ballots in a poll at once; and what is counted is what there is. So it is with support for a theme that is
proposed. Each answer on the way is the one that follows from what is under way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import select

from bot.clock import HandClock
from bot.features.polls.records import POLLS
from bot.features.themes.settings import NewThemesSettings
from bot.model.homes import Home
from bot.model.message import Message
from bot.model.people import Place
from bot.ports.storage import Transaction
from storage.polls.tables import ballots, polls
from storage.themes.openings import supporters
from tests.chat import NOW, Chat, open_chat
from tests.doubles.linking import account, ask, key, press
from tests.doubles.polls import counted
from tests.doubles.under_way import Asked, Joined, UnderWay
from tests.test_people_tables import db

T = TypeVar("T")
WHO = ["annelies@discord", "beatrix@matrix", "caspar@signal"]
ROOM = "discord/sport"
KINDS = {
    "choice": ["1", "2"],
    "approval": ["1", "1 2"],
    "score": ["3 4", "1 5"],
    "ranked": ["1 2", "2 1"],
    "consent": ["agree", "object too dear"],
    "dates": ["yes no", "no yes"],
}
WHEN = "20 dec 20:00 | 21 dec 20:00"
# Which of several: mostly the last one.
WHICH = st.sampled_from([-1, -1, -1, -2, 0])
PROPOSAL = "proposal:1"
people = st.sampled_from(WHO)
MOSTLY = st.sampled_from([True, True, True, True, False])


class Linking(RuleBasedStateMachine):
    database = "sqlite:///:memory:"

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.stack = AsyncExitStack()
        self.clock = HandClock(NOW)
        self.chat: Chat
        self.kinds: list[str] = []
        self.secret = False
        self.under_way = UnderWay()
        # Who is behind the ballot of a resident, by poll; and behind their support, under nought.
        self.behind: dict[tuple[int, int], set[str]] = {}
        self.whose: Mapping[str, int] = {}
        # Who supports what is proposed, as they said it.
        self.support: set[int] = set()

    def run(self, coroutine: Any) -> Any:
        return self.loop.run_until_complete(coroutine)

    def teardown(self) -> None:
        self.run(self.stack.aclose())
        self.loop.close()

    def ask(self, who: str, typed: str, room: str = "") -> Message:
        said: Message = self.run(ask(self.chat, who, typed, room=room))
        assert key(said) != "error.internal", said
        self.notice()
        return said

    def press(self, who: str, message: Message, number: int = 1) -> Message:
        said: Message = self.run(press(self.chat, who, message, number))
        assert key(said) != "error.internal", said
        self.notice()
        return said

    @initialize(kinds=st.lists(st.sampled_from(sorted(KINDS)), min_size=2, max_size=2), secret=st.booleans())
    def start(self, kinds: list[str], secret: bool) -> None:
        self.open()
        self.run(self.chat.say("eve@discord/sport: !help"))
        self.kinds, self.secret = kinds, secret
        for number, kind in enumerate(kinds):
            options = "" if kind == "consent" else f" {WHEN if kind == 'dates' else 'Yes | No'}"
            anonymous = " --anonymous" if secret and number else ""
            typed = f'!poll open "What {number}?"{options} --kind {kind} --closes 15d{anonymous}'
            said = self.ask("eve@discord", typed, ROOM)
            assert key(said).startswith("poll.opened"), said
        self.run(self.chat.core.store.run(_choose_home))
        said = self.ask("eve@discord", '!theme propose "Light" Lamps by the path', ROOM)
        assert key(said) == "theme.proposed", said

    def open(self) -> None:
        self.chat = self.run(
            self.stack.enter_async_context(
                open_chat(
                    self.database,
                    language="en",
                    clock=self.clock,
                    new_themes=NewThemesSettings(supporters=len(WHO) + 1),
                )
            )
        )

    # --- what people do ---

    @rule(who=people, poll=st.integers(1, 2), which=st.integers(0, 1))
    def vote(self, who: str, poll: int, which: int) -> None:
        self.vote_in(poll, who, which)

    @rule(order=st.permutations(WHO), poll=st.integers(1, 2), which=st.integers(0, 1))
    def everybody_votes(self, order: list[str], poll: int, which: int) -> None:
        """Whoever has a vote too many casts it."""
        for who in order:
            self.vote_in(poll, who, which)

    def vote_in(self, poll: int, who: str, which: int) -> None:
        answer = KINDS[self.kinds[poll - 1]][which]
        said: Message = self.run(
            ask(self.chat, who, command="poll vote", answer=answer, poll=poll, room=ROOM)
        )
        assert key(said).startswith("poll.receipt") or key(said) in ("poll.left", "poll.is_closed"), said
        self.notice()

    @rule(who=people, poll=st.integers(1, 2))
    def withdraw(self, who: str, poll: int) -> None:
        self.ask(who, f"!poll withdraw {poll}", ROOM)

    @rule(who=people, what=st.sampled_from(["", "theme", "place"]))
    def say_or_leave(self, who: str, what: str) -> None:
        """They come back with the next thing that they say there: what they voted stands."""
        if not what:
            self.run(self.chat.say(f"{who}/sport: good evening"))
            self.notice()
        elif what == "theme":
            assert key(self.ask(who, "!theme leave --sure", ROOM)).startswith("theme.left")
        else:
            self.run(self.chat.core.parted(Place("console", ROOM), [who]))
            self.notice()

    @rule(order=st.permutations(WHO), several=st.integers(1, len(WHO)))
    def support_it(self, order: list[str], several: int) -> None:
        for who in order[:several]:
            self.support_as(who)

    def support_as(self, who: str) -> None:
        said = key(self.run(ask(self.chat, who, command="theme support", proposal=PROPOSAL, room=ROOM)))
        self.notice()
        number = self.whose[who]
        if said == "theme.supported":
            assert number not in self.support
            self.support.add(number)
        else:
            assert said == f"theme.support.{'already' if number in self.support else 'left'}"

    @rule(who=people)
    def support_it_no_more(self, who: str) -> None:
        said = key(self.run(ask(self.chat, who, command="theme unsupport", proposal=PROPOSAL, room=ROOM)))
        self.notice()
        number = self.whose[who]
        assert said == ("theme.support.back" if number in self.support else "theme.support.not"), said
        self.support.discard(number)

    @property
    def now(self) -> datetime:
        return self.clock.now()

    @precondition(lambda self: not self.under_way.to_be_given(self.now))
    @rule(who=people)
    def ask_for_code(self, who: str) -> None:
        waiting, closed = self.under_way.waiting(who, self.now), self.under_way.is_closed(who, self.now)
        said = self.ask(who, "!me link")
        expected = "link.closed" if closed else "link.question" if waiting else "link.code"
        assert key(said) == expected, said
        if expected == "link.code":
            self.under_way.ask(who, str(said.lines[0].values["code"]), self.now)

    @precondition(lambda self: self.under_way.codes)
    @rule(who=people, which=WHICH)
    def give_code(self, who: str, which: int) -> None:
        asked = _one_of(self.under_way.codes, which)
        expected = self.under_way.to_give(who, asked, self.now)
        said = self.ask(who, f"!me link {asked.code}")
        assert key(said) == expected, said
        if expected == "link.question":
            self.under_way.give(who, asked, said, self.now)
        elif expected == "link.wrong":
            self.under_way.guess(who, self.now)

    @precondition(lambda self: self.under_way.questions)
    @rule(which=WHICH)
    def say_yes_there(self, which: int) -> None:
        asked = _one_of(self.under_way.questions, which)
        self.say_yes(asked.gives, asked)

    @precondition(lambda self: self.under_way.questions)
    @rule(which=WHICH, who=st.sampled_from([*WHO, "", "", ""]))
    def say_yes_here(self, which: int, who: str) -> None:
        """Whoever asked, or anybody else."""
        asked = _one_of(self.under_way.questions, which)
        self.say_yes(who or asked.asks, asked)

    def say_yes(self, who: str, asked: Asked) -> None:
        assert asked.question
        expected = self.under_way.to_yes(who, asked, self.now)
        pair = [self.whose.get(each, 0) for each in (asked.asks, asked.gives)]
        sides = (
            {other for other in WHO if self.whose.get(other) == min(pair)},
            {other for other in WHO if self.whose.get(other) == max(pair)},
        )
        brought = max(pair) in self.support and min(pair) not in self.support
        if expected == "link.done":
            for resident in pair:
                self.under_way.drop_codes_of(resident)
        said = self.press(who, asked.question)
        assert key(said) == expected, said
        if expected == "link.half":
            asked.agreed = True
        elif expected == "link.done":
            self.under_way.join(said, asked, sides, self.whose[who], self.now, brought=brought)

    @precondition(lambda self: self.under_way.questions)
    @rule(which=WHICH, there=st.booleans(), who=st.sampled_from([*WHO, "", "", ""]))
    def say_no(self, which: int, there: bool, who: str) -> None:
        asked = _one_of(self.under_way.questions, which)
        assert asked.question
        who = who or (asked.gives if there else asked.asks)
        expected = self.under_way.to_no(who, asked, self.now)
        assert key(self.press(who, asked.question, 2)) == expected
        if expected == "link.no":
            self.under_way.drop(asked)

    @precondition(lambda self: len(self.linked()) < len(WHO))
    @rule(order=st.permutations(WHO), far=st.sampled_from([4, 4, 4, 3, 3, 2]))
    def link(self, order: list[str], far: int) -> None:
        """Those steps in a row, or as far as the one before the last, by two who are not one person yet."""
        asks = order[0]
        gives = next(who for who in order[1:] if self.whose.get(who, who) != self.whose.get(asks))
        codes, questions = len(self.under_way.codes), len(self.under_way.questions)
        self.ask_for_code(asks)
        if len(self.under_way.codes) > codes:
            self.give_code(gives, -1)
        if len(self.under_way.questions) > questions:
            asked = self.under_way.questions[-1]
            for who in (gives, asks)[: far - 2]:
                self.say_yes(who, asked)

    @precondition(lambda self: self.under_way.links)
    @rule(who=people, which=WHICH)
    def undo(self, who: str, which: int) -> None:
        link: Joined = _one_of(self.under_way.links, which)
        expected, old = self.under_way.to_undo(who, link, self.now), link.resident
        if expected == "link.undone":
            self.under_way.drop_codes_of(old)
        assert key(self.press(who, link.said)) == expected
        if expected == "link.undone":
            self.under_way.drop(link)
            self.under_way.part(old, link.accounts)
            if link.brought and old in self.support:
                self.support ^= {old, self.whose[next(iter(link.accounts))]}

    @precondition(lambda self: self.linked())
    @rule(which=st.integers(0, len(WHO) - 1))
    def unlink(self, which: int) -> None:
        linked = self.linked()
        who = linked[which % len(linked)]
        before = self.whose[who]
        self.under_way.drop_codes_of(before)
        said = self.ask(who, "!me unlink --sure")
        assert key(said) == "unlink.done", said
        self.under_way.part(before, {who})

    def linked(self) -> list[str]:
        """Those who are one person with somebody else."""
        persons = list(self.whose.values())
        return [who for who in WHO if who in self.whose and persons.count(self.whose[who]) > 1]

    @rule(who=people)
    def forget(self, who: str) -> None:
        """And come back with the next word."""
        if who in self.whose:
            self.under_way.drop_all_of(self.whose[who])
            self.run(self.chat.core.forget(self.whose[who]))
            self.notice()

    @rule(minutes=st.sampled_from([4, 11, 61, 25 * 60]))
    def wait(self, minutes: int) -> None:
        """Until a code is no use any more, linking is open again, or a link can be undone no more."""
        self.clock.turn_to(self.clock.now() + timedelta(minutes=minutes))
        self.run(self.chat.core.run_due())
        self.notice()

    # --- what is so ---

    def notice(self) -> None:
        """Who is behind which ballot now."""
        whose, cast, supporting = self.run(self.chat.core.store.run(_standing))
        before = {
            resident: {who for who in WHO if self.whose.get(who) == resident}
            for resident in self.whose.values()
        }
        gone = {resident for resident in before if resident not in whose.values()}
        behind: dict[tuple[int, int], set[str]] = {}
        for poll, voter in [*cast, *((0, supporter) for supporter in supporting)]:
            now = {who for who in WHO if whose.get(who) == voter}
            merged = [
                self.behind.get((poll, old), set()) for old in gone if before[old] and before[old] <= now
            ]
            behind[poll, voter] = now.union(self.behind.get((poll, voter), set()), *merged)
        for old in gone:
            for new in {whose[who] for who in before[old] if who in whose}:
                self.under_way.merged(old, new)
                self.support |= {new} if old in self.support else set()
        self.support -= gone
        self.behind, self.whose = behind, whose
        self.under_way.whose = whose

    @invariant()
    def support_is_whose_it_was_said_to_be(self) -> None:
        found = {number for of, number in self.behind if not of}
        # Of what two brought it is kept once, and not always where it was said.
        assert len(found) <= len(self.support)
        self.support = found

    @invariant()
    def nobody_is_behind_two_ballots(self) -> None:
        for poll in (0, 1, 2):
            several = [who for (of, _), who in self.behind.items() if of == poll]
            assert sum(map(len, several)) == len(set().union(*several)), (poll, self.behind)

    @invariant()
    def what_is_counted_is_what_there_is(self) -> None:
        for poll, kind in enumerate(self.kinds, start=1):
            if self.secret and poll > 1:  # what its ballots say nobody reads before the end
                cast = [voter for of, voter in self.behind if of == poll]
                assert self.run(self.chat.core.store.run(partial(_voters, number=poll))) == len(cast), kind
            else:
                self.run(self.chat.core.store.run(partial(counted, number=poll)))


def _voters(tx: Transaction, number: int) -> int:
    found = tx.of(POLLS).get(number, 0)
    assert found
    return found[0].voters


def _standing(tx: Transaction) -> tuple[dict[str, int], list[tuple[int, int]], list[int]]:
    """Whose each account is, whose ballots there are in what is open, and who supports what is proposed."""
    whose = {who: found.id for who in WHO if (found := tx.people.by_identity(account(who)))}
    cast = (
        select(ballots.c.poll, ballots.c.voter)
        .join(polls, polls.c.id == ballots.c.poll)
        .where(polls.c.state == "open")
    )
    supporting = db(tx).execute(select(supporters.c.resident)).scalars()
    return whose, [tuple(row) for row in db(tx).execute(cast)], list(supporting)


def _choose_home(tx: Transaction) -> None:
    """What is proposed gets its rooms there."""
    who = tx.people.by_identity(account("eve@discord"))
    assert who
    tx.communities.change(
        "home.console", Home("console", "console.home", "corner", "Corner").kept(), who.id, NOW
    )


def _one_of(those: Sequence[T], which: int) -> T:
    return those[which % len(those)] if which < 0 else those[0]


Linking.TestCase.settings = settings(
    max_examples=20,
    stateful_step_count=60,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestLinking = Linking.TestCase


class TestLinkingAtLength(Linking.TestCase):  # type: ignore[misc, valid-type]
    settings = settings(TestLinking.settings, max_examples=80)
