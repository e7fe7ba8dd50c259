"""What the core keeps; the tables of a feature stand beside its store.

Moments are whole microseconds since 1970, UTC.
Where the key is no plain number, SQLite is told to keep the rows in the key's own tree, not in a
second one beside it (`sqlite_with_rowid=False`); not where rows are long, as each new one moves others there.
Where a number is known elsewhere (in what was said, in a post's key, in what is still to be acknowledged) it
is not given out again (`sqlite_autoincrement=True`).
Whose row it is stands in every table that holds what people of a community have (`of_community`), and a
transaction reaches one community's alone (community.py). Where something is looked for without knowing whose
it is, that comes last in the key.
Which rows an index holds is the same on both databases (`sqlite_where`). Said for PostgreSQL here, it
would load all that SQLAlchemy knows of PostgreSQL on SQLite as well.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from functools import lru_cache

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    text,
    true,
)

from storage.refs_kept import shortened, spelled_out

_START = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LEAST, _MOST = (
    (at - _START) // _MICROSECOND
    for at in (datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC))
)


class Moment(TypeDecorator[datetime]):
    """An aware datetime, kept exactly and the same on every database."""

    impl = BigInteger
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], int | None]:
        return _to_number

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[int | None], datetime | None]:
        return _to_moment


def _to_number(moment: datetime | None) -> int | None:
    """Raises: OverflowError for one that could not be read again: in UTC it is none."""
    if moment is None:
        return None
    number = (moment - _START) // _MICROSECOND
    if not _LEAST <= number <= _MOST:
        raise OverflowError("A moment that no calendar reaches")
    return number


@lru_cache(4096)  # the same few moments are read again and again
def _to_moment(number: int | None) -> datetime | None:
    return None if number is None else _START + timedelta(0, 0, number)


_NAMES = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def own_tables() -> MetaData:
    """For the tables of one feature, which stand beside its store.

    They refer to the tables here by column: `ForeignKey(residents.c.id)`.
    """
    return MetaData(naming_convention=_NAMES)


metadata = MetaData(naming_convention=_NAMES)
# SQLite numbers rows by itself only where the key is called INTEGER.
Number = BigInteger().with_variant(Integer, "sqlite")

# Of a column that refers to residents: which of its rows stay with whoever has them, where accounts leave.
STAYS = "stays"

# Of a table with a column that refers to residents: the names of those columns, first one that tells its rows
# apart, of which it is noted before two are one what stands there, as either may change it meanwhile.
NOTED = "noted"

# Of a column that refers to a theme: its row goes with that, and does not keep it (see deserted.py).
GOES_ALONG = "goes_along"

# Of a column that holds people by something else than a reference to residents: how, as one of these.
HOLDS = "holds"


class Holds(Enum):
    """What stands there, and so what becomes of it when its owner is forgotten.

    An account, under whose address its rows are found and dropped. Numbers of residents, in what is said: it
    is said anew of whoever has no name any more. A mark, which nobody reads without a key: it stays for as
    long as its table says. Words under a key, or until they are dealt with.
    """

    ACCOUNT = auto()
    NUMBERS = auto()
    MARK = auto()
    SEALED = auto()

    @property
    def info(self) -> dict[str, Holds]:
        return {HOLDS: self}


def of_community(*, key: bool = False, known: bool = False) -> Column[int]:
    """The column that says whose row it is. `key`: it is part of the key, where numbers or names are only one
    community's; `known`: the database looks whether there is such a community.
    """
    refers = (ForeignKey(communities.c.id),) if known else ()
    return Column("community", Integer, *refers, primary_key=key, nullable=False, autoincrement=False)


communities = Table(
    "communities",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String, nullable=False),
    # By what the configuration knows it, also once it is called otherwise; and whether that names it now.
    Column("key", String, nullable=False, server_default=""),
    Column("served", Boolean, nullable=False, server_default=true()),
    sqlite_autoincrement=True,
)

# How far each community has counted what people call by number: none is given out twice.
numbers = Table(
    "numbers",
    metadata,
    of_community(key=True),
    Column("what", String, primary_key=True),
    Column("last", Number, nullable=False),
    sqlite_with_rowid=False,
)

residents = Table(
    "residents",
    metadata,
    Column("id", Number, primary_key=True),
    of_community(known=True),
    Column("name", String, nullable=False),
    Column("locale", String),
    Column("role", Integer, nullable=False, server_default="0"),
    # By which clocks moments are told them; None: by the community's.
    Column("zone", String),
    # Whether they want to be told what they may be about to miss.
    Column("wants_reminders", Boolean, nullable=False, server_default=false()),
    # With a mention, where others read it, rather than in private.
    Column("wants_mention", Boolean, nullable=False, server_default=false()),
    # How many seconds before something begins, the first first; None: when others are.
    Column("remind_before", String),
    # The name as it is looked for (see bot/names.py).
    Column("folded", String, nullable=False, server_default=""),
    # A name that was chosen stays; any other is what their platform calls them.
    Column("name_is_chosen", Boolean, nullable=False, server_default=false()),
    # They chose it themselves: no configuration and no platform calls them otherwise.
    Column("name_is_own", Boolean, nullable=False, server_default=false()),
    # The account that they used last, as "platform:user": where they are written to first.
    Column("heard_as", String),
    # Something waits until they use Plein again, as they could be reached nowhere.
    Column("unheard", Boolean, nullable=False, server_default=false()),
    # Something was said to them where others read it, as it could be said nowhere else: they hear so once.
    Column("told_aloud", Boolean, nullable=False, server_default=false()),
    Index("ix_residents_community_folded", "community", "folded"),
    sqlite_autoincrement=True,
)

# Plein's own accounts, and when each was last at work. What was kept before an account was known by name,
# and what is for somebody whom none has heard yet, is under the platform's word alone.
accounts = Table(
    "accounts",
    metadata,
    Column("account", String, primary_key=True),
    Column("platform", String, nullable=False),
    Column("seen_at", Moment, nullable=False),
    # By its platform's clock: all that was said until then is in the inbox, or was dealt with. What was said
    # in private perhaps until earlier.
    Column("heard_until", Moment),
    Column("private_until", Moment),
    sqlite_with_rowid=False,
)

# What an account keeps: how far it read, which commands its platform knows.
kept = Table(
    "kept",
    metadata,
    Column("account", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("value", String, nullable=False),
    sqlite_with_rowid=False,
)

identities = Table(
    "identities",
    metadata,
    Column("platform", String, primary_key=True),
    Column("user_id", String, primary_key=True),
    of_community(key=True),
    Column("resident", ForeignKey("residents.id"), nullable=False, index=True),
    # Over which of Plein's accounts they were heard last.
    Column("account", String),
    # The configuration says whose it is: how far from the first in its line. None: nobody says so.
    Column("listed", Integer),
    # Only what was granted to itself counts for it yet: this role. None: all that its person has.
    Column("role", Integer),
    # Since when they use Plein here, where they used it in another community before.
    Column("turned_at", Moment),
    # Its owner was forgotten then, and came back: what was said before is nobody's any more.
    Column("forgotten_at", Moment),
    # Since when its platform says that it does not exist any more.
    Column("gone_at", Moment),
    # They said something to Plein in private with it, so that such a talk is there already, and take what
    # they are told there.
    Column("talks", Boolean, nullable=False, server_default=false()),
    Index("ix_identities_user_id", "user_id"),
    Index("ix_identities_account", "account"),
    sqlite_with_rowid=False,
)
# The few of whom the configuration says something, that are gone, or that joined somebody a moment ago.
Index("ix_identities_listed", identities.c.community, sqlite_where=text("listed IS NOT NULL"))
Index("ix_identities_gone", identities.c.community, sqlite_where=text("gone_at IS NOT NULL"))
Index("ix_identities_apart", identities.c.community, sqlite_where=text("role IS NOT NULL"))

themes = Table(
    "themes",
    metadata,
    Column("id", Number, primary_key=True),
    of_community(known=True),
    Column("name", String, nullable=False),
    # By which it is found: what tells it from another for a reader.
    Column("seen", String, nullable=False, server_default=""),
    # Its people opened it: whoever is of the community may see that it is there.
    Column("opened", Boolean, nullable=False, server_default=false()),
    # Nothing new begins in it, and nobody says anything in its places.
    Column("closed", Boolean, nullable=False, server_default=false()),
    UniqueConstraint("community", "name"),
    Index("ix_themes_community_opened_closed_id", "community", "opened", "closed", "id"),
    # All names are read where a new one is held against them: from here alone.
    Index("ix_themes_community_opened_seen_name", "community", "opened", "seen", "name"),
)

places = Table(
    "places",
    metadata,
    Column("platform", String, primary_key=True),
    Column("room", String, primary_key=True),
    of_community(),
    Column("theme", ForeignKey("themes.id"), nullable=False, index=True),
    Column("name", String, nullable=False),
    Column("locale", String),
    Column("here", Boolean, nullable=False),
    # Which of Plein's accounts serves it.
    Column("account", String, nullable=False, server_default=""),
    # It is the community's own: no limits hold there for its moderators.
    Column("ours", Boolean, nullable=False, server_default=false()),
    # As which room the configuration named it, where its theme is from there: it may have moved since.
    Column("listed", String),
    # Where it is there for a while only: when it was used last, and where it was left: when that was (see
    # deserted.py). None: it lasts.
    Column("used_at", Moment),
    # Where its account has heard less than elsewhere: until when.
    Column("heard_until", Moment),
    # What people say there is encrypted, which never ends.
    Column("encrypted", Boolean, nullable=False, server_default=false()),
    # Since when it is carried to the theme's other places; None: it is not.
    Column("carried_since", Moment),
    sqlite_with_rowid=False,
)
Index("ix_places_behind", places.c.account, sqlite_where=text("heard_until IS NOT NULL"))

# The channels and rooms that themes ought to have: what it is to be called, by what mark Plein finds what it
# made, what was made, and what that was called when it was last looked at. Which of what was wanted of it is
# true is in `shaped`; what keeps the rest from it is said as it is shown. With nothing to do it is due never.
wanted_rooms = Table(
    "wanted_rooms",
    metadata,
    of_community(key=True),
    Column("theme", ForeignKey("themes.id"), primary_key=True),
    Column("platform", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("topic", String, nullable=False),
    Column("mark", String, nullable=False),
    Column("account", String, nullable=False, server_default=""),
    Column("room", String),
    Column("why", Text),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("due_at", Moment),
    Column("called", String),
    # Who could say something there before it was closed, as its platform says that.
    Column("rules", Text, info=Holds.ACCOUNT.info),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("shaped", Integer, nullable=False, server_default="0"),
    # How often there was reason to look.
    Column("hints", Integer, nullable=False, server_default="0"),
    # It is wanted no more, as somebody removed it or took it from its theme.
    Column("gone", Boolean, nullable=False, server_default=false()),
    sqlite_with_rowid=False,
)
Index(
    "ix_wanted_rooms_platform_due_at",
    wanted_rooms.c.platform,
    wanted_rooms.c.due_at,
    sqlite_where=text("due_at IS NOT NULL"),
)
Index("ix_wanted_rooms_platform_room", wanted_rooms.c.platform, wanted_rooms.c.room)

# Rooms that were a theme's, in which what Plein gave people is still to be taken back, by the account that
# looked after it.
given_up = Table(
    "given_up",
    metadata,
    of_community(key=True),
    Column("platform", String, primary_key=True),
    Column("room", String, primary_key=True),
    Column("account", String, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("due_at", Moment, nullable=False),
    Index("ix_given_up_platform_due_at", "platform", "due_at"),
    sqlite_with_rowid=False,
)

# Which accounts take part in a theme: in one of its places when their platform said so last, with which
# role, and since when. It grants something for an hour; older it is a memory.
members = Table(
    "members",
    metadata,
    of_community(key=True),
    Column("theme", ForeignKey("themes.id"), primary_key=True),
    Column("platform", String, primary_key=True),
    Column("user_id", String, primary_key=True),
    Column("resident", ForeignKey("residents.id"), nullable=False),
    Column("since", Moment, nullable=False),
    Column("role", Integer, nullable=False, server_default="0"),
    Column("said_at", Moment, nullable=False),
    # They may say things there themselves.
    Column("writes", Boolean, nullable=False, server_default=true()),
    # When they used Plein there last, to some minutes.
    Column("used_at", Moment),
    ForeignKeyConstraint(
        ["platform", "user_id", "community"],
        ["identities.platform", "identities.user_id", "identities.community"],
    ),
    Index("ix_members_resident_theme", "resident", "theme"),
    sqlite_with_rowid=False,
)

# Who is to be let into the channel or room of a theme on their platform, or to be out of it again; with
# nothing to do it is due never.
guests = Table(
    "guests",
    metadata,
    of_community(key=True),
    Column("theme", ForeignKey("themes.id"), primary_key=True, info={GOES_ALONG: True}),
    Column("platform", String, primary_key=True),
    Column("user_id", String, primary_key=True),
    # None: they were forgotten, and it goes as soon as they are out.
    Column("resident", ForeignKey("residents.id"), index=True),
    Column("inside", Boolean, nullable=False),
    Column("why", Text),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("due_at", Moment),
    Column("version", Integer, nullable=False, server_default="1"),
    # Where Plein let them in, or was about to, until they are out again: it may be the theme's no more.
    Column("room", String),
    # Plein let them in by their own name, as its platform says that: who takes that away puts them out.
    Column("by_name", Boolean, nullable=False, server_default=false()),
    # Somebody put them out by hand: their own word does not let them in.
    Column("put_out", Boolean, nullable=False, server_default=false()),
    # By which event of the platform's own, where it says that: what it did may be told again.
    Column("put_out_by", String),
    sqlite_with_rowid=False,
)
Index("ix_guests_platform_user_id", guests.c.platform, guests.c.user_id)
Index(
    "ix_guests_platform_due_at",
    guests.c.platform,
    guests.c.due_at,
    sqlite_where=text("due_at IS NOT NULL"),
)

# Whom a place's platform keeps from writing there, by Plein's doing, or is to.
silences = Table(
    "silences",
    metadata,
    of_community(key=True),
    Column("platform", String, primary_key=True),
    Column("room", String, primary_key=True),
    Column("user_id", String, primary_key=True),
    Column("theme", ForeignKey("themes.id"), nullable=False, info={GOES_ALONG: True}),
    # What stood there before, as its platform says it; None: nobody looked yet.
    Column("before", String),
    # Whether it is so by Plein's doing; None: it may be.
    Column("stands", Boolean),
    # What kept Plein from it.
    Column("why", Text),
    sqlite_with_rowid=False,
)

# What was answered to an invocation, and what would undo it. Every command writes here, and only
# forgetting, twice a day, reads by time: an index on it would cost more than it gains.
handled = Table(
    "handled",
    metadata,
    Column("id", String, primary_key=True),
    of_community(key=True),
    Column("at", Moment, nullable=False),
    Column("answer", Text, info=Holds.NUMBERS.info),
    # What takes it back; sealed as the answer is, where there is a key.
    Column("undo", Text),
    Column("key", String, nullable=False, server_default=""),
    # The account that it was answered to, as "platform:user".
    Column("author", String, info=Holds.ACCOUNT.info),
    # Of whom it speaks, where it is sealed: marks of their accounts (see forgotten.py).
    Column("names", Text, info=Holds.MARK.info),
)
Index("ix_handled_names", handled.c.id, sqlite_where=text("names IS NOT NULL"))
Index("ix_handled_author", handled.c.author, sqlite_where=text("author IS NOT NULL"))

# What waits until a person uses Plein again has no account of Plein's that would say it.
NOWHERE = ""
posts = Table(
    "posts",
    metadata,
    Column("seq", Number, primary_key=True),
    Column("id", String, nullable=False),
    of_community(),
    Column("platform", String, nullable=False),
    Column("room", String, nullable=False, info=Holds.ACCOUNT.info),
    Column("private", Boolean, nullable=False),
    Column("message", Text, nullable=False, info=Holds.NUMBERS.info),
    Column("key", String, nullable=False, server_default=""),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("tried_at", Moment),
    Column("next_at", Moment, nullable=False),
    # None while what is wanted is still to be made true.
    Column("sent_at", Moment),
    Column("parked", String),
    Column("account", String, nullable=False, server_default=""),
    # Where it stands, and what is to stand there instead once that is known; how often it changed.
    Column("ref", String),
    Column("wanted", Text, info=Holds.NUMBERS.info),
    Column("withdrawn", Boolean, nullable=False, server_default=false()),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("mentions", Text, info=Holds.ACCOUNT.info),
    Column("reply_to", String),
    # Whom it is for, where that is a person; their accounts to which it certainly did not come.
    Column("resident", ForeignKey("residents.id")),
    Column("gone", Text),
    # After that moment it is passed on to no other account, and waits for nobody.
    Column("until", Moment),
    # It may have arrived, or may still arrive.
    Column("in_doubt", Boolean, nullable=False, server_default=false()),
    # To one person it is said only if they take part in that theme by then, with that role. In the places of
    # the theme, each person is mentioned in a single one of these.
    Column("theme", Number),
    Column("role", Integer, nullable=False, server_default="0"),
    # It goes only where they talk with Plein in private already; to a place, only for whom it mentions there.
    Column("begun", Boolean, nullable=False, server_default=false()),
    # The job that is run where it can be said nowhere: its kind and its subject.
    Column("otherwise", String),
    # As in `handled`.
    Column("names", Text, info=Holds.MARK.info),
    UniqueConstraint("id", "community"),
)
Index("ix_posts_names", posts.c.seq, sqlite_where=text("names IS NOT NULL"))
# What is for one account alone, or speaks to it where others are.
# Said as SQLAlchemy asks for it there: of `private` alone SQLite does not see that it is the same.
Index("ix_posts_room", posts.c.room, sqlite_where=text("private = 1"))
Index("ix_posts_mentions", posts.c.mentions, sqlite_where=text("mentions IS NOT NULL"))
# What no account of Plein's has taken over yet.
Index("ix_posts_unclaimed", posts.c.account, sqlite_where=text("account = platform"))
_TOLD = text("resident IS NOT NULL")
Index("ix_posts_resident", posts.c.resident, sqlite_where=_TOLD)
_WAITING = text("sent_at IS NULL AND parked IS NULL")
Index(
    "ix_posts_waiting",
    posts.c.account,
    posts.c.platform,
    posts.c.room,
    posts.c.private,
    posts.c.seq,
    sqlite_where=_WAITING,
)
Index(
    "ix_posts_due",
    posts.c.account,
    posts.c.next_at,
    posts.c.seq,
    sqlite_where=_WAITING,
)

subjects = Table(
    "subjects",
    metadata,
    of_community(key=True),
    Column("subject", String, primary_key=True),
    Column("theme", ForeignKey("themes.id"), nullable=False, index=True),
    Column("version", Integer, nullable=False),
    Column("open", Boolean, nullable=False),
    # Some board of it may show an older version: those that do are looked for among these alone.
    Column("behind", Integer, nullable=False, server_default="1"),
    # Boards with the same opener share their turns; so do all whose opener was forgotten (None).
    Column("opener", ForeignKey("residents.id"), index=True),
    # Since when it is shown.
    Column("shown_at", Moment),
    Index("ix_subjects_community_shown_at", "community", "shown_at"),
    sqlite_with_rowid=False,
)
Index("ix_subjects_behind", subjects.c.behind, sqlite_where=text("behind = 1"))

boards = Table(
    "boards",
    metadata,
    of_community(key=True),
    Column("subject", String, primary_key=True),
    Column("platform", String, primary_key=True),
    Column("room", String, primary_key=True),
    Column("edition", Integer, nullable=False, server_default="0"),
    Column("version", Integer, nullable=False, server_default="0"),
    Column("sent_as", String),
    Column("shown", Text, info=Holds.NUMBERS.info),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("tried_at", Moment),
    Column("next_at", Moment, nullable=False),
    Column("account", String, nullable=False, server_default=""),
    ForeignKeyConstraint(["community", "subject"], ["subjects.community", "subjects.subject"]),
    Index("ix_boards_account_next_at", "account", "next_at"),
    sqlite_with_rowid=False,
)

# Which message on a platform is which of ours: where a reaction or a reply belongs.
refs = Table(
    "refs",
    metadata,
    Column("account", String, primary_key=True),
    Column("ref", String, primary_key=True),
    of_community(),
    Column("post", String),
    Column("subject", String),
    Column("platform", String),
    Column("room", String),
    sqlite_with_rowid=False,
)
Index("ix_refs_post", refs.c.post, sqlite_where=text("post IS NOT NULL"))

jobs = Table(
    "jobs",
    metadata,
    Column("id", Number, primary_key=True),
    of_community(),
    Column("kind", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("due_at", Moment, nullable=False),
    # When it was due, where it had to wait since then.
    Column("was_due", Moment),
    Column("done_at", Moment),
    Column("attempts", Integer, nullable=False, server_default="0"),
    # What is planned under the same key takes its place.
    Column("key", String),
    sqlite_autoincrement=True,
)
TO_DO = text("done_at IS NULL")
Index("ix_jobs_due", jobs.c.due_at, sqlite_where=TO_DO)
Index("ix_jobs_community_key", jobs.c.community, jobs.c.key, unique=True, sqlite_where=TO_DO)

# That somebody did what is held within limits, and until when it counts. Two rows that say by the same mark
# which time it was are of one time.
uses = Table(
    "uses",
    metadata,
    Column("id", Number, primary_key=True),
    of_community(),
    Column("resident", ForeignKey("residents.id"), nullable=False),
    Column("what", String, nullable=False),
    Column("which", String, nullable=False, server_default="", info=Holds.MARK.info),
    Column("until", Moment, nullable=False),
    Index("ix_uses_resident_what", "resident", "what"),
)

# The same of whoever was forgotten, under a mark of each account, for as long as it counts: who comes back
# begins with it. Until when is a full hour, so that it is no moment at which something was done.
spent = Table(
    "spent",
    metadata,
    Column("id", Number, primary_key=True),
    of_community(),
    Column("mark", String, nullable=False, index=True, info=Holds.MARK.info),
    Column("what", String, nullable=False),
    Column("which", String, nullable=False, server_default="", info=Holds.MARK.info),
    Column("until", Moment, nullable=False),
)

inbox = Table(
    "inbox",
    metadata,
    # By the clock (see inbox.py), so the database guards nothing here.
    Column("seq", Number, primary_key=True),
    Column("account", String, nullable=False),
    Column("stream", String, nullable=False, server_default=""),
    Column("id", String, nullable=False),
    Column("room", String, nullable=False),
    # Under the key of that name (see envelopes.py): it may say how somebody votes.
    Column("key", String, nullable=False, server_default=""),
    Column("body", Text, nullable=False, info=Holds.SEALED.info),
    Column("undecryptable", Boolean, nullable=False, server_default=false()),
    Column("arrived_at", Moment, nullable=False),
    # By its platform's clock; None where nobody knows.
    Column("said_at", Moment),
    # Of which community's place it came; None where it came from none.
    Column("whose", Integer),
    UniqueConstraint("account", "id"),
)

# What was set for a community in the chat, and by whom: of each name the last row holds. Without a value it
# is as the configuration says.
settings = Table(
    "settings",
    metadata,
    Column("id", Number, primary_key=True),
    Column("community", Integer, nullable=False, index=True),
    Column("name", String, nullable=False),
    Column("value", String),
    # None: somebody of whom nothing is kept any more.
    Column("resident", ForeignKey("residents.id"), index=True, info={STAYS: True}),
    Column("at", Moment, nullable=False),
    sqlite_autoincrement=True,
)

# Which accounts were forgotten, as marks that nobody can read without a key apart from the database: what was
# said before that is not dealt with again. The account itself stands there for the minute in which its
# farewell is said, `since` when it was forgotten by our clock.
forgotten = Table(
    "forgotten",
    metadata,
    of_community(key=True),
    Column("mark", String, primary_key=True, info=Holds.MARK.info),
    Column("at", Moment, nullable=False),
    Column("account", String, info=Holds.ACCOUNT.info),
    Column("since", Moment, nullable=False),
    sqlite_with_rowid=False,
)

# --- what people say in one place of a theme, as it stands in the others ---

# Where something of that was said or stands, and who said any of it: what the map goes by, in a byte or two.
copied_in = Table(
    "copied_in",
    metadata,
    Column("id", Number, primary_key=True),
    of_community(),
    Column("platform", String, nullable=False),
    Column("room", String, nullable=False),
    UniqueConstraint("platform", "room", "community"),
    sqlite_autoincrement=True,
)
speakers = Table(
    "speakers",
    metadata,
    Column("id", Number, primary_key=True),
    of_community(),
    Column("account", String, nullable=False, info=Holds.ACCOUNT.info),
    # To a day.
    Column("spoke_at", Moment, nullable=False),
    UniqueConstraint("account", "community"),
    sqlite_autoincrement=True,
)


class Ref(TypeDecorator[str]):
    """Where a message stands on its platform, in as few bytes as its form allows (see refs_kept.py)."""

    impl = LargeBinary
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[str | None], bytes | None]:
        return shortened

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[bytes | None], str | None]:
        return spelled_out


# Which message is which: where it was said, with who said it and when (what is gone has no speaker), and each
# part of its copies.
copies = Table(
    "copies",
    metadata,
    Column("message", Number, primary_key=True, autoincrement=False),
    Column("place", Number, primary_key=True, autoincrement=False),
    Column("part", Integer, primary_key=True, autoincrement=False),
    of_community(),
    Column("ref", Ref, nullable=False),
    Column("speaker", Number),
    Column("at", Moment),
    # The number of the message that it answers.
    Column("reply_to", Number),
    # When whoever said it changed it last.
    Column("changed_at", Moment),
    # The number of the message in whose thread it is.
    Column("thread", Number),
    UniqueConstraint("place", "ref"),
    sqlite_with_rowid=False,
)

Index("ix_copies_speaker", copies.c.speaker, sqlite_where=text("speaker IS NOT NULL"))
Index("ix_copies_at", copies.c.at, sqlite_where=text("at IS NOT NULL"))
Index("ix_copies_reply_to", copies.c.reply_to, sqlite_where=text("reply_to IS NOT NULL"))
Index("ix_copies_thread", copies.c.thread, sqlite_where=text("thread IS NOT NULL"))

# Of which message a thread is, by what that goes by in a place.
threads = Table(
    "threads",
    metadata,
    Column("place", Number, primary_key=True, autoincrement=False),
    Column("ref", Ref, primary_key=True),
    of_community(key=True),
    Column("message", Number, nullable=False),
    Index("ix_threads_message_place", "message", "place"),
    sqlite_with_rowid=False,
)

# What is to stand in a place, and does not yet: without its words once it was set aside.
wanted_copies = Table(
    "wanted_copies",
    metadata,
    Column("seq", Number, primary_key=True),
    of_community(),
    Column("message", Number, nullable=False),
    Column("place", Number, nullable=False),
    Column("account", String, nullable=False),
    Column("speaker", Number),
    Column("edition", String, nullable=False),
    Column("gone", Boolean, nullable=False),
    # Nothing of it stood there when it was wanted.
    Column("first", Boolean, nullable=False),
    # It was heard long after it was said.
    Column("missed", Boolean, nullable=False, server_default=false()),
    Column("key", String, nullable=False, server_default=""),
    Column("spoken", Text, info=Holds.SEALED.info),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("tried_at", Moment),
    Column("next_at", Moment, nullable=False),
    # It is being tried, or may have arrived.
    Column("in_doubt", Boolean, nullable=False, server_default=false()),
    Column("parked", String),
    Column("since", Moment),
    # It is being tried as one with others, or stands so: by which number they go together.
    Column("fold", Number),
    Index("ix_wanted_copies_message_place", "message", "place"),
    sqlite_autoincrement=True,
)
_NOT_ASIDE = text("parked IS NULL")
Index("ix_wanted_copies_speaker", wanted_copies.c.speaker)
Index("ix_wanted_copies_fold", wanted_copies.c.fold, sqlite_where=text("fold IS NOT NULL"))
Index("ix_wanted_copies_place_seq", wanted_copies.c.place, wanted_copies.c.seq, sqlite_where=_NOT_ASIDE)
Index(
    "ix_wanted_copies_due",
    wanted_copies.c.account,
    wanted_copies.c.next_at,
    wanted_copies.c.seq,
    sqlite_where=_NOT_ASIDE,
)

# Which messages stand as one in a place, each so long as it is written there. What they are together is in
# the map by a number below zero, which nobody said.
fold_shares = Table(
    "fold_shares",
    metadata,
    Column("message", Number, primary_key=True, autoincrement=False),
    Column("place", Number, primary_key=True, autoincrement=False),
    of_community(),
    Column("fold", Number, nullable=False, index=True),
    Column("share", Integer, nullable=False),
    Column("length", Integer, nullable=False),
    # Under the name of whoever said it, as others speak there as well.
    Column("named", Boolean, nullable=False),
    sqlite_with_rowid=False,
)

# What could not be carried to a place, or not all of it, and why: a line for whoever asks.
uncarried = Table(
    "uncarried",
    metadata,
    Column("message", Number, primary_key=True, autoincrement=False),
    Column("place", Number, primary_key=True, autoincrement=False),
    of_community(),
    Column("reason", String, nullable=False),
    Column("at", Moment, nullable=False),
    sqlite_with_rowid=False,
)
# Plein's mark on such a message, where it was said: by which account, and where that mark stands.
uncarried_marks = Table(
    "uncarried_marks",
    metadata,
    of_community(key=True),
    Column("message", Number, primary_key=True, autoincrement=False),
    Column("account", String, nullable=False),
    Column("since", Moment, nullable=False),
    # How often it may have become otherwise.
    Column("version", Integer, nullable=False),
    Column("ref", String),
    Column("attempts", Integer, nullable=False, server_default="0"),
    # It was tried, and may stand there.
    Column("tried", Boolean, nullable=False, server_default=false()),
    # None: it is as it is to be, as far as that can be.
    Column("next_at", Moment),
)
Index(
    "ix_uncarried_marks_due",
    uncarried_marks.c.account,
    uncarried_marks.c.next_at,
    sqlite_where=text("next_at IS NOT NULL"),
)

# What was done with a message before that came, for a minute.
early_acts = Table(
    "early_acts",
    metadata,
    Column("id", Number, primary_key=True),
    of_community(),
    Column("place", Number, nullable=False),
    Column("ref", Ref, nullable=False),
    Column("edition", String, nullable=False),
    Column("account", String, info=Holds.ACCOUNT.info),
    Column("key", String, nullable=False, server_default=""),
    # None: it is to be gone.
    Column("spoken", Text, info=Holds.SEALED.info),
    Column("said_at", Moment, nullable=False),
    Column("until", Moment, nullable=False),
    UniqueConstraint("place", "ref"),
)

# Who put which sign on what stands there, as what the platform knows that, if it does. `message` is the
# number of the message; None: it is not known yet which that is, for a minute.
signs = Table(
    "signs",
    metadata,
    Column("id", Number, primary_key=True),
    of_community(),
    Column("place", Number, nullable=False),
    Column("ref", Ref, nullable=False),
    Column("speaker", Number, nullable=False),
    Column("sign", String, nullable=False),
    Column("message", Number),
    # What they are called there.
    Column("name", String, nullable=False),
    Column("event", Ref),
    Column("noted_at", Moment, nullable=False),
    UniqueConstraint("place", "ref", "speaker", "sign"),
    Index("ix_signs_message_sign", "message", "sign"),
    Index("ix_signs_speaker", "speaker"),
)
Index("ix_signs_event", signs.c.event, signs.c.place, sqlite_where=text("event IS NOT NULL"))
Index("ix_signs_early", signs.c.noted_at, signs.c.place, sqlite_where=text("message IS NULL"))

# The signs that Plein puts on a message in a place for people elsewhere: for so many it is to stand there,
# and for so many it does, as the event of that name.
placed_signs = Table(
    "placed_signs",
    metadata,
    Column("seq", Number, primary_key=True),
    of_community(),
    Column("message", Number, nullable=False),
    Column("place", Number, nullable=False),
    Column("account", String, nullable=False),
    Column("sign", String, nullable=False),
    Column("wanted_for", Integer, nullable=False),
    Column("stands_for", Integer),
    # For so many it is being made to stand there, or may be.
    Column("trying_for", Integer),
    Column("event", Ref),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("tried_at", Moment),
    # None: it is as it is wanted, or cannot be.
    Column("next_at", Moment),
    Column("parked", String),
    UniqueConstraint("message", "place", "sign"),
    Index("ix_placed_signs_place", "place"),
    sqlite_autoincrement=True,
)
Index(
    "ix_placed_signs_due",
    placed_signs.c.account,
    placed_signs.c.next_at,
    placed_signs.c.seq,
    sqlite_where=text("next_at IS NOT NULL"),
)
Index("ix_placed_signs_parked", placed_signs.c.account, sqlite_where=text("parked IS NOT NULL"))
