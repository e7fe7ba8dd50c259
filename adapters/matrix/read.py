"""From a room's events to what somebody meant by them. Whatever is malformed means nothing.

Polls are MSC3381, in the name space that clients use today and in the stable one.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, TypeGuard, TypeVar

from adapters.matrix.told import POLLS, Located, Polled, located, polled
from bot.numerals import KEYCAP, number_in
from bot.signs import folded_sign
from bot.unseen import has_unseen

Told = TypeVar("Told", Located, Polled)
# What Plein says carries this: by it it is found again in the room's history, and known for a bot's.
KEY = "be.plein.key"
RESPONSES = ("org.matrix.msc3381.poll.response", "m.poll.response")
ENDS = ("org.matrix.msc3381.poll.end", "m.poll.end")
_FILES = ("m.image", "m.audio", "m.video", "m.file")
_SENT = (*_FILES, "m.location")
_START = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_MS = 253_402_300_799_000
_COMMAND = re.compile(r"![^\W\d_]")
# What people say to each other, in whichever form; and so long may be what they react with.
_WRITTEN = (
    "m.room.message",
    "m.room.encrypted",
    "m.sticker",
    "org.matrix.msc3381.poll.start",
    "m.poll.start",
)
_LONGEST_SIGN = 64


@dataclass(frozen=True, slots=True)
class Said:
    """Words. `pressed` is the number of a button, where the words are nothing else.

    `html` is how they are laid out, and `mentions` the accounts that are to be pinged. `thread` is the event
    with which the thread began that they are in.
    """

    words: str
    reply_to: str | None = None
    html: str = ""
    mentions: tuple[str, ...] = ()
    thread: str | None = None

    @property
    def is_command(self) -> bool:
        return _COMMAND.match(self.words) is not None

    @property
    def pressed(self) -> int | None:
        # "#2" is what a poll is called, wherever it stands in a list.
        number = None if self.words.startswith("#") else number_in(self.words.rstrip("!"))
        return number if number is not None and 0 <= number < 100 else None


@dataclass(frozen=True, slots=True)
class Emoted:
    """What somebody says that they do. Nobody asks anything of Plein in that way."""

    words: str
    reply_to: str | None = None
    thread: str | None = None


@dataclass(frozen=True, slots=True)
class Edited:
    """What somebody had said was changed, to these words. Nothing is done for a second time."""

    target: str
    now: Said | Emoted | Sent


@dataclass(frozen=True, slots=True)
class Sent:
    """A picture, a recording or a file, with the words beneath it where it has any."""

    words: str = ""
    reply_to: str | None = None
    thread: str | None = None


@dataclass(frozen=True, slots=True)
class Reacted:
    """A reaction that stands for the button with that number."""

    target: str
    number: int


@dataclass(frozen=True, slots=True)
class Signed:
    """A reaction with any other sign, folded; "": with more than anybody reads."""

    target: str
    sign: str


@dataclass(frozen=True, slots=True)
class Answered:
    """A response to a native poll; no numbers: the vote is taken back."""

    target: str
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Ended:
    """Somebody ended a native poll."""

    target: str


@dataclass(frozen=True, slots=True)
class Removed:
    """An event was redacted."""

    target: str


Meaning = Said | Emoted | Sent | Located | Polled | Edited | Reacted | Signed | Answered | Ended | Removed


@dataclass(frozen=True, slots=True)
class Heard:
    """Who meant what, and when by the server's clock; `content` is what they sent."""

    id: str
    sender: str
    at: datetime
    meaning: Meaning
    content: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)


def read(event: Mapping[str, Any]) -> Heard | None:
    """What an event means; None where it is nothing to Plein, or malformed."""
    kind, sender, event_id = event.get("type"), event.get("sender"), event.get("event_id")
    at = moment(event.get("origin_server_ts"))
    content = event.get("content")
    if not (isinstance(kind, str) and is_id(sender, "@") and is_id(event_id, "$")):
        return None
    if at is None or not isinstance(content, dict):
        return None
    meaning = _meaning(kind, content, event)
    return Heard(event_id, sender, at, meaning, content) if meaning else None


def is_idle(event: Mapping[str, Any], signs: Container[str]) -> bool:
    """Whether it is a reaction by which nothing is pressed, and none of these signs: most are, and there are
    very many, so that nothing else of them is looked at.
    """
    content = event.get("content")
    if event.get("type") != "m.reaction" or not isinstance(content, dict):
        return False
    key = _relation(content).get("key")
    if not isinstance(key, str) or len(key) > _LONGEST_SIGN:
        return True
    return folded_sign(key := key.strip()) not in signs and not _number_of(key)


