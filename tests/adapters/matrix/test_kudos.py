"""Who thanks and is thanked by a sign or a mention on Matrix, and who is nobody there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.doubles.kudos import Given, given
from tests.homeserver import Homeserver, Person
from tests.on_matrix import OnMatrix, plein_on
from tests.town import numbers, says

HANDS = "\N{PERSON WITH FOLDED HANDS}"


@dataclass(frozen=True, slots=True)
class Square:
    """Two people, and where Anna talks with Plein in private."""

    server: Homeserver
    user: str
    folder: Path
    anna: Person
    ben: Person

    async def comes_to(self, room: str) -> None:
        async def joined() -> bool | None:
            return (await self.anna.members(room)).get(self.user) == "join" or None

        await self.anna.wait_until(joined)

    async def direct(self) -> str:
        direct = await self.anna.create_room(invite=[self.user], is_direct=True)
        await self.comes_to(direct)
        await self.anna.say(direct, "!help")
        await says(self.anna, direct, "Wat ik voor je kan doen")
        return direct

    def thanks(self, ref: str) -> Given:
        return Given(self.anna.name, (self.ben.name,), ref)


@pytest.fixture
async def square(homeserver: Homeserver, tmp_path: Path) -> Square:
    number = next(numbers)
    user = await homeserver.register(f"plein{number}")
    anna, ben = [await homeserver.person(f"{name}{number}") for name in ("anna", "ben")]
    return Square(homeserver, user, tmp_path, anna, ben)


@pytest.fixture
async def plein(square: Square) -> AsyncIterator[OnMatrix]:
    async with plein_on(square.server, square.folder, square.user) as plein:
        yield plein


@pytest.mark.parametrize("encrypted", [pytest.param(False, marks=pytest.mark.long), True])
async def test_who_wrote_before_plein_came_is_found(square: Square, plein: OnMatrix, encrypted: bool) -> None:
    """Also what nobody gave it a key of."""
    anna, ben = square.anna, square.ben
    room = await anna.create_room("Buurt", public=True, encrypted=encrypted)
    await ben.join(room)
    sealed = {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "AwgA", "session_id": "s"}
    sealed |= {"sender_key": "k", "device_id": "D"}
    said = await (
        ben.send(room, "m.room.encrypted", sealed) if encrypted else ben.say(room, "van voor Plein")
    )
    await anna.invite(room, square.user)
    await square.comes_to(room)
    direct = await square.direct()
    await anna.react(room, said, HANDS)
    await says(anna, direct, "is genoteerd")
    assert await given(plein.core) == [square.thanks(said)]


async def test_bots_ghosts_and_plein_itself_neither_thank_nor_are_thanked(
    square: Square, plein: OnMatrix
) -> None:
    anna, ben = square.anna, square.ben
    room = await anna.create_room("Buurt", public=True, invite=[square.user])
    await ben.join(room)
    await square.comes_to(room)
    direct = await square.direct()
    ghost = await square.server.person(f"discord_{next(numbers)}")
    await ghost.join(room)
    said = await ben.say(room, "een")
    await ghost.react(room, said, HANDS)
    await ghost.say(room, f'!bedankt {ben.user_id} "voor de goede hulp"')
    notice = await ben.say(room, "ik ben een robot", msgtype="m.notice")
    await anna.say(room, '!peiling open "Een bank?" Ja | Nee')
    own = (await says(anna, room, "Een bank?")).event_id
    for event in (notice, own, await ghost.say(room, "van overal")):
        await anna.react(room, event, HANDS)
    for whom in (square.user, ghost.user_id):
        await anna.say(room, f'!bedankt {whom} "voor de goede hulp"')
        await says(anna, direct, "Ik ken hier niemand die", whom.split(":")[0].strip("@"))
    await anna.react(room, said, HANDS)
    await says(anna, direct, "is genoteerd")
    assert await given(plein.core) == [square.thanks(said)]


@pytest.mark.long
async def test_who_wrote_what_the_homeserver_leaves_out_of_its_news_is_found(square: Square) -> None:
    anna, ben = square.anna, square.ben
    async with plein_on(square.server, square.folder, square.user):
        room = await anna.create_room("Buurt", public=True, invite=[square.user])
        await ben.join(room)
        await square.comes_to(room)
        direct = await square.direct()
    said, other = await ben.say(room, "een"), await ben.say(room, "twee")
    await anna.react(room, said, HANDS)
    await asyncio.gather(*(ben.say(room, f"praat {line}") for line in range(120)))
    async with plein_on(square.server, square.folder, square.user) as plein:
        await says(anna, direct, "is genoteerd")
        assert await given(plein.core) == [square.thanks(said)]
        # One a pair a day: of the other it is said once why not.
        await anna.react(room, other, HANDS)
        await says(anna, direct, "al. Morgen kan het weer")
        assert await given(plein.core) == [square.thanks(said)]
