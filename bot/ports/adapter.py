"""What the core asks of an adapter, and what it offers to those who bring it people's words."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from bot.model.carried import Copy, Standing
from bot.model.events import Arrival, Banned, Came, Heard, Invocation, Lack, PutOut
from bot.model.files import Fetched, Posted
from bot.model.homes import Home, Option, RoomSeen, WantedRoom
from bot.model.message import Attachment, Message, Suggestion, Text
from bot.model.people import Identity, Known, Place, Presences, Role
from bot.model.signs import Sign, Signed
from bot.model.work import Delivery, Receipt, Reference
from bot.packed import File
from bot.ports.uncarried import Mark

if TYPE_CHECKING:
    from bot.commands.catalogue import Commands
    from bot.texts import Clocks, Voice


class Adapter(Protocol):
    """What shows, through one of Plein's own accounts. It translates and decides nothing.

    `account` names that account: the platform's word first, such as `matrix:@plein:example.org`. Places,
    posts and boards belong to it. Once it is known the adapter goes to the core: see `Core.serve`.
    """

    @property
    def platform(self) -> str: ...
    @property
    def account(self) -> str: ...

    async def deliver(self, delivery: Delivery) -> Receipt:
        """Show it, once for each key; where it stands.

        Raises: Gone, NotNow (TryLater where it is known for how long) and NotOurs. Anything else is a fault
        of ours: it is tried again with growing pauses, and set aside in the end.
        """
        ...

    async def retract(self, to: Place | Identity, ref: Reference, key: str) -> None:
        """Take a message away; harmless where it is gone already. Raises what `deliver` does."""
        ...


# That part, by its number from 0, of a copy stands there now; "" where it stands nowhere any more. It is kept
# once this returns. Raises: StoreFailed where it could not be kept: what follows is not to be done then.
Note = Callable[[int, str], Awaitable[None]]


@runtime_checkable
class Listener(Adapter, Protocol):
    """An adapter that hears as well."""

    async def run(self, core: Core) -> None:
        """Bring what people say to the core until cancelled."""
        ...

    async def caught_up(self) -> None:
        """Return once what was said while Plein was away has been dealt with."""
        ...

    def heard_until(self) -> datetime | None:
        """By the platform's clock: all that was said until then was dealt with, or is kept in the inbox, but
        for what is `under_way`.

        None where that is not known just now. Whoever asks wants to know soon how it stands now.
        """
        ...

    async def woke(self) -> None:
        """Plein stood still for a while, as its machine did: until when it has heard is known again only once
        the platform said something since.
        """
        ...

    def under_way(self) -> Mapping[Place | None, datetime]:
        """Where something was said that it has not dealt with and keeps in no inbox, and when the first of
        that may have been. None: in private, or what may be about any place.

        It may be asked from any thread.
        """
        ...

    def is_shut(self, who: Identity) -> bool:
        """Whether it is known that they take nothing in private just now, with nothing said to them."""
        ...

    async def presence(self, who: Identity, places: Sequence[Place]) -> Presences:
        """Where that account is now, of these places of its platform; what cannot be said is left out.

        Raises: TryLater where its platform says nothing at all just now.
        """
        ...

    async def inspect(self, community: int) -> Sequence[Lack]:
        """What Plein lacks in that community's places, and in what they are part of.

        It is called as in the platform's own settings, with what does not work without it. Nothing changes.

        Before it reads along this waits until it does. Raises: TryLater where its platform says nothing at
        all just now.
        """
        ...

    async def homes(self, community: int) -> Sequence[Option]:
        """What that community's themes can have for a home there, last what can be made; nothing where it is
        not on that platform.

        Waits as `inspect` does. Raises: TryLater or OSError where its platform says nothing at all just now.
        """
        ...

    async def make_home(self, community: int, wanted: Home, name: str, people: Sequence[Identity]) -> Home:
        """Make what `homes` said can be made, by that name; where it is there already it is that.

        Asked again, after no answer or after a crash, it makes no second one. `people` can look after it, as
        far as its platform needs to be told.

        Raises: UserError with what to do where the platform does not allow it; NotNow or OSError where
        nobody knows yet whether it was made.
        """
        ...

    async def make_room(self, community: int, home: Home, wanted: WantedRoom) -> Place | None:
        """Make a channel or room for a theme in that home, about that; where it is there already it is that.
        For a theme that is closed by now none is made, and there may be none.

        The mark says which one it is: asked again after a crash or without an answer, no second one is made.

        Raises: UserError with what to do where its platform does not allow it, or has no room; NotOurs where
        another process or account is to; NotNow or OSError where nobody knows yet whether it was made.
        """
        ...

    async def obstacle_to_making(self, community: int, home: Home) -> Text | None:
        """What keeps it just now from making a channel or room for a theme in that home, with what to do.

        None: nothing, as far as it knows without asking its platform.

        Raises: NotOurs as above; NotNow where it is not connected.
        """
        ...

    async def obstacle_to_entering(self, place: Place, user: str) -> Text | None:
        """What keeps it just now from letting that account into a theme's channel or room, with what to do;
        None: nothing, as far as it knows.

        Raises: NotOurs, NotNow or OSError as above.
        """
        ...

    async def look_at_room(self, place: Place, home: Home | None = None) -> RoomSeen:
        """How that channel or room is now, as its platform says itself, and whether it is in that home.

        Raises: Gone where it is no more, or Plein is not in it; NotOurs, NotNow or OSError as above.
        """
        ...

    async def admit(self, place: Place, user: str, *, inside: bool) -> bool | None:
        """Let that account into a theme's channel or room, if it cannot come in by itself; or have it out of
        there, with all that Plein let it do. Whether something stands there by its name that only somebody's
        hand takes away, which `put_out` or `parted` is to be told of; None: as it was before. Twice is once.

        Raises: Gone where there is no such account there; UserError, NotOurs, NotNow or OSError as above.
        """
        ...

    async def entrust(
        self, community: int, home: Home | None, place: Place, moderators: Collection[str]
    ) -> None:
        """Let these accounts, and who moderates the home, keep order in a channel or room that Plein made,
        where its platform lets nobody do so by itself; and take back from everybody else what Plein gave, but
        nothing that was set there by hand. Twice is once.

        Raises: NotOurs, NotNow or OSError as above.
        """
        ...

    async def shape_room(self, community: int, home: Home | None, wanted: WantedRoom) -> RoomSeen:
        """Make the channel or room that is there what is wanted of it; how it is then. Twice is once.

        Raises: UserError with what to do where its platform does not allow that, and as above.
        """
        ...


@runtime_checkable
class Carrier(Protocol):
    """An adapter that shows what people said elsewhere as theirs."""

    async def carry(self, copy: Copy, note: Note) -> Text | None:
        """Make it stand there as it is wanted, in its speaker's name, and ring nobody.

        What has to be several messages is sent part by part, and each is noted before the next is sent. What
        `stands` is changed, and of what it is too many parts the last are taken away; without anything
        `spoken` all of it is. What stands there and is to stay (`Spoken.rich` is empty) quotes nobody any
        more; where it is to be nobody's and its platform cannot change a name it is taken away. Done again,
        after no answer or a crash, it makes nothing twice. Of its files what is in them is asked of the core,
        unless it stands there already; one that cannot come along is told of by its name and size, and why
        is returned, for whoever said it.

        Raises: what `deliver` does. Gone: nothing can ever stand there.
        """
        ...

    async def mark(self, mark: Mark) -> str:
        """Put Plein's own sign on a message that could not be carried; where that sign stands.

        Done again it makes nothing twice. Raises: what `deliver` does.
        """
        ...

    async def unmark(self, mark: Mark) -> None:
        """Take that sign away, as far as it is there. Raises: what `deliver` does."""
        ...

    async def describe(self, place: Place, line: str, others: Collection[str]) -> bool:
        """Have what its platform says of that place end with that line ("": none), without any of these
        others of Plein's. Whether it is so: where nobody said anything of it no line is added to that.

        Raises: what `deliver` does, and UserError where Plein may not.
        """
        ...


@runtime_checkable
class Silencer(Protocol):
    """An adapter that keeps people from writing in a place, and from nothing else."""

    async def silence(
        self, place: Place, user: str, before: str | None, looked: Callable[[str], Awaitable[None]]
    ) -> bool:
        """Keep that account from writing, putting signs and beginning threads in that place alone.

        What stands there before is kept by `looked` first, unless it was `before`. Whether it is so by
        Plein's doing: where somebody's hand has it so already it is not. Twice is once.

        Raises: Gone where there is no such account there; UserError with what to do by hand where its
        platform does not allow it, or somebody's hand set something there; NotOurs, NotNow or OSError.
        """
        ...

    async def unsilence(self, place: Place, user: str, before: str) -> None:
        """Let that account write there again, as it was before; what somebody's hand changed since stays.

        Raises: as `silence`.
        """
        ...


# Takes what is in a file, piece by piece. Raises: NotCarried where it is too much.
Take = Callable[[bytes], None]


@runtime_checkable
class Keeper(Protocol):
    """An adapter of a platform that keeps the files which people post there."""

    async def fetch(self, place: Place, posted: Posted, take: Take) -> None:
        """Give what is in a file that somebody posted there, a piece at a time, from where its platform
        keeps it and from nowhere else.

        Raises: NotCarried where it is no more, or not what it was said to be; and what `deliver` does.
        """
        ...


@runtime_checkable
class Signer(Protocol):
    """An adapter that puts signs on messages for people elsewhere."""

    async def sign(self, sign: Sign) -> str:
        """Make it stand there, or be gone; as which event it stands, "" where its platform names none.

        A sign that goes by a name is one that its platform has by that name; where it has none it shows in
        some way what is `named`, and how often, or the sign as text. Done again, after no answer or a crash,
        it does nothing twice.

        Raises: what `deliver` does. Gone: that message is no more. Unsigned: it cannot be there.
        """
        ...


@runtime_checkable
class Folder(Carrier, Protocol):
    """One that can show several messages as one, and change each of them."""

    @property
    def longest_fold(self) -> int:
        """How long one may be, as it counts."""
        ...

    async def lengths(self, copy: Copy) -> Sequence[int]:
        """How long each of the copy's shares is as it is written there; 0 for one that can have no part in
        it.
        """
        ...

    async def reword(self, copy: Copy, lengths: Sequence[int], which: int) -> bool:
        """Have that share of what stands there, of which each is so long, be the copy's own one, or nothing.

        Done again it changes nothing. False where it does not stand there as it is known to; then nothing is
        changed. Raises: what `Carrier.carry` does.
        """
        ...


class Core(Protocol):
    """What an adapter may ask of the core."""

    @property
    def commands(self) -> Commands:
        """Everything that people can ask for."""
        ...

    async def handle(self, invocation: Invocation) -> Message | None:
        """Run a command; what is returned was committed first."""
        ...

    async def suggest(self, invocation: Invocation, name: str, typed: str) -> Sequence[Suggestion]:
        """What the argument `name` of that command could be, given what was typed of it so far.

        The invocation holds the other arguments. Nothing is kept of it.
        """
        ...

    async def answer_to(self, invocation_id: str, who: Identity) -> Message | None:
        """What that account was answered to it; None where nothing was, or it is not remembered."""
        ...

    async def take_back(self, invocation: Invocation, taken: str) -> Message | None:
        """Undo the invocation with the id `taken`, if its author asks and it can be undone."""
        ...

    # --- talk that is no command ---

    @property
    def listens(self) -> bool:
        """Whether anything is made of it. If not, none of it is to be kept, or brought here."""
        ...

    def carries(self, place: Place) -> bool:
        """Whether what people say there is carried to other places, so that all of it is to be brought here:
        as it is laid out, with what becomes of it.
        """
        ...

    async def encrypted(self, place: Place) -> None:
        """What people say there is encrypted, which never ends. Said again it is no news."""
        ...

    @property
    def may_carry(self) -> bool:
        """Whether what people say may be carried from anywhere, so that a platform is to be asked for it."""
        ...

    async def is_copy(self, place: Place, ref: str) -> bool:
        """Whether what stands there is known to be a copy of what was said elsewhere, or part of one."""
        ...

    async def standing(self, place: Place, since: datetime) -> Sequence[Standing]:
        """What is known to stand there of messages that are carried and were said since then; nothing of
        before that was switched on. It is for whoever looks whether it stands there still, and as it was.
        """
        ...

    async def in_thread(self, place: Place, thread: str) -> Sequence[str]:
        """Where that is known to stand there which is carried and in the thread of the same message."""
        ...

    async def hear(self, heard: Heard) -> None: ...

    def fetch(self, copy: Copy, posted: Posted, most: int) -> AbstractAsyncContextManager[Fetched]:
        """A file of what is carried, to be shown by a platform that takes so many bytes.

        Raises: NotCarried where it cannot be had, or is larger; TryLater where nobody can say just now.
        """
        ...

    # --- what people do with each other's messages ---

    @property
    def signs(self) -> Collection[str]:
        """The signs, folded, of which anything is made where people put them on each other's messages, or
        take them away. What is made of one is an invocation that says so (`Invocation.reacted`): of whoever
        is a person, about what a person wrote. Of all others nothing is to be asked for, looked up or kept,
        but where what people say is carried (`carries`).
        """
        ...

    async def signed(self, signed: Signed) -> None:
        """Somebody put any sign on a message in a place from which it is carried, or took it away. Signs of
        Plein's own and of other bots are nobody's. Said again it is no news.
        """
        ...

    async def signs_at(
        self, place: Place, refs: Collection[str]
    ) -> Mapping[str, Mapping[str, Collection[Identity]]]:
        """Who is known to have put which sign on what stands there, as far as that is carried."""
        ...

    @property
    def misses(self) -> bool:
        """Whether anybody wants to know which messages of people's are no more."""
        ...

    async def gone(self, place: Place, refs: Collection[str]) -> None:
        """These messages are no more there, whoever took them away. Said again it is no news."""
        ...

    # --- what is no answer ---

    async def say(
        self,
        account: str,
        to: Place | Identity,
        message: Message,
        key: str,
        mentions: Sequence[Identity] = (),
        *,
        about: datetime | None = None,
        reply_to: str | None = None,
    ) -> None:
        """Have that account say it, for reasons of its platform's; once, however often under the same key.

        It is `about` what those whom it names did at that moment: nothing is said of who was forgotten since.
        `reply_to`: it answers what stands there.
        """
        ...

    # --- where Plein is ---

    async def introduce(self, adapter: Adapter) -> None:
        """The adapter knows its account. Whatever was kept for its platform alone is that account's own."""
        ...

    async def serve(self, adapter: Adapter) -> None:
        """From now on what belongs to the adapter's account is shown by it. It is introduced as well."""
        ...

    async def suspend(self, adapter: Adapter) -> None:
        """The adapter can show nothing until it serves again; what is to be shown waits."""
        ...

    async def joined(
        self,
        account: str,
        place: Place,
        name: str,
        theme: str | None = None,
        locale: str | None = None,
        *,
        ours: bool = False,
        community: int | None = None,
        brief: bool = False,
    ) -> None:
        """That account is in this place; without a theme's name the place gets a theme of its own, also where
        the configuration named one before.

        Of several accounts in one place the first serves it. `ours`: it is the community's own, as one that
        the configuration names is in any case. `community`: whose it is, by what it is part of on its
        platform; None: as it was.
        `brief`: its platform has it for one conversation. Long after that was said last it may be forgotten:
        it is to be said again where somebody uses Plein there another day.
        """
        ...

    async def named_as(self, place: Place) -> str | None:
        """The room as which the configuration named a place that moved, or the place itself; None: never."""
        ...

    async def community_of(self, place: Place) -> int | None:
        """Whose it is, as was said last; None: nobody's."""
        ...

    async def role_of(self, who: Identity, community: int | None = None) -> Role:
        """The role that somebody has from that community; the highest that they have from any for None."""
        ...

    async def left(self, account: str, place: Place) -> None: ...

    async def disowned(self, account: str, place: Place) -> None:
        """By the configuration it is nobody's any more: Plein does nothing there, what stands there stays."""
        ...

    async def moved(self, account: str, old: Place, new: Place) -> None: ...

    async def parted(self, place: Place, users: Collection[str]) -> None:
        """People left a place, or were put out, and took back with them whatever was known of them there."""
        ...

    async def put_out(self, place: Place, people: Sequence[PutOut]) -> None:
        """Somebody put these out of a place by hand: Plein does not let them in again by their own word. It
        does where Plein itself did, by whichever of its accounts; said again of one event, it is no news.
        """
        ...

    async def banned(self, banned: Banned) -> None:
        """Somebody was banned there by hand. Said again it is no news."""
        ...

    async def let_in(self, account: str, place: Place | None = None) -> Mapping[Place, Sequence[str]]:
        """For whom, by what `admit` said, something stands by their name where the account serves, or in that
        place alone.
        """
        ...

    async def came(self, came: Came) -> None:
        """People came into a place just now: not who was there before, nor who only has a new name."""
        ...

    async def look(self, place: Place) -> None:
        """Something of a theme's channel or room may be otherwise: it is looked how it is."""
        ...

    async def regraded(self, place: Place) -> None:
        """Who may what in a place changed: what is known of people there is to be asked anew."""
        ...

    async def look_at_rooms(self, account: str) -> None:
        """Who moderates may be others: how the channels and rooms of themes are that this account sees to is
        to be looked at.
        """
        ...

    async def retry(self, account: str, place: Place | None = None) -> None:
        """What was refused there (None: anywhere) may be taken now: permissions changed."""
        ...

    async def places(self, account: str) -> Sequence[Place]:
        """Those that the account serves."""
        ...

    async def message_at(self, account: str, ref: str) -> Message | None:
        """What that account shows there, with its buttons."""
        ...

    async def voice_of(self, to: Place | Identity, otherwise: str | None = None) -> str:
        """The language to speak there; `otherwise` where they chose none, before the community's own."""
        ...

    async def clocks_of(self, reader: Place | Identity, shown: Message | None = None) -> Clocks:
        """By which clocks moments are told to whoever reads that message, or there: its community's, or one
        person's own.
        """
        ...

    async def people_in(self, message: Message) -> Mapping[int, Known]:
        """How the residents are shown now whom a message names, by their numbers; for a Voice."""
        ...

    async def file(self, attachment: Attachment, voice: Voice, to: Place | Identity) -> bytes:
        """What is in it, in words as this voice writes them; for whom it goes to.

        Raises: Gone where they may not have it any more, and TryLater while their platform does not say.
        """
        ...

    async def files(
        self, attachment: Attachment, voice: Voice, most: int, to: Place | Identity
    ) -> Sequence[File]:
        """The same for a platform that takes files of so many bytes; what is more, packed, as one or several.

        A single picture or table that is more than that even packed is given all the same.
        """
        ...

    # --- what an account keeps ---

    async def keep(self, account: str, values: Mapping[str, str | None]) -> None:
        """Small things, each under its name in place of the one before it; None: nothing any more."""
        ...

    async def kept(self, account: str, prefix: str = "") -> Mapping[str, str]:
        """What the account keeps under names that begin like that."""
        ...

    async def store_arrivals(
        self, account: str, arrivals: Sequence[Arrival], cursor: str | None, stream: str = ""
    ) -> Sequence[Arrival]:
        """Keep what arrived, and how far was read, in one transaction; the new ones, numbered.

        An account that reads in several places at its own pace has a `stream` for each.
        """
        ...

    async def arrivals(
        self, account: str, *, stream: str = "", undecryptable: bool = False
    ) -> Sequence[Arrival]: ...

    async def cursors(self, account: str, prefix: str = "") -> Mapping[str, str]:
        """How far was read of each stream whose name begins like that."""
        ...

    async def heard_before(self, account: str) -> datetime | None:
        """Until when an account had heard all, as far as that was noted; None where it never was."""
        ...

    async def acknowledge(self, account: str, seqs: Sequence[int]) -> None: ...

    async def close_stream(self, account: str, stream: str) -> None:
        """Nothing comes there any more."""
        ...
