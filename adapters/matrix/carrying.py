"""What people said elsewhere, as theirs: in their name, which rings nobody, whatever stands in it.

Their name goes along as a per-message profile (MSC4144), and once more before the words, for clients that
know none; those that do leave that out. An event says which part of which state of a message it is, by its
key, so that the same is never shown twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from html import escape
from itertools import zip_longest
from typing import TypeVar

import aiohttp
import nio

from adapters.matrix import folds
from adapters.matrix.files import MARK, mark_of, shown, shows
from adapters.matrix.read import KEY
from adapters.matrix.remarks import event_at, opened
from adapters.matrix.render import Content
from adapters.matrix.rich.write import write
from adapters.matrix.session import Session
from adapters.matrix.threads import Threads
from bot.errors import Gone, NotCarried
from bot.files import PATIENCE, refused, told, with_names
from bot.folds import under_name
from bot.model.carried import SAME, Copy, Spoken
from bot.model.files import Posted
from bot.model.message import Text, text
from bot.model.people import Place
from bot.ports.adapter import Note
from bot.rich import (
    Code,
    CodeBlock,
    Emoji,
    Listed,
    Mention,
    Moment,
    Names,
    Node,
    Paragraph,
    Rich,
    Shape,
    Words,
    is_blank,
    joined,
    moment_in_words,
    text_of,
)
from bot.texts import Texts, Voice
from bot.unseen import visible

PROFILE = "com.beeper.per_message_profile"
TEXT = "m.room.message"
LONGEST_NAME = 80
# No event is larger than 65,536 bytes with all that homeservers add to it, and an edit says a bit more than
# what it is of. Sealed it is a third larger.
LARGEST, SEALED = 58_000, 4 / 3
# So much of its new words an edit says to clients that know no edits.
SHOWN_OF_EDIT = 1_000
# What is longer is written beside everything else.
LONG = 4_000
# So many seconds a homeserver may take for a file.
STORED_WITHIN = 60.0
T = TypeVar("T")


class Carrying:
    """Makes copies stand where they are wanted."""

    def __init__(self, session: Session, texts: Texts) -> None:
        self._on = session
        self._texts = texts
        self._threads = Threads(session)

    async def carry(self, copy: Copy, note: Note) -> Text | None:
        """See `Carrier.carry`. Raises what `Outgoing.send` does."""
        if copy.spoken and not copy.spoken.says:
            if copy.spoken.name != SAME:  # a reply quotes nothing
                await self._unname(copy, note)
            return None
        on, room, stands = self._on, copy.place.room_id, copy.stands
        lost: list[Text] = []
        pieces = await self._pieces(copy, copy.spoken) if copy.spoken else []
        for part, piece in enumerate(pieces):
            if part < len(stands) and stands[part]:
                await self._change(copy, stands[part], await self._file_in(copy, piece, lost, stands[part]))
            else:
                content = await self._threads.related(copy, await self._file_in(copy, piece, lost), part)
                event = await on.outgoing.send(room, TEXT, content, content[KEY], copy.tried_at)
                self._threads.said(room, content, event)
                await note(part, event)
        for part in range(len(pieces), len(stands)):
            if stands[part]:
                # Of what is not there at all nothing is left to take away.
                with contextlib.suppress(Gone):
                    await on.outgoing.redact_whole(room, stands[part], on.me, copy.key)
                await note(part, "")
        if not pieces and copy.in_doubt and copy.tried_at:
            await self._take_away_lost(copy, copy.tried_at)
        return told(lost)

    async def _take_away_lost(self, copy: Copy, since: datetime) -> None:
        """What was being said when that was not wanted any more, and arrived nobody knows where."""
        on, room, part = self._on, copy.place.room_id, len(copy.stands)
        while event := await on.outgoing.said_in(room, TEXT, f"{copy.key}:{part}", since):
            with contextlib.suppress(Gone):
                await on.outgoing.redact_whole(room, event, on.me, copy.key)
            part += 1

    # --- several as one ---

    async def lengths(self, copy: Copy) -> Sequence[int]:
        """As `Folder` says it."""
        return [folds.length_of(share) for share in await self._shares(copy)]

    async def _shares(self, copy: Copy) -> Sequence[str]:
        voice = await self._voice(copy.place)
        names = Names(zone=voice.zone, language=voice.locale)
        return [folds.share_of(self._share(copy, spoken, voice, names), names) for spoken in copy.shares]

    def _share(self, copy: Copy, spoken: Spoken, voice: Voice, names: Names) -> Rich:
        rich = spoken.rich
        if not write(rich, names):
            return ()
        if copy.late:
            rich = _begun_with(self._texts.write(_late(spoken.at, voice, names), voice) + " ", rich)
        return under_name(self._called(spoken, voice), rich) if copy.several else rich

    def _called(self, spoken: Spoken, voice: Voice) -> str:
        return clean_name(spoken.name) or self._texts.write(text("matrix.carried.nobody"), voice)

    async def _folded(self, copy: Copy, spoken: Spoken) -> Content:
        voice = await self._voice(copy.place)
        before = {} if copy.several else _in_name(_profile(spoken.name, self._called(spoken, voice)))
        names = Names(zone=voice.zone, language=voice.locale)
        return {**folds.content_of(await self._shares(copy), before, names), KEY: f"{copy.key}:0"}

    async def reword(self, copy: Copy, lengths: Sequence[int], which: int) -> bool:
        """As `Folder` says it."""
        room, event, voice = copy.place.room_id, copy.stands[0], await self._voice(copy.place)
        content = await self._content_at(room, event)
        if content is None:
            return False
        profile = content.get(PROFILE)
        before = _in_name(profile) if isinstance(profile, dict) else {}
        names = Names(zone=voice.zone, language=voice.locale)
        share = next(iter(await self._shares(copy)), "")
        new = folds.with_share(content, lengths, which, share, before, names)
        if new is None:
            return False
        if new["formatted_body"] != content["formatted_body"]:
            new |= {KEY: f"{copy.key}:0"}
            await self._on.outgoing.send(room, TEXT, _edit(new, event), f"{new[KEY]}:edit", None)
        return True

    async def _change(self, copy: Copy, event: str, content: Content) -> None:
        """What stands there says this from now on. An earlier try may have sent it so: then nothing does."""
        room = copy.place.room_id
        if not content:
            return
        if copy.in_doubt or copy.attempts:
            found = await event_at(self._on, room, event)
            said = opened(self._on, room, found).source.get("content") if found else None
            if isinstance(said, dict) and said.get(KEY) == content[KEY]:
                return
        await self._on.outgoing.send(room, TEXT, _edit(content, event), f"{content[KEY]}:edit", None)

    async def _unname(self, copy: Copy, note: Note) -> None:
        """What stands there is in nobody's name from now on; gone where Plein cannot read any more what."""
        room, on = copy.place.room_id, self._on
        voice = await self._voice(copy.place)
        name = self._texts.write(text("matrix.carried.nobody"), voice)
        for part, event in enumerate(copy.stands):
            if not event:
                continue
            if content := await self._says(room, event):
                unnamed = {**_renamed(content, name), KEY: f"{copy.key}:{part}"}
                await on.outgoing.send(room, TEXT, _edit(unnamed, event), f"{unnamed[KEY]}:edit", None)
                continue
            with contextlib.suppress(Gone):
                await on.outgoing.redact_whole(room, event, on.me, copy.key)
            await note(part, "")

    async def _says(self, room: str, event: str) -> Content | None:
        """What stands there, as it was changed last, where it says in whose name."""
        content = await self._content_at(room, event) or {}
        return content if content.get(PROFILE, {}).get("displayname") else None

    async def _content_at(self, room: str, event: str) -> Content | None:
        """What stands there, as it was changed last."""
        found = await event_at(self._on, room, event)
        if found is None:
            return None
        edit = found.source.get("unsigned", {}).get("m.relations", {}).get("m.replace")
        if edit and (changed := nio.Event.parse_event(edit)):
            found = changed
        content = opened(self._on, room, found).source.get("content", {})
        found_content: Content = content.get("m.new_content", content)
        return found_content

    async def _voice(self, place: Place) -> Voice:
        core = self._on.core
        locale, (zone, _) = await asyncio.gather(core.voice_of(place), core.clocks_of(place))
        return Voice(locale, zone, self._on.clock.now())

    async def _pieces(self, copy: Copy, spoken: Spoken) -> Sequence[_Piece]:
        """Of each event that it takes; nothing where there is nothing to read. Each file is one, with the
        first words beneath the first.
        """
        voice = await self._voice(copy.place)
        written = self._written(copy, spoken, voice)
        if copy.shares:
            return [_Piece((), None, f"{copy.key}:0", written, await self._folded(copy, spoken))]
        rich = spoken.rich
        if copy.late:
            rich = _begun_with(self._texts.write(_late(spoken.at, voice, written.names), voice) + " ", rich)
        if spoken.forwarded:
            rich = _begun_with(f"({self._texts.write(text('carried.forwarded'), voice)}) ", rich)

        def parts() -> list[Rich]:
            if not (spoken.files or write(spoken.rich, written.names)):
                return []
            parts = in_parts(rich, lambda part: _weight(written.content(part), sealed=written.is_sealed))
            return [part for part in parts if written.content(part)]

        first, *others = (await _beside(rich, parts)) or [()]
        pieces = [(words, posted) for words, posted in zip_longest([first], spoken.files, fillvalue=None)]
        pieces += [(words, None) for words in others]
        return [
            _Piece(words or (), posted, f"{copy.key}:{part}", written)
            for part, (words, posted) in enumerate(pieces)
            if words or posted
        ]

    def _written(self, copy: Copy, spoken: Spoken, voice: Voice) -> _Written:
        name = self._called(spoken, voice)
        known = self._on.client.rooms.get(copy.place.room_id)
        return _Written(
            _profile(spoken.name, name),
            Names(zone=voice.zone, language=voice.locale),
            voice,
            known is not None and known.encrypted,
        )

    # --- files ---

    async def _file_in(self, copy: Copy, piece: _Piece, lost: list[Text], stands: str = "") -> Content:
        """The content of an event, with its file where it has one; nothing where that is what stands."""
        if piece.posted is None:
            return await _beside(piece.rich, lambda: piece.content(piece.rich))
        before = (stands and await self._says(copy.place.room_id, stands)) or {}
        file = shows(before) if before.get(MARK) == mark_of(piece.posted) else {}
        try:
            file = file or await self._stored(copy, piece.posted)
        except NotCarried as no:
            lost.append(no.why)
        if not file:
            words = with_names(piece.rich, [piece.posted], self._texts, piece.written.voice)
            return piece.content(words)
        about = piece.posted.about
        words = piece.rich or (Words(file["filename"] if is_blank(about) else about),)
        content = {**await _beside(words, lambda: piece.content(words)), **file}
        return {} if before and _is_same(before, content) else content

    async def _stored(self, copy: Copy, posted: Posted) -> Content:
        """What an event says of it, once the homeserver has it; nothing of what only has a name.

        Raises: NotCarried. Cut off before the event is sent it is stored anew: what nothing points to a
        homeserver clears away.
        """
        if not posted.source:
            return {}
        uploads, room = self._on.outgoing.uploads, copy.place.room_id
        most = await uploads.most()
        async with self._on.core.fetch(copy, posted, most) as fetched:
            try:
                async with asyncio.timeout(STORED_WITHIN):
                    stored = await uploads.store(room, fetched.data, fetched.size, fetched.kind)
            except Gone as gone:
                raise NotCarried(refused(posted)) from gone
            except (OSError, aiohttp.ClientError) as trouble:
                # Should the homeserver take nothing at all just now, the words wait for it as well.
                if self._on.clock.now() - (copy.tried_at or self._on.clock.now()) < PATIENCE:
                    raise
                raise NotCarried(refused(posted)) from trouble
            return shown(posted, fetched, stored)


