"""What a message, embed, poll or scheduled event may hold, also where the published contract is silent."""

from __future__ import annotations

import contextlib
import unicodedata
from typing import Any

from tests.doubles.discord.clock import since_1970
from tests.doubles.discord.components import check_components, check_v2
from tests.doubles.discord.errors import Form, Json, Refused, refuse

CONTENT, NONCE, EMBEDS, FILES, FILE_SIZE = 2_000, 25, 10, 10, 10 * 1024 * 1024
EMBED_TOTAL = 6_000
COMPONENTS_V2 = 1 << 15
SETTABLE_FLAGS = (1 << 2) | (1 << 6) | (1 << 12) | COMPONENTS_V2
POLL_ANSWERS, POLL_ANSWER, POLL_QUESTION, POLL_HOURS = 10, 55, 300, 32 * 24
WHAT_A_MESSAGE_IS = ("embeds", "components", "sticker_ids", "poll", "attachments")


def check_message(body: Json, *, files: int = 0, v2: bool = False) -> None:
    """Refuse a message or edit that breaks a limit. `v2`: the message has components v2 already."""
    form = Form()
    _check_kinds(form, body)
    form.check()
    flags = body.get("flags") or 0
    v2 = v2 or bool(flags & COMPONENTS_V2)
    form.length(body.get("content"), CONTENT, "content")
    nonce = body.get("nonce")
    form.length(None if nonce is None else str(nonce), NONCE, "nonce")
    form.length(body.get("sticker_ids"), 3, "sticker_ids")
    form.length(body.get("embeds"), EMBEDS, "embeds")
    if files > FILES:
        form.say("BASE_TYPE_MAX_LENGTH", f"Must be {FILES} or fewer in length.", "attachments")
    check_embeds(form, body.get("embeds") or [])
    _check_mentions(form, body.get("allowed_mentions"))
    if v2:
        check_v2(form, body)
    elif body.get("components"):
        check_components(form, body["components"])
    if body.get("poll"):
        with form.at("poll"):
            _check_poll(form, body["poll"])
    form.check()


def _check_kinds(form: Form, body: Json) -> None:
    """A text where a text belongs, a list of objects where those do."""
    if not isinstance(body.get("content") or "", str):
        form.say("STRING_TYPE_CONVERT", "Could not interpret value as string.", "content")
    for part in ("embeds", "components", "attachments"):
        for number, item in enumerate(_listed(form, body.get(part) or [], part)):
            if not isinstance(item, dict):
                form.say("DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType", part, number)
    for part in ("poll", "allowed_mentions", "message_reference"):
        if not isinstance(body.get(part) or {}, dict):
            form.say("DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType", part)


def _listed(form: Form, found: Any, part: str) -> list[Any]:
    if isinstance(found, list):
        return found
    form.say("LIST_TYPE_CONVERT", "Only iterables may be used in a ListType", part)
    return []


def demand_something(body: Json, *, files: int = 0) -> None:
    """Refuse a message without anything in it."""
    said = str(body.get("content") or "").strip()
    if not files and not said and not any(body.get(part) for part in WHAT_A_MESSAGE_IS):
        raise refuse(50006)


def check_uploads(sizes: list[int]) -> None:
    """Refuse what is too big for a bot's upload."""
    if any(size > FILE_SIZE for size in sizes):
        raise refuse(40005)


def check_embeds(form: Form, embeds: list[Any]) -> None:
    """Each part of each embed, and all of them together."""
    total = 0
    for number, embed in enumerate(embeds):
        with form.at("embeds", number):
            form.length(embed.get("title"), 256, "title")
            form.length(embed.get("description"), 4_096, "description")
            form.length((embed.get("footer") or {}).get("text"), 2_048, "footer", "text")
            form.length((embed.get("author") or {}).get("name"), 256, "author", "name")
            form.length(embed.get("fields"), 25, "fields")
            for place, field in enumerate(embed.get("fields") or []):
                for part, most in (("name", 256), ("value", 1_024)):
                    if not str(field.get(part) or "").strip():
                        form.required("fields", place, part)
                    form.length(field.get(part), most, "fields", place, part)
            _check_urls(form, embed)
        total += _size_of(embed)
    if total > EMBED_TOTAL:
        form.say("MAX_EMBED_SIZE_EXCEEDED", f"Embed size exceeds maximum size of {EMBED_TOTAL}", "embeds")


def _size_of(embed: Json) -> int:
    texts = [embed.get("title"), embed.get("description")]
    texts += [(embed.get("footer") or {}).get("text"), (embed.get("author") or {}).get("name")]
    for field in embed.get("fields") or []:
        texts += [field.get("name"), field.get("value")]
    return sum(len(str(text or "").strip()) for text in texts)


def _check_urls(form: Form, embed: Json) -> None:
    places: list[tuple[str, object, tuple[str, ...]]] = [("url", embed.get("url"), ("http://", "https://"))]
    for part in ("image", "thumbnail"):
        url = (embed.get(part) or {}).get("url")
        places.append((part, url, ("http://", "https://", "attachment://")))
    for part, url, schemes in places:
        if url and not str(url).startswith(schemes):
            path = (part,) if part == "url" else (part, "url")
            form.say("URL_TYPE_INVALID_URL", "Not a well formed URL.", *path)


