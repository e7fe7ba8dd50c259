"""On a real homeserver: who was put out or demoted has lost it, and rooms of one's own have bounds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from adapters.matrix.rooms import TOMBSTONE
from adapters.matrix.sync import MOST_DOORS
from tests.adapters.matrix.test_homes import hall
from tests.adapters.matrix.test_polls_in_full import number_of
from tests.doubles.proxy import Proxy
from tests.homeserver import Homeserver, Person, shown
from tests.plein import Plein
from tests.town import Town, board, numbers, says

REFUSED = "is er voor jou niet"


async def test_put_out_of_an_invite_only_room_nothing_of_it_is_theirs(town: Town) -> None:
    anna, ben = await town.resident("anna"), await town.resident("ben")
    room = await anna.person.create_room(invite=[town.plein.user_id, ben.person.user_id])
    await town.comes_to(anna.person, room)
    await ben.person.join(room)
    await anna.person.say(room, '!peiling open "Geheim?" Ja | Nee')
    await board(anna.person, room, "Geheim?")
    number = await number_of(anna)
    await ben.person.say(ben.direct, f"!peiling toon {number}")
    await ben.told("Geheim?", "Je stemde nog niet")
    own = await town.room(ben.person)
    await anna.person.request("POST", f"rooms/{room}/ban", {"user_id": ben.person.user_id})
    for where in (ben.direct, own):
        for words in (f"toon {number}", f"bewaar {number}", f"sluit {number} --zeker"):
            await ben.person.say(where, f"!peiling {words}")
        await ben.person.say(where, f"!stem 1 --peiling {number}")
    await ben.person.say(ben.direct, "!peiling lijst")
    await ben.told("Er loopt nu geen peiling")

    async def all_refused() -> bool:
        said = [message.body for message in shown(await ben.person.history(ben.direct)) if message.key]
        return sum(REFUSED in words for words in said) == 8

    await ben.person.wait_until(all_refused)
    last = await board(anna.person, room, "Geheim?")
    assert "Nog niemand stemde" in last.body


async def test_demoted_from_50_to_0_nobody_steers_from_a_room_of_their_own(town: Town) -> None:
    anna, mia = await town.resident("anna"), await town.resident("mia")
    levels = {"users": {mia.person.user_id: 50}}
    room = await town.room(anna.person, mia.person, power_level_content_override=levels)
    await anna.person.say(room, '!peiling open "Een bank?" Ja | Nee')
    await board(anna.person, room, "Een bank?")
    number = await number_of(anna)
    own = await town.room(mia.person)
    await mia.person.say(own, f"!peiling verleng 10d --peiling {number}")
    await mia.told("loopt nu tot")
    state = await anna.person.state(room, "m.room.power_levels") or {}
    await anna.person.send_state(room, "m.room.power_levels", {**state, "users": {}})
    for where, words in ((own, "sluit {} --zeker"), (mia.direct, "annuleer {} --zeker")):
        await mia.person.say(where, f"!peiling {words.format(number)}")
    await mia.person.say(mia.direct, f"!peiling verleng 20d --peiling {number}")
    await mia.person.say(mia.direct, "!help")
    await mia.told("!peiling")
    said = [message.body for message in shown(await mia.person.history(mia.direct)) if message.key]
    assert sum("is van iemand anders" in words for words in said) == 3


async def test_who_is_in_none_of_its_rooms_is_told_where_to_go(town: Town) -> None:
    """A stranger, and whoever was put out: of people and of the community's own things nothing."""
    anna, ben, zef = [await town.resident(name) for name in ("anna", "ben", "zef")]
    room = await town.room(anna.person, ben.person)
    await anna.person.say(room, "!mijn kennis trompetspel --toon")
    await ben.person.say(ben.direct, "!wie weet trompetspel")
    await ben.told(anna.person.name)
    await anna.person.request("POST", f"rooms/{room}/ban", {"user_id": ben.person.user_id})
    for somebody in (ben, zef):
        for words in (
            "!wie weet trompetspel",
            f"!wie is {anna.person.user_id}",
            "!vereniging lijst",
            "!gemeenschap toon",
        ):
            await somebody.person.say(somebody.direct, words)

        await somebody.person.say(somebody.direct, "!mijn profiel")
        await somebody.told("Ik noem je")
        told = [said.body for said in shown(await somebody.person.history(somebody.direct)) if said.key]
        assert sum("Kom eerst in een kanaal of kamer" in words for words in told) == 4, told