@dataclass(frozen=True, slots=True)
class _Written:
    """How a copy is written. `is_sealed`: it is encrypted."""

    profile: Content
    names: Names
    voice: Voice
    is_sealed: bool

    def content(self, rich: Rich) -> Content:
        return _named(rich, self.profile, self.names)


@dataclass(frozen=True, slots=True)
class _Piece:
    """What is one event: words, or a file with the words beneath it."""

    rich: Rich
    posted: Posted | None
    key: str
    written: _Written
    # Several messages as one are written already.
    whole: Content | None = None

    def content(self, rich: Rich) -> Content:
        return self.whole or {**self.written.content(rich), KEY: self.key}


async def _beside(rich: Rich, work: Callable[[], T]) -> T:
    """What is long is written beside everything else."""
    return await asyncio.to_thread(work) if len(text_of(rich)) > LONG else work()


def _is_same(before: Content, content: Content) -> bool:
    """Whether an event says that already, whichever state of it that was, and whatever it answers."""
    passed_over = (KEY, "m.relates_to")
    return {name: value for name, value in before.items() if name not in passed_over} == {
        name: value for name, value in content.items() if name not in passed_over
    }


def clean_name(name: str) -> str:
    """In one line, of what can be seen, and no longer than anybody reads; empty where nothing is left."""
    line = " ".join(visible(" ".join(name.split())).replace("\N{REPLACEMENT CHARACTER}", "").split())
    if is_blank(line):
        return ""
    return line if len(line) <= LONGEST_NAME else line[: LONGEST_NAME - 1].rstrip() + "…"


