"""What is kept of who thanked whom."""

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
    text,
    true,
)

from storage.tables import GOES_ALONG, NOTED, Moment, Number, of_community, own_tables, residents, themes

TABLES = own_tables()
# Certificates are kept apart from what they are made of.
CERTIFYING = own_tables()

kudos = Table(
    "kudos",
    TABLES,
    # People say "kudos 3", and mean their own community's.
    of_community(key=True),
    Column("id", Number, primary_key=True, autoincrement=False),
    Column("theme", ForeignKey(themes.c.id), nullable=False, info={GOES_ALONG: True}),
    # Nobody's any more, where whoever gave it was forgotten. An account that leaves somebody leaves what they
    # gave, and what thanks them; unless that undoes that they were linked.
    Column("giver", ForeignKey(residents.c.id)),
    Column("given_at", Moment, nullable=False),
    # By the community's clocks, by which it is counted.
    Column("day", String, nullable=False),
    # Nothing, where somebody put a sign on a message: what stood in that is not kept, but where it is.
    Column("reason", Text, nullable=False),
    Column("message", String),
    Column("link", String),
    Column("is_gone", Boolean, nullable=False, server_default=false()),
    # The one that it thanks back for.
    Column("replies_to", Number),
    # Who gave it was new, so that it counts nowhere but where it is read.
    Column("is_early", Boolean, nullable=False, server_default=false()),
    # What it thanks together, where it does: those who were at a meeting that is called so.
    Column("of_group", String),
    # It named somebody who was forgotten: its reason was taken away.
    Column("blanked", Boolean, nullable=False, server_default=false()),
    Column("state", String, nullable=False, server_default="given"),
    Column("why", Text),
    Index("ix_kudos_giver_given_at", "giver", "given_at"),
    Index("ix_kudos_given_at", "community", "given_at"),
    # Each row is written with few pages: thanking is what people do here most.
    sqlite_with_rowid=False,
)
Index("ix_kudos_message", kudos.c.community, kudos.c.message, sqlite_where=text("message IS NOT NULL"))
Index(
    "ix_kudos_replies_to",
    *(kudos.c.community, kudos.c.replies_to, kudos.c.id),
    sqlite_where=text("replies_to IS NOT NULL"),
)

# Whom it thanks. One without a resident is of whoever has no account, by the name that whoever gave it said;
# or of somebody who was forgotten.
thanked = Table(
    "thanked",
    TABLES,
    Column("id", Number, primary_key=True),
    of_community(),
    Column("of_kudos", Number, nullable=False),
    Column("resident", ForeignKey(residents.c.id)),
    Column("name", String),
    # Who says that this name is theirs, until a moderator says whether it is.
    Column("claimant", ForeignKey(residents.c.id)),
    # They want nobody to see that it thanks them.
    Column("hidden", Boolean, nullable=False, server_default=false()),
    # They read it alone, whatever they want of others since.
    Column("alone", Boolean, nullable=False, server_default=false()),
    # Others may not see that they are one of the group that it thanks.
    Column("unseen", Boolean, nullable=False, server_default=false()),
    # Who is one with somebody else is thanked by another row of it already, or gave it themselves: it says
    # nothing for as long as they are one.
    Column("void", Boolean, nullable=False, server_default=false()),
    # It stands, and they agreed that it is on the wall. Where and when it was given is what that is asked by.
    Column("on_wall", Boolean, nullable=False, server_default=false()),
    Column("theme", Number, nullable=False),
    Column("given_at", Moment, nullable=False),
    ForeignKeyConstraint(["community", "of_kudos"], [kudos.c.community, kudos.c.id]),
    Index("ix_thanked_community_of_kudos", "community", "of_kudos"),
    Index("ix_thanked_resident_of_kudos", "resident", "of_kudos"),
    info={NOTED: ("id", "alone", "hidden")},
)
Index("ix_thanked_claimant", thanked.c.claimant, sqlite_where=text("claimant IS NOT NULL"))
Index(
    "ix_thanked_wall",
    *(thanked.c.community, thanked.c.theme, thanked.c.of_kudos),
    sqlite_where=thanked.c.on_wall == true(),
)
Index(
    "ix_thanked_wall_given_at",
    *(thanked.c.community, thanked.c.theme, thanked.c.given_at, thanked.c.of_kudos),
    sqlite_where=thanked.c.on_wall == true(),
)

