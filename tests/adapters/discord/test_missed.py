"""What people said and did on Discord while Plein was away, where it is carried: once, in order."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from adapters import inbox
from adapters.discord import history, missed
from adapters.discord.history import Reading
from adapters.discord.missed import KEPT, Missed
from adapters.inbox import InOrder
from bot.core import PleinCore
from bot.delivery import carrying
from bot.features.relay.records import RELAYS
from bot.main.config import ThemeSection
from bot.model.people import Identity, Place
from bot.ports.storage import Transaction
from tests.doubles.discord import Discord, Person, Server, talk
from tests.doubles.discord.state import Channel, Message
from tests.on_discord import OnDiscord, plein_on

A_DAY = timedelta(days=1).total_seconds()
# What is still to be compared.
_PENDING = set[str]()
HISTORY = "GET /channels/{channel_id}/messages"


@pytest.fixture
async def double() -> AsyncIterator[Discord]:
    """Its clock runs, as what was missed waits until all of it was heard."""
    async with Discord(running=True) as discord:
        discord.guild("Plein").channel("sport")
        yield discord


@pytest.fixture
def elsewhere(town: Server) -> Channel:
    return town.channel("elders")


@pytest.fixture(autouse=True)
def _at_once(double: Discord, monkeypatch: pytest.MonkeyPatch) -> None:
    keep = PleinCore.keep

    async def keeping(core: PleinCore, account: str, values: Mapping[str, str | None]) -> None:
        await keep(core, account, values)
        for name in values:
            (_PENDING.add if name.startswith(KEPT) and values[name] else _PENDING.discard)(name)
        double.bell.ring()

    _PENDING.clear()
    monkeypatch.setattr(PleinCore, "keep", keeping)
    monkeypatch.setattr(missed, "LOOKS_EVERY", 0.01)
    monkeypatch.setattr(missed, "RETRY_SECONDS", 0.05)
    monkeypatch.setattr(carrying, "LOOKS_AGAIN", timedelta(milliseconds=20))


@asynccontextmanager
async def relaying(
    double: Discord, database: str, *there: Channel, ready: bool = True
) -> AsyncIterator[OnDiscord]:
    """Plein, where what is said in one of these channels is carried to the others."""
    theme = ThemeSection(name="Sport", places=tuple(f"discord:{each.id}" for each in there))
    async with plein_on(double, database, themes=[theme], relays=True, ready=ready) as plein:

        def begin(tx: Transaction) -> None:
            known = tx.places.known(Place("discord", there[0].id))
            mo = Identity("discord", "1")
            who = tx.people.by_identity(mo) or tx.people.add(mo, "mo")
            assert known
            tx.of(RELAYS).begin(known[0].id, who.id, plein.clock.now())

        await plein.core.store.run(begin)
        await plein.core.carried.refresh()
        yield plein
        await plein.core.agenda.flush()


async def said_by_both(double: Discord, words: Sequence[str], *there: Channel) -> None:
    """Return once these words, and no others, stand in each of these channels."""

    def look() -> bool:
        return all(sorted(read(each)) == sorted(words) for each in there)

    await double.bell.until(look, timeout=20, why=lambda: f"{[sorted(read(each)) for each in there]}")


async def looked(double: Discord) -> None:
    """Return once all was compared."""
    await double.until(lambda: not _PENDING, timeout=20)


def read(there: Channel) -> list[str]:
    """What people read there, without when it was said, or who said it."""
    said = there.messages.values()
    return [each.content.split("\n")[-1] for each in said if each.webhook_id or each.author.name != "plein"]


def edits_in(*there: Channel) -> dict[str, int]:
    """How often each message was changed."""
    return {message.id: message.edits for each in there for message in each.messages.values()}


def copy_of(there: Channel, words: str) -> Message:
    return next(each for each in there.messages.values() if each.webhook_id and each.content.endswith(words))


@pytest.mark.parametrize("many", [24, pytest.param(200, marks=pytest.mark.long)])
async def test_a_day_later_both_say_the_same_in_order_and_once(
    many: int,
    double: Discord,
    database: str,
    sport: Channel,
    elsewhere: Channel,
    anna: Person,
    ben: Person,
    mo: Person,
) -> None:
    people, both = (anna, ben), (sport, elsewhere)
    async with relaying(double, database, *both):
        before = [await anna.says("sport", f"toen {number}") for number in range(6)]
        await ben.says("elders", "van elders")
        words = [*(f"toen {number}" for number in range(6)), "van elders"]
        await said_by_both(double, words, *both)
    double.clock.turn(60)
    await anna.edits(before[0], "toen anders")
    await anna.deletes(before[1])
    # A moderator takes away copies, which says that they are to go everywhere, also of what was changed.
    await anna.edits(before[2], "toen 2, anders")
    await mo.deletes(copy_of(elsewhere, "toen 2"))
    await mo.deletes(copy_of(sport, "van elders"))
    talk.preview(double.world, before[3], "https://plein.be")
    words = ["toen anders", "toen 3", "toen 5"]
    for number in range(many):
        double.clock.turn(A_DAY / many)
        who = people[number % 2]
        said = await who.says("elders" if number % 3 else "sport", f"nu {number}")
        if number % 5 == 0:
            await who.edits(said, f"nu {number}, anders")
        if number % 7 == 3:
            await who.deletes(said)
        else:
            words.append(said.content)
    await anna.edits(before[4], "een dag later")
    words.append("een dag later")
    async with relaying(double, database, *both):
        await said_by_both(double, words, *both)
        await looked(double)
    edits = edits_in(*both)
    for where in both:
        assert read(where)[:4] == ["toen anders", "toen 3", "een dag later", "toen 5"]
    for where, other in (both, both[::-1]):
        for who in people:
            own = [each.content for each in where.messages.values() if each.author is who.user]
            assert [words for words in read(other) if words in own] == own
    # What was read once more is the same, and changes nothing.
    async with relaying(double, database, *both):
        await looked(double)
        await said_by_both(double, words, *both)
    assert edits == edits_in(*both)


async def test_what_was_changed_before_it_was_first_heard_is_not_changed_once_more(
    double: Discord, database: str, sport: Channel, elsewhere: Channel, anna: Person
) -> None:
    both = (sport, elsewhere)
    async with relaying(double, database, *both):
        await anna.says("sport", "een")
        await said_by_both(double, ["een"], *both)
    said = await anna.says("sport", "twee")
    await anna.edits(said, "twee, anders")
    for _ in range(2):
        async with relaying(double, database, *both):
            await said_by_both(double, ["een", "twee, anders"], *both)
            await looked(double)
    assert copy_of(elsewhere, "twee, anders").edits == 0


@pytest.mark.parametrize("how", ["hidden", "forbidden"])
async def test_where_history_cannot_be_read_nothing_is_taken_for_gone(
    how: str, double: Discord, database: str, town: Server, sport: Channel, elsewhere: Channel, anna: Person
) -> None:
    """Whoever may not read what was said is shown an empty channel. It is looked at once Plein may again."""
    both = (sport, elsewhere)
    async with relaying(double, database, *both):
        said = [await anna.says("sport", words) for words in ("een", "twee")]
        await said_by_both(double, ["een", "twee"], *both)
    await anna.deletes(said[0])
    if how == "hidden":
        town.close_to(double.bot, "sport", ["read_message_history"])
    else:
        double.faults.answer(403, HISTORY, times=100, only={"channel_id": sport.id})
    async with relaying(double, database, *both) as plein:
        await double.until(lambda: {f"{KEPT}{sport.id}"} == _PENDING, timeout=20)
        await plein.core.carrying.worker.done()
        assert read(elsewhere) == ["een", "twee"]
        double.faults.clear()
        if how == "hidden":
            town.allow("sport", "plein", ["read_message_history"])
        else:
            town.close_to(double.bot, "sport", [])
        await said_by_both(double, ["twee"], *both)


async def test_a_channel_that_is_no_more_takes_nothing_along(
    double: Discord, database: str, town: Server, sport: Channel, elsewhere: Channel, anna: Person
) -> None:
    both = (sport, elsewhere)
    async with relaying(double, database, *both):
        await anna.says("sport", "een")
        await said_by_both(double, ["een"], *both)
    town.close(sport)
    for _ in range(2):
        async with relaying(double, database, *both):
            pass
    async with relaying(double, database, *both) as plein:
        await looked(double)
        await plein.core.carrying.worker.done()
    assert read(elsewhere) == ["een"]


async def test_an_answer_that_fails_in_the_midst_is_asked_again(
    double: Discord,
    database: str,
    sport: Channel,
    elsewhere: Channel,
    anna: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(missed, "PAGE", 10)
    both = (sport, elsewhere)
    async with relaying(double, database, *both):
        said = [await anna.says("sport", f"{number}") for number in range(30)]
        await said_by_both(double, [each.content for each in said], *both)
    for number in (0, 9, 10, 29):
        await anna.deletes(said[number])
    await anna.edits(said[15], "anders")
    double.faults.answer(503, HISTORY, times=3)
    double.faults.answer(503, "GET /channels/{channel_id}/messages/{message_id}", times=3)
    async with relaying(double, database, *both):
        await said_by_both(double, [each.content for each in said if not each.deleted], *both)
        await looked(double)


async def test_plein_ends_in_the_midst_of_comparing(
    double: Discord,
    database: str,
    sport: Channel,
    elsewhere: Channel,
    anna: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It had heard all meanwhile, and knows what is left all the same: of a day before it was away."""
    both = (sport, elsewhere)
    async with relaying(double, database, *both):
        said = [await anna.says("sport", words) for words in ("een", "twee", "drie")]
        await said_by_both(double, ["een", "twee", "drie"], *both)
    double.clock.turn(A_DAY - 60)
    await anna.deletes(said[0])
    await anna.edits(said[1], "twee, anders")
    with monkeypatch.context() as patches:
        patches.setattr(Missed, "look", lambda _: None)
        async with relaying(double, database, *both) as plein:
            await anna.says("sport", "vier")
            await said_by_both(double, ["een", "twee", "drie", "vier"], elsewhere)
            await plein.core.agenda.flush()
    double.clock.turn(A_DAY - 60)
    async with relaying(double, database, *both):
        await said_by_both(double, ["twee, anders", "drie", "vier"], *both)