def _profile(known_as: str, name: str) -> Content:
    return {
        "id": hashlib.sha256(known_as.encode(errors="replace")).hexdigest()[:16],
        "displayname": name,
        "has_fallback": True,
    }


def _in_name(profile: Content) -> Content:
    """What stands before words in somebody's name."""
    name = profile["displayname"]
    return {"body": f"{name}: ", "formatted_body": _before(name), PROFILE: profile}


def _before(name: str) -> str:
    """What clients that know no such profiles show before the words."""
    return f"<strong data-mx-profile-fallback>{escape(name, quote=False)}: </strong>"


def _named(rich: Rich, profile: Content, names: Names) -> Content:
    """Words in somebody's name; empty where there is nothing to read."""
    for said in write(rich, names):
        body, name = said["body"], profile["displayname"]
        laid_out = said.get("formatted_body") or escape(body, quote=False).replace("\n", "<br>")
        return {
            **said,
            "body": f"{name}: {body}",
            "format": "org.matrix.custom.html",
            "formatted_body": _before(name) + laid_out,
            PROFILE: profile,
        }
    return {}


def _late(at: datetime, voice: Voice, names: Names) -> Text:
    """When they said it; of another day with its date."""
    if at.astimezone(voice.zone).date() == voice.now.astimezone(voice.zone).date():
        return text("matrix.carried.late", at=moment_in_words(Moment(at, Shape.TIME), names))
    return text("matrix.carried.late.day", at=at)


