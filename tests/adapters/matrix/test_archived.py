"""Where a theme is archived its room can only be read on Matrix, and is then as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from adapters.matrix.new_rooms import closing, opening, rules_in
from tests.adapters.matrix.test_new_rooms import CHILD, Square, square
from tests.adapters.matrix.test_shaping import called, opened
from tests.doubles.proxy import Proxy
from tests.homeserver import Homeserver, Person
from tests.town import numbers, says

LEVELS, PINNED = "m.room.power_levels", "m.room.pinned_events"


async def speaks(person: Person, room: str) -> bool:
    try:
        await person.say(room, "Dag")
    except AssertionError:
        return False
    return True


async def is_inside(town: Square, room: str, *, inside: bool) -> None:
    async def look() -> bool | None:
        return (bool((await town.mo.state(town.space, CHILD, room) or {}).get("via")) is inside) or None

    await town.mo.wait_until(look, timeout=300)


async def test_closed_and_open_again(homeserver: Homeserver, tmp_path: Path) -> None:
    """With answers that are lost after the deed, a kill while it is closed, and one that is named by then."""
    async with Proxy(homeserver.url) as proxy:
        town = await square(homeserver, proxy, tmp_path)
        room = await opened(town)
        ann, plein = await homeserver.person(f"ann{next(numbers)}"), await town._account()
        await plein.invite(town.space, ann.user_id)
        await ann.join(town.space)
        await ann.join(room)
        said = await ann.say(room, "Dat wil ik later terugnemen")
        before: dict[str, Any] = await plein.state(room, LEVELS) or {}
        proxy.lose_answer(f"/state/{LEVELS}", times=1)
        proxy.lose_answer(f"/state/{PINNED}", times=1)
        assert (
            "“Verlichting” is gearchiveerd."
            in (await town.at.told("!thema archiveer Verlichting --zeker")).body
        )
        await is_inside(town, room, inside=False)
        await called(town, room, "Verlichting (gearchiveerd)")
        summary = await says(ann, room, "“Verlichting” is gearchiveerd")

        async def pinned() -> bool | None:
            return summary.event_id in (await plein.state(room, PINNED) or {}).get("pinned", []) or None

        await ann.wait_until(pinned)
        assert not await speaks(ann, room)
        await ann.redact(room, said)
        await town.at.plein.kill()
        await town.at.plein.start()
        assert "Gearchiveerd op" in (await town.at.told("!thema toon Verlichting")).body
        assert "heropend" in (await town.at.told("!thema heropen Verlichting")).body
        await is_inside(town, room, inside=True)
        await called(town, room, "Verlichting")
        await says(ann, room, "“Verlichting” is heropend.")
        assert await speaks(ann, room)
        after = await plein.state(room, LEVELS) or {}
        assert (after["events_default"], after["events"]) == (before["events_default"], before["events"])
        assert await town.at.plein.stop() == 0


async def test_back_in_the_space_also_where_the_sync_lags_behind(
    homeserver: Homeserver, tmp_path: Path
) -> None:
    """Whether a room is in the space the homeserver is asked: it is opened again before that is told."""

    def lag(answer: dict[str, Any]) -> None:
        for joined in answer.get("rooms", {}).get("join", {}).values():
            for part in ("timeline", "state"):
                events = joined.get(part, {}).get("events", [])
                events[:] = [event for event in events if event["type"] != CHILD]

    async with Proxy(homeserver.url) as proxy:
        town = await square(homeserver, proxy, tmp_path)
        room = await opened(town)
        proxy.change("/sync", lag)
        await town.at.told("!thema archiveer Verlichting --zeker")
        await is_inside(town, room, inside=False)
        await town.at.told("!thema heropen Verlichting")
        await is_inside(town, room, inside=True)
        assert await town.at.plein.stop() == 0


@pytest.mark.parametrize("by_hand", [None, 0, 100])
def test_what_was_set_by_hand_while_it_was_archived_stays(by_hand: int | None) -> None:
    """Somebody who looks after the room lets everybody speak in it, or nobody but themselves."""
    before: dict[str, Any] = {"events_default": 10, "events": {"m.room.name": 100, "m.sticker": 0, "m.x": 0}}
    kept = orjson.loads(rules_in(before))
    closed = {**before, **closing(before)}
    assert (closed["events_default"], closed["events"]["m.sticker"]) == (50, 50)
    expected = before
    if by_hand is not None:
        named = {"m.room.name": 100, "m.sticker": by_hand, "m.room.redaction": by_hand or 5}
        closed |= {"events_default": by_hand, "events": named}
        expected = {"events_default": by_hand, "events": named}
    opened = {**closed, **opening(closed, kept)}
    assert opened == expected
    assert {**opened, **opening(opened, kept)} == opened