def moment(stamp: object) -> datetime | None:
    """Milliseconds since 1970 as a moment, if that is what they are."""
    if not isinstance(stamp, int) or isinstance(stamp, bool) or not 0 <= stamp <= _LAST_MS:
        return None
    return _START + timedelta(milliseconds=stamp)


def milliseconds(at: datetime) -> int:
    """A moment as `moment` reads it."""
    return (at - _START) // timedelta(milliseconds=1)


def server_of(user: str) -> str:
    """Which server says what they do, and when."""
    return user.partition(":")[2]


def content_if_by(event: Mapping[str, Any], sender: str) -> dict[str, Any]:
    """The content of an event that this account sent; empty for anybody else's."""
    content = event.get("content")
    return content if event.get("sender") == sender and isinstance(content, dict) else {}


def replaced_by(content: Mapping[str, Any]) -> str | None:
    """The event that this content edits; None where it is no edit."""
    found = content.get("m.relates_to")
    relation = found if isinstance(found, dict) else {}
    target = relation.get("event_id")
    return target if relation.get("rel_type") == "m.replace" and is_id(target, "$") else None


def written_by(event: Mapping[str, Any]) -> tuple[str, datetime] | None:
    """Who wrote a message, and when, as far as anybody sees; None where it is none of a person's, or is gone.

    A notice is a bot's, and so is what any Plein says.
    """
    content, sender = event.get("content"), event.get("sender")
    at = moment(event.get("origin_server_ts"))
    if event.get("type") not in _WRITTEN or not is_id(sender, "@") or at is None:
        return None
    # Of what was taken away its content is gone.
    if not isinstance(content, dict) or not content or is_bots(content):
        return None
    return sender, at


def is_bots(content: Mapping[str, Any]) -> bool:
    """Whether a message says itself that no person wrote it."""
    return content.get("msgtype") == "m.notice" or KEY in content


