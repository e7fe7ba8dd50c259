"""What is not for Plein is left alone: other bots' commands, exclamations, and people behind a bridge."""

from __future__ import annotations

import pytest

from tests.homeserver import Person
from tests.town import Town, board, native_poll, numbers, says

# They share a Plein.
pytestmark = pytest.mark.xdist_group("town")


async def said_by_plein(town: Town, person: Person, room: str) -> list[str]:
    events = await person.history(room)
    return [
        str(event["content"]["body"])
        for event in events
        if event["sender"] == town.plein.user_id and event["type"] == "m.room.message"
    ]


async def test_other_bots_commands_and_exclamations_bring_nothing(town: Town) -> None:
    anna = await town.server.person(f"anna{next(numbers)}")
    room = await town.room(anna)
    for words in ("!draupnir ban @x:y", "!Bravo iedereen", "!xyzzy", "!nota bene", "!!!"):
        await anna.say(room, words)
    # Whatever comes behind them is dealt with after them.
    ben = await town.resident("ben")
    await ben.person.join(room)
    await ben.person.say(room, "!peling lijst")
    await ben.told("`!peling lijst` ken ik niet. Bedoelde je")
    assert await anna.direct_rooms_with(town.plein.user_id) == []
    assert await said_by_plein(town, anna, room) == []


async def test_a_mention_with_a_command_works_and_without_one_gets_a_line(town: Town) -> None:
    anna = await town.resident("anna")
    room = await town.room(anna.person)
    plein = town.plein.user_id
    pill = f'<a href="https://matrix.to/#/{plein}">Plein</a>: taal en'
    name = plein.removeprefix("@").partition(":")[0]
    mentioned = {"m.mentions": {"user_ids": [plein]}}
    await anna.person.say(
        room, "Plein: taal en", format="org.matrix.custom.html", formatted_body=pill, **mentioned
    )
    await anna.told("From now on")
    await anna.person.say(room, f"{name} language nl", **mentioned)
    await anna.told("Vanaf nu")
    assert await said_by_plein(town, anna.person, room) == []
    event = await anna.person.say(room, f"wat vinden jullie van {name}?", **mentioned)
    line = await says(anna.person, room, "Ik ben Plein")
    assert line.content["m.mentions"] == {"user_ids": [anna.person.user_id]}
    await anna.person.say(room, f"{name} hoe gaat het?", **mentioned)

    # Whom one replies to is mentioned by the client, and nobody meant that.
    reply = {"m.relates_to": {"m.in_reply_to": {"event_id": line.event_id}}}
    ben = await town.resident("ben")
    await ben.person.join(room)
    await ben.person.say(room, "dank je", **mentioned, **reply)
    await ben.person.say(room, f"{plein}: taal en")
    await ben.told("From now on")
    assert len(await said_by_plein(town, ben.person, room)) == 1
    assert event


async def test_who_comes_over_a_bridge_is_no_resident_and_told_once(town: Town) -> None:
    anna = await town.resident("anna")
    ghost = await town.server.person(f"discord_{next(numbers)}")
    room = await town.room(anna.person, ghost)
    await anna.person.say(room, '!peiling open "Nieuwe skatebaan?" Ja | Nee')
    first = await board(anna.person, room, "Nog niemand stemde")
    await ghost.react(room, first.event_id, "1️⃣")
    line = await says(anna.person, room, "brug van Discord")
    assert line.content["m.mentions"] == {"user_ids": [ghost.user_id]}
    poll = await native_poll(anna.person, room)
    reference = {"rel_type": "m.reference", "event_id": poll["event_id"]}
    ends: dict[str, object] = {"org.matrix.msc3381.poll.end": {}, "m.relates_to": reference}
    await ghost.send(room, "org.matrix.msc3381.poll.end", ends)
    await ghost.say(room, "!stem 1")
    await ghost.say(room, "!help")
    await ghost.say(room, "1", **{"m.relates_to": {"m.in_reply_to": {"event_id": first.event_id}}})
    await anna.person.say(room, "!stem 2")
    shows = await board(anna.person, room, "2. Nee: 1 stem")
    assert "1. Ja: 0 stemmen" in shows.body
    assert await ghost.direct_rooms_with(town.plein.user_id) == []
    bridged = [words for words in await said_by_plein(town, anna.person, room) if "brug" in words]
    assert len(bridged) == 1


async def test_who_calls_themselves_as_plein_silences_it_for_nobody(town: Town) -> None:
    """A client may write the name without a link, and say beside it whom that means."""
    ann, eve = await town.resident("ann"), await town.resident("eve")
    room = await town.room(ann.person, eve.person)
    me = town.plein.user_id
    name = me[1:].partition(":")[0]
    await eve.person.request("PUT", f"profile/{eve.person.user_id}/displayname", {"displayname": name})

    async def is_called_so() -> bool | None:
        shown = await eve.person.state(room, "m.room.member", eve.person.user_id) or {}
        return shown.get("displayname") == name or None

    await eve.person.wait_until(is_called_so)
    # By then Plein has read that too.
    await eve.person.say(room, "!help")
    await eve.told("Wat ik voor je kan doen")
    said = await ann.person.say(room, f"{name}: peiling lijst", **{"m.mentions": {"user_ids": [me]}})
    await says(ann.person, ann.direct, key=f"answer:matrix:{said}", timeout=60)
