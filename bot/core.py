"""The core as adapters see it, with the workers that say, show and remember."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TypeVar

from bot.banned import note as note_banned
from bot.call import Call
from bot.carried_signs import CarriedSigns
from bot.carrying import Carried
from bot.clock import Clock
from bot.commands.catalogue import Commands
from bot.commands.types import CONVERTERS
from bot.communities import Communities, of_community
from bot.delivery.agenda import Agenda, Told, to_ask
from bot.delivery.boards import Boards
from bot.delivery.carrying import Carrying
from bot.delivery.describing import Describing
from bot.delivery.erasing import Erasing
from bot.delivery.files import Files
from bot.delivery.leaving import Leaving
from bot.delivery.making import Making
from bot.delivery.marking import Marking
from bot.delivery.outbox import Outbox
from bot.delivery.rooms import Rooms
from bot.delivery.seeing import Seeing
from bot.delivery.signing import Signing
from bot.delivery.silencing import Silencing
from bot.dispatch import Dispatch, said_before
from bot.errors import AskFirst, Gone
from bot.feature import Features
from bot.hearing import Hearing
from bot.model.carried import Copy, Standing
from bot.model.events import Arrival, Banned, Came, Heard, Invocation, PutOut
from bot.model.files import Fetched, Posted
from bot.model.homes import homes_in
from bot.model.message import Attachment, Message, Suggestion, has_moments, residents_in
from bot.model.people import FIRST_COMMUNITY, Identity, Known, Place, Role
from bot.model.signs import Signed
from bot.packed import File, files_below
from bot.platforms import Platforms
from bot.ports.accounts import HeardUntil
from bot.ports.adapter import Adapter
from bot.ports.people import Exported
from bot.ports.storage import Store, Transaction
from bot.reactions import Reactions
from bot.settings import Settings
from bot.texts import Clocks, Texts, Voice
from bot.unseen import visible
from bot.zones import zone_or

T = TypeVar("T")


class PleinCore:
    """Implements Core over a store."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        texts: Texts,
        settings: Settings,
        features: Features,
        board_rest: float = 2.0,
    ) -> None:
        self.store = store
        self.clock = clock
        self.texts = texts
        self.features = features
        kinds = {**CONVERTERS, **features.kinds}
        self.commands = Commands(features.commands, texts, features.suggest, settings.zone, kinds)
        features.check_names(self.commands)
        self.communities = Communities(store, clock, settings)
        self.rooms = Rooms(store, clock, self.communities, self._look)
        self.platforms = Platforms()
        self.reactions = Reactions(self.communities, features.reactions)
        self.dispatch = Dispatch(
            store,
            clock,
            self.commands,
            self.communities,
            features,
            self.platforms,
            self.reactions,
            under_way=self.rooms.under_way,
        )
        self.carried = Carried(store, clock, self.communities, features, texts)
        self.hearing = Hearing(store, self.communities, self.dispatch.call_for, features.hears)
        seeing = Seeing(store, clock, self.communities, self.rooms.presences)
        self.outbox = Outbox(store, clock, self.rooms.adapters, self.communities, seeing)
        self.carrying = Carrying(store, clock, self.rooms.adapters, self.carried, self.rooms.under_way)
        self._files = Files(store, clock, self.rooms.adapters)
        self.carried_signs = CarriedSigns(store, clock, self.communities, self.carried)
        self.signing = Signing(store, clock, self.rooms.adapters, self.carried)
        self.marking = Marking(store, clock, self.rooms.adapters, self.carried.stays_out)
        self.describing = Describing(store, clock, self.rooms.adapters, self.communities, self.carried, texts)
        self.silencing = Silencing(store, clock, self.rooms.adapters, self.communities, features)
        call_for = self.dispatch.call_for_nobody
        self.boards = Boards(store, clock, self.rooms.adapters, features.boards, call_for, board_rest)
        self.making = Making(store, clock, self.rooms.adapters, self.rooms, seeing)
        self.agenda = Agenda(
            store,
            clock,
            features.jobs,
            self.dispatch.call_for_nobody,
            self.rooms.heard,
            self.rooms.presences,
            self.rooms.woke,
            self.carried.keep,
        )
        self.erasing = Erasing(store, clock, features)
        self.leaving = Leaving(store, clock, features)

    def _look(self) -> None:
        """An adapter has come: what waited for it is to be done."""
        self.outbox.worker.wake()
        self.carrying.worker.wake()
        self.signing.worker.wake()
        self.marking.worker.wake()
        self.describing.wake()
        self.silencing.again()
        self.boards.worker.wake()
        self.making.worker.wake()

    async def run_due(self) -> None:
        """Do all that is due by now, in a fixed order, when all that was said has been dealt with: for the
        console and for tests.
        """
        now = self.clock.now()
        await self.agenda.flush(dict.fromkeys(self.rooms.adapters, HeardUntil(now)))
        await self.making.worker.flush()
        await self.boards.worker.flush()
        await self.outbox.worker.flush()
        await self.carried.refresh()
        await self.carrying.worker.flush()
        await self.signing.worker.flush()
        await self.marking.worker.flush()
        await self.describing.flush()
        await self.silencing.flush()
        await self.erasing.flush()

    # --- what people do ---

    async def handle(self, invocation: Invocation) -> Message | None:
        return await self.dispatch.handle(invocation)

    async def take_back(self, invocation: Invocation, taken: str) -> Message | None:
        return await self.dispatch.take_back(invocation, taken)

    async def suggest(self, invocation: Invocation, name: str, typed: str) -> Sequence[Suggestion]:
        return await self.dispatch.suggest(invocation, name, typed)

    async def answer_to(self, invocation_id: str, who: Identity) -> Message | None:
        def look(tx: Transaction) -> Message | None:
            answer = said_before(tx.handled.answer(invocation_id, who), invocation_id, who, tx)
            whose = tx.communities.that_handled(invocation_id)
            return of_community(answer, whose) if answer and whose else None

        return await self.store.run_anywhere(look)

    @property
    def listens(self) -> bool:
        return self.hearing.listens

    def carries(self, place: Place) -> bool:
        return place in self.carried.places

    async def encrypted(self, place: Place) -> None:
        community = await self.communities.of_place(place)
        if community is not None:
            await self.store.run(partial(self.carried.encrypt, place), community=community)
            await self.carried.refresh()

    @property
    def may_carry(self) -> bool:
        return self.carried.may_be_anywhere

    async def is_copy(self, place: Place, ref: str) -> bool:
        community = await self.communities.of_place(place)
        if community is None:
            return False
        found = await self.store.read(lambda tx: tx.copies.at(place, ref), community=community)
        return found is not None and not found.said

    async def standing(self, place: Place, since: datetime) -> Sequence[Standing]:
        return await self.carried.standing(place, since)

    async def in_thread(self, place: Place, thread: str) -> Sequence[str]:
        return await self.carried.in_thread(place, thread)

    async def hear(self, heard: Heard) -> None:
        await self.carried.hear(heard)
        if heard.changes is None and heard.words:
            await self.hearing.hear(heard)

    def fetch(self, copy: Copy, posted: Posted, most: int) -> AbstractAsyncContextManager[Fetched]:
        return self._files.fetch(copy, posted, most)

    @property
    def signs(self) -> Collection[str]:
        return self.reactions.signs

    async def signed(self, signed: Signed) -> None:
        await self.carried_signs.sign(signed)

    async def signs_at(
        self, place: Place, refs: Collection[str]
    ) -> Mapping[str, Mapping[str, Collection[Identity]]]:
        return await self.carried_signs.at(place, refs)

    @property
    def misses(self) -> bool:
        return self.carried.may_be_anywhere or any(feature.gone for feature in self.features.all)

    async def gone(self, place: Place, refs: Collection[str]) -> None:
        community = await self.communities.of_place(place) if self.misses else None
        if community is None:
            return
        await self.carried.gone(community, place, refs)

        def run(tx: Transaction) -> None:
            call = self.dispatch.call_for_nobody(tx, f"gone:{place.platform}:{place.room_id}")
            for feature in self.features.all:
                if feature.gone:
                    feature.gone(call, place, refs)

        await self.store.run(run, community=community)

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
        """What an adapter itself has to tell people, for reasons of its platform's: once under a key."""
        now = self.clock.now()

        def say(tx: Transaction) -> None:
            if about and any((at := tx.forgotten.at(who)) and at >= about for who in mentions):
                return
            tx.posts.add(key, to, message, now, account=account, mentions=mentions, reply_to=reply_to)

        await self.store.run(say, community=await self.communities.for_whom(to))

    async def link(self, accounts: Sequence[Identity]) -> None:
        """These accounts turn out to be one person's, who counts once from now on."""
        await self.store.run(
            lambda tx: self.features.link(tx, accounts),
            community=await self.communities.in_private(accounts[0]),
        )

    async def export(self, resident: int) -> Exported:
        """All that is kept of a resident, by the name of the table; plain values, as JSON has them."""
        community = await self._of_resident(resident)

        def work(call: Call) -> Exported:
            return self.features.export(call.tx, resident, partial(call.themes_of, resident))

        return await self._read(f"export:{resident}", work, community)

    async def forget(self, resident: int) -> None:
        """Nothing is kept of a resident any more, but what counts without saying whose it was."""
        community = await self._of_resident(resident)
        now = self.clock.now()
        await self.store.run(lambda tx: self.features.forget(tx, resident, now), community=community)

    async def _of_resident(self, resident: int) -> int:
        found = await self.store.read_anywhere(lambda tx: tx.communities.of_residents([resident]))
        return found.get(resident, FIRST_COMMUNITY)

    # --- where Plein is ---

    async def introduce(self, adapter: Adapter) -> None:
        self.platforms.expect(adapter)
        await self.rooms.introduce(adapter)
        self.platforms.came(adapter, self.clock.now())

    async def suspend(self, adapter: Adapter) -> None:
        self.rooms.adapters.pop(adapter.account, None)

    async def serve(self, adapter: Adapter) -> None:
        self.platforms.expect(adapter)
        await self.rooms.serve(adapter)
        self.platforms.came(adapter, self.clock.now())

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
        await self.rooms.joined(account, place, name, theme, locale, ours, community, brief)

    async def named_as(self, place: Place) -> str | None:
        return await self.store.read_anywhere(lambda tx: tx.places.named_as(place))

    async def community_of(self, place: Place) -> int | None:
        return await self.communities.of_place(place)

    async def role_of(self, who: Identity, community: int | None = None) -> Role:
        if community is None:
            return await self.store.read_anywhere(lambda tx: tx.people.highest_role(who))
        return await self.store.read(lambda tx: tx.people.highest_role(who), community=community)

    async def left(self, account: str, place: Place) -> None:
        await self.rooms.left(account, place)

    async def disowned(self, account: str, place: Place) -> None:
        await self.rooms.disowned(account, place)

    async def moved(self, account: str, old: Place, new: Place) -> None:
        await self.rooms.moved(account, old, new)

    async def parted(self, place: Place, users: Collection[str]) -> None:
        await self.rooms.parted(place, users)

    async def put_out(self, place: Place, people: Sequence[PutOut]) -> None:
        await self.rooms.put_out(place, people)

    async def banned(self, banned: Banned) -> None:
        by_community: dict[int, list[Place]] = {}
        for place in banned.places:
            if (community := await self.communities.of_place(place)) is not None:
                by_community.setdefault(community, []).append(place)
        for community, places in by_community.items():
            now = self.clock.now()
            note = partial(note_banned, rooms=self.rooms, banned=banned, places=tuple(places), now=now)
            await self.store.run(note, community=community)

    async def let_in(self, account: str, place: Place | None = None) -> Mapping[Place, Sequence[str]]:
        return await self.rooms.let_in(account, place)

    async def came(self, came: Came) -> None:
        self.silencing.again()
        community = await self.communities.of_place(came.place)
        if community is None and (community := await self._with_home(came.place)) is None:
            return

        def run(tx: Transaction) -> None:
            call = self.dispatch.call_for_nobody(tx, f"came:{came.place.platform}:{came.place.room_id}")
            for feature in self.features.all:
                if feature.came:
                    feature.came(call, came)

        await self.store.run(run, community=community)

    async def _with_home(self, space: Place) -> int | None:
        """The community whose themes get their rooms in it."""

        def is_home(tx: Transaction) -> bool:
            home = homes_in(tx.communities.settings()).get(space.platform)
            return home is not None and home.ref == space.room_id

        for community in self.communities.served:
            if await self.store.read(is_home, community=community):
                return community
        return None

    async def look(self, place: Place) -> None:
        await self.rooms.look(place)

    async def regraded(self, place: Place) -> None:
        await self.rooms.regraded(place)

    async def look_at_rooms(self, account: str) -> None:
        await self.store.run_anywhere(lambda tx: tx.wanted.look_at_all_of(account, self.clock.now()))

    async def retry(self, account: str, place: Place | None = None) -> None:
        await self.rooms.retry(account, place)
        self.describing.again()
        self.silencing.again()

    async def places(self, account: str) -> Sequence[Place]:
        return await self.rooms.places(account)

    async def message_at(self, account: str, ref: str) -> Message | None:
        def look(tx: Transaction) -> Message | None:
            found = tx.boards.message_at(account, ref) or tx.posts.message_at(account, ref)
            return of_community(found, found.community) if found else None

        return await self.store.run_anywhere(look)

    async def files(
        self, attachment: Attachment, voice: Voice, most: int, to: Place | Identity
    ) -> Sequence[File]:
        """Made anew each time it is sent, from what is kept; the work is done away from the loop."""
        make = await self._made_of(attachment, voice, to)
        name = self.texts.file_name(attachment, voice.locale)
        return await asyncio.to_thread(lambda: files_below(most, name, make()))

    async def file(self, attachment: Attachment, voice: Voice, to: Place | Identity) -> bytes:
        make = await self._made_of(attachment, voice, to)
        return await asyncio.to_thread(lambda: b"".join(make()))

    async def _made_of(
        self, attachment: Attachment, voice: Voice, to: Place | Identity
    ) -> Callable[[], Iterable[bytes]]:
        """What makes its documents, from what is kept just now, as long as it is for them.

        Raises: Gone, and TryLater while their platform does not say.
        """
        kind, _, subject = attachment.subject.partition(":")
        files, community = self.features.files[kind], attachment.community
        write = partial(
            self.texts.write, voice=replace(voice, escape=visible, code=("", ""), date=None, person=None)
        )

        def begin(call: Call) -> Callable[[], bytes | Iterator[bytes]]:
            if isinstance(to, Identity):
                whose = call.tx.people.by_identity(to)
                if whose is None or not files.theirs(call, subject, whose.id):
                    raise Gone("that file is not for them any more")
            return files.makes[attachment.form](call, subject, write)

        finish = await self._read(f"file:{attachment.subject}", begin, community)

        def documents() -> Iterable[bytes]:
            made = finish()
            return [made] if isinstance(made, bytes) else made

        return documents

    async def _read(self, key: str, work: Callable[[Call], T], community: int) -> T:
        """What that reads of a community, once platforms were asked what it has to know first."""
        present: Told = {}

        def read(tx: Transaction) -> T:
            call = self.dispatch.call_for_nobody(tx, key)
            call.present = present
            return work(call)

        while True:
            try:
                return await self.store.read(read, community=community)
            except AskFirst as first:
                asked = await self.store.read(
                    partial(to_ask, first=first, community=community), community=community
                )
                present = {**present, **await self.agenda.told(asked)}

    async def voice_of(self, to: Place | Identity, otherwise: str | None = None) -> str:
        community = await self.communities.for_whom(to)
        configured = self.communities.configured(community)

        def read(tx: Transaction) -> str:
            if isinstance(to, Place):
                known = tx.places.known(to)
                wanted = known[1] if known else None
            else:
                resident = tx.people.by_identity(to)
                wanted = resident.locale if resident else None
            for locale in (wanted, otherwise):
                if found := self.texts.nearest(locale, ""):
                    return found
            return configured.changed(tx.communities.settings()).locale

        return await self.store.run(read, community=community)

    async def clocks_of(self, reader: Place | Identity, shown: Message | None = None) -> Clocks:
        """For a message in which no moment is said it does not matter."""
        community = shown.community if shown else await self.communities.for_whom(reader)
        configured = self.communities.configured(community)
        if shown and not has_moments(shown):
            return Clocks(configured.zone)

        def read(tx: Transaction) -> Clocks:
            zone = configured.changed(tx.communities.settings()).zone
            who = tx.people.by_identity(reader) if isinstance(reader, Identity) else None
            own = zone_or(who.zone if who else None, zone)
            return Clocks(own, own=own.key != zone.key)

        return await self.store.read(read, community=community)

    async def people_in(self, message: Message) -> Mapping[int, Known]:
        numbers = {resident.id for resident in residents_in(message)}
        return await self.store.read_anywhere(lambda tx: tx.people.known(numbers)) if numbers else {}

    # --- what an account keeps ---

    async def keep(self, account: str, values: Mapping[str, str | None]) -> None:
        def keep(tx: Transaction) -> None:
            for name, value in values.items():
                if value is None:
                    tx.kept.drop(account, name)
                else:
                    tx.kept.put(account, name, value)

        await self.store.run_anywhere(keep)

    async def kept(self, account: str, prefix: str = "") -> Mapping[str, str]:
        return await self.store.run_anywhere(lambda tx: tx.kept.all(account, prefix))

    async def store_arrivals(
        self, account: str, arrivals: Sequence[Arrival], cursor: str | None, stream: str = ""
    ) -> Sequence[Arrival]:
        now = self.clock.now()
        return await self.store.run_anywhere(lambda tx: tx.inbox.add(account, arrivals, cursor, now, stream))

    async def arrivals(
        self, account: str, *, stream: str = "", undecryptable: bool = False
    ) -> Sequence[Arrival]:
        return await self.store.run_anywhere(lambda tx: tx.inbox.waiting(account, undecryptable, stream))

    async def cursors(self, account: str, prefix: str = "") -> Mapping[str, str]:
        return await self.store.run_anywhere(lambda tx: tx.inbox.cursors(account, prefix))

    async def heard_before(self, account: str) -> datetime | None:
        return await self.store.run_anywhere(lambda tx: tx.accounts.heard_until(account))

    async def acknowledge(self, account: str, seqs: Sequence[int]) -> None:
        await self.store.run_anywhere(lambda tx: tx.inbox.done(account, seqs))

    async def close_stream(self, account: str, stream: str) -> None:
        await self.store.run_anywhere(lambda tx: tx.inbox.close(account, stream))
