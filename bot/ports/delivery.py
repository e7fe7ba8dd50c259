"""What the core needs kept of what is to be said, shown and done."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.model.homes import GivenUp, RoomState, WantedGuest, WantedRoom
from bot.model.message import Message, Text
from bot.model.people import Identity, Place, Resident, Role
from bot.model.work import Aside, Board, Job, Post, Receipt, Reference


class PostStore(Protocol):
    """What is to be said once in a place or to one account, and what was said there."""

    def add(
        self,
        post_id: str,
        to: Place | Identity,
        message: Message,
        now: datetime,
        *,
        confidential: bool = False,
        account: str = "",
        mentions: Sequence[Identity] = (),
        reply_to: str | None = None,
        theme: int | None = None,
        role: Role = Role.RESIDENT,
        begun: bool = False,
    ) -> None:
        """A second one with the same id changes nothing. `confidential`: kept sealed, and only until it
        was said, or pressed no more, where it has buttons. `role`: it is for an account with that role by
        then.

        `account`: which is to say it, where that is not the one that serves the place or hears the person.
        `theme`: of its places on that platform each of the `mentions` is in one; `begun`: it is for them.
        """
        ...

    def say_instead(
        self, post_id: str, to: Place | Identity, message: Message, now: datetime, event: str, *, account: str
    ) -> None:
        """Confidential, and in place of what was last said under that id: nothing shows how often it was.

        The id begins with SECRET. A second one that answers the same event changes nothing.
        """
        ...

    def forget(self, beginning: str) -> None:
        """Keep nothing of what was said under ids that begin so, nor of where it stands.

        What still waits is said once that is possible.
        """
        ...

    def drop(self, beginning: str) -> None:
        """The same; and what still waits is not said any more."""
        ...

    def skip(self, to: Place | Identity, beginning: str) -> None:
        """What is to be said there under ids that begin so, and of which nobody saw anything, is not said."""
        ...

    def change(self, post_id: str, message: Message, now: datetime) -> None:
        """It is to say this, whether it went out already or not. Not for one that is confidential."""
        ...

    def unsay(self, line: Text, beginning: str | None) -> None:
        """What was said under ids that begin so is said without that line; of all else it is not kept.

        None: in the chat it stands as it was said, and what waits is still to be said. Not of what is
        confidential.
        """
        ...

    def unsay_page(self, lines: Sequence[tuple[Text, str | None]], after: int, most: int) -> int | None:
        """The same of several, each with its beginning, in so many posts after that one; up to which one that
        was, None: to the end.
        """
        ...

    def withdraw(self, post_id: str, now: datetime) -> None:
        """It is not to be said, or to be taken away."""
        ...

    def due(self, account: str, now: datetime, limit: int) -> Sequence[Post]:
        """Of each place and person the oldest that is still to be made true, unless it has to wait."""
        ...

    def next_for(self, to: Place | Identity, account: str, now: datetime) -> Post | None:
        """The same for one place or person."""
        ...

    def next_try(self, accounts: Iterable[str], now: datetime) -> datetime | None:
        """When the next of those that have to wait may be tried."""
        ...

    def tried(self, post_ids: Sequence[str], now: datetime) -> None: ...

    def shown(self, post: Post, receipt: Receipt, now: datetime, said: Message | None = None) -> None:
        """It stands there; without a reference, it is to be said anew. `said`: as much of it as was said."""
        ...

    def retracted(self, post: Post, now: datetime) -> None: ...

    def later(self, post_id: str, when: datetime, *, failed: bool, in_doubt: bool = True) -> None:
        """`in_doubt`: it may have arrived, or may still arrive."""
        ...

    def keep_newest(self, account: str, to: Identity) -> None:
        """Of the answers that wait until they can be said to that person the newest hundred."""
        ...

    def retry(self, account: str, place: Place | None, now: datetime) -> None:
        """What waits in that place (None: for that account) need wait no longer."""
        ...

    def park(self, post_id: str, reason: str) -> None: ...

    def parked(self) -> Sequence[tuple[str, str]]: ...

    def message_at(self, account: str, ref: str) -> Message | None:
        """With whose it is."""
        ...


class QuestionStore(Protocol):
    """Questions for which community something is, under ids that begin with WHICH, whosever they are."""

    def drop(self, who: Identity, question: str | None = None) -> None:
        """Keep nothing of what that account was asked so; None: of any of it. For nobody in particular."""
        ...


class ToldStore(Protocol):
    """Posts that are for a person, on whichever of their accounts they can be reached.

    `since`: an account of Plein's that has been at work since then is at work.
    """

    def add(
        self,
        post_id: str,
        resident: int,
        message: Message,
        now: datetime,
        since: datetime,
        *,
        confidential: bool = False,
        until: datetime | None = None,
        theme: int | None = None,
        role: Role = Role.RESIDENT,
        begun: bool = False,
        otherwise: str | None = None,
    ) -> None:
        """For the account that they used last, among those that an account of Plein's at work can write to.

        A second one with the same id changes nothing. After `until` it is said nowhere any more.
        With a `theme` it is said only to who takes part there by then, with that role. `begun`: it goes to no
        account that does not talk with Plein in private already. `otherwise`: the job that is run, by its
        kind and subject, where it can be said nowhere.
        """
        ...

    def take(self, otherwise: str, most: int, now: datetime) -> tuple[Mapping[int, Message], bool]:
        """Of what can be said nowhere, and names that job: so much, by whom it is for, which waits no more;
        and whether more is left.
        """
        ...

    def said_aloud(self, people: Collection[int]) -> None:
        """Something was said to these where others read it: they are to hear why."""
        ...

    def explained(self, resident: int) -> None:
        """They heard why something was said to them where others read it."""
        ...

    def waiting_beside(self, resident: int, now: datetime) -> Sequence[Aside]:
        """What they are to hear beside an answer that they alone read, the oldest first."""
        ...

    def take_beside(self, resident: int, post_ids: Sequence[str], now: datetime) -> Collection[str]:
        """These of it wait no more, and nothing is kept of what they say; those that waited still."""
        ...

    def known(self, post_ids: Collection[str]) -> Collection[str]:
        """Those of these that were told, or wait to be."""
        ...

    def skip(self, resident: int | None, beginning: str) -> None:
        """What is to be said to them (None: to anybody) under ids that begin so, and certainly arrived
        nowhere, is not said.
        """
        ...

    def hand_over(self, beginning: str, before: int, to: int) -> None:
        """What is to be said to the one under ids that begin so, and certainly arrived nowhere, waits for the
        other.
        """
        ...

    def keep_newest(self, resident: int, now: datetime, since: datetime) -> None:
        """Of what waits for them the newest hundred, and how many others there were."""
        ...

    def pass_on(self, post: Post, now: datetime, since: datetime) -> None:
        """It certainly does not arrive there: to their next account; without one, until they use Plein."""
        ...

    def redirect(self, now: datetime, since: datetime) -> None:
        """The same for what waits for accounts of Plein's that are not at work; and what waits for people
        goes to an account of theirs that can be reached now.
        """
        ...

    def resume(self, resident: int, identity: Identity, now: datetime) -> None:
        """They use Plein with that account just now: what waited for that goes there."""
        ...

    def unreached(self, since: datetime) -> int:
        """For how many people something has been waiting, since later than that, until they use Plein."""
        ...

    def joined(self, old: int, new: int) -> None:
        """What one was to hear of where they were told something, the other is: they are one person."""
        ...

    def linked(self, resident: int) -> None:
        """What waited for somebody whom they turned out to be waits for them, until they use Plein."""
        ...


class BoardStore(Protocol):
    """What is shown of each subject in which place, and which of that is behind."""

    def open(
        self,
        subject: str,
        theme: int,
        places: Sequence[Place] | None = None,
        opener: int | None = None,
        at: datetime | None = None,
        *,
        lasting: bool = True,
    ) -> None:
        """Show it there (None: in every place of the theme), since that moment. Where it is shown already
        nothing changes.

        `lasting`: places that come later show it too, until it ends.
        """
        ...

    def new_since(self, since: datetime) -> Sequence[tuple[str, datetime]]:
        """The subjects that are shown since later than that, also those that are over, each with since when;
        the first first.
        """
        ...

    def mark(self, subject: str) -> None: ...

    def unsay(self, line: Text, subject: str) -> None:
        """It is not kept that a board of that subject shows that line; what does is shown anew."""
        ...

    def end(self, subject: str) -> None:
        """No new place will show it any more; those that do are kept up to date."""
        ...

    def pass_on(self, old: int, new: int) -> None:
        """What one resident opened takes turns with what the other did, who is the same person."""
        ...

    def show_open(self, theme: int, place: Place) -> None: ...

    def stale(
        self, account: str, now: datetime, limit: int, resting: Collection[Place] = ()
    ) -> Sequence[Board]:
        """Those that are behind, unless they have to wait: first those whose place and whose opener have
        fewest before them, of these the one that has waited longest; so that no limit leaves out anybody's.

        `resting`: the places where none but what was never posted has its turn now.
        """
        ...

    def next_try(self, accounts: Iterable[str], now: datetime) -> datetime | None:
        """When the next of those that have to wait may be tried."""
        ...

    def tried(self, boards: Sequence[Board], now: datetime) -> None: ...

    def shown(self, board: Board, ref: Reference, message: Message, next_at: datetime) -> None:
        """It stands there; without a reference, it is to be posted anew."""
        ...

    def later(self, board: Board, when: datetime, *, failed: bool) -> None: ...

    def retry(self, account: str, place: Place | None, now: datetime) -> None:
        """What waits in that place (None: for that account) need wait no longer."""
        ...

    def drop(self, subject: str, place: Place) -> None: ...

    def message_at(self, account: str, ref: str) -> Message | None:
        """With whose it is."""
        ...


class JobStore(Protocol):
    """What is to be done later, each under a key of its own."""

    def add(
        self, kind: str, subject: str, due_at: datetime, key: str | None = None, *, or_sooner: bool = False
    ) -> None:
        """Under a key, in place of what was planned under it and is not done yet. `or_sooner`: at the earlier
        of both moments.
        """
        ...

    def remove(self, key: str) -> None:
        """What was planned under that key is not to be done."""
        ...

    def pass_on(self, kinds: Collection[str], old: int, new: int) -> None:
        """What is to be done, of these kinds, about the resident whose number its subject ends with is about
        the other one, who they turn out to be.
        """
        ...

    def claim(self, now: datetime, limit: int) -> Sequence[Job]:
        """So many that are due, the first ones; nobody else claims them until the transaction ends."""
        ...

    def done(self, job_id: int, now: datetime) -> bool:
        """False where it is not due any more: done, called off, or planned for later."""
        ...

    def later(self, job_id: int, due_at: datetime) -> None:
        """It is due then, where it is not done by now."""
        ...

    def retry(self, job_id: int, due_at: datetime) -> None:
        """It was not done after all, and is due again then."""
        ...

    def next_due(self) -> datetime | None: ...


class WantedRoomStore(Protocol):
    """The channels and rooms that themes ought to have, which were made, and what is wanted of those."""

    def want(self, room: WantedRoom, now: datetime) -> None:
        """Twice is once; one that is gone is wanted again, with that mark."""
        ...

    def bind(self, room: WantedRoom, place: Place, account: str, now: datetime) -> None:
        """It is that place, which is there already, and as that account sees it."""
        ...

    def give_up(self, theme: int, platform: str, now: datetime) -> None:
        """It is wanted no more, until it is bound or wanted again. What Plein gave people in the one that it
        was is taken back.
        """
        ...

    def rename(self, theme: int, name: str, now: datetime, but: str = "") -> None:
        """All of that theme are to be called so; `but`: on that platform it is called so already."""
        ...

    def look(self, place: Place, now: datetime) -> None:
        """There is reason to look how it is now, where it is a theme's."""
        ...

    def look_at_all(self, now: datetime) -> None:
        """There is reason to look at each of this community."""
        ...

    def look_at_all_of(self, account: str, now: datetime) -> None:
        """There is reason to look at each that this account sees to, in whichever community."""
        ...

    def move(self, old: Place, new: Place, now: datetime) -> None:
        """The room was replaced; the new one is to be as the old one was."""
        ...

    def hand_over(self, place: Place, account: str, now: datetime) -> None:
        """That account serves the place from now on, and so it sees to what is wanted of it."""
        ...

    def given_up(self, platform: str, account: str, now: datetime, limit: int) -> Sequence[GivenUp]:
        """Those that this account looked after, of all communities: it takes back what it gave there."""
        ...

    def take_back(self, room: GivenUp, now: datetime, until: datetime) -> bool:
        """It is tried again not before then. False: somebody else does that, or did."""
        ...

    def take_back_later(self, room: GivenUp, when: datetime) -> None: ...

    def taken_back(self, room: GivenUp) -> None: ...

    def whose(self, place: Place) -> int | None:
        """The theme for which that place is kept so."""
        ...

    def of(self, theme: int) -> Sequence[RoomState]:
        """By platform."""
        ...

    def retry(self, platform: str, now: datetime) -> None:
        """What keeps them there may be over: they need wait no longer."""
        ...

    def resume(self, platform: str, account: str, now: datetime) -> None:
        """What that account began, in whichever community, is tried again now."""
        ...

    def due(self, platform: str, account: str, now: datetime, limit: int) -> Sequence[WantedRoom]:
        """Those that this account may make now, of all communities."""
        ...

    def next_try(self, platform: str, now: datetime) -> datetime | None:
        """When the next of those that have to wait may be tried."""
        ...

    def claim(self, room: WantedRoom, account: str, now: datetime, until: datetime) -> bool:
        """That account makes it, and nobody else tries until then. False: somebody else does, or did."""
        ...

    def later(self, room: WantedRoom, when: datetime, why: Text | None) -> None: ...

    def leave_to(self, account: str, room: WantedRoom, when: datetime, why: Text | None) -> None:
        """Nothing was made yet: that account is to make it, from then on."""
        ...

    def made(self, room: WantedRoom, ref: str, called: str | None) -> bool:
        """It is there, by the platform's own name for it, as was wanted, and is called so there; False where
        it is wanted no more, or is another by now. Its rules are kept too.
        """
        ...

    def rest(self, room: WantedRoom) -> None:
        """It is as was wanted, or there is nothing to do."""
        ...

    def keep_rules(self, room: WantedRoom, rules: str) -> str | None:
        """By which people can say something there, unless that was kept already; what is kept."""
        ...


