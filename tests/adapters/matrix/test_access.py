"""On a real homeserver: who was put out or demoted has lost it, and rooms of one's own have bounds."""

from __future__ import annotations

from tests.adapters.matrix.test_polls_in_full import number_of
from tests.town import Town, board, shown

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
    await ben.told("Geheim?", "Van jou staat er geen stem")
    own = await town.room(ben.person)
    await anna.person.request("POST", f"rooms/{room}/ban", {"user_id": ben.person.user_id})
    for where in (ben.direct, own):
        for words in (f"toon {number}", f"bewaar {number}", f"sluit {number} --zeker"):
            await ben.person.say(where, f"!peiling {words}")
        await ben.person.say(where, f"!stem 1 --peiling {number}")
    await ben.person.say(ben.direct, "!peiling lijst")
    await ben.told("Er loopt nu geen peiling")

    async def all_refused() -> bool:
        said = [one.body for one in shown(await ben.person.history(ben.direct)) if one.key]
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
    said = [one.body for one in shown(await mia.person.history(mia.direct)) if one.key]
    assert sum("is van iemand anders" in words for words in said) == 3
