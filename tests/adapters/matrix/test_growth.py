"""What others can make grow in the store of keys, and in what nio remembers: each part of it has a bound."""

from __future__ import annotations

import secrets
from base64 import b64encode
from datetime import timedelta
from typing import Any

import nio
import pytest
import vodozemac

from adapters.matrix.crypto import PleinClient
from adapters.matrix.peers import MOST_SESSIONS, MOST_STRAY, MOST_UNLISTED
from adapters.matrix.roomkeys import LOOKED_AT
from tests.adapters.matrix.bench import OLM, Bench, Json, Kind, Pair, either, moves_in, to_device
from tests.homeserver import Person


@either
async def test_nothing_grows_by_what_strangers_ask_of_a_device(bench: Bench, kind: Kind) -> None:
    """Plein passes no keys on and compares no pictures with anybody: it keeps and answers none of that."""
    pair = await Pair.on(bench, kind)
    peer = Person(bench.server, "", pair.peer.user_id, pair.peer.access_token, pair.peer.device_id)
    for number in range(20):
        asked = {"requesting_device_id": f"D{number}", "request_id": f"r{number}"}
        await to_device(peer, pair.bot, "m.room_key_request", {**asked, "action": "request_cancellation"})
        what = {"algorithm": "m.megolm.v1.aes-sha2", "room_id": "!a:b", "sender_key": "x", "session_id": "y"}
        await to_device(peer, pair.bot, "m.room_key_request", {**asked, "action": "request", "body": what})
        start = {
            "from_device": pair.peer.device_id,
            "transaction_id": f"t{number}",
            "method": "m.sas.v1",
            "key_agreement_protocols": ["curve25519-hkdf-sha256"],
            "hashes": ["sha256"],
            "message_authentication_codes": ["hkdf-hmac-sha256.v2"],
            "short_authentication_string": ["decimal", "emoji"],
        }
        await to_device(peer, pair.bot, "m.key.verification.start", start)
    await pair.bot.sync()
    olm = pair.bot.olm
    kept = (olm.key_requests_waiting_for_session, olm.received_key_requests, olm.key_request_from_untrusted)
    assert [len(each) for each in (*kept, olm.key_verifications, olm.outgoing_to_device_messages)] == [0] * 5


# --- sessions between two devices ---


async def claimed(bot: Any, person: Person) -> Json:
    """A key of the bot's to begin a session with, as anybody may have."""
    wanted = {"one_time_keys": {bot.user_id: {bot.device_id: "signed_curve25519"}}}
    answer = await person.request("POST", "/keys/claim", wanted)
    (key,) = answer["one_time_keys"][bot.user_id][bot.device_id].values()
    assert isinstance(key, dict)
    return key


async def claimed_again_and_again(bot: Any, person: Person) -> Json:
    """The one that is left where all others are used up: any number of sessions can begin with it."""
    while not (key := await claimed(bot, person)).get("fallback"):
        pass
    return key


class Device:
    """A device of somebody's, listed or made up, that talks to the bot's."""

    def __init__(self, user_id: str, bot: Any, account: Any = None) -> None:
        self.user_id = user_id
        self.bot = bot
        self._account = account or vodozemac.Account()
        self.key = self._account.curve25519_key.to_base64()

    def begins(self, with_key: Json) -> Any:
        """A new session."""
        own = self.bot.olm.account.identity_keys["curve25519"]
        keys = map(vodozemac.Curve25519PublicKey.from_base64, (own, with_key["key"]))
        return self._account.create_outbound_session(*keys)

    def seals(self, session: Any, kind: str = "m.dummy", content: Json | None = None) -> Json:
        """What it says over that, as it goes to the bot."""
        own = self.bot.olm.account.identity_keys
        said = {"type": kind, "content": content or {}, "sender": self.user_id, "sender_device": "X"}
        said |= {"keys": {"ed25519": self._account.ed25519_key.to_base64()}}
        said |= {"recipient": self.bot.user_id, "recipient_keys": {"ed25519": own["ed25519"]}}
        return sealed(self.bot, self.key, session.encrypt(nio.Api.to_json(said).encode()))

    def says(self, session: Any) -> Any:
        """Something, to the bot at once; what it makes of that."""
        return hears(self.bot, self.user_id, self.seals(session))


def sealed(bot: Any, sender_key: str, message: Any) -> Json:
    kind, body = message.to_parts()
    to = {bot.olm.account.identity_keys["curve25519"]: {"type": kind, "body": b64encode(body).decode()}}
    return {"algorithm": OLM, "sender_key": sender_key, "ciphertext": to}


def hears(bot: Any, sender: str, content: Json) -> Any:
    event = {"type": "m.room.encrypted", "sender": sender, "content": content}
    return bot.olm.handle_to_device_event(nio.ToDeviceEvent.parse_event(event))


def made_up_key() -> str:
    return str(vodozemac.Account().curve25519_key.to_base64())


