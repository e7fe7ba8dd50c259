"""Whatever was done before, and killed meanwhile: nothing is found of the forgotten, and counts stay true.

What is counted is held against the history of who said what, told here by itself. Nothing of somebody is
looked for as anybody with the files would: in every table, and in the bytes of the database and its log.
"""

from __future__ import annotations

import itertools
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule
from sqlalchemy import select

from bot.features.polls.records import POLLS
from bot.ports.storage import Transaction
from storage.polls.tables import tallies
from tests.bot.features.test_forgetting import every_text, found_in
from tests.bot.features.test_linking_stateful import KINDS, ROOM, WHO, Linking, _voters, people
from tests.doubles.linking import ask, key
from tests.doubles.polls import recount
from tests.test_people_tables import db

numbers = itertools.count(1)


class Forgetting(Linking):
    """The same people, who also tell of themselves, leave for good and are there when Plein is killed."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        # What each account said, in words that nobody else says; what each voted, by poll and resident.
        self.words: dict[str, set[str]] = {who: set() for who in WHO}
        self.history: dict[int, dict[int, tuple[int, str]]] = {1: {}, 2: {}}
        self.figures: dict[int, dict[str, int]] = {}

    def teardown(self) -> None:
        super().teardown()
        shutil.rmtree(self.folder)

    @property
    def database(self) -> str:  # type: ignore[override]
        return f"sqlite:///{self.folder}/plein.db"

    # --- what people do ---

    def vote_in(self, poll: int, who: str, which: int) -> None:
        answer = KINDS[self.kinds[poll - 1]][which]
        if answer.startswith("object"):
            answer = f"object {self.new_word(who)}"
        said = self.run(ask(self.chat, who, command="poll vote", answer=answer, poll=poll, room=ROOM))
        assert key(said).startswith("poll.receipt") or key(said) in ("poll.left", "poll.is_closed"), said
        self.notice()
        if key(said).startswith("poll.receipt"):
            meant = answer.split()[0] if answer.startswith("object") else answer
            self.history[poll][self.whose[who]] = (next(numbers), meant)

    def notice(self) -> None:
        """Of two who are one now the later vote stands; none, where an account has its say elsewhere."""
        before = self.whose
        super().notice()
        for who, other in itertools.combinations(before.keys() & self.whose.keys(), 2):
            if before[who] == before[other] and self.whose[who] != self.whose[other]:
                # What they said together stays with one of them: it is nobody's own word any more.
                self.words[who], self.words[other] = set(), set()
        for poll in {1, 2} - self.figures.keys():
            votes = self.history[poll]
            for who, old in before.items():
                new = self.whose.get(who, old)
                if old != new and old not in self.whose.values():
                    both = [votes.pop(each) for each in (old, new) if each in votes]
                    votes |= {new: max(both)} if both else {}
                    if self.run(self.chat.core.store.run(partial(_is_outside, number=poll, resident=new))):
                        votes.pop(new, None)

    @rule(who=people, poll=st.integers(1, 2))
    def withdraw(self, who: str, poll: int) -> None:
        said = self.ask(who, f"!poll withdraw {poll}", ROOM)
        if key(said).startswith("poll.receipt"):
            self.history[poll].pop(self.whose[who], None)

    @rule(who=people, what=st.sampled_from(["!me interests", "!me expertise --show", "!me name"]))
    def tell(self, who: str, what: str) -> None:
        command, _, flag = what.partition(" --")
        self.ask(who, f"{command} {self.new_word(who)}" + (f" --{flag}" if flag else ""))

    @rule(who=people)
    def err(self, who: str) -> None:
        self.ask(who, f"!poll {self.new_word(who)}", ROOM)

    @rule(who=people, other=people)
    def look(self, who: str, other: str) -> None:
        """What others were answered is kept as well."""
        for typed in (f"!who is {other}", "!poll show 1", "!poll show 2", "!poll mine"):
            self.ask(who, typed, ROOM)

    def new_word(self, who: str) -> str:
        word = f"kwyx{next(numbers)}qz"
        self.words[who].add(word)
        return word

    @rule(poll=st.integers(1, 2))
    def close(self, poll: int) -> None:
        said = self.ask("eve@discord", f"!poll close {poll} --sure", ROOM)
        if key(said) == "poll.closed.receipt":
            figures = self.run(self.chat.core.store.run(partial(_figures, number=poll)))
            said_there = [answer for _, answer in self.history[poll].values()]
            # Of a secret one in which too few took part nobody learns anything.
            floor = self.run(self.chat.core.store.run(partial(_floor, number=poll)))
            assert alike(figures) == alike(said_there if len(said_there) >= floor else [])
            self.figures[poll] = figures
            self.notice()

    @rule(who=people)
    def forget(self, who: str) -> None:
        """By their own word; all that the files hold is looked at before they come back."""
        if who not in self.whose:
            return
        own = [other for other in WHO if self.whose.get(other) == self.whose[who]]
        number = self.whose[who]
        self.under_way.drop_all_of(number)
        self.clock.turn_to(self.clock.now() + timedelta(minutes=1))
        assert key(self.run(ask(self.chat, who, "!me forget --sure"))) == "me.forgotten"
        self.run(self.chat.core.run_due())
        self.clock.turn_to(self.clock.now() + timedelta(minutes=1))
        self.run(self.chat.core.run_due())
        for poll in {1, 2} - self.figures.keys():
            self.history[poll].pop(number, None)
        self.notice()
        traces = {trace for other in own for trace in (other, *self.words[other])}
        traces |= {other.split("@")[0] for other in own}
        left = self.run(self.chat.core.store.run(partial(every_text, chat=self.chat)))
        found = re.findall(rf".{{0,300}}(?:{'|'.join(traces)}).{{0,60}}", left)
        assert not found, "\n".join(found)
        assert not found_in(self.folder, *traces)
        for other in own:
            self.words[other] = set()

    @rule()
    def crash(self) -> None:
        """As SIGKILL leaves it: what was committed, its log as it is, and the keys."""
        killed = Path(tempfile.mkdtemp()) / "plein"
        shutil.copytree(self.folder, killed)
        self.run(self.stack.aclose())
        shutil.rmtree(self.folder)
        self.folder = killed
        self.open()
        self.run(self.chat.core.run_due())
        self.notice()

    # --- what is so ---

    @invariant()
    def what_is_counted_is_what_there_is(self) -> None:
        """Each who said something that stands said it once; what is sealed is counted by who took part."""
        for poll in {1, 2} - self.figures.keys():
            said = [answer for _, answer in self.history[poll].values()]
            if self.secret and poll > 1:
                assert self.run(self.chat.core.store.run(partial(_voters, number=poll))) == len(said)
            else:
                assert alike(self.run(self.chat.core.store.run(partial(recount, poll=poll)))) == alike(said)

    @invariant()
    def what_is_over_keeps_its_figures(self) -> None:
        for poll, figures in self.figures.items():
            assert self.run(self.chat.core.store.run(partial(_figures, number=poll))) == figures


def alike(cast: Sequence[str] | Mapping[str, int]) -> list[int]:
    """How many said the same, whatever that was."""
    found = Counter(cast) if not isinstance(cast, Mapping) else cast
    return sorted(votes for said, votes in found.items() if said and votes)


def _is_outside(tx: Transaction, number: int, resident: int) -> bool:
    found = tx.of(POLLS).get(number, 0)
    assert found
    return tx.of(POLLS).keeps_out(found[0], resident)


def _floor(tx: Transaction, number: int) -> int:
    found = tx.of(POLLS).get(number, 0)
    assert found
    return found[0].floor


def _figures(tx: Transaction, number: int) -> dict[str, int]:
    rows = db(tx).execute(select(tallies.c.choices, tallies.c.votes).where(tallies.c.poll == number))
    return {row.choices: row.votes for row in rows if row.votes}


Forgetting.TestCase.settings = settings(
    max_examples=15,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestForgetting = Forgetting.TestCase


class TestForgettingAtLength(Forgetting.TestCase):  # type: ignore[misc, valid-type]
    settings = settings(TestForgetting.settings, max_examples=120)


# It is imported to go on from, and has a test of its own.
del Linking
