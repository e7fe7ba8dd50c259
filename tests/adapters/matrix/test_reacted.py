"""A sign on somebody's message on Matrix, and what becomes of it when it, or the message, is taken away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.doubles.praise import CLAP, Praise
from tests.homeserver import Homeserver, Person, shown
from tests.on_matrix import OnMatrix, plein_on
from tests.town import numbers, says

SAID = "Je prees een buur."


@dataclass(frozen=True, slots=True)
class Square:
    """Plein in a process with a feature that hears of signs, and two people in a room with it."""

    server: Homeserver
    plein: OnMatrix
    praise: Praise
    anna: Person
    ben: Person
    room: str

    async def comes_to(self, person: Person, room: str) -> None:
        async def joined() -> bool | None:
            return (await person.members(room)).get(self.plein.user_id) == "join" or None

        await person.wait_until(joined)

    async def nothing_more(self) -> None:
        """What was done so far has been dealt with: what comes after it has been."""
        said = await self.ben.say(self.room, "einde")
        before = len(self.praise.seen)
        await self.anna.react(self.room, said, CLAP)
        await self.praise.until(
            lambda: any(seen.about and seen.about.ref == said for seen in self.praise.seen)
        )
        assert len(self.praise.seen) == before + 1


@pytest.fixture
async def square(homeserver: Homeserver, tmp_path: Path) -> AsyncIterator[Square]:
    praise, number = Praise(), next(numbers)
    user = await homeserver.register(f"plein{number}")
    anna, ben = [await homeserver.person(f"{name}{number}") for name in ("anna", "ben")]
    async with plein_on(homeserver, tmp_path, user, installed=praise.installed) as plein:
        room = await anna.create_room("Buurt", public=True, invite=[user])
        await ben.join(room)
        found = Square(homeserver, plein, praise, anna, ben, room)
        await found.comes_to(anna, room)
        yield found


async def test_it_says_whose_message_it_is_and_can_be_taken_away_by_who_put_it(square: Square) -> None:
    anna, ben, room, praise = square.anna, square.ben, square.room, square.praise
    said = await ben.say(room, "Het pleintje is opgeruimd")
    put = await anna.react(room, said, "\N{CLAPPING HANDS SIGN}\N{EMOJI MODIFIER FITZPATRICK TYPE-4}")
    (on,) = await praise.times(1)
    assert (on.by, on.whom, on.on) == (anna.name, ben.name, True)
    assert on.about
    assert on.about.ref == said
    assert on.about.link == f"https://matrix.to/#/{room}/{said}?via=localhost"
    await anna.redact(room, put)
    (_, off) = await praise.times(2)
    assert (off.by, off.on, off.about and off.about.ref) == (anna.name, False, said)
    # Again is another event.
    await anna.react(room, said, CLAP)
    assert [seen.on for seen in await praise.times(3)] == [True, False, True]
    assert not [message for message in shown(await anna.history(room)) if message.key]


async def test_what_a_moderator_takes_away_is_not_withdrawn(square: Square) -> None:
    """Whoever put it there did not change their mind."""
    said = await square.anna.say(square.room, "Koffie staat klaar")
    put = await square.ben.react(square.room, said, CLAP)
    await square.praise.times(1)
    await square.anna.redact(square.room, put)
    await square.nothing_more()
    assert [seen.on for seen in square.praise.seen][:1] == [True]


async def test_it_is_answered_in_private_where_they_talk_and_else_with_the_next_answer(
    square: Square,
) -> None:
    anna, ben, plein = square.anna, square.ben, square.plein
    direct = await anna.create_room(invite=[plein.user_id], is_direct=True)
    await square.comes_to(anna, direct)
    await anna.say(direct, "!help")
    await says(anna, direct, "Wat ik voor je kan doen")
    mine, theirs = await ben.say(square.room, "een"), await anna.say(square.room, "twee")
    await anna.react(square.room, mine, CLAP)
    await says(anna, direct, SAID)
    await ben.react(square.room, theirs, CLAP)
    await square.praise.times(2)
    assert plein.user_id not in str(await ben.invitations())
    own = await ben.create_room(invite=[plein.user_id], is_direct=True)
    await square.comes_to(ben, own)
    await ben.say(own, "!help")
    await says(ben, own, SAID)
    assert not [message for message in shown(await anna.history(square.room)) if message.key]


async def test_in_an_encrypted_room_what_plein_never_saw_has_its_author(square: Square) -> None:
    """What was said before it came, and which nobody gave it a key of."""
    anna, ben = square.anna, square.ben
    room = await anna.create_room(public=True, encrypted=True)
    await ben.join(room)
    sealed = {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "AwgA", "session_id": "s"}
    sealed |= {"sender_key": "k", "device_id": "D"}
    said = await ben.send(room, "m.room.encrypted", sealed)
    await anna.invite(room, square.plein.user_id)
    await square.comes_to(anna, room)
    await anna.react(room, said, CLAP)
    (on,) = await square.praise.times(1)
    assert (on.whom, on.about and on.about.ref) == (ben.name, said)


async def test_what_cannot_be_seen_or_is_no_persons_is_ignored(square: Square) -> None:
    anna, ben, room = square.anna, square.ben, square.room
    hidden = await anna.create_room(public=True)
    await anna.send_state(hidden, "m.room.history_visibility", {"history_visibility": "joined"})
    before = await anna.say(hidden, "van voor Plein")
    await anna.invite(hidden, square.plein.user_id)
    await square.comes_to(anna, hidden)
    notice = await ben.say(room, "ik ben een robot", msgtype="m.notice")
    gone = await ben.say(room, "weg")
    await ben.redact(room, gone)
    reaction = await ben.react(room, notice, "\N{PARTY POPPER}")
    state = await anna.send_state(room, "m.room.topic", {"topic": "over de buurt"})
    await anna.say(room, '!peiling open "Een bank?" Ja | Nee')
    own = (await says(anna, room, "Een bank?")).event_id
    left = await square.server.person(f"cas{next(numbers)}")
    await left.join(room)
    theirs = await left.say(room, "tot ziens")
    await left.leave(room)
    ghost = await square.server.person(f"discord_{next(numbers)}")
    await ghost.join(room)
    bridged = await ghost.say(room, "van overal")
    await ghost.react(room, await ben.say(room, "van hier"), CLAP)
    await anna.react(hidden, before, CLAP)
    # An edit of what somebody else wrote is none, whatever it says.
    forged = await anna.edit(room, await ben.say(room, "dank aan Cas"), "dank aan Anna")
    await ben.react(room, forged, CLAP)
    for event in (notice, gone, reaction, state, own, theirs, bridged):
        await anna.react(room, event, CLAP)
    await anna.react(room, await ben.say(room, "hoera"), "\N{PARTY POPPER}")
    await square.nothing_more()


async def test_a_message_that_is_taken_away_is_told(square: Square) -> None:
    first = await square.ben.say(square.room, "een")
    second = await square.ben.say(square.room, "twee")
    await square.ben.redact(square.room, first)
    await square.anna.redact(square.room, second)
    await square.praise.until(lambda: len(square.praise.lost) == 2)
    assert square.praise.lost == [(square.room, first), (square.room, second)]


@pytest.mark.long
async def test_what_was_done_while_plein_was_away_counts_once(homeserver: Homeserver, tmp_path: Path) -> None:
    """Also where the homeserver leaves it out of its news; what was taken away meanwhile never was there."""
    praise, number = Praise(), next(numbers)
    user = await homeserver.register(f"plein{number}")
    anna, ben = [await homeserver.person(f"{name}{number}") for name in ("anna", "ben")]
    room = await anna.create_room("Buurt", public=True, invite=[user])
    await ben.join(room)
    async with plein_on(homeserver, tmp_path, user, installed=praise.installed) as plein:
        await Square(homeserver, plein, praise, anna, ben, room).comes_to(anna, room)
        said, other = await ben.say(room, "een"), await ben.say(room, "twee")
        put = await anna.react(room, said, CLAP)
        await praise.times(1)
    await anna.redact(room, put)
    await anna.redact(room, await anna.react(room, other, CLAP))
    await anna.react(room, said, CLAP)
    await asyncio.gather(*(ben.say(room, f"praat {line}") for line in range(120)))
    async with plein_on(homeserver, tmp_path, user, installed=praise.installed):
        assert [seen.on for seen in await praise.times(3)] == [True, False, True]
    async with plein_on(homeserver, tmp_path, user, installed=praise.installed):
        assert len(praise.seen) == 3


async def test_who_replies_to_somebody_need_not_name_them(square: Square) -> None:
    anna, ben, room = square.anna, square.ben, square.room
    said = await ben.say(room, "soep!")
    answers = {"m.relates_to": {"m.in_reply_to": {"event_id": said}}}
    await anna.say(room, '!lof geef "voor de soep"', **answers)
    await square.praise.times(1)
    await anna.say(room, f'!lof geef {anna.user_id} "voor het brood"', **answers)
    found = [(seen.whom, seen.words) for seen in await square.praise.times(2)]
    assert found == [(ben.name, "voor de soep"), (anna.name, "voor het brood")]
    assert [seen.about and seen.about.ref for seen in square.praise.seen] == [said, None]
