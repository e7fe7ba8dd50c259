"""What themes ought to have is made true: once each, whatever goes wrong in between, and whoever is away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.delivery.making import CLAIMED_FOR, MOST_OF_A_SERVER
from bot.errors import Gone, NotOurs, Refused, TryLater, UserError
from bot.model.homes import Home, RoomSeen, RoomState, WantedRoom
from bot.model.message import text
from bot.model.people import FIRST_COMMUNITY, Identity, Place, Role
from bot.ports.storage import Transaction
from tests.chat import NOW
from tests.doubles.platform import PLATFORM, Platform, Town, open_town

HOME = Home(PLATFORM, "console.home", "corner", "Corner")
MADE = Place(PLATFORM, "corner/Verlichting")
HOUR = timedelta(hours=1)


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    async with open_town(database_url, moderators=("mia",), board_rest=0) as town:
        await town.joined("sport", theme="sport")
        await town.core.store.run(lambda tx: choose(tx, HOME))
        yield town


def choose(tx: Transaction, home: Home) -> None:
    who = tx.people.by_identity(Identity(PLATFORM, "mia"))
    assert who
    tx.communities.change(f"home.{PLATFORM}", home.kept(), who.id, NOW)


async def opened(town: Town, name: str = "Verlichting") -> int:
    """The number of the theme."""
    assert f"“{name}” is er." in await town.say("mia", f'!thema voorstel "{name}" Meer licht')
    return await town.core.store.run(lambda tx: tx.places.theme_named(name).id)


async def state(town: Town, theme: int) -> RoomState:
    (found,) = await town.core.store.run(lambda tx: tx.wanted.of(theme))
    return found


async def later(town: Town, by: timedelta) -> None:
    town.clock.turn_to(town.clock.now() + by)
    await town.core.run_due()


async def test_it_is_made_and_is_that_themes(town: Town) -> None:
    theme = await opened(town)
    await town.core.run_due()
    assert (await state(town, theme)).room == "corner/Verlichting"
    place = Place(PLATFORM, "corner/Verlichting")
    assert await town.core.store.run(lambda tx: tx.places.of_theme(theme)) == [place]
    # Its board is the first thing there, and stays one.
    assert "mia trekt dit thema." in town.platform.where(place.room_id)[0]
    # Told of again, as at each start, it stays that theme's.
    await town.core.joined(PLATFORM, place, "Verlichting")
    assert await town.core.store.run(lambda tx: tx.places.of_theme(theme)) == [place]
    await later(town, HOUR)
    assert len(town.platform.rooms) == 1
    assert len(town.platform.where(place.room_id)) == 1


@pytest.mark.parametrize("when", ["room", "roomed"])
@pytest.mark.parametrize(
    "trouble",
    [TryLater(5), ConnectionError("lost"), Refused("no"), Gone("gone"), NotOurs("not"), ValueError("x")],
)
async def test_whatever_goes_wrong_it_is_tried_again_and_made_once(
    town: Town, when: str, trouble: Exception
) -> None:
    town.platform.trouble[f"{when}:Verlichting"] = [trouble, trouble]
    theme = await opened(town)
    await town.core.run_due()
    assert (await state(town, theme)).room is None
    for _ in range(3):
        await later(town, HOUR)
    assert (await state(town, theme)).room == "corner/Verlichting"
    assert len(town.platform.rooms) == 1


@pytest.mark.parametrize("made", [True, False])
async def test_what_was_made_and_not_noted_before_its_theme_was_archived_is_closed(
    town: Town, made: bool
) -> None:
    """And called as it is by then; where none was, none is made any more."""
    town.platform.trouble[f"{'roomed' if made else 'room'}:Verlichting"] = [ConnectionError("lost")]
    theme = await opened(town)
    await town.core.run_due()
    await town.say("mia", "!thema archiveer Verlichting --zeker")
    for _ in range(2):
        await later(town, HOUR)
    assert len(town.platform.rooms) == int(made)
    assert (await state(town, theme)).room == ("corner/Verlichting" if made else None)
    assert town.platform.rules == ({MADE.room_id: "nobody"} if made else {})


async def test_what_keeps_it_is_for_those_who_can_do_something_about_it(town: Town) -> None:
    town.platform.trouble["room:Verlichting"] = [UserError("room.refused", code="FULL")]
    await opened(town)
    await town.core.run_due()
    assert "weigert het (FULL)" in await town.say("mia", "!thema toon verlichting")
    seen = await town.say("ben", "!thema toon verlichting")
    assert "Zijn plek op Test is er nog niet." in seen
    assert "FULL" not in seen


async def test_a_home_that_is_chosen_anew_has_it_tried_at_once(town: Town) -> None:
    town.platform.trouble["room:Verlichting"] = [UserError("room.home_gone", home=HOME.called)]
    theme = await opened(town)
    await town.core.run_due()
    assert (await state(town, theme)).room is None

    def retry(tx: Transaction) -> None:
        choose(tx, Home(PLATFORM, "console.home", "other", "Other"))
        tx.wanted.retry(PLATFORM, town.clock.now())

    await town.core.store.run(retry)
    await town.core.run_due()
    assert (await state(town, theme)).room == "other/Verlichting"


async def test_two_who_look_at_once_make_one(town: Town) -> None:
    """As two processes do, on one database."""
    await opened(town)
    now = town.clock.now()

    def claim(tx: Transaction) -> list[bool]:
        (room,) = tx.wanted.due(PLATFORM, "a", now, 9)
        return [tx.wanted.claim(room, account, now, now + CLAIMED_FOR) for account in ("a", "b", "a")]

    assert await town.core.store.run(claim) == [True, False, False]
    # Only the one that began goes on.
    found = await town.core.store.run(lambda tx: tx.wanted.due(PLATFORM, "b", now + CLAIMED_FOR, 9))
    assert found == []
    (again,) = await town.core.store.run(lambda tx: tx.wanted.due(PLATFORM, "a", now + CLAIMED_FOR, 9))
    assert again.account == "a"


async def test_what_was_under_way_at_the_end_is_tried_at_the_next_start(database_url: str) -> None:
    async with open_town(database_url, moderators=("mia",)) as town:
        await town.joined("sport", theme="sport")
        await town.core.store.run(lambda tx: choose(tx, HOME))
        theme = await opened(town)
        now = town.clock.now()

        def begin(tx: Transaction) -> WantedRoom:
            (room,) = tx.wanted.due(PLATFORM, PLATFORM, now, 9)
            assert tx.wanted.claim(room, PLATFORM, now, now + CLAIMED_FOR)
            return room

        await town.core.store.run(begin)
    async with open_town(database_url, moderators=("mia",), number=500) as town:
        await town.core.run_due()
        assert (await state(town, theme)).room == "corner/Verlichting"


@pytest.mark.parametrize("is_made", [True, False])
async def test_what_an_account_saw_to_the_one_that_serves_its_place_does(
    database_url: str, is_made: bool
) -> None:
    """The one that began it is at work no more: who leaves is out, and what was still to be made is made."""
    async with open_town(database_url, moderators=("mia",), board_rest=0, account="test:old") as town:
        await town.joined("sport")
        for name in ("ben", "mia"):
            await town.say(name, "!help")
        await town.core.store.run(lambda tx: choose(tx, HOME))
        if not is_made:
            town.platform.trouble["room:Verlichting"] = [TryLater(5)] * 9
        theme = await opened(town)
        await town.say("ben", "!thema meedoen Verlichting")
        for _ in range(2):
            await later(town, HOUR)
        assert (("ben", MADE.room_id) in town.platform.inside) is is_made
    async with open_town(
        database_url, moderators=("mia",), board_rest=0, account="test:new", number=1000
    ) as town:
        town.platform.inside |= {("ben", MADE.room_id)} if is_made else set()
        town.clock.turn_to(town.clock.now() + 48 * HOUR)
        town.platform.present["ben", "sport"] = Role.RESIDENT
        await town.core.rooms.look_after()
        for place in (Place(PLATFORM, "sport"), *([MADE] if is_made else [])):
            await town.core.joined("test:new", place, place.room_id, community=FIRST_COMMUNITY, ours=True)
        if is_made:
            assert "Ik haal je ook uit" in await town.say("ben", "!thema verlaat Verlichting")
        for _ in range(2):
            await later(town, HOUR)
        assert (("ben", MADE.room_id) in town.platform.inside) is not is_made
        assert (await state(town, theme)).room == MADE.room_id


# --- by turns ---


class Hanging:
    """Who these are waits to be let in, until the end; and the others are let in at once."""

    def __init__(self, town: Town, patch: pytest.MonkeyPatch, *who: str) -> None:
        self.under_way: list[str] = []
        self._let_in: dict[str, asyncio.Event] = {}
        admit, never = town.platform.admit, asyncio.Event()

        async def hangs(_: object, place: Place, user: str, *, inside: bool) -> None:
            if user in who:
                self.under_way.append(user)
                await never.wait()
            await admit(place, user, inside=inside)
            self._of(user).set()

        patch.setattr(type(town.platform), "admit", hangs)

    def _of(self, user: str) -> asyncio.Event:
        return self._let_in.setdefault(user, asyncio.Event())

    async def until_in(self, user: str) -> None:
        async with asyncio.timeout(60):
            await self._of(user).wait()


@pytest.fixture
async def themes(town: Town) -> list[str]:
    """Twelve, which have their rooms."""
    names = [letter * 4 for letter in "abcdefghjkpq"]
    for number, name in enumerate(names):
        if number % 4 == 0:
            town.clock.turn_to(town.clock.now() + 25 * HOUR)
        await town.say("mia", f'!thema voorstel "{name}" Over iets')
    for _ in range(2):
        await later(town, HOUR)
    return names


async def test_whoever_enters_many_themes_and_hangs_holds_up_nobody(
    town: Town, themes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    hanging = Hanging(town, monkeypatch, "mallory")
    for name in themes:
        await town.say("mallory", f"!thema meedoen {name}")
    running = asyncio.create_task(town.core.making.worker.run())
    try:
        await town.say("ben", f"!thema meedoen {themes[-1]}")
        await hanging.until_in("ben")
        assert await opened(town, "Verlichting")
        await town.say("cas", "!thema meedoen Verlichting")
        await hanging.until_in("cas")
        assert hanging.under_way == ["mallory"]
    finally:
        running.cancel()


async def test_of_a_server_that_answers_nothing_a_few_hang(
    town: Town, themes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    mallories = [f"@mallory{number}:evil.example" for number in range(12)]
    hanging = Hanging(town, monkeypatch, *mallories)
    for name, mallory in zip(themes, mallories, strict=True):
        await town.say(mallory, f"!thema meedoen {name}")
    running = asyncio.create_task(town.core.making.worker.run())
    try:
        for who in ("ben", "@cas:example.org"):
            await town.say(who, f"!thema meedoen {themes[-1]}")
            await hanging.until_in(who)
        assert len(hanging.under_way) == MOST_OF_A_SERVER
    finally:
        running.cancel()


@pytest.mark.parametrize("many", [12, 300])
async def test_a_crowd_of_a_server_that_answers_nothing_holds_up_nobody(
    town: Town, themes: list[str], many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd = [f"@mallory{number}:evil.example" for number in range(many)]
    hanging = Hanging(town, monkeypatch, *crowd)
    for mallory in crowd:
        await town.say(mallory, f"!thema meedoen {themes[0]}")
    running = asyncio.create_task(town.core.making.worker.run())
    try:
        town.clock.turn_to(town.clock.now() + timedelta(seconds=5))
        for who in ("ben", "@cas:example.org"):
            await town.say(who, f"!thema meedoen {themes[0]}")
            await hanging.until_in(who)
        assert len(hanging.under_way) == MOST_OF_A_SERVER
    finally:
        running.cancel()


async def test_a_room_that_is_given_up_while_it_is_looked_at_is_nobodys_to_keep_order_in(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    await opened(town)
    for _ in range(2):
        await later(town, HOUR)
    assert town.platform.entrusted == {MADE.room_id: {"mia"}}
    reached, go_on = asyncio.Event(), asyncio.Event()
    look, entrust, given = town.platform.look_at_room, town.platform.entrust, list[set[str]]()

    async def entrusts(_: object, community: int, home: Home | None, place: Place, who: set[str]) -> None:
        await entrust(community, home, place, who)
        given.append(set(who))

    async def looks(_: object, place: Place, home: Home | None = None) -> RoomSeen:
        seen = await look(place, home)
        if place == MADE and not reached.is_set():
            reached.set()
            await go_on.wait()
        return seen

    monkeypatch.setattr(type(town.platform), "look_at_room", looks)
    monkeypatch.setattr(type(town.platform), "entrust", entrusts)
    await town.core.look(MADE)
    running = asyncio.create_task(town.core.making.worker.run())
    try:
        async with asyncio.timeout(60):
            await reached.wait()
            assert "is losgemaakt" in await town.say("mia", "!thema ontkoppel Verlichting")
            # Whatever could be done meanwhile has its time.
            for _ in range(20):
                await town.say("ben", "!help")
            go_on.set()
            while len(given) < 2:
                await town.say("ben", "!help")
    finally:
        running.cancel()
    for _ in range(3):
        await later(town, HOUR)
    assert town.platform.entrusted == {MADE.room_id: set()}


async def test_all_that_somebody_entered_they_are_let_into_in_the_end(town: Town, themes: list[str]) -> None:
    for name in themes:
        await town.say("ben", f"!thema meedoen {name}")
    await town.core.run_due()
    assert len([user for user, _ in town.platform.inside if user == "ben"]) == len(themes)


# --- several accounts of Plein's ---


@pytest.mark.parametrize("inside", ["test:a", "test:b", None])
async def test_the_account_that_is_in_the_home_makes_it(database_url: str, inside: str | None) -> None:
    """Whichever was first to try; and where none is in it, that is said."""
    async with open_town(database_url, moderators=("mia",), board_rest=0, account="test:a") as town:
        await town.joined("sport", theme="sport")
        await town.core.store.run(lambda tx: choose(tx, HOME))
        platforms = [town.platform, Platform("test:b")]
        await town.core.serve(platforms[1])
        gone = NotOurs("not in it", text("room.home_gone", home=HOME.called))
        for platform in platforms:
            if platform.account != inside:
                platform.trouble["room:Verlichting"] = [gone] * 9
        theme = await opened(town)
        for _ in range(3):
            await town.core.run_due()
        found = await state(town, theme)
        made = [platform.account for platform in platforms if platform.rooms]
        assert made == ([inside] if inside else [])
        assert (found.room is not None) is (inside is not None)
        assert (found.why and found.why.key) == (None if inside else "room.home_gone")
        # Then each tries it again after a while, and not at once.
        left = sum(len(platform.trouble.get("room:Verlichting", ())) for platform in platforms)
        assert inside or left == 16


# --- who keeps order there ---


@pytest.mark.parametrize("when", ["entrust", "entrusted"])
async def test_who_moderates_the_community_keeps_order_in_the_end(town: Town, when: str) -> None:
    town.platform.trouble[f"{when}:{MADE.room_id}"] = [TryLater(5), ConnectionError("lost")]
    await opened(town)
    for _ in range(5):
        await later(town, HOUR)
    assert town.platform.entrusted == {MADE.room_id: {"mia"}}


@pytest.mark.parametrize("how", ["forgotten", "unlinked", "linked"])
async def test_whoever_moderates_no_more_is_taken_from_it(town: Town, how: str) -> None:
    await opened(town)
    await town.core.run_due()
    accounts = [Identity(PLATFORM, name) for name in ("mia", "mias")]
    if how != "forgotten":
        await town.say("mias", "!help")
        await town.core.link(accounts)
        await town.core.run_due()
        assert town.platform.entrusted[MADE.room_id] == {"mia", "mias"}
    mia = await town.core.store.run(lambda tx: tx.people.by_identity(accounts[0]))
    assert mia
    if how == "forgotten":
        await town.core.forget(mia.id)
    elif how == "unlinked":
        await town.core.store.run(lambda tx: town.core.features.part(tx, mia.id, accounts[1:]))
    await town.core.run_due()
    expected = {"forgotten": set[str](), "unlinked": {"mia"}, "linked": {"mia", "mias"}}
    assert town.platform.entrusted[MADE.room_id] == expected[how]
