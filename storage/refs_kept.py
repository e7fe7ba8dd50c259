"""Where a message stands on its platform, in as few bytes as its form allows, whatever platform that is.

A number is eight bytes. What begins with `$` and has 32 bytes in letters behind it is these. Two numbers with
a slash between them are both, behind a byte. Anything else is its own text behind a byte that tells it from
all of these.
"""

from __future__ import annotations

import base64
import binascii

_NUMBER, _DIGEST = 8, 32
_LETTERS = 43
_TEXT, _PADDED, _TWO = b"\x01", b"\x02\x00", b"\x03"


def shortened(ref: str | None) -> bytes | None:
    """None of none."""
    if ref is None:
        return None
    if number := _in_bytes(ref):
        return number
    first, between, second = ref.partition("/")
    if between and (before := _in_bytes(first)) and (behind := _in_bytes(second)):
        return _TWO + before + behind
    if ref.startswith("$") and len(ref) == 1 + _LETTERS and (digest := _digest(ref)):
        return digest
    kept = ref.encode(errors="surrogatepass")
    # Of the length of neither of these.
    return (_PADDED if 1 + len(kept) in (_NUMBER, _DIGEST) else _TEXT) + kept


def spelled_out(kept: bytes | None) -> str | None:
    """What `shortened` gave, as it was."""
    if kept is None:
        return None
    if len(kept) == _NUMBER:
        return str(int.from_bytes(kept))
    if len(kept) == _DIGEST:
        return _spelled(kept)
    if kept.startswith(_TWO):
        return "/".join(str(int.from_bytes(part)) for part in (kept[1 : 1 + _NUMBER], kept[1 + _NUMBER :]))
    before = _PADDED if kept.startswith(_PADDED) else _TEXT
    return kept.removeprefix(before).decode(errors="surrogatepass")


def _in_bytes(ref: str) -> bytes | None:
    """None for what is no number, or none that is spelled like this."""
    if not (ref.isascii() and ref.isdecimal() and len(ref) <= 20) or str(number := int(ref)) != ref:
        return None
    return number.to_bytes(_NUMBER) if number < 256**_NUMBER else None


def _digest(ref: str) -> bytes | None:
    """None for what would not be spelled so again."""
    try:
        found = base64.b64decode(f"{ref[1:]}=", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return found if _spelled(found) == ref else None


def _spelled(digest: bytes) -> str:
    return "$" + base64.urlsafe_b64encode(digest).decode().rstrip("=")
