"""What people say in one place of a theme stands in its others: once, in order, with what becomes of it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import func, select

from bot.delivery import carrying
from bot.delivery.carrying import HEARD_WITHIN, LOOKS_AGAIN
from bot.delivery.worker import PARK_AFTER
from bot.errors import Gone, NotNow, Refused, StoreFailed, TryLater
from bot.features.polls.settings import PollsSettings
from bot.features.relay.records import RELAYS
from bot.features.relay.settings import RelaySettings
from bot.model.carried import SAME, Copy
from bot.model.events import Arrival, Heard
from bot.model.people import Identity, Place
from bot.ports.storage import Transaction
from bot.rich import Link, Quote, Words
from storage.community import anywhere
from storage.tables import copies, early_acts, handled, identities, inbox, metadata, speakers, wanted_copies
from storage.unit import Tx
from tests.doubles.carrier import Carrier
from tests.doubles.platform import PLATFORM, Town, open_town

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


@dataclass
class Talk:
    """People who talk in the rooms of a theme whose relay is on: a, b and c."""

    town: Town
    platform: Carrier
    number: int = 0
    said: dict[str, Heard] = field(default_factory=dict)

    async def say(self, words: str, *, room: str = "a", name: str = "Mia", **more: Any) -> Heard:
        """It is heard, and stands nowhere else yet."""
        self.number += 1
        heard = self._heard(words, room, name, **more)
        self.platform.history.setdefault(room, {})[heard.ref] = words
        await self.town.core.hear(heard)
        return heard

    async def change(self, said: Heard, words: str, *, after: timedelta = SECOND, **more: Any) -> Heard:
        self.number += 1
        at = self.town.clock.now() + after
        heard = self._heard(words, said.place.room_id, said.name, at=at, changes=said.ref, **more)
        await self.town.core.hear(heard)
        return heard

    async def gone(self, room: str, *refs: str) -> None:
        for ref in refs:
            self.platform.history[room].pop(ref, None)
        await self.town.core.gone(Place(PLATFORM, room), refs)

    async def carry(self) -> None:
        await self.town.core.carrying.worker.flush()

    def read(self, room: str) -> list[str]:
        return self.platform.read(room)

    def refs(self, room: str) -> list[str]:
        return list(self.platform.history.get(room, {}))

    def _heard(self, words: str, room: str, name: str, **more: Any) -> Heard:
        heard = Heard(
            f"{PLATFORM}:e{self.number}",
            PLATFORM,
            Place(PLATFORM, room),
            Identity(PLATFORM, name.casefold()),
            name,
            words,
            self.town.clock.now(),
            f"e{self.number}",
            rich=(Words(words),),
        )
        return replace(heard, **more)


@pytest.fixture
async def talk(database_url: str) -> AsyncIterator[Talk]:
    async with open_town(database_url, moderators=("mo",)) as town:
        yield await talking(town)


async def talking(town: Town, platform: Carrier | None = None) -> Talk:
    platform = platform or Carrier()
    town.configure(RelaySettings(on=True, messages=1000), PollsSettings(quiet=""))
    await town.core.serve(platform)
    await town.joined("a", "b", "c")
    await switch(town, on=True)
    return Talk(town, platform)


async def switch(town: Town, *, on: bool, encrypted: bool = False) -> None:
    def do(tx: Transaction) -> None:
        known = tx.places.known(Place(PLATFORM, "a"))
        mo = Identity(PLATFORM, "mo")
        who = tx.people.by_identity(mo) or tx.people.add(mo, "mo")
        assert known
        if on:
            tx.of(RELAYS).begin(known[0].id, who.id, town.clock.now(), encrypted=encrypted)
        else:
            tx.of(RELAYS).end(known[0].id)
            tx.places.drop_pending(known[0].id)

    await town.core.store.run(do)
    await town.core.carried.refresh()


async def counted(town: Town, table: Any) -> int:
    return await town.core.store.run_anywhere(lambda tx: count_of(table, tx))


def count_of(table: Any, tx: Transaction) -> int:
    found: int = cast(Tx, tx).db.execute(anywhere(select(func.count()).select_from(table))).scalar()
    return found


# --- words ---


async def test_words_stand_in_all_others_in_order_and_once(talk: Talk) -> None:
    first = await talk.say("een")
    await talk.say("twee", room="b", name="Ben")
    await talk.say("twee", room="b", name="Ben")
    await talk.town.core.hear(first)
    await talk.carry()
    await talk.town.core.hear(first)
    await talk.carry()
    assert talk.read("c") == ["Mia: een", "Ben: twee", "Ben: twee"]
    assert talk.read("a") == ["een", "Ben: twee", "Ben: twee"]
    assert talk.read("b") == ["twee", "twee", "Mia: een"]
    assert await counted(talk.town, wanted_copies) == 0


async def test_an_address_alone_is_carried_and_nothing_is_not(talk: Talk) -> None:
    await talk.say("", rich=(Link("https://x.be/a"),))
    for nothing in ((), (Words(" \u200b\n"),), (Quote(()),)):
        await talk.say("", rich=nothing)
    await talk.carry()
    assert [copy.spoken and copy.spoken.rich for copy in talk.platform.copies] == [
        (Link("https://x.be/a"),),
        (Link("https://x.be/a"),),
    ]


async def test_it_is_known_where_it_is_on_as_soon_as_that_is_kept(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    core, here = talk.town.core, Place(PLATFORM, "a")
    looked, look = asyncio.Event(), core.carried.refresh

    async def refresh() -> None:
        await look()
        looked.set()

    monkeypatch.setattr(core.carried, "refresh", refresh)
    running = asyncio.create_task(core.carried.run())

    async def until(carried: bool) -> None:
        async with asyncio.timeout(20):
            while core.carries(here) is not carried:
                looked.clear()
                await looked.wait()

    for room in ("b", "c"):
        await core.left(PLATFORM, Place(PLATFORM, room))
    await until(False)
    await talk.town.joined("d")
    await switch(talk.town, on=True)
    await until(True)
    await core.store.run(lambda tx: close(tx, here))
    await until(False)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def close(tx: Transaction, place: Place) -> None:
    known = tx.places.known(place)
    assert known
    tx.places.close_theme(known[0].id, closed=True)


async def test_only_where_it_is_on(talk: Talk) -> None:
    core = talk.town.core
    await core.joined(PLATFORM, Place(PLATFORM, "x"), "x", "elsewhere")
    assert core.carries(Place(PLATFORM, "a"))
    assert not core.carries(Place(PLATFORM, "x"))
    await talk.say("nergens", room="x")
    await switch(talk.town, on=False)
    assert not core.carries(Place(PLATFORM, "a"))
    await talk.say("hier alleen")
    await talk.carry()
    assert talk.read("b") == []
    assert [await counted(talk.town, table) for table in (copies, handled, inbox)] == [0, 0, 0]
    assert not core.listens


async def test_nothing_is_kept_where_none_may_be_on(database_url: str) -> None:
    async with open_town(database_url) as town:
        talk = await talking(town)
        town.configure(RelaySettings(on=False), PollsSettings(quiet=""))
        await town.core.carried.refresh()
        assert not town.core.carries(Place(PLATFORM, "a"))
        said = await talk.say("niets ervan")
        await talk.gone("a", said.ref)
        await talk.carry()
        for table in metadata.sorted_tables:
            rows = await town.core.store.run_anywhere(lambda tx, table=table: everything_in(table, tx))  # type: ignore[misc]
            assert "niets ervan" not in rows
        assert await counted(town, copies) == 0


def everything_in(table: Any, tx: Transaction) -> str:
    return str([*cast(Tx, tx).db.execute(anywhere(select(table)))])


async def test_it_begins_and_ends_with_the_places_of_the_theme(talk: Talk) -> None:
    core = talk.town.core
    await core.left(PLATFORM, Place(PLATFORM, "c"))
    await core.left(PLATFORM, Place(PLATFORM, "b"))
    await core.carried.refresh()
    assert not core.carries(Place(PLATFORM, "a"))
    await talk.town.joined("d")
    await core.carried.refresh()
    assert not core.carries(Place(PLATFORM, "d")), "nobody there was told that others read it"
    early = talk.town.clock.now()
    talk.town.clock.turn(SECOND)
    await switch(talk.town, on=True)
    await talk.say("van voor ze meedeed", room="d", at=early)
    await talk.say("dag", room="d")
    await talk.carry()
    assert talk.read("a") == ["Mia: dag"]
    assert (talk.read("b"), talk.read("c")) == ([], [])


async def test_what_was_said_in_an_encrypted_room_before_the_yes_stays_there(talk: Talk) -> None:
    """However late its key comes: the others took part all the time."""
    here, early = Place(PLATFORM, "b"), talk.town.clock.now()
    await talk.town.core.encrypted(here)
    talk.town.clock.turn(MINUTE)
    await switch(talk.town, on=True)
    await talk.town.core.carried.refresh()
    assert not talk.town.core.carries(here)
    await switch(talk.town, on=True, encrypted=True)
    await talk.say("geheim", room="b", at=early + SECOND, encrypted=True)
    await talk.say("dag", room="b", encrypted=True)
    await talk.say("hoi", room="a", at=early + SECOND)
    await talk.carry()
    assert (talk.read("a"), talk.read("c")) == (["hoi", "Mia: dag"], ["Mia: dag", "Mia: hoi"])


async def test_what_somebody_said_while_they_stayed_out_stays_where_it_is(talk: Talk) -> None:
    clock, core = talk.town.clock, talk.town.core
    out = clock.now()

    def stay_out(tx: Transaction) -> None:
        tx.of(RELAYS).stay_out(tx.people.add(Identity(PLATFORM, "mia"), "mia").id, clock.now())

    def come_back(tx: Transaction) -> None:
        mia = tx.people.by_identity(Identity(PLATFORM, "mia"))
        assert mia
        tx.of(RELAYS).come_back(mia.id, clock.now())

    await core.store.run(stay_out)
    clock.turn(MINUTE)
    await core.store.run(come_back)
    await talk.say("voor mezelf", at=out + SECOND)
    await talk.say("dag")
    await talk.carry()
    assert talk.read("b") == ["Mia: dag"]


async def test_once_it_is_off_nothing_more_is_said_of_what_waits(talk: Talk) -> None:
    talk.platform.trouble["before:b"] = [TryLater(60, unsent=True)]
    said = await talk.say("dag")
    await talk.say("en nog")
    await talk.carry()
    assert (talk.read("b"), talk.read("c")) == ([], ["Mia: dag", "Mia: en nog"])
    await switch(talk.town, on=False)
    talk.town.clock.turn(2 * MINUTE)
    await talk.gone("a", said.ref)
    await talk.carry()
    assert "en nog" not in "".join(talk.read("b"))
    assert talk.read("c") == ["Mia: en nog"], "what stands is still taken away"


async def forget(talk: Talk, name: str) -> None:
    answer = await talk.town.core.handle(talk.town.asked(name, "!me forget --sure", room=None))
    assert answer
    for _ in range(3):
        await talk.town.core.run_due()
        await talk.carry()
        talk.town.clock.turn(timedelta(seconds=31))


async def test_what_may_have_arrived_goes_where_whoever_said_it_is_forgotten(talk: Talk) -> None:
    await talk.town.say("ben", "!help", room="a")
    talk.platform.trouble["after:b"] = [TryLater(20)]
    await talk.say("een", name="ben")
    await talk.carry()
    assert talk.read("b") == ["ben: een"], "and nobody was told where"
    await forget(talk, "ben")
    assert (talk.read("b"), talk.read("c")) == ([], [])
    assert await counted(talk.town, wanted_copies) == 0


async def test_what_is_under_way_goes_where_whoever_said_it_is_forgotten(talk: Talk) -> None:
    await talk.town.say("ben", "!help", room="a")
    talk.platform.held["b"] = asyncio.Event()
    await talk.say("een", name="ben")
    carried = asyncio.create_task(talk.carry())
    await talk.platform.until(lambda: any(copy.place.room_id == "b" for copy in talk.platform.copies))
    answer = await talk.town.core.handle(talk.town.asked("ben", "!me forget --sure", room=None))
    assert answer
    talk.platform.held["b"].set()
    await carried
    for _ in range(3):
        await talk.town.core.run_due()
        await talk.carry()
        talk.town.clock.turn(timedelta(seconds=31))
    assert (talk.read("b"), talk.read("c")) == ([], [])
    assert await counted(talk.town, wanted_copies) == 0


async def test_what_waits_for_a_place_that_becomes_another_themes_is_not_said_there(talk: Talk) -> None:
    talk.platform.trouble["before:b"] = [TryLater(60, unsent=True)]
    await talk.say("voor ons")
    await talk.carry()
    there = Place(PLATFORM, "b")
    await talk.town.core.store.run(lambda tx: tx.places.detach(there))
    talk.town.clock.turn(2 * MINUTE)
    await talk.carry()
    assert (talk.read("b"), talk.read("c")) == ([], ["Mia: voor ons"])


async def test_what_came_before_its_message_is_kept_for_a_minute(talk: Talk) -> None:
    await talk.change(talk._heard("nooit gehoord", "a", "Mia"), "veranderd")
    assert await counted(talk.town, early_acts) == 1
    talk.town.clock.turn(2 * MINUTE)
    await talk.town.core.carried.end_waits()
    assert await counted(talk.town, early_acts) == 0


async def test_what_was_said_before_it_was_on_is_not_carried(talk: Talk) -> None:
    await talk.say("vroeger", at=talk.town.clock.now() - SECOND)
    await talk.carry()
    assert talk.read("b") == []


async def test_whoever_was_forgotten_or_put_out_is_not_carried(talk: Talk) -> None:
    core, now = talk.town.core, talk.town.clock.now()

    def out(tx: Transaction) -> None:
        mia, ben = (tx.people.add(Identity(PLATFORM, name), name).id for name in ("mia", "ben"))
        known = tx.places.known(Place(PLATFORM, "a"))
        assert known
        tx.guests.put_out(known[0].id, Identity(PLATFORM, "ben"), ben)
        core.features.forget(tx, mia, now + MINUTE)

    await core.store.run(out)
    talk.town.clock.turn(2 * MINUTE)
    await talk.say("van vroeger", at=now + SECOND)
    await talk.say("van buiten", name="Ben")
    await talk.say("weer hier", at=now + 2 * MINUTE)
    await talk.carry()
    assert talk.read("b") == ["Mia: weer hier"]


async def test_an_answer_finds_what_it_answers_where_that_stands(talk: Talk) -> None:
    first = await talk.say("een")
    await talk.carry()
    (there,) = talk.refs("b")
    await talk.say("ja", room="b", name="Ben", reply_to=there)
    await talk.carry()
    answers = {copy.place.room_id: copy.answers for copy in talk.platform.copies if copy.message == 2}
    assert answers == {"a": first.ref, "c": talk.refs("c")[0]}
    edited = await talk.say("wat ik zei", reply_to=first.ref)
    await talk.carry()
    await talk.change(edited, "wat ik zeg")
    await talk.carry()
    assert talk.platform.copies[-1].answers is not None


async def test_what_waited_for_long_says_so_and_only_then(talk: Talk) -> None:
    await talk.say("op tijd")
    talk.town.clock.turn(5 * MINUTE)
    await talk.carry()
    assert not any(copy.late for copy in talk.platform.copies)
    said = await talk.say("te laat")
    talk.town.clock.turn(5 * MINUTE + SECOND)
    await talk.carry()
    assert all(copy.late for copy in talk.platform.copies[2:])
    await talk.change(said, "veranderd")
    await talk.carry()
    assert not talk.platform.copies[-1].late


# --- what was missed ---


async def missed(talk: Talk, words: str, **more: Any) -> Heard:
    """Somebody said it six minutes ago, and one after the other."""
    at = talk.town.clock.now() - 6 * MINUTE + talk.number * SECOND
    return await talk.say(words, at=at, **more)


async def test_what_was_missed_waits_until_all_of_it_was_heard(talk: Talk) -> None:
    core = talk.town.core
    talk.town.clock.turn(10 * MINUTE)
    (left,) = await core.store_arrivals(PLATFORM, [Arrival("left", "a", "{}")], None)
    await missed(talk, "gemist")
    await talk.say("net gezegd", room="b", name="Ben")
    await talk.carry()
    assert talk.read("b") == ["net gezegd"]
    assert talk.read("c") == []
    assert talk.read("a") == ["gemist", "Ben: net gezegd"]
    await core.acknowledge(PLATFORM, [left.seq])
    talk.town.clock.turn(LOOKS_AGAIN)
    await talk.carry()
    assert talk.read("c") == ["Mia: gemist", "Ben: net gezegd"]
    assert [copy.late for copy in talk.platform.copies if copy.place.room_id == "c"] == [True, False]


async def test_what_was_missed_waits_no_longer_than_that(talk: Talk) -> None:
    talk.town.clock.turn(10 * MINUTE)
    await talk.town.core.store_arrivals(PLATFORM, [Arrival("left", "a", "{}")], None)
    await missed(talk, "gemist")
    for often in range(round(HEARD_WITHIN / LOOKS_AGAIN)):
        await talk.carry()
        assert talk.read("b") == [], often
        talk.town.clock.turn(LOOKS_AGAIN)
    await talk.carry()
    assert talk.read("b") == talk.read("c") == ["Mia: gemist"]


async def test_of_very_much_that_was_missed_in_a_place_the_last_is_carried(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carrying, "MOST_MISSED", 3)
    talk.town.clock.turn(10 * MINUTE)
    said = [await missed(talk, f"nr {number}") for number in range(5)]
    for number in range(2):
        await missed(talk, f"van b {number}", room="b")
    await talk.say("nu")
    await talk.carry()
    await talk.carry()
    theirs = ["Mia: nr 2", "Mia: nr 3", "Mia: nr 4"]
    assert talk.read("b") == ["van b 0", "van b 1", *theirs, "Mia: nu"]
    assert talk.read("c") == [*theirs, "Mia: van b 0", "Mia: van b 1", "Mia: nu"]
    await talk.change(said[0], "anders")
    await talk.gone("a", said[1].ref)
    await talk.carry()
    assert talk.read("c")[:3] == theirs

    def lines(tx: Transaction) -> list[Any]:
        posts = tx.posts.due(PLATFORM, talk.town.clock.now(), 9)
        return sorted((post.to.room_id, post.message.blocks[0].values["count"]) for post in posts)  # type: ignore[union-attr]

    assert await talk.town.core.store.run_anywhere(lines) == [("b", 2), ("c", 2)]


async def test_what_is_first_heard_as_it_was_changed_is_changed_by_what_comes_after_that(talk: Talk) -> None:
    now = talk.town.clock.now()
    said = await talk.say("zoals het nu is", changed_at=now + 2 * SECOND)
    await talk.carry()
    await talk.change(said, "van daarvoor", after=SECOND)
    await talk.carry()
    assert talk.read("b") == ["Mia: zoals het nu is"]
    assert [each.changed_at for each in await talk.town.core.standing(said.place, now)] == [now + 2 * SECOND]
    await talk.change(said, "van daarna", after=3 * SECOND)
    await talk.carry()
    assert talk.read("b") == ["Mia: van daarna"]


async def test_what_stands_is_known_since_it_was_switched_on(talk: Talk) -> None:
    core, long_ago = talk.town.core, talk.town.clock.now() - 60 * MINUTE
    here, there = Place(PLATFORM, "a"), Place(PLATFORM, "b")
    await talk.say("toen")
    await talk.carry()
    assert [each.said for each in await core.standing(here, long_ago)] == [True]
    assert [each.said for each in await core.standing(there, long_ago)] == [False]
    talk.town.clock.turn(MINUTE)
    await switch(talk.town, on=False)
    assert await core.standing(here, long_ago) == ()
    await switch(talk.town, on=True)
    assert not await core.standing(here, long_ago)
    said = await talk.say("nu")
    assert [each.ref for each in await core.standing(here, long_ago)] == [said.ref]


# --- edits ---


async def test_an_edit_is_one_everywhere(talk: Talk) -> None:
    said = await talk.say("een|twee|drie")
    await talk.carry()
    assert talk.read("b") == ["Mia: een", "twee", "drie"]
    await talk.change(said, "anders|korter")
    await talk.carry()
    assert talk.read("b") == talk.read("c") == ["Mia: anders", "korter"]
    await talk.change(said, "toch|weer|langer|dan eerst")
    await talk.carry()
    assert talk.read("b") == ["Mia: toch", "weer", "langer", "dan eerst"]


async def test_an_edit_of_what_is_unsent_is_no_second_message_and_five_are_one(talk: Talk) -> None:
    said = await talk.say("een")
    await talk.change(said, "twee")
    await talk.carry()
    assert talk.read("b") == ["Mia: twee"]
    assert len(talk.platform.copies) == 2
    for number in range(5):
        await talk.change(said, f"nr {number}", after=number * SECOND)
    await talk.carry()
    assert talk.read("b") == ["Mia: nr 4"]
    assert len(talk.platform.copies) == 4


async def test_an_edit_that_overtakes_its_message_waits_for_it(talk: Talk) -> None:
    late = talk._heard("eerst", "a", "Mia")
    late = replace(late, id=f"{PLATFORM}:late", ref="late")
    await talk.change(late, "daarna")
    talk.town.clock.turn(59 * SECOND)
    await talk.town.core.hear(late)
    await talk.carry()
    assert talk.read("b") == ["Mia: daarna"]
    other = replace(late, id=f"{PLATFORM}:other", ref="other")
    await talk.change(other, "te vroeg")
    talk.town.clock.turn(61 * SECOND)
    await talk.town.core.hear(other)
    await talk.carry()
    assert talk.read("b") == ["Mia: daarna", "Mia: eerst"]


async def test_only_whoever_said_it_changes_it_where_they_said_it(talk: Talk) -> None:
    said = await talk.say("van mij")
    await talk.carry()
    there = Heard("x", PLATFORM, Place(PLATFORM, "b"), said.author, "Mia", "", said.at, talk.refs("b")[0])
    await talk.change(replace(said, name="Ben", author=Identity(PLATFORM, "ben")), "van Ben")
    await talk.change(there, "de kopie")
    await talk.carry()
    assert talk.read("b") == ["Mia: van mij"]
    # Nor before it came.
    late = replace(said, id="late", ref="late", name="Ben", author=Identity(PLATFORM, "ben"))
    await talk.change(late, "van Ben")
    await talk.town.core.hear(replace(said, id="late", ref="late"))
    await talk.carry()
    assert talk.read("b") == ["Mia: van mij", "Mia: van mij"]


async def test_an_edit_from_before_another_is_no_news(talk: Talk) -> None:
    said = await talk.say("een")
    await talk.change(said, "drie", after=3 * SECOND)
    await talk.carry()
    await talk.change(said, "twee", after=2 * SECOND)
    await talk.carry()
    assert talk.read("b") == ["Mia: drie"]


async def test_an_edit_while_the_first_is_under_way_comes_after_it(talk: Talk) -> None:
    talk.platform.held["b"] = asyncio.Event()
    said = await talk.say("een")
    async with working(talk):
        await talk.platform.until(lambda: any(copy.place.room_id == "b" for copy in talk.platform.copies))
        await talk.change(said, "twee")
        talk.platform.held["b"].set()
        await talk.platform.until(lambda: talk.read("b") == talk.read("c") == ["Mia: twee"])


# --- deletions ---


async def test_a_deletion_goes_everywhere_and_is_told_of_again(talk: Talk) -> None:
    said = await talk.say("een|twee")
    await talk.say("blijft")
    await talk.carry()
    await talk.gone("a", said.ref)
    await talk.gone("a", said.ref)
    await talk.carry()
    assert talk.read("b") == talk.read("c") == ["Mia: blijft"]
    count = len(talk.platform.copies)
    # Its echo, an edit that comes too late, and the message once more.
    await talk.gone("b", "$0")
    await talk.change(said, "te laat")
    await talk.town.core.hear(said)
    await talk.carry()
    assert talk.read("b") == ["Mia: blijft"]
    assert len(talk.platform.copies) == count


async def test_a_deletion_of_what_is_unsent_drops_it(talk: Talk) -> None:
    said = await talk.say("oeps")
    await talk.gone("a", said.ref)
    await talk.carry()
    assert talk.platform.copies == []
    assert await counted(talk.town, wanted_copies) == 0


async def test_a_deletion_that_overtakes_its_message(talk: Talk) -> None:
    await talk.town.core.gone(Place(PLATFORM, "a"), ["e1"])
    await talk.say("oeps")
    await talk.carry()
    assert talk.platform.copies == []


async def test_a_copy_that_somebody_takes_away_is_gone_everywhere(talk: Talk) -> None:
    said = await talk.say("lelijk|woord")
    await talk.carry()
    await talk.gone("b", talk.refs("b")[1])
    await talk.carry()
    assert [talk.read(room) for room in "abc"] == [[], [], []]
    assert not await talk.town.core.is_copy(Place(PLATFORM, "c"), "$2")
    # What its platform tells of all that.
    for room, ref in (("a", said.ref), ("b", "$0"), ("c", "$2"), ("c", "$3")):
        await talk.town.core.gone(Place(PLATFORM, room), [ref])
    await talk.carry()
    assert await counted(talk.town, wanted_copies) == 0


async def test_what_plein_may_not_take_away_stays(talk: Talk) -> None:
    await talk.say("mijn woord")
    await talk.carry()
    talk.platform.trouble["retract:a"] = [Refused("may not")]
    await talk.gone("b", talk.refs("b")[0])
    await talk.carry()
    assert [talk.read(room) for room in "abc"] == [["mijn woord"], [], []]
    assert await counted(talk.town, wanted_copies) == 0


async def test_a_part_that_plein_takes_away_is_no_deletion(talk: Talk) -> None:
    """Its platform tells of it before Plein has noted that it did so."""
    said = await talk.say("een|twee")
    await talk.carry()
    second = talk.refs("b")[1]
    await talk.change(said, "een")
    talk.platform.held["b"] = asyncio.Event()
    async with working(talk):
        await talk.platform.until(
            lambda: len([c for c in talk.platform.copies if c.place.room_id == "b"]) > 1
        )
        await talk.town.core.gone(Place(PLATFORM, "b"), [second])
        talk.platform.held["b"].set()
        await talk.platform.until(lambda: talk.read("b") == ["Mia: een"])
    await talk.carry()
    assert [talk.read(room) for room in "abc"] == [["een|twee"], ["Mia: een"], ["Mia: een"]]


async def test_a_copy_that_is_taken_away_in_the_midst_goes_in_the_end(talk: Talk) -> None:
    said = await talk.say("een|twee")
    await talk.carry()
    await talk.change(said, "drie|vier")
    talk.platform.held["b"] = asyncio.Event()
    async with working(talk):
        await talk.platform.until(
            lambda: len([c for c in talk.platform.copies if c.place.room_id == "b"]) > 1
        )
        await talk.gone("b", talk.refs("b")[0])
        talk.platform.held["b"].set()
        await talk.platform.until(lambda: [talk.read(room) for room in "abc"] == [[], [], []])


async def test_copies_are_known(talk: Talk) -> None:
    said = await talk.say("een|twee")
    await talk.carry()
    core = talk.town.core
    assert [await core.is_copy(Place(PLATFORM, "b"), ref) for ref in talk.refs("b")] == [True, True]
    assert not await core.is_copy(Place(PLATFORM, "a"), said.ref)
    assert not await core.is_copy(Place(PLATFORM, "b"), said.ref)
    assert not await core.is_copy(Place(PLATFORM, "nowhere"), said.ref)


# --- trouble ---


@contextlib.asynccontextmanager
async def working(talk: Talk) -> AsyncIterator[None]:
    """With the worker at work in the background."""
    running = asyncio.create_task(talk.town.core.carrying.worker.run())
    yield
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("part", [0, 1, 2])
async def test_what_broke_between_parts_goes_on_there(talk: Talk, when: str, part: int) -> None:
    """`after`: it arrived, and nobody was told where it stands."""
    fails: list[Exception] = [StoreFailed("lost")]
    sent = 0

    def watch(what: str) -> None:
        nonlocal sent
        if what == f"{when}:b":
            sent += 1
            if sent == part + 1:
                talk.platform.trouble[what] = fails

    talk.platform.watch = watch
    await talk.say("een|twee|drie")
    await talk.say("vier")
    with contextlib.suppress(StoreFailed):
        await talk.carry()
    assert fails == []
    await talk.carry()
    assert talk.read("b") == ["Mia: een", "twee", "drie", "Mia: vier"]
    tries = [copy for copy in talk.platform.copies if (copy.place.room_id, copy.message) == ("b", 1)]
    assert [copy.in_doubt for copy in tries] == [False, True]
    assert len(tries[1].stands) == part
    assert tries[1].tried_at == talk.town.clock.now()


async def test_what_is_in_doubt_is_made_true_before_its_edit_or_deletion(talk: Talk) -> None:
    talk.platform.trouble["after:b"] = [OSError("no answer"), OSError("no answer")]
    said = await talk.say("een")
    await talk.carry()
    await talk.change(said, "twee")
    talk.town.clock.turn(MINUTE)
    await talk.carry()
    await talk.gone("a", said.ref)
    talk.town.clock.turn(MINUTE)
    await talk.carry()
    assert [copy.edition for copy in talk.platform.copies if copy.place.room_id == "b"] == [
        *(said.id, said.id, said.id, "gone:e1")
    ]
    assert talk.read("b") == talk.read("c") == []


async def test_a_place_that_hangs_holds_up_no_other(talk: Talk) -> None:
    talk.platform.held["b"] = asyncio.Event()
    async with working(talk):
        for number in range(3):
            await talk.say(f"nr {number}")
        everything = [f"Mia: nr {number}" for number in range(3)]
        await talk.platform.until(lambda: talk.read("c") == everything)
        assert talk.read("b") == []
        talk.platform.held["b"].set()
        await talk.platform.until(lambda: talk.read("b") == everything)


@pytest.mark.parametrize("trouble", [TryLater(60), OSError("away"), NotNow("busy"), RuntimeError("a fault")])
async def test_what_cannot_be_just_now_waits_and_the_order_holds(talk: Talk, trouble: Exception) -> None:
    talk.platform.trouble["before:b"] = [trouble]
    await talk.say("een")
    await talk.say("twee")
    await talk.carry()
    assert talk.read("b") == []
    assert talk.read("c") == ["Mia: een", "Mia: twee"]
    talk.town.clock.turn(MINUTE)
    await talk.carry()
    assert talk.read("b") == ["Mia: een", "Mia: twee"]


async def test_what_waits_is_retried_when_something_changed(talk: Talk) -> None:
    talk.platform.trouble["before:b"] = [TryLater(6_000)]
    await talk.say("een")
    await talk.carry()
    await talk.town.core.retry(PLATFORM, Place(PLATFORM, "b"))
    await talk.carry()
    assert talk.read("b") == ["Mia: een"]


async def test_a_fault_of_ours_is_set_aside_and_moderators_hear_of_it(talk: Talk) -> None:
    talk.platform.trouble["before:b"] = [RuntimeError("a fault") for _ in range(PARK_AFTER)]
    said = await talk.say("een")
    await talk.say("twee")
    for _ in range(PARK_AFTER):
        await talk.carry()
        talk.town.clock.turn(10 * MINUTE)
    assert talk.read("b") == ["Mia: twee"]
    await talk.town.core.outbox.worker.flush()
    assert any(shown.where == "mo" for shown in talk.platform.shown)
    assert await counted(talk.town, wanted_copies) == 1
    # What becomes of it next is tried again.
    await talk.change(said, "een, maar goed")
    await talk.carry()
    assert talk.read("b") == ["Mia: twee", "Mia: een, maar goed"]


async def test_what_can_never_stand_there_is_dropped(talk: Talk) -> None:
    talk.platform.trouble["before:b"] = [Gone("no such channel")]
    await talk.say("een")
    await talk.carry()
    assert (talk.read("b"), talk.read("c")) == ([], ["Mia: een"])
    assert await counted(talk.town, wanted_copies) == 0


async def test_nothing_is_carried_by_what_cannot(database_url: str) -> None:
    async with open_town(database_url, moderators=("mo",)) as town:
        talk = await talking(town)
        await town.core.serve(town.platform)
        await talk.say("een")
        await talk.carry()
        assert await counted(town, wanted_copies) == 0


# --- what is left ---


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_nothing_of_the_words_is_left_in_the_files(talk: Talk, tmp_path: Path) -> None:
    talk.platform.trouble["before:b"] = [TryLater(1)]
    said = await talk.say("appelmoes")
    await talk.change(said, "perenmoes")
    await talk.change(replace(said, ref="never"), "kersenmoes")
    await talk.carry()
    talk.town.clock.turn(MINUTE)
    await talk.carry()
    assert talk.read("b") == ["Mia: perenmoes"]
    files = await asyncio.to_thread(contents, tmp_path)
    assert files
    assert not [words for words in (b"appelmoes", b"perenmoes", b"kersenmoes") if words in files]
    assert await counted(talk.town, identities) == 1  # whoever only talks is no resident


def contents(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("plein.db*") if path.is_file())


# --- what is encrypted, and whoever stays out ---


async def test_no_word_leaves_an_encrypted_place_before_somebody_said_yes(talk: Talk) -> None:
    """Also where nobody told that it is encrypted but what was said there itself."""
    core = talk.town.core
    await talk.say("voor iedereen")
    said = await talk.say("onder ons", encrypted=True)
    await talk.change(said, "onder ons, echt", encrypted=True)
    await talk.change(said, "onder ons, alweer")
    await talk.say("en dit ook")
    await talk.say("van buiten", room="b", name="Ben")
    await talk.carry()
    assert talk.read("b") == ["van buiten", "Mia: voor iedereen"]
    assert talk.read("a") == ["voor iedereen", "onder ons", "en dit ook"]
    assert talk.read("c") == ["Mia: voor iedereen", "Ben: van buiten"]
    await core.run_due()
    assert [core.carries(Place(PLATFORM, room)) for room in ("a", "b", "c")] == [False, True, True]
    told = [words for words in talk.platform.where("mo") if "versleuteld" in words]
    assert len(told) == 1
    assert await counted(talk.town, early_acts) == 0

    await talk.town.say("mo", "!brug aan --versleuteld", room="b")
    await core.carried.refresh()
    await talk.say("nu wel", encrypted=True)
    await talk.carry()
    assert talk.read("c")[-1] == "Mia: nu wel"
    assert not any("onder ons" in words for room in "bc" for words in talk.read(room))


async def test_what_was_carried_before_it_was_encrypted_is_still_taken_back(talk: Talk) -> None:
    said = await talk.say("weg ermee")
    await talk.carry()
    await talk.town.core.encrypted(Place(PLATFORM, "a"))
    await talk.town.core.encrypted(Place(PLATFORM, "a"))
    await talk.gone("a", said.ref)
    await talk.carry()
    assert talk.read("b") == []


async def test_whoever_stays_out_is_not_carried_nor_named(talk: Talk) -> None:
    mia = await talk.say("voor iedereen")
    await talk.say("van mij", room="b", name="Ben")
    await talk.carry()
    await talk.town.say("mia", "!mijn brug uit", room="a")
    await talk.say("hier alleen")
    await talk.change(mia, "hier alleen veranderd")
    answer = await talk.say("antwoord", name="Ben", reply_to=mia.ref)
    there = talk.refs("b")[1]
    await talk.say("nog een antwoord", room="b", name="Lea", reply_to=there)
    await talk.change(answer, "ander antwoord")
    await talk.carry()
    assert "hier alleen" not in str(talk.read("b") + talk.read("c"))
    shown = [copy for copy in talk.platform.copies if copy.spoken and copy.spoken.name in ("Ben", "Lea")]
    assert [copy.answers for copy in shown] == [None] * len(shown)
    await talk.town.say("mia", "!mijn brug aan", room="a")
    await talk.say("weer overal")
    again = await talk.say("een echt antwoord", name="Ben", reply_to=mia.ref)
    await talk.carry()
    assert talk.read("b")[-2:] == ["Mia: weer overal", "Ben: een echt antwoord"]
    assert talk.platform.copies[-1].answers
    assert again.reply_to == mia.ref


async def test_what_is_across_is_taken_away_a_few_at_a_time(talk: Talk) -> None:
    town = talk.town
    for number in range(25):
        await talk.say(f"bericht {number}")
    await talk.say("van Ben", name="Ben")
    await talk.carry()
    said = await town.say("mia", "!mijn brug uit --wis", room="a")
    assert "25 berichten" in said
    left = []
    for _ in range(5):
        await town.core.run_due()
        left.append(sum("Mia" in words for words in talk.read("b")))
        town.clock.turn(timedelta(seconds=30))
    assert left == [15, 5, 0, 0, 0]
    assert len(talk.read("a")) == 26
    assert talk.read("c") == ["Ben: van Ben"]
    assert [words for words in talk.platform.where("mia") if "is weg" in words]
    assert "elders niets van je" in await town.say("mia", "!mijn brug uit --wis", room="a")


async def test_what_answers_what_is_gone_quotes_it_no_more(talk: Talk) -> None:
    town = talk.town
    mia = await talk.say("even")
    await talk.carry()
    there = talk.refs("b")[0]
    await talk.say("hier", name="Ben", reply_to=mia.ref)
    await talk.say("daar", room="b", name="Lea", reply_to=there)
    await talk.carry()
    talk.platform.copies.clear()
    await talk.say("komt nog", name="Ben", reply_to=mia.ref)
    await talk.gone("a", mia.ref)
    await talk.carry()
    shown = [(copy.place.room_id, copy.message, copy.spoken and copy.spoken.name) for copy in unquoted(talk)]
    assert sorted(shown) == [("a", 3, SAME), ("b", 2, SAME), ("c", 2, SAME), ("c", 3, SAME)]
    late = [copy for copy in talk.platform.copies if copy.spoken and copy.spoken.rich]
    assert [copy.answers for copy in late] == [None, None]
    assert talk.read("c") == ["Ben: hier", "Lea: daar", "Ben: komt nog"]

    await talk.say("nog iets", name="Mia")
    await talk.say("ja?", name="Ben", reply_to=f"e{talk.number}")
    await talk.carry()
    talk.platform.copies.clear()
    await town.say("mia", "!mijn brug uit --wis", room="a")
    await town.core.run_due()
    assert {copy.place.room_id for copy in unquoted(talk)} == {"b", "c"}


def unquoted(talk: Talk) -> list[Copy]:
    return [copy for copy in talk.platform.copies if copy.spoken and not copy.spoken.rich]


async def test_of_whoever_is_forgotten_the_map_says_nothing(talk: Talk) -> None:
    town = talk.town
    for number in range(12):
        await talk.say(f"bericht {number}")
    await talk.say("van Ben", name="Ben")
    await talk.carry()
    await town.say("mia", "!vergeet mij --zeker", room="a")
    assert await speakers_known(town) == ["test:ben"]
    for _ in range(4):
        await town.core.run_due()
        town.clock.turn(timedelta(seconds=30))
    assert talk.read("b") == ["Ben: van Ben"]
    assert len(await speaking(town)) == 1


async def test_what_they_leave_there_is_nobodys(talk: Talk) -> None:
    town = talk.town
    said = await talk.say("blijft staan")
    await talk.carry()
    await talk.say("was er nog niet")
    await town.say("mia", "!vergeet mij --zeker --laat-staan", room="a")
    await town.core.run_due()
    assert talk.read("b") == [": "]
    assert await speakers_known(town) == []
    assert await speaking(town) == {0}
    await talk.change(said, "zegt een ander")
    await talk.carry()
    assert talk.read("b") == [": "]
    await talk.gone("a", said.ref)
    await talk.carry()
    assert talk.read("b") == []


async def speakers_known(town: Town) -> list[str]:
    return await town.core.store.run_anywhere(lambda tx: column_of(speakers.c.account, tx))


async def speaking(town: Town) -> set[int]:
    found = await town.core.store.run_anywhere(lambda tx: column_of(copies.c.speaker, tx))
    return {each for each in found if each is not None}


def column_of(column: Any, tx: Transaction) -> list[Any]:
    return list(cast(Tx, tx).db.execute(anywhere(select(column))).scalars())
