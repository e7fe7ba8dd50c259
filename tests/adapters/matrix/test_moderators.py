"""Whoever moderates the community keeps order in the rooms of its themes, and changes nothing else."""

from __future__ import annotations

from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import pytest

from adapters.matrix.moderators import LEVELS, mark_of, planned
from tests.adapters.matrix.test_new_rooms import Square, square
from tests.adapters.matrix.test_shaping import opened
from tests.doubles.proxy import Proxy
from tests.homeserver import Homeserver, Person
from tests.plein import Plein
from tests.town import Town, board, numbers, says

PUT = f"PUT /state/{LEVELS}"
ROOM, MO, ANN = "!r", "@mo:x", "@ann:x"
BEGUN, GIVEN = {mark_of(ROOM, MO): "begun"}, {mark_of(ROOM, MO): "given"}


@pytest.mark.parametrize(
    ("users", "moderators", "kept", "then", "after"),
    [
        ({}, [MO], {}, {MO: 50}, GIVEN),
        # Plein ended before it was so, or after.
        ({}, [MO], BEGUN, {MO: 50}, GIVEN),
        ({MO: 50}, [MO], BEGUN, {MO: 50}, GIVEN),
        ({MO: 50}, [MO], GIVEN, {MO: 50}, GIVEN),
        ({MO: 50}, [], GIVEN, {}, {}),
        ({MO: 50}, [], BEGUN, {}, {}),
        ({}, [], GIVEN, {}, {}),
        # Somebody set it by hand: before, and since.
        ({MO: 50}, [MO], {}, {MO: 50}, {}),
        ({MO: 0}, [MO], {}, {MO: 0}, {}),
        ({}, [MO], GIVEN, {}, GIVEN),
        ({MO: 100}, [MO], GIVEN, {MO: 100}, GIVEN),
        ({MO: 100}, [], GIVEN, {MO: 100}, {}),
        ({ANN: 50}, [], {}, {ANN: 50}, {}),
    ],
)
def test_only_what_plein_gave_is_its_to_take(
    users: dict[str, int], moderators: list[str], kept: dict[str, str], then: dict[str, int], after: object
) -> None:
    plan = planned(ROOM, {"users": users, "state_default": 50}, moderators, kept)
    assert plan.levels == {"users": then, "state_default": 50}
    assert plan.after == after
    assert plan.before.keys() >= {*kept, *plan.after}


def test_the_first_time_what_a_room_is_takes_more_than_a_moderator_has() -> None:
    levels = {"events": {"m.room.name": 50, "m.room.tombstone": 150, "m.call": 0}, "invite": 50}
    changed = planned(ROOM, levels, [MO], None).levels
    assert (changed["state_default"], changed["invite"]) == (100, 100)
    assert changed["events"] == {"m.room.name": 100, "m.room.tombstone": 150, "m.call": 0}
    by_hand = {**changed, "invite": 0}
    assert planned(ROOM, by_hand, [MO], GIVEN).levels == by_hand


# --- on a homeserver ---


async def levels_of(person: Person, room: str) -> dict[str, Any]:
    found: dict[str, Any] = (await person.state(room, LEVELS) or {}).get("users", {})
    return found


async def has(town: Square, room: str, who: Person, level: int | None) -> None:
    plein = await town._account()

    async def look() -> bool | None:
        return ((await levels_of(plein, room)).get(who.user_id) == level) or None

    await town.mo.wait_until(look, timeout=60)


async def is_refused(deed: Awaitable[object]) -> None:
    with pytest.raises(AssertionError, match="403"):
        await deed


async def in_the_space(town: Square, name: str) -> Person:
    who = await town.at.server.person(f"{name}{next(numbers)}")
    for room in (town.space, town.room):
        await (await town._account() if room == town.space else town.mo).invite(room, who.user_id)
        await who.join(room)
    return who


async def set_level(person: Person, room: str, who: Person, level: int) -> None:
    levels = await person.state(room, LEVELS) or {}
    users = {**levels["users"], who.user_id: level}
    await person.send_state(room, LEVELS, {**levels, "users": users})


