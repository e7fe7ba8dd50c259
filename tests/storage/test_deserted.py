"""A thread in which nobody uses Plein any more is no theme for ever, nor a place that Plein was put out of;
whatever it holds keeps it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from bot.core import PleinCore
from bot.features.polls.records import POLLS
from bot.model.message import message, typed
from bot.model.people import Identity, Part, Place, Role
from bot.ports.storage import Transaction
from storage.engines import Database
from storage.retention import PAGE
from storage.tables import members, places, themes
from tests.chat import NOW
from tests.doubles.platform import PLATFORM, open_town
from tests.doubles.polls import a_plan
from tests.test_people_tables import db

DAY, MOMENT = timedelta(days=1), timedelta(microseconds=1)
BEN = Identity(PLATFORM, "ben")


def use(tx: Transaction, room: str, at: datetime | None = NOW, theme: str = "") -> int:
    """Somebody used Plein there at that moment, and takes part there; the theme's number."""
    place = Place(PLATFORM, room)
    found = tx.places.theme_named(theme or f"{PLATFORM}:{room}").id
    tx.places.bind(place, found, room, None, PLATFORM)
    tx.places.use(place, at)
    resident = tx.people.by_identity(BEN) or tx.people.add(BEN, "Ben")
    tx.people.take_part(BEN, resident.id, found, Part(Role.RESIDENT, NOW, NOW))
    return found


def there(tx: Transaction) -> Sequence[Sequence[str]]:
    """The themes, the places, and in how many themes people take part."""
    names = db(tx).execute(select(themes.c.name).order_by(themes.c.id)).scalars()
    rooms = db(tx).execute(select(places.c.room).order_by(places.c.room)).scalars()
    return list(names), list(rooms), [str(len(db(tx).execute(select(members.c.theme))))]


async def test_ninety_days_after_it_was_last_used(store: Database) -> None:
    await store.run(lambda tx: use(tx, "thread"))
    await store.forget(NOW + 90 * DAY)
    assert await store.run(there) == ([f"{PLATFORM}:thread"], ["thread"], ["1"])
    await store.forget(NOW + 90 * DAY + MOMENT)
    assert await store.run(there) == ([], [], ["0"])
    await store.run(lambda tx: use(tx, "thread", NOW + 91 * DAY))
    assert await store.run(there) == ([f"{PLATFORM}:thread"], ["thread"], ["1"])


async def test_a_place_that_lasts_stays_and_so_does_a_thread_of_its_theme(store: Database) -> None:
    """The theme goes with its last place, not before."""

    def fill(tx: Transaction) -> None:
        use(tx, "channel", None)
        use(tx, "named", None, theme="sport")
        use(tx, "thread", NOW, theme="sport")

    await store.run(fill)
    await store.forget(NOW + 3650 * DAY)
    assert await store.run(there) == ([f"{PLATFORM}:channel", "sport"], ["channel", "named"], ["2"])


@pytest.mark.parametrize("state", ["planned", "open", "closed", "cancelled"])
async def test_whoever_asked_a_poll_there_can_still_look(store: Database, state: str) -> None:
    def ask(tx: Transaction) -> None:
        theme = use(tx, "thread")
        poll = tx.of(POLLS).add(a_plan(theme), "open")
        tx.of(POLLS).change(poll.id, {"state": state})

    await store.run(ask)
    await store.forget(NOW + 3650 * DAY)
    assert await store.run(there) == ([f"{PLATFORM}:thread"], ["thread"], ["1"])


async def test_what_waits_to_be_said_there_is_waited_for(store: Database) -> None:
    def fill(tx: Transaction) -> None:
        use(tx, "waits")
        theme = use(tx, "told")
        tx.posts.add("p", Place(PLATFORM, "waits"), message(typed("Dag")), NOW)
        resident = tx.people.by_identity(BEN)
        assert resident
        tx.told.add("t", resident.id, message(typed("Dag")), NOW, NOW, theme=theme)

    await store.run(fill)
    await store.forget(NOW + 91 * DAY)
    assert (await store.run(there))[1] == ["told", "waits"]
    await store.run(lambda tx: tx.posts.park("p", "gone"))
    await store.forget(NOW + 91 * DAY)
    assert (await store.run(there))[1] == ["told"]


async def test_however_many_there_are(store: Database) -> None:
    """A page at a time; those that are used go on."""

    def fill(tx: Transaction) -> None:
        for number in range(PAGE + 7):
            use(tx, f"thread{number}", NOW + (DAY if number % 100 == 0 else timedelta()))

    await store.run(fill)
    await store.forget(NOW + 91 * DAY)
    names, rooms, parts = await store.run(there)
    assert (len(names), len(rooms), parts) == (6, 6, ["6"])


