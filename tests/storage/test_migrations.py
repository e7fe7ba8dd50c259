"""The migrations make the tables that the code means, and can be taken back."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect
from sqlalchemy import text as sql
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import create_async_engine

from bot.commands.read import bind
from bot.errors import StoreFailed
from bot.features.kudos.records import CERTIFICATES, KUDOS, Receives, Taste
from bot.features.meetings.minutes.records import ACTIONS, MINUTES, Approval, Line, Promise
from bot.features.meetings.minutes.records import Kind as Written
from bot.features.meetings.records import MEETINGS, SERIES, Figures, Way
from bot.features.polls.records import POLLS, SEALED, Kind, Reason
from bot.features.reminders.records import REMINDERS, Asked, Reminder
from bot.features.residents.records import LINKS
from bot.features.themes.records import ARCHIVES, DIGESTS, DRAWS, THEMES, Involvement, Often
from bot.main.features import stores_of
from bot.model.events import Arrival
from bot.model.people import Identity, Part, Place, Role, Theme, Wishes
from bot.ports.people import Brought
from bot.ports.storage import Transaction
from storage import migrations
from storage.connections import async_url
from storage.engines import open_database
from storage.keyring import Keyring
from storage.schema import MIGRATIONS, newest_schema, schema_of, upgrade
from tests.chat import NOW
from tests.doubles.calls import COMMANDS, a_call
from tests.doubles.installed import METADATA, TABLES
from tests.doubles.polls import a_plan, counted, tally
from tests.postgres import keys_of
from tests.tables import MIGRATE

T = TypeVar("T")
AN = Identity("matrix", "@an:example.org")


@pytest.fixture(autouse=True)
def really_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrations, "migrate", MIGRATE)


@pytest.fixture
def database_url(bare_database_url: str) -> str:
    """One without tables."""
    return bare_database_url


async def look(url: str, how: Callable[[Connection], T]) -> T:
    engine = create_async_engine(async_url(url))
    try:
        async with engine.connect() as db:
            return await db.run_sync(how)
    finally:
        await engine.dispose()


def differences(db: Connection) -> list[object]:
    return list(compare_metadata(MigrationContext.configure(db), METADATA))  # type: ignore[arg-type]


def tables(db: Connection) -> set[str]:
    return set(inspect(db).get_table_names()) - {"alembic_version"}


async def test_up_down_and_up_again(database_url: str) -> None:
    for _ in range(2):
        await upgrade(database_url)
        assert await schema_of(database_url) == newest_schema()
        assert await look(database_url, tables) == set(TABLES)
        assert await look(database_url, differences) == []
        await upgrade(database_url, to="base")
        assert await look(database_url, tables) == set()


def down_to(revision: str, db: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = db
    if db.dialect.name == "sqlite":
        db.exec_driver_sql("PRAGMA foreign_keys=OFF")
    command.downgrade(config, revision)
    db.commit()


# Polls as they were kept before there were kinds: each with its options, ballots and state.
OLD_POLLS: dict[int, tuple[list[str], list[str], str]] = {
    1: (["Ja", "Nee | nooit", "é"], ["1", "1,3", "3", "2,3"], "open"),
    2: ([str(number) for number in range(1, 13)], ["1", "11", "1,12", "12", "2"], "closed"),
    3: (["Ja", "Nee"], [], "open"),
    4: (["Ja", "Nee"], ["2"], "cancelled"),
}


# What its board shows is kept as it was sent, with what its ballot does.
OLD_BOARD = json.dumps(
    {
        "lines": [],
        "title": None,
        "actions": [],
        "ballot": {
            "question": {"key": "typed", "values": {"words": "Wat?"}},
            "options": [{"key": "typed", "values": {"words": words}} for words in OLD_POLLS[1][0]],
            "at_most": 2,
            "command": "poll vote",
            "args": {"poll": 1},
            "ended": None,
        },
    },
    separators=(",", ":"),
)


def old_tallies() -> list[tuple[int, int, int]]:
    """How the earlier version kept their count: the people under option 0."""
    return [
        (poll, option, sum(str(option) in ballot.split(",") for ballot in cast) if option else len(cast))
        for poll, (options, cast, _) in OLD_POLLS.items()
        for option in range(len(options) + 1)
    ]


def fill_old(db: Connection) -> None:
    def add(table: str, **fields: object) -> None:
        names = ", ".join(fields)
        db.execute(sql(f"INSERT INTO {table} ({names}) VALUES (:{', :'.join(fields)})"), fields)  # noqa: S608

    add("themes", name="sport")
    for number in range(1, 7):
        add("residents", name=f"r{number}")
    for poll, (options, cast, state) in OLD_POLLS.items():
        times = {"opened_at": 1, "closes_at": 2, "ended_at": None if state == "open" else 3}
        where = {"theme": 1, "opener": 1, "question": "Wat?", "options": json.dumps(options)}
        add("polls", **where, at_most=2, state=state, **times)
        for voter, choices in enumerate(cast, start=1):
            add("ballots", poll=poll, voter=voter, choices=choices, cast_at=4)
    for poll, option, votes in old_tallies():
        add("tallies", poll=poll, option=option, votes=votes)
    add("subjects", subject="poll:1", theme=1, version=2, open=True)
    where = {"subject": "poll:1", "platform": "matrix", "room": "!r"}
    add("boards", **where, edition=1, version=2, sent_as="$b", shown=OLD_BOARD, attempts=0, next_at=0)
    add("refs", **where, ref="$b")
    for subject, done in (("1", None), ("1", None), ("2", None), ("2", 3)):
        add("jobs", kind="poll.close", subject=subject, due_at=2, done_at=done)
    add("inbox", account="me", id="$1", room="!r", body='{"body": "!stem 1"}', sealed=False)
    db.commit()


# Tables that have another name by now.
RENAMED = {"seen": "handled"}


def rows(table: str, *names: str) -> Callable[[Connection], list[tuple[object, ...]]]:
    """What is in a table, by the name that it had or has."""

    def read(db: Connection) -> list[tuple[object, ...]]:
        here = table if table in tables(db) else RENAMED[table]
        found = db.execute(sql(f"SELECT {', '.join(names)} FROM {here} ORDER BY {', '.join(names)}"))  # noqa: S608
        return [tuple(row) for row in found]

    return read


async def test_plain_polls_keep_their_count_up_and_down(database_url: str, tmp_path: Path) -> None:
    old_ballots = ("ballots", "poll", "voter", "choices", "cast_at")
    await upgrade(database_url, to="0001")
    before = await look(database_url, tables)
    await look(database_url, fill_old)
    assert await look(database_url, rows("tallies", "poll", "option", "votes")) == old_tallies()
    kept = await look(database_url, rows(*old_ballots))
    await upgrade(database_url)
    assert await look(database_url, differences) == []

    def read(tx: Transaction) -> None:
        for poll, (options, cast, state) in OLD_POLLS.items():
            found = tx.of(POLLS).get(poll, 1)
            assert found
            assert (found[0].options, found[0].state, found[0].kind) == (tuple(options), state, "choice")
            assert (found[0].results, found[0].who, found[0].anonymous) == ("live", "everyone", False)
            expected = [votes for number, option, votes in old_tallies() if number == poll and option]
            assert counted(tx, poll) == (len(cast), expected)
            assert found[1] == (tuple(map(int, cast[0].split(","))) if cast else ())
        shown = tx.boards.message_at("matrix", "$b")
        assert shown
        assert shown.native_poll
        # Its command takes the numbers that a native poll gives.
        command = COMMANDS.by_path[shown.native_poll.command]
        assert bind(COMMANDS, command, {**shown.native_poll.args, "numbers": (2,)}, a_call()) == {
            "numbers": (2,),
            "poll": 1,
        }
        (waits,) = tx.inbox.waiting("me", undecryptable=False)
        assert waits.body == '{"body": "!stem 1"}'
        # What they asked counts for the limit still.
        assert tx.uses.count(1, "poll open", datetime.fromtimestamp(1e-6, UTC)) == len(OLD_POLLS)

    # Of two jobs of a kind for one subject the later one is what can be moved.
    keys = await look(database_url, rows("jobs", "id", "key"))
    assert keys == [(1, None), (2, "poll.close:1"), (3, "poll.close:2"), (4, None)]
    store = await open_database(database_url, keys_of(database_url), stores_of())
    await store.run(read)
    # What the earlier version knows nothing of goes again; a vote in a plain poll is counted.
    await store.run(use_it)
    await store.close()
    assert len(await look(database_url, rows("tallies", "poll", "choices"))) > len(OLD_POLLS) + 10
    await look(database_url, partial(down_to, "0001"))
    assert await look(database_url, tables) == before
    found = await look(database_url, rows("tallies", "poll", "option", "votes"))
    changed = {(1, 0, 4): (1, 0, 5), (1, 2, 1): (1, 2, 2)}
    assert [tally for tally in found if tally[0] in OLD_POLLS] == [
        changed.get(tally, tally) for tally in old_tallies()
    ]
    assert {tally[2] for tally in found if tally[0] not in OLD_POLLS} == {0}
    assert await look(database_url, rows(*old_ballots)) == sorted([*kept, (1, 5, "2", 4)])
    # And once more up: the same plain polls. Whose the folder of keys was, the first version did not know.
    await upgrade(database_url)
    store = await open_database(database_url, tmp_path / "another-folder", stores_of())
    assert await store.run(lambda tx: counted(tx, 1)) == (5, [2, 2, 3])
    await store.close()


def use_it(tx: Transaction) -> None:
    """A vote more in the first poll; and polls of other kinds, with a vote in each."""
    plain = tx.of(POLLS).get(1, 5)
    assert plain
    tx.of(POLLS).vote(plain[0], 5, (), (2,), datetime.fromtimestamp(4e-6, UTC), None)
    for kind, how in ((Kind.RANKED, {}), (Kind.CONSENT, {}), (Kind.CHOICE, {"anonymous": True})):
        poll = tx.of(POLLS).add(a_plan(kind=kind, options=("1", "2", "3"), **how), "open")
        tx.of(POLLS).vote(poll, 5, (), (3, 1, 2) if kind is Kind.RANKED else (3,), NOW, None)
    account = Identity("test", "somebody")
    theirs = tx.people.add(account, "Somebody")
    tx.people.take_part(account, theirs.id, 1, Part(Role.RESIDENT, NOW, NOW))


async def test_what_waits_has_all_its_days_before_it(database_url: str) -> None:
    """When it came nobody knows: it is kept as long as what comes at this moment."""
    before = datetime.now(UTC)
    await upgrade(database_url, to="0007")

    def bring(db: Connection) -> None:
        db.execute(sql("INSERT INTO inbox (account, id, room, body) VALUES ('me', '$1', '!r', 'said')"))
        db.commit()

    await look(database_url, bring)
    await upgrade(database_url)
    assert await look(database_url, differences) == []
    store = await open_database(database_url, keys_of(database_url), stores_of())
    after = datetime.now(UTC)

    def said(tx: Transaction) -> list[str]:
        return [arrival.body for arrival in tx.inbox.waiting("me", undecryptable=False)]

    await store.forget(before + timedelta(days=30))
    assert await store.read(said) == ["said"]
    await store.forget(after + timedelta(days=30, microseconds=1))
    assert await store.read(said) == []
    await store.close()


async def test_no_number_is_given_out_again(database_url: str) -> None:
    """Not even when the newest row is gone: by its number somebody may still be known, or something said."""
    await upgrade(database_url, to="0014")

    def fill(db: Connection) -> None:
        db.execute(sql("INSERT INTO residents (name) VALUES ('An'), ('Ben')"))
        db.execute(sql("INSERT INTO jobs (kind, subject, due_at) VALUES ('a', '1', 0), ('a', '2', 0)"))
        db.commit()

    def without_the_newest(db: Connection) -> None:
        for table in ("residents", "jobs"):
            db.execute(sql(f"DELETE FROM {table} WHERE id = 2"))  # noqa: S608
        db.commit()

    await look(database_url, fill)
    await upgrade(database_url)
    await look(database_url, without_the_newest)
    store = await open_database(database_url, keys_of(database_url), stores_of())

    def number(tx: Transaction) -> tuple[int, int, bool]:
        tx.jobs.add("a", "3", NOW)
        (arrival,) = tx.inbox.add("me", [Arrival("$1", "!r", "said")], "", NOW)
        tx.inbox.done("me", [arrival.seq])
        later = NOW + timedelta(microseconds=1)
        (again,) = tx.inbox.add("me", [Arrival("$2", "!r", "said")], "", later)
        return tx.people.add(AN, "An").id, tx.jobs.claim(NOW, 9)[-1].id, again.seq > arrival.seq

    assert await store.run(number) == (3, 3, True)
    await store.close()


async def test_opening_brings_the_tables_up_to_date(database_url: str) -> None:
    await (await open_database(database_url, keys_of(database_url), stores_of())).close()
    assert await schema_of(database_url) == newest_schema()
    assert await look(database_url, differences) == []


async def test_a_second_upgrade_changes_nothing(database_url: str) -> None:
    await upgrade(database_url)
    store = await open_database(database_url, keys_of(database_url), stores_of())
    await store.run(lambda tx: tx.places.theme_named("sport"))
    await store.close()
    await upgrade(database_url)
    store = await open_database(database_url, keys_of(database_url), stores_of())
    assert await store.run(lambda tx: tx.places.theme_named("sport").id) == 1
    await store.close()


async def test_looking_makes_no_file(tmp_path: Path) -> None:
    assert await schema_of(f"sqlite:///{tmp_path}/plein.db") is None
    assert os.listdir(tmp_path) == []


async def test_an_empty_server_has_no_schema(database_url: str) -> None:
    assert await schema_of(database_url) is None


async def test_looking_at_what_cannot_be_reached(tmp_path: Path) -> None:
    with pytest.raises(StoreFailed):
        await schema_of(f"postgresql://plein@/plein?host={tmp_path}")


async def test_native_polls_that_stand_can_still_be_answered(database_url: str) -> None:
    """What a board shows is kept as it was sent, with the command that its ballot gives."""
    await upgrade(database_url, to="0001")

    def show(db: Connection) -> None:
        db.exec_driver_sql("INSERT INTO themes (id, name) VALUES (1, 'sport')")
        db.exec_driver_sql(
            "INSERT INTO subjects (subject, theme, version, open) VALUES ('poll:1', 1, 1, true)"
        )
        db.exec_driver_sql(
            "INSERT INTO boards (subject, platform, room, next_at, shown) VALUES"
            """ ('poll:1', 'test', 'sport', 0, '{"ballot":{"command":"poll vote"},"command":"poll tick"}')"""
        )
        db.commit()

    await look(database_url, show)
    await upgrade(database_url)

    def shown(db: Connection) -> str | None:
        found: str | None = db.exec_driver_sql("SELECT shown FROM boards").scalar()
        return found

    kept = await look(database_url, shown)
    assert kept == '{"ballot":{"command":"poll choose"},"command":"poll tick"}'


async def test_which_boards_are_behind_is_known_of_those_there_were(database_url: str) -> None:
    await upgrade(database_url, to="0025")

    def show(db: Connection) -> None:
        db.execute(sql("INSERT INTO themes (id, community, name) VALUES (1, 1, 'sport')"))
        for subject, shown in (("poll:1", 4), ("poll:2", 5)):
            of_subject = sql(
                "INSERT INTO subjects (community, subject, theme, version, open)"
                " VALUES (1, :subject, 1, 5, true)"
            )
            db.execute(of_subject, {"subject": subject})
            of_board = sql(
                "INSERT INTO boards (community, subject, platform, room, version, next_at)"
                " VALUES (1, :subject, 'test', 'sport', :shown, 0)"
            )
            db.execute(of_board, {"subject": subject, "shown": shown})
        db.commit()

    await look(database_url, show)
    await upgrade(database_url)
    behind = rows("subjects", "subject", "behind")
    assert await look(database_url, behind) == [("poll:1", 1), ("poll:2", 0)]


async def test_boards_take_turns_by_who_their_openers_are_by_now(database_url: str) -> None:
    """Benny turned out to be ben, and cas was forgotten; of what is no poll nobody is known."""
    await upgrade(database_url, to="0032")

    def fill(db: Connection) -> None:
        def add(table: str, **fields: object) -> None:
            names = ", ".join(fields)
            db.execute(sql(f"INSERT INTO {table} ({names}) VALUES (:{', :'.join(fields)})"), fields)  # noqa: S608

        add("themes", id=1, community=1, name="sport")
        for number, name in ((1, "ben"), (3, "")):
            add("residents", id=number, community=1, name=name)
        add("identities", platform="test", user_id="ben", community=1, resident=1)
        for number, opener, before in ((1, 1, 1), (2, 1, 2), (3, 3, 3)):
            moments = {"opened_at": 0, "closes_at": 1}
            about = {"theme": 1, "question": "Wat?", "options": '["A","B"]', "kind": "pick", "at_most": 1}
            add(
                "polls",
                id=number,
                community=1,
                opener=opener,
                anonymous=False,
                state="open",
                **about,
                **moments,
            )
            subject = {"subject": f"poll:{number}", "theme": 1, "version": 1, "open": True}
            add("subjects", community=1, opener=before, **subject)
            add("boards", community=1, subject=f"poll:{number}", platform="test", room="sport", next_at=0)
        add("subjects", community=1, subject="list:1", theme=1, version=1, open=True)
        db.commit()

    await look(database_url, fill)
    await upgrade(database_url)
    opened = rows("subjects", "subject", "opener")
    now = [("list:1", None), ("poll:1", 1), ("poll:2", 1), ("poll:3", None)]
    assert await look(database_url, opened) == now
    assert await look(database_url, differences) == []
    assert len(await look(database_url, rows("boards", "subject"))) == 3
    await look(database_url, partial(down_to, "0032"))
    assert await look(database_url, opened) == now


# --- Plein's own accounts ---

SAID = '{"lines":[{"key":"typed","values":{"words":"dag"}}],"title":null,"actions":[],"ballot":null}'
ON_MATRIX, ON_DISCORD = "matrix:@plein:example.org", "discord:1"


def fill_before_accounts(db: Connection) -> None:
    def add(table: str, **fields: object) -> None:
        names = ", ".join(fields)
        db.execute(sql(f"INSERT INTO {table} ({names}) VALUES (:{', :'.join(fields)})"), fields)  # noqa: S608

    add("themes", name="sport")
    add("residents", name="anna")
    add("identities", platform="matrix", user_id="@anna:x", resident=1)
    add("subjects", subject="poll:1", theme=1, version=3, open=True)
    for platform, room in (("matrix", "!r"), ("discord", "7")):
        add("places", platform=platform, room=room, theme=1, name="sport", here=True)
        add(
            "boards",
            subject="poll:1",
            platform=platform,
            room=room,
            edition=1,
            version=2,
            sent_as=f"$b{room} $p{room}",
            shown=SAID,
            attempts=0,
            next_at=0,
        )
        for ref in (f"$b{room}", f"$p{room}"):
            add("refs", platform=platform, ref=ref, subject="poll:1", room=room)
        kept = {"platform": platform, "room": room, "private": False, "message": SAID, "next_at": 5}
        add("posts", id=f"said in {room}", **kept, tried_at=6, sent_at=7)
        add("posts", id=f"waits in {room}", **kept)
        add("posts", id=f"set aside in {room}", **kept, parked="weg")
        add("refs", platform=platform, ref=f"$s{room}", post=f"said in {room}")
    private = {"platform": "matrix", "room": "@anna:x", "private": True, "message": SAID, "next_at": 5}
    add("posts", id="to anna", **private)
    add("bookmarks", account=ON_MATRIX, token="s1")
    add("bookmarks", account=f"{ON_DISCORD}:5:7", token="70")
    add("bookmarks", account=f"commands:{ON_DISCORD}:5", token="abc")
    add("bookmarks", account=f"commands:{ON_DISCORD}:", token="def")
    add("inbox", account=ON_MATRIX, id="$1", room="!r", body="said", sealed=False)
    add("inbox", account=f"{ON_DISCORD}:5:7", id="discord:71", room="7", body="said too", sealed=False)
    db.commit()


BEFORE_ACCOUNTS = {
    "places": ("platform", "room", "here"),
    "boards": ("subject", "platform", "room", "edition", "version", "sent_as"),
    "refs": ("platform", "ref", "post", "subject", "room"),
    "posts": ("id", "platform", "room", "private", "message", "sent_at", "parked"),
    "bookmarks": ("account", "token"),
    "inbox": ("account", "id", "room", "body"),
}


async def test_what_was_a_platforms_goes_on_as_its_accounts(database_url: str) -> None:
    """Boards, posts, references, cursors and the inbox, up and down."""
    await upgrade(database_url, to="0002")
    await look(database_url, fill_before_accounts)
    before = {
        table: await look(database_url, rows(table, *names)) for table, names in BEFORE_ACCOUNTS.items()
    }
    await upgrade(database_url)

    def read(tx: Transaction) -> None:
        now = datetime.fromtimestamp(1, UTC)
        # Nobody has said yet who they are: nothing is shown by whoever it may be.
        assert tx.posts.due(ON_MATRIX, now, 9) == tx.posts.due(ON_DISCORD, now, 9) == []
        for account, room in ((ON_MATRIX, "!r"), (ON_DISCORD, "7")):
            platform = account.partition(":")[0]
            tx.accounts.serve(account, platform, NOW)
            (place,) = tx.places.served(account)
            assert place == Place(platform, room)
            (board,) = tx.boards.stale(account, now, 9)
            assert (board.ref, board.version, board.account) == ((f"$b{room}", f"$p{room}"), 3, account)
            for ref in (*board.ref, f"$s{room}"):
                assert tx.boards.message_at(account, ref) or tx.posts.message_at(account, ref)
            assert f"waits in {room}" in [post.id for post in tx.posts.due(account, now, 9)]
            # What was said before can be taken away.
            tx.posts.withdraw(f"said in {room}", now)
            said = tx.posts.next_for(place, account, now)
            assert said
            assert (said.ref, said.withdrawn) == ((f"$s{room}",), True)
        assert "to anna" in [post.id for post in tx.posts.due(ON_MATRIX, now, 9)]
        # Another account of the same platform that comes later finds nothing.
        tx.accounts.serve("matrix:@other:x", "matrix", NOW)
        assert tx.places.served("matrix:@other:x") == []
        assert tx.posts.due("matrix:@other:x", now, 9) == []
        assert tx.inbox.cursors(ON_MATRIX) == {"": "s1"}
        assert tx.inbox.cursors(ON_DISCORD) == {"5:7": "70"}
        assert tx.kept.all(ON_DISCORD, "commands:") == {"commands:5": "abc", "commands:": "def"}
        assert [arrival.body for arrival in tx.inbox.waiting(ON_MATRIX, undecryptable=False)] == ["said"]
        assert [
            arrival.body for arrival in tx.inbox.waiting(ON_DISCORD, undecryptable=False, stream="5:7")
        ] == ["said too"]

    store = await open_database(database_url, keys_of(database_url))
    await store.run(read)
    await store.close()

    await look(database_url, partial(down_to, "0002"))
    after = {table: await look(database_url, rows(table, *names)) for table, names in BEFORE_ACCOUNTS.items()}
    # What was to be taken away stays; else all is as it was.
    for table, names in BEFORE_ACCOUNTS.items():
        at = names.index("sent_at") if "sent_at" in names else len(names)
        assert [row[:at] for row in after[table]] == [row[:at] for row in before[table]], table
    waiting = {row[0] for row in after["posts"] if row[5] is None and row[6] is None}
    assert waiting == {"waits in !r", "waits in 7", "to anna"}


async def test_anonymous_polls_that_stand_get_a_floor_and_what_was_announced_stays(database_url: str) -> None:
    await upgrade(database_url, to="0010")

    def fill(db: Connection) -> None:
        db.exec_driver_sql("INSERT INTO themes (id, name) VALUES (1, 'sport')")
        db.exec_driver_sql("INSERT INTO residents (id, name, role) VALUES (1, 'anna', 0)")
        add = sql(
            "INSERT INTO polls (theme, opener, question, options, at_most, anonymous, opened_at, closes_at,"
            " state) VALUES (1, 1, 'Wat?', '[]', 1, :anonymous, 0, 0, :state)"
        )
        for anonymous in (True, False):
            for state in ("planned", "open", "closed", "cancelled"):
                db.execute(add, {"anonymous": anonymous, "state": state})
        db.commit()

    await look(database_url, fill)
    await upgrade(database_url)
    with_a_floor = [(5, True, "open"), (5, True, "planned")]
    found = await look(database_url, rows("polls", "floor", "anonymous", "state"))
    assert [(floor, bool(anonymous), state) for floor, anonymous, state in found if floor] == with_a_floor
    assert len(found) == 8


# --- what was answered ---


async def test_answers_stand_apart_from_their_ids_up_and_down(database_url: str) -> None:
    answered = ("seen", "id", "at", "answer", "undo", "key")

    def answer(db: Connection) -> None:
        add = sql("INSERT INTO seen (id, at, answer, undo, key) VALUES (:id, :at, :answer, :undo, :key)")
        for number, (packed, undo, key) in enumerate([(None, None, ""), (SAID, "{}", ""), ("x", None, "")]):
            values = {"id": f"$é{number}", "at": 10**15 - number, "answer": packed, "undo": undo, "key": key}
            db.execute(add, values)
        db.commit()

    def is_apart(db: Connection) -> bool:
        if db.dialect.name != "sqlite":
            return True
        made: str = db.execute(
            sql("SELECT sql FROM sqlite_master WHERE name IN ('seen', 'handled')")
        ).scalar_one()
        return "WITHOUT ROWID" not in made

    await upgrade(database_url, to="0007")
    await look(database_url, answer)
    kept = await look(database_url, rows(*answered))
    assert len(kept) == 3
    assert await look(database_url, is_apart) == database_url.startswith("postgresql")
    await upgrade(database_url)
    assert await look(database_url, is_apart)
    assert await look(database_url, differences) == []
    assert await look(database_url, rows(*answered)) == kept
    # Each id is still answered once.
    again = sql("INSERT INTO handled (community, id, at) VALUES (1, '$é0', 0)")
    with pytest.raises(IntegrityError, match=r"(?i)unique"):
        await look(database_url, lambda db: db.execute(again))

    await look(database_url, partial(down_to, "0007"))
    assert await look(database_url, is_apart) == database_url.startswith("postgresql")
    assert await look(database_url, rows(*answered)) == kept


RECEIPT = '{"blocks":[{"key":"poll.receipt.anonymous","values":{"question":"Wat?"}}],"controls":[]}'
DAY = 24 * 60 * 60 * 1_000_000


def fill_before_pairs(seals: Keyring, db: Connection) -> None:
    """An anonymous poll that is open, its ballot under a key that seals and opens; what stood beside that."""

    def add(table: str, **fields: object) -> None:
        names = ", ".join(fields)
        db.execute(sql(f"INSERT INTO {table} ({names}) VALUES (:{', :'.join(fields)})"), fields)  # noqa: S608

    add("themes", name="sport")
    for name in ("anna", "ben"):
        add("residents", name=name)
    where = {"theme": 1, "opener": 1, "question": "Wat?", "options": '["agree","abstain","object"]'}
    add("polls", **where, kind="consent", at_most=1, results="closed", anonymous=True, state="open", **TIMES)
    add("tallies", poll=1, choices="", votes=1)
    seals.make("poll-1")
    sealed = seals.seal("poll-1", b'["3","te ver"]', 1_400)
    add("ballots", poll=1, voter=1, choices=sealed, cast_at=4)
    answered: list[dict[str, object]] = [
        {"at": 0, "answer": RECEIPT},
        {"at": 0, "answer": "sealed", "key": "now-1"},
        {"at": 0},
        {"at": 0, "answer": SAID},
        {"at": 0, "undo": "{}"},
        {"at": 2 * DAY},
    ]
    for number, fields in enumerate(answered):
        add("seen", id=f"e{number}", **fields)
    said: dict[str, object] = {"platform": "matrix", "room": "@anna:x", "private": True, "next_at": 5}
    told: list[dict[str, object]] = [
        {"message": RECEIPT, "sent_at": 7},
        {"message": "", "sent_at": 7},
        {"message": RECEIPT},
        {"message": SAID, "sent_at": 7},
    ]
    for number, fields in enumerate(told):
        add("posts", id=f"p{number}", **said, **fields)
        add("refs", account="me", platform="matrix", ref=f"$p{number}", post=f"p{number}", room="!dm")
    db.commit()


TIMES = {"opened_at": 1, "closes_at": 2}


async def test_an_anonymous_poll_that_is_open_goes_on(database_url: str, tmp_path: Path) -> None:
    """Ballots from before count at the end, with those from after; what told of them is there no more."""
    seals = Keyring(tmp_path / "keys")
    await upgrade(database_url, to="0007")
    await look(database_url, partial(fill_before_pairs, seals))
    store = await open_database(database_url, tmp_path / "keys", stores_of())

    def vote(tx: Transaction) -> None:
        poll, mine = tx.of(POLLS).get(1, 1) or (None, None)
        assert poll
        assert mine == SEALED
        tx.of(POLLS).change(1, {"floor": 2})  # there are no more of them
        tx.of(POLLS).vote(poll, 2, (), (1,), NOW, None)

    def end(tx: Transaction) -> list[str]:
        poll, _ = tx.of(POLLS).get(1, 0) or (None, None)
        assert poll
        tx.of(POLLS).end(poll, "closed", NOW)
        assert tally(tx, 1) == [1, 0, 1]
        return list(tx.of(POLLS).reasons(poll))

    try:
        await store.run(vote)
        assert await store.run(end) == ["te ver"]
        assert not await store.run(lambda tx: tx.of(POLLS).burn(1))
        assert await store.run(lambda tx: tx.of(POLLS).burn(1))
        assert not [name for name in seals.names() if name.startswith("poll-1")]
    finally:
        await store.close()
    assert {row[0] for row in await look(database_url, rows("seen", "id"))} == {"e3", "e4", "e5"}
    assert {row[0] for row in await look(database_url, rows("posts", "id"))} == {"p2", "p3"}
    assert {row[0] for row in await look(database_url, rows("refs", "post"))} == {"p2", "p3"}


# --- communities ---

# What there is before there are communities: a row or two of each table, and a poll that is there no more.
BEFORE_COMMUNITIES: dict[str, list[dict[str, object]]] = {
    "residents": [{"name": "An", "folded": "an"}, {"name": "Ben", "folded": "ben"}],
    "identities": [
        {"platform": "matrix", "user_id": f"@{name}:x", "resident": n} for n, name in ((1, "an"), (2, "b"))
    ],
    "themes": [{"name": "sport"}],
    "places": [{"platform": "matrix", "room": "!r", "theme": 1, "name": "r", "here": True, "account": "me"}],
    "members": [
        {"theme": 1, "platform": "matrix", "user_id": "@an:x", "resident": 1, "since": 1, "said_at": 2}
    ],
    "seen": [{"id": "$1", "at": 3, "answer": None}],
    "posts": [
        {
            "id": "p1",
            "platform": "matrix",
            "room": "!r",
            "private": False,
            "message": "{}",
            "next_at": 4,
            "account": "me",
        }
    ],
    "subjects": [{"subject": "poll:1", "theme": 1, "version": 2, "open": True}],
    "boards": [{"subject": "poll:1", "platform": "matrix", "room": "!r", "next_at": 5, "account": "me"}],
    "refs": [{"account": "me", "ref": "$b", "subject": "poll:1", "platform": "matrix", "room": "!r"}],
    "jobs": [{"kind": "poll.close", "subject": "1", "due_at": 2, "key": "poll.close:1"}],
    "uses": [{"resident": 1, "what": "poll open", "until": 9}],
    "polls": [
        {
            "theme": 1,
            "opener": 1,
            "question": q,
            "options": '["Ja","Nee"]',
            "at_most": 1,
            "state": "open",
            **TIMES,
        }
        for q in ("Een?", "Twee?", "Drie?")
    ],
    "ballots": [{"poll": 1, "voter": 1, "choices": "1", "cast_at": 6}],
    "endings": [{"poll": 2, "resident": 2}],
    "marks": [{"poll": 2, "voter": 1, "latest": "00"}],
    "tallies": [{"poll": 1, "choices": "", "votes": 1}, {"poll": 1, "choices": "1", "votes": 1}],
}


def add_rows(what: dict[str, list[dict[str, object]]], db: Connection) -> None:
    for table, found in what.items():
        for fields in found:
            names = ", ".join(fields)
            db.execute(sql(f"INSERT INTO {table} ({names}) VALUES (:{', :'.join(fields)})"), fields)  # noqa: S608
    db.commit()


def fill_before_communities(db: Connection) -> None:
    add_rows(BEFORE_COMMUNITIES, db)
    db.execute(sql("DELETE FROM polls WHERE id = 3"))
    db.commit()


def all_of_before(db: Connection) -> dict[str, list[tuple[object, ...]]]:
    """Every row, by the columns that there were."""
    return {table: rows(table, *found[0])(db) for table, found in BEFORE_COMMUNITIES.items()}


async def test_what_there_is_becomes_the_first_communitys(database_url: str) -> None:
    """And goes on: its poll takes votes, no number is given out again; a second one changes none of it."""
    await upgrade(database_url, to="0019")
    await look(database_url, fill_before_communities)
    before = await look(database_url, all_of_before)
    await upgrade(database_url)
    assert await look(database_url, all_of_before) == before
    for table in BEFORE_COMMUNITIES:
        assert {row[0] for row in await look(database_url, rows(table, "community"))} == {1}, table
    store = await open_database(database_url, keys_of(database_url), stores_of())

    def ask(tx: Transaction) -> int:
        theme, an = tx.places.theme_named("sport"), Identity("matrix", "@an:x")
        anna = tx.people.by_identity(an) or tx.people.add(an, "An")
        return tx.of(POLLS).add(a_plan(theme=theme.id, opener=anna.id), "open").id

    def vote(tx: Transaction) -> list[int]:
        poll, mine = tx.of(POLLS).get(1, 1) or (None, ())
        assert poll
        tx.of(POLLS).vote(poll, 1, mine, (2,), NOW, None)
        return tally(tx, 1)

    try:
        other = await store.run_anywhere(lambda tx: tx.communities.add("Other"))
        assert [await store.run(ask, community=whose) for whose in (1, other, other, 1)] == [4, 1, 2, 5]
        assert await store.run(vote) == [0, 1]
        assert [job.subject for job in await store.run(lambda tx: tx.jobs.claim(NOW, 9))] == ["1"]
        (board,) = await store.run_anywhere(lambda tx: tx.boards.stale("me", NOW, 9))
        assert (board.key, board.community) == ("board:poll:1:!r:0", 1)
        (post,) = await store.run_anywhere(lambda tx: tx.posts.due("me", NOW, 9))
        assert post.key == "p1"
    finally:
        await store.close()

    await look(database_url, partial(down_to, "0019"))
    left = await look(database_url, all_of_before)
    assert left["residents"] == before["residents"]
    assert len(left["polls"]) == 4
    assert len(left["themes"]) == 1

    def asked_then(db: Connection) -> int:
        db.execute(
            sql(
                "INSERT INTO polls (theme, opener, question, options, at_most, state, opened_at, closes_at)"
                " VALUES (1, 1, 'x', '[]', 1, 'open', 1, 2)"
            )
        )
        found: int = db.execute(sql("SELECT max(id) FROM polls")).scalar_one()
        return found

    assert await look(database_url, asked_then) == 6


# --- linking ---

# What there is once accounts were linked and one left: in both communities, where numbers may be the same.
LINKED: dict[str, list[dict[str, object]]] = {
    "communities": [{"id": 2, "name": "Other"}],
    "residents": [{"id": 3, "community": 2, "name": "An", "folded": "an"}],
    "identities": [
        {"platform": "matrix", "user_id": "@an:x", "community": 2, "resident": 3, "role": 1},
    ],
    "themes": [{"id": 2, "community": 2, "name": "sport"}],
    "polls": [
        {
            "community": 2,
            "id": 1,
            "theme": 2,
            "opener": 3,
            "question": "Een?",
            "options": "[]",
            "at_most": 1,
            "state": "open",
            "was_left": True,
            **TIMES,
        }
    ],
    "link_codes": [
        {"community": 1, "code": "c1", "resident": 1, "account": "a", "until": 1},
        {"community": 2, "code": "c1", "resident": 3, "account": "a", "until": 1},
    ],
    "links": [{"community": 2, "resident": 3, "joined": "[]", "brought": "{}", "until": 1}],
    "wrong_codes": [{"community": 1, "account": "a", "at": 1}, {"community": 2, "account": "a", "at": 1}],
    "leavers": [
        {"community": 1, "poll": 1, "account": "a", "holder": 1},
        {"community": 2, "poll": 1, "account": "a", "holder": 3},
    ],
}


def made_how(db: Connection) -> list[tuple[str, str]]:
    """How each table is kept, on SQLite, beside what SQLAlchemy can compare."""
    if db.dialect.name != "sqlite":
        return []
    found = db.execute(sql("SELECT name, sql FROM sqlite_master WHERE type = 'table' ORDER BY name"))
    return [
        (name, how) for name, words in found for how in ("WITHOUT ROWID", "AUTOINCREMENT") if how in words
    ]


async def test_what_was_linked_is_there_by_community_and_goes_down_again(database_url: str) -> None:
    """Whoever voted, who is whose and what they may do stays as it was; of codes nothing is left."""
    await upgrade(database_url, to="0019")
    await look(database_url, fill_before_communities)
    await upgrade(database_url, to="0020")
    before = await look(database_url, all_of_before)
    made_before = await look(database_url, made_how)
    await upgrade(database_url)
    assert await look(database_url, all_of_before) == before
    assert {row[0] for row in await look(database_url, rows("polls", "was_left"))} == {0}
    assert await look(database_url, rows("identities", "role")) == [(None,), (None,)]
    await look(database_url, partial(add_rows, LINKED))
    for again in LINKED["leavers"]:
        with pytest.raises(IntegrityError):
            await look(database_url, partial(add_rows, {"leavers": [again]}))

    await look(database_url, partial(down_to, "0020"))
    assert await look(database_url, made_how) == made_before
    assert await look(database_url, rows("polls", "community", "id")) == [(1, 1), (1, 2), (2, 1)]
    left = await look(database_url, rows("identities", "community", "resident"))
    assert left == [(1, 1), (1, 2), (2, 3)]
    await upgrade(database_url)
    assert await look(database_url, differences) == []
    assert await look(database_url, rows("leavers", "poll")) == []


# --- names ---


async def test_what_waits_in_the_inbox_keeps_its_number_and_what_was_handled_its_answer(
    database_url: str,
) -> None:
    """Up and down; what comes in afterwards is numbered above it, whichever way it was kept."""
    inbox, answered = ("inbox", "seq", "id", "body"), ("seen", "community", "id", "at", "answer")

    def fill(db: Connection) -> None:
        add = sql(
            "INSERT INTO inbox (account, id, room, body, sealed, arrived_at)"
            " VALUES ('me', :id, '!r', 'said', :sealed, 1)"
        )
        for event, sealed in (("$1", False), ("$2", True)):
            db.execute(add, {"id": event, "sealed": sealed})
        db.execute(sql("INSERT INTO seen (community, id, at, answer) VALUES (1, '$0', 1, 'said')"))
        db.commit()

    await upgrade(database_url, to="0024")
    made = await look(database_url, made_how)
    await look(database_url, fill)
    before = [await look(database_url, rows(*some)) for some in (inbox, answered)]
    await upgrade(database_url)
    assert await look(database_url, differences) == []
    assert [await look(database_url, rows(*some)) for some in (inbox, answered)] == before
    assert [bool(row[0]) for row in await look(database_url, rows("inbox", "undecryptable"))] == [False, True]
    if database_url.startswith("sqlite"):
        assert ("inbox", "AUTOINCREMENT") in made
        assert ("inbox", "AUTOINCREMENT") not in await look(database_url, made_how)
    store = await open_database(database_url, keys_of(database_url), stores_of())
    try:
        (waits,) = await store.run(lambda tx: tx.inbox.waiting("me", undecryptable=True))
        (new,) = await store.run(lambda tx: tx.inbox.add("me", [Arrival("$3", "!r", "new")], None, NOW))
        assert (waits.id, new.seq > waits.seq) == ("$2", True)
        await store.run(lambda tx: tx.inbox.done("me", [new.seq]))
    finally:
        await store.close()

    await look(database_url, partial(down_to, "0024"))
    assert await look(database_url, made_how) == made
    assert [await look(database_url, rows(*some)) for some in (inbox, answered)] == before
    again = sql("INSERT INTO inbox (account, id, room, body, arrived_at) VALUES ('me', '$4', '!r', 'x', 1)")

    def comes_in(db: Connection) -> None:
        db.execute(again)
        db.commit()

    await look(database_url, comes_in)
    assert (await look(database_url, rows("inbox", "seq")))[-1][0] == 3
    await upgrade(database_url)
    assert await look(database_url, differences) == []


# --- who is named ---


async def test_names_beside_numbers_go_from_what_was_said(database_url: str) -> None:
    """And from what the file holds no more."""
    who = '{"resident":7,"name":"Anne \\"Lies\\" Oud\\\\"}'
    said = '{"blocks":[{"key":"k","values":{"who":%s,"other":"{\\"resident\\":7"}}]}'

    def fill(db: Connection) -> None:
        answer = sql("INSERT INTO handled (community, id, at, answer) VALUES (1, :id, 1, :answer)")
        db.execute(answer, {"id": "$1", "answer": said % who})
        db.execute(answer, {"id": "$2", "answer": None})
        for number in range(300):
            db.execute(answer, {"id": f"$gone{number}", "answer": f"Anne Weg {number}" * 50})
        db.commit()
        db.execute(sql("DELETE FROM handled WHERE id LIKE '$gone%'"))
        db.commit()

    await upgrade(database_url, to="0025")
    await look(database_url, fill)
    await upgrade(database_url)
    kept = await look(database_url, rows("handled", "id", "answer", "author"))
    assert kept == [("$1", said % '{"resident":7}', None), ("$2", None, None)]
    if database_url.startswith("sqlite"):
        files = Path(database_url.removeprefix("sqlite:///")).parent.glob("*.db*")
        assert not [path.name for path in files if b"Anne" in path.read_bytes()]
    await look(database_url, partial(down_to, "0025"))
    assert [row[0] for row in await look(database_url, rows("handled", "id"))] == ["$1", "$2"]


async def test_codes_of_before_are_there_without_a_handle(database_url: str) -> None:
    """They are over ten minutes later; until then the account's own id stands for it."""

    def fill(db: Connection) -> None:
        db.execute(sql("INSERT INTO residents (id, community, name) VALUES (1, 1, 'anna')"))
        code = "INSERT INTO link_codes (community, code, resident, account, until)"
        db.execute(sql(f"{code} VALUES (1, 'c', 1, 'a:b', 1)"))
        db.commit()

    await upgrade(database_url, to="0032")
    await look(database_url, fill)
    await upgrade(database_url)
    columns = ("code", "account", "handle", "given_handle")
    assert await look(database_url, rows("link_codes", *columns)) == [("c", "a:b", None, None)]
    await look(database_url, partial(down_to, "0032"))
    assert await look(database_url, rows("link_codes", "code")) == [("c",)]


