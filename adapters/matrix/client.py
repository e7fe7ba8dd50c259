"""Plein on Matrix: one account on one homeserver."""

from __future__ import annotations

import asyncio
import contextlib
import io
import logging
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

import aiohttp
import nio

from adapters.matrix import folds, marks
from adapters.matrix.account import Account
from adapters.matrix.aliases import READS, Aliases, follow
from adapters.matrix.carried_signs import make_so
from adapters.matrix.carrying import Carrying
from adapters.matrix.files import fetch
from adapters.matrix.guests import admit, obstacle_to_entering
from adapters.matrix.homes import Homes
from adapters.matrix.intake import Intake
from adapters.matrix.new_rooms import NewRooms
from adapters.matrix.outgoing import Outgoing
from adapters.matrix.remarks import event_at
from adapters.matrix.render import (
    MIMETYPES,
    POLL_END,
    POLL_START,
    REACTION,
    Content,
    addressed,
    native_poll,
    render,
    render_edit,
    render_file,
    render_poll,
    render_poll_end,
    render_poll_result,
    render_sign,
    room_and_event,
)
from adapters.matrix.rooms import Room
from adapters.matrix.session import Session
from adapters.matrix.settings import PLATFORM
from adapters.matrix.settings import Matrix as Settings
from adapters.matrix.silences import silence, unsilence
from adapters.matrix.sync import Sync
from adapters.outages import Outages
from bot.clock import Clock
from bot.errors import Gone, NotOurs, PlatformFailed, Refused, Shut, StoreFailed, TryLater
from bot.model.carried import Copy
from bot.model.events import Lack
from bot.model.files import Posted
from bot.model.homes import Home, Option, RoomSeen, WantedRoom
from bot.model.message import Message, Text
from bot.model.people import Grounds, Identity, Named, Place, Presences
from bot.model.signs import Sign
from bot.model.work import Delivery, Receipt, Reference
from bot.ports.adapter import Core, Note, Take
from bot.ports.uncarried import Mark
from bot.texts import Texts, Voice

log = logging.getLogger(__name__)
TEXT = "m.room.message"
# So many bytes any homeserver takes of a file, encrypted too.
MOST_UPLOADED = 9_500_000
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
T = TypeVar("T")


class NamedTwice(ConnectionError):
    """The lines of two communities or themes name the same room or space. str() says which."""


