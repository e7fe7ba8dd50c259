"""Plein's own accounts: what each serves, said and keeps; posts that can be changed and withdrawn

What is there already is known by its platform alone: it gets that word for its account, and goes to the
account of that platform that first says who it is (see storage/accounts.py).
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_WAITING = sa.text("sent_at IS NULL AND parked IS NULL")


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_accounts")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "kept",
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("account", "name", name=op.f("pk_kept")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("identities") as table:
        table.add_column(sa.Column("account", sa.String(), nullable=True))
    with op.batch_alter_table("posts") as table:
        table.add_column(sa.Column("ref", sa.String(), nullable=True))
        table.add_column(sa.Column("wanted", sa.Text(), nullable=True))
        table.add_column(sa.Column("withdrawn", sa.Boolean(), server_default=sa.false(), nullable=False))
        table.add_column(sa.Column("version", sa.Integer(), server_default="1", nullable=False))
        table.add_column(sa.Column("mentions", sa.Text(), nullable=True))
        table.add_column(sa.Column("reply_to", sa.String(), nullable=True))
    for name in ("places", "boards", "posts"):
        with op.batch_alter_table(name) as table:
            table.add_column(sa.Column("account", sa.String(), nullable=False, server_default=""))
        op.execute(f"UPDATE {name} SET account = platform")  # noqa: S608
    op.execute("UPDATE posts SET ref = (SELECT min(ref) FROM refs WHERE refs.post = posts.id)")
    op.drop_index("ix_posts_waiting", "posts")
    _index("ix_posts_waiting", ["account", "platform", "room", "private", "seq"])
    _index("ix_posts_due", ["account", "next_at", "seq"])
    op.execute("CREATE TABLE before AS SELECT * FROM refs")
    op.drop_table("refs")
    op.create_table(
        "refs",
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("post", sa.String(), nullable=True),
        sa.Column("subject", sa.String(), nullable=True),
        sa.Column("platform", sa.String(), nullable=True),
        sa.Column("room", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("account", "ref", name=op.f("pk_refs")),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO refs (account, ref, post, subject, platform, room) "
        "SELECT platform, ref, post, subject, platform, room FROM before"
    )
    op.drop_table("before")
    with op.batch_alter_table("inbox") as table:
        table.add_column(sa.Column("stream", sa.String(), server_default="", nullable=False))
    _split_streams()
    op.drop_table("bookmarks")


def _index(name: str, columns: list[str]) -> None:
    op.create_index(name, "posts", columns, sqlite_where=_WAITING, postgresql_where=_WAITING)


def _split_streams() -> None:
    """`discord:APP:SERVER:CHANNEL` was an inbox, and `commands:discord:APP:SERVER` a hash of commands."""
    db = op.get_bind()
    put = sa.text("INSERT INTO kept (account, name, value) VALUES (:account, :name, :value)")
    for name, token in db.execute(sa.text("SELECT account, token FROM bookmarks")).all():
        if name.startswith("commands:"):
            account, _, server = name.removeprefix("commands:").rpartition(":")
            db.execute(put, {"account": account, "name": f"commands:{server}", "value": token})
        else:
            account, stream = _stream(name)
            db.execute(put, {"account": account, "name": f"cursor:{stream}", "value": token})
    move = sa.text("UPDATE inbox SET account = :account, stream = :stream WHERE account = :name")
    for (name,) in db.execute(sa.text("SELECT DISTINCT account FROM inbox")).all():
        account, stream = _stream(name)
        if stream:
            db.execute(move, {"account": account, "stream": stream, "name": name})


def _stream(name: str) -> tuple[str, str]:
    if name.startswith("discord:") and name.count(":") == 3:
        platform, application, server, channel = name.split(":")
        return f"{platform}:{application}", f"{server}:{channel}"
    return name, ""


def downgrade() -> None:
    """What was said already is not said again; a change or withdrawal that was still to come is not made."""
    op.create_table(
        "bookmarks",
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("token", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_bookmarks")),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO bookmarks (account, token) SELECT CASE"
        " WHEN name = 'cursor:' THEN account"
        " WHEN name LIKE 'cursor:%' THEN account || substr(name, 7)"
        " ELSE 'commands:' || account || substr(name, 9) END, value"
        " FROM kept WHERE name LIKE 'cursor:%' OR name LIKE 'commands:%'"
    )
    op.execute("UPDATE inbox SET account = account || ':' || stream WHERE stream <> ''")
    with op.batch_alter_table("inbox") as table:
        table.drop_column("stream")
    op.execute("CREATE TABLE before AS SELECT * FROM refs")
    op.drop_table("refs")
    op.create_table(
        "refs",
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("post", sa.String(), nullable=True),
        sa.Column("subject", sa.String(), nullable=True),
        sa.Column("room", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("platform", "ref", name=op.f("pk_refs")),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO refs (platform, ref, post, subject, room) "
        "SELECT platform, ref, min(post), min(subject), min(room) FROM before GROUP BY platform, ref"
    )
    op.drop_table("before")
    op.execute("UPDATE posts SET sent_at = next_at WHERE sent_at IS NULL AND (ref IS NOT NULL OR withdrawn)")
    op.drop_index("ix_posts_due", "posts")
    op.drop_index("ix_posts_waiting", "posts")
    with op.batch_alter_table("posts") as table:
        for column in ("account", "ref", "wanted", "withdrawn", "version", "mentions", "reply_to"):
            table.drop_column(column)
    _index("ix_posts_waiting", ["platform", "room", "private", "seq"])
    for name in ("identities", "places", "boards"):
        with op.batch_alter_table(name) as table:
            table.drop_column("account")
    op.drop_table("kept")
    op.drop_table("accounts")
