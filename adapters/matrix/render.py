"""Messages as Matrix events: with the HTML that is allowed, and native polls (MSC3381).

Every event says whom it mentions, which is mostly nobody, so that no words typed by anybody ping a room, and
carries its key, by which it can be found again in the room's history. Clients let people know of texts, and
of no notices (https://spec.matrix.org/latest/client-server-api/#mruleSuppress_notices).
"""

from __future__ import annotations

import html
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from adapters.matrix.read import KEY
from adapters.matrix.settings import PLATFORM
from bot.model.message import Hint, Message, NativePoll, Sign, Text, Title, text
from bot.model.people import Identity, Known, Place
from bot.model.work import Delivery
from bot.texts import Texts, Voice
from bot.unseen import visible

# What follows is whom a link means.
PEOPLE = "https://matrix.to/#/"
POLL_START = "org.matrix.msc3381.poll.start"
POLL_END = "org.matrix.msc3381.poll.end"
# Clients show no counts before the end: theirs would leave out who votes elsewhere.
_KIND = "org.matrix.msc3381.poll.undisclosed"
_TEXT = "org.matrix.msc1767.text"
REACTION = "m.reaction"
COUNTS = "✅"
# The figures of who ended it, under both of their names.
_RESULTS = ("org.matrix.msc3381.poll.results", "m.poll.results")
MIMETYPES = {
    "png": "image/png",
    "csv": "text/csv",
    "md": "text/markdown",
    "json": "application/json",
    "pdf": "application/pdf",
    "zip": "application/zip",
}

Content = dict[str, Any]


def render(message: Message, key: str, texts: Texts, voice: Voice, *, quiet: bool = False) -> Content:
    """A text, or where it is `quiet` a notice; the plain body reads the same as the HTML."""
    rich = replace(voice, escape=_escape, code=("<code>", "</code>"), person=_pill)
    return {
        "msgtype": "m.notice" if quiet else "m.text",
        "body": "\n".join(_lines(message, texts, voice)),
        "format": "org.matrix.custom.html",
        "formatted_body": "<br>".join(_lines(message, texts, rich, strong=("<strong>", "</strong>"))),
        "m.mentions": {},
        KEY: key,
    }


def render_edit(
    message: Message, original: str, key: str, texts: Texts, voice: Voice, *, quiet: bool = False
) -> Content:
    """The new state of a message, in the place of the old. That it changed notifies nobody."""
    new = render(message, key, texts, voice, quiet=quiet)
    return {
        **new,
        "msgtype": "m.notice",
        "body": f"* {new['body']}",
        "formatted_body": f"* {new['formatted_body']}",
        "m.new_content": new,
        "m.relates_to": {"rel_type": "m.replace", "event_id": original},
    }


def addressed(content: Content, delivery: Delivery) -> Content:
    """The same, in answer to a message, and for those who are to be pinged: whom it is for or names."""
    whole_for = (delivery.to,) if isinstance(delivery.to, Identity) else ()
    people = list(dict.fromkeys(who.user_id for who in (*whole_for, *delivery.mentions)))
    pinged: Content = {"m.mentions": {"user_ids": people}} if people else {}
    if "m.new_content" in content:
        # Whoever is named in the whole of it only is not pinged once more.
        return {**content, "m.new_content": {**content["m.new_content"], **pinged}}
    reply = {"m.relates_to": {"m.in_reply_to": {"event_id": delivery.reply_to}}} if delivery.reply_to else {}
    return {**content, **pinged, **reply}


def beside(room: str, event: str) -> Place:
    """The place beside an event, for what is said to whoever it is of; it waits for nothing else there."""
    return Place(PLATFORM, f"{room} {event}")


def room_and_event(place: Place) -> tuple[str, str]:
    """The room of a place, and the event that it is beside; empty where it is beside none."""
    room, _, event = place.room_id.partition(" ")
    return room, event


def render_sign(event: str, key: str) -> Content:
    """A mark beside somebody's event: it counts."""
    relation = {"rel_type": "m.annotation", "event_id": event, "key": COUNTS}
    return {"m.relates_to": relation, "m.mentions": {}, KEY: key}


