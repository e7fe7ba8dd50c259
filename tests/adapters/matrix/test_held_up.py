"""Nothing that one room, one person or one other homeserver does holds up anybody else."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.doubles.proxy import Proxy
from tests.homeserver import Homeserver, Person, shown
from tests.plein import Plein
from tests.postgres import PostgreSQL
from tests.town import Town, board, native_poll, numbers, says

ASK = '!peiling open "Nieuwe skatebaan?" Ja | Nee | Later'
EDIT = "m.replace"
# They share a Plein behind a proxy.
pytestmark = pytest.mark.xdist_group("held up")


@dataclass
class Spoiled:
    town: Town
    proxy: Proxy


@pytest.fixture(scope="module")
async def spoiled(homeserver: Homeserver, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Spoiled]:
    async with Proxy(homeserver.url) as proxy:
        folder = tmp_path_factory.mktemp("held_up")
        rule = '[matrix.invitations]\nservers = ["localhost", "dead.example"]\n'
        plein = await Plein.on(homeserver, folder, f"plein{next(numbers)}", url=proxy.url, more=rule)
        yield Spoiled(Town(homeserver, plein), proxy)
        proxy.mend()
        status = await plein.stop()
        print(*plein.log[-40:], sep="\n")  # shown where a test fails
        assert status == 0


async def edit_of(person: Person, room: str, original: str) -> str:
    """The id of the newest edit of that message."""

    def is_edit(event: dict[str, object]) -> bool:
        content = event["content"]
        relation = content.get("m.relates_to", {}) if isinstance(content, dict) else {}
        return relation.get("rel_type") == EDIT and relation.get("event_id") == original

    return str([event for event in await person.history(room) if is_edit(event)][-1]["event_id"])


async def test_what_is_said_to_an_edit_belongs_to_what_was_edited(spoiled: Spoiled) -> None:
    anna, ben = await spoiled.town.resident("anna"), await spoiled.town.resident("ben")
    room = await spoiled.town.room(anna.person, ben.person)
    await anna.person.say(room, ASK)
    first = await board(anna.person, room, "Nog niemand stemde")
    await anna.person.say(room, "!stem 1")
    await board(anna.person, room, "1. Ja: 1 stem")
    edit = await edit_of(anna.person, room, first.event_id)

    began = time.monotonic()
    for key in ("2️⃣", "9", "10", "33", "44", "55"):  # all but one are no option
        await anna.person.react(room, edit, key)
    reply = {"m.relates_to": {"m.in_reply_to": {"event_id": edit}}}
    await ben.person.say(room, "3", **reply)
    await ben.told("je koos Later")
    assert time.monotonic() - began < 20, "nobody waits for what may never come"
    await board(anna.person, room, "2. Nee: 1 stem", "3. Later: 1 stem")


@pytest.mark.parametrize("what", ["picture", "poll end", "redacted"])
async def test_what_is_said_to_anything_else_of_ours_holds_up_nobody(spoiled: Spoiled, what: str) -> None:
    """A picture, an end: those are Plein's, and no message is ever noted under their ids."""
    anna, ben = await spoiled.town.resident("anna"), await spoiled.town.resident("ben")
    room = await spoiled.town.room(anna.person, ben.person)
    await anna.person.say(room, ASK)
    first = await board(anna.person, room, "Nog niemand stemde")
    await anna.person.say(room, "!stem 1")
    await anna.person.say(anna.direct, "!peiling sluit --zeker")
    await says(anna.person, room, "Gesloten: ")
    poll = await native_poll(anna.person, room)
    if what == "picture":
        found = await anna.person.wait_for(
            room, lambda event: event["content"].get("msgtype") == "m.image", timeout=60
        )
    elif what == "poll end":
        found = await anna.person.wait_for(room, lambda event: event["type"].endswith("poll.end"))
    else:
        await anna.person.redact(room, first.event_id)
        found = poll
    await anna.person.say(room, '!peiling open "Nog iets?" A | B')
    await board(anna.person, room, "Nog iets?")
    for key in ("1", "2", "3", "4", "5", "6"):
        await anna.person.react(room, found["event_id"], key)
    began = time.monotonic()
    await ben.person.say(room, "!stem 2")
    await ben.told("je koos B")
    assert time.monotonic() - began < 10