async def test_what_waited_when_plein_ended_is_compared_once_it_was_dealt_with(
    double: Discord,
    database: str,
    sport: Channel,
    elsewhere: Channel,
    anna: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    both, has_come = (sport, elsewhere), asyncio.Event()

    async def hear(*_: Any) -> None:
        has_come.set()
        await asyncio.Event().wait()

    async with relaying(double, database, *both):
        await anna.says("sport", "een")
        await said_by_both(double, ["een"], *both)
    with monkeypatch.context() as patches:
        patches.setattr(PleinCore, "hear", hear)
        async with relaying(double, database, *both):
            said = [await anna.says("sport", words) for words in ("twee", "drie")]
            await has_come.wait()
    await anna.deletes(said[0])
    await anna.edits(said[1], "drie, anders")
    is_waited_for, heard, idle = asyncio.Event(), PleinCore.hear, InOrder.idle

    async def hear_late(*args: Any) -> None:
        await is_waited_for.wait()
        await heard(*args)

    async def wait(in_order: InOrder) -> None:
        is_waited_for.set()
        await idle(in_order)

    monkeypatch.setattr(PleinCore, "hear", hear_late)
    monkeypatch.setattr(InOrder, "idle", wait)
    async with relaying(double, database, *both, ready=False):
        await said_by_both(double, ["een", "drie, anders"], *both)


async def test_a_new_session_is_an_absence_too(
    double: Discord, database: str, sport: Channel, elsewhere: Channel, anna: Person
) -> None:
    both = (sport, elsewhere)
    async with relaying(double, database, *both) as plein:
        said = [await anna.says("sport", words) for words in ("een", "twee", "drie")]
        await said_by_both(double, ["een", "twee", "drie"], *both)
        await plein.core.agenda.flush()
        await looked(double)
        double.faults.events.lose("MESSAGE_DELETE")
        double.faults.events.lose("MESSAGE_UPDATE")
        await anna.deletes(said[0])
        await anna.edits(said[1], "twee, anders")
        await double.gateway.invalidate()
        await said_by_both(double, ["twee, anders", "drie"], *both)


async def test_an_absence_while_it_compares_is_compared_as_well(
    double: Discord,
    database: str,
    sport: Channel,
    elsewhere: Channel,
    anna: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    both, look = (sport, elsewhere), Missed._look_at
    async with relaying(double, database, *both):
        said = [await anna.says("sport", words) for words in ("een", "twee")]
        await said_by_both(double, ["een", "twee"], *both)

    async def looking(missed: Missed, room: str, since: str) -> Any:
        found = await look(missed, room, since)
        if room == sport.id and not said[0].deleted:
            await missed.was_away()
            double.gateway.faults.events.lose("MESSAGE_DELETE")
            await anna.deletes(said[0])
        return found

    monkeypatch.setattr(Missed, "_look_at", looking)
    async with relaying(double, database, *both):
        await said_by_both(double, ["twee"], *both)
        await looked(double)


async def test_of_very_much_the_last_is_carried_and_the_rest_is_counted(
    double: Discord,
    database: str,
    sport: Channel,
    elsewhere: Channel,
    anna: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(carrying, "MOST_MISSED", 20)
    both = (sport, elsewhere)
    async with relaying(double, database, *both):
        await anna.says("sport", "een")
        await said_by_both(double, ["een"], *both)
    said = [await anna.says("sport", f"nu {number}") for number in range(150)]
    double.clock.turn(600)
    async with relaying(double, database, *both):
        await double.until(lambda: len(read(elsewhere)) == 21, timeout=20)
        told = await double.until(
            lambda: [each for each in elsewhere.messages.values() if not each.webhook_id]
        )
        await looked(double)
    assert [each.content for each in said][130:] == read(elsewhere)[1:]
    shown = [each.content for each in elsewhere.messages.values() if each.webhook_id]
    assert not shown[0].startswith("-#")
    assert all(re.match("-# (om [0-9]{2}:[0-9]{2}|op .+)\n", each) for each in shown[1:])
    assert [each.text for each in told] == [
        "Ik was een tijd weg. Uit sport (Discord) breng ik de laatste 20 berichten mee."
        " 130 berichten van daarvoor staan alleen daar."
    ]


@pytest.mark.long
async def test_of_what_one_person_said_in_heaps_the_last_is_not_passed_over(
    double: Discord,
    database: str,
    sport: Channel,
    elsewhere: Channel,
    anna: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    both, is_waited_for = (sport, elsewhere), asyncio.Event()
    async with relaying(double, database, *both):
        await anna.says("sport", "een")
        await said_by_both(double, ["een"], *both)
    words = [(await anna.says("sport", f"nu {number}")).content for number in range(250)]
    heard, make_room = PleinCore.hear, Reading._make_room

    async def hear(*args: Any) -> None:
        await is_waited_for.wait()
        await heard(*args)

    async def waiting(reading: Reading, stream: str) -> None:
        if reading.in_order.room_left(sport.id) < 100:
            asyncio.get_running_loop().call_soon(is_waited_for.set)
        await make_room(reading, stream)

    monkeypatch.setattr(inbox, "MOST_WAITING", 150)
    monkeypatch.setattr(history, "WAITS", 0.02)
    monkeypatch.setattr(PleinCore, "hear", hear)
    monkeypatch.setattr(Reading, "_make_room", waiting)
    async with relaying(double, database, *both):
        await said_by_both(double, ["een", *words], *both)