# --- what people are to themes ---


async def test_themes_of_before_can_be_followed_and_go_on_without_that(database_url: str) -> None:
    def fill(db: Connection) -> None:
        db.execute(sql("INSERT INTO themes (id, community, name) VALUES (3, 1, 'sport')"))
        db.execute(
            sql(
                "INSERT INTO residents (id, community, name, folded, role, wants_reminders, name_is_chosen)"
                " VALUES (7, 1, 'Ann', 'ann', 0, :no, :no)"
            ),
            {"no": False},
        )
        db.commit()

    await upgrade(database_url, to="0034")
    await look(database_url, fill)
    await upgrade(database_url)
    store = await open_database(database_url, keys_of(database_url), stores_of())
    try:
        await store.run(lambda tx: tx.of(THEMES).involve(3, 7, Involvement.FOLLOWS, NOW))
        assert await store.run(lambda tx: tx.of(THEMES).of(7)) == {3: Involvement.FOLLOWS}
        assert await store.run(lambda tx: tx.of(DRAWS).ask(3, "07", 7, None, None, NOW)) == 1
    finally:
        await store.close()
    await look(database_url, partial(down_to, "0034"))
    assert await look(database_url, rows("themes", "id", "name")) == [(3, "sport")]
    assert await look(database_url, rows("residents", "id", "name")) == [(7, "Ann")]


