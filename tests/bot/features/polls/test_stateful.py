"""Whatever happens to a poll, what it shows is a recount of the receipts that people hold."""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import combinations
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.clock import HandClock
from bot.model.message import Message, Text
from tests.doubles.platform import Town, open_town, words_of

PEOPLE = ["ben", "cas", "dora"]
NAMES_BALLOT = {
    f"poll.receipt.{key}" for key in ("voted", "each", "changed", "changed.each", "changed.order")
}
GIVES_NONE = {"poll.receipt.withdrawn", "poll.receipt.nothing"}
# With fewer votes an anonymous poll shows nothing at its end either.
FLOOR = 2
OPTIONS = ["Ja", "Nee", "Later"]
DATES = ["12 dec 20:00", "13 dec 20:00", "14 dec 20:00"]
WORDS = {
    "choice": st.sampled_from(["1", "2", "3"]),
    "approval": st.lists(st.sampled_from("123"), min_size=1, max_size=3, unique=True).map(" ".join),
    "score": st.lists(st.integers(0, 5).map(str), min_size=3, max_size=3).map(" ".join),
    "ranked": st.permutations("123").map(" ".join),
    "consent": st.sampled_from(["agree", "abstain", "object it costs too much", "object it is ugly"]),
    "dates": st.lists(st.sampled_from(["yes", "no", "maybe"]), min_size=3, max_size=3).map(" ".join),
}
# What one line of a board says of one option; for dates a second figure, and none that is nought.
FIGURES = re.compile(r"^[█▓░]{10} \d\. .*?: (?=.*\d|niemand)(.*)$", re.MULTILINE)
FIRST, SECOND = re.compile(r"(\d+)(?! desnoods|\d)"), re.compile(r"(\d+) desnoods")


@dataclass
class Asked:
    """A poll as its residents remember it: what each was told last, and what they had said."""

    number: int
    kind: str
    anonymous: bool
    hidden: bool
    closes: datetime
    over: bool = False
    said: dict[str, str] = field(default_factory=dict)
    receipts: dict[str, Message] = field(default_factory=dict)


