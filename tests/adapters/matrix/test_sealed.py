"""State that is none: a sealed message whose content claims to be an event that it is not.

The homeserver checks who may change a room's state; of what is sealed it sees nothing. Anybody who may write
a message in a room can send one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nio
import pytest

from tests.adapters.matrix.sealer import Sealer
from tests.adapters.matrix.test_polls_in_full import number_of
from tests.homeserver import shown
from tests.town import Town, board, numbers

# They share a Plein.
pytestmark = pytest.mark.xdist_group("town")


def member(user: str, membership: str) -> dict[str, Any]:
    content = {"membership": membership, "displayname": "x"}
    return {"type": "m.room.member", "state_key": user, "content": content}


@pytest.mark.parametrize("encrypted", [True, False], ids=["encrypted room", "plain room"])
async def test_a_sealed_power_levels_makes_nobody_a_moderator(
    town: Town, tmp_path: Path, encrypted: bool
) -> None:
    anna, mallory = await town.resident("anna"), await town.resident("mallory")
    room = await town.room(anna.person, mallory.person, encrypted=encrypted)
    await anna.person.say(room, '!peiling open "Een bank?" Ja | Nee')
    number = await number_of(anna)
    await mallory.person.say(room, f"!peiling annuleer {number} --zeker")
    await mallory.told("is van iemand anders")
    sealer = await Sealer.of(town.server, mallory.person, tmp_path)
    forged = {
        "type": "m.room.power_levels",
        "state_key": "",
        "content": {"users": {mallory.person.user_id: 100}},
    }
    await sealer.seal(room, forged)
    real = await anna.person.state(room, "m.room.power_levels")
    assert mallory.person.user_id not in (real or {})["users"], "the homeserver says that she is nobody"
    await mallory.person.say(mallory.direct, f"!peiling annuleer {number} --zeker")
    await mallory.person.say(mallory.direct, "!help")
    await mallory.told("!peiling")
    said = [m.body for m in shown(await mallory.person.history(mallory.direct)) if m.key]
    await sealer.close()
    assert sum("is van iemand anders" in words for words in said) == 2
    assert not any("geannuleerd" in words for words in said)


async def test_a_sealed_leave_of_somebody_who_reads_along_makes_nothing_private(
    town: Town, tmp_path: Path
) -> None:
    """Mallory reads along in Vera's talk, and tells Plein that she has left."""
    vera, anna = await town.resident("vera"), await town.resident("anna")
    place = await town.room(anna.person, vera.person)
    await anna.person.say(place, '!peiling open "Blijft de markt?" Ja | Nee --anoniem')
    number = (await board(vera.person, place, "Blijft de markt?")).poll
    mallory = await town.server.person(f"mallory{next(numbers)}")
    await vera.person.invite(vera.direct, mallory.user_id)
    await mallory.join(vera.direct)
    sealer = await Sealer.of(town.server, mallory, tmp_path)
    await sealer.seal(vera.direct, member(mallory.user_id, "leave"))
    assert (await vera.person.members(vera.direct))[mallory.user_id] == "join"
    await vera.person.say(vera.direct, f"!stem 2 --peiling {number}")
    await vera.person.say(vera.direct, "!peiling mijn")
    await vera.told("kunnen anderen lezen", timeout=30)
    overheard = [m.body for m in shown(await mallory.history(vera.direct)) if m.sender == town.plein.user_id]
    await sealer.close()
    assert not any("stem is binnen" in words for words in overheard)


async def test_a_sealed_leave_of_another_takes_nobody_their_vote(town: Town, tmp_path: Path) -> None:
    anna, ben, mallory = [await town.resident(name) for name in ("anna", "ben", "mallory")]
    room = await town.room(anna.person, ben.person, mallory.person)
    await anna.person.say(room, '!peiling open "Een boom?" Ja | Nee')
    await board(anna.person, room, "Een boom?")
    number = await number_of(anna)
    sealer = await Sealer.of(town.server, mallory.person, tmp_path)
    await sealer.seal(room, member(ben.person.user_id, "leave"))
    assert (await anna.person.members(room))[ben.person.user_id] == "join"
    await ben.person.say(ben.direct, f"!stem 2 --peiling {number}")
    await ben.person.say(ben.direct, "!help")
    await ben.told("!peiling")
    said = [m.body for m in shown(await ben.person.history(ben.direct)) if m.key]
    await sealer.close()
    assert any("je koos Nee" in words for words in said)