# How somebody likes to be thanked. Who are one person each said so once: that one likes what shows the least.
tastes = Table(
    "kudos_tastes",
    TABLES,
    of_community(key=True),
    Column("resident", ForeignKey(residents.c.id), primary_key=True, autoincrement=False),
    # Which number whoever said so had by then.
    Column("first", Number, primary_key=True, autoincrement=False),
    Column("receives", String, nullable=False),
    Column("wall", Boolean),
    Column("asked", Boolean, nullable=False),
    # They want to be thanked for thanking others, by name.
    Column("giver", Boolean, nullable=False, server_default=false()),
    # What thanks them for what they say that they know may be said beside that; nothing: they did not say so.
    Column("expertise", Boolean),
    info={NOTED: ("first", "receives", "wall", "asked", "giver", "expertise")},
    sqlite_with_rowid=False,
)

# For what somebody is thanked of what they say that they know, folded.
endorsed = Table(
    "endorsed",
    TABLES,
    of_community(key=True),
    Column("resident", ForeignKey(residents.c.id), primary_key=True, autoincrement=False),
    Column("words", String, primary_key=True),
    Column("of_kudos", Number, primary_key=True, autoincrement=False),
    ForeignKeyConstraint(["community", "of_kudos"], [kudos.c.community, kudos.c.id]),
    Index("ix_endorsed_community_of_kudos", "community", "of_kudos"),
    sqlite_with_rowid=False,
)

# Until when it was told in a theme what was done there.
rounds = Table(
    "kudos_rounds",
    TABLES,
    of_community(key=True),
    Column("theme", ForeignKey(themes.c.id), primary_key=True, autoincrement=False, info={GOES_ALONG: True}),
    Column("told_until", Moment, nullable=False),
    sqlite_with_rowid=False,
)

# What somebody was thanked for, on a page that was signed. Of one that was withdrawn only that is kept.
certificates = Table(
    "certificates",
    CERTIFYING,
    # People say "certificate 3", and mean their own community's.
    of_community(key=True),
    Column("id", Number, primary_key=True, autoincrement=False),
    Column("resident", ForeignKey(residents.c.id), index=True),
    # Which of their accounts made it: it goes where that one goes.
    Column("account", String),
    # By which it is known outside: 16 hexadecimal digits.
    Column("mark", String, nullable=False),
    Column("made_at", Moment, nullable=False),
    # As it was signed, as JSON; and the code that proves it.
    Column("words", Text),
    Column("code", String),
    Column("withdrawn_at", Moment),
    Index("ix_certificates_community_mark", "community", "mark"),
)

# Which kudos a certificate tells of that was not withdrawn.
certified = Table(
    "certified",
    CERTIFYING,
    of_community(key=True),
    Column("of_certificate", Number, primary_key=True, autoincrement=False),
    Column("of_kudos", Number, primary_key=True, autoincrement=False),
    ForeignKeyConstraint(["community", "of_certificate"], [certificates.c.community, certificates.c.id]),
    Index("ix_certified_community_of_kudos", "community", "of_kudos"),
    sqlite_with_rowid=False,
)

# Who wants to be on the list of those who were thanked in a year.
year_listed = Table(
    "year_listed",
    CERTIFYING,
    of_community(key=True),
    Column("year", Integer, primary_key=True),
    Column("resident", ForeignKey(residents.c.id), primary_key=True, index=True),
    # Since when they know that it is to be made.
    Column("told_at", Moment),
    info={NOTED: ("year",)},
    sqlite_with_rowid=False,
)
