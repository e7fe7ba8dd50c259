"""A chat in the terminal that stands in for any platform.

Platform words are free labels; a place of the same name on another label is another place of
the same theme. After every line all that is due happens, in a fixed order, so that a script
gives the same output every time.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import AsyncIterable, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Protocol

from adapters.console.render import render
from adapters.console.script import (
    Encrypts,
    Ends,
    Grants,
    Links,
    Says,
    Signs,
    Waits,
    link_to,
    posts_in,
    read_line,
)
from bot import when
from bot.clock import Clock
from bot.communities import Communities
from bot.errors import Gone, NotCarried, UserError
from bot.files import told, with_names
from bot.model.carried import SAME, Copy, Spoken
from bot.model.events import Heard, Invocation, Lack, Mention, Reacted, Remark
from bot.model.files import Posted
from bot.model.homes import Home, Option, RoomSeen, WantedRoom
from bot.model.message import Button, Message, Text, message, text, typed
from bot.model.people import Grounds, Identity, Named, Place, Presence, Presences, Role
from bot.model.signs import Sign, Signed
from bot.model.work import Delivery, Receipt, Reference
from bot.ports.adapter import Core, Note, Take
from bot.ports.storage import Store
from bot.ports.uncarried import Mark
from bot.recent import Recent
from bot.rich import Words
from bot.rich import plain as text_in
from bot.signs import WARNING, folded_sign
from bot.texts import Texts, Voice
from bot.unseen import visible

PLATFORM = "console"
# Files that can be read where lines are printed.
_READABLE = ("csv", "json", "md")
# Of a file that is carried so many bytes at most, and so many at a time.
MOST_CARRIED, PIECE = 10_000_000, 64 * 1024
# Of what a thread began with so much is shown.
MOST_SHOWN = 30
# What stands here for a category or a space.
CORNER = "console.home"
# Of so many places, and people in them, what they saw last is remembered.
MOST = 1_000


class Turning(Clock, Protocol):
    """A clock that can be put forward."""

    def turn_to(self, moment: datetime) -> None: ...


class ConsoleCore(Core, Protocol):
    """The core, with what only the console asks of it."""

    store: Store
    communities: Communities

    async def run_due(self) -> None: ...

    async def link(self, accounts: Sequence[Identity]) -> None: ...


@dataclass(frozen=True, slots=True)
class Said:
    """Something to print: where, what, what kind of thing it is (for colours), and what it was made of."""

    where: str
    lines: list[str]
    kind: str
    message: Message


class Console:
    """Implements Listener and Carrier, and reads lines."""

    platform = account = PLATFORM

    def __init__(
        self,
        texts: Texts,
        clock: Turning,
        show: Callable[[Said], None],
        lines: AsyncIterable[str] | None = None,
        grounds: Grounds | None = None,
    ) -> None:
        self._lines = lines
        self._texts = texts
        self._clock = clock
        self._show = show
        self._grounds = grounds or Grounds()
        # By where they were shown and to whom (None: everybody), the latest last.
        self._buttons: Recent[tuple[Place | None, Identity | None], tuple[Button, ...]] = Recent(MOST)
        self._board_of: Recent[str, Reference] = Recent(MOST)
        self._known: Recent[str, bool] = Recent(MOST)
        # In which rooms of which themes each has spoken: nobody leaves one here.
        self._present: Recent[str, dict[str, datetime]] = Recent(MOST)
        # How often each said something there that was no command, and when last.
        self._talk: Recent[tuple[Place, Identity], tuple[int, datetime]] = Recent(MOST)
        # Which message of theirs that was.
        self._last: Recent[tuple[Place, Identity], str] = Recent(MOST)
        # Where what was said last in that name stands there, and how what stands somewhere begins.
        self._stands: Recent[tuple[Place, str], str] = Recent(MOST)
        self._begins: Recent[str, str] = Recent(MOST)
        # What rooms were called since they were made.
        self._names: Recent[str, str] = Recent(MOST)
        self._encrypted: Recent[str, bool] = Recent(MOST)
        # Who says nothing there, whatever they type.
        self._silent: Recent[tuple[Place, Identity], bool] = Recent(MOST)
        self.failed = False
        self.core: ConsoleCore

    # --- what is typed ---

    async def run(self, core: Core) -> None:
        """Do what each line says, until there are no more."""
        number = 0
        if self._lines:
            async for words in self._lines:
                number += 1
                if not await self.line(words, number):
                    return

    async def caught_up(self) -> None:
        """Nothing is said to the console while it is away."""

    def heard_until(self) -> datetime:
        """Whatever is typed is dealt with at once."""
        return self._clock.now()

    async def woke(self) -> None:
        """There is nothing to be heard from."""

    def under_way(self) -> Mapping[Place | None, datetime]:
        return {}

    def is_shut(self, who: Identity) -> bool:
        return False

    async def greet(self, message: Message) -> None:
        await self._print("console", message, "public", None)

    async def line(self, words: str, number: int = 0) -> bool:
        """Do what one line says, and all that follows from it; False where it is to be the last."""
        try:
            said = read_line(words, number)
        except UserError as error:
            self.failed = True
            await self._print("console", message(error.text), "error", None)
            return True
        match said:
            case Says():
                await self._says(said)
            case Grants():
                who = Identity(PLATFORM, f"{said.name}@{said.label}")
                await self.core.store.run(
                    lambda tx: tx.people.grant(who, said.role),
                    community=await self.core.communities.in_private(who),
                )
            case Encrypts(room):
                self._encrypted[room] = True
                await self.core.encrypted(Place(PLATFORM, room))
                await self.core.run_due()
            case Links(accounts):
                await self.core.link([Identity(PLATFORM, f"{name}@{label}") for name, label in accounts])
                await self.core.run_due()
            case Waits():
                await self._waits(said.span, away=said.away)
        return not isinstance(said, Ends)

    async def _says(self, said: Says) -> None:
        who = Identity(PLATFORM, f"{said.name}@{said.label}")
        place = Place(PLATFORM, f"{said.label}/{said.place}") if said.place else None
        if place and place.room_id not in self._known:
            self._known[place.room_id] = True
            await self._joins(place, said.place or "")
            await self.core.run_due()
        asked = Invocation(
            f"console:{uuid.uuid4()}",
            who,
            said.name,
            place,
            self._clock.now(),
            presence=partial(self.presence, who),
            account=self.account,
        )
        if place:
            self._present[who.user_id] = {place.room_id: asked.at} | self._present.get(who.user_id, {})
        if place and said.signs:
            await self._sign(asked, place, said, said.signs)
            answer = None
        elif said.pressed is not None:
            answer = await self._press(asked, said.pressed)
        elif place and said.about:
            answer = await self._asks_about(asked, place, *said.about)
        elif place and not said.text.startswith("!"):
            await self._talks(asked, place, said)
            return
        else:
            answer = await self.core.handle(replace(asked, typed=said.text, public=place is not None))
        if answer:
            where = f"{place.room_id if place else said.label} > {said.name}"
            self._remember(place, who, answer)
            await self._print(where, answer, "private", who)
        await self.core.run_due()

    async def _talks(self, asked: Invocation, place: Place, said: Says) -> None:
        """People talking with each other, and with what they said last."""
        who, last = asked.author, self._last.get((place, asked.author))
        if (place, who) in self._silent and not said.takes_away:
            return
        if said.takes_away:
            if last and self.core.misses:
                await self.core.gone(place, [last])
        elif said.changed is None or (last and self.core.carries(place)):
            whose, words = said.in_thread or ("", said.changed or said.text)
            posts = posts_in(words)
            words = posts.words if posts else words
            heard = Heard(asked.id, self.account, place, who, said.name, words, asked.at)
            heard = replace(heard, thread=self._stands.get((place, whose)))
            if said.changed is None:
                often = self._talk.get((place, who), (0, asked.at))[0]
                self._talk[place, who] = often + 1, asked.at
                self._last[place, who] = asked.id
                self._stand(place, said.name, asked.id, words)
            if self.core.carries(place):
                changes = last if said.changed else None
                files = (Posted(posts.name, posts.name, posts.size),) if posts else ()
                rich = (Words(words),) if words else ()
                heard = replace(heard, ref=asked.id, rich=rich, files=files, changes=changes)
                heard = replace(heard, encrypted=place.room_id in self._encrypted)
            if self.core.listens or self.core.carries(place):
                await self.core.hear(heard)
        await self.core.run_due()

    async def _asks_about(self, asked: Invocation, place: Place, whose: str, words: str) -> Message | None:
        """Something that tells of a message, whoever wrote it."""
        ref, command = self._stands.get((place, whose)), self.core.commands.first_in(words)
        about = Remark(ref, asked.at, "") if ref and command and command.of_message else None
        return await self.core.handle(replace(asked, typed=words, public=True, about=about))

    async def _sign(self, asked: Invocation, place: Place, said: Says, signs: Signs) -> None:
        """On what somebody said last there, if they did, or what of theirs stands there."""
        ref = self._stands.get((place, signs.whose))
        if ref and self.core.carries(place):
            signed = Signed(place, ref, asked.author, signs.sign, signs.on, asked.at, asked.name)
            await self.core.signed(signed)
        sign, whose = folded_sign(signs.sign), Identity(PLATFORM, f"{signs.whose}@{said.label}")
        found = self._talk.get((place, whose))
        if found and sign in self.core.signs:
            often, at = found
            link = link_to(said.label, str(said.place), signs.whose, often)
            by = Mention(whose.user_id, whose, signs.whose) if signs.on else None
            about = Remark(link, at, link, by)
            put = replace(asked, about=about, reacted=Reacted(sign, signs.on))
            await self.core.handle(replace(put, by_post=True, public=True))

    async def _joins(self, place: Place, name: str) -> None:
        """Rooms of the same name are one theme's, unless the configuration says otherwise."""
        whose = self._grounds.whose(place.room_id, None)
        if whose is not None:
            named = self._grounds.themes.get(place.room_id, Named(name))
            await self.core.joined(
                self.account, place, name, theme=named.theme, locale=named.locale, community=whose
            )

    async def _press(self, asked: Invocation, number: int) -> Message | None:
        """A button of the last message with buttons that they saw there; in private, that was for them."""
        buttons: tuple[Button, ...] = ()
        for (place, who), shown in self._buttons.items():
            here = place == asked.place and who in (None, asked.author)
            if here or (asked.place is None and who == asked.author):
                buttons = shown
        if not 1 <= number <= len(buttons):
            return message(text("action.no_such", number=number))
        button = buttons[number - 1]
        return await self.core.handle(replace(asked, command=button.command, args=button.args, pressed=True))

    async def _waits(self, span: when.Unit, *, away: bool) -> None:
        """Everything that comes due on the way happens at its own time; late, where Plein was away."""
        zone, _ = await self.core.clocks_of(Identity(PLATFORM, ""))
        until = when.after(self._clock.now(), span, zone)
        while not away:
            due = await self.core.store.read_anywhere(lambda tx: tx.jobs.next_due())
            if due is None or due > until:
                break
            self._clock.turn_to(due)
            await self.core.run_due()
        self._clock.turn_to(until)
        await self.core.run_due()

    # --- what is said ---

    async def deliver(self, delivery: Delivery) -> Receipt:
        to, shown = delivery.to, delivery.message
        where = self._called(to)
        ref = delivery.replaces or (str(uuid.uuid4()),)
        if isinstance(to, Identity):
            self._remember(None, to, shown)
        elif not delivery.replaces:
            self._remember(to, None, shown)
            if shown.buttons:
                self._board_of[to.room_id] = ref
        elif self._board_of.get(to.room_id) == ref:
            self._remember(to, None, shown)
        if delivery.replaces:
            await self._print(f"{where} *", shown, "edited", to)
        else:
            await self._print(where, shown, "public" if isinstance(to, Place) else "private", to)
        return Receipt(ref)

    async def presence(self, who: Identity, places: Sequence[Place]) -> Presences:
        """Where they spoke since it started. Of any other room it does not know: they may have, before."""
        spoken = self._present.get(who.user_id, {})
        return {
            place: Presence(place, Role.RESIDENT, spoken[place.room_id])
            for place in places
            if place.room_id in spoken
        }

    async def inspect(self, community: int) -> Sequence[Lack]:
        return ()  # here everything may be done

    async def homes(self, community: int) -> Sequence[Option]:
        made = await self.core.kept(self.account, f"home:{community}:")
        there = [Option(Home(PLATFORM, CORNER, name, name)) for name in sorted(made.values())]
        return [*there, Option(Home(PLATFORM, CORNER, "new", ""), is_new=True)]

    async def make_home(self, community: int, wanted: Home, name: str, people: Sequence[Identity]) -> Home:
        await self.core.keep(self.account, {f"home:{community}:{name}": name})
        return Home(PLATFORM, CORNER, name, name)

    async def make_room(self, community: int, home: Home, wanted: WantedRoom) -> Place | None:
        """A room in that corner; whoever types its name goes there."""
        place = Place(PLATFORM, f"{home.ref}/{wanted.name}")
        if wanted.closed and place.room_id not in self._known:
            return None
        self._known[place.room_id] = True
        return place

    async def obstacle_to_making(self, community: int, home: Home) -> Text | None:
        return None

    async def obstacle_to_entering(self, place: Place, user: str) -> Text | None:
        return None

    async def look_at_room(self, place: Place, home: Home | None = None) -> RoomSeen:
        return RoomSeen(self._names.get(place.room_id, place.room_id.rpartition("/")[2]))

    async def admit(self, place: Place, user: str, *, inside: bool) -> bool:
        """Here everybody is wherever they type something."""
        return False

    async def silence(
        self, place: Place, user: str, before: str | None, looked: Callable[[str], Awaitable[None]]
    ) -> bool:
        if before is None:
            await looked("")
        self._silent[place, Identity(PLATFORM, user)] = True
        return True

    async def unsilence(self, place: Place, user: str, before: str) -> None:
        self._silent.pop((place, Identity(PLATFORM, user)), None)

    async def shape_room(self, community: int, home: Home | None, wanted: WantedRoom) -> RoomSeen:
        """Whoever types its first name still goes there."""
        place = Place(PLATFORM, str(wanted.room))
        self._names[place.room_id] = wanted.name
        return await self.look_at_room(place)

    async def entrust(
        self, community: int, home: Home | None, place: Place, moderators: Collection[str]
    ) -> None:
        """Here nobody has anybody else in their power."""

    async def retract(self, to: Place | Identity, ref: Reference, key: str) -> None:
        await self._print(f"{self._called(to)} *", message(text("console.retracted")), "edited", to)

    async def fetch(self, place: Place, posted: Posted, take: Take) -> None:
        """Here only its size counts."""
        left = posted.size or 0
        while left > 0:
            piece = min(left, PIECE)
            take(bytes(piece))
            left -= piece

    async def mark(self, mark: Mark) -> str:
        await self._print(f"{mark.place.room_id} *", message(typed(WARNING)), "edited", mark.place)
        return mark.ref

    async def unmark(self, mark: Mark) -> None:
        await self._print(f"{mark.place.room_id} *", message(text("console.unmarked")), "edited", mark.place)

    async def carry(self, copy: Copy, note: Note) -> Text | None:
        where = copy.place.room_id
        if copy.spoken is None:
            await self._print(f"{where} *", message(text("console.retracted")), "edited", copy.place)
            for part in reversed(range(len(copy.stands))):
                await note(part, "")
            return None
        if not copy.spoken.says:
            if copy.spoken.name != SAME:  # here nobody is quoted
                await self._print(f"{where} *", message(text("console.unnamed")), "edited", copy.place)
            return None
        if copy.thread:
            where = f"{where} # {self._begins.get(copy.thread, '…')}"
        lost: list[Text] = []
        said = message(*map(typed, (await self._carried(copy, copy.spoken, lost)).splitlines()))
        if copy.stands:
            await self._print(f"{where} *", said, "edited", copy.place)
        else:
            await self._print(where, said, "carried", copy.place)
            ref = str(uuid.uuid4())
            self._stand(copy.place, copy.spoken.name, ref, text_in(copy.spoken.rich))
            await note(0, ref)
        return told(lost)

    def _stand(self, place: Place, name: str, ref: str, words: str) -> None:
        """It is what was said last in that name there."""
        self._stands[place, name] = ref
        self._begins[ref] = words if len(words) <= MOST_SHOWN else f"{words[: MOST_SHOWN - 1].rstrip()}…"

    async def _carried(self, copy: Copy, spoken: Spoken, lost: list[Text]) -> str:
        locale, (zone, _) = await self.core.voice_of(copy.place), await self.core.clocks_of(copy.place)
        voice = Voice(locale, zone, self._clock.now())
        name, named, shown = spoken.name, list[Posted](), list[str]()
        if copy.answers:
            name = f"{name} ↪"
        if copy.late:
            name = f"{name} ({spoken.at.astimezone(zone):%H:%M})"
        if spoken.forwarded:
            name = f"{name} ({self._texts.write(text('carried.forwarded'), voice)})"
        for posted in spoken.files:
            try:
                async with self.core.fetch(copy, posted, MOST_CARRIED) as fetched:
                    shown.append(f"[{fetched.name}]")
            except NotCarried as no:
                named.append(posted)
                lost.append(no.why)
        rich = with_names(spoken.rich, named, self._texts, voice)
        return " ".join([f"{name}:", *shown, *([text_in(rich)] if rich else [])])

    async def sign(self, sign: Sign) -> str:
        whose = next((name for (place, name), ref in self._stands.items() if ref in sign.stands), "")
        key = "console.sign.on" if sign.count else "console.sign.off"
        if whose and not (sign.count and sign.event):
            said = message(text(key, sign=typed(sign.sign), who=typed(whose)))
            await self._print(sign.place.room_id, said, "carried", sign.place)
        return sign.sign

    async def describe(self, place: Place, line: str, others: Collection[str]) -> bool:
        """Here nothing is said of a room."""
        return True

    def _called(self, to: Place | Identity) -> str:
        if isinstance(to, Place):
            return to.room_id
        name, _, label = to.user_id.partition("@")
        return f"{label} > {name}"

    def _remember(self, place: Place | None, who: Identity | None, message: Message) -> None:
        """A message without buttons leaves the old ones: pressing them is still answered."""
        if message.buttons:
            self._buttons.pop((place, who), None)
            self._buttons[place, who] = message.buttons

    async def _print(self, where: str, message: Message, kind: str, reader: Place | Identity | None) -> None:
        locale = await self.core.voice_of(reader or Identity(PLATFORM, ""))
        people = await self.core.people_in(message)
        zone, own = await self.core.clocks_of(reader or Identity(PLATFORM, ""), message)
        voice = Voice(locale, zone, self._clock.now(), people=people, own_zone=own)
        lines = render(message, self._texts, voice)
        for file in message.files:
            lines.append(f"[{self._texts.file_name(file, locale)}] {self._texts.write(file.words, voice)}")
            if file.form in _READABLE:
                # What is not for them any more is shown by its name alone.
                with contextlib.suppress(Gone):
                    made = await self.core.file(file, voice, reader or Place(PLATFORM, where))
                    lines += made.decode("utf-8-sig").splitlines()
        self._show(Said(visible(where), lines, kind, message))


def plain(said: Said) -> str:
    """The output of scripts and pipes: what is said, its further lines indented."""
    speaker = " Plein:" if said.kind == "public" else ""
    first, *rest = said.lines or [""]
    return "\n".join([f"[{said.where}]{speaker} {first}", *(f"    {line}" for line in rest)])
