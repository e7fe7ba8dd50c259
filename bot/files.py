"""What a file is by what is in it, what it may be called, and how it is told of in words.

Whoever posts a file says what it is, and a browser that believes them runs it: so it is what its first bytes
say, if that is one of a few kinds that are looked at or listened to, and else nothing in particular. Nothing
is ever decoded: a small file may hold a picture larger than any memory.
"""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Sequence
from datetime import timedelta
from typing import BinaryIO

from bot.model.files import Fetched, Posted
from bot.model.message import Text, text, typed
from bot.pictures.measured import MOST_PIXELS, measured
from bot.rich import Paragraph, Rich, Spoiler, Words, clean
from bot.texts import Texts, Voice
from bot.unseen import visible

# What nothing opens by itself.
ANYTHING = "application/octet-stream"
LONGEST_NAME = 100
# What cannot be had or handed on just now is tried again for so long; then the words go without it.
PATIENCE = timedelta(minutes=2)
# So many bytes at the beginning of a file say what it is: before them a picture may have a lot to tell.
HEAD = 512 * 1024
_OTHERS = (
    (re.compile(rb"%PDF-\d"), "application/pdf"),
    (re.compile(rb"ID3|\xff[\xfa\xfb\xf2\xf3]"), "audio/mpeg"),
    (re.compile(rb"fLaC"), "audio/flac"),
    (re.compile(rb"RIFF....WAVE", re.DOTALL), "audio/wav"),
    (re.compile(rb"OggS"), "audio/ogg"),
    (re.compile(rb"....ftypM4[AB]", re.DOTALL), "audio/mp4"),
    (re.compile(rb"....ftypqt  ", re.DOTALL), "video/quicktime"),
    (re.compile(rb"....ftyp(?:isom|iso[2-9]|mp4[12]|avc1|M4V|MSNV|dash)", re.DOTALL), "video/mp4"),
    (re.compile(rb"\x1a\x45\xdf\xa3"), "video/webm"),
)
# What may hold pictures that move or sound alone: which, its sender knows.
_EITHER = ("audio/ogg", "video/mp4", "video/webm")
_ENDINGS = {
    "jpeg": ".jpg",
    "mpeg": ".mp3",
    "quicktime": ".mov",
    **{form: f".{form}" for form in ("png", "gif", "webp", "pdf", "flac", "wav", "ogg", "mp4", "webm")},
}
# Parts of a path, and what systems do not take in a name.
_BARRED = re.compile(r'[\\/:*?"<>|\s]+')


def examined(posted: Posted, data: BinaryIO, size: int) -> Fetched:
    """What that is, of which so many bytes were written."""
    data.seek(0)
    head = data.read(HEAD)
    kind, measures = measured(head) or (_other(head, posted.kind), None)
    if measures and measures[0] * measures[1] > MOST_PIXELS:
        # Nobody's client draws it unasked.
        kind, measures = ANYTHING, None
    data.seek(0)
    return Fetched(data, size, _ending_as(name_of(posted), kind), kind, measures)


def _other(head: bytes, said: str) -> str:
    for signature, kind in _OTHERS:
        if signature.match(head):
            sort, form = said.partition("/")[0], kind.partition("/")[2]
            return f"{sort}/{form}" if kind in _EITHER and sort in ("audio", "video") else kind
    return ANYTHING


# --- what it is called ---


def name_of(posted: Posted) -> str:
    """One line without parts of a path, controls, or what turns letters round; as long as people read."""
    seen = visible(clean(posted.name)).replace("\N{REPLACEMENT CHARACTER}", "")
    name = _BARRED.sub(" ", seen).strip(" .")
    if len(name) <= LONGEST_NAME:
        return name or "file"
    stem, dot, ending = name.rpartition(".")
    kept = f"…{dot}{ending}" if stem and len(ending) <= 10 else "…"
    return name[: LONGEST_NAME - len(kept)].rstrip() + kept


def _ending_as(name: str, kind: str) -> str:
    """With an ending that says what it is, where its own says that it is something else."""
    if kind == ANYTHING:
        return name
    ending, (said, _) = _ENDINGS[kind.partition("/")[2]], mimetypes.guess_type(name)
    if name.casefold().endswith(ending) or said == kind:
        return name
    # What can be looked at or listened to in one way may be called by any of its names.
    sort = kind.partition("/")[0]
    is_so = sort != "application" and said is not None and said.startswith(f"{sort}/") and "svg" not in said
    return name if is_so else name + ending


# --- in words ---


def in_words(posted: Posted) -> str:
    """How large it is said to be, as people say it."""
    if posted.size is None:
        return ""
    if posted.size < 1_000_000:
        return f"{max(round(posted.size / 1_000), 1)} kB"
    return f"{round(posted.size / 1_000_000)} MB"


def with_names(rich: Rich, lost: Sequence[Posted], texts: Texts, voice: Voice) -> Rich:
    """The same with the names of these behind it."""
    lines = [Paragraph(_named(posted, texts, voice), apart=False) for posted in lost]
    return (*rich, *lines)


def _named(posted: Posted, texts: Texts, voice: Voice) -> Rich:
    size = in_words(posted)
    name = typed(name_of(posted))
    line = text("carried.file", name=name, size=size) if size else text("carried.file.unsized", name=name)
    words = Words(texts.write(line, voice))
    return (Spoiler((words,)),) if posted.hidden else (words,)


def told(lost: Sequence[Text]) -> Text | None:
    """Why files did not go along, for whoever posted them."""
    if len(lost) > 1:
        return text("carried.files", count=len(lost))
    return next(iter(lost), None)


def too_large(posted: Posted, most: int) -> Text:
    limit = in_words(Posted("", "", most))
    return text("carried.file.large", name=typed(name_of(posted)), most=limit)


def refused(posted: Posted) -> Text:
    """The platform where it is to stand does not take it."""
    return text("carried.file.refused", name=typed(name_of(posted)))


def unreadable(posted: Posted) -> Text:
    return text("carried.file.unreadable", name=typed(name_of(posted)))


def too_many(posted: Posted, most: int) -> Text:
    return text("carried.file.many", name=typed(name_of(posted)), most=most)
