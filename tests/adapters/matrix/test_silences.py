"""Whoever is muted in a theme cannot write in its rooms on Matrix, and can again after, as they could."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.features.moderation.records import MODERATION
from bot.model.events import Banned
from bot.model.people import Identity, Place
from bot.ports.storage import Transaction
from tests.adapters.matrix.test_archived import LEVELS, speaks
from tests.doubles.proxy import Proxy
from tests.homeserver import Homeserver, Person
from tests.on_matrix import OnMatrix, plein_on
from tests.town import numbers

LATE = datetime(9000, 1, 1, tzinfo=UTC)


async def in_room(
    homeserver: Homeserver, plein: OnMatrix, *, power: int = 100, bens: int | None = None
) -> tuple[Person, Person, str]:
    """Mo, who moderates, Ben, and their room; what power Plein and Ben have there by name."""
    mo, ben = [await homeserver.person(f"{name}{next(numbers)}") for name in ("mo", "ben")]
    users = {plein.user_id: power}
    users |= {} if bens is None else {ben.user_id: bens}
    levels = {"users": users, "events": {"m.reaction": 0, "m.room.redaction": 0}}
    room = await mo.create_room(invite=[plein.user_id], public=True, power_level_content_override=levels)
    await ben.join(room)

    async def is_known() -> bool | None:
        return (
            await plein.core.store.read(lambda tx: tx.places.known(Place("matrix", room)))
        ) is not None or None

    await mo.wait_until(is_known)
    return mo, ben, room


async def mute(plein: OnMatrix, room: str, *people: Person, muted: bool = True) -> Sequence[bool]:
    """Whether nothing is left to do, of each try."""

    def work(tx: Transaction) -> None:
        known = tx.places.known(Place("matrix", room))
        assert known
        for person in people:
            account = Identity("matrix", person.user_id)
            who = tx.people.by_identity(account) or tx.people.add(account, person.name)
            if muted:
                tx.of(MODERATION).mute(known[0].id, who.id, LATE)
            else:
                tx.of(MODERATION).unmute(known[0].id, who.id)

    await plein.core.store.run(work)
    return [await plein.core.silencing.flush() for _ in range(2)]


async def levels_of(person: Person, room: str) -> dict[str, Any]:
    return dict(await person.state(room, LEVELS) or {})


@pytest.mark.parametrize("bens", [None, 0, 10])
async def test_no_more_words_or_signs_and_then_as_it_was(
    homeserver: Homeserver, tmp_path: Path, bens: int | None
) -> None:
    """With the answer lost after the deed, each time."""
    async with Proxy(homeserver.url) as proxy:
        plein_id = (await homeserver.person(f"plein{next(numbers)}")).user_id
        async with plein_on(homeserver, tmp_path, plein_id, url=proxy.url) as plein:
            mo, ben, room = await in_room(homeserver, plein, bens=bens)
            said = await ben.say(room, "dag")
            before = await levels_of(mo, room)
            proxy.lose_answer(f"/state/{LEVELS}", times=1)
            assert (await mute(plein, room, ben))[-1]
            assert not await speaks(ben, room)
            with pytest.raises(AssertionError, match="M_FORBIDDEN"):
                await ben.react(room, said, "👍")
            assert await speaks(mo, room)
            proxy.lose_answer(f"/state/{LEVELS}", times=1)
            assert (await mute(plein, room, ben, muted=False))[-1]
            assert await speaks(ben, room)
            assert await levels_of(mo, room) == before


async def test_what_somebody_set_meanwhile_stays(homeserver: Homeserver, tmp_path: Path) -> None:
    plein_id = (await homeserver.person(f"plein{next(numbers)}")).user_id
    async with plein_on(homeserver, tmp_path, plein_id) as plein:
        mo, ben, room = await in_room(homeserver, plein)
        await mute(plein, room, ben)
        levels = await levels_of(mo, room)
        given = {**levels, "users": {**levels["users"], ben.user_id: 50}}
        await mo.request("PUT", f"rooms/{room}/state/{LEVELS}/", given)
        await mute(plein, room, ben, muted=False)
        assert await levels_of(mo, room) == given


async def test_who_is_quiet_by_hand_already_stays_so(homeserver: Homeserver, tmp_path: Path) -> None:
    plein_id = (await homeserver.person(f"plein{next(numbers)}")).user_id
    async with plein_on(homeserver, tmp_path, plein_id) as plein:
        mo, ben, room = await in_room(homeserver, plein, bens=-1)
        before = await levels_of(mo, room)
        await mute(plein, room, ben)
        await mute(plein, room, ben, muted=False)
        assert await levels_of(mo, room) == before


@pytest.mark.parametrize(("power", "bens"), [(40, None), (0, None), (100, 100)])
async def test_where_its_power_does_not_reach_moderators_read_so(
    homeserver: Homeserver, tmp_path: Path, power: int, bens: int | None
) -> None:
    plein_id = (await homeserver.person(f"plein{next(numbers)}")).user_id
    async with plein_on(homeserver, tmp_path, plein_id) as plein:
        mo, ben, room = await in_room(homeserver, plein, power=power, bens=bens)
        before = await levels_of(mo, room)
        await mute(plein, room, ben)
        assert await levels_of(mo, room) == before
        silences = await plein.core.store.read(lambda tx: tx.silences.all())
        (silence,) = silences.values()
        assert silence.why is not None
        assert silence.why.key == "matrix.room.lacks"
        assert silence.stands is False


async def test_of_who_was_banned_plein_tells_from_where(homeserver: Homeserver, tmp_path: Path) -> None:
    """A ban that ends is none."""
    plein_id = (await homeserver.person(f"plein{next(numbers)}")).user_id
    heard: list[Banned] = []

    async def banned(banned: Banned) -> None:
        heard.append(banned)

    mo, ben = [await homeserver.person(f"{name}{next(numbers)}") for name in ("mo", "ben")]
    async with plein_on(homeserver, tmp_path, plein_id) as plein:
        plein.core.banned = banned  # type: ignore[method-assign]
        room = await mo.create_room(public=True, invite=[plein_id])
        await ben.join(room)

        async def is_known() -> bool | None:
            found = await plein.core.store.read(lambda tx: tx.places.known(Place("matrix", room)))
            return found is not None or None

        await mo.wait_until(is_known, timeout=30)
        await mo.request("POST", f"rooms/{room}/ban", {"user_id": ben.user_id})
        await mo.request("POST", f"rooms/{room}/unban", {"user_id": ben.user_id})

        async def is_heard() -> bool | None:
            return bool(heard) or None

        await mo.wait_until(is_heard, timeout=30)
        (told,) = heard
        assert told.account == Identity("matrix", ben.user_id)
        assert told.places == (Place("matrix", room),)
