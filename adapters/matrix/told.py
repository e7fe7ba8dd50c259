"""What people tell otherwise than in words: where something is, and polls that are not Plein's (MSC3381)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.told import Spot, spot_in

POLLS = ("org.matrix.msc3381.poll.start", "m.poll.start")
# In the name space that clients use today, and in the stable one.
_TEXTS = ("org.matrix.msc1767.text", "m.text")
_PLACES = ("m.location", "org.matrix.msc3488.location")


@dataclass(frozen=True, slots=True)
class Located:
    """A place on earth; `words` describe it, if anything does."""

    spot: Spot
    words: str = ""
    reply_to: str | None = None
    thread: str | None = None


@dataclass(frozen=True, slots=True)
class Polled:
    """What a poll asks, and what can be answered."""

    words: str
    options: tuple[str, ...] = ()
    reply_to: str | None = None
    thread: str | None = None


def located(content: Mapping[str, Any]) -> Located | None:
    """None where it says nowhere on earth."""
    told = next((_mapping(content.get(name)) for name in _PLACES if name in content), {})
    address = content.get("geo_uri", told.get("uri"))
    spot = spot_in(address)
    if spot is None:
        return None
    described, body = told.get("description"), content.get("body")
    words = described if isinstance(described, str) else body if isinstance(body, str) else ""
    # Clients that know nothing of it say the address once more.
    return Located(spot, "" if "geo:" in words.casefold() else " ".join(words.split()))


def polled(kind: str, content: Mapping[str, Any]) -> Polled | None:
    """None where nothing is asked."""
    asked = _mapping(content.get(kind) or content.get("m.poll") or content.get(POLLS[0]))
    question = _text(_mapping(asked.get("question")))
    answers = asked.get("answers")
    options = map(_text, map(_mapping, answers if isinstance(answers, list) else []))
    return Polled(question, tuple(filter(None, options))) if question else None


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(found: Mapping[str, Any]) -> str:
    """In either of its forms: words, or a list of representations, of which the first that is plain."""
    for name in (*_TEXTS, "body"):
        value = found.get(name)
        if isinstance(value, str):
            return value.strip()
        for each in value if isinstance(value, list) else []:
            said = _mapping(each)
            if isinstance(said.get("body"), str) and said.get("mimetype", "text/plain") == "text/plain":
                return str(said["body"]).strip()
    return ""
