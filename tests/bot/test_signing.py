"""Signs that people put on messages that are carried: they stand elsewhere as long as anybody has them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from bot.errors import Gone, PlatformFailed, Refused, TryLater, Unsigned
from bot.features.relay.records import RELAYS
from bot.model.events import Heard
from bot.model.people import Identity, Place
from bot.model.signs import LONGEST, Signed, Why
from bot.ports.storage import Transaction
from storage.signs import MOST_OF_ONE, MOST_SIGNS, MOST_WAITING
from storage.tables import placed_signs, signs, speakers
from tests.bot.test_carrying import Talk, counted, switch, talking
from tests.doubles.platform import PLATFORM, open_town

MINUTE = timedelta(minutes=1)


@dataclass
class Signing:
    """People who talk in the rooms a, b and c, and put signs on what was said."""

    talk: Talk
    number: int = 0
    events: dict[tuple[str, str, str, str], str] = field(default_factory=dict)

    async def put(self, room: str, ref: str, sign: str, who: str = "Ben", *, event: str = "") -> None:
        await self._sign(room, ref, sign, who, event=event, on=True)

    async def take(self, room: str, ref: str, sign: str, who: str | None = "Ben") -> None:
        await self._sign(room, ref, sign, who, event="", on=False)

    async def _sign(self, room: str, ref: str, sign: str, who: str | None, *, event: str, on: bool) -> None:
        author = Identity(PLATFORM, who.casefold()) if who else None
        now = self.talk.town.clock.now()
        signed = Signed(Place(PLATFORM, room), ref, author, sign, on, now, who or "", event)
        await self.talk.town.core.signed(signed)

    async def carry(self) -> None:
        await self.talk.carry()
        await self.talk.town.core.signing.worker.flush()

    def on(self, room: str, ref: str) -> dict[str, int]:
        """What Plein has put there."""
        return self.talk.platform.signs.get((room, ref), {})

    def copy(self, room: str, number: int = 0) -> str:
        return self.talk.refs(room)[number]


@pytest.fixture
async def signing(database_url: str) -> AsyncIterator[Signing]:
    async with open_town(database_url, moderators=("mo",)) as town:
        yield Signing(await talking(town))


@pytest.fixture
async def said(signing: Signing) -> Heard:
    """Mia said something in a."""
    heard = await signing.talk.say("een")
    await signing.carry()
    return heard


async def test_a_sign_stands_everywhere_else_as_long_as_anybody_has_it(signing: Signing, said: Heard) -> None:
    of_b, of_c = signing.copy("b"), signing.copy("c")
    await signing.put("a", said.ref, "👍", "Mia")
    await signing.put("a", said.ref, "👍", "Ann")
    await signing.put("b", of_b, "👍", "Ben")
    await signing.carry()
    assert [bool(signing.on(*each).get("👍")) for each in (("a", said.ref), ("b", of_b), ("c", of_c))] == [
        True
    ] * 3
    # In a only Ben's of b counts, in b the two of a, in c all.
    await signing.take("b", of_b, "👍", "Ben")
    await signing.carry()
    assert signing.on("a", said.ref) == {}
    assert signing.on("b", of_b)
    await signing.take("a", said.ref, "👍", "Mia")
    await signing.carry()
    assert signing.on("c", of_c)
    await signing.take("a", said.ref, "👍", "Ann")
    await signing.carry()
    assert not signing.on("b", of_b)
    assert not signing.on("c", of_c)
    assert await counted(signing.talk.town, signs) == await counted(signing.talk.town, placed_signs) == 0


async def test_one_has_a_sign_once_however_it_is_spelled(signing: Signing, said: Heard) -> None:
    for spelled in ("❤", "❤\ufe0f", " ❤\ufe0e "):
        await signing.put("a", said.ref, spelled)
    await signing.put("a", said.ref, "👍🏽")
    await signing.carry()
    assert signing.on("b", signing.copy("b")) == {"❤\ufe0f": 1, "👍🏽": 1}
    await signing.take("a", said.ref, "❤")
    await signing.carry()
    assert signing.on("b", signing.copy("b")) == {"👍🏽": 1}


async def test_what_was_not_sent_yet_is_one(signing: Signing, said: Heard) -> None:
    for _ in range(3):
        await signing.put("a", said.ref, "👍")
        await signing.take("a", said.ref, "👍")
    await signing.carry()
    assert signing.talk.platform.signed == []
    await signing.put("a", said.ref, "👍")
    await signing.take("a", said.ref, "👍")
    await signing.put("a", said.ref, "👍")
    await signing.carry()
    assert [(sign.place.room_id, sign.count) for sign in signing.talk.platform.signed] == [("b", 1), ("c", 1)]


async def test_it_waits_for_its_message_and_for_its_copy(signing: Signing) -> None:
    signing.talk.platform.trouble["before:b"] = [TryLater(60)]
    await signing.put("a", "e1", "👍")
    heard = await signing.talk.say("een")
    assert heard.ref == "e1"
    await signing.put("a", "e1", "🎉")
    await signing.carry()
    assert signing.on("c", signing.copy("c")) == {"👍": 1, "🎉": 1}
    assert {sign.place.room_id for sign in signing.talk.platform.signed} == {"c"}
    signing.talk.town.clock.turn(MINUTE)
    await signing.carry()
    assert signing.on("b", signing.copy("b")) == {"👍": 1, "🎉": 1}


async def test_a_sign_on_a_copy_that_is_not_noted_yet_counts(signing: Signing) -> None:
    await signing.talk.say("een")
    ref = "$0"
    await signing.put("b", ref, "👍")
    await signing.carry()
    assert signing.copy("b") == ref
    assert signing.on("a", "e1") == {"👍": 1}


async def test_what_waits_for_no_message_that_comes_is_bounded_and_goes(signing: Signing) -> None:
    for number in range(MOST_WAITING + 5):
        await signing.put("a", f"x{number}", "👍")
    assert await counted(signing.talk.town, signs) == MOST_WAITING
    signing.talk.town.clock.turn(MINUTE)
    await signing.put("a", "y", "👍")
    assert await counted(signing.talk.town, signs) == 1
    signing.talk.town.clock.turn(MINUTE)
    await signing.talk.town.core.carried.end_waits()
    assert await counted(signing.talk.town, signs) == 0


async def test_any_part_of_it_is_the_message(signing: Signing) -> None:
    said = await signing.talk.say("een|twee")
    await signing.carry()
    first, second = signing.talk.refs("b")
    await signing.put("b", second, "👍")
    await signing.put("b", first, "👍")
    await signing.carry()
    assert signing.on("a", said.ref) == {"👍": 1}
    await signing.take("b", first, "👍")
    await signing.carry()
    assert signing.on("a", said.ref) == {"👍": 1}
    assert signing.on("c", signing.copy("c")) == {"👍": 1}
    await signing.take("b", second, "👍")
    await signing.carry()
    assert not signing.on("a", said.ref)


async def test_all_are_taken_away_at_once(signing: Signing, said: Heard) -> None:
    for sign in ("👍", "🎉"):
        for who in ("Ben", "Ann"):
            await signing.put("a", said.ref, sign, who)
    await signing.carry()
    await signing.take("a", said.ref, "👍", None)
    await signing.carry()
    assert signing.on("b", signing.copy("b")) == {"🎉": 2}
    await signing.put("a", said.ref, "👍")
    await signing.take("a", said.ref, "", None)
    await signing.carry()
    assert not signing.on("b", signing.copy("b"))


async def test_it_is_taken_away_by_its_event_also_before_it_comes(signing: Signing, said: Heard) -> None:
    await signing.put("a", said.ref, "👍", event="$s1")
    await signing.carry()
    await signing.talk.town.core.gone(Place(PLATFORM, "a"), ["$s1"])
    await signing.carry()
    assert not signing.on("b", signing.copy("b"))
    await signing.talk.town.core.gone(Place(PLATFORM, "a"), ["$s2"])
    await signing.put("a", said.ref, "👍", event="$s2")
    await signing.carry()
    assert not signing.on("b", signing.copy("b"))


async def test_a_deleted_messages_signs_go(signing: Signing, said: Heard) -> None:
    await signing.put("a", said.ref, "👍")
    await signing.put("b", signing.copy("b"), "🎉")
    await signing.carry()
    await signing.talk.gone("a", said.ref)
    await signing.put("a", said.ref, "👎")
    await signing.carry()
    assert await counted(signing.talk.town, signs) == await counted(signing.talk.town, placed_signs) == 0


async def test_what_stays_where_it_is_and_where_no_relay_is_on_enters_nothing(
    signing: Signing, said: Heard
) -> None:
    town = signing.talk.town
    await town.say("ben", "help", room="a")

    def stay_out(tx: Transaction) -> None:
        ben = tx.people.by_identity(Identity(PLATFORM, "ben"))
        assert ben
        tx.of(RELAYS).stay_out(ben.id, town.clock.now())

    await town.core.store.run(stay_out)
    await signing.put("a", said.ref, "👍")
    await switch(town, on=False)
    await signing.put("a", said.ref, "👍", "Ann")
    await signing.put("elders", "e9", "👍", "Ann")
    assert await counted(town, signs) == 0


async def test_more_than_anybody_reads_is_not_kept(signing: Signing, said: Heard) -> None:
    for number in range(MOST_SIGNS + 5):
        await signing.put("a", said.ref, chr(0x1F600 + number), f"P{number}")
    await signing.put("a", said.ref, chr(0x1F600), "Q")
    await signing.put("a", said.ref, "x" * 500, "Q")
    assert await counted(signing.talk.town, signs) == MOST_SIGNS + 1
    other = await signing.talk.say("twee")
    for number in range(MOST_OF_ONE + 5):
        await signing.put("a", other.ref, chr(0x1F600 + number))
    for odd in ("", " ", "\u200b", "\ud83d", "\x00"):
        await signing.put("a", other.ref, odd, "Ann")
    assert await counted(signing.talk.town, signs) == MOST_SIGNS + 1 + MOST_OF_ONE
    third = await signing.talk.say("drie")
    await signing.put("a", third.ref, "hoera " * 10_000)
    await signing.carry()
    [sign] = signing.on("b", signing.copy("b", 2))
    assert len(sign) == LONGEST


@pytest.mark.parametrize("lost", ["before", "after"])
@pytest.mark.parametrize("error", [ConnectionError("away"), PlatformFailed("502"), TryLater(1)])
async def test_what_fails_is_tried_again_and_holds_up_no_other(
    signing: Signing, said: Heard, lost: str, error: Exception
) -> None:
    town = signing.talk.town
    signing.talk.platform.trouble[f"{lost} sign:b"] = [error]
    await signing.put("a", said.ref, "👍")
    await signing.put("a", said.ref, "🎉")
    await signing.carry()
    assert "🎉" in signing.on("b", signing.copy("b"))
    # What may have been done is finished before what is wanted by now.
    await signing.take("a", said.ref, "👍")
    town.clock.turn(5 * MINUTE)
    await signing.carry()
    await signing.carry()
    of_one = [sign for sign in signing.talk.platform.signed if (sign.sign, sign.place.room_id) == ("👍", "b")]
    assert [sign.count for sign in of_one] == [1, 1, 0]
    assert of_one[0].key == of_one[1].key
    assert signing.on("b", signing.copy("b")) == {"🎉": 1}


async def test_put_once_more_it_is_another(signing: Signing, said: Heard) -> None:
    for _ in range(2):
        await signing.put("a", said.ref, "👍")
        await signing.carry()
        await signing.take("a", said.ref, "👍")
        await signing.carry()
    of_b = [sign for sign in signing.talk.platform.signed if sign.place.room_id == "b"]
    assert [sign.count for sign in of_b] == [1, 0, 1, 0]
    assert [sign.event for sign in of_b] == ["", f"sign of {of_b[0].key}", "", f"sign of {of_b[2].key}"]
    assert of_b[0].key != of_b[2].key


@pytest.mark.parametrize("error", [Unsigned(Why.FULL), Refused("no"), Gone("gone")])
async def test_what_cannot_stand_there_ends_kindly_and_is_tried_once_something_changes(
    signing: Signing, said: Heard, error: Exception
) -> None:
    signing.talk.platform.trouble["before sign:b"] = [error]
    await signing.put("a", said.ref, "👍")
    await signing.carry()
    await signing.put("a", said.ref, "👍", "Ann")
    await signing.carry()
    assert not signing.on("b", signing.copy("b"))
    assert signing.on("c", signing.copy("c"))
    await signing.talk.town.core.retry(PLATFORM, Place(PLATFORM, "b"))
    await signing.carry()
    assert signing.on("b", signing.copy("b"))


async def test_what_changes_while_it_is_put_is_made_true_afterwards(signing: Signing, said: Heard) -> None:
    platform = signing.talk.platform
    platform.held["b"] = asyncio.Event()
    await signing.put("a", said.ref, "👍")
    carrying = asyncio.create_task(signing.carry())
    await platform.until(lambda: any(sign.place.room_id == "b" for sign in platform.signed))
    await signing.take("a", said.ref, "👍")
    platform.held["b"].set()
    await carrying
    await signing.carry()
    assert not signing.on("b", signing.copy("b"))
    assert await counted(signing.talk.town, placed_signs) == 0


async def test_of_what_goes_by_a_name_it_is_told_how_often(signing: Signing, said: Heard) -> None:
    await signing.put("a", said.ref, ":blob:")
    await signing.put("a", said.ref, ":blob_2:")
    await signing.carry()
    await signing.put("a", said.ref, ":blob:", "Ann")
    await signing.carry()
    last = [sign for sign in signing.talk.platform.signed if sign.place.room_id == "b"][-1]
    assert (last.sign, last.count, last.named) == (":blob:", 2, (("blob", 2), ("blob_2", 1)))
    assert not last.said


async def test_whoever_is_forgotten_has_put_nothing(signing: Signing, said: Heard) -> None:
    town = signing.talk.town
    await signing.put("a", said.ref, "👍")
    await signing.put("a", said.ref, "👍", "Ann")
    await signing.put("a", said.ref, "🎉")
    await signing.carry()
    await town.say("ben", "help", room="a")
    resident = await town.core.store.run(lambda tx: tx.people.by_identity(Identity(PLATFORM, "ben")))
    assert resident
    await town.core.forget(resident.id)
    assert await counted(town, speakers) == 2
    await town.core.run_due()
    await signing.carry()
    assert set(signing.on("b", signing.copy("b"))) == {"👍"}
    assert await counted(town, signs) == 1


@pytest.mark.parametrize("on", [True, False])
async def test_cut_off_in_the_midst_it_is_done_once(signing: Signing, said: Heard, on: bool) -> None:
    platform = signing.talk.platform
    await signing.put("a", said.ref, "👍")
    if not on:
        await signing.carry()
        await signing.take("a", said.ref, "👍")
    before = len(platform.signed)
    platform.held["b"] = asyncio.Event()
    carrying = asyncio.create_task(signing.carry())
    await platform.until(lambda: any(sign.place.room_id == "b" for sign in platform.signed[before:]))
    carrying.cancel()
    await asyncio.gather(carrying, return_exceptions=True)
    platform.held["b"].set()
    # What is wanted meanwhile comes after what may have been done.
    await (signing.take if on else signing.put)("a", said.ref, "👍")
    await signing.carry()
    await signing.carry()
    of_b = [sign for sign in platform.signed[before:] if sign.place.room_id == "b"]
    assert [bool(sign.count) for sign in of_b] == [on, on, not on]
    assert of_b[0].key == of_b[1].key
    assert ("👍" in signing.on("b", signing.copy("b"))) is not on