async def test_who_looks_after_the_community_can_put_somebody_out_of_a_themes_room(
    homeserver: Homeserver, tmp_path: Path
) -> None:
    """And take away what they said; but neither change what the room is, nor let anybody else do so."""
    async with Proxy(homeserver.url) as proxy:
        town = await square(homeserver, proxy, tmp_path)
        room = await opened(town)
        eve = await in_the_space(town, "eve")
        await eve.join(room)
        said = await eve.say(room, "Scheldwoorden")
        await has(town, room, town.mo, 50)
        for kind, content in (
            ("m.room.join_rules", {"join_rule": "public"}),
            ("m.room.name", {"name": "Mo"}),
            ("m.room.tombstone", {"body": "", "replacement_room": town.room}),
            ("m.space.parent", {}),
            (LEVELS, {"users": {town.mo.user_id: 50, eve.user_id: 50}}),
        ):
            await is_refused(town.mo.send_state(room, kind, content))
        other = await homeserver.person(f"other{next(numbers)}")
        await is_refused(town.mo.invite(room, other.user_id))
        await is_refused(eve.kick(room, town.mo.user_id))
        await town.mo.redact(room, said)
        await town.mo.kick(room, eve.user_id)
        await town.mo.request("POST", f"rooms/{room}/ban", {"user_id": eve.user_id})
        await is_refused(eve.join(room))
        assert await town.at.plein.stop() == 0


async def test_power_in_the_space_is_power_to_keep_order_for_as_long(
    homeserver: Homeserver, tmp_path: Path
) -> None:
    """Given with an answer that is lost, and taken with Plein killed; what was set by hand stays."""
    async with Proxy(homeserver.url) as proxy:
        town = await square(homeserver, proxy, tmp_path)
        room = await opened(town)
        await has(town, room, town.mo, 50)
        gil, hanna, ann = [await in_the_space(town, name) for name in ("gil", "hanna", "ann")]
        plein = await town._account()
        await set_level(plein, room, ann, 50)
        proxy.lose_answer(PUT, times=1)
        await set_level(town.mo, town.space, gil, 50)
        await set_level(town.mo, town.space, hanna, 90)
        await has(town, room, gil, 50)
        await has(town, room, hanna, 50)
        # By hand Gil has none any more, which Plein leaves so.
        await set_level(plein, room, gil, 0)
        await hanna.request("POST", f"rooms/{town.space}/leave", {})
        await has(town, room, hanna, None)
        assert (await levels_of(plein, room))[gil.user_id] == 0
        await hanna_is_back(town, hanna)
        await has(town, room, hanna, 50)
        proxy.hold_answer(PUT)
        await set_level(town.mo, town.space, hanna, 0)
        await has(town, room, hanna, None)
        await town.at.plein.kill()
        proxy.mend()
        await town.at.plein.start()
        await set_level(town.mo, town.space, hanna, 50)
        await has(town, room, hanna, 50)
        found = await levels_of(plein, room)
        assert (found[gil.user_id], found[ann.user_id], found[town.mo.user_id]) == (0, 50, 50)
        assert await town.at.plein.stop() == 0


async def hanna_is_back(town: Square, hanna: Person) -> None:
    await (await town._account()).invite(town.space, hanna.user_id)
    await hanna.join(town.space)


@pytest.mark.parametrize("killed", [True, False])
async def test_whom_the_configuration_names_no_more_has_lost_it(
    homeserver: Homeserver, tmp_path: Path, killed: bool
) -> None:
    """Killed before Plein gave it, it is given all the same. Who governs the space keeps it: Mo does not."""
    async with Proxy(homeserver.url) as proxy:
        town = await square(homeserver, proxy, tmp_path)
        if killed:
            proxy.answer(PUT, 502, "<html>")
        await town.propose()
        room = await town.one()
        if killed:

            async def is_tried() -> bool | None:
                return any(line.startswith("PUT") and LEVELS in line for line in proxy.seen) or None

            await town.mo.wait_until(is_tried)
            await town.at.plein.kill()
            proxy.mend()
            await town.at.plein.start()
        await has(town, room, town.mo, 50)
        await set_level(await town._account(), town.space, town.mo, 0)
        await town.at.plein.kill()
        config = town.at.plein.folder / "config.toml"
        config.write_text(config.read_text().replace('role = "moderator"', 'role = "resident"'))
        await town.at.plein.start()
        await has(town, room, town.mo, None)
        assert await town.at.plein.stop() == 0


