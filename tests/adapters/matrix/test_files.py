"""Files in rooms: brought with the words beneath them, fetched from the homeserver alone, shown once."""

from __future__ import annotations

import asyncio
import json
import os
import tracemalloc
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import aiohttp
import nio
import pytest

from adapters.matrix import files as posting
from adapters.matrix.carrying import PROFILE
from adapters.matrix.files import HIDDEN, posted_in
from adapters.matrix.read import KEY
from bot.clock import SystemClock
from bot.delivery.files import Files
from bot.errors import NotCarried, PlatformFailed, StoreFailed, TryLater
from bot.files import PATIENCE
from bot.model.carried import Spoken
from bot.model.files import Posted
from bot.model.people import Place
from bot.rich import Words
from tests.adapters.matrix.carried import AT, Carried, a_copy, carrying_on
from tests.adapters.matrix.sealer import Sealer
from tests.doubles.proxy import Proxy
from tests.homeserver import Homeserver, Person
from tests.posted import Elsewhere, picture
from tests.town import numbers

Json = dict[str, Any]


@pytest.fixture(scope="module")
async def carried(homeserver: Homeserver, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Carried]:
    folder = tmp_path_factory.mktemp("files")
    async with Proxy(homeserver.url) as proxy, carrying_on(homeserver, proxy, folder) as carried:
        yield carried


@pytest.fixture
def elsewhere(carried: Carried) -> Elsewhere:
    files = Elsewhere()
    replaced: Any = carried.core
    replaced.fetch = files.fetch
    return files


async def somebody(homeserver: Homeserver, name: str) -> Person:
    return await homeserver.person(f"{name}{next(numbers)}")


async def content(person: Person, room: str, event_id: str) -> Json:
    """What stands there, as it was changed last."""
    event = await person.request("GET", f"rooms/{quote(room)}/event/{quote(event_id)}")
    edit = event.get("unsigned", {}).get("m.relations", {}).get("m.replace")
    found: Json = edit["content"]["m.new_content"] if edit else event["content"]
    return found


async def fetched(carried: Carried, posted: Posted) -> bytes:
    pieces: list[bytes] = []
    await carried.adapter.fetch(Place("matrix", "!room:x"), posted, pieces.append)
    return b"".join(pieces)


# --- out of a room ---


async def test_files_are_brought_with_the_words_beneath_them(
    carried: Carried, homeserver: Homeserver
) -> None:
    anna = await somebody(homeserver, "anna")
    room, photo = await carried.room(anna), picture()
    mxc = await anna.upload(photo, "image/png")
    info = {"size": len(photo), "mimetype": "image/png"}
    image = {"msgtype": "m.image", "body": "foto.png", "url": mxc, "info": info}
    reply = {"m.relates_to": {"m.in_reply_to": {"event_id": await anna.say(room, "toon eens")}}}
    bare = await anna.send(room, "m.room.message", {**image, **reply})
    captioned = await anna.send(
        room, "m.room.message", {**image, "body": "Kijk!", "filename": "foto.png", HIDDEN: True}
    )
    sticker = await anna.send(room, "m.sticker", {"body": "zwaai", "url": mxc, "info": info})
    voice = {**image, "msgtype": "m.audio", "org.matrix.msc3245.voice": {}, "body": "stem.ogg"}
    spoken = await anna.send(room, "m.room.message", voice)
    heard = await carried.hears(bare)
    assert (heard.rich, heard.words, heard.reply_to) == (
        (),
        "",
        reply["m.relates_to"]["m.in_reply_to"]["event_id"],
    )
    assert heard.files == (Posted(mxc, "foto.png", len(photo), "image/png"),)
    assert await fetched(carried, heard.files[0]) == photo
    heard = await carried.hears(captioned)
    assert (heard.rich, heard.words) == ((Words("Kijk!"),), "Kijk!")
    assert heard.files == (Posted(mxc, "foto.png", len(photo), "image/png", hidden=True),)
    heard = await carried.hears(sticker)
    assert (heard.rich, [file.name for file in heard.files]) == ((), ["zwaai"])
    assert [file.name for file in (await carried.hears(spoken)).files] == ["stem.ogg"]