class Matrix:
    """Implements Listener and Carrier. `grounds`: which rooms and spaces, by id or alias, are whose."""

    platform = PLATFORM

    def __init__(self, settings: Settings, grounds: Grounds, texts: Texts, clock: Clock) -> None:
        self._settings = settings
        self._grounds = grounds
        self._texts = texts
        self._clock = clock
        self._outages = Outages()
        self._ready = asyncio.Event()
        self._carrying: Carrying
        self._core: Core
        self._homes: Homes
        self._intake: Intake
        self._new_rooms: NewRooms
        self._outgoing: Outgoing
        self._session: Session
        self._sync: Sync

    # --- reading ---

    @property
    def account(self) -> str:
        return f"{PLATFORM}:{self._settings.user}"

    async def run(self, core: Core) -> None:
        account = Account(self._settings)
        self._core = core
        await self._introduce(core)
        try:
            client = await account.open(retry=self._pause)
            rooms: dict[str, Room] = {}
            self._outgoing = Outgoing(client, rooms, self._clock)
            session = Session(client, core, self.account, self._settings, rooms, self._outgoing, self._clock)
            self._session = session
            self._intake = Intake(session)
            self._carrying = Carrying(session, self._texts)
            grounds, aliases = await self._start(client)
            self._sync = Sync(session, self._intake, grounds, aliases.astray)
            self._homes = Homes(session, grounds, self._sync)
            self._new_rooms = NewRooms(session, self._sync)
            await self._read(account, self._sync)
        finally:
            await account.close()

    async def _introduce(self, core: Core) -> None:
        """What was kept for this account is to be found from the first reading on."""
        attempt = 0
        while True:
            try:
                await core.introduce(self)
                return
            except StoreFailed as error:
                log.warning("The database does not answer (%s); trying again", error)
                await self._pause(attempt)
                attempt += 1

    async def _read(self, account: Account, sync: Sync) -> None:
        extra: set[asyncio.Task[None]] = set()

        async def caught_up() -> None:
            await self._core.serve(self)
            self._ready.set()
            log.info("Reading along as %s", self._settings.user)
            chores = (account.prove_device(), sync.go_where_expected())
            extra.update(asyncio.create_task(chore) for chore in chores)

        try:
            await sync.run(caught_up)
        finally:
            for task in extra:
                task.cancel()
            await asyncio.gather(*extra, return_exceptions=True)
            await self._intake.in_order.stop()

    async def _start(self, client: nio.AsyncClient) -> tuple[Grounds, Aliases]:
        """The list of direct rooms, and the ids that the aliases of the configuration mean.

        Raises: NamedTwice.
        """
        attempt = 0
        while True:
            try:
                await self._outgoing.read_direct()
                found = await self._found(client)
                break
            except (OSError, TimeoutError) as error:
                log.warning("The homeserver does not answer yet: %s", error)
            except StoreFailed as error:
                log.warning("The database does not answer (%s); trying again", error)
            await self._pause(attempt)
            attempt += 1
        for alias, room, leads in found[1].astray:
            log.warning("%s leads to %s by now; going on with %s", alias, leads or "no room", room)
        return found

    async def _found(self, client: nio.AsyncClient) -> tuple[Grounds, Aliases]:
        """What is whose, by its id; which room each alias means is kept."""
        kept: dict[str, str] = {}
        for name in READS:
            kept |= await self._core.kept(self.account, name)
        aliases = await follow(client, (*self._grounds.themes, *self._grounds.groups), kept)
        themes = by_id(self._grounds.themes, aliases.ids, whose=theme_of)
        groups = by_id(self._grounds.groups, aliases.ids, whose=int)
        await self._core.keep(self.account, aliases.kept)
        return replace(self._grounds, themes=themes, groups=groups), aliases

    async def _pause(self, attempt: int) -> None:
        await self._clock.sleep(min(FIRST_PAUSE * 2 ** min(attempt, 10), LONGEST_PAUSE))

    async def caught_up(self) -> None:
        await self._ready.wait()
        await self._intake.in_order.idle()

    def heard_until(self) -> datetime | None:
        return self._sync.heard_until() if self._ready.is_set() else None

    async def woke(self) -> None:
        """The homeserver says with each answer until when it is."""

    def under_way(self) -> Mapping[Place | None, datetime]:
        """All that is said on Matrix waits in the inbox."""
        return {}

    def is_shut(self, who: Identity) -> bool:
        return self._outgoing.was_left(who.user_id)

    # --- saying ---

    async def deliver(self, delivery: Delivery) -> Receipt:
        with self._told_of_outages(delivery.to):
            if delivery.replaces:
                await self._edit(delivery)
                return Receipt(delivery.replaces)
            return await self._send(delivery)

    async def carry(self, copy: Copy, note: Note) -> Text | None:
        with self._told_of_outages(copy.place):
            return await self._carrying.carry(copy, note)

    async def fetch(self, place: Place, posted: Posted, take: Take) -> None:
        self._check_connected()
        await fetch(self._session, posted, take)

    async def sign(self, sign: Sign) -> str:
        with self._told_of_outages(sign.place):
            return await make_so(self._session, sign)

    @property
    def longest_fold(self) -> int:
        return folds.LONGEST

    async def lengths(self, copy: Copy) -> Sequence[int]:
        await self._ready.wait()
        return await self._carrying.lengths(copy)

    async def reword(self, copy: Copy, lengths: Sequence[int], which: int) -> bool:
        with self._told_of_outages(copy.place):
            return await self._carrying.reword(copy, lengths, which)

    async def mark(self, mark: Mark) -> str:
        with self._told_of_outages(mark.place):
            return await marks.mark(self._session, mark)

    async def unmark(self, mark: Mark) -> None:
        with self._told_of_outages(mark.place):
            await marks.unmark(self._session, mark)

    async def describe(self, place: Place, line: str, others: Collection[str]) -> bool:
        await self._ready.wait()
        return await self._new_rooms.describe(place.room_id, line, others)

    @contextlib.contextmanager
    def _told_of_outages(self, to: Place | Identity) -> Iterator[None]:
        """Whether the homeserver is there is seen by what it answers."""
        try:
            yield
        except (Gone, Refused, NotOurs):
            self._outages.answered()
            raise
        except aiohttp.ClientError as error:
            away = ConnectionError(f"the homeserver cannot be reached: {type(error).__name__}")
            raise self._fails(to, away) from error
        except ConnectionError as error:
            raise self._fails(to, error) from error
        self._outages.answered()

    def _fails(self, to: Place | Identity, error: ConnectionError) -> Exception:
        """While the homeserver does nothing else either, nothing is ever given up for it."""
        return PlatformFailed(str(error)) if self._outages.is_elsewhere_fine(to) else error

    async def presence(self, who: Identity, places: Sequence[Place]) -> Presences:
        return self._session.presences(who.user_id, places)

    async def inspect(self, community: int) -> Sequence[Lack]:
        await self._ready.wait()
        return self._sync.inspect(community)

    async def homes(self, community: int) -> Sequence[Option]:
        await self._ready.wait()
        return await self._homes.options(community)

    async def make_home(self, community: int, wanted: Home, name: str, people: Sequence[Identity]) -> Home:
        await self._ready.wait()
        return await self._homes.make(community, name, people)

    async def make_room(self, community: int, home: Home, wanted: WantedRoom) -> Place | None:
        await self._ready.wait()
        return await self._new_rooms.make(community, home, wanted)

    async def obstacle_to_making(self, community: int, home: Home) -> Text | None:
        self._check_connected()
        return self._new_rooms.obstacle_to_making(community, home)

    async def obstacle_to_entering(self, place: Place, user: str) -> Text | None:
        self._check_connected()
        return obstacle_to_entering(self._session, place.room_id, user)

    def _check_connected(self) -> None:
        """Raises: TryLater."""
        if not self._ready.is_set():
            raise TryLater(FIRST_PAUSE)

    async def look_at_room(self, place: Place, home: Home | None = None) -> RoomSeen:
        await self._ready.wait()
        return await self._new_rooms.look(home, place.room_id)

    async def admit(self, place: Place, user: str, *, inside: bool) -> bool:
        """Who is put out of a room is told of as an event of its own, also later."""
        await self._ready.wait()
        await admit(self._session, place.room_id, user, inside=inside)
        return False

    async def silence(
        self, place: Place, user: str, before: str | None, looked: Callable[[str], Awaitable[None]]
    ) -> bool:
        await self._ready.wait()
        return await silence(self._session, place.room_id, user, before, looked)

    async def unsilence(self, place: Place, user: str, before: str) -> None:
        await self._ready.wait()
        await unsilence(self._session, place.room_id, user, before)

    async def shape_room(self, community: int, home: Home | None, wanted: WantedRoom) -> RoomSeen:
        await self._ready.wait()
        return await self._new_rooms.shape(community, home, wanted)

    async def entrust(
        self, community: int, home: Home | None, place: Place, moderators: Collection[str]
    ) -> None:
        await self._ready.wait()
        await self._new_rooms.entrust(community, home, place.room_id, moderators)

    async def retract(self, to: Place | Identity, ref: Reference, key: str) -> None:
        try:
            room = await self._room(to)
            for event in ref:
                await self._take_away(to, room, event, key)
        except aiohttp.ClientError as error:
            raise ConnectionError(f"the homeserver cannot be reached: {type(error).__name__}") from error

    async def _take_away(self, to: Place | Identity, room: str, event: str, key: str) -> None:
        """What a person said goes with their edits of it."""
        carried = isinstance(to, Place) and self._core.carries(to)
        said = await event_at(self._session, room, event) if carried else None
        if said and said.sender != self._session.me:
            await self._outgoing.redact_whole(room, event, said.sender, key)
        else:
            await self._outgoing.redact(room, event, key)

    async def _room(self, to: Place | Identity, *, opens: bool = True) -> str:
        if isinstance(to, Place):
            return to.room_id
        return await self._outgoing.room_for(to.user_id, opens=opens)

    async def _send(self, delivery: Delivery) -> Receipt:
        """Send the message, after its native poll where it has one, and then its files.

        Clients let people know of a picture whatever is done, so the words before it are quiet.
        """
        to, message, key, tried_at = delivery.to, delivery.message, delivery.key, delivery.tried_at
        room, event = room_and_event(to) if isinstance(to, Place) else ("", "")
        if event:
            return await self._send_beside(delivery, room, event)
        try:
            room = await self._room(to, opens=delivery.opens)
        except Shut:
            # It may have arrived before they left.
            found = (
                isinstance(to, Identity)
                and tried_at
                and await self._outgoing.said_to(to.user_id, TEXT, key, tried_at)
            )
            if found:
                return Receipt((found,))
            raise
        voice = await self._voice(delivery)
        poll = await self._send_poll(to, message, key, tried_at, voice) if isinstance(to, Place) else None
        files = await self._stored(room, delivery, voice)
        quiet = delivery.quiet or bool(files)
        content = addressed(render(message, key, self._texts, voice, quiet=quiet), delivery)
        only = to.user_id if isinstance(to, Identity) else ""
        event = await self._outgoing.send(room, TEXT, content, key, tried_at, courteous=bool(only), only=only)
        for name, file in files.items():
            try:
                await self._outgoing.send(room, TEXT, file, name, tried_at, only=only)
            except (Gone, Refused) as refused:
                log.warning("Left out %s: %s", name, refused)
        if message.pinned and isinstance(to, Place):
            await self._outgoing.pin(room, event)
        return Receipt((event, poll) if poll else (event,))

    async def _send_beside(self, delivery: Delivery, room: str, event: str) -> Receipt:
        """In answer to an event, where that stands; that something counts goes after all else."""
        key, tried_at, sign = delivery.key, delivery.tried_at, delivery.message.sign
        said = render(delivery.message, key, self._texts, await self._voice(delivery))
        content = render_sign(event, key) if sign else addressed(said, replace(delivery, reply_to=event))
        kind, courteous = REACTION if sign else TEXT, sign is not None
        try:
            ref = await self._outgoing.send(room, kind, content, key, tried_at, courteous=courteous)
        except Refused:
            # Nothing is to be said there just now: to them alone, then.
            return await self._send(replace(delivery, to=delivery.mentions[0], mentions=()))
        return Receipt((ref,))

    async def _edit(self, delivery: Delivery) -> None:
        message, key = delivery.message, delivery.key
        room, voice = await self._room(delivery.to), await self._voice(delivery)
        event, *beside = delivery.replaces
        edit = render_edit(message, event, key, self._texts, voice, quiet=delivery.quiet)
        content = addressed(edit, delivery)
        only = delivery.to.user_id if isinstance(delivery.to, Identity) else ""
        await self._outgoing.send(room, TEXT, content, key, None, only=only)
        if beside and message.native_poll and message.native_poll.ended:
            # In this order: clients take no edits of what is over.
            result = render_poll_result(message.native_poll, beside[0], key, self._texts, voice)
            await self._outgoing.send(room, POLL_START, result, key, None)
            end = render_poll_end(message.native_poll, beside[0], key, self._texts, voice)
            await self._outgoing.send(room, POLL_END, end, key, None)

    async def _stored(self, room: str, delivery: Delivery, voice: Voice) -> dict[str, Content]:
        """Its files as events, by their keys, for whoever the message is for.

        What a server does not take is left out: the words say the same.
        """
        found: dict[str, Content] = {}
        for attachment in delivery.message.files:
            plain = self._texts.write(attachment.words, replace(voice, code=("", "")))
            made = await self._core.files(attachment, voice, MOST_UPLOADED, delivery.to)
            for number, file in enumerate(made, 1):
                name = f"{delivery.key}:{attachment.form}" + (f":{number}" if number > 1 else "")
                try:
                    stored = await self._outgoing.uploads.store(
                        room, io.BytesIO(file.data), len(file.data), MIMETYPES[file.form]
                    )
                except (Gone, Refused) as refused:
                    log.warning("Left out %s: %s", name, refused)
                    continue
                content = {**render_file(file.form, file.name, file.data, plain, name), **stored}
                found[name] = addressed(content, replace(delivery, reply_to=None))
        return found

    async def _send_poll(
        self, place: Place, message: Message, key: str, tried_at: datetime | None, voice: Voice
    ) -> str | None:
        poll = native_poll(message)
        if not poll or poll.ended or not self._settings.native_polls:
            return None
        content = render_poll(poll, key, self._texts, voice)
        try:
            return await self._outgoing.send(place.room_id, POLL_START, content, key, tried_at)
        except (Gone, Refused):
            return None  # a room can forbid polls and allow messages

    async def _voice(self, delivery: Delivery) -> Voice:
        locale = delivery.message.locale or await self._core.voice_of(delivery.to)
        people = await self._core.people_in(delivery.message)
        zone, own = await self._core.clocks_of(delivery.to, delivery.message)
        return Voice(locale, zone, self._clock.now(), people=people, own_zone=own)


def theme_of(named: Named) -> object:
    """Of which theme of which community that place is."""
    return named.community, named.theme


def by_id(named: Mapping[str, T], ids: Mapping[str, str], whose: Callable[[T], object]) -> dict[str, T]:
    """The same by the ids behind the aliases.

    Raises: NamedTwice where one goes by two names, and these are two communities' or themes'.
    """
    found: dict[str, T] = {}
    for address, line in named.items():
        known = ids.get(address, address)
        if known in found and whose(found[known]) != whose(line):
            other = next(name for name in named if ids.get(name, name) == known)
            raise NamedTwice(
                f"{other} and {address} are the same, {known}, and two communities or themes name it. "
                "Name it under the one whose it is"
            )
        found[known] = line
    return found
