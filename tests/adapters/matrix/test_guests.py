"""Who takes part in a theme is asked into its room where they do not come in by themselves; who leaves is
out.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from tests.adapters.matrix.test_moderators import has
from tests.adapters.matrix.test_new_rooms import ABOUT, Square, square
from tests.adapters.matrix.test_shaping import opened
from tests.doubles.proxy import Proxy
from tests.homeserver import Homeserver, Person, shown
from tests.town import Town, numbers, says

BUSY = '{"errcode": "M_LIMIT_EXCEEDED", "error": "slower", "retry_after_ms": 500}'


async def is_now(town: Square, room: str, who: Person, *memberships: str | None) -> None:
    async def look() -> bool | None:
        return ((await town.mo.members(room)).get(who.user_id) in memberships) or None

    await town.mo.wait_until(look, timeout=300)


async def test_in_and_out(homeserver: Homeserver, tmp_path: Path) -> None:
    """With answers that are lost after the deed; and whoever is in the space needs no invitation."""
    async with Proxy(homeserver.url) as proxy:
        town = await square(homeserver, proxy, tmp_path)
        room = await opened(town)
        ann = await homeserver.person(f"ann{next(numbers)}")
        await ann.join(town.room)
        proxy.lose_answer("/invite", times=1)
        await ann.say(town.room, "!thema meedoen Verlichting")
        await is_now(town, room, ann, "invite")
        await ann.join(room)
        proxy.lose_answer("/kick", times=1)
        await ann.say(town.room, "!thema verlaat Verlichting")
        await is_now(town, room, ann, "leave", None)
        await ann.say(town.room, "!thema meedoen Verlichting")
        await is_now(town, room, ann, "invite")
        # Put out by hand, they are asked in no more, also not at the next start.
        await ann.join(room)
        plein = await town._account()
        await plein.kick(room, ann.user_id)
        await town.at.plein.kill()
        await town.at.plein.start()
        bea = await homeserver.person(f"bea{next(numbers)}")
        await plein.invite(town.space, bea.user_id)
        await bea.join(town.space)
        await bea.join(town.room)
        await bea.say(town.room, "!thema meedoen Verlichting")
        cas = await homeserver.person(f"cas{next(numbers)}")
        await cas.join(town.room)
        await cas.say(town.room, "!thema meedoen Verlichting")
        await is_now(town, room, cas, "invite")
        await is_now(town, room, bea, None)
        await is_now(town, room, ann, "leave", None)
        await bea.join(room)
        assert await town.at.plein.stop() == 0


@pytest.mark.parametrize("banned", [False, True])
async def test_who_was_banned_is_not_asked_into_what_they_proposed(
    homeserver: Homeserver, tmp_path: Path, banned: bool
) -> None:
    async with Proxy(homeserver.url) as proxy:
        town = await square(homeserver, proxy, tmp_path)
        ann, cas = [await homeserver.person(f"{name}{next(numbers)}") for name in ("ann", "cas")]
        for who in (ann, cas):
            await who.join(town.room)
        await ann.say(town.room, f'!thema voorstel "Verlichting" {ABOUT}')

        async def proposed() -> bool | None:
            history = await town.mo.history(town.room)
            shown = (event for event in history if event["sender"] != ann.user_id)
            return any("Verlichting" in str(event) for event in shown) or None

        await town.mo.wait_until(proposed, timeout=120)
        if banned:
            for room in (town.room, town.space):
                await town.mo.request("POST", f"rooms/{room}/ban", {"user_id": ann.user_id})
        await town.mo.say(town.room, "!thema steun")
        room = await town.one()
        await town.mo.join(room)
        if not banned:
            await is_now(town, room, ann, "invite")
        await cas.say(town.room, "!thema meedoen Verlichting")
        await is_now(town, room, cas, "invite")
        assert await town.at.plein.stop() == 0
        await is_now(town, room, ann, None if banned else "invite")


@pytest.mark.parametrize("away", [False, True])
async def test_who_was_put_out_of_a_themes_room_does_not_have_plein_let_them_in(
    homeserver: Homeserver, tmp_path: Path, away: bool
) -> None:
    """Into a room where they come by invitation alone, also put out while Plein was away; until a moderator
    lets them. A start anew changes nothing of either.
    """
    async with Proxy(homeserver.url) as proxy:
        town = await square(homeserver, proxy, tmp_path)
        room = await opened(town)
        eve = await homeserver.person(f"eve{next(numbers)}")
        direct = await eve.create_room(invite=[town.at.plein.user_id], is_direct=True)
        await Town(homeserver, town.at.plein).comes_to(eve, direct)
        await answered(eve, direct, "!mijn profiel", "")
        await eve.join(town.room)
        await eve.say(town.room, "!thema meedoen Verlichting")
        await is_now(town, room, eve, "invite")
        await eve.join(room)
        await has(town, room, town.mo, 50)
        if away:
            await town.at.plein.kill()
        await town.mo.kick(room, eve.user_id)
        if away:
            await town.at.plein.start()
        await says(eve, direct, "Je bent uit het kanaal of de kamer van “Verlichting” gezet.", timeout=300)
        read = (await town.at.told("!thema toon Verlichting")).body
        assert f"Uit het kanaal of de kamer gezet: {eve.name}." in read
        await answered(eve, direct, "!thema verlaat Verlichting", "Je")
        await answered(eve, direct, "!thema meedoen Verlichting", "Een moderator heeft je")
        ann = await homeserver.person(f"ann{next(numbers)}")
        await ann.join(town.room)
        await ann.say(town.room, "!thema meedoen Verlichting")
        await is_now(town, room, ann, "invite")
        assert (await town.mo.members(room)).get(eve.user_id) == "leave"
        told = await town.at.told(f"!thema laat toe {eve.user_id} Verlichting")
        assert "mag weer meedoen" in told.body
        await town.at.plein.kill()
        await town.at.plein.start()
        await answered(eve, direct, "!thema meedoen Verlichting", "Je doet mee")
        await is_now(town, room, eve, "invite")
        private = [each.body for each in shown(await eve.history(direct))]
        assert len([said for said in private if said.startswith("Je bent uit")]) == 1
        assert not any("gezet" in each.body for each in shown(await town.mo.history(room)))
        assert await town.at.plein.stop() == 0


@pytest.mark.parametrize("since", ["in one answer", "left by themselves", "much was said"])
async def test_who_was_put_out_and_came_in_by_the_space_before_plein_read_of_it(
    homeserver: Homeserver, tmp_path: Path, since: str
) -> None:
    """The space lets Eve enter again by herself; while Plein is away she may leave again too, or so much may
    be said that the homeserver tells of her coming alone.
    """
    async with Proxy(homeserver.url) as proxy:
        town = await square(homeserver, proxy, tmp_path)
        room, plein = await opened(town), await town._account()
        eve = await homeserver.person(f"eve{next(numbers)}")
        direct = await eve.create_room(invite=[town.at.plein.user_id], is_direct=True)
        await Town(homeserver, town.at.plein).comes_to(eve, direct)
        await plein.invite(town.space, eve.user_id)
        for there in (town.space, town.room, room):
            await eve.join(there)
        await answered(eve, direct, "!thema meedoen Verlichting", "Je doet mee")
        await has(town, room, town.mo, 50)
        if since == "in one answer":
            proxy.answer("/sync", 502, "{}")
            # What is asked just now is answered by this.
            before = len(proxy.seen)
            await town.mo.say(room, "Goeiedag")
            await town.mo.wait_until(partial(_has_tried, proxy, before, "/sync"), timeout=60)
        else:
            await town.at.plein.kill()
        await town.mo.kick(room, eve.user_id)
        await eve.join(room)
        if since == "left by themselves":
            await eve.leave(room)
        elif since == "much was said":
            for number in range(60):
                await town.mo.say(room, f"zomaar {number}")
        if since == "in one answer":
            proxy.mend()
        else:
            await town.at.plein.start()
        await says(eve, direct, "Je bent uit het kanaal of de kamer van “Verlichting” gezet.", timeout=300)
        read = (await town.at.told("!thema toon Verlichting")).body
        assert f"Uit het kanaal of de kamer gezet: {eve.name}." in read
        await answered(eve, direct, "!thema meedoen Verlichting", "Een moderator heeft je")
        assert await town.at.plein.stop() == 0


@pytest.mark.parametrize("busy", [False, True])
async def test_who_leaves_while_the_homeserver_has_too_much_to_do_is_out(
    homeserver: Homeserver, tmp_path: Path, busy: bool
) -> None:
    """It says so, as to whatever else, when Plein asks whether they are in the room."""
    async with Proxy(homeserver.url) as proxy:
        town = await square(homeserver, proxy, tmp_path)
        room = await opened(town)
        ann = await homeserver.person(f"ann{next(numbers)}")
        await ann.join(town.room)
        await ann.say(town.room, "!thema meedoen Verlichting")
        await is_now(town, room, ann, "invite")
        await ann.join(room)
        if busy:
            proxy.answer("GET /state/m.room.member", 429, BUSY)
        before = len(proxy.seen)
        await ann.say(town.room, "!thema verlaat Verlichting")
        await town.mo.wait_until(partial(_has_tried, proxy, before, "/state/m.room.member"), timeout=60)
        proxy.mend()
        await is_now(town, room, ann, "leave")
        assert await town.at.plein.stop() == 0


async def _has_tried(proxy: Proxy, since: int, what: str) -> bool | None:
    return any(what in line for line in proxy.seen[since:]) or None


async def answered(person: Person, direct: str, words: str, answer: str) -> None:
    event = await person.say(direct, words)
    assert answer in (await says(person, direct, key=f"answer:matrix:{event}")).body
