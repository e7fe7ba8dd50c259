"""Every row belongs to a community: what there is already is the first one's"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TO_DO = sa.text("done_at IS NULL")
_WITHOUT_ROWID = {"sqlite_with_rowid": False}
_NUMBERED = {"sqlite_autoincrement": True}


class _Table(NamedTuple):
    """What becomes of a table: its key, and what is unique in it or refers from it, before and after."""

    name: str
    before: Sequence[str] = ()
    after: Sequence[str] = ()
    unique_before: Sequence[str] = ()
    unique: Sequence[str] = ()
    # Which table the columns refer to, before and after; the columns there are the last of it.
    refers: tuple[str, Sequence[str], Sequence[str], Sequence[str], Sequence[str]] | None = None
    kwargs: dict[str, Any] = {}  # noqa: RUF012  (nobody changes it)


_Refers = tuple[str, Sequence[str], Sequence[str], Sequence[str], Sequence[str]]
_OF_POLL: _Refers = ("polls", ["poll"], ["id"], ["community", "poll"], ["community", "id"])
_OF_SUBJECT: _Refers = (
    "subjects",
    ["subject"],
    ["subject"],
    ["community", "subject"],
    ["community", "subject"],
)
_ACCOUNT = ["platform", "user_id"]
_OF_ACCOUNT: _Refers = ("identities", _ACCOUNT, _ACCOUNT, [*_ACCOUNT, "community"], [*_ACCOUNT, "community"])
_KNOWN: _Refers = ("communities", [], [], ["community"], ["id"])
# SQLite has no name for the key of a table that numbers its rows.
_NAMES = {"pk": "pk_%(table_name)s"}
# Those that others refer to come first.
_TABLES = (
    _Table("residents", refers=_KNOWN, kwargs=_NUMBERED),
    _Table("themes", unique_before=["name"], unique=["community", "name"], refers=_KNOWN),
    _Table("identities", _ACCOUNT, [*_ACCOUNT, "community"], kwargs=_WITHOUT_ROWID),
    _Table("places", kwargs=_WITHOUT_ROWID),
    _Table("seen", ["id"], ["id", "community"]),
    _Table("posts", unique_before=["id"], unique=["id", "community"]),
    _Table("subjects", ["subject"], ["community", "subject"], kwargs=_WITHOUT_ROWID),
    _Table("polls", ["id"], ["community", "id"]),
    _Table("refs", kwargs=_WITHOUT_ROWID),
    _Table("jobs", kwargs=_NUMBERED),
    _Table("uses"),
    _Table(
        "members",
        ["theme", *_ACCOUNT],
        ["community", "theme", *_ACCOUNT],
        refers=_OF_ACCOUNT,
        kwargs=_WITHOUT_ROWID,
    ),
    _Table(
        "boards",
        ["subject", "platform", "room"],
        ["community", "subject", "platform", "room"],
        refers=_OF_SUBJECT,
        kwargs=_WITHOUT_ROWID,
    ),
    _Table("endings", ["poll"], ["community", "poll"], refers=_OF_POLL, kwargs=_WITHOUT_ROWID),
    *(
        _Table(name, ["poll", of], ["community", "poll", of], refers=_OF_POLL, kwargs=_WITHOUT_ROWID)
        for name, of in (("ballots", "voter"), ("marks", "voter"), ("tallies", "choices"))
    ),
)


def upgrade() -> None:
    op.create_table(
        "communities",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_communities")),
        sqlite_autoincrement=True,
    )
    op.execute("INSERT INTO communities (name) VALUES ('')")
    op.create_table(
        "numbers",
        sa.Column("community", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("last", _NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("community", "what", name=op.f("pk_numbers")),
        sqlite_with_rowid=False,
    )
    last = {name: _given_out(name) for name in ("residents", "jobs", "polls")}
    if last["polls"]:
        op.execute(f"INSERT INTO numbers VALUES (1, 'polls', {last['polls']})")  # noqa: S608
    op.drop_index("ix_residents_folded", "residents")
    op.drop_index("ix_jobs_key", "jobs")
    _leave_parents("before")
    for table in _TABLES:
        _give(table)
    if _is_sqlite():
        _go_on_from(last, "residents", "jobs")
    else:
        op.execute("ALTER TABLE polls ALTER COLUMN id DROP DEFAULT")
        op.execute("DROP SEQUENCE polls_id_seq")
    with op.batch_alter_table("identities", table_kwargs=_WITHOUT_ROWID) as batch:
        batch.add_column(sa.Column("turned_at", sa.BigInteger(), nullable=True))
    with op.batch_alter_table("inbox", table_kwargs=_NUMBERED) as batch:
        batch.add_column(sa.Column("whose", sa.Integer(), nullable=True))
    op.create_index("ix_residents_community_folded", "residents", ["community", "folded"])
    _index_jobs("ix_jobs_community_key", ["community", "key"])


def downgrade() -> None:
    """The first community stays, as it was before there were others."""
    last = {name: _given_out(name) for name in ("residents", "jobs")}
    db = op.get_bind()
    last["polls"] = (
        db.execute(sa.text("SELECT last FROM numbers WHERE community = 1 AND what = 'polls'")).scalar() or 0
    )
    for table in reversed(_TABLES):
        op.execute(f"DELETE FROM {table.name} WHERE community <> 1")  # noqa: S608
    op.drop_index("ix_jobs_community_key", "jobs")
    op.drop_index("ix_residents_community_folded", "residents")
    with op.batch_alter_table("identities", table_kwargs=_WITHOUT_ROWID) as batch:
        batch.drop_column("turned_at")
    with op.batch_alter_table("inbox", table_kwargs=_NUMBERED) as batch:
        batch.drop_column("whose")
    _leave_parents("after")
    for each in _TABLES:
        _take(each)
    if _is_sqlite():
        _go_on_from(last, "residents", "jobs", "polls")
    else:
        op.execute("CREATE SEQUENCE polls_id_seq OWNED BY polls.id")
        op.execute("ALTER TABLE polls ALTER COLUMN id SET DEFAULT nextval('polls_id_seq')")
        if last["polls"]:
            op.execute(f"SELECT setval('polls_id_seq', {last['polls']})")
    op.create_index("ix_residents_folded", "residents", ["folded"])
    _index_jobs("ix_jobs_key", ["key"])
    op.drop_table("numbers")
    op.drop_table("communities")


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _fk(table: _Table, *, after: bool) -> str:
    assert table.refers
    return op.f(f"fk_{table.name}_{'_'.join(table.refers[3] if after else table.refers[1])}")


def _leave_parents(when: str) -> None:
    """A key that is referred to cannot be changed; on SQLite, where tables are made anew, nobody looks."""
    if not _is_sqlite():
        for table in _TABLES:
            if table.refers and (when == "after" or table.refers[1]):
                op.drop_constraint(_fk(table, after=when == "after"), table.name, type_="foreignkey")


def _give(table: _Table) -> None:
    with op.batch_alter_table(table.name, table_kwargs=table.kwargs, naming_convention=_NAMES) as batch:
        if _is_sqlite() and table.refers and table.refers[1]:
            batch.drop_constraint(_fk(table, after=False), type_="foreignkey")
        batch.add_column(sa.Column("community", sa.Integer(), server_default="1", nullable=False))
        if table.before:
            batch.drop_constraint(_key_before(table), type_="primary")
            batch.create_primary_key(op.f(f"pk_{table.name}"), list(table.after))
        if table.unique:
            batch.drop_constraint(_unique(table, table.unique_before), type_="unique")
            batch.create_unique_constraint(_unique(table, table.unique), list(table.unique))
    with op.batch_alter_table(table.name, table_kwargs=table.kwargs) as batch:
        # From now on whoever writes says whose it is.
        batch.alter_column("community", existing_type=sa.Integer(), server_default=None)
        if table.refers:
            to, _, _, columns, there = table.refers
            batch.create_foreign_key(_fk(table, after=True), to, list(columns), list(there))


def _take(table: _Table) -> None:
    kwargs = _NUMBERED if table.name == "polls" else table.kwargs
    with op.batch_alter_table(table.name, table_kwargs=kwargs) as batch:
        if _is_sqlite() and table.refers:
            batch.drop_constraint(_fk(table, after=True), type_="foreignkey")
        if table.after:
            batch.drop_constraint(op.f(f"pk_{table.name}"), type_="primary")
        if table.unique:
            batch.drop_constraint(_unique(table, table.unique), type_="unique")
            batch.create_unique_constraint(_unique(table, table.unique_before), list(table.unique_before))
        batch.drop_column("community")
        if table.before:
            batch.create_primary_key(_key_before(table), list(table.before))
        if table.refers and table.refers[1]:
            to, columns, there, _, _ = table.refers
            batch.create_foreign_key(_fk(table, after=False), to, list(columns), list(there))


def _key_before(table: _Table) -> str:
    """Of members SQLite remembers how the table was called at first."""
    return op.f("pk_access" if _is_sqlite() and table.name == "members" else f"pk_{table.name}")


def _unique(table: _Table, columns: Sequence[str]) -> str:
    return op.f(f"uq_{table.name}_{'_'.join(columns)}")


def _index_jobs(name: str, columns: list[str]) -> None:
    op.create_index(name, "jobs", columns, unique=True, sqlite_where=_TO_DO, postgresql_where=_TO_DO)


def _given_out(name: str) -> int:
    """The last number that a table gave out, though its row may be gone."""
    db = op.get_bind()
    if _is_sqlite():
        found = db.execute(sa.text("SELECT seq FROM sqlite_sequence WHERE name = :name"), {"name": name})
        return int(found.scalar() or 0)
    last, is_called = db.execute(sa.text(f"SELECT last_value, is_called FROM {name}_id_seq")).one()  # noqa: S608
    return int(last) if is_called else 0


def _go_on_from(last: dict[str, int], *names: str) -> None:
    """A table that was made anew would go on from the numbers that are left."""
    for name in names:
        if last[name]:
            op.execute(f"DELETE FROM sqlite_sequence WHERE name = '{name}'")  # noqa: S608
            op.execute(f"INSERT INTO sqlite_sequence (name, seq) VALUES ('{name}', {last[name]})")  # noqa: S608
