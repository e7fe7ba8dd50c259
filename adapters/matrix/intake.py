"""What people said, handed to the core: in order within a room, kept until it was dealt with."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import nio

from adapters.inbox import InOrder
from adapters.matrix.mentions import addressed, addresses_in
from adapters.matrix.read import Answered, Heard, Reacted, Removed, Said, content_if_by, moment, read
from adapters.matrix.render import KEY, native_poll
from adapters.matrix.session import Session
from adapters.matrix.settings import PLATFORM
from bot.model.events import Arrival, Invocation, Mention
from bot.model.events import Heard as Talk
from bot.model.message import Message, NativePoll
from bot.model.people import Identity, Place, Presences, Role
from bot.model.work import SECRET

log = logging.getLogger(__name__)
KEEP_SEALED = timedelta(days=7)
# How far back a bare number looks for the buttons it could mean.
LOOK_BACK = 30


class Intake:
    """Turns arrivals into invocations."""

    def __init__(self, session: Session) -> None:
        self._on = session
        self.in_order = InOrder(session.core, session.clock, self._deal)

    def matters(self, room: str, event: Mapping[str, Any]) -> bool:
        """Whether an event is for Plein. What people say to each other is not kept, nor looked at again."""
        heard = read(event)
        if heard is None or heard.sender == self._on.me:
            return False
        if not isinstance(heard.meaning, Said):
            return True
        said = heard.meaning
        is_press = said.pressed is not None and said.reply_to is not None
        is_meant = said.is_command or is_press or self._on.outgoing.is_direct(room)
        return is_meant or self._on.core.listens

    def put(self, arrival: Arrival) -> None:
        """Deal with it after whatever came before it in the same room."""
        self.in_order.put(self._on.account, arrival)

    # --- from meaning to invocation ---

    async def _deal(self, arrival: Arrival) -> None:
        heard = read(json.loads(arrival.body))
        if heard is None:
            return
        asked = self._invocation(heard, arrival.room)
        match heard.meaning:
            case Said() as said:
                await self._deal_with_words(asked, said, arrival.room)
            case Reacted(target, number):
                await self._press(asked, await self._message_at(arrival.room, target), number)
            case Answered(target, numbers):
                message = await self._message_at(arrival.room, target)
                if message and (poll := native_poll(message)):
                    await self._vote(asked, poll, numbers)
            case Removed(target):
                await self._on.core.take_back(asked, f"{PLATFORM}:{target}")

    def _invocation(self, heard: Heard, room: str) -> Invocation:
        direct, sender = self._on.outgoing.is_direct(room), heard.sender
        facts = self._on.rooms.get(room)
        since = facts.since(sender) if facts else None
        role = Role.RESIDENT
        if facts and since and not direct:
            role = facts.role_of(sender, self._on.settings.power_levels)

        async def presence(places: Sequence[Place]) -> Presences:
            return self._on.presences(sender, places)

        known = self._on.client.rooms.get(room)
        name = known.user_name(sender) if known else None
        return Invocation(
            f"{PLATFORM}:{heard.id}",
            Identity(PLATFORM, sender),
            name or sender,
            None if direct else Place(PLATFORM, room),
            heard.at,
            role=role,
            since=since,
            presence=presence,
            by_post=True,
            public=not direct,
            account=self._on.account,
        )

    def _rooms_with(self, user: str) -> list[str]:
        """Those that are places, and that they share with Plein."""
        return [
            room.id
            for room in self._on.rooms.values()
            if room.since(user) and not (room.is_space or self._on.outgoing.is_direct(room.id))
        ]

    async def _deal_with_words(self, asked: Invocation, said: Said, room: str) -> None:
        if asked.place is None and self._on.outgoing.direct.get(asked.author.user_id, [""])[0] != room:
            # Answers go where somebody spoke last.
            await self._on.outgoing.note_direct(asked.author.user_id, room)
        if said.pressed is not None and not said.is_command:
            message = await self._buttons_for(said, room)
            if message:
                await self._press(asked, message, said.pressed)
                return
        if said.is_command or (asked.place is None and said.words):
            words, mentions = self._addressed(asked, said)
            await self._on.core.handle(replace(asked, typed=words, mentions=mentions))
        elif asked.place and self._on.core.listens:
            await self._on.core.hear(_talk(asked, asked.place, said))

    def _addressed(self, asked: Invocation, said: Said) -> tuple[str, tuple[Mention, ...]]:
        """What was said with addresses for names, and whose those are: of people who are there, or in
        private in a place that both are in.
        """
        rooms = [asked.place.room_id] if asked.place else self._rooms_with(asked.author.user_id)

        def name_of(user: str) -> str | None:
            for room in rooms:
                if user != self._on.me and room in self._on.rooms and self._on.rooms[room].since(user):
                    known = self._on.client.rooms.get(room)
                    return (known.user_name(user) if known else None) or user
            return None

        words = addressed(said, name_of)
        named = ((user, name_of(user)) for user in addresses_in(words))
        return words, tuple(Mention(user, Identity(PLATFORM, user), name) for user, name in named if name)

    async def _buttons_for(self, said: Said, room: str) -> Message | None:
        """The message that was replied to; in a direct room else the last one with buttons."""
        if said.reply_to:
            return await self._message_at(room, said.reply_to)
        page = await self._on.client.room_messages(room, self._on.client.next_batch, limit=LOOK_BACK)
        if not isinstance(page, nio.RoomMessagesResponse):
            raise ConnectionError("the room's history could not be read")
        for event in page.chunk:
            if event.source.get("sender") == self._on.me:
                message = await self._on.core.message_at(self._on.account, str(event.source.get("event_id")))
                if message and message.buttons:
                    return message
                if str(content_if_by(event.source, self._on.me).get(KEY, "")).startswith(SECRET):
                    return None  # its buttons are gone; those of what was said before are not meant
        return None

    async def _press(self, asked: Invocation, message: Message | None, number: int) -> None:
        """People react with all sorts of things to all sorts of messages: that is no mistake."""
        if message is None or number < 1:
            return
        if number <= len(message.buttons):
            button = message.buttons[number - 1]
            # A reaction in a room stays to be seen and says "on"; a number said in private is a press.
            switch = button.switch if asked.place else None
            args = {**button.args, switch: True} if switch else button.args
            await self._on.core.handle(replace(asked, command=button.command, args=args))
        elif (poll := native_poll(message)) and number <= len(poll.options):
            await self._vote(asked, poll, (number,))

    async def _vote(self, asked: Invocation, poll: NativePoll, numbers: tuple[int, ...]) -> None:
        args = {**poll.args, "numbers": numbers}
        await self._on.core.handle(replace(asked, command=poll.command, args=args))

    async def _message_at(self, room: str, event_id: str) -> Message | None:
        """What we show there. Ours, but not yet noted as sent: the boards catch up first."""
        message = await self._on.core.message_at(self._on.account, event_id)
        if message is None and await self._is_ours(room, event_id):
            raise ConnectionError("that message is being noted")
        return message

    async def _is_ours(self, room: str, event_id: str) -> bool:
        found = await self._on.client.room_get_event(room, event_id)
        if not isinstance(found, nio.RoomGetEventResponse):
            return False
        source = found.event.source
        at = moment(source.get("origin_server_ts"))
        recent = at is not None and self._on.clock.now() - at < timedelta(minutes=1)
        content = content_if_by(source, self._on.me)
        return recent and (KEY in content or "ciphertext" in content)

    # --- what cannot be read yet ---

    async def ask_for_key(self, event: nio.MegolmEvent) -> None:
        """Ask the sender's devices for the key, once."""
        try:
            await self._on.client.request_room_key(event)
        except Exception as error:
            log.info("Could not ask for a key: %s", type(error).__name__)

    async def unseal(self) -> None:
        """Try again what could not be decrypted; what stayed closed for a week is given up."""
        given_up = []
        for arrival in await self._on.core.arrivals(self._on.account, undecryptable=True):
            source = json.loads(arrival.body)
            event = nio.Event.parse_event(source)
            at = moment(source.get("origin_server_ts"))
            if (
                not isinstance(event, nio.MegolmEvent)
                or at is None
                or self._on.clock.now() - at > KEEP_SEALED
            ):
                given_up.append(arrival.seq)
                continue
            event.room_id = arrival.room
            try:
                opened = self._on.client.decrypt_event(event)
            except nio.EncryptionError:
                continue
            if self.matters(arrival.room, opened.source):
                self.put(replace(arrival, body=json.dumps(opened.source)))
            else:
                given_up.append(arrival.seq)
        if given_up:
            await self._on.core.acknowledge(self._on.account, given_up)


def _talk(said_by: Invocation, place: Place, said: Said) -> Talk:
    """What was said in a place, for whoever listens."""
    ref = said_by.id.removeprefix(f"{PLATFORM}:")
    who, at = said_by.author, said_by.at
    return Talk(said_by.id, said_by.account, place, who, said_by.name, said.words, at, ref, said.reply_to)