class Polls(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory()
        self.stack = AsyncExitStack()
        self.town: Town
        self.clock: HandClock | None = None
        self.starts = 0
        self.polls: list[Asked] = []
        self.shown: dict[int, str] = {}

    def run(self, coroutine: Any) -> Any:
        return self.loop.run_until_complete(coroutine)

    def teardown(self) -> None:
        self.run(self.stack.aclose())
        self.loop.close()
        self.folder.cleanup()

    @initialize()
    def start(self) -> None:
        self.run(self._start())

    async def _start(self) -> None:
        self.starts += 1
        url = f"sqlite:///{self.folder.name}/plein.db"
        opening = open_town(url, number=self.starts * 100_000, floor=FLOOR)
        self.town = await self.stack.enter_async_context(opening)
        if self.clock:
            self.town.clock.turn_to(self.clock.now())
        self.clock = self.town.clock
        await self.town.joined("sport")

    # --- what happens ---

    @precondition(lambda self: len(self.polls) < 2)  # a few people who often change their minds
    @rule(kind=st.sampled_from(sorted(WORDS)), results=st.sampled_from(["live", "closed", "anonymous"]))
    def ask(self, kind: str, results: str) -> None:
        options = {"consent": "", "dates": " | ".join(DATES)}.get(kind, " | ".join(OPTIONS))
        how = "--anonymous" if results == "anonymous" else f"--results {results}"
        words = f'!poll open "Wat?" {options} --kind {kind} {how} --closes 2d'
        said = self.run(self.town.say("anna", words))
        found = re.search(r"nummer (\d+)", said)
        assert found, said
        assert self.clock
        closes = self.clock.now() + timedelta(days=2)
        self.polls.append(Asked(int(found[1]), kind, results == "anonymous", results != "live", closes))

    @precondition(lambda self: self.polls)
    @rule(data=st.data(), who=st.sampled_from(PEOPLE))
    def vote(self, data: st.DataObject, who: str) -> None:
        poll = data.draw(st.sampled_from(self.polls))
        words = data.draw(WORDS[poll.kind])
        answer = self._say(who, f"!vote {words} --poll {poll.number}")
        if self._is_over(poll):
            assert "al gesloten" in self._words(answer)
        else:
            poll.said[who], poll.receipts[who] = words, answer

    @precondition(lambda self: self.polls)
    @rule(data=st.data(), who=st.sampled_from(PEOPLE))
    def withdraw(self, data: st.DataObject, who: str) -> None:
        poll = data.draw(st.sampled_from(self.polls))
        answer = self._say(who, f"!poll withdraw {poll.number}")
        if not self._is_over(poll):
            poll.said.pop(who, None)
            poll.receipts.pop(who, None)
            assert answer.lines[0].key in GIVES_NONE

    @precondition(lambda self: self.polls)
    @rule(data=st.data(), who=st.sampled_from(PEOPLE), option=st.integers(1, 3))
    def press(self, data: st.DataObject, who: str, option: int) -> None:
        """A button, whose receipt says what stands; in an anonymous poll it is all of a ballot, or none."""
        poll = data.draw(st.sampled_from(self.polls))
        if poll.kind == "consent" and option == 3:
            return
        asked = self.town.asked(who)
        args = {"poll": poll.number, "option": option}
        answer = self.run(self.town.core.handle(replace(asked, command="poll tick", args=args)))
        if self._is_over(poll):
            return
        if answer.lines[0].key in NAMES_BALLOT:
            poll.receipts[who] = answer
        elif answer.lines[0].key == "poll.receipt.anonymous":
            words = ("agree", "abstain")[option - 1] if poll.kind == "consent" else str(option)
            poll.receipts[who], poll.said[who] = answer, words
        elif answer.lines[0].key in GIVES_NONE and not poll.anonymous:
            poll.receipts.pop(who, None)

    @precondition(lambda self: self.polls)
    @rule(data=st.data())
    def extend(self, data: st.DataObject) -> None:
        poll = data.draw(st.sampled_from(self.polls))
        answer = self._say("anna", f"!poll extend 3d --poll {poll.number}")
        if answer.lines[0].key == "poll.extended.receipt":
            assert not self._is_over(poll)
            poll.closes = answer.lines[0].values["closes"]

    @precondition(lambda self: self.polls)
    @rule(data=st.data())
    def close(self, data: st.DataObject) -> None:
        poll = data.draw(st.sampled_from(self.polls))
        self._say("anna", f"!poll close {poll.number} --sure")
        poll.over = True

    @rule(hours=st.sampled_from([1, 20, 50]))
    def time_passes(self, hours: int) -> None:
        assert self.clock
        self.clock.turn(timedelta(hours=hours))

    @rule()
    def crash(self) -> None:
        """Gone with everything that was still to be said and shown; back on the same database."""
        self._take_note()
        self.run(self.stack.aclose())
        self.run(self._start())

    # --- what must hold ---

    @invariant()
    def every_board_is_a_recount_of_the_receipts(self) -> None:
        if not self.polls:
            return
        for _ in range(3):
            self.run(self.town.core.run_due())
            self.town.clock.turn(timedelta(seconds=2))
        self._take_note()
        for poll in self.polls:
            shown = self.shown[poll.number]
            held = [self._held(poll, who) for who in poll.receipts]
            few = poll.anonymous and len(held) < FLOOR
            if few or (poll.hidden and not self._is_over(poll)):
                assert not FIGURES.search(shown)
            else:
                assert self._figures(shown) == recount(poll.kind, held), (poll, shown)
            people = re.search(r"^(\d+) (?:persoon|mensen) stemde", shown, re.MULTILINE)
            assert (int(people[1]) if people else 0) == len(held)

    def _take_note(self) -> None:
        """The newest state of each board."""
        for shown in self.town.platform.shown:
            match = re.match(r"board:poll:(\d+):", shown.key)
            if match:
                self.shown[int(match[1])] = shown.words

    def _is_over(self, poll: Asked) -> bool:
        assert self.clock
        poll.over = poll.over or self.clock.now() >= poll.closes
        return poll.over

    def _held(self, poll: Asked, who: str) -> list[int]:
        """What a receipt says; the owner of an anonymous one knows what they said."""
        return (
            read_words(poll.kind, poll.said[who]) if poll.anonymous else read(poll.kind, poll.receipts[who])
        )

    @staticmethod
    def _figures(shown: str) -> list[tuple[int, int]]:
        told = [match[1] for match in FIGURES.finditer(shown)]
        return [(_figure(FIRST, words), _figure(SECOND, words)) for words in told]

    def _say(self, who: str, words: str) -> Message:
        answer: Message = self.run(self.town.core.handle(self.town.asked(who, words)))
        assert answer
        return answer

    @staticmethod
    def _words(message: Message) -> str:
        return words_of(message)


def _figure(what: re.Pattern[str], words: str) -> int:
    found = what.search(words)
    return int(found[1]) if found else 0


def named(receipt: Message) -> Sequence[Text]:
    """What a receipt says was chosen: in its first line, or a line for each option."""
    first, *lines = receipt.lines
    match first.key.removeprefix("poll.receipt."):
        case "each" | "changed.each":
            marks = lines[: len(OPTIONS)]
            return [mark.values["now"] if mark.key == "poll.receipt.was" else mark for mark in marks]
        case "changed.order":
            order: Sequence[Text] = lines[1].values["options"]
            return order
        case _:
            options: Sequence[Text] = first.values["options"]
            return options


def read(kind: str, receipt: Message) -> list[int]:
    """The marks for the three options that a receipt names (for ranked: the places, 9 for none)."""
    chosen = named(receipt)
    match kind:
        case "score":
            return [choice.values["score"] for choice in chosen]
        case "dates":
            return [{"yes": 2, "if_need_be": 1, "no": 0}[choice.key.rsplit(".", 1)[1]] for choice in chosen]
        case "consent":
            names = [choice.key.rsplit(".", 1)[1] for choice in chosen]
            return [int(name in names) for name in ("agree", "abstain", "object")]
        case "ranked":
            places = {choice.values["option"].values["words"]: choice.values["rank"] for choice in chosen}
            return [places.get(option, 9) for option in OPTIONS]
        case _:
            names = [choice.values["words"] for choice in chosen]
            return [int(option in names) for option in OPTIONS]


def read_words(kind: str, words: str) -> list[int]:
    """The same from what somebody typed."""
    parts = words.split()
    match kind:
        case "score":
            return [int(part) for part in parts]
        case "dates":
            return [{"yes": 2, "maybe": 1, "no": 0}[part] for part in parts]
        case "consent":
            return [int(parts[0] == name) for name in ("agree", "abstain", "object")]
        case "ranked":
            return [parts.index(str(option)) + 1 for option in (1, 2, 3)]
        case _:
            return [int(str(option) in parts) for option in (1, 2, 3)]


def recount(kind: str, held: list[list[int]]) -> list[tuple[int, int]]:
    if kind == "ranked":
        wins = [0, 0, 0]
        for option, rival in combinations(range(3), 2):
            ahead = sum(marks[option] < marks[rival] for marks in held)
            behind = sum(marks[option] > marks[rival] for marks in held)
            if ahead != behind:
                wins[option if ahead > behind else rival] += 1
        return [(win, 0) for win in wins]
    if kind == "dates":
        return [
            (sum(marks[option] == 2 for marks in held), sum(marks[option] == 1 for marks in held))
            for option in range(3)
        ]
    return [(sum(marks[option] for marks in held), 0) for option in range(3)]


TestPolls = Polls.TestCase
TestPolls.settings = settings(
    max_examples=30, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)


@pytest.mark.soak
class TestPollsAtLength(Polls.TestCase):  # type: ignore[misc, valid-type]
    settings = settings(TestPolls.settings, max_examples=300)