def _check_mentions(form: Form, allowed: Json | None) -> None:
    for part in ("users", "roles"):
        ids = (allowed or {}).get(part) or []
        if ids and part in ((allowed or {}).get("parse") or []):
            form.say(
                "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
                f'parse:["{part}"] and {part}: [ids...] are mutually exclusive.',
                "allowed_mentions",
            )
        form.length(ids, 100, "allowed_mentions", part)


def _check_poll(form: Form, poll: Json) -> None:
    question = (poll.get("question") or {}).get("text")
    if not question:
        form.required("question", "text")
    form.length(question, POLL_QUESTION, "question", "text")
    answers = poll.get("answers") or []
    form.length(answers, POLL_ANSWERS, "answers", least=1)
    for number, answer in enumerate(answers):
        media = answer.get("poll_media") or {}
        if not media.get("text") and not media.get("emoji"):
            form.required("answers", number, "poll_media", "text")
        form.length(media.get("text"), POLL_ANSWER, "answers", number, "poll_media", "text")
    form.number(poll.get("duration"), 1, POLL_HOURS, "duration")


def check_webhook_name(form: Form, name: object, *path: str) -> None:
    """1 to 80 characters, and not Discord's own names."""
    shown = name.strip() if isinstance(name, str) else name
    form.length(shown, 80, *(path or ("name",)), least=1)
    if not isinstance(shown, str):
        return
    # However it is spelled: with accents, in full width, with what nobody sees in between.
    plain = "".join(
        letter
        for letter in unicodedata.normalize("NFKD", shown).casefold()
        if not unicodedata.combining(letter) and unicodedata.category(letter) not in ("Cf", "Cc")
    )
    for word in ("clyde", "discord"):
        if word in plain:
            form.say("USERNAME_INVALID_CONTAINS", f'Username cannot contain "{word}"', *(path or ("name",)))
    if plain in ("everyone", "here"):
        form.say("USERNAME_INVALID", f'Username cannot be "{plain}"', *(path or ("name",)))


def check_author(body: Json) -> None:
    """The name a webhook message is shown under."""
    if body.get("username") is not None:
        form = Form()
        check_webhook_name(form, body["username"], "username")
        form.check()


def check_scheduled_event(body: Json, now: float, *, editing: bool = False) -> None:
    """A guild scheduled event as it will be; an external one needs a place and an end."""
    form = Form()
    if not editing:
        for part in ("name", "privacy_level", "scheduled_start_time", "entity_type"):
            if body.get(part) is None:
                form.required(part)
    form.length(body.get("name"), 100, "name", least=1)
    form.length(body.get("description"), 1_000, "description")
    start, end = _time_of(form, body, "scheduled_start_time"), _time_of(form, body, "scheduled_end_time")
    if not editing and start is not None and start < now:
        form.say(
            "GUILD_SCHEDULED_EVENT_SCHEDULE_PAST",
            "Cannot schedule event in the past.",
            "scheduled_start_time",
        )
    if start is not None and end is not None and end <= start:
        form.say(
            "GUILD_SCHEDULED_EVENT_END_BEFORE_START",
            "Cannot schedule event to end before start.",
            "scheduled_end_time",
        )
    if body.get("entity_type") == 3:
        _check_external(form, body)
    elif body.get("entity_type") in (1, 2) and not body.get("channel_id"):
        form.required("channel_id")
    rule = body.get("recurrence_rule")
    if rule and rule.get("frequency") == 2 and len(rule.get("by_weekday") or []) > 1:
        form.say("BASE_TYPE_MAX_LENGTH", "Must be 1 or fewer in length.", "recurrence_rule", "by_weekday")
    form.check()


def _check_external(form: Form, body: Json) -> None:
    location = (body.get("entity_metadata") or {}).get("location")
    if not location:
        form.required("entity_metadata", "location")
    form.length(location, 100, "entity_metadata", "location")
    if not body.get("scheduled_end_time"):
        form.required("scheduled_end_time")
    if body.get("channel_id"):
        form.say("GUILD_SCHEDULED_EVENT_EXTERNAL_CHANNEL", "Channel must be null.", "channel_id")


def _time_of(form: Form, body: Json, part: str) -> float | None:
    if body.get(part) is None:
        return None
    with contextlib.suppress(ValueError):
        return since_1970(str(body[part]))
    form.say("DATE_TIME_TYPE_PARSE", "Could not parse value as a date.", part)
    return None


def too_many_old_edits(wait: float) -> Refused:
    """What editing messages of more than an hour ago comes to."""
    message = "Maximum number of edits to messages older than 1 hour reached. Try again later"
    return Refused(
        429,
        30046,
        message,
        retry_after=wait,
        headers={"Retry-After": str(max(1, round(wait)))},
        **{"global": False},
    )