def said_to_another() -> Any:
    """A message that nobody else can read."""
    one, two = vodozemac.Account(), vodozemac.Account()
    two.generate_one_time_keys(1)
    (key,) = two.one_time_keys.values()
    there = one.create_outbound_session(two.curve25519_key, key)
    first = there.encrypt(b"x").to_pre_key()
    assert first
    back, _ = two.create_inbound_session(one.curve25519_key, first)
    return back.encrypt(b"y")


def sessions_with(bot: Any, *keys: str) -> set[str]:
    """Those in memory, which are those in the store."""
    in_memory = {session.id for key in keys for session in bot.olm.session_store[key]}
    kept = bot.store.database.execute_sql("SELECT session_id, sender_key FROM olmsessions").fetchall()
    assert {session for session, key in kept if key in keys} == in_memory
    return in_memory


@either
async def test_of_each_device_the_sessions_heard_from_last_stay(bench: Bench, kind: Kind) -> None:
    pair = await Pair.on(bench, kind)
    bot, peer = pair.bot, pair.peer
    person = Person(bench.server, "", peer.user_id, peer.access_token, peer.device_id)
    device = Device(peer.user_id, bot, peer.olm.account._account)
    talk = device.begins(await claimed(bot, person))
    begun = [device.begins(await claimed(bot, person)) for _ in range(4 * MOST_SESSIONS)]
    for number, session in enumerate(begun):
        if number % (MOST_SESSIONS - 1) == 0:
            await to_device(person, bot, "m.room.encrypted", device.seals(talk))
        await to_device(person, bot, "m.room.encrypted", device.seals(session))
    await bot.sync()
    wanted = {talk.session_id} | {session.session_id for session in begun[-MOST_SESSIONS + 1 :]}
    assert sessions_with(bot, device.key) == wanted

    # A talk goes on, also after a restart; the bot answers over what it heard last, whatever others
    # say in that device's name.
    for again in (bot, await bench.again(bot)):
        device.bot = again
        assert sessions_with(again, device.key) == wanted
        assert isinstance(device.says(talk), nio.DummyEvent)
        assert hears(again, "@mallory:example.org", sealed(again, device.key, said_to_another())) is None
        assert sessions_with(again, device.key) == wanted
        assert again.olm.session_store.get(device.key).id == talk.session_id
    assert (await bench.again(bot)).olm.session_store.get(device.key).id == talk.session_id


async def test_who_talks_nonsense_is_given_another_session_once_an_hour(bench: Bench) -> None:
    pair = await Pair.on(bench, PleinClient)
    bot, peer = pair.bot, pair.peer
    person = Person(bench.server, "", peer.user_id, peer.access_token, peer.device_id)
    device = Device(peer.user_id, bot, peer.olm.account._account)
    talk, nonsense = device.begins(await claimed(bot, person)), sealed(bot, device.key, said_to_another())
    device.says(talk)
    (old,) = bot.olm.session_store[device.key]
    old.creation_time -= timedelta(hours=2)
    for _ in range(3):
        # Over the old one, so that it is the first again.
        assert device.says(talk)
        assert hears(bot, peer.user_id, nonsense) is None
        await bot.housekeeping()
    assert len(sessions_with(bot, device.key)) == 2


async def test_nobody_is_cut_off_by_who_lists_their_key(bench: Bench) -> None:
    """What is for them would be sealed with the keys of whoever does."""
    pair = await Pair.on(bench, PleinClient)
    bot, peer = pair.bot, pair.peer
    pair.bot, pair.peer = peer, bot
    await pair.say("daar ben ik")
    assert await pair.peer_reads() == ["daar ben ik"]
    pair.bot, pair.peer = bot, peer
    key = peer.olm.account.identity_keys["curve25519"]
    mallory = await moves_in(bench, pair, curve=key, one_time=made_up_key())
    await bot.sync()
    await bot.keys_query()
    for session in bot.olm.session_store[key]:
        session.creation_time -= timedelta(hours=2)
    hears(bot, mallory.user_id, sealed(bot, key, said_to_another()))
    await bot.housekeeping()
    assert isinstance(await pair.say("hoi"), nio.RoomSendResponse)
    assert "hoi" in await pair.peer_reads()


async def test_made_up_devices_push_out_those_of_who_made_them_up(bench: Bench) -> None:
    """A few that nobody listed may write for each person: a device may be heard before it is listed."""
    pair = await Pair.on(bench, PleinClient)
    bot = pair.bot
    await pair.say("hoi")  # over a session with the peer's device
    await bot.sync()
    stranger = await bench.server.person(f"s{secrets.token_hex(5)}")
    key = await claimed_again_and_again(bot, stranger)
    honest = Device("@honest:example.org", bot)
    assert honest.says(honest.begins(key))
    for user_id in (stranger.user_id, pair.peer.user_id):
        crowd = [Device(user_id, bot) for _ in range(LOOKED_AT)]
        for device in crowd:
            assert device.says(device.begins(key))
        await bot.sync()
        for again in (bot, await bench.again(bot)):
            assert len(sessions_with(again, *(device.key for device in crowd))) == MOST_UNLISTED
            assert len(sessions_with(again, crowd[-1].key)) == 1
            assert len(sessions_with(again, honest.key)) == 1
            assert len(sessions_with(again, pair.peer.olm.account.identity_keys["curve25519"])) == 1


