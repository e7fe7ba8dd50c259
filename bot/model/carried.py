"""What people say to each other in one place of a theme, as it is to stand in the others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.model.files import Posted
from bot.model.people import FIRST_COMMUNITY, Place
from bot.model.work import Reference
from bot.rich import Rich

# The job of a feature, for a theme in one of whose places what people say became encrypted; its subject is
# the theme.
ENCRYPTED = "relay.encrypted"
# And for what was said by whoever goes by that number, which is to stand elsewhere in nobody's name.
UNNAME = "relay.unname"
# And for whoever says more at once in a theme than is carried; its subject is the theme, and the resident.
FLOODED = "relay.flooded"
# And for whoever was banned where what they said is carried; its subject is the theme, and the resident.
BANNED = "mod.banned"
# So many messages are taken away at a time: what people say meanwhile waits for no more than these.
AT_A_TIME, AND_THEN = 10, timedelta(seconds=30)
# What somebody said so long before they were banned may be taken away everywhere.
LAST_SAID = timedelta(days=1)
# Whose name what stands there already has from now on.
SAME = "same"


@dataclass(frozen=True, slots=True)
class Spoken:
    """What somebody said elsewhere, to be shown in their name.

    `name` is what they are called there, as their platform says it: cleaned by nobody yet. `at` is when they
    said it, by their platform's clock. `answers` is the number of the message that it answers. `avatar` is
    a public address of their picture, where there is one. `thread` is the number of the message in whose
    thread it was said. `files` are what they posted with it. `forwarded`:
    somebody else said it, and nobody knows who. With neither words nor files it is what stands there
    already, answering nothing from now on that is quoted: whose it is stays the SAME, or else it is nobody's.
    """

    name: str
    rich: Rich
    at: datetime
    answers: int | None = None
    avatar: str = ""
    thread: int | None = None
    files: tuple[Posted, ...] = ()
    forwarded: bool = False

    @property
    def says(self) -> bool:
        """Whether it says anything; else it is what stands there already."""
        return bool(self.rich or self.files)

    @property
    def is_plain(self) -> bool:
        """Whether there is nothing to it but words, which may stand beside those of others."""
        return bool(self.rich) and self == Spoken(self.name, self.rich, self.at, avatar=self.avatar)


@dataclass(frozen=True, slots=True)
class Standing:
    """A message that is carried, or part of a copy of one, as it is known to stand somewhere.

    `said`: it was said there, and changed at `changed_at` as far as is known.
    """

    ref: str
    said: bool
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Copy:
    """A message as it is to stand in another place than the one where it was said.

    `message` is its number. `spoken` is what it is to say; None: it is to be gone. `edition` names that state
    of it: the same one is never shown twice. `stands` is what is known to stand there, part by part. Of
    `late`, when it is said, readers are told when it was said. `tried_at`: when this edition was first tried;
    `in_doubt`: it was tried before, and may have arrived. `answers` is where what it answers stands in that
    place, its first part; None: it answers nothing, or nothing that stands there. `thread`: where the message
    stands there in whose thread it is to be, its first part, or by what that thread itself goes there.
    `named`: which signs that go by a name people put on it in other places, and how many did.
    """

    message: int
    place: Place
    account: str
    spoken: Spoken | None
    edition: str
    stands: Reference = ()
    tried_at: datetime | None = None
    in_doubt: bool = False
    attempts: int = 0
    answers: str | None = None
    thread: str | None = None
    late: bool = False
    named: tuple[tuple[str, int], ...] = ()
    community: int = FIRST_COMMUNITY
    # What several messages say, one under the other as one; of several people each under their own name.
    shares: tuple[Spoken, ...] = ()
    several: bool = False

    @property
    def key(self) -> str:
        """The platform's idempotency key for this state of it, the same for every try."""
        return f"copy:{self.community}:{self.message}:{self.edition}"