async def test_nothing_is_told_to_who_was_put_out_after_they_asked(
    homeserver: Homeserver, tmp_path: Path
) -> None:
    """In the room, while Plein was away; and they have nothing said there any more."""
    anna, ben = [await homeserver.person(f"{name}{next(numbers)}") for name in ("anna", "ben")]
    plein = await Plein.on(homeserver, tmp_path, f"plein{next(numbers)}")
    town = Town(homeserver, plein)
    room = await anna.create_room(invite=[plein.user_id, ben.user_id])
    await town.comes_to(anna, room)
    await ben.join(room)
    await anna.say(room, "!mijn kennis trompetspel --toon")
    await anna.say(room, '!peiling open "Een bank?" Ja | Nee')
    await board(anna, room, "Een bank?")
    direct = await ben.create_room(invite=[plein.user_id], is_direct=True)
    await town.comes_to(ben, direct)
    await plein.stop()
    for words in ("!wie weet trompetspel", f"!wie is {anna.user_id}", "!peiling lijst", "!peiling toon 1"):
        await ben.say(room, words)
    await ben.say(room, '!peiling open "Een scheldwoord?" Ja | Nee')
    await anna.request("POST", f"rooms/{room}/ban", {"user_id": ben.user_id})
    await plein.start()

    async def answers() -> list[str]:
        return [said.body for said in shown(await ben.history(direct)) if said.key]

    async def all_answered() -> bool:
        told = await answers()
        return len(told) == 5 and sum("niet meer op die plek" in words for words in told) == 2

    await ben.wait_until(all_answered)
    assert not any(anna.name in words or "bank" in words for words in await answers())
    assert not any("scheldwoord" in said.body for said in shown(await anna.history(room)) if said.key)


# --- a room of one's own ---


async def membership(person: Person, room: str, plein: Plein) -> str | None:
    return (await person.members(room)).get(plein.user_id)


async def test_one_person_has_plein_in_so_many_rooms(homeserver: Homeserver, tmp_path: Path) -> None:
    """Kept over a restart; one that Plein left makes room; what the configuration names does not count."""
    eva, anna = [await homeserver.person(f"{name}{next(numbers)}") for name in ("eva", "anna")]
    named = await eva.create_room()
    rule = f'[matrix.invitations]\nat_most = 2\nrooms = ["{named}"]\n'
    plein = await Plein.on(homeserver, tmp_path, f"plein{next(numbers)}", more=rule)
    town = Town(homeserver, plein)
    await eva.invite(named, plein.user_id)
    await town.comes_to(eva, named)
    rooms = [await eva.create_room(invite=[plein.user_id]) for _ in range(2)]
    for room in rooms:
        await town.comes_to(eva, room)
    await plein.stop()
    await plein.start()
    last = await eva.create_room(invite=[plein.user_id], is_direct=True)

    async def declined() -> bool:
        return await membership(eva, last, plein) == "leave"

    await eva.wait_until(declined)
    hers = await anna.create_room(invite=[plein.user_id])
    await town.comes_to(anna, hers)
    await eva.kick(rooms[0], plein.user_id)
    await eva.invite(last, plein.user_id)
    await town.comes_to(eva, last)
    assert await plein.stop() == 0