@pytest.mark.parametrize("killed", [False, True])
async def test_in_a_room_that_is_no_themes_any_more_it_is_taken_back(
    homeserver: Homeserver, tmp_path: Path, killed: bool
) -> None:
    """From those alone to whom Plein gave it."""
    async with Proxy(homeserver.url) as proxy:
        town = await square(homeserver, proxy, tmp_path)
        room = await opened(town)
        hanna, ann = [await in_the_space(town, name) for name in ("hanna", "ann")]
        await set_level(await town._account(), room, ann, 50)
        await set_level(town.mo, town.space, hanna, 50)
        await has(town, room, hanna, 50)
        if killed:
            proxy.answer(PUT, 502, "<html>")
        told = await town.at.told("!thema ontkoppel Verlichting --op matrix")
        assert "is losgemaakt" in told.body
        if killed:
            await town.at.plein.kill()
            proxy.mend()
            await town.at.plein.start()
        await has(town, room, hanna, None)
        await has(town, room, town.mo, None)
        assert (await levels_of(await town._account(), room))[ann.user_id] == 50
        assert await town.at.plein.stop() == 0


async def told(mo: Person, direct: str, room: str, words: str) -> str:
    """What Mo is answered in private, whichever of Plein's accounts that is with."""
    event = await mo.say(room, words)
    return (await says(mo, direct, key=f"answer:matrix:{event}")).body


async def test_it_is_taken_back_in_each_of_two_rooms_that_were_given_up(
    homeserver: Homeserver, tmp_path: Path
) -> None:
    """While the homeserver refuses another is bound and taken from it again; then Plein ends."""
    async with Proxy(homeserver.url) as proxy:
        town = await square(homeserver, proxy, tmp_path)
        room = await opened(town)
        await has(town, room, town.mo, 50)
        other = await Town(homeserver, town.at.plein).room(town.mo)
        proxy.answer(PUT, 502, "<html>")
        assert "is losgemaakt" in (await town.at.told("!thema ontkoppel Verlichting --op matrix")).body
        bound = await told(town.mo, town.at.mo.direct, other, "!thema koppel Verlichting")
        assert "vanaf nu de plek" in bound
        await board(town.mo, other, "Verlichting")
        assert "is losgemaakt" in (await town.at.told("!thema ontkoppel Verlichting --op matrix")).body
        await town.at.plein.kill()
        proxy.mend()
        await town.at.plein.start()
        await has(town, room, town.mo, None)
        assert await town.at.plein.stop() == 0


async def test_it_is_taken_back_by_the_account_that_gave_it(homeserver: Homeserver, tmp_path: Path) -> None:
    """Another account of Plein's takes the room from its theme and binds one of its own meanwhile."""
    async with Proxy(homeserver.url) as proxy:
        for name in ("a", "b"):
            (tmp_path / name).mkdir()
        town = await square(homeserver, proxy, tmp_path / "a")
        mo, first = town.mo, town.at.plein
        room = await opened(town)
        await has(town, room, mo, 50)
        more = f'[[residents]]\nname = "Mo"\naccounts = ["matrix:{mo.user_id}"]\nrole = "moderator"\n'
        name, folder = f"plein{next(numbers)}", tmp_path / "b"
        second = await Plein.on(homeserver, folder, name, database=first.database, more=more)
        there = Town(homeserver, second)
        direct = await mo.create_room(invite=[second.user_id], is_direct=True)
        await there.comes_to(mo, direct)
        other = await there.room(mo)
        await first.kill()
        assert "is losgemaakt" in await told(mo, direct, direct, "!thema ontkoppel Verlichting --op matrix")
        assert "vanaf nu de plek" in await told(mo, direct, other, "!thema koppel Verlichting")
        await board(mo, other, "Verlichting")
        await first.start()
        await has(town, room, mo, None)
        assert await first.stop() == 0
        assert await second.stop() == 0
