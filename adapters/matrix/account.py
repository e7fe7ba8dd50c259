"""Our account on the homeserver: which device we are, with which keys, and that we alone are it.

A device is its keys. A device id whose key store was lost can never be used again, and a store
used by two processes is as good as lost; most of this file keeps either from happening.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import secrets
import string
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import aiohttp
import nio

from adapters.matrix.crosssigning import keep_secret, prove_device
from adapters.matrix.crypto import PleinClient
from adapters.matrix.generation import Generation, was_restored
from adapters.matrix.settings import Matrix
from bot.errors import StoreFailed
from bot.masking import hide
from bot.private import check_own_folder, close_to_others, make_private_folder, open_to_others, read_plain

log = logging.getLogger(__name__)
# Sync's long poll brings its own.
REQUEST_SECONDS = 45


class LoginRefused(ConnectionError):
    """The homeserver does not let us in, and trying again will not help. str() says what to do."""


class StoreLocked(ConnectionError):
    """Another process holds this account's keys. str() says what to do."""


@dataclass(frozen=True, slots=True)
class _Session:
    """What `session.json` holds. Without a token, the device has never logged in."""

    user_id: str
    device_id: str
    pickle_key: str
    homeserver: str
    access_token: str | None = None


class Account:
    """Our account on the homeserver: its device, keys and the lock on them."""

    client: PleinClient  # after open()

    def __init__(self, settings: Matrix) -> None:
        self._settings = settings
        self._folder = settings.store
        self._lock: int | None = None

    async def open(self, *, retry: Callable[[int], Awaitable[None]]) -> PleinClient:
        """Lock the store, log in or restore the session, load the keys.

        While the homeserver is unreachable or talks nonsense, `retry` is awaited (it is given 0, 1, 2 ...)
        and all is tried again. Raises: LoginRefused and StoreLocked.
        """
        self._take_lock()
        attempt = 0
        while True:
            try:
                return await self._enter()
            except LoginRefused:
                raise
            except aiohttp.InvalidURL:
                raise LoginRefused(f"{self._settings.homeserver} is no address; see `homeserver`") from None
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                why = str(error) if isinstance(error, _NotNow) else type(error).__name__
                log.warning("The homeserver %s does not let us in yet: %s", self._settings.homeserver, why)
            await retry(attempt)
            attempt += 1

    async def close(self) -> None:
        """Close the client and release the lock; harmless where nothing is open."""
        client = self.__dict__.pop("client", None)
        if client is not None:
            await client.close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    async def prove_device(self) -> None:
        """Cross-sign our device; idempotent, and a refusal is no more than logged."""
        password = self._settings.password
        await prove_device(self.client, self._folder, password.get_secret_value() if password else None)

    # --- the folder ---

    def _take_lock(self) -> None:
        try:
            self._keep_private()
            self._lock = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreLocked(
                f"Another Plein is using {self._folder}. Stop that one first, or give this one another "
                "account and another `store`"
            ) from None
        except OSError as error:
            raise LoginRefused(
                f"Cannot keep Matrix keys in {self._folder}: {error.strerror or error}"
            ) from None

    def _keep_private(self) -> None:
        """Nobody else looks into the folder, nor into any file of it, whoever made them."""
        check_own_folder(self._folder)
        make_private_folder(self._folder)
        for path in (self._folder, *self._folder.iterdir()):
            if path.is_dir() and open_to_others(path):
                path.chmod(0o700)
            elif path.is_file():
                close_to_others(path)

    def _kept(self) -> _Session:
        """The session of last time, or the beginning of one."""
        mine, server = self._settings.user, self._settings.homeserver
        try:
            kept = _Session(**json.loads(read_plain(self._folder / "session.json")))
        except (FileNotFoundError, ValueError, TypeError):
            return _Session(mine, "", secrets.token_urlsafe(32), server)
        hide([kept.access_token, kept.pickle_key])
        if kept.user_id != mine:
            raise LoginRefused(
                f"{self._folder} holds the keys of {kept.user_id}, not of {mine}: choose another `store`"
            )
        return replace(kept, homeserver=server)

    def _keep(self, session: _Session) -> None:
        hide([session.access_token, session.pickle_key])
        keep_secret(self._folder / "session.json", asdict(session))

    def _keys_of(self, device_id: str) -> Path:
        return self._folder / f"{self._settings.user}_{device_id}.db"

    # --- the way in ---

    async def _enter(self) -> PleinClient:
        kept = self._kept()
        door = self._make_client("")
        try:
            restored = await self._restore(door, kept)
            session = restored or await self._log_in(door, kept)
            keys = self._keys_of(session.device_id)
            if keys.exists() and await was_restored(door, session.user_id, session.device_id, keys):
                await self._leave(door, session)
                keys.unlink()
                restored, session = None, await self._log_in(door, session)
            return self._load(session, new_login=restored is None)
        finally:
            await door.close()

    async def _restore(self, door: PleinClient, kept: _Session) -> _Session | None:
        """The session that a token we have still opens, if one does."""
        given = self._settings.token
        if given:
            token = given.get_secret_value()
            device_id = await self._whose(door, token)
            if device_id:
                await self._check_not_lost(door, device_id)
                return replace(kept, device_id=device_id, access_token=token)
        token = kept.access_token or ""
        if not token or (given and token == given.get_secret_value()):
            return None
        device_id = await self._whose(door, token)
        if not device_id:
            return None
        if device_id == kept.device_id and self._keys_of(device_id).exists():
            return kept
        log.warning("The keys of the device %s are gone; Plein becomes a new device", device_id)
        await door.logout()
        return None

    async def _leave(self, door: PleinClient, session: _Session) -> None:
        """With keys from a backup nobody could read what Plein says: they are of no use any more."""
        if not self._settings.password:
            raise LoginRefused(
                f"The keys of the device {session.device_id} in {self._folder} were restored from a backup, "
                "and nobody can read what it says with them. Log in anew and put the token of that login in "
                "`token`"
            )
        log.warning(
            "The keys of the device %s were restored from a backup, and nobody could read what it says with "
            "them; Plein becomes a new device",
            session.device_id,
        )
        await door.logout()

    async def _whose(self, door: PleinClient, token: str) -> str | None:
        """The device of this token; None where the server refuses the token."""
        door.access_token = token
        answer = await door.whoami()
        if isinstance(answer, nio.ErrorResponse):
            if answer.status_code == "M_UNKNOWN_TOKEN":
                return None
            raise _failure(answer, self._settings.user)
        self._check_user(answer.user_id)
        if not answer.device_id:
            raise LoginRefused("The token belongs to no device: put the token of a login in `token`")
        return str(answer.device_id)

    async def _check_not_lost(self, door: PleinClient, device_id: str) -> None:
        """The server must not have keys for this device that we do not have."""
        if self._keys_of(device_id).exists():
            return
        method, path, data = nio.Api.keys_query(door.access_token, {self._settings.user})
        answer = await door._send(nio.KeysQueryResponse, method, path, data)
        if isinstance(answer, nio.ErrorResponse):
            raise _failure(answer, self._settings.user)
        if device_id in answer.device_keys.get(self._settings.user, {}):
            raise LoginRefused(
                f"The keys of the device {device_id} are gone from {self._folder}, and it is useless without "
                "them. Log in anew and put the token of that login in `token`"
            )

    async def _log_in(self, door: PleinClient, kept: _Session) -> _Session:
        if not self._settings.password:
            raise LoginRefused(
                f"The homeserver no longer knows the token of {self._settings.user}. "
                "Log in anew and put the token of that login in `token`"
            )
        if not kept.device_id or (kept.access_token and not self._keys_of(kept.device_id).exists()):
            # Named and kept before the login: if its answer is lost, the next one is for the same device.
            device_id = "".join(secrets.choice(string.ascii_uppercase) for _ in range(10))
            kept = replace(kept, device_id=device_id, access_token=None)
            self._keep(kept)
        door.access_token, door.device_id = "", kept.device_id
        answer = await door.login(
            self._settings.password.get_secret_value(), device_name=self._settings.device_name
        )
        if not isinstance(answer, nio.LoginResponse):
            raise _failure(answer, self._settings.user)
        self._check_user(answer.user_id)
        return replace(kept, device_id=answer.device_id, access_token=answer.access_token)

    def _check_user(self, user_id: str) -> None:
        if user_id != self._settings.user:
            raise LoginRefused(f"The homeserver says that we are {user_id}, not {self._settings.user}")

    def _load(self, session: _Session, *, new_login: bool) -> PleinClient:
        """Load the keys, or make them; only then is the session kept, and nothing was uploaded yet."""
        self.client = client = self._make_client(session.pickle_key)
        try:
            client.restore_login(session.user_id, session.device_id, session.access_token or "")
            assert client.olm
            if new_login:
                # Where the device was signed out, the server has forgotten its keys.
                client.olm.account.shared = False
                client.olm.save_account()
        except (StoreFailed, ValueError) as error:
            raise LoginRefused(
                f"The Matrix keys in {self._folder} cannot be read. Move that folder away and start again: "
                "Plein becomes a new device"
            ) from error
        client.before_use = Generation(client).advance
        self._keys_of(session.device_id).chmod(0o600)
        self._keep(session)
        return client

    def _make_client(self, pickle_key: str) -> PleinClient:
        """Without a pickle key: one that only asks who we are, and touches no keys."""
        return PleinClient(
            self._settings.homeserver,
            self._settings.user,
            store_path=str(self._folder) if pickle_key else "",
            config=nio.AsyncClientConfig(
                pickle_key=pickle_key,
                encryption_enabled=True,
                store_sync_tokens=False,
                max_limit_exceeded=0,  # a 429 is returned at once
                max_timeouts=1,  # tried once more at once: the connection may only have been stale
                request_timeout=REQUEST_SECONDS,
            ),
        )


class _NotNow(ConnectionError):
    """What the homeserver answered may be otherwise in a while."""


def _failure(answer: nio.ErrorResponse, user: str) -> ConnectionError:
    status, code = getattr(answer.transport_response, "status", 0), answer.status_code
    if not code or not 400 <= status < 429:
        return _NotNow(f"HTTP {status} {code or 'and no Matrix answer'}")
    if code == "M_USER_DEACTIVATED":
        return LoginRefused(f"The account {user} was deactivated: Plein needs another one")
    if code == "M_FORBIDDEN":
        return LoginRefused(f"The homeserver refuses the password of {user}: check `user` and `password`")
    return LoginRefused(f"The homeserver does not let {user} in: {status} {code}")