async def test_rooms_of_before_stay_made_and_those_that_wait_go_on_waiting(database_url: str) -> None:
    def fill(db: Connection) -> None:
        db.execute(sql("INSERT INTO themes (id, community, name) VALUES (3, 1, 'sport'), (4, 1, 'raad')"))
        row = "INSERT INTO wanted_rooms (community, theme, platform, name, topic, mark, room, next_at)"
        for values in ("1, 3, 'a', 'sport', '', 'm', 'made', 5", "1, 4, 'a', 'raad', '', 'n', NULL, 6"):
            db.execute(sql(f"{row} VALUES ({values})"))
        db.commit()

    await upgrade(database_url, to="0036")
    await look(database_url, fill)
    await upgrade(database_url)
    columns = ("theme", "room", "due_at", "version", "shaped", "gone")
    kept = await look(database_url, rows("wanted_rooms", *columns))
    assert sorted(kept) == [(3, "made", None, 1, 1, False), (4, None, 6, 1, 0, False)]
    await look(database_url, partial(down_to, "0036"))
    kept = await look(database_url, rows("wanted_rooms", "theme", "room", "next_at"))
    assert sorted(kept) == [(3, "made", 0), (4, None, 6)]


async def test_who_was_let_in_before_is_out_of_that_room(database_url: str) -> None:
    """Anna is inside, Ben is to be out, and Cas is to be let in."""

    def fill(db: Connection) -> None:
        db.execute(sql("INSERT INTO themes (id, community, name) VALUES (3, 1, 'sport')"))
        row = "INSERT INTO wanted_rooms (community, theme, platform, name, topic, mark, room)"
        db.execute(sql(f"{row} VALUES (1, 3, 'x', 'sport', '', 'm', 'made')"))
        for number, name, is_inside, due in ((7, "anna", 1, None), (8, "ben", 0, 5), (9, "cas", 1, 6)):
            person = "INSERT INTO residents (id, community, name) VALUES (:id, 1, :name)"
            db.execute(sql(person), {"id": number, "name": name})
            account = "INSERT INTO identities (platform, user_id, community, resident)"
            db.execute(sql(f"{account} VALUES ('x', :name, 1, :id)"), {"id": number, "name": name})
            guest = "INSERT INTO guests (community, theme, platform, user_id, resident, inside, due_at)"
            values = {"id": number, "name": name, "inside": bool(is_inside), "due": due}
            db.execute(sql(f"{guest} VALUES (1, 3, 'x', :name, :id, :inside, :due)"), values)
        db.commit()

    await upgrade(database_url, to="0041")
    await look(database_url, fill)
    await upgrade(database_url)
    names = "user_id", "inside", "room", "due_at", "version", "put_out"
    kept = await look(database_url, rows("guests", *names))
    assert sorted(kept) == [
        ("anna", True, "made", None, 1, False),
        ("ben", False, "made", 5, 1, False),
        ("cas", True, None, 6, 1, False),
    ]

    def forget(db: Connection) -> None:
        db.execute(sql("UPDATE guests SET resident = NULL WHERE user_id = 'ben'"))
        db.execute(sql("DELETE FROM identities WHERE user_id = 'ben'"))
        db.commit()

    await look(database_url, forget)
    await look(database_url, partial(down_to, "0041"))
    kept = await look(database_url, rows("guests", "user_id", "resident", "inside", "due_at"))
    assert sorted(kept) == [("anna", 7, True, None), ("cas", 9, True, 6)]


