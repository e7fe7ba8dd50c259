"""Where a message stands on its platform, in as few bytes as its form allows, whatever platform that is.

A number is eight bytes. What begins with `$` and has 32 bytes in letters behind it is these. Anything else is
its own text behind a byte that tells it from both.
"""

from __future__ import annotations

import base64
import binascii

_NUMBER, _DIGEST = 8, 32
_LETTERS = 43
_TEXT, _PADDED = b"\x01", b"\x02\x00"


def shortened(ref: str | None) -> bytes | None:
    """None of none."""
    if ref is None:
        return None
    if ref.isascii() and ref.isdecimal() and len(ref) <= 20 and str(number := int(ref)) == ref:
        if number < 256**_NUMBER:
            return number.to_bytes(_NUMBER)
    elif ref.startswith("$") and len(ref) == 1 + _LETTERS and (digest := _digest(ref)):
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
    before = _PADDED if kept.startswith(_PADDED) else _TEXT
    return kept.removeprefix(before).decode(errors="surrogatepass")


def _digest(ref: str) -> bytes | None:
    """None for what would not be spelled so again."""
    try:
        found = base64.b64decode(f"{ref[1:]}=", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return found if _spelled(found) == ref else None


def _spelled(digest: bytes) -> str:
    return "$" + base64.urlsafe_b64encode(digest).decode().rstrip("=")
