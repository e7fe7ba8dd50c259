"""What people said, handed to the core: in order within a room, kept until it was dealt with."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import nio

from adapters.inbox import InOrder
from adapters.matrix.mentions import addressed, addresses_in, said_to
from adapters.matrix.read import KEY, Answered, Heard, Reacted, Removed, Said, content_if_by, moment, read
from adapters.matrix.render import native_poll
from adapters.matrix.session import Session
from adapters.matrix.settings import PLATFORM
from bot.model.events import Arrival, Invocation, Mention
from bot.model.events import Heard as Talk
from bot.model.message import Message, NativePoll, Text, message, text
from bot.model.people import Identity, Place, Presence, Role
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
        session.outgoing.on_declined = self._tell_how_to_be_answered

    def matters(self, room: str, event: Mapping[str, Any]) -> bool:
        """Whether an event is for Plein. What people say to each other is not kept, nor looked at again."""
        heard = read(event)
        if heard is None or heard.sender == self._on.me:
            return False
        if not isinstance(heard.meaning, Said):
            return True
        said = heard.meaning
        is_press = said.pressed is not None and said.reply_to is not None
        return is_press or self._on.core.listens or self._meant_for_us(said, room) is not None

    def _meant_for_us(self, said: Said, room: str) -> Said | None:
        """What of it Plein is to answer: without words where it was called by its name, and no more.

        In a room other bots' commands and exclamations are none of it.
        """
        direct, commands = self._on.outgoing.is_direct(room), self._on.core.commands
        if said.is_command:
            return said if direct or commands.resembles(said.words) else None
        called = said_to(self._on.me, self._our_name(room), said)
        if direct:
            return called if called and called.words else said
        return called and (called if commands.resembles(called.words) else replace(called, words=""))

    def _our_name(self, room: str) -> str:
        known = self._on.client.rooms.get(room)
        return (known.user_name(self._on.me) if known else None) or self._on.me

    def put(self, arrival: Arrival) -> None:
        """Deal with it after whatever came before it in the same room."""
        self.in_order.put(self._on.account, arrival)

    # --- from meaning to invocation ---

    async def _deal(self, arrival: Arrival) -> None:
        heard = read(json.loads(arrival.body))
        if heard is None:
            return
        asked = self._invocation(heard, arrival.room)
        if home := self._on.settings.bridged_from(heard.sender):
            await self._deal_with_ghost(asked, heard, arrival.room, home)
            return
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
                await self._on.core.take_back(_seen(asked), f"{PLATFORM}:{target}")

    def _invocation(self, heard: Heard, room: str) -> Invocation:
        direct = self._on.outgoing.is_direct(room)
        facts = self._on.rooms.get(room)
        role = (
            Role.RESIDENT
            if direct or facts is None
            else facts.role_of(heard.sender, self._on.settings.power_levels)
        )
        known = self._on.client.rooms.get(room)
        name = known.user_name(heard.sender) if known else None
        return Invocation(
            f"{PLATFORM}:{heard.id}",
            Identity(PLATFORM, heard.sender),
            name or heard.sender,
            None if direct else Place(PLATFORM, room),
            heard.at,
            role=role,
            by_post=True,
            public=not direct,
            unmet=not direct and not self._on.outgoing.talks_with(heard.sender),
            present_in=tuple(self._present(heard.sender, None if direct else room)),
            account=self._on.account,
        )

    def _present(self, user: str, room: str | None) -> Iterator[Presence]:
        """In that room; without one, in all that are places and that they share with Plein."""
        for one in self._on.rooms.values():
            since = one.since(user)
            here = one.id == room if room else not (one.is_space or self._on.outgoing.is_direct(one.id))
            if since and here:
                role = one.role_of(user, self._on.settings.power_levels)
                yield Presence(Place(PLATFORM, one.id), role, since)

    async def _deal_with_words(self, asked: Invocation, said: Said, room: str) -> None:
        if asked.place is None and self._on.outgoing.direct.get(asked.author.user_id, [""])[0] != room:
            # Answers go where somebody spoke last.
            await self._on.outgoing.note_direct(asked.author.user_id, room)
        if said.pressed is not None and not said.is_command:
            message = await self._buttons_for(said, room)
            if message:
                await self._press(asked, message, said.pressed)
                return
        meant = self._meant_for_us(said, room)
        if meant and meant.words:
            if asked.place:
                await self._on.outgoing.asked_in(asked.author.user_id, room)
            words, mentions = self._addressed(asked, meant)
            await self._on.core.handle(replace(asked, typed=words, mentions=mentions))
        elif meant and asked.place:
            # Once a day, so that no other bot that answers whoever names it is answered on and on.
            await self._tell(asked, room, text("matrix.called"), f"called:{asked.at:%Y-%m-%d}")
        elif asked.place and self._on.core.listens:
            await self._on.core.hear(_talk(asked, asked.place, said))

    async def _tell(self, asked: Invocation, room: str, words: Text, about: str) -> None:
        """Something about the ways of this platform: in the room, to them, once."""
        to, key = asked.place or asked.author, f"{about}:{room}:{asked.author.user_id}"
        await self._on.core.say(self._on.account, to, message(words), key, [asked.author])

    async def _tell_how_to_be_answered(self, user: str, room: str) -> None:
        who, key = Identity(PLATFORM, user), f"declined:{room}:{user}"
        said = message(text("matrix.declined"))
        await self._on.core.say(self._on.account, Place(PLATFORM, room), said, key, [who])

    async def _deal_with_ghost(self, asked: Invocation, heard: Heard, room: str, home: str) -> None:
        """Nobody knows who it is that a bridge speaks for: they are no resident here, and told so once."""
        match heard.meaning:
            case Said() as said:
                pressed = said.pressed is not None and said.reply_to is not None
                is_meant = pressed or self._meant_for_us(said, room) is not None
                if not is_meant and asked.place and self._on.core.listens:
                    await self._on.core.hear(_talk(asked, asked.place, said))
            case Reacted(target) | Answered(target):
                is_meant = await self._message_at(room, target) is not None
            case Removed():
                is_meant = False
        if is_meant:
            await self._tell(asked, room, text("matrix.ghost", home=home), "ghost")

    def _addressed(self, asked: Invocation, said: Said) -> tuple[str, tuple[Mention, ...]]:
        """What was said with addresses for names, and whose those are: of people who are there, or in
        private in a place that both are in.
        """
        rooms = [presence.place.room_id for presence in asked.present_in]

        def name_of(user: str) -> str | None:
            for room in rooms if not self._on.settings.bridged_from(user) else ():
                if user != self._on.me and self._on.rooms[room].since(user):
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
                key = str(content_if_by(event.source, self._on.me).get(KEY, ""))
                if message is None and key.startswith(SECRET):
                    if self._is_recent(event.source):
                        raise ConnectionError("that answer is being noted")
                    return None  # it is forgotten, and what was said before is not meant
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
            asked = _seen(asked) if switch else asked
            await self._on.core.handle(replace(asked, command=button.command, args=args))
        elif (poll := native_poll(message)) and number <= len(poll.options):
            await self._vote(asked, poll, (number,))

    async def _vote(self, asked: Invocation, poll: NativePoll, numbers: tuple[int, ...]) -> None:
        args = {**poll.args, "numbers": numbers}
        await self._on.core.handle(replace(_seen(asked), command=poll.command, args=args))

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
        content = content_if_by(source, self._on.me)
        return self._is_recent(source) and (KEY in content or "ciphertext" in content)

    def _is_recent(self, source: Mapping[str, Any]) -> bool:
        at = moment(source.get("origin_server_ts"))
        return at is not None and self._on.clock.now() - at < timedelta(minutes=1)

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


def _seen(asked: Invocation) -> Invocation:
    """A vote that stays to be seen where it was given, and on the board."""
    return replace(asked, acknowledged=asked.place is not None)


def _talk(said_by: Invocation, place: Place, said: Said) -> Talk:
    """What was said in a place, for whoever listens."""
    ref = said_by.id.removeprefix(f"{PLATFORM}:")
    who, at = said_by.author, said_by.at
    return Talk(said_by.id, said_by.account, place, who, said_by.name, said.words, at, ref, said.reply_to)
