"""Changes to the tables, in order; each file of `versions/` is one step."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection


def migrate(db: Connection, to: str = "head") -> None:
    """Bring the tables up to a version, or all the way down to "base"."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = db
    if to == "base":
        command.downgrade(config, to)
    else:
        command.upgrade(config, to)