def _renamed(content: Content, name: str) -> Content:
    """The same words of ours in another name."""
    before = content[PROFILE]["displayname"]
    laid_out = content.get("formatted_body", "").partition("</strong>")[2]
    return {
        **content,
        "body": f"{name}{content['body'].removeprefix(before)}",
        "formatted_body": f"{_before(name)}{laid_out}",
        PROFILE: _profile("", name),
    }


def _edit(content: Content, event: str) -> Content:
    """The same in the place of what stands there; what that answers stays."""
    new = {name: value for name, value in content.items() if name != "m.relates_to"}
    body = content["body"]
    shown_first = body if len(body) <= SHOWN_OF_EDIT else body[:SHOWN_OF_EDIT] + "…"
    return {
        "msgtype": content["msgtype"],
        **shows(content),
        "body": f"* {shown_first}",
        "m.mentions": {},
        **({PROFILE: content[PROFILE]} if PROFILE in content else {}),
        KEY: content[KEY],
        "m.new_content": new,
        "m.relates_to": {"rel_type": "m.replace", "event_id": event},
    }


def _begun_with(words: str, rich: Rich) -> Rich:
    first, *others = rich or (Words(""),)
    if isinstance(first, Paragraph):
        return (replace(first, inside=joined((Words(words), *first.inside))), *others)
    return joined((Words(words), *rich))


# --- parts ---


def _weight(content: Content, *, sealed: bool) -> float:
    """How large it is as it is sent: sealed, what is no plain letter is spelled out."""
    if sealed:
        return len(json.dumps(content)) * SEALED
    return len(json.dumps(content, ensure_ascii=False).encode(errors="replace"))


def in_parts(rich: Rich, weigh: Callable[[Rich], float]) -> list[Rich]:
    """The same in as many parts as it takes, none of them heavier than an event may be, if it has parts."""
    if weigh(rich) <= LARGEST:
        return [rich]
    halves = _inside_halved(rich)
    if len(halves) < 2:
        return list(halves) or [rich]
    return [part for half in halves for part in in_parts(half, weigh)]


def _halved(node: Node) -> Sequence[Node]:
    """In two, each of which is what the whole was; one where it has no halves."""
    match node:
        case Words() | Code() | CodeBlock():
            middle = _between_words(node.text)
            pieces = (node.text[:middle], node.text[middle:])
            return [replace(node, text=piece) for piece in pieces if piece]
        case Listed(items, start) if len(items) > 1:
            middle = len(items) // 2
            after = None if start is None else start + middle
            return [Listed(items[:middle], start), Listed(items[middle:], after)]
        case Listed(items):
            return [replace(node, items=(half,)) for item in items for half in _inside_halved(item)]
        case Mention() | Emoji() | Moment():
            return [node]
    return [replace(node, inside=half) for half in _inside_halved(node.inside)]


def _inside_halved(rich: Rich) -> Sequence[Rich]:
    if len(rich) == 1:
        return [(half,) for half in _halved(rich[0])]
    middle = len(rich) // 2
    return [half for half in (rich[:middle], rich[middle:]) if half]


def _between_words(words: str) -> int:
    """Near the middle of it, behind a blank if there is any."""
    middle = len(words) // 2
    for blank in ("\n", " "):
        if (found := words.rfind(blank, middle // 2, middle)) > 0:
            return found + 1
    return middle