async def test_words_beneath_a_file_change_and_the_file_stays(
    carried: Carried, homeserver: Homeserver
) -> None:
    anna = await somebody(homeserver, "anna")
    room = await carried.room(anna)
    mxc = await anna.upload(b"a")
    file = {"msgtype": "m.file", "body": "een", "filename": "a.txt", "url": mxc}
    said = await anna.send(room, "m.room.message", file)
    new = {**file, "body": "twee"}
    relation = {"m.relates_to": {"rel_type": "m.replace", "event_id": said}}
    edit = await anna.send(
        room, "m.room.message", {**file, "body": "* twee", "m.new_content": new, **relation}
    )
    changed = await carried.hears(edit)
    assert (changed.changes, changed.rich) == (said, (Words("twee"),))
    assert [posted.source for posted in changed.files] == [mxc]


async def test_a_sealed_file_is_opened_and_one_that_was_changed_is_not(
    carried: Carried, homeserver: Homeserver, tmp_path: Path
) -> None:
    anna = await somebody(homeserver, "anna")
    room = await carried.room(anna, encrypted=True)
    photo = picture() * 5_000
    sealed, keys = nio.crypto.encrypt_attachment(photo)
    mxc, other = await anna.upload(sealed), await anna.upload(sealed[:-1] + bytes([sealed[-1] ^ 1]))
    sealer = await Sealer.of(homeserver, anna, tmp_path)
    image = {"msgtype": "m.image", "body": "foto.png", "file": {"url": mxc, **keys}}
    event = await sealer.seal(room, {"type": "m.room.message", "content": image})
    heard = await carried.hears(event)
    assert heard.encrypted
    assert await fetched(carried, heard.files[0]) == photo
    [changed] = posted_in({**image, "file": {"url": other, **keys}})
    with pytest.raises(NotCarried):
        await fetched(carried, changed)
    for spoiled in ({"iv": "?"}, {"iv": "é"}, {"key": {"k": "AA"}}, {"hashes": {"sha256": "x"}}):
        [posted] = posted_in({**image, "file": {"url": mxc, **keys, **spoiled}})
        with pytest.raises(NotCarried):
            await fetched(carried, posted)
    await sealer.close()


