"""Who is muted when: however people are muted, linked, parted, forgotten and back, it is as a recount says.

A mute holds for each account of whoever it is; nobody gets free of it but by its time or a moderator's word.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from bot.features.moderation.records import MODERATION, Deed
from bot.features.moderation.settings import ModerationSettings
from bot.model.people import Identity, Place
from bot.ports.storage import Transaction
from tests.doubles.platform import PLATFORM, Town, open_town
from tests.doubles.silencer import Silencer

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
WHO = ["ann", "ben", "cas"]
people = st.sampled_from(WHO)


class Muting(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.stack = AsyncExitStack()
        self.town: Town
        # Until when each account is muted; whose it is, by the first of that person; who is forgotten.
        self.until: dict[str, datetime] = {}
        self.person = {who: who for who in WHO}
        self.gone: set[str] = set()

    def run(self, coroutine: Any) -> Any:
        return self.loop.run_until_complete(coroutine)

    def teardown(self) -> None:
        self.run(self.stack.aclose())
        self.loop.close()

    @initialize()
    def start(self) -> None:
        self.town = self.run(
            self.stack.enter_async_context(open_town("sqlite:///:memory:", moderators=("mo",)))
        )
        self.town.platform = Silencer()
        self.run(self.town.core.serve(self.town.platform))
        self.run(self.town.joined("a", "b"))
        for who in WHO:
            self.run(self.town.say(who, "!poll list", room="a"))

    def theirs(self, who: str) -> list[str]:
        return [each for each in WHO if self.person[each] == self.person[who]]

    def alike(self, *whom: str) -> None:
        found = [self.until[each] for each in whom if each in self.until]
        if found:
            self.until.update(dict.fromkeys(whom, max(found)))

    @rule(who=people, minutes=st.integers(1, 30))
    def mute(self, who: str, minutes: int) -> None:
        if who not in self.gone:
            said = self.run(self.town.say("mo", f"!mod mute {who} {minutes}min", room="a"))
            assert "gedempt" in said, said
            at = self.town.clock.now() + minutes * MINUTE
            self.until.update(dict.fromkeys(self.theirs(who), at))

    @rule(who=people)
    def unmute(self, who: str) -> None:
        if who not in self.gone:
            said = self.run(self.town.say("mo", f"!mod unmute {who}", room="a"))
            assert ("mag in sport weer" in said) is (who in self.until), said
            for each in self.theirs(who):
                self.until.pop(each, None)

    @rule(elder=people, younger=people)
    def link(self, elder: str, younger: str) -> None:
        if self.gone & {elder, younger} or self.person[elder] == self.person[younger]:
            return
        self.run(self.town.linked(elder, younger))
        together = [*self.theirs(elder), *self.theirs(younger)]
        self.person.update(dict.fromkeys(together, self.person[elder]))
        self.alike(*together)

    @rule(who=people)
    def part(self, who: str) -> None:
        others = [each for each in self.theirs(who) if each != who]
        if others and who not in self.gone:
            self.run(self.town.parted(who))
            self.person[who] = f"{who}, alone"
            self.person.update(dict.fromkeys(others, f"{who}, others"))

    @rule(who=people)
    def forget(self, who: str) -> None:
        if who in self.gone:
            return

        def number(tx: Transaction) -> int:
            found = tx.people.by_identity(Identity(PLATFORM, who))
            assert found
            return found.id

        self.run(self.town.core.forget(self.run(self.town.core.store.run(number))))
        for each in self.theirs(who):
            self.gone.add(each)
        for each in self.theirs(who):
            self.person[each] = each

    @rule(who=people)
    def come_back(self, who: str) -> None:
        self.town.clock.turn(timedelta(seconds=1))
        self.run(self.town.say(who, "!poll list", room="a"))
        self.gone.discard(who)

    @rule(minutes=st.integers(1, 20))
    def wait(self, minutes: int) -> None:
        self.town.clock.turn(minutes * MINUTE)
        self.run(self.town.core.run_due())

    @invariant()
    def recount(self) -> None:
        now = self.town.clock.now()
        self.until = {who: at for who, at in self.until.items() if at > now}

        def look(tx: Transaction) -> dict[str, datetime]:
            known = tx.places.known(Place(PLATFORM, "a"))
            assert known
            found = {}
            for who in WHO:
                account = Identity(PLATFORM, who)
                resident = tx.people.by_identity(account)
                number = resident.id if resident else None
                if at := self.town.core.features.muted_until(tx, known[0].id, account, number, now):
                    found[who] = at
            return found

        assert self.run(self.town.core.store.run(look)) == self.until
        self.run(self.town.core.run_due())
        platform = self.town.platform
        assert isinstance(platform, Silencer)
        assert platform.quiet() == {(room, who) for room in ("a", "b") for who in self.until}


TestMuting = Muting.TestCase
TestMuting.settings = settings(
    max_examples=6, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)


# --- the log ---


async def test_the_log_is_kept_for_so_long(database_url: str) -> None:
    async with open_town(database_url, moderators=("mo",)) as town:
        town.configure(ModerationSettings(keep_days=30))
        await town.joined("sport")
        await town.say("ben", "!poll list")
        await town.say("mo", "!mod warn ben Rustig")
        town.clock.turn(10 * DAY)
        await town.say("mo", "!mod warn ben Nu echt")
        town.clock.turn(20 * DAY)
        await town.core.run_due()
        log = await town.say("mo", "!mod log")
        assert "Nu echt" in log
        assert "Rustig" not in log
        town.clock.turn(10 * DAY)
        await town.core.run_due()
        assert "deden moderators nog niets" in await town.say("mo", "!mod log")


async def test_the_log_is_read_by_the_page_and_about_oneself(database_url: str) -> None:
    async with open_town(database_url, moderators=("mo",)) as town:
        await town.joined("sport")
        await town.say("ben", "!poll list")
        await town.say("cas", "!poll list")
        for number in range(12):
            await town.say("mo", f"!mod warn {'ben' if number % 2 else 'cas'} keer {number}")
        first = await town.say("mo", "!mod log")
        assert [number for number in range(12) if f"keer {number}”" in first] == list(range(2, 12))
        assert first.index("keer 11") < first.index("keer 2”")
        second = await town.say("mo", "!mod log --older 3")
        assert [number for number in range(12) if f"keer {number}”" in second] == [0, 1]
        own = await town.say("ben", "!mod log")
        assert [number for number in range(12) if f"keer {number}”" in own] == [1, 3, 5, 7, 9, 11]
        assert "mo" not in own.replace("moderator", "")


async def test_what_is_kept_of_whom_is_handed_out_without_others(database_url: str) -> None:
    async with open_town(database_url, moderators=("mo",)) as town:
        await town.joined("sport")
        await town.say("ben", "!poll list")
        await town.say("mo", "!mod mute ben 1h reclame")
        numbers = await town.core.store.run(_numbers)
        bens = await town.core.export(numbers["ben"])
        assert [(row["deed"], row["reason"]) for row in bens["moderation_log"]] == [(Deed.MUTED, "reclame")]
        assert len(bens["mutes"]) == 1
        mos = await town.core.export(numbers["mo"])
        assert [(row["deed"], row["by"]) for row in mos["moderation_log"]] == [(Deed.MUTED, "you")]
        assert "reclame" not in str(mos["moderation_log"])
        await town.core.forget(numbers["mo"])
        assert "een moderator dempte" in await town.say("ben", "!mod log")


def _numbers(tx: Transaction) -> dict[str, int]:
    found = {name: tx.people.by_identity(Identity(PLATFORM, name)) for name in ("ben", "mo")}
    return {name: resident.id for name, resident in found.items() if resident}


async def test_the_end_comes_once_however_often_it_is_due(database_url: str) -> None:
    async with open_town(database_url, moderators=("mo",)) as town:
        await town.joined("sport")
        await town.say("ben", "!poll list")
        await town.say("mo", "!mod mute ben 10min")
        await town.say("mo", "!mod mute ben 20min")
        for _ in range(5):
            town.clock.turn(10 * MINUTE)
            await town.core.run_due()
        told = town.platform.where("ben")
        assert sum("de tijd is om" in words for words in told) == 1
        assert not await town.core.store.run(lambda tx: tx.of(MODERATION).muted(town.clock.now() - DAY))