async def test_a_sealed_join_of_plein_makes_no_vote_unsaid(town: Town, tmp_path: Path) -> None:
    """What came before Plein joined is not said to it. Mallory pretends that it joined just now."""
    anna, ben, mallory = [await town.resident(name) for name in ("anna", "ben", "mallory")]
    room = await town.room(anna.person, ben.person, mallory.person)
    await anna.person.say(room, '!peiling open "Een vijver?" Ja | Nee')
    await board(anna.person, room, "Een vijver?")
    sealer = await Sealer.of(town.server, mallory.person, tmp_path)
    await sealer.seal(room, {"type": "be.nothing", "content": {}})
    await town.plein.stop()
    await ben.person.say(room, "!stem 2")
    await sealer.seal(room, member(town.plein.user_id, "join"))
    await town.plein.start()
    await anna.person.say(room, "!stem 1")
    await anna.told("je koos Ja")
    last = await board(anna.person, room, "Een vijver?", "1. Ja: 1 stem")
    await sealer.close()
    assert "2. Nee: 1 stem" in last.body


async def test_a_sealed_redaction_takes_back_nobody_elses_vote(town: Town, tmp_path: Path) -> None:
    anna, ben, mallory = [await town.resident(name) for name in ("anna", "ben", "mallory")]
    room = await town.room(anna.person, ben.person, mallory.person)
    await anna.person.say(room, '!peiling open "Een hek?" Ja | Nee')
    shows = await board(anna.person, room, "Een hek?")
    vote = await ben.person.say(room, "!stem 2")
    await board(anna.person, room, "2. Nee: 1 stem")
    other = await anna.person.react(room, shows.event_id, "1️⃣")
    await board(anna.person, room, "1. Ja: 1 stem")
    sealer = await Sealer.of(town.server, mallory.person, tmp_path)
    for event in (vote, other):
        await sealer.seal(room, {"type": "m.room.redaction", "redacts": event, "content": {"redacts": event}})
    await mallory.person.say(room, "!stem 1")
    last = await board(anna.person, room, "Een hek?", "2 stemmen")
    await sealer.close()
    assert "1. Ja: 2 stemmen" in last.body
    assert "2. Nee: 1 stem" in last.body


@pytest.mark.parametrize("forged", [False, True], ids=["control", "forged"])
async def test_a_false_id_in_a_sealed_event_makes_nothing_private(
    town: Town, tmp_path: Path, forged: bool
) -> None:
    """Whether an event was private is noted under its id; of a malformed one nio believes the id."""
    vera, anna, mallory = [await town.resident(name) for name in ("vera", "anna", "mallory")]
    place = await town.room(anna.person, vera.person)
    await anna.person.say(place, '!peiling open "Blijft de markt?" Ja | Nee --anoniem')
    number = (await board(vera.person, place, "Blijft de markt?")).poll
    sealer = await Sealer.of(town.server, mallory.person, tmp_path)
    await sealer.seal(mallory.direct, {"type": "m.nothing", "content": {}})
    await vera.person.invite(vera.direct, mallory.person.user_id)
    await mallory.person.join(vera.direct)
    await mallory.person.say(mallory.direct, "!help")
    await mallory.told("Wat ik voor je kan doen")
    await town.plein.stop()
    vote = await vera.person.say(vera.direct, f"!stem 2 --peiling {number}")
    made_up = {"content": {}, "event_id": vote, "sender": mallory.person.user_id, "origin_server_ts": 1}
    await sealer.seal(
        mallory.direct,
        {**made_up, "type": 5 if forged else "m.nothing"},
    )
    await mallory.person.leave(vera.direct)
    await town.plein.start()
    await vera.person.say(vera.direct, "!help")
    await vera.told("Wat ik voor je kan doen")
    await sealer.close()
    found = shown(await vera.person.history(vera.direct))
    assert not any("je stem is binnen" in line.body for line in found), "Mallory read what she voted"


