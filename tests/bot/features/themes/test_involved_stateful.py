"""Whatever people do, what they are to a theme is what their own words and a yes made them.

What somebody is goes with their accounts: it is joined when they are linked, goes back to whoever brought it
when that is undone, and is nobody's once they are forgotten.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.clock import HandClock
from bot.features.themes.pull import AGREE, LIVES
from bot.features.themes.records import THEMES, Involvement
from bot.model.message import Message
from bot.model.people import Role
from bot.ports.storage import Transaction
from tests.chat import NOW, Chat, open_chat
from tests.doubles.linking import account, ask, key, press

WHO = ["ann@discord", "ben@matrix", "cas@signal"]
MIA, ROOM, DAY = "mia@discord", "discord/sport", timedelta(days=1)
people = st.sampled_from(WHO)
WAYS = {"follow": Involvement.FOLLOWS, "take-part": Involvement.TAKES_PART, "leave": None}


class Themes(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.stack = AsyncExitStack()
        self.clock = HandClock(NOW)
        self.chat: Chat
        # By resident what they are, each time that somebody said so with a number; and until when they want
        # to pull it, by the number of that.
        self.are: dict[int, dict[int, Involvement]] = {}
        self.want: dict[int, dict[int, datetime]] = {}
        self.said = 0
        self.done: list[tuple[Message, set[int], set[int]]] = []

    def run(self, coroutine: Any) -> Any:
        return self.loop.run_until_complete(coroutine)

    def teardown(self) -> None:
        self.run(self.stack.aclose())
        self.loop.close()

    def ask(self, who: str, typed: str) -> Message:
        said: Message = self.run(ask(self.chat, who, typed, room=ROOM))
        assert key(said) != "error.internal", said
        return said

    def press(self, who: str, said: Message, number: int = 1) -> Message:
        answer: Message = self.run(press(self.chat, who, said, number))
        assert key(answer) != "error.internal", answer
        return answer

    def read(self, work: Any) -> Any:
        return self.run(self.chat.core.store.run(work))

    def number(self, who: str) -> int:
        def find(tx: Transaction) -> int:
            found = tx.people.by_identity(account(who))
            return found.id if found else 0

        found: int = self.read(find)
        return found

    @initialize()
    def start(self) -> None:
        self.chat = self.run(
            self.stack.enter_async_context(open_chat("sqlite:///:memory:", language="en", clock=self.clock))
        )
        self.run(self.chat.say(f"{MIA}/sport: !help"))
        self.read(lambda tx: tx.people.grant(account(MIA), Role.MODERATOR))

    def is_pulled_by(self, number: int) -> bool:
        return Involvement.PULLS in self.are.get(number, {}).values()

    def become(self, number: int, how: Involvement | None) -> None:
        self.said += 1
        self.are[number] = {self.said: how} if how else {}

    # --- what people do ---

    @rule(who=people, way=st.sampled_from(sorted(WAYS)), sure=st.booleans())
    def change(self, who: str, way: str, sure: bool) -> None:
        said = key(self.ask(who, f"!theme {way}{' --sure' if sure else ''}"))
        number, how = self.number(who), WAYS[way]
        others = [other for other in self.are if other != number and self.is_pulled_by(other)]
        was = max(self.are.get(number, {}).values(), default=None)
        if was is Involvement.PULLS and not others and not sure:
            assert said == "theme.last"
            return
        if how is None:
            wanted = self.want.pop(number, {})
            assert said == ("theme.left" if was else "theme.left.asked" if wanted else "theme.left.already")
        elif how is was:
            assert said.startswith("theme.already")
            return
        self.become(number, how)

    @rule(who=people)
    def want_to_pull(self, who: str) -> None:
        said, number = key(self.ask(who, "!theme pull")), self.number(who)
        if self.is_pulled_by(number):
            assert said == "theme.pull.already"
        elif self.want.get(number):
            assert said == "theme.pull.waits"
        elif said != "theme.pull.often":
            assert said == "theme.pull.asked"
            (request,) = self.read(lambda tx: tx.of(THEMES).requests_by(number))
            self.want[number] = {request.id: self.clock.now() + LIVES}

    @precondition(lambda self: any(self.want.values()))
    @rule(who=st.sampled_from([*WHO, MIA, MIA]), data=st.data())
    def say_yes(self, who: str, data: st.DataObject) -> None:
        self.run(ask(self.chat, who, "!help", room=ROOM))
        request = data.draw(st.sampled_from([one for waits in self.want.values() for one in waits]))
        said = key(self.run(ask(self.chat, who, command=AGREE, pull=request, room=ROOM)))
        if who != MIA and not self.is_pulled_by(self.number(who)):
            assert said == "theme.pull.not_you"
            return
        assert said == "theme.pull.agreed"
        number = next(number for number, waits in self.want.items() if request in waits)
        del self.want[number]
        self.become(number, Involvement.PULLS)

    @rule(asks=people, gives=people)
    def link(self, asks: str, gives: str) -> None:
        if asks == gives or key(code := self.ask(asks, "!me link")) != "link.code":
            return
        before = {self.number(asks), self.number(gives)}
        question = self.ask(gives, f"!me link {code.lines[0].values['code']}")
        if key(question) != "link.question":
            return
        self.press(gives, question)
        done = self.press(asks, question)
        assert key(done) == "link.done", done
        stays = self.number(asks)
        (goes,) = before - {stays}
        brought = set(self.are.get(goes, {})), set(self.want.get(goes, {}))
        self.are[stays] = {**self.are.get(stays, {}), **self.are.pop(goes, {})}
        self.want[stays] = {**self.want.get(stays, {}), **self.want.pop(goes, {})}
        self.done.append((done, *brought))

    @precondition(lambda self: self.done)
    @rule(who=people, which=st.integers(0, 9))
    def undo(self, who: str, which: int) -> None:
        before = {each: self.number(each) for each in WHO}
        done, are, want = self.done[which % len(self.done)]
        if key(self.press(who, done)) != "link.undone":
            return
        self.done.remove((done, are, want))
        (old,) = {before[each] for each in WHO if self.number(each) != before[each]}
        (new,) = {self.number(each) for each in WHO} - {*before.values()}
        self.are[new] = {said: how for said, how in self.are.get(old, {}).items() if said in are}
        self.are[old] = {said: how for said, how in self.are.get(old, {}).items() if said not in are}
        self.want[new] = {one: until for one, until in self.want.get(old, {}).items() if one in want}
        self.want[old] = {one: until for one, until in self.want.get(old, {}).items() if one not in want}

    @rule(who=people)
    def unlink(self, who: str) -> None:
        self.ask(who, "!me unlink --sure")

    @rule(who=people)
    def forget(self, who: str) -> None:
        if number := self.number(who):
            self.run(self.chat.core.forget(number))
            self.are.pop(number, None)
            self.want.pop(number, None)

    @rule(days=st.sampled_from([1, 12]))
    def wait(self, days: int) -> None:
        self.clock.turn_to(self.clock.now() + days * DAY)
        self.run(self.chat.core.run_due())
        for number, waits in self.want.items():
            self.want[number] = {one: until for one, until in waits.items() if until > self.clock.now()}

    # --- what is so ---

    @invariant()
    def it_is_as_they_said(self) -> None:
        def look(tx: Transaction) -> tuple[dict[int, Involvement | None], set[int], set[int], Any]:
            theme = tx.places.theme_named("sport").id
            kept = tx.of(THEMES)
            found = {number: kept.of(number).get(theme) for number in self.are}
            pulling = {who.id for who in kept.pulling([theme]).get(theme, ())}
            return found, pulling, {request.id for request in kept.requests(theme)}, kept.counts([theme])

        found, pulling, wanted, counts = self.read(look)
        mine = {number: max(are.values(), default=None) for number, are in self.are.items()}
        assert found == mine
        assert pulling == {number for number, how in mine.items() if how is Involvement.PULLS}
        assert wanted == {one for waits in self.want.values() for one in waits}
        assert sum(counts.get(next(iter(counts), 0), {}).values()) == len(
            [how for how in mine.values() if how]
        )


Themes.TestCase.settings = settings(
    max_examples=60,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestThemes = Themes.TestCase
