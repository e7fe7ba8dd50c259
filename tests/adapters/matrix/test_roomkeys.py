"""Whose each key of an encrypted room is, and that what others send takes nobody's and has a bound."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import nio
import pytest
from nio.crypto import OutboundGroupSession
from nio.store import DefaultStore

from adapters.matrix.crypto import PleinClient
from adapters.matrix.roomkeys import LOOKED_AT, MOST_ELSEWHERE, MOST_HERE
from tests.adapters.matrix.bench import Bench, Json, Kind, Pair, either


def pass_on(bot: Any, sender: Any, sessions: Iterable[OutboundGroupSession], room: str) -> None:
    """What the bot does with the keys of these sessions where somebody sent them as their own."""
    keys = sender.olm.account.identity_keys
    for session in sessions:
        content = {"algorithm": "m.megolm.v1.aes-sha2", "room_id": room}
        content |= {"session_id": session.id, "session_key": session.session_key}
        payload = {"type": "m.room_key", "content": content, "keys": {"ed25519": keys["ed25519"]}}
        payload |= {"sender": sender.user_id, "sender_device": sender.device_id}
        bot.olm._handle_room_key_event(sender.user_id, keys["curve25519"], payload)


def send_room_keys(pair: Pair, count: int, room: str, *, sender: Any = None) -> list[str]:
    """So many new ones: their sessions, the oldest first."""
    sessions = [OutboundGroupSession() for _ in range(count)]
    pass_on(pair.bot, sender or pair.peer, sessions, room)
    return [session.id for session in sessions]


def sealed(session: OutboundGroupSession, sender: Any, room: str, body: str) -> Json:
    """What a message looks like that somebody sealed."""
    session.mark_as_shared()
    said = {"type": "m.room.message", "content": {"msgtype": "m.text", "body": body}, "room_id": room}
    content = {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": session.encrypt(nio.Api.to_json(said))}
    content |= {"sender_key": sender.olm.account.identity_keys["curve25519"], "session_id": session.id}
    event = {"type": "m.room.encrypted", "event_id": f"${body}", "sender": sender.user_id}
    return event | {
        "origin_server_ts": 1,
        "room_id": room,
        "content": content | {"device_id": sender.device_id},
    }


def opened(bot: Any, event: Json) -> str | None:
    """The words, or that it is nothing. Raises: EncryptionError where its key is not there."""
    found = bot.decrypt_event(nio.Event.parse_event(event))
    return found.body if isinstance(found, nio.RoomMessageText) else None


@either
async def test_what_somebody_copies_is_not_theirs_and_takes_nothing(bench: Bench, kind: Kind) -> None:
    """The copy comes first, as it does where a room is read backwards."""
    pair, mallory = await Pair.on(bench, kind), await bench.client(PleinClient)
    session = OutboundGroupSession()
    pass_on(pair.bot, pair.peer, [session], pair.room)
    said = sealed(session, pair.peer, pair.room, "hoi")
    for bot in (pair.bot, await bench.again(pair.bot)):
        assert opened(bot, said | {"event_id": "$copy", "sender": mallory.user_id}) is None
        assert opened(bot, said) == "hoi"


@either
async def test_a_key_that_another_sent_first_is_kept_beside_theirs(bench: Bench, kind: Kind) -> None:
    pair, mallory = await Pair.on(bench, kind), await bench.client(PleinClient)
    session = OutboundGroupSession()
    for sender in (mallory, pair.peer):
        pass_on(pair.bot, sender, [session], pair.room)
    for number, bot in enumerate((pair.bot, await bench.again(pair.bot), await bench.again(pair.bot))):
        assert opened(bot, sealed(session, pair.peer, pair.room, f"hoi {number}")) == f"hoi {number}"


@either
async def test_a_flood_of_ones_own_keys_takes_nobody_elses(bench: Bench, kind: Kind) -> None:
    """Mallory passes the peer's key on as her own, and then sends so many that hers goes."""
    pair, mallory = await Pair.on(bench, kind), await bench.client(PleinClient)
    session = OutboundGroupSession()
    for sender in (mallory, pair.peer):
        pass_on(pair.bot, sender, [session], pair.room)
    hers = send_room_keys(pair, MOST_ELSEWHERE + LOOKED_AT, "!other:b", sender=mallory)
    await pair.bot.sync()
    for bot in (pair.bot, await bench.again(pair.bot)):
        key = mallory.olm.account.identity_keys["curve25519"]
        assert {kept.id for kept in bot.olm.inbound_group_store if kept.sender_key == key} == {
            *hers[-MOST_ELSEWHERE:]
        }
        assert opened(bot, sealed(session, pair.peer, pair.room, "hoi")) == "hoi"


