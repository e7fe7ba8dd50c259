"""Attacks on who gets into themes' rooms, who is out of them, and how many there are."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.model.people import Identity, Place, Role
from tests.bot.features.themes.test_guests import inside
from tests.bot.features.themes.test_propose import pressed
from tests.bot.features.themes.test_rooms import BIND, MADE, OTHER, later, theme, told
from tests.bot.features.themes.test_rooms import town as town
from tests.doubles.platform import PLATFORM, Town

__all__ = ["town"]


def put_out(town: Town, name: str) -> None:
    """Banned: in no place of the community any more."""
    for key in [key for key in town.platform.present if key[0] == name]:
        town.platform.present.pop(key)


async def test_who_pulls_has_no_end_of_channels_made(town: Town) -> None:
    number = (await theme(town)).id
    for _ in range(60):
        await pressed(town, "anna", "theme unbind", theme=f"theme:{number}")
        await pressed(town, "anna", "theme make", theme=f"theme:{number}")
        await town.core.run_due()
    # A category of Discord's has room for fifty.
    assert len(town.platform.rooms) < 50


@pytest.mark.parametrize("themes", [1, 12], ids=["control", "attack"])
async def test_invitations_that_hang_hold_up_nobody_else(
    town: Town, themes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mallory's own server answers no invitation. They take part in all themes there are."""
    never, admit = asyncio.Event(), town.platform.admit

    async def hangs(_: object, place: Place, user: str, *, inside: bool) -> None:
        if user == "mallory":
            await never.wait()
        await admit(place, user, inside=inside)

    names = ["".join(chr(97 + number) * 4) for number in range(themes)]
    for number, name in enumerate(names):
        if number % 4 == 0:
            town.clock.turn_to(town.clock.now() + timedelta(days=1))
        await town.say("mia", f'!thema voorstel "{name}" Over iets')
    for _ in range(2):
        await later(town)
    monkeypatch.setattr(type(town.platform), "admit", hangs)
    running = asyncio.create_task(town.core.making.worker.run())
    try:
        for name in names:
            await town.say("mallory", f"!thema meedoen {name}")
        await asyncio.sleep(15)  # so long they wait for each other already
        await town.say("ben", "!thema meedoen Verlichting")
        await asyncio.sleep(5)
        assert "ben" in inside(town)
    finally:
        running.cancel()


@pytest.mark.parametrize("forgets", [False, True], ids=["control", "attack"])
async def test_who_left_is_out_also_when_they_are_forgotten_at_once(town: Town, forgets: bool) -> None:
    await town.say("ben", "!thema meedoen Verlichting")
    await town.core.run_due()
    assert "ben" in inside(town)
    await town.say("ben", "!thema verlaat Verlichting")
    if forgets:
        assert await pressed(town, "ben", "me forget", room=None, sure=True)
    await later(town)
    assert "ben" not in inside(town)


async def test_of_who_is_forgotten_no_line_of_pleins_is_left_in_the_room(town: Town) -> None:
    await town.say("ben", "!thema meedoen Verlichting")
    await town.core.run_due()
    assert await pressed(town, "ben", "me forget", room=None, sure=True)
    await later(town)
    # And whoever comes back can not get out by themselves.
    await town.say("ben", "!thema verlaat Verlichting")
    await later(town)
    assert "ben" not in inside(town)


@pytest.mark.parametrize("unlinks", [False, True], ids=["control", "attack"])
async def test_an_account_that_was_unlinked_is_not_left_in_the_room(town: Town, unlinks: bool) -> None:
    await town.say("cas", "!help")
    await town.core.link([Identity(PLATFORM, name) for name in ("ben", "cas")])
    await town.say("ben", "!thema meedoen Verlichting")
    await later(town)
    assert {"ben", "cas"} <= inside(town)
    if unlinks:

        def part(tx):  # type: ignore[no-untyped-def]
            who = tx.people.by_identity(Identity(PLATFORM, "cas"))
            town.core.features.part(tx, who.id, [Identity(PLATFORM, "cas")])

        await town.core.store.run(part)
    await town.say("ben", "!thema verlaat Verlichting")
    if unlinks:
        await town.say("cas", "!thema verlaat Verlichting")
    await later(town)
    assert not {"ben", "cas"} & inside(town)


