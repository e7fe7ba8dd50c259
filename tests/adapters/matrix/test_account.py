"""Getting into an account: which device Plein is, and what it does where the door stays shut."""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import stat
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import nio
import pytest

from adapters.matrix.account import Account, LoginRefused, StoreLocked
from adapters.matrix.crypto import PleinClient
from adapters.matrix.settings import Matrix
from tests.doubles.proxy import Proxy
from tests.homeserver import PASSWORD, Homeserver

ROOT = Path(__file__).parents[3]
WRONG = "not-the-Password-1"
Json = dict[str, Any]


async def never(attempt: int) -> None:
    raise AssertionError(f"tried again ({attempt})")


class Door:
    """One registered user, a store, and a proxy before the homeserver."""

    def __init__(self, server: Homeserver, proxy: Proxy, folder: Path, user: str) -> None:
        self.server = server
        self.proxy = proxy
        self.store = folder / "data" / "matrix"
        self.user = user
        self._accounts: list[Account] = []

    def account(self, **changed: Any) -> Account:
        values = {"homeserver": self.proxy.url, "user": self.user, "store": self.store} | changed
        if "token" not in values:
            values.setdefault("password", PASSWORD)
        account = Account(Matrix.model_validate(values))
        self._accounts.append(account)
        return account

    async def open(self, retry: Callable[[int], Awaitable[None]] = never, **changed: Any) -> PleinClient:
        return await self.account(**changed).open(retry=retry)

    async def close(self) -> None:
        for account in self._accounts:
            await account.close()

    async def token(self) -> tuple[str, str]:
        """A login elsewhere: its device and token."""
        client = nio.AsyncClient(self.server.url, self.user)
        answer = await client.login(PASSWORD)
        await client.close()
        assert isinstance(answer, nio.LoginResponse)
        return answer.device_id, answer.access_token

    def session(self) -> Json:
        found = json.loads((self.store / "session.json").read_text())
        assert isinstance(found, dict)
        return found

    def databases(self) -> list[Path]:
        return list(self.store.glob("*.db"))


@pytest.fixture
async def door(homeserver: Homeserver, tmp_path: Path) -> AsyncIterator[Door]:
    async with Proxy(homeserver.url) as proxy:
        door = Door(homeserver, proxy, tmp_path, await homeserver.register(f"a{secrets.token_hex(5)}"))
        yield door
        await door.close()


async def on_server(client: PleinClient) -> Json:
    """The devices' keys that the server has of the client's user."""
    path, data = "/_matrix/client/v3/keys/query", json.dumps({"device_keys": {client.user_id: []}})
    headers = {"Authorization": f"Bearer {client.access_token}", "Content-Type": "application/json"}
    answer = await (await client.send("POST", path, data, headers)).json()
    found = answer["device_keys"].get(client.user_id, {})
    assert isinstance(found, dict)
    return found


async def devices(client: PleinClient) -> set[str]:
    answer = await client.devices()
    assert isinstance(answer, nio.DevicesResponse)
    return {device.id for device in answer.devices}


# --- logging in ---


async def test_a_first_login(door: Door) -> None:
    client = await door.open(device_name="Plein van het dorp")
    kept = door.session()
    assert (kept["user_id"], kept["device_id"]) == (door.user, client.device_id)
    assert (kept["access_token"], kept["homeserver"]) == (client.access_token, door.proxy.url)
    answer = await client.devices()
    assert isinstance(answer, nio.DevicesResponse)
    names = {device.id: device.display_name for device in answer.devices}
    assert names[str(client.device_id)] == "Plein van het dorp"
    assert not any("/keys/" in path for path in door.proxy.seen)
    assert await on_server(client) == {}


async def test_only_the_owner_can_read_the_store(door: Door) -> None:
    door.store.mkdir(parents=True, mode=0o755)
    (door.store / "left.db").touch(0o666)
    await door.open()
    assert stat.S_IMODE(door.store.stat().st_mode) == 0o700
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in door.store.iterdir()}
    assert len(modes) == 4
    assert set(modes.values()) == {0o600}


