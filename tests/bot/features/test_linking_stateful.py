"""However accounts are linked, unlinked and linked anew, nobody has two votes in one poll.

An account is behind a ballot if it was one of its person's at any moment since it was cast. Nobody is behind
two ballots in a poll at once; and what is counted is what there is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import timedelta
from functools import partial
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import select

from bot.clock import HandClock
from bot.features.polls.records import POLLS
from bot.model.message import Message
from bot.ports.storage import Transaction
from storage.polls.tables import ballots, polls
from tests.chat import NOW, Chat, open_chat
from tests.doubles.linking import account, ask, key, press
from tests.doubles.polls import counted
from tests.test_people_tables import db

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
people = st.sampled_from(WHO)
MOSTLY = st.sampled_from([True, True, True, True, False])


class Linking(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.stack = AsyncExitStack()
        self.clock = HandClock(NOW)
        self.chat: Chat
        self.kinds: list[str] = []
        self.secret = False
        self.done: list[Message] = []
        # Who is behind the ballot of a resident, by poll.
        self.behind: dict[tuple[int, int], set[str]] = {}
        self.whose: Mapping[str, int] = {}

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
        self.chat = self.run(
            self.stack.enter_async_context(open_chat("sqlite:///:memory:", language="en", clock=self.clock))
        )
        self.run(self.chat.say("eve@discord/sport: !help"))
        self.kinds, self.secret = kinds, secret
        for number, kind in enumerate(kinds):
            options = "" if kind == "consent" else f" {WHEN if kind == 'dates' else 'Yes | No'}"
            anonymous = " --anonymous" if secret and number else ""
            typed = f'!poll open "What {number}?"{options} --kind {kind} --closes 5d{anonymous}'
            said = self.ask("eve@discord", typed, ROOM)
            assert key(said).startswith("poll.opened"), said

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

    @precondition(lambda self: len(self.linked()) < len(WHO))
    @rule(order=st.permutations(WHO), first=MOSTLY, second=MOSTLY)
    def link(self, order: list[str], first: bool, second: bool) -> None:
        """Two who are not one person yet: each says yes or no."""
        asks = order[0]
        gives = next(who for who in order[1:] if self.whose.get(who, who) != self.whose.get(asks))
        if key(said := self.ask(asks, "!me link")) != "link.code":
            return
        question = self.ask(gives, f"!me link {said.lines[0].values['code']}")
        if key(question) != "link.question":
            return
        self.press(gives, question, 1 if first else 2)
        if key(done := self.press(asks, question, 1 if second else 2)) == "link.done":
            self.done.append(done)

    @precondition(lambda self: self.done)
    @rule(who=people, which=st.integers(0, 9))
    def undo(self, who: str, which: int) -> None:
        self.press(who, self.done[which % len(self.done)])

    @precondition(lambda self: self.linked())
    @rule(which=st.integers(0, len(WHO) - 1))
    def unlink(self, which: int) -> None:
        linked = self.linked()
        said = self.ask(linked[which % len(linked)], "!me unlink --sure")
        assert key(said) == "unlink.done", said

    def linked(self) -> list[str]:
        """Those who are one person with somebody else."""
        persons = list(self.whose.values())
        return [who for who in WHO if who in self.whose and persons.count(self.whose[who]) > 1]

    @rule(who=people)
    def forget(self, who: str) -> None:
        """And come back with the next word."""
        if who in self.whose:
            self.run(self.chat.core.forget(self.whose[who]))
            self.notice()

    @rule(hours=st.sampled_from([1, 2]))
    def wait(self, hours: int) -> None:
        self.clock.turn_to(self.clock.now() + timedelta(hours=hours))
        self.run(self.chat.core.run_due())
        self.notice()

    # --- what is so ---

    def notice(self) -> None:
        """Who is behind which ballot now."""
        whose, cast = self.run(self.chat.core.store.run(_standing))
        before = {
            resident: {who for who in WHO if self.whose.get(who) == resident}
            for resident in self.whose.values()
        }
        gone = {resident for resident in before if resident not in whose.values()}
        behind: dict[tuple[int, int], set[str]] = {}
        for poll, voter in cast:
            now = {who for who in WHO if whose.get(who) == voter}
            merged = [
                self.behind.get((poll, old), set()) for old in gone if before[old] and before[old] <= now
            ]
            behind[poll, voter] = now.union(self.behind.get((poll, voter), set()), *merged)
        self.behind, self.whose = behind, whose

    @invariant()
    def nobody_is_behind_two_ballots(self) -> None:
        for poll in (1, 2):
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


def _standing(tx: Transaction) -> tuple[dict[str, int], list[tuple[int, int]]]:
    """Whose each account is, and whose ballots there are in what is open."""
    whose = {who: found.id for who in WHO if (found := tx.people.by_identity(account(who)))}
    cast = (
        select(ballots.c.poll, ballots.c.voter)
        .join(polls, polls.c.id == ballots.c.poll)
        .where(polls.c.state == "open")
    )
    return whose, [tuple(row) for row in db(tx).execute(cast)]


Linking.TestCase.settings = settings(
    max_examples=80,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestLinking = Linking.TestCase