async def test_of_all_devices_that_nobody_listed_so_many_stay(bench: Bench) -> None:
    """Another server can make up people as well."""
    pair = await Pair.on(bench, PleinClient)
    bot = pair.bot
    await bot.sync()
    key = await claimed_again_and_again(bot, await bench.server.person(f"s{secrets.token_hex(5)}"))
    crowd = [Device(f"@m{number}:far.example.org", bot) for number in range(MOST_STRAY + LOOKED_AT)]
    with bot.store.database.atomic():
        for device in crowd:
            assert device.says(device.begins(key))
    await bot.sync()
    assert len(sessions_with(bot, *(device.key for device in crowd))) == MOST_STRAY
    noted = "SELECT count(*) FROM plein_peers"
    assert bot.store.database.execute_sql(noted).fetchone()[0] == MOST_STRAY


@either
async def test_what_cannot_be_read_leaves_nothing_behind(bench: Bench, kind: Kind) -> None:
    """Made-up keys, sessions and devices, over and over."""
    pair = await Pair.on(bench, kind)
    bot, stranger = pair.bot, f"@{secrets.token_hex(5)}:example.org"
    await pair.say("hoi")
    for number in range(50):
        made_up = made_up_key()
        hears(bot, f"@m{number}:example.org", sealed(bot, made_up, said_to_another()))
        assert bot.olm.session_store.get(made_up) is None
        content = {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "AAAA", "sender_key": made_up}
        content |= {"session_id": f"s{number}", "device_id": pair.peer.device_id}
        event = {"type": "m.room.encrypted", "sender": pair.peer.user_id, "content": content}
        event |= {"event_id": f"${number}", "origin_server_ts": 1, "room_id": pair.room}
        for sender in (pair.peer.user_id, stranger):
            with pytest.raises(nio.EncryptionError):
                bot.decrypt_event(nio.Event.parse_event(event | {"sender": sender}))
    await bot.housekeeping() if kind is PleinClient else await bot.send_to_device_messages()
    olm = bot.olm
    assert (olm.outgoing_to_device_messages, olm.outgoing_key_requests) == ([], {})
    assert bot.store.load_outgoing_key_requests() == {}
    assert not any(olm.key_re_requests_events.values())
    assert not any(user.startswith("@m") for user in olm.device_store.users)
    assert len(olm.session_store._entries) == 1
    assert len(olm.inbound_group_store._entries[pair.room]) == 1


# --- devices, and rooms that were left ---


async def devices_of(bench: Bench, bot: Any, *people: Any) -> set[str]:
    """Those of these people that are remembered, in memory and in the store."""
    again = await bench.again(bot)
    users = {person.user_id for person in people}
    found = [{device.id for device in of.olm.device_store if device.user_id in users} for of in (bot, again)]
    assert found[0] == found[1]
    return found[0]


@either
async def test_devices_that_are_gone_and_those_of_who_left_are_forgotten(bench: Bench, kind: Kind) -> None:
    pair = await Pair.on(bench, kind)
    bot, peer, guest = pair.bot, pair.peer, await bench.client(PleinClient)
    await guest.keys_upload()
    await peer.room_invite(pair.room, guest.user_id)
    await guest.join(pair.room)
    seen = set[str]()
    for _ in range(3):
        other = await bench.device_of(peer)
        await other.keys_upload()
        await bot.sync()
        await bot.keys_query()
        seen |= await devices_of(bench, bot, peer)
        await other.logout()
    await bot.sync()
    await bot.keys_query()
    assert len(seen) == 4
    assert isinstance(await pair.say("hoi"), nio.RoomSendResponse)
    assert await devices_of(bench, bot, guest) == {guest.device_id}
    await guest.room_leave(pair.room)
    await bot.sync()
    again = await bench.again(bot)
    await again.sync(full_state=True)
    assert await devices_of(bench, again, peer) == {peer.device_id}
    assert not await devices_of(bench, again, guest)
    assert not list(bench.folder.glob("*.ignored_devices"))
    # Whoever comes back is asked for again, and reads what is said.
    await peer.room_invite(pair.room, guest.user_id)
    await guest.join(pair.room)
    await again.sync()
    pair.bot = again
    assert isinstance(await pair.say("welkom"), nio.RoomSendResponse)
    pair.peer = guest
    assert "welkom" in await pair.peer_reads()


@either
async def test_nothing_is_kept_of_a_room_that_was_left(bench: Bench, kind: Kind) -> None:
    pair = await Pair.on(bench, kind)
    await pair.say("hoi")
    await pair.bot.room_leave(pair.room)
    await pair.bot.sync()
    again = await bench.again(pair.bot)
    assert (pair.bot.encrypted_rooms, again.encrypted_rooms) == (set(), set())
    assert pair.bot.olm.outbound_group_sessions == {}