async def test_a_join_that_hangs_stops_no_other_room(spoiled: Spoiled) -> None:
    anna, ben = await spoiled.town.resident("anna"), await spoiled.town.resident("ben")
    hers = await spoiled.town.room(anna.person)
    room = await spoiled.town.room(ben.person)
    spoiled.proxy.hang("/join/")
    spoiled.proxy.seen.clear()
    tombstone = {"body": "weg", "replacement_room": "!nowhere:dead.example"}
    await anna.person.send_state(hers, "m.room.tombstone", tombstone)
    elsewhere = await anna.person.create_room()
    await anna.person.invite(elsewhere, spoiled.town.plein.user_id)

    async def knocks() -> bool:
        return sum("/join/" in line for line in spoiled.proxy.seen) >= 2

    await ben.person.wait_until(knocks, timeout=60)
    began = time.monotonic()
    await ben.person.say(room, ASK)
    await board(ben.person, room, "Nog niemand stemde")
    await ben.person.say(room, "!stem 2")
    await ben.told("je koos Nee")
    assert time.monotonic() - began < 20
    # And again after a restart, while it still hangs.
    await spoiled.town.plein.kill()
    await ben.person.say(room, "!stem 3")
    await spoiled.town.plein.start()
    await ben.told("nu Later", timeout=30)
    spoiled.proxy.mend()
    await spoiled.town.comes_to(anna.person, elsewhere)


async def test_a_room_whose_history_hangs_stops_no_other(spoiled: Spoiled) -> None:
    """The server left something out of one room's news, and does not say what for a while."""
    anna, ben = await spoiled.town.resident("anna"), await spoiled.town.resident("ben")
    hers, room = await spoiled.town.room(anna.person), await spoiled.town.room(ben.person)
    await anna.person.say(hers, ASK)
    await board(anna.person, hers, "Nog niemand stemde")
    await ben.person.say(room, ASK)
    await board(ben.person, room, "Nog niemand stemde")
    await spoiled.town.plein.kill()
    await anna.person.say(hers, "!stem 1")
    for number in range(60):
        await anna.person.say(hers, f"zomaar {number}")
    await ben.person.say(room, "!stem 2")
    spoiled.proxy.hang(f"/rooms/{hers}/messages")
    spoiled.proxy.hang(f"/rooms/{hers.replace('!', '%21')}/messages")
    await spoiled.town.plein.start()
    await ben.told("je koos Nee", timeout=30)
    await anna.person.say(hers, "!stem 3")  # after what was left out
    # Killed while it waits: nothing of it is lost.
    await spoiled.town.plein.kill()
    await spoiled.town.plein.start()
    spoiled.proxy.mend()
    await anna.told("je koos eerst Ja, nu Later")
    await board(anna.person, hers, "3. Later: 1 stem", "1 persoon stemde")


async def test_where_plein_is_not_to_be_it_leaves_however_late_the_join_is_answered(spoiled: Spoiled) -> None:
    """A homeserver tells of it in a sync before it answers; nothing else may ever happen in that room."""
    anna, eva = await spoiled.town.resident("anna"), await spoiled.town.resident("eva")
    strange = await anna.person.create_room(public=True)
    own = await spoiled.town.room(eva.person)
    spoiled.proxy.hold_answer("/join/")
    await eva.person.send_state(own, "m.room.tombstone", {"body": "", "replacement_room": strange})

    async def is_there() -> str | None:
        found = (await anna.person.members(strange)).get(spoiled.town.plein.user_id)
        return found if found == "join" else None

    async def left() -> bool:
        return (await anna.person.members(strange)).get(spoiled.town.plein.user_id) == "leave"

    await anna.person.wait_until(is_there)
    # It has read of that as soon as it answers what was said after it.
    await eva.person.say(eva.direct, "!help")
    await eva.told("!peiling")
    spoiled.proxy.mend()
    await anna.person.wait_until(left, timeout=30)


