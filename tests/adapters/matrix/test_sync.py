"""Homeservers that talk nonsense, rooms that went on without Plein, and people who send anything."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.doubles.proxy import Proxy
from tests.homeserver import Homeserver, shown
from tests.plein import Plein
from tests.town import Town, board, numbers

ASK = '!peiling open "Nieuwe skatebaan?" Ja | Nee | Later'

# They share a Plein behind a proxy.
pytestmark = pytest.mark.xdist_group("spoiled town")


@dataclass
class Spoiled:
    """A town whose Plein reaches the homeserver through a proxy that can be told to misbehave."""

    town: Town
    proxy: Proxy


@pytest.fixture(scope="module")
async def spoiled(homeserver: Homeserver, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Spoiled]:
    async with Proxy(homeserver.url) as proxy:
        folder = tmp_path_factory.mktemp("spoiled")
        plein = await Plein.on(homeserver, folder, f"plein{next(numbers)}", url=proxy.url)
        yield Spoiled(Town(homeserver, plein), proxy)
        proxy.mend()
        status = await plein.stop()
        print(*plein.log[-40:], sep="\n")  # shown where a test fails
        assert status == 0


NONSENSE: dict[str, tuple[int, str]] = {
    "500": (500, '{"errcode": "M_UNKNOWN", "error": "Internal server error"}'),
    "502 of a proxy": (502, "<html><body><h1>502 Bad Gateway</h1></body></html>"),
    "HTML": (200, "<html><body>We are moving!</body></html>"),
    "nothing": (200, ""),
    "half an answer": (200, '{"next_batch": "s1_2", "rooms": {"join": {"!r:x": {"timel'),
    "an empty object": (200, "{}"),
    "wrong types": (200, '{"next_batch": 5, "rooms": [], "to_device": {"events": "none"}}'),
    "another cursor and no rooms": (503, '{"next_batch": "s999999_1"}'),
}


@pytest.mark.parametrize("where", ["/sync", "/send/"])
@pytest.mark.parametrize("what", NONSENSE)
async def test_nonsense_is_waited_out(spoiled: Spoiled, where: str, what: str) -> None:
    anna = await spoiled.town.resident("anna")
    status, body = NONSENSE[what]
    spoiled.proxy.answer(where, status, body, times=1)
    command = await anna.person.say(anna.direct, "!peiling mijn")
    await anna.told("Je opende nog geen peiling")
    await anna.person.say(anna.direct, "!taal nl")
    await anna.told("Vanaf nu praat ik Nederlands")
    spoiled.proxy.mend()
    answers = [
        message
        for message in shown(await anna.person.history(anna.direct))
        if message.key == f"answer:matrix:{command}"
    ]
    assert len(answers) == 1


@pytest.mark.parametrize("where", ["/sync", "/send/"])
@pytest.mark.parametrize("how", ["hang_up", "lose_answer"])
async def test_a_lost_answer_is_asked_for_again(spoiled: Spoiled, where: str, how: str) -> None:
    anna = await spoiled.town.resident("anna")
    room = await spoiled.town.room(anna.person)
    getattr(spoiled.proxy, how)(where, times=2)
    await anna.person.say(room, ASK)
    await board(anna.person, room, "Nog niemand stemde")
    await anna.told("staat open")
    await anna.person.say(room, "!stem 2")
    await board(anna.person, room, "2. Nee: 1 stem")
    spoiled.proxy.mend()
    boards = [
        message for message in shown(await anna.person.history(room)) if message.key.startswith("board:")
    ]
    assert [message.type for message in boards] == ["org.matrix.msc3381.poll.start", "m.room.message"]


def _half_events() -> list[tuple[str, Any]]:
    reference = {"rel_type": "m.reference", "event_id": "$none"}
    return [
        ("m.room.message", {}),
        ("m.room.message", {"msgtype": "m.text"}),
        ("m.room.message", {"msgtype": "m.text", "body": {"!stem": 1}}),
        ("m.room.message", {"msgtype": ["m.text"], "body": "!stem 1"}),
        ("m.room.message", {"msgtype": "m.text", "body": "hallo", "m.relates_to": "you"}),
        ("m.reaction", {"m.relates_to": {"rel_type": "m.annotation", "event_id": 5, "key": "1"}}),
        ("m.reaction", {"m.relates_to": []}),
        ("org.matrix.msc3381.poll.response", {"org.matrix.msc3381.poll.response": {"answers": {"1": 1}}}),
        ("m.poll.response", {"m.relates_to": reference, "m.selections": "1"}),
        ("org.matrix.msc3381.poll.start", {"org.matrix.msc3381.poll.start": None}),
        ("m.room.encrypted", {"algorithm": "m.megolm.v1.aes-sha2"}),
        ("m.room.encrypted", {"algorithm": "none", "ciphertext": 5, "sender_key": [], "session_id": None}),
        ("m.room.message", {"msgtype": "m.text", "body": "\x00\u202e!stem 1"}),
        ("m.room.message", {"msgtype": "m.text", "body": "x" * 60_000}),
        ("be.plein.unknown", {"nested": [[[[[[]]]]]]}),
    ]


def _no_events(sender: str) -> list[Any]:
    """What only a broken or hostile server would pass on."""
    whole = {"event_id": "$bad", "sender": sender, "origin_server_ts": 1, "type": "m.room.message"}
    vote = {"msgtype": "m.text", "body": "!stem 1"}
    return [
        *(
            {name: value for name, value in {**whole, "content": vote}.items() if name != left}
            for left in whole
        ),
        {**whole, "content": vote, "sender": None},
        {**whole, "content": vote, "sender": "ben"},
        {**whole, "content": vote, "origin_server_ts": "now"},
        {**whole, "content": vote, "origin_server_ts": -5},
        {**whole, "content": vote, "event_id": {"$bad": 1}},
        {**whole, "content": "!stem 1"},
        {**whole, "content": {}, "unsigned": []},
        *({**whole, "type": kind, "content": content} for kind, content in _half_events()),
        {},
    ]


async def test_malformed_events_change_nothing(spoiled: Spoiled) -> None:
    anna, ben = await spoiled.town.resident("anna"), await spoiled.town.resident("ben")
    room = await spoiled.town.room(anna.person, ben.person)
    await anna.person.say(room, ASK)
    await board(anna.person, room, "Nog niemand stemde")
    for kind, content in _half_events():
        # Most of these an honest server refuses; the others come along as they are.
        await ben.person.request("PUT", f"/rooms/{room}/send/{kind}/{next(numbers)}", content, expect=None)

    def worse(answer: dict[str, Any]) -> None:
        here = answer.get("rooms", {}).get("join", {}).get(room)
        if here:
            here["timeline"]["events"] += _no_events(ben.person.user_id)

    spoiled.proxy.change("/sync", worse)
    await anna.person.say(room, "Iets om de rest mee te brengen")
    await anna.person.say(room, "!stem 2")
    await anna.told("je koos Nee")
    after = await board(anna.person, room, "2. Nee: 1 stem", "1 persoon stemde")
    assert "1. Ja: 1" not in after.body
    spoiled.proxy.mend()


async def test_64_kibibytes_are_answered_kindly(spoiled: Spoiled) -> None:
    anna = await spoiled.town.resident("anna")
    await anna.person.say(anna.direct, "!peiling open " + "x" * 60_000)
    await anna.told("Maak het wat korter")


async def test_what_was_said_while_plein_was_away_is_all_read(spoiled: Spoiled) -> None:
    anna, ben = await spoiled.town.resident("anna"), await spoiled.town.resident("ben")
    room = await spoiled.town.room(anna.person, ben.person)
    await anna.person.say(room, ASK)
    await board(anna.person, room, "Nog niemand stemde")
    await spoiled.town.plein.kill()
    # More than one timeline holds, so that the server leaves a gap to be filled.
    said = [await ben.person.say(room, f"!stem {number % 3 + 1}") for number in range(72)]
    await spoiled.town.plein.start()

    async def all_answered() -> bool:
        history = shown(await ben.person.history(ben.direct))
        return {f"answer:matrix:{event_id}" for event_id in said} <= {message.key for message in history}

    await ben.person.wait_until(all_answered, timeout=300)
    await board(anna.person, room, "3. Later: 1 stem", "1 persoon stemde")


async def test_what_was_said_before_plein_came_is_not_for_plein(spoiled: Spoiled) -> None:
    anna = await spoiled.town.resident("anna")
    room = await anna.person.create_room(public=True)
    for number in range(60):
        await anna.person.say(room, f'!peiling open "Oud {number}?" Ja | Nee')
    await anna.person.invite(room, spoiled.town.plein.user_id)
    await spoiled.town.comes_to(anna.person, room)
    await anna.person.say(room, '!peiling open "Nieuw?" Ja | Nee')
    await board(anna.person, room, "Nieuw?")
    assert not [
        message for message in shown(await anna.person.history(room)) if message.key and "Oud" in message.body
    ]


async def test_invitations_are_taken_by_rule(homeserver: Homeserver, tmp_path: Path) -> None:
    anna = await homeserver.person(f"host{next(numbers)}")
    wanted = await anna.create_room()
    unwanted = await anna.create_room()
    rule = f'[matrix.invitations]\nservers = ["elsewhere.example"]\nrooms = ["{wanted}"]\n'
    plein = await Plein.on(homeserver, tmp_path, f"plein{next(numbers)}", more=rule)
    for room in (unwanted, wanted):
        await anna.invite(room, plein.user_id)
    await Town(homeserver, plein).comes_to(anna, wanted)

    async def declined() -> bool:
        return (await anna.members(unwanted)).get(plein.user_id) == "leave"

    await anna.wait_until(declined)
    assert await plein.stop() == 0


async def test_a_refused_token_ends_it_with_a_word(homeserver: Homeserver, tmp_path: Path) -> None:
    plein = await Plein.on(homeserver, tmp_path, f"plein{next(numbers)}")
    itself = await homeserver.person(plein.user_id[1:].partition(":")[0])
    await itself.request("POST", "/logout/all", {})
    said = await plein.says("refuses our token")
    assert "Start Plein again" in said
    assert await plein.ended() == 1
    await plein.start()  # with the password it is let in again
    assert await plein.stop() == 0


async def test_two_on_one_account_are_one_too_many(homeserver: Homeserver, tmp_path: Path) -> None:
    plein = await Plein.on(homeserver, tmp_path, f"plein{next(numbers)}")
    second = Plein(tmp_path, plein.user_id, plein.database)
    await second.start(ready=False)
    await second.says("Another Plein is using")
    assert await second.ended() == 1
    assert await plein.stop() == 0