async def test_themes_of_before_are_found_by_their_names(database_url: str) -> None:
    """One is the configuration's, one was opened, and one was proposed in vain."""

    def fill(db: Connection) -> None:
        db.execute(sql("INSERT INTO residents (id, community, name) VALUES (7, 1, 'ann')"))
        for number, name in ((3, "sport"), (4, "Café  ")):
            row = "INSERT INTO themes (id, community, name) VALUES (:id, 1, :name)"
            db.execute(sql(row), {"id": number, "name": name})
        for state, opened in (("opened", 4), ("lapsed", None)):
            row = "INSERT INTO proposals (community, theme, name, about, needed, proposed_at, state, opened)"
            values = {"state": state, "opened": opened}
            db.execute(sql(f"{row} VALUES (1, 3, 'Café', 'x', 3, 1, :state, :opened)"), values)
        db.commit()

    await upgrade(database_url, to="0042")
    await look(database_url, fill)
    await upgrade(database_url)
    store = await open_database(database_url, keys_of(database_url), stores_of())
    try:
        assert await store.run(lambda tx: tx.places.opened()) == {4: "Café"}
        assert await store.run(lambda tx: tx.places.perhaps_called("CAFÉ")) == [4]
        assert await store.run(lambda tx: tx.places.listed("af", 9)) == ([Theme(4, "Café")], 1)
    finally:
        await store.close()
    await look(database_url, partial(down_to, "0042"))
    assert sorted(await look(database_url, rows("themes", "id", "name"))) == [(3, "sport"), (4, "Café  ")]


