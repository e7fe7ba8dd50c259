"""Matrix's own polls beside a board: what clients show when they are over, and whoever ends one."""

from __future__ import annotations

from typing import Any

import pytest

from tests.homeserver import Person
from tests.town import Town, board, native_poll, says

ASK = '!peiling open "Nieuwe skatebaan?" Ja | Nee | Later'
START, END = "org.matrix.msc3381.poll.start", "org.matrix.msc3381.poll.end"
TEXT = "org.matrix.msc1767.text"

# They share a Plein.
pytestmark = pytest.mark.xdist_group("native town")


async def ends(person: Person, room: str, poll: dict[str, Any], kind: str = END) -> None:
    """End a native poll, as today's clients do or as the specification says."""
    relation = {"rel_type": "m.reference", "event_id": poll["event_id"]}
    await person.send(room, kind, {kind: {}, TEXT: "Gedaan", "m.relates_to": relation})


async def ended_by_plein(person: Person, room: str, poll: dict[str, Any]) -> list[dict[str, Any]]:
    """What Plein said of its own poll until it ended it, oldest first."""

    def end(event: dict[str, Any]) -> bool:
        return bool(event["type"] == END and event["sender"] == poll["sender"])

    await person.wait_for(room, end)
    return [
        event
        for event in await person.history(room)
        if event["sender"] == poll["sender"] and event["type"] in (START, END)
    ]


async def test_what_clients_show_at_the_end_does_not_contradict_the_result(town: Town) -> None:
    """They count who voted last in the native poll, whatever those people chose otherwise afterwards."""
    anna, ben = await town.resident("anna"), await town.resident("ben")
    room = await town.room(anna.person, ben.person)
    await anna.person.say(room, ASK)
    await board(anna.person, room, "Nog niemand stemde")
    poll = await native_poll(anna.person, room)
    await ben.person.answer(room, poll["event_id"], ["3"])
    await board(anna.person, room, "3. Later: 1 stem")
    await ben.person.say(room, "!stem 1")
    await board(anna.person, room, "1. Ja: 1 stem", "3. Later: 0 stemmen")
    await anna.person.say(room, "!peiling sluit --zeker")

    _, edit, end = await ended_by_plein(anna.person, room, poll)
    assert end["content"]["m.relates_to"] == {"rel_type": "m.reference", "event_id": poll["event_id"]}
    assert end["content"][TEXT].startswith("Ja haalt het, met 1 stem.")
    assert end["content"]["m.text"] == [{"body": end["content"][TEXT]}]
    assert end["content"]["m.poll.results"] == {"1": 1, "2": 0, "3": 0}
    # Who still looks at the figures of the native poll reads above them which count.
    assert edit["content"]["m.relates_to"] == {"rel_type": "m.replace", "event_id": poll["event_id"]}
    now = edit["content"]["m.new_content"][START]
    assert now["question"][TEXT].startswith("Nieuwe skatebaan? Ja haalt het, met 1 stem.")
    assert "alleen wie in deze peiling zelf stemde" in now["question"][TEXT]
    assert now["answers"] == poll["content"][START]["answers"]


async def test_without_a_result_there_are_no_figures(town: Town) -> None:
    anna = await town.resident("anna")
    room = await town.room(anna.person)
    await anna.person.say(room, ASK)
    poll = await native_poll(anna.person, room)
    await anna.person.answer(room, poll["event_id"], ["3"])
    await board(anna.person, room, "3. Later: 1 stem")
    await anna.person.say(room, "!peiling annuleer --zeker")
    end = (await ended_by_plein(anna.person, room, poll))[-1]["content"]
    assert "m.poll.results" not in end
    assert "Er is geen uitslag." in end[TEXT]


@pytest.mark.parametrize("kind", [END, "m.poll.end"])
async def test_a_moderator_who_ends_the_native_poll_ends_the_poll(town: Town, kind: str) -> None:
    """As `!peiling sluit` does, with the question whether they are sure."""
    anna, ben = await town.resident("anna"), await town.resident("ben")
    room = await town.room(anna.person, ben.person)
    await ben.person.say(room, ASK)
    first = await board(ben.person, room, "Nog niemand stemde")
    await ben.person.react(room, first.event_id, "1️⃣")
    await board(anna.person, room, "1. Ja: 1 stem")
    await ends(anna.person, room, await native_poll(anna.person, room), kind)  # she made the room
    await anna.told("nu sluiten? Er is 1 stem", "[1] Ja, sluit ze")
    await anna.person.say(anna.direct, "1")
    await says(ben.person, room, "Gesloten: Nieuwe skatebaan?", "Ja haalt het, met 1 stem.")


async def test_so_does_whoever_opened_it_and_nobody_else(town: Town) -> None:
    anna, ben, cas = [await town.resident(name) for name in ("anna", "ben", "cas")]
    room = await town.room(anna.person, ben.person, cas.person)
    await ben.person.say(room, ASK)
    await board(ben.person, room, "Nog niemand stemde")
    poll = await native_poll(ben.person, room)
    await ends(cas.person, room, poll)
    await cas.told("moderator")
    await ends(ben.person, room, poll)
    await ben.told("nu sluiten?", "[1] Ja, sluit ze")
    await ben.person.say(ben.direct, "1")
    await ben.told("is gesloten")


async def test_an_end_of_some_other_poll_is_none_of_plein(town: Town) -> None:
    anna = await town.resident("anna")
    room = await town.room(anna.person)
    await anna.person.say(room, ASK)
    await board(anna.person, room, "Nog niemand stemde")
    own = await anna.person.send(room, START, (await native_poll(anna.person, room))["content"])
    await ends(anna.person, room, {"event_id": own})
    await anna.person.say(room, "!stem 2")
    await board(anna.person, room, "2. Nee: 1 stem", "sluit ")