@pytest.mark.parametrize("unbinds", [False, True], ids=["control", "attack"])
async def test_who_leaves_is_out_of_what_was_the_themes_room(town: Town, unbinds: bool) -> None:
    await town.say("ben", "!thema meedoen Verlichting")
    await town.core.run_due()
    if unbinds:
        await town.say("mia", "!thema ontkoppel Verlichting")
    said = await town.say("ben", "!thema verlaat Verlichting")
    assert "Ik haal je ook uit zijn kanaal of kamer" in said
    await later(town)
    if unbinds:  # a second one, that is another theme's
        number = (await theme(town)).id
        await pressed(town, "anna", "theme make", theme=f"theme:{number}")
        await later(town)
    assert "ben" not in inside(town)


@pytest.mark.parametrize("banned", [False, True], ids=["control", "attack"])
async def test_who_was_banned_before_it_opened_is_not_let_in(town: Town, banned: bool) -> None:
    await town.say("ben", '!thema voorstel "Zwerfvuil" Samen opruimen')
    if banned:
        put_out(town, "ben")
        await town.core.parted(Place(PLATFORM, "sport"), ["ben"])
    await town.say("mia", "!thema steun Zwerfvuil")
    for _ in range(3):
        await later(town)
    assert ("ben" in inside(town, "corner/Zwerfvuil")) is not banned
    assert ("en ben trekt" in await town.say("mia", "!thema lijst Zwerfvuil")) is not banned


@pytest.mark.parametrize("banned", [False, True], ids=["control", "attack"])
async def test_who_was_banned_is_not_let_into_the_next_room(town: Town, banned: bool) -> None:
    await town.say("ben", "!thema meedoen Verlichting")
    await later(town)
    await town.say("mia", "!thema ontkoppel Verlichting")
    await later(town)
    if banned:
        put_out(town, "ben")
        await town.core.parted(Place(PLATFORM, "sport"), ["ben"])
        await later(town)
    await town.say("mia", BIND, room="anders")
    await later(town)
    assert ("ben" in inside(town, OTHER.room_id)) is not banned


async def test_what_is_renamed_by_hand_takes_no_other_themes_name(town: Town) -> None:
    before = await town.say("mia", "!thema toon sport", room=None)
    assert "hernoem" not in before
    assert "heet voortaan" not in await town.say("anna", '!thema hernoem "sport" Verlichting')
    await told(town, MADE, "sport")
    assert (await theme(town)).name == "Verlichting"


async def test_who_was_put_out_of_the_community_pulls_nothing_for_a_room_of_their_own(town: Town) -> None:
    await town.core.joined(PLATFORM, Place(PLATFORM, "eigen"), "eigen")
    await town.say("anna", "!help", room="eigen")
    put_out(town, "anna")
    town.platform.present["anna", "eigen"] = Role.MODERATOR
    for room in ("sport", MADE.room_id):
        await town.core.parted(Place(PLATFORM, room), ["anna"])
    await later(town)
    assert "anna trekt" not in await town.say("ben", "!thema lijst Verlichting")


@pytest.mark.parametrize("banned", [False, True], ids=["control", "attack"])
async def test_an_account_that_was_banned_is_not_let_in_by_another_ones_word(
    town: Town, banned: bool
) -> None:
    """Two accounts of one person: of one moderators have rid the community."""
    await town.say("cas", "!help")
    await town.core.link([Identity(PLATFORM, name) for name in ("ben", "cas")])
    if banned:
        put_out(town, "cas")
        await town.core.parted(Place(PLATFORM, "sport"), ["cas"])
    await town.say("ben", "!thema meedoen Verlichting")
    await later(town)
    assert "ben" in inside(town)
    assert ("cas" in inside(town)) is not banned