async def test_who_invites_in_heaps_pushes_out_nobody_elses_invitation(
    homeserver: Homeserver, tmp_path: Path
) -> None:
    """The homeserver says each once, and brings all of them together where Plein was away."""
    async with Proxy(homeserver.url) as proxy:
        plein = await Plein.on(homeserver, tmp_path, f"plein{next(numbers)}", url=proxy.url)
        town = Town(homeserver, plein)
        anna = await town.resident("anna")
        assert await plein.stop() == 0
        room = await anna.person.create_room(invite=[plein.user_id])

        def edit(body: dict[str, Any]) -> None:
            if room in (invites := body.get("rooms", {}).get("invite", {})):
                hers = json.dumps(invites[room]).replace(anna.person.user_id, f"@mallory:{homeserver.name}")
                heap = {f"!{number}:{homeserver.name}": json.loads(hers) for number in range(MOST_DOORS + 20)}
                body["rooms"]["invite"] = {room: invites[room], **heap}

        proxy.change("/sync", edit)
        await plein.start()
        await town.comes_to(anna.person, room)
        assert await plein.stop() == 0, "\n".join(plein.log[-30:])


async def test_a_tombstone_leads_nowhere_but_to_what_replaced_the_room(town: Town) -> None:
    """A room that anybody may enter, and that nobody invited Plein to."""
    anna, eva = await town.resident("anna"), await town.resident("eva")
    strange = await anna.person.create_room(public=True)
    own = await town.room(eva.person)
    await eva.person.send_state(own, "m.room.tombstone", {"body": "", "replacement_room": strange})
    for _ in range(2):
        await eva.person.say(own, "!help")

    async def left() -> bool:
        return await membership(anna.person, strange, town.plein) == "leave"

    await anna.person.wait_until(left)
    # It does not come back, whatever is said in the old room.
    before = len(await anna.person.history(strange))
    await eva.person.say(own, "!help")
    await eva.person.say(eva.direct, "!help")
    await eva.told("!peiling")
    assert len(await anna.person.history(strange)) == before
    # Invited properly it comes.
    await anna.person.invite(strange, town.plein.user_id)
    await town.comes_to(anna.person, strange)


@pytest.mark.parametrize("how", ["stands", "redacted", "emptied"])
async def test_a_tombstone_that_was_taken_away_leads_nowhere(town: Town, how: str) -> None:
    """Into the new room Plein could not come while it stood. The old one is as it was."""
    eva = await town.resident("eva")
    own = await town.room(eva.person)
    new = await eva.person.create_room(creation_content={"predecessor": {"room_id": own, "event_id": "$x"}})
    stone = await eva.person.send_state(own, TOMBSTONE, {"body": "", "replacement_room": new})
    await eva.person.say(eva.direct, "!help")
    await eva.told("!peiling")
    match how:
        case "redacted":
            await eva.person.redact(own, stone)
        case "emptied":
            await eva.person.send_state(own, TOMBSTONE, {"body": "", "replacement_room": ""})
    assert bool((await eva.person.state(own, TOMBSTONE) or {}).get("replacement_room")) is (how == "stands")
    await eva.person.send_state(new, "m.room.join_rules", {"join_rule": "public"})
    for number in (1, 2):
        await eva.person.say(own, f'!peiling open "Een bank, nummer {number}?" Ja | Nee')
        if how == "stands":
            await town.comes_to(eva.person, new)
            return
        await board(eva.person, own, f"Een bank, nummer {number}?")
    assert await membership(eva.person, new, town.plein) is None


async def test_the_master_of_a_room_has_limits_like_anybody(homeserver: Homeserver, tmp_path: Path) -> None:
    """Those of the community's own rooms have none: the configuration names these."""
    eva = await homeserver.person(f"eva{next(numbers)}")
    council = await eva.create_room()
    more = f'[polls]\nat_once = 2\n\n[[themes]]\nname = "Raad"\nplaces = ["matrix:{council}"]\n'
    plein = await Plein.on(homeserver, tmp_path, f"plein{next(numbers)}", more=more)
    town = Town(homeserver, plein)
    own = await eva.create_room(invite=[plein.user_id])
    await eva.invite(council, plein.user_id)
    direct = await eva.create_room(invite=[plein.user_id], is_direct=True)
    for room in (own, council, direct):
        await town.comes_to(eva, room)
    for number in (1, 2, 3):
        await eva.say(own, f'!peiling open "Vraag {number}?" Ja | Nee')
    await says(eva, direct, "Je hebt al 2 peilingen tegelijk lopen")
    await eva.say(council, '!peiling open "Toch?" Ja | Nee')
    await board(eva, council, "Toch?")
    assert await plein.stop() == 0