async def test_who_is_something_to_a_theme_with_two_accounts_counts_once(database_url: str) -> None:
    """Ann's two accounts brought one each, and Ben's two the same."""

    def fill(db: Connection) -> None:
        db.execute(sql("INSERT INTO themes (id, community, name) VALUES (3, 1, 'sport')"))
        for number, name in ((7, "ann"), (8, "ben")):
            person = "INSERT INTO residents (id, community, name) VALUES (:id, 1, :name)"
            db.execute(sql(person), {"id": number, "name": name})
        row = "INSERT INTO involvements (community, theme, resident, how, since) VALUES (1, 3, :who, :how, 1)"
        part = Involvement.TAKES_PART
        for who, how in ((7, Involvement.FOLLOWS), (7, Involvement.PULLS), (8, part), (8, part)):
            db.execute(sql(row), {"who": who, "how": int(how)})
        db.commit()

    await upgrade(database_url, to="0045")
    await look(database_url, fill)
    await upgrade(database_url)
    store = await open_database(database_url, keys_of(database_url), stores_of())
    try:
        counts = await store.run(lambda tx: tx.of(THEMES).counts([3]))
        assert counts == {3: {Involvement.PULLS: 1, Involvement.TAKES_PART: 1}}
    finally:
        await store.close()
    await look(database_url, partial(down_to, "0045"))
    assert len(await look(database_url, rows("involvements", "id"))) == 4


async def test_who_declined_or_pulled_has_it_by_itself(database_url: str) -> None:
    """What stood is as it was, up and down; of several of one person one is left, named if each says so."""

    def fill(db: Connection) -> None:
        db.execute(sql("INSERT INTO themes (id, community, name) VALUES (3, 1, 'sport')"))
        for number, name in ((7, "ann"), (8, "ben")):
            person = "INSERT INTO residents (id, community, name) VALUES (:id, 1, :name)"
            db.execute(sql(person), {"id": number, "name": name})
            row = "INSERT INTO undrawn (community, theme, resident) VALUES (1, 3, :id)"
            db.execute(sql(row), {"id": number})
        archive = "INSERT INTO archives (id, community, theme, name, begun_on, archived_on)"
        db.execute(sql(f"{archive} VALUES (1, 1, 3, 'sport', '2026-01-01', '2026-02-01')"))
        puller = (
            "INSERT INTO archive_pullers (community, archive, resident, named) VALUES (1, 1, :id, :named)"
        )
        for number, named in ((7, True), (8, False)):
            db.execute(sql(puller), {"id": number, "named": named})
        db.commit()

    def as_one(tx: Transaction) -> object:
        tx.of(DRAWS).merge(8, 7)
        tx.of(ARCHIVES).merge(8, 7)
        archive = tx.of(ARCHIVES).get(1)
        assert archive
        return tx.of(DRAWS).declined_by(7), archive.named, archive.unnamed

    await upgrade(database_url, to="0046")
    await look(database_url, fill)
    made_before = await look(database_url, made_how)
    await upgrade(database_url)
    assert await look(database_url, rows("undrawn", "theme", "resident")) == [(3, 7), (3, 8)]
    assert await look(database_url, rows("archive_pullers", "resident", "named")) == [(7, 1), (8, 0)]
    store = await open_database(database_url, keys_of(database_url), stores_of())
    try:
        assert await store.run(as_one) == ([3], [], 1)
    finally:
        await store.close()
    await look(database_url, partial(down_to, "0046"))
    assert await look(database_url, made_how) == made_before
    assert await look(database_url, rows("undrawn", "theme", "resident")) == [(3, 7)]
    assert await look(database_url, rows("archive_pullers", "resident", "named")) == [(7, 0)]
    await upgrade(database_url)
    assert await look(database_url, differences) == []


# --- what is new ---


async def test_who_was_here_before_hears_of_what_is_new_from_then_on(database_url: str) -> None:
    """What stood then is no news, and nobody is taken to have talked in private."""

    def fill(db: Connection) -> None:
        db.execute(sql("INSERT INTO themes (id, community, name) VALUES (3, 1, 'sport')"))
        db.execute(
            sql(
                "INSERT INTO residents (id, community, name, folded, role, wants_reminders, name_is_chosen)"
                " VALUES (7, 1, 'Ann', 'ann', 0, :no, :no)"
            ),
            {"no": False},
        )
        db.execute(
            sql("INSERT INTO identities (platform, user_id, community, resident) VALUES ('x', 'ann', 1, 7)")
        )
        db.execute(
            sql(
                "INSERT INTO members (community, theme, platform, user_id, resident, since, said_at)"
                " VALUES (1, 3, 'x', 'ann', 7, 1, 1)"
            )
        )
        db.execute(
            sql(
                "INSERT INTO subjects (community, subject, theme, version, open)"
                " VALUES (1, 'poll:1', 3, 1, :yes)"
            ),
            {"yes": True},
        )
        db.commit()

    def read(tx: Transaction) -> list[object]:
        tx.of(DIGESTS).choose(7, Often.DAILY)
        (part,) = tx.people.parts_of([7])[7]
        long_ago = datetime.fromtimestamp(0, UTC)
        return [
            tx.people.talking([7]),
            part.used_at,
            tx.boards.new_since(long_ago),
            tx.of(DIGESTS).among([7])[7].often,
        ]

    await upgrade(database_url, to="0038")
    await look(database_url, fill)
    await upgrade(database_url)
    store = await open_database(database_url, keys_of(database_url), stores_of())
    try:
        assert await store.run(read) == [set(), None, [], Often.DAILY]
    finally:
        await store.close()
    await look(database_url, partial(down_to, "0038"))
    assert await look(database_url, rows("residents", "id", "name")) == [(7, "Ann")]


# --- how somebody wants to be reminded ---


async def test_who_wanted_reminders_before_wants_them_as_they_were(database_url: str) -> None:
    """By the community's clocks, when others are, and with nothing that they asked for."""

    def fill(db: Connection) -> None:
        whose = {"community": 1, "folded": "", "role": 0, "name_is_chosen": False}
        wants = {1: True, 2: False}
        rows = [{**whose, "id": who, "name": "x", "wants_reminders": want} for who, want in wants.items()]
        add_rows({"residents": rows}, db)

    def read(tx: Transaction) -> tuple[Mapping[int, Wishes], Sequence[Reminder]]:
        found = tx.people.wishes([1, 2]), tx.of(REMINDERS).of(1)
        theirs = Asked(resident=1, theme=None, words="bin", due_at=datetime(2026, 12, 2, tzinfo=UTC))
        assert tx.of(REMINDERS).add(theirs).id == 1
        tx.people.set_zone(1, "Europe/Lisbon")
        return found

    await upgrade(database_url, to="0049")
    await look(database_url, fill)
    await upgrade(database_url)
    store = await open_database(database_url, keys_of(database_url), stores_of())
    try:
        assert await store.run(read) == ({1: Wishes(wanted=True), 2: Wishes()}, [])
    finally:
        await store.close()
    await look(database_url, partial(down_to, "0049"))
    kept = await look(database_url, rows("residents", "id", "wants_reminders"))
    assert [(number, bool(wants)) for number, wants in kept] == [(1, True), (2, False)]
    await upgrade(database_url)
    assert await look(database_url, differences) == []


# --- why somebody objects ---


CONSENT = {
    "community": 1,
    "id": 1,
    "theme": 3,
    "opener": 1,
    "question": "A fence?",
    "at_most": 1,
    "options": '["agree","abstain","object"]',
    "kind": "consent",
    "results": "live",
    "anonymous": False,
    **TIMES,
}


async def test_reasons_of_before_are_read_and_unsaid_and_go_down_again(database_url: str) -> None:
    """Whatever stands in them; on which account they were given nobody knows."""
    said = {1: "too near", 2: 'a "gate" / [1]', 3: None}

    def fill(db: Connection) -> None:
        add_rows({"themes": [{"id": 3, "community": 1, "name": "sport"}]}, db)
        whose = {"community": 1, "folded": "", "role": 0, "wants_reminders": False, "name_is_chosen": False}
        add_rows({"residents": [{**whose, "id": number, "name": "x"} for number in said]}, db)
        add_rows({"polls": [{**CONSENT, "state": "open"}]}, db)
        cast = [{"voter": voter, "choices": "3", "reason": reason} for voter, reason in said.items()]
        add_rows({"ballots": [{"community": 1, "poll": 1, **ballot, "cast_at": 4} for ballot in cast]}, db)

    def read(tx: Transaction) -> list[Sequence[Reason]]:
        return [tx.of(POLLS).said_by(1, voter) for voter in said]

    await upgrade(database_url, to="0047")
    await look(database_url, fill)
    await upgrade(database_url)
    store = await open_database(database_url, keys_of(database_url), stores_of())
    try:
        assert await store.run(read) == [[Reason("too near")], [Reason('a "gate" / [1]')], []]
    finally:
        await store.close()
    await look(database_url, partial(down_to, "0047"))
    assert await look(database_url, rows("ballots", "voter", "reason")) == [*said.items()]
    await upgrade(database_url)
    assert await look(database_url, differences) == []


# --- what two said before they were one person ---


