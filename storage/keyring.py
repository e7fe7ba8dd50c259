"""Keys for what may be read only for a while, kept apart from the database and destroyed in time.

What is deleted from a database lives on: in its log, in free pages, in backups. What was only ever
written there under a key is gone for good when the key is. So each key is a small file of its own in a
folder that nobody backs up, and destroying it means overwriting and removing it.

A key is read from its file whenever it is used, and held no longer: of several processes that share a folder
none has a key that another one destroyed. Only what is never destroyed is held (`lasting_mark`). What many
seal and one opens once, at the end, is sealed to the public half of a pair (HPKE, RFC 9180): whoever seals
never sees the half that opens.
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import hmac
import os
import secrets
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from bot.private import NotPlain, read_plain

_NONCE, _TAG, _KEY = 12, 16, 32
# AES in offset codebook mode (RFC 7253), which costs a quarter of what Galois/Counter mode does here: by that
# one was sealed whatever does not begin so.
_BY_OCB = "o."
_SECRET, _PUBLIC = ".key", ".pub"
_WHOSE = "ring.id"
_FORGOTTEN = "forgotten.list"
# A line for each account whose owner ever asked to be forgotten.
_LONGEST_LIST = 100_000_000
# So long is what tells one event from another, in bytes: by chance two of them are alike never.
MARK = 8


class KeyGone(Exception):
    """What was sealed under this key can no longer be read."""


class Keyring:
    """Keys by name. Without a folder they are held in memory, as is the database then."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        # What would stand in the folder.
        self._files: dict[str, bytes] = {}
        # Keys that are never destroyed, by their files: each command makes marks with several of them.
        self._lasting: dict[str, bytes] = {}

    # --- one key that seals and opens ---

    def make(self, name: str, *, anew: bool = False) -> None:
        """A new key, on disk before anything is sealed with it. One that is there already stays.

        It stays for another process too, that makes the same one at this moment. `anew`: it is destroyed, and
        so is what was sealed with it; for whoever holds what it is for.
        """
        if anew:
            self.destroy(name)
        self._make(name, (_SECRET,), lambda: {_SECRET: secrets.token_bytes(_KEY)})

    def seal(self, name: str, words: bytes, length: int = 0) -> str:
        """Unreadable without the key; padded to `length`, so that its size says nothing either."""
        from Crypto.Cipher import AES

        nonce = secrets.token_bytes(_NONCE)
        cipher = AES.new(self._read(name + _SECRET), AES.MODE_OCB, nonce=nonce)
        body, tag = cipher.encrypt_and_digest(_padded(words, length))
        return _BY_OCB + base64.b64encode(nonce + tag + body).decode()

    def unseal(self, name: str, sealed: str) -> bytes:
        """What was sealed. Raises: KeyGone."""
        from Crypto.Cipher import AES

        raw = base64.b64decode(sealed.removeprefix(_BY_OCB))
        nonce, tag, body = raw[:_NONCE], raw[_NONCE : _NONCE + _TAG], raw[_NONCE + _TAG :]
        key = self._read(name + _SECRET)
        cipher: Any
        if sealed.startswith(_BY_OCB):
            cipher = AES.new(key, AES.MODE_OCB, nonce=nonce)
        else:
            cipher = AES.new(key, AES.MODE_GCM, nonce=nonce)
        try:
            return _bare(cipher.decrypt_and_verify(body, tag))
        except ValueError:
            raise KeyGone(name) from None

    def mark(self, name: str, words: str) -> bytes:
        """What these words are known by to whoever has the key, `MARK` bytes. Raises: KeyGone."""
        return _marked(self._read(name + _SECRET), words)

    def lasting_mark(self, name: str, words: str) -> bytes:
        """The same under a key that is never destroyed: one that is not there yet is made."""
        file = name + _SECRET
        key = self._lasting.get(file)
        if key is None:
            self.make(name)
            key = self._lasting[file] = self._read(file)
        return _marked(key, words)

    # --- a pair: one half seals, the other one opens ---

    def make_pair(self, name: str, *, anew: bool = False) -> None:
        """A new pair, as `make` makes a key. One of which a half is missing is made anew."""
        if anew:
            self.destroy(name)
        self._make(name, (_SECRET, _PUBLIC), _new_pair)

    def seal_to(self, name: str, words: bytes, length: int) -> str:
        """Unreadable but for `opener`. Raises: KeyGone where nobody could open it, either."""
        from Crypto.Protocol import HPKE
        from Crypto.Protocol.DH import import_x25519_public_key

        assert len(words) <= length, "longer than others"
        public = import_x25519_public_key(self.public(name))
        to = HPKE.new(receiver_key=public, aead_id=HPKE.AEAD.AES256_GCM, info=name.encode())
        return base64.b64encode(to.enc + to.seal(_padded(words, length))).decode()

    def public(self, name: str) -> bytes:
        """The half that seals, 32 bytes. Raises: KeyGone where the one that opens is not there."""
        found = self._read(name + _PUBLIC)
        if not self._has(name + _SECRET):
            raise KeyGone(name)
        return found

    def opener(self, name: str) -> Callable[[str], bytes]:
        """Opens what was sealed to that pair, and raises KeyGone for anything else.

        It holds the key, so nobody holds it for longer than they open. Raises: KeyGone.
        """
        from Crypto.Protocol import HPKE
        from Crypto.Protocol.DH import import_x25519_private_key

        private = import_x25519_private_key(self._read(name + _SECRET))

        def opened(sealed: str) -> bytes:
            raw = base64.b64decode(sealed)
            to: Any = {"receiver_key": private, "aead_id": HPKE.AEAD.AES256_GCM, "info": name.encode()}
            try:
                return _bare(HPKE.new(**to, enc=raw[:_KEY]).unseal(raw[_KEY:]))
            except ValueError:
                raise KeyGone(name) from None

        return opened

    # --- a pair: one half signs, the other one shows that it did ---

    def make_signing_pair(self, name: str) -> None:
        """A new pair, as `make` makes a key. One whose half that signs was retired stays as it is."""
        self._make(name, (_PUBLIC,), _new_signing_pair)

    def sign(self, name: str, words: bytes) -> bytes:
        """The signature, 64 bytes (Ed25519, RFC 8032). Raises: KeyGone."""
        from Crypto.Signature import eddsa

        private = eddsa.import_private_key(self._read(name + _SECRET))
        return eddsa.new(private, "rfc8032").sign(words)

    def signs(self, name: str) -> bool:
        """Whether the half that signs is there still."""
        return self._has(name + _SECRET)

    def verifying(self, name: str) -> bytes:
        """The half that shows it, 32 bytes, whether or not the other one is there. Raises: KeyGone."""
        return self._read(name + _PUBLIC)

    def retire(self, name: str) -> None:
        """Nobody signs with it any more; what was signed can be verified still."""
        self._destroy(name + _SECRET)

    def pairs(self) -> set[str]:
        """Every pair of which the half that everybody may have is there."""
        return {file.removesuffix(_PUBLIC) for file in self._all_files() if file.endswith(_PUBLIC)}

    # --- all of them ---

    def destroy(self, name: str) -> None:
        """Overwrite it and remove it; once is as good as twice."""
        for file in (name + _SECRET, name + _PUBLIC):
            self._destroy(file)

    def _destroy(self, file: str) -> None:
        assert file not in self._lasting, "others hold it"
        self._files.pop(file, None)
        if self.folder:
            with contextlib.suppress(FileNotFoundError):  # another process was faster
                path = self.folder / file
                _write(os.open(path, os.O_WRONLY), secrets.token_bytes(_KEY))
                path.unlink()
                self._remember_folder()

    def probe(self) -> None:
        """Raises: OSError where no key could be kept, or the list cannot be read."""
        if self.folder:
            # A name of its own: another process may be trying as well.
            name = f"probe-{secrets.token_hex(4)}"
            self.make(name)
            self.destroy(name)
            self._list()

    def names(self) -> set[str]:
        """Every key there is."""
        return {file.removesuffix(_SECRET) for file in self._all_files() if file.endswith(_SECRET)}

    def _all_files(self) -> Collection[str]:
        if self.folder is None:
            return self._files
        try:
            return os.listdir(self.folder)
        except FileNotFoundError:
            return ()

    @property
    def whose(self) -> str | None:
        """Which database these are the keys of, as `belong_to` said; None where nothing did."""
        with contextlib.suppress(KeyGone):
            return self._read(_WHOSE).decode()
        return None

    def belong_to(self, database: str) -> str:
        """Whose these keys are: of that database, a name of 32 characters, where nobody said so before."""
        with self._alone():
            found = self.whose
            if found is None:
                self._put({_WHOSE: database.encode()})
            return found or database

    # --- a list that is in no backup of the database ---

    def note_forgotten(self, mark: str) -> None:
        """That mark is the last of the list, on disk once this returns. It stands there once."""
        with self._alone():
            listed = self.forgotten()
            number = max(listed.values(), default=0) + 1
            if self.folder and mark not in listed:
                self._append(f"{mark} {number}\n")
                return
            listed.pop(mark, None)
            lines = [f"{each} {which}\n" for each, which in (*listed.items(), (mark, number))]
            self._put({_FORGOTTEN: "".join(lines).encode()})

    def _append(self, line: str) -> None:
        assert self.folder
        # A line that was cut short by a full disk is one of its own.
        is_whole = self._list()[-1:] in (b"", b"\n")
        how = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        handle = os.open(self.folder / _FORGOTTEN, how, 0o600)
        _write(handle, f"{'' if is_whole else chr(10)}{line}".encode())
        self._remember_folder()

    def forgotten(self) -> dict[str, int]:
        """The marks on the list, the oldest first, and which number each was. Lines had none before: there it
        is their place.
        """
        found: dict[str, int] = {}
        for place, line in enumerate(self._list().decode().splitlines(), 1):
            mark, _, number = line.partition(" ")
            found.pop(mark, None)
            found[mark] = int(number) if number.isdecimal() else place
        return found

    def _list(self) -> bytes:
        if self.folder is None:
            return self._files.get(_FORGOTTEN, b"")
        try:
            return read_plain(self.folder / _FORGOTTEN, _LONGEST_LIST)
        except FileNotFoundError:
            return b""

    # --- files ---

    def _make(self, name: str, parts: tuple[str, ...], new: Callable[[], Mapping[str, bytes]]) -> None:
        if all(self._has(name + part) for part in parts):
            return
        with self._alone():
            if not all(self._has(name + part) for part in parts):
                self._put({name + part: words for part, words in new().items()})

    def _has(self, file: str) -> bool:
        """A file that was cut short by a full disk is no key."""
        if self.folder is None:
            return file in self._files
        try:
            return (self.folder / file).stat().st_size == _KEY
        except FileNotFoundError:
            return False

    def _read(self, file: str) -> bytes:
        try:
            found = read_plain(self.folder / file) if self.folder else self._files[file]
        except (FileNotFoundError, NotPlain, KeyError):
            raise KeyGone(file) from None
        if len(found) != _KEY:
            raise KeyGone(file)
        return found

    def _put(self, files: Mapping[str, bytes]) -> None:
        """In that order, each whole or not at all."""
        if self.folder is None:
            self._files |= files
            return
        for file, words in files.items():
            path = self.folder / file
            half = path.with_suffix(".new")
            _write(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), words)
            half.replace(path)
        self._remember_folder()

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """No other process makes a key meanwhile."""
        if self.folder is None:
            yield
            return
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _remember_folder(self) -> None:
        """That a file came or went is kept when the machine fails."""
        assert self.folder
        handle = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _new_pair() -> Mapping[str, bytes]:
    """The half that seals comes first: a pair without the other one is made anew."""
    from Crypto.PublicKey import ECC

    private = ECC.generate(curve="Curve25519")
    return {_PUBLIC: private.public_key().export_key(format="raw"), _SECRET: private.seed}


def _new_signing_pair() -> Mapping[str, bytes]:
    """The half that signs comes first, as the other one says that there is a pair."""
    from Crypto.PublicKey import ECC

    private = ECC.generate(curve="Ed25519")
    return {_SECRET: private.seed, _PUBLIC: private.public_key().export_key(format="raw")}


def _marked(key: bytes, words: str) -> bytes:
    return hmac.digest(key, words.encode(), "sha256")[:MARK]


def _padded(words: bytes, length: int) -> bytes:
    return len(words).to_bytes(4, "big") + words.ljust(length, b"\0")


def _bare(padded: bytes) -> bytes:
    return padded[4 : 4 + int.from_bytes(padded[:4], "big")]


def _write(handle: int, words: bytes) -> None:
    """All of it. Raises: OSError where only some fits, which the system says no sooner than it has to."""
    left = memoryview(words)
    try:
        while left:
            left = left[os.write(handle, left) :]
        os.fsync(handle)
    finally:
        os.close(handle)
