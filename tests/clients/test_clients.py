"""Plein and a client that is not ours, in encrypted rooms."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.clients.resident import JsResident
from tests.doubles.proxy import Proxy
from tests.homeserver import Homeserver
from tests.plein import Plein
from tests.town import numbers

ASK = '!peiling open "Nieuwe skatebaan?" Ja | Nee | Later'
POLL_START = "org.matrix.msc3381.poll.start"


@pytest.fixture(scope="module")
async def plein(homeserver: Homeserver, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Plein]:
    running = await Plein.on(homeserver, tmp_path_factory.mktemp("plein"), f"plein{next(numbers)}")
    await running.says("is cross-signed now")
    yield running
    assert await running.stop() == 0, "\n".join(running.log[-30:])


@pytest.fixture
async def anna(homeserver: Homeserver) -> AsyncIterator[JsResident]:
    async with JsResident() as resident:
        await resident.log_in(homeserver, f"anna{next(numbers)}")
        yield resident


@pytest.fixture
async def isolated(homeserver: Homeserver) -> AsyncIterator[JsResident]:
    """Trusts only devices that their owner has signed."""
    async with JsResident() as resident:
        await resident.log_in(homeserver, f"anna{next(numbers)}", isolated=True)
        yield resident


async def room_with(anna: JsResident, plein: Plein, *, direct: bool = False) -> str:
    """An encrypted room, once Plein is in it."""
    room: str = await anna.do("createRoom", invite=[plein.user_id], encrypted=True, direct=direct)
    await anna.meets(plein.user_id, room)
    return room


async def test_a_poll_in_an_encrypted_room(plein: Plein, anna: JsResident) -> None:
    direct = await room_with(anna, plein, direct=True)
    room = await room_with(anna, plein)
    await anna.do("say", room=room, words=ASK)
    poll = await anna.hears(lambda event: event["type"] == POLL_START and event["room"] == room)
    shows = await anna.reads(plein.user_id, "Nieuwe skatebaan?", "1. Ja: 0 stemmen")
    assert poll["encrypted"]
    assert shows["encrypted"]
    receipt = await anna.reads(plein.user_id, "staat open")
    assert (receipt["room"], receipt["encrypted"]) == (direct, True)

    await anna.do("answer", room=room, poll=poll["id"], answers=["2"])
    edit = await anna.reads(plein.user_id, "2. Nee: 1 stem")
    assert edit["relation"] == {"rel_type": "m.replace", "event_id": shows["id"]}
    await anna.reads(plein.user_id, "je koos Nee")
    await anna.do("answer", room=room, poll=poll["id"], answers=["3"])
    await anna.reads(plein.user_id, "je koos eerst Nee, nu Later")
    await anna.do("react", room=room, event=shows["id"], key="1️⃣")
    await anna.reads(plein.user_id, "je koos eerst Later, nu Ja")


async def test_a_newcomer_is_whispered_to_in_an_encrypted_room_of_their_own(
    plein: Plein, anna: JsResident
) -> None:
    room = await room_with(anna, plein)
    await anna.do("say", room=room, words="!peiling lijst")
    invitation = await anna.hears(
        lambda event: event["type"] == "invitation" and event["sender"] == plein.user_id
    )
    await anna.do("join", room=invitation["room"])
    said = await anna.reads(plein.user_id, "Er loopt hier nu geen peiling")
    assert said["encrypted"]


async def test_plein_is_verified_by_its_owner(plein: Plein, isolated: JsResident) -> None:
    anna = isolated
    room = await room_with(anna, plein, direct=True)
    await anna.do("say", room=room, words="!taal en")
    said = await anna.reads(plein.user_id, "From now on")
    assert await anna.do("shield", room=room, event=said["id"]) == {"colour": 0, "reason": None}
    (device,) = await anna.do("devices", user=plein.user_id)
    assert (await anna.do("device", user=plein.user_id, device=device))["signedByOwner"]


async def test_after_a_kill_what_was_said_meanwhile_is_read(
    homeserver: Homeserver, anna: JsResident, tmp_path: Path
) -> None:
    plein = await Plein.on(homeserver, tmp_path, f"plein{next(numbers)}")
    room = await room_with(anna, plein, direct=True)
    await anna.do("say", room=room, words="!peiling lijst")
    await anna.reads(plein.user_id, "Er loopt nu geen peiling")
    await plein.kill()
    await anna.do("say", room=room, words="!taal en")
    await plein.start()
    await anna.reads(plein.user_id, "From now on")
    await plein.kill()
    await plein.start()  # while nothing was said
    await anna.do("say", room=room, words="!taal nl")
    assert (await anna.reads(plein.user_id, "Vanaf nu"))["encrypted"]
    assert await plein.stop() == 0


async def test_what_cannot_be_read_yet_waits_for_its_key(
    homeserver: Homeserver, anna: JsResident, tmp_path: Path
) -> None:
    async with Proxy(homeserver.url) as proxy:
        plein = await Plein.on(homeserver, tmp_path, f"plein{next(numbers)}", url=proxy.url)
        held: list[dict[str, Any]] = []

        def hold(answer: dict[str, Any]) -> None:
            events = answer.get("to_device", {}).get("events", [])
            held.extend(events)
            events.clear()

        # What Plein asked for before this is answered as it is: so it asks anew before anything is said.
        proxy.change("/sync", hold)
        room = await room_with(anna, plein, direct=True)
        await anna.do("say", room=room, words="!taal en")
        await plein.says("waits for its key")
        assert held, "the key was on its way"
        await plein.kill()  # what waits is kept
        proxy.mend()

        def release(answer: dict[str, Any]) -> None:
            answer.setdefault("to_device", {}).setdefault("events", []).extend(held)

        # Nothing that the killed process still asked for: the first of the new one.
        proxy.change("full_state=true", release, times=1)
        await plein.start()
        await anna.reads(plein.user_id, "From now on")
        await anna.do("say", room=room, words="!poll list")
        await anna.reads(plein.user_id, "no poll")
        assert await plein.stop() == 0
        answers = [event for event in anna.events if "From now on" in json.dumps(event["content"])]
        assert len({event["id"] for event in answers}) == 1
        assert not re.search("taal en", "\n".join(plein.log)), "what people say stays out of the log"
