"""What people say in a room that is carried on, and what was said elsewhere, shown there in their name.

On the homeserver, seen by other clients than Plein's.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from adapters.matrix.carrying import PROFILE
from adapters.matrix.read import KEY
from bot.errors import PlatformFailed, Refused, StoreFailed, TryLater, UserError
from bot.model.carried import Copy, Spoken
from bot.model.message import Text, text
from bot.model.people import FIRST_COMMUNITY, Place
from bot.rich import CodeBlock, Mention, Named, Style, Styled, Words
from tests.adapters.matrix.carried import AT, Carried, a_copy, carrying_on
from tests.adapters.matrix.sealer import Sealer
from tests.chat import BRUSSELS
from tests.doubles.proxy import Proxy
from tests.homeserver import Homeserver, Person, shown
from tests.town import numbers

Json = dict[str, Any]
BUSY = '{"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 60000}'


@pytest.fixture(scope="module")
async def carried(homeserver: Homeserver, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Carried]:
    folder = tmp_path_factory.mktemp("carried")
    async with Proxy(homeserver.url) as proxy, carrying_on(homeserver, proxy, folder) as carried:
        yield carried


async def somebody(homeserver: Homeserver, name: str) -> Person:
    return await homeserver.person(f"{name}{next(numbers)}")


async def event(person: Person, room: str, event_id: str) -> Json:
    return await person.request("GET", f"rooms/{quote(room)}/event/{quote(event_id)}")


def edit_of(event_id: str, words: str, kind: str = "m.text") -> Json:
    new = {"msgtype": kind, "body": words}
    relation = {"rel_type": "m.replace", "event_id": event_id}
    return {**new, "body": f"* {words}", "m.new_content": new, "m.relates_to": relation}


# --- in ---


async def test_what_people_say_is_brought_as_it_is_laid_out(carried: Carried, homeserver: Homeserver) -> None:
    anna, ben = await somebody(homeserver, "anna"), await somebody(homeserver, "ben")
    room = await carried.room(anna, ben)
    pill = f'<a href="https://matrix.to/#/{ben.user_id}">wie dan ook</a>'
    first = await anna.say(room, "dag ben")
    html = {"format": "org.matrix.custom.html", "formatted_body": f"<strong>dag</strong> {pill}"}
    reply = {"m.relates_to": {"m.in_reply_to": {"event_id": first}}}
    second = await anna.say(room, "**dag** ben", **html, **reply)
    emote = await ben.send(room, "m.room.message", {"msgtype": "m.emote", "body": "lacht"})
    # A number that answers a person is no vote.
    third = await ben.say(room, "2", **reply)
    assert (await carried.hears(first)).rich == (Words("dag ben"),)
    said = await carried.hears(second)
    assert said.rich == (Styled(Style.BOLD, (Words("dag"),)), Words(" "), Mention(Named.PERSON, ben.name))
    assert (said.reply_to, said.changes, said.name) == (first, None, anna.name)
    assert (await carried.hears(emote)).rich == (Styled(Style.ITALIC, (Words("lacht"),)),)
    assert (await carried.hears(third)).reply_to == first


async def test_what_is_for_plein_or_no_persons_is_not_brought(
    carried: Carried, homeserver: Homeserver
) -> None:
    anna, ghost = await somebody(homeserver, "anna"), await somebody(homeserver, "discord_")
    room = await carried.room(anna, ghost)
    mine = [
        await anna.say(room, "!help"),
        await anna.send(room, "m.room.message", {"msgtype": "m.notice", "body": "een bot"}),
        await ghost.say(room, "van over de brug"),
        await anna.say(room, "een bot", **{KEY: "copy:1:1:1:0"}),
    ]
    mine.append(await anna.edit(room, mine[0], "geen bevel meer"))
    last = await anna.say(room, "klaar")
    await carried.hears(last)
    assert not [each for each in carried.heard if each.ref in mine]


async def test_an_edit_is_of_what_is_ones_own(carried: Carried, homeserver: Homeserver) -> None:
    anna, ben = await somebody(homeserver, "anna"), await somebody(homeserver, "ben")
    room = await carried.room(anna, ben)
    said = await anna.say(room, "om acht uur")
    edit = await anna.edit(room, said, "om negen uur")
    changed = await carried.hears(edit)
    assert (changed.changes, changed.rich, changed.id) == (said, (Words("om negen uur"),), f"matrix:{edit}")
    theirs = [
        await ben.edit(room, said, "nooit"),
        await anna.edit(room, edit, "van een wijziging"),
    ]
    await carried.hears(await ben.say(room, "zo"))
    await carried.hears(await anna.send(room, "m.room.message", edit_of(said, "komt", "m.emote")))
    assert not [each for each in carried.heard if each.ref in theirs]


async def test_what_is_taken_away_is_brought_also_a_copy_of_pleins(
    carried: Carried, homeserver: Homeserver
) -> None:
    anna = await somebody(homeserver, "anna")
    room = await carried.room(anna)
    said = await anna.say(room, "oei")
    (copy,) = await carried.carry(a_copy(room, "van elders"))
    (own,) = await carried.carry(a_copy(room, "van elders", "2"))
    await carried.carry(a_copy(room, None, stands=(own,)))
    for each in (copy, said):
        await anna.redact(room, each)
    await carried.until(lambda: said in carried.gone)
    assert copy in carried.gone
    assert own not in carried.gone


async def test_whoever_answers_a_copy_answers_who_said_it(
    carried: Carried, homeserver: Homeserver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "adapters.inbox")
    anna = await somebody(homeserver, "anna")
    room = await carried.room(anna)
    (copy,) = await carried.carry(a_copy(room, "hoeveel?"))
    carried.copies.add(copy)
    reply = {"m.relates_to": {"m.in_reply_to": {"event_id": copy}}}
    mentions = {"m.mentions": {"user_ids": [carried.plein]}}
    # A number, also as a reaction, which holds up nothing; and what begins as if Plein were called.
    await anna.react(room, copy, "1️⃣")
    for words in ("2", f"{carried.plein[1:].partition(':')[0]} is groot"):
        heard = await carried.hears(await anna.say(room, words, **reply, **mentions))
        assert (heard.reply_to, heard.rich) == (copy, (Words(words),))
    assert "waits" not in caplog.text


async def test_where_nothing_is_carried_nothing_enters_the_inbox(
    carried: Carried, homeserver: Homeserver
) -> None:
    anna = await somebody(homeserver, "anna")
    room, other = await carried.room(anna, carried=False), await carried.room(anna)
    said = await anna.say(room, "onder ons")
    kept = [
        said,
        await anna.edit(room, said, "nog steeds"),
        await anna.send(room, "m.room.message", {"msgtype": "m.emote", "body": "zwijgt"}),
    ]
    await carried.hears(await anna.say(other, "klaar"))
    # Of one room later than of the other it may come.
    await anna.say(room, "!help")
    await carried.until(lambda: [each for each in carried.stored if "!help" in each.body])
    assert not [each.body for each in carried.stored if each.id in kept]


# --- out ---


async def test_words_stand_in_the_name_of_who_said_them(carried: Carried, homeserver: Homeserver) -> None:
    anna = await somebody(homeserver, "anna")
    room = await carried.room(anna)
    said = await anna.say(room, "wie komt?")
    rich = (Styled(Style.BOLD, (Words("ik"),)), Words(f" <b> @room {anna.name} {anna.user_id}"))
    now = datetime.now(BRUSSELS)
    copy = a_copy(room, rich, name="Mi\u202ea\n@room", answers=said, late=True, at=now)
    (stands,) = await carried.carry(copy)
    assert await carried.carry(copy) == (stands,)
    assert [each.event_id for each in shown(await anna.history(room))] == [said, stands]
    content = (await event(anna, room, stands))["content"]
    words = f"om {now:%H:%M} ik <b> @room {anna.name} {anna.user_id}"
    assert content["body"] == f"Mia @room: {words}"
    assert content["formatted_body"] == (
        f"<strong data-mx-profile-fallback>Mia @room: </strong>om {now:%H:%M} <strong>ik</strong>"
        f" &lt;b&gt; @room {anna.name} {anna.user_id}"
    )
    profile = content[PROFILE]
    assert (profile["displayname"], profile["has_fallback"]) == ("Mia @room", True)
    assert (content["msgtype"], content["m.mentions"]) == ("m.text", {})
    assert content["m.relates_to"] == {"m.in_reply_to": {"event_id": said}}
    await carried.carry(a_copy(room, f"@room {anna.name}", "2", message=copy.message, stands=(stands,)))
    await anna.wait_for(room, lambda each: "m.new_content" in each["content"])
    answer = await anna.request("GET", "sync", params={"timeout": "0"})
    assert answer["rooms"]["join"][room]["unread_notifications"]["highlight_count"] == 0


async def test_of_another_day_readers_are_told_the_date(carried: Carried, homeserver: Homeserver) -> None:
    anna = await somebody(homeserver, "anna")
    room, at = await carried.room(anna), datetime(2020, 11, 28, 13, 5, tzinfo=UTC)
    (stands,) = await carried.carry(a_copy(room, "dag", late=True, at=at))
    body = (await event(anna, room, stands))["content"]["body"]
    assert body == "Mia: op zaterdag 28 november 2020 om 14.05 uur: dag"


async def test_through_lost_answers_nothing_stands_twice(carried: Carried, homeserver: Homeserver) -> None:
    anna = await somebody(homeserver, "anna")
    room, stands = await carried.room(anna), dict[int, str]()
    copy = a_copy(room, "woord " * 20_000)

    async def fails(copy: Copy, part: str) -> Copy:
        """What is to be tried next, after an answer that was lost."""
        # That a connection broke the client tries once more by itself.
        carried.proxy.lose_answer(part)
        with pytest.raises((OSError, PlatformFailed)):
            await carried.carry(copy, stands)
        carried.proxy.mend()
        noted = tuple(stands[part] for part in sorted(stands))
        return replace(copy, stands=noted, in_doubt=True, attempts=copy.attempts + 1)

    async def is_cut_off(part: int, ref: str) -> None:
        stands[part] = ref
        raise StoreFailed

    copy = await fails(copy, f"PUT {room[1:]}/send/")
    assert not stands
    with pytest.raises(StoreFailed):
        await carried.adapter.carry(copy, is_cut_off)
    copy = replace(copy, stands=(stands[0],))
    whole = await carried.carry(copy, stands)
    assert len(whole) > 1
    said = shown(await anna.history(room))
    assert [each.event_id for each in said] == list(whole)
    assert not any(each.edits for each in said)
    gone = a_copy(room, None, "2", message=copy.message, stands=whole)
    gone = await fails(gone, "PUT /redact/")
    assert set(await carried.carry(gone, stands)) == {""}
    assert shown(await anna.history(room)) == []


async def test_what_was_tried_long_ago_is_looked_for_in_the_room(
    carried: Carried, homeserver: Homeserver
) -> None:
    """A homeserver may have forgotten by then under which id it was sent; of another login it never knew."""
    anna = await somebody(homeserver, "anna")
    room = await carried.room(anna)
    copy = a_copy(room, "lang geleden", in_doubt=True, attempts=1)
    copy = replace(copy, tried_at=carried.core.clock.now() - timedelta(hours=21))
    plein = await homeserver.person(carried.plein[1:].partition(":")[0])
    sent = await plein.say(room, "Mia: lang geleden", **{KEY: f"{copy.key}:0"})
    await carried.hears(await anna.say(room, "dat staat er"))
    assert await carried.carry(copy) == (sent,)


async def test_what_arrived_while_it_was_not_wanted_any_more_is_found_and_goes(
    carried: Carried, homeserver: Homeserver
) -> None:
    anna = await somebody(homeserver, "anna")
    room = await carried.room(anna)
    copy = a_copy(room, "woord " * 20_000)
    sent = await carried.carry(copy)
    assert len(sent) > 1
    await carried.hears(await anna.say(room, "dat staat er"))
    gone = replace(copy, spoken=None, stands=sent[:1], in_doubt=True, tried_at=carried.core.clock.now())
    await carried.carry(gone)
    assert [each.body for each in shown(await anna.history(room))] == ["dat staat er"]


async def test_an_edit_is_shown_in_its_place_and_goes_with_it(
    carried: Carried, homeserver: Homeserver
) -> None:
    anna = await somebody(homeserver, "anna")
    room = await carried.room(anna)
    copy = a_copy(room, "een", attempts=1)
    stands = await carried.carry(copy)
    # Of what was noted and not known to be done no edit says the same.
    again = a_copy(room, "een", message=copy.message, stands=stands, in_doubt=True, attempts=1)
    assert await carried.carry(again) == stands
    for edition, words in (("2", "twee"), ("3", "drie"), ("3", "drie")):
        edit = a_copy(room, words, edition, message=copy.message, stands=stands, answers=copy.key)
        assert await carried.carry(edit) == stands
    events = [each for each in await anna.history(room) if each["sender"] == carried.plein]
    said = [each for each in events if each["type"] == "m.room.message"]
    (shows,) = shown(said)
    assert (shows.body, shows.edits) == ("Mia: drie", 2)
    bundled = (await event(anna, room, stands[0]))["unsigned"]["m.relations"]["m.replace"]
    content = bundled["content"]
    assert content["m.new_content"]["body"] == "Mia: drie"
    assert (content["m.mentions"], content["m.new_content"]["m.mentions"]) == ({}, {})
    assert content["m.new_content"][PROFILE]["displayname"] == "Mia"
    assert "m.relates_to" not in content["m.new_content"]
    gone = a_copy(room, None, "4", message=copy.message, stands=stands)
    assert await carried.carry(gone) == ("",)
    assert [(await event(anna, room, each["event_id"]))["content"] for each in said] == [{}, {}, {}]
    assert await carried.carry(a_copy(room, None, stands=("$nooit",))) == ("",)


async def test_what_fits_in_no_event_stands_in_several(carried: Carried, homeserver: Homeserver) -> None:
    anna = await somebody(homeserver, "anna")
    room = await carried.room(anna)
    long = (Words("é\n" * 6_000), CodeBlock("x = 1\n" * 4_000))
    copy = a_copy(room, long)
    stands = await carried.carry(copy)
    assert len(stands) > 1
    bodies = "".join(each.body for each in shown(await anna.history(room)))
    assert (bodies.count("é"), bodies.count("x = 1")) == (6_000, 4_000)
    short = a_copy(room, "kort", "2", message=copy.message, stands=stands)
    assert await carried.carry(short) == (stands[0], *([""] * (len(stands) - 1)))
    assert [each.body for each in shown(await anna.history(room))] == ["Mia: kort"]


async def test_what_a_person_said_is_taken_away_with_its_edits(
    carried: Carried, homeserver: Homeserver
) -> None:
    anna, ben = await somebody(homeserver, "anna"), await somebody(homeserver, "ben")
    room = await carried.room(anna, ben)
    said = await anna.say(room, "lelijk")
    theirs = [said, await anna.edit(room, said, "lelijker")]
    other = await ben.edit(room, said, "van niemand")
    place = Place("matrix", room)

    async def lacks() -> list[Text]:
        found = await carried.adapter.inspect(FIRST_COMMUNITY)
        return [each.line.values["what"] for each in found if each.place == place]

    assert await lacks() == [text("matrix.lacks.carried")]
    with pytest.raises(Refused):
        await carried.adapter.retract(place, (said,), "k")
    levels = await anna.state(room, "m.room.power_levels") or {}
    await anna.send_state(
        room, "m.room.power_levels", {**levels, "users": {**levels["users"], carried.plein: 50}}
    )
    await carried.adapter.retract(place, (said,), "k")
    assert [(await event(ben, room, each))["content"] for each in theirs] == [{}, {}]
    assert (await event(ben, room, other))["content"]


async def test_in_an_encrypted_room_both_ways(
    carried: Carried, homeserver: Homeserver, tmp_path: Path
) -> None:
    anna = await somebody(homeserver, "anna")
    room = await carried.room(anna, encrypted=True)
    sealer = await Sealer.of(homeserver, anna, tmp_path)
    said = await sealer.seal(room, {"type": "m.room.message", "content": {"msgtype": "m.text", "body": "a"}})
    assert (await carried.hears(said)).rich == (Words("a"),)
    content = edit_of(said, "b")
    relation = {"m.relates_to": content.pop("m.relates_to")}
    edit = await sealer.seal(room, {"type": "m.room.message", "content": content}, relation)
    heard = await carried.hears(edit)
    assert (heard.changes, heard.rich) == (said, (Words("b"),))
    copy = a_copy(room, "geheim", answers=said)
    stands = await carried.carry(copy)
    assert await carried.carry(copy) == stands
    sealed = await event(anna, room, stands[0])
    assert sealed["type"] == "m.room.encrypted"
    assert sealed["content"]["m.relates_to"] == {"m.in_reply_to": {"event_id": said}}
    await carried.carry(a_copy(room, "anders", "2", message=copy.message, stands=stands))
    edits = [each for each in await anna.history(room) if each["sender"] == carried.plein]
    read = await sealer.client.sync(timeout=0)
    bodies = [each.source["content"]["body"] for each in read.rooms.join[room].timeline.events[-2:]]
    assert bodies == ["Mia: geheim", "* Mia: anders"]
    await carried.carry(a_copy(room, None, "3", message=copy.message, stands=stands))
    last = [each["event_id"] for each in edits if each["type"] == "m.room.encrypted"]
    assert [(await event(anna, room, each))["content"] for each in last] == [{}, {}]
    await sealer.close()


async def test_a_room_that_becomes_encrypted_is_told_of_as_is_what_is_said_there(
    carried: Carried, homeserver: Homeserver, tmp_path: Path
) -> None:
    anna = await somebody(homeserver, "anna")
    room = await carried.room(anna)
    open_ = await carried.hears(await anna.say(room, "open"))
    assert not open_.encrypted
    assert Place("matrix", room) not in carried.encrypted
    await anna.send_state(room, "m.room.encryption", {"algorithm": "m.megolm.v1.aes-sha2"})
    await carried.until(lambda: Place("matrix", room) in carried.encrypted)
    sealer = await Sealer.of(homeserver, anna, tmp_path)
    said = await sealer.seal(room, {"type": "m.room.message", "content": {"msgtype": "m.text", "body": "a"}})
    assert (await carried.hears(said)).encrypted
    # Also what somebody's client did not seal there.
    assert (await carried.hears(await anna.say(room, "onverzegeld"))).encrypted
    await sealer.close()


async def test_what_stands_there_can_be_nobodys(
    carried: Carried, homeserver: Homeserver, tmp_path: Path
) -> None:
    anna = await somebody(homeserver, "anna")
    room = await carried.room(anna)
    bold = (Words("een & "), Styled(Style.BOLD, (Words("twee"),)))
    copy = a_copy(room, bold, name="Mia <b>")
    stands = await carried.carry(copy)
    nobodys = replace(copy, spoken=Spoken("", (), AT), edition="3", stands=stands)
    for _ in range(2):
        assert await carried.carry(nobodys) == stands
    (shows,) = shown(await anna.history(room))
    assert shows.body == "Iemand: een & twee"
    content = (await event(anna, room, stands[0]))["unsigned"]["m.relations"]["m.replace"]["content"]
    now = content["m.new_content"]
    assert now["formatted_body"].endswith("een &amp; <strong>twee</strong>")
    assert now[PROFILE]["displayname"] == "Iemand"
    assert "Mia" not in str(content)
    edited = a_copy(room, "drie", "2", message=copy.message, stands=stands)
    await carried.carry(edited)
    await carried.carry(replace(nobodys, edition="4"))
    (shows,) = shown(await anna.history(room))
    assert shows.body == "Iemand: drie"
    # What Plein cannot read any more is taken away.
    secret = await carried.room(anna, encrypted=True)
    sealer = await Sealer.of(homeserver, anna, tmp_path)
    said = await sealer.seal(
        secret, {"type": "m.room.message", "content": {"msgtype": "m.text", "body": "a"}}
    )
    await carried.hears(said)
    sealed = a_copy(secret, "geheim")
    stands = await carried.carry(sealed)
    assert (
        await carried.carry(replace(sealed, spoken=Spoken("", (), AT), edition="2", stands=stands)) == stands
    )
    read = await sealer.client.sync(timeout=0)
    last = read.rooms.join[secret].timeline.events[-1].source["content"]
    assert last["m.new_content"]["body"] == "Iemand: geheim"
    await sealer.close()


async def test_the_topic_says_who_reads_there_where_there_is_one(
    carried: Carried, homeserver: Homeserver
) -> None:
    anna = await somebody(homeserver, "anna")
    room = await carried.room(anna)
    place, topic = Place("matrix", room), "m.room.topic"
    assert not await carried.adapter.describe(place, "brug", ())
    assert await carried.adapter.describe(place, "", ("brug",))
    await anna.send_state(room, topic, {"topic": "Over sport"})
    with pytest.raises(UserError):
        await carried.adapter.describe(place, "brug", ())
    levels = await anna.state(room, "m.room.power_levels") or {}
    await anna.send_state(
        room, "m.room.power_levels", {**levels, "users": {**levels["users"], carried.plein: 50}}
    )
    for _ in range(2):
        assert await carried.adapter.describe(place, "brug", ())
    assert await anna.state(room, topic) == {"topic": "Over sport\nbrug"}
    assert await carried.adapter.describe(place, "nu", ("brug",))
    assert await carried.adapter.describe(place, "", ("brug", "nu"))
    assert await anna.state(room, topic) == {"topic": "Over sport"}
    laid_out = {"topic": "Over sport", "m.topic": {"m.text": [{"mimetype": "text/html", "body": "<b>"}]}}
    await anna.send_state(room, topic, laid_out)
    assert not await carried.adapter.describe(place, "brug", ())
    assert await anna.state(room, topic) == laid_out


async def test_a_homeserver_that_asks_for_patience_gets_it(carried: Carried, homeserver: Homeserver) -> None:
    """The last of these tests: from then on it is asked for one thing at a time."""
    anna = await somebody(homeserver, "anna")
    room = await carried.room(anna)
    (stands,) = await carried.carry(a_copy(room, "dag"))
    carried.proxy.answer("/relations/", 429, BUSY, times=1)
    with pytest.raises(TryLater):
        await carried.carry(a_copy(room, None, "2", stands=(stands,)))
    with pytest.raises(TryLater):
        await carried.carry(a_copy(room, "nog een"))
