"""Who put which sign on which message that is carried, and which Plein put on it elsewhere"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0083"
down_revision = "0081"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "signs",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("community", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("place", _NUMBER, nullable=False),
        sa.Column("ref", sa.LargeBinary(), nullable=False),
        sa.Column("speaker", _NUMBER, nullable=False),
        sa.Column("sign", sa.String(), nullable=False),
        sa.Column("message", _NUMBER, nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("event", sa.LargeBinary(), nullable=True),
        sa.Column("noted_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signs")),
        sa.UniqueConstraint("place", "ref", "speaker", "sign", name=op.f("uq_signs_place_ref_speaker_sign")),
    )
    op.create_index(op.f("ix_signs_message_sign"), "signs", ["message", "sign"])
    op.create_index(op.f("ix_signs_speaker"), "signs", ["speaker"])
    _index("ix_signs_event", "signs", ["event", "place"], "event IS NOT NULL")
    _index("ix_signs_early", "signs", ["noted_at", "place"], "message IS NULL")
    op.create_table(
        "placed_signs",
        sa.Column("seq", _NUMBER, nullable=False),
        sa.Column("community", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("message", _NUMBER, nullable=False),
        sa.Column("place", _NUMBER, nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("sign", sa.String(), nullable=False),
        sa.Column("wanted_for", sa.Integer(), nullable=False),
        sa.Column("stands_for", sa.Integer(), nullable=True),
        sa.Column("trying_for", sa.Integer(), nullable=True),
        sa.Column("event", sa.LargeBinary(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("tried_at", sa.BigInteger(), nullable=True),
        sa.Column("next_at", sa.BigInteger(), nullable=True),
        sa.Column("parked", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_placed_signs")),
        sa.UniqueConstraint("message", "place", "sign", name=op.f("uq_placed_signs_message_place_sign")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_placed_signs_place"), "placed_signs", ["place"])
    _index("ix_placed_signs_due", "placed_signs", ["account", "next_at", "seq"], "next_at IS NOT NULL")
    _index("ix_placed_signs_parked", "placed_signs", ["account"], "parked IS NOT NULL")


def _index(name: str, table: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)


def downgrade() -> None:
    for table in ("placed_signs", "signs"):
        op.drop_table(table)
