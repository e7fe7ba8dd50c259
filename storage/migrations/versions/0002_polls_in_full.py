"""Every kind of poll: how often each ballot was cast, secrecy, who may vote; who takes part in a theme"""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    with op.batch_alter_table("residents") as table:
        table.add_column(
            sa.Column("wants_reminders", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
    for name in ("inbox", "posts", "seen"):
        with op.batch_alter_table(name) as table:
            table.add_column(sa.Column("key", sa.String(), server_default="", nullable=False))
    op.create_table(
        "members",
        sa.Column("theme", _NUMBER, nullable=False),
        sa.Column("resident", _NUMBER, nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["theme"], ["themes.id"], name=op.f("fk_members_theme")),
        sa.ForeignKeyConstraint(["resident"], ["residents.id"], name=op.f("fk_members_resident")),
        sa.PrimaryKeyConstraint("theme", "resident", name=op.f("pk_members")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_members_resident"), "members", ["resident"])
    with op.batch_alter_table("polls") as table:
        table.add_column(sa.Column("kind", sa.String(), server_default="choice", nullable=False))
        table.add_column(sa.Column("results", sa.String(), server_default="live", nullable=False))
        table.add_column(sa.Column("anonymous", sa.Boolean(), server_default=sa.false(), nullable=False))
        table.add_column(sa.Column("who", sa.String(), server_default="everyone", nullable=False))
        table.add_column(sa.Column("quorum", sa.Integer(), server_default="0", nullable=False))
        table.add_column(sa.Column("outcome", sa.String(), nullable=True))
        table.add_column(sa.Column("review_at", sa.BigInteger(), nullable=True))
        table.add_column(sa.Column("reminded", sa.Boolean(), server_default=sa.false(), nullable=False))
        table.add_column(sa.Column("reasons", sa.Text(), nullable=True))
        table.drop_index("ix_polls_opener")
        table.create_index("ix_polls_opener_opened_at", ["opener", "opened_at"])
    with op.batch_alter_table("ballots") as table:
        table.add_column(sa.Column("reason", sa.String(), nullable=True))
    op.drop_table("tallies")
    op.create_table(
        "tallies",
        sa.Column("poll", _NUMBER, nullable=False),
        sa.Column("choices", sa.String(), nullable=False),
        sa.Column("votes", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["poll"], ["polls.id"], name=op.f("fk_tallies_poll")),
        sa.PrimaryKeyConstraint("poll", "choices", name=op.f("pk_tallies")),
        sqlite_with_rowid=False,
    )
    # What boards show is kept with its commands: a native poll's numbers have one of their own now.
    op.execute(
        'UPDATE boards SET shown = replace(shown, \'"command":"poll vote"\', \'"command":"poll choose"\')'
    )
    op.execute(
        "INSERT INTO tallies (poll, choices, votes) "
        "SELECT poll, choices, count(*) FROM ballots GROUP BY poll, choices"
    )
    op.execute(
        "INSERT INTO tallies (poll, choices, votes) "
        "SELECT id, '', (SELECT count(*) FROM ballots WHERE ballots.poll = polls.id) FROM polls"
    )


def downgrade() -> None:
    """Plain polls come back as they were; of the other kinds the earlier version knows nothing."""
    op.execute(
        'UPDATE boards SET shown = replace(shown, \'"command":"poll choose"\', \'"command":"poll vote"\')'
    )
    op.execute("DELETE FROM ballots WHERE poll IN (SELECT id FROM polls WHERE anonymous OR kind <> 'choice')")
    op.drop_table("tallies")
    op.create_table(
        "tallies",
        sa.Column("poll", _NUMBER, nullable=False),
        sa.Column("option", sa.Integer(), nullable=False),
        sa.Column("votes", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["poll"], ["polls.id"], name=op.f("fk_tallies_poll")),
        sa.PrimaryKeyConstraint("poll", "option", name=op.f("pk_tallies")),
        sqlite_with_rowid=False,
    )
    _count_options()
    with op.batch_alter_table("ballots") as table:
        table.drop_column("reason")
    with op.batch_alter_table("polls") as table:
        table.drop_index("ix_polls_opener_opened_at")
        table.create_index("ix_polls_opener", ["opener"])
        for column in (
            *("kind", "results", "anonymous", "who", "quorum"),
            *("outcome", "review_at", "reminded", "reasons"),
        ):
            table.drop_column(column)
    op.drop_index(op.f("ix_members_resident"), "members")
    op.drop_table("members")
    for name in ("inbox", "posts", "seen"):
        op.execute(f"DELETE FROM {name} WHERE key <> ''")  # noqa: S608 - sealed, and so of no use
        with op.batch_alter_table(name) as table:
            table.drop_column("key")
    with op.batch_alter_table("residents") as table:
        table.drop_column("wants_reminders")


def _count_options() -> None:
    db = op.get_bind()
    for poll, options in db.execute(sa.text("SELECT id, options FROM polls")).all():
        ballots = db.execute(sa.text("SELECT choices FROM ballots WHERE poll = :poll"), {"poll": poll})
        chosen = [ballot.split(",") for ballot in ballots.scalars()]

        number = len(json.loads(options))
        for option in range(number + 1):
            votes = len(chosen) if option == 0 else sum(str(option) in ballot for ballot in chosen)
            db.execute(
                sa.text("INSERT INTO tallies (poll, option, votes) VALUES (:poll, :option, :votes)"),
                {"poll": poll, "option": option, "votes": votes},
            )
