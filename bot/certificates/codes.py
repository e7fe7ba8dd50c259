"""The code of a certificate: a key's id, the certificate's id and hash, and the signature over these.

It is spelled in the 32 characters that Crockford chose, none of which is taken for another one, in capitals
or not: four lines of five groups. Each line ends in two characters that are the rest of all the others, so
that who types one over hears in which line something is wrong.

    a line  43 characters that hold the code, and 2 that are the line's number modulo 1021
    a code  172 characters: 4 bits of a version, 3 bytes of key, 8 of id, 32 of hash, 64 of signature
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from bot.certificates.certificate import ID_BYTES
from bot.errors import UserError
from bot.ports.signing import KEY_ID
from bot.unseen import without_ignored

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUES = {letter: value for value, letter in enumerate(_ALPHABET)}
# What people read and type instead.
_MEANT = str.maketrans("OIL", "011")
LINES = 4
_HELD, _CHECK, _GROUP = 43, 2, 9
_LINE = _HELD + _CHECK
LENGTH = LINES * _LINE
# A prime below 32 times 32: one wrong character, or two that changed places, leave another rest.
_PRIME = 1021
_VERSION = 1
_HASH, _SIGNATURE = 32, 64
_SIGNED = KEY_ID + ID_BYTES + _HASH
# What stands between groups, or what somebody's keyboard made of it.
_BETWEEN = re.compile(r"[\s\-‐-―−_.,:;|/*`'\"]+")
# Whatever is shorter was not meant as a code.
_SHORTEST = 20
# Signed for nothing else than this.
_PURPOSE = b"plein certificate 1\n"


@dataclass(frozen=True, slots=True)
class Code:
    """What a code holds: the id of the key that signed, and of which certificate it has the hash."""

    key: bytes
    id: str
    digest: bytes
    signature: bytes = b""

    @property
    def signed(self) -> bytes:
        """What the signature is over."""
        return _PURPOSE + self.key + bytes.fromhex(self.id) + self.digest

    @property
    def lines(self) -> tuple[str, ...]:
        """As it is spelled, line by line."""
        held = self.key + bytes.fromhex(self.id) + self.digest + self.signature
        spelled = _spell((_VERSION << 8 * len(held)) | int.from_bytes(held, "big"), LINES * _HELD)
        whole = [spelled[start : start + _HELD] for start in range(0, len(spelled), _HELD)]
        return tuple(_in_groups(line + _check(line, place)) for place, line in enumerate(whole, start=1))

    @property
    def spelled(self) -> str:
        """All of it, at most 200 characters."""
        return "-".join(self.lines)


def read_code(words: str) -> Code:
    """The code that somebody typed, pasted or scanned, whatever their keyboard made of it.

    Raises: UserError that says what is wrong with it, and what to do.
    """
    typed = _BETWEEN.sub("", without_ignored(unicodedata.normalize("NFKC", words))).upper().translate(_MEANT)
    if len(typed) < _SHORTEST:
        raise UserError("certificate.code.none", count=LENGTH)
    if strange := next((letter for letter in typed if letter not in _VALUES), None):
        raise UserError("certificate.code.letter", letter=strange)
    if len(typed) < LENGTH:
        raise UserError("certificate.code.short", count=LENGTH - len(typed), length=LENGTH)
    if len(typed) > LENGTH:
        raise UserError("certificate.code.long", count=len(typed) - LENGTH, length=LENGTH)
    whole = [typed[start : start + _LINE] for start in range(0, LENGTH, _LINE)]
    lines = [(line[:_HELD], line[_HELD:]) for line in whole]
    wrong = [place for place, (line, check) in enumerate(lines, 1) if check != _check(line, place)]
    if wrong:
        raise UserError("certificate.code.line", lines=tuple(wrong), count=len(wrong))
    return _held(_value("".join(line for line, _ in lines)))


def _held(number: int) -> Code:
    length = _SIGNED + _SIGNATURE
    if number >> 8 * length != _VERSION:
        raise UserError("certificate.code.newer")
    held = (number & ((1 << 8 * length) - 1)).to_bytes(length, "big")
    of_id = KEY_ID + ID_BYTES
    return Code(held[:KEY_ID], held[KEY_ID:of_id].hex(), held[of_id:_SIGNED], held[_SIGNED:])


def _check(line: str, place: int) -> str:
    """What a line ends in; another one in each place."""
    return _spell((_value(line) + place) % _PRIME, _CHECK)


def _spell(number: int, length: int) -> str:
    return "".join(_ALPHABET[number >> 5 * place & 31] for place in reversed(range(length)))


def _value(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number << 5 | _VALUES[letter]
    return number


def _in_groups(line: str) -> str:
    return "-".join(line[start : start + _GROUP] for start in range(0, len(line), _GROUP))