def redacted(events: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """The ids of what one of these events may have taken away: whether it did the homeserver knows."""
    for event in events:
        # Where the event names that depends on the room's version.
        content = event.get("content")
        for named in (event.get("redacts"), content.get("redacts") if isinstance(content, dict) else None):
            if isinstance(named, str):
                yield named


def is_id(value: object, sigil: str) -> TypeGuard[str]:
    """An id may be made of nearly anything but what nobody sees, in one line, and is no longer than Matrix
    says.
    """
    if not isinstance(value, str) or not (value.startswith(sigil) and 1 < len(value) <= 255):
        return False
    return value.splitlines() == [value] and not has_unseen(value)


def _meaning(kind: str, content: dict[str, Any], event: Mapping[str, Any]) -> Meaning | None:
    if kind == "m.room.message":
        return _sent(content) if _is_sent(content) else _said(content)
    if kind in POLLS:
        # Plein's own are everywhere already, and an edit asks nothing anew.
        asked = None if KEY in content or replaced_by(content) else polled(kind, content)
        return _with_where(asked, content) if asked else None
    if kind == "m.sticker":
        return None if KEY in content else _sent(content)
    if kind == "m.reaction":
        return _reacted(content)
    if kind in RESPONSES:
        return _answered(kind, content)
    if kind in ENDS:
        target = _referred(content)
        return Ended(target) if target else None
    if kind == "m.room.redaction":
        target = event.get("redacts") or content.get("redacts")
        return Removed(target) if is_id(target, "$") else None
    return None


def _relation(content: dict[str, Any]) -> dict[str, Any]:
    found = content.get("m.relates_to")
    return found if isinstance(found, dict) else {}


def _is_sent(content: dict[str, Any]) -> bool:
    """Not where one only changes: nothing is said anew; and what any Plein sends is a bot's."""
    return content.get("msgtype") in _SENT and KEY not in content and replaced_by(content) is None


def _sent(content: dict[str, Any]) -> Sent | Located:
    """Words stand beneath a file where it has a name of its own."""
    if found := located(content) if content.get("msgtype") == "m.location" else None:
        return _with_where(found, content)
    words, name, where = content.get("body"), content.get("filename"), _where(content)
    has_words = isinstance(words, str) and isinstance(name, str) and words != name
    return Sent(words.strip() if isinstance(words, str) and has_words else "", where.reply_to, where.thread)


def _with_where(told: Told, content: dict[str, Any]) -> Told:
    where = _where(content)
    return replace(told, reply_to=where.reply_to, thread=where.thread)


class _Where(NamedTuple):
    """What it answers, and in which thread it is. `beside`: the event that it is shown to answer."""

    beside: str | None
    reply_to: str | None
    thread: str | None


def _where(content: dict[str, Any]) -> _Where:
    relation = _relation(content)
    reply, root = relation.get("m.in_reply_to"), relation.get("event_id")
    target = reply.get("event_id") if isinstance(reply, dict) else None
    is_in_thread = relation.get("rel_type") == "m.thread"
    # In a thread, a client that knows no threads is told to show a reply; nobody meant one.
    beside = target if is_id(target, "$") else None
    is_meant = not (is_in_thread and relation.get("is_falling_back") is True)
    thread = root if is_in_thread and is_id(root, "$") else None
    return _Where(beside, beside if is_meant else None, thread)


def _said(content: dict[str, Any]) -> Said | Emoted | Edited | None:
    """An edit says nothing anew; a notice is a bot's, and so is what any Plein says."""
    words, relation, kind = content.get("body"), _relation(content), content.get("msgtype")
    if kind not in ("m.text", "m.emote", *_FILES) or not isinstance(words, str) or KEY in content:
        return None
    if target := replaced_by(content):
        new = content.get("m.new_content")
        now = (
            _new({name: new[name] for name in new if name != "m.relates_to"})
            if isinstance(new, dict)
            else None
        )
        return Edited(target, now) if now else None
    if relation.get("rel_type") == "m.replace" or kind in _FILES:
        return None
    where = _where(content)
    words = (_without_quote(words) if where.beside else words).strip()
    if kind == "m.emote":
        return Emoted(words, where.reply_to, where.thread)
    laid_out = content.get("formatted_body")
    html = laid_out if isinstance(laid_out, str) else ""
    return Said(words, where.reply_to, html, _mentions(content), where.thread)


def _new(content: dict[str, Any]) -> Said | Emoted | Sent | None:
    """What an edit makes of it, which is no edit itself."""
    now = _sent(content) if _is_sent(content) else _said(content)
    return now if isinstance(now, Said | Emoted | Sent) else None


def _mentions(content: dict[str, Any]) -> tuple[str, ...]:
    found = content.get("m.mentions")
    users = found.get("user_ids") if isinstance(found, dict) else None
    return tuple(user for user in users if is_id(user, "@")) if isinstance(users, list) else ()


def _without_quote(words: str) -> str:
    """Older clients repeat what they reply to, each line behind `> `, with an empty line after it."""
    lines = words.split("\n")
    quoted = 0
    while quoted < len(lines) and lines[quoted].startswith("> "):
        quoted += 1
    return "\n".join(lines[quoted:]) if quoted else words


def _reacted(content: dict[str, Any]) -> Reacted | Signed | None:
    relation = _relation(content)
    target, key = relation.get("event_id"), relation.get("key")
    if relation.get("rel_type") != "m.annotation" or not is_id(target, "$") or not isinstance(key, str):
        return None
    if len(key) > _LONGEST_SIGN:
        return Signed(target, "")
    if number := _number_of(key := key.strip()):
        return Reacted(target, number)
    return Signed(target, folded_sign(key))


def _number_of(key: str) -> int:
    """The number that a reaction is; 0 where it is none. It is one sign: of two keycaps neither is meant."""
    number = 10 if key == "\N{KEYCAP TEN}" else number_in(key) or 0
    return number if 0 < number < 100 and key.count(KEYCAP) < 2 else 0


def _referred(content: dict[str, Any]) -> str | None:
    """The native poll that this is about."""
    relation = _relation(content)
    target = relation.get("event_id")
    return target if relation.get("rel_type") == "m.reference" and is_id(target, "$") else None


def _answered(kind: str, content: dict[str, Any]) -> Answered | None:
    target = _referred(content)
    if target is None:
        return None
    body = content.get(kind)
    answers = body.get("answers") if isinstance(body, dict) else content.get("m.selections")
    if not isinstance(answers, list):
        return None
    # By the rule of MSC3381 an answer that the poll does not know spoils the vote, like none at all.
    numbers = [
        int(answer) for answer in answers if isinstance(answer, str) and re.fullmatch(r"[0-9]{1,2}", answer)
    ]
    return Answered(target, tuple(dict.fromkeys(numbers)) if len(numbers) == len(answers) else ())