async def in_thread(core: PleinCore, room: str = "thread", theme: str | None = None) -> None:
    await core.joined(PLATFORM, Place(PLATFORM, room), room, theme, brief=True)


def leave(tx: Transaction, *rooms: str, at: datetime = NOW) -> None:
    for room in rooms:
        tx.places.leave(Place(PLATFORM, room), at)


async def test_a_place_that_was_left_goes_after_thirty_days(store: Database) -> None:
    """And a thread that was used before; whoever lets Plein in again in time loses nothing."""

    def fill(tx: Transaction) -> None:
        use(tx, "stays", None)
        for room in ("left", "back"):
            use(tx, room, None)
        use(tx, "thread", NOW - DAY)
        use(tx, "raad", None, theme="raad")
        tx.places.bind(Place(PLATFORM, "raad"), use(tx, "raad", None, "raad"), "", None, "", listed=True)
        leave(tx, "left", "back", "thread", "raad")

    await store.run(fill)
    await store.forget(NOW + 30 * DAY)
    assert (await store.run(there))[1] == ["back", "left", "raad", "stays", "thread"]
    await store.run(lambda tx: use(tx, "back", None))
    await store.forget(NOW + 30 * DAY + MOMENT)
    names = [f"{PLATFORM}:stays", f"{PLATFORM}:back", "raad"]
    assert await store.run(there) == (names, ["back", "raad", "stays"], ["3"])


async def test_a_place_that_was_left_before_that_was_noted_goes_too(store: Database) -> None:
    def fill(tx: Transaction) -> None:
        use(tx, "stays", None)
        use(tx, "left", None)
        leave(tx, "left")
        tx.places.use(Place(PLATFORM, "left"), None)

    await store.run(fill)
    await store.forget(NOW)
    assert await store.run(there) == ([f"{PLATFORM}:stays"], ["stays"], ["1"])


async def test_a_poll_keeps_a_place_that_was_left(store: Database) -> None:
    def fill(tx: Transaction) -> None:
        use(tx, "stays", None)
        tx.of(POLLS).add(a_plan(use(tx, "left", None)), "closed")
        leave(tx, "left")

    await store.run(fill)
    await store.forget(NOW + 3650 * DAY)
    assert (await store.run(there))[1] == ["left", "stays"]


async def test_by_its_places_a_community_is_known_that_plein_is_nowhere_of(store: Database) -> None:
    def fill(tx: Transaction) -> None:
        use(tx, "left", None)
        leave(tx, "left")

    await store.run(fill)
    await store.forget(NOW + 3650 * DAY)
    assert (await store.run(there))[1] == ["left"]
    assert await store.run(lambda tx: tx.places.is_nowhere())


async def test_rooms_that_plein_is_put_out_of_one_after_the_other_leave_nothing(database_url: str) -> None:
    async with open_town(database_url) as town:
        await town.core.joined(PLATFORM, Place(PLATFORM, "raad"), "Raad")
        before = await town.core.store.run(there)
        for number in range(5):
            place = Place(PLATFORM, f"room{number}")
            await town.core.joined(PLATFORM, place, "Kamer")
            await town.say("ben", "!poll list", room=place.room_id)
            await town.core.left(PLATFORM, place)
        town.clock.turn(31 * DAY)
        await town.core.agenda.forget()
        after = await town.core.store.run(there)
        assert after[1] == before[1]
        assert after[0] == before[0]


async def test_as_people_notice_it(database_url: str) -> None:
    """Whoever uses Plein there again has a theme again; one that the configuration names lasts."""
    async with open_town(database_url) as town:
        await in_thread(town.core)
        await in_thread(town.core, "named", "raad")
        await town.say("ben", "!poll list", room="thread")
        town.clock.turn(91 * DAY)
        await town.core.agenda.forget()
        assert (await town.core.store.run(there))[:2] == (["raad"], ["named"])
        await in_thread(town.core)
        assert "staat open" in await town.say("ben", '!poll open "Wat?" A | B', room="thread")
        await town.core.run_due()
        assert any("Wat?" in said for said in town.platform.where("thread"))
        town.clock.turn(91 * DAY)
        await town.core.run_due()
        await town.core.agenda.forget()
        assert "Wat?" in await town.say("ben", "!poll show 1", room="thread")
