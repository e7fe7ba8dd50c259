"""What is kept of meetings, and of what people answered."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
    Text,
    false,
    true,
)

from storage.tables import STAYS, Holds, Moment, Number, of_community, own_tables, residents, themes

TABLES = own_tables()
# Series are kept apart from their meetings, and so is what is written down there.
SERIES_TABLES = own_tables()
MINUTES_TABLES = own_tables()
ACTION_TABLES = own_tables()
# And so is who was there.
PRESENCE_TABLES = own_tables()
# And how it was.
RATING_TABLES = own_tables()

meetings = Table(
    "meetings",
    TABLES,
    # People say "meeting 3", and mean their own community's.
    of_community(key=True),
    Column("id", Number, primary_key=True, autoincrement=False),
    Column("theme", ForeignKey(themes.c.id), nullable=False),
    # Nobody's any more, where whoever planned it was forgotten.
    Column("organiser", ForeignKey(residents.c.id), index=True),
    # Who gave it the words that it has, last.
    Column("worded_by", ForeignKey(residents.c.id), index=True),
    Column("title", String, nullable=False),
    Column("starts_at", Moment, nullable=False),
    Column("ends_at", Moment, nullable=False),
    Column("place", String),
    Column("link", String),
    Column("about", Text),
    Column("room", Integer),
    Column("online_room", Integer),
    # How many seconds before it begins people are reminded: "86400 3600".
    Column("remind", String, nullable=False),
    Column("state", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("why", Text),
    Column("moved_from", Moment),
    # What those who come were told last, as JSON.
    Column("told", Text, nullable=False),
    # An account left somebody who answered, and is kept out of it (see leavers.py).
    Column("was_left", Boolean, nullable=False, server_default=false()),
    # Of one that comes back: which of a series, and the day on which its rule has it.
    Column("series", Number),
    Column("day", String),
    Column("by_hand", Boolean, nullable=False, server_default=false()),
    Column("announced", Boolean, nullable=False, server_default=true()),
    Column("expanded", Boolean, nullable=False, server_default=true()),
    Column("asked", Boolean, nullable=False, server_default=false()),
    Index("ix_meetings_theme_state", "theme", "state", "starts_at"),
    Index("ix_meetings_series_starts_at", "community", "series", "starts_at"),
)


def of_meeting() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["community", "meeting"], [meetings.c.community, meetings.c.id])


# What somebody said of a meeting. One without a resident is of whoever has no account, by the name that an
# organiser gave; or of somebody who was forgotten, in what was held.
answers = Table(
    "answers",
    TABLES,
    Column("id", Number, primary_key=True),
    of_community(),
    Column("meeting", Number, nullable=False),
    Column("resident", ForeignKey(residents.c.id), index=True),
    Column("name", String),
    Column("way", String, nullable=False),
    Column("seat", String),
    Column("since", Moment, nullable=False),
    Column("said_at", Moment, nullable=False),
    # The place that they were told of last.
    Column("known", String),
    Column("party", Integer, nullable=False),
    Column("shown", Boolean, nullable=False),
    Column("for_them", Boolean, nullable=False, server_default=false()),
    of_meeting(),
    # To what is to come each has one answer; who was two people when a meeting was held has both.
    Index("ix_answers_meeting_resident", "community", "meeting", "resident"),
    sqlite_autoincrement=True,
)

# Those who want to be seen, the first first.
Index(
    "ix_answers_shown",
    *(answers.c.community, answers.c.meeting, answers.c.since, answers.c.id),
    sqlite_where=answers.c.shown == true(),
)

# How many people said what, and where they have a place ("": nowhere).
counts = Table(
    "answer_counts",
    TABLES,
    of_community(key=True),
    Column("meeting", Number, primary_key=True),
    Column("way", String, primary_key=True),
    Column("seat", String, primary_key=True),
    Column("people", Integer, nullable=False),
    of_meeting(),
    sqlite_with_rowid=False,
)

# Which accounts are kept out of a meeting to come, as marks of them; who answered with them.
meeting_leavers = Table(
    "meeting_leavers",
    TABLES,
    of_community(key=True),
    Column("meeting", Number, primary_key=True),
    Column("account", String, primary_key=True, info=Holds.MARK.info),
    Column("holder", ForeignKey(residents.c.id), index=True, info={STAYS: True}),
    of_meeting(),
    sqlite_with_rowid=False,
)

# Who checked in: where and how they are not, nor when they came. Nobody's any more, where whoever it was is
# forgotten.
check_ins = Table(
    "check_ins",
    PRESENCE_TABLES,
    # By chance, so that it does not say who came first.
    Column("id", Number, primary_key=True, autoincrement=False),
    of_community(),
    Column("meeting", Number, nullable=False),
    Column("resident", ForeignKey(residents.c.id), index=True),
    Column("shown", Boolean, nullable=False),
    of_meeting(),
    Index("ix_check_ins_meeting_resident", "community", "meeting", "resident"),
)

# What is said in the room where one can be checked in now.
check_in_codes = Table(
    "check_in_codes",
    PRESENCE_TABLES,
    of_community(key=True),
    Column("meeting", Number, primary_key=True),
    Column("code", String, nullable=False),
    of_meeting(),
    sqlite_with_rowid=False,
)

# When people say how a meeting was; and once that is over, how many did, and with enough of them how often
# each figure was given, the lowest first: "0,1,2,4,3", and in which words, in an order that tells nothing.
rating_rounds = Table(
    "rating_rounds",
    RATING_TABLES,
    of_community(key=True),
    Column("meeting", Number, primary_key=True),
    Column("closes_at", Moment, nullable=False),
    Column("waits_since", Moment),
    Column("ended_at", Moment),
    Column("people", Integer, nullable=False, server_default="0"),
    Column("scores", String),
    Column("remarks", Text),
    of_meeting(),
    sqlite_with_rowid=False,
)

# What somebody said of it, sealed until that is over; then nothing is left (see ../sealed.py).
ratings = Table(
    "ratings",
    RATING_TABLES,
    of_community(key=True),
    Column("meeting", Number, primary_key=True),
    Column("resident", ForeignKey(residents.c.id), primary_key=True, index=True, info={STAYS: True}),
    Column("sealed", String, nullable=False),
    of_meeting(),
    sqlite_with_rowid=False,
)

# When they last said so, and which of their events were dealt with, until then (see ../marks.py).
rating_marks = Table(
    "rating_marks",
    RATING_TABLES,
    of_community(key=True),
    Column("meeting", Number, primary_key=True),
    Column("resident", ForeignKey(residents.c.id), primary_key=True, index=True, info={STAYS: True}),
    Column("latest", String, nullable=False),
    Column("said_at", Moment),
    of_meeting(),
    sqlite_with_rowid=False,
)

meeting_series = Table(
    "meeting_series",
    SERIES_TABLES,
    of_community(key=True),
    Column("id", Number, primary_key=True, autoincrement=False),
    Column("theme", ForeignKey(themes.c.id), nullable=False, index=True),
    # Nobody's any more, where whoever planned it was forgotten.
    Column("organiser", ForeignKey(residents.c.id), index=True),
    # Who gave it the words that it has, last.
    Column("worded_by", ForeignKey(residents.c.id), index=True),
    # Its rule as JSON, the time on the clocks of its zone, and its days as ISO 8601 writes them.
    Column("rule", String, nullable=False),
    Column("wall", String, nullable=False),
    Column("zone", String, nullable=False),
    Column("first_day", String, nullable=False),
    Column("until", String),
    Column("made_to", String),
    Column("left_out", Text, nullable=False),
    # In seconds.
    Column("lasts", Integer, nullable=False),
    Column("title", String, nullable=False),
    Column("place", String),
    Column("link", String),
    Column("about", Text),
    Column("room", Integer),
    Column("online_room", Integer),
    Column("remind", String, nullable=False),
    Column("going", Boolean, nullable=False),
)

# How somebody answers each that is to come: with an answer of its own in each that they see already.
standing = Table(
    "standing",
    SERIES_TABLES,
    Column("id", Number, primary_key=True),
    of_community(),
    Column("series", Number, nullable=False),
    Column("resident", ForeignKey(residents.c.id), nullable=False, index=True, info={STAYS: True}),
    Column("way", String, nullable=False),
    Column("party", Integer, nullable=False),
    Column("shown", Boolean, nullable=False),
    Column("said_at", Moment, nullable=False),
    ForeignKeyConstraint(["community", "series"], [meeting_series.c.community, meeting_series.c.id]),
    Index("ix_standing_series_resident", "community", "series", "resident", unique=True),
    sqlite_autoincrement=True,
)

# What is written down of a meeting: in a version of the minutes stands what began in it or before, and has
# not ended. Nobody's any more, where whoever wrote it was forgotten.
notes = Table(
    "notes",
    MINUTES_TABLES,
    of_community(key=True),
    Column("meeting", Number, primary_key=True),
    # By which people mean it; what it says in a later version is another row.
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("since", Integer, primary_key=True, autoincrement=False),
    Column("until", Integer),
    Column("kind", String, nullable=False),
    Column("resident", ForeignKey(residents.c.id), index=True),
    Column("words", Text, nullable=False),
    Column("said_at", Moment, nullable=False),
    of_meeting(),
)

# The versions that stand; who approved them.
approvals = Table(
    "approvals",
    MINUTES_TABLES,
    of_community(key=True),
    Column("meeting", Number, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("resident", ForeignKey(residents.c.id), index=True),
    Column("approved_at", Moment, nullable=False),
    of_meeting(),
    sqlite_with_rowid=False,
)

# What was promised in a meeting: it stands in its minutes as a line does.
actions = Table(
    "actions",
    ACTION_TABLES,
    # People say "action 3", and mean their own community's.
    of_community(key=True),
    Column("id", Number, primary_key=True, autoincrement=False),
    Column("theme", ForeignKey(themes.c.id), nullable=False),
    Column("meeting", Number, nullable=False),
    # Which of a meeting that comes back.
    Column("series", Number),
    Column("words", Text, nullable=False),
    Column("noted_by", ForeignKey(residents.c.id), index=True),
    Column("promised_by", ForeignKey(residents.c.id), index=True),
    # Nobody's, where nobody took it on, or whoever did left.
    Column("owner", ForeignKey(residents.c.id), index=True),
    Column("for_nobody", Boolean, nullable=False, server_default=false()),
    # As ISO 8601 writes it.
    Column("due_on", String),
    Column("noted_at", Moment, nullable=False),
    Column("since", Integer, nullable=False),
    Column("until", Integer),
    Column("state", String, nullable=False),
    Column("ended_at", Moment),
    of_meeting(),
    Index("ix_actions_theme_state", "theme", "state"),
    Index("ix_actions_meeting", "community", "meeting", "id"),
)
