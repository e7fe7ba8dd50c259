"""Files that people post in rooms: what events tell of them, and what is in them, from the homeserver alone.

In an encrypted room a file is encrypted by itself, and its event says how: it is decrypted as it comes, and
taken for what it is only once its hash was right.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

import aiohttp
from Crypto.Cipher import AES
from Crypto.Util import Counter

from adapters.matrix.refusals import refusal
from adapters.matrix.render import Content
from adapters.matrix.session import ASK_AGAIN, Session
from adapters.media import AS_IT_IS, PATIENCE, pieces
from bot.errors import NotCarried, TryLater
from bot.files import unreadable
from bot.model.files import Fetched, Posted
from bot.ports.adapter import Take

# Whoever hears of it shows nothing before somebody asks (MSC4193, and MSC3725 before it).
HIDDEN, WARNED = "page.codeberg.everypizza.msc4193.spoiler", "town.robin.msc3725.content_warning"
# Which file it is that an event of ours shows.
MARK = "be.plein.file"
_SORTS = ("m.image", "m.audio", "m.video", "m.file")
_MXC = re.compile(r"mxc://([A-Za-z0-9.:\[\]-]{1,230})/([A-Za-z0-9_=-]{1,255})")
_LARGEST_SIZE = 1 << 50


def posted_in(content: Mapping[str, Any]) -> tuple[Posted, ...]:
    """The file that an event shows, also a sticker; none where it shows none, or nobody can find it."""
    new = content.get("m.new_content")
    content = new if isinstance(new, dict) else content
    sort = content.get("msgtype", "m.sticker" if "url" in content or "file" in content else None)
    source = _source(content)
    if sort not in (*_SORTS, "m.sticker") or source is None:
        return ()
    said = content.get("info")
    info: Mapping[str, Any] = said if isinstance(said, dict) else {}
    size, kind = info.get("size"), _text(info.get("mimetype"))[:100]
    called = _text(content.get("filename")) or _text(content.get("body"))
    is_size = isinstance(size, int) and not isinstance(size, bool) and 0 <= size < _LARGEST_SIZE
    return (Posted(source, called, size if is_size else None, kind, _is_hidden(content)),)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _is_hidden(content: Mapping[str, Any]) -> bool:
    warned = content.get(WARNED)
    return content.get(HIDDEN) is True or (isinstance(warned, dict) and warned.get("type") == "m.spoiler")


def _source(content: Mapping[str, Any]) -> str | None:
    """Where it is, and what opens it where it is encrypted."""
    sealed = content.get("file")
    if not isinstance(sealed, dict):
        url = content.get("url")
        return url if isinstance(url, str) and _MXC.fullmatch(url) else None
    url, key, iv, hashes = (sealed.get(name) for name in ("url", "key", "iv", "hashes"))
    if not (
        isinstance(url, str) and _MXC.fullmatch(url) and isinstance(key, dict) and isinstance(hashes, dict)
    ):
        return None
    found = [url, key.get("k"), iv, hashes.get("sha256")]
    return json.dumps(found) if all(isinstance(part, str) and len(part) < 500 for part in found) else None


async def fetch(on: Session, posted: Posted, take: Take) -> None:
    """See `Keeper.fetch`. The homeserver gives what is on others too: no other address is ever asked."""
    url, sealed = posted.source, None
    if url.startswith("["):
        url, *sealed = json.loads(url)
    match = _MXC.fullmatch(url)
    opened = _Opened(posted, *sealed) if sealed else None
    if match is None:
        raise NotCarried(unreadable(posted))
    path = f"/_matrix/client/v1/media/download/{match[1]}/{match[2]}"
    headers = {"Authorization": f"Bearer {on.client.access_token}", **AS_IT_IS}
    try:
        response = await on.client.send("GET", path, None, headers, timeout=PATIENCE)
    except aiohttp.ClientError as error:
        raise ConnectionError(f"the homeserver cannot be reached: {type(error).__name__}") from error
    async with response:
        if response.status == 429:
            raise TryLater(ASK_AGAIN)
        if response.status != 200:
            raise _refused(posted, response.status)
        await pieces(response, opened.take(take) if opened else take)
    if opened:
        opened.check()


def _refused(posted: Posted, status: int) -> Exception:
    """What was there and is no more, or never was, is not there later either."""
    if 400 <= status < 500 and status != 401:
        return NotCarried(unreadable(posted))
    return refusal(status, None)


class _Opened:
    """An encrypted file, as it comes. Raises: NotCarried where what opens it is malformed."""

    def __init__(self, posted: Posted, key: str, iv: str, expected: str) -> None:
        self._posted = posted
        self._hash = hashlib.sha256()
        try:
            start = _unpacked(iv)
            counter = Counter.new(64, prefix=start[:8], initial_value=int.from_bytes(start[8:16], "big"))
            self._cipher = AES.new(_unpacked(key), AES.MODE_CTR, counter=counter)
            self._expected = _unpacked(expected)
        except (ValueError, TypeError) as error:
            raise NotCarried(unreadable(posted)) from error

    def take(self, take: Take) -> Take:
        def opened(piece: bytes) -> None:
            self._hash.update(piece)
            take(self._cipher.decrypt(piece))

        return opened

    def check(self) -> None:
        """Raises: NotCarried where it is not what was posted."""
        if self._hash.digest() != self._expected:
            raise NotCarried(unreadable(self._posted))


def _unpacked(words: str) -> bytes:
    """Base64 without padding, as it is written in text or in addresses. Raises: ValueError."""
    return base64.b64decode(words.encode("ascii") + b"==", altchars=b"-_")


# --- as it is shown ---


def mark_of(posted: Posted) -> str:
    return hashlib.sha256(posted.source.encode(errors="replace")).hexdigest()[:16]


def shown(posted: Posted, fetched: Fetched, stored: Content) -> Content:
    """What an event says of a file, but for its words.

    Most clients know no hidden pictures and would show them: so these are files there, which nobody sees
    before they ask for it. Those that know them hide them.
    """
    sort = fetched.kind.partition("/")[0]
    is_shown = sort in ("image", "audio", "video") and not posted.hidden
    info: Content = {"mimetype": fetched.kind, "size": fetched.size}
    if fetched.measures:
        info |= {"w": fetched.measures[0], "h": fetched.measures[1]}
    hidden: Content = {HIDDEN: True, WARNED: {"type": "m.spoiler"}} if posted.hidden else {}
    return {
        "msgtype": f"m.{sort}" if is_shown else "m.file",
        "filename": fetched.name,
        "info": info,
        MARK: mark_of(posted),
        **hidden,
        **stored,
    }


def shows(content: Content) -> Content:
    """What an event of ours says of its file; nothing where it shows none."""
    names = ("msgtype", "filename", "info", "url", "file", MARK, HIDDEN, WARNED)
    return {name: content[name] for name in names if name in content} if MARK in content else {}
