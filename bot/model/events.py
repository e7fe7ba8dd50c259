"""What people did, as an adapter tells it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.model.files import Posted
from bot.model.message import Text
from bot.model.people import Identity, Place, Presences, Role
from bot.rich import Rich

# Where the account that speaks is now, of these places. Raises TryLater where its platform says nothing.
Ask = Callable[[Sequence[Place]], Awaitable[Presences]]


class Removal:
    """Takes away what somebody said, for nobody else to read; `done` says whether that could be, once tried.

    `take` asks the platform, and says whether it is gone. It raises TryLater where that says nothing.
    """

    def __init__(self, take: Callable[[], Awaitable[bool]]) -> None:
        self._take = take
        self.done: bool | None = None

    async def try_it(self) -> None:
        self.done = await self._take()


@dataclass(frozen=True, slots=True)
class Lack:
    """A thing that Plein lacks, with what does not work without it; `place` where it is one place's alone."""

    line: Text
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Mention:
    """Somebody was named in what was typed, as their platform lets people name each other.

    `written` is what stands for them among the words: one word, without blanks. They are somebody who is
    where Plein is; bots and those who are nowhere here are left out. `community`: they are in a place of that
    one, and called so there; None: of the one that it was said in.
    """

    written: str
    account: Identity
    name: str
    community: int | None = None


@dataclass(frozen=True, slots=True)
class Remark:
    """A message of somebody's, which something that others do is about.

    `ref` is its own id on its platform, in the place of whatever is about it; `at` is when it was said, and
    `link` opens it. `author`: who wrote it, named as in what is typed; None where nobody knows.
    """

    ref: str
    at: datetime
    link: str
    author: Mention | None = None

    def kept(self) -> tuple[str, str, str]:
        """All but the author, as it goes along with a form or with what takes something back."""
        return self.ref, self.at.isoformat(), self.link

    @classmethod
    def read(cls, kept: object) -> Remark | None:
        """What `kept` gave; None for anything else."""
        match kept:
            case [str(ref), str(at), str(link)]:
                try:
                    return cls(ref, datetime.fromisoformat(at), link)
                except ValueError:
                    return None
        return None


@dataclass(frozen=True, slots=True)
class Reacted:
    """Somebody put a sign on a message of another's, or took it away themselves. It is folded."""

    sign: str
    on: bool


@dataclass(frozen=True, slots=True)
class Invocation:
    """Somebody used a command (typed, or filled in) or pressed a button.

    `id` is the platform's own id of that event: the same one never counts twice.
    `handle`: what their platform lets nobody else be called, where that is not the account's own id.
    `at` is when it was said, by the platform's clock. `args` of what was `typed` say what it is about, where
    it does not say so itself. With `by_post` the answer goes through
    the outbox, for platforms where an answer is a message like any other. `public`: others in
    the place saw what was said or pressed. `role` is what they are in the place, and `since` how long they
    have been there, where the platform knows that; `writes`: they may say things there themselves; `there`:
    they are in it still, now that it is dealt with, and else what they said there is refused to them, but
    where they `left` since: it counts, and gives them no part there;
    `presence` asks what they are in other places, now. `looks_private`: the place looks like a talk with
    Plein alone and is none: they are told. `mentions`: who was named in what was typed, or in an argument.
    `account`: which of Plein's own accounts heard it, where it has several. `beside`: given where there
    is no talk with them in private yet, and their platform makes one have patience to begin it: the place
    beside what they said, where others see it too. `acknowledged`: they see that it counts, without a word.
    `removal` takes it away, where it is a message that others see. `earliest`: nobody knows when it was said,
    which may be as early as that, and at `at` at the latest. `pressed`: it answers a message of
    Plein's, by a button or what else is shown there, and belongs to whose that is. `arrival`: its number in
    the inbox; 0: it is in none. `about`: the message of another's that it is about. `reacted`: it is a sign
    that was put there, or taken away, whose command the core knows; they wait for no answer, and none is
    posted where it stands. `found_as`: by which id it is brought where it is found standing there, once
    until it is taken away.
    """

    id: str
    author: Identity
    name: str
    place: Place | None
    at: datetime
    typed: str | None = None
    command: str = ""
    args: Mapping[str, Any] = field(default_factory=dict)
    locale: str | None = None
    handle: str = ""
    role: Role = Role.RESIDENT
    since: datetime | None = None
    # Before that they were not there, whatever is kept of them.
    not_before: datetime | None = None
    presence: Ask | None = None
    by_post: bool = False
    public: bool = False
    writes: bool = True
    there: bool = True
    left: bool = False
    looks_private: bool = False
    mentions: tuple[Mention, ...] = ()
    account: str = ""
    beside: Place | None = None
    acknowledged: bool = False
    removal: Removal | None = None
    earliest: datetime | None = None
    pressed: bool = False
    arrival: int = 0
    about: Remark | None = None
    reacted: Reacted | None = None
    found_as: str = ""


@dataclass(frozen=True, slots=True)
class Heard:
    """Somebody said something in a place that was no command.

    `id` is the platform's own id of that event; `ref` is where it stands there, and `reply_to` where what
    it answers stands. `at` is when it was said, by the platform's clock. Where what is said is carried on
    (`Core.carries`), `rich` is the same laid out, `changes` is where the message of theirs stands that this
    is the new state of, and `avatar` a public address of their picture, if there is one. `changed_at`: where
    it is first heard as it reads since it was changed, when that was. `encrypted`: where it was said what
    people say is. `files`: what they posted with it, and `forwarded`: what it says somebody else said first.
    `thread`: where the message stands there in whose thread it was said, or what that thread
    itself is called there.
    """

    id: str
    account: str
    place: Place
    author: Identity
    name: str
    words: str
    at: datetime
    ref: str = ""
    reply_to: str | None = None
    rich: Rich = ()
    changes: str | None = None
    avatar: str = ""
    changed_at: datetime | None = None
    encrypted: bool = False
    thread: str | None = None
    files: tuple[Posted, ...] = ()
    forwarded: bool = False


@dataclass(frozen=True, slots=True)
class PutOut:
    """An account that is in a place no more by another's hand.

    `by` whom and by which `event` of the platform's own, where that says; where it does not, it holds only of
    whom Plein let in, as it has people out in the same way.
    """

    user: str
    by: str = ""
    event: str = ""


@dataclass(frozen=True, slots=True)
class Banned:
    """An account that somebody's hand banned from these places, in that event of the platform's own."""

    account: Identity
    name: str
    places: tuple[Place, ...]
    event: str


@dataclass(frozen=True, slots=True)
class Came:
    """These accounts came into a place just now, who were not in it a moment ago.

    The place may be the space that is a community's home. `unseen`: nobody tells who comes in there; these
    people said their first word to Plein, and `privately` in private.
    """

    place: Place
    people: tuple[Identity, ...]
    unseen: bool = False
    privately: bool = False


@dataclass(frozen=True, slots=True)
class Undo:
    """What takes an invocation back, kept beside it."""

    author: Identity
    command: str
    args: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event as a platform brought it, kept until it was dealt with.

    `undecryptable`: it cannot be read yet (its key is missing) and waits apart from the others. `at` is when
    it was said, by the platform's clock; None where nobody knows.
    """

    id: str
    room: str
    body: str
    seq: int = 0
    undecryptable: bool = False
    at: datetime | None = None