async def test_what_was_said_before_is_their_own_and_can_be_undone_still(database_url: str) -> None:
    """Ben joined Ann an hour ago, and brought a ballot and support, which go back to him. Where somebody
    has two by then, going down leaves the last.
    """
    whose = {"community": 1, "folded": "", "role": 0, "wants_reminders": False, "name_is_chosen": False}
    poll = {**CONSENT, "state": "closed"}
    wishes = {"name": "x", "name_is_chosen": False, "name_is_own": False, "locale": None, "role": 0}
    brought = {
        "wishes": {**wishes, "wants_reminders": False},
        "before": {**wishes, "wants_reminders": False},
        "rows": {"ballots.voter": [[1]], "supporters.resident": [[5]], "uses.resident": [[8]]},
        "whom": ["console:ann"],
    }

    def fill(db: Connection) -> None:
        add_rows({"themes": [{"id": 3, "community": 1, "name": "sport"}]}, db)
        add_rows({"residents": [{**whose, "id": number, "name": "x"} for number in (1, 7)]}, db)
        account = {"platform": "console", "resident": 1, "community": 1}
        add_rows({"identities": [{**account, "user_id": who} for who in ("ann", "ben")]}, db)
        add_rows({"polls": [{**poll, "id": number} for number in (1, 2)]}, db)
        ballot = {"community": 1, "choices": "3", "cast_at": 4}
        add_rows({"ballots": [{**ballot, "poll": poll, "voter": 1} for poll in (1, 2)]}, db)
        proposal = {"id": 5, "community": 1, "theme": 3, "name": "Light", "about": "", "needed": 2}
        add_rows({"proposals": [{**proposal, "proposed_at": 1, "state": "lapsed"}]}, db)
        add_rows({"supporters": [{"community": 1, "proposal": 5, "resident": 1}]}, db)
        link = {"community": 1, "resident": 1, "joined": '["console:ben"]', "until": 9}
        add_rows({"links": [{**link, "brought": json.dumps(brought)}]}, db)
        answered = {"community": 1, "at": 1, "answer": "x"}
        sealed = [{**answered, "id": name, "key": key} for name, key in (("a", ""), ("b", "now-1"))]
        add_rows({"handled": sealed}, db)

    def undo(tx: Transaction) -> int:
        ben = Identity("console", "ben")
        (link,) = tx.of(LINKS).links_of(1)
        return tx.people.part(1, [ben], Brought(**json.loads(link["brought"])))

    await upgrade(database_url, to="0049")
    await look(database_url, fill)
    await upgrade(database_url)
    assert await look(database_url, differences) == []
    said = [("ballots", ("poll", "voter", "cast_as")), ("supporters", ("proposal", "resident", "said_as"))]
    found = [await look(database_url, rows(table, *names)) for table, names in said]
    assert found == [[(1, 1, 1), (2, 1, 1)], [(5, 1, 1)]]
    # Of a sealed answer of before nobody knows whom it names.
    answers = await look(database_url, rows("handled", "id", "answer", "key", "names"))
    assert answers == [("a", "x", "", None), ("b", None, "", None)]
    await look(database_url, partial(down_to, "0049"))
    ((again,),) = await look(database_url, rows("links", "brought"))
    assert json.loads(str(again)) == brought
    await upgrade(database_url)
    store = await open_database(database_url, keys_of(database_url), stores_of())
    try:
        new = await store.run(undo)
    finally:
        await store.close()
    found = [await look(database_url, rows(table, *names)) for table, names in said]
    assert [sorted(each) for each in found] == [[(1, new, 1), (2, 1, 1)], [(5, new, 1)]]
    await look(database_url, partial(say_twice, new))
    await look(database_url, partial(down_to, "0049"))
    found = [await look(database_url, rows("ballots", "poll", "voter", "choices"))]
    assert found == [[(1, new, "2"), (2, 1, "3")]]
    assert await look(database_url, rows("answers", "resident", "way")) == [(1, "online")]
    await upgrade(database_url)
    assert await look(database_url, differences) == []


def say_twice(voter: int, db: Connection) -> None:
    """As whoever was two people when a poll was closed, or a meeting held."""
    ballot = {"community": 1, "poll": 1, "voter": voter, "cast_as": 9, "choices": "2", "cast_at": 5}
    add_rows({"ballots": [ballot]}, db)
    meeting = {"id": 1, "community": 1, "theme": 3, "title": "x", "starts_at": 1, "ends_at": 2, "remind": ""}
    add_rows({"meetings": [{**meeting, "state": "held", "version": 1, "told": "{}"}]}, db)
    answer = {"community": 1, "meeting": 1, "resident": 1, "since": 1, "said_at": 1, "party": 1}
    ways: list[dict[str, object]] = [{**answer, "way": way, "shown": False} for way in ("on-site", "online")]
    add_rows({"answers": ways}, db)


# --- meetings that come back ---


async def test_meetings_of_before_are_single_ones_that_people_see(database_url: str) -> None:
    told = '{"starts_at": "2027-01-05T19:30:00+00:00", "by": []}'
    meeting = {"id": 1, "theme": 3, "organiser": 1, "title": "Council", "place": "Hall", "remind": "3600"}
    begun = {"starts_at": 4, "ends_at": 5, "state": "planned", "version": 2, "told": told}
    answer = {"meeting": 1, "resident": 1, "way": "on-site", "seat": "on-site", "since": 1, "said_at": 1}

    def fill(db: Connection) -> None:
        add_rows({"themes": [{"id": 3, "community": 1, "name": "sport"}]}, db)
        person = {"folded": "", "role": 0, "wants_reminders": False, "name_is_chosen": False}
        add_rows({"residents": [{"community": 1, "id": 1, "name": "x", **person}]}, db)
        add_rows({"meetings": [{"community": 1, **meeting, **begun}]}, db)
        add_rows({"answers": [{"community": 1, **answer, "party": 1, "shown": False}]}, db)

    def read(tx: Transaction) -> list[object]:
        (found,) = tx.of(MEETINGS).coming([3], 10)
        return [
            *(found.series, found.day, found.by_hand, found.announced, found.expanded, found.version),
            tx.of(MEETINGS).figures(1).coming,
            tx.of(SERIES).among([3]),
        ]

    await upgrade(database_url, to="0049")
    await look(database_url, fill)
    await upgrade(database_url)
    store = await open_database(database_url, keys_of(database_url), stores_of())
    try:
        assert await store.run(read) == [None, None, False, True, True, 2, 1, []]
    finally:
        await store.close()
    await look(database_url, partial(down_to, "0049"))
    assert await look(database_url, rows("meetings", "id", "title", "told")) == [(1, "Council", told)]
    await upgrade(database_url)
    assert await look(database_url, differences) == []


# --- how many people said what of a meeting ---


async def test_what_was_said_of_meetings_before_is_counted_and_goes_down_again(database_url: str) -> None:
    def fill(db: Connection) -> None:
        add_rows({"themes": [{"id": 3, "community": 1, "name": "sport"}]}, db)
        meeting = {"community": 1, "theme": 3, "title": "x", "starts_at": 1, "ends_at": 2, "remind": ""}
        meeting |= {"state": "planned", "version": 1, "told": "{}"}
        add_rows({"meetings": [{**meeting, "id": number} for number in (1, 2)]}, db)
        given = [("online", "online", 3), ("online", "online", 1), ("online", None, 2), ("no", None, 1)]
        answer: dict[str, object] = {"community": 1, "meeting": 1, "since": 1, "said_at": 1, "shown": False}
        said = [{**answer, "way": way, "seat": seat, "party": party} for way, seat, party in given]
        add_rows({"answers": said}, db)

    def read(tx: Transaction) -> list[Figures]:
        return [tx.of(MEETINGS).figures(number) for number in (1, 2)]

    await upgrade(database_url, to="0052")
    await look(database_url, fill)
    for _ in range(2):
        await upgrade(database_url)
        assert await look(database_url, differences) == []
        store = await open_database(database_url, keys_of(database_url), stores_of())
        try:
            counted = {(Way.ONLINE, Way.ONLINE): 4, (Way.ONLINE, None): 2, (Way.NO, None): 1}
            assert await store.run(read) == [Figures(counted), Figures({})]
        finally:
            await store.close()
        await look(database_url, partial(down_to, "0052"))


# --- what is said otherwise where somebody can be told nothing in private ---


async def test_what_waits_for_people_before_waits_for_them_still_and_goes_down_again(
    database_url: str,
) -> None:
    def fill(db: Connection) -> None:
        person = {"folded": "", "role": 0, "wants_reminders": False, "name_is_chosen": False}
        add_rows({"residents": [{"community": 1, "id": 1, "name": "anna", **person, "unheard": True}]}, db)
        account = {"community": 1, "platform": "test", "user_id": "anna", "resident": 1}
        add_rows({"identities": [account]}, db)
        post = {"community": 1, "platform": "test", "room": "anna", "private": True, "account": ""}
        said = {"message": "{}", "next_at": 1, "resident": 1}
        add_rows({"posts": [{"seq": 1, "id": "dag", **post, **said}]}, db)

    def read(tx: Transaction) -> tuple[Mapping[int, object], int]:
        return tx.told.take("kind 1", 10, NOW)[0], tx.told.unreached(datetime(1970, 1, 1, tzinfo=UTC))

    await upgrade(database_url, to="0054")
    await look(database_url, fill)
    for _ in range(2):
        await upgrade(database_url)
        assert await look(database_url, differences) == []
        store = await open_database(database_url, keys_of(database_url), stores_of())
        try:
            assert await store.run(read) == ({}, 1)
        finally:
            await store.close()
        assert [
            tuple(map(bool, row)) for row in await look(database_url, rows("residents", "told_aloud"))
        ] == [(False,)]
        await look(database_url, partial(down_to, "0054"))


# --- which account asked for a reminder ---


async def test_reminders_of_before_are_of_no_account_in_particular(database_url: str) -> None:
    def fill(db: Connection) -> None:
        person = {"folded": "", "role": 0, "wants_reminders": False, "name_is_chosen": False}
        add_rows({"residents": [{"community": 1, "id": 1, "name": "x", **person}]}, db)
        add_rows({"reminders": [{"community": 1, "id": 1, "resident": 1, "words": "x", "due_at": 1}]}, db)

    await upgrade(database_url, to="0054")
    await look(database_url, fill)
    for _ in range(2):
        await upgrade(database_url)
        assert await look(database_url, differences) == []
        assert await look(database_url, rows("reminders", "id", "words", "account")) == [(1, "x", None)]
        await look(database_url, partial(down_to, "0054"))


# --- how residents like to be thanked ---


async def test_nobody_is_thanked_for_thanking_before_they_say_so(database_url: str) -> None:
    def fill(db: Connection) -> None:
        person = {"folded": "", "role": 0, "wants_reminders": False, "name_is_chosen": False}
        add_rows({"residents": [{"community": 1, "id": 1, "name": "x", **person}]}, db)
        taste = {"community": 1, "resident": 1, "receives": "openly", "wall": True, "asked": True}
        add_rows({"kudos_tastes": [taste]}, db)

    await upgrade(database_url, to="0059")
    await look(database_url, fill)
    for _ in range(2):
        await upgrade(database_url)
        assert await look(database_url, differences) == []
        store = await open_database(database_url, keys_of(database_url), stores_of())
        try:
            tastes = await store.run(lambda tx: tx.of(KUDOS).tastes([1]))
            assert tastes == {1: Taste(Receives.OPENLY, wall=True, asked=True)}
            assert await store.run(lambda tx: tx.of(KUDOS).told_until(1)) is None
        finally:
            await store.close()
        await look(database_url, partial(down_to, "0059"))


# --- whose a name is that was thanked, and what is thanked together ---


async def test_thanks_of_before_are_claimed_by_nobody_and_go_down_again(database_url: str) -> None:
    def fill(db: Connection) -> None:
        add_rows({"themes": [{"id": 3, "community": 1, "name": "sport"}]}, db)
        given = {"theme": 3, "given_at": 1, "day": "2026-11-28", "reason": "x"}
        add_rows({"kudos": [{"community": 1, "id": 1, **given}]}, db)
        thanked = {"of_kudos": 1, "name": "oma", "theme": 3, "given_at": 1}
        add_rows({"thanked": [{"community": 1, "id": 1, **thanked}]}, db)

    def read(tx: Transaction) -> tuple[object, ...]:
        found = tx.of(KUDOS).look(1)
        assert found
        return found.reason, found.of_group, found.blanked, dict(tx.of(KUDOS).names(1))

    await upgrade(database_url, to="0059")
    await look(database_url, fill)
    for _ in range(2):
        await upgrade(database_url)
        assert await look(database_url, differences) == []
        store = await open_database(database_url, keys_of(database_url), stores_of())
        try:
            assert await store.run(read) == ("x", None, False, {"oma": None})
        finally:
            await store.close()
        await look(database_url, partial(down_to, "0059"))