class WantedGuestStore(Protocol):
    """Who is to be let into the channels and rooms of themes, and who is to be out of them again."""

    def want(self, theme: int, who: Identity, resident: int, now: datetime, *, inside: bool) -> None:
        """In place of what was wanted before."""
        ...

    def again(self, theme: int, platform: str, now: datetime) -> None:
        """It is another channel or room by now: who is to be inside is let into that."""
        ...

    def parted(self, theme: int, platform: str, users: Collection[str]) -> None:
        """They left it there, or were put out by hand: nobody lets them in again for that."""
        ...

    def put_out(self, theme: int, who: Identity, resident: int, event: str = "") -> None:
        """Somebody put them out by hand: they are let in no more, until they are readmitted. What one `event`
        did is done once.
        """
        ...

    def put_out_of_let_in(self, theme: int, who: Identity, now: datetime) -> None:
        """The same of whom Plein let in, and not of whom it has out itself."""
        ...

    def is_put_out(self, theme: int, resident: int) -> bool:
        """Whether an account of theirs was, and none was readmitted since."""
        ...

    def put_out_of(self, resident: int) -> Mapping[Identity, Collection[int]]:
        """The themes of which that is so, by their accounts that were."""
        ...

    def who_is_put_out(self, theme: int) -> Sequence[Resident]:
        """The residents of whom that is so, in the order in which they first came."""
        ...

    def readmit(self, theme: int, resident: int) -> bool:
        """They may be let in again; whether they might not."""
        ...

    def move(self, old: Place, new: Place) -> None:
        """That room was replaced by the other, and all who were let in there with it."""
        ...

    def themes_of(self, resident: int) -> Sequence[int]:
        """Those into which an account of theirs was let, or is to be, and is not out again."""
        ...

    def have_out(self, theme: int, resident: int, now: datetime) -> None:
        """Those of their accounts that were let in are to be out."""
        ...

    def is_inside(self, theme: int, resident: int) -> bool:
        """Whether an account of theirs was let in, or is to be, and is not out again."""
        ...

    def why(self, theme: int) -> Text | None:
        """What keeps somebody from being let in, or put out, longest."""
        ...

    def resume(self, platform: str, now: datetime) -> None:
        """What was begun there, in whichever community, is tried again now."""
        ...

    def due(
        self, platform: str, account: str, now: datetime, limit: int, of_server: int
    ) -> Sequence[WantedGuest]:
        """Those whose room this account serves, of all communities, as far as they can be seen to now: one of
        each person, and of one server at most so many.
        """
        ...

    def next_try(self, platform: str, now: datetime) -> datetime | None: ...

    def claim(self, guest: WantedGuest, now: datetime, until: datetime) -> bool:
        """Nobody else tries until then. False: somebody else does, or something else is wanted by now."""
        ...

    def later(self, guest: WantedGuest, when: datetime, why: Text | None) -> None: ...

    def done(self, guest: WantedGuest, *, by_name: bool | None) -> None:
        """`by_name`: they are let in there by their own name, which somebody can take away; None: as it was
        before.
        """
        ...

    def let_in(self, platform: str, account: str, place: Place | None) -> Sequence[tuple[Place, str]]:
        """Who is let in so into the themes' channels or rooms that this account serves (or that one alone),
        in whichever community, as far as nothing else is wanted that could be done by now.
        """
        ...


@dataclass(frozen=True, slots=True)
class Silence:
    """Somebody is to be kept from writing somewhere, for that theme.

    `before`: what stood there before, as its platform says it; None: nobody looked yet. `stands`: whether it
    is so by Plein's doing; None: it may be. `why`: what kept Plein from it.
    """

    theme: int
    before: str | None = None
    stands: bool | None = None
    why: Text | None = None


class SilenceStore(Protocol):
    """Whom the platforms keep from writing in places of themes, by Plein's doing."""

    def all(self) -> Mapping[tuple[Place, str], Silence]:
        """By place and account."""
        ...

    def begin(self, theme: int, place: Place, user: str) -> None:
        """It is about to be so."""
        ...

    def looked(self, place: Place, user: str, before: str) -> None:
        """That stands there, and will stand there again."""
        ...

    def done(self, place: Place, user: str, *, stands: bool, why: Text | None = None) -> None:
        """It is so, or cannot be."""
        ...

    def drop(self, place: Place, user: str) -> None:
        """Nothing of Plein's stands there any more."""
        ...
