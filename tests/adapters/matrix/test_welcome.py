"""On whose word Plein is in a room, and what it goes on refusing."""

from __future__ import annotations

import json

from adapters.matrix.rooms import Room
from adapters.matrix.settings import Invitations
from adapters.matrix.welcome import KEPT, MOST_REFUSED, Welcome, Word
from tests.doubles.platform import open_town

ME = "matrix:@plein:x"


async def test_what_was_refused_is_remembered_and_not_for_ever() -> None:
    """Whoever may replace a room of the community's can name one room after the other."""
    async with open_town("sqlite:///:memory:") as town:
        kept = {f"!{number}": {"by": "@eve:x", "refused": True} for number in range(MOST_REFUSED)}
        await town.core.keep(ME, {KEPT: json.dumps({**kept, "!here": {"by": "@anna:x"}})})
        welcome = Welcome(town.core, ME, (), Invitations())
        await welcome.read()
        await welcome.note("!new", Word("@eve:x", "!here"))
        assert await welcome.refuses(Room("!new", home="x"))

        again = Welcome(town.core, ME, (), Invitations())
        await again.read()
        assert [again.was_refused(room) for room in ("!0", "!1", "!new")] == [False, True, True]
        assert (await again.successor(Room("!here", home="x"))).by == "@anna:x"


async def test_what_replaced_a_room_stays_what_did() -> None:
    """Also where Plein was put out of the old one, or started anew."""
    async with open_town("sqlite:///:memory:") as town:
        welcome = Welcome(town.core, ME, (), Invitations())
        await welcome.note("!old", Word("@anna:x"))
        await welcome.leave_behind("!old", "!new")
        await welcome.forget("!old")
        again = Welcome(town.core, ME, (), Invitations())
        await again.read()
        assert again.replaced_by("!old") == "!new"
        assert again.replaced_by("!new") is None


async def test_for_a_room_that_plein_neither_is_in_nor_comes_into_nobody_counts() -> None:
    async with open_town("sqlite:///:memory:") as town:
        welcome = Welcome(town.core, ME, (), Invitations(at_most=2))
        for room in ("!in", "!dead", "!refused"):
            await welcome.note(room, Word("@anna:x", refused=room == "!refused"))
        assert not await welcome.takes("!new", Word("@anna:x"))
        await welcome.forget_all_but({"!in"})
        again = Welcome(town.core, ME, (), Invitations(at_most=3))
        await again.read()
        assert again.was_refused("!refused")
        assert await again.takes("!new", Word("@anna:x"))
        assert not await again.takes("!newer", Word("@anna:x"))
