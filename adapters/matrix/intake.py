"""What people said, handed to the core: in order within a room, kept until it was dealt with."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import aiohttp
import nio

from adapters.inbox import PAUSE, InOrder
from adapters.matrix.answers import about, button_called, filled_in, is_ballot, numbers_in, shows_choices
from adapters.matrix.carried_signs import signed
from adapters.matrix.files import posted_in
from adapters.matrix.gaps import PRIVATELY, SAID_AT, Gap, gap_in, left_out, said_at
from adapters.matrix.mentions import addressed, addresses_in, said_to
from adapters.matrix.read import (
    KEY,
    Answered,
    Edited,
    Emoted,
    Ended,
    Heard,
    Reacted,
    Removed,
    Said,
    Sent,
    Signed,
    content_if_by,
    is_idle,
    milliseconds,
    moment,
    read,
    replaced_by,
)
from adapters.matrix.remarks import event_at, name_in, remark_at
from adapters.matrix.render import beside, native_poll
from adapters.matrix.session import Session
from adapters.matrix.settings import PLATFORM
from adapters.matrix.talk import in_words, laid_out, original_of
from adapters.matrix.told import Located, Polled
from bot.errors import Gone, NotNow, NotOurs, Refused, StoreFailed, TryLater
from bot.model.events import Arrival, Invocation, Mention, Remark, Removal
from bot.model.events import Heard as Talk
from bot.model.events import Reacted as Sign
from bot.model.message import Message, NativePoll, Text, message, text
from bot.model.people import Identity, Place, Presences, Role
from bot.model.signs import Signed as Carried
from bot.model.work import SECRET
from bot.recent import Recent

log = logging.getLogger(__name__)
KEEP_SEALED = timedelta(days=7)
# Of so much of one person's the keys are waited for.
MOST_UNDECRYPTABLE = 100
# How far back a bare number looks for the buttons it could mean.
LOOK_BACK = 30
MOST_REMOVED = 10_000
# So much of what the server left out is kept in one go: others write in between.
AT_ONCE = 100


class Intake:
    """Turns arrivals into invocations."""

    def __init__(self, session: Session) -> None:
        self._on = session
        self.in_order = InOrder(session.core, session.clock, self._deal)
        session.outgoing.on_declined = self._tell_how_to_be_answered
        # Waits until it was read since when somebody is in these rooms, where that is in doubt.
        self.settled: Callable[[str, Sequence[str]], Awaitable[None]]
        # How much of each person's waits for its key; counted anew whenever keys come.
        self._undecryptable: Counter[str] = Counter()
        # What was removed: should it be read only now, it was never said.
        self._removed: Recent[str, bool] = Recent(MOST_REMOVED)

    def matters(self, room: str, event: Mapping[str, Any]) -> bool:
        """Whether an event is for Plein. What people say to each other is not kept, nor looked at again."""
        if is_idle(event, self._on.core.signs) and not self._carries(room, _sender(event)):
            return False
        heard = read(event)
        if heard is None or heard.sender == self._on.me:
            return False
        if isinstance(heard.meaning, Edited | Emoted):
            return self._carries(room, heard.sender) or self._asks_again(heard.meaning)
        if isinstance(heard.meaning, Signed):
            means = heard.meaning.sign in self._on.core.signs and self._is_place(room)
            return means or self._carries(room, heard.sender)
        if isinstance(heard.meaning, Located | Polled) and self._carries(room, heard.sender):
            return True
        if isinstance(heard.meaning, Sent | Located):
            return self._looks_like_two(room) or self._carries(room, heard.sender)
        if not isinstance(heard.meaning, Said):
            return True
        said = heard.meaning
        answers = self._answers_us(said) and not said.is_command
        if answers or self._on.core.listens or self._looks_like_two(room):
            return True
        if self._carries(room, heard.sender):
            return True
        return self._meant_for_us(said, room) is not None

    def _carries(self, room: str, user: str) -> bool:
        """Whether what they say to others there is carried on. For whom a bridge speaks it is not."""
        carried = self._is_place(room) and self._on.core.carries(Place(PLATFORM, room))
        return carried and self._on.settings.bridged_from(user) is None

    def _misses(self, place: Place) -> bool:
        """Whether it matters which messages there are no more."""
        return self._on.core.misses or self._on.core.carries(place)

    def _asks_again(self, meaning: Edited | Emoted) -> bool:
        """Whether they made a command of what they had said."""
        now = meaning.now if isinstance(meaning, Edited) else None
        return isinstance(now, Said) and now.is_command and self._on.core.commands.resembles(now.words)

    def _is_place(self, room: str) -> bool:
        known = self._on.rooms.get(room)
        return known is not None and not (known.is_space or self._on.outgoing.is_direct(room))

    def _looks_like_two(self, room: str) -> bool:
        """Whether whoever speaks there takes it for a talk with Plein alone, rightly or not."""
        return self._on.outgoing.looks_direct(room) and self._on.rooms[room].is_for_two

    def _answers_us(self, said: Said) -> bool:
        """Whether it may answer what Plein said. Clients mention whomever one replies to; the others leave
        numbers alone to go by, for what people say to each other is none of Plein's."""
        if said.reply_to is None:
            return False
        return said.is_command or bool(numbers_in(said.words)) or self._on.me in said.mentions

    def takes(self, arrival: Arrival) -> bool:
        """Whether there is room for what that person says in that room."""
        who = _sender(json.loads(arrival.body))
        if not arrival.undecryptable:
            return self.in_order.takes(arrival.room, who)
        if self._undecryptable[who] >= MOST_UNDECRYPTABLE:
            log.warning("Passed over what %s said in %s: so much of theirs lacks its key", who, arrival.room)
            return False
        self._undecryptable[who] += 1
        return True

    def _meant_for_us(self, said: Said, room: str) -> Said | None:
        """What of it Plein is to answer: without words where it was called by its name, and no more.

        In a room other bots' commands and exclamations are none of it.
        """
        direct, commands = self._looks_like_two(room), self._on.core.commands
        if said.is_command:
            return said if direct or commands.resembles(said.words) else None
        called = said_to(self._on.me, self._our_names(room), said)
        if direct:
            return called if called and called.words else said
        return called and (called if commands.resembles(called.words) else replace(called, words=""))

    def _begins_with_us(self, said: Said, room: str) -> bool:
        """Whether Plein is who it is said to, and not only somebody of whom it is said."""
        called = said_to(self._on.me, self._our_names(room), said)
        return called is not None and called.words != ""

    def _our_names(self, room: str) -> Sequence[str]:
        """As clients may write them: also where somebody else there goes by the same name."""
        me, known = self._on.me, self._on.client.rooms.get(room)
        own = known.users[me].name if known and me in known.users else me
        name = (known.user_name(me) if known else None) or me
        return list(dict.fromkeys((name, own, me[1:].partition(":")[0])))

    def put(self, arrival: Arrival) -> None:
        """Deal with it after whatever came before it in the same room."""
        self.in_order.put(self._on.account, arrival, _sender(json.loads(arrival.body)))

    # --- from meaning to invocation ---

    async def _deal(self, arrival: Arrival) -> None:
        event = json.loads(arrival.body)
        if arrival.id in self._removed:
            return
        if gap := gap_in(event):
            await self._close_gap(arrival.room, gap)
        elif heard := read(event):
            heard = replace(heard, at=said_at(event) or heard.at)
            await self._deal_with(heard, arrival, privately=event.get(PRIVATELY) is True)

    async def _deal_with(self, heard: Heard, arrival: Arrival, *, privately: bool) -> None:
        await self.settled(heard.sender, [arrival.room])
        asked = replace(self._invocation(heard, arrival.room, privately=privately), arrival=arrival.seq)
        if isinstance(heard.meaning, Removed) and asked.place and self._misses(asked.place):
            await self._on.core.gone(asked.place, [heard.meaning.target])
            if self._on.core.carries(asked.place):
                await self._take_edits_along(arrival.room, heard.meaning.target, heard.id)
        if home := self._on.settings.bridged_from(heard.sender):
            await self._deal_with_ghost(asked, heard, arrival.room, home)
            return
        if asked.place and self._on.core.carries(asked.place) and (put := signed(asked, heard)):
            await self._bring_sign(put)
        match heard.meaning:
            case Said() as said:
                await self._deal_with_words(asked, said, arrival.room, heard.content)
            case Emoted() as emoted:
                await self._bring(asked, emoted, heard.content)
            case Sent() as sent if asked.place and self._on.core.carries(asked.place):
                await self._bring(asked, sent, heard.content)
            case Located() | Polled() as told if asked.place and self._on.core.carries(asked.place):
                await self._bring_told(asked, told, asked.place)
            case Polled():
                pass
            case Sent() | Located():
                # Once a day, as to whoever calls it by its name: two bots answer each other no more often.
                await self._tell(asked, arrival.room, text("matrix.sent"), self._once_a("%Y-%m-%d", "sent"))
            case Edited() as edited:
                await self._deal_with_edit(asked, edited, arrival.room, heard.content)
            case Reacted(target, number):
                await self._press(asked, await self._message_at(arrival.room, target), number)
            case Signed(target, sign) if sign in self._on.core.signs:
                await self._sign(asked, arrival.room, target, sign)
            case Answered(target, numbers):
                message = await self._message_at(arrival.room, target)
                if message and (poll := native_poll(message)):
                    await self._vote(asked, poll, numbers)
            case Ended(target):
                message = await self._message_at(arrival.room, target)
                if message and (poll := native_poll(message)) and poll.closing:
                    await self._on.core.handle(pressed(asked, poll.closing, poll.args))
            case Removed(target):
                await self._unsay(target)
                await self._on.core.take_back(asked, f"{PLATFORM}:{target}")

    async def _unsay(self, event: str) -> None:
        """What waits for its key is never read."""
        self._removed[event] = True
        waiting = await self._on.core.arrivals(self._on.account, undecryptable=True)
        if seqs := [arrival.seq for arrival in waiting if arrival.id == event]:
            await self._on.core.acknowledge(self._on.account, seqs)

    def _invocation(self, heard: Heard, room: str, *, privately: bool) -> Invocation:
        """`privately`: nobody else could read it when it was said. It is private if nobody can now either."""
        facts, sender = self._on.rooms.get(room), heard.sender
        meant_so = self._on.outgoing.looks_direct(room)
        direct = meant_so and privately and facts is not None and facts.is_private(self._on.me, sender)
        since = facts.since(sender) if facts else None
        there = direct or since is not None
        role = Role.RESIDENT
        if facts and since and not direct:
            role = facts.role_of(sender, self._on.settings.power_levels)

        async def presence(places: Sequence[Place]) -> Presences:
            await self.settled(sender, [place.room_id for place in places])
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
            beside=None
            if direct or not there or self._on.outgoing.talks_with(sender)
            else beside(room, _stands_at(heard)),
            writes=direct or facts is None or facts.may_write(sender),
            acknowledged=not (direct or isinstance(heard.meaning, Said)),
            there=there,
            looks_private=meant_so and there and not direct,
            account=self._on.account,
            removal=None if direct else Removal(partial(self._take_away, room, heard.id)),
        )

    async def _take_away(self, room: str, event: str) -> bool:
        """What somebody said is gone; False where Plein may not do that. Raises TryLater."""
        try:
            await self._on.outgoing.redact(room, event, "taken away")
        except TryLater:
            raise
        except (Gone, NotNow, NotOurs) as refused:
            log.info("Event %s stays where it is: %s", event, refused)
            return False
        except (ConnectionError, aiohttp.ClientError) as error:
            raise TryLater(PAUSE) from error
        return True

    def _rooms_with(self, user: str) -> list[str]:
        """Those that are places, and that they share with Plein."""
        return [
            room.id
            for room in self._on.rooms.values()
            if room.since(user) and not (room.is_space or self._on.outgoing.is_direct(room.id))
        ]

    async def _take_edits_along(self, room: str, target: str, key: str) -> None:
        """Of what is no more its edits stay readable, unless somebody takes these away as well."""
        gone = await event_at(self._on, room, target)
        if gone is None or gone.sender == self._on.me:
            return
        try:
            since = gone.server_timestamp
            await self._on.outgoing.redact_edits_left(room, target, gone.sender, since, key)
        except (Refused, Gone) as refused:
            # Whoever moderates there keeps that to themselves.
            log.info("The edits of what was taken away in %s stay: %s", room, refused)

    async def _deal_with_words(
        self, asked: Invocation, said: Said, room: str, content: Mapping[str, Any]
    ) -> None:
        if asked.place is None and self._on.outgoing.direct.get(asked.author.user_id, [""])[0] != room:
            # Answers go where somebody spoke last.
            await self._on.outgoing.note_direct(asked.author.user_id, room)
        for_two = asked.place is None or (asked.looks_private and self._looks_like_two(room))
        talk, said = said, await self._without_copy(asked, said)
        if self._answers_us(said) or (for_two and not self._on.core.commands.resembles(said.words)):
            message = await self._answered_by(said, room, asked.id.removeprefix(f"{PLATFORM}:"))
            if message and await self._answer(asked, message, said):
                return
            # A number that answers somebody else is theirs.
            if (numbers := numbers_in(said.words)) and (for_two or message):
                if asked.place is None:
                    is_other = message is not None and message.buttons
                    told = text("action.no_such", number=numbers[0]) if is_other else text("matrix.number")
                    await self._tell(asked, room, told, f"number:{asked.id}")
                return
            asked = replace(asked, args=about(message)) if message and said.is_command else asked
        meant = self._meant_for_us(said, room)
        if meant and meant.words and (asked.place is None or meant.is_command or meant is not said):
            if asked.place:
                await self._on.outgoing.asked_in(asked.author.user_id, room, asked.at)
            words, mentions = await self._addressed(asked, meant)
            command = self._on.core.commands.first_in(words) if talk.reply_to and asked.place else None
            answered = said.reply_to if command and command.about else None
            remark = await remark_at(self._on, room, answered) if answered else None
            if command and command.of_message and talk.reply_to:
                remark = Remark(talk.reply_to, asked.at, "")
            await self._on.core.handle(replace(asked, typed=words, mentions=mentions, about=remark))
        elif for_two:
            await self._on.core.handle(asked)
        elif meant and asked.place:
            # Once a day, so that no other bot that answers whoever names it is answered on and on.
            await self._tell(asked, room, text("matrix.called"), self._once_a("%Y-%m-%d", "called"))
            if self._on.core.carries(asked.place) and not self._begins_with_us(said, room):
                await self._bring(asked, talk, content)
        else:
            await self._bring(asked, talk, content)

    async def _without_copy(self, asked: Invocation, said: Said) -> Said:
        """As it is addressed to Plein. Where it answers a copy of what somebody said elsewhere, clients
        mention Plein, and nobody meant that.
        """
        if not (asked.place and said.reply_to and await self._is_copy(asked.place, said.reply_to)):
            return said
        return replace(said, reply_to=None, mentions=tuple(u for u in said.mentions if u != self._on.me))

    async def _is_copy(self, place: Place, event_id: str) -> bool:
        return self._on.core.carries(place) and await self._on.core.is_copy(place, event_id)

    async def _deal_with_edit(
        self, asked: Invocation, edited: Edited, room: str, content: Mapping[str, Any]
    ) -> None:
        if self._asks_again(edited):
            # Once an hour: whoever edits a great deal fills no room.
            await self._tell(asked, room, text("matrix.edited"), self._once_a("%Y-%m-%dT%H", "edited"))
        if asked.place is None or not self._on.core.carries(asked.place):
            return
        original = await original_of(self._on, room, edited.target, asked.author.user_id)
        if isinstance(original, Said) and (meant := self._meant_for_us(original, room)) and meant.words:
            return  # what was asked of Plein is as it was
        if original:
            await self._bring(asked, edited.now, content, changes=edited.target)

    async def _bring(
        self,
        asked: Invocation,
        said: Said | Emoted | Sent,
        content: Mapping[str, Any],
        *,
        changes: str | None = None,
    ) -> None:
        """To whoever listens; where it is carried on, as it is laid out."""
        place, core = asked.place, self._on.core
        listens = core.listens and isinstance(said, Said) and changes is None
        if place is None:
            return
        # Of a room that Plein is not in any more it does not know whether its words may leave it.
        facts = self._on.rooms.get(place.room_id) if core.carries(place) else None
        rich = await laid_out(self._on, place.room_id, content) if facts else ()
        files = posted_in(content) if facts else ()
        if isinstance(said, Sent) and not (files or said.words):
            return  # a place that is nowhere, or a file that nobody can find
        if rich or files or listens:
            heard = replace(_talk(asked, place, said), rich=rich, files=files, changes=changes)
            await core.hear(replace(heard, encrypted=facts is not None and facts.is_encrypted))

    async def _bring_told(self, asked: Invocation, told: Located | Polled, place: Place) -> None:
        """What is no words, in words."""
        facts = self._on.rooms.get(place.room_id)
        if facts is not None:
            rich = await in_words(self._on, place, told)
            heard = replace(_talk(asked, place, told), rich=rich, encrypted=facts.is_encrypted)
            await self._on.core.hear(heard)

    async def _bring_sign(self, put: Carried) -> None:
        """What Plein says itself is carried nowhere."""
        if await self._on.core.message_at(self._on.account, put.ref) is None:
            await self._on.core.signed(put)

    def _once_a(self, when: str, about: str) -> str:
        """By our own clock: who speaks may choose what theirs says."""
        return f"{about}:{self._on.clock.now():{when}}"

    async def _tell(self, asked: Invocation, room: str, words: Text, about: str) -> None:
        """Something about the ways of this platform: in the room, to them, once; unless they left it."""
        if not asked.there:
            return
        to, key = asked.place or asked.author, f"{about}:{room}:{asked.author.user_id}"
        who, at = [asked.author], asked.at
        await self._on.core.say(self._on.account, to, message(words), key, who, about=at)

    async def _tell_how_to_be_answered(self, user: str, room: str, at: datetime) -> None:
        """Unless they were forgotten since they asked something there: nobody names them any more."""
        who, key = Identity(PLATFORM, user), f"declined:{room}:{user}"
        said = message(text("matrix.declined"))
        await self._on.core.say(self._on.account, Place(PLATFORM, room), said, key, [who], about=at)

    async def _deal_with_ghost(self, asked: Invocation, heard: Heard, room: str, home: str) -> None:
        """Nobody knows who it is that a bridge speaks for: they are no resident here, and told so once."""
        match heard.meaning:
            case Said() as said:
                pressed = bool(numbers_in(said.words)) and said.reply_to is not None
                is_meant = pressed or self._meant_for_us(said, room) is not None
                if not is_meant and asked.place and self._on.core.listens:
                    await self._on.core.hear(_talk(asked, asked.place, said))
            case Reacted(target) | Answered(target) | Ended(target):
                is_meant = await self._message_at(room, target) is not None
            case Removed() | Edited() | Sent() | Signed() | Emoted() | Located() | Polled():
                is_meant = False
        if is_meant:
            await self._tell(asked, room, text("matrix.ghost", home=home), "ghost")

    async def _addressed(self, asked: Invocation, said: Said) -> tuple[str, tuple[Mention, ...]]:
        """What was said with addresses for names, and whose those are: of people who are there, or in
        private in a place that both are in, for the community whose that is.
        """
        near: dict[int | None, list[str]] = {}
        if asked.place:
            near[None] = [asked.place.room_id]
        else:
            for room in self._rooms_with(asked.author.user_id):
                whose = await self._on.core.community_of(Place(PLATFORM, room))
                near.setdefault(whose, []).append(room)

        def name_of(user: str, rooms: Iterable[str]) -> str | None:
            return next((name for room in rooms if (name := name_in(self._on, room, user))), None)

        anywhere = [room for rooms in near.values() for room in rooms]
        words = addressed(said, lambda user: name_of(user, anywhere))
        mentions = [
            Mention(user, Identity(PLATFORM, user), name, community)
            for user in addresses_in(words)
            for community, rooms in near.items()
            if (name := name_of(user, rooms))
        ]
        return words, tuple(mentions)

    async def _sign(self, asked: Invocation, room: str, target: str, sign: str) -> None:
        """Somebody put a sign on a person's message. What they say of Plein's own is no such thing."""
        remark = await remark_at(self._on, room, target) if asked.place else None
        if remark:
            put = replace(asked, reacted=Sign(sign, on=True), about=remark)
            await self._on.core.handle(replace(put, looks_private=False, beside=None, removal=None))

    async def _answer(self, asked: Invocation, message: Message, said: Said) -> bool:
        """Whether the words answer that message of ours; then that is done."""
        texts, numbers = self._on.core.commands.texts, numbers_in(said.words)
        if said.is_command:
            return False
        if (form := message.form) and (len(numbers) != 1 or not message.buttons):
            if not is_ballot(form, said.words, texts):
                return False
            args = filled_in(form, said.words)
            await self._on.core.handle(pressed(asked, form.command, args))
        elif len(numbers) > 1 and (poll := native_poll(message)):
            await self._vote(asked, poll, numbers)
        elif number := said.pressed or button_called(message, said.words, texts):
            return await self._press(asked, message, number)
        else:
            return False
        return True

    async def _answered_by(self, said: Said, room: str, event_id: str) -> Message | None:
        """The message that was replied to; in a direct room else what Plein had said last by then."""
        if said.reply_to:
            return await self._message_at(room, said.reply_to)
        for event in await self._before(room, event_id):
            content = content_if_by(event.source, self._on.me)
            words = content.get("msgtype") in ("m.text", "m.notice") and not replaced_by(content)
            if not (words or "ciphertext" in content):
                continue
            message = await self._on.core.message_at(self._on.account, str(event.source.get("event_id")))
            if message is None and not words:
                continue
            secret = str(content.get(KEY, "")).startswith(SECRET)
            if message is None and (secret or shows_choices(content)) and self._is_recent(event.source):
                raise ConnectionError("that answer is being noted")
            return message  # or it is forgotten, and what was said before is not meant
        return None

    async def _before(self, room: str, event_id: str) -> Sequence[Any]:
        """What stands before that event, the newest first. What came since nobody answered by it."""
        client = self._on.client
        page = await client.room_messages(room, client.next_batch, limit=2 * LOOK_BACK)
        if not isinstance(page, nio.RoomMessagesResponse):
            raise ConnectionError("the room's history could not be read")
        ids = [event.source.get("event_id") for event in page.chunk]
        if event_id in ids[:LOOK_BACK]:
            return page.chunk[ids.index(event_id) + 1 :]
        around = await client.room_context(room, event_id, limit=2 * LOOK_BACK)
        if not isinstance(around, nio.RoomContextResponse):
            raise ConnectionError("the room's history could not be read")
        return around.events_before

    async def _press(self, asked: Invocation, message: Message | None, number: int) -> bool:
        """Whether there was something by that number to press. People react with all sorts of things
        to all sorts of messages: that is no mistake.
        """
        if message is None or number < 1:
            return False
        if number <= len(message.buttons):
            button = message.buttons[number - 1]
            # A reaction in a room stays to be seen and says "on"; a number said in private is a press.
            switch = button.switch if asked.place else None
            args = {**button.args, switch: True} if switch else button.args
            await self._on.core.handle(pressed(asked, button.command, args))
        elif (poll := native_poll(message)) and number <= len(poll.options):
            await self._vote(asked, poll, (number,))
        else:
            return False
        return True

    async def _vote(self, asked: Invocation, poll: NativePoll, numbers: tuple[int, ...]) -> None:
        args = {**poll.args, "numbers": numbers}
        await self._on.core.handle(pressed(asked, poll.command, args))

    async def _message_at(self, room: str, event_id: str) -> Message | None:
        """What we show there. An edit is what it edits. Ours, but not yet noted as sent: in a moment."""
        message = await self._on.core.message_at(self._on.account, event_id)
        if message is not None:
            return message
        found = await event_at(self._on, room, event_id)
        if found is None:
            return None
        source = found.source
        content = content_if_by(source, self._on.me)
        if edited := replaced_by(content):
            return await self._on.core.message_at(self._on.account, edited)
        is_being_noted = self._is_recent(source) and (KEY in content or "ciphertext" in content)
        if is_being_noted and not await self._is_copy(Place(PLATFORM, room), event_id):
            raise ConnectionError("that message is being noted")
        return None

    def _is_recent(self, source: Mapping[str, Any]) -> bool:
        at = moment(source.get("origin_server_ts"))
        return at is not None and self._on.clock.now() - at < timedelta(minutes=1)

    # --- what the server left out ---

    async def _close_gap(self, room: str, gap: Gap) -> None:
        """What was said in between, before whatever came after it. All of it may have been dealt with."""
        said: list[tuple[Arrival, str]] = []
        waiting = [
            arrival for arrival in await left_out(self._on, room, gap, self.matters) if self.takes(arrival)
        ]
        for start in range(0, len(waiting), AT_ONCE):
            for kept in await self._kept(waiting[start : start + AT_ONCE]):
                if not kept.undecryptable:
                    said.append((kept, _sender(json.loads(kept.body))))
        self.in_order.put_first(self._on.account, said)

    async def _kept(self, arrivals: Sequence[Arrival]) -> Sequence[Arrival]:
        """However long the database takes: those that it has already are not given once more."""
        while True:
            try:
                return await self._on.core.store_arrivals(self._on.account, arrivals, None)
            except StoreFailed:
                await self._on.clock.sleep(PAUSE)

    # --- what cannot be read yet ---

    async def unseal(self) -> None:
        """Try again what could not be decrypted; what stayed closed for a week is given up."""
        given_up, waiting = [], Counter[str]()
        for arrival in await self._on.core.arrivals(self._on.account, undecryptable=True):
            source = json.loads(arrival.body)
            event = nio.Event.parse_event(source)
            at = said_at(source)
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
                waiting[_sender(source)] += 1
                continue
            if arrival.id not in self._removed and self.matters(arrival.room, opened.source):
                told = {PRIVATELY: source.get(PRIVATELY) is True, SAID_AT: milliseconds(at)}
                body = json.dumps({**opened.source, **told})
                self.put(replace(arrival, body=body))
            else:
                given_up.append(arrival.seq)
        self._undecryptable = waiting
        if given_up:
            await self._on.core.acknowledge(self._on.account, given_up)


def pressed(asked: Invocation, command: str, args: Mapping[str, Any]) -> Invocation:
    """Somebody chose what a message of Plein's offers."""
    return replace(asked, command=command, args=args, pressed=True)


def _stands_at(heard: Heard) -> str:
    """What it can be answered beside: what was said, or the message that was reacted to."""
    match heard.meaning:
        case Reacted(target) | Signed(target) | Answered(target) | Ended(target):
            return target
        case Said() | Emoted() | Sent() | Edited() | Removed() | Located() | Polled():
            return heard.id


def _sender(event: Mapping[str, Any]) -> str:
    sender = event.get("sender")
    return sender if isinstance(sender, str) else ""


def _talk(said_by: Invocation, place: Place, said: Said | Emoted | Sent | Located | Polled) -> Talk:
    """What was said in a place, for whoever listens."""
    ref = said_by.id.removeprefix(f"{PLATFORM}:")
    who, at = said_by.author, said_by.at
    talk = Talk(said_by.id, said_by.account, place, who, said_by.name, said.words, at, ref, said.reply_to)
    return replace(talk, thread=said.thread)