async def test_keys_that_hang_stop_no_reading(spoiled: Spoiled) -> None:
    """Asking for somebody's devices asks their homeserver, which may be dead."""
    anna = await spoiled.town.resident("anna")
    room = await spoiled.town.room(anna.person)
    secret = await anna.person.create_room(invite=[spoiled.town.plein.user_id], encrypted=True)
    spoiled.proxy.hang("/keys/")
    await spoiled.town.comes_to(anna.person, secret)
    await anna.person.say(room, ASK)
    await board(anna.person, room, "Nog niemand stemde", timeout=30)
    await anna.person.say(room, "!stem 2")
    await board(anna.person, room, "2. Nee: 1 stem", timeout=30)
    spoiled.proxy.mend()


async def test_what_it_was_put_out_of_is_noticed_at_the_start(homeserver: Homeserver, tmp_path: Path) -> None:
    """Plein was put out and ended before it could note that; it is let in again later."""
    plein = await Plein.on(homeserver, tmp_path, f"plein{next(numbers)}")
    town = Town(homeserver, plein)
    anna = await town.resident("anna")
    room, elsewhere = await town.room(anna.person), await town.room(anna.person)
    await anna.person.say(room, ASK)
    first = await board(anna.person, room, "Nog niemand stemde")
    await plein.kill()
    await anna.person.kick(room, plein.user_id)
    await plein.start()
    await anna.person.say(elsewhere, '!peiling open "Elders?" Ja | Nee')
    await board(anna.person, elsewhere, "Elders?")
    await anna.person.invite(room, plein.user_id)
    await town.comes_to(anna.person, room)
    await anna.person.say(room, "!stem 2 --peiling 1")
    after = await board(anna.person, room, "2. Nee: 1 stem")
    boards = [
        message
        for message in shown(await anna.person.history(room))
        if message.key.startswith("board:poll:1")
    ]
    assert [message.event_id for message in boards if message.type == "m.room.message"] == [first.event_id]
    assert after.event_id == first.event_id
    assert await plein.stop() == 0


# --- refused is not gone ------------------------------------------------------------------------------


async def muted(person: Person, room: str, plein: str, *, may: bool) -> None:
    """Announcements only, or not: below 50 nobody writes, but all react and vote in native polls."""
    levels = await person.state(room, "m.room.power_levels") or {}
    levels["events_default"] = 0 if may else 50
    reacting = ("m.reaction", "org.matrix.msc3381.poll.response", "m.room.redaction")
    levels["events"] = {**levels.get("events", {}), **dict.fromkeys(reacting, 0)}
    await person.send_state(room, "m.room.power_levels", levels)


async def test_announcements_only_for_a_while_loses_nothing(spoiled: Spoiled) -> None:
    anna, ben = await spoiled.town.resident("anna"), await spoiled.town.resident("ben")
    room = await spoiled.town.room(anna.person, ben.person)
    plein = spoiled.town.plein.user_id
    await anna.person.say(room, ASK)
    first = await board(anna.person, room, "Nog niemand stemde")
    poll = await native_poll(anna.person, room)
    await muted(anna.person, room, plein, may=False)
    # The vote by reaction cannot be shown; it counts, and its voter is answered.
    await ben.person.react(room, first.event_id, "2️⃣")
    await ben.told("je koos Nee")
    await anna.person.answer(room, poll["event_id"], ["3"])
    await anna.told("je koos Later")
    # And a poll that is opened meanwhile appears afterwards.
    await anna.person.say(room, '!peiling open "En dan?" Bank | Boom')
    await anna.told("Je peiling “En dan?” staat open.")
    await muted(anna.person, room, plein, may=True)
    after = await board(anna.person, room, "2. Nee: 1 stem", "3. Later: 1 stem")
    assert after.event_id == first.event_id
    await board(anna.person, room, "En dan?", "Nog niemand stemde")
    boards = [
        message for message in shown(await anna.person.history(room)) if message.key.startswith("board:")
    ]
    assert len([message for message in boards if message.type == "m.room.message"]) == 2


