"""Out of which encrypted places words may go, whose words stay where they are, and what answers what"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0080"
down_revision = "0079"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("places", sa.Column("encrypted", sa.Boolean(), nullable=False, server_default=sa.false()))
    where = sa.text("reply_to IS NOT NULL")
    op.create_index("ix_copies_reply_to", "copies", ["reply_to"], sqlite_where=where, postgresql_where=where)
    _make(
        "relay_consents",
        sa.Column("theme", _NUMBER, nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("room", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("resident", _NUMBER, nullable=True),
        sa.ForeignKeyConstraint(["theme"], ["themes.id"], name=op.f("fk_relay_consents_theme")),
    )
    op.create_index(op.f("ix_relay_consents_theme"), "relay_consents", ["theme"])
    _make(
        "relay_absences",
        sa.Column("resident", _NUMBER, nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
    )


def _make(table: str, *columns: Any) -> None:
    op.create_table(
        table,
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("community", sa.Integer(), autoincrement=False, nullable=False),
        *columns,
        sa.ForeignKeyConstraint(["resident"], ["residents.id"], name=op.f(f"fk_{table}_resident")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    op.create_index(op.f(f"ix_{table}_resident"), table, ["resident"])


def downgrade() -> None:
    for table in ("relay_absences", "relay_consents"):
        op.drop_table(table)
    op.drop_index("ix_copies_reply_to", table_name="copies")
    op.drop_column("places", "encrypted")