async def test_a_store_that_leads_elsewhere_is_refused(door: Door, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    door.store.parent.mkdir(parents=True, exist_ok=True)
    door.store.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(LoginRefused, match="is a link"):
        await door.open()
    assert list((tmp_path / "elsewhere").iterdir()) == []


async def test_the_session_is_restored(door: Door) -> None:
    account = door.account()
    first = await account.open(retry=never)
    await first.housekeeping()
    own = first.olm.account.identity_keys if first.olm else None
    await account.close()
    again = await door.open()
    assert (again.device_id, again.access_token) == (first.device_id, first.access_token)
    assert again.olm
    assert again.olm.account.identity_keys == own
    assert not again.should_upload_keys
    assert sum(path.endswith("/login") for path in door.proxy.seen) == 1


async def test_a_wrong_password(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(LoginRefused) as refused:
        await door.open(password=WRONG)
    assert "`password`" in str(refused.value)
    assert WRONG not in repr(refused.value) + caplog.text
    await door.close()
    assert (await door.open()).access_token  # and nothing was spoiled by it


async def test_an_account_that_is_not_there(door: Door) -> None:
    with pytest.raises(LoginRefused):
        await door.open(user="@nobody-here:localhost")


async def test_a_login_whose_answer_was_lost_leaves_one_device(door: Door) -> None:
    before = await devices(await door.open(store=door.store / "other"))
    door.proxy.lose_answer("/login")
    attempts = []

    async def retry(attempt: int) -> None:
        attempts.append(attempt)
        door.proxy.mend()

    client = await door.open(retry)
    assert attempts == [0]
    assert await devices(client) - before == {client.device_id}


@pytest.mark.parametrize("step", ["/login", "/whoami"])
async def test_the_server_is_not_there_at_first(
    door: Door, step: str, caplog: pytest.LogCaptureFixture
) -> None:
    if step == "/whoami":
        account = door.account()
        await account.open(retry=never)
        await account.close()
    trouble = [
        lambda: door.proxy.hang_up(step),
        lambda: door.proxy.answer(step, 502, "<html>Bad Gateway</html>"),
        lambda: door.proxy.answer(step, 500, '{"errcode": "M_UNKNOWN", "error": "Internal server error"}'),
        lambda: door.proxy.answer(step, 429, '{"errcode": "M_LIMIT_EXCEEDED", "error": "Too Many Requests"}'),
        lambda: door.proxy.answer(step, 200, "<html>Welcome to nginx</html>"),
        lambda: door.proxy.answer(step, 404, "<html>Not Found</html>"),
        lambda: door.proxy.answer(step, 200, "[]"),
        lambda: None,
    ]
    left = iter(trouble)
    next(left)()
    attempts = []

    async def retry(attempt: int) -> None:
        attempts.append(attempt)
        door.proxy.mend()
        next(left)()

    client = await door.open(retry)
    assert attempts == list(range(len(trouble) - 1))
    assert client.device_id in await devices(client)
    assert PASSWORD not in caplog.text
    assert client.access_token not in caplog.text


async def test_nobody_listens_there(door: Door) -> None:
    async def retry(attempt: int) -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        await door.open(retry, homeserver="http://127.0.0.1:1")
    with pytest.raises(LoginRefused):
        await door.open(retry, homeserver="http://[", store=door.store / "other")


# --- the token no longer counts ---


async def test_a_revoked_token_is_replaced_on_the_same_device(door: Door) -> None:
    account = door.account()
    first = await account.open(retry=never)
    await first.housekeeping()
    known = await on_server(first)
    await first.logout()
    await account.close()
    again = await door.open()
    assert again.device_id == first.device_id
    assert again.access_token != first.access_token
    # The server forgot the device's keys with its token; without them nobody could write to it.
    assert await on_server(again) == {}
    await again.housekeeping()
    assert (await on_server(again))[str(again.device_id)]["keys"] == known[str(first.device_id)]["keys"]


async def test_a_crash_after_the_login_does_not_lose_the_upload(door: Door) -> None:
    account = door.account()
    first = await account.open(retry=never)
    await first.housekeeping()
    await first.logout()
    await account.close()
    account = door.account()
    await account.open(retry=never)
    await account.close()
    again = await door.open()
    assert again.should_upload_keys


@pytest.mark.parametrize("revoked", [False, True])
async def test_a_lost_key_store_makes_a_new_device(door: Door, revoked: bool) -> None:
    account = door.account()
    first = await account.open(retry=never)
    await first.housekeeping()
    if revoked:
        await first.logout()
    await account.close()
    for file in door.databases():
        file.unlink()
    again = await door.open()
    assert again.device_id != first.device_id
    await again.housekeeping()
    assert set(await on_server(again)) == {again.device_id}
    assert await devices(again) >= {str(again.device_id)}
    assert first.device_id not in await devices(again)


# --- with keys from a backup ---


class Friend:
    """Somebody in an encrypted room with Plein's account, whose client reads what is said there."""

    def __init__(self, client: PleinClient, room: str) -> None:
        self._client = client
        self._room = room

    @classmethod
    async def of(cls, door: Door, bot: PleinClient, folder: Path) -> Friend:
        config = nio.AsyncClientConfig(pickle_key="secret")
        user = await door.server.register(f"f{secrets.token_hex(5)}")
        client = PleinClient(door.server.url, user, store_path=str(folder), config=config)
        assert isinstance(await client.login(PASSWORD), nio.LoginResponse)
        await client.keys_upload()
        encrypted = [nio.EnableEncryptionBuilder().as_dict()]
        made = await client.room_create(initial_state=encrypted, invite=[bot.user_id])
        assert isinstance(made, nio.RoomCreateResponse)
        await bot.join(made.room_id)
        await client.sync(full_state=True)
        return cls(client, made.room_id)

    async def told(self, bot: PleinClient, *words: str) -> list[str]:
        """What they read when the bot, just started, says these words."""
        await bot.sync(full_state=True)
        await bot.housekeeping()
        for body in words:
            content = {"msgtype": "m.text", "body": body}
            said = await bot.room_send(self._room, "m.room.message", content, ignore_unverified_devices=True)
            assert isinstance(said, nio.RoomSendResponse)
        answer = await self._client.sync()
        assert isinstance(answer, nio.SyncResponse)
        events = answer.rooms.join[self._room].timeline.events
        return [
            event.body if isinstance(event, nio.RoomMessageText) else type(event).__name__
            for event in events
            if isinstance(event, nio.RoomMessageText | nio.MegolmEvent)
        ]

    async def close(self) -> None:
        await self._client.close()


async def used_since_a_backup(door: Door, folder: Path, **how: Any) -> tuple[str, Friend]:
    """A store as it was before its keys were used once more: its device, and who read what that said."""
    account = door.account(**how)
    client = await account.open(retry=never)
    await client.housekeeping()
    await account.prove_device()
    friend = await Friend.of(door, client, folder)
    assert await friend.told(client, "een") == ["een"]
    backup = {file: file.read_bytes() for file in door.store.iterdir()}
    await account.close()
    account = door.account(**how)
    client = await account.open(retry=never)
    assert await friend.told(client, "twee", "drie") == ["twee", "drie"]
    await account.close()
    for file, held in backup.items():
        file.write_bytes(held)
    return str(client.device_id), friend


@pytest.mark.parametrize("revoked", [False, True])
async def test_a_key_store_from_a_backup_makes_a_new_device_that_everybody_can_read(
    door: Door, tmp_path: Path, caplog: pytest.LogCaptureFixture, revoked: bool
) -> None:
    """Its keys were used since: what they lock once more opens for nobody."""
    device, friend = await used_since_a_backup(door, tmp_path)
    if revoked:
        kept = nio.AsyncClient(door.server.url, door.user)
        kept.access_token = door.session()["access_token"]
        await kept.logout()
        await kept.close()
    account = door.account()
    client = await account.open(retry=never)
    assert await friend.told(client, "vier") == ["vier"]
    assert client.device_id != device
    assert f"The keys of the device {device} were restored from a backup" in caplog.text
    assert device not in await devices(client)
    await account.prove_device()
    assert len((await on_server(client))[str(client.device_id)]["signatures"][door.user]) == 2
    await account.close()
    assert (await door.open()).device_id == client.device_id  # which goes on from there
    await friend.close()


async def test_a_token_whose_keys_are_from_a_backup(door: Door, tmp_path: Path) -> None:
    _, token = await door.token()
    device, friend = await used_since_a_backup(door, tmp_path, token=token)
    with pytest.raises(LoginRefused, match="Log in anew") as refused:
        await door.open(token=token)
    assert device in str(refused.value)
    assert token not in str(refused.value)
    await friend.close()


async def test_keys_are_not_used_before_that_is_counted(door: Door, tmp_path: Path) -> None:
    client = await door.open()
    await client.housekeeping()
    friend = await Friend.of(door, client, tmp_path)
    await client.sync(full_state=True)
    door.proxy.answer("/account_data/be.plein.keys", 502, "{}")
    with pytest.raises(ConnectionError, match="502"):
        await friend.told(client, "een")
    door.proxy.mend()
    assert await friend.told(client, "twee") == ["twee"]
    await friend.close()


# --- with a token of the configuration ---


async def test_a_token_brings_its_device(door: Door) -> None:
    device_id, token = await door.token()
    account = door.account(token=token)
    client = await account.open(retry=never)
    assert (client.user_id, client.device_id) == (door.user, device_id)
    await client.housekeeping()
    await account.close()
    assert (await door.open(token=token)).device_id == device_id
    assert not any(path.endswith("/login") for path in door.proxy.seen)


@pytest.mark.parametrize("lost", ["keys", "all"])
async def test_a_token_whose_keys_were_lost(door: Door, lost: str) -> None:
    _, token = await door.token()
    account = door.account(token=token)
    await (await account.open(retry=never)).housekeeping()
    await account.close()
    for file in door.databases() if lost == "keys" else list(door.store.iterdir()):
        file.unlink()
    with pytest.raises(LoginRefused, match="Log in anew") as refused:
        await door.open(token=token)
    assert token not in str(refused.value)
    await door.close()
    device_id, token = await door.token()
    assert (await door.open(token=token)).device_id == device_id


async def test_a_token_that_is_refused(door: Door) -> None:
    with pytest.raises(LoginRefused, match="`token`") as refused:
        await door.open(token="syt_secret_token")
    assert "syt_" not in str(refused.value)
    await door.close()
    assert (await door.open(token="syt_secret_token", password=PASSWORD)).access_token


async def test_a_token_of_somebody_else(door: Door) -> None:
    _, token = await door.token()
    stranger = await door.server.register(f"b{secrets.token_hex(5)}")
    with pytest.raises(LoginRefused, match=door.user):
        await door.open(token=token, user=stranger)


# --- the folder ---

HOLDER = """
import asyncio, sys
from pathlib import Path
from adapters.matrix.account import Account
from adapters.matrix.settings import Matrix

async def hold():
    url, user, password, store = sys.argv[1:]
    account = Account(Matrix(homeserver=url, user=user, password=password, store=Path(store)))
    client = await account.open(retry=None)
    print(client.device_id, flush=True)
    await asyncio.Event().wait()

asyncio.run(hold())
"""


async def test_one_process_at_a_time(door: Door) -> None:
    """And the lock of one that was killed is no obstacle."""
    arguments = (door.proxy.url, door.user, PASSWORD, str(door.store))
    holder = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLDER, *arguments, stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    assert holder.stdout
    device_id = (await holder.stdout.readline()).decode().strip()
    before = {file: file.read_bytes() for file in door.store.iterdir()}
    with pytest.raises(StoreLocked, match=str(door.store)):
        await door.open()
    assert {file: file.read_bytes() for file in door.store.iterdir()} == before
    holder.kill()
    await holder.wait()
    assert (await door.open()).device_id == device_id


async def test_the_lock_holds_within_a_process_too(door: Door) -> None:
    account = door.account()
    await account.open(retry=never)
    with pytest.raises(StoreLocked):
        await door.open()
    await account.close()
    await account.close()
    assert await door.open()


async def test_closing_what_never_opened(door: Door) -> None:
    account = door.account(password=WRONG)
    await account.close()
    with pytest.raises(LoginRefused):
        await account.open(retry=never)
    await account.close()
    assert await door.open()


async def test_the_folder_of_another_account(door: Door) -> None:
    await door.open()
    await door.close()
    kept = door.session()
    stranger = await door.server.register(f"b{secrets.token_hex(5)}")
    with pytest.raises(LoginRefused, match=door.user):
        await door.open(user=stranger)
    assert door.session() == kept


@pytest.mark.parametrize("spoiled", ["keys", "pickle key"])
async def test_keys_that_cannot_be_read(door: Door, spoiled: str) -> None:
    await door.open()
    await door.close()
    if spoiled == "keys":
        door.databases()[0].write_bytes(b"no database" * 100)
    else:
        (door.store / "session.json").write_text(json.dumps(door.session() | {"pickle_key": "another"}))
    with pytest.raises(LoginRefused, match="Move that folder away") as refused:
        await door.open()
    assert "another" not in str(refused.value)


async def test_a_folder_that_cannot_be_one(door: Door) -> None:
    door.store.parent.mkdir()
    door.store.write_text("in the way")
    with pytest.raises(LoginRefused, match=str(door.store)):
        await door.open()


async def test_a_draft_of_a_session_is_no_session(door: Door) -> None:
    """Killed while it was written."""
    door.store.mkdir(parents=True)
    (door.store / "session.json.new").write_text('{"user_id": "@')
    client = await door.open()
    assert door.session()["device_id"] == client.device_id


async def test_the_device_is_proved(door: Door) -> None:
    account = door.account()
    client = await account.open(retry=never)
    await account.prove_device()
    assert len((await on_server(client))[str(client.device_id)]["signatures"][door.user]) == 2