async def test_put_out_and_invited_again_the_board_goes_on(spoiled: Spoiled) -> None:
    anna, ben = await spoiled.town.resident("anna"), await spoiled.town.resident("ben")
    room = await spoiled.town.room(anna.person, ben.person)
    plein = spoiled.town.plein.user_id
    await anna.person.say(room, ASK)
    first = await board(anna.person, room, "Nog niemand stemde")
    await anna.person.kick(room, plein)
    await anna.person.invite(room, plein)
    await spoiled.town.comes_to(anna.person, room)
    await ben.person.react(room, first.event_id, "2️⃣")
    await ben.told("je koos Nee")
    after = await board(anna.person, room, "2. Nee: 1 stem")
    assert after.event_id == first.event_id
    boards = [
        message for message in shown(await anna.person.history(room)) if message.key.startswith("board:")
    ]
    assert len([message for message in boards if message.type == "m.room.message"]) == 1


async def test_of_closed_polls_none_follows_to_the_new_room(spoiled: Spoiled) -> None:
    anna = await spoiled.town.resident("anna")
    room = await spoiled.town.room(anna.person, version="10")
    for question in ("Een?", "Twee?", "Drie?"):
        await anna.person.say(room, f'!peiling open "{question}" Ja | Nee')
        number = (await board(anna.person, room, question)).poll
        await anna.person.say(room, f"!peiling sluit {number} --zeker")
        await says(anna.person, room, f"Gesloten: {question}")
    await anna.person.say(room, ASK)
    await board(anna.person, room, "Nieuwe skatebaan?")
    new = await anna.person.upgrade(room)
    await spoiled.town.comes_to(anna.person, new)
    await board(anna.person, new, "Nieuwe skatebaan?")
    await anna.person.say(new, "!stem 2")
    await board(anna.person, new, "2. Nee: 1 stem")
    boards = [
        message for message in shown(await anna.person.history(new)) if message.key.startswith("board:")
    ]
    assert [message.body.split("\n")[0] for message in boards if message.type == "m.room.message"] == [
        "Nieuwe skatebaan?"
    ]


async def test_what_somebody_said_in_heaps_meanwhile_holds_up_nobody(
    homeserver: Homeserver, tmp_path: Path
) -> None:
    """While Plein is away one person says very much in a room, and another something after that."""
    plein = await Plein.on(homeserver, tmp_path, f"plein{next(numbers)}")
    town = Town(homeserver, plein)
    anna, eve = await town.resident("anna"), await town.resident("eve")
    room = await town.room(anna.person, eve.person)
    await anna.person.say(room, ASK)
    await board(anna.person, room, "Nog niemand stemde")
    await plein.kill()
    much = 150
    for number in range(much):
        await eve.person.say(room, f"!stem {1 + number % 2}")
    await anna.person.say(room, "!stem 3")
    await plein.start()
    await anna.told("je koos Later")
    await board(anna.person, room, "2. Nee: 1 stem", "3. Later: 1 stem")
    with closing(sqlite3.connect(tmp_path / "plein.db")) as database:
        whose = [author for (author,) in database.execute("SELECT author FROM handled ORDER BY rowid")]
    # Hers was the last that was said, and not nearly the last that was dealt with.
    hers = max(place for place, author in enumerate(whose) if "anna" in author)
    assert hers < much / 4, whose
    assert await plein.stop() == 0


# --- what no database keeps ---------------------------------------------------------------------------


async def test_characters_that_no_database_keeps_stop_nothing(
    homeserver: Homeserver, postgres: PostgreSQL, tmp_path: Path
) -> None:
    """PostgreSQL holds no NUL: whoever calls a room so, or answers to an event of that name, stops nobody."""
    database = postgres.new_database()
    plein = await Plein.on(homeserver, tmp_path, f"plein{next(numbers)}", database=database)
    town = Town(homeserver, plein)
    anna, eve = await town.resident("anna"), await town.resident("eve")
    room = await town.room(anna.person, eve.person)
    await anna.person.say(room, ASK)
    await board(anna.person, room, "Nog niemand stemde")
    answer_to = {"m.in_reply_to": {"event_id": "$x\0"}}
    for where in (room, eve.direct):
        await eve.person.say(where, "1", **{"m.relates_to": answer_to})
    odd = await eve.person.create_room("R\0x", invite=[plein.user_id], public=True)
    await town.comes_to(eve.person, odd)
    await anna.person.say(room, "!stem 2")
    await board(anna.person, room, "2. Nee: 1 stem")
    await eve.person.say(odd, ASK)
    await board(eve.person, odd, "Nog niemand stemde")
    for where in (room, eve.direct):
        asked = await eve.person.say(where, "!help")
        await says(eve.person, eve.direct, key=f"answer:matrix:{asked}")
    assert await plein.stop() == 0