def native_poll(message: Message) -> NativePoll | None:
    """What a native poll can ask: not where nobody may see how somebody answers, for here all would."""
    return message.native_poll if message.native_poll and not message.native_poll.secret else None


def render_poll(poll: NativePoll, key: str, texts: Texts, voice: Voice) -> Content:
    """A native poll; its answers are called by their numbers."""
    options = [texts.write(option, voice) for option in poll.options]
    question = texts.write(poll.question, voice)
    fallback = [question, *(f"{number}. {option}" for number, option in enumerate(options, start=1))]
    return {
        POLL_START: {
            "question": {_TEXT: question},
            "kind": _KIND,
            "max_selections": poll.at_most,
            "answers": [{"id": str(number), _TEXT: option} for number, option in enumerate(options, start=1)],
        },
        _TEXT: "\n".join(fallback),
        "m.mentions": {},
        KEY: key,
    }


def render_poll_result(poll: NativePoll, start: str, key: str, texts: Texts, voice: Voice) -> Content:
    """What came out, in the question of the native poll whose start event is `start`.

    Clients put figures of their own under it, of the last responses that they know of.
    """
    said = text("matrix.poll.over", question=poll.question, ended=poll.ended)
    new = render_poll(replace(poll, question=said), key, texts, voice)
    return {**new, "m.new_content": new, "m.relates_to": {"rel_type": "m.replace", "event_id": start}}


def render_poll_end(poll: NativePoll, start: str, key: str, texts: Texts, voice: Voice) -> Content:
    """Closes the native poll whose start event is `start`, with what came out."""
    assert poll.ended
    said = texts.write(poll.ended, voice)
    counts = {str(number): count for number, count in enumerate(poll.counts, start=1)}
    return {
        POLL_END: {},
        _TEXT: said,
        "m.text": [{"body": said}],
        **(dict.fromkeys(_RESULTS, counts) if counts else {}),
        "m.relates_to": {"rel_type": "m.reference", "event_id": start},
        "m.mentions": {},
        KEY: key,
    }


def render_file(form: str, name: str, data: bytes, words: str, key: str) -> Content:
    """A file, but for where it is stored. What a picture shows is said in words for who cannot see it."""
    info: dict[str, object] = {"mimetype": MIMETYPES[form], "size": len(data)}
    if form == "png":
        # Width and height stand at the beginning of every PNG file.
        info |= {"w": int.from_bytes(data[16:20], "big"), "h": int.from_bytes(data[20:24], "big")}
        return {"msgtype": "m.image", "body": words, "info": info, "m.mentions": {}, KEY: key}
    return {
        "msgtype": "m.file",
        "body": name,
        "filename": name,
        "info": info,
        "m.mentions": {},
        KEY: key,
    }


def _lines(message: Message, texts: Texts, voice: Voice, strong: tuple[str, str] = ("", "")) -> list[str]:
    """Buttons are listed with their numbers, where the lines do not carry those already."""
    lines = []
    for block in message.blocks:
        match block:
            case Title(words):
                lines.append(f"{strong[0]}{texts.write(words, voice)}{strong[1]}")
            case Hint(words) | Sign(words) | (Text() as words):
                lines.append(texts.write(words, voice))
    listed = [
        f"[{number}] {texts.write(button.label, voice)}"
        for number, button in enumerate(message.buttons, start=1)
        if not button.numbered
    ]
    if listed:
        lines += [*listed, texts.write(text("action.how"), voice)]
    return lines or [""]


def _pill(known: Known) -> str | None:
    """Somebody as clients show people; by itself it pings nobody."""
    for account in known.accounts:
        if account.platform == PLATFORM:
            link = f"{PEOPLE}{quote(account.user_id, safe='@:')}"
            return f'<a href="{html.escape(link)}">{_escape(known.name)}</a>'
    return None


def _escape(words: str) -> str:
    return html.escape(visible(words)).replace("\n", "<br>")
