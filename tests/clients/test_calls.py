"""Whose attention Plein's words call for, by the push rules of a client that is not ours."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.clients.resident import Event, JsResident
from tests.homeserver import Homeserver
from tests.plein import Plein
from tests.town import numbers

NEWS = '!peiling open "Nieuwe bank?" Ja | Nee'
# A reminder comes five minutes before at the latest: this one in twenty seconds.
MEETING = '!bijeenkomst plan "Raad over de bank" "over 320 seconden" --plaats Zaal --herinner 5m --zeker'
POLL = ("org.matrix.msc3381.poll.start", "org.matrix.msc3381.poll.end")


@pytest.fixture(scope="module")
async def plein(homeserver: Homeserver, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Plein]:
    running = await Plein.on(homeserver, tmp_path_factory.mktemp("plein"), f"plein{next(numbers)}")
    await running.says("is cross-signed now")
    yield running
    assert await running.stop() == 0, "\n".join(running.log[-30:])


@pytest.fixture
async def people(homeserver: Homeserver) -> AsyncIterator[tuple[JsResident, JsResident]]:
    """Anna and Ben."""
    async with AsyncExitStack() as stack:
        anna, ben = [await stack.enter_async_context(JsResident()) for _ in range(2)]
        await anna.log_in(homeserver, f"anna{next(numbers)}")
        await ben.log_in(homeserver, f"ben{next(numbers)}")
        yield anna, ben


async def in_a_room(plein: Plein, anna: JsResident, ben: JsResident, *, encrypted: bool) -> tuple[str, str]:
    """Anna's direct room with Plein, and a room of these three: in one for two every message calls."""
    direct = await anna.do("createRoom", invite=[plein.user_id], encrypted=True, direct=True)
    room = await anna.do("createRoom", invite=[plein.user_id], encrypted=encrypted, direct=False)
    await ben.do("join", room=room)
    for here in (direct, room):
        await anna.meets(plein.user_id, here)
    await anna.meets(ben.user_id, room)
    return direct, room


def is_edit(event: Event) -> bool:
    return bool((event["relation"] or {}).get("rel_type") == "m.replace")


@pytest.mark.parametrize("encrypted", [False, True], ids=["open", "encrypted"])
async def test_whom_a_poll_calls(
    plein: Plein, people: tuple[JsResident, JsResident], *, encrypted: bool
) -> None:
    anna, ben = people
    direct, room = await in_a_room(plein, anna, ben, encrypted=encrypted)
    await anna.do("say", room=room, words=NEWS)

    # It opens: news for everybody, once, and for nobody in particular; and Anna is told that it did.
    board = await ben.reads(plein.user_id, "Nieuwe bank?", "Nog niemand stemde")
    poll = await ben.hears(lambda event: event["type"] == POLL[0] and event["room"] == room)
    assert (board["calls"], poll["calls"]) == ("all", "nobody")
    receipt = await anna.reads(plein.user_id, "staat open")
    assert (receipt["room"], receipt["calls"]) == (direct, "me")

    # Votes change the board, which calls nobody; who voted is answered, and nobody else.
    await ben.do("read", room=room, event=board["id"])
    await anna.do("react", room=room, event=board["id"], key="1️⃣")
    edit = await ben.reads(plein.user_id, "1. Ja: 1 stem")
    assert is_edit(edit)
    assert edit["calls"] == "nobody"
    answer = await anna.reads(plein.user_id, "je koos Ja")
    assert (answer["room"], answer["calls"]) == (direct, "me")
    assert await ben.do("unread", room=room) == [0, 0]

    # It closes: news again; the board and the native poll that say the same are quiet.
    await anna.do("say", room=direct, words="peiling sluit --zeker")
    closed = await ben.reads(plein.user_id, "Gesloten: Nieuwe bank?")
    picture = await ben.hears(lambda event: event["content"].get("msgtype") == "m.image")
    assert (closed["calls"], is_edit(closed), picture["calls"]) == ("nobody", False, "all")
    ends = await ben.hears(lambda event: event["type"] == POLL[1] and event["room"] == room)
    assert ends["calls"] == "nobody"
    last = await ben.reads(plein.user_id, "Nieuwe bank?", "Gesloten op")
    assert (is_edit(last), last["calls"]) == (True, "nobody")

    # In all this time nothing else called Ben, and nothing was for him.
    ours = [event for event in ben.events if event["sender"] == plein.user_id and event["room"] == room]
    theirs = {event["id"]: event for event in ours}.values()  # once they could be read
    called = {event["id"] for event in theirs if event["calls"] != "nobody"}
    assert called == {board["id"], picture["id"]}
    assert not [event for event in ours if event["calls"] == "me"]


async def test_an_answer_in_the_room_is_for_whoever_asked(
    plein: Plein, people: tuple[JsResident, JsResident]
) -> None:
    anna, ben = people
    _, room = await in_a_room(plein, anna, ben, encrypted=False)
    await ben.do("say", room=room, words="!help")
    mine = await ben.reads(plein.user_id, "Wat ik voor je kan doen")
    others = await anna.reads(plein.user_id, "Wat ik voor je kan doen")
    assert (mine["room"], mine["calls"], others["calls"]) == (room, "me", "all")


@pytest.mark.parametrize("encrypted", [False, True], ids=["open", "encrypted"])
async def test_a_reminder_is_heard(
    homeserver: Homeserver, people: tuple[JsResident, JsResident], tmp_path: Path, *, encrypted: bool
) -> None:
    """In the theme by everybody, for whoever asked to be mentioned; in private by whom it is for."""
    anna, ben = people
    more = f'[[residents]]\nname = "Anna"\nrole = "moderator"\naccounts = ["matrix:{anna.user_id}"]\n'
    plein = await Plein.on(homeserver, tmp_path, f"plein{next(numbers)}", more=more)
    direct, room = await in_a_room(plein, anna, ben, encrypted=encrypted)
    await anna.do("say", room=room, words=MEETING)
    await ben.reads(plein.user_id, "Raad over de bank", "Ter plaatse: Zaal")
    await ben.do("say", room=room, words="!herinneringen vermelding")
    await ben.do("say", room=room, words="!kom ter plaatse")
    await anna.do("say", room=direct, words='herinner mij "over 5 seconden" "de sleutel"')

    theirs = await ben.reads(plein.user_id, "Binnenkort:")
    others = await anna.reads(plein.user_id, "Binnenkort:")
    assert (theirs["room"], theirs["encrypted"], theirs["calls"], others["calls"]) == (
        room,
        encrypted,
        "me",
        "all",
    )
    own = await anna.reads(plein.user_id, "Je vroeg me je te herinneren: de sleutel")
    assert (own["room"], own["calls"]) == (direct, "me")
    assert [said["content"]["msgtype"] for said in (theirs, own)] == ["m.text", "m.text"]
    assert await plein.stop() == 0