# --- thanks for what somebody knows ---


async def test_thanks_of_before_endorse_nothing_and_go_down_again(database_url: str) -> None:
    def fill(db: Connection) -> None:
        person = {"folded": "", "role": 0, "wants_reminders": False, "name_is_chosen": False}
        add_rows({"residents": [{"community": 1, "id": 1, "name": "x", **person}]}, db)
        taste = {"community": 1, "resident": 1, "receives": "openly", "wall": True, "asked": True}
        add_rows({"kudos_tastes": [taste]}, db)
        add_rows({"themes": [{"id": 3, "community": 1, "name": "sport"}]}, db)
        given = {"theme": 3, "given_at": 1, "day": "2026-11-28", "reason": "geluid"}
        add_rows({"kudos": [{"community": 1, "id": 1, **given}]}, db)

    def endorse(tx: Transaction) -> tuple[object, ...]:
        kept = tx.of(KUDOS)
        found = kept.tastes([1]), kept.rows_of(1)["endorsed"]
        return *found, kept.endorse(1, 1, ["geluid"])

    await upgrade(database_url, to="0064")
    await look(database_url, fill)
    for _ in range(2):
        await upgrade(database_url)
        assert await look(database_url, differences) == []
        store = await open_database(database_url, keys_of(database_url), stores_of())
        try:
            taste = Taste(Receives.OPENLY, wall=True, asked=True)
            assert await store.run(endorse) == ({1: taste}, [], True)
        finally:
            await store.close()
        await look(database_url, partial(down_to, "0064"))


# --- who worded a meeting last ---


async def test_meetings_of_before_were_worded_by_who_planned_them(database_url: str) -> None:
    def fill(db: Connection) -> None:
        person = {"folded": "", "role": 0, "wants_reminders": False, "name_is_chosen": False}
        add_rows({"residents": [{"community": 1, "id": 1, "name": "x", **person}]}, db)
        add_rows({"themes": [{"community": 1, "id": 1, "name": "sport", "seen": "sport"}]}, db)
        like = {"community": 1, "theme": 1, "title": "Raad", "remind": ""}
        held = {"starts_at": 1, "ends_at": 2, "state": "held", "version": 1, "told": "{}"}
        whose: list[int | None] = [1, None]
        meetings = [{"id": at, "organiser": who, **like, **held} for at, who in enumerate(whose, 1)]
        add_rows({"meetings": meetings}, db)
        rule = {"rule": "{}", "wall": "20:00", "zone": "Europe/Brussels", "first_day": "2026-12-08"}
        going = {"left_out": "{}", "lasts": 60, "going": True}
        add_rows({"meeting_series": [{"id": 1, "organiser": 1, **like, **rule, **going}]}, db)

    await upgrade(database_url, to="0059")
    await look(database_url, fill)
    for _ in range(2):
        await upgrade(database_url)
        assert await look(database_url, differences) == []
        assert await look(database_url, rows("meetings", "id", "worded_by")) == [(1, 1), (2, None)]
        assert await look(database_url, rows("meeting_series", "id", "worded_by")) == [(1, 1)]
        await look(database_url, partial(down_to, "0059"))


# --- what is written down of a meeting, and promised there ---


async def test_meetings_of_before_have_minutes_from_now_on(database_url: str) -> None:
    def fill(db: Connection) -> None:
        add_rows({"themes": [{"community": 1, "id": 1, "name": "sport", "seen": "sport"}]}, db)
        like = {"community": 1, "theme": 1, "title": "Raad", "remind": ""}
        held = {"starts_at": 1, "ends_at": 2, "state": "held", "version": 1, "told": "{}"}
        add_rows({"meetings": [{"id": 1, **like, **held}]}, db)

    def write(tx: Transaction) -> None:
        line = Line(
            meeting=1,
            number=1,
            kind=Written.NOTE,
            resident=None,
            words="x",
            said_at=NOW,
            since=1,
        )
        tx.of(MINUTES).add(line)
        tx.of(MINUTES).approve(Approval(meeting=1, version=1, resident=None, approved_at=NOW))
        promise = Promise(
            theme=1,
            meeting=1,
            series=None,
            words="y",
            noted_by=None,
            promised_by=None,
            owner=None,
            for_nobody=True,
            due_on=NOW.date(),
            noted_at=NOW,
            since=1,
        )
        action = tx.of(ACTIONS).add(promise)
        assert tx.of(MINUTES).lines(1, 1) == [line]
        assert list(tx.of(ACTIONS).noted(1, 1)) == [action]

    await upgrade(database_url, to="0064")
    await look(database_url, fill)
    for _ in range(2):
        await upgrade(database_url)
        assert await look(database_url, differences) == []
        store = await open_database(database_url, keys_of(database_url), stores_of())
        try:
            await store.run(write)
        finally:
            await store.close()
        await look(database_url, partial(down_to, "0064"))


async def test_certificates_and_lists_of_before_go_on_and_go_down_again(
    database_url: str,
) -> None:
    def fill(db: Connection) -> None:
        made = {"mark": "0123456789abcdef", "made_at": 1, "words": "{}", "code": "x"}
        add_rows({"certificates": [{"community": 1, "id": 1, **made}]}, db)
        person = {"folded": "", "role": 0, "wants_reminders": False, "name_is_chosen": False}
        add_rows({"residents": [{"community": 1, "id": 1, "name": "x", **person}]}, db)
        add_rows({"year_listed": [{"community": 1, "year": 2026, "resident": 1}]}, db)
        add_rows({"year_lists": [{"community": 1, "year": 2026, "asked_at": 1}]}, db)

    def read(tx: Transaction) -> tuple[object, ...]:
        kept = tx.of(CERTIFICATES)
        found = kept.get(1)
        assert found
        # Who was told of the list, and who came on it later, nobody knows: all are told.
        return found.words, found.account, kept.stands(1), dict(kept.listed(2026))

    await upgrade(database_url, to="0071")
    await look(database_url, fill)
    for _ in range(2):
        await upgrade(database_url)
        assert await look(database_url, differences) == []
        store = await open_database(database_url, keys_of(database_url), stores_of())
        try:
            assert await store.run(read) == ("{}", None, True, {1: None})
        finally:
            await store.close()
        await look(database_url, partial(down_to, "0071"))


async def test_how_somebody_likes_to_be_thanked_is_theirs_as_who_they_are(database_url: str) -> None:
    def fill(db: Connection) -> None:
        person = {"folded": "", "role": 0, "wants_reminders": False, "name_is_chosen": False}
        add_rows({"residents": [{"community": 1, "id": 7, "name": "x", **person}]}, db)
        taste = {"community": 1, "resident": 7, "receives": "openly", "wall": True, "asked": True}
        add_rows({"kudos_tastes": [{**taste, "giver": True}]}, db)

    def say_more(db: Connection) -> None:
        """Whoever had number 8 is the same person."""
        taste = {"community": 1, "resident": 7, "first": 8, "receives": "privately"}
        add_rows({"kudos_tastes": [{**taste, "wall": None, "asked": False, "giver": True}]}, db)
        add_rows({"themes": [{"id": 3, "community": 1, "name": "sport"}]}, db)
        given = {"theme": 3, "given_at": 1, "day": "2026-11-28", "reason": "x"}
        add_rows({"kudos": [{"community": 1, "id": 1, **given}]}, db)
        thanks = {"community": 1, "of_kudos": 1, "resident": 7, "theme": 3, "given_at": 1}
        add_rows({"thanked": [{"id": number, "void": number == 2, **thanks} for number in (1, 2)]}, db)

    columns = ("resident", "receives", "wall", "asked", "giver")
    await upgrade(database_url, to="0065")
    await look(database_url, fill)
    await upgrade(database_url)
    assert await look(database_url, differences) == []
    kept = await look(database_url, rows("kudos_tastes", "first", *columns))
    assert kept == [(7, 7, "openly", True, True, True)]
    await look(database_url, say_more)
    await look(database_url, partial(down_to, "0065"))
    assert await look(database_url, rows("kudos_tastes", *columns)) == [(7, "privately", True, True, True)]
    assert await look(database_url, rows("thanked", "id")) == [(1,)]
    await upgrade(database_url)
    assert await look(database_url, differences) == []


async def test_meetings_that_were_planned_before_open_and_are_asked_about(
    database_url: str,
) -> None:
    def fill(db: Connection) -> None:
        add_rows({"themes": [{"community": 1, "id": 1, "name": "sport", "seen": "sport"}]}, db)
        like = {"community": 1, "theme": 1, "title": "Raad", "remind": "", "version": 1, "told": "{}"}
        when = {"starts_at": 1_000_000_000, "ends_at": 2_000_000_000}
        kinds = [("planned", True), ("planned", False), ("cancelled", True), ("held", True)]
        meetings = [
            {"id": at, "state": state, "announced": announced, **like, **when}
            for at, (state, announced) in enumerate(kinds, 1)
        ]
        add_rows({"meetings": meetings}, db)

    await upgrade(database_url, to="0073")
    await look(database_url, fill)
    for _ in range(2):
        await upgrade(database_url)
        assert await look(database_url, differences) == []
        planned = await look(database_url, rows("jobs", "community", "kind", "subject", "due_at", "key"))
        assert planned == [
            (1, "meeting.here.open", "1", 100_000_000, "meeting.here.open:1"),
            (1, "meeting.rate.open", "1", 2_000_000_000, "meeting.rate.open:1"),
        ]
        await look(database_url, partial(down_to, "0073"))
        assert await look(database_url, rows("jobs", "kind")) == []


async def test_what_is_carried_comes_and_goes(database_url: str) -> None:
    of_one = {"community": 1}

    def begin(db: Connection) -> None:
        add_rows({"themes": [{**of_one, "id": 1, "name": "sport", "seen": "sport"}]}, db)
        add_rows({"residents": [{**of_one, "id": 7, "name": "Mia", "role": 0}]}, db)

    def fill(db: Connection) -> None:
        add_rows({"relays": [{**of_one, "theme": 1, "since": 1, "resident": 7}]}, db)
        add_rows({"copied_in": [{**of_one, "platform": "a", "room": "sport"}]}, db)
        add_rows({"speakers": [{**of_one, "account": "a:mia", "spoke_at": 1}]}, db)
        there = {**of_one, "message": 1, "place": 1}
        add_rows({"copies": [{**there, "part": 0, "ref": b"12345678", "speaker": 1, "at": 1}]}, db)
        wanted = {"account": "b", "edition": "e", "gone": False, "first": True, "next_at": 1}
        add_rows({"wanted_copies": [{**there, **wanted}]}, db)
        early = {"place": 1, "ref": b"87654321", "edition": "gone", "said_at": 1, "until": 1}
        add_rows({"early_acts": [{**of_one, **early}]}, db)

    await upgrade(database_url, to="0075")
    await look(database_url, begin)
    for _ in range(2):
        await upgrade(database_url)
        assert await look(database_url, differences) == []
        await look(database_url, fill)
        waiting = await look(database_url, rows("wanted_copies", "message", "in_doubt", "attempts", "key"))
        assert waiting == [(1, False, 0, "")]
        await look(database_url, partial(down_to, "0075"))


