"""What is still to be done: said once, shown and kept up to date, or run when it is due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.model.message import Message, message, text
from bot.model.people import FIRST_COMMUNITY, Identity, Place, Role

# Where a message stands on its platform: first itself, then what was put beside it.
Reference = tuple[str, ...]
# What is said of what waited for somebody and was too much.
LEFT_OUT = "told.left_out"
# An account of Plein's that was silent for so long is not at work any more.
AWAY_AFTER = timedelta(hours=1)

# Instead of a job that says otherwise what can arrive nowhere: it is said beside their next answer.
BESIDE = "beside"

# What is said in place of what was to be said, in private, of somebody who is forgotten by then.
UNSAID = message(text("answer.unsaid"))
# With this begins the key of an answer that only the last one of its kind is kept of (see Call.confide).
SECRET = "secret:"  # noqa: S105  (it begins a name)
# And with this that of a question for which community something is: it holds the words themselves.
WHICH = "which:"
# And with this, before their account, that of what somebody is told who is in no community.
UNKNOWN = "unknown:"


# So is called, for how long it is kept, which message is which where people's words are carried.
COPIES = "copies"


# The job of a feature, for a theme in one of whose places Plein could not keep somebody from writing, or let
# them again; its subject is the theme.
UNSILENCED = "mod.unsilenced"


def key_in(community: int, key: str) -> str:
    """What no other community has under that key: platforms know nothing of communities."""
    return key if community == FIRST_COMMUNITY else f"{key}@{community}"


@dataclass(frozen=True, slots=True)
class Job:
    """Something to do later; `subject` is read again when it is due. `due_at`: also where it had to wait."""

    id: int
    kind: str
    subject: str
    due_at: datetime
    attempts: int = 0
    community: int = FIRST_COMMUNITY


@dataclass(frozen=True, slots=True)
class Delivery:
    """Something for an adapter to show, in a place or to one person.

    `key` names it: the same key again must not show it twice. `tried_at` is when that was first tried, so
    that an adapter whose platform forgets keys can look in the place's history first. `replaces` is where
    the message stands that this is the new state of. `reply_to` is what it answers. `mentions` are those
    who may be pinged; nobody else ever is. `quiet`: it is there for whoever looks, and no news: nobody's
    attention is called to it. `opens`: a private talk may be begun for it, which they have yet to come into.
    """

    key: str
    to: Place | Identity
    message: Message
    reply_to: str | None = None
    replaces: Reference = ()
    mentions: tuple[Identity, ...] = ()
    tried_at: datetime | None = None
    quiet: bool = False
    opens: bool = True


@dataclass(frozen=True, slots=True)
class Receipt:
    """Where what was delivered stands. Nowhere: what it was to replace cannot be changed any more."""

    ref: Reference


@dataclass(frozen=True, slots=True)
class Post:
    """Something to be said once, in a place or to one person, by one of Plein's accounts.

    `ref` is where it stands since it was said. It may have another state since, the `version`, or have been
    `withdrawn`. `resident` is whom it is for where that is a person, whichever account it goes to.
    `in_doubt`: before this try it was tried, and may have arrived or may still arrive. With a `theme` it is
    only for who takes part there when it is said, with that `role`. `begun`: Plein began it, and nobody
    asked. `otherwise`: something else is done where it can be said nowhere. After `until` nobody needs it.

    In a place of a `theme` those whom it mentions are mentioned where they are, each in one place of that
    platform; where it is `begun`, it is for them alone.
    """

    id: str
    to: Place | Identity
    message: Message
    account: str
    attempts: int = 0
    tried_at: datetime | None = None
    ref: Reference = ()
    version: int = 1
    withdrawn: bool = False
    mentions: tuple[Identity, ...] = ()
    reply_to: str | None = None
    resident: int | None = None
    in_doubt: bool = False
    theme: int | None = None
    role: Role = Role.RESIDENT
    community: int = FIRST_COMMUNITY
    begun: bool = False
    otherwise: bool = False
    until: datetime | None = None

    @property
    def key(self) -> str:
        """The platform's idempotency key: each state of it has its own, in each community."""
        return key_in(self.community, self.id if self.version == 1 else f"{self.id}:{self.version}")

    @property
    def logged(self) -> str:
        """What the log calls it: of what is for one person no more than its kind, as the rest says whom it is
        for, and so who takes part in what.
        """
        return self.id if isinstance(self.to, Place) else f"{self.id.partition(':')[0]}, to one person"


@dataclass(frozen=True, slots=True)
class Aside:
    """What waits to be said beside an answer, by the id of its post. `theme` and `role` are as there."""

    id: str
    message: Message
    theme: int | None = None
    role: Role = Role.RESIDENT


@dataclass(frozen=True, slots=True)
class Board:
    """A message that shows a state and is edited as that changes, by one of Plein's accounts.

    `ref` is where it stands, nowhere before it was posted; `version` is the state that is to be shown.
    `opener` is whose boards it shares its turns with (see delivery/turns.py).
    """

    subject: str
    place: Place
    version: int
    ref: Reference
    key: str
    account: str
    attempts: int = 0
    tried_at: datetime | None = None
    community: int = FIRST_COMMUNITY
    opener: int | None = None
