"""Whoever asks Plein on Matrix to forget them is forgotten: no file of its folder has them, nor does its log.

On whose word it is in a room it knows for as long as it is there: here that is somebody else's.
"""

from __future__ import annotations

from pathlib import Path

import nio

from adapters.matrix.crypto import PleinClient
from tests.adapters.matrix.bench import Bench
from tests.homeserver import PASSWORD, Homeserver, Person
from tests.plein import Plein
from tests.town import Town, board, numbers


def found_in(folder: Path, *words: str) -> list[tuple[str, str]]:
    """Which file, however deep, holds or is called which of these words."""
    return [
        (str(file.relative_to(folder)), word)
        for file in sorted(folder.rglob("*"))
        if file.is_file()
        for word in words
        if word.encode() in file.read_bytes() or word in file.name
    ]


async def with_keys(server: Homeserver, person: Person, folder: Path) -> str:
    """A device of theirs that Plein seals for; its id."""
    config = nio.AsyncClientConfig(pickle_key="secret")
    client = PleinClient(server.url, person.user_id, store_path=str(folder), config=config)
    assert isinstance(await client.login(PASSWORD), nio.LoginResponse)
    await client.keys_upload()
    await client.close()
    assert client.store
    client.store.database.close()
    return str(client.device_id)


async def answers(person: Person, direct: str, plein: Plein, number: int) -> None:
    """So many sealed ones came by now."""

    async def come() -> bool | None:
        events = await person.history(direct)
        ours = [
            each for each in events if each["type"] == "m.room.encrypted" and each["sender"] == plein.user_id
        ]
        return len(ours) >= number or None

    await person.wait_until(come)


async def test_nothing_has_them_a_minute_later(homeserver: Homeserver, tmp_path: Path) -> None:
    folder, theirs = tmp_path / "plein", tmp_path / "theirs"
    for each in (folder, theirs):
        each.mkdir()
    plein = await Plein.on(homeserver, folder, f"plein{next(numbers)}")
    town = Town(homeserver, plein)
    anna, ben = await homeserver.person(f"annelies{next(numbers)}"), await town.resident("benedict")
    device = await with_keys(homeserver, anna, theirs)
    room = await town.room(ben.person, anna)
    await ben.person.say(room, '!peiling open "Een hek?" --soort instemming')
    await board(ben.person, room, "Een hek?")
    await anna.say(room, "!peiling lijst")

    async def invited() -> str | None:
        return next(iter(await anna.direct_rooms_with(plein.user_id)), None)

    direct = await anna.wait_until(invited)
    await anna.accept_invitations(plein.user_id)
    await answers(anna, direct, plein, 1)
    await anna.say(room, "!stem bezwaar ijsvogels")
    await anna.say(room, "!peiling onzin ijsvogels")
    await answers(anna, direct, plein, 3)
    traces = (anna.user_id, anna.name, device, "ijsvogels")
    assert {word for _, word in found_in(folder, *traces)} == set(traces)
    await anna.say(room, "!vergeet mij --zeker")
    await answers(anna, direct, plein, 4)

    async def gone() -> bool | None:
        return all(file.startswith("matrix/") for file, _ in found_in(folder, *traces)) or None

    await anna.wait_until(gone, timeout=90)
    # As long as they are in a room that is sealed, Plein has to know for which devices it seals.
    assert {word for _, word in found_in(folder, *traces)} <= {anna.user_id, anna.name, device}
    # Who was forgotten is not named where others are for walking out, as others are.
    await anna.leave(direct)
    await anna.leave(room)
    await ben.person.say(ben.direct, "!peiling lijst")
    await ben.told("Een hek?")
    assert await plein.stop() == 0
    await plein.start()
    await ben.person.say(ben.direct, "!peiling toon 1")
    await ben.told("Een hek?")
    assert await plein.stop() == 0
    assert not found_in(folder, *traces)
    assert not [line for line in plein.log if any(word in line for word in traces)]
    assert found_in(folder, ben.person.user_id)
    told = [each["content"] for each in await ben.person.history(room) if each["sender"] == plein.user_id]
    assert not [content for content in told if anna.user_id in str(content.get("m.mentions"))]


async def test_whose_a_device_was_is_covered_where_it_stood_openly(bench: Bench) -> None:
    """As it was written before."""
    bot = await bench.client(PleinClient)
    bot.store.database.execute_sql("INSERT INTO plein_peers VALUES ('key', '@annelies:localhost')")
    again = await bench.again(bot)
    assert not again.olm.peers.is_anothers("@annelies:localhost", "key")
    assert again.olm.peers.is_anothers("@benedict:localhost", "key")
    ((user,),) = again.store.database.execute_sql("SELECT user FROM plein_peers").fetchall()
    assert "annelies" not in user