async def test_what_is_gone_or_elsewhere_is_not_to_be_had(
    carried: Carried, homeserver: Homeserver, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = await somebody(homeserver, "anna")
    mxc = await anna.upload(b"a")
    server = mxc.removeprefix("mxc://").partition("/")[0]
    for source in (f"mxc://{server}/weg", "https://elders.example/a", "mxc://a/../../x", "mxc://a/b?c", ""):
        with pytest.raises(NotCarried):
            await fetched(carried, Posted(source, "a"))
    part = "GET /_matrix/client/v1/media/download"
    carried.proxy.answer(part, 502, "bad gateway", times=1)
    with pytest.raises(ConnectionError):
        await fetched(carried, Posted(mxc, "a"))
    carried.proxy.answer(part, 429, "{}", times=1)
    with pytest.raises(TryLater):
        await fetched(carried, Posted(mxc, "a"))
    carried.proxy.hang_up(part)
    with pytest.raises(ConnectionError):
        await fetched(carried, Posted(mxc, "a"))
    carried.proxy.mend()
    monkeypatch.setattr(posting, "PATIENCE", aiohttp.ClientTimeout(total=None, sock_read=0.05))
    carried.proxy.hang(part, times=1)
    with pytest.raises(ConnectionError):
        await fetched(carried, Posted(mxc, "a"))
    carried.proxy.mend()


@pytest.mark.parametrize(
    "spoiled",
    [
        {"url": "https://elders.example/a"},
        {"url": "mxc://x"},
        {"url": 1},
        {"url": None},
        {"msgtype": "m.location"},
        {"file": {"url": "mxc://x/y"}},
        {"file": {"url": "mxc://x/y", "key": {"k": 1}, "iv": "", "hashes": {"sha256": ""}}},
    ],
)
def test_what_leads_to_no_file_is_none(spoiled: Json) -> None:
    assert posted_in({"msgtype": "m.image", "body": "a", "url": "mxc://x/y", **spoiled}) == ()


@pytest.mark.parametrize("size", [-1, True, "7", 1e9, 1 << 60, None])
def test_what_a_size_is_said_to_be_is_believed_only_where_it_can_be(size: object) -> None:
    [posted] = posted_in({"msgtype": "m.file", "body": "a", "url": "mxc://x/y", "info": {"size": size}})
    assert posted.size is None


# --- into a room ---


async def test_a_picture_stands_there_with_its_words(
    carried: Carried, homeserver: Homeserver, elsewhere: Elsewhere
) -> None:
    anna = await somebody(homeserver, "anna")
    room, photo = await carried.room(anna), picture(width=40, height=30)
    files = (elsewhere.post("foto.png", photo), elsewhere.post("b.txt", b"<html>", about="een tekst"))
    answered = await anna.say(room, "toon eens")
    stands = await carried.carry(a_copy(room, "Kijk!", files=files, answers=answered))
    first, second = [await content(anna, room, event) for event in stands]
    assert (first["msgtype"], first["filename"], first["body"]) == ("m.image", "foto.png", "Mia: Kijk!")
    assert first["info"] == {"mimetype": "image/png", "size": len(photo), "w": 40, "h": 30}
    assert first[PROFILE]["displayname"] == "Mia"
    assert first["m.relates_to"] == {"m.in_reply_to": {"event_id": answered}}
    assert await anna.download(first["url"]) == (photo, "image/png")
    assert (second["msgtype"], second["filename"], second["body"]) == ("m.file", "b.txt", "Mia: een tekst")
    assert await anna.download(second["url"]) == (b"<html>", "application/octet-stream")
    assert first["m.mentions"] == second["m.mentions"] == {}


async def test_what_is_hidden_stays_so_in_any_client(
    carried: Carried, homeserver: Homeserver, elsewhere: Elsewhere
) -> None:
    anna = await somebody(homeserver, "anna")
    room = await carried.room(anna)
    hidden = elsewhere.post("einde.png", picture(), hidden=True)
    (event,) = await carried.carry(a_copy(room, (), files=(hidden,)))
    said = await content(anna, room, event)
    # Where a client knows nothing of what is hidden it shows a file, and no picture.
    assert (said["msgtype"], said[HIDDEN], said["body"]) == ("m.file", True, "Mia: einde.png")


async def test_words_and_files_change_and_go(
    carried: Carried, homeserver: Homeserver, elsewhere: Elsewhere
) -> None:
    anna = await somebody(homeserver, "anna")
    room = await carried.room(anna)
    a, b, c = (elsewhere.post(f"{name}.txt", name.encode()) for name in "abc")
    stands = await carried.carry(a_copy(room, "een", files=(a, b)))
    urls = [(await content(anna, room, event))["url"] for event in stands]
    before = len(await anna.history(room))
    elsewhere.asked.clear()
    stands = await carried.carry(a_copy(room, "twee", "2", files=(a, b), stands=stands))
    said = [await content(anna, room, event) for event in stands]
    assert [each["url"] for each in said] == urls
    assert [each["body"] for each in said] == ["Mia: twee", "Mia: b.txt"]
    # Only what changed was said, and nothing was fetched anew.
    assert (len(await anna.history(room)), elsewhere.asked) == (before + 1, [])
    stands = await carried.carry(a_copy(room, "twee", "3", files=(c,), stands=stands))
    now = await content(anna, room, stands[0])
    assert (now["filename"], now["body"]) == ("c.txt", "Mia: twee")
    assert stands[1] == ""
    stands = await carried.carry(a_copy(room, "twee", "4", stands=stands[:1]))
    assert (await content(anna, room, stands[0]))["msgtype"] == "m.text"
    await carried.carry(a_copy(room, None, "5", stands=stands))
    left = [event for event in await anna.history(room) if event["sender"] == carried.plein]
    assert not [event for event in left if event["type"] == "m.room.message" and event["content"]]


async def test_into_an_encrypted_room_it_goes_sealed(
    carried: Carried, homeserver: Homeserver, elsewhere: Elsewhere, tmp_path: Path
) -> None:
    anna = await somebody(homeserver, "anna")
    room = await carried.room(anna, encrypted=True)
    sealer = await Sealer.of(homeserver, anna, tmp_path)
    await sealer.client.sync(timeout=0, full_state=True)
    photo = picture() * 3_000
    await carried.until(lambda: Place("matrix", room) in carried.encrypted)
    (event,) = await carried.carry(a_copy(room, "Kijk!", files=(elsewhere.post("foto.png", photo),)))
    await sealer.client.sync(timeout=0)
    found = (await sealer.client.room_get_event(room, event)).event
    said = found.source["content"]
    file = said["file"]
    sealed, kind = await anna.download(file["url"])
    assert (kind, sealed == photo, "url" in said) == ("application/octet-stream", False, False)
    opened = nio.crypto.decrypt_attachment(sealed, file["key"]["k"], file["hashes"]["sha256"], file["iv"])
    assert opened == photo
    await sealer.close()


async def test_what_cannot_come_along_is_told_of_by_its_name(
    carried: Carried, homeserver: Homeserver, elsewhere: Elsewhere
) -> None:
    anna = await somebody(homeserver, "anna")
    room = await carried.room(anna)
    carried.adapter._outgoing.uploads._most = None
    large = elsewhere.post("film.mp4", b"", size=99_000_000)
    gone, drawn = Posted("nergens", "weg.txt", hidden=True), Posted("", "dans")
    stands = await carried.carry(a_copy(room, "Kijk", files=(large, gone, drawn)))
    bodies = [(await content(anna, room, event))["body"] for event in stands]
    assert bodies == ["Mia: Kijk\n📎 film.mp4 (99 MB)", "Mia: [Spoiler]", "Mia: 📎 dans"]
    assert carried.why
    assert carried.why.key == "carried.files"
    # A proxy before the homeserver may take less.
    carried.proxy.answer("POST upload", 413, "<html>", times=1)
    (event,) = await carried.carry(a_copy(room, (), files=(elsewhere.post("a.bin", b"a" * 9_000),)))
    assert (await content(anna, room, event))["body"] == "Mia: 📎 a.bin (9 kB)"
    assert carried.why.key == "carried.file.refused"
    carried.proxy.mend()


@pytest.mark.parametrize("lost", ["upload", "send"])
async def test_whatever_becomes_of_the_answer_a_file_stands_there_once(
    carried: Carried, homeserver: Homeserver, elsewhere: Elsewhere, lost: str
) -> None:
    anna = await somebody(homeserver, "anna")
    room = await carried.room(anna)
    files = (elsewhere.post("a.txt", b"a"), elsewhere.post("b.txt", b"b"))
    copy, stands = a_copy(room, "Kijk", files=files), dict[int, str]()
    part = "POST upload" if lost == "upload" else "PUT send"
    for answer in ("after", "502"):
        if answer == "after":
            carried.proxy.lose_answer(part, times=1)
        else:
            carried.proxy.answer(part, 502, "bad gateway", times=1)
        for _ in range(20):
            try:
                await carried.carry(copy, stands)
                break
            except (OSError, TryLater, PlatformFailed):
                await asyncio.sleep(0)
        carried.proxy.mend()
    events = [event for event in await anna.history(room) if KEY in event["content"]]
    assert [event["content"]["filename"] for event in events] == ["a.txt", "b.txt"]


async def test_a_file_that_the_homeserver_fails_at_holds_up_no_words_for_long(
    carried: Carried, homeserver: Homeserver, elsewhere: Elsewhere
) -> None:
    anna = await somebody(homeserver, "anna")
    room = await carried.room(anna)
    copy = a_copy(room, "Kijk", files=(elsewhere.post("a.txt", b"a"),))
    carried.proxy.answer("POST upload", 502, "bad gateway")
    with pytest.raises((PlatformFailed, ConnectionError)):
        await carried.carry(copy)
    long_ago = SystemClock().now() - PATIENCE
    (event,) = await carried.carry(replace(copy, tried_at=long_ago, in_doubt=True))
    assert (await content(anna, room, event))["body"] == "Mia: Kijk\n📎 a.txt (1 kB)"
    carried.proxy.mend()


async def test_killed_before_it_is_noted_it_stands_there_once(
    carried: Carried, homeserver: Homeserver, elsewhere: Elsewhere
) -> None:
    anna = await somebody(homeserver, "anna")
    room = await carried.room(anna)
    copy = a_copy(room, "Kijk", files=(elsewhere.post("a.txt", b"a"), elsewhere.post("b.txt", b"b")))

    async def killed(part: int, ref: str) -> None:
        raise StoreFailed

    with pytest.raises(StoreFailed):
        await carried.adapter.carry(copy, killed)
    await carried.carry(replace(copy, in_doubt=True))
    events = [event for event in await anna.history(room) if KEY in event["content"]]
    assert [event["content"]["filename"] for event in events] == ["a.txt", "b.txt"]


async def test_what_is_nobodys_any_more_keeps_its_file(
    carried: Carried, homeserver: Homeserver, elsewhere: Elsewhere
) -> None:
    anna = await somebody(homeserver, "anna")
    room = await carried.room(anna)
    copy = a_copy(room, "Kijk", files=(elsewhere.post("a.txt", b"a"),))
    stands = await carried.carry(copy)
    before = await content(anna, room, stands[0])
    await carried.carry(replace(copy, edition="2", spoken=Spoken("", (), AT), stands=stands))
    after = await content(anna, room, stands[0])
    assert (after["body"], after["url"]) == ("Iemand: Kijk", before["url"])


async def test_a_forward_is_told_to_be_one(
    carried: Carried, homeserver: Homeserver, elsewhere: Elsewhere
) -> None:
    anna = await somebody(homeserver, "anna")
    room = await carried.room(anna)
    (event,) = await carried.carry(a_copy(room, "Lees", forwarded=True))
    assert (await content(anna, room, event))["body"] == "Mia: (doorgestuurd) Lees"


def test_a_sealed_files_source_is_text_that_is_kept() -> None:
    keys = {"key": {"k": "a"}, "iv": "b", "hashes": {"sha256": "c"}}
    [posted] = posted_in({"msgtype": "m.file", "body": "a", "file": {"url": "mxc://x/y", **keys}})
    assert json.loads(posted.source) == ["mxc://x/y", "a", "b", "c"]


async def test_a_homeserver_that_asks_for_patience_gets_it(
    carried: Carried, homeserver: Homeserver, elsewhere: Elsewhere
) -> None:
    """The last of these tests: from then on it is asked for one thing at a time."""
    anna = await somebody(homeserver, "anna")
    room = await carried.room(anna)
    busy = '{"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 60000}'
    carried.proxy.answer("POST upload", 429, busy, times=1)
    with pytest.raises(TryLater) as waits:
        await carried.carry(a_copy(room, "Kijk", files=(elsewhere.post("a.txt", b"a"),)))
    assert waits.value.seconds == 60
    assert not [event for event in await anna.history(room) if KEY in event["content"]]


@pytest.mark.long
async def test_a_large_file_is_never_whole_in_memory(
    homeserver: Homeserver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Out of an encrypted room and into one, and from and into one that is not."""
    anna, large = await somebody(homeserver, "anna"), os.urandom(40_000_000)
    sealed, keys = nio.crypto.encrypt_attachment(large)
    plain, hidden = await anna.upload(large), {"url": await anna.upload(sealed), **keys}
    file = {"msgtype": "m.file", "body": "groot.bin"}
    del sealed
    straight: Any = SimpleNamespace(url=homeserver.url)
    async with carrying_on(homeserver, straight, tmp_path) as carried:

        async def keeper(*_: Any) -> Any:
            return Place("matrix", "!elders:x"), carried.adapter

        monkeypatch.setattr(Files, "_keeper", keeper)
        for encrypted, content_of_it in ((False, {"url": plain}), (True, {"file": hidden})):
            room = await carried.room(anna, encrypted=encrypted)
            [posted] = posted_in({**file, **content_of_it, "info": {"size": len(large)}})
            tracemalloc.start()
            stands = await carried.carry(a_copy(room, "Kijk", files=(posted,)))
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            assert (len(stands), carried.why) == (1, None)
            assert peak < 8_000_000
            if not encrypted:
                said = await content(anna, room, stands[0])
                assert (await anna.download(said["url"]))[0] == large