async def test_of_which_message_a_thread_is_comes_and_goes(database_url: str) -> None:
    there = {"community": 1, "message": 1, "place": 1}

    def fill(db: Connection) -> None:
        add_rows({"copies": [{**there, "part": 0, "ref": b"12345678", "speaker": 1, "at": 1}]}, db)

    def add(db: Connection) -> None:
        add_rows({"threads": [{**there, "ref": b"12345678"}]}, db)

    await upgrade(database_url, to="0081")
    await look(database_url, fill)
    for _ in range(2):
        await upgrade(database_url)
        assert await look(database_url, differences) == []
        assert await look(database_url, rows("copies", "message", "thread")) == [(1, None)]
        await look(database_url, add)
        await look(database_url, partial(down_to, "0081"))


async def test_when_somebody_came_is_kept_about_and_what_was_said_beside_an_answer_no_more(
    database_url: str,
) -> None:
    def fill(db: Connection) -> None:
        add_rows({"themes": [{"community": 1, "id": 1, "name": "sport", "seen": "sport"}]}, db)
        person = {"folded": "", "role": 0, "wants_reminders": False, "name_is_chosen": False}
        add_rows({"residents": [{"community": 1, "id": 7, "name": "x", **person}]}, db)
        member = {"community": 1, "theme": 1, "platform": "matrix", "resident": 7, "since": 1}
        moments = [(1_796_152_212_000_000, 1_796_152_212_000_001), (0, None)]
        members = [
            {"user_id": f"@{at}:x", "said_at": said, "used_at": used, **member}
            for at, (said, used) in enumerate(moments)
        ]
        account = {"community": 1, "platform": "matrix", "resident": 7, "talks": False}
        identities = [{"user_id": f"@{at}:x", **account} for at in range(2)]
        add_rows({"identities": identities, "members": members}, db)
        post = {"community": 1, "platform": "matrix", "room": "@0:x", "private": True, "account": ""}
        post |= {"message": "words", "key": "k", "next_at": 1, "resident": 7, "role": 0}
        said = [("beside", True, 5, None), ("beside", False, None, None), (None, True, 5, None)]
        posts = [
            {"id": str(at), "otherwise": otherwise, "withdrawn": taken, "sent_at": sent, "ref": ref, **post}
            for at, (otherwise, taken, sent, ref) in enumerate(said)
        ]
        add_rows({"posts": posts}, db)

    await upgrade(database_url, to="0075")
    await look(database_url, fill)
    for _ in range(2):
        await upgrade(database_url)
        assert await look(database_url, differences) == []
        assert await look(database_url, rows("members", "said_at", "used_at")) == [
            (0, None),
            (1_796_152_200_000_000, 1_796_152_200_000_000),
        ]
        kept = await look(database_url, rows("posts", "id", "message", "key"))
        assert kept == [("0", "", ""), ("1", "words", "k"), ("2", "words", "k")]
        await look(database_url, partial(down_to, "0075"))


# --- who came first ---


async def test_check_ins_of_before_tell_nobody_who_came_first(database_url: str) -> None:
    """Whoever brought one to somebody has it back still; and what says in plain who came is gone."""
    whose = {"community": 1, "folded": "", "role": 0, "wants_reminders": False, "name_is_chosen": False}
    people = [*range(1, 13)]
    brought = {"rows": {"check_ins.resident": [[3]]}}

    def fill(db: Connection) -> None:
        add_rows({"themes": [{"id": 3, "community": 1, "name": "sport"}]}, db)
        add_rows({"residents": [{**whose, "id": number, "name": "x"} for number in people]}, db)
        meeting = {"title": "x", "starts_at": 1, "ends_at": 2, "remind": "", "state": "held", "told": "{}"}
        add_rows({"meetings": [{**meeting, "community": 1, "id": 1, "theme": 3, "version": 1}]}, db)
        came = {"community": 1, "meeting": 1, "shown": True}
        add_rows({"check_ins": [{**came, "id": number, "resident": number} for number in people]}, db)
        link = {"community": 1, "resident": 1, "joined": "[]", "until": 9}
        add_rows({"links": [{**link, "brought": json.dumps(brought)}]}, db)
        here, other = (f'{{"author":["x","y"],"command":"{each}","args":{{}}}}' for each in HERE_OR_NOT)
        answered = [("a", "", here), ("b", "now-1", here), ("c", "", other), ("d", "", None)]
        names = ("id", "key", "undo")
        add = {"community": 1, "at": 1}
        add_rows({"handled": [{**add, **dict(zip(names, each, strict=True))} for each in answered]}, db)

    await upgrade(database_url, to="0075")
    made_before = await look(database_url, made_how)
    await look(database_url, fill)
    await upgrade(database_url)
    assert await look(database_url, differences) == []
    found = await look(database_url, rows("check_ins", "id", "resident", "shown"))
    assert {who for _, who, _ in found} == {*people}
    assert all(shown for *_, shown in found)
    assert [who for _, who, _ in sorted(found, key=lambda row: int(str(row[0])))] != people
    of_third = next(number for number, who, _ in found if who == 3)
    ((again,),) = await look(database_url, rows("links", "brought"))
    assert json.loads(str(again))["rows"]["check_ins.resident"] == [[of_third]]
    undone = await look(database_url, rows("handled", "id", "undo"))
    assert [name for name, undo in undone if undo] == ["c"]
    await look(database_url, partial(down_to, "0075"))
    assert await look(database_url, made_how) == made_before
    assert {number for number, *_ in await look(database_url, rows("check_ins", "id"))} == {*people}
    await upgrade(database_url)
    assert await look(database_url, differences) == []


HERE_OR_NOT = ("meeting not-here", "poll tick")


async def test_what_was_carried_before_is_not_taken_for_missed(database_url: str) -> None:
    of_one = {"community": 1, "message": 1, "place": 1, "account": "b", "edition": "e", "next_at": 1}

    def fill(db: Connection) -> None:
        add_rows({"wanted_copies": [{**of_one, "gone": False, "first": True}]}, db)

    await upgrade(database_url, to="0076")
    await look(database_url, fill)
    for _ in range(2):
        await upgrade(database_url)
        assert await look(database_url, rows("wanted_copies", "message", "missed")) == [(1, False)]
        await look(database_url, partial(down_to, "0076"))


async def test_what_is_encrypted_and_who_stays_out_comes_and_goes(database_url: str) -> None:
    of_one = {"community": 1}

    def begin(db: Connection) -> None:
        add_rows({"themes": [{**of_one, "id": 1, "name": "sport", "seen": "sport"}]}, db)
        add_rows({"residents": [{**of_one, "id": 7, "name": "Mia", "role": 0}]}, db)
        add_rows({"places": [{**of_one, **sport, "theme": 1, "name": "sport", "here": True}]}, db)

    def fill(db: Connection) -> None:
        add_rows({"relay_absences": [{**of_one, "resident": 7, "since": 1}]}, db)

    sport = {"platform": "a", "room": "sport"}
    await upgrade(database_url, to="0076")
    await look(database_url, begin)
    for _ in range(2):
        await upgrade(database_url)
        assert await look(database_url, differences) == []
        assert await look(database_url, rows("places", "room", "encrypted")) == [("sport", False)]
        await look(database_url, fill)
        await look(database_url, partial(down_to, "0076"))


async def test_since_when_a_place_is_carried_is_since_it_was_switched_on_or_agreed_to(
    database_url: str,
) -> None:
    of_one = {"community": 1}

    def begin(db: Connection) -> None:
        themes = [
            {**of_one, "id": number, "name": name, "seen": name} for number, name in ((1, "a"), (2, "b"))
        ]
        add_rows({"themes": themes}, db)
        add_rows({"residents": [{**of_one, "id": 7, "name": "Mia", "role": 0}]}, db)
        rooms = (("open", 1, False), ("agreed", 1, True), ("closed", 1, True), ("off", 2, False))
        for room, theme, encrypted in rooms:
            known = {**of_one, "platform": "a", "room": room, "theme": theme, "name": room, "here": True}
            add_rows({"places": [{**known, "encrypted": encrypted}]}, db)
        add_rows({"relays": [{**of_one, "theme": 1, "since": 10, "resident": 7}]}, db)
        agreed = {**of_one, "platform": "a", "room": "agreed", "theme": 1, "at": 20, "resident": 7}
        add_rows({"relay_consents": [agreed]}, db)
        add_rows({"relay_absences": [{**of_one, "resident": 7, "since": 1}]}, db)

    await upgrade(database_url, to="0081")
    await look(database_url, begin)
    for _ in range(2):
        await upgrade(database_url)
        assert await look(database_url, differences) == []
        since = await look(database_url, rows("places", "room", "carried_since"))
        assert sorted(since) == [("agreed", 20), ("closed", None), ("off", None), ("open", 10)]
        assert await look(database_url, rows("relay_absences", "since", "until")) == [(1, None)]
        await look(database_url, partial(down_to, "0081"))
        assert await look(database_url, rows("relay_consents", "room", "at")) == [("agreed", 20)]


async def test_mutes_and_the_log_come_and_go(database_url: str) -> None:
    of_one = {"community": 1}

    def begin(db: Connection) -> None:
        add_rows({"themes": [{**of_one, "id": 1, "name": "sport", "seen": "sport"}]}, db)
        add_rows({"residents": [{**of_one, "id": 7, "name": "Mia", "role": 0}]}, db)

    def fill(db: Connection) -> None:
        add_rows({"mutes": [{**of_one, "theme": 1, "resident": 7, "until": 2}]}, db)
        log: dict[str, object] = {**of_one, "theme": 1, "at": 1, "deed": "muted", "resident": 7}
        add_rows({"moderation_log": [log]}, db)
        add_rows({"silences": [{**of_one, "platform": "a", "room": "r", "user_id": "u", "theme": 1}]}, db)

    await upgrade(database_url, to="0081")
    await look(database_url, begin)
    for _ in range(2):
        await upgrade(database_url)
        assert await look(database_url, differences) == []
        await look(database_url, fill)
        assert await look(database_url, rows("moderation_log", "deed", "reason")) == [("muted", "")]
        await look(database_url, partial(down_to, "0081"))


async def test_signs_on_what_is_carried_come_and_go(database_url: str) -> None:
    of_one = {"community": 1, "message": 1, "place": 1, "sign": "👍"}

    def fill(db: Connection) -> None:
        put = {"id": 1, "ref": b"1", "speaker": 1, "name": "Mia", "event": None, "noted_at": 1}
        add_rows({"signs": [{**of_one, **put}]}, db)
        add_rows({"placed_signs": [{**of_one, "seq": 1, "account": "b", "wanted_for": 1, "next_at": 1}]}, db)

    await upgrade(database_url, to="0081")
    for _ in range(2):
        await upgrade(database_url)
        assert await look(database_url, differences) == []
        await look(database_url, fill)
        assert await look(database_url, rows("placed_signs", "attempts", "stands_for")) == [(0, None)]
        await look(database_url, partial(down_to, "0081"))


async def test_what_could_not_be_carried_and_what_stands_as_one_comes_and_goes(database_url: str) -> None:
    of_one = {"community": 1, "message": 1}

    def begin(db: Connection) -> None:
        wanted = {"place": 1, "account": "b", "edition": "e", "next_at": 1, "gone": False, "first": True}
        add_rows({"wanted_copies": [{**of_one, **wanted}]}, db)

    def fill(db: Connection) -> None:
        add_rows({"uncarried": [{**of_one, "place": 1, "reason": "{}", "at": 1}]}, db)
        add_rows({"uncarried_marks": [{**of_one, "account": "a", "since": 1, "version": 0}]}, db)
        add_rows(
            {"fold_shares": [{**of_one, "place": 1, "fold": -2, "share": 0, "length": 3, "named": True}]}, db
        )

    await upgrade(database_url, to="0081")
    await look(database_url, begin)
    for _ in range(2):
        await upgrade(database_url)
        assert await look(database_url, differences) == []
        assert await look(database_url, rows("wanted_copies", "message", "since", "fold")) == [
            (1, None, None)
        ]
        await look(database_url, fill)
        assert await look(database_url, rows("uncarried_marks", "tried", "attempts")) == [(False, 0)]
        await look(database_url, partial(down_to, "0081"))
