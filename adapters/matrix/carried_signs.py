"""Signs on messages that are carried: those that people put on them here, and those of people elsewhere.

A reaction is an event, by which it is taken away again; that of one account, with one sign, stands once.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from adapters.matrix.read import KEY, Heard, Reacted
from adapters.matrix.read import Signed as ReadSign
from adapters.matrix.refusals import StandsAlready, refusal
from adapters.matrix.render import REACTION, Content
from adapters.matrix.session import Session
from bot.errors import Gone, TryLater
from bot.model.events import Invocation
from bot.model.signs import Sign, Signed, name_of

# What emoji somebody made for a room, and as what clients tell how one of these is called.
PACK = "im.ponies.room_emotes"
SHORTCODE, BEEPERS = "shortcode", "com.beeper.reaction.shortcode"
# So many of a kind on a message are looked through for Plein's own.
PAGE = 100
# So many seconds until a homeserver that has too much to do is asked again.
ASK_AGAIN = 5.0


def signed(asked: Invocation, heard: Heard) -> Signed | None:
    """What they put on what stands there; None where they did something else, or a client shows a picture
    that nobody can name.
    """
    if not isinstance(heard.meaning, Reacted | ReadSign):
        return None
    relation = heard.content.get("m.relates_to")
    key = relation.get("key") if isinstance(relation, dict) else None
    if asked.place is None or not isinstance(key, str):
        return None
    if key.startswith("mxc://"):
        names = (heard.content.get(SHORTCODE), heard.content.get(BEEPERS))
        key = next((f":{name.strip(':')}:" for name in names if isinstance(name, str)), "")
    if not key:
        return None
    return Signed(asked.place, heard.meaning.target, asked.author, key, True, asked.at, asked.name, heard.id)


async def make_so(on: Session, sign: Sign) -> str:
    """As `Signer.sign` says it."""
    if sign.count:
        return sign.event or await _put(on, sign)
    event = sign.event or (await _own(on, sign) if sign.tried_at else None)
    if event:
        # Of what is not there at all nothing is left to take away.
        with contextlib.suppress(Gone):
            await on.outgoing.redact(sign.place.room_id, event, sign.key)
    return ""


async def _put(on: Session, sign: Sign) -> str:
    room, name = sign.place.room_id, name_of(sign.sign)
    picture = await _picture(on, room, name) if name else None
    more: Content = {SHORTCODE: name, BEEPERS: f":{name}:"} if picture else {}
    relation = {"rel_type": "m.annotation", "event_id": sign.stands[0], "key": picture or sign.sign}
    content = {"m.relates_to": relation, **more, KEY: sign.key}
    try:
        return await on.outgoing.send(room, REACTION, content, sign.key, sign.tried_at)
    except StandsAlready:
        return await _own(on, sign) or ""


async def _own(on: Session, sign: Sign) -> str | None:
    """As which event Plein's own stands there, if it does."""
    path = f"/rooms/{quote(sign.place.room_id, safe='')}/relations/{quote(sign.stands[0], safe='')}"
    since = ""
    while True:
        where = f"{path}/m.annotation/{REACTION}?limit={PAGE}{since}"
        status, answer, _ = await on.outgoing.request_at("GET", where, version="v1")
        if status == 404:
            return None
        if status == 429:
            raise TryLater((answer.get("retry_after_ms") or ASK_AGAIN * 1000) / 1000)
        if status != 200:
            raise refusal(status, answer.get("errcode"))
        chunk = answer.get("chunk")
        for event in chunk if isinstance(chunk, list) else []:
            if event.get("sender") == on.me and _is_of(event.get("content"), sign):
                return str(event.get("event_id"))
        more = answer.get("next_batch")
        if not (chunk and isinstance(more, str)):
            return None
        since = f"&from={quote(more, safe='')}"


def _is_of(content: object, sign: Sign) -> bool:
    if not isinstance(content, dict):
        return False
    relation = content.get("m.relates_to")
    key = relation.get("key") if isinstance(relation, dict) else None
    return key == sign.sign or content.get(BEEPERS) == sign.sign


async def _picture(on: Session, room: str, name: str) -> str | None:
    """The room's own emoji of that name."""
    status, pack = await on.outgoing.request("GET", f"/rooms/{quote(room, safe='')}/state/{PACK}/")
    images: Any = pack.get("images") if status == 200 else None
    image = images.get(name) if isinstance(images, Mapping) else None
    url = image.get("url") if isinstance(image, Mapping) else None
    return url if isinstance(url, str) and url.startswith("mxc://") else None