@pytest.mark.parametrize("led", [False, True], ids=["control", "led on"])
async def test_who_was_demoted_since_an_upgrade_leads_nobody_on_from_the_old_room(
    homeserver: Homeserver, tmp_path: Path, led: bool
) -> None:
    """In the old room nobody took her power away: she makes it say that a room of hers replaced it."""
    order = "!gemeenschap stel opened_by moderator"
    async with Proxy(homeserver.url) as proxy:
        at = await hall(homeserver, proxy, tmp_path)
        town, mo = Town(homeserver, at.plein), at.mo
        mallory = await town.resident("mallory")
        levels = {"users": {mo.person.user_id: 100, mallory.person.user_id: 100}}
        old = await town.room(mo.person, mallory.person, version="11", power_level_content_override=levels)
        new = await mo.person.upgrade(old, "12")
        await town.comes_to(mo.person, new)
        await mallory.person.join(new)
        found: Any = await mo.person.state(new, "m.room.power_levels")
        found["users"][mallory.person.user_id] = 0
        await mo.person.send_state(new, "m.room.power_levels", found)
        before = {"predecessor": {"room_id": old, "event_id": "$x"}}
        options: dict[str, Any] = {"creation_content": before} if led else {}
        hers = await mallory.person.create_room(public=True, version="11", **options)
        if led:
            stone = {"body": "weg", "replacement_room": hers}
            await mallory.person.send_state(old, "m.room.tombstone", stone)
        await mallory.person.invite(hers, at.plein.user_id)
        await town.comes_to(mallory.person, hers)
        await at.plein.stop()
        await at.plein.start()
        await mallory.person.say(hers, order)
        await mallory.told("alleen een moderator", timeout=30)
        # What the community's own room is stays so.
        await mo.person.say(new, order)
        await at.mo.told("vanaf nu moderators", timeout=30)
        assert await at.plein.stop() == 0


@pytest.mark.parametrize(
    ("then", "at_most"), [("led on", 4), ("taken back", 3), ("taken back while away", 3)]
)
async def test_who_leads_a_room_elsewhere_uses_up_nobody_elses_rooms(
    homeserver: Homeserver, tmp_path: Path, then: str, at_most: int
) -> None:
    """Ann may ask Plein into so many rooms. In one of hers Eve has power, who says of it that it was replaced
    by a room of a server that is out of reach, and then by another one, or that it was not.
    """
    async with Proxy(homeserver.url) as proxy:
        rule = f"[matrix.invitations]\nat_most = {at_most}\n"
        plein = await Plein.on(homeserver, tmp_path, f"plein{next(numbers)}", url=proxy.url, more=rule)
        town = Town(homeserver, plein)
        ann, eve = await town.resident("ann"), await town.resident("eve")
        power = {"users": {ann.person.user_id: 100, eve.person.user_id: 100}}
        room = await town.room(ann.person, eve.person, version="10", power_level_content_override=power)
        proxy.answer("via=dead.example", 502, '{"errcode": "M_UNKNOWN", "error": "no server"}')

        async def leads(to: str) -> str:
            new = {"body": "weg", "replacement_room": f"!{to}:dead.example"}
            return await eve.person.send_state(room, "m.room.tombstone", new)

        async def knocks() -> bool | None:
            return any("/join/" in line and "dead.example" in line for line in proxy.seen) or None

        said = await leads("one")
        await eve.person.wait_until(knocks, timeout=60)
        if then == "led on":
            said = await leads("two")
        if then == "taken back while away":
            await plein.kill()
        await eve.person.redact(room, said)
        if then == "taken back while away":
            await plein.start()
        asked = await eve.person.say(eve.direct, "!help")
        await says(eve.person, eve.direct, key=f"answer:matrix:{asked}")
        hers = await ann.person.create_room(invite=[plein.user_id], is_direct=True)

        async def decided() -> str | None:
            found = (await ann.person.members(hers)).get(plein.user_id)
            return found if found in ("join", "leave") else None

        assert await ann.person.wait_until(decided, timeout=60) == "join"
        assert await plein.stop() == 0
