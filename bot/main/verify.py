"""`plein verify`: whether a certificate is what its community signed, without asking anybody."""

from __future__ import annotations

import base64
import binascii
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from bot.certificates.certificate import Certificate
from bot.certificates.checking import LONGEST, check, check_words, read_file
from bot.certificates.codes import Code, read_code
from bot.errors import UserError
from bot.main.terminal import voice_here
from bot.model.message import Text, text
from bot.ports.signing import PublicKey
from bot.private import NotPlain, TooLong, read_plain
from bot.texts import Texts

_PEM = re.compile(r"-----BEGIN PUBLIC KEY-----\s*([A-Za-z0-9+/=\s]+?)\s*-----END PUBLIC KEY-----")
# What stands before an Ed25519 key there (RFC 8410).
_BEFORE = bytes.fromhex("302a300506032b6570032100")
_KEY = 32
# How a file begins that holds a certificate, and not its code alone.
_FILES = (b"%PDF-", b"{", b"\xef\xbb\xbf{")
# No code has so many bytes, however it was typed.
_LONGEST_CODE = 10_000


def verify(given: Sequence[str], keys: Sequence[PublicKey]) -> int:
    """Say what a code, or a file, proves by these keys; the exit status."""
    try:
        if not keys:
            raise UserError("certificate.check.no_keys")
        certificate, code = _read(given)
        lines = _proven(certificate, code, keys)
    except UserError as error:
        _say(error.text, wrong=True)
        return 1
    for line in lines:
        _say(line)
    return 0


def keys_in(file: Path) -> Sequence[PublicKey]:
    """The keys that somebody was given in a file. Raises: UserError."""
    blocks = _PEM.findall(_contents(file).decode("ascii", "replace"))
    found = [key for key in map(_key, blocks) if key]
    if not found:
        raise UserError("certificate.check.no_key", file=str(file))
    return found


def show(keys: Sequence[PublicKey]) -> int:
    """The keys as a file to give to whoever wants to check; the exit status."""
    if not keys:
        _say(text("certificate.check.no_keys"), wrong=True)
        return 1
    for key in keys:
        print(key.id.hex())
        print("-----BEGIN PUBLIC KEY-----")
        print(base64.b64encode(_BEFORE + key.raw).decode())
        print("-----END PUBLIC KEY-----")
    return 0


def tell(error: UserError) -> int:
    """What is wrong; the exit status."""
    _say(error.text, wrong=True)
    return 1


def _read(given: Sequence[str]) -> tuple[Certificate | None, Code]:
    """What was typed behind the command, or on the input; a file where there is one of that name."""
    if len(given) == 1 and (os.path.exists(given[0]) or Path(given[0]).suffix):
        return _held(_contents(Path(given[0])))
    if given:
        return None, read_code(" ".join(given)[:_LONGEST_CODE])
    data = sys.stdin.buffer.read(LONGEST + 1)
    if len(data) > LONGEST:
        raise _too_large()
    return _held(data)


def _held(data: bytes) -> tuple[Certificate | None, Code]:
    """What is in a file: a certificate, or its code alone."""
    if data.lstrip().startswith(_FILES):
        return read_file(data)
    try:
        words = data[: _LONGEST_CODE + 1].decode("utf-8-sig")
    except UnicodeDecodeError:
        words = ""
    # A picture, or some other file.
    if len(data) > _LONGEST_CODE or (data and not words):
        raise UserError("certificate.check.no_file")
    return None, read_code(words)


def _proven(certificate: Certificate | None, code: Code, keys: Sequence[PublicKey]) -> Sequence[Text]:
    from bot.certificates.files import told
    from storage.signing import verifies

    proof = check(code, keys, verifies)
    if certificate is None:
        return [text("certificate.check.code", id=code.id), text("certificate.check.code.only")]
    check_words(certificate, proof)
    return [text("certificate.check.right"), *told(certificate), text("certificate.check.compare")]


def _key(block: str) -> PublicKey | None:
    try:
        raw = base64.b64decode("".join(block.split()), validate=True)
    except binascii.Error:
        return None
    whole = raw.startswith(_BEFORE) and len(raw) == len(_BEFORE) + _KEY
    return PublicKey(raw[len(_BEFORE) :]) if whole else None


def _contents(file: Path) -> bytes:
    try:
        return read_plain(file, LONGEST)
    except TooLong:
        raise _too_large() from None
    except NotPlain:
        raise UserError("certificate.check.no_file") from None
    # No file has a name that holds the end of one.
    except (OSError, ValueError):
        raise UserError("certificate.check.unreadable", file=str(file)) from None


def _too_large() -> UserError:
    return UserError("certificate.check.too_large", most=LONGEST // 1_000_000)


def _say(line: Text, *, wrong: bool = False) -> None:
    texts = Texts()
    print(texts.write(line, voice_here(texts)), file=sys.stderr if wrong else sys.stdout)