# --- what was said in time counts ---------------------------------------------------------------------


async def test_a_poll_closes_after_what_was_said_in_time(homeserver: Homeserver, tmp_path: Path) -> None:
    """The homeserver is out of reach when it closes; a vote was said just before that."""
    async with Proxy(homeserver.url) as proxy:
        plein = await Plein.on(homeserver, tmp_path, f"plein{next(numbers)}", url=proxy.url)
        town = Town(homeserver, plein)
        anna, ben = await town.resident("anna"), await town.resident("ben")
        room = await town.room(anna.person, ben.person)
        await anna.person.say(room, f"{ASK} --sluit 1m")
        await board(anna.person, room, "Nog niemand stemde")
        proxy.answer("/sync", 502, "<html>away</html>")
        vote = await ben.person.say(room, "!stem 2")
        ends = time.monotonic() + 65
        while time.monotonic() < ends:
            await ben.person.request("GET", "sync", params={"timeout": "5000"})
        late = await anna.person.say(room, "!stem 1")
        assert not [
            message
            for message in shown(await anna.person.history(room))
            if message.body.startswith("Gesloten")
        ]
        proxy.mend()
        closed = await says(anna.person, room, "Gesloten: ")
        assert "Nee haalt het, met 1 stem" in closed.body
        assert "misschien ontbreken" not in closed.body
        await ben.told("je koos Nee")
        await anna.told("gesloten")
        assert vote
        assert late
        assert await plein.stop() == 0


@pytest.mark.parametrize("lines", [0, 40], ids=["little since", "much since"])
async def test_a_number_is_for_what_was_said_before_it(spoiled: Spoiled, lines: int) -> None:
    """She says 1 to one question; before the homeserver shows what that was, Plein asks her another."""
    town, proxy = spoiled.town, spoiled.proxy
    vera = await town.resident("vera")
    room = await town.room(vera.person)
    polls = []
    for subject in ("Een bank?", "Een boom?"):
        await vera.person.say(room, f'!peiling open "{subject}" Ja | Nee')
        polls.append((await board(vera.person, room, subject)).poll)
    await vera.person.say(vera.direct, f"!peiling sluit {polls[0]}")
    await vera.told("Een bank", "nu sluiten", "[1]")
    proxy.answer("/messages", 502, "{}")
    proxy.seen.clear()
    await vera.person.say(vera.direct, "1")

    async def looks() -> bool:
        return any("/messages" in line for line in proxy.seen)

    await vera.person.wait_until(looks)
    await vera.person.say(room, f"!peiling annuleer {polls[1]}")
    await vera.told("Een boom", "[1]", "nnule")
    for line in range(lines):
        await vera.person.send(vera.direct, "be.nothing", {"line": line})
    proxy.mend()
    await vera.told("Een bank?", "is gesloten")
    await vera.person.say(vera.direct, "!help")
    await vera.told("Wat ik voor je kan doen")
    said = [message.body for message in shown(await vera.person.history(vera.direct)) if message.key]
    assert not any("“Een boom?” is geannuleerd" in words for words in said), "she never said so"


async def test_a_moment_that_no_calendar_reaches_ends_nothing(spoiled: Spoiled) -> None:
    """Nor does the answer to it, which quotes it."""
    anna, mallory = await spoiled.town.resident("anna"), await spoiled.town.resident("mallory")
    room = await spoiled.town.room(mallory.person)
    moment = "9999-12-31T23:30:00-12:00 / 9999-12-31T23:40:00-12:00"
    await mallory.person.say(room, f'!bijeenkomst plan "Sportraad" "{moment}" --plaats Dorpshuis')
    await mallory.told("te ver weg", timeout=60)
    await anna.person.say(anna.direct, "!bijeenkomst lijst")
    await anna.told("geen bijeenkomst", timeout=60)