# --- what others copy, and keys that they pass on as theirs ---


def words(body: str) -> dict[str, Any]:
    return {"type": "m.room.message", "content": {"msgtype": "m.text", "body": body}}


@pytest.mark.parametrize("copied", [False, True], ids=["control", "copied"])
async def test_a_sealed_vote_that_another_copies_is_its_owners_alone(
    town: Town, tmp_path: Path, copied: bool
) -> None:
    """More was said than the server brings at once: Plein reads that backwards, the copy first."""
    anna, mallory = await town.resident("anna"), await town.resident("mallory")
    room = await town.room(anna.person, mallory.person, encrypted=True)
    sealer = await Sealer.of(town.server, anna.person, tmp_path)
    await anna.person.say(room, '!peiling open "Een bank?" Ja | Nee')
    number = await number_of(anna)
    await sealer.seal(room, words("!stem 1"))
    await anna.told("je koos Ja")
    await town.plein.stop()
    vote = await sealer.seal(room, words("!stem 2"))
    if copied:
        (event,) = [event for event in await mallory.person.history(room) if event["event_id"] == vote]
        await mallory.person.send(room, "m.room.encrypted", event["content"])
    for line in range(60):
        await mallory.person.say(room, f"zo {line}")
    await town.plein.start()
    await anna.told("nu Nee")
    await mallory.person.say(room, "!help")
    await mallory.told("Wat ik voor je kan doen")
    await anna.person.say(anna.direct, f"!peiling toon {number}")
    await sealer.close()
    assert "Ja: 0 stemmen" in (await anna.told("Nee: 1 stem")).body


async def test_what_was_taken_back_before_its_key_came_is_not_done(town: Town, tmp_path: Path) -> None:
    anna = await town.resident("anna")
    room = await town.room(anna.person, encrypted=True)
    sealer = await Sealer.of(town.server, anna.person, tmp_path)
    await anna.person.say(room, '!peiling open "Een bank?" Ja | Nee')
    await number_of(anna)
    await sealer.seal(room, {"type": "m.nothing", "content": {}})
    session = nio.crypto.OutboundGroupSession()
    key = session.session_key
    session.mark_as_shared()
    sealer.client.olm.outbound_group_sessions[room] = session
    vote = await sealer.seal(room, words("!stem 1"))
    await anna.person.redact(room, vote)
    # All of that has been heard.
    await anna.person.say(anna.direct, "!help")
    await anna.told("Wat ik voor je kan doen")
    await sealer.pass_on(town.plein.user_id, room, session.id, key)
    await sealer.seal(room, words("!stem 2"))
    said = await anna.told("je koos")
    await sealer.close()
    assert "je koos Nee" in said.body


@pytest.mark.parametrize("stolen", [False, True], ids=["control", "stolen"])
async def test_a_room_key_that_another_passed_on_first_is_its_owners_too(
    town: Town, tmp_path: Path, stolen: bool
) -> None:
    """Mallory was given Anna's key, and passes it on to Plein before she does; Plein starts anew."""
    anna, mallory = await town.resident("anna"), await town.resident("mallory")
    room = await town.room(anna.person, mallory.person, encrypted=True)
    for name in ("anna", "mallory"):
        (tmp_path / name).mkdir()
    sealer = await Sealer.of(town.server, anna.person, tmp_path / "anna")
    thief = await Sealer.of(town.server, mallory.person, tmp_path / "mallory")
    await anna.person.say(room, '!peiling open "Een bank?" Ja | Nee')
    await number_of(anna)
    session = nio.crypto.OutboundGroupSession()
    key = session.session_key
    session.mark_as_shared()
    sealer.client.olm.outbound_group_sessions[room] = session
    for client in (sealer, thief) if not stolen else (thief, sealer):
        await client.pass_on(town.plein.user_id, room, session.id, key)
    await sealer.seal(room, words("!stem 1"))
    await anna.told("je koos Ja")
    await town.plein.stop()
    await town.plein.start()
    await sealer.seal(room, words("!stem 2"))
    await anna.told("nu Nee")
    for client in (sealer, thief):
        await client.close()
