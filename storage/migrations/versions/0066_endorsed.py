"""For what of what somebody says that they know others thank them; and whether that may be said beside it"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0066"
down_revision = "0065"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("kudos_tastes", sa.Column("expertise", sa.Boolean(), nullable=True))
    op.create_table(
        "endorsed",
        sa.Column("community", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("resident", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("of_kudos", _NUMBER, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["resident"], ["residents.id"], name=op.f("fk_endorsed_resident")),
        sa.ForeignKeyConstraint(
            ["community", "of_kudos"],
            ["kudos.community", "kudos.id"],
            name=op.f("fk_endorsed_community_of_kudos"),
        ),
        sa.PrimaryKeyConstraint("community", "resident", "words", "of_kudos", name=op.f("pk_endorsed")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_endorsed_community_of_kudos", "endorsed", ["community", "of_kudos"])


def downgrade() -> None:
    op.drop_table("endorsed")
    op.drop_column("kudos_tastes", "expertise")
