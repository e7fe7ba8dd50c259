"""Which kudos a certificate tells of, and which account made it"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0074"
down_revision = "0065"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("certificates", sa.Column("account", sa.String(), nullable=True))
    op.create_table(
        "certified",
        sa.Column("community", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("of_certificate", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("of_kudos", _NUMBER, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["community", "of_certificate"],
            ["certificates.community", "certificates.id"],
            name=op.f("fk_certified_community_of_certificate"),
        ),
        sa.PrimaryKeyConstraint("community", "of_certificate", "of_kudos", name=op.f("pk_certified")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_certified_community_of_kudos", "certified", ["community", "of_kudos"])


def downgrade() -> None:
    op.drop_table("certified")
    with op.batch_alter_table("certificates") as table:
        table.drop_column("account")