@either
async def test_one_key_for_any_number_of_rooms_has_a_bound(bench: Bench, kind: Kind) -> None:
    pair, stranger = await Pair.on(bench, kind), await bench.client(PleinClient)
    session = OutboundGroupSession()
    for number in range(MOST_ELSEWHERE + LOOKED_AT):
        pass_on(pair.bot, stranger, [session], f"!{number}:b")
    await pair.bot.sync()
    for bot in (pair.bot, await bench.again(pair.bot)):
        assert len([kept for kept in bot.olm.inbound_group_store if kept.id == session.id]) == MOST_ELSEWHERE
        assert len(bot.olm.inbound_group_store._entries) <= MOST_ELSEWHERE + 1


@pytest.mark.parametrize("noted", [True, False], ids=["noted whose", "before anybody noted whose"])
async def test_keys_that_nio_kept_are_taken_over(bench: Bench, noted: bool) -> None:
    """Where nothing says whose a key is, it opens what was sealed with it as before."""
    pair, mallory = await Pair.on(bench, PleinClient), await bench.client(PleinClient)
    session, key = OutboundGroupSession(), pair.peer.olm.account.identity_keys
    kept = nio.crypto.InboundGroupSession(session.session_key, key["ed25519"], key["curve25519"], pair.room)
    DefaultStore.save_inbound_group_session(pair.bot.store, kept)
    if noted:
        database = pair.bot.store.database
        database.execute_sql(
            "CREATE TABLE plein_room_keys (session_id TEXT PRIMARY KEY, room TEXT, sender TEXT)"
        )
        row = (session.id, pair.room, pair.peer.user_id)
        database.execute_sql("INSERT INTO plein_room_keys VALUES (?, ?, ?)", row)
    said = sealed(session, pair.peer, pair.room, "hoi")
    for bot in (await bench.again(pair.bot), await bench.again(pair.bot)):
        if noted:
            assert opened(bot, said | {"event_id": "$copy", "sender": mallory.user_id}) is None
        assert opened(bot, said) == "hoi"
        assert bot.store.database.execute_sql("SELECT * FROM megolminboundsessions").fetchall() == []


@either
async def test_room_keys_that_anybody_sends_do_not_pile_up(bench: Bench, kind: Kind) -> None:
    """The newest stay, of members most; a few of others, as a key may come before its room does."""
    pair, stranger = await Pair.on(bench, kind), await bench.client(PleinClient)
    first = send_room_keys(pair, 1, "!early:b")
    strays = [key for room in range(30) for key in send_room_keys(pair, 5, f"!{room}:b", sender=stranger)]
    members = send_room_keys(pair, MOST_HERE + 20, pair.room)
    await pair.say("hoi")
    own = {key.id for key in pair.bot.olm.inbound_group_store} - {*first, *strays, *members}
    await pair.bot.sync()
    wanted = {*own, *first, *strays[-MOST_ELSEWHERE:], *members[-MOST_HERE:]}
    assert {key.id for key in pair.bot.olm.inbound_group_store} == wanted
    again = await bench.again(pair.bot)
    assert {key.id for key in again.olm.inbound_group_store} == wanted
    # Whose they are is known after a restart.
    newer = send_room_keys(pair, LOOKED_AT, pair.room)
    await pair.bot.sync()
    kept = {key.id for key in pair.bot.olm.inbound_group_store}
    assert kept == wanted - {*members} | {*members[-(MOST_HERE - LOOKED_AT) :], *newer}
