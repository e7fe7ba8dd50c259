"""Keys for what may be read only for a while, kept apart from the database and destroyed in time.

What is deleted from a database lives on: in its log, in free pages, in backups. What was only ever
written there under a key is gone for good when the key is. So each key is a small file of its own in a
folder that nobody backs up, and destroying it means overwriting and removing it.
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import os
import secrets
import threading
from collections.abc import Iterator
from pathlib import Path

_NONCE, _TAG, _KEY = 12, 16, 32


class KeyGone(Exception):
    """What was sealed under this key can no longer be read."""


class Keyring:
    """Keys by name. Without a folder they are held in memory, as is the database then."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._keys: dict[str, bytes] = {}
        # So that whoever reads beside the writer does not bring back a key that is just being destroyed.
        self._lock = threading.Lock()

    def make(self, name: str) -> None:
        """A new key, on disk before anything is sealed with it. One that is there already stays.

        It stays for another process too, that makes the same one at this moment.
        """
        if self._has(name):
            return
        key = secrets.token_bytes(_KEY)
        if self._folder is None:
            self._keys[name] = key
            return
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._alone():
            if self._has(name):
                return
            path = self._path(name)
            half = path.with_suffix(".new")
            handle = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            _write(handle, key)
            half.replace(path)
            self._remember_folder()
        self._keys[name] = key

    def seal(self, name: str, words: bytes, length: int = 0) -> str:
        """Unreadable without the key; padded to `length`, so that its size says nothing either."""
        from Crypto.Cipher import AES

        padded = len(words).to_bytes(4, "big") + words.ljust(length, b"\0")
        nonce = secrets.token_bytes(_NONCE)
        body, tag = AES.new(self._key(name), AES.MODE_GCM, nonce=nonce).encrypt_and_digest(padded)
        return base64.b64encode(nonce + tag + body).decode()

    def unseal(self, name: str, sealed: str) -> bytes:
        """What was sealed. Raises KeyGone."""
        from Crypto.Cipher import AES

        raw = base64.b64decode(sealed)
        nonce, tag, body = raw[:_NONCE], raw[_NONCE : _NONCE + _TAG], raw[_NONCE + _TAG :]
        try:
            padded = AES.new(self._key(name), AES.MODE_GCM, nonce=nonce).decrypt_and_verify(body, tag)
        except ValueError:
            raise KeyGone(name) from None
        return padded[4 : 4 + int.from_bytes(padded[:4], "big")]

    def destroy(self, name: str) -> None:
        """Overwrite it and remove it; once is as good as twice."""
        with self._lock:
            self._keys.pop(name, None)
            if self._folder and (path := self._path(name)).exists():
                _write(os.open(path, os.O_WRONLY), secrets.token_bytes(_KEY))
                path.unlink()
                self._remember_folder()

    def probe(self) -> None:
        """Raises OSError where no key could be kept."""
        if self._folder:
            # A name of its own: another process may be trying as well.
            name = f"probe-{secrets.token_hex(4)}"
            self.make(name)
            self.destroy(name)

    def names(self) -> set[str]:
        """Every key there is."""
        if not self._folder:
            return set(self._keys)
        return {path.stem for path in self._folder.glob("*.key")}

    def _has(self, name: str) -> bool:
        """A file that was cut short by a full disk is no key."""
        try:
            return name in self.names() and len(self._key(name)) == _KEY
        except KeyGone:
            return False

    def _key(self, name: str) -> bytes:
        with self._lock:
            if name not in self._keys:
                try:
                    found = self._path(name).read_bytes() if self._folder else b""
                except FileNotFoundError:
                    raise KeyGone(name) from None
                if len(found) != _KEY:
                    raise KeyGone(name)
                self._keys[name] = found
            return self._keys[name]

    def _path(self, name: str) -> Path:
        assert self._folder
        return self._folder / f"{name}.key"

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """No other process makes a key meanwhile."""
        assert self._folder
        handle = os.open(self._folder, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _remember_folder(self) -> None:
        """That a file came or went is kept when the machine fails."""
        assert self._folder
        handle = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _write(handle: int, words: bytes) -> None:
    try:
        os.write(handle, words)
        os.fsync(handle)
    finally:
        os.close(handle)
